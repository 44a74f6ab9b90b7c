// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: what a table has to do, worked out on a list of leaves
 */
#include <errno.h>

#include <linux/iommu.h>
#include <linux/minmax.h>

#include "oracle.h"

/* The leaf that translates an address, or NULL. */
static struct user_leaf *leaf_at(const struct oracle *o, unsigned long iova)
{
	size_t at = user_leaves_find(&o->leaves, iova);

	if (at == o->leaves.n || o->leaves.leaf[at].iova > iova)
		return NULL;
	return &o->leaves.leaf[at];
}

unsigned int oracle_level(const struct oracle *o, unsigned int lg2)
{
	return (lg2 - o->f->granule_lg2) / o->f->idx_lg2;
}

/* Log2 of what a single entry translates, at the level of leaves of a size. */
static unsigned int entry_lg2(const struct oracle *o, unsigned int lg2)
{
	return user_lg2(o->f, oracle_level(o, lg2));
}

static int check_map(const struct oracle *o, unsigned long iova,
		     phys_addr_t paddr, size_t pgsize, size_t count, int prot)
{
	const struct iopgt *pgt = o->pgt;

	if (!pgsize || pgsize & (pgsize - 1) ||
	    !(pgsize & pgt->cfg.pgsize_bitmap) || !count ||
	    ((iova | paddr) & (pgsize - 1)) ||
	    !(prot & (IOMMU_READ | IOMMU_WRITE)))
		return -EINVAL;
	if (iova > pgt->ias_last || paddr > pgt->oas_last ||
	    (pgt->ias_last - iova) / pgsize < count - 1 ||
	    (pgt->oas_last - paddr) / pgsize < count - 1)
		return -ERANGE;
	return 0;
}

int oracle_map(struct oracle *o, unsigned long iova, phys_addr_t paddr,
	       size_t pgsize, size_t count, int prot, size_t *mapped)
{
	struct user_leaf leaf = {
		.iova = iova,
		.paddr = paddr,
		.lg2 = __builtin_ctzl(pgsize | 1UL << 63),
		.prot = prot & user_prots(o->f),
		.written = prot & IOMMU_WRITE && !o->tracking,
	};
	int ret = check_map(o, iova, paddr, pgsize, count, prot);
	size_t at, n = count;

	*mapped = 0;
	if (ret)
		return ret;
	at = user_leaves_find(&o->leaves, iova);
	if (at < o->leaves.n) {
		unsigned long next = o->leaves.leaf[at].iova;

		n = next <= iova ? 0 : min(count, (next - iova) / pgsize);
	}
	user_leaves_insert_n(&o->leaves, at, &leaf, n);
	*mapped = n * pgsize;
	return n < count ? -EEXIST : 0;
}

/*
 * Replace the leaf with number @at, a block, by single entries one level lower,
 * or a run by single entries; then whichever the boundary lies inside of.
 */
static void split(struct oracle *o, size_t at, unsigned long boundary)
{
	struct user_leaf leaf = o->leaves.leaf[at];
	unsigned int lg2 = entry_lg2(o, leaf.lg2), whole = leaf.lg2;

	if (lg2 == whole)
		lg2 -= o->f->idx_lg2;
	leaf.lg2 = lg2;
	user_leaves_remove(&o->leaves, at, 1);
	user_leaves_insert_n(&o->leaves, at, &leaf, 1UL << (whole - lg2));
	at = user_leaves_find(&o->leaves, boundary);
	if (o->leaves.leaf[at].iova != boundary)
		split(o, at, boundary);
}

int oracle_cut(struct oracle *o, unsigned long iova)
{
	const struct user_leaf *leaf;

	if (iova & ((1UL << o->f->granule_lg2) - 1))
		return -EINVAL;
	leaf = leaf_at(o, iova);
	if (leaf && leaf->iova != iova)
		split(o, leaf - o->leaves.leaf, iova);
	return 0;
}

size_t oracle_unmap(struct oracle *o, unsigned long iova, size_t size,
		    struct user_leaves *removed)
{
	const unsigned long last = iova + (size - 1);
	size_t done = 0, n = 0, at, i;

