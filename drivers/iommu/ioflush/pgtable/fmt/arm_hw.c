// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a model of the hardware that walks Arm VMSAv8-64 tables
 *
 * Written from DDI 0487 chapter D8, and sharing nothing with the formats under
 * test, so that it can disagree. It starts from what a driver would program.
 * Levels are the manual's: 3 is the lowest.
 */
#include <linux/io.h>
#include <linux/ioflush/pgtable_arm.h>

#include "../test_util.h"

/* What the registers say, taken apart. */
struct arm_hw {
	struct iopgt_kunit *k;
	const u64 *root;
	bool s2;
	bool hw_dirty;		/* TCR_EL1.HD, VTCR_EL2.HD */
	u8 granule_lg2;
	u8 ias_bits;
	u8 oas_bits;
	u8 start;		/* level */
};

/* log2 of what an entry translates. */
static unsigned int arm_hw_lg2(const struct arm_hw *hw, unsigned int level)
{
	return hw->granule_lg2 + (3 - level) * (hw->granule_lg2 - 3);
}

static void arm_hw_regs(struct arm_hw *hw, const struct iopgt_arm_regs *r)
{
	static const u8 granules[] = { 12, 16, 14 };
	static const u8 widths[] = { 32, 36, 40, 42, 44, 48, 52 };
	struct kunit *test = hw->k->test;
	unsigned int root_bits;

	KUNIT_ASSERT_LT(test, r->tg, ARRAY_SIZE(granules));
	KUNIT_ASSERT_LT(test, r->ps, ARRAY_SIZE(widths));
	hw->granule_lg2 = granules[r->tg];
	hw->oas_bits = widths[r->ps];
	hw->ias_bits = 64 - r->tsz;
	KUNIT_EXPECT_TRUE(test, hw->granule_lg2 == 16 ||
			  (hw->ias_bits <= 48 && hw->oas_bits <= 48));

	if (hw->s2) {
		/* SL0 in VTCR_EL2. */
		hw->start = (hw->granule_lg2 == 12 ? 2 : 3) - r->sl;
	} else {
		/* As few levels as resolve all bits, D8.2. */
		hw->start = 3;
		while (arm_hw_lg2(hw, hw->start) + hw->granule_lg2 - 3 <
		       hw->ias_bits)
			hw->start--;
	}
	KUNIT_ASSERT_LE(test, hw->start, 3);
	KUNIT_EXPECT_EQ(test, hw->start, r->start_level);

	/* At most 16 tables in stage 2, one in stage 1; level 0 by granule. */
	root_bits = hw->ias_bits - arm_hw_lg2(hw, hw->start);
	KUNIT_ASSERT_LE(test, root_bits,
			hw->granule_lg2 - 3 + (hw->s2 ? 4 : 0));
	KUNIT_EXPECT_GT(test, root_bits, 0);
	if (hw->granule_lg2 == 16 || (hw->s2 && hw->granule_lg2 == 14))
		KUNIT_EXPECT_NE(test, hw->start, 0);

	/* The base is aligned to the size of the root, and to 64 bytes. */
	KUNIT_EXPECT_EQ(test, r->base & (max(64UL, 8UL << root_bits) - 1), 0);
	hw->root = phys_to_virt(r->base);
	hw->hw_dirty = hw->k->pgt.cfg.hw_dirty;
}

/* The address in an entry whose low @lg2 bits are not part of it. */
static u64 arm_hw_addr(const struct arm_hw *hw, u64 pte, unsigned int lg2)
{
	u64 addr = pte & GENMASK_ULL(47, lg2);

	if (hw->granule_lg2 == 16)
		addr |= (pte >> 12 & 0xf) << 48;
	return addr;
}

