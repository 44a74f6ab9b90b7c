/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: leaves bit by bit, for the suites of formats with 4 KiB granules
 */
#ifndef _IOFLUSH_PGTABLE_FMT_LEAF_CASE_H
#define _IOFLUSH_PGTABLE_FMT_LEAF_CASE_H

#include "../test_util.h"

/**
 * struct iopgt_leaf_fmt - what the cases of a format have in common
 * @ops: the format
 * @oas_bits: output address width
 * @accessed: the bit that hardware sets in a leaf that it uses
 * @dirty: the bit that it sets in one that it writes through
 * @table: checks all bits of an entry that refers to a table and returns where
 *	that is; levels count from 0, the lowest
 */
struct iopgt_leaf_fmt {
	const struct iopgt_ops *ops;
	u8 oas_bits;
	u64 accessed;
	u64 dirty;
	phys_addr_t (*table)(struct kunit *test, u64 pte, unsigned int level);
};

/**
 * struct iopgt_leaf_case - one leaf: where it has to be, and all of its bits
 * @name: what it is about
 * @ias_bits: see struct iopgt_cfg
 * @snoop_ctl: see struct iopgt_cfg
 * @dirty: writes are tracked
 * @iova: input address
 * @paddr: output address
 * @pgsize: size of the leaf
 * @prot: permissions asked for
 * @shown: permissions it has; 0 if that is the same
 * @idx: indices from the root down to the leaf, or to the first of its entries
 * @depth: how many of them
 * @n: of how many entries it consists; 0 is 1
 * @pte: each of them
 */
struct iopgt_leaf_case {
	const char *name;
	u8 ias_bits;
	bool snoop_ctl;
	bool dirty;
	unsigned long iova;
	phys_addr_t paddr;
	size_t pgsize;
	int prot;
	int shown;
	u16 idx[6];
	u8 depth;
	u16 n;
	u64 pte;
};

/**
 * struct iopgt_cfg_case - a configuration and what becomes of it
 * @ias_bits: see struct iopgt_cfg
 * @oas_bits: see struct iopgt_cfg
 * @pgsizes: see struct iopgt_cfg
 * @ret: what iopgt_init() returns
 * @levels: of the table, if it makes one
 * @kept: sizes that are left of @pgsizes
 */
struct iopgt_cfg_case {
	u8 ias_bits;
	u8 oas_bits;
	unsigned long pgsizes;
	int ret;
	u8 levels;
	unsigned long kept;
};

void iopgt_leaf_case_name(const struct iopgt_leaf_case *c, char *desc);
void iopgt_leaf_test(struct kunit *test, const struct iopgt_leaf_fmt *lf,
		     const struct iopgt_leaf_case *c);
void iopgt_prot_test(struct kunit *test, const struct iopgt_leaf_fmt *lf,
		     u8 ias_bits);
void iopgt_cfg_test(struct kunit *test, const struct iopgt_leaf_fmt *lf,
		    const struct iopgt_cfg_case *cases, unsigned int n);

#endif /* _IOFLUSH_PGTABLE_FMT_LEAF_CASE_H */
