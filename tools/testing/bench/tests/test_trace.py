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
vtd_inv_desc invalidate desc type iotlb high 0xfffff042 low 0x500f2
vtd_inv_desc invalidate desc type iotlb high 0xffffe000 low 0x500f2
vtd_inv_desc invalidate desc type wait high 0x102a4c00 low 0x100000025
vtd_inv_desc_wait_sw wait invalidate status write addr 0x100 data 0x1
vtd_inv_qi_tail write tail 4
pci_cfg_read e1000e 00:03.0 @0xff -> 0x0
123@1700000000.000123:vtd_inv_desc invalidate desc type iotlb high 0x0 low 0x500e2
123@1700000000.000123:vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x1
123@1700000000.000124:vtd_inv_qi_tail write tail 6
pci_cfg_read mch 00:00.0 @0xff -> 0x0
"""
AFTER = "vtd_inv_qi_tail write tail 8\n"

SMMUV3 = """\
smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC
pci_cfg_read gpex-root 00:00.0 @0xfd -> 0x0
smmuv3_write_mmio addr: 0x98 val:0x14 size: 0x4(0)
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA
smmuv3_s1_range_inval vmid=0 asid=1 addr=0xfffff000 tg=0 num_pages=0x1 ttl=3 leaf=1
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA
smmuv3_s1_range_inval vmid=0 asid=1 addr=0xffffd000 tg=1 num_pages=0x1 ttl=0 leaf=0
smmuv3_s1_range_inval vmid=0 asid=1 addr=0xffffe000 tg=1 num_pages=0x2 ttl=0 leaf=0
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_S2_IPA
smmuv3_range_inval vmid=1 asid=-1 addr=0xffff0000 tg=3 num_pages=0x1 ttl=0 leaf=1 stage=2
smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_ASID
smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_STE
smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC
smmuv3_write_mmio addr: 0x60 val:0x1 size: 0x4(0)
pci_cfg_read gpex-root 00:00.0 @0xff -> 0x0
"""


class TraceTest(unittest.TestCase):
    """Only what lies between the marks counts."""

    def stretches(self, text, iommu="vtd"):
        return trace.stretches(text.splitlines(keepends=True), iommu)

    def test_between_the_marks(self):
        counts, = self.stretches(BOOT + COUNTED + AFTER)
        self.assertEqual(counts.totals, {
            "invalidations": 3, "domain_invalidations": 1, "walk_flushes": 2, "waits": 1,
            "doorbells": 2, "pages": 4 + 1})
        self.assertEqual(counts.events["vtd_inv_desc"], 4)

    def test_smmuv3(self):
        counts, = self.stretches(SMMUV3, "smmuv3")
        self.assertEqual(counts.totals, {
            "invalidations": 4, "domain_invalidations": 1, "walk_flushes": 2, "waits": 1,
            "doorbells": 1, "pages": 1 + 3 + 16})
        self.assertEqual(counts.events["smmuv3_cmdq_opcode"], 6)

    def test_every_whole_domain_command(self):
        for name in ("TLBI_NH_ASID", "TLBI_NH_ALL", "TLBI_NSNH_ALL", "TLBI_S12_VMALL"):
            text = SMMUV3.replace("SMMU_CMD_TLBI_NH_ASID", f"SMMU_CMD_{name}")
            with self.subTest(name):
                counts, = self.stretches(text, "smmuv3")
                self.assertEqual(counts.totals["domain_invalidations"], 1)

    def test_several_stretches(self):
        found = self.stretches(BOOT + COUNTED + AFTER + COUNTED)
        self.assertEqual([counts.totals["waits"] for counts in found], [1, 1])
        self.assertEqual(self.stretches(BOOT), [])

    def test_incomplete_traces(self):
        begin, _, rest = COUNTED.partition("\n")
        end = COUNTED.splitlines()[-1]
        for text in (BOOT + begin + "\n", begin + "\n" + COUNTED, rest,
                     f"{begin}\n{begin}\n", f"{end}\n{end}\n"):
            with self.subTest(text[:40]), self.assertRaises(trace.TraceError):
                self.stretches(text)

    def test_patterns_name_the_mark(self):
        for iommu in ("vtd", "smmuv3"):
            self.assertIn("pci_cfg_read", trace.patterns(iommu))
