// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: bytes become operations, and an oracle knows what they do
 *
 * libFuzzer makes up the bytes; --format=NAME says of which format, and
 * replay.c runs the same without libFuzzer. Whatever differs from the oracle
 * ends the process.
 *
 * An operation is a byte that chooses it and some bytes of operands; once there
 * are no more bytes all that follows is 0. Addresses are near the edges of
 * tables, and near each other, so that operations meet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "fmt.h"
#include "fuzz.h"
#include "oracle.h"

#define OPERATIONS_MAX	400
/* More leaves than that take longer to compare than they are worth. */
#define LEAVES_MAX	20000
#define LIST_MAX	8

/**
 * struct fuzz - one run
 * @in: what is left of the bytes
 * @left: how many
 * @f: the format
 * @pgt: the table
 * @o: what it should do
 * @seen: what it does
 */
struct fuzz {
	const u8 *in;
	size_t left;
	const struct user_format *f;
	struct iopgt pgt;
	struct oracle o;
	struct user_leaves seen;
};

static const struct user_format *format;

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s: %s: %s: " fmt "\n", format->name,	\
			 __func__, #good, ##__VA_ARGS__);		\
} while (0)

void fuzz_format(const char *name)
{
	format = user_format(name);
}

static u8 byte(struct fuzz *z)
{
	if (!z->left)
		return 0;
	z->left--;
	return *z->in++;
}

/* Near the beginning or the end of one of four tables at each of four places. */
static unsigned long address(struct fuzz *z)
{
	const unsigned long last = z->pgt.ias_last;
	const unsigned int where = byte(z), page = byte(z);
	unsigned long span = 1UL << user_lg2(z->f, 1), base;

	switch (where & 3) {
	case 0:
		base = 0;
		break;
	case 1:
		base = (1UL << user_lg2(z->f, 2)) - 2 * span;
		break;
	case 2:
		base = (last >> 1) + 1 - 2 * span;
		break;
	default:
		base = last - 4 * span + 1;
	}
	base += (where >> 2 & 3) * span;
	if (page < 128)
		return base + ((unsigned long)page << z->f->granule_lg2);
	return base + span - ((256UL - page) << z->f->granule_lg2);
}

/* One of the leaf sizes; now and then one that is none. */
static size_t leaf_size(struct fuzz *z)
{
	unsigned long sizes = z->pgt.cfg.pgsize_bitmap;
	unsigned int n = byte(z), i;

	if (n == 255)
		return 3UL << z->f->granule_lg2;
	if (n == 254)
		return 1UL << (z->f->granule_lg2 - 1);
	if (n >= 128)
		return sizes & -sizes;
	n %= __builtin_popcountl(sizes);
	for (i = 0; i < n; i++)
		sizes &= sizes - 1;
	return sizes & -sizes;
}

static size_t count(struct fuzz *z)
{
	unsigned int n = byte(z);

	if (n < 224)
		return n;
	return (1UL << z->f->idx_lg2) * ((n & 3) + 1) - (n >> 2 & 1);
}

/* An output address for which neighbours in are neighbours out, mostly. */
static phys_addr_t output(struct fuzz *z, unsigned long iova, size_t pgsize,
			  u8 salt)
{
	phys_addr_t top = (z->pgt.oas_last >> 1) + 1;
	phys_addr_t paddr = (iova & (top - 1)) | top;

	if (salt & 4)
		paddr ^= top >> 1;
	if (salt & 8)
		paddr += 1UL << z->f->granule_lg2;
	if (!(salt & 16))
		paddr &= -(phys_addr_t)pgsize;
	return paddr;
}

static int permissions(u8 salt)
{
	static const int prots[] = {
		IOMMU_READ | IOMMU_WRITE, IOMMU_READ | IOPGT_MARK,
		IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, 0,
	};

	return prots[salt >> 6];
}

static void compare(struct fuzz *z)
{
	unsigned long tables = user_dump(&z->pgt, &z->seen);
	size_t i;

	/* Without tracking there is nothing to know about writes. */
	for (i = 0; !z->o.tracking && i < z->seen.n; i++)
		z->seen.leaf[i].written = z->seen.leaf[i].prot & IOMMU_WRITE;
	if (user_leaves_differ(&z->o.leaves, &z->seen))
		user_die("fuzz: %s: the table is not as expected\n",
			 format->name);
	EXPECT(atomic_long_read(&z->pgt.live_pages) == (long)tables,
	       "%ld, %lu", atomic_long_read(&z->pgt.live_pages), tables);
}

