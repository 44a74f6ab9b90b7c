// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of a space that runs out, and of one that many use at once
 *
 * An oracle beside the space has a bit for each granule that is out: a range
 * may only be handed out where all bits are clear.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat-timer.h"
#include "iova_test.h"
#include "space.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush_iova_test."

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "seed of the random tests, as an earlier run printed it");

static unsigned int test_seed(struct kunit *test)
{
	unsigned int s = seed ?: get_random_u32();

	kunit_info(test, "ioflush_iova_test.seed=%u", s);
	return s;
}

/* Spaces small enough to run out of and to have a bit for each page. */
#define SMALL_BYTES	SZ_64M
#define SMALL_PAGES	(SMALL_BYTES / SZ_4K)

static unsigned long *test_oracle(struct kunit *test, unsigned int pages)
{
	unsigned long *oracle = kunit_kzalloc(test, BITS_TO_LONGS(pages) *
					      sizeof(long), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, oracle);
	return oracle;
}

/* The range is free and in the space: mark it. */
static bool oracle_take(unsigned long *oracle, unsigned int pages,
			dma_addr_t iova, size_t bytes)
{
	unsigned long n = DIV_ROUND_UP(bytes, SZ_4K), i = iova / SZ_4K;

	if (!IS_ALIGNED(iova, SZ_4K) || i + n > pages)
		return false;
	for (; n--; i++)
		if (test_and_set_bit(i, oracle))
			return false;
	return true;
}

static void oracle_put(unsigned long *oracle, dma_addr_t iova, size_t bytes)
{
	unsigned long n = DIV_ROUND_UP(bytes, SZ_4K), i = iova / SZ_4K;

	while (n--)
		clear_bit(i++, oracle);
}

/* Take single pages until there are none; returns how many. */
static unsigned int take_all(struct kunit *test, struct iospace *space,
			     unsigned long *oracle)
{
	unsigned int n = 0;
	dma_addr_t iova;

	while ((iova = iospace_alloc(space, SZ_4K, U64_MAX, IOSPACE_STREAMING))) {
		if (!oracle_take(oracle, SMALL_PAGES, iova, SZ_4K)) {
			KUNIT_FAIL(test, "%pad was not free", &iova);
			break;
		}
		n++;
	}
	return n;
}

static void put_all(struct iospace *space, unsigned long *oracle)
{
	unsigned int i;

	for_each_set_bit(i, oracle, SMALL_PAGES)
		iospace_free(space, (dma_addr_t)i * SZ_4K, SZ_4K);
	bitmap_zero(oracle, SMALL_PAGES);
}

/*
 * When the arena is used up the rest of the space serves, to the last page,
 * and none that is reserved. Afterwards the arena serves again.
 */
static void iova_exhausted(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, SMALL_BYTES - 1);
	unsigned long *oracle = test_oracle(test, SMALL_PAGES);
	unsigned long *held = test_oracle(test, SMALL_PAGES);
	struct iospace_stats stats;
	unsigned int round;
	dma_addr_t iova;

	KUNIT_EXPECT_EQ(test, iospace_reserve(space, SZ_1M, SZ_1M + SZ_64K - 1), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, SZ_32M + 1, SZ_32M + 2), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, SZ_32M, SZ_32M - 1), -EINVAL);
	bitmap_set(held, 0, 1);
	bitmap_set(held, SZ_1M / SZ_4K, SZ_64K / SZ_4K);
	bitmap_set(held, SZ_32M / SZ_4K, 1);

	migrate_disable();
	for (round = 0; round < 3; round++) {
		bitmap_copy(oracle, held, SMALL_PAGES);
		/* The page that ended the round before is behind the offset. */
		KUNIT_EXPECT_EQ(test, take_all(test, space, oracle),
				SMALL_PAGES - bitmap_weight(held, SMALL_PAGES) -
				!!round);
		iospace_get_stats(space, &stats);
		KUNIT_EXPECT_GE(test, stats.small.bytes, SZ_8M);
		KUNIT_EXPECT_EQ(test, stats.small.chunks_used, stats.small.chunks);
		KUNIT_EXPECT_GT(test, stats.arena_misses, 0);
		KUNIT_EXPECT_EQ(test, stats.tree_out * SZ_4K + stats.small.bytes,
				SMALL_BYTES - bitmap_weight(held, SMALL_PAGES) * SZ_4K);

		bitmap_andnot(oracle, oracle, held, SMALL_PAGES);
		put_all(space, oracle);
		iova = iospace_alloc(space, SZ_4K, U64_MAX, IOSPACE_STREAMING);
		KUNIT_EXPECT_TRUE(test, iospace_mergeable(space, iova));
		iospace_free(space, iova, SZ_4K);
	}
	migrate_enable();

	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.tree_out, 0);
	KUNIT_EXPECT_EQ(test, stats.small.chunks_used, 1);
	iospace_destroy(space);
}

