// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for collapsing leaves
 */
#include <linux/delay.h>
#include <linux/rcupdate.h>

#include "edit_case.h"
#include "test_snap.h"

/* What a leaf of @size is made of: of single entries one step down. */
static unsigned long collapse_step(const struct iopgt_kunit *k,
				   unsigned long size)
{
	unsigned int level = edit_level(k, size);

	if (size > iopgt_kunit_size(k, level))
		return iopgt_kunit_size(k, level);
	return iopgt_kunit_size(k, level - 1);
}

/* Does it take the place of a table? */
static bool collapse_block(const struct iopgt_kunit *k, unsigned long size)
{
	return size == iopgt_kunit_size(k, edit_level(k, size));
}

static void collapse_end(struct edit *e)
{
	e->nr_probes = 0;
	KUNIT_EXPECT_EQ(e->k->test,
			iopgt_kunit_unmap(e->k, e->iova, e->size), e->size);
}

/* The order: nothing there while the invalidation runs, or the new leaf. */
static void collapse_during(struct edit *e, struct iopgt_gather *gather)
{
	const bool hitless = e->k->pgt.cfg.hitless;
	struct kunit *test = e->k->test;
	unsigned int i;

	for (i = 0; i < e->nr_probes; i++) {
		struct iopgt_hw_leaf hw = iopgt_kunit_hw(e->k, e->probe[i]);

		KUNIT_EXPECT_EQ(test, hw.lg2 ? BIT(hw.lg2) : 0,
				hitless ? e->size : 0);
	}
	/* A table is on its way out, and not yet anybody else's. */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(e->k),
			collapse_block(e->k, e->size));
}

static void collapse_one(struct edit *e, unsigned long size)
{
	const bool hitless = e->k->pgt.cfg.hitless;
	const bool block = collapse_block(e->k, size);
	unsigned long step = collapse_step(e->k, size);
	struct kunit *test = e->k->test;
	long live;

	edit_begin(e, size);
	edit_map(e, step, IOPGT_RW);
	live = iopgt_kunit_live(e->k);
	e->during = collapse_during;
	KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, size), 0);

	KUNIT_EXPECT_EQ(test, e->invalidations, 1);
	KUNIT_EXPECT_EQ(test, e->last.nr, 1);
	KUNIT_EXPECT_EQ(test, e->last.range[0].start, e->iova);
	KUNIT_EXPECT_EQ(test, e->last.range[0].last, e->iova + (size - 1));
	KUNIT_EXPECT_EQ(test, BIT(e->last.range[0].leaf_lg2), step);
	KUNIT_EXPECT_EQ(test, e->last.tables_unlinked, block);
	KUNIT_EXPECT_EQ(test, e->faults, !hitless);
	KUNIT_EXPECT_EQ(test, e->remade, !hitless);
	if (!hitless) {
		KUNIT_EXPECT_EQ(test, e->remade_iova, e->iova);
		KUNIT_EXPECT_EQ(test, e->remade_bytes, size);
	}

	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(e->k), live - block);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(e->k), 0);
	for (unsigned int i = 0; i < e->nr_probes; i++)
		iopgt_kunit_expect(e->k, e->probe[i],
				   e->k->out + (e->probe[i] - e->iova),
				   __ffs(size));

	/* Once more, and in a part of it: there is nothing to do. */
	KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, size), 0);
	if (step > iopgt_kunit_size(e->k, 0))
		KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, step),
				0);
	KUNIT_EXPECT_EQ(test, e->invalidations, 1);
	collapse_end(e);
}

static void collapse_sizes(struct kunit *test, unsigned int mode)
{
	struct edit *e = edit_new(test, mode);
	unsigned long size;

	edit_for_each_size(e->k, size)
		collapse_one(e, size);
}

/* Every leaf size from the one below. */
static void collapse_test_sizes(struct kunit *test)
{
	for (unsigned int mode = 0; mode < EDIT_MODES; mode++)
		collapse_sizes(test, mode);
}

/* Whatever is synced when: hardware finds the right address, or nothing. */
static void collapse_test_noncoherent(struct kunit *test)
{
	for (unsigned int mode = 0; mode < EDIT_MODES; mode++)
		collapse_sizes(test, mode | EDIT_NONCOHERENT);
}

