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
        self._before = 0  # of those that are done, by an earlier bench
        self._done = 0
        self._start = self._begun = time.monotonic()
        self._lock = threading.Lock()  # one line at a time; protects all above

    @property
    def elapsed_s(self) -> float:
        """Seconds since the bench began."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """One line with the time in front."""
        print(f"[{self.elapsed_s:4.0f}s] {text}", file=sys.stdout, flush=True)

    def begin(self, before: int) -> None:
        """The first guest is about to boot; so many are done already."""
        with self._lock:
            self._before = self._done = before
            self._begun = time.monotonic()
            if before:
                self.say(f"{before} of {self.total} guests were done before (AGAIN=1 "
                         "measures them anew)")

    def _to_go(self) -> str:
        """What the guests that are left will take, if they are like those so far."""
        each = (time.monotonic() - self._begun) / (self._done - self._before)
        left_s = each * (self.total - self._done)
        return f"; about {left_s / 60:.0f} min to go" if left_s >= 30 else ""

    def done(self, boot: Boot, outcome: Outcome, seconds: float) -> None:
        """A guest has ended."""
        with self._lock:
            self._done += 1
            self.say(f"{self._done}/{self.total} {boot.slug} ({seconds:.0f} s): "
                     f"{_summary(outcome)}{self._to_go()}")
