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

/* Of the addresses below 4 GiB each part gets no more than one in so many. */
#define IOSPACE_SHARE 4

static int iospace_cpuhp_state;

/* How small a part may be. */
static u64 iospace_part_min(const struct iospace *space, enum iospace_part part)
{
	/* A tree of long ranges is worth no less than their arena. */
	enum iospace_part arena = min_t(u32, part, IOSPACE_LARGE);

	return (u64)ARENA_CHUNKS_MIN << space->arena[arena].chunk_lg2;
}

/*
 * How much of the addresses up to @last a part may have; 0 if that makes none.
 */
static u64 iospace_part_share(const struct iospace *space,
			      enum iospace_part part, u64 last)
{
	u64 bytes = (last - space->first) / IOSPACE_SHARE;

	if (last < space->first || bytes < iospace_part_min(space, part))
		return 0;
	return min_t(u64, rounddown_pow_of_two(bytes), 1ULL << ARENA_BYTES_LG2);
}

static void iospace_part_open(struct iospace *space, enum iospace_part part,
			      u64 first, u64 bytes)
{
	if (part == IOSPACE_LONG)
		iospace_long_open(space, first, bytes);
	else
		/* No piece of an arena may touch one of the other's. */
		arena_open(&space->arena[part], first, bytes,
			   part == IOSPACE_LARGE);
}

/*
 * One allocation, aligned to its size. What fails at once may have lacked memory
 * instead of room: it has lacked room if a page can be had, and it fails again.
 */
static struct iova *iospace_part_find(struct iospace *space, u64 last,
				      u64 bytes, bool *memory)
{
	struct iova_domain *tree = &space->tree;
	unsigned long last_pfn = iospace_limit_pfn(space, last);
	unsigned long pages = bytes >> iova_shift(tree);
	struct iova *iova = alloc_iova(tree, pages, last_pfn, true), *page;

	if (iova)
		return iova;
	page = alloc_iova(tree, 1, last_pfn, true);
	*memory = page;
	if (!page)
		return NULL;
	__free_iova(tree, page);
	return alloc_iova(tree, pages, last_pfn, true);
}

/*
 * The largest power of two that is left, of a fair share. Nothing but the end of
 * the space gives it back.
 */
static bool iospace_part_place(struct iospace *space, enum iospace_part part,
			       u64 last, u64 bytes)
{
	struct iova_domain *tree = &space->tree;
	struct iova *iova = NULL;
	bool memory = true;

	for (; memory && bytes >= iospace_part_min(space, part); bytes >>= 1) {
		iova = iospace_part_find(space, last, bytes, &memory);
		if (iova)
			break;
	}
	if (last < min(space->last, DMA_BIT_MASK(32)))
		iospace_tree_forget_failure(tree);
	if (!iova)
		return false;
	iospace_part_open(space, part, iova_dma_addr(tree, iova), bytes);
	return true;
}

/* Is this one of the allocations that are to go by after a failure? */
static bool iospace_part_skip(struct iospace *space, enum iospace_part part)
{
	if (this_cpu_read(space->cpu->part_skips[part]) <= 0)
		return false;
	this_cpu_dec(space->cpu->part_skips[part]);
	return true;
}

static void iospace_part_failed(struct iospace *space, enum iospace_part part)
{
	int skips = clamp(2 * space->part_skips[part], IOSPACE_SKIPS_MIN,
			  IOSPACE_SKIPS_MAX);
	int cpu;

	space->part_skips[part] = skips;
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(space->cpu, cpu)->part_skips[part], skips);
}

/*
 * A part is placed when the first mapping wants an address of it: all that the
 * space's owner reserves has been reserved by then. It is placed where that
 * mapping's device can reach it, below 4 GiB in any case; where that is too
 * narrow, the part waits for a device that reaches farther. Who comes while
 * another CPU is at it does without, and so do many after it has failed.
 */
static void iospace_part_start(struct iospace *space, enum iospace_part part,
			       u64 limit)
{
	enum iospace_part_state state = IOSPACE_PART_NONE;
	u64 last = min(space->last, limit), bytes;

	if (atomic_read(&space->part_state[part]) != IOSPACE_PART_NONE)
		return;
	if (space->first <= DMA_BIT_MASK(32))
		last = min_t(u64, last, DMA_BIT_MASK(32));
	bytes = iospace_part_share(space, part, last);
	/* Acquire: pairs with the release of who had it before. */
	if (!bytes || iospace_part_skip(space, part) ||
	    atomic_cmpxchg_acquire(&space->part_state[part], IOSPACE_PART_NONE,
				   IOSPACE_PART_BUSY) != IOSPACE_PART_NONE)
		return;

	if (iospace_part_place(space, part, last, bytes))
		state = IOSPACE_PART_OPEN;
	else
		iospace_part_failed(space, part);
	/* Pairs with the acquires above and in iospace_part_claim(). */
	atomic_set_release(&space->part_state[part], state);
}

