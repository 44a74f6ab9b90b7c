# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Boots of the kernel with PREEMPT_RT. Sourced by `boots`.

# A device that goes gives back addresses of the kernel's own allocator, whose
# locks sleep here.
rt_boots() {
	local rt=(--build build-rt --stack ioflush) mode

	[[ $arch == x86_64 ]] || die "--rt is for ARCH=x86_64"
	"$qemu_dir/kernel" --rt
	for mode in strict guarded lazy; do
		boot "PREEMPT_RT, ioflush $mode" jobs/traffic \
			'^kernel .* PREEMPT_RT '$'\n'"$owner"$'\n'"${type[$mode]}"$'\n'"$through" \
			"${rt[@]}" --mode "$mode"
	done
	boot "PREEMPT_RT, a device goes and comes" jobs/state \
		"$owner"$'\n''^domains were read'$'\n''^the device came back' \
		"${rt[@]}" --mode lazy
	boot "PREEMPT_RT, a CPU goes under lazy traffic" jobs/hotplug "^traffic tcp .* while$balanced" \
		"${rt[@]}" --mode lazy --append "times=$hotplugs" --timeout $((480 + 8 * hotplugs))
	aside_wait
}
