// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for the Arm stage 2 format
 *
 * Entries are compared bit by bit with values worked out by hand from DDI 0487:
 * D8.2 for concatenated tables, D8.3 for the layout, D8.4 for S2AP and XN, D8.6
 * for MemAttr and SH, D8.7 for the Contiguous bit. Bits 11:8 of every leaf are
 * 0x7: AF, inner shareable.
 */
#include "../fmt.h"
#include "arm_case.h"

/* Table, valid, and bit 11, which the hardware ignores there. */
#define S2_TABLE_LOW	0x803

static const struct arm_case arm_s2_cases[] = {
	{ "4K page, level 3, MemAttr 0b0101 (D8.3)", ARM_4K_SIZES, 48, 48,
	  0x8040201000, 0x123456789000, SZ_4K, IOPGT_RW,
	  { 1, 1, 1, 1 }, 4, 0x00001234567897d7, IOPGT_RW },
	{ "4K page, MemAttr 0b1111 (D8.6), 16 tables", ARM_4K_SIZES, 43, 48,
	  0x7fffffff000, 0x1000, SZ_4K, IOPGT_RW | IOMMU_CACHE,
	  { 8191, 511, 511 }, 3, 0x00000000000017ff,
	  IOPGT_RW | IOMMU_CACHE },
	{ "4K page, MemAttr 0b0001: device, 2 tables", ARM_4K_SIZES, 40, 48,
	  0x8040201000, 0x9050000, SZ_4K, IOPGT_RW | IOMMU_MMIO,
	  { 513, 1, 1 }, 3, 0x00000000090507c7, IOPGT_RW | IOMMU_MMIO },
	{ "4K page, device also where CACHE is asked for", ARM_4K_SIZES, 40, 48,
	  0x8040201000, 0x9050000, SZ_4K, IOPGT_RW | IOMMU_MMIO | IOMMU_CACHE,
	  { 513, 1, 1 }, 3, 0x00000000090507c7, IOPGT_RW | IOMMU_MMIO },
	{ "4K page, S2AP 0b01: read only (D8.4)", ARM_4K_SIZES, 44, 44,
	  0x8000000000, 0x2000, SZ_4K, IOMMU_READ | IOMMU_CACHE,
	  { 1, 0, 0, 0 }, 4, 0x000000000000277f, IOMMU_READ | IOMMU_CACHE },
	{ "4K page, S2AP 0b10: write only (D8.4)", ARM_4K_SIZES, 48, 48,
	  0, 0x2000, SZ_4K, IOMMU_WRITE,
	  { 0, 0, 0, 0 }, 4, 0x0000000000002797, IOMMU_WRITE },
	{ "4K page, stage 2 knows no privilege", ARM_4K_SIZES, 48, 48,
	  0, 0x2000, SZ_4K, IOMMU_READ | IOMMU_PRIV,
	  { 0, 0, 0, 0 }, 4, 0x0000000000002757, IOMMU_READ },
	{ "4K page, XN 0b10 (bits 54:53)", ARM_4K_SIZES, 48, 48,
	  0, 0x2000, SZ_4K, IOPGT_RW | IOMMU_NOEXEC,
	  { 0, 0, 0, 0 }, 4, 0x00400000000027d7, IOPGT_RW | IOMMU_NOEXEC },
	{ "4K page, marked (bit 55)", ARM_4K_SIZES, 48, 48,
	  0, 0x2000, SZ_4K, IOMMU_READ | IOPGT_MARK,
	  { 0, 0, 0, 0 }, 4, 0x0080000000002757, IOMMU_READ | IOPGT_MARK },
	{ "2M block, level 2, in a root of 16 tables",
	  SZ_4K | SZ_2M, 34, 36,
	  0x3ffe00000, 0x200000, SZ_2M, IOPGT_RW,
	  { 8191 }, 1, 0x00000000002007d5, IOPGT_RW },
	{ "2M block, level 2, in a root of 4 tables", SZ_4K | SZ_2M, 32, 32,
	  0x80200000, 0x7fe00000, SZ_2M, IOPGT_RW | IOMMU_CACHE,
	  { 1025 }, 1, 0x000000007fe007fd, IOPGT_RW | IOMMU_CACHE },
	{ "1G block, level 1, in a root of 1 table", ARM_4K_SIZES, 39, 48,
	  0x7fc0000000, 0x40000000, SZ_1G, IOPGT_RW,
	  { 511 }, 1, 0x00000000400007d5, IOPGT_RW },
	{ "1G block, level 1, in a root of 16 tables", ARM_4K_SIZES, 43, 48,
	  0x40040000000, 0x40000000, SZ_1G, IOPGT_RW,
	  { 4097 }, 1, 0x00000000400007d5, IOPGT_RW },
	{ "1G block, level 1, root of 32 entries", ARM_4K_SIZES, 44, 44,
	  0xf8040000000, 0x40000000, SZ_1G, IOPGT_RW,
	  { 31, 1 }, 2, 0x00000000400007d5, IOPGT_RW },
	{ "16 x 4K, Contiguous (bit 52, D8.7.1)", ARM_4K_SIZES, 40, 40,
	  0x8040210000, 0x12340000, SZ_64K, IOPGT_RW,
	  { 513, 1, 16 }, 3, 0x00100000123407d7, IOPGT_RW, 16 },
	{ "16 x 2M, Contiguous, in the root", ARM_4K_SIZES, 34, 40,
	  0x2000000, 0x4000000, SZ_32M, IOPGT_RW,
	  { 16 }, 1, 0x00100000040007d5, IOPGT_RW, 16 },

	{ "16K page, level 3, root of 2 tables", ARM_16K_SIZES, 48, 48,
	  0x801002004000, 0x123456788000, SZ_16K, IOPGT_RW,
	  { 2049, 1, 1 }, 3, 0x00001234567887d7, IOPGT_RW },
	{ "32M block, level 2, in a root of 16 tables", ARM_16K_SIZES, 40, 48,
	  0xfffe000000, 0x2000000, SZ_32M, IOPGT_RW,
	  { 32767 }, 1, 0x00000000020007d5, IOPGT_RW },
	{ "128 x 16K, Contiguous", ARM_16K_SIZES, 40, 48,
	  0x802200000, 0x40200000, SZ_2M, IOPGT_RW,
	  { 1025, 128 }, 2, 0x00100000402007d7, IOPGT_RW, 128 },
	{ "32 x 32M, Contiguous", ARM_16K_SIZES, 41, 48,
	  0x1f040000000, 0x80000000, SZ_1G, IOPGT_RW,
	  { 31, 32 }, 2, 0x00100000800007d5, IOPGT_RW, 32 },

	{ "64K page, level 3, root of 16 tables, 52 bits", ARM_64K_SIZES,
	  46, 52, 0x3fffffff0000, 0xf923456780000, SZ_64K, IOPGT_RW,
	  { 131071, 8191 }, 2, 0x000092345678f7d7, IOPGT_RW },
	{ "64K page, level 3, root of 32 entries", ARM_64K_SIZES, 47, 48,
	  0x7c0020010000, 0x10000, SZ_64K, IOPGT_RW,
	  { 31, 1, 1 }, 3, 0x00000000000107d7, IOPGT_RW },
	{ "64K page, 52 bits in and out: 51:48 in 15:12", ARM_64K_SIZES, 52, 52,
	  0xfffffffff0000, 0x8000000000000, SZ_64K, IOPGT_RW,
	  { 1023, 8191, 8191 }, 3, 0x00000000000087d7, IOPGT_RW },
	{ "512M block, level 2, root of 8 entries", SZ_64K | SZ_512M, 32, 32,
	  0xe0000000, 0x20000000, SZ_512M, IOPGT_RW,
	  { 7 }, 1, 0x00000000200007d5, IOPGT_RW },
	{ "4T block, level 1, 52 bits", ARM_64K_SIZES | SZ_4T_ULL, 52, 52,
	  0x8040000000000, 0x8040000000000, SZ_4T_ULL, IOPGT_RW,
	  { 513 }, 1, 0x00000400000087d5, IOPGT_RW },
	{ "32 x 64K, Contiguous, 52 bits", ARM_64K_SIZES, 47, 52,
	  0x20200000, 0xe000040200000, SZ_2M, IOPGT_RW,
	  { 0, 1, 32 }, 3, 0x001000004020e7d7, IOPGT_RW, 32 },
	{ "32 x 512M, Contiguous, in the root", ARM_64K_SIZES, 46, 48,
	  0x400000000, 0x800000000, SZ_16G_ULL, IOPGT_RW,
	  { 32 }, 1, 0x00100008000007d5, IOPGT_RW, 32 },
};

