# SPDX-License-Identifier: GPL-2.0
"""Carries out a plan: guest-clock boots side by side, wall-clock boots alone."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Iterable

from .guest import Outcome, Runner
from .matrix import Boot
from .progress import Progress
from .results import Results


def _one(boot: Boot, runner: Runner, progress: Progress) -> Outcome:
    start = time.monotonic()
    outcome = runner.reuse(boot) if runner.config.resume else None
    if outcome:
        progress.done(boot, outcome, None)
        return outcome
    outcome = runner.measure(boot)
    if not runner.stopped:
        progress.done(boot, outcome, time.monotonic() - start)
    return outcome


def _outcomes(boots: list[Boot], runner: Runner,
              progress: Progress) -> Iterable[tuple[Boot, Outcome]]:
    """Boots in groups of one clock.

    What a guest on the instruction counter measures does not depend on how fast
    the host runs it, so those share the CPUs; real time needs the machine alone.
    """
    for clock, group in itertools.groupby(boots, key=lambda boot: boot.clock):
        members = list(group)
        workers = 1 if clock == "wall" else runner.config.parallel
        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(_one, boot, runner, progress) for boot in members]
            try:
                for boot, future in zip(members, futures):
                    yield boot, future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                runner.stop()
                raise


def run_all(boots: list[Boot], runner: Runner,
            progress: Progress) -> tuple[Results, str | None]:
    """Every boot of the plan; returns the results and the network tool's name."""
    results, tool = Results(), None
    for boot, outcome in _outcomes(boots, runner, progress):
        results.add(boot, outcome, runner.config.tests)
        tool = outcome.tool or tool
    return results, tool
