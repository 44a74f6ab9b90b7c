// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for mapping, unmapping and looking up, in all formats
 *
 * Sizes are named by level: a page is what an entry at level 0 translates, a
 * block one at level 1, a large block one at level 2.
 */
#include <linux/io.h>

#include "test_snap.h"

/* All leaf sizes of a table, from the smallest on. */
#define for_each_lg2(lg2, k)						\
	for_each_set_bit(lg2, &(k)->pgt.cfg.pgsize_bitmap, BITS_PER_LONG)

static unsigned int walk_largest(const struct iopgt_kunit *k)
{
	return __fls(k->pgt.cfg.pgsize_bitmap);
}

/* A range that cannot be mapped, and why. */
static void walk_refused(struct iopgt_kunit *k, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, int want)
{
	size_t mapped = 7;
	int ret;

	ret = iopgt_map_pages(&k->pgt, iova, paddr, pgsize, pgcount, prot,
			      GFP_KERNEL, &mapped);
	KUNIT_EXPECT_EQ_MSG(k->test, ret, want, "%lx to %llx, %zu of %zx", iova,
			    (u64)paddr, pgcount, pgsize);
	KUNIT_EXPECT_EQ(k->test, mapped, 7);
}

static void walk_bad_sizes(struct iopgt_kunit *k)
{
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long sizes = k->pgt.cfg.pgsize_bitmap;
	unsigned int lg2;

	/* All powers of two that are no leaf size, and what is no power. */
	for (lg2 = 0; lg2 < BITS_PER_LONG; lg2++)
		if (!(sizes & BIT(lg2)))
			walk_refused(k, 0, 0, BIT(lg2), 1, IOPGT_RW, -EINVAL);
	walk_refused(k, 0, 0, 0, 1, IOPGT_RW, -EINVAL);
	walk_refused(k, 0, 0, 3 * page, 1, IOPGT_RW, -EINVAL);
	walk_refused(k, 0, 0, sizes, 1, IOPGT_RW, -EINVAL);
	walk_refused(k, 0, 0, page, 0, IOPGT_RW, -EINVAL);

	walk_refused(k, page / 2, 0, page, 1, IOPGT_RW, -EINVAL);
	walk_refused(k, 0, 1, page, 1, IOPGT_RW, -EINVAL);
	for_each_lg2(lg2, k) {
		walk_refused(k, BIT(lg2) / 2, 0, BIT(lg2), 1, IOPGT_RW,
			     -EINVAL);
		walk_refused(k, 0, BIT(lg2) / 2, BIT(lg2), 1, IOPGT_RW,
			     -EINVAL);
	}
	/* What no format can express: no access. */
	walk_refused(k, 0, 0, page, 1, 0, -EINVAL);
	walk_refused(k, 0, 0, page, 1, IOMMU_CACHE, -EINVAL);
	walk_refused(k, 0, 0, BIT(walk_largest(k)), 1, 0, -EINVAL);
}

static void walk_bad_ranges(struct iopgt_kunit *k)
{
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long last = iopgt_kunit_last(k);
	const phys_addr_t end = BIT_ULL(k->f->cfg.oas_bits);
	unsigned int lg2;

	if (last != ~0UL) {
		walk_refused(k, last + 1, 0, page, 1, IOPGT_RW, -ERANGE);
		walk_refused(k, -page, 0, page, 1, IOPGT_RW, -ERANGE);
	}
	walk_refused(k, -page, 0, page, 2, IOPGT_RW, -ERANGE);
	walk_refused(k, page, 0, page, ~0UL / page + 1, IOPGT_RW, -ERANGE);
	walk_refused(k, 0, 0, page, ~0UL, IOPGT_RW, -ERANGE);
	walk_refused(k, 0, end, page, 1, IOPGT_RW, -ERANGE);
	for_each_lg2(lg2, k) {
		walk_refused(k, last - (BIT(lg2) - 1), 0, BIT(lg2), 2,
			     IOPGT_RW, -ERANGE);
		walk_refused(k, 0, end - BIT(lg2), BIT(lg2), 2, IOPGT_RW,
			     -ERANGE);
	}
}

static void walk_bad(struct iopgt_kunit *k)
{
	const struct iopgt_snap *was = iopgt_snap(k);

	walk_bad_sizes(k);
	walk_bad_ranges(k);
	iopgt_snap_same(k, was, false);
}

