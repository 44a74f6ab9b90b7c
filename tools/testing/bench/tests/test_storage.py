# SPDX-License-Identifier: GPL-2.0
"""Disks under fio: what is booted, what a report says, and what becomes of it."""

import unittest
from pathlib import Path

from ioflush_bench import config, matrix, page, parse, storage, summary, table

from .fixtures import META, full, runner, wanted

SAMPLES = "from 1000 5000000000 00000000000000000900 to 51000 6000000000 00000000000200000900"


def planned(**env):
    """The guests of a bench of disks."""
    return matrix.plan(config.from_environment({"PARTS": "storage", **env}))


class ParseTest(unittest.TestCase):
    """A run of fio becomes two figures."""

    def test_figures(self):
        found = parse.report(f"fio randread_4k_d32 {SAMPLES}\n")
        self.assertEqual(found.figures, {("randread_4k_d32", "iops"): 50000.0,
                                         ("randread_4k_d32", "instructions"): 16000.0})
        self.assertEqual(found.failures, {})

    def test_what_is_no_figure(self):
        for words in ("", "from 1 2 3", "from 1 2 3 to 4 5", "since 1 2 3 to 4 5 6",
                      "from 1 2 x to 4 5 6", "from 9 2 3 to 9 5 6",  # no I/Os
                      "from 1 5 3 to 4 5 3",  # no time
                      "from 1 2 3 to 4 5 99",  # more to spare than there was
                      "from 1 2 3 to 4 5 2"):
            with self.subTest(words):
                found = parse.report(f"fio write_128k_d32 {words}\n")
                self.assertEqual(found.figures, {})
                self.assertIn("fio: ", found.failures["write_128k_d32"])

    def test_a_failed_run(self):
        found = parse.report("failed randread_4k_d1 fio: no such device\n")
        self.assertEqual(found.failures, {"randread_4k_d1": "fio: no such device"})


class PlanTest(unittest.TestCase):
    """Which guests there are."""

    def test_default_is_short(self):
        boots = planned(SYNC_NS="0")
        self.assertEqual(len(boots), 7)
        self.assertEqual({(boot.nic, boot.clock, boot.engine) for boot in boots},
                         {("nvme", "guest", None), ("nvme", "guest", "ring")})
        asked = config.from_environment({})
        self.assertEqual(storage.jobs_of(asked.tests), storage.SHORT)

    def test_full_is_everything(self):
        asked = wanted(PARTS="storage", RUNS="1", ARCH="arm64")
        boots = matrix.plan(asked)
        self.assertEqual({boot.nic for boot in boots}, set(storage.DISKS))
        self.assertEqual({boot.clock for boot in boots}, {"guest"})
        for boot in boots:
            self.assertEqual(len(list(boot.cells(asked.tests))), 2 if boot.sync_ns else 16,
                             boot.slug)

    def test_longer_invalidations(self):
        """One job, which is all that such a guest is told to run."""
        asked = config.from_environment({"PARTS": "storage"})
        late = [boot for boot in matrix.plan(asked) if boot.sync_ns]
        self.assertEqual([boot.stack for boot in late], ["ioflush", "mainline"])
        for boot in late:
            self.assertIn('FIO="randread_4k_d32:randread:4k:32"\n', runner(asked).params(boot))
            self.assertEqual({(cell.test, cell.metric) for cell in boot.cells(asked.tests)},
                             {("randread_4k_d32", "iops"), ("randread_4k_d32", "instructions")})
        without = config.from_environment({"PARTS": "storage", "TESTS": "randread_4k_d1"})
        self.assertFalse(any(boot.sync_ns for boot in matrix.plan(without)))

    def test_tests_choose_parts(self):
        """A guest that would run nothing is not booted."""
        env = {"PARTS": "netperf storage"}
        for tests, parts in (("TCP_RR", {"netperf"}), ("randread_4k_d1", {"storage"}),
                             ("TCP_RR write_128k_d32", {"netperf", "storage"})):
            boots = matrix.plan(config.from_environment({**env, "TESTS": tests}))
            self.assertEqual({boot.part for boot in boots}, parts)

    def test_unknown_names(self):
        for name, value in (("DISKS", "floppy"), ("TESTS", "randread_4k_d33")):
            with self.assertRaisesRegex(config.ConfigError, f"{name}={value} is not known"):
                planned(**{name: value})


class CommandTest(unittest.TestCase):
    """How the guest is booted."""

    def test_the_disk_is_alone(self):
        asked = wanted(PARTS="storage", RUNS="1")
        for boot in matrix.plan(asked):
            call = " ".join(runner(asked).command(boot, Path("/folder")))
            self.assertIn("--nic none ", call)
            self.assertIn(f"--disk {boot.nic}", call)
            # The program that takes what is to spare never lets it idle.
            self.assertNotIn("nohlt", call)

    def test_jobs(self):
        self.assertEqual(storage.words_of(("TCP_RR", "randread_4k_d32", "read_128k_d32")),
                         "randread_4k_d32:randread:4k:32 read_128k_d32:read:128k:32")


class ShownTest(unittest.TestCase):
    """In the table, on the page and in words."""

    def test_shown(self):
        found = full(PARTS="storage").of_arch("arm64")
        text = table.text(META, found)
        self.assertIn(table.TITLES["storage"], text)
        self.assertRegex(text, r"disk +test +metric")
        self.assertRegex(text, r"nvme +randread_4k_d32 +iops, 1/s +strict +702\.0 .* 1\.10 ")
        self.assertRegex(text, r"virtio-blk +write_128k_d32 +instructions +lazy")
        self.assertIn("id=arm64-storage", page.html(META, found))

    def test_said(self):
        said = "\n".join(summary.sentences(full(PARTS="storage").of_arch("x86_64")))
        self.assertIn("Disks in strict mode at depth 32 and more: ioflush has 1.10 times the "
                      "I/Os that mainline has, and 0.77 of passthrough's.", said)


if __name__ == "__main__":
    unittest.main()
