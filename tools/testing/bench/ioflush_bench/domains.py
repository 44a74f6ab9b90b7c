# SPDX-License-Identifier: GPL-2.0
"""/sys/kernel/debug/ioflush/domains, as a guest's job reports it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LIVE = re.compile(r"table pages: live (\d+)")
_WINDOW = re.compile(r"longest window (\d+) ns")
_BOUND = re.compile(r"window: bound_us (\d+) engine (\w+)")
_BUCKET = re.compile(r"(\d+):(\d+)")


@dataclass
class Domains:
    """All domains of one guest, taken together."""

    live: int = 0
    window_max_us: float = 0
    bound_us: float = 0
    engines: set[str] = field(default_factory=set)
    exposed: dict[int, int] = field(default_factory=dict)

    def line(self, text: str) -> None:
        """Takes in one line of the file."""
        if found := _LIVE.search(text):
            self.live += int(found[1])
        elif found := _WINDOW.search(text):
            self.window_max_us = max(self.window_max_us, int(found[1]) / 1000)
        elif found := _BOUND.search(text):
            self.bound_us = max(self.bound_us, float(found[1]))
            self.engines.add(found[2])
        elif text.strip().startswith("exposed us:"):
            for start, entries in _BUCKET.findall(text):
                self.exposed[int(start)] = self.exposed.get(int(start), 0) + int(entries)

    def within_us(self, share: float) -> float | None:
        """How long this share of all entries was exposed at most.

        A bucket is twice as wide as the one before, and its end counts, but for
        the last entries: no more than the longest window.
        """
        left = sum(self.exposed.values()) * (1 - share)
        if not self.exposed:
            return None
        for start in sorted(self.exposed, reverse=True):
            left -= self.exposed[start]
            if left < 0:
                return min(max(1, 2 * start), self.window_max_us)
        return 0.0

    def figures(self) -> dict[str, float]:
        """The metrics of a window; none where nothing was ever deferred."""
        if not self.exposed:
            return {}
        return {"window_max": self.window_max_us, "window_bound": self.bound_us,
                "window_p99": self.within_us(0.99), "window_p999": self.within_us(0.999)}
