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
	unsigned int level;
	unsigned long sizes = 0;

	if (WARN_ON(sizeof(u64) << fmt->idx_lg2 > PAGE_SIZE || pgt->levels < 2))
		return -EINVAL;

	for (level = 0; level < min(fmt->leaf_levels, pgt->levels); level++)
		sizes |= BIT(iopgt_lg2(fmt, level));
	pgt->cfg.pgsize_bitmap &= sizes;
	if (!(pgt->cfg.pgsize_bitmap & BIT(fmt->granule_lg2)))
		return -EINVAL;

	pgt->root_shift = fmt->idx_lg2 * (pgt->levels - 1);
	pgt->ias_last = BIT(pgt->cfg.ias_bits) - 1;
	pgt->oas_last = BIT_ULL(pgt->cfg.oas_bits) - 1;
	pgt->root = iopgt_page_alloc(pgt, GFP_KERNEL);
	if (!pgt->root)
		return -ENOMEM;
	atomic_long_set(&pgt->live_pages, 1);
	return 0;
}

/*
 * Put a table and all tables below it on @list, which is empty, a level at a
 * time: what the scan of one level appends is the next. The descriptors' list
 * nodes are free for that, since the pages are linked and the caller owns the
 * span. Returns whether there is a leaf; with @stop it returns at the first.
 */
static bool iopgt_collect(const struct iopgt_fmt *fmt, u64 *top,
			  unsigned int level, struct list_head *list, bool stop)
{
	struct iopgt_page *page = iopgt_table_page(top), *last = page;
	bool leaf = false;
	unsigned int i;

	list_add_tail(&page->node, list);
	list_for_each_entry(page, list, node) {
		const u64 *table = iopgt_page_table(page);

		for (i = 0; i < iopgt_entries(fmt); i++) {
			u64 pte = READ_ONCE(table[i]);

			if (!iopgt_pte_present(fmt, pte))
				continue;
			if (level && iopgt_pte_is_table(fmt, pte)) {
				u64 *child = iopgt_pte_table(fmt, pte);

				list_add_tail(&iopgt_table_page(child)->node,
					      list);
				continue;
			}
			leaf = true;
			if (stop)
				return true;
		}
		if (page == last && level) {
			last = list_last_entry(list, struct iopgt_page, node);
			level--;
		}
	}
	return leaf;
}

/**
 * iopgt_tree_free() - free all tables that are linked
 * @fmt: the format
 * @pgt: the table; no walker and no reader may reach it any more
 *
 * Context: may sleep.
 */
void iopgt_tree_free(const struct iopgt_fmt *fmt, struct iopgt *pgt)
{
	struct iopgt_page *page, *next;
	LIST_HEAD(pages);

	iopgt_collect(fmt, pgt->root, pgt->levels - 1, &pages, false);
	list_for_each_entry_safe(page, next, &pages, node) {
		iopgt_page_free(iopgt_page_table(page));
		atomic_long_dec(&pgt->live_pages);
	}
	pgt->root = NULL;
}

/* The page was never linked: neither an invalidation nor RCU has to pass. */
static void iopgt_give_up_raced(u64 *table)
{
	iopgt_page_free(table);
}

/*
 * Install a table where none is. Returns it; NULL if somebody else was faster;
 * or ERR_PTR(-ENOMEM).
 *
 * The release pairs with the address dependency of everybody who follows the
 * entry, the walker in hardware included: none sees the entry before it sees
 * the page zeroed, and none of the page's last owner's data.
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
			  u64 *entry, gfp_t gfp)
{
	u64 *table = iopgt_page_alloc(pgt, gfp);
	u64 pte, old = 0;

	if (!table)
		return ERR_PTR(-ENOMEM);

	pte = fmt->table(virt_to_phys(table));
	if (pgt->cfg.coherent_walk)
		pte |= fmt->synced;
	if (!try_cmpxchg_release(entry, &old, pte)) {
		iopgt_give_up_raced(table);
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
 * @gfp: for a new table
 *
 * Context: any context that @gfp allows.
 * Return: the table; ERR_PTR(-EEXIST) where a block is mapped;
 * ERR_PTR(-ENOMEM).
 */
u64 *iopgt_table_get(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		     u64 *entry, gfp_t gfp)
{
	u64 *table;
	u64 pte;

	while (!iopgt_pte_present(fmt, pte = READ_ONCE(*entry))) {
		table = iopgt_install(fmt, pgt, entry, gfp);
		if (table)
			return table;
	}
	if (!iopgt_pte_is_table(fmt, pte))
		return ERR_PTR(-EEXIST);
	if (!iopgt_pte_is_synced(fmt, pte))
		iopgt_page_sync(pgt, entry, sizeof(*entry));
	return iopgt_pte_table(fmt, pte);
}

/* Take a table out of the tree. The caller owns the entry's whole span. */
static void iopgt_unlink(struct iopgt *pgt, u64 *entry, unsigned int tables)
{
	WRITE_ONCE(*entry, 0);
	if (!pgt->cfg.coherent_walk)
		iopgt_page_sync(pgt, entry, sizeof(*entry));
	atomic_long_sub(tables, &pgt->live_pages);
	atomic_long_add(tables, &pgt->pending_pages);
}

/**
 * iopgt_give_up_empty() - make room for a block where an empty table hangs
 * @fmt: the format
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
 * Context: that of the map.
 * Return: 0 when @entry is absent and no cache holds what was there; -EEXIST
 * if there is a leaf, or no hook, and nothing was altered.
 */
int iopgt_give_up_empty(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			u64 *entry, unsigned long iova, unsigned int level)
{
	struct iopgt_gather gather;
	u64 pte = READ_ONCE(*entry);

	if (!pgt->unlinked || !level || !iopgt_pte_is_table(fmt, pte))
		return -EEXIST;

	iopgt_gather_init(&gather, false);
	if (iopgt_collect(fmt, iopgt_pte_table(fmt, pte), level - 1,
			  &gather.pages, true))
		return -EEXIST;

	iopgt_unlink(pgt, entry, list_count_nodes(&gather.pages));
	iopgt_gather_add(&gather, iova, BIT(iopgt_lg2(fmt, level)),
			 fmt->granule_lg2);
	gather.tables_unlinked = true;
	pgt->unlinked(pgt, &gather);
	iopgt_free_pages(pgt, &gather.pages);
	return 0;
}

/* The entry at @level that translates @iova; there are tables down to it. */
static u64 *iopgt_entry(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			unsigned long iova, unsigned int level)
{
	unsigned int l = pgt->levels - 1;
	u64 *table = pgt->root;

	for (; l > level; l--) {
		u64 pte = READ_ONCE(table[iopgt_idx(fmt, iova, l)]);

		table = iopgt_pte_table(fmt, pte);
	}
	return &table[iopgt_idx(fmt, iova, level)];
}

/**
 * iopgt_give_up_covered() - unlink the tables that an unmap has emptied
 * @fmt: the format
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
void iopgt_give_up_covered(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			   unsigned long start, unsigned long end,
			   unsigned int level, struct iopgt_gather *gather)
{
	for (level++; level < pgt->levels; level++) {
		const unsigned long span = BIT(iopgt_lg2(fmt, level));
		struct iopgt_page *page;
		u64 *entry;

		if ((end & (span - 1)) || end - start < span)
			return;

		entry = iopgt_entry(fmt, pgt, end - span, level);
		page = iopgt_table_page(iopgt_pte_table(fmt,
							READ_ONCE(*entry)));
		list_add_tail(&page->node, &gather->pages);
		iopgt_unlink(pgt, entry, 1);
		gather->tables_unlinked = true;
	}
}
