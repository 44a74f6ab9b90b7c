# SPDX-License-Identifier: GPL-2.0
"""The axes of the matrix: what can be compared, and under which names."""

from __future__ import annotations

from dataclasses import dataclass

ARCHES = ("x86_64",)
IOMMU_OF = {"x86_64": "vtd"}
STACKS = ("ioflush", "mainline")
MODES = ("strict", "lazy", "passthrough")
NICS = ("virtio-net", "e1000e")
TESTS = ("UDP_STREAM", "TCP_STREAM", "TCP_MAERTS", "TCP_RR")
CLOCKS = ("guest", "wall")
PARTS = ("netperf", "micro", "counts", "pgtable")

#: How the unit of each IOMMU model is called in /sys/class/iommu by each stack.
UNIT_OF = {"vtd": {"ioflush": "vtd0", "mainline": "dmar0"}}

#: What the sysfs file `type` of an IOMMU group says in each mode.
DOMAIN_OF = {"strict": "DMA", "lazy": "DMA-FQ", "passthrough": "identity"}

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
}

#: The metrics that each network test yields; the first is the headline.
TEST_METRICS = {
    "UDP_STREAM": ("sent", "received"),
    "TCP_STREAM": ("throughput",),
    "TCP_MAERTS": ("throughput",),
    "TCP_RR": ("transactions",),
}

#: What ioflush_maptime reports, under the name that a result has.
MAPTIME_TESTS = {
    f"{step}_{shape}": f"{'map_unmap' if step == 'pair' else step}_{shape}"
    for shape in ("4k", "64k", "sg16")
    for step in ("pair", "map", "unmap")
}

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
COUNT_METRICS = ("invalidations", "domain_invalidations", "waits", "doorbells")
BENCHMARK_TEST = "dma_map_benchmark"
BENCHMARK_METRICS = ("map", "unmap")
