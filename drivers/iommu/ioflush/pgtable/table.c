// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: how tables come into the tree and leave it
 *
 * These are the rare paths, compiled once for all formats. A live domain gives
 * up a table page in three ways only, each a function here:
 *
 *	iopgt_give_up_raced()	a mapper lost the race to install a table
 *	iopgt_give_up_empty()	a block goes where a table without leaves hangs
 *	iopgt_give_up_covered()	one unmap cleared all that a table translates
 *
 * Why no lock is needed: an owner of an input range changes only entries whose
 * whole span is its own, with one exception. That is the step from an absent
 * entry to a table, which any owner of a part of the span may take. It is taken
 * by cmpxchg, and never taken back unless somebody owns the whole span, which
 * means that nobody else is at work below the entry.
 *
 * Lockless readers own nothing. They hold rcu_read_lock(), and a page that any
 * of them may have found is freed by RCU, see iopgt_free_pages().
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/err.h>
#include <linux/io.h>

#include "page.h"
#include "table.h"

/* Sizes of leaves that the levels of a table allow for, and their runs. */
static unsigned long iopgt_sizes(const struct iopgt_fmt *fmt,
				 const struct iopgt *pgt)
{
	unsigned int level, last = min(fmt->leaf_levels, pgt->levels);
	unsigned int bits = min(pgt->cfg.ias_bits, pgt->cfg.oas_bits);
	unsigned long sizes = 0;

	for (level = 0; level < last; level++) {
		unsigned long runs = fmt->runs[level] | 1;
		unsigned int k;

		for_each_set_bit(k, &runs, BITS_PER_TYPE(*fmt->runs))
			if (iopgt_lg2(fmt, level) + k < BITS_PER_LONG &&
			    iopgt_lg2(fmt, level) + k <= bits)
				sizes |= BIT(iopgt_lg2(fmt, level) + k);
	}
	return sizes;
}

/*
 * A leaf is split into leaves of single entries one level lower: where that
 * level's size may not be used, no larger one may.
 */
static unsigned long iopgt_splittable(const struct iopgt_fmt *fmt,
				      unsigned long sizes)
{
	unsigned int level;

	for (level = 0; level < fmt->leaf_levels; level++) {
		unsigned int lg2 = iopgt_lg2(fmt, level);

		if (lg2 >= BITS_PER_LONG || !(sizes & BIT(lg2)))
			return lg2 < BITS_PER_LONG ? sizes & (BIT(lg2) - 1) :
						     sizes;
	}
	return sizes;
}

/**
 * iopgt_tree_init() - check what all formats have in common, make the root
 * @fmt: the format
 * @pgt: the table; @cfg is complete and @levels is set
 *
 * Context: may sleep.
 * Return: 0; -EINVAL; -ENOMEM.
 */
int iopgt_tree_init(const struct iopgt_fmt *fmt, struct iopgt *pgt)
{
	struct iopgt_cfg *cfg = &pgt->cfg;
	size_t root_bytes;

	if (WARN_ON(pgt->levels < 2 || pgt->levels > IOPGT_LEVELS_MAX ||
		    cfg->ias_bits <= iopgt_lg2(fmt, pgt->levels - 1)))
		return -EINVAL;

	cfg->pgsize_bitmap &= iopgt_sizes(fmt, pgt);
	cfg->pgsize_bitmap = iopgt_splittable(fmt, cfg->pgsize_bitmap);
	if (!cfg->pgsize_bitmap)
		return -EINVAL;

	pgt->fmt = fmt;
	pgt->root_shift = fmt->idx_lg2 * (pgt->levels - 1);
	pgt->ias_last = GENMASK_ULL(cfg->ias_bits - 1, 0);
	pgt->oas_last = GENMASK_ULL(cfg->oas_bits - 1, 0);
	pgt->table_order = get_order(sizeof(u64) << fmt->idx_lg2);
	root_bytes = iopgt_root_entries(fmt, pgt) * sizeof(u64);
	pgt->root_order = get_order(root_bytes);
	pgt->root = iopgt_page_alloc(pgt, pgt->root_order, GFP_KERNEL);
	if (!pgt->root)
		return -ENOMEM;
	atomic_long_set(&pgt->live_pages, 1);
	return 0;
}

/* What iopgt_collect() is to do. */
struct iopgt_collect {
	const struct iopgt_fmt *fmt;
	struct list_head *list;
	bool stop;		/* at the first leaf */
	bool leaf;		/* there was one */
};

/* Append the tables that the entries of one table at @level refer to. */
static void iopgt_collect_table(struct iopgt_collect *c, const u64 *table,
				unsigned int entries, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < entries; i++) {
		u64 pte = READ_ONCE(table[i]);

		if (!iopgt_pte_present(c->fmt, pte))
			continue;
		if (iopgt_pte_is_table(c->fmt, pte, level)) {
			u64 *child = iopgt_pte_table(c->fmt, pte);

			list_add_tail(&iopgt_table_page(child)->node, c->list);
			continue;
		}
		c->leaf = true;
		if (c->stop)
			return;
	}
}

