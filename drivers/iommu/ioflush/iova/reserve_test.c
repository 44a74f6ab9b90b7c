// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of addresses that nobody is to have, of a space that is in use
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/ioflush/iova.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/sizes.h>

#include "iova_test.h"

/* The chunk at the edge of an arena that keeps apart is never used: it is reserved. */
static void iova_reserve_apart(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	dma_addr_t iova = iospace_alloc(space, SZ_256K, U64_MAX, IOSPACE_STREAMING);
	struct iospace_stats stats;
	u64 at;

	iospace_get_stats(space, &stats);
	at = stats.large.base;
	KUNIT_ASSERT_NE(test, stats.large.bytes, 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, at), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at - SZ_4K, at + SZ_4K), 0);
	at += stats.large.bytes - 1;
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, at), 0);
	iospace_free(space, iova, SZ_256K);
	iospace_destroy(space);
}

/* What is reserved once can be again, whatever has been handed out behind it. */
static void iova_reserve_again(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t iova[32];
	u64 at, last;

	migrate_disable();
	iova[0] = iospace_alloc(space, SZ_128K, U64_MAX, IOSPACE_STREAMING);
	iospace_get_stats(space, &stats);
	at = stats.small.base + 5 * stats.small.chunk_bytes;
	last = at + stats.small.chunk_bytes - 1;
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, at), 0);
	for (unsigned int i = 1; i < ARRAY_SIZE(iova); i++) {
		iova[i] = iospace_alloc(space, SZ_128K, U64_MAX, IOSPACE_STREAMING);
		KUNIT_EXPECT_TRUE(test, iova[i] < at || iova[i] > last);
	}
	migrate_enable();
	KUNIT_EXPECT_GT(test, iova[ARRAY_SIZE(iova) - 1], last);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at, last), 0);
	/* With what is used beside it, the one is reserved and the other cannot be. */
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, at - 1, last), -EBUSY);
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		iospace_free(space, iova[i], SZ_128K);
	iospace_destroy(space);
}

/* Of chunks that are used and others, the others are reserved. */
static void iova_reserve_rest(struct kunit *test)
{
	struct iospace *space = iova_test_space(test, U64_MAX);
	struct iospace_stats stats;
	dma_addr_t iova[32];
	u64 rest, last;

	migrate_disable();
	iova[0] = iospace_alloc(space, SZ_128K, U64_MAX, IOSPACE_STREAMING);
	iospace_get_stats(space, &stats);
	/* A CPU takes four chunks at once. */
	rest = stats.small.base + 4 * stats.small.chunk_bytes;
	last = rest + 2 * stats.small.chunk_bytes - 1;
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, iova[0], last), -EBUSY);
	for (unsigned int i = 1; i < ARRAY_SIZE(iova); i++) {
		iova[i] = iospace_alloc(space, SZ_128K, U64_MAX, IOSPACE_STREAMING);
		KUNIT_EXPECT_TRUE(test, iova[i] < rest || iova[i] > last);
	}
	migrate_enable();
	KUNIT_EXPECT_GT(test, iova[ARRAY_SIZE(iova) - 1], last);
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		iospace_free(space, iova[i], SZ_128K);
	iospace_destroy(space);
}

/* How many single pages the tree has; they stay taken, and none is from @first to @last. */
static unsigned int take_beside(struct kunit *test, struct iospace *space, u64 first,
				u64 last)
{
	unsigned int n = 0;
	dma_addr_t iova;

	while ((iova = iospace_alloc(space, SZ_4K, U64_MAX, IOSPACE_LASTING))) {
		KUNIT_EXPECT_TRUE(test, iova + SZ_4K <= first || iova > last);
		n++;
	}
	return n;
}

