// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for the Arm stage 1 format
 *
 * Entries are compared bit by bit with values worked out by hand from DDI 0487:
 * D8.3 for the layout, D8.4 for AP, PXN and UXN, D8.6 for AttrIndx and SH, D8.7
 * for the Contiguous bit. The low twelve bits of most leaves are 0xf40 and
 * more: nG, AF, inner shareable, AP[1].
 */
#include "../fmt.h"
#include "arm_case.h"

/* Table, valid, and bit 5, which the hardware ignores there. */
#define S1_TABLE_LOW	0x23

static const struct arm_case arm_s1_cases[] = {
	{ "4K page, level 3, AttrIndx 0 (D8.3)", ARM_4K_SIZES, 48, 48,
	  0x8040201000, 0x123456789000, SZ_4K, IOPGT_RW,
	  { 1, 1, 1, 1 }, 4, 0x0000123456789f43, IOPGT_RW },
	{ "4K page, AttrIndx 1: write-back (D8.6)", ARM_4K_SIZES, 48, 48,
	  0xfffffffff000, 0xfffffffff000, SZ_4K, IOPGT_RW | IOMMU_CACHE,
	  { 511, 511, 511, 511 }, 4, 0x0000ffffffffff47,
	  IOPGT_RW | IOMMU_CACHE },
	{ "4K page, AttrIndx 4: device", ARM_4K_SIZES, 39, 36,
	  0x40201000, 0x9050000, SZ_4K, IOPGT_RW | IOMMU_MMIO,
	  { 1, 1, 1 }, 3, 0x0000000009050f53, IOPGT_RW | IOMMU_MMIO },
	{ "4K page, AttrIndx 5: device, too", ARM_4K_SIZES, 32, 32,
	  0xffe01000, 0x1000, SZ_4K, IOPGT_RW | IOMMU_CACHE | IOMMU_MMIO,
	  { 3, 511, 1 }, 3, 0x0000000000001f57,
	  IOPGT_RW | IOMMU_CACHE | IOMMU_MMIO },
	{ "4K page, AP[2]: read only (D8.4)", ARM_4K_SIZES, 36, 40,
	  0xfc0000000, 0x2000, SZ_4K, IOMMU_READ,
	  { 63, 0, 0 }, 3, 0x0000000000002fc3, IOMMU_READ },
	{ "4K page, what is written is read (D8.4)", ARM_4K_SIZES, 48, 42,
	  0, 0x2000, SZ_4K, IOMMU_WRITE,
	  { 0, 0, 0, 0 }, 4, 0x0000000000002f43, IOPGT_RW },
	{ "4K page, AP[1] clear: privileged (D8.4)", ARM_4K_SIZES, 48, 44,
	  0, 0x3000, SZ_4K, IOPGT_RW | IOMMU_PRIV,
	  { 0, 0, 0, 0 }, 4, 0x0000000000003f03, IOPGT_RW | IOMMU_PRIV },
	{ "4K page, AP 0b10: privileged, read only", ARM_4K_SIZES, 48, 44,
	  0, 0x3000, SZ_4K, IOMMU_READ | IOMMU_PRIV,
	  { 0, 0, 0, 0 }, 4, 0x0000000000003f83, IOMMU_READ | IOMMU_PRIV },
	{ "4K page, UXN and PXN (bits 54, 53)", ARM_4K_SIZES, 48, 48,
	  0, 0x4000, SZ_4K, IOMMU_READ | IOMMU_NOEXEC,
	  { 0, 0, 0, 0 }, 4, 0x0060000000004fc3, IOMMU_READ | IOMMU_NOEXEC },
	{ "4K page, marked (bit 55)", ARM_4K_SIZES, 48, 48,
	  0, 0x4000, SZ_4K, IOMMU_READ | IOPGT_MARK,
	  { 0, 0, 0, 0 }, 4, 0x0080000000004fc3, IOMMU_READ | IOPGT_MARK },
	{ "2M block, level 2, root of 2 entries", ARM_4K_SIZES, 40, 48,
	  0x8000200000, 0x7fe00000, SZ_2M, IOPGT_RW | IOMMU_CACHE,
	  { 1, 0, 1 }, 3, 0x000000007fe00f45, IOPGT_RW | IOMMU_CACHE },
	{ "1G block, level 1, in the root", ARM_4K_SIZES, 39, 48,
	  0x7fc0000000, 0x3fc0000000, SZ_1G, IOPGT_RW,
	  { 511 }, 1, 0x0000003fc0000f41, IOPGT_RW },
	{ "16 x 4K, Contiguous (bit 52, D8.7.1)", ARM_4K_SIZES, 48, 48,
	  0x8040210000, 0x123456780000, SZ_64K, IOPGT_RW | IOMMU_CACHE,
	  { 1, 1, 1, 16 }, 4, 0x0010123456780f47, IOPGT_RW | IOMMU_CACHE, 16 },
	{ "16 x 2M, Contiguous", ARM_4K_SIZES, 48, 48,
	  0x8042000000, 0x1e000000, SZ_32M, IOMMU_READ | IOMMU_NOEXEC,
	  { 1, 1, 16 }, 3, 0x007000001e000fc1, IOMMU_READ | IOMMU_NOEXEC, 16 },

	{ "16K page, level 3, root of 2 entries", ARM_16K_SIZES, 48, 48,
	  0x801002004000, 0x123456788000, SZ_16K, IOPGT_RW,
	  { 1, 1, 1, 1 }, 4, 0x0000123456788f43, IOPGT_RW },
	{ "32M block, level 2", ARM_16K_SIZES, 47, 48,
	  0x7ffffe000000, 0x2000000, SZ_32M, IOPGT_RW,
	  { 2047, 2047 }, 2, 0x0000000002000f41, IOPGT_RW },
	{ "128 x 16K, Contiguous", ARM_16K_SIZES, 36, 36,
	  0x802200000, 0x40200000, SZ_2M, IOPGT_RW,
	  { 1025, 128 }, 2, 0x0010000040200f43, IOPGT_RW, 128 },
	{ "32 x 32M, Contiguous", ARM_16K_SIZES, 40, 48,
	  0xf040000000, 0x80000000, SZ_1G, IOPGT_RW,
	  { 15, 32 }, 2, 0x0010000080000f41, IOPGT_RW, 32 },

	{ "64K page, level 3", ARM_64K_SIZES, 48, 48,
	  0xfc0020010000, 0x123456780000, SZ_64K, IOPGT_RW,
	  { 63, 1, 1 }, 3, 0x0000123456780f43, IOPGT_RW },
	{ "64K page, 52 bits in and out: 51:48 in 15:12", ARM_64K_SIZES, 52, 52,
	  0xfffffffff0000, 0xf923456780000, SZ_64K, IOPGT_RW,
	  { 1023, 8191, 8191 }, 3, 0x000092345678ff43, IOPGT_RW },
	{ "64K page, only bit 48 of the address", ARM_64K_SIZES, 52, 52,
	  0, 0x1000000000000, SZ_64K, IOPGT_RW,
	  { 0, 0, 0 }, 3, 0x0000000000001f43, IOPGT_RW },
	{ "512M block, level 2, 52 bits", ARM_64K_SIZES, 42, 52,
	  0x3ffe0000000, 0x5000020000000, SZ_512M, IOPGT_RW,
	  { 8191 }, 1, 0x0000000020005f41, IOPGT_RW },
	{ "4T block, level 1, 52 bits", ARM_64K_SIZES | SZ_4T_ULL, 52, 52,
	  0x8040000000000, 0x8040000000000, SZ_4T_ULL, IOPGT_RW,
	  { 513 }, 1, 0x0000040000008f41, IOPGT_RW },
	{ "32 x 64K, Contiguous, 52 bits", ARM_64K_SIZES, 42, 52,
	  0x20200000, 0xe000040200000, SZ_2M, IOPGT_RW,
	  { 1, 32 }, 2, 0x001000004020ef43, IOPGT_RW, 32 },
	{ "32 x 512M, Contiguous", ARM_64K_SIZES, 48, 48,
	  0x40400000000, 0x800000000, SZ_16G_ULL, IOPGT_RW,
	  { 1, 32 }, 2, 0x0010000800000f41, IOPGT_RW, 32 },
};

