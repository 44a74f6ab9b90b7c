// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for mapping, unmapping and looking up
 */
#include "test_util.h"

/* A range that cannot be mapped, and why. The table is 48 bits to 46. */
struct walk_bad_case {
	unsigned long iova;
	phys_addr_t paddr;
	size_t pgsize;
	size_t pgcount;
	int ret;
};

static const struct walk_bad_case walk_bad_cases[] = {
	/* size */
	{ 0, 0, SZ_8K, 1, -EINVAL },
	{ 0, 0, SZ_4K | SZ_2M, 1, -EINVAL },
	{ 0, 0, 0, 1, -EINVAL },
	{ 0, 0, SZ_1M, 1, -EINVAL },
	{ 0, 0, SZ_4K, 0, -EINVAL },
	/* alignment */
	{ 0x800, 0, SZ_4K, 1, -EINVAL },
	{ 0, 0x1, SZ_4K, 1, -EINVAL },
	{ SZ_4K, 0, SZ_2M, 1, -EINVAL },
	{ 0, SZ_1M, SZ_2M, 1, -EINVAL },
	{ SZ_2M, 0, SZ_1G, 1, -EINVAL },
	/* input range */
	{ BIT(48), 0, SZ_4K, 1, -ERANGE },
	{ BIT(48) - SZ_4K, 0, SZ_4K, 2, -ERANGE },
	{ BIT(48) - SZ_2M, 0, SZ_2M, 2, -ERANGE },
	{ ~0UL << 12, 0, SZ_4K, 1, -ERANGE },
	{ ~0UL << 12, 0, SZ_4K, 2, -ERANGE },
	{ SZ_4K, 0, SZ_4K, BIT(52), -ERANGE },
	{ 0, 0, SZ_4K, ~0UL, -ERANGE },
	/* output range */
	{ 0, BIT(46), SZ_4K, 1, -ERANGE },
	{ 0, BIT(46) - SZ_4K, SZ_4K, 2, -ERANGE },
	{ 0, BIT(46) - SZ_1G, SZ_1G, 2, -ERANGE },
};

static void walk_bad(struct iopgt_kunit *k)
{
	long live = atomic_long_read(&k->pgt.live_pages);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(walk_bad_cases); i++) {
		const struct walk_bad_case *c = &walk_bad_cases[i];
		size_t mapped = 7;
		int ret;

		ret = iopgt_map_pages(&k->pgt, c->iova, c->paddr, c->pgsize,
				      c->pgcount, IOPGT_RW, GFP_KERNEL,
				      &mapped);
		KUNIT_EXPECT_EQ_MSG(k->test, ret, c->ret, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(k->test, mapped, 7, "case %u", i);
	}
	KUNIT_EXPECT_EQ(k->test, atomic_long_read(&k->pgt.live_pages), live);
}

/* Refused before anything is touched, on the long way and on the short. */
static void walk_test_bad(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);

	walk_bad(k);
	/* The tables that the cases' addresses, or their low bits, lead to. */
	iopgt_kunit_map(k, SZ_1M, 0, SZ_4K, 1);
	iopgt_kunit_map(k, BIT(48) - SZ_1M, 0, SZ_4K, 1);
	walk_bad(k);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, 0), 0);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, BIT(48) - 1), 0);
}

/* The last page that fits, on both sides. */
static void walk_test_limits(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);

	iopgt_kunit_map(k, BIT(48) - SZ_8K, BIT(46) - SZ_8K, SZ_4K, 2);
	iopgt_kunit_expect(k, BIT(48) - 1, BIT(46) - 1, 12);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, BIT(48)), 0);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, ~0UL), 0);
}

/* A size that the configuration does not have is refused. */
static void walk_test_bitmap(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 39,
		.pgsize_bitmap = SZ_4K | SZ_2M,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), &cfg);
	size_t mapped;

	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, SZ_1G, 1, &mapped),
			-EINVAL);
	iopgt_kunit_map(k, 0, 0, SZ_2M, 1);
}

