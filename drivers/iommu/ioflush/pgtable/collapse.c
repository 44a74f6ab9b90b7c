// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: collapsing leaves into a larger one, the opposite of a cut
 *
 * Either a table that is full of leaves becomes a block, or neighbouring entries
 * of one table become a run. Nothing is allocated; a table is given up, in the
 * fourth and last way in which a live domain gives up one:
 *
 *	iopgt_give_up_full()	a block takes the place of the leaves below it
 */
#include <linux/list.h>
#include <linux/log2.h>

#include "leaf.h"

/**
 * struct iopgt_collapse - one collapse
 * @pgt: the table
 * @fmt: its format
 * @iova: first address of the leaf that is to be
 * @lg2: log2 of its size
 * @level: its level
 * @run_lg2: of how many entries it will consist
 * @entry: the first of them
 * @paddr: first output address
 * @attrs: attributes of the leaf
 * @small_lg2: log2 of the size of the smallest leaf that goes into it
 */
struct iopgt_collapse {
	struct iopgt *pgt;
	const struct iopgt_fmt *fmt;
	unsigned long iova;
	u8 lg2;
	u8 level;
	u8 run_lg2;
	u64 *entry;
	phys_addr_t paddr;
	u64 attrs;
	u8 small_lg2;
};

/* Attributes without the state that hardware alters. */
static u64 iopgt_collapse_stateless(const struct iopgt_fmt *fmt, u64 attrs)
{
	if (iopgt_leaf_written(fmt, attrs))
		return iopgt_leaf_clean(fmt, attrs);
	return attrs;
}

/*
 * Can @n entries at @level become one leaf? They have to be leaves that do the
 * same for neighbouring addresses.
 */
static bool iopgt_collapse_fits(struct iopgt_collapse *c, const u64 *entry,
				unsigned int n, unsigned int level)
{
	const struct iopgt_fmt *fmt = c->fmt;
	unsigned long iova = c->iova;
	phys_addr_t paddr;
	unsigned int i;
	u64 pte, attrs;

	for (i = 0; i < n; i++, iova += BIT(iopgt_lg2(fmt, level))) {
		pte = READ_ONCE(entry[i]);
		if (!iopgt_pte_present(fmt, pte) ||
		    iopgt_pte_is_table(fmt, pte, level))
			return false;

		paddr = iopgt_leaf_phys(fmt, pte, level, iova);
		attrs = fmt->leaf_attrs(pte, level);
		if (!i) {
			c->paddr = paddr;
			c->attrs = attrs;
		}
		if (paddr != c->paddr + (iova - c->iova) ||
		    iopgt_collapse_stateless(fmt, attrs) !=
		    iopgt_collapse_stateless(fmt, c->attrs))
			return false;
		c->attrs = iopgt_leaf_join(fmt, c->attrs, attrs);
		c->small_lg2 = min_t(unsigned int, c->small_lg2,
				     iopgt_leaf_lg2(fmt, pte, level));
	}
	return !(c->paddr & (BIT_ULL(c->lg2) - 1));
}

/* The dirty state of a table that is no longer linked. */
static void iopgt_collapse_rescan(struct iopgt_collapse *c, const u64 *table)
{
	unsigned int i;

	for (i = 0; i < iopgt_entries(c->fmt); i++)
		c->attrs = iopgt_leaf_join(c->fmt, c->attrs,
					   c->fmt->leaf_attrs(READ_ONCE(table[i]),
							      c->level - 1));
}

/* The entry that replaces @entry[i]. */
static u64 iopgt_collapse_pte(const struct iopgt_collapse *c, unsigned int i)
{
	const u64 offset = (u64)i << iopgt_lg2(c->fmt, c->level);

	return c->fmt->leaf(c->paddr + offset, c->attrs, c->level, c->run_lg2);
}

/*
 * Write all entries. No release: they refer to no table, and what was dirty
 * before is dirty in them.
 */
static void iopgt_collapse_make(struct iopgt_collapse *c)
{
	const unsigned int n = BIT(c->run_lg2);
	unsigned int i;

	for (i = 0; i < n; i++)
		WRITE_ONCE(c->entry[i], iopgt_collapse_pte(c, i));
	iopgt_leaf_sync(c->pgt, c->entry, n);
	iopgt_leaf_remade(c->pgt, c->iova, c->lg2);
}

/*
 * Unlink a table whose entries all are leaves.
 *
 * Safe without a lock: the caller owns all that the table translates. Every
 * entry is taken, so no map by anybody else is on its way through it, and there
 * is no table below it. Readers and hardware may be in it: it is freed after
 * the invalidation, and then by RCU.
 *
 * Until the invalidation has finished hardware may come to the table by way of
 * its walk caches and make leaves in it dirty:
 *
 *	CPU				hardware
 *	look at all leaves: clean
 *	unlink the table
 *					walk cache leads to the table
 *					write, make a leaf dirty
 *	invalidate
 *	look again: dirty
 *
 * Hence the second look, for which the table is kept from the hook. What a scan
 * clears in it meanwhile the scan has reported.
 */
