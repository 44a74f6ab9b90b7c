// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for table pages: how they come, go and are freed
 *
 * In all formats. A page is what an entry at level 0 translates, a block one at
 * level 1, a large block one at level 2.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "test_snap.h"

static unsigned long table_entries(const struct iopgt_kunit *k)
{
	return BIT(k->f->idx_lg2);
}

/* The arena of the DMA layer depends on its tables staying where they are. */
static void table_test_small_unmaps(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long n = table_entries(k);
	const unsigned long pieces[] = { n / 64, n / 16 + 3, n / 2, n - 1 };
	struct iopgt_gather gather;
	unsigned long at, some;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		iopgt_kunit_map(k, block, 0, page, 2 * n);
		for (at = 0; at < 2 * n; at += some) {
			some = min(pieces[i], 2 * n - at);
			iopgt_gather_init(&gather, true);
			KUNIT_ASSERT_EQ(test,
					iopgt_unmap_pages(&k->pgt,
							  block + at * page,
							  some * page,
							  &gather),
					some * page);
			KUNIT_ASSERT_FALSE(test, gather.tables_unlinked);
			KUNIT_ASSERT_TRUE(test, list_empty(&gather.pages));
		}
		KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels + 1);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
	}
	/* Covered as a whole, but not by one call; and with a hole. */
	iopgt_kunit_map(k, block, 0, page, n - 1);
	iopgt_kunit_unmap(k, block, block);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels + 1);
}

/* What one unmap covered as a whole leaves the tree, at two levels. */
static void table_test_covered(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long n = table_entries(k), large = n * block;
	struct iopgt_gather gather;
	long before;

	if (k->f->levels == 2)
		kunit_skip(test, "only the root is above the lowest level");

	/* One page on either side; then four tables, and blocks between. */
	iopgt_kunit_map(k, large - page, page, page, 1);
	iopgt_kunit_map(k, 2 * large, 2 * page, page, 1);
	before = iopgt_kunit_live(k);
	iopgt_kunit_map(k, large, 0, page, 2 * n);
	iopgt_kunit_map(k, large + 2 * block, 0, block, n - 4);
	iopgt_kunit_map(k, 2 * large - 2 * block, 0, page, 2 * n);
	KUNIT_ASSERT_EQ(test, iopgt_kunit_live(k), before + 5);

	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, large, large,
						&gather), large);
	KUNIT_EXPECT_TRUE(test, gather.tables_unlinked);
	KUNIT_EXPECT_EQ(test, gather.nr, 3);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.pages), 5);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), before);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 5);
	iopgt_kunit_expect(k, large - page, page, k->f->granule_lg2);
	iopgt_kunit_expect(k, large, 0, 0);
	iopgt_kunit_expect(k, 2 * large - 1, 0, 0);
	iopgt_kunit_expect(k, 2 * large, 2 * page, k->f->granule_lg2);

	/* Nothing hangs there now, so a leaf fits without further ado. */
	if (iopgt_kunit_leaf_at(k, 2))
		iopgt_kunit_map(k, large, 0, large, 1);
	KUNIT_EXPECT_EQ(test, k->invalidations, 0);

	/* They stay until the gather's owner lets go of them. */
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 5);
	iopgt_free_pages(&k->pgt, &gather.pages);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
}

/* The root stays, also if an unmap covers all there is. */
static void table_test_root_stays(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned int top = k->f->levels - 1;
	const unsigned long size = iopgt_kunit_size(k, top);
	const unsigned long last = iopgt_kunit_last(k);

	if (!iopgt_kunit_leaf_at(k, top))
		kunit_skip(test, "no leaves in the root");
	iopgt_kunit_map(k, 0, 0, size, last / size + 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, 0, last + 1), last + 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
	iopgt_kunit_map(k, 0, k->out, iopgt_kunit_size(k, 0), 1);
	iopgt_kunit_expect(k, 0, k->out, k->f->granule_lg2);
}

