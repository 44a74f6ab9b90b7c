// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for table pages: how they come, go and are freed
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>

#include "test_util.h"

static long live(struct iopgt_kunit *k)
{
	return atomic_long_read(&k->pgt.live_pages);
}

static long pending(struct iopgt_kunit *k)
{
	return atomic_long_read(&k->pgt.pending_pages);
}

/* The arena of the DMA layer depends on its tables staying where they are. */
static void table_test_small_unmaps(struct kunit *test)
{
	static const unsigned int pieces[] = { 1, 3, 64, 256, 511 };
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	struct iopgt_gather gather;
	unsigned int i, page, n;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		iopgt_kunit_map(k, SZ_2M, SZ_2M, SZ_4K, 1024);
		for (page = 0; page < 1024; page += n) {
			n = min(pieces[i], 1024 - page);
			iopgt_gather_init(&gather, true);
			KUNIT_ASSERT_EQ(test,
					iopgt_unmap_pages(&k->pgt,
							  SZ_2M + page * SZ_4K,
							  n * SZ_4K, &gather),
					n * SZ_4K);
			KUNIT_ASSERT_FALSE(test, gather.tables_unlinked);
			KUNIT_ASSERT_TRUE(test, list_empty(&gather.pages));
			KUNIT_ASSERT_EQ(test, live(k), 5);
		}
		KUNIT_EXPECT_EQ(test, pending(k), 0);
	}
	/* Covered as a whole, but not by one call; and with a hole. */
	iopgt_kunit_map(k, SZ_2M, SZ_2M, SZ_4K, 511);
	iopgt_kunit_unmap(k, SZ_2M, SZ_2M);
	KUNIT_EXPECT_EQ(test, live(k), 5);
}

/* What one unmap covered as a whole leaves the tree, at all levels. */
static void table_test_covered(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	struct iopgt_gather gather;

	/* 1 GiB: four leaf tables, and blocks for the rest of it */
	iopgt_kunit_map(k, SZ_1G, 0, SZ_4K, 1024);
	iopgt_kunit_map(k, SZ_1G + SZ_4M, 0, SZ_2M, 508);
	iopgt_kunit_map(k, SZ_2G - SZ_4M, 0, SZ_4K, 1024);
	/* and one page on either side */
	iopgt_kunit_map(k, SZ_1G - SZ_4K, 0x1000, SZ_4K, 1);
	iopgt_kunit_map(k, SZ_2G, 0x2000, SZ_4K, 1);
	/* root, 512 GiB, 3 x 1 GiB, 2 + 4 leaf tables */
	KUNIT_ASSERT_EQ(test, live(k), 11);

	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, SZ_1G, SZ_1G,
						&gather), SZ_1G);
	KUNIT_EXPECT_TRUE(test, gather.tables_unlinked);
	KUNIT_EXPECT_EQ(test, gather.range[0].start, SZ_1G);
	KUNIT_EXPECT_EQ(test, gather.range[0].last, SZ_2G - 1);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, 12);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.pages), 5);
	KUNIT_EXPECT_EQ(test, live(k), 6);
	KUNIT_EXPECT_EQ(test, pending(k), 5);
	iopgt_kunit_expect(k, SZ_1G - 1, 0x1fff, 12);
	iopgt_kunit_expect(k, SZ_1G, 0, 0);
	iopgt_kunit_expect(k, SZ_2G - 1, 0, 0);
	iopgt_kunit_expect(k, SZ_2G, 0x2000, 12);

	/* Nothing hangs there now, so a block fits without further ado. */
	iopgt_kunit_map(k, SZ_1G, SZ_1G, SZ_1G, 1);
	KUNIT_EXPECT_EQ(test, k->invalidations, 0);

	/* They stay until the gather's owner lets go of them. */
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, pending(k), 5);
	iopgt_free_pages(&k->pgt, &gather.pages);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, pending(k), 0);
}

/* The root stays, also if an unmap covers all there is. */
static void table_test_root_stays(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K | SZ_1G,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), &cfg);

	iopgt_kunit_map(k, 0, 0, SZ_1G, 512);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, 0, BIT(39)), BIT(39));
	KUNIT_EXPECT_EQ(test, live(k), 1);
	KUNIT_EXPECT_EQ(test, pending(k), 0);
	iopgt_kunit_map(k, 0, 0, SZ_4K, 1);
	iopgt_kunit_expect(k, 0, 0, 12);
}

