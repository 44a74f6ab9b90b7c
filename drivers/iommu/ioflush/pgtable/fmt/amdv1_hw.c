// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a model of the hardware that walks AMD host tables
 *
 * Written from section 2.2.3 of the AMD IOMMU specification, and sharing
 * nothing with the format under test, so that it can disagree. Levels are the
 * specification's: 1 is the lowest, and the device table entry's Mode is the
 * number of the root's.
 */
#include <linux/io.h>
#include <linux/math.h>

#include "../test_util.h"

#define AMDV1_HW_PR	BIT_ULL(0)
#define AMDV1_HW_IGN	BIT_ULL(1)		/* of bits 4:1 */
#define AMDV1_HW_IGN2	BIT_ULL(2)
#define AMDV1_HW_A	BIT_ULL(5)
#define AMDV1_HW_D	BIT_ULL(6)
#define AMDV1_HW_NEXT	GENMASK_ULL(11, 9)
#define AMDV1_HW_FC	BIT_ULL(60)
#define AMDV1_HW_IR	BIT_ULL(61)
#define AMDV1_HW_IW	BIT_ULL(62)

/* log2 of the default page size of a level: 4 KiB, 2 MiB, ... */
static unsigned int amdv1_hw_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* The size of a page whose NextLevel is 7: bits 51:12, from below. */
static unsigned int amdv1_hw_size(struct iopgt_kunit *k, u64 pte,
				  unsigned int level)
{
	unsigned int bit = 12;

	while (bit < 52 && pte & BIT_ULL(bit))
		bit++;
	/* More than the level's default size, less than the next one's. */
	KUNIT_EXPECT_GE_MSG(k->test, bit, amdv1_hw_shift(level), "%llx", pte);
	KUNIT_EXPECT_LE_MSG(k->test, bit, amdv1_hw_shift(level) + 7, "%llx",
			    pte);
	return bit + 1;
}

static void amdv1_hw_check_table(struct iopgt_kunit *k, u64 pte,
				 unsigned int level)
{
	/* Of the permissions all levels are combined: it must grant both. */
	const u64 flags = AMDV1_HW_PR | AMDV1_HW_IR | AMDV1_HW_IW;
	u64 known = flags | AMDV1_HW_IGN | AMDV1_HW_NEXT |
		    GENMASK_ULL(k->pgt.cfg.oas_bits - 1, 12);

	KUNIT_EXPECT_EQ_MSG(k->test, pte & flags, flags, "%llx", pte);
	KUNIT_EXPECT_EQ_MSG(k->test, pte & ~known, 0, "%llx", pte);
	/* Levels could be skipped; we never do. */
	KUNIT_EXPECT_EQ_MSG(k->test, pte >> 9 & 7, level - 1, "%llx", pte);
}

static void amdv1_hw_check_leaf(struct iopgt_kunit *k, u64 pte,
				unsigned int level, unsigned int lg2)
{
	u64 known = AMDV1_HW_PR | AMDV1_HW_IGN2 | AMDV1_HW_A | AMDV1_HW_D |
		    AMDV1_HW_NEXT | AMDV1_HW_IR | AMDV1_HW_IW;

	/* An address that is aligned, and below it what tells the size. */
	if (lg2 < k->pgt.cfg.oas_bits)
		known |= GENMASK_ULL(k->pgt.cfg.oas_bits - 1, lg2);
	if (lg2 > amdv1_hw_shift(level))
		known |= GENMASK_ULL(lg2 - 2, 12);
	if (k->pgt.cfg.snoop_ctl)
		known |= AMDV1_HW_FC;

	KUNIT_EXPECT_EQ_MSG(k->test, pte & ~known, 0, "2^%u: %llx", lg2, pte);
	KUNIT_EXPECT_NE_MSG(k->test, pte & (AMDV1_HW_IR | AMDV1_HW_IW), 0,
			    "%llx", pte);
	/* The highest level has only tables. */
	KUNIT_EXPECT_LE(k->test, level, 5);
}

/* All replicas are the same, but for what hardware did to some; is one dirty? */
static bool amdv1_hw_replicas(struct iopgt_kunit *k, const u64 *entry, u64 pte,
			      unsigned int n)
{
	const size_t bytes = n * sizeof(*entry);
	const u64 *first = (const u64 *)round_down((unsigned long)entry, bytes);
	bool dirty = false;
	unsigned int i;

	for (i = 0; i < n; i++) {
		u64 other = iopgt_kunit_load(k, &first[i]);

		if (!READ_ONCE(k->editing))
			KUNIT_EXPECT_EQ_MSG(k->test, (other ^ pte) &
					    ~(AMDV1_HW_A | AMDV1_HW_D), 0,
					    "%u of %u: %llx %llx", i, n, other,
					    pte);
		dirty |= other & AMDV1_HW_D;
	}
	return dirty;
}

static void amdv1_hw_leaf(struct iopgt_kunit *k, struct iopgt_hw_leaf *found,
			  u64 *entry, unsigned long iova, unsigned int level)
{
	const u64 pte = found->pte;
	unsigned int lg2 = amdv1_hw_shift(level);

	if (pte & AMDV1_HW_NEXT)
		lg2 = amdv1_hw_size(k, pte, level);
	amdv1_hw_check_leaf(k, pte, level, lg2);
	found->paddr = pte & GENMASK_ULL(51, 12) & ~(BIT_ULL(lg2) - 1);
	found->paddr |= iova & (BIT(lg2) - 1);
	found->entry = entry;
	found->lg2 = lg2;
	found->readable = pte & AMDV1_HW_IR;
	found->writable = pte & AMDV1_HW_IW;
	found->dirty = amdv1_hw_replicas(k, entry, pte,
					 BIT(lg2 - amdv1_hw_shift(level)));
}

/**
 * iopgt_amdv1_hw() - walk as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_amdv1_hw(struct iopgt_kunit *k, unsigned long iova)
{
	/* Mode: 39 bits are 3, 48 are 4, 57 are 5, 64 are 6. */
	unsigned int level = DIV_ROUND_UP(k->pgt.cfg.ias_bits - 12, 9);
	struct iopgt_hw_leaf found = {};
	u64 *table = k->pgt.root;

	for (;; level--) {
		/* Of level 6 only 7 bits of the address are left. */
		u64 *entry = &table[iova >> amdv1_hw_shift(level) & 511];
		u64 pte = iopgt_kunit_load(k, entry);
		unsigned int next = pte >> 9 & 7;

		if (!(pte & AMDV1_HW_PR)) {
			KUNIT_EXPECT_EQ(k->test, pte, 0);
			found.hole_lg2 = amdv1_hw_shift(level);
			return found;
		}
		if (next == 0 || next == 7) {
			found.pte = pte;
			amdv1_hw_leaf(k, &found, entry, iova, level);
			return found;
		}
		amdv1_hw_check_table(k, pte, level);
		KUNIT_ASSERT_GT(k->test, level, 1);
		table = phys_to_virt(pte & GENMASK_ULL(51, 12));
	}
}