/* What a lasting mapping has is not reserved and nobody is told that it is; the rest is. */
static void iova_reserve_over_lasting(struct kunit *test)
{
	/* Too small for an arena, and for a tree of long ranges */
	struct iospace *space = iospace_create(SZ_64K, SZ_1M - 1);
	dma_addr_t iova, below;
	u64 first, last;

	KUNIT_ASSERT_NOT_NULL(test, space);
	iova = iospace_alloc(space, SZ_64K, U64_MAX, IOSPACE_LASTING);
	below = iospace_alloc(space, SZ_16K, U64_MAX, IOSPACE_LASTING);
	KUNIT_ASSERT_EQ(test, iova, SZ_1M - SZ_64K);
	KUNIT_ASSERT_EQ(test, below, iova - SZ_16K);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, iova + SZ_4K, iova + SZ_8K), -EBUSY);

	/* From the middle of the one to beyond the other, and far below them. */
	first = iova - SZ_256K;
	last = iova + SZ_8K - 1;
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, first, last), -EBUSY);
	iospace_free(space, below, SZ_16K);
	iospace_free(space, iova, SZ_64K);
	/* They can be had again, and all of them, but nothing else of it. */
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, SZ_64K, U64_MAX, IOSPACE_LASTING), iova);
	KUNIT_EXPECT_EQ(test, iospace_alloc(space, SZ_16K, U64_MAX, IOSPACE_LASTING), below);
	iospace_free(space, below, SZ_16K);
	iospace_free(space, iova, SZ_64K);

	/* Once they are back it can be reserved, and again. */
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, first, last), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, first, last), 0);
	KUNIT_EXPECT_EQ(test, take_beside(test, space, first, last),
			(SZ_1M - SZ_64K - (last + 1 - first)) / SZ_4K);
	for (iova = SZ_64K; iova < SZ_1M; iova += SZ_4K)
		if (iova < first || iova > last)
			iospace_free(space, iova, SZ_4K);
	iospace_destroy(space);
}

/* Ranges that are reserved one over the other, to beyond the end, are all reserved. */
static void iova_reserve_overlaps(struct kunit *test)
{
	struct iospace *space = iospace_create(SZ_64K, SZ_1M - 1);
	const u64 end = SZ_1M - SZ_256K;
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, space);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, 0, SZ_128K - 1), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, SZ_256K, SZ_256K + SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, SZ_128K + SZ_64K, SZ_512K - 1), 0);
	KUNIT_EXPECT_EQ(test, iospace_reserve(space, end, U64_MAX), 0);
	n = take_beside(test, space, SZ_128K + SZ_64K, SZ_512K - 1);
	KUNIT_EXPECT_EQ(test, n, (SZ_64K + end - SZ_512K) / SZ_4K);
	for (dma_addr_t iova = SZ_128K; iova < end; iova += SZ_4K)
		if (iova < SZ_128K + SZ_64K || iova >= SZ_512K)
			iospace_free(space, iova, SZ_4K);
	iospace_destroy(space);
}

/* A space that goes with addresses in quarantine has nothing to complain of. */
static void iova_quarantine_goes(struct kunit *test)
{
	static const size_t sizes[] = { SZ_4K, SZ_256K, SZ_2M };
	struct iospace *space = iova_test_space(test, U64_MAX);
	int before = test_taint(TAINT_WARN);
	dma_addr_t iova;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		iova = iospace_alloc(space, sizes[i], U64_MAX, IOSPACE_STREAMING);
		iospace_quarantine(space, iova, iova);
		iospace_free(space, iova, sizes[i]);
		KUNIT_EXPECT_NE(test, iova, iospace_alloc(space, sizes[i], U64_MAX,
							  IOSPACE_STREAMING));
	}
	iospace_destroy(space);
	KUNIT_EXPECT_EQ(test, before, test_taint(TAINT_WARN));
}

static struct kunit_case reserve_test_cases[] = {
	KUNIT_CASE(iova_reserve_apart),
	KUNIT_CASE(iova_reserve_again),
	KUNIT_CASE(iova_reserve_rest),
	KUNIT_CASE(iova_reserve_over_lasting),
	KUNIT_CASE(iova_reserve_overlaps),
	KUNIT_CASE(iova_quarantine_goes),
	{}
};

static struct kunit_suite reserve_test_suite = {
	.name = "ioflush_iova_reserve",
	.test_cases = reserve_test_cases,
};

kunit_test_suite(reserve_test_suite);
MODULE_DESCRIPTION("Tests of ioflush's reserved bus addresses");
MODULE_LICENSE("GPL");
