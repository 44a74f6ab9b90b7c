// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: addresses that nobody is to have
 *
 * In an arena chunks are barred for them. In a tree they are an allocation that is
 * never given back, one for each gap that is left. It is not reserve_iova() that makes
 * those: where that finds an allocation it makes it longer, and all of it is free as
 * soon as its owner frees what he knows of.
 *
 * What somebody has cannot be reserved, and the caller is told. The rest of the range
 * is reserved all the same: a device that cannot use some of it is better off with less
 * of it in use.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/ioflush/iova.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "space.h"

/* So often may a gap that has just been there not be had: then there is no memory. */
#define IOSPACE_MISSES	8

/**
 * struct iospace_kept - an allocation of a tree that is not given back
 * @node: on the space's list
 * @iova: the allocation
 */
struct iospace_kept {
	struct list_head node;
	struct iova *iova;
};

/**
 * struct iospace_gap - what is to be reserved in a tree
 * @first: first granule
 * @last: last granule
 * @busy: somebody has some of what came before
 */
struct iospace_gap {
	unsigned long first;
	unsigned long last;
	bool busy;
};

/* Of a part that is an allocation in the space's tree, that has been seen to. */
static bool iospace_is_part(const struct iospace *space, unsigned long pfn)
{
	u64 iova = (u64)pfn << IOSPACE_GRANULE_LG2;

	for (unsigned int z = 0; z < IOSPACE_ZONES; z++) {
		const struct iospace_zone *zone = &space->zone[z];

		for (unsigned int i = 0; i < IOSPACE_ARENAS; i++)
			if (zone->arena[i].bytes && zone->arena[i].base == iova)
				return true;
		if (zone->longs.bytes && zone->longs.first == iova)
			return true;
	}
	return false;
}

/* Is an allocation none that somebody will give back? */
static bool iospace_keeps(const struct iospace *space,
			  const struct iova_domain *tree, const struct iova *iova)
{
	const struct iospace_kept *kept;

	list_for_each_entry(kept, &space->kept, node)
		if (kept->iova == iova)
			return true;
	return tree == &space->tree && iospace_is_part(space, iova->pfn_lo);
}

/* The lowest allocation that does not end below @pfn: the last is beyond all there are. */
static struct iova *iospace_tree_from(const struct iova_domain *tree, unsigned long pfn)
{
	struct rb_node *node = tree->rbroot.rb_node;
	struct iova *iova, *found = NULL;

	while (node) {
		iova = rb_entry(node, struct iova, node);
		if (iova->pfn_hi < pfn) {
			node = node->rb_right;
		} else {
			found = iova;
			node = node->rb_left;
		}
	}
	return found;
}

/* The first part of what is to be reserved that nobody has; false if there is none. */
static bool iospace_tree_gap(const struct iospace *space, struct iova_domain *tree,
			     struct iospace_gap *gap)
{
	unsigned long flags;
	struct iova *iova;

	spin_lock_irqsave(&tree->iova_rbtree_lock, flags);
	iova = iospace_tree_from(tree, gap->first);
	while (gap->first <= gap->last && iova->pfn_lo <= gap->first) {
		/* It may be free and in one of the tree's caches, from which it comes next. */
		gap->busy |= !iospace_keeps(space, tree, iova);
		gap->first = iova->pfn_hi + 1;
		iova = rb_entry(rb_next(&iova->node), struct iova, node);
	}
	gap->last = min(gap->last, iova->pfn_lo - 1);
	spin_unlock_irqrestore(&tree->iova_rbtree_lock, flags);
	return gap->first <= gap->last;
}

/* Have the next search begin at its limit, whatever those before it have found. */
static void iospace_tree_from_top(struct iova_domain *tree)
{
	unsigned long flags;

	spin_lock_irqsave(&tree->iova_rbtree_lock, flags);
	tree->cached_node = &tree->anchor.node;
	tree->cached32_node = &tree->anchor.node;
	tree->max32_alloc_size = tree->dma_32bit_pfn;
	spin_unlock_irqrestore(&tree->iova_rbtree_lock, flags);
}

/*
 * Allocate a gap. A search from the top comes to it first, and takes all of it. It takes
 * another one if somebody was quicker, with this one or with a search of his own.
 */
