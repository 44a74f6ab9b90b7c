// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the space of bus addresses
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sizes.h>

#include "iova_test.h"
#include "space.h"

#define NARROW		DMA_BIT_MASK(28)

static u32 chunks_used(struct iospace *space)
{
	struct iospace_stats stats;

	iospace_get_stats(space, &stats);
	return stats.small.chunks_used;
}

struct iospace *iova_test_space(struct kunit *test, u64 last)
{
	struct iospace *space = iospace_create(0, last);

	KUNIT_ASSERT_NOT_NULL(test, space);
	return space;
}

static dma_addr_t stream(struct iospace *space, size_t bytes)
{
	return iospace_alloc(space, bytes, U64_MAX, IOSPACE_STREAMING);
}

struct alloc_row {
	const char *name;
	size_t bytes;
	u64 limit;
	enum iospace_kind kind;
	bool arena;
	u64 align;
};

/* What is asked for, whether the arena serves it, and how it is aligned. */
static const struct alloc_row alloc_rows[] = {
	{ "a byte", 1, U64_MAX, IOSPACE_STREAMING, true, SZ_4K },
	{ "a page", SZ_4K, U64_MAX, IOSPACE_STREAMING, true, SZ_4K },
	{ "a page and a byte", SZ_4K + 1, U64_MAX, IOSPACE_STREAMING, true, SZ_4K },
	{ "64 KiB", SZ_64K, U64_MAX, IOSPACE_STREAMING, true, SZ_4K },
	{ "the largest piece", SZ_128K, U64_MAX, IOSPACE_STREAMING, true, SZ_4K },
	{ "more than that", SZ_128K + 1, U64_MAX, IOSPACE_STREAMING, true, SZ_32K },
	{ "the largest large piece", SZ_1M, U64_MAX, IOSPACE_STREAMING, true, SZ_1M },
	{ "more than that too", SZ_1M + 1, U64_MAX, IOSPACE_STREAMING, false, SZ_2M },
	{ "32-bit device", SZ_4K, DMA_BIT_MASK(32), IOSPACE_STREAMING, true, SZ_4K },
	{ "narrow device", SZ_4K, NARROW, IOSPACE_STREAMING, true, SZ_4K },
	{ "24-bit device", SZ_4K, DMA_BIT_MASK(24), IOSPACE_STREAMING, false, SZ_4K },
	{ "odd limit", SZ_4K, 0x12345, IOSPACE_STREAMING, false, SZ_4K },
	{ "lasting page", SZ_4K, U64_MAX, IOSPACE_LASTING, false, SZ_4K },
	{ "lasting 12 KiB", 3 * SZ_4K, U64_MAX, IOSPACE_LASTING, false, SZ_16K },
	{ "lasting 68 KiB", SZ_64K + SZ_4K, U64_MAX, IOSPACE_LASTING, false, SZ_128K },
	{ "lasting 3 MiB", 3 * SZ_1M, U64_MAX, IOSPACE_LASTING, false, SZ_4M },
	{ "lasting, narrow", SZ_1M, NARROW, IOSPACE_LASTING, false, SZ_1M },
};

KUNIT_ARRAY_PARAM_DESC(iova_alloc, alloc_rows, name);

static void iova_alloc_table(struct kunit *test)
{
	const struct alloc_row *row = test->param_value;
	struct iospace *space = iova_test_space(test, U64_MAX);
	dma_addr_t iova[8];
	int i, j;

	/* Another CPU would take a chunk of its own. */
	migrate_disable();
	for (i = 0; i < ARRAY_SIZE(iova); i++) {
		iova[i] = iospace_alloc(space, row->bytes, row->limit, row->kind);
		KUNIT_EXPECT_NE(test, iova[i], 0);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(iova[i], row->align));
		KUNIT_EXPECT_LE(test, PAGE_ALIGN(iova[i] + row->bytes) - 1,
				min(row->limit, DMA_BIT_MASK(32)));
		KUNIT_EXPECT_EQ(test, iospace_mergeable(space, iova[i]),
				row->arena);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE(test, iova[j] + row->bytes <= iova[i] ||
					  iova[i] + row->bytes <= iova[j]);
	}
	for (i = 0; i < ARRAY_SIZE(iova); i++)
		iospace_free(space, iova[i], row->bytes);
	KUNIT_EXPECT_LE(test, chunks_used(space), (u32)row->arena);
	migrate_enable();
	iospace_destroy(space);
}

