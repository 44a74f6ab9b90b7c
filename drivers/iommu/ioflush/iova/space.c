// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: who owns which bus address
 */
#include <linux/bug.h>
#include <linux/cpuhotplug.h>
#include <linux/init.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "space.h"

/* The largest pieces of the arenas. */
#define IOSPACE_SMALL_PIECE (1UL << (IOSPACE_GRANULE_LG2 + ARENA_PIECE_LG2))
#define IOSPACE_LARGE_PIECE (1UL << (IOSPACE_LARGE_GRANULE_LG2 + ARENA_PIECE_LG2))

static int iospace_cpuhp_state;

/* A length as the small arenas and the trees count it. */
static size_t iospace_bytes(size_t bytes)
{
	return round_up(bytes, 1UL << IOSPACE_GRANULE_LG2);
}

/* A length as the large arenas count it. */
static size_t iospace_large_bytes(size_t bytes)
{
	return round_up(bytes, 1UL << IOSPACE_LARGE_GRANULE_LG2);
}

/**
 * iospace_go_wide() - have those who reach it use what lies above 4 GiB at once
 * @space: a space
 *
 * Else they do so when what lies below is used up.
 *
 * Context: any context.
 */
void iospace_go_wide(struct iospace *space)
{
	WRITE_ONCE(space->wide, true);
}

static dma_addr_t iospace_zone_alloc(struct iospace *space,
				     enum iospace_zone_nr zone,
				     enum iospace_part part, u32 bytes,
				     u32 align, u64 limit)
{
	struct arena *arena = &space->zone[zone].arena[part];

	iospace_part_start(space, zone, part, limit);
	if (limit <= READ_ONCE(arena->above))
		return 0;
	return arena_alloc(arena, bytes, align);
}

/*
 * From an arena below 4 GiB, or above where the device reaches it. Once one below
 * has been used up that comes first. A part that another CPU is opening right now
 * is no reason.
 */
static dma_addr_t iospace_part_alloc(struct iospace *space,
				     enum iospace_part part, u32 bytes,
				     u32 align, u64 limit)
{
	bool high = iospace_reaches_high(space, limit);
	dma_addr_t iova = 0;

	if (high && READ_ONCE(space->wide))
		iova = iospace_zone_alloc(space, IOSPACE_HIGH, part, bytes,
					  align, limit);
	if (!iova)
		iova = iospace_zone_alloc(space, IOSPACE_LOW, part, bytes,
					  align, limit);
	if (iova || !high || READ_ONCE(space->wide) ||
	    iospace_part_is(space, IOSPACE_LOW, part, IOSPACE_PART_BUSY))
		return iova;

	if (arena_used_up(&space->zone[IOSPACE_LOW].arena[part]))
		iospace_go_wide(space);
	return iospace_zone_alloc(space, IOSPACE_HIGH, part, bytes, align, limit);
}

/*
 * From whichever arena is right for the length; 0 if none has it. A large piece
 * that can be one naturally aligned block is, since that is what units invalidate
 * by one command. Others would leave too many holes if they were aligned.
 */
static dma_addr_t iospace_arena_alloc(struct iospace *space, size_t bytes,
				      u64 limit)
{
	u32 align = 1U << IOSPACE_GRANULE_LG2;
	enum iospace_part part = IOSPACE_SMALL;
	dma_addr_t iova;

	if (bytes > IOSPACE_SMALL_PIECE) {
		part = IOSPACE_LARGE;
		if (bytes > IOSPACE_LARGE_PIECE)
			return 0;
		bytes = iospace_large_bytes(bytes);
		if (is_power_of_2(bytes))
			align = bytes;
	}
	iova = iospace_part_alloc(space, part, bytes, align, limit);
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
	return iova ?: iospace_tree_alloc(space, bytes, limit);
}

/**
 * iospace_alloc() - own a range of bus addresses
 * @space: where from
 * @bytes: length, not 0; rounded up to a page
 * @limit: the last address that the device can reach
 * @kind: IOSPACE_STREAMING, or IOSPACE_LASTING for a range that is aligned to
 *	its length, rounded up to a power of two
 *
 * Of two streaming ranges that a CPU allocates one after the other the second
 * begins, more often than not, where the first one ends.
 *
 * Context: any context but NMI. Does not sleep.
 * Return: the first address, a multiple of the page, or 0 if there is no
 *	room: address 0 is never handed out.
 */
dma_addr_t iospace_alloc(struct iospace *space, size_t bytes, u64 limit,
			 enum iospace_kind kind)
{
	struct arena *high = &space->zone[IOSPACE_HIGH].arena[IOSPACE_SMALL];
	struct arena *low = &space->zone[IOSPACE_LOW].arena[IOSPACE_SMALL];
	dma_addr_t iova = 0;