KUNIT_ARRAY_PARAM(arm_s2, arm_s2_cases, arm_case_name);

static void arm_s2_test_bits(struct kunit *test)
{
	arm_case_run(test, &iopgt_arm_s2_ops, test->param_value, S2_TABLE_LOW);
}

static void arm_s2_test_no_permission(struct kunit *test)
{
	arm_case_refused(test, &iopgt_arm_s2_ops);
}

/*
 * D8.5: a writable leaf begins with DBM and without S2AP[1], which the hardware
 * sets when it writes. Without tracking, and where nothing may be written, no
 * DBM.
 */
static void arm_s2_test_dirty(struct kunit *test)
{
	struct iopgt_kunit *k = arm_case_new(test, &iopgt_arm_s2_ops,
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
	KUNIT_EXPECT_EQ(test, iopgt_map_pages(&k->pgt, SZ_8K, SZ_1G, SZ_4K, 1,
					      IOMMU_WRITE, GFP_KERNEL,
					      &mapped), 0);

	hw = iopgt_kunit_hw(k, SZ_2M);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0008000040000755);
	hw = iopgt_kunit_hw(k, SZ_4K);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0000000040000757);
	KUNIT_EXPECT_NE(test, hw.pte & fmt->dirty_mask, fmt->dirty_bits);
	KUNIT_EXPECT_FALSE(test, hw.writable);
	hw = iopgt_kunit_hw(k, SZ_8K);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0008000040000717);
	KUNIT_EXPECT_TRUE(test, hw.writable);
	KUNIT_EXPECT_FALSE(test, hw.readable);

	hw = iopgt_kunit_hw(k, 0);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x0008000040000757);
	KUNIT_EXPECT_NE(test, hw.pte & fmt->dirty_mask, fmt->dirty_bits);
	KUNIT_EXPECT_EQ(test, fmt->prot(hw.pte, 0), IOPGT_RW);
	KUNIT_EXPECT_TRUE(test, hw.writable);
	KUNIT_EXPECT_FALSE(test, hw.dirty);
	/* What the hardware makes of it. */
	KUNIT_EXPECT_EQ(test, (hw.pte ^ fmt->dirty_flip) & fmt->dirty_mask,
			fmt->dirty_bits);
	KUNIT_EXPECT_EQ(test, hw.pte ^ fmt->dirty_flip, 0x00080000400007d7);
	KUNIT_EXPECT_EQ(test, fmt->prot(0x00080000400007d7, 0), IOPGT_RW);
	/* Whoever rewrites a leaf keeps either state. */
	KUNIT_EXPECT_EQ(test, fmt->leaf_attrs(hw.pte, 0) | SZ_1G, hw.pte);
	KUNIT_EXPECT_EQ(test, fmt->leaf_attrs(hw.pte ^ fmt->dirty_flip, 0) |
			SZ_1G, hw.pte ^ fmt->dirty_flip);

	k->pgt.dirty = false;
	iopgt_kunit_map(k, SZ_16K, SZ_1G, SZ_4K, 1);
	hw = iopgt_kunit_hw(k, SZ_16K);
	KUNIT_EXPECT_EQ(test, hw.pte, 0x00000000400007d7);
	KUNIT_EXPECT_NE(test, hw.pte & fmt->dirty_mask, fmt->dirty_bits);
}

