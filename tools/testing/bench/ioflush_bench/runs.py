# SPDX-License-Identifier: GPL-2.0
"""Carries out a plan: guest-clock boots side by side, wall-clock boots alone."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from typing import Callable, Iterator

from .guest import Outcome, Runner
from .matrix import Boot
from .progress import Progress
from .results import Results

#: What each guest that is done yielded.
Outcomes = dict[Boot, Outcome]


def _one(boot: Boot, runner: Runner, progress: Progress) -> Outcome:
    start = time.monotonic()
    outcome = runner.measure(boot)
    if not runner.stopped:
        progress.done(boot, outcome, time.monotonic() - start)
    return outcome


def _finished(boots: list[Boot], runner: Runner,
              progress: Progress) -> Iterator[tuple[Boot, Outcome]]:
    """Boots in groups of one clock, each as it ends.

    What a guest on the instruction counter measures does not depend on how fast
    the host runs it, so those share the CPUs; real time needs the machine alone.
    """
    for clock, group in itertools.groupby(boots, key=lambda boot: boot.clock):
        workers = 1 if clock == "wall" else runner.config.parallel
        with ThreadPoolExecutor(workers) as pool:
            futures = {pool.submit(_one, boot, runner, progress): boot for boot in group}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                runner.stop()
                raise


def run_all(boots: list[Boot], runner: Runner, progress: Progress,
            publish: Callable[[Outcomes], None]) -> Outcomes:
    """Every boot of the plan that is not done yet; publishes before the first, after each."""
    outcomes = {boot: outcome for boot in boots if (outcome := runner.reuse(boot))}
    progress.begin(len(outcomes))
    publish(outcomes)
    left = [boot for boot in boots if boot not in outcomes]
    # Whoever interrupts may find us in publish(): the guests have to end all the same.
    with closing(_finished(left, runner, progress)) as finished:
        for boot, outcome in finished:
            outcomes[boot] = outcome
            publish(outcomes)
    return outcomes


def results_of(boots: list[Boot], outcomes: Outcomes, tests: tuple[str, ...]) -> Results:
    """What there is so far, in the order of the plan, and which cells have nothing yet."""
    results = Results()
    for boot in boots:
        if boot in outcomes:
            results.add(boot, outcomes[boot], tests)
    results.pending = {cell for boot in boots for cell in boot.cells(tests)
                       if not results.get(cell)}
    return results


def tool_of(outcomes: Outcomes) -> str:
    """What moved the packets."""
    return next((outcome.tool for outcome in outcomes.values() if outcome.tool),
                "no network tool")
