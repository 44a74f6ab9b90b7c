// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: cutting a leaf, so that a part of it can go
 *
 * One cut replaces one leaf, once, however many levels lie between its size and
 * the boundary that is wanted: the new tables are complete before any of it is
 * seen. A cut of a 1 GiB block at a 4 KiB boundary:
 *
 *	before		level 2		[ block of 1 GiB ]
 *
 *	after		level 2		[ table ]
 *			level 1		[ 2 MiB | ... | table | ... | 2 MiB ]
 *			level 0		      [ 4 KiB | 4 KiB | ... | 4 KiB ]
 *
 * So there is one invalidation, and what fails does so before anything changed.
 *
 * Most hardware must not meet the block and the table at the same time: it may
 * hold both in its caches and use either, or fault. There the entry is broken,
 * the invalidation finishes, and only then the table is linked. Requests in
 * between fault. Hardware that is said to be hitless takes the table in place of
 * the block; the invalidation comes after, since nothing old may be in a cache
 * when the caller goes on to unmap a part.
 */
#include <linux/rcupdate.h>

#include "leaf.h"

/**
 * struct iopgt_cut - one cut
 * @pgt: the table
 * @fmt: its format
 * @iova: where the boundary has to be
 * @start: first address of the leaf
 * @paddr: where that goes
 * @lg2: log2 of the leaf's size
 * @level: the leaf's level
 * @n: how many entries the leaf has
 * @entry: the first of them
 * @attrs: attributes for the new leaves
 * @filled: attributes that the leaves in @table have
 * @table: the new tables, by their level
 * @tables: how many
 */
struct iopgt_cut {
	struct iopgt *pgt;
	const struct iopgt_fmt *fmt;
	unsigned long iova;
	unsigned long start;
	phys_addr_t paddr;
	u8 lg2;
	u8 level;
	unsigned int n;
	u64 *entry;
	u64 attrs;
	u64 filled;
	u64 *table[IOPGT_LEVELS_MAX];
	unsigned int tables;
};

/*
 * Find the leaf. Returns false if it ends or begins at the boundary, or if
 * there is none: then the address may be somebody else's, hence RCU. If the
 * boundary is inside of the leaf, the caller owns that and it stays.
 */
static bool iopgt_cut_find(struct iopgt_cut *c)
{
	const struct iopgt_fmt *fmt = c->fmt;
	unsigned int level = 0, run_lg2;
	u64 *entry, pte;

	rcu_read_lock();
	entry = iopgt_entry(c->pgt, c->iova, &level);
	pte = READ_ONCE(*entry);
	rcu_read_unlock();
	if (!iopgt_pte_present(fmt, pte) || iopgt_pte_is_table(fmt, pte, level))
		return false;

	run_lg2 = iopgt_run_lg2(fmt, pte, level);
	c->level = level;
	c->lg2 = iopgt_lg2(fmt, level) + run_lg2;
	c->start = c->iova & ~(BIT(c->lg2) - 1);
	c->paddr = iopgt_leaf_phys(fmt, pte, level, c->start);
	c->n = BIT(run_lg2);
	c->entry = entry - ((c->iova - c->start) >> iopgt_lg2(fmt, level));
	c->attrs = fmt->leaf_attrs(pte, level);
	return c->start != c->iova;
}

static void iopgt_cut_free(struct iopgt_cut *c)
{
	unsigned int level;

	for (level = 0; level < c->level; level++) {
		u64 *table = c->table[level];

		if (table)
			iopgt_page_free(table, c->pgt->table_order);
	}
}

/* A table for each level at which the boundary is inside of an entry. */
static int iopgt_cut_alloc(struct iopgt_cut *c, gfp_t gfp)
{
	unsigned int level;

	for (level = c->level; level; level--) {
		u64 *table;

		if (!(c->iova & (BIT(iopgt_lg2(c->fmt, level)) - 1)))
			return 0;
		table = iopgt_page_alloc(c->pgt, c->pgt->table_order, gfp);
		if (!table) {
			iopgt_cut_free(c);
			return -ENOMEM;
		}
		c->table[level - 1] = table;
		c->tables++;
	}
	return 0;
}

/* Does the entry at @level for @iova become a table? */
static bool iopgt_cut_deep(const struct iopgt_cut *c, unsigned long iova,
			   unsigned int level)
{
	return level && c->table[level - 1] &&
	       c->iova - iova < BIT(iopgt_lg2(c->fmt, level));
}

/*
 * The entry at @level for @iova, as it will be. Nobody else has a part of its
 * span to map in, so @synced need not wait for the walker.
 */
static u64 iopgt_cut_pte(const struct iopgt_cut *c, unsigned long iova,
			 unsigned int level)
{
	const struct iopgt_fmt *fmt = c->fmt;

	if (iopgt_cut_deep(c, iova, level))
		return fmt->table(virt_to_phys(c->table[level - 1]), level) |
		       fmt->synced;
	return fmt->leaf(c->paddr + (iova - c->start), c->attrs, level, 0);
}

/* Write the new tables. Neither hardware nor a reader can reach them yet. */
static void iopgt_cut_fill(struct iopgt_cut *c)
{
	const unsigned int n = iopgt_entries(c->fmt);
	unsigned int level, i;

	for (level = 0; level < c->level; level++) {
		u64 *table = c->table[level];
		unsigned long iova = c->iova &
				     ~(BIT(iopgt_lg2(c->fmt, level + 1)) - 1);

		if (!table)
			continue;
		for (i = 0; i < n; i++) {
			table[i] = iopgt_cut_pte(c, iova, level);
			iova += BIT(iopgt_lg2(c->fmt, level));
		}
		iopgt_leaf_sync(c->pgt, table, n);
	}
	c->filled = c->attrs;
	/* Pairs with the address dependency of a walker that finds a table. */
	dma_wmb();
}