/* What is marked from @iova on, a page at a time, for as many as there are. */
static void look_marked(struct fuzz *z, unsigned long iova)
{
	const size_t page = 1UL << z->f->granule_lg2;
	struct iopgt_piece piece[2];
	unsigned int n = 2, i;
	size_t done, j;

	iova &= -page;
	if (iova > z->pgt.ias_last - 4 * page)
		return;
	done = iopgt_marked(&z->pgt, iova, 4 * page, piece, &n);
	EXPECT(done == 4 * page || n == 2 || !oracle_marked(&z->o, iova + done),
	       "%#lx: %#zx in %u", iova, done, n);
	for (i = 0; i < n; i++)
		for (j = 0; j < piece[i].pages; j++, iova += page, done -= page) {
			phys_addr_t want = oracle_to_phys(&z->o, iova);

			EXPECT(oracle_marked(&z->o, iova) &&
			       piece[i].paddr + j * page == want,
			       "%#lx: %#llx, expected %#llx", iova,
			       piece[i].paddr + j * page, want);
		}
	EXPECT(!done, "%#zx", done);
}

static void look(struct fuzz *z, unsigned long iova)
{
	phys_addr_t want = oracle_to_phys(&z->o, iova);
	phys_addr_t got = iopgt_iova_to_phys(&z->pgt, iova);

	if (iova > z->pgt.ias_last)
		want = 0;
	EXPECT(got == want, "%#lx: %#llx, expected %#llx", iova, got, want);
	look_marked(z, iova);
}

static void fuzz_map(struct fuzz *z)
{
	unsigned long iova = address(z);
	size_t pgsize = leaf_size(z), n = count(z), mapped = 0, want;
	u8 salt = byte(z);
	phys_addr_t paddr;
	int ret, expected;

	if (!(salt & 32))
		iova &= -pgsize;
	if (pgsize > 1UL << user_lg2(z->f, 1))
		n = min_t(size_t, n, 3);
	paddr = output(z, iova, pgsize, salt);
	if (z->o.leaves.n > LEAVES_MAX)
		return;
	expected = oracle_map(&z->o, iova, paddr, pgsize, n,
			      permissions(salt), &want);
	ret = iopgt_map_pages(&z->pgt, iova, paddr, pgsize, n,
			      permissions(salt), GFP_KERNEL, &mapped);
	EXPECT(ret == expected, "%d, expected %d", ret, expected);
	EXPECT(mapped == want, "%#zx, expected %#zx", mapped, want);
	look(z, iova);
	look(z, iova + mapped - 1);
}

/* The smallest leaf size of the ranges that a removed leaf is in. */
static bool gathered(const struct iopgt_gather *g, const struct user_leaf *leaf)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		if (g->range[i].start <= leaf->iova &&
		    g->range[i].last >= user_leaf_last(leaf))
			return g->range[i].leaf_lg2 <= leaf->lg2;
	return false;
}

/* Precision: all that was removed, and nothing around it. */
static void check_gather(struct fuzz *z, const struct iopgt_gather *g,
			 const struct user_leaves *removed, unsigned long iova,
			 size_t done)
{
	unsigned int i;
	size_t j;

	EXPECT(iopgt_gather_empty(g) == !done, "%zu", done);
	for (i = 0; i < g->nr; i++) {
		EXPECT(g->range[i].start >= iova, "%#lx", g->range[i].start);
		EXPECT(g->range[i].last <= iova + (done - 1), "%#lx",
		       g->range[i].last);
	}
	for (j = 0; j < removed->n; j++)
		EXPECT(gathered(g, &removed->leaf[j]), "%#lx",
		       removed->leaf[j].iova);
	EXPECT(g->tables_unlinked == !list_empty(&g->pages), "%d",
	       g->tables_unlinked);
}

/* As many maps as there are pieces, until one fails. */
static int expect_list(struct fuzz *z, unsigned long iova,
		       const struct iopgt_piece *piece, unsigned int n,
		       int prot, size_t *mapped)
{
	const size_t page = 1UL << z->f->granule_lg2;
	unsigned int i;
	int ret = 0;

	*mapped = 0;
	for (i = 0; !ret && i < n; i++) {
		size_t got;

		/* There is no address to go on at. */
		if (*mapped && !(iova + *mapped))
			return piece[i].pages ? -ERANGE : -EINVAL;
		ret = oracle_map(&z->o, iova + *mapped, piece[i].paddr, page,
				 piece[i].pages, prot, &got);
		*mapped += got;
	}
	return ret;
}

