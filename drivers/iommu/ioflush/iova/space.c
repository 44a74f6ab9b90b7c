// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: who owns which bus address
 */
#include <linux/bug.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "space.h"

/* Of the addresses below 4 GiB no more than this part goes to the arena. */
#define IOSPACE_ARENA_SHARE 4

static int iospace_cpuhp_state;

/* The last granule that ends at or below a limit. */
static unsigned long iospace_limit_pfn(struct iospace *space, u64 limit)
{
	if (limit < space->granule_mask)
		return 0;
	return (limit - space->granule_mask) >> iova_shift(&space->tree);
}

/*
 * A search below 4 GiB that fails makes the tree refuse what is as large, or
 * larger, without looking. That is no verdict if the limit was lower still:
 * one narrow device would cut off all others.
 */
static void iospace_tree_forget_failure(struct iova_domain *tree)
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

static dma_addr_t iospace_tree_alloc(struct iospace *space, size_t bytes,
				     u64 limit)
{
	struct iova_domain *tree = &space->tree;
	unsigned long pfn;

	pfn = iospace_tree_search(space, bytes >> iova_shift(tree),
				  min(limit, space->last));
	if (!pfn)
		return 0;

	atomic_long_inc(&space->tree_allocs);
	atomic_long_inc(&space->tree_out);
	return (dma_addr_t)pfn << iova_shift(tree);
}

static void iospace_tree_free(struct iospace *space, dma_addr_t iova,
			      size_t bytes)
{
	struct iova_domain *tree = &space->tree;

	atomic_long_dec(&space->tree_out);
	free_iova_fast(tree, iova_pfn(tree, iova), bytes >> iova_shift(tree));
}

/*
 * The largest power of two that is left, of a fair share. It is taken as one
 * allocation, aligned to its size, which nothing but the end of the space
 * gives back.
 */
static bool iospace_arena_place(struct iospace *space)
{
	struct iova_domain *tree = &space->tree;
	u64 last = space->last;
	u64 bytes, bytes_min;

	if (space->first <= DMA_BIT_MASK(32))
		last = min_t(u64, last, DMA_BIT_MASK(32));
	bytes_min = (u64)ARENA_CHUNKS_MIN << space->arena.chunk_lg2;
	bytes = (last - space->first) / IOSPACE_ARENA_SHARE;
	if (bytes < bytes_min)
		return false;

	bytes = min_t(u64, rounddown_pow_of_two(bytes), 1ULL << ARENA_BYTES_LG2);
	for (; bytes >= bytes_min; bytes >>= 1) {
		struct iova *iova = alloc_iova(tree, bytes >> iova_shift(tree),
					       iospace_limit_pfn(space, last),
					       true);

		if (iova) {
			arena_open(&space->arena, iova_dma_addr(tree, iova),
				   bytes);
			return true;
		}
	}
	return false;
}

/*
 * The arena is placed when the first streaming mapping wants an address: all
 * that the space's owner reserves has been reserved by then. Who comes while
 * another CPU is at it does without.
 */
static void iospace_arena_start(struct iospace *space)
{
	enum iospace_arena_state state = IOSPACE_ARENA_NO_ROOM;

	if (atomic_read(&space->arena_state) != IOSPACE_ARENA_NONE ||
	    atomic_cmpxchg(&space->arena_state, IOSPACE_ARENA_NONE,
			   IOSPACE_ARENA_BUSY) != IOSPACE_ARENA_NONE)
		return;

	if (iospace_arena_place(space))
		state = IOSPACE_ARENA_OPEN;
	/* Pairs with the acquire in iospace_arena_claim(). */
	atomic_set_release(&space->arena_state, state);
}

static bool iospace_arena_serves(const struct iospace *space, u64 limit)
{
	return limit >= READ_ONCE(space->arena.last);
}

static noinline dma_addr_t iospace_alloc_slow(struct iospace *space,
					      size_t bytes, u64 limit,
					      enum iospace_kind kind)
{
	dma_addr_t iova;

	if (!bytes)
		return 0;
	if (kind == IOSPACE_STREAMING && bytes <= space->arena.piece_bytes) {
		iospace_arena_start(space);
		if (iospace_arena_serves(space, limit)) {
			iova = arena_alloc(&space->arena, bytes);
			if (iova)
				return iova;
		}
		atomic_long_inc(&space->arena_misses);
	}
	return iospace_tree_alloc(space, bytes, limit);
}