/* Chunks can be kept out of use as long as nobody has used them. */
static void iova_reserve_in_arena(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, SMALL_BYTES - 1);
	unsigned long *oracle = test_oracle(test, SMALL_PAGES);
	struct iospace_stats stats;
	unsigned int i, pages;
	u64 at;

	migrate_disable();
	at = iospace_alloc(space, SZ_4K, U64_MAX, IOSPACE_STREAMING);
	KUNIT_EXPECT_TRUE(test, iospace_mergeable(space, at));
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, at), -EBUSY);
	iospace_free(space, at, SZ_4K);

	iospace_get_stats(space, &stats);
	at = stats.small.base + stats.small.bytes - 2 * stats.small.chunk_bytes + SZ_4K;
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, at + SZ_64K), 0);
	pages = take_all(test, space, oracle);
	/* Not page 0, not the page above, not the barred chunk. */
	KUNIT_EXPECT_EQ(test, pages,
			SMALL_PAGES - 2 - stats.small.chunk_bytes / SZ_4K);
	for (i = 0; i <= SZ_64K / SZ_4K; i++)
		KUNIT_EXPECT_FALSE(test, test_bit(at / SZ_4K + i, oracle));
	put_all(space, oracle);
	migrate_enable();
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_LE(test, stats.small.chunks_used, 1);
	iospace_destroy(space);
}

/* A space too small for an arena is served all the same. */
static void iova_no_arena(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, SZ_16M - 1);
	unsigned long *oracle = test_oracle(test, SMALL_PAGES);
	struct iospace_stats stats;

	KUNIT_EXPECT_EQ(test, take_all(test, space, oracle), SZ_16M / SZ_4K - 1);
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.small.bytes, 0);
	put_all(space, oracle);
	iospace_destroy(space);
}

/* Where 1 GiB is not free in one piece the arena is smaller. */
static void iova_small_arena(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t iova;
	u64 at;

	for (at = SZ_256M; at < SZ_4G; at += SZ_512M)
		KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, at), 0);
	iova = iospace_alloc(space, SZ_4K, U64_MAX, IOSPACE_STREAMING);
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.small.bytes, SZ_256M);
	KUNIT_EXPECT_TRUE(test, iospace_mergeable(space, iova));
	iospace_free(space, iova, SZ_4K);
	iospace_destroy(space);
}

struct live_range {
	dma_addr_t iova;
	size_t bytes;
};

#define RANDOM_LIVE	512
#define RANDOM_STEPS	50000

struct random_test {
	struct kunit *test;
	struct iospace *space;
	unsigned long *oracle;
	struct rnd_state rnd;
	struct live_range live[RANDOM_LIVE];
	unsigned int n;
};

static u32 below(struct random_test *r, u32 n)
{
	return prandom_u32_state(&r->rnd) % n;
}

