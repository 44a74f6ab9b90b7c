# SPDX-License-Identifier: GPL-2.0
"""What ioflush has to reach, beside what was measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Callable, Iterator

from . import axes
from .figures import number
from .results import Result, Results

HEADINGS = ("what", "measured", "bar", "verdict")
_STREAM = "TCP_STREAM"
_NIC = "virtio-net"


@dataclass(frozen=True)
class Bar:
    """One figure of ours and the limit that it is held to."""

    what: str
    value: float | None
    limit: float
    at_least: bool = False
    said: str | None = None  # the limit in other words than its number

    @property
    def verdict(self) -> str:
        """One of three."""
        if self.value is None:
            return "not measured"
        good = self.value >= self.limit if self.at_least else self.value <= self.limit
        return "met" if good else "MISSED"

    @property
    def words(self) -> tuple[str, ...]:
        """Under HEADINGS."""
        limit = self.said or number(self.limit)
        return (self.what, number(self.value),
                f"{'at least' if self.at_least else 'at most'} {limit}", self.verdict)

    def as_json(self, arch: str) -> dict[str, Any]:
        """The form in results.json."""
        return {"arch": arch, **asdict(self), "verdict": self.verdict}


def _worst(results: list[Result], pick: Callable[[list[float]], float] = max) -> float | None:
    """Of what was measured on all NICs; nothing if any of them failed."""
    values = [result.value for result in results]
    return pick(values) if values and None not in values else None


def _ours(results: Results, test: str, metric: str, mode: str = "lazy",
          **other: str) -> list[Result]:
    """Ours with the default engine, on the guest's clock; none until all of them are there."""
    names = {"stack": "ioflush", "mode": mode, "clock": "guest", "is_default": True, **other}
    if results.awaits(test, metric, **names):
        return []
    return results.of_test(test, metric, **names)


#: Instructions of one map plus unmap of 4 KiB.
_MAP_UNMAP = {
    "x86_64": (("lazy", "vtd", 600), ("strict", "vtd-ir-off", 900), ("lazy", "vtd-cm", 1400)),
    "arm64": (("lazy", "smmuv3", 560), ("strict", "smmuv3", 900)),
}

#: A stream over that of mainline's passthrough; with 1,000 ns, an invalidation takes longer.
_TO_PASSTHROUGH = {
    "x86_64": (("lazy", 0, 0.94), ("guarded", 0, 0.93), ("strict", 0, 0.90),
               ("strict", 1000, 0.80)),
    "arm64": (("lazy", 0, 0.92), ("guarded", 0, 0.90), ("strict", 0, 0.85),
              ("strict", 1000, 0.80)),
}


def _arch(results: Results) -> str:
    return results.arches[0] if results.arches else axes.ARCHES[0]


def _instructions(results: Results) -> Iterator[Bar]:
    for mode, iommu, limit in _MAP_UNMAP[_arch(results)]:
        found = _ours(results, "map_unmap_4k", "instructions", mode, iommu=iommu)
        title = axes.VARIANT_TITLES.get(iommu)
        yield Bar(f"instructions of one map plus unmap of 4 KiB, {mode}"
                  + (f", {title}" if title else ""), _worst(found), limit)


def _remapped(results: Results) -> Iterator[Bar]:
    """A queue that is shared with interrupt remapping, beside one of our own."""
    shared, own = (_worst(_ours(results, "map_unmap_4k", "instructions", "strict", iommu=iommu))
                   for iommu in ("vtd", "vtd-ir-off"))
    yield Bar("instructions of one map plus unmap of 4 KiB, strict, over those where interrupts "
              "are not remapped", shared / own if shared and own else None, 1.08)


#: Of mainline's instructions, behind a virtio-iommu.
_VIRTIO = (("lazy", 0.55), ("strict", 0.8))


def _virtio(results: Results) -> Iterator[Bar]:
    """The paravirtual IOMMU, whose device has to be told of each mapping."""
    names = {"iommu": axes.VIRTIO_OF[_arch(results)]}
    for mode, limit in _VIRTIO:
        ours = _worst(_ours(results, "map_unmap_4k", "instructions", mode, **names))
        theirs = _worst(results.of_test("map_unmap_4k", "instructions", stack="mainline",
                                        mode=mode, clock="guest", **names), min)
        yield Bar(f"instructions of one map plus unmap of 4 KiB, {mode}, virtio-iommu, over "
                  "mainline's", ours / theirs if ours and theirs else None, limit)


def _lists(results: Results) -> Iterator[Bar]:
    """All entries of a list go into the table by one call, and out of it by one."""
    for mode, limit in (("lazy", 3000), ("strict", 3300)):
        found = [result for result in _ours(results, "map_unmap_sg16", "instructions", mode)
                 if result.cell.iommu == axes.base_iommu(result.cell.iommu)]
        yield Bar(f"instructions of one map plus unmap of 16 scattered pages, {mode}",
                  _worst(found), limit)


