// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for dirty tracking
 */
#include <linux/completion.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/prandom.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "edit_case.h"
#include "test_snap.h"

#define DIRTY_FOUND	600

/**
 * struct dirty_found - what a scan has reported
 * @test: the test
 * @nr: ranges
 * @bytes: in all of them
 * @range: the first of them; leaf_lg2 is not used
 */
struct dirty_found {
	struct kunit *test;
	unsigned int nr;
	size_t bytes;
	struct iopgt_range range[DIRTY_FOUND];
};

static void dirty_note(unsigned long iova, size_t bytes, void *arg)
{
	struct dirty_found *found = arg;

	/* It may sleep: the caller's bitmap is in user memory. */
	cond_resched();
	if (found->nr < DIRTY_FOUND) {
		found->range[found->nr].start = iova;
		found->range[found->nr].last = iova + (bytes - 1);
	}
	/* In order, and no two reports for one address. */
	if (found->nr && found->nr < DIRTY_FOUND)
		KUNIT_EXPECT_GT(found->test, iova,
				found->range[found->nr - 1].last);
	found->nr++;
	found->bytes += bytes;
}

static struct dirty_found *dirty_scan(struct iopgt_kunit *k,
				      unsigned long iova, size_t size,
				      bool clear, struct iopgt_gather *gather)
{
	static struct dirty_found found;

	found.test = k->test;
	found.nr = 0;
	found.bytes = 0;
	KUNIT_EXPECT_EQ(k->test, iopgt_read_dirty(&k->pgt, iova, size, clear,
						  gather, dirty_note, &found),
			0);
	return &found;
}

/* A scan that clears, and has to find just this; or nothing for no bytes. */
static void dirty_clear(struct iopgt_kunit *k, unsigned long iova, size_t size,
			unsigned long start, size_t bytes)
{
	struct iopgt_gather gather;
	struct dirty_found *found;

	iopgt_gather_init(&gather, false);
	found = dirty_scan(k, iova, size, true, &gather);
	KUNIT_EXPECT_EQ(k->test, found->nr, !!bytes);
	KUNIT_EXPECT_EQ(k->test, iopgt_gather_empty(&gather), !bytes);
	if (!bytes || !found->nr)
		return;
	KUNIT_EXPECT_EQ(k->test, found->range[0].start, start);
	KUNIT_EXPECT_EQ(k->test, found->range[0].last, start + (bytes - 1));
	KUNIT_EXPECT_EQ(k->test, gather.nr, 1);
	KUNIT_EXPECT_EQ(k->test, gather.range[0].start, start);
	KUNIT_EXPECT_EQ(k->test, gather.range[0].last, start + (bytes - 1));
}

/* The hook for tests of which leaves stay where they are. */
static void dirty_invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	k->invalidations++;
	k->last = *gather;
	INIT_LIST_HEAD(&k->last.pages);
}

static struct iopgt_kunit *dirty_new(struct kunit *test, bool on)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);

	k->pgt.invalidate = dirty_invalidate;
	if (on)
		KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true),
				0);
	return k;
}

/* Each leaf size: found once for each time that it was written. */
static void dirty_test_sizes(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	unsigned long sizes = k->pgt.cfg.pgsize_bitmap, size, iova;

	for (; sizes; sizes &= sizes - 1) {
		size = sizes & -sizes;
		iova = size <= iopgt_kunit_last(k) / 2 ? size : 0;
		iopgt_kunit_map(k, iova, k->out, size, 1);
		dirty_clear(k, iova, size, 0, 0);
		for (unsigned int i = 0; i < 3; i++) {
			KUNIT_EXPECT_TRUE(test,
					  iopgt_kunit_write(k, iova + size / 2));
			KUNIT_EXPECT_EQ(test, dirty_scan(k, iova, size, false,
							 NULL)->bytes, size);
			dirty_clear(k, iova, size, iova, size);
			KUNIT_EXPECT_FALSE(test, iopgt_kunit_hw(k, iova).dirty);
			dirty_clear(k, iova, size, 0, 0);
		}
		/* It translates as before. */
		iopgt_kunit_expect(k, iova + size - 1, k->out + size - 1,
				   __ffs(size));
		iopgt_kunit_unmap(k, iova, size);
	}
}