/* Bits that are not address, and 0 for our purposes or by the manual: D8.3. */
static void arm_hw_reserved(const struct arm_hw *hw, u64 pte, unsigned int lg2,
			    bool table)
{
	struct kunit *test = hw->k->test;
	u64 ok = GENMASK_ULL(47, lg2) | 3;

	if (hw->granule_lg2 == 16)
		ok |= GENMASK_ULL(15, 12);
	if (table) {
		/* Ignored. */
		ok |= GENMASK_ULL(11, 2) | GENMASK_ULL(58, 51);
	} else {
		/* AttrIndx or MemAttr, AP, SH, AF; DBM, Contiguous, XN. */
		ok |= GENMASK_ULL(4, 2) | GENMASK_ULL(10, 6);
		ok |= GENMASK_ULL(54, 51);
		/* One of the bits that are for software. */
		ok |= BIT_ULL(55);
		/* MemAttr[3]; nG. */
		ok |= hw->s2 ? BIT_ULL(5) : BIT_ULL(11);
	}
	KUNIT_EXPECT_EQ_MSG(test, pte & ~ok, 0, "2^%u: %llx", lg2, pte);
	/* Tables are where the machine that runs the test has its memory. */
	if (!table)
		KUNIT_EXPECT_EQ_MSG(test, arm_hw_addr(hw, pte, lg2) >>
				    hw->oas_bits, 0, "2^%u: %llx", lg2, pte);
}

/* May a block be at this level? D8.3. */
static bool arm_hw_block(const struct arm_hw *hw, unsigned int level)
{
	switch (hw->granule_lg2) {
	case 12:
		return level == 1 || level == 2;
	case 14:
		return level == 2;
	default:
		return level == 2 || (level == 1 && hw->oas_bits == 52);
	}
}

/* log2 of the entries that the Contiguous bit joins, D8.7.1; 0 for reserved. */
static unsigned int arm_hw_cont(const struct arm_hw *hw, unsigned int level)
{
	switch (hw->granule_lg2) {
	case 12:
		return level ? 4 : 0;
	case 14:
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	default:
		return level >= 2 ? 5 : 0;
	}
}

/* Stage 1: AP[2] set forbids writes. Stage 2: S2AP[1] clear does. */
static bool arm_hw_readonly(const struct arm_hw *hw, u64 pte)
{
	return !(pte & BIT_ULL(7)) == hw->s2;
}

static bool arm_hw_dirty(const struct arm_hw *hw, u64 pte)
{
	return (pte & BIT_ULL(51)) && !arm_hw_readonly(hw, pte);
}

/*
 * The hardware may use any entry of a contiguous group for all of it: they have
 * to agree in all but whether they are dirty, and their addresses to be in a
 * row that starts aligned.
 */
static void arm_hw_group(const struct arm_hw *hw, struct iopgt_hw_leaf *leaf,
			 unsigned int lg2, unsigned int cont_lg2)
{
	const u64 *first = PTR_ALIGN_DOWN(leaf->entry, 8UL << cont_lg2);
	const u64 soft = leaf->pte & BIT_ULL(51) ? BIT_ULL(7) : 0;
	struct kunit *test = hw->k->test;
	u64 pte = iopgt_kunit_load(hw->k, first), expect;
	u64 addr = arm_hw_addr(hw, pte, lg2);
	unsigned int i;

	if (!READ_ONCE(hw->k->editing))
		KUNIT_EXPECT_EQ(test, addr & (BIT_ULL(lg2 + cont_lg2) - 1), 0);
	for (i = 0; i < BIT(cont_lg2); i++) {
		expect = (pte & ~soft) + ((u64)i << lg2);
		if (!READ_ONCE(hw->k->editing))
			KUNIT_EXPECT_EQ_MSG(test, expect,
					    iopgt_kunit_load(hw->k, &first[i]) &
					    ~soft,
					    "entry %u of a contiguous group",
					    i);
		leaf->dirty |= arm_hw_dirty(hw,
					    iopgt_kunit_load(hw->k, &first[i]));
	}
}

