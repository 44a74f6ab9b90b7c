# SPDX-License-Identifier: GPL-2.0
"""The comparison as rows, one a test and mode with the stacks side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

from . import axes, bars, meta, native, pgtable, scale, storage
from .figures import number, ratio
from .matrix import Cell
from .results import Result, Results

HEADINGS = ("NIC", "test", "metric", "mode", "mainline", "min-max", "ioflush", "min-max",
            "iof/main", "main/pass", "iof/pass")
ENGINE_HEADINGS = ("NIC", "test", "metric", "mode", "ring", "min-max", "RCU callbacks",
                   "min-max", "rcu/ring")
LEFT = 4  # columns of words, aligned to the left
_STACKS = ("mainline", "ioflush")


@dataclass(frozen=True)
class Row:
    """One test in one mode, and what either stack, or either engine, made of it."""

    cell: Cell  # of the first of them, whether it was measured or not
    words: tuple[str, ...]
    failed: tuple[Result, ...]

    @property
    def subject(self) -> tuple[str, ...]:
        """What stays the same while the mode changes."""
        return self.words[:3]


def section(cell: Cell) -> str:
    """The name of the section that a cell belongs to."""
    if cell.sync_ns:
        return "sync"
    if cell.is_second:
        return "engine"
    if cell.test in storage.JOBS:
        return storage.PART
    if cell.test in axes.STORM_TESTS.values():
        return "storm"
    if cell.test == axes.WINDOW_TEST:
        return "window"
    if cell.metric in axes.COUNT_METRICS + axes.LAZY_METRICS:
        return "traffic"
    if cell.test in axes.PGTABLE_TESTS:
        return "pgtable"
    if cell.metric == "instructions":
        return "instructions"
    if cell.test == axes.BENCHMARK_TEST:
        return "benchmark"
    return f"network-{cell.clock}"


TITLES = {
    "network-guest": "Network, guest clock: one vCPU, 1 ns an instruction (the one to trust)",
    "sync": "The same with invalidations that take longer, as hardware's do, guest clock",
    "storage": "Storage, guest clock: I/Os, and the CPU's instructions for each",
    "instructions": "Instructions per operation under the instruction counter (less is better)",
    "pgtable": "Instructions per operation on a page table (less is better)",
    "traffic": "IOMMU traffic per unmap, from QEMU's trace events (less is better)",
    "window": "From an unmap to its invalidation in ioflush's lazy mode, all network tests",
    "engine": "Lazy mode of ioflush: the ring against RCU callbacks, guest clock",
    "storm": "Commands for an unmap of 1 GiB in 2 MiB blocks, and one sync (less is better)",
    "benchmark": "The kernel's dma_map_benchmark, one thread, guest clock (less is better)",
    "network-wall": "Network, wall clock: two vCPUs, MTTCG (smoke: varies several-fold)",
}


BARS_TITLE = "What ioflush has to reach"
NATIVE_TITLE = "Ours on this machine: ns, map / unmap, a lookup, a scan of 1 GiB"


def headings(name: str) -> tuple[str, ...]:
    """What stands above the columns of a section."""
    if name == storage.PART:
        return ("disk", *HEADINGS[1:])
    return ENGINE_HEADINGS if name == "engine" else HEADINGS


def _order(cell: Cell) -> tuple:
    tests = (*axes.TESTS, *axes.MAPTIME_TESTS.values(),
             *axes.KEPT_TESTS.values(), axes.BENCHMARK_TEST, axes.WINDOW_TEST,
             *axes.STORM_TESTS.values(), *axes.PGTABLE_TESTS)
    return ((axes.NICS + storage.DISKS).index(cell.nic) if cell.nic else -1, tests.index(cell.test),
            tuple(axes.METRICS).index(cell.metric), cell.iommu, axes.MODES.index(cell.mode),
            cell.sync_ns, cell.engine or "")


def _of_stack(result: Result | None) -> tuple[str, str]:
    """The median and the span of one stack's runs."""
    if result is None:
        return "-", "-"
    if result.value is None:
        return "FAILED", "-"
    low, high = number(min(result.samples)), number(max(result.samples))
    return number(result.value), low if low == high else f"{low}-{high}"


def _names(cell: Cell) -> tuple[str, str, str, str]:
    """The words of a row's first columns."""
    metric = axes.METRICS[cell.metric]
    name = cell.metric if cell.metric == metric.unit else f"{cell.metric}, {metric.unit}"
    variant = axes.VARIANT_TITLES.get(cell.iommu)
    return (cell.nic or "-", f"{cell.test}, {variant}" if variant else cell.test, name,
            f"{cell.mode}, +{cell.sync_ns:,} ns" if cell.sync_ns else cell.mode)


def _failed(found: list[Result | None]) -> tuple[Result, ...]:
    return tuple(result for result in found if result and result.value is None)


