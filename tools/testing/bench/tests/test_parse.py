# SPDX-License-Identifier: GPL-2.0
"""Reports as guests write them."""

import json
import unittest

from ioflush_bench import axes, parse

REPORT = """\
iommu ioflush/dmar0
domain DMA-FQ
domain DMA-FQ
engine rcu
tool Netperf version 2.7.0
netperf UDP_STREAM THROUGHPUT=25.61 THROUGHPUT_UNITS=10^6bits/s ELAPSED_TIME=2.00 \
LOCAL_SEND_CALLS=100100 REMOTE_RECV_CALLS=100000
netperf TCP_STREAM THROUGHPUT=755.12 THROUGHPUT_UNITS=10^6bits/s ELAPSED_TIME=2.01
netperf TCP_RR THROUGHPUT=9123.45 THROUGHPUT_UNITS=Trans/s ELAPSED_TIME=2.00
failed TCP_MAERTS netperf: establish control: are you sure there is a netserver
end 0
"""

MICRO = """\
maptime loops 10240
maptime pair_4k 1773.125
maptime pair_4k_kept_1100 1790.5
maptime pair_4k_kept_7 1.0
maptime map_4k 900.000
maptime unmap_sg16 5123.001
map_benchmark dma mapping benchmark: threads:1 seconds:2 node:-1 dir:TO_DEVICE granule: 1
map_benchmark average map latency(us):0.9 standard deviation:0.3
map_benchmark average unmap latency(us):1.2 standard deviation:0.4
unmaps page=120 sg=3
"""


