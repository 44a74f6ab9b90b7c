# SPDX-License-Identifier: GPL-2.0
"""How guests are booted, and when an earlier figure may be used again."""

import unittest
from pathlib import Path

from ioflush_bench import matrix

from .fixtures import runner, wanted


def command(**names):
    """The call of the first boot that has these names."""
    asked = wanted(RUNS="1")
    boot = next(boot for boot in matrix.plan(asked)
                if all(getattr(boot, name) == value for name, value in names.items()))
    return " ".join(runner(asked).command(boot, Path("/folder")))


class CommandTest(unittest.TestCase):
    """Each boot gets the machine that its figures are said to be of."""

    def test_architecture(self):
        self.assertIn("--arch arm64 --iommu smmuv3", command(arch="arm64"))
        self.assertIn("--arch x86_64 --iommu vtd", command(arch="x86_64"))

    def test_variant(self):
        call = command(iommu="vtd-cm")
        self.assertIn("--iommu vtd ", call)
        self.assertIn("--vtd-arg caching-mode=on", call)
        self.assertNotIn("caching-mode", command(iommu="vtd"))
        self.assertIn("--intremap off", command(iommu="vtd-ir-off"))
        self.assertNotIn("--intremap", command(iommu="vtd"))

    def test_engine(self):
        self.assertIn("--append ioflush.engine=rcu", command(engine="rcu"))
        self.assertIn("--append ioflush.engine=ring", command(engine="ring"))
        self.assertNotIn("engine", command(engine=None))

    def test_an_idle_guest_polls_where_it_idles(self):
        for arch, how in (("arm64", "nohlt"), ("x86_64", "idle=poll")):
            for names, polls in (({"part": "netperf", "clock": "guest"}, True),
                                 ({"part": "counts"}, True),
                                 ({"part": "netperf", "clock": "wall"}, False),
                                 ({"part": "micro"}, False)):
                with self.subTest(names, arch=arch):
                    self.assertEqual(f"--append {how}" in command(arch=arch, **names), polls)

    def test_longer_invalidations(self):
        """Ours by the command line, mainline's by a module that the job loads."""
        asked = wanted(RUNS="1", SYNC_NS="0 1000")
        for boot in matrix.plan(asked):
            call = " ".join(runner(asked).command(boot, Path("/folder")))
            params = runner(asked).params(boot)
            ours = boot.sync_ns and boot.stack == "ioflush"
            with self.subTest(boot.slug):
                self.assertEqual("--append ioflush.sync_ns=1000" in call, bool(ours))
                self.assertIn(f"\nSYNC_NS={boot.sync_ns}\n", params)
                self.assertIn(f"\nLATE_NS={0 if ours else boot.sync_ns}\n", params)

    def test_traces(self):
        self.assertIn("--trace smmuv3_cmdq_opcode", command(arch="arm64", part="storm"))
        self.assertIn("--trace vtd_inv_desc ", command(arch="x86_64", part="counts"))
        self.assertNotIn("--trace", command(part="netperf"))

    def test_edu_where_no_nic_is(self):
        for part in ("micro", "storm", "pgtable"):
            self.assertIn("--edu", command(part=part))
        self.assertNotIn("--edu", command(part="counts"))


class KeyTest(unittest.TestCase):
    """A figure is used again for nothing but the very same measurement."""

    def test_what_it_depends_on(self):
        asked = wanted(RUNS="1")
        boots = matrix.plan(asked)
        one = runner(asked)
        keys = {one.key(boot) for boot in boots}
        self.assertEqual(len(keys), len(boots))
        for other in (runner(asked, x86_64="c"), runner(asked, qemu="8")):
            for boot in boots:
                self.assertEqual(one.key(boot) == other.key(boot), boot.arch == "arm64")

    def test_parameters(self):
        asked = wanted(RUNS="1")
        for name, value, parts in (("DURATION", "2", "all"), ("LOOPS", "9", "all"),
                                   ("TESTS", "TCP_RR", ("netperf", "storage"))):
            other = runner(wanted(RUNS="1", **{name: value}))
            for boot in matrix.plan(asked):
                with self.subTest(name=name, boot=boot.slug):
                    # A guest with longer invalidations runs one test, whichever are asked for.
                    self.assertEqual(runner(asked).key(boot) != other.key(boot), parts == "all"
                                     or (boot.part in parts and not boot.sync_ns))
