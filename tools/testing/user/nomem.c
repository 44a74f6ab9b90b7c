// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: every allocation of every operation fails once
 *
 * An operation runs on a table that was prepared, with its first allocation made
 * to fail, then with its second, until it succeeds. After each failure and what
 * its caller has to undo, the table has to translate what it did before; and the
 * operation has to succeed when there is memory again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/err.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/kernel.h>

#include "formats.h"
#include "lib/case.h"
#include "oracle.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

/**
 * struct nomem - a table, and what is known of it
 * @f: the format
 * @op: the operation
 * @pgt: the table
 * @o: what it should do
 * @seen: what it does
 */
struct nomem {
	const struct user_format *f;
	const struct op *op;
	struct iopgt pgt;
	struct oracle o;
	struct user_leaves seen;
};

/**
 * struct op - an operation that allocates
 * @name: of the test
 * @prepare: what is there before, on the table and in the oracle
 * @run: the operation, on the table only; 0 or an error, and what was done is
 *	undone in that case
 * @expect: the same in the oracle
 * @allocs: how many allocations it has to come to
 * @level: needs leaves at this level
 * @exact: a failure leaves the very leaves, and not only what they translate
 */
struct op {
	const char *name;
	void (*prepare)(struct nomem *n);
	int (*run)(struct nomem *n);
	void (*expect)(struct nomem *n);
	unsigned int (*allocs)(const struct nomem *n);
	unsigned int level;
	bool exact;
};

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s: %s: " fmt "\n", __func__, #good,		\
			 ##__VA_ARGS__);				\
} while (0)

static unsigned long granule(const struct nomem *n)
{
	return 1UL << n->f->granule_lg2;
}

static unsigned long span(const struct nomem *n, unsigned int level)
{
	return 1UL << user_lg2(n->f, level);
}

/* Output is narrower than input, so only the lower bits are the same. */
static phys_addr_t out(const struct nomem *n, unsigned long iova)
{
	return ((n->pgt.oas_last >> 1) + 1) | (iova & (span(n, 2) - 1));
}

/* Something that is there before, in the table and in the oracle. */
static void have(struct nomem *n, unsigned long iova, size_t pgsize,
		 size_t count)
{
	size_t mapped = 0, want;

	EXPECT(!iopgt_map_pages(&n->pgt, iova, out(n, iova), pgsize, count, RW,
				GFP_KERNEL, &mapped), "%#lx", iova);
	oracle_map(&n->o, iova, out(n, iova), pgsize, count, RW, &want);
}

/* A map whose caller unmaps what was mapped before an error. */
static int map(struct nomem *n, unsigned long iova, size_t pgsize,
	       size_t count)
{
	struct iopgt_gather gather;
	size_t mapped = 0;
	int ret = iopgt_map_pages(&n->pgt, iova, out(n, iova), pgsize, count,
				  RW, GFP_KERNEL, &mapped);

	if (!ret || !mapped)
		return ret;
	iopgt_gather_init(&gather, false);
	EXPECT(iopgt_unmap_pages(&n->pgt, iova, mapped, &gather) == mapped,
	       "%#zx", mapped);
	iopgt_free_pages(&n->pgt, &gather.pages);
	return ret;
}

static void expect_map(struct nomem *n, unsigned long iova, size_t pgsize,
		       size_t count)
{
	size_t mapped;

	EXPECT(!oracle_map(&n->o, iova, out(n, iova), pgsize, count, RW,
			   &mapped), "%#lx", iova);
}

/* Between two entries of the root, neither of which the first page is in. */
static unsigned long edge(const struct nomem *n)
{
	return 2 * span(n, n->pgt.levels - 1);
}

static void prepare_pages(struct nomem *n)
{
	have(n, 0, granule(n), 3);
}

static int run_pages(struct nomem *n)
{
	return map(n, edge(n) - granule(n), granule(n), 2);
}

static void expect_pages(struct nomem *n)
{
	expect_map(n, edge(n) - granule(n), granule(n), 2);
}

static unsigned int allocs_pages(const struct nomem *n)
{
	return 2 * (n->pgt.levels - 1);
}

/* A full table, which the way back then covers and gives up. */
static int run_table(struct nomem *n)
{
	return map(n, edge(n) - span(n, 1), granule(n),
		   (1UL << n->f->idx_lg2) + 1);
}