/*
 * Append all tables below those on the list, which are at @level, a level at a
 * time: what the scan of one level appends is the next. The descriptors' list
 * nodes are free for that, since the pages are linked and the caller owns the
 * span.
 */
static void iopgt_collect(struct iopgt_collect *c, unsigned int level)
{
	struct iopgt_page *page, *last;

	if (list_empty(c->list))
		return;
	last = list_last_entry(c->list, struct iopgt_page, node);
	list_for_each_entry(page, c->list, node) {
		iopgt_collect_table(c, iopgt_page_table(page),
				    iopgt_entries(c->fmt), level);
		if (c->leaf && c->stop)
			return;
		if (page == last && level) {
			last = list_last_entry(c->list, struct iopgt_page,
					       node);
			level--;
		}
	}
}

/**
 * iopgt_tree_free() - free all tables that are linked
 * @pgt: the table; no walker and no reader may reach it any more
 *
 * Context: may sleep.
 */
void iopgt_tree_free(struct iopgt *pgt)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	struct iopgt_page *page, *next;
	LIST_HEAD(pages);
	struct iopgt_collect c = { .fmt = fmt, .list = &pages };

	iopgt_collect_table(&c, pgt->root, iopgt_root_entries(fmt, pgt),
			    pgt->levels - 1);
	iopgt_collect(&c, pgt->levels - 2);
	list_for_each_entry_safe(page, next, &pages, node) {
		iopgt_page_free(iopgt_page_table(page), pgt->table_order);
		atomic_long_dec(&pgt->live_pages);
	}
	iopgt_page_free(pgt->root, pgt->root_order);
	atomic_long_dec(&pgt->live_pages);
	pgt->root = NULL;
}

/* The page was never linked: neither an invalidation nor RCU has to pass. */
static void iopgt_give_up_raced(struct iopgt *pgt, u64 *table)
{
	iopgt_page_free(table, pgt->table_order);
}

/*
 * Install a table where none is. Returns it; NULL if somebody else was faster;
 * or ERR_PTR(-ENOMEM).
 *
 * The release pairs with the address dependency of every CPU that follows the
 * entry, and dma_wmb() with that of a walker in hardware, which the release
 * need not reach: none sees the entry before it sees the page zeroed, and none
 * of the page's last owner's data.
 *
 * A walker that does not snoop got the zeroes with iopgt_page_alloc(). It gets
 * the entry only after the cmpxchg, and in between another mapper may find the
 * table, map a page in it and return:
 *
 *	CPU 0				CPU 1
 *	cmpxchg(entry, table)
 *					read entry
 *					write and flush a leaf
 *					start the device: fault
 *	flush entry
 *
 * So the entry gets its bit @synced only after it has been flushed, and who does
 * not see that bit flushes the entry itself, in iopgt_table_get().
 */
static u64 *iopgt_install(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			  u64 *entry, unsigned int level, gfp_t gfp)
{
	u64 *table = iopgt_page_alloc(pgt, pgt->table_order, gfp);
	u64 pte, old = 0;

	if (!table)
		return ERR_PTR(-ENOMEM);

	pte = fmt->table(virt_to_phys(table), level);
	if (pgt->cfg.coherent_walk)
		pte |= fmt->synced;
	/* See above. */
	dma_wmb();
	if (!try_cmpxchg_release(entry, &old, pte)) {
		iopgt_give_up_raced(pgt, table);
		return NULL;
	}
	atomic_long_inc(&pgt->live_pages);

	if (!pgt->cfg.coherent_walk) {
		/* Ordered before the store by the flush, see cache.h. */
		iopgt_page_sync(pgt, entry, sizeof(*entry));
		/* Nobody else alters the entry: we own a part of its span. */
		WRITE_ONCE(*entry, pte | fmt->synced);
	}
	return table;
}

/**
 * iopgt_table_get() - follow an entry to a table, which may have to be made
 * @fmt: the format
 * @pgt: the table
 * @entry: an entry above level 0; the caller owns a part of its span
 * @level: its level
 * @gfp: for a new table
 *
 * Context: any context that @gfp allows.
 * Return: the table; ERR_PTR(-EEXIST) where a block is mapped;
 * ERR_PTR(-ENOMEM).
 */
u64 *iopgt_table_get(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		     u64 *entry, unsigned int level, gfp_t gfp)
{
	u64 *table;
	u64 pte;

	while (!iopgt_pte_present(fmt, pte = READ_ONCE(*entry))) {
		table = iopgt_install(fmt, pgt, entry, level, gfp);
		if (table)
			return table;
	}
	if (!iopgt_pte_is_table(fmt, pte, level))
		return ERR_PTR(-EEXIST);
	if (!iopgt_pte_is_synced(fmt, pte))
		iopgt_page_sync(pgt, entry, sizeof(*entry));
	return iopgt_pte_table(fmt, pte);
}