/* Refused before anything is touched, on the long way and on the short. */
static void walk_test_bad(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);

	walk_bad(k);
	/* The tables that these addresses, or their low bits, lead to. */
	iopgt_kunit_map(k, 8 * page, 0, page, 1);
	iopgt_kunit_map(k, iopgt_kunit_last(k) - 8 * page + 1, 0, page, 1);
	walk_bad(k);
}

/* An unmap that is refused, or finds nothing, returns 0 and gathers nothing. */
static void walk_unmap_nothing(struct iopgt_kunit *k, unsigned long iova,
			       size_t size)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ_MSG(k->test,
			    iopgt_unmap_pages(&k->pgt, iova, size, &gather), 0,
			    "%lx, %zx", iova, size);
	KUNIT_EXPECT_TRUE(k->test, iopgt_gather_empty(&gather));
	KUNIT_EXPECT_TRUE(k->test, list_empty(&gather.pages));
	KUNIT_EXPECT_FALSE(k->test, gather.tables_unlinked);
}

static void walk_test_bad_unmap(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long last = iopgt_kunit_last(k);
	const struct iopgt_snap *was;

	iopgt_kunit_map(k, 16 * page, 0, page, 4);
	iopgt_kunit_map(k, last - page + 1, 0, page, 1);
	was = iopgt_snap(k);

	walk_unmap_nothing(k, 16 * page + page / 2, page);
	walk_unmap_nothing(k, 16 * page, page + page / 2);
	walk_unmap_nothing(k, 16 * page, 0);
	walk_unmap_nothing(k, 15 * page, 2 * page);
	walk_unmap_nothing(k, 20 * page, page);
	walk_unmap_nothing(k, iopgt_kunit_size(k, k->f->levels - 1), page);
	walk_unmap_nothing(k, last - page + 1, 2 * page);
	if (last != ~0UL) {
		walk_unmap_nothing(k, last + 1 + 16 * page, page);
		walk_unmap_nothing(k, 16 * page, -16 * page);
	}
	iopgt_snap_same(k, was, false);
}

/* Every leaf size in the last place where it fits, on both sides. */
static void walk_test_limits(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long last = iopgt_kunit_last(k);
	const phys_addr_t out = BIT_ULL(k->f->cfg.oas_bits) - 1;
	unsigned int lg2;

	for_each_lg2(lg2, k) {
		const unsigned long first = last - (BIT(lg2) - 1);

		iopgt_kunit_map(k, first, out - (BIT(lg2) - 1), BIT(lg2), 1);
		iopgt_kunit_expect(k, first, out - (BIT(lg2) - 1), lg2);
		iopgt_kunit_expect(k, last, out, lg2);
		iopgt_kunit_expect(k, first - 1, 0, 0);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, first, BIT(lg2)),
				BIT(lg2));
		iopgt_kunit_expect(k, last, 0, 0);
	}
	if (last == ~0UL)
		return;
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, last + 1), 0);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, ~0UL), 0);
}

/*
 * A size that the configuration leaves out is refused, and with it those above
 * that could not be split without it.
 */
static void walk_test_bitmap(struct kunit *test)
{
	const struct iopgt_kunit_format *f = test->param_value;
	struct iopgt_cfg cfg = f->cfg;
	struct iopgt_kunit *k;
	unsigned int lg2;
	size_t mapped;

	cfg.pgsize_bitmap &= ~BIT(f->granule_lg2 + f->idx_lg2);
	k = iopgt_kunit_new(test, f, &cfg);
	KUNIT_EXPECT_EQ(test, k->pgt.cfg.pgsize_bitmap,
			cfg.pgsize_bitmap & (iopgt_kunit_size(k, 1) - 1));
	for_each_set_bit(lg2, &f->cfg.pgsize_bitmap, BITS_PER_LONG)
		KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, BIT(lg2), 1,
						      &mapped),
				lg2 < iopgt_kunit_lg2(k, 1) ?
				mapped ? 0 : -EEXIST : -EINVAL);

	cfg.pgsize_bitmap = iopgt_kunit_size(k, 1);
	KUNIT_EXPECT_NE(test, iopgt_init(&(struct iopgt){}, f->ops, &cfg), 0);
}

