/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: bus addresses for mappings that soon go again
 *
 * An arena is one range of bus addresses, cut into chunks. A CPU owns one
 * chunk at a time and hands out its pieces by moving an offset, so that what
 * is mapped one after the other lies side by side. Pieces come back in any
 * order, on any CPU, and several neighbours in one go.
 *
 * A chunk has four quarters, and one word that counts for each of them the
 * granules that are free for its next round:
 *
 *	a quarter taken by a CPU	none
 *	a piece handed out		no change: it is not counted anyway
 *	pieces freed			as many more
 *	what a CPU leaves of a quarter	as many more
 *
 * A quarter of which all is back is handed out again, whatever is still out of
 * the others, so that one long-lived piece pins a quarter and not a chunk.
 * Handing out needs no atomic operation, and giving back one.
 *
 * The word's topmost bit says that somebody has the chunk: the CPU that hands it
 * out, or a list that it is on. All others only add. A CPU that is done with
 * a chunk clears the bit; from then on whoever gives something back looks how
 * many quarters are free, and who sets the bit again has the chunk to itself and
 * puts it on a list. Chunks with less to offer are on no list and cost nothing,
 * however many there are.
 */
#ifndef _IOFLUSH_IOVA_ARENA_H
#define _IOFLUSH_IOVA_ARENA_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * ARENA_CHUNK_LG2 - log2 of the number of granules in a chunk
 *
 * Of the instructions of a map and unmap, chunks of a quarter of this size add
 * 1 % at 4 KiB and 16 % at 64 KiB, and chunks of four times the size save 2 %
 * at 64 KiB only, but go through four times as many leaf entries.
 */
#define ARENA_CHUNK_LG2 7

/** ARENA_QUARTERS_LG2 - log2 of the number of quarters in a chunk */
#define ARENA_QUARTERS_LG2 2

/** ARENA_QUARTERS - the number of quarters in a chunk */
#define ARENA_QUARTERS BIT(ARENA_QUARTERS_LG2)

/**
 * ARENA_PIECE_LG2 - log2 of the largest piece, in granules
 *
 * It is a quarter, so that any quarter has room for any piece.
 */
#define ARENA_PIECE_LG2 (ARENA_CHUNK_LG2 - ARENA_QUARTERS_LG2)

/** ARENA_BLOCK_LG2 - log2 of the number of chunks that get memory together */
#define ARENA_BLOCK_LG2 8

/** ARENA_CHUNKS_MIN - an arena of fewer chunks is not worth having */
#define ARENA_CHUNKS_MIN 16

/** ARENA_COUNT_LG2 - log2 of the bits that count one quarter */
#define ARENA_COUNT_LG2 4

/**
 * ARENA_FULL - the bits of a chunk's word that say that all of a quarter is back
 *
 * No other count has that bit.
 */
#define ARENA_FULL (0x0001000100010001ULL << ARENA_PIECE_LG2)

/** ARENA_HELD - this bit of a chunk's word says that somebody has the chunk */
#define ARENA_HELD BIT_ULL(63)

/**
 * struct arena_chunk - what is known of one chunk
 * @back: granules of each quarter that are free, see above, and ARENA_HELD; or
 *	ARENA_BARRED for a chunk that must never be handed out
 * @nr: its number in the arena
 * @next: the chunk behind it on a list: its number + 1, or 0
 */
struct arena_chunk {
	atomic64_t back;
	u32 nr;
	u32 next;
};

/** ARENA_BARRED - value of a chunk's word that keeps it out of use */
#define ARENA_BARRED (-1LL)

/**
 * struct arena_list - chunks that are free, or some quarters of them
 * @first: number of the first one + 1, or 0
 */
struct arena_list {
	u32 first;
};

/**
 * struct arena_front - one CPU's part of an arena
 * @next: where the next piece begins
 * @left: bytes from there to the end of the quarters that are handed out
 * @chunk: the chunk that pieces are cut from, or NULL
 * @quarters: a bit for each quarter of the chunk that comes after them
 * @free: chunks for this CPU's next use, the last one to come back first: its
 *	leaf tables are the likeliest to be in the CPU's cache
 * @depth: number of chunks on @free
 * @skips: how many more times to do without memory for new chunks
 * @allocs: pieces handed out
 *
 * Used by its CPU with interrupts off, and by CPU hotplug once the CPU is
 * dead.
 */
struct arena_front {
	u64 next;
	u64 left;
	struct arena_chunk *chunk;
	u32 quarters;
	struct arena_list free;
	u32 depth;
	u32 skips;
	unsigned long allocs;
};

/**
 * struct arena - a range of bus addresses cut into chunks
 * @base: first address
 * @bytes: length; 0 until the arena is open. Written with release ordering
 *	after @base
 * @above: who reaches an address above this one reaches all of the arena;
 *	U64_MAX until it is open
 * @piece_bytes: the largest piece
 * @chunk_bytes: length of a chunk
 * @granule_lg2: log2 of what all lengths are a multiple of
 * @chunk_lg2: log2 of the length of a chunk
 * @depth_max: free chunks that a CPU may keep to itself
 * @first: chunks below this number are not to be used
 * @block: the chunks, in blocks that are allocated when they are needed
 * @fronts: one a CPU
 * @lock: protects all below, which is on cache lines that no map reads
 * @free: chunks that no CPU keeps
 * @fresh: chunks from this number on have never been used
 * @ready: chunks below this number have memory
 * @nr_chunks: chunks from this number on are not to be used
 */