/**
 * iospace_alloc() - own a range of bus addresses
 * @space: where from
 * @bytes: length, not 0; rounded up to the granule
 * @limit: the last address that the device can reach
 * @kind: IOSPACE_STREAMING, or IOSPACE_LASTING for a range that is aligned to
 *	its length, rounded up to a power of two
 *
 * Of two streaming ranges that a CPU allocates one after the other the second
 * begins, more often than not, where the first one ends.
 *
 * Context: any context but NMI. Does not sleep.
 * Return: the first address, a multiple of the granule, or 0 if there is no
 *	room: address 0 is never handed out.
 */
dma_addr_t iospace_alloc(struct iospace *space, size_t bytes, u64 limit,
			 enum iospace_kind kind)
{
	dma_addr_t iova;

	bytes = (bytes + space->granule_mask) & ~space->granule_mask;
	/* Also false for 0, which a length close to the largest becomes. */
	if (likely(kind == IOSPACE_STREAMING &&
		   bytes - 1 < space->arena.piece_bytes &&
		   iospace_arena_serves(space, limit))) {
		iova = arena_cut(&space->arena, bytes);
		if (likely(iova))
			return iova;
	}
	return iospace_alloc_slow(space, bytes, limit, kind);
}

/**
 * iospace_free() - give bus addresses back
 * @space: where they are from
 * @iova: first address
 * @bytes: length as it was asked for; rounded up to the granule
 *
 * Where iospace_mergeable() says so, ranges that are neighbours can be given
 * back in one call, as one range. Nothing may translate these addresses any
 * more, in any cache: they can be handed out again before this returns.
 *
 * Context: any context but NMI. Does not sleep.
 */
void iospace_free(struct iospace *space, dma_addr_t iova, size_t bytes)
{
	u64 offset;

	bytes = (bytes + space->granule_mask) & ~space->granule_mask;
	if (likely(arena_has(&space->arena, iova, &offset)))
		arena_free(&space->arena, offset, bytes);
	else
		iospace_tree_free(space, iova, bytes);
}

/**
 * iospace_mergeable() - may a range be given back together with a neighbour?
 * @space: a space
 * @iova: an address that iospace_alloc() has returned
 *
 * Context: any context.
 * Return: true if the range at @iova and a neighbour for which this is true as
 *	well can be given back by one iospace_free().
 */
bool iospace_mergeable(const struct iospace *space, dma_addr_t iova)
{
	u64 offset;

	return arena_has(&space->arena, iova, &offset);
}

/**
 * iospace_merge_limit() - how far may a range be merged with its neighbours?
 * @space: a space
 * @iova: an address that iospace_alloc() has returned
 *
 * Context: any context.
 * Return: 0 if iospace_mergeable() is false, else an address such that it is
 *	true for all between @iova and that one.
 */
u64 iospace_merge_limit(const struct iospace *space, dma_addr_t iova)
{
	const struct arena *arena = &space->arena;
	u64 offset;

	return arena_has(arena, iova, &offset) ? arena->base + arena->bytes : 0;
}

/* Wait for the right to reserve addresses; returns the state to go back to. */
static enum iospace_arena_state iospace_arena_claim(struct iospace *space)
{
	int state;

