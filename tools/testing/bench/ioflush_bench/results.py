# SPDX-License-Identifier: GPL-2.0
"""Runs of the same cell become one result: median, min, max; and ratios between them."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Iterator

from . import axes
from .guest import Outcome
from .matrix import Boot, Cell


@dataclass
class Result:
    """One cell of the matrix, measured or failed."""

    cell: Cell
    samples: list[float] = field(default_factory=list)
    failure: str | None = None
    log: str | None = None

    @property
    def value(self) -> float | None:
        """The median, or nothing where any of the runs failed."""
        return None if self.failure or not self.samples else statistics.median(self.samples)

    def as_json(self) -> dict[str, Any]:
        """The form in results.json."""
        whole = self.value is not None
        entry: dict[str, Any] = {
            **asdict(self.cell),
            "unit": axes.METRICS[self.cell.metric].unit,
            "value": self.value,
            "min": min(self.samples) if whole else None,
            "max": max(self.samples) if whole else None,
            "runs": len(self.samples),
            "samples": self.samples,
        }
        if self.failure:
            entry.update(failed=self.failure, log=self.log)
        return entry


class Results:
    """All cells of one bench, in the order in which the matrix names them."""

    def __init__(self) -> None:
        self._by_cell: dict[Cell, Result] = {}
        #: Cells of the plan that no guest has come to yet.
        self.pending: set[Cell] = set()

    def __iter__(self) -> Iterator[Result]:
        return iter(self._by_cell.values())

    def put(self, result: Result) -> None:
        """Takes in a result as it is."""
        self._by_cell[result.cell] = result

    def add(self, boot: Boot, outcome: Outcome, tests: tuple[str, ...]) -> None:
        """Takes in one guest's figures; none from a guest that came to a bad end."""
        for cell in boot.cells(tests):
            result = self._by_cell.setdefault(cell, Result(cell))
            value = outcome.figure(cell)
            failure = outcome.failure or outcome.failures.get(cell.test)
            if value is None and not failure:
                failure = "the guest did not report it"
            if failure:
                result.failure, result.log = failure, outcome.log
            elif value is not None:
                result.samples.append(value)

    def get(self, cell: Cell) -> Result | None:
        """The result of exactly this cell."""
        return self._by_cell.get(cell)

    def of_arch(self, arch: str) -> "Results":
        """The part that belongs to one architecture."""
        part = Results()
        for result in self:
            if result.cell.arch == arch:
                part.put(result)
        part.pending = {cell for cell in self.pending if cell.arch == arch}
        return part

    @property
    def arches(self) -> list[str]:
        """The architectures that were measured."""
        found = {result.cell.arch for result in self}
        return [arch for arch in axes.ARCHES if arch in found]

    @property
    def failed(self) -> list[Result]:
        """Cells that have no value."""
        return [result for result in self._by_cell.values() if result.value is None]

    def _ratio(self, result: Result, **other: str | int) -> float | None:
        """This result over that of the cell that differs as told."""
        base = self.get(result.cell.sibling(**other))
        if result.value is None or base is None or not base.value:
            return None
        return result.value / base.value

    def to_mainline(self, result: Result) -> float | None:
        """Against mainline in the same cell; nothing for mainline itself."""
        if result.cell.stack == axes.REFERENCE_STACK:
            return None
        return self._ratio(result, stack=axes.REFERENCE_STACK)

    def to_passthrough(self, result: Result) -> float | None:
        """Against mainline's passthrough, which invalidates nothing: one scale for all."""
        return self._ratio(result, stack=axes.REFERENCE_STACK, mode="passthrough", sync_ns=0)

    def of_test(self, test: str, metric: str, **other: Any) -> list[Result]:
        """All results of a test and metric with these other names, on any NIC."""
        return [result for result in self if _named(result.cell, test, metric, other)]

    def awaits(self, test: str, metric: str, **other: Any) -> bool:
        """Whether any cell that of_test() would find is not there yet."""
        return any(_named(cell, test, metric, other) for cell in self.pending)


def _named(cell: Cell, test: str, metric: str, other: dict[str, Any]) -> bool:
    """Is it of this test and metric, with these other names?"""
    return ((cell.test, cell.metric) == (test, metric)
            and all(getattr(cell, name) == value for name, value in other.items()))


def write_json(path: Path, meta: dict[str, Any], results: Results,
               judged: list[dict[str, Any]] | None = None) -> None:
    """Writes results.json whole or not at all."""
    text = json.dumps({"meta": meta, "bars": judged or [],
                       "results": [result.as_json() for result in results],
                       "pending": [asdict(cell) for cell in sorted(results.pending, key=str)]},
                      indent=1)
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n")
    partial.replace(path)


def read_json(path: Path) -> tuple[dict[str, Any], Results]:
    """Reads back what write_json() wrote."""
    document = json.loads(path.read_text())
    results = Results()

    def cell(entry: dict[str, Any]) -> Cell:
        return Cell(**{name: entry[name] for name in Cell.__dataclass_fields__ if name in entry})

    for entry in document["results"]:
        results.put(Result(cell(entry), entry["samples"], entry.get("failed"),
                           entry.get("log")))
    results.pending = {cell(entry) for entry in document.get("pending", [])}
    return document["meta"], results
