# SPDX-License-Identifier: GPL-2.0
"""Asking for a bench, and what it then boots."""

import unittest

from ioflush_bench import axes, config, matrix

from .fixtures import runner, wanted


class ConfigTest(unittest.TestCase):
    """Variables are checked before anything runs."""

    def sized(self, **env):
        return config.from_environment(env)

    def test_default_is_what_can_be_waited_for(self):
        asked = self.sized()
        self.assertEqual((asked.runs, asked.duration_s), (1, 1))
        self.assertEqual((asked.arches, asked.clocks, asked.engines),
                         (("x86_64",), ("guest",), ("ring",)))
        self.assertEqual((asked.modes, asked.nics, asked.parts),
                         (axes.MODES, axes.NICS, axes.PARTS))
        self.assertEqual(self.sized(ARCH="arm64").arches, ("arm64",))
        self.assertLessEqual(len(matrix.plan(asked)), 57)
        self.assertEqual(asked.sync_ns, (0, 1000))

    def test_full_is_everything(self):
        asked = self.sized(FULL="1")
        self.assertEqual((asked.runs, asked.arches, asked.clocks, asked.engines),
                         (3, axes.ARCHES, axes.CLOCKS, axes.ENGINES))
        self.assertEqual(self.sized(FULL="1", ARCH="arm64", RUNS="1").arches, ("arm64",))

    def test_quick_is_the_first_part_of_the_default(self):
        quick, plan = self.sized(QUICK="1"), matrix.plan(self.sized())
        self.assertLess({boot.slug for boot in matrix.plan(quick)}, {boot.slug for boot in plan})
        for boot in matrix.plan(quick):
            with self.subTest(boot.slug):
                self.assertEqual(runner(quick).key(boot), runner(self.sized()).key(boot))

    def test_other_variables_overrule_the_size(self):
        self.assertEqual(self.sized(QUICK="1", RUNS="5").runs, 5)
        self.assertEqual(self.sized(QUICK="1", PARTS="storm").parts, ("storm",))
        self.assertEqual(self.sized(CLOCKS="wall").clocks, ("wall",))
        self.assertFalse(self.sized(QUICK="0").quick)

    def test_two_sizes_are_none(self):
        with self.assertRaisesRegex(config.ConfigError, "set one of them"):
            self.sized(FULL="1", QUICK="1")

    def test_the_command_says_what_was_asked_for(self):
        self.assertEqual(self.sized(AGAIN="1", ARCH="", NICS=" e1000e  virtio-net", RUNS="2").asked,
                         ("NICS='e1000e virtio-net'", "RUNS=2"))

    def test_unknown_words_name_the_choices(self):
        for name, value, choice in (("ARCH", "vax", "x86_64"), ("STACKS", "x", "mainline"),
                                    ("MODES", "strictt", "passthrough"),
                                    ("NICS", "ne2000", "e1000e"), ("TESTS", "X", "TCP_RR"),
                                    ("CLOCKS", "sun", "guest"), ("PARTS", "all", "micro"),
                                    ("ENGINES", "steam", "rcu"), ("SYNC_NS", "abc", "1000"),
                                    ("SYNC_NS", "-1", "1000")):
            with self.subTest(name), self.assertRaisesRegex(config.ConfigError, choice):
                wanted(**{name: value})

    def test_numbers_and_flags_are_checked(self):
        for name, value in (("RUNS", "0"), ("RUNS", "x"), ("DURATION", "-1"), ("FULL", "yes"),
                            ("AGAIN", "2")):
            with self.subTest(name=name, value=value), self.assertRaises(config.ConfigError):
                wanted(**{name: value})


