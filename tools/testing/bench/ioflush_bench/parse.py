# SPDX-License-Identifier: GPL-2.0
"""Figures out of what a guest's job wrote to its report port.

A report is lines of a keyword and its words:

  iommu STACK/UNIT...             the IOMMUs in /sys/class/iommu, and whose they are
  domain TYPE                     how one measured device is translated
  engine NAME                     what drains ioflush's lazy mode
  late NANOSECONDS                how much longer invalidations take; left out for 0
  missed COUNT                    invalidations that took no longer all the same
  tool NAME VERSION...            what moved the packets
  netperf TEST KEY=VALUE...       one run of netperf, its own key=value output
  iperf3 TEST JSON                one run of iperf3, on one line
  maptime NAME NANOSECONDS        a line of ioflush_maptime's results
  map_benchmark TEXT              a line of dma_map_benchmark's output
  pgbench FORMAT STACK OPERATION NANOSECONDS
                                  a line of ioflush_pgbench's results
  fio NAME from SAMPLE to SAMPLE  one run of fio, each sample the I/Os, the clock and how
                                  much of it nobody used, in ns
  unmaps NAME=COUNT...            unmaps in the counted time, by trace event
  drains count=N bytes=N max=N    drains in the counted time: how many, and the
                                  bytes of all and of the largest
  domains begin|end TEXT          a line of ioflush's file `domains`, before and
                                  after what is measured
  failed TEST WORDS...            this test did not work in the guest
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from fnmatch import fnmatch

from . import axes, storage
from .domains import Domains

Figure = tuple[str, ...]

#: By how much what a guest has measured of its longer invalidations may be off.
_LATE_ERROR = 0.02
#: How many of them, of hundred thousands, may be missed.
_MISSED_MAX = 100


@dataclass
class Report:
    """What one guest said: figures by (test, metric), and what went wrong by test.

    What a guest says of another stack than the booted one has a third word for it.
    """

    tool: str | None = None
    figures: dict[Figure, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unmaps: int | None = None
    units: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    engine: str | None = None
    late_ns: int = 0
    missed: int = 0
    drains: dict[str, int] = field(default_factory=dict)
    domains: dict[str, Domains] = field(default_factory=dict)

    def mismatch(self, iommu: str, stack: str, mode: str,
                 engine: str | None = None) -> str | None:
        """Why the figures are not of this stack, mode and engine, if they are not."""
        unit = axes.unit_of(iommu, stack)
        domain = axes.domain_of(iommu, stack, mode)
        if len(self.units) != 1 or not fnmatch(self.units[0], unit):
            return f"the guest's IOMMU is {' '.join(self.units) or 'none'}, not {stack}'s {unit}"
        if self.types != {domain}:
            found = " ".join(sorted(self.types)) or "none"
            return f"the device's domain is {found}, not {domain} as in {mode} mode"
        if engine and self.engine != engine:
            return f"the flush engine is {self.engine or 'unknown'}, not {engine}"
        return None

    def late_mismatch(self, sync_ns: int) -> str | None:
        """Why the figures are not with invalidations that take so much longer."""
        if abs(self.late_ns - sync_ns) > sync_ns * _LATE_ERROR:
            return f"invalidations take {self.late_ns} ns longer, not {sync_ns}"
        if self.missed > _MISSED_MAX:
            return f"{self.missed} invalidations took no longer"
        return None


class ParseError(Exception):
    """A line of a report is not what the job should have written."""


def key_values(text: str) -> dict[str, str]:
    """KEY=VALUE words, as netperf's -k prints them."""
    return dict(re.findall(r"(\w+)=(\S*)", text))


def _number(values: dict[str, str], key: str) -> float:
    try:
        return float(values[key])
    except (KeyError, ValueError):
        raise ParseError(f"no number for {key}") from None


def netperf(test: str, text: str) -> dict[Figure, float]:
    """The figures of one netperf run."""
    values = key_values(text)
    if test == "UDP_STREAM":
        elapsed_s = _number(values, "ELAPSED_TIME")
        if elapsed_s <= 0:
            raise ParseError("no time passed")
        return {
            (test, "sent"): _number(values, "LOCAL_SEND_CALLS") / elapsed_s,
            (test, "received"): _number(values, "REMOTE_RECV_CALLS") / elapsed_s,
        }
    want = "Trans/s" if test == "TCP_RR" else "10^6bits/s"
    if values.get("THROUGHPUT_UNITS") != want:
        raise ParseError(f"unit {values.get('THROUGHPUT_UNITS')}, not {want}")
    return {(test, axes.TEST_METRICS[test][0]): _number(values, "THROUGHPUT")}


