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
PARTS = ("netperf", "micro", "counts")

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

COUNT_TEST = "TCP_STREAM"
COUNT_METRICS = ("invalidations", "domain_invalidations", "waits", "doorbells")
BENCHMARK_TEST = "dma_map_benchmark"
BENCHMARK_METRICS = ("map", "unmap")
