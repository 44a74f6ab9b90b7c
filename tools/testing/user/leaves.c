// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: leaves, as a table has them or as it should
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/io.h>
#include <linux/iommu.h>

#include "fmt.h"
#include "leaves.h"

size_t user_leaves_find(const struct user_leaves *leaves, unsigned long iova)
{
	size_t low = 0, high = leaves->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (user_leaf_last(&leaves->leaf[mid]) < iova)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void user_leaves_insert_n(struct user_leaves *leaves, size_t at,
			  const struct user_leaf *leaf, size_t n)
{
	const size_t bytes = 1UL << leaf->lg2;
	size_t i;

	if (leaves->n + n > leaves->room) {
		leaves->room = 2 * leaves->room + n + 64;
		leaves->leaf = realloc(leaves->leaf,
				       leaves->room * sizeof(*leaf));
		if (!leaves->leaf)
			user_die("no memory\n");
	}
	memmove(&leaves->leaf[at + n], &leaves->leaf[at],
		(leaves->n - at) * sizeof(*leaf));
	for (i = 0; i < n; i++) {
		leaves->leaf[at + i] = *leaf;
		leaves->leaf[at + i].iova += i * bytes;
		leaves->leaf[at + i].paddr += i * bytes;
	}
	leaves->n += n;
}

void user_leaves_insert(struct user_leaves *leaves, size_t at,
			const struct user_leaf *leaf)
{
	user_leaves_insert_n(leaves, at, leaf, 1);
}

void user_leaves_remove(struct user_leaves *leaves, size_t at, size_t n)
{
	if (!n)
		return;
	leaves->n -= n;
	memmove(&leaves->leaf[at], &leaves->leaf[at + n],
		(leaves->n - at) * sizeof(*leaves->leaf));
}

void user_leaves_free(struct user_leaves *leaves)
{
	free(leaves->leaf);
	*leaves = (struct user_leaves){};
}

static void print_leaf(const char *what, const struct user_leaves *leaves,
		       size_t i)
{
	const struct user_leaf *leaf = &leaves->leaf[i];

	if (i >= leaves->n)
		printf("%s: no leaf %zu\n", what, i);
	else
		printf("%s: leaf %zu: %#lx to %#llx, 2^%u, prot %u, written %u\n",
		       what, i, leaf->iova, leaf->paddr, leaf->lg2, leaf->prot,
		       leaf->written);
}

int user_leaves_differ(const struct user_leaves *a,
		       const struct user_leaves *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++) {
		const struct user_leaf *x = &a->leaf[i], *y = &b->leaf[i];

		if (x->iova != y->iova || x->paddr != y->paddr ||
		    x->lg2 != y->lg2 || x->prot != y->prot ||
		    x->written != y->written)
			break;
	}
	if (i == a->n && i == b->n)
		return 0;
	print_leaf("one", a, i);
	print_leaf("other", b, i);
	return 1;
}

/* Written through, or in the state of a leaf that is not tracked at all. */
static bool written(const struct iopgt_fmt *fmt, u64 pte)
{
	return (pte & fmt->dirty_mask) !=
	       (fmt->dirty_bits ^ fmt->dirty_flip) && fmt->dirty_mask;
}

/* Append the leaf that begins at an entry; returns how many entries it has. */
static unsigned int dump_leaf(const struct iopgt_fmt *fmt, const u64 *entry,
			      unsigned int level, unsigned long iova,
			      struct user_leaves *leaves)
{
	const unsigned int k = iopgt_run_lg2(fmt, *entry, level);
	const u64 same = fmt->leaf_attrs(*entry, level) & ~fmt->dirty_mask;
	struct user_leaf leaf = {
		.iova = iova,
		.lg2 = iopgt_lg2(fmt, level) + k,
		.prot = fmt->prot(*entry, level) &
			(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | IOPGT_MARK),
	};
	u64 inside = (1ULL << leaf.lg2) - 1;
	unsigned int i;

	leaf.paddr = fmt->to_phys(*entry, level) & ~inside;
	if (iova & inside)
		user_die("a run begins in the middle: %#lx\n", iova);
	for (i = 0; i < 1U << k; i++) {
		u64 pte = entry[i];

		if (!iopgt_pte_present(fmt, pte) ||
		    iopgt_pte_is_table(fmt, pte, level) ||
		    iopgt_run_lg2(fmt, pte, level) != k ||
		    (fmt->leaf_attrs(pte, level) & ~fmt->dirty_mask) != same ||
		    (fmt->to_phys(pte, level) & ~inside) != leaf.paddr)
			user_die("entries of one leaf differ: %#lx, %#llx and %#llx\n",
				 iova, *entry, pte);
		leaf.written |= (leaf.prot & IOMMU_WRITE) && written(fmt, pte);
	}
	user_leaves_insert(leaves, leaves->n, &leaf);
	return i;
}

static unsigned long dump_table(const struct iopgt *pgt, const u64 *table,
				unsigned int level, unsigned long iova,
				struct user_leaves *leaves)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	const unsigned int n = iopgt_level_entries(fmt, pgt, level);
	unsigned long tables = 1;
	unsigned int i = 0;

	while (i < n) {
		unsigned long at = iova + ((unsigned long)i <<
					   iopgt_lg2(fmt, level));
		u64 pte = table[i];

		if (!iopgt_pte_present(fmt, pte)) {
			if (pte)
				user_die("absent, and not 0: %#lx, %#llx\n", at,
					 pte);
			i++;
		} else if (iopgt_pte_is_table(fmt, pte, level)) {
			tables += dump_table(pgt, iopgt_pte_table(fmt, pte),
					     level - 1, at, leaves);
			i++;
		} else {
			i += dump_leaf(fmt, &table[i], level, at, leaves);
		}
	}
	return tables;
}

unsigned long user_dump(const struct iopgt *pgt, struct user_leaves *leaves)
{
	leaves->n = 0;
	return dump_table(pgt, pgt->root, pgt->levels - 1, 0, leaves);
}

u64 *user_leaf_entry(const struct iopgt *pgt, unsigned long iova)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	unsigned int level = pgt->levels - 1;
	u64 *table = pgt->root;

	for (;; level--) {
		u64 *entry = &table[iopgt_level_idx(fmt, pgt, iova, level)];
		u64 pte = READ_ONCE(*entry);

		if (!iopgt_pte_is_table(fmt, pte, level))
			return iopgt_pte_present(fmt, pte) ? entry : NULL;
		table = iopgt_pte_table(fmt, pte);
	}
}
