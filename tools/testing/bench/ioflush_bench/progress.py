# SPDX-License-Identifier: GPL-2.0
"""What is running, what is done, and how long it took."""

from __future__ import annotations

import sys
import threading
import time

from .figures import number
from .guest import Outcome
from .matrix import Boot


def _summary(outcome: Outcome) -> str:
    """The first figures of a guest, or what went wrong in it."""
    wrong = outcome.failure or "; ".join(
        f"{test}: {why}" for test, why in outcome.failures.items())
    if wrong:
        return f"FAILED: {wrong} (log {outcome.log})"
    shown = [f"{name} {number(value)}" for name, value in list(outcome.figures.items())[:5]]
    return ", ".join(shown)


class Progress:
    """One line for each guest that ends, numbered, with the time so far."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._done = 0
        self._start = time.monotonic()
        self._lock = threading.Lock()  # one line at a time; protects _done

    @property
    def elapsed_s(self) -> float:
        """Seconds since the bench began."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """One line with the time in front."""
        print(f"[{self.elapsed_s:4.0f}s] {text}", file=sys.stdout, flush=True)

    def done(self, boot: Boot, outcome: Outcome, seconds: float | None) -> None:
        """A guest has ended, or an earlier outcome is used again."""
        with self._lock:
            self._done += 1
            took = "reused" if seconds is None else f"{seconds:.0f} s"
            self.say(f"{self._done}/{self.total} {boot.slug} ({took}): {_summary(outcome)}")