	if (!size || ((iova | size) & ((1UL << o->f->granule_lg2) - 1)) ||
	    iova > o->pgt->ias_last || size - 1 > o->pgt->ias_last - iova)
		return 0;
	while (done < size) {
		struct user_leaf *leaf = leaf_at(o, iova + done);

		if (!leaf)
			break;
		if (leaf->iova < iova + done || user_leaf_last(leaf) > last) {
			oracle_cut(o, iova + done);
			if (last != o->pgt->ias_last)
				oracle_cut(o, last + 1);
			continue;
		}
		done += 1UL << leaf->lg2;
		n++;
	}
	at = user_leaves_find(&o->leaves, iova);
	for (i = 0; i < n; i++)
		user_leaves_insert(removed, removed->n,
				   &o->leaves.leaf[at + i]);
	user_leaves_remove(&o->leaves, at, n);
	return done;
}

phys_addr_t oracle_to_phys(const struct oracle *o, unsigned long iova)
{
	const struct user_leaf *leaf = leaf_at(o, iova);

	return leaf ? leaf->paddr + (iova - leaf->iova) : 0;
}

bool oracle_marked(const struct oracle *o, unsigned long iova)
{
	const struct user_leaf *leaf = leaf_at(o, iova);

	return leaf && leaf->prot & IOPGT_MARK;
}

/* Can @n leaves from number @at on become one of size 2^@lg2? */
static bool joins(const struct oracle *o, size_t at, unsigned long iova,
		  unsigned int lg2, unsigned int small_lg2)
{
	const struct user_leaf *first = &o->leaves.leaf[at];
	const unsigned int level = oracle_level(o, small_lg2);
	unsigned long next = iova;

	if (at == o->leaves.n || first->paddr & ((1UL << lg2) - 1))
		return false;
	for (; at < o->leaves.n && next - iova < 1UL << lg2; at++) {
		const struct user_leaf *leaf = &o->leaves.leaf[at];

		if (leaf->iova != next || leaf->prot != first->prot ||
		    leaf->paddr - first->paddr != next - iova ||
		    oracle_level(o, leaf->lg2) != level)
			return false;
		next += 1UL << leaf->lg2;
	}
	return next - iova == 1UL << lg2;
}

int oracle_collapse(struct oracle *o, unsigned long iova, size_t size)
{
	const unsigned int lg2 = __builtin_ctzl(size | 1UL << 63);
	const unsigned int single = lg2 < 63 ? entry_lg2(o, lg2) : 0;
	const struct user_leaf *old = leaf_at(o, iova);
	struct user_leaf leaf;
	size_t at, n = 0;

	if (!size || size & (size - 1) || !(size & o->pgt->cfg.pgsize_bitmap) ||
	    lg2 == o->f->granule_lg2 || (iova & (size - 1)) ||
	    iova > o->pgt->ias_last || size - 1 > o->pgt->ias_last - iova)
		return -EINVAL;
	if (old && old->lg2 >= lg2)
		return 0;
	at = user_leaves_find(&o->leaves, iova);
	if (!joins(o, at, iova, lg2,
		   lg2 == single ? lg2 - o->f->idx_lg2 : single))
		return -EINVAL;

	leaf = o->leaves.leaf[at];
	for (; at + n < o->leaves.n &&
	     o->leaves.leaf[at + n].iova - iova < size; n++)
		leaf.written |= o->leaves.leaf[at + n].written;
	leaf.lg2 = lg2;
	user_leaves_remove(&o->leaves, at, n);
	user_leaves_insert(&o->leaves, at, &leaf);
	return 0;
}

void oracle_tracking(struct oracle *o, bool on)
{
	size_t i;

	if (on == o->tracking)
		return;
	o->tracking = on;
	for (i = 0; i < o->leaves.n; i++)
		o->leaves.leaf[i].written =
			!on && o->leaves.leaf[i].prot & IOMMU_WRITE;
}

const struct user_leaf *oracle_write(struct oracle *o, unsigned long iova)
{
	struct user_leaf *leaf = leaf_at(o, iova);

	if (!leaf || !(leaf->prot & IOMMU_WRITE))
		return NULL;
	leaf->written = true;
	return leaf;
}