class ParseTest(unittest.TestCase):
    """Every kind of line, good and bad."""

    def test_network_report(self):
        report = parse.report(REPORT)
        self.assertEqual(report.tool, "Netperf version 2.7.0")
        self.assertEqual(report.figures, {
            ("UDP_STREAM", "sent"): 50050.0, ("UDP_STREAM", "received"): 50000.0,
            ("TCP_STREAM", "throughput"): 755.12, ("TCP_RR", "transactions"): 9123.45})
        self.assertIn("netserver", report.failures["TCP_MAERTS"])

    def test_micro_report(self):
        report = parse.report(MICRO)
        self.assertEqual(report.figures, {
            ("map_unmap_4k", "instructions"): 1773.125, ("map_4k", "instructions"): 900.0,
            ("unmap_sg16", "instructions"): 5123.001,
            ("map_unmap_4k_kept_1100", "instructions"): 1790.5,
            (axes.BENCHMARK_TEST, "map"): 0.9, (axes.BENCHMARK_TEST, "unmap"): 1.2})
        self.assertEqual(report.unmaps, 123)

    def test_no_value_is_made_up(self):
        for line in ("netperf TCP_STREAM", "netperf UDP_STREAM ELAPSED_TIME=0.00",
                     "netperf TCP_STREAM THROUGHPUT=1 THROUGHPUT_UNITS=KBytes/s",
                     "netperf TCP_RR THROUGHPUT= THROUGHPUT_UNITS=Trans/s",
                     "maptime pair_4k x", "iperf3 TCP_STREAM {}"):
            with self.subTest(line):
                report = parse.report(line)
                self.assertEqual(report.figures, {})
                self.assertEqual(len(report.failures), 1)

    def test_stack_and_mode_are_checked(self):
        report = parse.report(REPORT)
        self.assertIsNone(report.mismatch("vtd", "ioflush", "lazy"))
        self.assertIn("not mainline's mainline/dmar0", report.mismatch("vtd", "mainline", "lazy"))
        self.assertIsNone(report.mismatch("vtd", "ioflush", "lazy", "rcu"))
        self.assertIn("engine is rcu, not ring", report.mismatch("vtd", "ioflush", "lazy", "ring"))
        cm = parse.report("iommu mainline/dmar0\ndomain DMA\n")
        self.assertIsNone(cm.mismatch("vtd-cm", "mainline", "lazy"))
        self.assertIn("not DMA-FQ", cm.mismatch("vtd", "mainline", "lazy"))
        smmu = parse.report("iommu ioflush/smmu3-0\ndomain DMA\n")
        self.assertIsNone(smmu.mismatch("smmuv3", "ioflush", "strict"))
        smmu = parse.report("iommu mainline/smmu3.0x0000000009050000\ndomain DMA\n")
        self.assertIsNone(smmu.mismatch("smmuv3", "mainline", "strict"))
        self.assertIn("smmu3-*", smmu.mismatch("smmuv3", "ioflush", "strict"))
        self.assertIn("DMA-FQ, not DMA", report.mismatch("vtd", "ioflush", "strict"))
        self.assertIn("is none", parse.report("").mismatch("vtd", "ioflush", "lazy"))
        mixed = parse.report(REPORT + "domain identity\n")
        self.assertIn("DMA-FQ identity", mixed.mismatch("vtd", "ioflush", "lazy"))

    def test_longer_invalidations_are_checked(self):
        for text, sync_ns, wrong in (("", 0, None), ("late 1000", 1000, None),
                                     ("late 985", 1000, None), ("", 1000, "0 ns longer, not 1000"),
                                     ("late 950", 1000, "950 ns longer, not 1000"),
                                     ("late 1000", 0, "1000 ns longer, not 0"),
                                     ("late (null)", 1000, "-1 ns longer"),
                                     ("late 1000\nmissed 100", 1000, None),
                                     ("late 1000\nmissed 101", 1000, "101 invalidations"),
                                     ("late 1000\nmissed x", 1000, "took no longer")):
            with self.subTest(text, sync_ns=sync_ns):
                found = parse.report(text).late_mismatch(sync_ns)
                if wrong:
                    self.assertIn(wrong, found)
                else:
                    self.assertIsNone(found)

    def test_iperf3(self):
        tcp = json.dumps({"end": {"sum_received": {"bits_per_second": 5e8}}})
        udp = json.dumps({"end": {"sum": {"packets": 300, "lost_packets": 100, "seconds": 2}}})
        self.assertEqual(parse.iperf3("TCP_MAERTS", tcp), {("TCP_MAERTS", "throughput"): 500.0})
        self.assertEqual(parse.iperf3("UDP_STREAM", udp), {
            ("UDP_STREAM", "sent"): 150.0, ("UDP_STREAM", "received"): 100.0})

    def test_pgbench(self):
        report = parse.report("pgbench arm_s1 mainline map_1x4k 120.500\n"
                              "pgbench arm_s1 ioflush map_1x4k 60.250\n"
                              "pgbench domain booted unmap_1x1g 700.000\n"
                              "pgbench empty loop iova_to_phys_4k 9.000\n"
                              "pgbench riscv ioflush failed -19\n")
        self.assertEqual(report.figures, {
            ("pgtable_arm_s1_map_1x4k", "instructions", "mainline"): 120.5,
            ("pgtable_arm_s1_map_1x4k", "instructions", "ioflush"): 60.25,
            ("pgtable_domain_unmap_1x1g", "instructions"): 700.0,
            ("pgtable_empty_iova_to_phys_4k", "instructions"): 9.0})
        self.assertEqual(set(report.failures), {
            axes.pgtable_test("riscv", operation)
            for operation in axes.PGTABLE_OPERATIONS + axes.PGTABLE_SCANS})
        self.assertIn("error -19", report.failures["pgtable_riscv_map_1x4k"])

    def test_pgbench_makes_up_nothing(self):
        for line in ("pgbench vtdss ioflush map_1x4k", "pgbench vtdss ioflush map_1x4k x",
                     "pgbench vtdss ioflush map_9x4k 1.0", "pgbench vtdss ioflush map_1x4k 1 2"):
            with self.subTest(line):
                report = parse.report(line)
                self.assertEqual(report.figures, {})
                self.assertIn("pgtable_vtdss_map_1x4k", report.failures)