static void expect_table(struct nomem *n)
{
	expect_map(n, edge(n) - span(n, 1), granule(n),
		   (1UL << n->f->idx_lg2) + 1);
}

static int run_blocks(struct nomem *n)
{
	return map(n, edge(n) - span(n, 1), span(n, 1), 2);
}

static void expect_blocks(struct nomem *n)
{
	expect_map(n, edge(n) - span(n, 1), span(n, 1), 2);
}

static unsigned int allocs_blocks(const struct nomem *n)
{
	return 2 * (n->pgt.levels - 2);
}

static void prepare_block(struct nomem *n)
{
	have(n, span(n, 1), span(n, 1), 1);
	have(n, 2 * span(n, 1), granule(n), 1);
}

static void prepare_large(struct nomem *n)
{
	have(n, 0, span(n, 2), 1);
	have(n, span(n, 2), granule(n), 1);
}

static int run_cut(struct nomem *n)
{
	return iopgt_cut(&n->pgt, span(n, 1) + 5 * granule(n), GFP_KERNEL);
}

static void expect_cut(struct nomem *n)
{
	oracle_cut(&n->o, span(n, 1) + 5 * granule(n));
}

static unsigned int allocs_one(const struct nomem *n)
{
	return 1;
}

static unsigned int allocs_two(const struct nomem *n)
{
	return 2;
}

/* Both ends of it are inside of the leaf; without memory, of all or a part. */
static int unmap(struct nomem *n, unsigned long iova, size_t size)
{
	struct iopgt_gather gather;
	size_t done;

	iopgt_gather_init(&gather, false);
	done = iopgt_unmap_pages(&n->pgt, iova, size, &gather);
	iopgt_free_pages(&n->pgt, &gather.pages);
	EXPECT(!done || done == size, "%#zx", done);
	return done ? 0 : -ENOMEM;
}

static void expect_unmap(struct nomem *n, unsigned long iova, size_t size)
{
	struct user_leaves removed = {};

	EXPECT(oracle_unmap(&n->o, iova, size, &removed) == size, "%#zx", size);
	user_leaves_free(&removed);
}

static int run_partial(struct nomem *n)
{
	return unmap(n, span(n, 1) + 3 * granule(n), 4 * granule(n));
}

static void expect_partial(struct nomem *n)
{
	expect_unmap(n, span(n, 1) + 3 * granule(n), 4 * granule(n));
}

/* Two tables for the one end, and a third for the other. */
static int run_partial_large(struct nomem *n)
{
	return unmap(n, span(n, 1) + 3 * granule(n), span(n, 1));
}

static void expect_partial_large(struct nomem *n)
{
	expect_unmap(n, span(n, 1) + 3 * granule(n), span(n, 1));
}

static unsigned int allocs_three(const struct nomem *n)
{
	return 3;
}

static const struct op ops[] = {
	{ .name = "map of pages", .prepare = prepare_pages, .run = run_pages,
	  .expect = expect_pages, .allocs = allocs_pages, .exact = true },
	{ .name = "map of a table", .prepare = prepare_pages, .run = run_table,
	  .expect = expect_table, .allocs = allocs_pages, .exact = true },
	{ .name = "map of blocks", .prepare = prepare_pages, .run = run_blocks,
	  .expect = expect_blocks, .allocs = allocs_blocks, .level = 1,
	  .exact = true },
	{ .name = "cut", .prepare = prepare_block, .run = run_cut,
	  .expect = expect_cut, .allocs = allocs_one, .level = 1,
	  .exact = true },
	{ .name = "cut of two levels", .prepare = prepare_large,
	  .run = run_cut, .expect = expect_cut, .allocs = allocs_two,
	  .level = 2, .exact = true },
	{ .name = "partial unmap", .prepare = prepare_block,
	  .run = run_partial, .expect = expect_partial, .allocs = allocs_one,
	  .level = 1 },
	{ .name = "partial unmap of two levels", .prepare = prepare_large,
	  .run = run_partial_large, .expect = expect_partial_large,
	  .allocs = allocs_three, .level = 2 },
};

