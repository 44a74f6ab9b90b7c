# SPDX-License-Identifier: GPL-2.0
"""Medians, ratios, failures, and the three forms in which they are shown."""

import json
import re
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

from ioflush_bench import figures, guest, matrix, page, results, summary, table

from .fixtures import META, full, wanted

CELL = matrix.Cell("x86_64", "vtd", "e1000e", "ioflush", "strict", "TCP_STREAM", "guest",
                   "throughput")


def with_failure():
    """Three runs of some cells, of which the guest of the second one crashed."""
    asked = wanted(PARTS="netperf", TESTS="TCP_STREAM", CLOCKS="guest", NICS="e1000e",
                   MODES="strict", STACKS="ioflush", ARCH="x86_64")
    found = results.Results()
    for boot in matrix.plan(asked):
        outcome = guest.Outcome(folder="out/bench/" + boot.slug)
        outcome.figures = {"TCP_STREAM/throughput": 700.0}
        if boot.run == 2:
            outcome.failure = "the guest crashed"
        found.add(boot, outcome, asked.tests)
    return found


class ResultsTest(unittest.TestCase):
    """What runs become."""

    def test_median_min_max(self):
        entry = full().get(CELL).as_json()
        self.assertEqual((entry["value"], entry["min"], entry["max"], entry["runs"]),
                         (772.0, 771.0, 773.0, 3))
        self.assertEqual(entry["unit"], "Mb/s")

    def test_ratios(self):
        found = full()
        result = found.get(CELL)
        self.assertAlmostEqual(found.to_mainline(result), 772 / 702)
        self.assertAlmostEqual(found.to_passthrough(result), 772 / 1002)

    def test_a_failed_run_fails_its_cell(self):
        result = with_failure().get(CELL)
        self.assertIsNone(result.value)
        entry = result.as_json()
        self.assertEqual(entry["failed"], "the guest crashed")
        self.assertIsNone(entry["value"])
        self.assertIn("run2", entry["log"])

    def test_an_unreported_figure_is_a_failure(self):
        found = results.Results()
        boot = matrix.plan(wanted(PARTS="micro"))[0]
        found.add(boot, guest.Outcome(folder="f"), ())
        self.assertEqual(len(found.failed), len(list(boot.cells(()))))

    def test_json_round_trip(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "results.json"
            results.write_json(path, META, full())
            meta, found = results.read_json(path)
            self.assertEqual(meta, META)
            self.assertEqual(found.get(CELL).as_json(), full().get(CELL).as_json())
            keys = set(json.loads(path.read_text())["results"][0])
        self.assertLessEqual({"arch", "iommu", "nic", "stack", "mode", "test", "clock", "metric",
                              "unit", "value", "min", "max", "runs"}, keys)


class ShownTest(unittest.TestCase):
    """Table, sentences and page."""

    def test_table(self):
        text = table.text(META, full())
        self.assertIn("Netperf version 2.7.0", text)
        line = next(line for line in text.splitlines()
                    if line.startswith("e1000e") and "TCP_STREAM" in line)
        self.assertEqual(line.split()[4:], ["strict", "702.0", "701.0-703.0", "772.0",
                                            "771.0-773.0", "1.10", "0.70", "0.77"])

    def test_table_names_failures_and_logs(self):
        text = table.text(META, with_failure())
        self.assertIn("the guest crashed (log out/bench/x86_64-netperf-e1000e", text)

    def test_sentences(self):
        said = "\n".join(summary.sentences(full().of_arch("x86_64")))
        self.assertIn("lazy mode", said)
        self.assertIn("One map plus unmap of 4 KiB in strict mode takes 772.0", said)

    def test_page_is_self_contained(self):
        text = page.html(META, full())
        HTMLParser().feed(text)
        self.assertEqual(text.count("<figure><svg"), 2 * 5)
        for outside in ("src=", "<link", "@import", "<script"):
            self.assertNotIn(outside, text)
        for fact in (META["commit"], META["date"], META["tool"]):
            self.assertIn(fact, text)
        for arch in META["arches"].values():
            for fact in (arch["kernel"], arch["qemu"], arch["image"]):
                self.assertIn(fact, text)

    def test_page_links_lead_somewhere(self):
        text = page.html(META, full())
        targets = re.findall(r"href='#([^']*)'", text)
        self.assertGreater(len(targets), 10)
        for target in targets:
            self.assertIn(f"id={target}>", text)

    def test_both_architectures(self):
        text = table.text(META, full())
        self.assertLess(text.index("x86_64: Linux"), text.index("arm64: Linux"))
        self.assertEqual(text.count("Commands for an unmap of 1 GiB"), 2)

    def test_one_json_list_for_both(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "results.json"
            results.write_json(path, META, full(), [{"what": "a bar"}])
            document = json.loads(path.read_text())
        self.assertEqual({entry["arch"] for entry in document["results"]}, {"x86_64", "arm64"})
        self.assertEqual({entry["engine"] for entry in document["results"]},
                         {None, "ring", "rcu"})
        self.assertEqual(document["bars"], [{"what": "a bar"}])

    def test_engines_side_by_side(self):
        found = full()
        cell = matrix.Cell("x86_64", "vtd", "virtio-net", "ioflush", "lazy", "TCP_STREAM",
                           "guest", "throughput", "rcu")
        found.put(results.Result(cell, [441.0]))
        text = table.text(META, found.of_arch("x86_64"))
        part = text[text.index("ring against RCU"):]
        line = next(line for line in part.splitlines() if "TCP_STREAM  " in line
                    and "throughput" in line)
        self.assertEqual(line.split()[5:], ["882.0", "881.0-883.0", "441.0", "441.0", "0.50"])
        # and nowhere else
        self.assertNotIn("441.0", text[:text.index("ring against RCU")])
        said = "\n".join(summary.sentences(found.of_arch("x86_64")))
        self.assertIn("0.50 to 1.00 times what the ring does", said)
        self.assertIn("lazy mode, guest clock: ioflush moves 1.10 times", said)

    def test_longer_invalidations_beside_the_emulators(self):
        found = full()
        for stack, value in (("mainline", 400.0), ("ioflush", 600.0)):
            found.put(results.Result(matrix.Cell(
                "x86_64", "vtd", "virtio-net", stack, "strict", "TCP_STREAM", "guest",
                "throughput", sync_ns=1000), [value]))
        found = found.of_arch("x86_64")
        text = table.text(META, found)
        part = text[text.index(table.TITLES["sync"]):]
        rows = [line.split()[5:] for line in part.splitlines()
                if line.startswith("virtio-net") and "TCP_STREAM  " in line]
        # The emulator's own, then the longer ones; both over the only passthrough there is.
        self.assertEqual(rows[0], ["702.0", "701.0-703.0", "772.0", "771.0-773.0", "1.10",
                                   "0.70", "0.77"])
        self.assertEqual(rows[1], ["+1,000", "ns", "400.0", "400.0", "600.0", "600.0", "1.50",
                                   "0.40", "0.60"])
        # and nowhere else
        self.assertNotIn("400.0", text[:text.index(table.TITLES["sync"])])
        said = "\n".join(summary.sentences(found))
        self.assertIn("TCP_STREAM in strict mode, invalidations taking 1,000 ns longer, guest "
                      "clock: ioflush moves 1.50 times what mainline does, and 0.60 of "
                      "passthrough, where mainline has 0.40", said)
        self.assertIn("Streams in strict mode, guest clock: ioflush moves 1.10 times", said)

    def test_page_shows_failures(self):
        self.assertIn("the guest crashed (log", page.html(META, with_failure()))

    def test_numbers(self):
        self.assertEqual([figures.number(value) for value in
                          (None, 0, 1234567.8, 772, 1.5, 0.25, 0.0098)],
                         ["-", "0", "1,234,568", "772.0", "1.50", "0.250", "0.0098"])
