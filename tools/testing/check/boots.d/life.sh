# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What else happens in the life of a machine: kexec, crashes, sleep, devices that come
# and go. x86_64 only. Sourced by `boots`.

# Devices that come and go, alone and behind a bridge that makes one group of them.
binds_boots() {
	local calm n
	local bridge=(--nic none --qemu-arg -device --qemu-arg "pcie-pci-bridge,id=bridge")

	for n in 1 2; do
		bridge+=(--qemu-arg -netdev --qemu-arg "hubport,id=n$n,hubid=0" --qemu-arg -device
			--qemu-arg "e1000,netdev=n$n,mac=52:54:00:00:00:0$n,bus=bridge,addr=$n")
	done
	boot "a NIC is plugged in and out, 5 times" jobs/plug \
		"$owner"$'\n'"^plugged in "$'\n'"$through"$'\n'"^plugged out" \
		--stack ioflush --mode lazy --plug --append times=5
	calm="^bound $binds times"$'\n'"^no address is left over$balanced"$'\n'"$through"$'\n!^fault'
	boot "drivers are bound, e1000e" jobs/binds "$owner"$'\n'"$calm" --nic e1000e \
		--stack ioflush --mode lazy --append "times=$binds" --timeout $((300 + 4 * binds))
	boot "drivers are bound, two devices in a group" jobs/binds \
		"$owner"$'\n''^in the group: .* .*01:01.0 .*01:02.0'$'\n'"$calm" "${bridge[@]}" \
		--stack ioflush --mode lazy --append "times=$binds" --timeout $((300 + 4 * binds))
}

# Who comes after another kernel, which leaves the units and devices as they are.
kexec_boots() {
	local image on
	image=(--file "$out/$arch/build/$(kernel_image "$arch"):bzImage" --memory 2048)

	for on in on off; do
		boot "to mainline and back by kexec, intremap=$on" jobs/kexec \
			$'^kernel 1 is driven by ioflush\n^kernel 2 is driven by mainline\n^kernel 3 is driven by ioflush\n!^(fault|found on)' \
			"${image[@]}" --stack ioflush --mode lazy --nic e1000e --intremap "$on"
	done
	kdump_boots "${image[@]}"
}

# still_at_work TRACE SID DEVICE: did a device do DMA between where the last kernel had its
# root table used and where it took away the entry that the device had?
still_at_work() {
	awk -v sid="$2" -v device="$3" '
		/^vtd_reg_dmar_root/ { on = 1; n = 0; done = 0 }
		on && /^vtd_iotlb_page_update/ && $6 == sid { n++ }
		/^vtd_inv_desc_cc_device/ && $NF == device && on { on = 0; done = n }
		END { exit !done }' "$1"
}

