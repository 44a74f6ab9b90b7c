/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the io-pgtable library
 *
 * Walks and edits multi-level translation tables. It knows nothing of when a
 * translation is invalidated: an unmap describes what an invalidation has to
 * cover in a struct iopgt_gather, and that is where its work ends.
 */
#ifndef _LINUX_IOFLUSH_PGTABLE_H
#define _LINUX_IOFLUSH_PGTABLE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>

struct iopgt;
struct iopgt_test;

/**
 * struct iopgt_gather - what the invalidation after an unmap has to cover
 * @start: first byte of the lowest range unmapped; above @last while empty
 * @last: last byte of the highest range unmapped, inclusive
 * @leaf_lg2: log2 of the smallest leaf removed, in bytes; 0 while empty
 * @tables_unlinked: a table was taken out of the tree, so that caches of
 *	non-leaf entries have to be invalidated too
 * @may_defer: the caller may return before the invalidation has finished;
 *	cleared by an operation that must not be deferred
 * @pages: unlinked table pages, linked by their descriptors; they go to
 *	iopgt_free_pages() after the invalidation has finished
 *
 * Several unmaps may add to one gather; @start to @last then covers them all,
 * and whatever lies between them.
 *
 * A gather lives on its caller's stack and is used by one thread.
 */
struct iopgt_gather {
	unsigned long start;
	unsigned long last;
	u8 leaf_lg2;
	bool tables_unlinked;
	bool may_defer;
	struct list_head pages;
};

/**
 * iopgt_gather_init() - make a gather empty
 * @gather: what to initialise
 * @may_defer: whether the caller tolerates a deferred invalidation
 *
 * Context: any context.
 */
static inline void iopgt_gather_init(struct iopgt_gather *gather,
				     bool may_defer)
{
	gather->start = ~0UL;
	gather->last = 0;
	gather->leaf_lg2 = 0;
	gather->tables_unlinked = false;
	gather->may_defer = may_defer;
	INIT_LIST_HEAD(&gather->pages);
}

/**
 * iopgt_gather_empty() - did the unmap remove anything?
 * @gather: a gather after one or more unmaps
 *
 * Context: any context.
 * Return: true if nothing has to be invalidated.
 */
static inline bool iopgt_gather_empty(const struct iopgt_gather *gather)
{
	return gather->start > gather->last;
}

/**
 * iopgt_gather_add() - widen a gather by one range of leaves
 * @gather: the gather of this unmap
 * @iova: first byte of the range
 * @bytes: length of the range, not 0
 * @leaf_lg2: log2 of the size of the leaves that were removed
 *
 * Context: any context.
 */
static inline void iopgt_gather_add(struct iopgt_gather *gather,
				    unsigned long iova, size_t bytes,
				    u8 leaf_lg2)
{
	if (iova < gather->start)
		gather->start = iova;
	if (iova + bytes - 1 > gather->last)
		gather->last = iova + bytes - 1;
	if (!gather->leaf_lg2 || leaf_lg2 < gather->leaf_lg2)
		gather->leaf_lg2 = leaf_lg2;
}

/**
 * struct iopgt_cfg - what the hardware and the domain ask of a table
 * @ias_bits: width of the input address
 * @oas_bits: width of the output address
 * @pgsize_bitmap: leaf sizes that may be used, one bit a size; the format
 *	clears bits it does not have, its smallest size has to be among them
 * @coherent_walk: the walker snoops CPU caches, no cache maintenance needed
 * @snoop_ctl: the hardware lets a leaf force snooping; IOMMU_CACHE then asks
 *	for it, and is ignored otherwise
 * @nid: NUMA node for table pages
 */
struct iopgt_cfg {
	u8 ias_bits;
	u8 oas_bits;
	unsigned long pgsize_bitmap;
	bool coherent_walk;
	bool snoop_ctl;
	int nid;
};

/**
 * struct iopgt_ops - one format, instantiated
 * @name: for messages and debugfs
 * @map_pages: see iopgt_map_pages()
 * @unmap_pages: see iopgt_unmap_pages()
 * @iova_to_phys: see iopgt_iova_to_phys()
 * @init: check and complete the config, allocate the root
 * @destroy: free all pages at once; nothing may walk the table any more
 */
struct iopgt_ops {
	const char *name;
	int (*map_pages)(struct iopgt *pgt, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped);
	size_t (*unmap_pages)(struct iopgt *pgt, unsigned long iova,
			      size_t size, struct iopgt_gather *gather);
	phys_addr_t (*iova_to_phys)(struct iopgt *pgt, unsigned long iova);
	int (*init)(struct iopgt *pgt);
	void (*destroy)(struct iopgt *pgt);
};