static void iopgt_give_up_full(struct iopgt_collapse *c, u64 *table)
{
	const bool hitless = c->pgt->cfg.hitless;
	LIST_HEAD(pages);

	if (hitless) {
		/* Hardware sets nothing in it but that it was used. */
		xchg(c->entry, iopgt_collapse_pte(c, 0));
		iopgt_leaf_sync(c->pgt, c->entry, 1);
		atomic_long_dec(&c->pgt->live_pages);
		atomic_long_inc(&c->pgt->pending_pages);
	} else {
		iopgt_unlink(c->pgt, c->entry, 1);
	}

	iopgt_leaf_invalidate(c->pgt, c->iova, c->lg2, c->small_lg2, true);
	iopgt_collapse_rescan(c, table);
	if (!hitless)
		iopgt_collapse_make(c);
	else if (iopgt_leaf_written(c->fmt, c->attrs))
		iopgt_leaf_redirty(c->fmt, c->pgt, c->entry, 1, c->level);

	list_add(&iopgt_table_page(table)->node, &pages);
	iopgt_free_pages(c->pgt, &pages);
}

/*
 * Entries become a run, one after the other, none of them ever absent: hardware
 * finds the same translation whichever it reads. What makes one of them dirty
 * in between makes the run dirty.
 */
static void iopgt_collapse_hitless(struct iopgt_collapse *c)
{
	const unsigned int n = BIT(c->run_lg2);
	unsigned int i;

	for (i = 0; i < n; i++) {
		u64 pte = READ_ONCE(c->entry[i]);

		do {
			c->attrs = iopgt_leaf_join(c->fmt, c->attrs,
						   c->fmt->leaf_attrs(pte,
								      c->level));
			iopgt_leaf_replacing(c->pgt, &c->entry[i]);
		} while (!try_cmpxchg(&c->entry[i], &pte,
				      iopgt_collapse_pte(c, i)));
	}
	iopgt_leaf_sync(c->pgt, c->entry, n);
	iopgt_leaf_invalidate(c->pgt, c->iova, c->lg2, c->small_lg2, false);
	if (iopgt_leaf_written(c->fmt, c->attrs))
		iopgt_leaf_redirty(c->fmt, c->pgt, c->entry, 1, c->level);
}

static void iopgt_collapse_run(struct iopgt_collapse *c)
{
	if (c->pgt->cfg.hitless) {
		iopgt_collapse_hitless(c);
		return;
	}
	c->attrs = iopgt_leaf_break(c->fmt, c->pgt, c->entry, BIT(c->run_lg2),
				    c->level, c->attrs);
	iopgt_leaf_invalidate(c->pgt, c->iova, c->lg2, c->small_lg2, false);
	iopgt_collapse_make(c);
}

/* Where does the leaf go? Returns false if it cannot be. */
static bool iopgt_collapse_place(struct iopgt_collapse *c, size_t size)
{
	const struct iopgt *pgt = c->pgt;

	if (!is_power_of_2(size) || !(size & pgt->cfg.pgsize_bitmap) ||
	    size == BIT(c->fmt->granule_lg2) || (c->iova & (size - 1)) ||
	    c->iova > pgt->ias_last || size - 1 > pgt->ias_last - c->iova)
		return false;

	c->lg2 = ilog2(size);
	c->small_lg2 = c->lg2;
	while (c->level + 1 < c->fmt->leaf_levels &&
	       c->lg2 >= iopgt_lg2(c->fmt, c->level + 1))
		c->level++;
	c->run_lg2 = c->lg2 - iopgt_lg2(c->fmt, c->level);
	return true;
}

/**
 * iopgt_collapse() - make one leaf of many
 * @pgt: the table
 * @iova: first address, a multiple of @size
 * @size: a leaf size of the table
 *
 * The range has to be mapped by leaves of the next smaller levels and runs:
 * a block of 1 GiB comes from 512 of 2 MiB, not from 4 KiB ones. They have to
 * lead to neighbouring addresses, the first of which is a multiple of @size,
 * with the same permissions. The leaf is dirty if one of them was, or becomes so
 * until the invalidation, which is never deferred, has finished.
 *
 * The caller owns the range. Requests to it fault for a moment, unless hardware
 * is hitless.
 *
 * Context: any context; waits for hardware.
 * Return: 0, also if there is such a leaf or a larger one already; -EINVAL if
 * the range cannot become one; -EOPNOTSUPP where the table has no invalidate
 * hook. After an error the table is as it was.
 */
int iopgt_collapse(struct iopgt *pgt, unsigned long iova, size_t size)
{
	struct iopgt_collapse c = {
		.pgt = pgt,
		.fmt = pgt->fmt,
		.iova = iova,
	};
	unsigned int level;
	u64 pte;

	if (!iopgt_collapse_place(&c, size))
		return -EINVAL;
	level = c.level;
	c.entry = iopgt_entry(pgt, iova, &level);
	pte = READ_ONCE(*c.entry);
	if (iopgt_pte_present(c.fmt, pte) &&
	    !iopgt_pte_is_table(c.fmt, pte, level) &&
	    iopgt_leaf_lg2(c.fmt, pte, level) >= c.lg2)
		return 0;
	if (level != c.level)
		return -EINVAL;

	if (c.run_lg2) {
		if (!iopgt_collapse_fits(&c, c.entry, BIT(c.run_lg2), level))
			return -EINVAL;
		if (!pgt->invalidate)
			return -EOPNOTSUPP;
		iopgt_collapse_run(&c);
	} else {
		u64 *table;

		if (!iopgt_pte_is_table(c.fmt, pte, level))
			return -EINVAL;
		table = iopgt_pte_table(c.fmt, pte);
		if (!iopgt_collapse_fits(&c, table, iopgt_entries(c.fmt),
					 level - 1))
			return -EINVAL;
		if (!pgt->invalidate)
			return -EOPNOTSUPP;
		iopgt_give_up_full(&c, table);
	}
	return 0;
}