KUNIT_ARRAY_PARAM(arm_s1, arm_s1_cases, arm_case_name);

static void arm_s1_test_bits(struct kunit *test)
{
	arm_case_run(test, &iopgt_arm_s1_ops, test->param_value, S1_TABLE_LOW);
}

static void arm_s1_test_no_permission(struct kunit *test)
{
	arm_case_refused(test, &iopgt_arm_s1_ops);
}

/* The index in a leaf, looked up in MAIR_EL1, is the type that was asked for. */
static void arm_s1_test_mair(struct kunit *test)
{
	static const struct { int prot; u8 type; } cases[] = {
		{ 0, 0x44 },
		{ IOMMU_CACHE, 0xff },
		{ IOMMU_MMIO, 0x04 },
		{ IOMMU_MMIO | IOMMU_CACHE, 0x04 },
	};
	struct iopgt_kunit *k = arm_case_new(test, &iopgt_arm_s1_ops,
					     ARM_4K_SIZES, 48, 48);
	struct iopgt_arm_regs regs;
	unsigned int i;
	u64 pte;

	iopgt_arm_s1_regs(&k->pgt, &regs);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pte = k->pgt.fmt->attrs(&k->pgt, cases[i].prot | IOMMU_READ);
		KUNIT_EXPECT_EQ_MSG(test, regs.mair >> (pte >> 2 & 7) * 8 &
				    0xff, cases[i].type, "case %u", i);
	}
}

