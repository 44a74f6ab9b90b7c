// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a model of the hardware that walks VT-d first-stage tables
 *
 * Written from sections 3.6 and 9.7 of the VT-d specification, and sharing
 * nothing with the format under test, so that it can disagree. A request is one
 * of a user's, which is what a device without PASID sends.
 */
#include <linux/io.h>

#include "../test_util.h"

/*
 * Bits that may be set in an entry: those with a meaning that we have a use
 * for, and the one ignored bit that we write.
 */
static u64 x86_64_hw_known(const struct iopgt_kunit *k, bool leaf, u8 lg2)
{
	/* P, R/W, U/S, A; 9.7, all entries. */
	u64 known = BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(5);

	/* The address; bits of it that lie in the page are reserved. */
	known |= GENMASK_ULL(k->pgt.cfg.oas_bits - 1, leaf ? lg2 : 12);
	if (!leaf)
		return known | BIT_ULL(9);
	/* Ignored by hardware. */
	known |= BIT_ULL(52);
	/* PWT, PCD, D, XD. */
	known |= BIT_ULL(3) | BIT_ULL(4) | BIT_ULL(6) | BIT_ULL(63);
	/* PS at level 2 and 3; in the place of PAT at level 1. */
	return lg2 == 12 ? known : known | BIT_ULL(7);
}

static void x86_64_hw_check(struct iopgt_kunit *k, unsigned long iova, u64 pte,
			    bool leaf, u8 lg2)
{
	KUNIT_EXPECT_FALSE_MSG(k->test, pte & ~x86_64_hw_known(k, leaf, lg2),
			       "iova %lx, 2^%u: %llx", iova, lg2, pte);
	/* The larger pages are of 2 MiB and 1 GiB. */
	if (leaf)
		KUNIT_EXPECT_LE(k->test, lg2, 30);
	/* Hardware would have to set A, at the least, section 3.6.2. */
	KUNIT_EXPECT_TRUE_MSG(k->test, pte & BIT_ULL(5),
			      "iova %lx, 2^%u: %llx", iova, lg2, pte);
	/* R/W and U/S of all levels are combined, section 3.6.1. */
	if (!leaf)
		KUNIT_EXPECT_EQ(k->test, pte & 7, 7);
}

/**
 * iopgt_x86_64_hw() - walk as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_x86_64_hw(struct iopgt_kunit *k, unsigned long iova)
{
	/* Canonical addresses have one bit more, and here it is 0. */
	int lg2 = k->pgt.cfg.ias_bits + 1 - 9;
	struct iopgt_hw_leaf found = {};
	u64 *table = k->pgt.root;

	KUNIT_EXPECT_TRUE(k->test, lg2 == 39 || lg2 == 48);
	KUNIT_EXPECT_EQ(k->test, iova >> k->pgt.cfg.ias_bits, 0);
	for (; lg2 >= 12; lg2 -= 9) {
		u64 *entry = &table[iova >> lg2 & 511];
		u64 pte = iopgt_kunit_load(k, entry);
		bool leaf = lg2 == 12 || (pte & BIT_ULL(7));

		if (!(pte & 1)) {
			KUNIT_EXPECT_EQ(k->test, pte, 0);
			found.hole_lg2 = lg2;
			break;
		}
		x86_64_hw_check(k, iova, pte, leaf, lg2);
		if (leaf) {
			found.paddr = pte & GENMASK_ULL(51, lg2);
			found.paddr |= iova & (BIT(lg2) - 1);
			found.pte = pte;
			found.entry = entry;
			found.lg2 = lg2;
			found.readable = true;
			found.writable = pte & BIT_ULL(1);
			found.dirty = pte & BIT_ULL(6);
			break;
		}
		table = phys_to_virt(pte & GENMASK_ULL(51, 12));
	}
	return found;
}