static void arm_hw_found(const struct arm_hw *hw, struct iopgt_hw_leaf *leaf,
			 unsigned long iova, unsigned int level)
{
	const unsigned int lg2 = arm_hw_lg2(hw, level);
	const u64 pte = leaf->pte;
	struct kunit *test = hw->k->test;
	unsigned int cont_lg2 = 0;

	arm_hw_reserved(hw, pte, lg2, false);
	/* We handle no access flag fault; and want our own ASID's entries. */
	KUNIT_EXPECT_TRUE(test, pte & BIT_ULL(10));
	KUNIT_EXPECT_TRUE(test, hw->s2 || (pte & BIT_ULL(11)));
	/* SH: 0b01 is reserved. */
	KUNIT_EXPECT_NE(test, pte >> 8 & 3, 1);
	/* DBM is RES0 for us where hardware does not manage dirty state. */
	KUNIT_EXPECT_TRUE(test, hw->hw_dirty || !(pte & BIT_ULL(51)));

	leaf->paddr = arm_hw_addr(hw, pte, lg2) + (iova & (BIT(lg2) - 1));
	leaf->readable = !hw->s2 || (pte & BIT_ULL(6));
	leaf->writable = !arm_hw_readonly(hw, pte) ||
			 (hw->hw_dirty && (pte & BIT_ULL(51)));
	leaf->dirty = arm_hw_dirty(hw, pte);
	if (pte & BIT_ULL(52)) {
		cont_lg2 = arm_hw_cont(hw, level);
		KUNIT_EXPECT_NE(test, cont_lg2, 0);
		arm_hw_group(hw, leaf, lg2, cont_lg2);
	}
	leaf->lg2 = lg2 + cont_lg2;
}

static struct iopgt_hw_leaf arm_hw_walk(struct arm_hw *hw, unsigned long iova)
{
	struct iopgt_hw_leaf leaf = {};
	const u64 *table = hw->root;
	unsigned int level;

	for (level = hw->start;; level++) {
		const unsigned int lg2 = arm_hw_lg2(hw, level);
		unsigned long idx = iova >> lg2;

		if (level > hw->start)
			idx &= BIT(hw->granule_lg2 - 3) - 1;
		leaf.entry = (u64 *)&table[idx];
		leaf.pte = iopgt_kunit_load(hw->k, leaf.entry);
		leaf.hole_lg2 = lg2;
		if (!(leaf.pte & BIT_ULL(0)))
			return leaf;
		if (level == 3 || !(leaf.pte & BIT_ULL(1)))
			break;
		arm_hw_reserved(hw, leaf.pte, hw->granule_lg2, true);
		table = phys_to_virt(arm_hw_addr(hw, leaf.pte,
						 hw->granule_lg2));
	}

	/* On the lowest level 0b01 is reserved, above it is a block. */
	if (level == 3)
		KUNIT_EXPECT_TRUE(hw->k->test, leaf.pte & BIT_ULL(1));
	else
		KUNIT_EXPECT_TRUE(hw->k->test, arm_hw_block(hw, level));
	leaf.hole_lg2 = 0;
	arm_hw_found(hw, &leaf, iova, level);
	return leaf;
}

/**
 * iopgt_arm_s1_hw() - walk stage 1 as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_arm_s1_hw(struct iopgt_kunit *k, unsigned long iova)
{
	struct arm_hw hw = { .k = k };
	struct iopgt_arm_regs regs;

	iopgt_arm_s1_regs(&k->pgt, &regs);
	arm_hw_regs(&hw, &regs);
	return arm_hw_walk(&hw, iova);
}

/**
 * iopgt_arm_s2_hw() - walk stage 2 as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_arm_s2_hw(struct iopgt_kunit *k, unsigned long iova)
{
	struct arm_hw hw = { .k = k, .s2 = true };
	struct iopgt_arm_regs regs;

	iopgt_arm_s2_regs(&k->pgt, &regs);
	arm_hw_regs(&hw, &regs);
	return arm_hw_walk(&hw, iova);
}
