// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the life of a translation table
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bug.h>
#include <linux/export.h>
#include <linux/ioflush/pgtable.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "page.h"
#include "table.h"

/**
 * iopgt_init() - make an empty table
 * @pgt: what to initialise; whatever it holds is overwritten, @invalidate
 *	becomes NULL
 * @ops: the format
 * @cfg: what is asked of it; copied, and completed in the copy
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a configuration that the format does not have;
 * -ENOMEM. After an error there is nothing to destroy.
 */
int iopgt_init(struct iopgt *pgt, const struct iopgt_ops *ops,
	       const struct iopgt_cfg *cfg)
{
	*pgt = (struct iopgt){
		.ops = ops,
		.cfg = *cfg,
	};
	return ops->init(pgt);
}
EXPORT_SYMBOL_GPL(iopgt_init);

/**
 * iopgt_destroy() - free a table and all its pages
 * @pgt: from iopgt_init(). No walker and no reader may reach it any more, and
 *	all pages of all gathers were given to iopgt_free_pages()
 *
 * Leaves that are still mapped go with it.
 *
 * Context: may sleep.
 */
void iopgt_destroy(struct iopgt *pgt)
{
	/*
	 * The callbacks count down in the table. The acquire pairs with the
	 * release in iopgt_page_rcu(), after which that lets go of @pgt.
	 */
	if (atomic_long_read_acquire(&pgt->pending_pages))
		rcu_barrier();
	WARN_ON(atomic_long_read_acquire(&pgt->pending_pages));
	iopgt_tree_free(pgt);
	WARN_ON(atomic_long_read(&pgt->live_pages));
}
EXPORT_SYMBOL_GPL(iopgt_destroy);

/**
 * iopgt_free_pages() - free unlinked table pages
 * @pgt: the table they belong to
 * @pages: pages of a gather whose invalidation has finished; empty afterwards
 *
 * They are freed after an RCU grace period, since lockless readers may still be
 * walking through them.
 *
 * Context: any context.
 */
void iopgt_free_pages(struct iopgt *pgt, struct list_head *pages)
{
	struct iopgt_page *page, *next;

	list_for_each_entry_safe(page, next, pages, node) {
		WARN_ON_ONCE(page->pgt != pgt);
		list_del_init(&page->node);
		iopgt_page_free_rcu(page);
	}
}
EXPORT_SYMBOL_GPL(iopgt_free_pages);

/**
 * iopgt_gather_more() - add a range to a gather that has some already
 * @gather: the gather
 * @iova: first byte of the range
 * @bytes: length of the range, not 0
 * @leaf_lg2: log2 of the size of its leaves
 *
 * A range that goes on where the last one of the same leaf size ended extends
 * it. Once there is room for no other, the last range grows over all that comes.
 *
 * Context: any context.
 */
void iopgt_gather_more(struct iopgt_gather *gather, unsigned long iova,
		       size_t bytes, u8 leaf_lg2)
{
	struct iopgt_range *r = &gather->range[gather->nr - 1];

	if (r->leaf_lg2 == leaf_lg2 && r->last + 1 == iova) {
		r->last += bytes;
		return;
	}
	if (gather->nr < IOPGT_GATHER_RANGES) {
		gather->range[gather->nr++] = (struct iopgt_range){
			.start = iova,
			.last = iova + bytes - 1,
			.leaf_lg2 = leaf_lg2,
		};
		return;
	}
	r->start = min(r->start, iova);
	r->last = max(r->last, iova + bytes - 1);
	r->leaf_lg2 = min(r->leaf_lg2, leaf_lg2);
}
EXPORT_SYMBOL_GPL(iopgt_gather_more);