static void random_alloc(struct random_test *r)
{
	size_t bytes = 1 + below(r, below(r, 4) ? SZ_16K : SZ_1M);
	u64 limit = below(r, 4) ? U64_MAX : SZ_4M + below(r, SMALL_BYTES);
	enum iospace_kind kind = below(r, 8) ? IOSPACE_STREAMING :
					       IOSPACE_LASTING;
	dma_addr_t iova = iospace_alloc(r->space, bytes, limit, kind);
	struct kunit *test = r->test;

	if (!iova)
		return;
	KUNIT_ASSERT_TRUE(test, oracle_take(r->oracle, SMALL_PAGES, iova, bytes));
	KUNIT_ASSERT_LE(test, iova + PAGE_ALIGN(bytes) - 1, limit);
	if (kind == IOSPACE_LASTING)
		KUNIT_ASSERT_TRUE(test, IS_ALIGNED(iova, roundup_pow_of_two(bytes)));
	r->live[r->n++] = (struct live_range) { iova, PAGE_ALIGN(bytes) };
}

/* The live range that begins where another ends, as the flush layer merges. */
static struct live_range *random_neighbour(struct random_test *r,
					   const struct live_range *range)
{
	unsigned int i;

	if (!iospace_mergeable(r->space, range->iova))
		return NULL;
	for (i = 0; i < r->n; i++)
		if (r->live[i].iova == range->iova + range->bytes &&
		    iospace_mergeable(r->space, r->live[i].iova))
			return &r->live[i];
	return NULL;
}

static void random_free(struct random_test *r)
{
	unsigned int i = below(r, r->n);
	struct live_range range = r->live[i], *next;

	r->live[i] = r->live[--r->n];
	while ((next = random_neighbour(r, &range))) {
		range.bytes += next->bytes;
		*next = r->live[--r->n];
	}
	oracle_put(r->oracle, range.iova, range.bytes);
	iospace_free(r->space, range.iova, range.bytes);
}

/* Nothing that is out is handed out again; all of it comes back. */
static void iova_random(struct kunit *test)
{
	struct random_test *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct iospace_stats stats;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->test = test;
	r->space = iova_test_space(test, SMALL_BYTES - 1);
	r->oracle = test_oracle(test, SMALL_PAGES);
	prandom_seed_state(&r->rnd, test_seed(test));

	for (i = 0; i < RANDOM_STEPS; i++) {
		/* Seasons: now more is taken, now more is given back. */
		bool grow = below(r, 8) < (i / 2048 % 2 ? 5 : 3);

		if (r->n < RANDOM_LIVE && (grow || !r->n))
			random_alloc(r);
		else
			random_free(r);
	}
	while (r->n)
		random_free(r);

	KUNIT_EXPECT_TRUE(test, bitmap_empty(r->oracle, SMALL_PAGES));
	iospace_get_stats(r->space, &stats);
	KUNIT_EXPECT_EQ(test, stats.tree_out, 0);
	KUNIT_EXPECT_LE(test, stats.small.chunks_used, num_possible_cpus());
	kunit_info(test, "%lu from the arena, %lu not", stats.small.allocs,
		   stats.tree_allocs);
	iospace_destroy(r->space);
}

/* Chunks that all have memory get no more of it, whoever asks last. */
static void iova_grown(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct arena *arena = &space->zone[IOSPACE_LOW].arena[IOSPACE_SMALL];
	dma_addr_t iova = iospace_alloc(space, PAGE_SIZE, DMA_BIT_MASK(32),
					IOSPACE_STREAMING);
	u32 end;

	KUNIT_EXPECT_NE(test, 0, iova);
	iospace_free(space, iova, PAGE_SIZE);
	end = DIV_ROUND_UP(arena->nr_chunks, 1U << ARENA_BLOCK_LG2);
	KUNIT_EXPECT_GT(test, end, 0);
	for (u32 i = 0; i <= end; i++)
		KUNIT_EXPECT_TRUE(test, arena_grow(arena));
	KUNIT_EXPECT_EQ(test, arena->nr_chunks, arena->ready);
	KUNIT_EXPECT_NOT_NULL(test, arena->block[end - 1]);
	/* The array has one more. */
	KUNIT_EXPECT_NULL(test, arena->block[end]);
	iospace_destroy(space);
}

/* How many single pages the tree has; they stay taken. */
static unsigned int take_lasting(struct iospace *space)
{
	unsigned int n = 0;

	while (iospace_alloc(space, PAGE_SIZE, U64_MAX, IOSPACE_LASTING))
		n++;
	return n;
}

