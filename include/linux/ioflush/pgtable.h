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
#include <linux/ioflush/audit.h>
#include <linux/list.h>
#include <linux/types.h>

struct iopgt;
struct iopgt_fmt;
struct iopgt_test;

/**
 * IOPGT_MARK - leaves that their owner wants to find again, among IOMMU_READ and friends
 *
 * It means nothing to hardware: it is a bit that the architecture leaves to software.
 * See iopgt_marked().
 */
#define IOPGT_MARK 0x400

/** IOPGT_GATHER_RANGES - ranges that a gather keeps apart */
#define IOPGT_GATHER_RANGES 4

/**
 * struct iopgt_range - a range of which every leaf was removed
 * @start: first byte
 * @last: last byte, inclusive
 * @leaf_lg2: log2 of the size of its leaves in bytes; of the smallest, where
 *	there was no room to keep the range apart from its neighbours
 */
struct iopgt_range {
	unsigned long start;
	unsigned long last;
	u8 leaf_lg2;
};

/**
 * struct iopgt_gather - what the invalidation after an unmap has to cover
 * @nr: how many of @range are in use; 0 while nothing was removed
 * @tables_unlinked: a table was taken out of the tree, so that caches of
 *	non-leaf entries have to be invalidated too
 * @may_defer: the caller may return before the invalidation has finished;
 *	cleared by an operation that must not be deferred
 * @audit: the auditor's; of no concern to the table
 * @range: what was removed, by the size of leaf that was found there
 * @pages: unlinked table pages, linked by their descriptors; they go to
 *	iopgt_free_pages() after the invalidation has finished
 *
 * Several operations may add to one gather. A gather lives on its caller's
 * stack and is used by one thread.
 */
struct iopgt_gather {
	u8 nr;
	bool tables_unlinked;
	bool may_defer;
	struct ioaudit_ticket audit;
	struct iopgt_range range[IOPGT_GATHER_RANGES];
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
	gather->nr = 0;
	gather->tables_unlinked = false;
	gather->may_defer = may_defer;
	ioaudit_ticket_init(&gather->audit);
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
	return !gather->nr;
}

void iopgt_gather_more(struct iopgt_gather *gather, unsigned long iova,
		       size_t bytes, u8 leaf_lg2);

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
	if (unlikely(gather->nr)) {
		iopgt_gather_more(gather, iova, bytes, leaf_lg2);
		return;
	}
	gather->nr = 1;
	gather->range[0].start = iova;
	gather->range[0].last = iova + bytes - 1;
	gather->range[0].leaf_lg2 = leaf_lg2;
}

/**
 * iopgt_gather_leaf_lg2() - the smallest leaf that was removed
 * @gather: a gather that is not empty
 *
 * Context: any context.
 * Return: log2 of its size in bytes.
 */
static inline u8 iopgt_gather_leaf_lg2(const struct iopgt_gather *gather)
{
	u8 lg2 = gather->range[0].leaf_lg2;
	unsigned int i;

	for (i = 1; unlikely(i < gather->nr); i++)
		if (gather->range[i].leaf_lg2 < lg2)
			lg2 = gather->range[i].leaf_lg2;
	return lg2;
}

/**
 * struct iopgt_cfg - what the hardware and the domain ask of a table
 * @ias_bits: width of the input address
 * @oas_bits: width of the output address
 * @pgsize_bitmap: leaf sizes that may be used, one bit a size; the format
 *	clears bits it does not have, its smallest size has to be among them.
 *	Where a format comes with several granules, the lowest bit says which
 * @coherent_walk: the walker snoops CPU caches, no cache maintenance needed
 * @snoop_ctl: the hardware lets a leaf force snooping; IOMMU_CACHE then asks
 *	for it, and is ignored otherwise
 * @hitless: hardware tolerates that a block becomes a table or a table a block
 *	without a fault in between (on Arm, FEAT_BBM level 2)
 * @hw_dirty: hardware records in a leaf that it was written through
 * @whole_leaves: a leaf goes as a whole or not at all: an unmap that would take a part
 *	of one ends before it
 * @nid: NUMA node for table pages
 */
struct iopgt_cfg {
	u8 ias_bits;
	u8 oas_bits;
	unsigned long pgsize_bitmap;
	bool coherent_walk;
	bool snoop_ctl;
	bool hitless;
	bool hw_dirty;
	bool whole_leaves;
	int nid;
};

/**
 * struct iopgt_piece - pages that are neighbours in memory
 * @paddr: first output address, a multiple of the smallest leaf size
 * @pages: number of leaves of the smallest size, not 0
 */
struct iopgt_piece {
	phys_addr_t paddr;
	size_t pages;
};

/**
 * iopgt_piece_add() - one piece more, or one that is longer
 * @piece: the pieces
 * @n: how many there are
 * @room: how many there may be
 * @end: where the memory of the newest one ends
 * @paddr: first output address
 * @bytes: how much
 * @lg2: log2 of the smallest leaf size
 *
 * What goes on where the newest piece ends makes that longer.
 *
 * Context: any context.
 * Return: false if there is no room.
 */