struct arena {
	u64 base;
	u64 bytes;
	u64 above;
	u32 piece_bytes;
	u32 chunk_bytes;
	u8 granule_lg2;
	u8 chunk_lg2;
	u32 depth_max;
	u32 first;
	struct arena_chunk **block;
	struct arena_front __percpu *fronts;

	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	struct arena_list free;
	u32 fresh;
	u32 ready;
	u32 nr_chunks;
};

/* arena.c */
u64 arena_alloc(struct arena *arena, u32 bytes, u32 align);
void arena_chunk_parked(struct arena *arena, struct arena_chunk *chunk);
void arena_free_across(struct arena *arena, u64 offset, u64 bytes);
void arena_front_retire(struct arena *arena, struct arena_front *front);

/* arena_mem.c */
int arena_init(struct arena *arena, u8 granule_lg2, u64 bytes_max);
void arena_exit(struct arena *arena, bool kept);
void arena_open(struct arena *arena, u64 base, u64 bytes, bool apart);
bool arena_grow(struct arena *arena);
int arena_bar(struct arena *arena, u64 first, u64 last);
bool arena_used_up(const struct arena *arena);
u32 arena_chunks_used(struct arena *arena);
unsigned long arena_allocs(const struct arena *arena);

/**
 * arena_cut() - hand out a piece of this CPU's chunk
 * @arena: an arena, open or not
 * @bytes: its length, a multiple of the granule
 *
 * The fast path of arena_alloc(), without a call in it.
 *
 * Context: any context but NMI.
 * Return: its address, or 0 if it does not fit.
 */
static inline u64 arena_cut(struct arena *arena, u64 bytes)
{
	struct arena_front *front;
	unsigned long flags;
	u64 iova = 0;

	/* An interrupt that maps something would cut from the same chunk. */
	local_irq_save(flags);
	front = this_cpu_ptr(arena->fronts);
	if (likely(front->left >= bytes)) {
		iova = front->next;
		front->next = iova + bytes;
		front->left -= bytes;
		front->allocs++;
	}
	local_irq_restore(flags);
	return iova;
}

/**
 * arena_has() - is an address one of the arena's?
 * @arena: an arena, open or not
 * @iova: any address
 * @offset: set to the address's distance from the first one of the arena
 *
 * Context: any context.
 * Return: whether it is.
 */
static inline bool arena_has(const struct arena *arena, u64 iova, u64 *offset)
{
	/* Pairs with the release in arena_open(). */
	u64 bytes = smp_load_acquire(&arena->bytes);

	/* Until it is open, any value will do. */
	*offset = iova - READ_ONCE(arena->base);
	return *offset < bytes;
}

/**
 * arena_chunk() - a chunk by its number
 * @arena: an open arena
 * @nr: number of a chunk that has memory
 *
 * Context: any context.
 * Return: the chunk.
 */
static inline struct arena_chunk *arena_chunk(const struct arena *arena, u64 nr)
{
	return &arena->block[nr >> ARENA_BLOCK_LG2]
			    [nr & ((1U << ARENA_BLOCK_LG2) - 1)];
}

/**
 * arena_free() - take back what arena_alloc() handed out
 * @arena: an open arena
 * @granule_lg2: log2 of its granule, which the callers know
 * @offset: where it begins, from the arena's first address
 * @bytes: its length: that of one piece, or of several that are neighbours; the
 *	last may be as it was asked for
 *
 * Context: any context but NMI.
 */
static __always_inline void arena_free(struct arena *arena, u8 granule_lg2,
				       u64 offset, u64 bytes)
{
	u32 quarter_lg2 = granule_lg2 + ARENA_PIECE_LG2;
	u64 granules = (bytes + (1ULL << granule_lg2) - 1) >> granule_lg2;
	/* Where the word has the quarter's count. */
	u32 shift = offset >> (quarter_lg2 - ARENA_COUNT_LG2) &
		    ((ARENA_QUARTERS - 1) << ARENA_COUNT_LG2);
	struct arena_chunk *chunk;

	if (unlikely(((offset + bytes - 1) ^ offset) >> quarter_lg2)) {
		arena_free_across(arena, offset, bytes);
		return;
	}
	chunk = arena_chunk(arena, offset >> (granule_lg2 + ARENA_CHUNK_LG2));
	/*
	 * A full barrier: all that was done with these addresses is done
	 * before they are handed out again. The sign is ARENA_HELD.
	 */
	if (unlikely(!atomic64_add_negative(granules << shift, &chunk->back)))
		arena_chunk_parked(arena, chunk);
}

#endif /* _IOFLUSH_IOVA_ARENA_H */