/* Nothing at all is what there is for no bytes, and for too many. */
static void iova_alloc_nothing(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;

	KUNIT_EXPECT_EQ(test, stream(space, 0), 0);
	KUNIT_EXPECT_EQ(test, stream(space, SIZE_MAX), 0);
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, 0, U64_MAX, IOSPACE_LASTING), 0);
	/* Page 0 would do, but is never handed out. */
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, SZ_4K, SZ_4K - 1,
					    IOSPACE_STREAMING), 0);
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, SZ_4K, SZ_8K - 2,
					    IOSPACE_STREAMING), 0);
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, SZ_4K, SZ_8K - 1,
					    IOSPACE_STREAMING), SZ_4K);
	iospace_free(space, SZ_4K, SZ_4K);

	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.tree_out, 0);
	iospace_destroy(space);
}

/* Addresses above 4 GiB are for devices that have them, once the others run out. */
static void iova_alloc_above_4g(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, DMA_BIT_MASK(39));
	dma_addr_t iova[16];
	int i, low = 0;

	for (i = 0; i < ARRAY_SIZE(iova); i++) {
		iova[i] = iospace_alloc(space, SZ_512M, U64_MAX, IOSPACE_LASTING);
		KUNIT_EXPECT_NE(test, iova[i], 0);
		KUNIT_EXPECT_LE(test, iova[i] + SZ_512M - 1, DMA_BIT_MASK(39));
		if (iova[i] < SZ_4G)
			KUNIT_EXPECT_EQ(test, low++, i);
	}
	/* Of eight places, the one with page 0 in it cannot be had. */
	KUNIT_EXPECT_EQ(test, low, 7);
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, SZ_512M, DMA_BIT_MASK(32),
					    IOSPACE_LASTING), 0);
	for (i = 0; i < ARRAY_SIZE(iova); i++)
		iospace_free(space, iova[i], SZ_512M);
	iospace_destroy(space);
}

/* What a CPU allocates in a row lies in a row, from one chunk to the next. */
static void iova_neighbours(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	dma_addr_t iova[100], expect;
	struct iospace_stats stats;
	int i;

	iospace_get_stats(space, &stats);
	migrate_disable();
	iova[0] = stream(space, SZ_4K);
	expect = iova[0] + SZ_4K;
	for (i = 1; i < ARRAY_SIZE(iova); i++) {
		iova[i] = stream(space, SZ_16K - 1);
		/* The end of a chunk is left alone where a piece does not fit. */
		if (!IS_ALIGNED(expect, stats.small.chunk_bytes) &&
		    expect % stats.small.chunk_bytes + SZ_16K > stats.small.chunk_bytes)
			expect = round_up(expect, stats.small.chunk_bytes);
		KUNIT_EXPECT_EQ(test, iova[i], expect);
		expect += SZ_16K;
	}
	KUNIT_EXPECT_EQ(test, chunks_used(space), 4);
	for (i = 0; i < ARRAY_SIZE(iova); i++)
		iospace_free(space, iova[i], i ? SZ_16K - 1 : SZ_4K);
	KUNIT_EXPECT_EQ(test, chunks_used(space), 1);
	migrate_enable();
	iospace_destroy(space);
}