class MatrixTest(unittest.TestCase):
    """The plan holds every cell of the issue, and the stacks take turns."""

    def test_every_network_cell_has_all_its_runs(self):
        asked = wanted(PARTS="netperf", ENGINES="ring", SYNC_NS="0")
        count = {}
        for boot in matrix.plan(asked):
            for cell in boot.cells(asked.tests):
                if cell.test != axes.WINDOW_TEST:
                    count[cell] = count.get(cell, 0) + 1
        # 2 architectures, 2 stacks in 3 modes and ours in one more, 2 NICs, 2 clocks;
        # UDP_STREAM has two metrics
        self.assertEqual(len(count), 2 * (2 * 3 + 1) * 2 * 2 * 5)
        self.assertEqual(set(count.values()), {3})

    def test_stacks_take_turns(self):
        boots = [boot for boot in matrix.plan(wanted(PARTS="netperf", CLOCKS="wall",
                                                     ARCH="x86_64"))
                 if boot.nic == "e1000e" and boot.mode == "lazy"]
        self.assertEqual([boot.stack for boot in boots],
                         ["ioflush", "mainline", "mainline", "ioflush", "ioflush", "mainline"])

    def test_slugs_are_unique(self):
        slugs = [boot.slug for boot in matrix.plan(wanted())]
        self.assertEqual(len(slugs), len(set(slugs)))

    def test_the_first_comparison_comes_first(self):
        for env in ({}, {"FULL": "1"}, {"ARCH": "arm64"}):
            asked = config.from_environment(env)
            boots = matrix.plan(asked)
            first = boots[:8 * len(asked.arches)]
            with self.subTest(env):
                self.assertEqual(
                    {(boot.arch, boot.part, boot.stack, boot.mode) for boot in first},
                    {(arch, part, stack, mode) for arch in asked.arches
                     for part in ("netperf", "micro") for stack in axes.STACKS
                     for mode in ("strict", "lazy")})
                self.assertFalse(any(boot.is_first for boot in boots[len(first):]))
                self.assertEqual({(boot.nic, boot.clock) for boot in first},
                                 {(None, "guest"), ("virtio-net", "guest")})

    def late(self, **env):
        """What is booted with longer invalidations, and how much longer."""
        return {(boot.part, boot.nic, boot.stack, boot.mode, boot.clock, boot.sync_ns)
                for boot in matrix.plan(wanted(ARCH="x86_64", RUNS="1", **env)) if boot.sync_ns}

    def test_longer_invalidations(self):
        expected = {(part, nic, stack, mode, "guest", ns) for stack in axes.STACKS
                    for part, nic, modes in (("micro", None, ("strict", "guarded")),
                                             ("netperf", "virtio-net", ("strict", "lazy")),
                                             ("storage", "nvme", ("strict",)))
                    for mode in modes if axes.has_mode(stack, mode)
                    for ns in (500, 2000)}
        self.assertEqual(self.late(SYNC_NS="0 500 2000"), expected)
        self.assertEqual(self.late(SYNC_NS="0"), set())
        self.assertEqual({names[0] for names in self.late(TESTS="TCP_RR")}, {"micro"})

    def test_passthrough_invalidates_nothing(self):
        plan = matrix.plan(wanted(SYNC_NS="1000", ARCH="x86_64", RUNS="1"))
        self.assertEqual({(boot.part, boot.nic) for boot in plan if not boot.sync_ns},
                         {("netperf", "virtio-net"), ("micro", None), ("storage", "nvme")})
        for boot in plan:
            self.assertEqual(boot.mode == "passthrough", not boot.sync_ns, boot.slug)

    def test_longer_invalidations_have_cells_of_their_own(self):
        plan = matrix.plan(wanted(ARCH="x86_64", RUNS="1", PARTS="netperf"))
        boot = next(boot for boot in plan if boot.sync_ns)
        self.assertEqual([(cell.test, cell.sync_ns, cell.is_default)
                          for cell in boot.cells(axes.TESTS)], [("TCP_STREAM", 1000, False)])

    def test_smoke_comes_last(self):
        clocks = [boot.clock for boot in matrix.plan(wanted())]
        self.assertEqual(clocks, sorted(clocks))

    def test_one_stack_alone(self):
        self.assertEqual({boot.stack for boot in matrix.plan(wanted(STACKS="mainline"))},
                         {"mainline"})

    def test_an_architecture_has_its_iommu(self):
        self.assertEqual({(boot.arch, axes.base_iommu(boot.iommu))
                          for boot in matrix.plan(wanted())},
                         {("x86_64", "vtd"), ("arm64", "smmuv3")})

    def test_architectures_are_measured_alike(self):
        def names(arch):
            asked = wanted(ARCH=arch)
            return {(boot.part, boot.nic, cell.stack, cell.mode, cell.test, cell.clock,
                     cell.metric, cell.engine)
                    for boot in matrix.plan(asked) for cell in boot.cells(asked.tests)}
        self.assertEqual(names("x86_64"), names("arm64"))

    def test_variants_are_measured_in_their_modes_without_a_nic(self):
        boots = [boot for boot in matrix.plan(wanted(RUNS="1"))
                 if boot.iommu != axes.base_iommu(boot.iommu)]
        self.assertEqual({(boot.iommu, boot.part, boot.mode, boot.stack) for boot in boots},
                         {(iommu, "micro", mode, stack) for stack in axes.STACKS
                          for iommu, mode in (("vtd-cm", "lazy"), ("vtd-ir-off", "strict"),
                                              ("virtio-x86", "lazy"), ("virtio-x86", "strict"),
                                              ("virtio-arm", "lazy"), ("virtio-arm", "strict"))})
        self.assertEqual({cell.metric for boot in boots for cell in boot.cells(())},
                         {"instructions"})


class EngineTest(unittest.TestCase):
    """A second engine is measured where it can make a difference, once."""

    def boots(self, **env):
        return [boot for boot in matrix.plan(wanted(RUNS="1", ARCH="x86_64", **env))
                if boot.engine == "rcu"]

    def test_where(self):
        self.assertEqual({(boot.part, boot.nic, boot.clock) for boot in self.boots()},
                         {("netperf", "virtio-net", "guest"), ("micro", None, "guest"),
                          ("counts", "virtio-net", "guest")})
        self.assertEqual({(boot.stack, boot.mode) for boot in self.boots()},
                         {("ioflush", "lazy")})
        self.assertEqual(self.boots(ENGINES="ring"), [])

    def test_lazy_cells_of_ours_have_an_engine(self):
        for boot in matrix.plan(wanted(RUNS="1")):
            with self.subTest(boot.slug):
                self.assertEqual(bool(boot.engine), (boot.stack, boot.mode) == ("ioflush", "lazy"))

    def test_siblings(self):
        cell = next(self.boots(PARTS="netperf")[0].cells(("TCP_STREAM",)))
        self.assertFalse(cell.is_default)
        self.assertEqual(cell.sibling().engine, "ring")
        self.assertIsNone(cell.sibling(stack="mainline").engine)
        self.assertIsNone(cell.sibling(mode="strict").engine)
        self.assertTrue(cell.sibling().is_default)