/*
 * D8.5: a writable leaf begins with DBM and AP[2], which the hardware clears
 * when it writes. Without tracking, and where nothing may be written, no DBM.
 */
static void arm_s1_test_dirty(struct kunit *test)
{
	struct iopgt_kunit *k = arm_case_new(test, &iopgt_arm_s1_ops,
					     ARM_4K_SIZES, 48, 48);
	const struct iopgt_fmt *fmt = k->pgt.fmt;
	struct iopgt_hw_leaf hw;
	size_t mapped = 0;

	k->pgt.dirty = true;
	iopgt_kunit_map(k, 0, SZ_1G, SZ_4K, 1);
	iopgt_kunit_map(k, SZ_2M, SZ_1G, SZ_2M, 1);
	KUNIT_EXPECT_EQ(test, iopgt_map_pages(&k->pgt, SZ_4K, SZ_1G, SZ_4K, 1,
					      IOMMU_READ, GFP_KERNEL,
					      &mapped), 0);

	hw = iopgt_kunit_hw(k, SZ_2M);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0008000040000fc1);
	hw = iopgt_kunit_hw(k, SZ_4K);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0000000040000fc3);
	KUNIT_EXPECT_NE(test, hw.pte & fmt->dirty_mask, fmt->dirty_bits);
	KUNIT_EXPECT_FALSE(test, hw.writable);

	hw = iopgt_kunit_hw(k, 0);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0008000040000fc3);
	KUNIT_EXPECT_NE(test, hw.pte & fmt->dirty_mask, fmt->dirty_bits);
	KUNIT_EXPECT_EQ(test, fmt->prot(hw.pte, 0), IOPGT_RW);
	KUNIT_EXPECT_TRUE(test, hw.writable);
	KUNIT_EXPECT_FALSE(test, hw.dirty);
	/* What the hardware makes of it. */
	KUNIT_EXPECT_EQ(test, (hw.pte ^ fmt->dirty_flip) & fmt->dirty_mask,
			fmt->dirty_bits);
	KUNIT_EXPECT_EQ(test, hw.pte ^ fmt->dirty_flip, 0x0008000040000f43);
	KUNIT_EXPECT_EQ(test, fmt->prot(0x0008000040000f43, 0), IOPGT_RW);
	/* Whoever rewrites a leaf keeps either state. */
	KUNIT_EXPECT_EQ(test, fmt->leaf_attrs(hw.pte, 0) | SZ_1G, hw.pte);
	KUNIT_EXPECT_EQ(test, fmt->leaf_attrs(hw.pte ^ fmt->dirty_flip, 0) |
			SZ_1G, hw.pte ^ fmt->dirty_flip);

	k->pgt.dirty = false;
	iopgt_kunit_map(k, SZ_8K, SZ_1G, SZ_4K, 1);
	hw = iopgt_kunit_hw(k, SZ_8K);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0000000040000f43);
	KUNIT_EXPECT_NE(test, hw.pte & fmt->dirty_mask, fmt->dirty_bits);
}

#define ABOVE(size)	(~((size) - 1UL))