/* A block of runs, and of a mixture of runs and single entries. */
static void collapse_test_runs(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size, run, step;

	edit_for_each_size(e->k, size) {
		step = collapse_step(e->k, size);
		edit_for_each_size(e->k, run) {
			unsigned long half = size / 2;

			if (run <= step || run > half)
				continue;
			edit_begin(e, size);
			iopgt_kunit_map(e->k, e->iova, e->k->out, run,
					half / run);
			iopgt_kunit_map(e->k, e->iova + half, e->k->out + half,
					step, half / step);
			KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt,
							     e->iova, size),
					0);
			/* Precision: as small as the smallest that was there. */
			KUNIT_EXPECT_EQ(test, BIT(e->last.range[0].leaf_lg2),
					step);
			iopgt_kunit_expect(e->k, e->iova + half - 1,
					   e->k->out + half - 1, __ffs(size));
			collapse_end(e);
		}
	}
}

/* A cut and its opposite: every bit of the leaf is as it was. */
static void collapse_test_back(struct kunit *test)
{
	static const int prots[] = {
		IOPGT_RW, IOMMU_READ, IOPGT_RW | IOMMU_CACHE,
		IOMMU_READ | IOMMU_MMIO, IOPGT_RW | IOMMU_NOEXEC,
		IOPGT_RW | IOMMU_PRIV,
	};
	struct edit *e;
	unsigned long size;

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(prots); i++) {
		e = edit_new(test, i & 1);
		edit_for_each_size(e->k, size) {
			struct iopgt_snap *snap;

			edit_begin(e, size);
			edit_map(e, size, prots[i / 2]);
			snap = iopgt_snap(e->k);
			KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt, e->iova +
					collapse_step(e->k, size), GFP_KERNEL),
					0);
			KUNIT_EXPECT_EQ(test, e->invalidations, 1);
			KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt,
							     e->iova, size),
					0);
			KUNIT_EXPECT_EQ(test, e->invalidations, 2);
			iopgt_snap_same(e->k, snap, false);
			collapse_end(e);
		}
	}
}

/* It is refused, and nothing was altered. */
static void collapse_refused(struct edit *e, unsigned long iova,
			     unsigned long size, int ret)
{
	struct iopgt_snap *snap = iopgt_snap(e->k);
	struct kunit *test = e->k->test;

	KUNIT_EXPECT_EQ_MSG(test, iopgt_collapse(&e->k->pgt, iova, size), ret,
			    "size %lx", size);
	KUNIT_EXPECT_EQ(test, e->invalidations, 0);
	iopgt_snap_same(e->k, snap, false);
}

/* Maps @iova as it has to be, but for the permissions and the address. */
static void collapse_page(struct edit *e, unsigned long offset,
			  phys_addr_t paddr, int prot)
{
	unsigned long step = collapse_step(e->k, e->size);
	size_t mapped = 0;

	iopgt_kunit_unmap(e->k, e->iova + offset, step);
	KUNIT_ASSERT_EQ(e->k->test,
			iopgt_map_pages(&e->k->pgt, e->iova + offset, paddr,
					step, 1, prot, GFP_KERNEL, &mapped),
			0);
}

static void collapse_odd(struct edit *e, unsigned long offset)
{
	unsigned long step = collapse_step(e->k, e->size);
	phys_addr_t right = e->k->out + offset;

	/* a gap */
	iopgt_kunit_unmap(e->k, e->iova + offset, step);
	collapse_refused(e, e->iova, e->size, -EINVAL);
	/* another permission */
	collapse_page(e, offset, right, IOMMU_READ);
	collapse_refused(e, e->iova, e->size, -EINVAL);
	/* another address */
	collapse_page(e, offset, right ^ e->size, IOPGT_RW);
	collapse_refused(e, e->iova, e->size, -EINVAL);
	collapse_page(e, offset, right, IOPGT_RW);
}