/* Every entry of a run counts for all of it, and every one is cleared. */
static void dirty_test_runs(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	unsigned long size, step, at;

	edit_for_each_size(k, size) {
		unsigned long iova = size <= iopgt_kunit_last(k) / 2 ? size : 0;

		step = iopgt_kunit_size(k, edit_level(k, size));
		if (step == size)
			continue;
		iopgt_kunit_map(k, iova, k->out, size, 1);
		for (at = 0; at < size; at += step) {
			iopgt_kunit_write(k, iova + at);
			dirty_clear(k, iova, size, iova, size);
			dirty_clear(k, iova, size, 0, 0);
		}
		/* In two of them at a time. */
		iopgt_kunit_write(k, iova);
		iopgt_kunit_write(k, iova + size - step);
		dirty_clear(k, iova, size, iova, size);
		dirty_clear(k, iova, size, 0, 0);
		iopgt_kunit_unmap(k, iova, size);
	}
}

/*
 * What reaches out of the range is reported for what is inside, and stays
 * dirty: nobody has been told of the rest.
 */
static void dirty_part(struct iopgt_kunit *k, unsigned long iova,
		       unsigned long from)
{
	const unsigned long granule = iopgt_kunit_size(k, 0);
	struct iopgt_gather gather;
	struct dirty_found *found;

	iopgt_gather_init(&gather, false);
	found = dirty_scan(k, iova + from, granule, true, &gather);
	KUNIT_EXPECT_EQ(k->test, found->nr, 1);
	KUNIT_EXPECT_EQ(k->test, found->range[0].start, iova + from);
	KUNIT_EXPECT_EQ(k->test, found->bytes, granule);
	KUNIT_EXPECT_TRUE(k->test, iopgt_gather_empty(&gather));
}

static void dirty_test_part(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	const unsigned long granule = iopgt_kunit_size(k, 0);
	unsigned long size;

	edit_for_each_size(k, size) {
		unsigned long iova = size <= iopgt_kunit_last(k) / 2 ? size : 0;
		const unsigned long at[] = { 0, size / 2, size - granule };

		iopgt_kunit_map(k, iova, k->out, size, 1);
		/* Whichever entry of a run hardware has recorded it in. */
		for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
			iopgt_kunit_write(k, iova + at[i]);
			for (unsigned int j = 0; j < ARRAY_SIZE(at); j++)
				dirty_part(k, iova, at[j]);
			dirty_clear(k, iova, size, iova, size);
		}
		iopgt_kunit_unmap(k, iova, size);
	}
}

/* Neighbours are one range, holes are none, and there may be many. */
static void dirty_test_ranges(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	const unsigned long granule = iopgt_kunit_size(k, 0);
	const unsigned long base = iopgt_kunit_size(k, 1) - 100 * granule;
	struct iopgt_gather gather;
	struct dirty_found *found;
	unsigned int i;

	/* Over the end of a table; every third is a hole. */
	for (i = 0; i < 1500; i++)
		if (i % 3 != 2)
			iopgt_kunit_map(k, base + i * granule, k->out, granule,
					1);
	for (i = 0; i < 1500; i++)
		KUNIT_EXPECT_EQ(test, iopgt_kunit_write(k, base + i * granule),
				i % 3 != 2);
	iopgt_gather_init(&gather, false);
	found = dirty_scan(k, 0, base + 2000 * granule, true, &gather);
	KUNIT_EXPECT_EQ(test, found->nr, 500);
	KUNIT_EXPECT_EQ(test, found->bytes, 1000 * granule);
	for (i = 0; i < 500; i++) {
		KUNIT_EXPECT_EQ(test, found->range[i].start,
				base + 3 * i * granule);
		KUNIT_EXPECT_EQ(test, found->range[i].last,
				base + (3 * i + 2) * granule - 1);
	}
	/* All of it will be invalidated, whatever became of the ranges. */
	KUNIT_EXPECT_EQ(test, gather.range[0].start, base);
	KUNIT_EXPECT_EQ(test, gather.range[gather.nr - 1].last,
			base + 1499 * granule - 1);
	KUNIT_EXPECT_EQ(test, dirty_scan(k, 0, base + 2000 * granule, false,
					 NULL)->nr, 0);
}