static bool iospace_arena_serves(const struct arena *arena, u64 limit)
{
	return limit >= READ_ONCE(arena->last);
}

/* A length as the large arena counts it. */
static size_t iospace_large_bytes(const struct iospace *space, size_t bytes)
{
	u64 mask = ((space->granule_mask + 1) << IOSPACE_LARGE_LG2) - 1;

	return (bytes + mask) & ~mask;
}

/*
 * From whichever arena is right for the length; 0 if none has it. A large piece
 * that can be one naturally aligned block is, since that is what units invalidate
 * by one command. Others would leave too many holes if they were aligned.
 */
static dma_addr_t iospace_arena_alloc(struct iospace *space, size_t bytes,
				      u64 limit)
{
	u32 align = space->granule_mask + 1;
	enum iospace_part part = IOSPACE_SMALL;
	struct arena *arena;
	dma_addr_t iova = 0;

	if (bytes > space->arena[IOSPACE_SMALL].piece_bytes) {
		part = IOSPACE_LARGE;
		if (bytes > space->arena[IOSPACE_LARGE].piece_bytes)
			return 0;
		bytes = iospace_large_bytes(space, bytes);
		if (is_power_of_2(bytes))
			align = bytes;
	}
	arena = &space->arena[part];
	iospace_part_start(space, part, limit);
	if (iospace_arena_serves(arena, limit))
		iova = arena_alloc(arena, bytes, align);
	if (!iova)
		this_cpu_inc(space->cpu->arena_misses);
	return iova;
}

static noinline dma_addr_t iospace_alloc_slow(struct iospace *space,
					      size_t bytes, u64 limit,
					      enum iospace_kind kind)
{
	dma_addr_t iova = 0;

	if (!bytes)
		return 0;
	if (kind == IOSPACE_STREAMING)
		iova = iospace_arena_alloc(space, bytes, limit);
	if (iova)
		return iova;
	if (iospace_is_long(space, bytes))
		iospace_part_start(space, IOSPACE_LONG, limit);
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
	struct arena *small = &space->arena[IOSPACE_SMALL];
	dma_addr_t iova;

	bytes = (bytes + space->granule_mask) & ~space->granule_mask;
	/* Also false for 0, which a length close to the largest becomes. */
	if (likely(kind == IOSPACE_STREAMING &&
		   bytes - 1 < small->piece_bytes &&
		   iospace_arena_serves(small, limit))) {
		iova = arena_cut(small, bytes);
		if (likely(iova))
			return iova;
	}
	return iospace_alloc_slow(space, bytes, limit, kind);
}

static noinline void iospace_free_slow(struct iospace *space, dma_addr_t iova,
				       size_t bytes)
{
	struct arena *large = &space->arena[IOSPACE_LARGE];
	u64 offset;

	/* What was merged ends with a piece whose length may be any. */
	if (arena_has(large, iova, &offset))
		arena_free(large, offset, iospace_large_bytes(space, bytes));
	else
		iospace_tree_free(space, iova, bytes);
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
	struct arena *small = &space->arena[IOSPACE_SMALL];
	u64 offset;

	bytes = (bytes + space->granule_mask) & ~space->granule_mask;
	if (likely(arena_has(small, iova, &offset)))
		arena_free(small, offset, bytes);
	else
		iospace_free_slow(space, iova, bytes);
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
	return iospace_merge_limit(space, iova);
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
	u64 offset;

	for (unsigned int i = 0; i < IOSPACE_ARENAS; i++) {
		const struct arena *arena = &space->arena[i];

		if (arena_has(arena, iova, &offset))
			return arena->base + arena->bytes;
	}
	return 0;
}