def row(results: Results, cell: Cell) -> Row:
    """The row of this cell's test and mode: the stacks side by side."""
    found = [results.get(cell.sibling(stack=stack)) for stack in _STACKS]
    mainline, ioflush = found
    ratios = (results.to_mainline(ioflush) if ioflush else None,
              results.to_passthrough(mainline) if mainline else None,
              results.to_passthrough(ioflush) if ioflush else None)
    words = (*_names(cell), *_of_stack(mainline), *_of_stack(ioflush),
             *(ratio(value) for value in ratios))
    return Row(cell, words, _failed(found))


def engine_row(results: Results, cell: Cell) -> Row:
    """The row of a second engine's cell: the engines side by side."""
    found = [results.get(cell.sibling()), results.get(cell)]
    values = [result.value if result else None for result in found]
    quotient = values[1] / values[0] if values[0] and values[1] is not None else None
    words = (*_names(cell), *_of_stack(found[0]), *_of_stack(found[1]), ratio(quotient))
    return Row(cell, words, _failed(found[1:]))


def _with_sync(cells: set[Cell]) -> set[Cell]:
    """The cells with longer invalidations, and those to compare them with."""
    late = {cell for cell in cells if cell.sync_ns}
    return late | {cell.sibling(sync_ns=0) for cell in late} & cells


def sections(results: Results) -> dict[str, list[Row]]:
    """All rows by section, in the order of TITLES."""
    cells = {result.cell if result.cell.is_second else result.cell.sibling(stack=_STACKS[0])
             for result in results}
    found: dict[str, list[Row]] = {name: [] for name in TITLES}
    for cell in sorted(cells, key=_order):
        make = engine_row if cell.is_second else row
        found[section(cell)].append(make(results, cell))
    found["sync"] = [row(results, cell) for cell in sorted(_with_sync(cells), key=_order)]
    return {name: rows for name, rows in found.items() if rows}


def _grid(heads: tuple[str, ...], rows: list[Row]) -> Iterator[str]:
    widths = [max(len(words[column]) for words in (heads, *(row.words for row in rows)))
              for column in range(len(heads))]

    def line(words: tuple[str, ...]) -> str:
        cells = [word.ljust(width) if column < LEFT else word.rjust(width)
                 for column, (word, width) in enumerate(zip(words, widths))]
        return "  ".join(cells).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    grouped = len({each.subject for each in rows}) < len(rows)
    subject = None
    yield line(heads)
    for each in rows:
        if subject is None or grouped and each.subject != subject:
            yield rule
        subject = each.subject
        yield line(each.words)


def failure_text(result: Result) -> str:
    """Which cell failed, why, and where to look."""
    cell = result.cell
    where = " ".join(word for word in (cell.arch, cell.nic, cell.stack, cell.mode, cell.engine,
                                       f"+{cell.sync_ns} ns" if cell.sync_ns else None,
                                       cell.clock) if word)
    return f"{where}: {result.failure} (log {result.log})"


def failure_lines(results: Results) -> Iterator[str]:
    """One line for each guest and reason, with the cells that have no value for it."""
    found: dict[str, list[str]] = {}
    for result in results.failed:
        names = found.setdefault(failure_text(result), [])
        if result.cell.test not in names:
            names.append(result.cell.test)
    for reason, names in found.items():
        yield f"failed: {', '.join(names)}: {reason}"


def _of_arch(info: dict[str, Any], results: Results) -> Iterator[str]:
    """One architecture's sections."""
    yield (f"{info['arch']}: Linux {info['kernel']}, {info['qemu']}, "
           f"{axes.IOMMU_TITLES[info['iommu']]}")
    for name, rows in sections(results).items():
        yield from ("", TITLES[name], "")
        if name == "pgtable":
            yield from pgtable.lines(results)
        else:
            yield from _grid(headings(name), rows)
    if bars.measured(results):
        yield from ("", BARS_TITLE, "", *bars.lines(results))


def text(info: dict[str, Any], results: Results) -> str:
    """The whole table, with what it was measured on."""
    lines = [f"{info['tool']}, commit {info['commit']}"]
    for arch in results.arches:
        lines += ["", *_of_arch(meta.of_arch(info, arch), results.of_arch(arch))]
    if info.get("native"):
        lines += ["", f"{NATIVE_TITLE}:", "", *native.lines(info["native"])]
    if info.get("scale"):
        lines += ["", f"{scale.TITLE}:", "", *scale.lines(info["scale"])]
    lines += ["", f"Median of {info['runs']} run{'s' * (info['runs'] > 1)}.  "
              "iof/main: ioflush over mainline.  main/pass, iof/pass: either over mainline's "
              "passthrough."]
    lines += failure_lines(results)
    return "\n".join(lines) + "\n"
