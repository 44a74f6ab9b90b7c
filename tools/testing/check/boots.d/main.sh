# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Boots of the machine's own IOMMU, in every mode of both stacks. Sourced by `boots`.

# The same machine as UEFI and ACPI describe it.
arm64_boots() {
	for mode in strict passthrough; do
		boot "ioflush $mode, found by ACPI" jobs/traffic "$owner"$'\n'"${type[$mode]}" \
			--stack ioflush --mode "$mode" --firmware acpi
	done
	boot "mainline lazy, found by ACPI" jobs/traffic "$theirs"$'\n'"${type[lazy]}" \
		--stack mainline --mode lazy --firmware acpi
	stage_boots
}

# What QEMU 7.2 does not have.
stage_boots() {
	local qemu version newer mode

	if ! qemu=$("$qemu_dir/newer-qemu" 2>"$out/boots/newer-qemu.err"); then
		aside echo "ok - ${label}stage 2 # SKIP $(tail -n 1 "$out/boots/newer-qemu.err")"
		return 0
	fi
	version=$(qemu_version "$qemu")
	newer=(--stack ioflush --qemu "$qemu")
	for mode in strict lazy passthrough; do
		boot "ioflush $mode, stage 2, QEMU $version" jobs/traffic \
			"$owner.* stage 2, "$'\n'"${type[$mode]}" \
			"${newer[@]}" --mode "$mode" --smmu-stage 2
	done
	boot "ioflush lazy, both stages, QEMU $version" jobs/traffic "$owner.* stage 1 of two, "$'\n'"$through" \
		"${newer[@]}" --mode lazy --smmu-stage nested
	boot "ioflush under VFIO and iommufd, stage 2, QEMU $version" jobs/vfio \
		"$owner.* stage 2, "$'\n'"$vfio_works$blocked" \
		"${newer[@]}" --smmu-stage 2 "${vfio[@]}"
}

x86_64_boots() {
	boot "ioflush=off without an IOMMU driver" jobs/traffic \
		'^type none$'$'\n!'"$through" \
		--stack ioflush --append "ioflush=off"
	# A unit that also caches what is not there, and one with four levels.
	boot "ioflush lazy with caching mode" jobs/traffic "$owner.*caching mode"$'\n'"$through" \
		--stack ioflush --mode lazy --vtd-arg caching-mode=on
	boot "ioflush strict with 48 bits" jobs/traffic "$owner.*48 bits in 4 levels"$'\n'"$through" \
		--stack ioflush --mode strict --vtd-arg aw-bits=48
	for mode in strict lazy; do
		boot "a device of 32 bits takes all addresses, $mode" jobs/space \
			'^bytes .* rounds [1-9].* twice 0 beyond 0$'$'\n''!(twice|beyond) [1-9]'$'\n''^run full and recovered, .* 65536'$'\n'"^run full and recovered, .* 4096$balanced" \
			--stack ioflush --mode "$mode" --nic none --edu --append "rounds=$fills" --timeout $((480 + 60 * fills))
	done
	remapped_boots
	scalable_boots
	first_stage_boots
	ats_boots
	debug_boots
}

# NICs that cache translations. QEMU's virtio-net keeps none of its own, so what counts is
# that it lets them ask, and what they are told: of a range, the NIC by its source id.
ats_boots() {
	local caches='^caches translations$' mode on=(--stack ioflush --ats --trace vtd_inv_desc)
	local told='vtd_inv_desc invalidate desc type device high .* low 0x[12]0000000003$'

	for mode in strict guarded lazy; do
		$(usually "$mode" strict lazy) "ioflush $mode, NICs cache translations" jobs/traffic \
			"$owner"$'\n'"${type[$mode]}"$'\n'"$caches"$'\n'"$told"$'\n'"$through" \
			"${on[@]}" --mode "$mode" --intremap off
	done
	seldom "debug kernel, NICs cache translations" jobs/traffic \
		"$owner"$'\n'"$caches"$'\n'"$told"$'\n'"$through" \
		"${on[@]}" --mode lazy --intremap off --build build-debug --memory 2048
	boot "NICs cache translations, the kernel sleeps" jobs/suspend \
		"^links down$"$'\n'"^slept 2 times"$'\n'"$told"$'\n'"$through" \
		"${on[@]}" --mode lazy --intremap off --append "links=down no_console_suspend"
	boot "a NIC that caches translations is plugged in and out" jobs/plug \
		"^plugged in "$'\n'"^plugged out$"$'\n'"${told/\[12\]/3}"$'\n'"$through" \
		"${on[@]}" --mode lazy --intremap off --plug
	# Where the queue is the kernel's, too, or nobody wants it, nobody caches.
	boot "NICs could cache translations, interrupts remapped" jobs/traffic \
		"$owner"$'\n!'"$caches"$'\n!'"desc type device"$'\n'"$through" \
		"${on[@]}" --mode strict
	boot "NICs could cache translations, pci=noats" jobs/traffic \
		"$owner"$'\n!'"$caches"$'\n!'"desc type device"$'\n'"$through" \
		"${on[@]}" --mode strict --intremap off --append pci=noats
}

