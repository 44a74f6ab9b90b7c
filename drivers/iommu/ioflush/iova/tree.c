// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: bus addresses from the kernel's allocator
 *
 * It keeps what is out in a tree, and caches by CPU what comes back, up to some
 * length. What is cached stays in the tree: a search for a length that is too
 * long for the caches has to step over all of it, and takes longer the more that
 * is. So long ranges have a tree of their own, over a part of the space that is
 * one allocation in the other.
 */
#include <linux/dma-mapping.h>
#include <linux/minmax.h>

#include "space.h"

/**
 * iospace_limit_pfn() - the last granule that ends at or below a limit
 * @space: a space
 * @limit: an address
 *
 * Context: any context.
 * Return: its number, or 0 if there is none.
 */
unsigned long iospace_limit_pfn(const struct iospace *space, u64 limit)
{
	if (limit < space->granule_mask)
		return 0;
	return (limit - space->granule_mask) >> space->granule_lg2;
}

/**
 * iospace_tree_forget_failure() - have a tree look again for what it did not find
 * @tree: the tree
 *
 * A search below 4 GiB that fails makes the tree refuse what is as large, or
 * larger, without looking. That is no verdict if the limit was lower still:
 * one narrow device would cut off all others.
 *
 * Context: any context but NMI.
 */
void iospace_tree_forget_failure(struct iova_domain *tree)
{
	unsigned long flags;

	spin_lock_irqsave(&tree->iova_rbtree_lock, flags);
	tree->max32_alloc_size = tree->dma_32bit_pfn;
	spin_unlock_irqrestore(&tree->iova_rbtree_lock, flags);
}

static unsigned long iospace_tree_search(struct iospace *space,
					 unsigned long pages, u64 limit)
{
	struct iova_domain *tree = &space->tree;
	unsigned long pfn = 0;

	/*
	 * Below 4 GiB first, as long as there is room: devices and bridges
	 * that get longer addresses wrong are still about.
	 */
	if (limit > DMA_BIT_MASK(32))
		pfn = alloc_iova_fast(tree, pages,
				      iospace_limit_pfn(space, DMA_BIT_MASK(32)),
				      false);
	if (!pfn)
		pfn = alloc_iova_fast(tree, pages,
				      iospace_limit_pfn(space, limit), true);
	if (!pfn && limit < min(space->last, DMA_BIT_MASK(32)))
		iospace_tree_forget_failure(tree);
	return pfn;
}

/**
 * iospace_long_open() - give the tree of long ranges its addresses
 * @space: the space
 * @first: first address
 * @bytes: length
 *
 * Context: any context; once.
 */
void iospace_long_open(struct iospace *space, u64 first, u64 bytes)
{
	init_iova_domain(&space->longs, 1UL << space->granule_lg2,
			 first >> space->granule_lg2);
	WRITE_ONCE(space->long_first, first);
	/* Pairs with the acquire in iospace_long_has(). */
	smp_store_release(&space->long_bytes, bytes);
}

/**
 * iospace_long_has() - is an address one of the long ranges'?
 * @space: a space
 * @iova: any address
 *
 * Context: any context.
 * Return: whether it is.
 */
bool iospace_long_has(const struct iospace *space, u64 iova)
{
	/* Pairs with the release in iospace_long_open(). */
	u64 bytes = smp_load_acquire(&space->long_bytes);

	/* Until it is open, any value will do. */
	return iova - READ_ONCE(space->long_first) < bytes;
}

static unsigned long iospace_long_search(struct iospace *space,
					 unsigned long pages, u64 limit)
{
	/* Pairs with the release in iospace_long_open(). */
	u64 bytes = smp_load_acquire(&space->long_bytes);
	struct iova *iova;
	u64 last;

	if (!bytes)
		return 0;
	last = space->long_first + bytes - 1;
	if (limit < last)
		return 0;
	iova = alloc_iova(&space->longs, pages, iospace_limit_pfn(space, last),
			  true);
	return iova ? iova->pfn_lo : 0;
}

/**
 * iospace_is_long() - is a length beyond what the kernel's allocator caches?
 * @space: a space
 * @bytes: the length
 *
 * Context: any context.
 * Return: whether it is.
 */
bool iospace_is_long(const struct iospace *space, size_t bytes)
{
	return bytes >> space->granule_lg2 > iova_rcache_range() >> PAGE_SHIFT;
}

/**
 * iospace_tree_alloc() - own a range that is aligned to its length
 * @space: where from
 * @bytes: its length, a multiple of the granule
 * @limit: the last address that will do
 *
 * Context: any context but NMI.
 * Return: the first address, or 0 if there is no room.
 */
dma_addr_t iospace_tree_alloc(struct iospace *space, size_t bytes, u64 limit)
{
	unsigned long pages = bytes >> space->granule_lg2, pfn = 0;

	limit = min(limit, space->last);
	if (iospace_is_long(space, bytes))
		pfn = iospace_long_search(space, pages, limit);
	if (!pfn)
		pfn = iospace_tree_search(space, pages, limit);
	if (!pfn)
		return 0;

	this_cpu_inc(space->cpu->tree_allocs);
	return (dma_addr_t)pfn << space->granule_lg2;
}

/**
 * iospace_tree_free() - undo iospace_tree_alloc()
 * @space: where it was from
 * @iova: its first address
 * @bytes: its length
 *
 * Context: any context but NMI.
 */
void iospace_tree_free(struct iospace *space, dma_addr_t iova, size_t bytes)
{
	unsigned long pfn = iova >> space->granule_lg2;

	this_cpu_inc(space->cpu->tree_frees);
	if (iospace_long_has(space, iova))
		free_iova(&space->longs, pfn);
	else
		free_iova_fast(&space->tree, pfn, bytes >> space->granule_lg2);
}