	bytes = iospace_bytes(bytes);
	/* Also false for 0, which a length close to the largest becomes. */
	if (likely(kind == IOSPACE_STREAMING && bytes - 1 < IOSPACE_SMALL_PIECE)) {
		/* It is open only if those who reach it are to use it. */
		if (unlikely(limit > READ_ONCE(high->above)))
			iova = arena_cut(high, bytes);
		else if (likely(limit > READ_ONCE(low->above)))
			iova = arena_cut(low, bytes);
		if (likely(iova))
			return iova;
	}
	return iospace_alloc_slow(space, bytes, limit, kind);
}

static noinline void iospace_free_slow(struct iospace *space, dma_addr_t iova,
				       size_t bytes)
{
	u64 offset;

	for (unsigned int z = 0; z < IOSPACE_ZONES; z++) {
		struct arena *large = &space->zone[z].arena[IOSPACE_LARGE];

		if (!arena_has(large, iova, &offset))
			continue;
		arena_free(large, IOSPACE_LARGE_GRANULE_LG2, offset, bytes);
		return;
	}
	iospace_tree_free(space, iova, iospace_bytes(bytes));
}

static __always_inline void iospace_free_now(struct iospace *space,
					     dma_addr_t iova, size_t bytes)
{
	struct arena *high = &space->zone[IOSPACE_HIGH].arena[IOSPACE_SMALL];
	struct arena *low = &space->zone[IOSPACE_LOW].arena[IOSPACE_SMALL];
	u64 offset;

	if (likely(arena_has(low, iova, &offset)))
		arena_free(low, IOSPACE_GRANULE_LG2, offset, bytes);
	else if (arena_has(high, iova, &offset))
		arena_free(high, IOSPACE_GRANULE_LG2, offset, bytes);
	else
		iospace_free_slow(space, iova, bytes);
}

/* By itself, so that who has no quarantine saves no registers for it. */
static noinline void iospace_free_some(struct iospace *space, dma_addr_t iova,
				       size_t bytes)
{
	if (!iospace_is_quarantined(space, iova, bytes))
		iospace_free_now(space, iova, bytes);
}

/**
 * iospace_free() - give bus addresses back
 * @space: where they are from
 * @iova: first address
 * @bytes: length as it was asked for; rounded up to a page
 *
 * Where iospace_mergeable() says so, ranges that are neighbours can be given
 * back in one call, as one range. Nothing may translate these addresses any
 * more, in any cache: they can be handed out again before this returns. Those that
 * iospace_quarantine() has been told of are not.
 *
 * Context: any context but NMI. Does not sleep.
 */
void iospace_free(struct iospace *space, dma_addr_t iova, size_t bytes)
{
	if (unlikely(READ_ONCE(space->quarantine.n)))
		iospace_free_some(space, iova, bytes);
	else
		iospace_free_now(space, iova, bytes);
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

	for (unsigned int i = 0; i < IOSPACE_ZONES * IOSPACE_ARENAS; i++) {
		const struct iospace_zone *zone = &space->zone[i % IOSPACE_ZONES];
		const struct arena *arena = &zone->arena[i / IOSPACE_ZONES];

		if (arena_has(arena, iova, &offset))
			return arena->base + arena->bytes;
	}
	return 0;
}

static void iospace_arena_stats(struct arena *arena,
				struct iospace_arena_stats *stats)
{
	/* Pairs with the release in arena_open(). */
	stats->bytes = smp_load_acquire(&arena->bytes);
	if (stats->bytes)
		stats->base = READ_ONCE(arena->base);
	stats->chunk_bytes = arena->chunk_bytes;
	stats->chunks = READ_ONCE(arena->nr_chunks) - READ_ONCE(arena->first);
	stats->chunks_used = arena_chunks_used(arena);
	stats->allocs = arena_allocs(arena);
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
	struct iospace_zone *low = &space->zone[IOSPACE_LOW];
	struct iospace_zone *high = &space->zone[IOSPACE_HIGH];
	int cpu;

	*stats = (struct iospace_stats) {
		.wide = READ_ONCE(space->wide),
	};
	iospace_arena_stats(&low->arena[IOSPACE_SMALL], &stats->small);
	iospace_arena_stats(&low->arena[IOSPACE_LARGE], &stats->large);
	iospace_arena_stats(&high->arena[IOSPACE_SMALL], &stats->high_small);
	iospace_arena_stats(&high->arena[IOSPACE_LARGE], &stats->high_large);
	for_each_possible_cpu(cpu) {
		const struct iospace_cpu *c = per_cpu_ptr(space->cpu, cpu);
		unsigned long allocs = READ_ONCE(c->tree_allocs);

		stats->arena_misses += READ_ONCE(c->arena_misses);
		stats->tree_allocs += allocs;
		stats->tree_out += allocs - READ_ONCE(c->tree_frees);
	}
}

