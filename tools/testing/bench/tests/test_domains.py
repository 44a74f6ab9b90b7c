# SPDX-License-Identifier: GPL-2.0
"""What ioflush's domains say of themselves, and what is counted beside it."""

import unittest

from ioflush_bench import axes, guest, matrix, parse, trace

from .fixtures import wanted

#: Two of five domains, as recorded; the job puts the word `end` before each line.
FILE = """\
domain 3 type DMA-FQ table vtdss levels 3
  table pages: live 35 pending 0
  unmaps: strict 0 deferred 71230 merged 66595 full 0 coarse 0 ranges 4635 all 1 covered 0
  pending bytes 0, longest window 1969712 ns, entries 0 tables 0
  window: bound_us 2000 engine ring cmd_ns 12 all_ns 4812
  exposed us: 256:4 512:900 1024:95
  exposed pages: 16:1 256:208
domain 4 type DMA-FQ table vtdss levels 3
  table pages: live 10 pending 0
  pending bytes 0, longest window 1204000 ns, entries 0 tables 0
  window: bound_us 2000 engine ring cmd_ns 12 all_ns 4812
  exposed us: 0:1
  exposed pages:
"""


def report(when="end", text=FILE):
    """The file as a job reports it."""
    return parse.report("".join(f"domains {when} {line}\n" for line in text.splitlines()))


class DomainsTest(unittest.TestCase):
    """All domains together."""

    def test_window(self):
        figures = report().figures
        self.assertEqual(figures, {
            ("window", "window_max"): 1969.712, ("window", "window_bound"): 2000.0,
            # the bucket that begins at 1024 ends at 2048, which none has reached
            ("window", "window_p99"): 1969.712, ("window", "window_p999"): 1969.712})

    def test_within(self):
        domains = report().domains["end"]
        self.assertEqual(domains.live, 45)
        self.assertEqual(domains.within_us(0.5), 1024)
        self.assertEqual(domains.within_us(0.0001), 1)

    def test_nothing_deferred_is_no_window(self):
        strict = "".join(line + "\n" for line in FILE.splitlines() if "exposed us" not in line)
        self.assertEqual(report(text=strict).figures, {})
        self.assertEqual(report("begin").figures, {})


class CountsTest(unittest.TestCase):
    """Figures of a counted stretch."""

    TOTALS = {"invalidations": 10, "domain_invalidations": 1, "walk_flushes": 2, "waits": 5,
              "doorbells": 6, "pages": 120}

    def counted(self, text, found=None):
        outcome = guest.Outcome(folder="f")
        found = [trace.Counts(dict(self.TOTALS), {"an_event": 3})] if found is None else found
        guest._counts(found, parse.report(text), outcome)
        return outcome

    def test_per_unmap(self):
        outcome = self.counted("unmaps page=90 sg=10\n")
        self.assertEqual(outcome.figures, {
            "TCP_STREAM/invalidations": 0.1, "TCP_STREAM/domain_invalidations": 0.01,
            "TCP_STREAM/walk_flushes": 0.02, "TCP_STREAM/waits": 0.05,
            "TCP_STREAM/doorbells": 0.06})
        self.assertEqual(outcome.extra, {"an_event": 3, "unmaps": 100})

    def test_lazy(self):
        text = ("unmaps page=100 sg=0\ndrains count=2 bytes=409600 max=262144\n"
                "domains begin  table pages: live 7 pending 0\n"
                "domains end  table pages: live 4 pending 0\n")
        figures = self.counted(text).figures
        self.assertEqual(figures["TCP_STREAM/precision"], 1.2)
        self.assertEqual(figures["TCP_STREAM/pending_max"], 256)
        self.assertEqual(figures["TCP_STREAM/table_pages"], 3)

    def test_all_that_a_guest_must_report(self):
        boot = next(boot for boot in matrix.plan(wanted(PARTS="counts", MODES="lazy"))
                    if boot.engine)
        figures = self.counted("unmaps page=100\ndrains count=2 bytes=4096 max=4096\n"
                               "domains begin x\ndomains end x\n").figures
        self.assertEqual({f"{cell.test}/{cell.metric}" for cell in boot.cells(())},
                         set(figures))

    def test_nothing_is_made_up(self):
        with self.assertRaises(trace.TraceError):
            self.counted("")
        with self.assertRaises(trace.TraceError):
            self.counted("unmaps page=100 sg=0\n", [])

    def test_storm(self):
        outcome = guest.Outcome(folder="f")
        one, two = (trace.Counts({"invalidations": n}, {}) for n in (1, 512))
        guest._storm([one, two], parse.Report(), outcome)
        self.assertEqual(outcome.figures, {f"{axes.STORM_TESTS['aligned']}/commands": 1,
                                           f"{axes.STORM_TESTS['blocks']}/commands": 512})
        with self.assertRaises(trace.TraceError):
            guest._storm([one], parse.Report(), outcome)