/* Have a space make so many allocations from its tree. */
static void use_tree(struct iospace *space, unsigned int n)
{
	while (n--)
		iospace_free(space, iospace_alloc(space, PAGE_SIZE, U64_MAX,
						  IOSPACE_LASTING), PAGE_SIZE);
}

/* A space that gives out a few ranges has no caches of the kernel's allocator. */
static void iova_caches(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);

	migrate_disable();
	use_tree(space, IOSPACE_TREE_FEW - 1);
	flush_work(&space->tree_cache);
	KUNIT_EXPECT_FALSE(test, space->tree_cached);
	KUNIT_EXPECT_NULL(test, space->tree.rcaches);
	use_tree(space, 1);
	migrate_enable();
	flush_work(&space->tree_cache);
	KUNIT_EXPECT_TRUE(test, space->tree_cached);
	KUNIT_EXPECT_NOT_NULL(test, space->tree.rcaches);
	iospace_destroy(space);
}

/* A range from before the caches does not come back from them longer than it was. */
static void iova_caches_late(struct kunit *test)
{
	const size_t bytes = 4 * PAGE_SIZE, odd = 3 * PAGE_SIZE;
	struct iospace *space = iospace_create(bytes, 3 * bytes - 1);
	dma_addr_t iova, page;

	KUNIT_ASSERT_NOT_NULL(test, space);
	migrate_disable();
	iova = iospace_alloc(space, odd, U64_MAX, IOSPACE_LASTING);
	KUNIT_EXPECT_NE(test, 0, iova);
	/* So that the tree is searched from the top again. */
	use_tree(space, IOSPACE_TREE_FEW);
	KUNIT_EXPECT_EQ(test, 4, take_lasting(space));
	flush_work(&space->tree_cache);
	KUNIT_EXPECT_TRUE(test, space->tree_cached);

	iospace_free(space, iova, odd);
	page = iospace_alloc(space, bytes, U64_MAX, IOSPACE_LASTING);
	KUNIT_EXPECT_EQ(test, iova, page);
	iospace_free(space, page, bytes);
	for (page = bytes; page < 3 * bytes; page += PAGE_SIZE)
		if (page < iova || page >= iova + bytes)
			iospace_free(space, page, PAGE_SIZE);
	migrate_enable();
	iospace_destroy(space);
}

#define STRESS_THREADS	8
#define STRESS_SLOTS	256
#define STRESS_STEPS	10000
#define STRESS_TIMER_NS	(50 * NSEC_PER_USEC)

/*
 * A slot holds the address and length of a range that is out, or 0: whoever
 * takes it out of the slot frees it, so that most are freed by another CPU
 * than the one that allocated them.
 */
struct stress {
	struct iospace *space;
	unsigned long *oracle;
	atomic64_t slot[STRESS_SLOTS];
	atomic_t wrong;
	atomic_t running;
	struct completion done;
	unsigned int seed;
	struct hrtimer timer;
	u32 ticks;
};

static void stress_put(struct stress *s, u64 slot)
{
	dma_addr_t iova = slot & PAGE_MASK;
	size_t bytes = (slot & ~PAGE_MASK) * SZ_4K;

	if (!slot)
		return;
	oracle_put(s->oracle, iova, bytes);
	iospace_free(s->space, iova, bytes);
}

static void stress_once(struct stress *s, u32 rnd)
{
	unsigned int pages = 1 + (rnd >> 16) % 8;
	dma_addr_t iova = iospace_alloc(s->space, pages * SZ_4K, U64_MAX,
					IOSPACE_STREAMING);

	if (!iova)
		return;
	if (!oracle_take(s->oracle, SMALL_PAGES, iova, pages * SZ_4K))
		atomic_inc(&s->wrong);
	stress_put(s, atomic64_xchg(&s->slot[rnd % STRESS_SLOTS], iova | pages));
}

static int stress_thread(void *data)
{
	struct stress *s = data;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, s->seed + atomic_inc_return(&s->running));
	for (i = 0; i < STRESS_STEPS; i++) {
		stress_once(s, prandom_u32_state(&rnd));
		if (i % 64 == 0)
			cond_resched();
	}
	complete(&s->done);
	return 0;
}