def iperf3(test: str, text: str) -> dict[Figure, float]:
    """The figures of one iperf3 run, where netperf could not be had."""
    try:
        end = json.loads(text)["end"]
        if test == "UDP_STREAM":
            total = end["sum"]
            packets, lost, seconds = total["packets"], total["lost_packets"], total["seconds"]
            return {(test, "sent"): packets / seconds,
                    (test, "received"): (packets - lost) / seconds}
        return {(test, "throughput"): end["sum_received"]["bits_per_second"] / 1e6}
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ParseError(f"iperf3 output: {error!r}") from None


def fio(name: str, text: str) -> dict[Figure, float]:
    """Two samples of a run of fio."""
    return {(name, metric): value for metric, value in storage.parse(text).items()}


def maptime(name: str, text: str) -> dict[Figure, float]:
    """One line of ioflush_maptime's results."""
    tests = axes.MAPTIME_TESTS | axes.KEPT_TESTS
    return {(tests[name], "instructions"): float(text)} if name in tests else {}


def pgbench(text: str) -> dict[Figure, float]:
    """One line of ioflush_pgbench's results."""
    words = text.split()
    if len(words) != 4:
        raise ParseError(f"four words were expected: {text}")
    format_, stack, operation, value = words
    test = axes.pgtable_test(format_, operation)
    if test not in axes.PGTABLE_TESTS:
        raise ParseError(f"unknown operation: {text}")
    if stack in axes.STACKS:
        return {(test, "instructions", stack): float(value)}
    return {(test, "instructions"): float(value)}


def map_benchmark(text: str) -> dict[Figure, float]:
    """One line of dma_map_benchmark's output; its first line holds no figure."""
    match = re.match(r"average (map|unmap) latency\(us\):([0-9.]+) ", text)
    if not match:
        return {}
    return {(axes.BENCHMARK_TEST, match[1]): float(match[2])}


def _pgbench_line(report: Report, rest: str) -> None:
    """A format that failed fails all of its tests, whichever stack's it was."""
    words = rest.split()
    try:
        if len(words) == 4 and words[2] == "failed":
            raise ParseError(f"{words[1]}: error {words[3]}")
        report.figures.update(pgbench(rest))
    except (ParseError, ValueError) as error:
        for operation in axes.PGTABLE_OPERATIONS + axes.PGTABLE_SCANS:
            report.failures[axes.pgtable_test(words[0] if words else "", operation)] = (
                f"pgbench: {error}")


def _line(report: Report, keyword: str, rest: str) -> None:
    first, _, text = rest.partition(" ")
    if keyword == "tool":
        report.tool = rest
    elif keyword == "iommu":
        report.units = rest.split()
    elif keyword == "domain":
        report.types.add(rest)
    elif keyword == "engine":
        report.engine = rest
    elif keyword == "late":
        report.late_ns = int(rest) if rest.isdecimal() else -1
    elif keyword == "missed":
        report.missed = int(rest) if rest.isdecimal() else _MISSED_MAX + 1
    elif keyword == "domains":
        report.domains.setdefault(first, Domains()).line(text)
    elif keyword == "drains":
        report.drains = {name: int(count) for name, count in key_values(rest).items()}
    elif keyword == "failed":
        report.failures[first] = text or "failed in the guest"
    elif keyword == "unmaps":
        report.unmaps = sum(int(count) for count in key_values(rest).values())
    elif keyword == "map_benchmark":
        report.figures.update(map_benchmark(rest))
    elif keyword == "pgbench":
        _pgbench_line(report, rest)
    elif keyword in ("netperf", "iperf3", "maptime", "fio"):
        parser = {"netperf": netperf, "iperf3": iperf3, "maptime": maptime,
                  "fio": fio}[keyword]
        try:
            report.figures.update(parser(first, text))
        except (ParseError, ValueError) as error:
            report.failures[first] = f"{keyword}: {error}"


def report(text: str) -> Report:
    """Everything that a guest reported; lines of other keywords are others' business."""
    result = Report()
    for line in text.splitlines():
        keyword, _, rest = line.strip().partition(" ")
        _line(result, keyword, rest)
    if "end" in result.domains:
        result.figures.update(((axes.WINDOW_TEST, metric), value) for metric, value
                              in result.domains["end"].figures().items())
    return result
