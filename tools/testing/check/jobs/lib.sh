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

# traffic SECONDS: real packets to the peer and back; says how fast.
traffic() {
	tcp=$(netperf -H 10.0.0.2 -l "$1" -t TCP_STREAM -P 0 | awk 'NF { print $5; exit }')
	maerts=$(netperf -H 10.0.0.2 -l "$1" -t TCP_MAERTS -P 0 | awk 'NF { print $5; exit }')
	udp=$(netperf -H 10.0.0.2 -l "$1" -t UDP_STREAM -P 0 -- -m 64 |
		awk 'NF == 4 { print $3; exit }')
	report "traffic tcp $tcp maerts $maerts udp-received $udp"
	# A network that stands still is no traffic.
	echo "$tcp $maerts $udp" | awk '{ exit !($1 > 0 && $2 > 0 && $3 > 0) }'
}

# About the stack: which owns what, as the kernel's log has it.
report_owner() {
	dmesg | grep -E 'ioflush: .*(owns|no VT-d unit|off)|DMAR: (Intel|IOMMU enabled)|arm-smmu-v3.*: ias' |
		sed 's/^\[[^]]*\] /log /' | report -
}