/**
 * iopgt_unlink() - take a table out of the tree
 * @pgt: the table
 * @entry: what refers to it; the caller owns the entry's whole span
 * @tables: how many tables go with it, itself included
 *
 * Context: any context.
 */
void iopgt_unlink(struct iopgt *pgt, u64 *entry, unsigned int tables)
{
	WRITE_ONCE(*entry, 0);
	if (!pgt->cfg.coherent_walk)
		iopgt_page_sync(pgt, entry, sizeof(*entry));
	atomic_long_sub(tables, &pgt->live_pages);
	atomic_long_add(tables, &pgt->pending_pages);
}

/**
 * iopgt_give_up_empty() - make room for a block where an empty table hangs
 * @pgt: the table
 * @entry: the entry that the block will be written to
 * @iova: first address of the entry's span
 * @level: the entry's level
 *
 * Unmaps in small pieces leave tables behind that have no leaf any more, here
 * or further down. Walk caches may hold every one of them. Writing the block
 * over the table would let hardware go on using the stale table for one access
 * and the block for the next, so the entry is broken first, the walk caches are
 * emptied by the owner's hook, and only then may the caller write the block.
 * That is never deferred, since the block would have to wait for it.
 *
 * The caller of the map owns the whole span. So no other map can put a leaf
 * into these tables after they were found empty, or is on its way through them.
 *
 * Context: that of the map; waits for hardware.
 * Return: 0 when @entry is absent and no cache holds what was there; -EEXIST
 * if there is a leaf, or no hook, and nothing was altered.
 */
int iopgt_give_up_empty(struct iopgt *pgt, u64 *entry, unsigned long iova,
			unsigned int level)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	struct iopgt_gather gather;
	struct iopgt_collect c = {
		.fmt = fmt,
		.list = &gather.pages,
		.stop = true,
	};
	u64 pte = READ_ONCE(*entry);

	if (!pgt->invalidate || !iopgt_pte_is_table(fmt, pte, level))
		return -EEXIST;

	iopgt_gather_init(&gather, false);
	list_add(&iopgt_table_page(iopgt_pte_table(fmt, pte))->node,
		 &gather.pages);
	iopgt_collect(&c, level - 1);
	if (c.leaf)
		return -EEXIST;

	iopgt_unlink(pgt, entry, list_count_nodes(&gather.pages));
	iopgt_gather_add(&gather, iova, BIT(iopgt_lg2(fmt, level)),
			 fmt->granule_lg2);
	gather.tables_unlinked = true;
	pgt->invalidate(pgt, &gather);
	iopgt_free_pages(pgt, &gather.pages);
	return 0;
}

/**
 * iopgt_entry() - the entry that translates an address
 * @pgt: the table
 * @iova: the address, not above @pgt->ias_last
 * @level: how far down to go; set to the level of what is returned, which is
 *	higher where no table leads further down
 *
 * Context: any context; the caller owns @iova, or is in an RCU read section.
 * Return: the entry.
 */
u64 *iopgt_entry(struct iopgt *pgt, unsigned long iova, unsigned int *level)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	unsigned int l = pgt->levels - 1;
	u64 *table = pgt->root;

	for (;; l--) {
		u64 *entry = &table[iopgt_level_idx(fmt, pgt, iova, l)];
		u64 pte = READ_ONCE(*entry);

		if (l == *level || !iopgt_pte_is_table(fmt, pte, l)) {
			*level = l;
			return entry;
		}
		table = iopgt_pte_table(fmt, pte);
	}
}

/**
 * iopgt_give_up_covered() - unlink the tables that an unmap has emptied
 * @pgt: the table
 * @start: where the unmap began
 * @end: how far it has come, exclusive; every leaf up to there is cleared
 * @level: level of the table that holds the entry before @end
 * @gather: receives the pages
 *
 * Unlinks the table that ends at @end if all of it lies in the range, then the
 * table above if that ends there too, and so on. Tables before it were seen to
 * by earlier calls of the same unmap.
 *
 * Safe without a lock: the caller owns all that the table translates, so no map
 * is on its way through it and none can put a new leaf or table into it; the
 * unmap met no hole, so there is no leaf left in it. Readers and the hardware
 * may still be in it: the page goes to the gather, and from there through the
 * invalidation and a grace period.
 *
 * Context: any context.
 */
void iopgt_give_up_covered(struct iopgt *pgt, unsigned long start,
			   unsigned long end, unsigned int level,
			   struct iopgt_gather *gather)
{
	const struct iopgt_fmt *fmt = pgt->fmt;

	for (level++; level < pgt->levels; level++) {
		const unsigned long span = BIT(iopgt_lg2(fmt, level));
		unsigned int at = level;
		struct iopgt_page *page;
		u64 *entry;

		if ((end & (span - 1)) || end - start < span)
			return;

		entry = iopgt_entry(pgt, end - span, &at);
		page = iopgt_table_page(iopgt_pte_table(fmt,
							READ_ONCE(*entry)));
		list_add_tail(&page->node, &gather->pages);
		iopgt_unlink(pgt, entry, 1);
		gather->tables_unlinked = true;
	}
}
