// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite that compares random operations with an oracle
 *
 * The oracle is an XArray with an entry for each mapped page. It is asked what
 * each map and each unmap has to return, what the gather has to say and which
 * tables have to be there. A failure names the seed; ioflush_pgtable.seed= on
 * the kernel's command line runs it again.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "test_util.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"ioflush_pgtable."

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "Seed of the random test of page tables, 0 for any");

static uint ops = 100000;
module_param(ops, uint, 0444);
MODULE_PARM_DESC(ops, "Operations of each random test of page tables");

/* Input ranges of 8 MiB; two lie across the edge of a table. */
static const unsigned long windows[] = {
	0, SZ_1G - SZ_4M, 512UL * SZ_1G - SZ_4M, (BIT(48) - 1) & ~(SZ_8M - 1UL),
};

#define WINDOW_PAGES	(SZ_8M / SZ_4K)
#define BLOCK_PAGES	(SZ_2M / SZ_4K)
#define CHUNKS		(SZ_8M / SZ_2M)

/**
 * struct random_state - the table, and all that is known about it
 * @k: the table
 * @pages: the oracle: by page frame of the input address, a value of the output
 *	frame shifted up by one, and in bit 0 whether it is part of a block
 * @table: for each 2 MiB of each window, whether a leaf table hangs there
 * @blocks: blocks that took the place of an empty table
 * @rnd: random numbers
 * @count: how often an operation did something, by kind
 */
struct random_state {
	struct iopgt_kunit *k;
	struct xarray pages;
	bool table[ARRAY_SIZE(windows)][CHUNKS];
	unsigned int blocks;
	struct rnd_state rnd;
	unsigned int count[4];
};

static u32 below(struct random_state *s, u32 n)
{
	return prandom_u32_state(&s->rnd) % n;
}

static unsigned long oracle_get(struct random_state *s, unsigned long pfn)
{
	void *entry = xa_load(&s->pages, pfn);

	return entry ? xa_to_value(entry) : 0;
}

static void oracle_set(struct random_state *s, unsigned long pfn,
		       unsigned long value)
{
	void *old;

	if (value)
		old = xa_store(&s->pages, pfn, xa_mk_value(value), GFP_KERNEL);
	else
		old = xa_erase(&s->pages, pfn);
	KUNIT_ASSERT_FALSE(s->k->test, xa_is_err(old));
}

static u8 oracle_lg2(unsigned long value)
{
	if (!value)
		return 0;
	return value & 1 ? 21 : 12;
}

/* Does the table find what the oracle has, in both ways of looking? */
static void random_look(struct random_state *s, unsigned long pfn)
{
	unsigned long value = oracle_get(s, pfn);
	unsigned int off = below(s, SZ_4K);

	iopgt_kunit_expect(s->k, (pfn << 12) + off,
			   ((phys_addr_t)(value >> 1) << 12) + off,
			   oracle_lg2(value));
}

static void random_map(struct random_state *s, unsigned int w,
		       unsigned int page, unsigned int n)
{
	unsigned long first = windows[w] >> 12, out = 1 + below(s, 1U << 30);
	size_t mapped = 0;
	int ret, want = 0;
	unsigned int i;

	n = min_t(unsigned int, n, WINDOW_PAGES - page);
	for (i = 0; i < n; i++) {
		unsigned long old = oracle_get(s, first + page + i);

		if (old) {
			want = -EEXIST;
			break;
		}
		s->table[w][(page + i) / BLOCK_PAGES] = true;
		oracle_set(s, first + page + i, (out + i) << 1);
	}
	ret = iopgt_map_pages(&s->k->pgt, (first + page) << 12,
			      (phys_addr_t)out << 12, SZ_4K, n, IOPGT_RW,
			      GFP_KERNEL, &mapped);
	KUNIT_EXPECT_EQ(s->k->test, ret, want);
	KUNIT_EXPECT_EQ(s->k->test, mapped, (size_t)i << 12);
	s->count[0] += !!i;
}

