// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of addresses that nobody is to have, of a space that is in use
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/ioflush/iova.h>
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

static struct kunit_case reserve_test_cases[] = {
	KUNIT_CASE(iova_reserve_apart),
	KUNIT_CASE(iova_reserve_again),
	KUNIT_CASE(iova_reserve_rest),
	{}
};

static struct kunit_suite reserve_test_suite = {
	.name = "ioflush_iova_reserve",
	.test_cases = reserve_test_cases,
};

kunit_test_suite(reserve_test_suite);
MODULE_DESCRIPTION("Tests of ioflush's reserved bus addresses");
MODULE_LICENSE("GPL");