static void collapse_test_refused(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size, step, granule = iopgt_kunit_size(e->k, 0);

	edit_for_each_size(e->k, size) {
		step = collapse_step(e->k, size);
		edit_begin(e, size);
		collapse_refused(e, e->iova, size, -EINVAL);
		edit_map(e, step, IOPGT_RW);
		e->nr_probes = 0;
		collapse_odd(e, 0);
		collapse_odd(e, size / 2);
		collapse_odd(e, size - step);

		/* where, and to what size */
		collapse_refused(e, e->iova + granule, size, -EINVAL);
		collapse_refused(e, e->iova + step, size, -EINVAL);
		collapse_refused(e, e->iova, granule, -EINVAL);
		collapse_refused(e, e->iova, size + granule, -EINVAL);
		collapse_refused(e, e->iova, 0, -EINVAL);
		collapse_refused(e, e->iova, BIT(62), -EINVAL);
		if (iopgt_kunit_last(e->k) != ~0UL)
			collapse_refused(e, iopgt_kunit_last(e->k) + 1, size,
					 -EINVAL);

		/* nobody to invalidate */
		e->k->pgt.invalidate = NULL;
		collapse_refused(e, e->iova, size, -EOPNOTSUPP);
		e->k->pgt.invalidate = iopgt_kunit_invalidate;
		collapse_end(e);
	}
}

/* All in a row, but the row does not begin where a leaf may. */
static void collapse_test_output(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size, step;
	size_t mapped;

	edit_for_each_size(e->k, size) {
		step = collapse_step(e->k, size);
		edit_begin(e, size);
		mapped = 0;
		KUNIT_ASSERT_EQ(test, iopgt_map_pages(&e->k->pgt, e->iova,
						      e->k->out - step, step,
						      size / step, IOPGT_RW,
						      GFP_KERNEL, &mapped), 0);
		collapse_refused(e, e->iova, size, -EINVAL);
		collapse_end(e);
	}
}

/* Leaves two steps down are not what it takes. */
static void collapse_test_deep(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size, step;

	edit_for_each_size(e->k, size) {
		step = collapse_step(e->k, size);
		if (step == iopgt_kunit_size(e->k, 0))
			continue;
		edit_begin(e, size);
		edit_map(e, step, IOPGT_RW);
		e->nr_probes = 0;
		KUNIT_ASSERT_EQ(test, iopgt_cut(&e->k->pgt, e->iova + size -
						iopgt_kunit_size(e->k, 0),
						GFP_KERNEL), 0);
		e->invalidations = 0;
		collapse_refused(e, e->iova, size, -EINVAL);
		collapse_end(e);
	}
}

/* Dirty, if any of those that went into it was. */
static void collapse_test_dirty(struct kunit *test)
{
	struct edit *e;
	unsigned long size, step;

	for (unsigned int mode = 0; mode < EDIT_MODES; mode++) {
		e = edit_new(test, mode);
		KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&e->k->pgt,
							       true), 0);
		edit_for_each_size(e->k, size) {
			unsigned long at[4];

			step = collapse_step(e->k, size);
			at[0] = 0;
			at[1] = step;
			at[2] = size / 2;
			at[3] = size - 1;
			for (unsigned int i = 0; i <= ARRAY_SIZE(at); i++) {
				bool dirty = i < ARRAY_SIZE(at);

				edit_begin(e, size);
				edit_map(e, step, IOPGT_RW);
				if (dirty)
					iopgt_kunit_write(e->k, e->iova + at[i]);
				KUNIT_EXPECT_EQ(test,
						iopgt_collapse(&e->k->pgt,
							       e->iova, size),
						0);
				KUNIT_EXPECT_EQ(test,
						iopgt_kunit_hw(e->k,
							       e->iova).dirty,
						dirty);
				collapse_end(e);
			}
		}
	}
}

/* Hardware writes at each instant: what went through is recorded. */
static void collapse_instants(struct edit *e, unsigned long size,
			      unsigned long offset)
{
	struct kunit *test = e->k->test;
	unsigned int at, wrote = 0;

	for (at = 1;; at++) {
		edit_begin(e, size);
		edit_map(e, collapse_step(e->k, size), IOPGT_RW);
		edit_write_at(e, at, offset);
		KUNIT_ASSERT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, size),
				0);
		if (e->wrote)
			KUNIT_EXPECT_TRUE_MSG(test,
					      iopgt_kunit_hw(e->k,
							     e->write).dirty,
					      "size %lx, instant %u", size,
					      at);
		wrote += e->wrote;
		collapse_end(e);
		if (e->instant < at)
			break;
	}
	/*
	 * While a table is on its way out hardware writes through its leaves,
	 * so that does not fault either.
	 */
	if (e->k->pgt.cfg.hitless || collapse_block(e->k, size))
		KUNIT_EXPECT_EQ(test, wrote, at - 1);
	KUNIT_EXPECT_GE(test, wrote, 1);
}