	for (;;) {
		state = atomic_read(&space->arena_state);
		/* Acquire: pairs with the release of who had it before. */
		if (state != IOSPACE_ARENA_BUSY &&
		    atomic_try_cmpxchg_acquire(&space->arena_state, &state,
					       IOSPACE_ARENA_BUSY))
			return state;
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
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for an empty range; -EBUSY if some of it may have been
 *	handed out to streaming mappings already; -ENOMEM.
 */
int iospace_reserve(struct iospace *space, u64 first, u64 last)
{
	struct iova_domain *tree = &space->tree;
	enum iospace_arena_state state;
	int ret = 0;

	if (first > last)
		return -EINVAL;

	state = iospace_arena_claim(space);
	if (state == IOSPACE_ARENA_OPEN)
		ret = arena_bar(&space->arena, first, last);
	if (!ret && !reserve_iova(tree, iova_pfn(tree, first),
				  iova_pfn(tree, last)))
		ret = -ENOMEM;
	/* Pairs with the acquire in iospace_arena_claim(). */
	atomic_set_release(&space->arena_state, state);
	return ret;
}

/**
 * iospace_get_stats() - what a space has done since it was made
 * @space: a space
 * @stats: where to store it
 *
 * Context: any context. While the space is in use the numbers are from
 *	slightly different moments.
 */
void iospace_get_stats(struct iospace *space, struct iospace_stats *stats)
{
	struct arena *arena = &space->arena;
	int cpu;

	*stats = (struct iospace_stats) {
		.arena_misses = atomic_long_read(&space->arena_misses),
		.tree_allocs = atomic_long_read(&space->tree_allocs),
		.tree_out = atomic_long_read(&space->tree_out),
		.chunk_bytes = arena->chunk_bytes,
		.chunks = READ_ONCE(arena->nr_chunks),
		.chunks_used = arena_chunks_used(arena),
	};
	/* Pairs with the release in arena_open(). */
	stats->arena_bytes = smp_load_acquire(&arena->bytes);
	if (stats->arena_bytes)
		stats->arena_base = arena->base;
	for_each_possible_cpu(cpu)
		stats->arena_allocs +=
			READ_ONCE(per_cpu_ptr(arena->fronts, cpu)->allocs);
}

/* A dead CPU's chunks would be out of reach for as long as it stays dead. */
static int iospace_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct iospace *space = hlist_entry_safe(node, struct iospace, cpuhp);
	struct arena *arena = &space->arena;

	arena_front_retire(arena, per_cpu_ptr(arena->fronts, cpu));
	return 0;
}

static int __init iospace_setup(void)
{
	iospace_cpuhp_state =
		cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					"iommu/ioflush_iova:dead", NULL,
					iospace_cpu_dead);
	return min(iospace_cpuhp_state, 0);
}
core_initcall(iospace_setup);

static int iospace_init(struct iospace *space, u8 granule_lg2)
{
	unsigned long granule = 1UL << granule_lg2;
	u64 first_pfn = DIV_ROUND_UP_ULL(space->first, granule);
	int ret;

	ret = arena_init(&space->arena, granule_lg2);
	if (ret)
		return ret;

	/* Never address 0: it stands for "none". */
	init_iova_domain(&space->tree, granule, max(first_pfn, 1));
	ret = iova_domain_init_rcaches(&space->tree);
	if (ret)
		goto err_tree;
	ret = cpuhp_state_add_instance_nocalls(iospace_cpuhp_state,
					       &space->cpuhp);
	if (ret)
		goto err_tree;
	return 0;

err_tree:
	put_iova_domain(&space->tree);
	arena_exit(&space->arena);
	return ret;
}

/**
 * iospace_create() - make a space of bus addresses
 * @granule_lg2: log2 of what all ranges are a multiple of: the smallest leaf
 *	of the domain's table, a page of the CPU at most
 * @first: first address that may be handed out
 * @last: last address that may be handed out
 *
 * Context: process context, may sleep.
 * Return: the space, or NULL if memory is short or the arguments leave no
 *	space.
 */
struct iospace *iospace_create(u8 granule_lg2, u64 first, u64 last)
{
	struct iospace *space;

	if (WARN_ON(granule_lg2 > PAGE_SHIFT || first > last ||
		    iospace_cpuhp_state <= 0))
		return NULL;

	space = kzalloc(sizeof(*space), GFP_KERNEL);
	if (!space)
		return NULL;
	space->granule_mask = (1ULL << granule_lg2) - 1;
	space->first = first;
	space->last = last;

	if (iova_cache_get())
		goto err_free;
	if (iospace_init(space, granule_lg2))
		goto err_put;
	return space;

err_put:
	iova_cache_put();
err_free:
	kfree(space);
	return NULL;
}

/**
 * iospace_destroy() - free a space
 * @space: a space that nobody uses any more, or NULL
 *
 * Warns if some of its addresses were not given back.
 *
 * Context: process context, may sleep.
 */
void iospace_destroy(struct iospace *space)
{
	long out;

	if (!space)
		return;

	cpuhp_state_remove_instance_nocalls(iospace_cpuhp_state, &space->cpuhp);
	arena_exit(&space->arena);
	out = atomic_long_read(&space->tree_out);
	WARN(out, "ioflush: %ld ranges of bus addresses were not given back\n",
	     out);
	put_iova_domain(&space->tree);
	iova_cache_put();
	kfree(space);
}
