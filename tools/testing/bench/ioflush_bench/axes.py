# SPDX-License-Identifier: GPL-2.0
"""The axes of the matrix: what can be compared, and under which names."""

from __future__ import annotations

from dataclasses import dataclass

from . import storage

ARCHES = ("x86_64", "arm64")
IOMMU_OF = {"x86_64": "vtd", "arm64": "smmuv3"}
IOMMU_TITLES = {"vtd": "VT-d", "smmuv3": "SMMUv3"}
STACKS = ("ioflush", "mainline")
MODES = ("strict", "guarded", "lazy", "passthrough")
#: ... of which mainline does not have this one.
MODE_OURS = "guarded"
NICS = ("virtio-net", "e1000e")
STREAMS = ("UDP_STREAM", "TCP_STREAM", "TCP_MAERTS")
NET_TESTS = (*STREAMS, "TCP_RR")
#: Of the network and, by fio, of disks.
TESTS = (*NET_TESTS, *storage.JOBS)
TESTS_DEFAULT = (*NET_TESTS, *storage.SHORT)
CLOCKS = ("guest", "wall")
PARTS = ("netperf", "micro", "counts", "storm", storage.PART, "pgtable")

#: What drains ioflush's lazy mode; the first is the default.  No other stack and
#: no other mode has a choice, and a second engine is measured on one NIC only.
ENGINES = ("ring", "rcu")
ENGINE_NIC = "virtio-net"
ENGINE_PARTS = ("netperf", "micro", "counts")

#: The same IOMMU in another shape, for the instructions of one mode only: one that
#: remembers what is not mapped, too, and one whose queue is not shared with interrupts;
#: and the paravirtual one in its place.
VARIANTS = {"vtd": {"lazy": ("vtd-cm", "virtio-x86"), "strict": ("vtd-ir-off", "virtio-x86")},
            "smmuv3": {"lazy": ("virtio-arm",), "strict": ("virtio-arm",)}}
VIRTIO_OF = {"x86_64": "virtio-x86", "arm64": "virtio-arm"}
VARIANT_TITLES = {"vtd-cm": "caching-mode", "vtd-ir-off": "interrupts not remapped",
                  **{name: "virtio-iommu" for name in VIRTIO_OF.values()}}
VARIANT_ARGS = {"vtd-cm": ("--vtd-arg", "caching-mode=on"), "vtd-ir-off": ("--intremap", "off"),
                **{name: ("--iommu", "virtio") for name in VIRTIO_OF.values()}}

#: Has a guest on the instruction counter poll while it has nothing to do.  Otherwise
#: its clock jumps to its next timer, and how often it waits for packets that QEMU
#: forwards behind its back depends on the host: on arm64 TCP_STREAM over virtio-net
#: was then 816 to 1413 Mb/s, where it is 1511 to 1524; on x86 it varies by 5 to 10 %.
POLL_ARGS = {"arm64": ("--append", "nohlt"), "x86_64": ("--append", "idle=poll")}

#: How much longer than the emulator's an invalidation takes, in ns of the guest's
#: clock.  0 is the emulator's own: a CPU that waits loses no time.
SYNC_NS = ("0", "500", "1000", "2000")
SYNC_NS_DEFAULT = ("0", "1000")
SYNC_NS_QUICK = ("0",)
#: From what on mainline's can be made to take longer.  The probe that does it takes
#: three exceptions on arm64, and 842 by itself.
SYNC_NS_LEAST = {"arm64": 1000}
#: What is measured with all but 0, on one NIC or disk and by the guest's clock: what one
#: mapping costs where it may wait, a stream, and reads of a disk.  Guarded streams are as
#: strict ones there: what virtio-net sends in QEMU is of slabs, and copied; guarded reads
#: are strict, and in lazy mode of thirty reads one waits.  Passthrough invalidates nothing.
SYNC_MODES = {"micro": ("strict", "guarded"), "netperf": ("strict", "lazy"),
              storage.PART: ("strict",)}
SYNC_NIC = "virtio-net"
SYNC_DISK = "nvme"
SYNC_STREAM = "TCP_STREAM"
SYNC_READS = "randread_4k_d32"
SYNC_TESTS = {"netperf": SYNC_STREAM, storage.PART: SYNC_READS}
SYNC_MAPPINGS = tuple(f"map_unmap_{shape}" for shape in ("256", "4k", "64k", "sg16"))

#: How the unit of each IOMMU model is called in /sys/class/iommu by each stack, behind
#: whose it is.
UNIT_OF = {
    "vtd": {"ioflush": "ioflush/dmar0", "mainline": "mainline/dmar0"},
    "smmuv3": {"ioflush": "ioflush/smmu3-*", "mainline": "mainline/smmu3.0x*"},
    **{name: {"ioflush": "ioflush/vtiommu-*", "mainline": "mainline/*:*"}
       for name in VIRTIO_OF.values()},
}

#: What the sysfs file `type` of an IOMMU group says in each mode.
DOMAIN_OF = {"strict": "DMA", "guarded": "DMA", "lazy": "DMA-FQ", "passthrough": "identity"}


def base_iommu(iommu: str) -> str:
    """The IOMMU that a variant is one of; itself for any other."""
    return next((base for base, variants in VARIANTS.items()
                 if any(iommu in names for names in variants.values())), iommu)


def unit_of(iommu: str, stack: str) -> str:
    """How its unit is called: a variant that is another IOMMU has a name of its own."""
    return UNIT_OF[iommu if iommu in UNIT_OF else base_iommu(iommu)][stack]


def domain_of(iommu: str, stack: str, mode: str) -> str:
    """What the group's `type` must say; mainline has no lazy mode with caching-mode."""
    if (iommu, stack, mode) == ("vtd-cm", "mainline", "lazy"):
        return DOMAIN_OF["strict"]
    return DOMAIN_OF[mode]


