// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the chunks of an arena and the lists they wait on
 */
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "arena.h"

/*
 * Chunks that have never been used are taken in groups. With 4 KiB granules a
 * group is what one leaf table maps, and its chunks' counts share a cache
 * line: neither is then shared with another CPU's chunks.
 */
#define ARENA_GROUP 4

/* A CPU keeps no more free chunks than this to itself. */
#define ARENA_DEPTH_MAX 8

static u64 arena_chunk_iova(const struct arena *arena,
			    const struct arena_chunk *chunk)
{
	return arena->base + ((u64)(chunk - arena->chunks) << arena->chunk_lg2);
}

static void arena_front_push(struct arena_front *front,
			     struct arena_chunk *chunk)
{
	chunk->next = front->free;
	front->free = chunk;
	front->depth++;
}

static struct arena_chunk *arena_front_pop(struct arena_front *front)
{
	struct arena_chunk *chunk = front->free;

	if (chunk) {
		front->free = chunk->next;
		front->depth--;
	}
	return chunk;
}

static void arena_push(struct arena *arena, struct arena_chunk *chunk)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&arena->lock, flags);
	chunk->next = arena->free;
	WRITE_ONCE(arena->free, chunk);
	arena->nr_free++;
	raw_spin_unlock_irqrestore(&arena->lock, flags);
}

static struct arena_chunk *arena_pop(struct arena *arena)
{
	struct arena_chunk *chunk = arena->free;

	lockdep_assert_held(&arena->lock);
	if (chunk) {
		WRITE_ONCE(arena->free, chunk->next);
		arena->nr_free--;
	}
	return chunk;
}

/*
 * Put a group of chunks that have never been used on a CPU's list, the lowest
 * on top. Barred ones are left out, so that it may take several groups to
 * find one.
 */
static void arena_take_fresh(struct arena *arena, struct arena_front *front)
{
	lockdep_assert_held(&arena->lock);
	while (!front->free && arena->fresh < arena->nr_chunks) {
		u32 first = arena->fresh;
		u32 n = min(ARENA_GROUP - first % ARENA_GROUP,
			    arena->depth_max + 1);

		WRITE_ONCE(arena->fresh, first + n);
		while (n--) {
			struct arena_chunk *chunk = &arena->chunks[first + n];

			if (atomic_read(&chunk->out) == ARENA_BARRED)
				arena->nr_barred++;
			else
				arena_front_push(front, chunk);
		}
	}
}

static struct arena_chunk *arena_take(struct arena *arena,
				      struct arena_front *front)
{
	struct arena_chunk *chunk = arena_front_pop(front);

	if (chunk)
		return chunk;
	/* Spare the CPUs a lock where an arena stays used up for long. */
	if (!READ_ONCE(arena->free) &&
	    READ_ONCE(arena->fresh) == READ_ONCE(arena->nr_chunks))
		return NULL;

	raw_spin_lock(&arena->lock);
	chunk = arena_pop(arena);
	if (!chunk) {
		arena_take_fresh(arena, front);
		chunk = arena_front_pop(front);
	}
	raw_spin_unlock(&arena->lock);
	return chunk;
}

/* Give up a CPU's chunk. True if nothing of it is out: it is the caller's. */
static bool arena_give_up(struct arena_front *front)
{
	struct arena_chunk *chunk = front->chunk;
	u32 left = front->left;

	front->chunk = NULL;
	front->left = 0;
	return chunk && atomic_sub_and_test(left + 1, &chunk->out);
}

static void arena_front_start(struct arena *arena, struct arena_front *front,
			      struct arena_chunk *chunk)
{
	/* Nobody else looks at the count until a piece is handed out. */
	atomic_set(&chunk->out, arena->chunk_bytes + 1);
	front->chunk = chunk;
	front->next = arena_chunk_iova(arena, chunk);
	front->left = arena->chunk_bytes;
}

/*
 * Get a CPU a chunk that holds any piece. One whose pieces are all back starts
 * again, which keeps a CPU that maps and unmaps in turn on one chunk. Without
 * another chunk the front stays as it is: a smaller piece may still fit.
 */