# The unit's other mode: requests go by PASID 0, descriptors have 32 bytes.
scalable_boots() {
	local mode scalable=(--stack ioflush --vtd-arg x-scalable-mode=on --append intel_iommu=sm_on)
	local shared="$owner.* shared with interrupt remapping.*, scalable mode$"
	local own="$owner.*, queued invalidation.*, scalable mode$"

	for mode in strict guarded lazy passthrough; do
		$(usually "$mode" strict lazy passthrough) "ioflush $mode in scalable mode" jobs/traffic \
			"$shared"$'\n'"${type[$mode]}" "${scalable[@]}" --mode "$mode"
	done
	boot "ioflush lazy in scalable mode, interrupts not remapped" jobs/traffic \
		"$own"$'\n'"$through" "${scalable[@]}" --mode lazy --intremap off
	boot "ioflush strict in scalable mode with caching mode" jobs/traffic \
		"$owner.*caching mode.*, scalable mode$"$'\n'"$through" \
		"${scalable[@]}" --mode strict --vtd-arg caching-mode=on
	boot "ioflush strict in scalable mode, NICs cache translations" jobs/traffic \
		"$own"$'\n^caches translations$\n'"$through" \
		"${scalable[@]}" --mode strict --intremap off --ats
	boot "ioflush in scalable mode under VFIO and iommufd" jobs/vfio \
		"$shared"$'\n'"$vfio_works$blocked" "${scalable[@]}" "${vfio[@]}"
	for mode in on off; do
		$(usually "$mode" off) "the kernel sleeps under traffic in scalable mode, intremap=$mode" jobs/suspend \
			"$owner.*, scalable mode$"$'\n'"^slept 2 times$balanced"$'\n'"$through" \
			"${scalable[@]}" --mode lazy --intremap "$mode" --nic e1000e
	done
	boot "changes of the sysfs type in scalable mode" jobs/types "^live change$balanced" \
		"${scalable[@]}" --mode strict --intremap off \
		--append "$change_types" --timeout $((480 + 8 * types))
	seldom "debug kernel, changes of the sysfs type in scalable mode" jobs/types "^live change$balanced" \
		"${scalable[@]}" --mode strict --intremap off --build build-debug --memory 2048 \
		--append "$change_types" --timeout $((480 + 8 * types))
	boot "ioflush with scalable mode switched off" jobs/traffic \
		"$owner"$'\n!, scalable mode$\n'"$through" \
		--stack ioflush --mode strict --vtd-arg x-scalable-mode=on --append intel_iommu=sm_off
}

