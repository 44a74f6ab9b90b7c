# SPDX-License-Identifier: GPL-2.0
"""A whole matrix of made-up figures, for tests of what is done with them."""

from __future__ import annotations

from ioflush_bench import config, guest, matrix
from ioflush_bench.results import Results

META = {
    "tool": "Netperf version 2.7.0",
    "commit": "0123456789ab", "date": "2026-01-01 00:00 UTC",
    "runs": 3, "duration_s": 2, "loops": 10240, "batches": 16, "host": "a host",
    "command": "make bench FULL=1", "guests": {"done": 9, "planned": 9},
    "arches": {
        "x86_64": {"kernel": "6.12.0", "qemu": "QEMU emulator version 7.2", "iommu": "vtd",
                   "image": "0" * 64},
        "arm64": {"kernel": "6.12.0", "qemu": "QEMU emulator version 7.2.22",
                  "iommu": "smmuv3", "image": "1" * 64},
    },
    "elapsed_s": 1,
}


def wanted(**env: str) -> config.Config:
    """A configuration of the whole matrix, but for the variables given."""
    return config.from_environment({"FULL": "1", **env})


def runner(asked: config.Config, x86_64: str = "a", qemu: str = "7") -> guest.Runner:
    """Of kernels and a QEMU that have names, and no more."""
    return guest.Runner(asked, {"x86_64": x86_64, "arm64": "b"},
                        {"x86_64": qemu, "arm64": "7"})


def figure(boot: matrix.Boot) -> int:
    """Passthrough 1000, mainline lazy 800 and strict 700, ioflush 10 % above; run n adds n."""
    base = {"passthrough": 1000, "lazy": 800, "guarded": 750, "strict": 700}[boot.mode]
    more = base // 10 if boot.stack == "ioflush" and boot.mode != "passthrough" else 0
    return base + more + boot.run


def full(**env: str) -> Results:
    """Results of a bench in which every cell has its value."""
    asked = wanted(**env)
    results = Results()
    for boot in matrix.plan(asked):
        outcome = guest.Outcome(folder="out/bench/" + boot.slug)
        for cell in boot.cells(asked.tests):
            outcome.figures[guest.figure_name(cell.test, cell.metric)] = figure(boot)
        results.add(boot, outcome, asked.tests)
    return results