/* 1 GiB of the smallest leaves, here and there one that was written. */
static void dirty_test_large(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	const unsigned long granule = iopgt_kunit_size(k, 0);
	const unsigned long pages = SZ_1G / granule;
	struct iopgt_gather gather;
	struct dirty_found *found;
	unsigned int i, n = 0;

	iopgt_kunit_map(k, SZ_1G, k->out, granule, pages);
	KUNIT_EXPECT_EQ(test, dirty_scan(k, SZ_1G, SZ_1G, false, NULL)->nr, 0);
	for (i = 0; i < pages; i += 1 + i / 2, n++)
		iopgt_kunit_write(k, SZ_1G + i * granule);
	iopgt_gather_init(&gather, false);
	found = dirty_scan(k, SZ_1G, SZ_1G, true, &gather);
	KUNIT_EXPECT_EQ(test, found->bytes, n * granule);
	for (i = 0; i < pages; i += 1 + i / 2)
		KUNIT_EXPECT_FALSE(test, iopgt_kunit_hw(k, SZ_1G + i * granule)
					 .dirty);
	for (i = 0; i < pages; i++)
		iopgt_kunit_write(k, SZ_1G + i * granule);
	dirty_clear(k, 0, SZ_2G, SZ_1G, SZ_1G);
}

/* What hardware finds writable and what not stays so through on and off. */
static void dirty_test_switch(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, false);
	const unsigned long granule = iopgt_kunit_size(k, 0);
	const unsigned long large = iopgt_kunit_size(k, 1);
	struct iopgt_snap *snap;
	size_t mapped = 0;
	u64 readonly;

	iopgt_kunit_map(k, 0, k->out, granule, 4);
	iopgt_kunit_map(k, large, k->out, large, 1);
	KUNIT_ASSERT_EQ(test, iopgt_map_pages(&k->pgt, 4 * granule, k->out,
					      granule, 4, IOMMU_READ,
					      GFP_KERNEL, &mapped), 0);
	readonly = iopgt_kunit_hw(k, 4 * granule).pte;
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(&k->pgt, 0, granule, false,
					       NULL, NULL, NULL), -EINVAL);

	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true), 0);
	for (unsigned int i = 0; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, iopgt_kunit_hw(k, i * granule).writable,
				i < 4);
		KUNIT_EXPECT_FALSE(test, iopgt_kunit_hw(k, i * granule).dirty);
	}
	KUNIT_EXPECT_TRUE(test, iopgt_kunit_hw(k, large).writable);
	dirty_clear(k, 0, 2 * large, 0, 0);
	KUNIT_EXPECT_TRUE(test, iopgt_kunit_write(k, large));

	/* It is on: nothing happens, least of all is something cleared. */
	snap = iopgt_snap(k);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true), 0);
	iopgt_snap_same(k, snap, false);
	dirty_clear(k, 0, 2 * large, large, large);

	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, false), 0);
	for (unsigned int i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, iopgt_kunit_hw(k, i * granule).writable,
				i < 4);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_hw(k, 4 * granule).pte, readonly);
	/* And again: what hardware did while it was off is not told. */
	iopgt_kunit_write(k, granule);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true), 0);
	dirty_clear(k, 0, 2 * large, 0, 0);
	KUNIT_EXPECT_TRUE(test, iopgt_kunit_write(k, 0));
	dirty_clear(k, 0, 2 * large, 0, granule);
}