/* A run of pages from one table into the next, at each level. */
static void walk_test_cross(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long n = BIT(k->f->idx_lg2) + 88;
	unsigned int level;
	unsigned long j;

	for (level = 1; level < k->f->levels; level++) {
		unsigned long iova = iopgt_kunit_size(k, level) - 3 * page;

		iopgt_kunit_map(k, iova, 0x55 * page, page, n);
		for (j = 0; j < n; j += j < 8 || j > n - 8 ? 1 : 7)
			iopgt_kunit_expect(k, iova + j * page + j,
					   (0x55 + j) * page + j,
					   k->f->granule_lg2);
		iopgt_kunit_expect(k, iova - 1, 0, 0);
		iopgt_kunit_expect(k, iova + n * page, 0, 0);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, iova, n * page),
				n * page);
		for (j = 0; j < n; j++)
			iopgt_kunit_expect(k, iova + j * page, 0, 0);
	}
}

/* Leaves of each size, on both sides of the edge of their table. */
static void walk_test_sizes(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	struct iopgt_gather gather;
	unsigned int lg2, level;

	for_each_lg2(lg2, k) {
		const unsigned long size = BIT(lg2);
		unsigned long edge, i;

		level = (lg2 - k->f->granule_lg2) / k->f->idx_lg2 + 1;
		if (level >= k->f->levels)
			continue;
		edge = iopgt_kunit_size(k, level);
		iopgt_kunit_map(k, edge - size, k->out, size, 3);
		for (i = 0; i < 3; i++) {
			unsigned long at = i * size;

			iopgt_kunit_expect(k, edge - size + at, k->out + at,
					   lg2);
			at += size / 2 + 1;
			iopgt_kunit_expect(k, edge - size + at, k->out + at,
					   lg2);
			at = (i + 1) * size - 1;
			iopgt_kunit_expect(k, edge - size + at, k->out + at,
					   lg2);
		}

		/* Invariant "precision": one range, and what it consists of. */
		iopgt_gather_init(&gather, true);
		KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, edge - size,
							3 * size, &gather),
				3 * size);
		KUNIT_EXPECT_EQ(test, gather.nr, 1);
		KUNIT_EXPECT_EQ(test, gather.range[0].start, edge - size);
		KUNIT_EXPECT_EQ(test, gather.range[0].last,
				edge + 2 * size - 1);
		KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, lg2);
		/* Two leaves of half a table each are all of it. */
		KUNIT_EXPECT_EQ(test, gather.tables_unlinked,
				2 * size == edge);
		iopgt_free_pages(&k->pgt, &gather.pages);
		iopgt_kunit_expect(k, edge - size, 0, 0);
		iopgt_kunit_expect(k, edge + 2 * size, 0, 0);
	}
}

/* A leaf of one size where one of another is: refused, nothing altered. */
static void walk_overlap(struct kunit *test, unsigned int there_lg2,
			 unsigned int new_lg2)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long there = BIT(there_lg2), new = BIT(new_lg2);
	const unsigned long base = BIT(walk_largest(k));
	unsigned long iova = base + (new > there ? new - there : 0), at = base;
	const struct iopgt_snap *was;
	size_t mapped;

	iopgt_kunit_map(k, iova, 0, there, 1);
	was = iopgt_snap(k);
	if (there > new)
		at += there - new;
	KUNIT_EXPECT_EQ_MSG(k->test,
			    iopgt_kunit_try(k, at, new, 1, &mapped), -EEXIST,
			    "2^%u where 2^%u is", new_lg2, there_lg2);
	KUNIT_EXPECT_EQ(k->test, mapped, 0);
	iopgt_snap_same(k, was, false);

	/* What comes before it stays, and is reported. */
	at = base - new;
	KUNIT_EXPECT_EQ(k->test, iopgt_kunit_try(k, at, new, 2, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(k->test, mapped, new);
	iopgt_kunit_expect(k, at, k->out, new_lg2);
	iopgt_kunit_expect(k, iova, 0, there_lg2);
	KUNIT_EXPECT_EQ(k->test, iopgt_kunit_unmap(k, at, new), new);
	iopgt_snap_same(k, was, true);
	iopgt_kunit_destroy(k);
}

static void walk_test_overlap(struct kunit *test)
{
	const struct iopgt_kunit_format *f = test->param_value;
	unsigned int there, new;

	for_each_set_bit(there, &f->cfg.pgsize_bitmap, BITS_PER_LONG)
		for_each_set_bit(new, &f->cfg.pgsize_bitmap, BITS_PER_LONG)
			walk_overlap(test, there, new);
}

/* Some pages of many are there already: a run of pages stops in front. */
static void walk_test_overlap_pages(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const u8 lg2 = k->f->granule_lg2;
	size_t mapped;

	iopgt_kunit_map(k, 5 * page, 7 * page, page, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 0, page, 9, &mapped),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, mapped, 5 * page);
	iopgt_kunit_expect(k, 4 * page, k->out + 4 * page, lg2);
	iopgt_kunit_expect(k, 5 * page, 7 * page, lg2);
	iopgt_kunit_expect(k, 6 * page, 0, 0);
}

