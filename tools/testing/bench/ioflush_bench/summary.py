# SPDX-License-Identifier: GPL-2.0
"""What the figures say, in sentences worked out from them."""

from __future__ import annotations

from typing import Callable, Iterator

from . import axes, bars, pgtable, storage
from .figures import number, spread
from .matrix import Cell
from .results import Result, Results


def _span(results: Results, wanted: Callable[[Cell], bool],
          ratio: Callable[[Result], float | None]) -> str | None:
    found = [value for result in results if wanted(result.cell)
             for value in [ratio(result)] if value is not None]
    return spread(min(found), max(found)) if found else None


def _network(results: Results, mode: str, sync_ns: int = 0) -> str | None:
    def wanted(cell: Cell, stack: str) -> bool:
        return (cell.stack == stack and cell.mode == mode and cell.clock == "guest"
                and not cell.is_second and cell.sync_ns == sync_ns
                and cell.test in axes.STREAMS and cell.metric in ("sent", "throughput"))

    def ours(cell: Cell) -> bool:
        return wanted(cell, "ioflush")

    def theirs(cell: Cell) -> bool:
        return wanted(cell, "mainline")

    to_mainline = _span(results, ours, results.to_mainline)
    to_passthrough = _span(results, ours, results.to_passthrough)
    mainline = _span(results, theirs, results.to_passthrough)
    if not to_mainline:
        return None
    what = (f"{axes.SYNC_STREAM} in {mode} mode, invalidations taking {sync_ns:,} ns longer"
            if sync_ns else f"Streams in {mode} mode")
    text = f"{what}, guest clock: ioflush moves {to_mainline} times what mainline does"
    if to_passthrough and mainline:
        text += f", and {to_passthrough} of passthrough, where mainline has {mainline}"
    return text + "."


def _storage(results: Results, mode: str, sync_ns: int = 0) -> str | None:
    """Of reads and writes that keep the CPU busy; at depth 1 it waits."""
    def deep(cell: Cell) -> bool:
        return (cell.metric == "iops" and cell.mode == mode and cell.stack == "ioflush"
                and not cell.is_second and cell.sync_ns == sync_ns
                and not cell.test.endswith("_d1"))

    to_mainline = _span(results, deep, results.to_mainline)
    to_passthrough = _span(results, deep, results.to_passthrough)
    if not to_mainline or not to_passthrough:
        return None
    late = f", invalidations taking {sync_ns:,} ns longer" if sync_ns else ""
    return (f"Disks in {mode} mode at depth 32 and more{late}: ioflush has {to_mainline} times the "
            f"I/Os that mainline has, and {to_passthrough} of passthrough's.")


def _instructions(results: Results, mode: str) -> str | None:
    pair = {}
    for result in results:
        cell = result.cell
        if (cell.test == "map_unmap_4k" and cell.mode == mode and result.value is not None
                and cell.is_default and cell.iommu not in axes.VARIANT_TITLES):
            pair[cell.stack] = number(result.value)
    if len(pair) < 2:
        return None
    return (f"One map plus unmap of 4 KiB in {mode} mode takes {pair['ioflush']} instructions "
            f"on ioflush and {pair['mainline']} on mainline.")


def _flushes(results: Results) -> str | None:
    whole = {}
    for result in results:
        cell = result.cell
        if cell.metric in ("invalidations", "domain_invalidations") and cell.mode == "lazy":
            if result.value is not None and cell.is_default:
                whole.setdefault(cell.stack, {})[cell.nic, cell.metric] = result.value
    parts = []
    for stack, values in whole.items():
        for nic in axes.NICS:
            total = values.get((nic, "invalidations"))
            domain = values.get((nic, "domain_invalidations"))
            if total and domain is not None:
                parts.append(f"{100 * domain / total:.0f} % on {stack} ({nic})")
    if not parts:
        return None
    return "Lazy invalidations that empty the whole domain: " + ", ".join(parts) + "."


def _pgtable(results: Results) -> str | None:
    return pgtable.verdict(results) if pgtable.judge(results) else None


def _engines(results: Results) -> str | None:
    """Of the streams and of a map and unmap; the table has the rest."""
    streams = _span(results, lambda cell: cell.is_second and cell.test in axes.STREAMS
                    and cell.metric in ("sent", "throughput"),
                    lambda result: _over_default(results, result))
    pair = _span(results, lambda cell: cell.is_second and cell.test == "map_unmap_4k",
                 lambda result: _over_default(results, result))
    if not streams or not pair:
        return None
    return (f"Lazy mode by RCU callbacks moves {streams} times what the ring does, and one map "
            f"plus unmap takes {pair} times its instructions.")


def _over_default(results: Results, result: Result) -> float | None:
    """A second engine's result over the default one's."""
    base = results.get(result.cell.sibling())
    if not base or not base.value or result.value is None:
        return None
    return result.value / base.value


def sentences(results: Results) -> Iterator[str]:
    """Everything that one architecture's figures support, failures first."""
    if results.failed:
        yield (f"{len(results.failed)} cells of this bench failed and have no value; "
               f"they are named in the tables with the log to read.")
    late, late_disks = ([said(results, mode, int(ns)) for ns in axes.SYNC_NS if ns != "0"
                         for mode in axes.SYNC_MODES[part]]
                        for said, part in ((_network, "netperf"), (_storage, storage.PART)))
    made = [_network(results, "strict"), _network(results, "lazy"), *late,
            _storage(results, "strict"), _storage(results, "lazy"), *late_disks,
            _instructions(results, "strict"), _instructions(results, "lazy"),
            _flushes(results), _engines(results), bars.sentence(results), _pgtable(results)]
    yield from (text for text in made if text)