/* Invariant "tables": a reader that found a page may go on using it. */
static void table_test_rcu(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	struct iopgt_gather gather;

	iopgt_kunit_map(k, 0, 0, SZ_4K, 512);
	iopgt_gather_init(&gather, true);
	iopgt_unmap_pages(&k->pgt, 0, SZ_2M, &gather);
	KUNIT_EXPECT_EQ(test, pending(k), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), 3);

	rcu_read_lock();
	iopgt_free_pages(&k->pgt, &gather.pages);
	mdelay(20);
	KUNIT_EXPECT_EQ(test, pending(k), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), 3);
	rcu_read_unlock();

	rcu_barrier();
	KUNIT_EXPECT_EQ(test, pending(k), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), 2);
}

/* Destroying waits for callbacks that still count down in the table. */
static void table_test_destroy_pending(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);

	iopgt_kunit_map(k, 0, 0, SZ_4K, 512);
	iopgt_kunit_map(k, SZ_1G, 0, SZ_2M, 1);
	iopgt_kunit_unmap(k, 0, SZ_2M);
	/* It looks at the counters, and no grace period has passed yet. */
	iopgt_kunit_destroy(k);
}

/* A block over tables without leaves: break, invalidate, make. */
static void table_test_empty(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);

	iopgt_kunit_map(k, SZ_4M, 0, SZ_4K, 4);
	iopgt_kunit_unmap(k, SZ_4M, SZ_16K);
	KUNIT_EXPECT_EQ(test, live(k), 4);

	iopgt_kunit_map(k, SZ_2M, SZ_2M, SZ_2M, 3);
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	KUNIT_EXPECT_EQ(test, k->last.range[0].start, SZ_4M);
	KUNIT_EXPECT_EQ(test, k->last.range[0].last, SZ_4M + SZ_2M - 1);
	KUNIT_EXPECT_EQ(test, live(k), 3);
	iopgt_kunit_expect(k, SZ_2M, SZ_2M, 21);
	iopgt_kunit_expect(k, SZ_4M, SZ_4M, 21);
	iopgt_kunit_expect(k, SZ_4M + SZ_2M, SZ_4M + SZ_2M, 21);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, pending(k), 0);
}

/* The same two levels up, with empty tables in between. */
static void table_test_empty_deep(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	unsigned int i;
	size_t mapped;

	for (i = 0; i < 512; i += 73) {
		iopgt_kunit_map(k, SZ_1G + i * (unsigned long)SZ_2M, 0,
				SZ_4K, 1);
		iopgt_kunit_unmap(k, SZ_1G + i * (unsigned long)SZ_2M, SZ_4K);
	}
	KUNIT_ASSERT_EQ(test, live(k), 11);

	/* One leaf at the very end keeps all of it. */
	iopgt_kunit_map(k, SZ_2G - SZ_4K, 0x3000, SZ_4K, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_1G, SZ_1G, 1, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, k->invalidations, 0);
	KUNIT_EXPECT_EQ(test, live(k), 11);
	iopgt_kunit_expect(k, SZ_2G - SZ_4K, 0x3000, 12);
	iopgt_kunit_unmap(k, SZ_2G - SZ_4K, SZ_4K);

	iopgt_kunit_map(k, SZ_1G, SZ_1G, SZ_1G, 1);
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	KUNIT_EXPECT_EQ(test, k->last.range[0].start, SZ_1G);
	KUNIT_EXPECT_EQ(test, k->last.range[0].last, SZ_2G - 1);
	KUNIT_EXPECT_EQ(test, live(k), 2);
	iopgt_kunit_expect(k, SZ_2G - 1, SZ_2G - 1, 30);
}

/* Without a hook nobody could invalidate, so it is refused. */
static void table_test_empty_no_hook(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	size_t mapped;

	k->pgt.invalidate = NULL;
	iopgt_kunit_map(k, SZ_2M, 0, SZ_4K, 1);
	iopgt_kunit_unmap(k, SZ_2M, SZ_4K);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, SZ_2M, 2, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, SZ_2M);
	KUNIT_EXPECT_EQ(test, live(k), 4);
}

/* Invariant "unwind", for each allocation that a map needs. */
static void table_test_no_memory(struct kunit *test)
{
	const unsigned long iova = SZ_1G - SZ_4K;
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	unsigned int fail;
	size_t mapped;

	/* Below the root: 512 GiB, 1 GiB, leaf; then 1 GiB, leaf. */
	for (fail = 1; fail <= 5; fail++) {
		size_t done = fail <= 3 ? 0 : SZ_4K;

		k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
		k->hooks.fail_alloc = fail;
		KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, iova, SZ_4K, 2,
						      &mapped), -ENOMEM);
		KUNIT_EXPECT_EQ(test, k->hooks.fail_alloc, 0);
		KUNIT_EXPECT_EQ(test, mapped, done);
		KUNIT_EXPECT_EQ(test, live(k), fail);
		KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages) + 1,
				live(k));
		iopgt_kunit_expect(k, iova, k->out, done ? 12 : 0);
		iopgt_kunit_expect(k, iova + SZ_4K, 0, 0);

		/* The caller unmaps what was mapped, and may try again. */
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, iova, mapped),
				mapped);
		iopgt_kunit_expect(k, iova, 0, 0);
		iopgt_kunit_map(k, iova, k->out, SZ_4K, 2);
		KUNIT_EXPECT_EQ(test, live(k), 6);
	}
	k->hooks.fail_alloc = 1;
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 5UL << 39, SZ_2M, 1, &mapped),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, live(k), 6);
}

