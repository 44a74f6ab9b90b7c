# SPDX-License-Identifier: GPL-2.0
"""Instructions of page-table operations: one table, formats side by side, with bars.

What is compared: our formats with those of mainline's library, in one boot; and
iommu_map() and iommu_unmap() on a domain of either stack, in a boot each. The
loop around an operation is measured too, and the table subtracts it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterator

from . import axes
from .figures import number, ratio
from .matrix import Cell
from .results import Results

#: Columns of the table, a few formats in each part of it, and their headings.
PARTS = (
    {"domain": "domain", "arm_s1": "Arm stage 1", "arm_s2": "Arm stage 2"},
    {"amdv1": "AMD v1", "x86_64": "x86-64", "vtdss": "VT-d second stage",
     "riscv": "RISC-V Sv48"},
)

#: The formats whose large runs must cost half of mainline's.
_HALVED = ("domain", "arm_s1", "arm_s2")


_ROWS = axes.PGTABLE_OPERATIONS + axes.PGTABLE_SCANS


@dataclass(frozen=True)
class Entry:
    """One operation on one format: what either stack takes, and the bar."""

    operation: str
    format: str
    ioflush: float | None
    mainline: float | None

    @property
    def ratio(self) -> float | None:
        """Ours over mainline's."""
        if self.ioflush is None or not self.mainline:
            return None
        return self.ioflush / self.mainline

    @property
    def bar(self) -> float | None:
        """The highest ratio that is good enough; scans have a figure, and no bar."""
        if self.operation in axes.PGTABLE_SCANS:
            return None
        if self.operation in ("map_256x4k", "unmap_256x4k") and self.format in _HALVED:
            return 0.5
        return 0.8 if self.operation == "map_1x4k" else 1.0

    @property
    def verdict(self) -> str:
        """Whether the bar is met; nothing where there is nothing to compare with."""
        if self.ratio is None or self.bar is None:
            return ""
        return "met" if self.ratio <= self.bar else f"MISSED {self.bar:g}"


def _value(results: Results, like: Cell, stack: str, format_: str,
           operation: str) -> float | None:
    """The figure less that of the empty loop."""
    found = results.get(replace(like, stack=stack, test=axes.pgtable_test(format_, operation)))
    empty = results.get(replace(like, stack="ioflush",
                                test=axes.pgtable_test("empty", operation)))
    if not found or found.value is None:
        return None
    if operation in axes.PGTABLE_SCANS:  # a single call: there is no loop
        return found.value
    return found.value - empty.value if empty and empty.value is not None else None


def _like(results: Results) -> Cell | None:
    """Some cell of this part: the others differ in stack and test."""
    return next((result.cell for result in results if result.cell.test in axes.PGTABLE_TESTS),
                None)


def entries(results: Results) -> dict[tuple[str, str], Entry]:
    """All that was compared, by operation and format; empty if nothing was measured."""
    like = _like(results)
    if not like:
        return {}
    return {(operation, format_): Entry(operation, format_,
                                        *(_value(results, like, stack, format_, operation)
                                          for stack in axes.STACKS))
            for part in PARTS for format_ in part for operation in _ROWS}


def loop(results: Results) -> str:
    """What was subtracted."""
    like = _like(results)
    found = [(operation, results.get(replace(like, stack="ioflush",
                                             test=axes.pgtable_test("empty", operation))))
             for operation in axes.PGTABLE_OPERATIONS]
    return ", ".join(f"{operation} {number(result.value)}"
                     for operation, result in found if result and result.value is not None)


def _judged(results: Results) -> list[Entry]:
    """The entries that have something to be compared with, and a bar."""
    return [entry for entry in entries(results).values()
            if entry.ratio is not None and entry.bar is not None]


def missed(results: Results) -> list[Entry]:
    """The entries above their bar."""
    return [entry for entry in _judged(results) if entry.ratio > entry.bar]


def judge(results: Results) -> list[str]:
    """A line for each operation that has something to be compared with, as tests print."""
    arch = results.arches[0] if results.arches else ""
    return [f"{'ok' if entry.ratio <= entry.bar else 'not ok'} - pgtable: {entry.operation} of "
            f"{entry.format} on {arch} takes at most {entry.bar:g} of mainline's instructions"
            + ("" if entry.ratio <= entry.bar else
               f"\n    {number(entry.ioflush)} beside {number(entry.mainline)}, "
               f"{ratio(entry.ratio)}")
            for entry in _judged(results)]


def verdict(results: Results) -> str:
    """One sentence on all bars."""
    compared = _judged(results)
    over = missed(results)
    text = (f"{len(compared) - len(over)} of {len(compared)} page-table operations meet their "
            "bar beside mainline's")
    if over:
        text += "; missed: " + ", ".join(f"{entry.operation} of {entry.format} "
                                         f"({ratio(entry.ratio)})" for entry in over)
    return text + "."


def titles(results: Results, part: dict[str, str]) -> list[str]:
    """The headings of a part; the domain is of the IOMMU that was booted."""
    like = _like(results)
    iommu = f"{axes.IOMMU_TITLES[like.iommu]} " if like else ""
    return [iommu + title if format_ == "domain" else title for format_, title in part.items()]


#: Under each format's heading.
COLUMNS = ("ioflush", "mainline", "ratio", "bar")


def rows(results: Results, part: dict[str, str]) -> Iterator[list[tuple[str, ...]]]:
    """For each operation its name, and four words for each format."""
    found = entries(results)
    for operation in _ROWS:
        row: list[tuple[str, ...]] = [(operation,)]
        for format_ in part:
            entry = found[operation, format_]
            row.append((number(entry.ioflush), number(entry.mainline), ratio(entry.ratio),
                        entry.verdict))
        yield row


def lines(results: Results) -> Iterator[str]:
    """The table as text."""
    for part in PARTS:
        widths = [[10, 10, 6, 12]] * len(part)
        yield f"{'':16}" + "".join(f"  {title:>38}" for title in titles(results, part))
        yield f"{'operation':16}" + "".join(
            "  " + "".join(word.rjust(width) for word, width in zip(COLUMNS, columns))
            for columns in widths)
        yield "-" * (16 + 40 * len(part))
        for row in rows(results, part):
            yield f"{row[0][0]:16}" + "".join(
                "  " + "".join(word.rjust(width) for word, width in zip(words, columns))
                for words, columns in zip(row[1:], widths))
        yield ""
    yield f"The empty loop, subtracted from all but the scans: {loop(results)}."
    yield verdict(results)