static bool arena_refill(struct arena *arena, struct arena_front *front)
{
	struct arena_chunk *old = front->chunk, *chunk;

	/* Acquire: pairs with the barrier of the subtraction in arena_free() */
	if (old && atomic_read_acquire(&old->out) == front->left + 1) {
		arena_front_start(arena, front, old);
		return true;
	}

	chunk = arena_take(arena, front);
	if (!chunk)
		return false;
	if (arena_give_up(front))
		arena_front_push(front, old);
	arena_front_start(arena, front, chunk);
	return true;
}

/*
 * Leave out what is before the next multiple of @align, as if it had been handed
 * out and freed. The owner's 1 keeps the count from 0.
 */
static void arena_front_align(struct arena_front *front, u32 align)
{
	u32 skip = min_t(u32, -front->next & (align - 1), front->left);

	if (!skip)
		return;
	atomic_sub(skip, &front->chunk->out);
	front->next += skip;
	front->left -= skip;
}

/**
 * arena_alloc() - hand out a piece
 * @arena: an arena, open or not
 * @bytes: its length, a multiple of the granule, at most @arena->piece_bytes
 * @align: what its address is a multiple of: a power of two of at least the
 *	granule and at most a chunk
 *
 * Context: any context but NMI.
 * Return: its address, or 0 if the arena is used up or not open.
 */
u64 arena_alloc(struct arena *arena, u32 bytes, u32 align)
{
	struct arena_front *front;
	unsigned long flags;
	u64 iova = 0;

	local_irq_save(flags);
	front = this_cpu_ptr(arena->fronts);
	arena_front_align(front, align);
	if (front->left >= bytes || arena_refill(arena, front))
		iova = arena_cut(arena, bytes);
	local_irq_restore(flags);
	return iova;
}

/**
 * arena_chunk_back() - a chunk's last piece has come back
 * @arena: an open arena
 * @chunk: the chunk, which belongs to the caller
 *
 * Context: any context but NMI.
 */
void arena_chunk_back(struct arena *arena, struct arena_chunk *chunk)
{
	struct arena_front *front;
	unsigned long flags;

	local_irq_save(flags);
	front = this_cpu_ptr(arena->fronts);
	if (front->depth < arena->depth_max)
		arena_front_push(front, chunk);
	else
		arena_push(arena, chunk);
	local_irq_restore(flags);
}

/**
 * arena_free_across() - arena_free() for a range in more than one chunk
 * @arena: an open arena
 * @offset: where the range begins, from the arena's first address
 * @bytes: its length
 *
 * Context: any context but NMI.
 */
void arena_free_across(struct arena *arena, u64 offset, u64 bytes)
{
	if (WARN_ON_ONCE(bytes > arena->bytes - offset))
		return;

	while (bytes) {
		u32 in_chunk = offset & (arena->chunk_bytes - 1);
		u64 n = min_t(u64, bytes, arena->chunk_bytes - in_chunk);

		arena_free(arena, offset, n);
		offset += n;
		bytes -= n;
	}
}

/**
 * arena_front_retire() - take from a CPU all chunks that it holds
 * @arena: the arena
 * @front: the front of a CPU that is dead, or of any CPU once the arena is
 *	not used any more
 *
 * Context: process context.
 */
void arena_front_retire(struct arena *arena, struct arena_front *front)
{
	struct arena_chunk *chunk = front->chunk;

	if (arena_give_up(front))
		arena_push(arena, chunk);
	while ((chunk = arena_front_pop(front)))
		arena_push(arena, chunk);
}

/**
 * arena_chunks_used() - how many chunks have pieces out or may get some
 * @arena: an arena, open or not
 *
 * Context: any context.
 * Return: the number, approximate while the arena is in use.
 */