/* Somebody else installs the same table while ours is being allocated. */
static void table_raced(struct iopgt *pgt)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	if (k->nested)
		return;
	k->nested = true;
	iopgt_kunit_map(k, SZ_8K, 0x8000, SZ_4K, 1);
	k->nested = false;
	k->hooks.allocated = NULL;
}

static void table_test_raced(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);

	k->hooks.allocated = table_raced;
	iopgt_kunit_map(k, SZ_4K, 0x4000, SZ_4K, 1);
	iopgt_kunit_expect(k, SZ_4K, 0x4000, 12);
	iopgt_kunit_expect(k, SZ_8K, 0x8000, 12);
	KUNIT_EXPECT_EQ(test, live(k), 4);
	/* The loser's page was never linked: it is gone already. */
	KUNIT_EXPECT_EQ(test, pending(k), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages), 3);
}

#define TABLE_RACE_ROUNDS	600

struct table_racer {
	struct iopgt_kunit *k;
	atomic_t *round;
	unsigned int id;
	int ret;
	struct completion done;
};

/*
 * Both racers map a page in the same empty table, one table a round. They start
 * each round together, where there is more than one CPU.
 */
static int table_racer_fn(void *arg)
{
	struct table_racer *r = arg;
	unsigned long iova;
	size_t mapped = 0;
	unsigned int i;

	for (i = 0; i < TABLE_RACE_ROUNDS && !r->ret; i++) {
		atomic_inc(r->round);
		while (num_online_cpus() > 1 &&
		       atomic_read(r->round) < 2 * (i + 1))
			cond_resched();
		iova = (unsigned long)i * SZ_2M + r->id * SZ_4K;
		r->ret = iopgt_map_pages(&r->k->pgt, iova, iova, SZ_4K, 1,
					 IOPGT_RW, GFP_KERNEL, &mapped);
	}
	/* A racer that failed must not keep the other one waiting. */
	atomic_add(2 * TABLE_RACE_ROUNDS, r->round);
	complete(&r->done);
	return 0;
}

static void table_test_threads(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	struct task_struct *task[2];
	struct table_racer r[2] = {};
	atomic_t round = ATOMIC_INIT(0);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		r[i].k = k;
		r[i].id = i;
		r[i].round = &round;
		init_completion(&r[i].done);
		task[i] = kthread_create(table_racer_fn, &r[i], "iopgt_race%u",
					 i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task[i]);
	}
	for (i = 0; i < 2; i++)
		wake_up_process(task[i]);
	for (i = 0; i < 2; i++) {
		wait_for_completion(&r[i].done);
		KUNIT_EXPECT_EQ(test, r[i].ret, 0);
	}

	for (i = 0; i < TABLE_RACE_ROUNDS; i++) {
		unsigned long iova = (unsigned long)i * SZ_2M;

		iopgt_kunit_expect(k, iova, iova, 12);
		iopgt_kunit_expect(k, iova + SZ_4K, iova + SZ_4K, 12);
	}
	/* Leaf tables, those of 1 GiB that hold them, one, and the root. */
	KUNIT_EXPECT_EQ(test, live(k), TABLE_RACE_ROUNDS +
			DIV_ROUND_UP(TABLE_RACE_ROUNDS, 512) + 1 + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->hooks.pages) + 1, live(k));
}

static struct kunit_case table_test_cases[] = {
	KUNIT_CASE(table_test_small_unmaps),
	KUNIT_CASE(table_test_covered),
	KUNIT_CASE(table_test_root_stays),
	KUNIT_CASE(table_test_rcu),
	KUNIT_CASE(table_test_destroy_pending),
	KUNIT_CASE(table_test_empty),
	KUNIT_CASE(table_test_empty_deep),
	KUNIT_CASE(table_test_empty_no_hook),
	KUNIT_CASE(table_test_no_memory),
	KUNIT_CASE(table_test_raced),
	KUNIT_CASE(table_test_threads),
	{}
};

static struct kunit_suite table_test_suite = {
	.name = "ioflush_pgtable_table",
	.test_cases = table_test_cases,
};

kunit_test_suite(table_test_suite);