static void collapse_test_dirty_instants(struct kunit *test)
{
	unsigned long size, step;
	struct edit *e;

	for (unsigned int mode = 0; mode < EDIT_MODES; mode++) {
		e = edit_new(test, mode);
		KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&e->k->pgt,
							       true), 0);
		edit_for_each_size(e->k, size) {
			step = collapse_step(e->k, size);
			/* An instant for each entry of a run. */
			if (!collapse_block(e->k, size) && size / step > 32)
				continue;
			collapse_instants(e, size, 0);
			collapse_instants(e, size, size / 2);
			collapse_instants(e, size, size - step);
		}
	}
}

/*
 * A scan clears what a hitless collapse has made, while hardware still has one
 * of the old leaves in its cache as dirty.
 */
static void collapse_scan(struct edit *e, struct iopgt_gather *gather)
{
	struct iopgt_gather mine;

	iopgt_gather_init(&mine, false);
	KUNIT_EXPECT_EQ(e->k->test,
			iopgt_read_dirty(&e->k->pgt, e->iova, e->size, true,
					 &mine, NULL, NULL), 0);
	KUNIT_EXPECT_FALSE(e->k->test, iopgt_gather_empty(&mine));
}

static void collapse_test_dirty_scan(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_HITLESS);
	unsigned long size;

	KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&e->k->pgt, true), 0);
	edit_for_each_size(e->k, size) {
		edit_begin(e, size);
		edit_map(e, collapse_step(e->k, size), IOPGT_RW);
		iopgt_kunit_write(e->k, e->iova + size / 2);
		e->during = collapse_scan;
		KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, size),
				0);
		KUNIT_EXPECT_TRUE(test, iopgt_kunit_hw(e->k, e->iova).dirty);
		collapse_end(e);
	}
}

/* Clean and dirty leaves go together; leaves of either kind of permission not. */
static void collapse_test_untracked(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size;

	edit_for_each_size(e->k, size) {
		unsigned long step = collapse_step(e->k, size);

		e->k->pgt.dirty = false;
		edit_begin(e, size);
		edit_map(e, step, IOPGT_RW);
		e->nr_probes = 0;
		/* From a map that began before the tracking was switched on. */
		e->k->pgt.dirty = true;
		collapse_page(e, 0, e->k->out, IOPGT_RW);
		iopgt_kunit_write(e->k, e->iova + step);
		KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, size),
				0);
		KUNIT_EXPECT_TRUE(test, iopgt_kunit_hw(e->k, e->iova).dirty);
		collapse_end(e);
	}
}

/* Invariant "tables": a reader that found the table may go on using it. */
static void collapse_test_rcu(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_HITLESS);
	unsigned long size = iopgt_kunit_size(e->k, 1);

	edit_begin(e, size);
	edit_map(e, iopgt_kunit_size(e->k, 0), IOPGT_RW);
	e->nr_probes = 0;
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, iopgt_collapse(&e->k->pgt, e->iova, size), 0);
	mdelay(20);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(e->k), 1);
	rcu_read_unlock();
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(e->k), 0);
}

static struct kunit_case collapse_test_cases[] = {
	KUNIT_CASE_PARAM(collapse_test_sizes, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_noncoherent, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_runs, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_back, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_refused, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_output, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_deep, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_dirty, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_dirty_instants, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_dirty_scan, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_untracked, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(collapse_test_rcu, iopgt_kunit_formats),
	{}
};

static struct kunit_suite collapse_test_suite = {
	.name = "ioflush_pgtable_collapse",
	.test_cases = collapse_test_cases,
};

kunit_test_suite(collapse_test_suite);
