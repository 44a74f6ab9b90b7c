// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: pieces of an arena's chunks, and the lists that chunks wait on
 */
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>

#include "arena.h"

/*
 * Chunks that have never been used are taken in groups. With 4 KiB granules a
 * group is what one leaf table maps, and its chunks' words share a cache
 * line: neither is then shared with another CPU's chunks.
 */
#define ARENA_GROUP 4

static void arena_list_push(struct arena_list *list, struct arena_chunk *chunk)
{
	chunk->next = list->first;
	WRITE_ONCE(list->first, chunk->nr + 1);
}

static struct arena_chunk *arena_list_pop(const struct arena *arena,
					  struct arena_list *list)
{
	struct arena_chunk *chunk;

	if (!list->first)
		return NULL;
	chunk = arena_chunk(arena, list->first - 1);
	WRITE_ONCE(list->first, chunk->next);
	return chunk;
}

static void arena_front_push(struct arena_front *front,
			     struct arena_chunk *chunk)
{
	arena_list_push(&front->free, chunk);
	front->depth++;
}

static struct arena_chunk *arena_front_pop(const struct arena *arena,
					   struct arena_front *front)
{
	struct arena_chunk *chunk = arena_list_pop(arena, &front->free);

	if (chunk)
		front->depth--;
	return chunk;
}

static void arena_push(struct arena *arena, struct arena_chunk *chunk)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&arena->lock, flags);
	arena_list_push(&arena->free, chunk);
	raw_spin_unlock_irqrestore(&arena->lock, flags);
}

/*
 * The next group of chunks that have never been used, which are then the caller's:
 * how many, and the first.
 */
static u32 arena_claim_fresh(struct arena *arena, u32 *first)
{
	u32 n;

	lockdep_assert_held(&arena->lock);
	*first = arena->fresh;
	n = min3(ARENA_GROUP - *first % ARENA_GROUP, arena->depth_max + 1,
		 arena->ready - *first);
	WRITE_ONCE(arena->fresh, *first + n);
	return n;
}

/*
 * Get a CPU that has no free chunk one, or a group. Their words are looked at with
 * nothing held: it is the first look, and takes as long as memory does.
 */
static struct arena_chunk *arena_take(struct arena *arena,
				      struct arena_front *front)
{
	struct arena_chunk *chunk = arena_front_pop(arena, front);
	u32 first, n;

	/* Of a group of which all are barred there is nothing left. */
	while (!chunk) {
		/* Spare the CPUs a lock where an arena stays used up for long. */
		if (!READ_ONCE(arena->free.first) &&
		    READ_ONCE(arena->fresh) >= READ_ONCE(arena->ready))
			return NULL;

		raw_spin_lock(&arena->lock);
		chunk = arena_list_pop(arena, &arena->free);
		n = chunk ? 0 : arena_claim_fresh(arena, &first);
		raw_spin_unlock(&arena->lock);
		if (chunk)
			return chunk;

		/* The lowest on top */
		while (n--) {
			chunk = arena_chunk(arena, first + n);
			if (atomic64_read(&chunk->back) != ARENA_BARRED)
				arena_front_push(front, chunk);
		}
		chunk = arena_front_pop(arena, front);
	}
	return chunk;
}

/* What a chunk's word counts for its first granules, up to all of them. */
static u64 arena_counts_up_to(u32 granules)
{
	/* A shift by all 64 bits of the word would not be one. */
	u32 half = (granules >> ARENA_PIECE_LG2) << (ARENA_COUNT_LG2 - 1);
	u64 below = ~(~0ULL << half << half);
	u64 rest = granules & ((1 << ARENA_PIECE_LG2) - 1);

	return (ARENA_FULL & below) + (rest << half << half);
}

/* What it counts for a range in one chunk. */
static u64 arena_counts(const struct arena *arena, u64 offset, u32 bytes)
{
	u32 first = (offset & (arena->chunk_bytes - 1)) >> arena->granule_lg2;
	u32 n = bytes >> arena->granule_lg2;

	return arena_counts_up_to(first + n) - arena_counts_up_to(first);
}

/* What it counts for some quarters, all of each. */
static u64 arena_quarters_counts(u32 quarters)
{
	/* Bit i goes to bit 16 i; nothing else of the product is there. */
	u64 bits = quarters * (BIT_ULL(0) | BIT_ULL(15) | BIT_ULL(30) | BIT_ULL(45));

	return bits << ARENA_PIECE_LG2 & ARENA_FULL;
}