def _small(results: Results) -> Iterator[Bar]:
    """A small buffer is copied: nothing is unmapped, and nobody waits."""
    found = _ours(results, "map_unmap_256", "instructions", "strict")
    found = [result for result in found
             if result.cell.iommu == axes.base_iommu(result.cell.iommu)]
    yield Bar("instructions of one map plus unmap of 256 bytes, strict", _worst(found), 350)


def _kept(results: Results) -> Iterator[Bar]:
    """What stays mapped makes nothing else dearer."""
    alone = _worst(_ours(results, "map_unmap_4k", "instructions", iommu="vtd"))
    for count, test in zip(axes.KEPT, axes.KEPT_TESTS.values()):
        found = _worst(_ours(results, test, "instructions", iommu="vtd"))
        yield Bar(f"the same, lazy, beside {count:,} kept pages, over that with none",
                  found / alone if found and alone else None, 1.1)


def _counts(results: Results) -> Iterator[Bar]:
    def worst(metric: str) -> float | None:
        return _worst(_ours(results, axes.COUNT_TEST, metric))

    whole, walks = worst("domain_invalidations"), worst("walk_flushes")
    yield Bar("syncs per unmap, lazy", worst("waits"), 1 / 256, said="1 / 256")
    yield Bar("invalidations of a whole domain per unmap, lazy", whole, 1 / 2048,
              said="1 / 2,048")
    yield Bar("pages invalidated per page unmapped, lazy", worst("precision"), 1.25)
    yield Bar("invalidations by page that are not leaf-only per unmap, lazy",
              None if walks is None or whole is None else walks - whole, 0)
    yield Bar("table pages gained or lost in a netperf, lazy", worst("table_pages"), 0)


def _window(results: Results) -> Iterator[Bar]:
    longest = _worst(_ours(results, axes.WINDOW_TEST, "window_max"))
    bound = _worst(_ours(results, axes.WINDOW_TEST, "window_bound"), min)
    yield Bar("longest window, us", longest, bound or 0,
              said=f"its bound, {number(bound)}")


def _streams(results: Results) -> Iterator[Bar]:
    for mode, late_ns, limit in _TO_PASSTHROUGH[_arch(results)]:
        found = _ours(results, _STREAM, "throughput", mode, nic=_NIC, is_default=not late_ns,
                      sync_ns=late_ns)
        ratio = results.to_passthrough(found[0]) if found else None
        yield Bar(f"{_STREAM} on {_NIC} over mainline's passthrough, {mode}"
                  + (f", +{late_ns:,} ns" if late_ns else ""), ratio, limit, at_least=True)


def _storage(results: Results) -> Iterator[Bar]:
    """Not I/Os: QEMU's device is slower than the CPU, and as fast as the host lets it be."""
    what = "instructions of a 4 KiB read of nvme over mainline's"
    for late_ns, late in ((0, ""), (1000, ", +1,000 ns")):
        found = _ours(results, "randread_4k_d32", "instructions", "strict", nic="nvme",
                      is_default=not late_ns, sync_ns=late_ns)
        ratio = results.to_passthrough(found[0]) if found else None
        yield Bar(f"{what} passthrough, strict{late}", ratio, 1.25)
    yield Bar(f"{what}, strict{late}", results.to_mainline(found[0]) if found else None, 0.5)


def _arm64(results: Results) -> Iterator[Bar]:
    for mode, limit in (("lazy", 1.15), ("strict", 1.2)):
        found = _ours(results, _STREAM, "throughput", mode, nic=_NIC)
        ratio = results.to_mainline(found[0]) if found else None
        yield Bar(f"{_STREAM} on {_NIC} over mainline's, {mode}", ratio, limit, at_least=True)
    storms = [result for test in axes.STORM_TESTS.values()
              for result in _ours(results, test, "commands", "strict")]
    yield Bar("TLBI commands for 1 GiB of 2 MiB blocks", _worst(storms), 16)


def bars(results: Results) -> list[Bar]:
    """All of one architecture's; those of which nothing was measured say so."""
    of_arch = {"x86_64": (_remapped, _kept), "arm64": (_arm64,)}[_arch(results)]
    of_all = (_instructions, _virtio, _small, _lists, _streams, _storage, _counts, _window)
    return [bar for made in (*of_all, *of_arch) for bar in made(results)]


def measured(results: Results) -> list[Bar]:
    """Those that something can be said of."""
    return [bar for bar in bars(results) if bar.value is not None]


def sentence(results: Results) -> str | None:
    """How many are met, and which are not."""
    found = measured(results)
    if not found:
        return None
    over = [bar for bar in found if bar.verdict != "met"]
    text = f"{len(found) - len(over)} of {len(found)} bars for the whole path are met"
    if over:
        text += "; missed: " + "; ".join(f"{bar.what} ({number(bar.value)}, bar "
                                         f"{bar.said or number(bar.limit)})" for bar in over)
    return text + "."


def lines(results: Results) -> Iterator[str]:
    """The table as text."""
    rows = [HEADINGS, *(bar.words for bar in measured(results))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        yield "  ".join(word.rjust(width) if column == 1 else word.ljust(width)
                        for column, (word, width) in enumerate(zip(row, widths))).rstrip()