#define ABOVE(size)	(~((size) - 1UL))

static const struct arm_cfg_case arm_s2_cfg_cases[] = {
	/* D8.2: with up to 16 tables in the root a level goes. */
	{ 48, 48, ABOVE(SZ_4K), 0, 4, ARM_4K_SIZES },
	{ 44, 48, ARM_4K_SIZES, 0, 4, ARM_4K_SIZES },
	{ 43, 48, ARM_4K_SIZES, 0, 3, ARM_4K_SIZES },
	{ 40, 40, ARM_4K_SIZES, 0, 3, ARM_4K_SIZES },
	{ 35, 48, ARM_4K_SIZES, 0, 3, ARM_4K_SIZES },
	{ 34, 48, ARM_4K_SIZES, 0, 2, SZ_4K | SZ_64K | SZ_2M | SZ_32M },
	{ 32, 32, ARM_4K_SIZES, 0, 2, SZ_4K | SZ_64K | SZ_2M | SZ_32M },
	{ 48, 48, ABOVE(SZ_16K), 0, 3, ARM_16K_SIZES },
	{ 41, 48, ARM_16K_SIZES, 0, 3, ARM_16K_SIZES },
	{ 40, 48, ARM_16K_SIZES, 0, 2, ARM_16K_SIZES },
	{ 32, 48, ARM_16K_SIZES, 0, 2, ARM_16K_SIZES },
	{ 52, 52, ABOVE(SZ_64K), 0, 3, ARM_64K_SIZES | SZ_4T_ULL },
	{ 52, 48, ABOVE(SZ_64K), 0, 3, ARM_64K_SIZES },
	{ 47, 48, ARM_64K_SIZES, 0, 3, ARM_64K_SIZES },
	{ 46, 52, ABOVE(SZ_64K), 0, 2, ARM_64K_SIZES },
	{ 32, 32, ABOVE(SZ_64K), 0, 2, SZ_64K | SZ_2M | SZ_512M },
	/* What could not be split is not offered. */
	{ 48, 48, SZ_4K | SZ_1G, 0, 4, SZ_4K },
	/* No granule; widths that no register has. */
	{ 48, 48, 0, -EINVAL },
	{ 48, 48, SZ_2M | SZ_1G, -EINVAL },
	{ 31, 48, SZ_4K, -EINVAL },
	{ 49, 48, SZ_4K, -EINVAL },
	{ 52, 48, SZ_16K, -EINVAL },
	{ 53, 52, SZ_64K, -EINVAL },
	{ 48, 52, SZ_4K, -EINVAL },
	{ 48, 52, SZ_16K, -EINVAL },
	{ 48, 47, SZ_4K, -EINVAL },
	{ 48, 0, SZ_4K, -EINVAL },
};