/* A bit for each quarter of which all is back. */
static u32 arena_quarters_back(u64 back)
{
	/* Bit 16 i goes to bit 48 + i; nothing else of the product is there. */
	return ((back & ARENA_FULL) >> ARENA_PIECE_LG2) *
	       (BIT_ULL(48) | BIT_ULL(33) | BIT_ULL(18) | BIT_ULL(3)) >> 48 &
	       (BIT(ARENA_QUARTERS) - 1);
}

/*
 * Is a chunk worth looking for? Two quarters have to be back: each run of them is a
 * range of its own to invalidate.
 */
static bool arena_worth(u64 back)
{
	u64 full = back & ARENA_FULL;

	return full & (full - 1);
}

/* What a front has of its chunk, and has not handed out. */
static u64 arena_front_counts(const struct arena *arena,
			      const struct arena_front *front)
{
	return arena_counts(arena, front->next - arena->base, front->left) +
	       arena_quarters_counts(front->quarters);
}

/* Go on with the next quarters that are side by side. */
static void arena_front_next(const struct arena *arena,
			     struct arena_front *front)
{
	u32 first = __ffs(front->quarters);
	u32 n = __ffs(~((unsigned long)front->quarters >> first));

	front->quarters &= ~((BIT(n) - 1) << first);
	front->next = arena->base +
		      ((u64)front->chunk->nr << arena->chunk_lg2) +
		      first * arena->piece_bytes;
	front->left = n * arena->piece_bytes;
}

/*
 * Hand out the quarters of a chunk that are back, if it is worth it or if @any
 * will do. What the front still has of that chunk counts as back; on failure it
 * keeps it.
 */
static bool arena_front_start(const struct arena *arena,
			      struct arena_front *front,
			      struct arena_chunk *chunk, bool any)
{
	u64 has = front->chunk == chunk ? arena_front_counts(arena, front) : 0;
	s64 was = atomic64_read(&chunk->back);
	u64 back;

	do {
		back = was + has;
		if (!(back & ARENA_FULL) || !(any || arena_worth(back)))
			return false;
		/* Pairs with the barrier in arena_free(). */
	} while (!atomic64_try_cmpxchg(&chunk->back, &was,
				       (back & ~ARENA_FULL) | ARENA_HELD));

	front->chunk = chunk;
	front->quarters = arena_quarters_back(back);
	arena_front_next(arena, front);
	return true;
}

/* Let go of a front's chunk, and of what it still has of that. */
static void arena_front_park(struct arena *arena, struct arena_front *front)
{
	struct arena_chunk *chunk = front->chunk;

	if (!chunk)
		return;
	/* The order is that of changes to one word. */
	atomic64_add(arena_front_counts(arena, front) - ARENA_HELD, &chunk->back);
	front->chunk = NULL;
	front->left = 0;
	front->quarters = 0;
	arena_chunk_parked(arena, chunk);
}

/* Leave out the next @bytes, as if they had been handed out and freed. */
static void arena_front_skip(const struct arena *arena,
			     struct arena_front *front, u32 bytes)
{
	if (!bytes)
		return;
	atomic64_add(arena_counts(arena, front->next - arena->base, bytes),
		     &front->chunk->back);
	front->next += bytes;
	front->left -= bytes;
}

/*
 * Get a CPU a quarter, which holds any piece. A chunk of which enough has come
 * back starts again, which keeps a CPU that maps and unmaps in turn on one chunk.
 * Without another the front stays as it is: a smaller piece may still fit.
 */
static bool arena_refill(struct arena *arena, struct arena_front *front)
{
	struct arena_chunk *old = front->chunk, *chunk;

	if (front->quarters) {
		arena_front_skip(arena, front, front->left);
		arena_front_next(arena, front);
		return true;
	}
	if (old && arena_front_start(arena, front, old, false))
		return true;

	chunk = arena_take(arena, front);
	if (!chunk)
		return old && arena_front_start(arena, front, old, true);
	arena_front_park(arena, front);
	/* Of what is on a list, quarters only come back. */
	return arena_front_start(arena, front, chunk, true);
}