# A unit that has no stage but the first in that mode, which QEMU 7.2 does not have.
first_stage_boots() {
	local qemu version mode first owner_is="$owner.* 47 bits in 4 levels.*, scalable mode, first stage$"
	local told='vtd_inv_desc invalidate desc type device high .* low 0x[12]0000000003$'
	local pages='vtd_inv_desc invalidate desc type p-iotlb '

	if ! qemu=$("$qemu_dir/newer-qemu" --arch x86_64 2>"$out/boots/newer-qemu.err"); then
		aside echo "ok - first stage # SKIP $(tail -n 1 "$out/boots/newer-qemu.err")"
		return 0
	fi
	version=$(qemu_version "$qemu")
	first=(--stack ioflush --qemu "$qemu" --first-stage --append intel_iommu=sm_on)
	for mode in strict guarded lazy passthrough; do
		$(usually "$mode" strict lazy passthrough) "ioflush $mode, first stage, QEMU $version" jobs/traffic \
			"$owner_is"$'\n'"${type[$mode]}" "${first[@]}" --mode "$mode"
	done
	boot "ioflush strict, first stage with caching mode, QEMU $version" jobs/traffic \
		"${owner_is/levels/levels.*caching mode}"$'\n'"$pages"$'\n'"$through" \
		"${first[@]}" --mode strict --vtd-arg caching-mode=on --trace vtd_inv_desc
	boot "ioflush strict, first stage, NICs cache translations, QEMU $version" jobs/traffic \
		"$owner_is"$'\n^caches translations$\n'"$told"$'\n'"$pages"$'\n'"$through" \
		"${first[@]}" --mode strict --intremap off --ats --trace vtd_inv_desc
	boot "ioflush under VFIO and iommufd, first stage, QEMU $version" jobs/vfio \
		"$owner_is"$'\n^addresses have 47 bits\n'"$vfio_works$blocked" "${first[@]}" "${vfio[@]}" \
		--vtd-arg snoop-control=on
	boot "changes of the sysfs type, first stage, QEMU $version" jobs/types "^live change$balanced" \
		"${first[@]}" --mode strict --intremap off \
		--append "$change_types" --timeout $((480 + 8 * types))
	seldom "debug kernel, changes of the sysfs type, first stage, QEMU $version" jobs/types "^live change$balanced" \
		"${first[@]}" --mode strict --intremap off --build build-debug --memory 2048 \
		--append "$change_types" --timeout $((480 + 8 * types))
}

# Interrupts are remapped in all others of x86_64.
remapped_boots() {
	local shared="$owner.* shared with interrupt remapping" mode
	local calm='^queue commands [0-9]{4,} .* timeouts [0-9]+ recoveries 0 refused 0$'

	for mode in strict guarded lazy passthrough; do
		$(usually "$mode" lazy) "ioflush $mode, interrupts not remapped" jobs/traffic \
			"$owner.*, queued invalidation"$'\n'"${type[$mode]}" \
			--stack ioflush --mode "$mode" --intremap off
	done
	boot "ioflush under VFIO and iommufd, interrupts not remapped" jobs/vfio \
		"$owner.*, queued invalidation"$'\n'"$vfio_works$blocked" \
		--stack ioflush --intremap off "${vfio[@]}"
	boot "ioflush under VFIO and iommufd, no unsafe interrupts" jobs/vfio \
		"$shared"$'\n'"^interrupts are remapped"$'\n'"$vfio_works$blocked" \
		--stack ioflush "${vfio[@]}"
	# By which programs choose the addresses that they give to devices
	boot "user space reads the unit and maps at its limit, 48 bits" jobs/vfio \
		'^unit dmar0 address:fed90000 cap:[0-9a-f]+ domains_supported:65536 domains_used:[1-9][0-9]* ecap:[0-9a-f]+ version:1:0'$'\n^addresses have 48 bits' \
		--stack ioflush --vtd-arg aw-bits=48 "${vfio[@]}"
	# Descriptors of 32 bytes
	boot "ioflush lazy with scalable mode" jobs/traffic "$shared"$'\n'"$through" \
		--stack ioflush --mode lazy --vtd-arg x-scalable-mode=on
	for mode in strict lazy; do
		$(usually "$mode" lazy) "all interrupts move from CPU to CPU under traffic, $mode" jobs/affinity \
			"$shared"$'\n'"^remapped [1-9]"$'\n'"^moved [0-9]{2,} times"$'\n'"$through"$'\n'"$calm" \
			--stack ioflush --mode "$mode" --smp 4 --append ioflush.copy_bytes=0
		$(usually "$mode" lazy) "a NIC is plugged in, $mode" jobs/plug \
			"$shared"$'\n'"^plugged in "$'\n'"${type[$mode]}"$'\n'"^remapped [1-9]"$'\n'"$through" \
			--stack ioflush --mode "$mode" --plug
		$(usually "$mode" lazy) "the kernel sleeps under traffic, $mode" jobs/suspend \
			"$shared"$'\n'"^slept 2 times$balanced"$'\n'"$through" \
			--stack ioflush --mode "$mode" --nic e1000e
	done
	boot "the kernel sleeps under traffic, interrupts not remapped" jobs/suspend \
		"^slept 2 times$balanced"$'\n'"$through" \
		--stack ioflush --mode lazy --intremap off --nic e1000e
}

