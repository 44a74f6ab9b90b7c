// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an arena's addresses and the memory for its chunks
 *
 * Chunks get memory a block at a time, when those before are in use, so that an
 * arena costs what is used of it and may be as large as the addresses are.
 */
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "arena.h"

/* After there was no memory for new chunks, do without so many times. */
#define ARENA_SKIPS 64

/* A CPU keeps no more free chunks than this to itself. */
#define ARENA_DEPTH_MAX 32

static struct arena_chunk *arena_block_alloc(u32 nr, gfp_t gfp)
{
	struct arena_chunk *block;

	block = kcalloc(1U << ARENA_BLOCK_LG2, sizeof(*block), gfp);
	for (u32 i = 0; block && i < 1U << ARENA_BLOCK_LG2; i++) {
		atomic64_set(&block[i].back, ARENA_FULL);
		block[i].nr = (nr << ARENA_BLOCK_LG2) + i;
	}
	return block;
}

/* Put a block where none is; true if it had been missing. */
static bool arena_block_put(struct arena *arena, u32 nr,
			    struct arena_chunk *block)
{
	lockdep_assert_held(&arena->lock);
	if (arena->block[nr])
		return false;
	arena->block[nr] = block;
	return true;
}

/**
 * arena_grow() - get memory for more of an arena's chunks
 * @arena: an open arena
 *
 * Context: any context but NMI.
 * Return: false if there is no memory now; this CPU does without for a while. True
 *	too if all of them have memory.
 */
bool arena_grow(struct arena *arena)
{
	u32 ready = READ_ONCE(arena->ready), nr = ready >> ARENA_BLOCK_LG2;
	struct arena_chunk *block;
	unsigned long flags;

	/* Another CPU may have got the last of it since the caller looked. */
	if (ready >= READ_ONCE(arena->nr_chunks))
		return true;
	block = arena_block_alloc(nr, GFP_ATOMIC | __GFP_NOWARN);
	if (!block) {
		this_cpu_write(arena->fronts->skips, ARENA_SKIPS);
		return false;
	}

	raw_spin_lock_irqsave(&arena->lock, flags);
	if (arena_block_put(arena, nr, block))
		block = NULL;
	if (arena->ready >> ARENA_BLOCK_LG2 == nr)
		WRITE_ONCE(arena->ready, min((nr + 1) << ARENA_BLOCK_LG2,
					     arena->nr_chunks));
	raw_spin_unlock_irqrestore(&arena->lock, flags);
	kfree(block);
	return true;
}

/**
 * arena_used_up() - have all of an arena's chunks been in use?
 * @arena: an arena, open or not
 *
 * Context: any context.
 * Return: whether they have. Some may be free again.
 */
bool arena_used_up(const struct arena *arena)
{
	u32 nr_chunks = READ_ONCE(arena->nr_chunks);

	return nr_chunks && READ_ONCE(arena->fresh) >= nr_chunks;
}

/**
 * arena_chunks_used() - how many chunks have pieces out or may get some
 * @arena: an arena, open or not
 *
 * Context: any context.
 * Return: the number, approximate while the arena is in use. What a CPU hands
 *	out pieces of counts; what waits on a list does not, unless some of it is
 *	out.
 */
u32 arena_chunks_used(struct arena *arena)
{
	u32 used = 0, fresh;
	unsigned long flags;

	raw_spin_lock_irqsave(&arena->lock, flags);
	fresh = min(arena->fresh, arena->ready);
	raw_spin_unlock_irqrestore(&arena->lock, flags);

	for (u32 nr = 0; nr < fresh; nr++) {
		s64 back = atomic64_read(&arena_chunk(arena, nr)->back);

		used += back != ARENA_BARRED && (back & ~ARENA_HELD) != ARENA_FULL;
	}
	return used;
}

/**
 * arena_allocs() - how many pieces an arena has handed out
 * @arena: an arena, open or not
 *
 * Context: any context.
 * Return: the number, approximate while the arena is in use.
 */
unsigned long arena_allocs(const struct arena *arena)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(arena->fronts, cpu)->allocs);
	return sum;
}

/* Memory for chunks that are barred before they were ever used. */
static int arena_bar_alloc(struct arena *arena, u32 first, u32 end)
{
	u32 nr = first >> ARENA_BLOCK_LG2;

	for (; nr << ARENA_BLOCK_LG2 < end; nr++) {
		struct arena_chunk *block = arena_block_alloc(nr, GFP_KERNEL);
		unsigned long flags;

		if (!block)
			return -ENOMEM;
		raw_spin_lock_irqsave(&arena->lock, flags);
		if (arena_block_put(arena, nr, block))
			block = NULL;
		raw_spin_unlock_irqrestore(&arena->lock, flags);
		kfree(block);
	}
	return 0;
}

/* The chunks from @first to before @end, in memory unless they are the last. */
static int arena_bar_chunks(struct arena *arena, u32 first, u32 end)
{
	int ret = 0;

	lockdep_assert_held(&arena->lock);
	/* Those that have been claimed are used, unless they were barred before. */
	for (; first < min(end, arena->fresh); first++)
		if (atomic64_read(&arena_chunk(arena, first)->back) != ARENA_BARRED)
			ret = -EBUSY;
	if (end < arena->nr_chunks) {
		for (; first < end; first++)
			atomic64_set(&arena_chunk(arena, first)->back, ARENA_BARRED);
		return ret;
	}
	WRITE_ONCE(arena->nr_chunks, min(arena->nr_chunks, first));
	WRITE_ONCE(arena->ready, min(arena->ready, first));
	return ret;
}