/* A CPU that maps and unmaps in turn stays on one chunk. */
static void iova_restart(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t first, iova;
	int i, again = 0;

	migrate_disable();
	first = stream(space, SZ_4K);
	iospace_free(space, first, SZ_4K);
	for (i = 0; i < 1000; i++) {
		iova = stream(space, SZ_4K);
		iospace_get_stats(space, &stats);
		KUNIT_EXPECT_LT(test, iova - first, stats.small.chunk_bytes);
		again += iova == first;
		iospace_free(space, iova, SZ_4K);
	}
	migrate_enable();
	KUNIT_EXPECT_EQ(test, again, 1000 / (stats.small.chunk_bytes / SZ_4K));
	KUNIT_EXPECT_EQ(test, stats.small.chunks_used, 1);
	KUNIT_EXPECT_EQ(test, stats.small.allocs, 1001);
	iospace_destroy(space);
}

/* The chunk that came back last is used first: its leaf tables are warm. */
static void iova_last_back_first_used(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t iova[13], next;
	int i;

	iospace_get_stats(space, &stats);
	migrate_disable();
	/* Four to a chunk: chunks 0, 1 and 2, and a piece of 3. */
	for (i = 0; i < ARRAY_SIZE(iova); i++)
		iova[i] = stream(space, SZ_128K);
	for (i = 0; i < 12; i++)
		iospace_free(space, iova[i], SZ_128K);
	KUNIT_EXPECT_EQ(test, chunks_used(space), 1);

	/* Fill chunk 3; after it comes 2 and not a fresh one. */
	for (i = 0; i < 3; i++)
		iova[i] = stream(space, SZ_128K);
	next = stream(space, SZ_4K);
	KUNIT_EXPECT_EQ(test, next, iova[8]);
	iospace_free(space, next, SZ_4K);
	for (i = 0; i < 3; i++)
		iospace_free(space, iova[i], SZ_128K);
	iospace_free(space, iova[12], SZ_128K);
	migrate_enable();
	iospace_destroy(space);
}

/* One call gives back what several handed out, across chunks as well. */
static void iova_merged_free(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t first, iova;
	size_t bytes;

	iospace_get_stats(space, &stats);
	migrate_disable();
	first = stream(space, SZ_4K);
	bytes = SZ_4K;
	while (bytes < 4 * stats.small.chunk_bytes) {
		iova = stream(space, SZ_4K);
		KUNIT_EXPECT_EQ(test, iova, first + bytes);
		KUNIT_EXPECT_TRUE(test, iospace_mergeable(space, iova));
		bytes += SZ_4K;
	}
	KUNIT_EXPECT_EQ(test, chunks_used(space), 4);

	/* Within a chunk, from the middle of one to that of another, the rest. */
	iospace_free(space, first, SZ_64K);
	KUNIT_EXPECT_EQ(test, chunks_used(space), 4);
	iospace_free(space, first + SZ_64K, 2 * stats.small.chunk_bytes);
	KUNIT_EXPECT_EQ(test, chunks_used(space), 2);
	iospace_free(space, first + SZ_64K + 2 * stats.small.chunk_bytes,
		     2 * stats.small.chunk_bytes - SZ_64K);
	KUNIT_EXPECT_EQ(test, chunks_used(space), 0);
	migrate_enable();
	iospace_destroy(space);
}

/* One piece that stays keeps a quarter of its chunk out of use, not for ever. */
static void iova_pinned_chunk(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t pinned, iova;
	bool back = false;
	int i;

	iospace_get_stats(space, &stats);
	migrate_disable();
	pinned = stream(space, SZ_4K);
	for (i = 0; i < 2000; i++) {
		iova = stream(space, SZ_4K);
		KUNIT_EXPECT_LT(test, iova - pinned, stats.small.chunk_bytes);
		/* After the first time through, nothing next to it either. */
		if (i >= 128)
			KUNIT_EXPECT_GE(test, iova - pinned, SZ_128K);
		iospace_free(space, iova, SZ_4K);
	}
	KUNIT_EXPECT_EQ(test, chunks_used(space), 1);

	iospace_free(space, pinned, SZ_4K);
	for (i = 0; i < 256 && !back; i++) {
		iova = stream(space, SZ_4K);
		back = iova == pinned;
		iospace_free(space, iova, SZ_4K);
	}
	migrate_enable();
	KUNIT_EXPECT_TRUE(test, back);
	iospace_destroy(space);
}

