// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: table pages, from the allocator and back
 *
 * A page is live while it is linked into the tree, and pending from the moment
 * it is unlinked until RCU has returned it to the allocator.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/rcupdate.h>

#include "cache.h"
#include "compat-pages.h"
#include "page.h"

#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
static bool iopgt_test_fails(struct iopgt *pgt)
{
	return pgt->test && pgt->test->fail_alloc && !--pgt->test->fail_alloc;
}

static void iopgt_test_allocated(struct iopgt *pgt)
{
	if (!pgt->test)
		return;
	atomic_inc(&pgt->test->pages);
	if (pgt->test->allocated)
		pgt->test->allocated(pgt);
}

static void iopgt_test_freed(struct iopgt *pgt)
{
	if (pgt->test)
		atomic_dec(&pgt->test->pages);
}

static bool iopgt_test_synced(struct iopgt *pgt, const void *first,
			      size_t bytes)
{
	if (!pgt->test || !pgt->test->synced)
		return false;
	pgt->test->synced(pgt, first, bytes);
	return true;
}
#else
static inline bool iopgt_test_fails(struct iopgt *pgt)
{
	return false;
}

static inline void iopgt_test_allocated(struct iopgt *pgt)
{
}

static inline void iopgt_test_freed(struct iopgt *pgt)
{
}

static inline bool iopgt_test_synced(struct iopgt *pgt, const void *first,
				     size_t bytes)
{
	return false;
}
#endif

/**
 * iopgt_page_alloc() - pages for a table, all zeroes also for the walker
 * @pgt: the table that will link it
 * @order: log2 of how many; they are aligned to that
 * @gfp: how to allocate
 *
 * Accounted as memory that the IOMMU subsystem uses. It is not counted as live:
 * whoever links it does that.
 *
 * Context: any context that @gfp allows.
 * Return: the table, or NULL.
 */
u64 *iopgt_page_alloc(struct iopgt *pgt, unsigned int order, gfp_t gfp)
{
	struct iopgt_page *page;
	u64 *table;

	if (iopgt_test_fails(pgt))
		return NULL;
	table = ioflush_table_alloc(pgt->cfg.nid, gfp, order);
	if (!table)
		return NULL;

	page = iopgt_table_page(table);
	INIT_LIST_HEAD(&page->node);
	page->pgt = pgt;
	if (!pgt->cfg.coherent_walk)
		iopgt_page_sync(pgt, table, PAGE_SIZE << order);
	iopgt_test_allocated(pgt);
	return table;
}

/**
 * iopgt_page_free() - free a table that nobody else can reach
 * @table: from iopgt_page_alloc(); no walker and no reader will come across it
 * @order: as it was allocated
 *
 * Context: any context.
 */
void iopgt_page_free(u64 *table, unsigned int order)
{
	struct iopgt_page *page = iopgt_table_page(table);

	iopgt_test_freed(page->pgt);
	/* The allocator checks that page->mapping is NULL. */
	page->pgt = NULL;
	ioflush_table_free(table, order);
}

static void iopgt_page_rcu(struct rcu_head *rcu)
{
	struct iopgt_page *page = container_of(rcu, struct iopgt_page, rcu);
	struct iopgt *pgt = page->pgt;

	iopgt_page_free(iopgt_page_table(page), pgt->table_order);
	/* Last: iopgt_destroy() may let go of @pgt once this is 0. */
	atomic_long_dec_return_release(&pgt->pending_pages);
}

/**
 * iopgt_page_free_rcu() - free an unlinked page after a grace period
 * @page: counted as pending; its invalidation has finished
 *
 * Context: any context.
 */
void iopgt_page_free_rcu(struct iopgt_page *page)
{
	call_rcu(&page->rcu, iopgt_page_rcu);
}

/**
 * iopgt_page_sync() - let a walker that does not snoop see what was written
 * @pgt: a table whose walker is not coherent
 * @first: first byte written
 * @bytes: length
 *
 * Context: any context.
 */
void iopgt_page_sync(struct iopgt *pgt, const void *first, size_t bytes)
{
	if (!iopgt_test_synced(pgt, first, bytes))
		iopgt_flush_cache(first, bytes);
}
