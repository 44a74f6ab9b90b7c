/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: table pages and their descriptors
 */
#ifndef _IOFLUSH_PGTABLE_PAGE_H
#define _IOFLUSH_PGTABLE_PAGE_H

#include <linux/build_bug.h>
#include <linux/ioflush/pgtable.h>
#include <linux/mm.h>
#include <linux/mm_types.h>

/**
 * struct iopgt_page - what is known about a table page; overlays struct page
 * @__flags: struct page's
 * @node: on a gather's pages, or on a list private to the owner of the range
 *	that the table translates; unused while the page is linked
 * @pgt: the table that the page belongs to; sits on page->mapping, and is
 *	cleared before the page is freed
 * @rcu: for the grace period after the invalidation. Not shared with @node, so
 *	that a reader never meets a list that RCU has overwritten
 * @__page_type: struct page's
 * @__refcount: struct page's
 */
struct iopgt_page {
	unsigned long __flags;
	struct list_head node;
	struct iopgt *pgt;
	struct rcu_head rcu;
	unsigned int __page_type;
	atomic_t __refcount;
};

#define IOPGT_PAGE_MATCH(pg, ours)					\
	static_assert(offsetof(struct page, pg) ==			\
		      offsetof(struct iopgt_page, ours))
IOPGT_PAGE_MATCH(flags, __flags);
IOPGT_PAGE_MATCH(lru, node);		/* pointers: PageTail() stays false */
IOPGT_PAGE_MATCH(mapping, pgt);
IOPGT_PAGE_MATCH(private, rcu.func);
IOPGT_PAGE_MATCH(page_type, __page_type);
IOPGT_PAGE_MATCH(_refcount, __refcount);
#undef IOPGT_PAGE_MATCH
static_assert(offsetofend(struct iopgt_page, rcu) <=
	      offsetof(struct page, page_type));
static_assert(sizeof(struct iopgt_page) <= sizeof(struct page));

/**
 * iopgt_table_page() - the descriptor of a table
 * @table: any address inside a table page
 *
 * Context: any context.
 * Return: the descriptor.
 */
static inline struct iopgt_page *iopgt_table_page(const u64 *table)
{
	return (struct iopgt_page *)virt_to_page(table);
}

/**
 * iopgt_page_table() - the table that a descriptor belongs to
 * @page: the descriptor
 *
 * Context: any context.
 * Return: the table.
 */
static inline u64 *iopgt_page_table(const struct iopgt_page *page)
{
	return page_address((const struct page *)page);
}

/**
 * struct iopgt_test - what a KUnit suite may do to a table
 * @pages: pages allocated and not yet freed, linked or not
 * @fail_alloc: the allocation of that number from now on fails; 0 for none
 * @allocated: called between the allocation of a page and its use
 * @replacing: called where an entry that was read is about to be replaced by an
 *	atomic operation, and hardware may come in between
 * @synced: called in place of the cache maintenance of a table whose walker is
 *	not coherent
 */
struct iopgt_test {
	atomic_t pages;
	unsigned int fail_alloc;
	void (*allocated)(struct iopgt *pgt);
	void (*replacing)(struct iopgt *pgt, u64 *entry);
	void (*synced)(struct iopgt *pgt, const void *first, size_t bytes);
};

u64 *iopgt_page_alloc(struct iopgt *pgt, unsigned int order, gfp_t gfp);
void iopgt_page_free(u64 *table, unsigned int order);
void iopgt_page_free_rcu(struct iopgt_page *page);
void iopgt_page_sync(struct iopgt *pgt, const void *first, size_t bytes);

#endif /* _IOFLUSH_PGTABLE_PAGE_H */
