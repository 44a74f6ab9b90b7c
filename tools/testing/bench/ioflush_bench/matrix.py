# SPDX-License-Identifier: GPL-2.0
"""Which guests to boot for a bench, in which order, and what each must yield."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterator

from . import axes, storage
from .config import QUICK_PARTS, Config

#: What the first comparison compares.
FIRST_MODES = ("strict", "lazy")

#: Which of the tests are a part's, of those parts that have tests.
_TESTS = {"netperf": axes.net_tests, storage.PART: storage.jobs_of}


@dataclass(frozen=True)
class Cell:
    """The name of one figure: all that it depends on."""

    arch: str
    iommu: str
    nic: str | None  # or the disk
    stack: str
    mode: str
    test: str
    clock: str
    metric: str
    #: What drains lazy mode; none where there is nothing to choose.  Left out, it
    #: is the default of the stack and mode.
    engine: str | None = ""
    #: How much longer than the emulator's an invalidation takes.
    sync_ns: int = 0

    def __post_init__(self) -> None:
        if self.engine == "":
            object.__setattr__(self, "engine", axes.engine_of(self.stack, self.mode))

    def sibling(self, **other: str | int | None) -> "Cell":
        """The cell that differs as told, with the default engine of its stack and mode."""
        return replace(self, **{"engine": "", **other})

    @property
    def is_default(self) -> bool:
        """Not of a second engine, nor with longer invalidations."""
        return not self.is_second and not self.sync_ns

    @property
    def is_second(self) -> bool:
        """Of a second engine."""
        return self.engine != axes.engine_of(self.stack, self.mode)


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
    engine: str | None = None
    sync_ns: int = 0

    @property
    def slug(self) -> str:
        """A name for folders and messages."""
        variant = self.iommu if self.iommu != axes.base_iommu(self.iommu) else None
        engine = self.engine if self.engine != axes.ENGINES[0] else None
        sync = f"sync{self.sync_ns}" if self.sync_ns else None
        words = (self.arch, self.part, variant, self.nic, self.stack, self.mode, engine, sync,
                 self.clock, f"run{self.run}")
        return "-".join(word for word in words if word)

    @property
    def is_first(self) -> bool:
        """Of the first comparison: what a mapping costs, and the network, in either mode."""
        return (self.run == 1 and self.clock == "guest" and self.part in QUICK_PARTS
                and self.mode in FIRST_MODES and self.nic in (None, axes.NICS[0])
                and self.engine in (None, axes.ENGINES[0]) and not self.sync_ns
                and self.iommu == axes.base_iommu(self.iommu))

    def tests(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """The network tests that this guest runs, or the disk's."""
        if self.part not in _TESTS:
            return (axes.COUNT_TEST,)
        return (axes.SYNC_TESTS[self.part],) if self.sync_ns else _TESTS[self.part](asked)

    @property
    def keeps(self) -> bool:
        """It also times maps and unmaps beside pages that stay."""
        return (self.part == "micro" and self.mode == "lazy"
                and self.iommu == axes.base_iommu(self.iommu))

    def cells(self, tests: tuple[str, ...]) -> Iterator[Cell]:
        """Every figure that this guest must report."""
        if self.part == "pgtable":
            named = _pgtable_figures(self.stack)
        else:
            figures = self._sync_figures() if self.sync_ns else self._figures(self.tests(tests))
            named = ((self.stack, *figure) for figure in figures)
        for stack, test, metric in named:
            yield Cell(self.arch, self.iommu, self.nic, stack, self.mode,
                       test, self.clock, metric, self.engine, self.sync_ns)

    def _sync_figures(self) -> Iterator[tuple[str, str]]:
        """Test and metric, where invalidations take longer."""
        if self.part == "netperf":
            yield from ((axes.SYNC_STREAM, metric)
                        for metric in axes.TEST_METRICS[axes.SYNC_STREAM])
        elif self.part == storage.PART:
            yield from storage.figures_of((axes.SYNC_READS,))
        else:
            yield from ((test, "instructions") for test in axes.SYNC_MAPPINGS)

    def _figures(self, tests: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Test and metric, but for the page tables'."""
        if self.part == "netperf":
            yield from ((test, metric) for test in axes.net_tests(tests)
                        for metric in axes.TEST_METRICS[test])
            if self.engine and self.clock == "guest":
                yield from ((axes.WINDOW_TEST, metric) for metric in axes.WINDOW_METRICS)
        elif self.part == storage.PART:
            yield from storage.figures_of(tests)
        elif self.part == "counts":
            metrics = axes.COUNT_METRICS + (axes.LAZY_METRICS if self.engine else ())
            yield from ((axes.COUNT_TEST, metric) for metric in metrics)
        elif self.part == "storm":
            yield from ((test, "commands") for test in axes.STORM_TESTS.values())
        else:
            yield from ((test, "instructions") for test in axes.MAPTIME_TESTS.values())
            if self.keeps:
                yield from ((test, "instructions") for test in axes.KEPT_TESTS.values())
            if self.iommu == axes.base_iommu(self.iommu):
                yield from ((axes.BENCHMARK_TEST, metric)
                            for metric in axes.BENCHMARK_METRICS)


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


def _turns(config: Config, run: int) -> tuple[str, ...]:
    """The stacks take turns, and which one begins changes with each run."""
    return config.stacks if run % 2 else config.stacks[::-1]


def _clocks(config: Config, part: str) -> tuple[str, ...]:
    return config.clocks if part == "netperf" else ("guest",)


def _nics(config: Config, part: str) -> tuple[str | None, ...]:
    """Or the disks."""
    if part == storage.PART:
        return config.disks
    return config.nics if part in ("netperf", "counts") else (None,)


def _parts(config: Config) -> Iterator[str]:
    """All that are asked for, but those of whose tests none is."""
    yield from (part for part in config.parts
                if part not in _TESTS or _TESTS[part](config.tests))


def _modes(config: Config, part: str) -> tuple[str, ...]:
    """A domain of one's own, as those parts have it, waits for each invalidation."""
    if part in ("storm", "pgtable"):
        return ("strict",)
    left_out = ("passthrough", axes.MODE_OURS) if part == "counts" else ()
    return tuple(mode for mode in config.modes if mode not in left_out)


def _iommus(arch: str, part: str, mode: str) -> tuple[str, ...]:
    iommu = axes.IOMMU_OF[arch]
    more = axes.VARIANTS.get(iommu, {}).get(mode, ()) if part == "micro" else ()
    return (iommu, *more)


def _engines(config: Config, boot: Boot) -> tuple[str | None, ...]:
    """The engines to measure where a boot has none yet."""
    if not axes.engine_of(boot.stack, boot.mode):
        return (None,)
    second = (boot.part in axes.ENGINE_PARTS and boot.nic in (None, axes.ENGINE_NIC)
              and boot.clock == "guest" and boot.iommu == axes.base_iommu(boot.iommu))
    return tuple(engine for engine in config.engines
                 if engine == axes.ENGINES[0] or second)


def _is_late(boot: Boot, ns: int) -> bool:
    """Whether it is measured with invalidations that take so much longer, too."""
    if boot.stack == "mainline" and ns < axes.SYNC_NS_LEAST.get(boot.arch, 0):
        return False
    return (boot.mode in axes.SYNC_MODES.get(boot.part, ()) and boot.clock == "guest"
            and boot.nic in (None, axes.SYNC_NIC, axes.SYNC_DISK) and boot.engine in (None, axes.ENGINES[0])
            and boot.iommu == axes.base_iommu(boot.iommu))


def _waits(config: Config, boot: Boot) -> tuple[int, ...]:
    """How much longer invalidations are to take; passthrough has none, and stays for the scale."""
    if not any(config.sync_ns):
        return (0,)
    test = axes.SYNC_TESTS.get(boot.part)
    wanted = not test or test in config.tests
    scale = (boot.mode == "passthrough"
             and _is_late(replace(boot, mode="strict"), max(config.sync_ns)))
    return (tuple(ns for ns in config.sync_ns if not ns or wanted and _is_late(boot, ns))
            or ((0,) if scale else ()))


def plan(config: Config) -> list[Boot]:
    """All guests of a bench: run by run, so that a stack never has a block of time.

    In front is what a first comparison needs, so that it can be had without the rest;
    at the end what takes longer invalidations, and then what is smoke.
    """
    boots = (
        Boot(part, arch, iommu, nic, stack, mode, clock, run)
        for arch in config.arches
        for run in range(1, config.runs + 1)
        for part in _parts(config)
        for clock in _clocks(config, part)
        for nic in _nics(config, part)
        for mode in _modes(config, part)
        for iommu in _iommus(arch, part, mode)
        for stack in _turns(config, run) if axes.has_mode(stack, mode)
    )
    planned = [replace(boot, engine=engine)
               for boot in boots for engine in _engines(config, boot)]
    planned = [replace(boot, sync_ns=ns) for boot in planned for ns in _waits(config, boot)]
    return sorted(planned, key=lambda boot: (not boot.is_first, boot.clock == "wall",
                                             boot.sync_ns))