static int iospace_tree_keep(struct iospace *space, struct iova_domain *tree,
			     const struct iospace_gap *gap)
{
	struct iospace_kept *kept = kmalloc(sizeof(*kept), GFP_KERNEL);
	bool found;

	if (!kept)
		return -ENOMEM;
	iospace_tree_from_top(tree);
	kept->iova = alloc_iova(tree, gap->last - gap->first + 1, gap->last, false);
	if (kept->iova && kept->iova->pfn_lo == gap->first) {
		list_add(&kept->node, &space->kept);
		return 0;
	}
	found = kept->iova;
	if (found)
		__free_iova(tree, kept->iova);
	kfree(kept);
	return found ? -EAGAIN : -ENOMEM;
}

static int iospace_tree_reserve(struct iospace *space, struct iova_domain *tree,
				u64 first, u64 last)
{
	/* What is beyond either end of it no tree hands out. */
	struct iospace_gap gap = {
		.first = max(iova_pfn(tree, first), tree->start_pfn),
	};
	unsigned int misses = 0;

	last = min(last, space->last);
	while (misses < IOSPACE_MISSES) {
		gap.last = iova_pfn(tree, last);
		if (!iospace_tree_gap(space, tree, &gap))
			break;
		/* What has been kept is in the way of the next gap, and is no matter. */
		if (iospace_tree_keep(space, tree, &gap) == -ENOMEM)
			misses++;
	}
	/* The searches of others have nothing to do with where these ended. */
	iospace_tree_from_top(tree);
	if (misses == IOSPACE_MISSES)
		return -ENOMEM;
	return gap.busy ? -EBUSY : 0;
}

/* In the parts that are open; no other is being opened meanwhile. */
static int iospace_zone_reserve(struct iospace *space, struct iospace_zone *zone,
				const enum iospace_part_state *state,
				u64 first, u64 last)
{
	struct iospace_longs *longs = &zone->longs;
	int ret = 0, err;

	for (unsigned int i = 0; i < IOSPACE_ARENAS; i++) {
		if (state[i] != IOSPACE_PART_OPEN)
			continue;
		err = arena_bar(&zone->arena[i], first, last);
		ret = ret ?: err;
	}
	if (state[IOSPACE_LONG] != IOSPACE_PART_OPEN)
		return ret;

	first = max(first, longs->first);
	last = min(last, longs->first + longs->bytes - 1);
	if (first > last)
		return ret;
	err = iospace_tree_reserve(space, &longs->tree, first, last);
	return ret ?: err;
}

/* Wait for the right to open a part; returns the state to go back to. */
static enum iospace_part_state iospace_part_claim(atomic_t *state)
{
	int was;

	for (;;) {
		was = atomic_read(state);
		/* Acquire: pairs with the release of who had it before. */
		if (was != IOSPACE_PART_BUSY &&
		    atomic_try_cmpxchg_acquire(state, &was, IOSPACE_PART_BUSY))
			return was;
		/* Held for the time of a search through a tree. */
		usleep_range(10, 50);
	}
}

/**
 * iospace_reserve() - keep a range of bus addresses out of use
 * @space: a space; ranges are best reserved before it hands out addresses
 * @first: first address
 * @last: last address, inclusive
 *
 * It may overlap with what has been reserved before. Whatever is returned, what can
 * be kept out of use is.
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for an empty range; -EBUSY if some of it may have been
 *	handed out already, which is not kept out of use when it comes back; -ENOMEM.
 */
int iospace_reserve(struct iospace *space, u64 first, u64 last)
{
	enum iospace_part_state state[IOSPACE_ZONES][IOSPACE_PARTS];
	int ret = 0, err;
	unsigned int z, i;

	if (first > last)
		return -EINVAL;

	/* Whoever has all of them has the list of what is kept, too. */
	for (z = 0; z < IOSPACE_ZONES; z++)
		for (i = 0; i < IOSPACE_PARTS; i++)
			state[z][i] = iospace_part_claim(&space->zone[z].part_state[i]);
	for (z = 0; z < IOSPACE_ZONES; z++) {
		err = iospace_zone_reserve(space, &space->zone[z], state[z], first, last);
		ret = ret ?: err;
	}
	err = iospace_tree_reserve(space, &space->tree, first, last);
	ret = ret ?: err;
	/* Pairs with the acquire in iospace_part_claim(). */
	for (z = 0; z < IOSPACE_ZONES; z++)
		for (i = 0; i < IOSPACE_PARTS; i++)
			atomic_set_release(&space->zone[z].part_state[i], state[z][i]);
	return ret;
}

/**
 * iospace_reserved_forget() - free what is known of what is reserved
 * @space: a space that nobody uses any more; its trees are freed elsewhere
 *
 * Context: process context.
 */
void iospace_reserved_forget(struct iospace *space)
{
	struct iospace_kept *kept, *next;

	list_for_each_entry_safe(kept, next, &space->kept, node)
		kfree(kept);
}