/* There are addresses that lack memory, and it is time to ask for some. */
static bool arena_short(const struct arena *arena, struct arena_front *front)
{
	u32 ready = READ_ONCE(arena->ready);

	if (READ_ONCE(arena->fresh) < ready ||
	    ready >= READ_ONCE(arena->nr_chunks))
		return false;
	if (!front->skips)
		return true;
	front->skips--;
	return false;
}

static u64 arena_try(struct arena *arena, u32 bytes, u32 align, bool *grow)
{
	struct arena_front *front;
	unsigned long flags;
	u64 iova = 0;

	local_irq_save(flags);
	front = this_cpu_ptr(arena->fronts);
	arena_front_skip(arena, front,
			 min_t(u64, -front->next & (align - 1), front->left));
	if (front->left >= bytes || arena_refill(arena, front))
		iova = arena_cut(arena, bytes);
	else
		*grow = arena_short(arena, front);
	local_irq_restore(flags);
	return iova;
}

/**
 * arena_alloc() - hand out a piece
 * @arena: an arena, open or not
 * @bytes: its length, a multiple of the granule, at most @arena->piece_bytes
 * @align: what its address is a multiple of: a power of two of at least the
 *	granule and at most @arena->piece_bytes
 *
 * Context: any context but NMI.
 * Return: its address, or 0 if the arena is used up or not open.
 */
u64 arena_alloc(struct arena *arena, u32 bytes, u32 align)
{
	bool grow;
	u64 iova;

	/* Others may be quicker to use up what has been added. */
	do {
		grow = false;
		iova = arena_try(arena, bytes, align, &grow);
	} while (!iova && grow && arena_grow(arena));
	return iova;
}

/*
 * A CPU has more free chunks than it may keep: give some to all. When many come
 * back at once, so do the CPUs with them; those that find the lock taken wait until
 * they have twice as many, and then get rid of them in one go.
 */
static void arena_front_shed(struct arena *arena, struct arena_front *front)
{
	if (!raw_spin_trylock(&arena->lock)) {
		if (front->depth < 2 * arena->depth_max)
			return;
		raw_spin_lock(&arena->lock);
	}
	while (front->depth > arena->depth_max)
		arena_list_push(&arena->free, arena_front_pop(arena, front));
	raw_spin_unlock(&arena->lock);
}

static void arena_chunk_back(struct arena *arena, struct arena_chunk *chunk)
{
	struct arena_front *front;
	unsigned long flags;

	local_irq_save(flags);
	front = this_cpu_ptr(arena->fronts);
	arena_front_push(front, chunk);
	if (front->depth > arena->depth_max)
		arena_front_shed(arena, front);
	local_irq_restore(flags);
}

/**
 * arena_chunk_parked() - something has come back of a chunk that nobody has
 * @arena: an open arena
 * @chunk: the chunk
 *
 * Puts it on a list if that is worth it.
 *
 * Context: any context but NMI.
 */
void arena_chunk_parked(struct arena *arena, struct arena_chunk *chunk)
{
	s64 back = atomic64_read(&chunk->back);

	do {
		if (back < 0 || !arena_worth(back))
			return;
	} while (!atomic64_try_cmpxchg(&chunk->back, &back, back | ARENA_HELD));
	arena_chunk_back(arena, chunk);
}

/**
 * arena_free_across() - arena_free() for a range in more than one quarter
 * @arena: an open arena
 * @offset: where the range begins, from the arena's first address
 * @bytes: its length
 *
 * Context: any context but NMI.
 */
void arena_free_across(struct arena *arena, u64 offset, u64 bytes)
{
	bytes = ALIGN(bytes, 1ULL << arena->granule_lg2);
	if (WARN_ON_ONCE(bytes > arena->bytes - offset))
		return;

	while (bytes) {
		u32 in_chunk = offset & (arena->chunk_bytes - 1);
		u64 n = min_t(u64, bytes, arena->chunk_bytes - in_chunk);
		struct arena_chunk *chunk =
			arena_chunk(arena, offset >> arena->chunk_lg2);

		/* A full barrier, see arena_free(). */
		if (!atomic64_add_negative(arena_counts(arena, offset, n),
					   &chunk->back))
			arena_chunk_parked(arena, chunk);
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
	struct arena_chunk *chunk;

	while ((chunk = arena_front_pop(arena, front)))
		arena_push(arena, chunk);
	arena_front_park(arena, front);
}