static const struct arm_cfg_case arm_s1_cfg_cases[] = {
	/* D8.2: levels, from the bits that each resolves. */
	{ 48, 48, ARM_4K_SIZES, 0, 4, ARM_4K_SIZES },
	{ 40, 48, SZ_4K | SZ_2M, 0, 4, SZ_4K | SZ_2M },
	{ 39, 40, SZ_4K | SZ_2M, 0, 3, SZ_4K | SZ_2M },
	{ 32, 32, ABOVE(SZ_4K), 0, 3, ARM_4K_SIZES },
	{ 48, 48, ABOVE(SZ_16K), 0, 4, ARM_16K_SIZES },
	{ 47, 48, ARM_16K_SIZES, 0, 3, ARM_16K_SIZES },
	{ 37, 48, ARM_16K_SIZES, 0, 3, ARM_16K_SIZES },
	{ 36, 48, ARM_16K_SIZES, 0, 2, ARM_16K_SIZES },
	{ 48, 48, ABOVE(SZ_64K), 0, 3, ARM_64K_SIZES },
	{ 43, 48, ARM_64K_SIZES, 0, 3, ARM_64K_SIZES },
	{ 42, 48, ARM_64K_SIZES, 0, 2, ARM_64K_SIZES },
	{ 32, 48, ABOVE(SZ_64K), 0, 2, SZ_64K | SZ_2M | SZ_512M },
	{ 50, 52, SZ_64K, 0, 3, SZ_64K },
	{ 52, 52, ABOVE(SZ_64K), 0, 3, ARM_64K_SIZES | SZ_4T_ULL },
	{ 52, 48, ABOVE(SZ_64K), 0, 3, ARM_64K_SIZES },
	{ 42, 52, ABOVE(SZ_64K), 0, 2, ARM_64K_SIZES },
	/* What could not be split is not offered. */
	{ 48, 48, SZ_4K | SZ_1G, 0, 4, SZ_4K },
	{ 48, 48, SZ_4K | SZ_64K | SZ_32M, 0, 4, SZ_4K | SZ_64K },
	/* No granule; widths that no register has. */
	{ 48, 48, 0, -EINVAL },
	{ 48, 48, SZ_8K | SZ_2M, -EINVAL },
	{ 48, 48, SZ_2M | SZ_1G, -EINVAL },
	{ 31, 48, SZ_4K, -EINVAL },
	{ 49, 48, SZ_4K, -EINVAL },
	{ 52, 48, SZ_16K, -EINVAL },
	{ 53, 52, SZ_64K, -EINVAL },
	{ 48, 52, SZ_4K, -EINVAL },
	{ 48, 52, SZ_16K, -EINVAL },
	{ 48, 41, SZ_4K, -EINVAL },
	{ 48, 56, SZ_64K, -EINVAL },
	{ 48, 0, SZ_4K, -EINVAL },
};

static void arm_s1_test_cfg(struct kunit *test)
{
	arm_case_cfg(test, &iopgt_arm_s1_ops, arm_s1_cfg_cases,
		     ARRAY_SIZE(arm_s1_cfg_cases));
}

/* TCR_EL1: T0SZ, TG0, IPS. */
static const struct arm_regs_case arm_s1_regs_cases[] = {
	{ SZ_4K, 48, 48, 16, 0, 5, 0, 0 },
	{ SZ_4K, 39, 44, 25, 0, 4, 0, 1 },
	{ SZ_4K, 32, 32, 32, 0, 0, 0, 1 },
	{ SZ_4K, 33, 36, 31, 0, 1, 0, 1 },
	{ SZ_16K, 47, 40, 17, 2, 2, 0, 1 },
	{ SZ_16K, 36, 42, 28, 2, 3, 0, 2 },
	{ SZ_64K, 52, 52, 12, 1, 6, 0, 1 },
	{ SZ_64K, 42, 48, 22, 1, 5, 0, 2 },
};

static void arm_s1_test_regs(struct kunit *test)
{
	arm_case_regs(test, &iopgt_arm_s1_ops, arm_s1_regs_cases,
		      ARRAY_SIZE(arm_s1_regs_cases), iopgt_arm_s1_regs);
}

static const struct arm_split_case arm_s1_split_cases[] = {
	{ ARM_4K_SIZES, SZ_64K, SZ_4K },
	{ ARM_4K_SIZES, SZ_32M, SZ_2M },
	{ ARM_16K_SIZES, SZ_2M, SZ_16K },
	{ ARM_16K_SIZES, SZ_1G, SZ_32M },
	{ ARM_64K_SIZES, SZ_2M, SZ_64K },
	{ ARM_64K_SIZES, SZ_16G_ULL, SZ_512M },
};

static void arm_s1_test_split(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arm_s1_split_cases); i++)
		arm_case_split(test, &iopgt_arm_s1_ops, &arm_s1_split_cases[i]);
}

static struct kunit_case arm_s1_test_cases[] = {
	KUNIT_CASE_PARAM(arm_s1_test_bits, arm_s1_gen_params),
	KUNIT_CASE(arm_s1_test_no_permission),
	KUNIT_CASE(arm_s1_test_mair),
	KUNIT_CASE(arm_s1_test_dirty),
	KUNIT_CASE(arm_s1_test_cfg),
	KUNIT_CASE(arm_s1_test_regs),
	KUNIT_CASE(arm_s1_test_split),
	{}
};

static struct kunit_suite arm_s1_test_suite = {
	.name = "ioflush_pgtable_arm_s1",
	.test_cases = arm_s1_test_cases,
};

kunit_test_suite(arm_s1_test_suite);