/* Hardware that had a leaf cached as it was would not record. */
static void dirty_test_switch_invalidates(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);

	KUNIT_EXPECT_EQ(test, k->invalidations, 0);
	iopgt_kunit_map(k, 0, k->out, iopgt_kunit_size(k, 0), 2);
	iopgt_kunit_write(k, 0);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, false), 0);
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true), 0);
	KUNIT_EXPECT_EQ(test, k->invalidations, 2);
	KUNIT_EXPECT_EQ(test, k->last.range[0].start, 0);
	KUNIT_EXPECT_EQ(test, k->last.range[0].last,
			2 * iopgt_kunit_size(k, 0) - 1);
	KUNIT_EXPECT_FALSE(test, k->last.may_defer);
}

/*
 * A map looked at the switch before it was thrown, and wrote its leaf after. A
 * write through that is not lost, and from the next clearing on it is tracked.
 */
static void dirty_test_switch_map(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, false);
	const unsigned long granule = iopgt_kunit_size(k, 0);

	iopgt_kunit_map(k, 0, k->out, granule, 1);
	k->pgt.dirty = true;
	KUNIT_EXPECT_TRUE(test, iopgt_kunit_write(k, 0));
	dirty_clear(k, 0, granule, 0, granule);
	dirty_clear(k, 0, granule, 0, 0);
	KUNIT_EXPECT_TRUE(test, iopgt_kunit_write(k, 0));
	dirty_clear(k, 0, granule, 0, granule);
}

static void dirty_test_bad(struct kunit *test)
{
	const struct iopgt_kunit_format *f = test->param_value;
	struct iopgt_kunit *k = dirty_new(test, true);
	struct iopgt *pgt = &k->pgt;
	struct iopgt_gather gather;
	struct iopgt_cfg cfg = f->cfg;

	iopgt_gather_init(&gather, false);
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(pgt, 0, 0, false, NULL, NULL,
					       NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(pgt, 0, SZ_4K, true, NULL, NULL,
					       NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(pgt, pgt->ias_last, 1, true,
					       &gather, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(pgt, pgt->ias_last, 2, true,
					       &gather, NULL, NULL), -ERANGE);
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(pgt, 1, ~0UL, true, &gather,
					       NULL, NULL), pgt->ias_last ==
			~0UL ? 0 : -ERANGE);
	if (pgt->ias_last != ~0UL)
		KUNIT_EXPECT_EQ(test, iopgt_read_dirty(pgt, pgt->ias_last + 1,
						       1, true, &gather, NULL,
						       NULL), -ERANGE);
	KUNIT_EXPECT_TRUE(test, iopgt_gather_empty(&gather));

	/* Nobody could invalidate. */
	pgt->invalidate = NULL;
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(pgt, false),
			-EOPNOTSUPP);
	KUNIT_EXPECT_TRUE(test, pgt->dirty);

	/* Hardware that cannot, and hardware that would not be seen to. */
	cfg.hw_dirty = false;
	k = iopgt_kunit_new(test, f, &cfg);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, false), 0);
	KUNIT_EXPECT_FALSE(test, k->pgt.dirty);
	KUNIT_EXPECT_EQ(test, iopgt_read_dirty(&k->pgt, 0, SZ_4K, false, NULL,
					       NULL, NULL), -EOPNOTSUPP);
	k = iopgt_kunit_noncoherent(test);
	KUNIT_EXPECT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true),
			-EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, k->pgt.dirty);
}

/* Somebody else does something between the reading of a leaf and its clearing. */
static void dirty_unmaps(struct iopgt *pgt, u64 *entry)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	k->hooks.replacing = NULL;
	iopgt_kunit_unmap(k, 0, iopgt_kunit_size(k, 1));
}

static void dirty_cuts(struct iopgt *pgt, u64 *entry)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	k->hooks.replacing = NULL;
	KUNIT_EXPECT_EQ(k->test, iopgt_cut(pgt, iopgt_kunit_size(k, 0),
					   GFP_ATOMIC), 0);
}

static void dirty_writes(struct iopgt *pgt, u64 *entry)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	k->hooks.replacing = NULL;
	KUNIT_EXPECT_TRUE(k->test, iopgt_kunit_write(k, 0));
}

