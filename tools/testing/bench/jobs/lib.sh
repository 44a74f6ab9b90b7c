# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Shared by the bench's guest jobs; runs in the guest, under busybox.

peer=10.0.0.2
local=10.0.0.1
keys=THROUGHPUT,THROUGHPUT_UNITS,ELAPSED_TIME,LOCAL_SEND_CALLS,REMOTE_RECV_CALLS

# pci_devices FILE PATTERN: the PCI devices whose sysfs file matches.
pci_devices() {
	for device in /sys/bus/pci/devices/*; do
		# shellcheck disable=SC2254 # a pattern is what it is
		case $(cat "$device/$1") in
		$2) echo "$device" ;;
		esac
	done
}

# report_stack DEVICE...: which IOMMU driver there is, and how it translates for
# these PCI devices, each of which has its driver: on arm64 no IOMMU knows it before.
# A figure of another stack or mode than asked for is none.
report_stack() {
	units=""
	for unit in /sys/class/iommu/*; do
		stack=mainline
		! dmesg | grep -q " ioflush: ${unit##*/}: ioflush owns the" || stack=ioflush
		units="$units $stack/${unit##*/}"
	done
	report "iommu$units"
	for device; do
		report "domain $(cat "$device/iommu_group/type")"
	done
	if [ -e /sys/module/ioflush/parameters/engine ]; then
		report "engine $(cat /sys/module/ioflush/parameters/engine)"
	fi
}

# make_late: has invalidations take longer.  For ioflush the command line does that,
# for mainline a module; either says by how much.
make_late() {
	late=/sys/module/ioflush/parameters/sync_ns
	if [ "$LATE_NS" -gt 0 ]; then
		insmod /lib/ioflush/ioflush_late.ko ns="$LATE_NS"
		late=/sys/module/ioflush_late/parameters/total_ns
	fi
	[ "$SYNC_NS" -eq 0 ] || report "late $(cat $late)"
}

# report_missed: how many invalidations the module has not seen.
report_missed() {
	[ "$LATE_NS" -eq 0 ] ||
		report "missed $(cat /sys/module/ioflush_late/parameters/missed)"
}

# mark OFFSET: a line in QEMU's trace; nothing else in the guest reads these bytes
# of the host bridge.
mark() {
	dd if=/sys/bus/pci/devices/0000:00:00.0/config of=/dev/null bs=1 count=1 \
		skip="$1" 2>/dev/null
}

# domains WHEN: what ioflush's domains have done so far, where there are any.
domains() {
	[ ! -e /sys/kernel/debug/ioflush/domains ] ||
		sed "s/^/domains $1 /" /sys/kernel/debug/ioflush/domains | report -
}

# watch_windows, late_windows: keep and report who ends windows that are near or above
# their bound, and where from: it is rare, and not to be had again.
watch_windows() {
	trigger=/sys/kernel/tracing/events/ioflush/ioflush_window/trigger
	[ ! -e $trigger ] || echo "stacktrace if age_ns > 1900000" >$trigger
}

late_windows() {
	[ ! -e /sys/kernel/tracing/trace ] ||
		sed -n 's/^[^#]/trace &/p' /sys/kernel/tracing/trace | head -n 200 | report -
}

# Until timers are finer than the tick, which is some time after the boot, our
# lazy mode is strict: its window could not be held.
timers_ready() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! grep -q 'hres_active *: 1' /proc/timer_list || return 0
		sleep 0.5
	done
	report "timers stay as coarse as the tick"
}

# A network of two ends in one guest, with the server at the far one.
start_net() {
	timers_ready
	# shellcheck disable=SC2046 # a word each
	report_stack $(pci_devices class '0x0200*')
	net-setup >/dev/null
	if command -v netperf >/dev/null; then
		report "tool $(netperf -V 2>&1 | head -n 1)"
	else
		report "tool $(iperf3 --version | head -n 1)"
	fi
}

# netperf_test TEST SECONDS: what netperf prints, on one line.
netperf_test() {
	test=$1 seconds=$2
	set --
	[ "$test" != UDP_STREAM ] || set -- -m 64
	netperf -H "$peer" -L "$local" -l "$seconds" -t "$test" -P 0 -- \
		"$@" -k "$keys" >/tmp/out 2>&1 || return
	tr '\n' ' ' </tmp/out
}

# iperf3_test TEST SECONDS: what iperf3 prints, on one line.
iperf3_test() {
	case $1 in
	UDP_STREAM) set -- "$2" -u -l 64 -b 0 ;;
	TCP_STREAM) set -- "$2" ;;
	TCP_MAERTS) set -- "$2" -R ;;
	*) echo "iperf3 has no test like $1" >/tmp/out; return 1 ;;
	esac
	seconds=$1
	shift
	iperf3 -J -c "$peer" -B "$local" -t "$seconds" "$@" >/tmp/out 2>&1 || return
	tr -d '\n\t' </tmp/out
}

# net_test TEST SECONDS: runs it with the tool there is, and reports.
net_test() {
	tool=netperf
	command -v netperf >/dev/null || tool=iperf3
	if words=$("${tool}_test" "$1" "$2"); then
		report "$tool $1 $words"
	else
		report "failed $1 $tool: $(tail -n 1 /tmp/out)"
	fi
}
