# SPDX-License-Identifier: GPL-2.0
"""Nanoseconds of our page tables on this machine, from the user-space harness.

The host's clock is no guest's: these say how fast the code is on a real CPU, and
vary with what else that does.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import IO, Any, Iterator

THREADS = (1, 2)
HEADINGS = ("format", "threads")


class NativeError(Exception):
    """The harness could not be built, or measured nothing."""


def _run(command: list[str], output: IO[bytes]) -> None:
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                       stderr=subprocess.STDOUT, check=True, timeout=900)
    except (OSError, subprocess.SubprocessError) as error:
        raise NativeError(f"{error} (log {output.name})") from None


def measure(top: Path, out: Path, again: bool) -> list[dict[str, Any]]:
    """Builds the harness's bench; runs it unless that very program has been measured."""
    log, result = out / "log/bench-native.log", out / "bench/native.json"
    log.parent.mkdir(parents=True, exist_ok=True)
    result.parent.mkdir(parents=True, exist_ok=True)
    built = out / "user/bench/bench"
    make = ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(top / "tools/testing/user"),
            "MODE=bench", f"O={out / 'user'}", "bench"]
    run = [str(built), f"--json={result}", *(str(count) for count in THREADS)]
    of_what = result.with_suffix(".key")
    with open(log, "wb") as output:
        _run(make, output)
        try:
            key = hashlib.sha256(built.read_bytes()).hexdigest()
            if again or not of_what.exists() or of_what.read_text() != key:
                of_what.unlink(missing_ok=True)
                _run(run, output)
                of_what.write_text(key)
            return json.loads(result.read_text())
        except (OSError, ValueError) as error:
            raise NativeError(f"{result}: {error}") from None


def _words(entry: dict[str, Any]) -> str:
    """Map and unmap, or the one figure of a lookup or a scan."""
    if "map_ns" in entry:
        return f"{entry['map_ns']:.0f} / {entry['unmap_ns']:.0f}"
    return f"{entry.get('lookup_ns', entry.get('ns_per_gib', 0)):,.0f}"


def table(entries: list[dict[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings, and a row for each format and number of threads; a dash for nothing."""
    cases = tuple(dict.fromkeys(entry["case"] for entry in entries))
    found: dict[tuple[str, int], dict[str, str]] = {}
    for entry in entries:
        row = found.setdefault((entry["format"], entry["threads"]), {})
        row[entry["case"]] = _words(entry)
    rows = [(format_, str(threads), *(row.get(case, "-") for case in cases))
            for (format_, threads), row in sorted(found.items())]
    return HEADINGS + cases, rows


def lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    """The table as text."""
    headings, rows = table(entries)
    widths = [max(len(row[column]) for row in (headings, *rows))
              for column in range(len(headings))]
    for row in (headings, *rows):
        yield "  ".join(word.ljust(width) if column == 0 else word.rjust(width)
                        for column, (word, width) in enumerate(zip(row, widths))).rstrip()
