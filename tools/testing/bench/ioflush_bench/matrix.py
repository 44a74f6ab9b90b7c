# SPDX-License-Identifier: GPL-2.0
"""Which guests to boot for a bench, in which order, and what each must yield."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from . import axes
from .config import Config


@dataclass(frozen=True)
class Cell:
    """The name of one figure: all that it depends on."""

    arch: str
    iommu: str
    nic: str | None
    stack: str
    mode: str
    test: str
    clock: str
    metric: str


@dataclass(frozen=True)
class Boot:
    """One guest to boot: `part` says which job it runs."""

    part: str
    arch: str
    iommu: str
    nic: str | None
    stack: str
    mode: str
    clock: str
    run: int

    @property
    def slug(self) -> str:
        """A name for folders and messages."""
        words = (self.part, self.nic, self.stack, self.mode, self.clock, f"run{self.run}")
        return "-".join(word for word in words if word)

    def cells(self, tests: tuple[str, ...]) -> Iterator[Cell]:
        """Every figure that this guest must report."""
        if self.part == "pgtable":
            named = _pgtable_figures(self.stack)
        else:
            named = ((self.stack, *figure) for figure in _figures(self.part, tests))
        for stack, test, metric in named:
            yield Cell(self.arch, self.iommu, self.nic, stack, self.mode,
                       test, self.clock, metric)


def _pgtable_figures(booted: str) -> Iterator[tuple[str, str, str]]:
    """Tables of both stacks are in one boot; only the domain needs a boot of each."""
    formats = [(booted, "domain")]
    if booted == "ioflush":
        formats += [("ioflush", "empty"),
                    *(("ioflush", format_) for format_ in axes.PGTABLE_FORMATS),
                    *(("mainline", format_) for format_ in axes.PGTABLE_MAINLINE)]
    for stack, format_ in formats:
        for operation in axes.pgtable_operations(stack, format_):
            yield stack, axes.pgtable_test(format_, operation), "instructions"


def _figures(part: str, tests: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if part == "netperf":
        for test in tests:
            for metric in axes.TEST_METRICS[test]:
                yield test, metric
    elif part == "counts":
        for metric in axes.COUNT_METRICS:
            yield axes.COUNT_TEST, metric
    else:
        for test in axes.MAPTIME_TESTS.values():
            yield test, "instructions"
        for metric in axes.BENCHMARK_METRICS:
            yield axes.BENCHMARK_TEST, metric


def _turns(config: Config, run: int) -> tuple[str, ...]:
    """The stacks take turns, and which one begins changes with each run."""
    return config.stacks if run % 2 else config.stacks[::-1]


def plan(config: Config) -> list[Boot]:
    """All guests of a bench: run by run, so that a stack never has a block of time."""
    return [
        Boot(part, config.arch, config.iommu, nic, stack, mode, clock, run)
        for run in range(1, config.runs + 1)
        for part in config.parts
        for clock in (config.clocks if part == "netperf" else ("guest",))
        for nic in ((None,) if part in ("micro", "pgtable") else config.nics)
        for mode in (("strict",) if part == "pgtable" else config.modes)
        if not (part == "counts" and mode == "passthrough")
        for stack in _turns(config, run)
    ]