static __always_inline bool iopgt_piece_add(struct iopgt_piece *piece,
					    unsigned int *n, unsigned int room,
					    phys_addr_t *end, phys_addr_t paddr,
					    size_t bytes, unsigned int lg2)
{
	if (*n && *end == paddr) {
		piece[*n - 1].pages += bytes >> lg2;
	} else {
		if (unlikely(*n == room))
			return false;
		piece[*n].paddr = paddr;
		piece[*n].pages = bytes >> lg2;
		++*n;
	}
	*end = paddr + bytes;
	return true;
}

/**
 * struct iopgt_ops - one format, instantiated
 * @name: for messages and debugfs
 * @map_pages: see iopgt_map_pages()
 * @unmap_pages: see iopgt_unmap_pages()
 * @map_list: see iopgt_map_list()
 * @iova_to_phys: see iopgt_iova_to_phys()
 * @marked: see iopgt_marked()
 * @mapped: see iopgt_mapped(); NULL for a format of which nobody wants it to be fast
 * @init: check and complete the config, set @fmt and @levels, allocate the
 *	root; mostly by iopgt_tree_init()
 */
struct iopgt_ops {
	const char *name;
	int (*map_pages)(struct iopgt *pgt, unsigned long iova,
			 phys_addr_t paddr, size_t pgsize, size_t pgcount,
			 int prot, gfp_t gfp, size_t *mapped);
	size_t (*unmap_pages)(struct iopgt *pgt, unsigned long iova,
			      size_t size, struct iopgt_gather *gather);
	int (*map_list)(struct iopgt *pgt, unsigned long iova,
			const struct iopgt_piece *piece, unsigned int n,
			int prot, gfp_t gfp, size_t *mapped);
	phys_addr_t (*iova_to_phys)(struct iopgt *pgt, unsigned long iova);
	size_t (*marked)(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n);
	size_t (*mapped)(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n, int *prot);
	int (*init)(struct iopgt *pgt);
};

/**
 * struct iopgt - one translation table
 * @ops: the format's operations
 * @fmt: the format's description, for the operations that need no speed
 * @cfg: as completed by the format's @init
 * @root: the root table
 * @ias_last: the highest input address
 * @oas_last: the highest output address
 * @levels: number of levels, root included; at least 2
 * @root_shift: what a page frame is shifted right by to index the root
 * @table_order: order of the pages that a table takes
 * @root_order: order of the pages that the root takes
 * @dirty: leaves are written such that hardware tracks writes in them
 * @live_pages: tables linked into the tree, root included
 * @pending_pages: unlinked tables that wait for their invalidation or for RCU
 * @invalidate: optional; the owner sets it after iopgt_init() and before the
 *	first map. Called by operations that break an entry, have what caches
 *	hold of it invalidated, and make it anew: a map of a block where a table
 *	without any leaf hangs, a cut and a collapse. It invalidates what the
 *	gather describes and returns only when that has finished. It runs in
 *	the context of the operation. It may hand the gather's pages to
 *	iopgt_free_pages(), or leave that to the caller. Where it is NULL such
 *	operations are refused
 * @remade: optional; called when entries that such an operation had broken
 *	translate again, for hardware that may have cached that they did not.
 *	It returns when hardware has dropped that
 * @test: lets a KUnit suite make allocations fail and watch the table
 */
struct iopgt {
	const struct iopgt_ops *ops;
	const struct iopgt_fmt *fmt;
	struct iopgt_cfg cfg;
	u64 *root;
	unsigned long ias_last;
	phys_addr_t oas_last;
	u8 levels;
	u8 root_shift;
	u8 table_order;
	u8 root_order;
	bool dirty;
	atomic_long_t live_pages;
	atomic_long_t pending_pages;
	void (*invalidate)(struct iopgt *pgt, struct iopgt_gather *gather);
	void (*remade)(struct iopgt *pgt, unsigned long iova, size_t bytes);
#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
	struct iopgt_test *test;
#endif
};