/* Wait for the right to open a part; returns the state to go back to. */
static enum iospace_part_state iospace_part_claim(struct iospace *space,
						  enum iospace_part part)
{
	atomic_t *state = &space->part_state[part];
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

static int iospace_tree_reserve(struct iova_domain *tree, u64 first, u64 last)
{
	return reserve_iova(tree, iova_pfn(tree, first), iova_pfn(tree, last)) ?
	       0 : -ENOMEM;
}

/* In the parts that are open; no other is being opened meanwhile. */
static int iospace_parts_reserve(struct iospace *space,
				 const enum iospace_part_state *state,
				 u64 first, u64 last)
{
	int ret = 0;

	for (unsigned int i = 0; i < IOSPACE_ARENAS && !ret; i++)
		if (state[i] == IOSPACE_PART_OPEN)
			ret = arena_bar(&space->arena[i], first, last);
	if (ret || state[IOSPACE_LONG] != IOSPACE_PART_OPEN)
		return ret;

	first = max(first, space->long_first);
	last = min(last, space->long_first + space->long_bytes - 1);
	return first <= last ? iospace_tree_reserve(&space->longs, first, last) : 0;
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
	enum iospace_part_state state[IOSPACE_PARTS];
	unsigned int i;
	int ret;

	if (first > last)
		return -EINVAL;

	for (i = 0; i < IOSPACE_PARTS; i++)
		state[i] = iospace_part_claim(space, i);
	ret = iospace_parts_reserve(space, state, first, last);
	if (!ret)
		ret = iospace_tree_reserve(&space->tree, first, last);
	/* Pairs with the acquire in iospace_part_claim(). */
	for (i = 0; i < IOSPACE_PARTS; i++)
		atomic_set_release(&space->part_state[i], state[i]);
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
	struct arena *arena = &space->arena[IOSPACE_SMALL];
	struct arena *large = &space->arena[IOSPACE_LARGE];
	int cpu;

	*stats = (struct iospace_stats) {
		.arena_allocs = arena_allocs(arena),
		.chunk_bytes = arena->chunk_bytes,
		.chunks = READ_ONCE(arena->nr_chunks),
		.chunks_used = arena_chunks_used(arena),
		.large_allocs = arena_allocs(large),
		.large_chunk_bytes = large->chunk_bytes,
		.large_chunks = READ_ONCE(large->nr_chunks),
		.large_chunks_used = arena_chunks_used(large),
	};
	/* Pairs with the release in arena_open(). */
	stats->arena_bytes = smp_load_acquire(&arena->bytes);
	if (stats->arena_bytes)
		stats->arena_base = arena->base;
	for_each_possible_cpu(cpu) {
		const struct iospace_cpu *c = per_cpu_ptr(space->cpu, cpu);
		unsigned long allocs = READ_ONCE(c->tree_allocs);

		stats->arena_misses += READ_ONCE(c->arena_misses);
		stats->tree_allocs += allocs;
		stats->tree_out += allocs - READ_ONCE(c->tree_frees);
	}
}

/* A dead CPU's chunks would be out of reach for as long as it stays dead. */
static int iospace_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct iospace *space = hlist_entry_safe(node, struct iospace, cpuhp);

	for (unsigned int i = 0; i < IOSPACE_ARENAS; i++) {
		struct arena *arena = &space->arena[i];

		arena_front_retire(arena, per_cpu_ptr(arena->fronts, cpu));
	}
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

static int iospace_arenas_init(struct iospace *space, u8 granule_lg2)
{
	int ret;

	ret = arena_init(&space->arena[IOSPACE_SMALL], granule_lg2);
	if (ret)
		return ret;
	ret = arena_init(&space->arena[IOSPACE_LARGE],
			 granule_lg2 + IOSPACE_LARGE_LG2);
	if (ret)
		arena_exit(&space->arena[IOSPACE_SMALL]);
	return ret;
}

static void iospace_arenas_exit(struct iospace *space)
{
	for (unsigned int i = 0; i < IOSPACE_ARENAS; i++)
		arena_exit(&space->arena[i]);
}

static int iospace_init(struct iospace *space, u8 granule_lg2)
{
	unsigned long granule = 1UL << granule_lg2;
	u64 first_pfn = DIV_ROUND_UP_ULL(space->first, granule);
	int ret;

	space->cpu = alloc_percpu(struct iospace_cpu);
	if (!space->cpu)
		return -ENOMEM;
	ret = iospace_arenas_init(space, granule_lg2);
	if (ret)
		goto err_cpu;

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
	iospace_arenas_exit(space);
err_cpu:
	free_percpu(space->cpu);
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
	space->granule_lg2 = granule_lg2;
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
	struct iospace_stats stats;

	if (!space)
		return;

	cpuhp_state_remove_instance_nocalls(iospace_cpuhp_state, &space->cpuhp);
	iospace_get_stats(space, &stats);
	WARN(stats.tree_out,
	     "ioflush: %ld ranges of bus addresses were not given back\n",
	     stats.tree_out);
	iospace_arenas_exit(space);
	free_percpu(space->cpu);
	if (space->long_bytes)
		put_iova_domain(&space->longs);
	put_iova_domain(&space->tree);
	iova_cache_put();
	kfree(space);
}
