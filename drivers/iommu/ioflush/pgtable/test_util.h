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

#include "compat-kunit.h"
#include "page.h"

#define IOPGT_RW	(IOMMU_READ | IOMMU_WRITE)

/** IOPGT_KUNIT_LEVELS - levels that any format has */
#define IOPGT_KUNIT_LEVELS 6

struct iopgt_kunit;

/* ioflush_pgtable.ops=, by which a run may be made shorter or longer, and its default */
#define IOPGT_KUNIT_OPS		50000
extern unsigned int iopgt_kunit_ops;

/**
 * struct iopgt_hw_leaf - what the hardware finds for an address
 * @paddr: where it goes
 * @pte: the entry that translates it
 * @entry: where that entry is
 * @lg2: log2 of the leaf's size, all entries of a run together; 0 if the
 *	request faults
 * @hole_lg2: if it faults, log2 of what the absent entry would translate
 * @readable: a read goes through
 * @writable: a write goes through
 * @dirty: some entry of the leaf says that a write went through
 */
struct iopgt_hw_leaf {
	phys_addr_t paddr;
	u64 pte;
	u64 *entry;
	u8 lg2;
	u8 hole_lg2;
	bool readable;
	bool writable;
	bool dirty;
};

/**
 * struct iopgt_kunit_format - a format in one configuration, and its shape
 * @name: as it is printed
 * @ops: the format
 * @cfg: the configuration; the walker is coherent
 * @granule_lg2: log2 of the smallest leaf
 * @idx_lg2: log2 of the number of entries in a table below the root
 * @levels: number of levels
 * @leaf_levels: leaves exist at levels below this, 0 is the lowest
 * @runs: for each level the lengths of runs, bit k for 2^k entries
 * @written_mask: bits of a leaf that hardware replaces when a write goes
 *	through it and writes are tracked
 * @written_bits: by these
 * @hw: a model of the hardware that walks such a table
 *
 * All of it comes from the architecture's manual, none from the code that is
 * tested.
 */
struct iopgt_kunit_format {
	const char *name;
	const struct iopgt_ops *ops;
	struct iopgt_cfg cfg;
	u8 granule_lg2;
	u8 idx_lg2;
	u8 levels;
	u8 leaf_levels;
	u16 runs[IOPGT_KUNIT_LEVELS];
	u64 written_mask;
	u64 written_bits;
	struct iopgt_hw_leaf (*hw)(struct iopgt_kunit *k, unsigned long iova);
};

/**
 * struct iopgt_kunit - a table under test
 * @pgt: the table
 * @hooks: @pgt's
 * @test: the test that made it
 * @f: its format
 * @out: an output address in the upper half of what there is, and a multiple of
 *	every leaf size
 * @mem: of a table whose walker does not snoop: what memory holds, a page for
 *	each table page that was ever synced
 * @syncs: calls for cache maintenance
 * @nested: for hooks that call back into the table
 * @editing: the entries of a run are being replaced one by one, so that
 *	hardware need not find them the same
 * @invalidations: calls of @pgt's invalidate hook
 * @last: what the last such call was to invalidate; its pages are gone
 */
struct iopgt_kunit {
	struct iopgt pgt;
	struct iopgt_test hooks;
	struct kunit *test;
	const struct iopgt_kunit_format *f;
	phys_addr_t out;
	struct xarray mem;
	atomic_t syncs;
	bool nested;
	bool editing;
	unsigned int invalidations;
	struct iopgt_gather last;
};

#define to_iopgt_kunit(p)	container_of(p, struct iopgt_kunit, pgt)

/* All formats and configurations; for KUNIT_CASE_PARAM(test, this). */
const void *iopgt_kunit_formats(IOFLUSH_KUNIT_PREV prev, char *desc);
const struct iopgt_kunit_format *
iopgt_kunit_format(const struct iopgt_ops *ops);
unsigned int iopgt_kunit_configs(const struct iopgt_kunit_format *f);