static void arm_s2_test_cfg(struct kunit *test)
{
	arm_case_cfg(test, &iopgt_arm_s2_ops, arm_s2_cfg_cases,
		     ARRAY_SIZE(arm_s2_cfg_cases));
}

/* VTCR_EL2: T0SZ, TG0, PS, SL0. */
static const struct arm_regs_case arm_s2_regs_cases[] = {
	{ SZ_4K, 48, 48, 16, 0, 5, 2, 0 },
	{ SZ_4K, 44, 44, 20, 0, 4, 2, 0 },
	{ SZ_4K, 43, 44, 21, 0, 4, 1, 1 },
	{ SZ_4K, 40, 40, 24, 0, 2, 1, 1 },
	{ SZ_4K, 34, 36, 30, 0, 1, 0, 2 },
	{ SZ_4K, 32, 32, 32, 0, 0, 0, 2 },
	{ SZ_16K, 48, 48, 16, 2, 5, 2, 1 },
	{ SZ_16K, 40, 40, 24, 2, 2, 1, 2 },
	{ SZ_64K, 52, 52, 12, 1, 6, 2, 1 },
	{ SZ_64K, 46, 48, 18, 1, 5, 1, 2 },
	{ SZ_64K, 32, 42, 32, 1, 3, 1, 2 },
};

static void arm_s2_test_regs(struct kunit *test)
{
	arm_case_regs(test, &iopgt_arm_s2_ops, arm_s2_regs_cases,
		      ARRAY_SIZE(arm_s2_regs_cases), iopgt_arm_s2_regs);
}

static const struct arm_split_case arm_s2_split_cases[] = {
	{ ARM_4K_SIZES, SZ_64K, SZ_4K },
	{ ARM_4K_SIZES, SZ_32M, SZ_2M },
	{ ARM_16K_SIZES, SZ_2M, SZ_16K },
	{ ARM_16K_SIZES, SZ_1G, SZ_32M },
	{ ARM_64K_SIZES, SZ_2M, SZ_64K },
	{ ARM_64K_SIZES, SZ_16G_ULL, SZ_512M },
};

static void arm_s2_test_split(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arm_s2_split_cases); i++)
		arm_case_split(test, &iopgt_arm_s2_ops, &arm_s2_split_cases[i]);
}

static struct kunit_case arm_s2_test_cases[] = {
	KUNIT_CASE_PARAM(arm_s2_test_bits, arm_s2_gen_params),
	KUNIT_CASE(arm_s2_test_no_permission),
	KUNIT_CASE(arm_s2_test_dirty),
	KUNIT_CASE(arm_s2_test_cfg),
	KUNIT_CASE(arm_s2_test_regs),
	KUNIT_CASE(arm_s2_test_split),
	{}
};

static struct kunit_suite arm_s2_test_suite = {
	.name = "ioflush_pgtable_arm_s2",
	.test_cases = arm_s2_test_cases,
};

kunit_test_suite(arm_s2_test_suite);