/* What was unmapped stays so; clearing does not bring it back. */
static void dirty_test_unmapped(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	struct iopgt_gather gather;
	const unsigned long leaf[] = {
		iopgt_kunit_size(k, 1), iopgt_kunit_size(k, 0),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(leaf); i++) {
		iopgt_kunit_map(k, 0, k->out, leaf[i], leaf[0] / leaf[i]);
		iopgt_kunit_write(k, 0);
		k->hooks.replacing = dirty_unmaps;
		iopgt_gather_init(&gather, false);
		dirty_scan(k, 0, leaf[0], true, &gather);
		KUNIT_EXPECT_NULL(test, k->hooks.replacing);
		iopgt_kunit_expect(k, 0, 0, 0);
		iopgt_kunit_map(k, 0, k->out, leaf[0], 1);
		iopgt_kunit_unmap(k, 0, leaf[0]);
	}
}

/* A block that was cut meanwhile is not put back; its parts stay dirty. */
static void dirty_test_cut(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	struct iopgt_gather gather;
	struct dirty_found *found;

	iopgt_kunit_map(k, 0, k->out, iopgt_kunit_size(k, 1), 1);
	iopgt_kunit_write(k, 0);
	k->hooks.replacing = dirty_cuts;
	iopgt_gather_init(&gather, false);
	found = dirty_scan(k, 0, iopgt_kunit_size(k, 1), true, &gather);
	KUNIT_EXPECT_EQ(test, found->bytes, iopgt_kunit_size(k, 1));
	iopgt_kunit_expect(k, 0, k->out, k->f->granule_lg2);
	dirty_clear(k, 0, iopgt_kunit_size(k, 1), 0, iopgt_kunit_size(k, 1));
}

/*
 * A write between the two comes before the clearing, and is reported. In a run
 * it may be recorded in an entry that was passed already; then it is once more.
 */
static void dirty_test_written(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	const unsigned long granule = iopgt_kunit_size(k, 0);
	unsigned long size = granule;

	do {
		iopgt_kunit_map(k, 0, k->out, size, 1);
		iopgt_kunit_write(k, size - granule);
		k->hooks.replacing = dirty_writes;
		dirty_clear(k, 0, size, 0, size);
		KUNIT_EXPECT_NULL(test, k->hooks.replacing);
		if (iopgt_kunit_hw(k, 0).dirty)
			dirty_clear(k, 0, size, 0, size);
		dirty_clear(k, 0, size, 0, 0);
		iopgt_kunit_unmap(k, 0, size);
		size = k->pgt.cfg.pgsize_bitmap & ~(2 * size - 1);
		size &= -size;
	} while (size && size <= iopgt_kunit_last(k));
}

/* A scan takes no lock, leaves interrupts alone, and reports while it may sleep. */
static void dirty_in_scan(struct iopgt *pgt, u64 *entry)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	k->hooks.replacing = NULL;
	KUNIT_EXPECT_FALSE(k->test, irqs_disabled());
#ifdef CONFIG_LOCKDEP
	/* All it holds is RCU, which lockdep counts as a lock. */
	KUNIT_EXPECT_LE(k->test, current->lockdep_depth, 1);
#endif
}