static void random_map_block(struct random_state *s, unsigned int w,
			     unsigned int chunk)
{
	unsigned long pfn = (windows[w] >> 12) + chunk * BLOCK_PAGES;
	unsigned long out = (1 + below(s, 1U << 20)) * BLOCK_PAGES;
	size_t mapped = 0;
	int ret, want = 0;
	unsigned int i;

	for (i = 0; i < BLOCK_PAGES && !want; i++)
		if (oracle_get(s, pfn + i))
			want = -EEXIST;
	ret = iopgt_map_pages(&s->k->pgt, pfn << 12, (phys_addr_t)out << 12,
			      SZ_2M, 1, IOPGT_RW, GFP_KERNEL, &mapped);
	KUNIT_EXPECT_EQ(s->k->test, ret, want);
	KUNIT_EXPECT_EQ(s->k->test, mapped, want ? 0 : SZ_2M);
	if (want)
		return;

	s->blocks += s->table[w][chunk];
	KUNIT_EXPECT_EQ(s->k->test, s->k->invalidations, s->blocks);
	s->table[w][chunk] = false;
	for (i = 0; i < BLOCK_PAGES; i++)
		oracle_set(s, pfn + i, (out + i) << 1 | 1);
	s->count[1]++;
}

/* Take out of the oracle what an unmap has to clear; returns how many pages. */
static unsigned int oracle_unmap(struct random_state *s, unsigned long pfn,
				 unsigned int n, u8 *leaf_lg2)
{
	unsigned int i = 0, j, step;

	*leaf_lg2 = 0;
	while (i < n) {
		unsigned long value = oracle_get(s, pfn + i);
		u8 lg2 = oracle_lg2(value);

		if (!value)
			break;
		step = 1U << (lg2 - 12);
		if ((pfn + i) % step || n - i < step)
			break;
		for (j = 0; j < step; j++)
			oracle_set(s, pfn + i + j, 0);
		if (!*leaf_lg2 || lg2 < *leaf_lg2)
			*leaf_lg2 = lg2;
		i += step;
	}
	return i;
}

/* Tables that lie in the range as a whole have to go, and no others. */
static unsigned int oracle_tables(struct random_state *s, unsigned int w,
				  unsigned int page, unsigned int n)
{
	unsigned int chunk, gone = 0;

	for (chunk = 0; chunk < CHUNKS; chunk++) {
		unsigned int first = chunk * BLOCK_PAGES;

		if (first < page || first + BLOCK_PAGES > page + n)
			continue;
		gone += s->table[w][chunk];
		s->table[w][chunk] = false;
	}
	return gone;
}

static void random_unmap(struct random_state *s, unsigned int w,
			 unsigned int page, unsigned int n)
{
	unsigned long first = windows[w] >> 12;
	struct iopgt_gather gather;
	unsigned int want, gone;
	size_t unmapped;
	u8 leaf_lg2;

	n = min_t(unsigned int, n, WINDOW_PAGES - page);
	want = oracle_unmap(s, first + page, n, &leaf_lg2);
	gone = oracle_tables(s, w, page, want);

	iopgt_gather_init(&gather, true);
	unmapped = iopgt_unmap_pages(&s->k->pgt, (first + page) << 12,
				     (size_t)n << 12, &gather);
	KUNIT_EXPECT_EQ(s->k->test, unmapped, (size_t)want << 12);
	KUNIT_EXPECT_EQ(s->k->test, iopgt_gather_empty(&gather), !want);
	KUNIT_EXPECT_EQ(s->k->test, gather.range[0].leaf_lg2, leaf_lg2);
	KUNIT_EXPECT_EQ(s->k->test, gather.tables_unlinked, !!gone);
	KUNIT_EXPECT_EQ(s->k->test, list_count_nodes(&gather.pages), gone);
	if (want) {
		KUNIT_EXPECT_EQ(s->k->test, gather.range[0].start,
				(first + page) << 12);
		KUNIT_EXPECT_EQ(s->k->test, gather.range[0].last,
				((first + page + want) << 12) - 1);
	}
	iopgt_free_pages(&s->k->pgt, &gather.pages);
	s->count[2] += !!want;
	s->count[3] += gone;
}

