/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what a page table has to be like, for tests to compare with
 */
#ifndef _IOFLUSH_PGTABLE_TEST_ORACLE_H
#define _IOFLUSH_PGTABLE_TEST_ORACLE_H

#include "test_util.h"

/**
 * struct iopgt_oracle - what must be in a table, told in another way
 * @k: the table that it speaks of
 * @leaf: the leaves, by the granule that they begin at
 * @table: for each level the tables that hang there, by the number of the span
 *	that they translate
 * @live: how many tables there are, the root included
 * @invalidations: how often the table's hook has to have been called
 * @fail: the allocation of that number from now on will fail; 0 for none
 */
struct iopgt_oracle {
	struct iopgt_kunit *k;
	struct xarray leaf;
	struct xarray table[IOPGT_KUNIT_LEVELS];
	long live;
	unsigned int invalidations;
	unsigned int fail;
};

/**
 * struct iopgt_oracle_leaf - one leaf
 * @iova: where it begins
 * @paddr: where that goes
 * @lg2: log2 of its size
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @dirty: a write went through it
 */
struct iopgt_oracle_leaf {
	unsigned long iova;
	phys_addr_t paddr;
	u8 lg2;
	int prot;
	bool dirty;
};

/**
 * struct iopgt_oracle_gather - what an unmap has to gather
 * @nr: ranges
 * @range: they
 * @tables: tables unlinked
 */
struct iopgt_oracle_gather {
	unsigned int nr;
	struct iopgt_range range[IOPGT_GATHER_RANGES];
	unsigned int tables;
};

void iopgt_oracle_init(struct iopgt_oracle *o, struct iopgt_kunit *k);
void iopgt_oracle_destroy(struct iopgt_oracle *o);

bool iopgt_oracle_find(struct iopgt_oracle *o, unsigned long iova,
		       struct iopgt_oracle_leaf *leaf);
bool iopgt_oracle_next(struct iopgt_oracle *o, unsigned long iova,
		       unsigned long last, struct iopgt_oracle_leaf *leaf);
void iopgt_oracle_put(struct iopgt_oracle *o,
		      const struct iopgt_oracle_leaf *leaf);

int iopgt_oracle_map(struct iopgt_oracle *o, unsigned long iova,
		     phys_addr_t paddr, size_t pgsize, size_t pgcount,
		     int prot, size_t *mapped);
size_t iopgt_oracle_unmap(struct iopgt_oracle *o, unsigned long iova,
			  size_t size, struct iopgt_oracle_gather *gather);
int iopgt_oracle_cut(struct iopgt_oracle *o, unsigned long iova);
int iopgt_oracle_collapse(struct iopgt_oracle *o, unsigned long iova,
			  size_t size);
bool iopgt_oracle_table(struct iopgt_oracle *o, unsigned long iova,
			unsigned int level);

#endif /* _IOFLUSH_PGTABLE_TEST_ORACLE_H */