/* Invariant "tables": a reader that found a page may go on using it. */
static void table_test_rcu(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const int pages = k->f->levels - 1;
	struct iopgt_gather gather;

	iopgt_kunit_map(k, 0, 0, page, block / page);
	iopgt_gather_init(&gather, true);
	iopgt_unmap_pages(&k->pgt, 0, block, &gather);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), pages);

	rcu_read_lock();
	iopgt_free_pages(&k->pgt, &gather.pages);
	mdelay(5);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), pages);
	rcu_read_unlock();

	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), pages - 1);
}

/* Destroying waits for callbacks that still count down in the table. */
static void table_test_destroy_pending(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);

	iopgt_kunit_map(k, 0, 0, page, block / page);
	iopgt_kunit_map(k, 4 * block, 0, block, 1);
	iopgt_kunit_unmap(k, 0, block);
	/* It looks at the counters, and no grace period has passed yet. */
	iopgt_kunit_destroy(k);
}

/* A block over tables without leaves: break, invalidate, make. */
static void table_test_empty(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const u8 lg2 = iopgt_kunit_lg2(k, 1);

	iopgt_kunit_map(k, 2 * block, 0, page, 4);
	iopgt_kunit_unmap(k, 2 * block, 4 * page);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels);

	iopgt_kunit_map(k, block, block, block, 3);
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	KUNIT_EXPECT_EQ(test, k->last.nr, 1);
	KUNIT_EXPECT_EQ(test, k->last.range[0].start, 2 * block);
	KUNIT_EXPECT_EQ(test, k->last.range[0].last, 3 * block - 1);
	KUNIT_EXPECT_TRUE(test, k->last.tables_unlinked);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels - 1);
	iopgt_kunit_expect(k, block, block, lg2);
	iopgt_kunit_expect(k, 2 * block, 2 * block, lg2);
	iopgt_kunit_expect(k, 3 * block, 3 * block, lg2);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
}

/* The same a level up, with empty tables in between. */
static void table_test_empty_deep(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long large = table_entries(k) * block;
	unsigned long i;
	size_t mapped;
	long live;

	if (!iopgt_kunit_leaf_at(k, 2))
		kunit_skip(test, "no large blocks");
	for (i = 0; i < 7; i++) {
		iopgt_kunit_map(k, large + i * 73 * block, 0, page, 1);
		iopgt_kunit_unmap(k, large + i * 73 * block, page);
	}

	/* One leaf at the very end keeps all of it. */
	iopgt_kunit_map(k, 2 * large - page, 3 * page, page, 1);
	live = iopgt_kunit_live(k);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, large, large, 1, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, k->invalidations, 0);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), live);
	iopgt_kunit_expect(k, 2 * large - page, 3 * page, k->f->granule_lg2);
	iopgt_kunit_unmap(k, 2 * large - page, page);

	/* The table of blocks, and 8 of pages. */
	iopgt_kunit_map(k, large, large, large, 1);
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	KUNIT_EXPECT_EQ(test, k->last.range[0].start, large);
	KUNIT_EXPECT_EQ(test, k->last.range[0].last, 2 * large - 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), live - 9);
	iopgt_kunit_expect(k, 2 * large - 1, 2 * large - 1,
			   iopgt_kunit_lg2(k, 2));
}

/* Without a hook nobody could invalidate, so it is refused. */
static void table_test_empty_no_hook(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	size_t mapped;

	k->pgt.invalidate = NULL;
	iopgt_kunit_map(k, block, 0, page, 1);
	iopgt_kunit_unmap(k, block, page);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, block, 2, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, block);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels);
}