/* Runs that cross from one table into the next, at every level. */
static void walk_test_cross(struct kunit *test)
{
	static const unsigned long edges[] = {
		SZ_2M, SZ_1G, 512UL * SZ_1G, 511UL * 512 * SZ_1G,
	};
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		unsigned long iova = edges[i] - 3 * SZ_4K;

		iopgt_kunit_map(k, iova, 0x555000, SZ_4K, 600);
		for (j = 0; j < 600; j++)
			iopgt_kunit_expect(k, iova + j * SZ_4K + j,
					   0x555000 + j * SZ_4K + j, 12);
		iopgt_kunit_expect(k, iova - 1, 0, 0);
		iopgt_kunit_expect(k, iova + 600 * SZ_4K, 0, 0);
		KUNIT_EXPECT_EQ(test,
				iopgt_kunit_unmap(k, iova, 600 * SZ_4K),
				600 * SZ_4K);
		for (j = 0; j < 600; j++)
			iopgt_kunit_expect(k, iova + j * SZ_4K, 0, 0);
	}

	iopgt_kunit_map(k, 511UL * SZ_1G + 511UL * SZ_2M, SZ_1G, SZ_2M, 3);
	for (j = 0; j < 3; j++)
		iopgt_kunit_expect(k, 511UL * SZ_1G + (511UL + j) * SZ_2M + 9,
				   SZ_1G + j * SZ_2M + 9, 21);
}

/* What is there stays, what came before it is reported. */
static void walk_test_overlap(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	size_t mapped;

	/* a page where a page is */
	iopgt_kunit_map(k, 5 * SZ_4K, 0x7000, SZ_4K, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, SZ_4K, 9, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, 5 * SZ_4K);
	iopgt_kunit_expect(k, 4 * SZ_4K, k->out + 4 * SZ_4K, 12);
	iopgt_kunit_expect(k, 5 * SZ_4K, 0x7000, 12);
	iopgt_kunit_expect(k, 6 * SZ_4K, 0, 0);

	/* a block where a page is */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, SZ_2M, 1, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, 0);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, SZ_1G, 1, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, 0);
	iopgt_kunit_expect(k, 5 * SZ_4K, 0x7000, 12);

	/* a page, and a run of them that runs into it, where a block is */
	iopgt_kunit_map(k, SZ_4M, SZ_8M, SZ_2M, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_4M + SZ_4K, SZ_4K, 1,
					      &mapped), -EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, 0);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_2M, SZ_4K, 513, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, SZ_2M);
	iopgt_kunit_expect(k, SZ_4M, SZ_8M, 21);

	/* a block where a block is, smaller and larger */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_4M, SZ_2M, 1, &mapped),
			-EEXIST);
	iopgt_kunit_map(k, SZ_1G, SZ_2G, SZ_1G, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_1G, SZ_2M, 1, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_1G - SZ_2M, SZ_2M, 2,
					      &mapped), -EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, SZ_2M);
	iopgt_kunit_expect(k, SZ_1G, SZ_2G, 30);
	KUNIT_EXPECT_EQ(test, k->invalidations, 0);
}

/* One unmap of a prepared table, and exactly what it has to say. */
struct walk_unmap_case {
	const char *name;
	unsigned long iova;
	size_t size;
	size_t unmapped;
	unsigned long start;
	unsigned long last;
	u8 leaf_lg2;
	unsigned int pages;
};

/*
 * Pages from 64 to 130 KiB and from 2 to 4 MiB, blocks of 2 MiB from 4 to 10
 * MiB, pages from 10 MiB to 10 MiB + 8 KiB, one block of 1 GiB at 1 GiB.
 */