/**
 * arena_bar() - keep addresses out of use
 * @arena: an open arena
 * @first: first address
 * @last: last address, inclusive
 *
 * Only a chunk that has never been used can still be barred. Of a range those are, also
 * if others of it have been.
 *
 * Context: process context, may sleep; one at a time.
 * Return: 0, also if the range is none of the arena's; -EBUSY if some of it
 *	may have been handed out, or -ENOMEM: nothing has changed then.
 */
int arena_bar(struct arena *arena, u64 first, u64 last)
{
	u64 arena_last = arena->base + arena->bytes - 1;
	u32 i, end, fresh = READ_ONCE(arena->fresh);
	unsigned long flags;
	int ret;

	if (last < arena->base || first > arena_last)
		return 0;
	i = (max(first, arena->base) - arena->base) >> arena->chunk_lg2;
	end = ((min(last, arena_last) - arena->base) >> arena->chunk_lg2) + 1;
	/* What is before that is never handed out. */
	i = max(i, arena->first);

	/* The arena's end goes without the memory that its middle takes. */
	if (fresh < end && end < READ_ONCE(arena->nr_chunks)) {
		ret = arena_bar_alloc(arena, max(i, fresh), end);
		if (ret)
			return ret;
	}
	raw_spin_lock_irqsave(&arena->lock, flags);
	ret = arena_bar_chunks(arena, i, end);
	raw_spin_unlock_irqrestore(&arena->lock, flags);
	return ret;
}

/**
 * arena_init() - an arena that is not open yet
 * @arena: what to initialise, zeroed
 * @granule_lg2: log2 of what all lengths and addresses are a multiple of
 * @bytes_max: the largest that it may be opened with
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int arena_init(struct arena *arena, u8 granule_lg2, u64 bytes_max)
{
	u32 block_bytes_lg2;

	arena->above = U64_MAX;
	arena->granule_lg2 = granule_lg2;
	arena->chunk_lg2 = granule_lg2 + ARENA_CHUNK_LG2;
	arena->chunk_bytes = 1U << arena->chunk_lg2;
	arena->piece_bytes = 1U << (granule_lg2 + ARENA_PIECE_LG2);
	raw_spin_lock_init(&arena->lock);

	arena->fronts = alloc_percpu(struct arena_front);
	if (!arena->fronts)
		return -ENOMEM;
	block_bytes_lg2 = arena->chunk_lg2 + ARENA_BLOCK_LG2;
	arena->block = kvcalloc((bytes_max >> block_bytes_lg2) + 1,
				sizeof(*arena->block), GFP_KERNEL);
	if (!arena->block) {
		free_percpu(arena->fronts);
		return -ENOMEM;
	}
	return 0;
}

/**
 * arena_open() - give an arena its addresses
 * @arena: from arena_init()
 * @base: first address, a multiple of the length of a chunk
 * @bytes: length, a power of two, at least ARENA_CHUNKS_MIN chunks
 * @apart: no piece may be a neighbour of what is not the arena's: the first
 *	and the last chunk stay out of use
 *
 * What CPUs may keep to themselves is a quarter of the arena at most, and twice that
 * while they get in each other's way.
 *
 * Context: any context.
 */
void arena_open(struct arena *arena, u64 base, u64 bytes, bool apart)
{
	u32 nr_chunks = (bytes >> arena->chunk_lg2) - apart;
	unsigned long flags;

	WRITE_ONCE(arena->base, base);
	WRITE_ONCE(arena->above, base + bytes - 2);
	arena->depth_max = min_t(u32, nr_chunks / 4 / num_possible_cpus(),
				 ARENA_DEPTH_MAX);
	/* Pairs with the acquire in arena_has(). */
	smp_store_release(&arena->bytes, bytes);

	/* From here on arena_alloc() finds chunks, so it comes last. */
	raw_spin_lock_irqsave(&arena->lock, flags);
	WRITE_ONCE(arena->first, apart);
	WRITE_ONCE(arena->fresh, apart);
	WRITE_ONCE(arena->nr_chunks, nr_chunks);
	raw_spin_unlock_irqrestore(&arena->lock, flags);
}

/**
 * arena_exit() - free an arena
 * @arena: from arena_init(); nobody uses it any more
 * @kept: some of its pieces may never have been given back, and for a reason
 *
 * Warns if pieces are still out otherwise.
 *
 * Context: process context.
 */
void arena_exit(struct arena *arena, bool kept)
{
	u32 used;
	int cpu;

	for_each_possible_cpu(cpu)
		arena_front_retire(arena, per_cpu_ptr(arena->fronts, cpu));
	used = arena_chunks_used(arena);
	WARN(used && !kept, "ioflush: %u chunks of bus addresses were not given back\n",
	     used);

	for (u64 at = 0; at < arena->bytes;
	     at += (u64)arena->chunk_bytes << ARENA_BLOCK_LG2)
		kfree(arena->block[at >> arena->chunk_lg2 >> ARENA_BLOCK_LG2]);
	kvfree(arena->block);
	free_percpu(arena->fronts);
}
