// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite that compares random operations with an oracle
 *
 * Every format in every configuration goes through the same mix of operations
 * on a few regions that lie where tables end. The oracle says before each one
 * what it has to return, to gather, to allocate and to invalidate. A failure
 * names the seed; ioflush_pgtable.seed= on the kernel's command line runs it
 * again, and ioflush_pgtable.ops= says how many operations a format gets in all.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "test_oracle.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"ioflush_pgtable."

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "Seed of the random tests of page tables, 0 for any");

/* What was done, for those who wonder what a run was worth. */
enum random_kind {
	RANDOM_MAP,
	RANDOM_EMPTY,
	RANDOM_UNMAP,
	RANDOM_CUT,
	RANDOM_COLLAPSE,
	RANDOM_DIRTY,
	RANDOM_TABLES,
	RANDOM_NOMEM,
	RANDOM_KINDS,
};

/**
 * struct random_state - a table, and all that is known about it
 * @k: the table
 * @o: the oracle
 * @rnd: random numbers
 * @count: how often an operation did something, by kind
 * @sizes: the leaf sizes
 * @ops: how many operations this table will see
 */
struct random_state {
	struct iopgt_kunit *k;
	struct iopgt_oracle o;
	struct rnd_state rnd;
	unsigned int count[RANDOM_KINDS];
	unsigned long sizes;
	unsigned int ops;
};

static u32 below(struct random_state *s, u32 n)
{
	return prandom_u32_state(&s->rnd) % n;
}

static unsigned long wide(struct random_state *s)
{
	return (unsigned long)prandom_u32_state(&s->rnd) << 32 |
	       prandom_u32_state(&s->rnd);
}

/* The index of an entry: mostly one where something may go wrong. */
static unsigned long random_idx(struct random_state *s)
{
	const unsigned long n = BIT(s->k->f->idx_lg2);

	switch (below(s, 8)) {
	case 0 ... 2:
		return 0;
	case 3:
		return 1;
	case 4:
		return n / 2;
	case 5:
		return n - 1;
	default:
		return below(s, n);
	}
}

/*
 * An address: in one of four spans of a level, which lie at the start, the end,
 * or on both sides of the edge of a table further up.
 */
static unsigned long random_iova(struct random_state *s)
{
	const struct iopgt_kunit *k = s->k;
	const unsigned int top = k->f->levels - 1;
	unsigned int level = 1 + (top > 2 && !below(s, 4));
	const unsigned long unit = iopgt_kunit_size(k, level);
	unsigned long iova = below(s, 4) * unit;

	switch (below(s, 4)) {
	case 0:
		break;
	case 1:
		iova += iopgt_kunit_last(k) - 4 * unit + 1;
		break;
	default:
		if (level < top)
			iova += iopgt_kunit_size(k, level + 1) - 2 * unit;
	}
	while (level--)
		iova += random_idx(s) * iopgt_kunit_size(k, level);
	return iova & iopgt_kunit_last(k);
}

/* A leaf size; the small ones more often. */
static unsigned int random_lg2(struct random_state *s)
{
	unsigned long sizes = s->sizes;
	unsigned int skip = min(below(s, hweight_long(sizes)),
				below(s, hweight_long(sizes)));

	while (skip--)
		sizes &= sizes - 1;
	return __ffs(sizes);
}

/* How many of a size, that all fit behind an address; 0 if none does. */
static size_t random_count(struct random_state *s, unsigned long iova,
			   unsigned int lg2)
{
	const unsigned long room = iopgt_kunit_last(s->k) - iova;
	u32 most = 4;

	if (room < BIT(lg2) - 1)
		return 0;

	/* Now and then more than a table, and a bit. */
	if (lg2 == s->k->f->granule_lg2)
		most = below(s, 32) ? 24 : BIT(s->k->f->idx_lg2) * 9 / 8;
	return min((unsigned long)below(s, most),
		   (room - (BIT(lg2) - 1)) >> lg2) + 1;
}

