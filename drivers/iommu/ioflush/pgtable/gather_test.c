// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for what an unmap gathers
 */
#include "test_snap.h"

/* A position or a length: so many blocks and so many pages. */
struct gather_pos {
	short blocks;
	short pages;
};

/* A range of the gather; its leaves are pages or blocks. */
struct gather_want {
	struct gather_pos start;
	struct gather_pos end;
	bool block;
};

/* One unmap of a prepared table, and exactly what it has to say. */
struct gather_case {
	const char *name;
	struct gather_pos start;
	struct gather_pos size;
	struct gather_pos done;
	unsigned int tables;
	unsigned int invalidations;
	unsigned int nr;
	struct gather_want want[IOPGT_GATHER_RANGES];
};

/*
 * Pages 16 to 32; pages in all of block 1; blocks 2 to 4; pages 0 and 1 of what
 * would be block 5.
 */
static const struct gather_case gather_cases[] = {
	{ "one page", { 0, 17 }, { 0, 1 }, { 0, 1 }, 0, 0,
	  1, { { { 0, 17 }, { 0, 18 } } } },
	{ "some pages", { 0, 16 }, { 0, 8 }, { 0, 8 }, 0, 0,
	  1, { { { 0, 16 }, { 0, 24 } } } },
	{ "up to the hole", { 0, 31 }, { 0, 4 }, { 0, 2 }, 0, 0,
	  1, { { { 0, 31 }, { 0, 33 } } } },
	{ "from a hole", { 0, 15 }, { 0, 2 }, { 0, 0 }, 0, 0, 0 },
	{ "most of a table", { 1, 0 }, { 1, -1 }, { 1, -1 }, 0, 0,
	  1, { { { 1, 0 }, { 2, -1 } } } },
	{ "the other end of it", { 1, 1 }, { 1, -1 }, { 1, -1 }, 0, 0,
	  1, { { { 1, 1 }, { 2, 0 } } } },
	{ "a whole table", { 1, 0 }, { 1, 0 }, { 1, 0 }, 1, 0,
	  1, { { { 1, 0 }, { 2, 0 } } } },
	{ "a page, a block", { 2, -1 }, { 1, 1 }, { 1, 1 }, 0, 0,
	  2, { { { 2, -1 }, { 2, 0 } }, { { 2, 0 }, { 3, 0 }, true } } },
	{ "one block", { 2, 0 }, { 1, 0 }, { 1, 0 }, 0, 0,
	  1, { { { 2, 0 }, { 3, 0 }, true } } },
	{ "two blocks", { 2, 0 }, { 2, 0 }, { 2, 0 }, 0, 0,
	  1, { { { 2, 0 }, { 4, 0 }, true } } },
	{ "blocks, then pages", { 3, 0 }, { 2, 2 }, { 2, 2 }, 0, 0,
	  2, { { { 3, 0 }, { 5, 0 }, true }, { { 5, 0 }, { 5, 2 } } } },
	{ "all of it", { 1, 0 }, { 4, 2 }, { 4, 2 }, 1, 0,
	  3, { { { 1, 0 }, { 2, 0 } }, { { 2, 0 }, { 5, 0 }, true },
	       { { 5, 0 }, { 5, 2 } } } },
	{ "beyond all of it", { 1, 0 }, { 6, 0 }, { 4, 2 }, 1, 0,
	  3, { { { 1, 0 }, { 2, 0 } }, { { 2, 0 }, { 5, 0 }, true },
	       { { 5, 0 }, { 5, 2 } } } },
	/* A cut is invalidated at once; what is gathered are its pieces. */
	{ "the start of a block", { 2, 0 }, { 0, 3 }, { 0, 3 }, 0, 1,
	  1, { { { 2, 0 }, { 2, 3 } } } },
	{ "the end of a block", { 3, -3 }, { 0, 3 }, { 0, 3 }, 0, 1,
	  1, { { { 3, -3 }, { 3, 0 } } } },
	{ "inside of a block", { 2, 7 }, { 0, 3 }, { 0, 3 }, 0, 1,
	  1, { { { 2, 7 }, { 2, 10 } } } },
	{ "a block and a bit", { 2, 0 }, { 1, 3 }, { 1, 3 }, 0, 1,
	  2, { { { 2, 0 }, { 3, 0 }, true }, { { 3, 0 }, { 3, 3 } } } },
	{ "a bit, a block, a bit", { 3, -3 }, { 1, 6 }, { 1, 6 }, 0, 2,
	  3, { { { 3, -3 }, { 3, 0 } }, { { 3, 0 }, { 4, 0 }, true },
	       { { 4, 0 }, { 4, 3 } } } },
};

static unsigned long gather_at(const struct iopgt_kunit *k,
			       struct gather_pos pos)
{
	return pos.blocks * iopgt_kunit_size(k, 1) +
	       pos.pages * iopgt_kunit_size(k, 0);
}

static void gather_prepare(struct iopgt_kunit *k)
{
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);

	iopgt_kunit_map(k, 16 * page, k->out + 16 * page, page, 17);
	iopgt_kunit_map(k, block, k->out + block, page, block / page);
	iopgt_kunit_map(k, 2 * block, k->out + 2 * block, block, 3);
	iopgt_kunit_map(k, 5 * block, k->out + 5 * block, page, 2);
}

