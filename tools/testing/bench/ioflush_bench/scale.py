# SPDX-License-Identifier: GPL-2.0
"""Unmaps on many simulated CPUs, from the user-space harness: ours beside mainline's models."""

from __future__ import annotations

import hashlib
import os
import subprocess
from html import escape
from pathlib import Path
from typing import IO, Any, Iterator

TITLE = "Many CPUs, simulated"
COMMAND = "make -C tools/testing/user MODE=scale && out/user/scale/scale"
_CPUS = "1,2,4,8,16,32,64,96,128,256"
_ABOUT = """
Ours is the code itself, compiled so that each access to memory goes through a model of
cache lines that move between CPUs and queue up; mainline's queues are models, written
from their description. One unit, whose sync takes 1 µs; sockets of 48 CPUs, a line moves
in 50 ns within one and in 120 ns between two. The same figures in each run.
"""
#: What is drawn with what: the mode, the column and what it is called.
_PANELS = (
    (("strict", "smmuv3", "vtd"), "unmaps_per_s", "strict: unmaps a second"),
    (("strict", "smmuv3", "vtd"), "p999_ns", "strict: p99.9 of an unmap, ns"),
    (("lazy", "fq-smmuv3", "fq-vtd"), "cost_ns", "lazy: a map and unmap, ns"),
)
_COLOURS = {"strict": "#c2571a", "lazy": "#f0a35e", "smmuv3": "#5b7083", "vtd": "#a9b8c4",
            "fq-smmuv3": "#5b7083", "fq-vtd": "#a9b8c4"}
_NAMES = {"strict": "ioflush", "lazy": "ioflush", "smmuv3": "mainline's SMMUv3, a model",
          "vtd": "mainline's VT-d, a model",
          "fq-smmuv3": "mainline's flush queue on SMMUv3, a model",
          "fq-vtd": "mainline's flush queue on VT-d, a model"}
_HEADINGS = ("stack", "CPUs", "unmaps a second", "map + unmap, ns", "p50, ns", "p99.9, ns",
             "exposed, µs", "syncs per unmap", "moves of a line per unmap")
_COLUMNS = ("stack", "cpus", "unmaps_per_s", "cost_ns", "p50_ns", "p999_ns", "exposed_us",
            "syncs", "moves")

Row = dict[str, Any]


class ScaleError(Exception):
    """The simulator could not be built, or has measured nothing."""


def _run(command: list[str], output: IO[bytes], statuses: tuple[int, ...] = (0,)) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, check=False, timeout=1800)
    except (OSError, subprocess.SubprocessError) as error:
        raise ScaleError(f"{error} (log {output.name})") from None
    if done.returncode not in statuses:
        raise ScaleError(f"{command[0]}: status {done.returncode} (log {output.name})")


def parse(text: str) -> list[Row]:
    """The rows of a table whose first line names the columns."""
    lines = text.splitlines()
    names = [name.strip("# ") for name in lines[0].split("\t")] if lines else []
    rows = []
    for line in lines[1:]:
        words = [word.strip() for word in line.split("\t")]
        if len(words) != len(names):
            raise ScaleError(f"not a row: {line!r}")
        rows.append({name: word if name == "stack" else float(word)
                     for name, word in zip(names, words)})
    if not rows:
        raise ScaleError("no rows")
    return rows


def measure(top: Path, out: Path, again: bool) -> dict[str, Any]:
    """Builds the simulator; runs it unless that very program has been run."""
    log, table = out / "log/bench-scale.log", out / "bench/scale.tsv"
    verdicts, of_what = table.with_suffix(".bars"), table.with_suffix(".key")
    for path in (log, table):
        path.parent.mkdir(parents=True, exist_ok=True)
    built = out / "user/scale/scale"
    make = ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(top / "tools/testing/user"),
            "MODE=scale", f"O={out / 'user'}", f"KERNEL={out / 'src/linux'}", "scale"]
    with open(log, "wb") as output:
        _run(make, output)
        try:
            key = hashlib.sha256(built.read_bytes()).hexdigest()
            if again or not of_what.exists() or of_what.read_text() != key:
                of_what.unlink(missing_ok=True)
                _run([str(built), f"--cpus={_CPUS}", f"--tsv={table}"], output)
                with open(verdicts, "wb") as bars:
                    _run([str(built), "--bars"], bars, (0, 1))
                of_what.write_text(key)
            return {"rows": parse(table.read_text()),
                    "bars": verdicts.read_text().splitlines()}
        except (OSError, ValueError) as error:
            raise ScaleError(f"{table}: {error}") from None


def _word(row: Row, column: str) -> str:
    value = row[column]
    if column == "stack":
        return value
    if column in ("syncs", "moves"):
        return f"{value:.3f}"
    return f"{value:,.0f}"


def words(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table, a row for each stack and number of CPUs."""
    return [tuple(_word(row, column) for column in _COLUMNS) for row in found["rows"]]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Table and verdicts as text."""
    rows = [_HEADINGS, *words(found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        yield "  ".join(word.ljust(width) if column == 0 else word.rjust(width)
                        for column, (word, width) in enumerate(zip(row, widths))).rstrip()
    yield from ("", *found["bars"])


def drawing(found: dict[str, Any]) -> str:
    """Throughput, tail and cost by the number of CPUs."""
    from . import plots  # matplotlib is there once the build has run
    panels = [(title, [(_NAMES[stack], _COLOURS[stack],
                        [(row["cpus"], row[column]) for row in found["rows"]
                         if row["stack"] == stack]) for stack in stacks])
              for stacks, column, title in _PANELS]
    return plots.curves(panels, "CPUs", "scale")


def section(found: dict[str, Any]) -> str:
    """This one's part of the page."""
    from . import plots
    head = "".join(f"<th class={'n' if column else 'w'}>{escape(word)}</th>"
                   for column, word in enumerate(_HEADINGS))
    body = "\n".join("<tr>" + "".join(f"<td class={'n' if column else 'w'}>{escape(word)}</td>"
                                      for column, word in enumerate(row)) + "</tr>"
                     for row in words(found))
    bars = "\n".join(f"<li>{escape(line)}</li>" for line in found["bars"])
    return (f"<h2 id=scale>{escape(TITLE)}</h2>\n<p>{_ABOUT}</p>\n"
            f"<figure>{plots.inline(drawing(found))}<figcaption>Made by "
            f"<code>{escape(COMMAND)}</code></figcaption></figure>\n<ul>{bars}</ul>\n"
            f"<div class=wide><table class=grid><thead><tr>{head}</tr></thead>"
            f"<tbody>\n{body}\n</tbody></table></div>")