/* Chunks of which little is back are used when half of one is, and are one again. */
static void iova_partial_chunk(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	dma_addr_t iova[5], next;
	int i;

	migrate_disable();
	/* Four to a chunk, and one of the next. */
	for (i = 0; i < ARRAY_SIZE(iova); i++)
		iova[i] = stream(space, SZ_128K);
	iospace_free(space, iova[1], SZ_128K);
	for (i = 0; i < 3; i++)
		iospace_free(space, stream(space, SZ_128K), SZ_128K);
	/* A quarter is not enough: the chunk starts again that has three. */
	next = stream(space, SZ_128K);
	KUNIT_EXPECT_EQ(test, next, iova[4] + SZ_128K);
	iospace_free(space, iova[2], SZ_128K);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, stream(space, SZ_128K),
				next + (i + 1) * SZ_128K);
	/* That chunk is all out; two quarters side by side are not. */
	KUNIT_EXPECT_EQ(test, stream(space, SZ_128K), iova[1]);
	KUNIT_EXPECT_EQ(test, stream(space, SZ_128K), iova[2]);
	iospace_free(space, iova[0], 4 * SZ_128K);
	iospace_free(space, iova[4], 4 * SZ_128K);
	KUNIT_EXPECT_EQ(test, chunks_used(space), 0);
	migrate_enable();
	iospace_destroy(space);
}

#define LARGE_PIECE	SZ_1M
#define LARGE_PIECES	SZ_1K

/* A piece of one arena is never a neighbour of a piece of another. */
static void iova_large_apart(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, DMA_BIT_MASK(32));
	dma_addr_t *iova = kunit_kzalloc(test, LARGE_PIECES * sizeof(*iova),
					 GFP_KERNEL);
	u64 end, first = U64_MAX, last = 0;
	struct iospace_stats stats;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, iova);
	/* Of what a CPU has begun with, another gets nothing. */
	migrate_disable();
	for (i = 0; i < LARGE_PIECES; i++) {
		iova[i] = stream(space, LARGE_PIECE);
		if (!iospace_mergeable(space, iova[i]))
			continue;
		first = min(first, iova[i]);
		last = max(last, iova[i] + LARGE_PIECE - 1);
	}
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.large.chunks_used, stats.large.chunks);
	end = iospace_merge_limit(space, first);
	KUNIT_EXPECT_EQ(test, end, stats.large.base + stats.large.bytes);
	KUNIT_EXPECT_EQ(test, first, stats.large.base + stats.large.chunk_bytes);
	KUNIT_EXPECT_EQ(test, last, end - stats.large.chunk_bytes - 1);

	for (i = 0; i < LARGE_PIECES; i++)
		iospace_free(space, iova[i], LARGE_PIECE);
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_LE(test, stats.large.chunks_used, 1);
	migrate_enable();
	iospace_destroy(space);
}

/* Where lengths are no multiples of its granule only the last may be odd. */
static void iova_large_merged_free(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t first, next;

	migrate_disable();
	first = stream(space, SZ_256K);
	next = stream(space, SZ_128K + SZ_4K);
	KUNIT_EXPECT_EQ(test, next, first + SZ_256K);
	/* What is left out for the alignment counts as free. */
	KUNIT_EXPECT_EQ(test, stream(space, SZ_512K), first + SZ_512K);
	iospace_free(space, first, SZ_256K + SZ_128K + SZ_4K);
	iospace_free(space, first + SZ_512K, SZ_512K);
	iospace_get_stats(space, &stats);
	KUNIT_EXPECT_EQ(test, stats.large.chunks_used, 1);
	/* All of the chunk is back: when it is used up it starts again. */
	for (unsigned int i = 0; i < stats.large.chunk_bytes / SZ_1M; i++) {
		next = stream(space, SZ_1M);
		iospace_free(space, next, SZ_1M);
	}
	KUNIT_EXPECT_EQ(test, next, first);
	migrate_enable();
	iospace_destroy(space);
}