/* In one operation of some, an allocation fails. */
static void random_fail(struct random_state *s)
{
	s->o.fail = below(s, 4) ? 0 : 1 + below(s, 3);
	s->k->hooks.fail_alloc = s->o.fail;
}

/* As many allocations, tables and invalidations as the oracle says. */
static void random_same(struct random_state *s)
{
	struct kunit *test = s->k->test;

	KUNIT_EXPECT_EQ(test, s->k->hooks.fail_alloc, s->o.fail);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(s->k), s->o.live);
	KUNIT_EXPECT_EQ(test, s->k->invalidations, s->o.invalidations);
	s->k->hooks.fail_alloc = 0;
	s->o.fail = 0;
}

/* Does the table find what the oracle has, in both ways of looking? */
static void random_look(struct random_state *s, unsigned long iova)
{
	struct kunit *test = s->k->test;
	struct iopgt_oracle_leaf leaf;
	struct iopgt_hw_leaf hw;

	iova += below(s, BIT(s->k->f->granule_lg2));
	if (!iopgt_oracle_find(&s->o, iova, &leaf)) {
		iopgt_kunit_expect(s->k, iova, 0, 0);
		return;
	}
	iopgt_kunit_expect(s->k, iova, leaf.paddr + (iova - leaf.iova),
			   leaf.lg2);
	hw = iopgt_kunit_hw(s->k, iova);
	KUNIT_EXPECT_EQ(test, hw.writable, !!(leaf.prot & IOMMU_WRITE));
	if (s->k->pgt.dirty)
		KUNIT_EXPECT_EQ(test, hw.dirty, leaf.dirty);
}

static void random_map(struct random_state *s, unsigned long iova)
{
	const unsigned int before = s->k->invalidations;
	const unsigned int lg2 = random_lg2(s);
	const unsigned long out = s->k->pgt.oas_last >> lg2;
	size_t mapped = 0, want = 0, n;
	phys_addr_t paddr;
	int ret, prot;

	iova &= ~(BIT(lg2) - 1);
	n = min_t(unsigned long, random_count(s, iova, lg2), out);
	/* Sometimes such that what is side by side may be collapsed. */
	paddr = below(s, 2) ? wide(s) % (out - n + 1) : iova >> lg2;
	paddr = min_t(unsigned long, paddr + 1, out - n + 1) << lg2;
	prot = below(s, 4) ? IOPGT_RW : IOMMU_READ;

	random_fail(s);
	ret = iopgt_map_pages(&s->k->pgt, iova, paddr, BIT(lg2), n, prot,
			      GFP_KERNEL, &mapped);
	KUNIT_EXPECT_EQ(s->k->test, ret,
			iopgt_oracle_map(&s->o, iova, paddr, BIT(lg2), n, prot,
					 &want));
	KUNIT_EXPECT_EQ(s->k->test, mapped, want);
	s->count[RANDOM_MAP] += !!mapped;
	s->count[RANDOM_EMPTY] += s->k->invalidations - before;
	s->count[RANDOM_NOMEM] += ret == -ENOMEM;
}

static void random_unmap_range(struct random_state *s, unsigned long iova,
			       size_t size)
{
	struct iopgt_oracle_gather want;
	struct kunit *test = s->k->test;
	struct iopgt_gather gather;
	unsigned int i;
	size_t done;

	iopgt_gather_init(&gather, true);
	done = iopgt_unmap_pages(&s->k->pgt, iova, size, &gather);
	KUNIT_EXPECT_EQ(test, done, iopgt_oracle_unmap(&s->o, iova, size,
						       &want));
	KUNIT_EXPECT_EQ(test, gather.nr, want.nr);
	for (i = 0; i < min_t(unsigned int, gather.nr, want.nr); i++) {
		KUNIT_EXPECT_EQ(test, gather.range[i].start,
				want.range[i].start);
		KUNIT_EXPECT_EQ(test, gather.range[i].last,
				want.range[i].last);
		KUNIT_EXPECT_EQ(test, gather.range[i].leaf_lg2,
				want.range[i].leaf_lg2);
	}
	KUNIT_EXPECT_EQ(test, gather.tables_unlinked, !!want.tables);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&gather.pages), want.tables);
	KUNIT_EXPECT_TRUE(test, gather.may_defer);
	iopgt_kunit_forget(s->k, &gather);
	iopgt_free_pages(&s->k->pgt, &gather.pages);
	s->count[RANDOM_UNMAP] += !!done;
	s->count[RANDOM_TABLES] += want.tables;
}