/** iopgt_arm_s1_ops - Arm VMSAv8-64 stage 1, DDI 0487 chapter D8 */
extern const struct iopgt_ops iopgt_arm_s1_ops;
/** iopgt_arm_s2_ops - Arm VMSAv8-64 stage 2, DDI 0487 chapter D8 */
extern const struct iopgt_ops iopgt_arm_s2_ops;
/** iopgt_vtdss_ops - VT-d second stage, VT-d specification section 9.8 */
extern const struct iopgt_ops iopgt_vtdss_ops;
/** iopgt_x86_64_ops - VT-d first stage and x86-64, VT-d specification 9.7 */
extern const struct iopgt_ops iopgt_x86_64_ops;
/** iopgt_amdv1_ops - AMD-Vi host tables, AMD IOMMU specification 2.2.3 */
extern const struct iopgt_ops iopgt_amdv1_ops;
/** iopgt_riscv_ops - RISC-V Sv39, Sv48, Sv57, privileged specification */
extern const struct iopgt_ops iopgt_riscv_ops;

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
 * @prot: IOMMU_READ, IOMMU_WRITE and friends from linux/iommu.h, and IOPGT_MARK
 * @gfp: for table pages
 * @mapped: raised by the number of bytes mapped; on an error the caller
 *	unmaps them, as the IOMMU core does
 *
 * Lock-free against maps and unmaps of other ranges: the caller owns the range
 * from before the map until the invalidation after the unmap has finished, and
 * no two owners' ranges overlap. A failed map alters no entry that translated
 * something; table pages that it linked stay for the next one.
 *
 * Ordering: new entries, and the tables on the way to them, are visible to
 * walkers before anything that the caller stores after this has returned is
 * visible to a device, be that a descriptor in memory or a register written by
 * writel_relaxed(). So a driver needs no barrier for the sake of a mapping. It
 * does need one where another CPU tells the device: the entries are then
 * visible as any other store is that this CPU has handed over. Where hardware
 * may have cached that nothing was there, the caller invalidates that first.
 *
 * Context: any context that @gfp allows. Waits for hardware, by way of
 *	&iopgt.invalidate, if a block goes where an empty table hangs.
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
 * iopgt_map_list() - map scattered memory to neighbouring addresses
 * @pgt: the table
 * @iova: first input address, a multiple of the smallest leaf size
 * @piece: the memory, in the order of its addresses
 * @n: number of pieces
 * @prot: permissions, see iopgt_map_pages()
 * @gfp: for table pages
 * @mapped: raised by the number of bytes mapped; on an error the caller unmaps
 *	them
 *
 * What iopgt_map_pages() would do for one piece after the other, with leaves of
 * the smallest size, but the permissions are worked out once, and the table is
 * looked for once for all that it holds.
 *
 * Context: see iopgt_map_pages().
 * Return: see iopgt_map_pages(); 0 for no pieces.
 */
static inline int iopgt_map_list(struct iopgt *pgt, unsigned long iova,
				 const struct iopgt_piece *piece,
				 unsigned int n, int prot, gfp_t gfp,
				 size_t *mapped)
{
	return pgt->ops->map_list(pgt, iova, piece, n, prot, gfp, mapped);
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
 * hole. A leaf that reaches out of the range is split first as iopgt_cut() does,
 * with GFP_ATOMIC; where that fails it stops there. The caller then owns the
 * whole leaf. A table whose whole span one call has cleared is unlinked and put
 * on the gather's pages; no smaller unmap ever gives up a table.
 *
 * Context: any context; waits for hardware, by way of &iopgt.invalidate, if a
 *	leaf is split.
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

/**
 * iopgt_marked() - which memory is behind leaves that were mapped with IOPGT_MARK
 * @pgt: the table
 * @iova: first input address, a multiple of the smallest leaf size
 * @size: bytes, a multiple of that
 * @piece: receives the memory, in the order of its addresses; neighbours are one piece
 * @n: how many there is room for, not 0; receives how many there are
 *
 * The caller owns the range, as for an unmap.
 *
 * Context: any context.
 * Return: how many bytes from @iova on that is: up to the first leaf without a mark,
 *	the first hole, or as many as there is room for.
 */
static inline size_t iopgt_marked(struct iopgt *pgt, unsigned long iova,
				  size_t size, struct iopgt_piece *piece,
				  unsigned int *n)
{
	return pgt->ops->marked(pgt, iova, size, piece, n);
}

size_t iopgt_leaf_bytes(struct iopgt *pgt, unsigned long iova);
size_t iopgt_mapped(struct iopgt *pgt, unsigned long iova, size_t size,
		    struct iopgt_piece *piece, unsigned int *n, int *prot);
int iopgt_cut(struct iopgt *pgt, unsigned long iova, gfp_t gfp);
int iopgt_collapse(struct iopgt *pgt, unsigned long iova, size_t size);

/**
 * struct iopgt_entry - what a visitor is shown
 * @iova: first address that the entry translates
 * @paddr: where that goes; of an entry that refers to a table, the table
 * @pte: the entry as it was read; the first of a leaf that has several
 * @lg2: log2 of the bytes that the leaf, or the entry, translates
 * @level: the entry's level, 0 for the lowest
 * @table: it refers to a table
 * @prot: a leaf's IOMMU_READ and friends
 */
struct iopgt_entry {
	unsigned long iova;
	phys_addr_t paddr;
	u64 pte;
	u8 lg2;
	u8 level;
	bool table;
	int prot;
};

typedef int (*iopgt_visit_fn)(const struct iopgt_entry *entry, void *arg);
typedef void (*iopgt_dirty_fn)(unsigned long iova, size_t bytes, void *arg);

int iopgt_visit(struct iopgt *pgt, unsigned long start, unsigned long last,
		iopgt_visit_fn visit, void *arg);
int iopgt_set_dirty_tracking(struct iopgt *pgt, bool on);
int iopgt_read_dirty(struct iopgt *pgt, unsigned long iova, size_t size,
		     bool clear, struct iopgt_gather *gather,
		     iopgt_dirty_fn dirty, void *arg);

#endif /* _LINUX_IOFLUSH_PGTABLE_H */
