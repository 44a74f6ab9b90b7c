# SPDX-License-Identifier: GPL-2.0
"""The comparison as rows, one a test and mode with the stacks side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterator

from . import axes, native, pgtable
from .figures import number, ratio
from .matrix import Cell
from .results import Result, Results

HEADINGS = ("NIC", "test", "metric", "mode", "mainline", "min-max", "ioflush", "min-max",
            "iof/main", "main/pass", "iof/pass")
LEFT = 4  # columns of words, aligned to the left
_STACKS = ("mainline", "ioflush")


@dataclass(frozen=True)
class Row:
    """One test in one mode, and what either stack made of it."""

    cell: Cell  # of mainline, whether it was measured or not
    words: tuple[str, ...]
    failed: tuple[Result, ...]

    @property
    def subject(self) -> tuple[str, ...]:
        """What stays the same while the mode changes."""
        return self.words[:3]


def section(cell: Cell) -> str:
    """The name of the section that a cell belongs to."""
    if cell.metric in axes.COUNT_METRICS:
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
    "instructions": "Instructions per operation under the instruction counter (less is better)",
    "pgtable": "Instructions per operation on a page table (less is better)",
    "traffic": "IOMMU traffic per unmap, from QEMU's trace events (less is better)",
    "benchmark": "The kernel's dma_map_benchmark, one thread, guest clock (less is better)",
    "network-wall": "Network, wall clock: two vCPUs, MTTCG (smoke: varies several-fold)",
}


NATIVE_TITLE = "Ours on this machine: ns, map / unmap, a lookup, a scan of 1 GiB"


def _order(cell: Cell) -> tuple:
    tests = (*axes.TESTS, *axes.MAPTIME_TESTS.values(), axes.BENCHMARK_TEST,
             *axes.PGTABLE_TESTS)
    return (axes.NICS.index(cell.nic) if cell.nic else -1, tests.index(cell.test),
            tuple(axes.METRICS).index(cell.metric), axes.MODES.index(cell.mode))


def _of_stack(result: Result | None) -> tuple[str, str]:
    """The median and the span of one stack's runs."""
    if result is None:
        return "-", "-"
    if result.value is None:
        return "FAILED", "-"
    low, high = number(min(result.samples)), number(max(result.samples))
    return number(result.value), low if low == high else f"{low}-{high}"


def row(results: Results, cell: Cell) -> Row:
    """The row of this cell's test and mode."""
    metric = axes.METRICS[cell.metric]
    name = cell.metric if cell.metric == metric.unit else f"{cell.metric}, {metric.unit}"
    found = [results.get(replace(cell, stack=stack)) for stack in _STACKS]
    mainline, ioflush = found
    ratios = (results.to_mainline(ioflush) if ioflush else None,
              results.to_passthrough(mainline) if mainline else None,
              results.to_passthrough(ioflush) if ioflush else None)
    words = (cell.nic or "-", cell.test, name, cell.mode, *_of_stack(mainline),
             *_of_stack(ioflush), *(ratio(value) for value in ratios))
    failed = tuple(result for result in found if result and result.value is None)
    return Row(cell, words, failed)


def sections(results: Results) -> dict[str, list[Row]]:
    """All rows by section, in the order of TITLES."""
    cells = {replace(result.cell, stack=_STACKS[0]) for result in results}
    found: dict[str, list[Row]] = {name: [] for name in TITLES}
    for cell in sorted(cells, key=_order):
        found[section(cell)].append(row(results, cell))
    return {name: rows for name, rows in found.items() if rows}


def _grid(rows: list[Row]) -> Iterator[str]:
    widths = [max(len(words[column]) for words in (HEADINGS, *(row.words for row in rows)))
              for column in range(len(HEADINGS))]

    def line(words: tuple[str, ...]) -> str:
        cells = [word.ljust(width) if column < LEFT else word.rjust(width)
                 for column, (word, width) in enumerate(zip(words, widths))]
        return "  ".join(cells).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    grouped = len({each.subject for each in rows}) < len(rows)
    subject = None
    yield line(HEADINGS)
    for each in rows:
        if subject is None or grouped and each.subject != subject:
            yield rule
        subject = each.subject
        yield line(each.words)


def failure_text(result: Result) -> str:
    """Which cell failed, why, and where to look."""
    cell = result.cell
    where = " ".join(word for word in (cell.nic, cell.stack, cell.mode, cell.clock) if word)
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


def text(meta: dict[str, Any], results: Results) -> str:
    """The whole table, with what it was measured on."""
    lines = [f"Linux {meta['kernel']}, {meta['qemu']}, {meta['tool']}, commit {meta['commit']}"]
    for name, rows in sections(results).items():
        lines += ["", TITLES[name], ""]
        lines += pgtable.lines(results) if name == "pgtable" else _grid(rows)
        if name == "pgtable" and meta.get("native"):
            lines += ["", f"{NATIVE_TITLE}:", "", *native.lines(meta["native"])]
    lines += ["", f"Median of {meta['runs']} run{'s' * (meta['runs'] > 1)}.  iof/main: ioflush over mainline.  main/pass, "
              "iof/pass: either over mainline's passthrough."]
    lines += failure_lines(results)
    return "\n".join(lines) + "\n"