/* All arenas, by number. */
static struct arena *iospace_arena(struct iospace *space, unsigned int i)
{
	return &space->zone[i / IOSPACE_ARENAS].arena[i % IOSPACE_ARENAS];
}

/* A dead CPU's chunks would be out of reach for as long as it stays dead. */
static int iospace_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct iospace *space = hlist_entry_safe(node, struct iospace, cpuhp);

	struct arena *arena;

	for (unsigned int i = 0; i < IOSPACE_ZONES * IOSPACE_ARENAS; i++) {
		arena = iospace_arena(space, i);
		arena_front_retire(arena, per_cpu_ptr(arena->fronts, cpu));
	}
	return 0;
}

/**
 * iospace_setup() - register with CPU hotplug
 *
 * Context: process context, before the first iospace_create().
 * Return: 0 or an error of cpuhp_setup_state_multi().
 */
int __init iospace_setup(void)
{
	iospace_cpuhp_state =
		cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					"iommu/ioflush_iova:dead", NULL,
					iospace_cpu_dead);
	return min(iospace_cpuhp_state, 0);
}

/**
 * iospace_teardown() - undo iospace_setup()
 *
 * Context: process context; there are no spaces any more.
 */
void __exit iospace_teardown(void)
{
	cpuhp_remove_multi_state(iospace_cpuhp_state);
}

static void iospace_arenas_exit(struct iospace *space)
{
	/* What is in quarantine stays where it was when it was given back. */
	bool kept = space->quarantine.n;

	/* Of those that were not initialised there is nothing to free. */
	for (unsigned int i = 0; i < IOSPACE_ZONES * IOSPACE_ARENAS; i++)
		if (iospace_arena(space, i)->fronts)
			arena_exit(iospace_arena(space, i), kept);
}

static int iospace_arenas_init(struct iospace *space)
{
	for (unsigned int i = 0; i < IOSPACE_ZONES * IOSPACE_ARENAS; i++) {
		enum iospace_part part = i % IOSPACE_ARENAS;
		u64 bytes = iospace_part_bytes_max(space, i / IOSPACE_ARENAS, part);
		u8 lg2 = part == IOSPACE_SMALL ? IOSPACE_GRANULE_LG2 :
						 IOSPACE_LARGE_GRANULE_LG2;

		if (arena_init(iospace_arena(space, i), lg2, bytes)) {
			iospace_arenas_exit(space);
			return -ENOMEM;
		}
	}
	return 0;
}

static int iospace_init(struct iospace *space)
{
	unsigned long granule = 1UL << IOSPACE_GRANULE_LG2;
	u64 first_pfn = DIV_ROUND_UP_ULL(space->first, granule);
	int ret;

	space->cpu = alloc_percpu(struct iospace_cpu);
	if (!space->cpu)
		return -ENOMEM;
	ret = iospace_arenas_init(space);
	if (ret)
		goto err_cpu;

	/* Never address 0: it stands for "none". */
	init_iova_domain(&space->tree, granule, max(first_pfn, 1));
	INIT_WORK(&space->tree_cache, iospace_tree_cache_work);
	INIT_LIST_HEAD(&space->kept);
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
 * @first: first address that may be handed out
 * @last: last address that may be handed out
 *
 * All ranges are a multiple of a page of the CPU.
 *
 * Context: process context, may sleep.
 * Return: the space, or NULL if memory is short or the arguments leave no
 *	space.
 */
struct iospace *iospace_create(u64 first, u64 last)
{
	struct iospace *space;

	if (WARN_ON(first > last || iospace_cpuhp_state <= 0))
		return NULL;

	space = kzalloc(sizeof(*space), GFP_KERNEL);
	if (!space)
		return NULL;
	space->first = first;
	space->last = last;
	raw_spin_lock_init(&space->quarantine.lock);

	if (iova_cache_get())
		goto err_free;
	if (iospace_init(space))
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
 * Warns if some of its addresses were not given back, but for those that never are.
 *
 * Context: process context, may sleep.
 */
void iospace_destroy(struct iospace *space)
{
	struct iospace_stats stats;

	if (!space)
		return;

	cpuhp_state_remove_instance_nocalls(iospace_cpuhp_state, &space->cpuhp);
	cancel_work_sync(&space->tree_cache);
	iospace_get_stats(space, &stats);
	WARN(stats.tree_out && !space->quarantine.n,
	     "ioflush: %ld ranges of bus addresses were not given back\n",
	     stats.tree_out);
	iospace_arenas_exit(space);
	free_percpu(space->cpu);
	iospace_reserved_forget(space);
	for (unsigned int z = 0; z < IOSPACE_ZONES; z++)
		if (space->zone[z].longs.bytes)
			put_iova_domain(&space->zone[z].longs.tree);
	put_iova_domain(&space->tree);
	iova_cache_put();
	kfree(space);
}