static const struct walk_unmap_case walk_unmap_cases[] = {
	{ "one page", 0x11000, 0x1000, 0x1000, 0x11000, 0x11fff, 12, 0 },
	{ "a run", 0x10000, 0x8000, 0x8000, 0x10000, 0x17fff, 12, 0 },
	{ "up to the hole", 0x1f000, 0x4000, 0x2000, 0x1f000, 0x20fff, 12, 0 },
	{ "from a hole", 0xf000, 0x2000, 0, ~0UL, 0, 0, 0 },
	{ "nothing there", 512UL * SZ_1G, SZ_1G, 0, ~0UL, 0, 0, 0 },
	{ "half a table", SZ_2M, SZ_1M, SZ_1M, SZ_2M, (SZ_2M + SZ_1M) - 1, 12, 0 },
	{ "a whole table", SZ_2M, SZ_2M, SZ_2M, SZ_2M, SZ_4M - 1, 12, 1 },
	{ "its end, a block", SZ_4M - SZ_4K, SZ_2M + SZ_4K, SZ_2M + SZ_4K,
	  SZ_4M - SZ_4K, SZ_4M + SZ_2M - 1, 12, 0 },
	{ "one block", SZ_4M, SZ_2M, SZ_2M, SZ_4M, SZ_4M + SZ_2M - 1, 21, 0 },
	{ "two blocks", SZ_4M, SZ_4M, SZ_4M, SZ_4M, SZ_8M - 1, 21, 0 },
	{ "the start of a block", SZ_4M, SZ_1M, 0, ~0UL, 0, 0, 0 },
	{ "the end of a block", SZ_4M + SZ_1M, SZ_1M, 0, ~0UL, 0, 0, 0 },
	{ "a block and a half", SZ_4M, SZ_2M + SZ_1M, SZ_2M,
	  SZ_4M, SZ_4M + SZ_2M - 1, 21, 0 },
	{ "blocks, then pages", SZ_4M, SZ_4M + SZ_2M + SZ_8K,
	  SZ_4M + SZ_2M + SZ_8K, SZ_4M, SZ_8M + SZ_2M + SZ_8K - 1, 12, 0 },
	{ "all of it", SZ_2M, SZ_8M + SZ_8K, SZ_8M + SZ_8K,
	  SZ_2M, SZ_8M + SZ_2M + SZ_8K - 1, 12, 1 },
	{ "the block of 1 GiB", SZ_1G, SZ_1G, SZ_1G, SZ_1G, SZ_2G - 1, 30, 0 },
	{ "into the block of 1 GiB", SZ_1G, SZ_2M, 0, ~0UL, 0, 0, 0 },
	{ "misaligned", 0x10800, 0x1000, 0, ~0UL, 0, 0, 0 },
	{ "misaligned size", 0x10000, 0x1800, 0, ~0UL, 0, 0, 0 },
	{ "no size", 0x10000, 0, 0, ~0UL, 0, 0, 0 },
	{ "outside", BIT(48) | 0x10000, SZ_4K, 0, ~0UL, 0, 0, 0 },
	{ "wraps", 0x10000, ~0xfffUL, 0, ~0UL, 0, 0, 0 },
};

static void walk_unmap_name(const struct walk_unmap_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(walk_unmap, walk_unmap_cases, walk_unmap_name);

/* Invariant "precision": the gather says what was unmapped, no more, no less. */
static void walk_test_gather(struct kunit *test)
{
	const struct walk_unmap_case *c = test->param_value;
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	struct iopgt_gather gather;
	long live;

	iopgt_kunit_map(k, 0x10000, 0x10000, SZ_4K, 17);
	iopgt_kunit_map(k, SZ_2M, SZ_2M, SZ_4K, 512);
	iopgt_kunit_map(k, SZ_4M, SZ_4M, SZ_2M, 3);
	iopgt_kunit_map(k, SZ_8M + SZ_2M, SZ_8M + SZ_2M, SZ_4K, 2);
	iopgt_kunit_map(k, SZ_1G, SZ_1G, SZ_1G, 1);
	live = atomic_long_read(&k->pgt.live_pages);

	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, c->iova, c->size,
						&gather), c->unmapped);
	KUNIT_EXPECT_EQ(test, gather.range[0].start, c->start);
	KUNIT_EXPECT_EQ(test, gather.range[0].last, c->last);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, c->leaf_lg2);
	KUNIT_EXPECT_EQ(test, gather.tables_unlinked, !!c->pages);
	KUNIT_EXPECT_TRUE(test, gather.may_defer);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.pages), c->pages);
	KUNIT_EXPECT_EQ(test, iopgt_gather_empty(&gather), !c->unmapped);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&k->pgt.live_pages),
			live - c->pages);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&k->pgt.pending_pages),
			c->pages);

	/* Its neighbours are still mapped, where there were any. */
	if (c->unmapped) {
		iopgt_kunit_expect(k, c->iova, 0, 0);
		iopgt_kunit_expect(k, c->iova + c->unmapped - 1, 0, 0);
	}
	if (c->iova == 0x11000) {
		iopgt_kunit_expect(k, 0x10fff, 0x10fff, 12);
		iopgt_kunit_expect(k, 0x12000, 0x12000, 12);
	}
	iopgt_free_pages(&k->pgt, &gather.pages);
	KUNIT_EXPECT_TRUE(test, list_empty(&gather.pages));
}

/* Two unmaps may share a gather. */
static void walk_test_gather_twice(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), NULL);
	struct iopgt_gather gather;

	iopgt_kunit_map(k, SZ_4M, 0, SZ_2M, 1);
	iopgt_kunit_map(k, SZ_8K, 0, SZ_4K, 1);
	iopgt_gather_init(&gather, false);
	iopgt_unmap_pages(&k->pgt, SZ_4M, SZ_2M, &gather);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, 21);
	iopgt_unmap_pages(&k->pgt, SZ_8K, SZ_4K, &gather);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, 12);
	KUNIT_EXPECT_EQ(test, gather.range[0].start, SZ_8K);
	KUNIT_EXPECT_EQ(test, gather.range[0].last, SZ_4M + SZ_2M - 1);
	KUNIT_EXPECT_FALSE(test, gather.may_defer);
}

