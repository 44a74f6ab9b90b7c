// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a model of the hardware that walks VT-d second-stage tables
 *
 * From the VT-d specification: section 3.7.1 how an address is cut up, 9.8 the
 * entries, 4.9.1 (capability SLADS) how accesses are recorded.
 */
#include <linux/io.h>

#include "../test_util.h"

/* Bits that have to be 0; X and the memory type are not used. */
static bool vtdss_hw_reserved(struct iopgt_kunit *k, u64 pte, bool leaf,
			      u8 lg2)
{
	u64 addr = GENMASK_ULL(k->pgt.cfg.oas_bits - 1, leaf ? lg2 : 12);
	u64 flags = BIT_ULL(0) | BIT_ULL(1);

	if (leaf && lg2 > 12)
		flags |= BIT_ULL(7);
	if (leaf && k->pgt.cfg.snoop_ctl)
		flags |= BIT_ULL(11);
	/* Accessed, dirty: recorded where the hardware can. */
	if (leaf && k->pgt.cfg.hw_dirty)
		flags |= BIT_ULL(8) | BIT_ULL(9);
	/* Ignored by hardware; leaves have no use for the one, tables for the other. */
	flags |= leaf ? BIT_ULL(52) : BIT_ULL(10);
	return pte & ~(addr | flags);
}

/**
 * iopgt_vtdss_hw() - walk as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_vtdss_hw(struct iopgt_kunit *k, unsigned long iova)
{
	struct iopgt_hw_leaf found = {};
	int lg2 = k->pgt.cfg.ias_bits - 9;
	u64 *table = k->pgt.root;

	for (; lg2 >= 12; lg2 -= 9) {
		u64 *entry = &table[iova >> lg2 & 511];
		u64 pte = iopgt_kunit_load(k, entry);
		bool leaf = lg2 == 12 || (pte & BIT_ULL(7));

		if (!(pte & 3)) {
			found.hole_lg2 = lg2;
			break;
		}
		KUNIT_EXPECT_FALSE_MSG(k->test,
				       vtdss_hw_reserved(k, pte, leaf, lg2),
				       "iova %lx, 2^%d: %llx", iova, lg2, pte);
		if (leaf) {
			KUNIT_EXPECT_LE(k->test, lg2, 30);
			found.paddr = pte & GENMASK_ULL(51, lg2);
			found.paddr |= iova & (BIT(lg2) - 1);
			found.pte = pte;
			found.entry = entry;
			found.lg2 = lg2;
			found.readable = pte & BIT_ULL(0);
			found.writable = pte & BIT_ULL(1);
			found.dirty = pte & BIT_ULL(9);
			break;
		}
		/* Permissions of all levels are combined: it must grant both. */
		KUNIT_EXPECT_EQ(k->test, pte & 3, 3);
		table = phys_to_virt(pte & GENMASK_ULL(51, 12));
	}
	return found;
}
