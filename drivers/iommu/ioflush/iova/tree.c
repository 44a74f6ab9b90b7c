// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: bus addresses from the kernel's allocator
 *
 * It keeps what is out in a tree, and caches by CPU what comes back, up to some
 * length. What is cached stays in the tree: a search for a length that is too
 * long for the caches has to step over all of it, and takes longer the more that
 * is. So long ranges have a tree of their own, over a part of the space that is
 * one allocation in the other.
 *
 * The caches are for spaces with more than a few ranges that no arena can have,
 * such as a narrow device's: until then the tree is used as it is.
 */
#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "space.h"

/**
 * iospace_limit_pfn() - the last granule that ends at or below a limit
 * @limit: an address
 *
 * Context: any context.
 * Return: its number, or 0 if there is none.
 */
unsigned long iospace_limit_pfn(u64 limit)
{
	u64 mask = (1ULL << IOSPACE_GRANULE_LG2) - 1;

	return limit < mask ? 0 : (limit - mask) >> IOSPACE_GRANULE_LG2;
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

/**
 * iospace_tree_cache_work() - give a space's tree its caches
 * @work: in the space
 *
 * Without memory the tree stays as it is, and is asked for them again.
 *
 * Context: process context, may sleep.
 */
void iospace_tree_cache_work(struct work_struct *work)
{
	struct iospace *space = container_of(work, struct iospace, tree_cache);

	if (!space->tree_cached && !iova_domain_init_rcaches(&space->tree))
		/* Pairs with the acquires in iospace_tree_get() and _put(). */
		smp_store_release(&space->tree_cached, true);
}

static unsigned long iospace_tree_get(struct iospace *space, unsigned long pages,
				      u64 limit, bool shed)
{
	unsigned long pfn = iospace_limit_pfn(limit);
	struct iova *iova;

	/* Pairs with the release in iospace_tree_cache_work(). */
	if (smp_load_acquire(&space->tree_cached))
		return alloc_iova_fast(&space->tree, pages, pfn, shed);
	iova = alloc_iova(&space->tree, pages, pfn, true);
	return iova ? iova->pfn_lo : 0;
}

static void iospace_tree_put(struct iospace *space, unsigned long pfn,
			     unsigned long pages)
{
	/* Pairs with the release in iospace_tree_cache_work(). */
	if (smp_load_acquire(&space->tree_cached))
		free_iova_fast(&space->tree, pfn, pages);
	else
		free_iova(&space->tree, pfn);
}

/*
 * Below 4 GiB first, as long as there is room. A failure there is the last one:
 * it costs a search through all that is there, which the next one would find
 * fuller still.
 */
static unsigned long iospace_tree_search(struct iospace *space,
					 unsigned long pages, u64 limit)
{
	unsigned long pfn = 0;

	if (limit > DMA_BIT_MASK(32) && !READ_ONCE(space->wide)) {
		pfn = iospace_tree_get(space, pages, DMA_BIT_MASK(32), false);
		if (!pfn)
			iospace_go_wide(space);
	}
	if (!pfn)
		pfn = iospace_tree_get(space, pages, limit, true);
	if (!pfn && limit < min(space->last, DMA_BIT_MASK(32)))
		iospace_tree_forget_failure(&space->tree);
	return pfn;
}

/**
 * iospace_longs_open() - give a tree of long ranges its addresses
 * @longs: the tree
 * @first: first address
 * @bytes: length
 *
 * Context: any context; once.
 */
void iospace_longs_open(struct iospace_longs *longs, u64 first, u64 bytes)
{
	init_iova_domain(&longs->tree, 1UL << IOSPACE_GRANULE_LG2,
			 first >> IOSPACE_GRANULE_LG2);
	WRITE_ONCE(longs->first, first);
	/* Pairs with the acquires where it is looked at. */
	smp_store_release(&longs->bytes, bytes);
}

/**
 * iospace_longs_of() - which long ranges is an address one of?
 * @space: a space
 * @iova: any address
 *
 * Context: any context.
 * Return: their tree, or NULL.
 */
struct iospace_longs *iospace_longs_of(struct iospace *space, u64 iova)
{
	for (unsigned int z = 0; z < IOSPACE_ZONES; z++) {
		struct iospace_longs *longs = &space->zone[z].longs;
		/* Pairs with the release in iospace_longs_open(). */
		u64 bytes = smp_load_acquire(&longs->bytes);

		/* Until it is open, any value will do. */
		if (iova - READ_ONCE(longs->first) < bytes)
			return longs;
	}
	return NULL;
}

static unsigned long iospace_longs_search(struct iospace *space,
					  enum iospace_zone_nr zone,
					  unsigned long pages, u64 limit)
{
	struct iospace_longs *longs = &space->zone[zone].longs;
	struct iova *iova;
	u64 bytes, last;

	iospace_part_start(space, zone, IOSPACE_LONG, limit);
	/* Pairs with the release in iospace_longs_open(). */
	bytes = smp_load_acquire(&longs->bytes);
	if (!bytes)
		return 0;
	last = longs->first + bytes - 1;
	if (limit < last)
		return 0;
	iova = alloc_iova(&longs->tree, pages, iospace_limit_pfn(last), true);
	return iova ? iova->pfn_lo : 0;
}

/**
 * iospace_is_long() - is a length beyond what the kernel's allocator caches?
 * @bytes: the length
 *
 * Context: any context.
 * Return: whether it is.
 */
bool iospace_is_long(size_t bytes)
{
	return bytes > iova_rcache_range();
}

/*
 * A range that is given back to the caches serves for all lengths up to the same
 * power of two, also one that was there before them.
 */
static unsigned long iospace_tree_pages(size_t bytes)
{
	unsigned long pages = bytes >> IOSPACE_GRANULE_LG2;

	return iospace_is_long(bytes) ? pages : roundup_pow_of_two(pages);
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
	unsigned long pages = iospace_tree_pages(bytes), pfn = 0;
	bool high = READ_ONCE(space->wide) && iospace_reaches_high(space, limit);

	limit = min(limit, space->last);
	if (iospace_is_long(bytes))
		pfn = iospace_longs_search(space, high ? IOSPACE_HIGH : IOSPACE_LOW,
					   pages, limit);
	if (!pfn)
		pfn = iospace_tree_search(space, pages, limit);
	if (!pfn)
		return 0;

	if (!(this_cpu_inc_return(space->cpu->tree_allocs) % IOSPACE_TREE_FEW) &&
	    !READ_ONCE(space->tree_cached))
		queue_work(system_unbound_wq, &space->tree_cache);
	return (dma_addr_t)pfn << IOSPACE_GRANULE_LG2;
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
	struct iospace_longs *longs = iospace_longs_of(space, iova);
	unsigned long pfn = iova >> IOSPACE_GRANULE_LG2;

	this_cpu_inc(space->cpu->tree_frees);
	if (longs)
		free_iova(&longs->tree, pfn);
	else
		iospace_tree_put(space, pfn, iospace_tree_pages(bytes));
}
