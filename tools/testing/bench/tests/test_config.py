# SPDX-License-Identifier: GPL-2.0
"""Asking for a bench, and what it then boots."""

import unittest

from ioflush_bench import axes, config, matrix

from .fixtures import wanted


class ConfigTest(unittest.TestCase):
    """Variables are checked before anything runs."""

    def test_defaults(self):
        asked = wanted()
        self.assertEqual((asked.runs, asked.duration_s, asked.iommu), (3, 1, "vtd"))
        self.assertEqual(asked.modes, axes.MODES)

    def test_quick_is_one_run(self):
        self.assertEqual(wanted(QUICK="1").runs, 1)
        self.assertEqual(wanted(QUICK="1", RUNS="5").runs, 5)
        self.assertFalse(wanted(QUICK="0").quick)

    def test_unknown_words_name_the_choices(self):
        for name, value, choice in (("ARCH", "vax", "x86_64"), ("STACKS", "x", "mainline"),
                                    ("MODES", "strictt", "passthrough"),
                                    ("NICS", "ne2000", "e1000e"), ("TESTS", "X", "TCP_RR"),
                                    ("CLOCKS", "sun", "guest"), ("PARTS", "all", "micro")):
            with self.subTest(name), self.assertRaisesRegex(config.ConfigError, choice):
                wanted(**{name: value})

    def test_numbers_and_flags_are_checked(self):
        for name, value in (("RUNS", "0"), ("RUNS", "x"), ("DURATION", "-1"), ("QUICK", "yes")):
            with self.subTest(name=name, value=value), self.assertRaises(config.ConfigError):
                wanted(**{name: value})


class MatrixTest(unittest.TestCase):
    """The plan holds every cell of the issue, and the stacks take turns."""

    def test_every_network_cell_has_all_its_runs(self):
        asked = wanted(PARTS="netperf")
        count = {}
        for boot in matrix.plan(asked):
            for cell in boot.cells(asked.tests):
                count[cell] = count.get(cell, 0) + 1
        # 2 stacks, 3 modes, 2 NICs, 2 clocks; UDP_STREAM has two metrics
        self.assertEqual(len(count), 2 * 3 * 2 * 2 * 5)
        self.assertEqual(set(count.values()), {3})

    def test_stacks_take_turns(self):
        boots = [boot for boot in matrix.plan(wanted(PARTS="netperf", CLOCKS="wall"))
                 if boot.nic == "e1000e" and boot.mode == "lazy"]
        self.assertEqual([boot.stack for boot in boots],
                         ["ioflush", "mainline", "mainline", "ioflush", "ioflush", "mainline"])

    def test_slugs_are_unique(self):
        slugs = [boot.slug for boot in matrix.plan(wanted())]
        self.assertEqual(len(slugs), len(set(slugs)))

    def test_one_stack_alone(self):
        self.assertEqual({boot.stack for boot in matrix.plan(wanted(STACKS="mainline"))},
                         {"mainline"})
