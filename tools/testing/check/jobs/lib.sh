# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Shared by the jobs that run in the guest; sourced from /job.

# pci_of NAME: the PCI device that a network device or a disk is on.
pci_of() {
	path=/sys/class/net/$1
	[ -e "$path" ] || path=/sys/block/$1
	path=$(readlink -f "$path/device")
	while [ ! -e "$path/vendor" ] || [ ! -e "$path/class" ]; do
		path=$(dirname "$path")
	done
	basename "$path"
}

# pci_with VENDOR DEVICE: the PCI device of which these are the ids, as 0x1234.
pci_with() {
	for path in /sys/bus/pci/devices/*; do
		if [ "$(cat "$path/vendor")" = "$1" ] && [ "$(cat "$path/device")" = "$2" ]; then
			basename "$path"
		fi
	done
}

# domain_type PCI-DEVICE: DMA, DMA-FQ, identity, or none without an IOMMU.
domain_type() {
	cat "/sys/bus/pci/devices/$1/iommu_group/type" 2>/dev/null || echo none
}

# msis PCI-DEVICE: how many message-signalled interrupts of it have arrived.
msis() {
	awk -v name="MSIX?-$1 " '
		$0 ~ name {
			for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++)
				sum += $i
		}
		END { print sum + 0 }' /proc/interrupts
}

# our_unmaps: how many unmaps ioflush's domains have seen in both modes, and how many
# maps were copied, of which nothing is unmapped.
our_unmaps() {
	domains=/sys/kernel/debug/ioflush/domains
	[ -e "$domains" ] || domains=/dev/null
	awk '$1 == "unmaps:" {
		for (i = 2; i < NF; i += 2)
			if ($i == "strict" || $i == "deferred")
				sum += $(i + 1)
	}
	$1 == "copies:" {
		for (i = 2; i < NF; i++)
			if ($i == "both" || $i == "from" || ($i == "to" && $(i - 1) != "(up"))
				sum += $(i + 1)
	}
	END { print sum + 0 }' "$domains"
}

# the_nics: the PCI devices of the two NICs, before one of them goes to the peer.
the_nics() {
	for mac in 01 02; do
		pci_of "$(nic_with "52:54:00:00:00:$mac")"
	done
}

# domain_left DEVICE: of the domain that the device is in its number, where its copies are
# ('-' if nowhere), how many ranges of addresses are out beside these, and what else is
# not over, by its name in the file domains. Nothing if the device is in no domain of ours.
domain_left() {
	awk -v device="$1" '
	$1 == "domain" { id = $2; left = ""; slots = "-"; out = 0 }
	$1 == "table" && $6 > 0 { left = left " table-pages-pending " $6 }
	$1 == "pending" {
		for (i = 2; i < NF; i++)
			if ($i ~ /^(bytes|entries|tables|held)$/ && $(i + 1) + 0 > 0)
				left = left " pending-" $i " " $(i + 1) + 0
	}
	$1 == "space:" {
		for (i = 2; i < NF; i++)
			if ($i == "out")
				out = $(i + 1) + 0
	}
	$1 == "slots:" { slots = $2 }
	$1 == "devices:" {
		for (i = 2; i <= NF; i++)
			if ($i == device) {
				print id, slots, out - (slots != "-") left
				exit
			}
	}' "$ioflush_state/domains"
}

# leaves DOMAIN SLOTS: how many ranges its page table maps, but for its copies, and for the
# page of an Arm machine that MSIs are written to, which stays mapped and is no memory.
leaves() {
	first=0 last=0
	if [ "$2" != - ]; then
		first=${2%+*} last=$((${2%+*} + ${2#*+} - 1))
	fi
	awk -v first="x$(printf %016x "$first")" -v last="x$(printf %016x "$last")" '
	/^0x/ && !/ mmio[ ,]/ {
		at = "x" substr($1, 3, 16)
		if (last == "x0000000000000000" || at < first || at > last)
			n++
	}
	END { print n + 0 }' "$ioflush_state/tables/$1"
}

# is_balanced DEVICE...: whether all that was mapped for these, which have no drivers, has
# been unmapped, invalidated and given back; $unbalanced says what has not, and $domains in
# how many domains they are.
is_balanced() {
	unbalanced='' domains=0
	for device; do
		found=$(domain_left "$device")
		[ "$found" ] || continue
		domains=$((domains + 1))
		rest=${found#* }
		mapped=$(leaves "${found%% *}" "${rest%% *}")
		[ "${rest#* } mapped $mapped" = "0 mapped 0" ] ||
			unbalanced="$unbalanced $device: out ${rest#* } mapped $mapped"
	done
	[ ! "$unbalanced" ]
}
ioflush_state=/sys/kernel/debug/ioflush

# let_go DEVICE...: takes their drivers away, after which they have to be balanced; with
# these they are not, as the drivers keep buffers mapped.
let_go() {
	net-down
	if is_balanced "$@"; then
		report "nothing is mapped for drivers that are at work"
		return 1
	fi
	for device; do
		echo "$device" >"/sys/bus/pci/devices/$device/driver/unbind"
	done
	report_balance "$@"
}

# report_balance DEVICE...: has the domains that they are in some time for the window.
report_balance() {
	if within 30 is_balanced "$@"; then
		report "balanced, $# devices in $domains domains"
	else
		report "not balanced:$unbalanced"
		return 1
	fi
}

# report_unmaps BEFORE: have ioflush's domains seen unmaps, or copies, since there were
# that many?
report_unmaps() {
	if [ "$(our_unmaps)" -gt "$1" ]; then
		report "unmaps through ioflush"
	else
		report "no unmaps through ioflush"
	fi
}

# to_type TYPE DEVICE...: with virtio-pci away from each, as the core demands, and back again.
to_type() {
	wanted_type=$1
	shift
	for device; do
		echo "$device" >/sys/bus/pci/drivers/virtio-pci/unbind
		echo "$wanted_type" >"/sys/bus/pci/devices/$device/iommu_group/type"
		echo "$device" >/sys/bus/pci/drivers/virtio-pci/bind
		[ "$(domain_type "$device")" = "$wanted_type" ] || return 1
	done
}

# to_vfio DEVICE...: takes PCI devices from their drivers and gives them to user space.
to_vfio() {
	for device; do
		if [ -e "/sys/bus/pci/devices/$device/driver" ]; then
			echo "$device" >"/sys/bus/pci/devices/$device/driver/unbind"
		fi
		echo vfio-pci >"/sys/bus/pci/devices/$device/driver_override"
		echo "$device" >/sys/bus/pci/drivers/vfio-pci/bind
	done
}

# comes_back CPU: is online again; on a busy host it may not answer at once.
comes_back() {
	for _ in 1 2 3; do
		echo 1 >"/sys/devices/system/cpu/$1/online" && return
		sleep 1
	done
	return 1
}

# within SECONDS COMMAND...: until it succeeds; fails if it does not.
within() {
	tries=$(($1 * 5))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.2
	done
}

# nic_with MAC: the network device that has this address.
nic_with() {
	basename "$(dirname "$(grep -l "$1" /sys/class/net/*/address)")"
}