debug_boots() {
	local debug=(--build build-debug --memory 2048) mode

	for mode in strict guarded lazy passthrough; do
		$(usually "$mode" strict guarded) "debug kernel, ioflush $mode" jobs/traffic "$owner"$'\n'"${type[$mode]}" \
			"${debug[@]}" --stack ioflush --mode "$mode"
	done
	seldom "debug kernel, all interrupts move from CPU to CPU" jobs/affinity \
		"$owner"$'\n'"^moved [0-9]{2,} times"$'\n'"$through" \
		"${debug[@]}" --stack ioflush --mode strict --smp 4
	seldom "debug kernel, e1000e" jobs/traffic "$owner"$'\n'"$through" \
		"${debug[@]}" --stack ioflush --mode lazy --nic e1000e
	boot "debug kernel, nothing that ioflush allocated is lost" jobs/lost \
		"$owner"$'\n^types changed and a CPU went [1-9][0-9]* times'"$balanced"$'\n^lost by ioflush: 0$\n^lost by the test: [1-9]' \
		"${debug[@]}" --stack ioflush --mode strict --append "kmemleak=on times=$lives" \
		--timeout $((480 + 30 * lives))
	seldom "debug kernel, changes of the sysfs type" jobs/types "^live change$balanced" \
		"${debug[@]}" --stack ioflush --mode strict --append "$change_types" --timeout $((480 + 8 * types))
	seldom "debug kernel, a CPU goes under lazy traffic" jobs/hotplug "^traffic tcp .* while$balanced" \
		"${debug[@]}" --stack ioflush --mode lazy --append "times=$hotplugs" --timeout $((480 + 8 * hotplugs))
	seldom "debug kernel, all state is read while a device goes and comes" jobs/state "$owner$state_is_read" \
		"${debug[@]}" --stack ioflush --mode lazy
	boot "debug kernel, pages that are freed while they are mapped" jobs/early \
		"$owner"$'\n^audit: defects freed-mapped 2 freed-stale 0 mapped-stale 0 reused-late 0$\n^said so: 1$\n^named: 2$' \
		"${debug[@]}" --stack ioflush --mode strict --nic none --edu
	boot "debug kernel, ioflush under VFIO and iommufd" jobs/vfio "$vfio_works$blocked" \
		"${debug[@]}" --stack ioflush "${vfio[@]}"
}

# What iommu-audit makes of both stacks. The port by which the guest reports asks no IOMMU.
audit_boots() {
	local port='^all: .* none +always .* does not ask the IOMMU$'$'\n''^all: status 1$'$'\n''^none: status 2$'

	audit_boot "ioflush strict" '2 strict' 'strict +0 ' 0 "$port" --stack ioflush --mode strict
	audit_boot "ioflush lazy" '2 lazy' 'lazy +2 ms ' 1 "$port" --stack ioflush --mode lazy
	audit_boot "mainline lazy" '2 lazy' 'lazy +10 ms ' 1 "$port" --stack mainline --mode lazy
	[[ $arch == x86_64 ]] || return 0
	audit_boot "ioflush guarded" '2 guarded' 'guarded +2 ms ' 0 "$port" --stack ioflush --mode guarded
	audit_boot "mainline strict" '2 strict' 'strict +0 ' 0 "$port" --stack mainline --mode strict
	audit_boot "no IOMMU" '2 none' 'none +always ' 1 '^all: IOMMUs: none$' --stack ioflush --iommu none
}