static void fuzz_list(struct fuzz *z)
{
	const size_t page = 1UL << z->f->granule_lg2;
	unsigned int i, n = byte(z) % (LIST_MAX + 1);
	struct iopgt_piece piece[LIST_MAX];
	unsigned long iova = address(z);
	size_t mapped = 0, want;
	int ret, expected;
	u8 salt = byte(z);

	if ((salt & 48) == 48)
		iova += page / 2;
	if (z->o.leaves.n > LEAVES_MAX)
		return;
	for (i = 0; i < n; i++) {
		u8 where = byte(z);

		/* Most are short, and of many places; the last may be long. */
		piece[i].pages = i + 1 < n || where & 3 ? where >> 2 & 7 : count(z);
		piece[i].paddr = output(z, iova, page, where) + i * 3 * page;
		if (where == 0xff)
			piece[i].paddr += page / 2;
	}
	expected = expect_list(z, iova, piece, n, permissions(salt), &want);
	ret = iopgt_map_list(&z->pgt, iova, piece, n, permissions(salt),
			     GFP_KERNEL, &mapped);
	EXPECT(ret == expected, "%d, expected %d", ret, expected);
	EXPECT(mapped == want, "%#zx, expected %#zx", mapped, want);
	look(z, iova);
	look(z, iova + mapped - 1);
}

static void fuzz_unmap(struct fuzz *z)
{
	unsigned long iova = address(z);
	size_t pgsize = leaf_size(z), n = count(z), done, want;
	struct user_leaves removed = {};
	struct iopgt_gather gather;
	u8 salt = byte(z);

	if (salt & 32)
		iova &= -pgsize;
	if (pgsize > 1UL << user_lg2(z->f, 1))
		n = min_t(size_t, n, 3);
	if (z->o.leaves.n > LEAVES_MAX)
		pgsize = 1UL << user_lg2(z->f, 1);
	want = oracle_unmap(&z->o, iova, n * pgsize, &removed);
	iopgt_gather_init(&gather, true);
	done = iopgt_unmap_pages(&z->pgt, iova, n * pgsize, &gather);
	EXPECT(done == want, "%#zx, expected %#zx", done, want);
	check_gather(z, &gather, &removed, iova, done);
	iopgt_free_pages(&z->pgt, &gather.pages);
	user_leaves_free(&removed);
	look(z, iova);
	look(z, iova + done);
}

static void fuzz_cut(struct fuzz *z)
{
	unsigned long iova = address(z);
	int ret, want = oracle_cut(&z->o, iova);

	ret = iopgt_cut(&z->pgt, iova, GFP_KERNEL);
	EXPECT(ret == want, "%#lx: %d, expected %d", iova, ret, want);
	look(z, iova);
	look(z, iova - 1);
}

static void fuzz_collapse(struct fuzz *z)
{
	unsigned long iova = address(z);
	size_t size = leaf_size(z);
	int ret, want;

	if (byte(z) & 3)
		iova &= -size;
	want = oracle_collapse(&z->o, iova, size);
	ret = iopgt_collapse(&z->pgt, iova, size);
	EXPECT(ret == want, "%#lx, %#zx: %d, expected %d", iova, size, ret,
	       want);
	look(z, iova);
}

/* Every entry that leads to a leaf that is written says so by itself. */
static void fuzz_write(struct fuzz *z)
{
	const struct iopgt_fmt *fmt = z->pgt.fmt;
	unsigned long iova = address(z);
	u64 *entry;

	if (!z->o.tracking || !oracle_write(&z->o, iova))
		return;
	entry = user_leaf_entry(&z->pgt, iova);
	EXPECT(entry, "%#lx", iova);
	if ((*entry & fmt->dirty_mask) == (fmt->dirty_bits ^ fmt->dirty_flip))
		*entry = (*entry & ~fmt->dirty_mask) | fmt->dirty_bits;
}

static void fuzz_tracking(struct fuzz *z, bool on)
{
	bool able = z->pgt.cfg.coherent_walk && z->pgt.fmt->dirty_mask;
	int ret = iopgt_set_dirty_tracking(&z->pgt, on);

	EXPECT(ret == (able || !on ? 0 : -EOPNOTSUPP), "%d", ret);
	if (!ret)
		oracle_tracking(&z->o, on);
}

/* What a scan reports: taken off a list of what it has to. */
struct report {
	struct user_leaves want;
	unsigned long next;
};

static void report(unsigned long iova, size_t bytes, void *arg)
{
	struct report *r = arg;
	size_t i;

	EXPECT(iova >= r->next, "%#lx after %#lx", iova, r->next);
	r->next = iova + bytes;
	for (i = user_leaves_find(&r->want, iova); bytes; i++) {
		struct user_leaf *leaf = &r->want.leaf[i];
		size_t part;

		EXPECT(i < r->want.n && leaf->iova <= iova, "%#lx", iova);
		part = min_t(size_t, bytes, user_leaf_last(leaf) - iova + 1);
		leaf->written = false;
		iova += part;
		bytes -= part;
	}
}

