# SPDX-License-Identifier: GPL-2.0
"""What has to be reached: each bar is met at its limit and missed beyond it."""

import unittest
from dataclasses import replace

from ioflush_bench import axes, bars, matrix, page, results, summary, table

from .fixtures import META, full

#: Of each architecture: what, and the figure that it is about.
LAZY = {
    "syncs per unmap": ("virtio-net", "TCP_STREAM", "waits", 1 / 256),
    "of a whole domain": ("e1000e", "TCP_STREAM", "domain_invalidations", 1 / 2048),
    "per page unmapped": ("virtio-net", "TCP_STREAM", "precision", 1.25),
    "not leaf-only": ("virtio-net", "TCP_STREAM", "walk_flushes", 1 / 2048),
    "gained or lost": ("virtio-net", "TCP_STREAM", "table_pages", 0),
    "longest window": ("virtio-net", "window", "window_max", 2000),
}


STREAM = ("virtio-net", "TCP_STREAM", "throughput")
READ = ("nvme", "randread_4k_d32", "instructions")

#: Of passthrough's 1,000: mode, by how much longer an invalidation takes, and the least.
STREAMS = {
    "x86_64": (("lazy", 0, 940), ("guarded", 0, 930), ("strict", 0, 900), ("strict", 1000, 800)),
    "arm64": (("lazy", 0, 920), ("guarded", 0, 900), ("strict", 0, 850), ("strict", 1000, 800)),
}


def cell(arch, nic, test, metric, mode="lazy", iommu=None, stack="ioflush"):
    return matrix.Cell(arch, iommu or axes.IOMMU_OF[arch], nic, stack, mode, test, "guest",
                       metric)


def good(arch):
    """A bench in which each figure is exactly at its bar."""
    found = full(RUNS="1").of_arch(arch)

    def put(value, *words, **other):
        found.put(results.Result(cell(arch, *words, **other), [value]))

    for nic in axes.NICS:
        for _, test, metric, value in LAZY.values():
            put(value, nic, test, metric)
        put(2000, nic, "window", "window_bound")
    put(1000, "virtio-net", "TCP_STREAM", "throughput", mode="passthrough", stack="mainline")
    for mode, late_ns, value in STREAMS[arch]:
        found.put(results.Result(replace(cell(arch, *STREAM, mode=mode), sync_ns=late_ns),
                                 [value]))
    put(1000, *READ, mode="passthrough", stack="mainline")
    put(1250, *READ, mode="strict")
    for stack, value in (("ioflush", 1250), ("mainline", 2500)):
        found.put(results.Result(replace(cell(arch, *READ, mode="strict", stack=stack),
                                         sync_ns=1000), [value]))
    for mode, value in (("lazy", 2200), ("strict", 3200)):
        words = {"mode": mode, "iommu": axes.VIRTIO_OF[arch]}
        put(value, None, "map_unmap_4k", "instructions", **words)
        put(4000, None, "map_unmap_4k", "instructions", stack="mainline", **words)
    put(350, None, "map_unmap_256", "instructions", mode="strict")
    put(3000, None, "map_unmap_sg16", "instructions")
    put(3300, None, "map_unmap_sg16", "instructions", mode="strict")
    if arch == "x86_64":
        put(600, None, "map_unmap_4k", "instructions")
        put(972, None, "map_unmap_4k", "instructions", mode="strict")
        put(900, None, "map_unmap_4k", "instructions", mode="strict", iommu="vtd-ir-off")
        put(1400, None, "map_unmap_4k", "instructions", iommu="vtd-cm")
        for test in axes.KEPT_TESTS.values():
            put(660, None, test, "instructions")
    else:
        put(560, None, "map_unmap_4k", "instructions")
        put(900, None, "map_unmap_4k", "instructions", mode="strict")
        put(920 / 1.15, "virtio-net", "TCP_STREAM", "throughput", stack="mainline")
        put(850 / 1.2, "virtio-net", "TCP_STREAM", "throughput", mode="strict",
            stack="mainline")
        for test in axes.STORM_TESTS.values():
            put(16, None, test, "commands", mode="strict")
    return found