/**
 * struct iopgt - one translation table
 * @ops: the format's operations
 * @cfg: as completed by the format's @init
 * @root: the root table
 * @ias_last: the highest input address
 * @oas_last: the highest output address
 * @levels: number of levels, root included; at least 2
 * @root_shift: what a page frame is shifted right by to index the root
 * @live_pages: table pages linked into the tree, root included
 * @pending_pages: unlinked pages that wait for their invalidation or for RCU
 * @unlinked: optional; the owner sets it after iopgt_init() and before the
 *	first map. Called by a map of a block where a table without any leaf
 *	hangs, after the table was taken out of the tree and before the block
 *	goes in: walk caches may still hold the table, so the hook invalidates
 *	what the gather describes and returns only when that has finished. It
 *	runs in the context of the map. It may hand the gather's pages to
 *	iopgt_free_pages(), or leave that to the caller. Where it is NULL such
 *	a map is refused with -EEXIST
 * @test: lets a KUnit suite make allocations fail and watch the table
 */
struct iopgt {
	const struct iopgt_ops *ops;
	struct iopgt_cfg cfg;
	u64 *root;
	unsigned long ias_last;
	phys_addr_t oas_last;
	u8 levels;
	u8 root_shift;
	atomic_long_t live_pages;
	atomic_long_t pending_pages;
	void (*unlinked)(struct iopgt *pgt, struct iopgt_gather *gather);
#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
	struct iopgt_test *test;
#endif
};

/** iopgt_vtdss_ops - VT-d second stage, VT-d specification section 9.8 */
extern const struct iopgt_ops iopgt_vtdss_ops;

int iopgt_init(struct iopgt *pgt, const struct iopgt_ops *ops,
	       const struct iopgt_cfg *cfg);
void iopgt_destroy(struct iopgt *pgt);
void iopgt_free_pages(struct iopgt *pgt, struct list_head *pages);

/**
 * iopgt_map_pages() - map @pgcount pages of @pgsize
 * @pgt: the table
 * @iova: first input address, a multiple of @pgsize
 * @paddr: first output address, a multiple of @pgsize
 * @pgsize: one of the sizes in the table's pgsize_bitmap
 * @pgcount: how many, not 0
 * @prot: IOMMU_READ, IOMMU_WRITE and friends from linux/iommu.h
 * @gfp: for table pages
 * @mapped: raised by the number of bytes mapped; on an error the caller
 *	unmaps them, as the IOMMU core does
 *
 * Lock-free against maps and unmaps of other ranges: the caller owns the range
 * from before the map until the invalidation after the unmap has finished, and
 * no two owners' ranges overlap. A failed map alters no entry that translated
 * something; table pages that it linked stay for the next one.
 *
 * Context: any context that @gfp allows.
 * Return: 0; -ERANGE for an address outside the table; -EINVAL for a size,
 *	an alignment or a permission that the format cannot express; -EEXIST
 *	where something is mapped already; -ENOMEM.
 */
static inline int iopgt_map_pages(struct iopgt *pgt, unsigned long iova,
				  phys_addr_t paddr, size_t pgsize,
				  size_t pgcount, int prot, gfp_t gfp,
				  size_t *mapped)
{
	return pgt->ops->map_pages(pgt, iova, paddr, pgsize, pgcount, prot,
				   gfp, mapped);
}

/**
 * iopgt_unmap_pages() - clear every leaf in a range
 * @pgt: the table
 * @iova: first input address
 * @size: bytes
 * @gather: receives what has to be invalidated
 *
 * Entries are cleared in memory when this returns; hardware may go on using
 * them until the invalidation that @gather describes has finished. Whoever
 * submits that orders these stores before its doorbell. It stops at the first
 * hole, and at a leaf that reaches out of the range: that one would have to be
 * split. A table whose whole span one call has cleared is unlinked and put on
 * the gather's pages; no smaller unmap ever gives up a table.
 *
 * Context: any context.
 * Return: bytes unmapped from @iova on; 0 also for a range that is misaligned
 * or outside the table.
 */
static inline size_t iopgt_unmap_pages(struct iopgt *pgt, unsigned long iova,
				       size_t size,
				       struct iopgt_gather *gather)
{
	return pgt->ops->unmap_pages(pgt, iova, size, gather);
}

/**
 * iopgt_iova_to_phys() - what an address translates to
 * @pgt: the table
 * @iova: any input address
 *
 * Lockless; table pages it may meet are protected by RCU, which it takes.
 *
 * Context: any context.
 * Return: the output address, 0 where nothing is mapped.
 */
static inline phys_addr_t iopgt_iova_to_phys(struct iopgt *pgt,
					     unsigned long iova)
{
	return pgt->ops->iova_to_phys(pgt, iova);
}

#endif /* _LINUX_IOFLUSH_PGTABLE_H */
