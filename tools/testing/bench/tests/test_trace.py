# SPDX-License-Identifier: GPL-2.0
"""Counting between the marks of a trace."""

import unittest

from ioflush_bench import trace

BOOT = """\
pci_cfg_read mch 00:00.0 @0x0 -> 0x29c08086
vtd_inv_desc_iotlb_global iotlb invalidate global
vtd_inv_desc_wait_sw wait invalidate status write addr 0x100 data 0x1
vtd_inv_qi_tail write tail 2
"""
COUNTED = """\
pci_cfg_read mch 00:00.0 @0xfd -> 0x0
vtd_inv_desc_iotlb_pages iotlb invalidate domain 0x1 addr 0xfffff000 mask 0x0
vtd_inv_desc_wait_sw wait invalidate status write addr 0x100 data 0x1
vtd_inv_qi_tail write tail 4
pci_cfg_read e1000e 00:03.0 @0xff -> 0x0
123@1700000000.000123:vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x1
123@1700000000.000124:vtd_inv_qi_tail write tail 6
pci_cfg_read mch 00:00.0 @0xff -> 0x0
"""
AFTER = "vtd_inv_qi_tail write tail 8\n"


class TraceTest(unittest.TestCase):
    """Only what lies between the marks counts, and only one stretch may."""

    def count(self, text):
        return trace.count(text.splitlines(keepends=True), "vtd")

    def test_between_the_marks(self):
        counts = self.count(BOOT + COUNTED + AFTER)
        self.assertEqual(counts.totals, {"invalidations": 2, "domain_invalidations": 1,
                                         "waits": 1, "doorbells": 2})
        self.assertEqual(counts.events["vtd_inv_desc_iotlb_pages"], 1)

    def test_incomplete_traces(self):
        begin, _, rest = COUNTED.partition("\n")
        for text in (BOOT, BOOT + begin + "\n", COUNTED + COUNTED, begin + "\n" + COUNTED):
            with self.subTest(text[:40]), self.assertRaises(trace.TraceError):
                self.count(text)
        with self.assertRaises(trace.TraceError):
            self.count(rest)

    def test_patterns_name_the_mark(self):
        self.assertIn("pci_cfg_read", trace.patterns("vtd"))