/*
 * Break before make.
 *
 * The release pairs with the address dependency of every CPU that follows the
 * entry: none finds the table before what is in it. For walkers in hardware
 * iopgt_cut_fill() has seen to that.
 */
static void iopgt_cut_broken(struct iopgt_cut *c)
{
	unsigned long iova = c->start;
	unsigned int i;

	c->attrs = iopgt_leaf_break(c->fmt, c->pgt, c->entry, c->n, c->level,
				    c->attrs);
	iopgt_leaf_invalidate(c->pgt, c->start, c->lg2, c->lg2, false);

	/* Hardware made the leaf dirty meanwhile. */
	if (c->attrs != c->filled)
		iopgt_cut_fill(c);
	for (i = 0; i < c->n; i++) {
		/* See above for what it pairs with. */
		smp_store_release(&c->entry[i],
				  iopgt_cut_pte(c, iova, c->level));
		iova += BIT(iopgt_lg2(c->fmt, c->level));
	}
	iopgt_leaf_sync(c->pgt, c->entry, c->n);
	iopgt_leaf_remade(c->pgt, c->start, c->lg2);
}

/*
 * Replace one entry without a moment in which it translates nothing. Fails, and
 * is done again, when hardware makes it dirty in between. Returns whether it
 * was written through; what a new table holds is made dirty afterwards then.
 */
static bool iopgt_cut_replace(struct iopgt_cut *c, u64 *entry,
			      unsigned long iova)
{
	u64 pte = READ_ONCE(*entry);

	do {
		c->attrs = c->fmt->leaf_attrs(pte, c->level);
		iopgt_leaf_replacing(c->pgt, entry);
		/* Pairs as in iopgt_cut_broken(). */
	} while (!try_cmpxchg_release(entry, &pte,
				      iopgt_cut_pte(c, iova, c->level)));

	return iopgt_leaf_written(c->fmt, c->attrs);
}

/*
 * Hitless. A leaf is as dirty as any of its entries, so what one of them says
 * holds for all that come out of it.
 */
static void iopgt_cut_hitless(struct iopgt_cut *c)
{
	unsigned long iova = c->start;
	bool written = false;
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		written |= iopgt_cut_replace(c, &c->entry[i], iova);
		iova += BIT(iopgt_lg2(c->fmt, c->level));
	}
	iopgt_leaf_sync(c->pgt, c->entry, c->n);
	iopgt_leaf_invalidate(c->pgt, c->start, c->lg2, c->lg2, false);
	if (!written || !c->pgt->cfg.hw_dirty)
		return;

	iopgt_leaf_redirty(c->fmt, c->pgt, c->entry, c->n, c->level);
	for (i = 0; i < c->level; i++)
		if (c->table[i])
			iopgt_leaf_redirty(c->fmt, c->pgt, c->table[i],
					   iopgt_entries(c->fmt), i);
}

/**
 * iopgt_cut() - make an address a boundary between leaves
 * @pgt: the table
 * @iova: the address, a multiple of the smallest leaf size
 * @gfp: for tables
 *
 * A leaf that @iova lies inside of is replaced by smaller ones with the same
 * output, permissions and dirty state: by the largest that leave @iova a
 * boundary, except that a run becomes single entries. Where @iova is a boundary
 * already, where nothing is mapped and beyond the table's end nothing is done.
 *
 * The caller owns all that the leaf translates, if @iova lies inside of one.
 * When this returns no cache holds the old leaf. It is never deferred: between
 * the break and the make requests to the leaf fault, unless hardware is hitless.
 *
 * Context: any context that @gfp allows; waits for hardware.
 * Return: 0; -EINVAL for a misaligned address; -ENOMEM or, where the table has
 * no invalidate hook, -EOPNOTSUPP, and the table is as it was.
 */
int iopgt_cut(struct iopgt *pgt, unsigned long iova, gfp_t gfp)
{
	struct iopgt_cut c = {
		.pgt = pgt,
		.fmt = pgt->fmt,
		.iova = iova,
	};
	int ret;

	if (iova & (BIT(c.fmt->granule_lg2) - 1))
		return -EINVAL;
	if (iova > pgt->ias_last || !iopgt_cut_find(&c))
		return 0;
	if (!pgt->invalidate)
		return -EOPNOTSUPP;
	ret = iopgt_cut_alloc(&c, gfp);
	if (ret)
		return ret;

	iopgt_cut_fill(&c);
	atomic_long_add(c.tables, &pgt->live_pages);
	if (pgt->cfg.hitless)
		iopgt_cut_hitless(&c);
	else
		iopgt_cut_broken(&c);
	return 0;
}

/**
 * iopgt_cut_ends() - cut the leaf that an unmap has come to
 * @pgt: the table
 * @start: how far the unmap has come
 * @end: where it ends, exclusive
 *
 * Context: any context; waits for the invalidation.
 * Return: true if the unmap may go on: a leaf begins at @start that does not
 * reach beyond @end, and did not before. Never with &iopgt_cfg.whole_leaves.
 */
bool iopgt_cut_ends(struct iopgt *pgt, unsigned long start, unsigned long end)
{
	unsigned int level = 0;
	u64 pte = READ_ONCE(*iopgt_entry(pgt, start, &level));

	if (!iopgt_pte_present(pgt->fmt, pte))
		return false;
	if (pgt->cfg.whole_leaves)
		return false;
	if (iopgt_cut(pgt, start, GFP_ATOMIC))
		return false;
	return end - 1 >= pgt->ias_last || !iopgt_cut(pgt, end, GFP_ATOMIC);
}