/*
 * Two CPUs share a table that the first one just installed. The walker does not
 * snoop, and the second CPU is done before the first has flushed the entry.
 */
static void walk_synced_late(struct iopgt *pgt, const void *first,
			     size_t bytes)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);

	if (!k->nested && bytes == sizeof(u64) &&
	    (*(const u64 *)first & 3) == 3) {
		k->nested = true;
		iopgt_kunit_map(k, SZ_8K, SZ_8K, SZ_4K, 1);
		iopgt_kunit_expect(k, SZ_8K, SZ_8K, 12);
	}
	iopgt_kunit_synced(pgt, first, bytes);
}

static const struct iopgt_cfg walk_noncoherent = {
	.ias_bits = 39,
	.oas_bits = 46,
	.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
	.nid = NUMA_NO_NODE,
};

static void walk_test_sync_race(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), &walk_noncoherent);

	k->hooks.synced = walk_synced_late;
	iopgt_kunit_map(k, SZ_4K, SZ_4K, SZ_4K, 1);
	KUNIT_EXPECT_TRUE(test, k->nested);
	iopgt_kunit_expect(k, SZ_4K, SZ_4K, 12);
	iopgt_kunit_expect(k, SZ_8K, SZ_8K, 12);
}

/* What memory holds is all that counts for such a walker. */
static void walk_test_noncoherent(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), &walk_noncoherent);
	unsigned long iova;

	iopgt_kunit_map(k, SZ_1G - SZ_8K, SZ_1G, SZ_4K, 4 + 512);
	for (iova = 0; iova < 4 * SZ_4K; iova += SZ_4K)
		iopgt_kunit_expect(k, SZ_1G - SZ_8K + iova, SZ_1G + iova, 12);
	/* the rest of a new table */
	iopgt_kunit_expect(k, SZ_1G - SZ_8K - 1, 0, 0);
	iopgt_kunit_expect(k, SZ_1G + SZ_2M + SZ_8K, 0, 0);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, SZ_1G, SZ_2M), SZ_2M);
	for (iova = SZ_1G; iova < SZ_1G + SZ_2M; iova += SZ_4K)
		iopgt_kunit_expect(k, iova, 0, 0);
	iopgt_kunit_map(k, SZ_1G, SZ_2M, SZ_2M, 1);
	iopgt_kunit_expect(k, SZ_1G + 1, SZ_2M + 1, 21);

	/* a block over an empty table */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, SZ_1G - SZ_8K, SZ_8K),
			SZ_8K);
	iopgt_kunit_expect(k, SZ_1G - SZ_4K, 0, 0);
	iopgt_kunit_map(k, SZ_1G - SZ_2M, 0, SZ_2M, 1);
	KUNIT_EXPECT_EQ(test, k->invalidations, 1);
	iopgt_kunit_expect(k, SZ_1G - 1, SZ_2M - 1, 21);

	/* a run that an error ends */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, SZ_1G, SZ_2M), SZ_2M);
	iopgt_kunit_map(k, SZ_1G + SZ_8K, 0x77000, SZ_4K, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, SZ_1G, SZ_4K, 4, &iova),
			-EEXIST);
	iopgt_kunit_expect(k, SZ_1G + SZ_4K, k->out + SZ_4K, 12);
	iopgt_kunit_expect(k, SZ_1G + SZ_8K, 0x77000, 12);
}

static struct kunit_case walk_test_cases[] = {
	KUNIT_CASE(walk_test_bad),
	KUNIT_CASE(walk_test_limits),
	KUNIT_CASE(walk_test_bitmap),
	KUNIT_CASE(walk_test_cross),
	KUNIT_CASE(walk_test_overlap),
	KUNIT_CASE_PARAM(walk_test_gather, walk_unmap_gen_params),
	KUNIT_CASE(walk_test_gather_twice),
	KUNIT_CASE(walk_test_sync_race),
	KUNIT_CASE(walk_test_noncoherent),
	{}
};

static struct kunit_suite walk_test_suite = {
	.name = "ioflush_pgtable_walk",
	.test_cases = walk_test_cases,
};

kunit_test_suite(walk_test_suite);
