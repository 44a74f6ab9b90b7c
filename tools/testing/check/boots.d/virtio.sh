# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Boots of a virtio-iommu. Sourced by `boots`.

# The paravirtual IOMMU, on either architecture; both stacks have a driver for it.
virtio_boots() {
	local virtio=(--iommu virtio) mode nic
	local owner='^log ioflush: .* owns the virtio-iommu'
	# QEMU does not say whether it was a write.
	local blocked='^log ioflush: .* (write|request) at 0x40400000 by .* blocked'

	for nic in virtio-net e1000e; do
		for mode in strict guarded lazy; do
			boot "virtio-iommu, ioflush $mode $nic" jobs/traffic \
				"$owner"$'\n'"${type[$mode]}"$'\n'"$through"$'\n'"$low" \
				--stack ioflush --mode "$mode" --nic "$nic" "${virtio[@]}"
		done
	done
	boot "virtio-iommu, ioflush passthrough" jobs/traffic \
		"$owner"$'\n'"${type[passthrough]}"$'\n!'"$through" \
		--stack ioflush --mode passthrough "${virtio[@]}"
	for mode in strict lazy; do
		boot "virtio-iommu, mainline $mode" jobs/traffic \
			$'!ioflush: .*owns\n'"${type[$mode]}"$'\n!'"$through" \
			--stack mainline --mode "$mode" "${virtio[@]}"
	done
	boot "virtio-iommu, ioflush lazy in guest time" jobs/traffic "$owner"$'\n'"$through" \
		--stack ioflush --mode lazy --clock guest "${virtio[@]}"
	boot "virtio-iommu, ioflush strict with four CPUs" jobs/traffic "$owner"$'\n'"$through" \
		--stack ioflush --mode strict --smp 4 "${virtio[@]}"
	boot "virtio-iommu, changes of the sysfs type" jobs/types \
		'^DMA-FQ with unmaps'$'\n''^DMA with unmaps'$'\n''^identity without unmaps'$'\n''^live change'"$balanced" \
		--stack ioflush --mode strict --append "$change_types" --timeout $((480 + 8 * types)) "${virtio[@]}"
	boot "virtio-iommu, all state is read while a device goes and comes" jobs/state \
		"$owner$state_is_read" --stack ioflush --mode lazy "${virtio[@]}"
	boot "virtio-iommu, ioflush under VFIO and iommufd" jobs/vfio "$owner"$'\n'"$vfio_works$blocked"$'\n!^refused ' \
		--stack ioflush "${vfio[@]}" "${virtio[@]}"
	[[ $arch == x86_64 ]] || return 0
	boot "virtio-iommu, the machine stays awake" jobs/awake "$owner"$'\n'"$through" \
		--stack ioflush --mode strict "${virtio[@]}"
	for mode in strict lazy; do
		boot "debug kernel, virtio-iommu, ioflush $mode" jobs/traffic "$through" \
			--build build-debug --memory 2048 --stack ioflush --mode "$mode" --iommu virtio
	done
}
