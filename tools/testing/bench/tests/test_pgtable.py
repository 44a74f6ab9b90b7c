# SPDX-License-Identifier: GPL-2.0
"""The page-table part: which stack a figure is of, what is subtracted, and the bars."""

import unittest

from ioflush_bench import axes, guest, matrix, page, pgtable, results, table

from .fixtures import META, wanted


def measured(change=None, arch="x86_64"):
    """Ours 50 and mainline's 100 above a loop of 10, but for what is changed."""
    asked = wanted(PARTS="pgtable", RUNS="1", ARCH=arch)
    found = results.Results()
    for boot in matrix.plan(asked):
        outcome = guest.Outcome(folder="out/bench/" + boot.slug)
        for cell in boot.cells(asked.tests):
            format_, operation = axes.PGTABLE_TESTS[cell.test]
            value = {"ioflush": 60.0, "mainline": 110.0}[cell.stack]
            if format_ == "empty":
                value = 10.0
            value = (change or {}).get((cell.stack, format_, operation), value)
            words = (cell.test, cell.metric)
            if format_ not in ("domain", "empty"):
                words += (cell.stack,)
            outcome.figures[guest.figure_name(*words)] = value
        found.add(boot, outcome, asked.tests)
    return found


class PlanTest(unittest.TestCase):
    """One strict boot a stack, and mainline's library is in ours."""

    def test_boots(self):
        boots = matrix.plan(wanted(PARTS="pgtable", RUNS="1", ARCH="x86_64"))
        self.assertEqual({boot.slug for boot in boots},
                         {"x86_64-pgtable-ioflush-strict-guest-run1",
                          "x86_64-pgtable-mainline-strict-guest-run1"})

    def test_cells(self):
        boots = {boot.stack: boot
                 for boot in matrix.plan(wanted(PARTS="pgtable", RUNS="1", ARCH="x86_64"))}
        ours = {(cell.stack, axes.PGTABLE_TESTS[cell.test][0])
                for cell in boots["ioflush"].cells(())}
        self.assertIn(("mainline", "arm_s2"), ours)
        self.assertNotIn(("mainline", "riscv"), ours)
        theirs = {(cell.stack, axes.PGTABLE_TESTS[cell.test][0])
                  for cell in boots["mainline"].cells(())}
        self.assertEqual(theirs, {("mainline", "domain")})


class TableTest(unittest.TestCase):
    """The loop is subtracted, and a bar that is missed is named."""

    def test_entry(self):
        entry = pgtable.entries(measured())["map_1x4k", "arm_s1"]
        self.assertEqual((entry.ioflush, entry.mainline, entry.ratio, entry.verdict),
                         (50.0, 100.0, 0.5, "met"))

    def test_a_scan_has_no_loop(self):
        entry = pgtable.entries(measured())["scan_1g_4k", "arm_s1"]
        self.assertEqual((entry.ioflush, entry.mainline, entry.verdict), (60.0, 110.0, ""))

    def test_bars(self):
        for operation, format_, bar in (("map_1x4k", "arm_s2", 0.8), ("unmap_1x4k", "arm_s1", 1),
                                        ("map_256x4k", "domain", 0.5),
                                        ("unmap_256x4k", "arm_s2", 0.5),
                                        ("iova_to_phys_4k", "arm_s1", 1)):
            with self.subTest((operation, format_)):
                good = 10 + 100 * bar
                key = ("ioflush", format_, operation)
                self.assertEqual(pgtable.missed(measured({key: good})), [])
                over = pgtable.missed(measured({key: good + 1}))
                self.assertEqual([(entry.operation, entry.format) for entry in over],
                                 [(operation, format_)])

    def test_judge(self):
        said = pgtable.judge(measured({("ioflush", "domain", "map_1x1g"): 120.0}))
        self.assertEqual(len(said), 3 * len(axes.PGTABLE_OPERATIONS))
        bad = [line for line in said if line.startswith("not ok - ")]
        self.assertEqual(len(bad), 1)
        self.assertIn("map_1x1g of domain", bad[0])
        self.assertIn("110.0 beside 100.0, 1.10", bad[0])

    def test_both_architectures(self):
        found = measured()
        for result in measured({("ioflush", "domain", "map_1x1g"): 120.0}, "arm64"):
            found.put(result)
        said = [line for arch in found.arches for line in pgtable.judge(found.of_arch(arch))]
        self.assertEqual(len(said), len(set(said)))
        self.assertEqual(sum(line.startswith("not ok") for line in said), 1)
        text = table.text(META, found)
        self.assertIn("VT-d domain", text)
        self.assertIn("SMMUv3 domain", text)

    def test_nothing_to_compare_with(self):
        entry = pgtable.entries(measured())["map_1x4k", "riscv"]
        self.assertEqual((entry.ioflush, entry.mainline, entry.verdict), (50.0, None, ""))

    def test_text_and_page(self):
        found = measured({("ioflush", "domain", "map_256x4k"): 90.0})
        text = table.text(META, found)
        self.assertIn("missed: map_256x4k of domain (0.80)", text)
        line = next(line for line in text.splitlines() if line.startswith("map_256x4k"))
        self.assertEqual(line.split()[1:6], ["80.00", "100.0", "0.80", "MISSED", "0.5"])
        self.assertIn("subtracted from all but the scans: map_1x4k 10.00", text)
        html = page.html(META, found)
        self.assertIn("<td class=over>MISSED 0.5</td>", html)
        self.assertIn("make bench-pgtable", html)

    def test_nothing_measured(self):
        self.assertEqual(pgtable.entries(results.Results()), {})