struct iopgt_kunit *iopgt_kunit_new(struct kunit *test,
				    const struct iopgt_kunit_format *f,
				    const struct iopgt_cfg *cfg);
struct iopgt_kunit *iopgt_kunit_param(struct kunit *test);
struct iopgt_kunit *iopgt_kunit_noncoherent(struct kunit *test);
void iopgt_kunit_destroy(struct iopgt_kunit *k);
void iopgt_kunit_forget(struct iopgt_kunit *k, struct iopgt_gather *gather);
void iopgt_kunit_invalidate(struct iopgt *pgt, struct iopgt_gather *gather);
void iopgt_kunit_synced(struct iopgt *pgt, const void *first, size_t bytes);

u64 iopgt_kunit_load(struct iopgt_kunit *k, const u64 *entry);
bool iopgt_kunit_write(struct iopgt_kunit *k, unsigned long iova);
struct iopgt_hw_leaf iopgt_arm_s1_hw(struct iopgt_kunit *k, unsigned long iova);
struct iopgt_hw_leaf iopgt_arm_s2_hw(struct iopgt_kunit *k, unsigned long iova);
struct iopgt_hw_leaf iopgt_vtdss_hw(struct iopgt_kunit *k, unsigned long iova);
struct iopgt_hw_leaf iopgt_x86_64_hw(struct iopgt_kunit *k, unsigned long iova);
struct iopgt_hw_leaf iopgt_amdv1_hw(struct iopgt_kunit *k, unsigned long iova);
struct iopgt_hw_leaf iopgt_riscv_hw(struct iopgt_kunit *k, unsigned long iova);

void iopgt_kunit_map(struct iopgt_kunit *k, unsigned long iova,
		     phys_addr_t paddr, size_t pgsize, size_t pgcount);
int iopgt_kunit_try(struct iopgt_kunit *k, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *mapped);
void iopgt_kunit_expect(struct iopgt_kunit *k, unsigned long iova,
			phys_addr_t paddr, u8 lg2);
size_t iopgt_kunit_unmap(struct iopgt_kunit *k, unsigned long iova,
			 size_t size);

/* What hardware finds for an address. */
static inline struct iopgt_hw_leaf iopgt_kunit_hw(struct iopgt_kunit *k,
						  unsigned long iova)
{
	return k->f->hw(k, iova);
}

/* log2 of what an entry at a level translates. */
static inline unsigned int iopgt_kunit_lg2(const struct iopgt_kunit *k,
					   unsigned int level)
{
	return k->f->granule_lg2 + level * k->f->idx_lg2;
}

/* What an entry at a level translates, in bytes. */
static inline unsigned long iopgt_kunit_size(const struct iopgt_kunit *k,
					     unsigned int level)
{
	return BIT(iopgt_kunit_lg2(k, level));
}

/* The highest input address. */
static inline unsigned long iopgt_kunit_last(const struct iopgt_kunit *k)
{
	return ~0UL >> (BITS_PER_LONG - k->pgt.cfg.ias_bits);
}

/* May a leaf have this size? */
static inline bool iopgt_kunit_has(const struct iopgt_kunit *k,
				   unsigned long size)
{
	return k->pgt.cfg.pgsize_bitmap & size;
}

/* Is there a level, and may a single entry of it be a leaf? */
static inline bool iopgt_kunit_leaf_at(const struct iopgt_kunit *k,
				       unsigned int level)
{
	return level < k->f->levels && level < k->f->leaf_levels &&
	       iopgt_kunit_has(k, iopgt_kunit_size(k, level));
}

static inline long iopgt_kunit_live(struct iopgt_kunit *k)
{
	return atomic_long_read(&k->pgt.live_pages);
}

static inline long iopgt_kunit_pending(struct iopgt_kunit *k)
{
	return atomic_long_read(&k->pgt.pending_pages);
}

#endif /* _IOFLUSH_PGTABLE_TEST_UTIL_H */