# nic_down NAME: its link is down, and it has no addresses.
nic_down() {
	/usr/sbin/ip link set "$1" down
	/usr/sbin/ip address flush dev "$1"
}

# figure FIELDS N: the Nth of the numbers that netperf prints on the first line of so
# many; it may say other things before, as that its timer has run out late.
figure() {
	awk -v fields="$1" -v n="$2" 'NF == fields && /^[0-9. ]+$/ { print $n; exit }'
}

# moves FIGURE...: none of them is nothing; one that is not taken is a dash.
moves() {
	echo "$*" | awk '{ for (n = 1; n <= NF; n++) if ($n != "-" && $n + 0 <= 0) exit 1 } !NF { exit 1 }'
}

# traffic SECONDS: real packets to the peer, and with ways=2 as many back; says how fast.
# Both NICs are the guest's own, so that each sends and receives either way. A network
# that stands still is no traffic; but a host that has no time for the guest can make it
# stand still for seconds, so that it gets three tries.
traffic() {
	for _ in 1 2 3; do
		maerts=-
		tcp=$(netperf -H 10.0.0.2 -l "$1" -t TCP_STREAM -P 0 | figure 5 5)
		[ "${ways:-1}" = 1 ] || maerts=$(netperf -H 10.0.0.2 -l "$1" -t TCP_MAERTS -P 0 | figure 5 5)
		udp=$(netperf -H 10.0.0.2 -l "$1" -t UDP_STREAM -P 0 -- -m 64 | figure 4 3)
		report "traffic tcp $tcp maerts $maerts udp-received $udp"
		moves "${tcp:-0}" "${udp:-0}" "${maerts:-0}" && return
	done
	return 1
}

# stream: a second of packets to the peer; fails if none get there, see traffic().
stream() {
	for _ in 1 2 3; do
		moves "$(netperf -H 10.0.0.2 -l 1 -t TCP_STREAM -P 0 | figure 5 5)" && return
	done
	return 1
}

# About the stack: which owns what, as the kernel's log has it.
report_owner() {
	dmesg | grep -E 'ioflush: .*(owns|no VT-d unit|off)|DMAR: (Intel|IOMMU enabled)|arm-smmu-v3.*: ias' |
		sed 's/^\[[^]]*\] /log /' | report -
}

# another_kernel OPTION... -- ARGUMENTS: has the kernel in /job/bzImage loaded, with this
# guest, its job and the command line but for words about the stack, to be gone on with
# by 'kexec -e' or, with -p, a panic. Unknown words 'name=value' are in the job's
# environment.
another_kernel() {
	(cd / && find . -xdev | cpio -o -H newc 2>/dev/null) >/tmp/initramfs
	arguments=$(sed -E 's/ (ioflush|intel_iommu|stage|next|crashkernel)=[^ ]*//g' /proc/cmdline)
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # there may be none
	kexec $options /job/bzImage /tmp/initramfs "$arguments $*"
	rm /tmp/initramfs
}

# faults: reports requests that an IOMMU has blocked, by either stack's words.
faults() {
	dmesg | grep -E 'ioflush: .* blocked|more faults than|DMAR: .*(fault|DMA (Read|Write))' |
		sed 's/^\[[^]]*\] /fault /' | report -
}

# the_stack: which of the two drives VT-d.
the_stack() {
	if dmesg | grep -q 'ioflush: .* owns the VT-d unit'; then
		echo ioflush
	elif dmesg | grep -q 'DMAR: Intel(R) Virtualization'; then
		echo mainline
	else
		echo none
	fi
}