class BarsTest(unittest.TestCase):
    """By what is measured of each architecture."""

    def missed(self, found):
        return [bar.what for bar in bars.bars(found) if bar.verdict != "met"]

    def worse(self, arch, what, words, value, **other):
        found = good(arch)
        found.put(results.Result(cell(arch, *words, **other), [value]))
        missed = self.missed(found)
        self.assertEqual(len(missed), 1, missed)
        self.assertIn(what, missed[0])

    def test_at_the_limit(self):
        for arch in axes.ARCHES:
            self.assertEqual(self.missed(good(arch)), [], arch)

    def test_disks(self):
        for arch in axes.ARCHES:
            self.worse(arch, "4 KiB read of nvme", READ, 1251, mode="strict")
            for stack, value, missed in (("ioflush", 1251, 2), ("mainline", 2499, 1)):
                found = good(arch)
                found.put(results.Result(replace(cell(arch, *READ, mode="strict", stack=stack),
                                                 sync_ns=1000), [value]))
                late = self.missed(found)
                self.assertEqual(len(late), missed)
                self.assertTrue(all(what.endswith("strict, +1,000 ns") for what in late), late)

    def test_lazy_counts(self):
        for arch in axes.ARCHES:
            for what, (nic, test, metric, limit) in LAZY.items():
                if metric == "domain_invalidations":
                    continue
                with self.subTest((arch, what)):
                    self.worse(arch, what, (nic, test, metric), limit * 1.001 or 0.001)

    def test_whole_domain(self):
        found = good("x86_64")
        for metric in ("domain_invalidations", "walk_flushes"):
            found.put(results.Result(cell("x86_64", "e1000e", "TCP_STREAM", metric), [1 / 2047]))
        self.assertEqual(self.missed(found),
                         ["invalidations of a whole domain per unmap, lazy"])

    def test_instructions(self):
        words = (None, "map_unmap_4k", "instructions")
        self.worse("arm64", "4 KiB, lazy", words, 561)
        self.worse("arm64", "4 KiB, strict", words, 901, mode="strict")
        self.worse("x86_64", "4 KiB, lazy", words, 601)
        self.worse("x86_64", "4 KiB, strict, interrupts not remapped", words, 900.5, mode="strict",
                   iommu="vtd-ir-off")
        self.worse("x86_64", "over those where interrupts", words, 973, mode="strict")
        self.worse("x86_64", "caching-mode", words, 1401, iommu="vtd-cm")
        for arch in axes.ARCHES:
            for mode, value in (("lazy", 2201), ("strict", 3201)):
                self.worse(arch, f"{mode}, virtio-iommu", words, value, mode=mode,
                           iommu=axes.VIRTIO_OF[arch])
            self.worse(arch, "256 bytes, strict", (None, "map_unmap_256", "instructions"), 351,
                       mode="strict")

    def test_lists(self):
        words = (None, "map_unmap_sg16", "instructions")
        for arch in axes.ARCHES:
            self.worse(arch, "pages, lazy", words, 3001)
            self.worse(arch, "pages, strict", words, 3301, mode="strict")

    def test_kept_pages(self):
        for count, test in zip(axes.KEPT, axes.KEPT_TESTS.values()):
            self.worse("x86_64", f"beside {count:,} kept", (None, test, "instructions"), 661)

    def test_streams(self):
        for arch, streams in STREAMS.items():
            for mode, late_ns, value in streams:
                found = good(arch)
                found.put(results.Result(replace(cell(arch, *STREAM, mode=mode),
                                                 sync_ns=late_ns), [value - 1]))
                late = ", +1,000 ns" if late_ns else ""
                self.assertIn(f"passthrough, {mode}{late}", self.missed(found)[0])
        self.worse("arm64", "over mainline's, lazy", STREAM, 805, stack="mainline")
        self.worse("arm64", "over mainline's, strict", STREAM, 715, stack="mainline",
                   mode="strict")

    def test_storm(self):
        self.worse("arm64", "1 GiB", (None, "unmap_1g_blocks", "commands"), 17, mode="strict")

    def test_another_engine_is_not_judged(self):
        found = good("x86_64")
        slow = replace(cell("x86_64", None, "map_unmap_4k", "instructions"), engine="rcu")
        found.put(results.Result(slow, [5000.0]))
        self.assertEqual(self.missed(found), [])

    def test_longer_invalidations_are_not_judged(self):
        found = good("x86_64")
        late = replace(cell("x86_64", None, "map_unmap_4k", "instructions", mode="strict"),
                       sync_ns=1000)
        found.put(results.Result(late, [5000.0]))
        self.assertEqual(self.missed(found), [])

    def test_a_failed_cell_is_not_judged(self):
        found = good("x86_64")
        found.put(results.Result(cell("x86_64", "e1000e", "TCP_STREAM", "waits"), [], "crashed"))
        verdicts = {bar.what: bar.verdict for bar in bars.bars(found)}
        self.assertEqual(verdicts["syncs per unmap, lazy"], "not measured")
        self.assertEqual(len(bars.measured(found)), len(verdicts) - 1)

    def test_shown(self):
        found = good("x86_64")
        found.put(results.Result(cell("x86_64", None, "map_unmap_4k", "instructions"), [800]))
        text = table.text(META, found)
        line = next(line for line in text.splitlines() if line.startswith("instructions of one")
                    and "MISSED" in line)
        self.assertEqual(line.split()[-5:], ["800.0", "at", "most", "600.0", "MISSED"])
        self.assertIn("<td class=over>MISSED</td>", page.html(META, found))
        self.assertIn("missed: instructions of one map plus unmap of 4 KiB, lazy (800.0, bar "
                      "600.0)", "\n".join(summary.sentences(found)))

    def test_nothing_measured(self):
        self.assertEqual(bars.measured(results.Results()), [])
        self.assertIsNone(bars.sentence(results.Results()))