def has_mode(stack: str, mode: str) -> bool:
    """Whether a stack has this mode."""
    return stack == "ioflush" or mode != MODE_OURS


def engine_of(stack: str, mode: str) -> str | None:
    """The engine that runs unless another one is asked for, if there is a choice."""
    return ENGINES[0] if (stack, mode) == ("ioflush", "lazy") else None


#: The scale that passthrough figures are taken from, and the one to beat.
REFERENCE_STACK = "mainline"


@dataclass(frozen=True)
class Metric:
    """One kind of figure: its unit, and which way is better."""

    unit: str
    lower_is_better: bool
    label: str


METRICS = {
    "throughput": Metric("Mb/s", False, "throughput"),
    "sent": Metric("packets/s", False, "packets sent"),
    "received": Metric("packets/s", False, "packets received"),
    "transactions": Metric("1/s", False, "transactions"),
    "instructions": Metric("instructions", True, "instructions"),
    "map": Metric("us", True, "map latency"),
    "unmap": Metric("us", True, "unmap latency"),
    "invalidations": Metric("1/unmap", True, "IOTLB invalidations"),
    "domain_invalidations": Metric("1/unmap", True, "of them domain-wide"),
    "waits": Metric("1/unmap", True, "syncs (waits)"),
    "doorbells": Metric("1/unmap", True, "doorbells"),
    "walk_flushes": Metric("1/unmap", True, "not leaf-only"),
    "precision": Metric("pages/page", True, "pages invalidated per page unmapped"),
    "pending_max": Metric("KiB", True, "most that waited for one drain"),
    "table_pages": Metric("pages", True, "table pages gained or lost"),
    "window_max": Metric("us", True, "longest window"),
    "window_bound": Metric("us", True, "its bound"),
    "window_p99": Metric("us", True, "99 % invalidated within"),
    "window_p999": Metric("us", True, "99.9 % invalidated within"),
    "iops": Metric("1/s", False, "I/Os"),
    "commands": Metric("commands", True, "invalidation commands"),
}

#: The metrics that each network test yields; the first is the headline.
TEST_METRICS = {
    "UDP_STREAM": ("sent", "received"),
    "TCP_STREAM": ("throughput",),
    "TCP_MAERTS": ("throughput",),
    "TCP_RR": ("transactions",),
}


def net_tests(tests: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the tests that are the network's."""
    return tuple(test for test in tests if test in NET_TESTS)


#: What ioflush_maptime maps: bytes for the device to read or, where it says so, to
#: write; and a scatterlist of 16 pages.
MAPTIME_SHAPES = ("64", "256", "256_from", "1500_from", "4k", "64k", "sg16")

#: What it reports, under the name that a result has.
MAPTIME_TESTS = {
    f"{step}_{shape}": f"{'map_unmap' if step == 'pair' else step}_{shape}"
    for shape in MAPTIME_SHAPES
    for step in ("pair", "map", "unmap")
}

#: The same in lazy mode beside so many pages that stay mapped, one of 128 each.
KEPT = (1100, 100_000)
KEPT_TESTS = {f"pair_4k_kept_{n}": f"map_unmap_4k_kept_{n}" for n in KEPT}

#: What ioflush_pgbench does with each page table.
PGTABLE_OPERATIONS = tuple(
    f"{step}_{shape}" for shape in ("1x4k", "256x4k", "1x2m", "256x2m", "1x1g")
    for step in ("map", "unmap")) + ("iova_to_phys_4k",)

#: Looking through 1 GiB of clean pages for dirty ones, where a table can tell.
PGTABLE_SCANS = ("scan_1g_4k", "scan_1g_2m")

#: The page tables: the loop without any, a domain of the booted stack, our
#: formats, and those that mainline's library has in the same boot.
PGTABLE_FORMATS = ("arm_s1", "arm_s2", "vtdss", "x86_64", "amdv1", "riscv")
PGTABLE_MAINLINE = ("arm_s1", "arm_s2")


def pgtable_test(format_: str, operation: str) -> str:
    """How a result of ioflush_pgbench is called."""
    return f"pgtable_{format_}_{operation}"


def pgtable_operations(stack: str, format_: str) -> tuple[str, ...]:
    """What is measured of one format of one stack."""
    scans = format_ in PGTABLE_FORMATS and (stack == "ioflush" or format_ == "arm_s1")
    return PGTABLE_OPERATIONS + (PGTABLE_SCANS if scans else ())


PGTABLE_TESTS = {
    pgtable_test(format_, operation): (format_, operation)
    for format_ in ("empty", "domain", *PGTABLE_FORMATS)
    for operation in pgtable_operations("ioflush", format_)
}

COUNT_TEST = "TCP_STREAM"
COUNT_METRICS = ("invalidations", "domain_invalidations", "waits", "doorbells",
                 "walk_flushes")
#: Of ioflush's lazy mode alone, by its own trace events and debugfs.
LAZY_METRICS = ("precision", "pending_max", "table_pages")
#: How long an unmapped page stays open to devices in ioflush's lazy mode, over
#: all network tests of a guest.
WINDOW_TEST = "window"
WINDOW_METRICS = ("window_max", "window_bound", "window_p99", "window_p999")
#: 1 GiB in blocks of 2 MiB, unmapped by one iommu_unmap(): under addresses that
#: an entry for 1 GiB could have, or could not.
STORM_TESTS = {"aligned": "unmap_1g_aligned", "blocks": "unmap_1g_blocks"}
BENCHMARK_TEST = "dma_map_benchmark"
BENCHMARK_METRICS = ("map", "unmap")
