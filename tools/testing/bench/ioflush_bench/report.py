# SPDX-License-Identifier: GPL-2.0
"""out/report/: what there is so far, whole at every moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import bars, page, runs, summary, table
from . import results as resultlib
from .matrix import Boot
from .progress import Progress


class Report:
    """The report of one bench, written anew whenever a guest is done."""

    def __init__(self, folder: Path, info: dict[str, Any], boots: list[Boot],
                 tests: tuple[str, ...], progress: Progress) -> None:
        self.folder = folder
        self.info = info
        self._boots = boots
        self._tests = tests
        self._progress = progress
        self._take({})
        self._first = {boot for boot in boots if boot.is_first}
        self._compared = not self._first
        folder.mkdir(parents=True, exist_ok=True)

    def _take(self, outcomes: runs.Outcomes) -> None:
        """What there is from now on."""
        self.results = runs.results_of(self._boots, outcomes, self._tests)
        self.info.update(tool=runs.tool_of(outcomes),
                         elapsed_s=round(self._progress.elapsed_s),
                         guests={"done": len(outcomes), "planned": len(self._boots)})

    def publish(self, outcomes: runs.Outcomes) -> None:
        """Each file is replaced whole, so that an interrupt at any place leaves a report."""
        self._take(outcomes)
        if outcomes:
            self.write()
        self._say_first(outcomes)

    def write(self) -> None:
        """Figures, then the page that shows them."""
        judged = [bar.as_json(arch) for arch in self.results.arches
                  for bar in bars.measured(self.results.of_arch(arch))]
        resultlib.write_json(self.folder / "results.json", self.info, self.results, judged)
        page.write(self.folder, self.info, self.results)

    def _say_first(self, outcomes: runs.Outcomes) -> None:
        """As soon as there is something to compare, while the others go on."""
        if self._compared or not self._first <= outcomes.keys():
            return
        self._compared = True
        if len(outcomes) == len(self._boots):
            return  # all comes at once
        self._progress.say(f"first comparison ({self.folder}/index.html):")
        for arch in self.results.arches:
            for text in summary.sentences(self.results.of_arch(arch)):
                self._progress.say(f"  {arch}: {text}")

    def shown(self) -> str:
        """The table, and where the rest is."""
        return (f"\n{table.text(self.info, self.results)}\n{self.folder}/results.json\n"
                f"{self.folder}/index.html")