# kdump NAME EXPECTED OPTION...: a boot of two kernels whose NIC and disk do not rest. Not
# by MSI-X: QEMU 7.2 ends where that is switched on between a frame and its interrupt.
kdump_named() {
	local name=$1 expected=$2 trace said meanwhile=""
	trace=$out/boots/${name//[^a-z0-9]/-}/trace.log
	shift 2

	# Between two tables there is little time: a device may happen to do nothing.
	for _ in 1 2 3 4 5; do
		said=$(boot_named "$name" jobs/kdump "$expected" --nic e1000e --chatter \
			--append "crashkernel=256M e1000e.IntMode=1,1" \
			--qemu-arg -device --qemu-arg nvme,serial=slow,drive=slow \
			--qemu-arg -drive --qemu-arg "if=none,id=slow,driver=null-co,size=8G,read-zeroes=on,throttling.iops-total=20" \
			--trace vtd_iotlb_page_update --trace vtd_reg_dmar_root --trace vtd_inv_desc_cc_device "$@")
		[[ $said == ok* && $expected == *"go on"* ]] || break
		if still_at_work "$trace" 0x10 00:02.00 && still_at_work "$trace" 0x20 00:04.00; then
			meanwhile=y
			break
		fi
	done
	echo "$said"
	[[ $said == ok* && $expected == *"go on"* ]] || return 0
	if [[ $meanwhile ]]; then
		echo "ok - $name: DMA goes on meanwhile"
	else
		echo "not ok - $name: its NIC or its disk did no DMA meanwhile; see $trace"
	fi
}

kdump() {
	[[ ! $1 =~ $pattern ]] || aside kdump_named "$@"
}

kdump_boots() {
	local from=$'^kernel 2 is driven by ioflush\n^the disk is read\n'"$through"$'\n^kernel 1 is driven by'
	local go_on=$'!^fault\n''^found on: .* [1-9][0-9]* devices go on by the tables of the kernel that crashed'

	for on in on off; do
		kdump "from a panic of ioflush, lazy, intremap=$on" "$from ioflush"$'\n'"$go_on" \
			"$@" --stack ioflush --mode lazy --intremap "$on"
	done
	# Its addresses are the other kernel's: who goes on cannot pass through.
	kdump "from a panic of ioflush, to passthrough" "$from ioflush"$'\n'"$go_on"$'\n'"${type[strict]}" \
		"$@" --stack ioflush --mode strict --append next=iommu.passthrough=1
	kdump "from a panic of mainline, strict" "$from mainline"$'\n'"$go_on" \
		"$@" --stack mainline --mode strict
	# Another mode of the unit, which cannot be left while devices are at work. What they
	# try between where they may again and where they are reset is blocked.
	kdump "from a panic of mainline, scalable mode" \
		"$from mainline"$'\n''^found on: .* in scalable mode, its devices stop DMA' \
		"$@" --stack mainline --vtd-arg x-scalable-mode=on --append intel_iommu=on,sm_on
	kdump "from a panic of ioflush, scalable mode" \
		"$from ioflush"$'\n''^found on: .* in scalable mode, its devices stop DMA' \
		"$@" --stack ioflush --vtd-arg x-scalable-mode=on --append "intel_iommu=sm_on next=intel_iommu=sm_on"
	# Where there is something to go on with the mode stays what it was.
	kdump "from a panic of ioflush, lazy, to scalable mode" \
		"$from ioflush"$'\n'"$go_on" \
		"$@" --stack ioflush --mode lazy --vtd-arg x-scalable-mode=on --append next=intel_iommu=sm_on
}

sleep_boots() {
	local on

	# Here registers are lost. Afterwards faults are reported as before. Not with virtio-net,
	# which in Linux 6.12 may send through a queue that it has freed, on either stack.
	for on in on off; do
		boot "the machine sleeps under traffic, $sleeps times, intremap=$on" jobs/suspend \
			"^slept $sleeps times$balanced"$'\n'"$through"$'\n'"$vfio_works$blocked" \
			--stack ioflush --mode lazy --intremap "$on" --nic e1000e --wake --append "depth=deep times=$sleeps" \
			--timeout $((480 + 15 * sleeps)) \
			--edu --file "$vfio_edu:vfio_edu" --file "$here/jobs/vfio:vfio"
	done
}

# A card with virtual functions, which QEMU 7.2 does not have
virtual_boots() {
	local qemu

	if ! qemu=$("$qemu_dir/newer-qemu" --arch x86_64 2>"$out/boots/newer-qemu.err"); then
		aside echo "ok - virtual functions # SKIP $(tail -n 1 "$out/boots/newer-qemu.err")"
		return 0
	fi
	boot "virtual functions have groups and entries of their own, QEMU $(qemu_version "$qemu")" jobs/virtual \
		'^virtual 0000:00:04.0 alone, translated, 2 others'$'\n''^gone: 0 entries' \
		--stack ioflush --mode lazy --nic none --qemu "$qemu" \
		--qemu-arg -device --qemu-arg igb,addr=4,romfile=
}

life_boots() {
	[[ $arch == x86_64 ]] || return 0
	virtual_boots
	binds_boots
	kexec_boots
	sleep_boots
}