/* Neighbours that do the same become one, of no size in particular. */
static void join(struct user_leaves *leaves, struct user_leaves *joined)
{
	size_t i;

	for (i = 0; i < leaves->n; i++) {
		struct user_leaf leaf = leaves->leaf[i];
		unsigned long bytes = 1UL << leaf.lg2;

		leaf.lg2 = 0;
		for (; i + 1 < leaves->n; i++) {
			const struct user_leaf *next = &leaves->leaf[i + 1];

			if (next->iova != leaf.iova + bytes ||
			    next->paddr != leaf.paddr + bytes)
				break;
			bytes += 1UL << next->lg2;
		}
		user_leaves_insert(joined, joined->n, &leaf);
		leaf.iova += bytes - 1;
		user_leaves_insert(joined, joined->n, &leaf);
	}
}

static void compare(struct nomem *n, bool exact, const char *when)
{
	struct user_leaves a = {}, b = {};
	unsigned long tables;
	size_t i;
	int differ;

	tables = user_dump(&n->pgt, &n->seen);
	for (i = 0; i < n->seen.n; i++)
		n->seen.leaf[i].written = true;
	join(&n->seen, &a);
	join(&n->o.leaves, &b);
	differ = exact ? user_leaves_differ(&n->o.leaves, &n->seen) :
			 user_leaves_differ(&b, &a);
	EXPECT(!differ, "%s", when);
	EXPECT(atomic_long_read(&n->pgt.live_pages) == (long)tables,
	       "%s: %ld, %lu", when, atomic_long_read(&n->pgt.live_pages),
	       tables);
	user_leaves_free(&a);
	user_leaves_free(&b);
}

static void invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
}

/* Returns whether there was an allocation of that number. */
static bool attempt(struct nomem *n, unsigned int nth)
{
	unsigned long before;
	bool failed;
	int ret;

	EXPECT(!iopgt_init(&n->pgt, n->f->ops, &n->f->cfg), "");
	n->pgt.invalidate = invalidate;
	n->o = (struct oracle){ .f = n->f, .pgt = &n->pgt };
	n->op->prepare(n);

	before = user_allocs();
	user_fail_alloc(nth);
	ret = n->op->run(n);
	failed = user_allocs() - before >= nth;
	user_fail_alloc(0);
	if (failed) {
		EXPECT(ret == -ENOMEM, "%d", ret);
		compare(n, n->op->exact, "after the failure");
		ret = n->op->run(n);
	}
	EXPECT(!ret, "%d", ret);
	n->op->expect(n);
	compare(n, n->op->exact, "at the end");

	iopgt_destroy(&n->pgt);
	user_leaves_free(&n->o.leaves);
	EXPECT(!user_pages_used(), "%ld", user_pages_used());
	return failed;
}

static void run(void *arg)
{
	struct nomem *n = arg;
	unsigned int nth = 1, want;

	while (attempt(n, nth))
		nth++;
	want = n->op->allocs(n);
	EXPECT(nth == want + 1, "%u allocations, expected %u", nth - 1, want);
	user_leaves_free(&n->seen);
}

/* Without a root there is no table. */
static void run_init(void *arg)
{
	struct nomem *n = arg;
	int ret;

	user_fail_alloc(1);
	ret = iopgt_init(&n->pgt, n->f->ops, &n->f->cfg);
	EXPECT(ret == -ENOMEM, "%d", ret);
	user_fail_alloc(0);
}

/* Leaves at a level, as the config of a format has it. */
static bool suits(const struct user_format *f, unsigned int level)
{
	struct iopgt pgt;
	bool suits;

	if (!level)
		return true;
	if (iopgt_init(&pgt, f->ops, &f->cfg))
		user_die("no table of format %s\n", f->name);
	suits = user_leaf_at(&pgt, f, level);
	iopgt_destroy(&pgt);
	return suits;
}

int main(int argc, char **argv)
{
	const struct user_format *f;
	char name[128];
	bool ok = true;
	unsigned int i;

	if (argc > 1) {
		printf("usage: nomem\n\nMakes every allocation fail, in every format.\n");
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	for (f = user_formats; f->name; f++) {
		struct nomem n = { .f = f };

		snprintf(name, sizeof(name), "no memory, %s: init", f->name);
		ok &= user_case(name, 60, run_init, &n);
		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			if (!suits(f, ops[i].level))
				continue;
			n.op = &ops[i];
			snprintf(name, sizeof(name), "no memory, %s: %s",
				 f->name, ops[i].name);
			ok &= user_case(name, 60, run, &n);
		}
	}
	return !ok;
}