/* Invariant "unwind", for each allocation that a map needs. */
static void table_test_no_memory(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned int levels = k->f->levels;
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long iova = iopgt_kunit_size(k, levels - 1) - page;
	const struct iopgt_snap *was;
	unsigned int fail;
	size_t mapped;

	/* Two pages in two subtrees, all tables of which are to be made. */
	for (fail = 1; fail <= 2 * (levels - 1); fail++) {
		size_t done = fail < levels ? 0 : page;

		k = iopgt_kunit_param(test);
		was = iopgt_snap(k);
		k->hooks.fail_alloc = fail;
		KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, iova, page, 2,
						      &mapped), -ENOMEM);
		KUNIT_EXPECT_EQ(test, k->hooks.fail_alloc, 0);
		KUNIT_EXPECT_EQ(test, mapped, done);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), fail);
		KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages) + 1,
				iopgt_kunit_live(k));
		iopgt_kunit_expect(k, iova, k->out,
				   done ? k->f->granule_lg2 : 0);
		iopgt_kunit_expect(k, iova + page, 0, 0);

		/* The caller unmaps what was mapped, and may try again. */
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, iova, mapped),
				mapped);
		iopgt_snap_same(k, was, true);
		iopgt_kunit_map(k, iova, k->out, page, 2);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), 2 * levels - 1);
		iopgt_kunit_destroy(k);
	}
}

/*
 * The same for an unmap of a part, which has to cut a leaf at both ends: where
 * an allocation fails, nothing of that leaf is unmapped, and the rest is as it
 * was.
 */
static void table_test_no_memory_unmap(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const struct iopgt_snap *was;
	struct iopgt_gather gather;

	iopgt_kunit_map(k, block, k->out, block, 2);
	was = iopgt_snap(k);

	/* The first cut. */
	k->hooks.fail_alloc = 1;
	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, 2 * block - page,
						2 * page, &gather), 0);
	KUNIT_EXPECT_TRUE(test, iopgt_gather_empty(&gather));
	iopgt_snap_same(k, was, false);
	KUNIT_EXPECT_EQ(test, k->invalidations, 0);

	/* The second one: the first made smaller leaves, no more. */
	k->hooks.fail_alloc = 2;
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, 2 * block - page,
						2 * page, &gather), 0);
	KUNIT_EXPECT_TRUE(test, iopgt_gather_empty(&gather));
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	iopgt_kunit_expect(k, 2 * block - page, k->out + block - page,
			   k->f->granule_lg2);
	iopgt_kunit_expect(k, 2 * block, k->out + block,
			   iopgt_kunit_lg2(k, 1));

	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, 2 * block - page, 2 * page),
			2 * page);
	KUNIT_EXPECT_EQ(test, k->invalidations, 2);
}

/* Somebody else installs the same table while ours is being allocated. */
static void table_raced(struct iopgt *pgt)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);
	const unsigned long page = iopgt_kunit_size(k, 0);

	if (k->nested)
		return;
	k->nested = true;
	iopgt_kunit_map(k, 2 * page, 8 * page, page, 1);
	k->nested = false;
	k->hooks.allocated = NULL;
}

static void table_test_raced(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);

	k->hooks.allocated = table_raced;
	iopgt_kunit_map(k, page, 4 * page, page, 1);
	iopgt_kunit_expect(k, page, 4 * page, k->f->granule_lg2);
	iopgt_kunit_expect(k, 2 * page, 8 * page, k->f->granule_lg2);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels);
	/* The loser's page was never linked: it is gone already. */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages),
			k->f->levels - 1);
}

static struct kunit_case table_test_cases[] = {
	KUNIT_CASE_PARAM(table_test_small_unmaps, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_covered, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_root_stays, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_rcu, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_destroy_pending, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_empty, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_empty_deep, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_empty_no_hook, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_no_memory, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_no_memory_unmap, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(table_test_raced, iopgt_kunit_formats),
	{}
};

static struct kunit_suite table_test_suite = {
	.name = "ioflush_pgtable_table",
	.test_cases = table_test_cases,
};

kunit_test_suite(table_test_suite);