static void random_unmap(struct random_state *s, unsigned long iova)
{
	unsigned int lg2 = random_lg2(s);
	struct iopgt_oracle_leaf leaf;
	size_t size;

	/* Sometimes where a leaf is, and all of it. */
	if (below(s, 2) && iopgt_oracle_next(&s->o, iova,
					     iopgt_kunit_last(s->k), &leaf)) {
		iova = leaf.iova;
		lg2 = max_t(unsigned int, lg2, leaf.lg2);
	}
	if (below(s, 4))
		iova &= ~(BIT(lg2) - 1);
	size = random_count(s, iova, lg2) << lg2;
	if (!size)
		return;
	random_fail(s);
	random_unmap_range(s, iova, size);
}

/*
 * All of a larger leaf by smaller ones, for a collapse to find, or for an unmap
 * that covers a table.
 */
static void random_fill(struct random_state *s, unsigned long iova)
{
	unsigned long sizes = s->sizes, n;
	unsigned int lg2 = random_lg2(s);
	size_t mapped = 0, want = 0;

	sizes &= ~(BIT(lg2) - 1) << 1;
	if (!sizes)
		return;
	n = BIT(__ffs(sizes) - lg2);
	if (n > 16 && below(s, n / 16))
		return;
	iova &= ~((n << lg2) - 1);
	KUNIT_EXPECT_EQ(s->k->test,
			iopgt_map_pages(&s->k->pgt, iova, s->k->out, BIT(lg2),
					n, IOPGT_RW, GFP_KERNEL, &mapped),
			iopgt_oracle_map(&s->o, iova, s->k->out, BIT(lg2), n,
					 IOPGT_RW, &want));
	KUNIT_EXPECT_EQ(s->k->test, mapped, want);
	s->count[RANDOM_MAP] += !!mapped;
	if (!below(s, 4))
		random_unmap_range(s, iova, n << lg2);
}

/* Leave hardly anything but empty tables, which blocks take the place of. */
static void random_clear(struct random_state *s)
{
	struct iopgt_oracle_leaf leaf;
	unsigned long iova = 0;

	while (iopgt_oracle_next(&s->o, iova, iopgt_kunit_last(s->k),
				 &leaf)) {
		unsigned int level = 1;
		unsigned long half;

		/* Half of what the table translates that the leaf is in. */
		while (leaf.lg2 >= iopgt_kunit_lg2(s->k, level))
			level++;
		half = iopgt_kunit_size(s->k, level) / 2;
		iova = leaf.iova;
		if (leaf.lg2 != __fls(half))
			half -= iova % half;
		/* A root may have fewer entries than that. */
		random_unmap_range(s, iova, min(half - 1,
						iopgt_kunit_last(s->k) - iova) +
				   1);
	}
}

/* Inside of a leaf, for most that are not too large to be cut so often. */
static unsigned long random_inside(struct random_state *s, unsigned long iova)
{
	const unsigned long granule = BIT(s->k->f->granule_lg2);
	struct iopgt_oracle_leaf leaf;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (!iopgt_oracle_next(&s->o, iova, iopgt_kunit_last(s->k),
				       &leaf))
			break;
		if (leaf.lg2 > s->k->f->granule_lg2)
			return leaf.iova + (random_iova(s) &
					    (BIT(leaf.lg2) - granule));
		iova = random_iova(s);
	}
	return iova;
}

