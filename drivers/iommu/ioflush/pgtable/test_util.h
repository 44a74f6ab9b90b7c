/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the KUnit suites of pgtable/ share
 */
#ifndef _IOFLUSH_PGTABLE_TEST_UTIL_H
#define _IOFLUSH_PGTABLE_TEST_UTIL_H

#include <kunit/test.h>
#include <linux/ioflush/pgtable.h>
#include <linux/iommu.h>
#include <linux/sizes.h>
#include <linux/xarray.h>

#include "page.h"

#define IOPGT_RW	(IOMMU_READ | IOMMU_WRITE)

/**
 * struct iopgt_kunit - a table under test
 * @pgt: the table
 * @hooks: @pgt's
 * @test: the test that made it
 * @mem: of a table whose walker does not snoop: what memory holds, a page for
 *	each table page that was ever synced
 * @nested: for hooks that call back into the table
 * @unlinked: calls of @pgt's unlinked hook
 * @start: first byte of the last such call's gather
 * @last: its last byte
 */
struct iopgt_kunit {
	struct iopgt pgt;
	struct iopgt_test hooks;
	struct kunit *test;
	struct xarray mem;
	bool nested;
	unsigned int unlinked;
	unsigned long start;
	unsigned long last;
};

/**
 * struct iopgt_hw_leaf - what the hardware finds for an address
 * @paddr: where it goes
 * @pte: the leaf
 * @lg2: log2 of the leaf's size, 0 if the request faults
 * @hole_lg2: if it faults, log2 of what the absent entry would translate
 */
struct iopgt_hw_leaf {
	phys_addr_t paddr;
	u64 pte;
	u8 lg2;
	u8 hole_lg2;
};

#define to_iopgt_kunit(p)	container_of(p, struct iopgt_kunit, pgt)

struct iopgt_kunit *iopgt_kunit_new(struct kunit *test,
				    const struct iopgt_cfg *cfg);
struct iopgt_kunit *iopgt_kunit_default(struct kunit *test);
void iopgt_kunit_destroy(struct iopgt_kunit *k);
void iopgt_kunit_unlinked(struct iopgt *pgt, struct iopgt_gather *gather);
void iopgt_kunit_synced(struct iopgt *pgt, const void *first, size_t bytes);
struct iopgt_hw_leaf iopgt_kunit_hw(struct iopgt_kunit *k, unsigned long iova);

void iopgt_kunit_map(struct iopgt_kunit *k, unsigned long iova,
		     phys_addr_t paddr, size_t pgsize, size_t pgcount);
int iopgt_kunit_try(struct iopgt_kunit *k, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *mapped);
void iopgt_kunit_expect(struct iopgt_kunit *k, unsigned long iova,
			phys_addr_t paddr, u8 lg2);
size_t iopgt_kunit_unmap(struct iopgt_kunit *k, unsigned long iova,
			 size_t size);

#endif /* _IOFLUSH_PGTABLE_TEST_UTIL_H */