/* What walkers that do not snoop are told, and how often. */
static void walk_test_noncoherent(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_noncoherent(test);
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long n = BIT(k->f->idx_lg2);
	const u8 lg2 = k->f->granule_lg2;
	unsigned long i;
	size_t mapped;

	/* 4 pages in two tables: the tables were synced when they were made. */
	iopgt_kunit_map(k, block - 3 * page, k->out, page, 2);
	iopgt_kunit_map(k, block, k->out, page, 1);
	atomic_set(&k->syncs, 0);
	iopgt_kunit_map(k, block - page, k->out, page, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->syncs), 1);
	iopgt_kunit_expect(k, block - page, k->out, lg2);
	/* the rest of a new table */
	iopgt_kunit_expect(k, block - 3 * page - 1, 0, 0);
	iopgt_kunit_expect(k, block + page, 0, 0);

	/* A whole table at once, and away again. */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, block, page), page);
	atomic_set(&k->syncs, 0);
	iopgt_kunit_map(k, block, k->out, page, n);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->syncs), 1);
	for (i = 0; i < n; i++)
		iopgt_kunit_expect(k, block + i * page, k->out + i * page, lg2);
	atomic_set(&k->syncs, 0);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, block, block - page),
			block - page);
	KUNIT_EXPECT_EQ(test, atomic_read(&k->syncs), 1);
	for (i = 0; i < n - 1; i++)
		iopgt_kunit_expect(k, block + i * page, 0, 0);

	/* A run that an error ends. */
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, 2 * block - 3 * page, page, 4,
					      &mapped), -EEXIST);
	iopgt_kunit_expect(k, 2 * block - 2 * page, k->out + page, lg2);
	iopgt_kunit_expect(k, 2 * block - page, k->out + block - page, lg2);
}

/* The same for leaves of every size. */
static void walk_test_noncoherent_sizes(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_noncoherent(test);
	unsigned int lg2;

	for_each_lg2(lg2, k) {
		iopgt_kunit_map(k, BIT(lg2), k->out, BIT(lg2), 1);
		iopgt_kunit_expect(k, BIT(lg2), k->out, lg2);
		iopgt_kunit_expect(k, 2 * BIT(lg2) - 1,
				   k->out + BIT(lg2) - 1, lg2);
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, BIT(lg2), BIT(lg2)),
				BIT(lg2));
		iopgt_kunit_expect(k, BIT(lg2), 0, 0);
		iopgt_kunit_expect(k, 2 * BIT(lg2) - 1, 0, 0);
	}
}

/*
 * Two CPUs share a table that the first one just installed. The walker does not
 * snoop, and the second CPU is done before the first has flushed the entry.
 */
static void walk_synced_late(struct iopgt *pgt, const void *first,
			     size_t bytes)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);
	const unsigned long page = iopgt_kunit_size(k, 0);

	if (!k->nested && bytes == sizeof(u64) &&
	    iopgt_kunit_live(k) == k->f->levels) {
		k->nested = true;
		iopgt_kunit_map(k, 2 * page, 2 * page, page, 1);
		iopgt_kunit_expect(k, 2 * page, 2 * page, k->f->granule_lg2);
	}
	iopgt_kunit_synced(pgt, first, bytes);
}

static void walk_test_sync_race(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_noncoherent(test);
	const unsigned long page = iopgt_kunit_size(k, 0);

	k->hooks.synced = walk_synced_late;
	iopgt_kunit_map(k, page, page, page, 1);
	KUNIT_EXPECT_TRUE(test, k->nested);
	iopgt_kunit_expect(k, page, page, k->f->granule_lg2);
	iopgt_kunit_expect(k, 2 * page, 2 * page, k->f->granule_lg2);
}

static struct kunit_case walk_test_cases[] = {
	KUNIT_CASE_PARAM(walk_test_bad, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_bad_unmap, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_limits, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_bitmap, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_cross, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_sizes, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_overlap, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_overlap_pages, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_noncoherent, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_noncoherent_sizes, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(walk_test_sync_race, iopgt_kunit_formats),
	{}
};

static struct kunit_suite walk_test_suite = {
	.name = "ioflush_pgtable_walk",
	.test_cases = walk_test_cases,
};

kunit_test_suite(walk_test_suite);