static void dirty_busy(unsigned long iova, size_t bytes, void *arg)
{
	struct kunit *test = arg;

	might_sleep();
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	/* From here on somebody else waits for this CPU. */
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

static void dirty_test_yields(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	const unsigned long granule = iopgt_kunit_size(k, 0);
	struct iopgt_gather gather;

	/* Such a kernel yields anywhere, and cond_resched() is nothing. */
	if (IS_ENABLED(CONFIG_PREEMPTION))
		kunit_skip(test, "a kernel with preemption");

	iopgt_kunit_map(k, 0, k->out, granule, 64);
	/* Somebody may really wait for the CPU by the time that it is looked at. */
	for (unsigned int n = 0; n < 10; n++) {
		for (unsigned int i = 0; i < 64; i += 2)
			iopgt_kunit_write(k, i * granule);
		k->hooks.replacing = dirty_in_scan;
		iopgt_gather_init(&gather, false);
		KUNIT_EXPECT_EQ(test, iopgt_read_dirty(&k->pgt, 0, 64 * granule, true,
						       &gather, dirty_busy, test), 0);
		KUNIT_EXPECT_NULL(test, k->hooks.replacing);
		if (!test_tsk_need_resched(current))
			return;
	}
	KUNIT_FAIL(test, "it does not yield");
}

#define DIRTY_PAGES	64
#define DIRTY_WRITES	20000

/**
 * struct dirty_race - hardware that writes while software scans
 * @k: the table
 * @data: the last number written to each page
 * @copy: what the scans have copied of it
 * @wrong: writes that faulted
 * @finished: all were made
 * @done: the thread has ended
 */
struct dirty_race {
	struct iopgt_kunit *k;
	unsigned int data[DIRTY_PAGES];
	unsigned int copy[DIRTY_PAGES];
	unsigned int wrong;
	bool finished;
	struct completion done;
};

/* As for hardware without caches: first it is recorded, then the data go. */
static int dirty_race_fn(void *arg)
{
	struct dirty_race *r = arg;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 3);
	for (unsigned int i = 1; i <= DIRTY_WRITES; i++) {
		unsigned int page = prandom_u32_state(&rnd) % DIRTY_PAGES;

		rcu_read_lock();
		WRITE_ONCE(r->data[page], i);
		r->wrong += !iopgt_kunit_write(r->k, (unsigned long)page *
					       iopgt_kunit_size(r->k, 0));
		rcu_read_unlock();
		if (!(i % 64))
			cond_resched();
	}
	/* Pairs with the acquire before the last scan. */
	smp_store_release(&r->finished, true);
	complete(&r->done);
	return 0;
}

static void dirty_race_copy(unsigned long iova, size_t bytes, void *arg)
{
	struct dirty_race *r = arg;
	const unsigned long granule = iopgt_kunit_size(r->k, 0);

	for (; bytes; bytes -= granule, iova += granule)
		r->copy[iova / granule] = READ_ONCE(r->data[iova / granule]);
}

/* Whoever copies what scans report has it all in the end. */
static void dirty_test_race(struct kunit *test)
{
	struct iopgt_kunit *k = dirty_new(test, true);
	struct dirty_race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	const unsigned long bytes = DIRTY_PAGES * iopgt_kunit_size(k, 0);
	struct task_struct *task;
	bool last;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->k = k;
	init_completion(&r->done);
	iopgt_kunit_map(k, 0, k->out, iopgt_kunit_size(k, 0), DIRTY_PAGES);
	task = kthread_create(dirty_race_fn, r, "iopgt_writer");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wake_up_process(task);
	do {
		struct iopgt_gather gather;

		/* Pairs with the release: the scan has all to find. */
		last = smp_load_acquire(&r->finished);
		iopgt_gather_init(&gather, false);
		iopgt_read_dirty(&k->pgt, 0, bytes, true, &gather,
				 dirty_race_copy, r);
		cond_resched();
	} while (!last);
	wait_for_completion(&r->done);
	KUNIT_EXPECT_EQ(test, r->wrong, 0);
	for (unsigned int i = 0; i < DIRTY_PAGES; i++)
		KUNIT_EXPECT_EQ(test, r->copy[i], r->data[i]);
}

static struct kunit_case dirty_test_cases[] = {
	KUNIT_CASE_PARAM(dirty_test_sizes, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_runs, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_part, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_ranges, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_large, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_switch, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_switch_invalidates, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_switch_map, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_bad, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_unmapped, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_cut, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_written, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_yields, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(dirty_test_race, iopgt_kunit_formats),
	{}
};

static struct kunit_suite dirty_test_suite = {
	.name = "ioflush_pgtable_dirty",
	.test_cases = dirty_test_cases,
};

kunit_test_suite(dirty_test_suite);