static void fuzz_read_dirty(struct fuzz *z)
{
	unsigned long iova = address(z), last;
	size_t size = count(z) << z->f->granule_lg2, i;
	bool clear = byte(z) & 1;
	struct iopgt_gather gather;
	struct report r = {};

	iopgt_gather_init(&gather, false);
	if (!z->o.tracking || !size || size - 1 > z->pgt.ias_last - iova) {
		EXPECT(iopgt_read_dirty(&z->pgt, iova, size, clear, &gather,
					NULL, NULL), "%#lx, %#zx", iova, size);
		return;
	}
	last = iova + size - 1;
	for (i = user_leaves_find(&z->o.leaves, iova); i < z->o.leaves.n; i++) {
		struct user_leaf *leaf = &z->o.leaves.leaf[i];

		if (leaf->iova > last)
			break;
		if (!leaf->written)
			continue;
		user_leaves_insert(&r.want, r.want.n, leaf);
		if (clear && leaf->iova >= iova && user_leaf_last(leaf) <= last)
			leaf->written = false;
	}
	EXPECT(!iopgt_read_dirty(&z->pgt, iova, size, clear, &gather, report,
				 &r), "%#lx, %#zx", iova, size);
	for (i = 0; i < r.want.n; i++)
		EXPECT(!r.want.leaf[i].written, "%#lx", r.want.leaf[i].iova);
	user_leaves_free(&r.want);
}

/* A visitor that takes leaves off the front of what is expected. */
struct visit {
	const struct user_leaves *want;
	size_t at;
};

static int visit(const struct iopgt_entry *entry, void *arg)
{
	struct visit *v = arg;
	const struct user_leaf *leaf = &v->want->leaf[v->at];

	if (entry->table)
		return 0;
	EXPECT(v->at < v->want->n, "%#lx", entry->iova);
	EXPECT(entry->iova == leaf->iova && entry->paddr == leaf->paddr &&
	       entry->lg2 == leaf->lg2 &&
	       (entry->prot & user_prots(format)) == leaf->prot,
	       "%#lx to %#llx, 2^%u, %d", entry->iova, entry->paddr,
	       entry->lg2, entry->prot);
	v->at++;
	return 0;
}

static void fuzz_visit(struct fuzz *z)
{
	struct visit v = { .want = &z->o.leaves };

	EXPECT(!iopgt_visit(&z->pgt, 0, z->pgt.ias_last, visit, &v), "");
	EXPECT(v.at == z->o.leaves.n, "%zu of %zu", v.at, z->o.leaves.n);
}

static void operation(struct fuzz *z)
{
	switch (byte(z) % 16) {
	case 0 ... 3:
		fuzz_map(z);
		break;
	case 4 ... 6:
		fuzz_unmap(z);
		break;
	case 7:
		fuzz_list(z);
		break;
	case 8:
		fuzz_cut(z);
		break;
	case 9 ... 10:
		fuzz_collapse(z);
		break;
	case 11:
		fuzz_tracking(z, byte(z) & 3);
		break;
	case 12:
		fuzz_write(z);
		break;
	case 13:
		fuzz_read_dirty(z);
		break;
	case 14:
		fuzz_visit(z);
		break;
	default:
		look(z, address(z) + byte(z));
		compare(z);
	}
}

/* The hook has to be told of a table, or of a range that somebody owns. */
static void invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
	EXPECT(!iopgt_gather_empty(gather), "");
	EXPECT(!gather->may_defer, "");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz z = { .in = data, .left = size, .f = format };
	unsigned int i;

	if (iopgt_init(&z.pgt, format->ops, &format->cfg))
		user_die("fuzz: no table of format %s\n", format->name);
	z.pgt.invalidate = invalidate;
	z.o.f = format;
	z.o.pgt = &z.pgt;
	for (i = 0; z.left && i < OPERATIONS_MAX; i++)
		operation(&z);
	fuzz_visit(&z);
	compare(&z);

	iopgt_destroy(&z.pgt);
	EXPECT(!user_pages_used(), "%ld", user_pages_used());
	EXPECT(!user_warnings(), "");
	user_leaves_free(&z.o.leaves);
	user_leaves_free(&z.seen);
	return 0;
}

/* libFuzzer leaves options with two dashes to us. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int i;

	for (i = 1; i < *argc; i++)
		if (!strncmp((*argv)[i], "--format=", 9))
			fuzz_format((*argv)[i] + 9);
	if (!format)
		fuzz_format("");
	return 0;
}