static void random_cut(struct random_state *s, unsigned long iova)
{
	unsigned int before = s->k->invalidations;
	int ret;

	iova = random_inside(s, iova);

	random_fail(s);
	ret = iopgt_cut(&s->k->pgt, iova, GFP_KERNEL);
	KUNIT_EXPECT_EQ(s->k->test, ret, iopgt_oracle_cut(&s->o, iova));
	s->count[RANDOM_CUT] += s->k->invalidations != before;
	s->count[RANDOM_NOMEM] += ret == -ENOMEM;
}

static void random_collapse(struct random_state *s, unsigned long iova)
{
	unsigned int lg2 = random_lg2(s), before = s->k->invalidations;
	struct iopgt_oracle_leaf leaf;
	int ret;

	/* Mostly where there is something, and to what is a bit larger. */
	if (below(s, 8) && iopgt_oracle_next(&s->o, iova,
					     iopgt_kunit_last(s->k), &leaf)) {
		unsigned long larger = s->sizes & ~(BIT(leaf.lg2) - 1) << 1;

		iova = leaf.iova;
		lg2 = larger ? __ffs(larger) : lg2;
	}
	if (lg2 == s->k->f->granule_lg2)
		return;
	iova &= ~(BIT(lg2) - 1);
	ret = iopgt_collapse(&s->k->pgt, iova, BIT(lg2));
	KUNIT_EXPECT_EQ(s->k->test, ret,
			iopgt_oracle_collapse(&s->o, iova, BIT(lg2)));
	s->count[RANDOM_COLLAPSE] += s->k->invalidations != before;
}

/* Where there are leaves: the one at @iova, or one that comes after it. */
static void random_write(struct random_state *s, unsigned long iova)
{
	struct iopgt_oracle_leaf leaf;
	unsigned long at;

	if (!iopgt_oracle_next(&s->o, iova, iopgt_kunit_last(s->k), &leaf))
		return;
	/* Any entry of a run may be the one that hardware marks. */
	at = leaf.iova + (wide(s) & (BIT(leaf.lg2) - 1));
	KUNIT_EXPECT_EQ(s->k->test, iopgt_kunit_write(s->k, at),
			!!(leaf.prot & IOMMU_WRITE));
	if (leaf.prot & IOMMU_WRITE) {
		leaf.dirty = true;
		iopgt_oracle_put(&s->o, &leaf);
	}
}

/**
 * struct random_scan - a scan for dirty leaves that goes on
 * @s: the table
 * @next: first address that was not spoken of yet
 * @bytes: how many were reported
 */
struct random_scan {
	struct random_state *s;
	unsigned long next;
	size_t bytes;
};

static void random_scanned(unsigned long iova, size_t bytes, void *arg)
{
	struct random_scan *scan = arg;
	struct iopgt_oracle_leaf leaf;
	struct kunit *test = scan->s->k->test;
	unsigned long last = iova + bytes - 1, at = iova;

	KUNIT_EXPECT_GE(test, iova, scan->next);
	do {
		if (!iopgt_oracle_find(&scan->s->o, at, &leaf) ||
		    !leaf.dirty) {
			KUNIT_FAIL(test, "%lx is not dirty", at);
			return;
		}
		at = leaf.iova + BIT(leaf.lg2);
	} while (at - 1 < last);
	scan->next = last + 1;
	scan->bytes += bytes;
}

/* Is a leaf inside of what is to be invalidated, and the step small enough? */
static bool random_gathered(const struct iopgt_gather *gather,
			    const struct iopgt_oracle_leaf *leaf)
{
	unsigned int i;

	for (i = 0; i < gather->nr; i++)
		if (leaf->iova >= gather->range[i].start &&
		    leaf->iova + (BIT(leaf->lg2) - 1) <=
		    gather->range[i].last &&
		    leaf->lg2 >= gather->range[i].leaf_lg2)
			return true;
	return false;
}