/* The arena is where its first user reaches, unless that is too narrow. */
static void iova_narrow_first(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	dma_addr_t narrow, wide;

	narrow = iospace_alloc(space, SZ_4K, DMA_BIT_MASK(24), IOSPACE_STREAMING);
	KUNIT_EXPECT_FALSE(test, iospace_mergeable(space, narrow));
	wide = iospace_alloc(space, SZ_4K, NARROW, IOSPACE_STREAMING);
	KUNIT_EXPECT_TRUE(test, iospace_mergeable(space, wide));
	KUNIT_EXPECT_LE(test, iospace_merge_limit(space, wide) - 1, NARROW);
	iospace_free(space, narrow, SZ_4K);
	iospace_free(space, wide, SZ_4K);
	iospace_destroy(space);
}

#define LONG		SZ_128M

/* Long ranges have a tree of their own, and addresses of it can be reserved. */
static void iova_long_tree(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	dma_addr_t iova[4];
	u64 held;
	int i;

	iova[0] = iospace_alloc(space, LONG, U64_MAX, IOSPACE_LASTING);
	KUNIT_EXPECT_NOT_NULL(test, iospace_longs_of(space, iova[0]));
	KUNIT_EXPECT_NOT_NULL(test, iospace_longs_of(space, iova[0] + LONG - 1));
	iova[1] = iospace_alloc(space, SZ_128K, U64_MAX, IOSPACE_LASTING);
	KUNIT_EXPECT_NULL(test, iospace_longs_of(space, iova[1]));

	/* Of four places that the tree has, the next one. */
	held = iova[0] - LONG;
	KUNIT_EXPECT_NOT_NULL(test, iospace_longs_of(space, held));
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, held, held), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, held, held), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, iova[0], iova[0]), -EBUSY);
	for (i = 2; i < 4; i++) {
		iova[i] = iospace_alloc(space, LONG, U64_MAX, IOSPACE_LASTING);
		KUNIT_EXPECT_NE(test, iova[i], held);
		KUNIT_EXPECT_NOT_NULL(test, iospace_longs_of(space, iova[i]));
	}
	/* What has no place there has one elsewhere. */
	held = iospace_alloc(space, LONG, U64_MAX, IOSPACE_LASTING);
	KUNIT_EXPECT_NE(test, held, 0);
	KUNIT_EXPECT_NULL(test, iospace_longs_of(space, held));

	iospace_free(space, held, LONG);
	iospace_free(space, iova[1], SZ_128K);
	for (i = 0; i < 4; i++)
		if (i != 1)
			iospace_free(space, iova[i], LONG);
	iospace_destroy(space);
}

static struct kunit_case iova_test_cases[] = {
	KUNIT_CASE_PARAM(iova_alloc_table, iova_alloc_gen_params),
	KUNIT_CASE(iova_alloc_nothing),
	KUNIT_CASE(iova_alloc_above_4g),
	KUNIT_CASE(iova_neighbours),
	KUNIT_CASE(iova_restart),
	KUNIT_CASE(iova_last_back_first_used),
	KUNIT_CASE(iova_merged_free),
	KUNIT_CASE(iova_pinned_chunk),
	KUNIT_CASE(iova_partial_chunk),
	KUNIT_CASE(iova_large_apart),
	KUNIT_CASE(iova_large_merged_free),
	KUNIT_CASE(iova_narrow_first),
	KUNIT_CASE(iova_long_tree),
	{}
};

static struct kunit_suite iova_test_suite = {
	.name = "ioflush_iova",
	.test_cases = iova_test_cases,
};

kunit_test_suite(iova_test_suite);
MODULE_DESCRIPTION("Tests of ioflush's bus addresses");
MODULE_LICENSE("GPL");