u32 arena_chunks_used(struct arena *arena)
{
	unsigned long flags;
	s32 used;
	int cpu;

	raw_spin_lock_irqsave(&arena->lock, flags);
	used = arena->fresh - arena->nr_free - arena->nr_barred;
	raw_spin_unlock_irqrestore(&arena->lock, flags);

	for_each_possible_cpu(cpu)
		used -= READ_ONCE(per_cpu_ptr(arena->fronts, cpu)->depth);
	return max(used, 0);
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

/**
 * arena_bar() - keep addresses out of use
 * @arena: an open arena
 * @first: first address
 * @last: last address, inclusive
 *
 * Only a chunk that has never been used can still be barred.
 *
 * Context: any context.
 * Return: 0, also if the range is none of the arena's; -EBUSY if some of it
 *	may have been handed out. Nothing has changed then.
 */
int arena_bar(struct arena *arena, u64 first, u64 last)
{
	unsigned long flags;
	u32 i, end;
	int ret = 0;

	if (last < arena->base || first > arena->last)
		return 0;
	i = (max(first, arena->base) - arena->base) >> arena->chunk_lg2;
	end = (min(last, arena->last) - arena->base) >> arena->chunk_lg2;

	raw_spin_lock_irqsave(&arena->lock, flags);
	if (i < arena->fresh)
		ret = -EBUSY;
	else
		for (; i <= end; i++)
			atomic_set(&arena->chunks[i].out, ARENA_BARRED);
	raw_spin_unlock_irqrestore(&arena->lock, flags);
	return ret;
}

/**
 * arena_init() - an arena that is not open yet
 * @arena: what to initialise
 * @granule_lg2: log2 of what all lengths and addresses are a multiple of
 *
 * All memory is allocated here, so that arena_open() may be called in any
 * context.
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int arena_init(struct arena *arena, u8 granule_lg2)
{
	u32 chunk_lg2 = granule_lg2 + ARENA_CHUNK_LG2;

	arena->last = U64_MAX;
	arena->chunk_lg2 = chunk_lg2;
	arena->chunk_bytes = 1U << chunk_lg2;
	arena->piece_bytes = 1U << (granule_lg2 + ARENA_PIECE_LG2);
	raw_spin_lock_init(&arena->lock);

	arena->fronts = alloc_percpu(struct arena_front);
	if (!arena->fronts)
		return -ENOMEM;
	arena->chunks = kvcalloc(1U << (ARENA_BYTES_LG2 - chunk_lg2),
				 sizeof(*arena->chunks), GFP_KERNEL);
	if (!arena->chunks) {
		free_percpu(arena->fronts);
		return -ENOMEM;
	}
	return 0;
}

/**
 * arena_open() - give an arena its addresses
 * @arena: from arena_init()
 * @base: first address, a multiple of the length of a chunk
 * @bytes: length, a power of two, at least ARENA_CHUNKS_MIN chunks and at
 *	most 2^ARENA_BYTES_LG2
 * @apart: no piece may be a neighbour of what is not the arena's: the first
 *	and the last chunk stay out of use
 *
 * What CPUs may keep to themselves is a quarter of the arena at most.
 *
 * Context: any context.
 */
void arena_open(struct arena *arena, u64 base, u64 bytes, bool apart)
{
	u32 nr_chunks = bytes >> arena->chunk_lg2;
	unsigned long flags;

	if (apart) {
		atomic_set(&arena->chunks[0].out, ARENA_BARRED);
		atomic_set(&arena->chunks[nr_chunks - 1].out, ARENA_BARRED);
	}
	WRITE_ONCE(arena->base, base);
	WRITE_ONCE(arena->last, base + bytes - 1);
	arena->depth_max = min(nr_chunks / 4 / num_possible_cpus(),
			       ARENA_DEPTH_MAX);
	/* Pairs with the acquire in arena_has(). */
	smp_store_release(&arena->bytes, bytes);

	/* From here on arena_take() finds chunks, so it comes last. */
	raw_spin_lock_irqsave(&arena->lock, flags);
	WRITE_ONCE(arena->nr_chunks, nr_chunks);
	raw_spin_unlock_irqrestore(&arena->lock, flags);
}

/**
 * arena_exit() - free an arena
 * @arena: from arena_init(); nobody uses it any more
 *
 * Warns if pieces are still out.
 *
 * Context: process context.
 */
void arena_exit(struct arena *arena)
{
	u32 used;
	int cpu;

	for_each_possible_cpu(cpu)
		arena_front_retire(arena, per_cpu_ptr(arena->fronts, cpu));
	used = arena_chunks_used(arena);
	WARN(used, "ioflush: %u chunks of bus addresses were not given back\n",
	     used);

	kvfree(arena->chunks);
	free_percpu(arena->fronts);
}