# audit_boot NAME COUNT ROW STATUS EXPECTED OPTION...
audit_boot() {
	local name=$1 count=$2 row=$3 status=$4 expected=$5
	shift 5

	boot "iommu-audit: $name" jobs/audit \
		"^NICs: 2 devices: $count\$"$'\n'"^NICs: 0000:[0-9a-f:.]+ +$row"$'\n'"^NICs: status $status\$"$'\n'"^json:   \"status\": $status\$"$'\n'"$expected" \
		--file "$top/tools/iommu-audit" "$@"
}

main_boots() {
	local disk disks="" mode nic

	for nic in virtio-net e1000e; do
		for mode in strict guarded lazy; do
			boot "ioflush $mode $nic" jobs/traffic \
				"$owner"$'\n'"${type[$mode]}"$'\n'"$through"$'\n'"$low" \
				--stack ioflush --mode "$mode" --nic "$nic" --append ways=2
		done
		boot "ioflush passthrough $nic" jobs/traffic "$owner"$'\n'"${type[passthrough]}"$'\n!'"$through" \
			--stack ioflush --mode passthrough --nic "$nic" --append ways=2
	done

	# The other stack has to be what it is without us.
	for mode in strict lazy passthrough; do
		boot "mainline $mode virtio-net" jobs/traffic \
			"$theirs"$'\n!ioflush: .*owns\n'"${type[$mode]}"$'\n!'"$through" \
			--stack mainline --mode "$mode"
	done
	audit_boots
	boot "no IOMMU in the machine" jobs/traffic \
		"$no_unit"$'\n''^type none$'$'\n!'"$through" \
		--stack ioflush --iommu none
	seldom "ioflush lazy in guest time" jobs/traffic "$owner"$'\n'"$through" \
		--stack ioflush --mode lazy --clock guest
	boot "ioflush strict with four CPUs" jobs/traffic "$owner"$'\n'"$through" \
		--stack ioflush --mode strict --smp 4
	boot "ioflush lazy with the RCU engine" jobs/traffic "$owner"$'\n'"$through" \
		--stack ioflush --mode lazy --append "ioflush.engine=rcu"
	boot "ioflush lazy, iommu.forcedac=1" jobs/traffic "$through"$'\n'"$high" \
		--stack ioflush --mode lazy --append iommu.forcedac=1
	for disk in nvme0n1 vda; do
		disks+=$'\n'"^verified $disk by io_uring"$'\n'"^verified $disk by libaio"
		disks+=$'\n'"^unmaps through ioflush on $disk"
	done
	# Not tried on arm64 yet.
	for mode in strict guarded; do
		[[ $arch == x86_64 ]] || break
		boot "disks keep their data, ioflush $mode" jobs/disks "$owner"$'\n'"${type[$mode]}$disks" \
			--stack ioflush --mode "$mode" --nic none --disk nvme:64 --disk virtio-blk:64
	done
	# This one takes fragments: what virtio-net sends in QEMU is of slabs, and not held.
	boot "mode and window under a live driver" jobs/knobs \
		'^strict under a live driver'$'\n''^guarded under a live driver'$'\n''^lazy again under a live driver' \
		--stack ioflush --mode lazy --clock guest --nic e1000e

	boot "changes of the sysfs type" jobs/types \
		'^DMA-FQ with unmaps'$'\n''^DMA with unmaps'$'\n''^identity without unmaps'$'\n''^live change'"$balanced" \
		--stack ioflush --mode strict --append "$change_types" --timeout $((480 + 8 * types))
	boot "changes of the sysfs type, seen from debugfs" ../kunit/type-switch.job '' \
		--stack ioflush --mode strict
	boot "a CPU goes under lazy traffic" jobs/hotplug "^traffic tcp .* while$balanced" \
		--stack ioflush --mode lazy --append "times=$hotplugs" --timeout $((480 + 8 * hotplugs))
	for mode in strict lazy; do
		$(usually "$mode" lazy) "all state is read while a device goes and comes, $mode" jobs/state \
			"$owner$state_is_read" --stack ioflush --mode "$mode"
	done

	seldom "ioflush under VFIO and iommufd" jobs/vfio "$owner"$'\n'"$vfio_works$blocked" \
		--stack ioflush "${vfio[@]}"
	"${arch}_boots"
}