/* What a scan of a range had to report; leaves inside become clean. */
static size_t random_dirty_bytes(struct random_state *s, unsigned long iova,
				 unsigned long last,
				 const struct iopgt_gather *gather)
{
	struct iopgt_oracle_leaf leaf;
	unsigned long at = iova;
	size_t bytes = 0;

	while (iopgt_oracle_next(&s->o, at, last, &leaf)) {
		unsigned long end = leaf.iova + (BIT(leaf.lg2) - 1);

		if (leaf.dirty) {
			bytes += min(end, last) - max(leaf.iova, iova) + 1;
			if (gather && leaf.iova >= iova && end <= last) {
				KUNIT_EXPECT_TRUE(s->k->test,
						  random_gathered(gather,
								  &leaf));
				leaf.dirty = false;
				iopgt_oracle_put(&s->o, &leaf);
			}
		}
		if (end >= last)
			break;
		at = end + 1;
	}
	return bytes;
}

static void random_scan(struct random_state *s, unsigned long iova)
{
	const unsigned int lg2 = random_lg2(s);
	struct random_scan scan = { .s = s, .next = iova };
	struct iopgt_gather gather;
	bool clear = below(s, 2);
	size_t size;

	size = random_count(s, iova, lg2) << lg2;
	if (!size)
		return;
	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(s->k->test,
			iopgt_read_dirty(&s->k->pgt, iova, size, clear,
					 &gather, random_scanned, &scan), 0);
	KUNIT_EXPECT_EQ(s->k->test, scan.bytes,
			random_dirty_bytes(s, iova, iova + size - 1,
					   clear ? &gather : NULL));
	KUNIT_EXPECT_FALSE(s->k->test, gather.tables_unlinked);
	s->count[RANDOM_DIRTY] += !!scan.bytes;
}

static void random_op(struct random_state *s)
{
	unsigned long iova = random_iova(s);

	if (!below(s, 1024))
		random_clear(s);
	switch (below(s, 64)) {
	case 0 ... 15:
		random_map(s, iova);
		break;
	case 16 ... 18:
		random_fill(s, iova);
		break;
	case 19 ... 32:
		random_unmap(s, iova);
		break;
	case 33 ... 35:
		random_cut(s, iova);
		break;
	case 36 ... 39:
		random_collapse(s, iova);
		break;
	case 40 ... 43:
		if (s->k->pgt.dirty)
			random_scan(s, iova);
		break;
	case 44 ... 47:
		if (s->k->pgt.dirty)
			random_write(s, iova);
		break;
	default:
		random_look(s, iova);
	}
	random_same(s);
}

/**
 * struct random_visit - a visit that goes on
 * @s: the table
 * @tables: tables seen
 * @leaves: leaves seen
 * @next: first address that no entry was seen for
 */
struct random_visit {
	struct random_state *s;
	unsigned int tables;
	unsigned int leaves;
	unsigned long next;
};

static int random_visited(const struct iopgt_entry *entry, void *arg)
{
	struct random_visit *visit = arg;
	struct kunit *test = visit->s->k->test;
	struct iopgt_oracle_leaf leaf = {};

	KUNIT_EXPECT_GE(test, entry->iova, visit->next);
	if (entry->table) {
		visit->tables++;
		KUNIT_EXPECT_TRUE(test,
				  iopgt_oracle_table(&visit->s->o, entry->iova,
						     entry->level - 1));
		return 0;
	}
	visit->leaves++;
	KUNIT_EXPECT_TRUE(test, iopgt_oracle_find(&visit->s->o, entry->iova,
						  &leaf));
	KUNIT_EXPECT_EQ(test, entry->iova, leaf.iova);
	KUNIT_EXPECT_EQ(test, entry->paddr, leaf.paddr);
	KUNIT_EXPECT_EQ(test, entry->lg2, leaf.lg2);
	KUNIT_EXPECT_EQ(test, entry->prot & IOPGT_RW, leaf.prot);
	visit->next = entry->iova + BIT(entry->lg2);
	return 0;
}