static void gather_ranges(struct iopgt_kunit *k, const struct gather_case *c,
			  const struct iopgt_gather *gather)
{
	unsigned int i;

	KUNIT_EXPECT_EQ_MSG(k->test, gather->nr, c->nr, "%s", c->name);
	for (i = 0; i < min_t(unsigned int, c->nr, gather->nr); i++) {
		const struct gather_want *want = &c->want[i];
		const struct iopgt_range *r = &gather->range[i];

		KUNIT_EXPECT_EQ_MSG(k->test, r->start,
				    gather_at(k, want->start), "%s", c->name);
		KUNIT_EXPECT_EQ_MSG(k->test, r->last,
				    gather_at(k, want->end) - 1, "%s", c->name);
		KUNIT_EXPECT_EQ_MSG(k->test, r->leaf_lg2,
				    iopgt_kunit_lg2(k, want->block), "%s",
				    c->name);
	}
}

/* Invariant "precision": the gather says what was unmapped, no more, no less. */
static void gather_one(struct kunit *test, const struct gather_case *c)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long start = gather_at(k, c->start);
	const size_t done = gather_at(k, c->done);
	struct iopgt_gather gather;
	phys_addr_t before, after;
	long live;

	gather_prepare(k);
	live = iopgt_kunit_live(k);
	before = iopgt_iova_to_phys(&k->pgt, start - 1);
	after = iopgt_iova_to_phys(&k->pgt, start + done);

	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ_MSG(test,
			    iopgt_unmap_pages(&k->pgt, start,
					      gather_at(k, c->size), &gather),
			    done, "%s", c->name);
	gather_ranges(k, c, &gather);
	KUNIT_EXPECT_EQ(test, gather.tables_unlinked, !!c->tables);
	KUNIT_EXPECT_TRUE(test, gather.may_defer);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.pages), c->tables);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), c->tables);
	KUNIT_EXPECT_EQ_MSG(test, k->invalidations, c->invalidations, "%s",
			    c->name);
	/* Each block that was cut here has a table now. */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k),
			live - c->tables + c->invalidations);

	if (done) {
		iopgt_kunit_expect(k, start, 0, 0);
		iopgt_kunit_expect(k, start + done - 1, 0, 0);
	}
	/* Its neighbours are as they were. */
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, start - 1), before);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, start + done),
			after);
	iopgt_free_pages(&k->pgt, &gather.pages);
	KUNIT_EXPECT_TRUE(test, list_empty(&gather.pages));
	iopgt_kunit_destroy(k);
}

static void gather_test_each(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gather_cases); i++)
		gather_one(test, &gather_cases[i]);
}

/* A large block's span that was mapped as blocks is one range of blocks. */
static void gather_test_table_of_blocks(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long n = BIT(k->f->idx_lg2);
	struct iopgt_gather gather;

	if (k->f->levels == 2)
		kunit_skip(test, "blocks are in the root");
	iopgt_kunit_map(k, n * block, 0, block, n);
	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, n * block, n * block,
						&gather), n * block);
	KUNIT_EXPECT_EQ(test, gather.nr, 1);
	KUNIT_EXPECT_EQ(test, gather.range[0].start, n * block);
	KUNIT_EXPECT_EQ(test, gather.range[0].last, 2 * n * block - 1);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, iopgt_kunit_lg2(k, 1));
	KUNIT_EXPECT_TRUE(test, gather.tables_unlinked);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.pages), 1);
	iopgt_free_pages(&k->pgt, &gather.pages);
}

/* More ranges than there is room for: the last one is for all the rest. */
static void gather_test_overflow(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned int n = IOPGT_GATHER_RANGES + 1;
	struct iopgt_gather gather;
	unsigned int i;

	/* Blocks, each followed by a page; in unmaps of their own. */
	iopgt_gather_init(&gather, false);
	for (i = 0; i < n; i++) {
		iopgt_kunit_map(k, (n - i) * 2 * block, 0, block, 1);
		KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt,
							(n - i) * 2 * block,
							block, &gather),
				block);
	}
	KUNIT_EXPECT_EQ(test, gather.nr, IOPGT_GATHER_RANGES);
	KUNIT_EXPECT_FALSE(test, gather.may_defer);
	for (i = 0; i < IOPGT_GATHER_RANGES - 1; i++) {
		KUNIT_EXPECT_EQ(test, gather.range[i].start,
				(n - i) * 2 * block);
		KUNIT_EXPECT_EQ(test, gather.range[i].last,
				((n - i) * 2 + 1) * block - 1);
	}
	/* Those that came last are below: it grew downwards. */
	KUNIT_EXPECT_EQ(test, gather.range[i].start, 2 * block);
	KUNIT_EXPECT_EQ(test, gather.range[i].last, 5 * block - 1);
	KUNIT_EXPECT_EQ(test, gather.range[i].leaf_lg2, iopgt_kunit_lg2(k, 1));

	/* And upwards, and to the smallest leaf. */
	iopgt_kunit_map(k, 9 * block, 0, page, 1);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, 9 * block, page,
						&gather), page);
	KUNIT_EXPECT_EQ(test, gather.nr, IOPGT_GATHER_RANGES);
	KUNIT_EXPECT_EQ(test, gather.range[i].start, 2 * block);
	KUNIT_EXPECT_EQ(test, gather.range[i].last, 9 * block + page - 1);
	KUNIT_EXPECT_EQ(test, gather.range[i].leaf_lg2, k->f->granule_lg2);
}

static struct kunit_case gather_test_cases[] = {
	KUNIT_CASE_PARAM(gather_test_each, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(gather_test_table_of_blocks, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(gather_test_overflow, iopgt_kunit_formats),
	{}
};

static struct kunit_suite gather_test_suite = {
	.name = "ioflush_pgtable_gather",
	.test_cases = gather_test_cases,
};

kunit_test_suite(gather_test_suite);