/*
 * Empty 2 MiB in a few unmaps, or in a single one if they are full; then use
 * them as a block, as pages, or not at all.
 */
static void random_chunk(struct random_state *s, unsigned int w)
{
	unsigned int chunk = below(s, CHUNKS), first = chunk * BLOCK_PAGES;
	unsigned int most = below(s, 2) ? BLOCK_PAGES : 100, i;

	for (i = 0; i < BLOCK_PAGES; i++) {
		unsigned long value = oracle_get(s, (windows[w] >> 12) +
						 first + i);

		if (value)
			random_unmap(s, w, first + i,
				     value & 1 ? BLOCK_PAGES :
				     min(most, BLOCK_PAGES - i));
	}
	switch (below(s, 3)) {
	case 0:
		random_map_block(s, w, chunk);
		break;
	case 1:
		random_map(s, w, first, BLOCK_PAGES);
		break;
	}
}

static void random_op(struct random_state *s, unsigned int w)
{
	unsigned int page = below(s, WINDOW_PAGES);

	switch (below(s, 128)) {
	case 0 ... 47:
		random_map(s, w, page, 1 + below(s, below(s, 16) ? 16 : 600));
		break;
	case 48 ... 79:
		random_unmap(s, w, page, 1 + below(s, 700));
		break;
	case 80 ... 83:
		page -= page % BLOCK_PAGES;
		random_unmap(s, w, page, BLOCK_PAGES * (1 + below(s, 3)));
		break;
	case 84 ... 87:
		random_map_block(s, w, page / BLOCK_PAGES);
		break;
	case 88:
		random_chunk(s, w);
		break;
	default:
		random_look(s, (windows[w] >> 12) + page);
	}
}

/* Compare all of it, and count the tables. */
static void random_check(struct random_state *s)
{
	/* The root; 3 of 512 GiB: windows 0 to 2, 2 and 3; 5 of 1 GiB. */
	long tables = 0, upper = 1 + 3 + 5;
	unsigned int w, i;

	for (w = 0; w < ARRAY_SIZE(windows); w++) {
		for (i = 0; i < WINDOW_PAGES; i++)
			random_look(s, (windows[w] >> 12) + i);
		for (i = 0; i < CHUNKS; i++)
			tables += s->table[w][i];
	}
	KUNIT_EXPECT_EQ(s->k->test, atomic_long_read(&s->k->pgt.live_pages),
			upper + tables);
}

static void random_run(struct kunit *test, struct iopgt_kunit *k)
{
	struct random_state *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	u64 used = seed ?: get_random_u64();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	kunit_info(test, "ioflush_pgtable.seed=%llu", used);
	s->k = k;
	xa_init(&s->pages);
	prandom_seed_state(&s->rnd, used);

	for (i = 0; i < ops && READ_ONCE(test->status) != KUNIT_FAILURE; i++) {
		random_op(s, below(s, ARRAY_SIZE(windows)));
		if (!(i % 1024))
			cond_resched();
	}
	random_check(s);
	/* A run that never came by the rare paths would prove little. */
	if (ops >= 100000) {
		KUNIT_EXPECT_GT(test, s->blocks, 10);
		KUNIT_EXPECT_GT(test, s->count[3], 10);
	}
	kunit_info(test, "%u operations: %u maps, %u blocks, %u over tables, %u unmaps, %u tables unlinked",
		   i, s->count[0], s->count[1], s->blocks, s->count[2],
		   s->count[3]);
	xa_destroy(&s->pages);
}

static void random_test_coherent(struct kunit *test)
{
	random_run(test, iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL));
}

/* The long way only, and the hardware sees what was flushed, no more. */
static void random_test_noncoherent(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 48,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.nid = NUMA_NO_NODE,
	};

	random_run(test, iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), &cfg));
}

static struct kunit_case random_test_cases[] = {
	KUNIT_CASE_SLOW(random_test_coherent),
	KUNIT_CASE_SLOW(random_test_noncoherent),
	{}
};

static struct kunit_suite random_test_suite = {
	.name = "ioflush_pgtable_random",
	.test_cases = random_test_cases,
};

kunit_test_suite(random_test_suite);