/* An interrupt that maps and unmaps, in the middle of those of a thread. */
static enum hrtimer_restart stress_timer(struct hrtimer *timer)
{
	struct stress *s = container_of(timer, struct stress, timer);

	stress_once(s, s->seed + s->ticks++ * 0x9e3779b1);
	hrtimer_forward_now(timer, ns_to_ktime(STRESS_TIMER_NS));
	return HRTIMER_RESTART;
}

static void iova_stress(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct iospace_stats stats;
	int i, started = 0;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->space = iova_test_space(test, SMALL_BYTES - 1);
	s->oracle = test_oracle(test, SMALL_PAGES);
	s->seed = test_seed(test);
	init_completion(&s->done);
	hrtimer_setup(&s->timer, stress_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	hrtimer_start(&s->timer, ns_to_ktime(STRESS_TIMER_NS), HRTIMER_MODE_REL);

	for (i = 0; i < STRESS_THREADS; i++)
		started += !IS_ERR(kthread_run(stress_thread, s, "iova_stress"));
	KUNIT_EXPECT_EQ(test, started, STRESS_THREADS);
	for (i = 0; i < started; i++)
		wait_for_completion(&s->done);
	hrtimer_cancel(&s->timer);
	for (i = 0; i < STRESS_SLOTS; i++)
		stress_put(s, atomic64_read(&s->slot[i]));

	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(s->oracle, SMALL_PAGES));
	KUNIT_EXPECT_GT(test, s->ticks, 0);
	iospace_get_stats(s->space, &stats);
	KUNIT_EXPECT_EQ(test, stats.tree_out, 0);
	KUNIT_EXPECT_LE(test, stats.small.chunks_used, num_possible_cpus());
	kunit_info(test, "%lu from the arena, %lu not", stats.small.allocs,
		   stats.tree_allocs);
	iospace_destroy(s->space);
}

static long alloc_here(void *space)
{
	return iospace_alloc(space, SZ_4K, U64_MAX, IOSPACE_STREAMING);
}

/* A CPU that goes offline leaves its chunks to the others. */
static void iova_cpu_offline(struct kunit *test)
{
	int cpu = cpumask_last(cpu_online_mask);
	struct iospace_stats stats;
	struct iospace *space;
	dma_addr_t iova;

	if (num_online_cpus() < 2 || !IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs a CPU to take offline");

	space = iova_test_space(test, U64_MAX);
	iova = work_on_cpu(cpu, alloc_here, space);
	KUNIT_EXPECT_NE(test, iova, 0);
	iospace_free(space, iova, SZ_4K);
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.small.chunks_used, 1);

	if (remove_cpu(cpu)) {
		iospace_destroy(space);
		kunit_skip(test, "CPU %d does not go offline", cpu);
	}
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.small.chunks_used, 0);
	/* On a busy host it may not answer in time, or not be known to have gone. */
	for (unsigned int i = 0; i < 3 && add_cpu(cpu); i++)
		msleep(1000);
	KUNIT_EXPECT_TRUE(test, cpu_online(cpu));
	iospace_destroy(space);
}

static struct kunit_case space_test_cases[] = {
	KUNIT_CASE(iova_exhausted),
	KUNIT_CASE(iova_reserve_in_arena),
	KUNIT_CASE(iova_no_arena),
	KUNIT_CASE(iova_small_arena),
	KUNIT_CASE(iova_grown),
	KUNIT_CASE(iova_caches),
	KUNIT_CASE(iova_caches_late),
	KUNIT_CASE_SLOW(iova_random),
	KUNIT_CASE_SLOW(iova_stress),
	KUNIT_CASE(iova_cpu_offline),
	{}
};

static struct kunit_suite space_test_suite = {
	.name = "ioflush_iova_space",
	.test_cases = space_test_cases,
};

kunit_test_suite(space_test_suite);
MODULE_DESCRIPTION("Tests of ioflush's space of bus addresses");
MODULE_LICENSE("GPL");