/* Compare all of it, in both directions. */
static void random_check(struct random_state *s)
{
	struct random_visit visit = { .s = s };
	unsigned long granule;
	unsigned int leaves = 0;
	void *entry;

	xa_for_each(&s->o.leaf, granule, entry) {
		random_look(s, granule << s->k->f->granule_lg2);
		leaves++;
	}
	KUNIT_EXPECT_EQ(s->k->test,
			iopgt_visit(&s->k->pgt, 0, iopgt_kunit_last(s->k),
				    random_visited, &visit), 0);
	KUNIT_EXPECT_EQ(s->k->test, visit.leaves, leaves);
	KUNIT_EXPECT_EQ(s->k->test, visit.tables, s->o.live - 1);
}

/* A run that never came by the rare paths would prove little. */
static void random_worth(struct random_state *s)
{
	unsigned int i;

	if (s->ops < 25000)
		return;
	for (i = 0; i < RANDOM_KINDS; i++)
		if (i != RANDOM_DIRTY || s->k->pgt.dirty)
			KUNIT_EXPECT_GT_MSG(s->k->test, s->count[i], 0,
					    "kind %u", i);
}

/* How many tests share what a format is to see, in each configuration. */
#define RANDOM_TESTS	4

static void random_run(struct kunit *test, struct iopgt_kunit *k)
{
	struct random_state *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	u64 used = seed ?: get_random_u64();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->k = k;
	s->sizes = k->pgt.cfg.pgsize_bitmap;
	s->ops = DIV_ROUND_UP(iopgt_kunit_ops, iopgt_kunit_configs(k->f) * RANDOM_TESTS);
	iopgt_oracle_init(&s->o, k);
	prandom_seed_state(&s->rnd, used);

	for (i = 0; i < s->ops && READ_ONCE(test->status) != KUNIT_FAILURE; i++) {
		random_op(s);
		if (!(i % 1024))
			cond_resched();
		if (!(i % 65536))
			random_check(s);
	}
	if (READ_ONCE(test->status) != KUNIT_FAILURE)
		random_check(s);
	random_worth(s);
	kunit_info(test, "ioflush_pgtable.seed=%llu: %u operations: %u maps, %u over tables, %u unmaps, %u cuts, %u collapses, %u dirty, %u tables gone, %u without memory",
		   used, i, s->count[RANDOM_MAP], s->count[RANDOM_EMPTY],
		   s->count[RANDOM_UNMAP], s->count[RANDOM_CUT],
		   s->count[RANDOM_COLLAPSE], s->count[RANDOM_DIRTY],
		   s->count[RANDOM_TABLES], s->count[RANDOM_NOMEM]);
	iopgt_oracle_destroy(&s->o);
}

static void random_test_coherent(struct kunit *test)
{
	random_run(test, iopgt_kunit_param(test));
}

/* The long way only, and the hardware sees what was flushed, no more. */
static void random_test_noncoherent(struct kunit *test)
{
	random_run(test, iopgt_kunit_noncoherent(test));
}

static void random_test_dirty(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);

	KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true), 0);
	random_run(test, k);
}

static void random_test_hitless(struct kunit *test)
{
	const struct iopgt_kunit_format *f = test->param_value;
	struct iopgt_cfg cfg = f->cfg;
	struct iopgt_kunit *k;

	cfg.hitless = true;
	k = iopgt_kunit_new(test, f, &cfg);
	KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&k->pgt, true), 0);
	random_run(test, k);
}

static struct kunit_case random_test_cases[] = {
	KUNIT_CASE_PARAM(random_test_coherent, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(random_test_noncoherent, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(random_test_dirty, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(random_test_hitless, iopgt_kunit_formats),
	{}
};

static_assert(ARRAY_SIZE(random_test_cases) == RANDOM_TESTS + 1);

static struct kunit_suite random_test_suite = {
	.name = "ioflush_pgtable_random",
	.test_cases = random_test_cases,
};

kunit_test_suite(random_test_suite);
