/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: bus addresses for mappings that soon go again
 *
 * An arena is one range of bus addresses, cut into chunks. A CPU owns one
 * chunk at a time and hands out its pieces by moving an offset, so that what
 * is mapped one after the other lies side by side. Pieces come back in any
 * order, on any CPU, and several neighbours in one go.
 *
 * A chunk counts the bytes that are not free for its next round:
 *
 *	taken by a CPU		out = chunk_bytes + 1, the 1 for its owner
 *	a piece handed out	nothing: its bytes are counted already
 *	pieces freed		out -= their bytes
 *	given up by its owner	out -= what was never handed out + 1
 *
 * Whoever brings the count to 0 has the chunk to itself and puts it on a free
 * list. Handing out thus needs no atomic operation, and a chunk that is pinned
 * by one long-lived piece is found again when that piece comes back.
 */
#ifndef _IOFLUSH_IOVA_ARENA_H
#define _IOFLUSH_IOVA_ARENA_H

#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/** ARENA_BYTES_LG2 - log2 of the size of the largest arena */
#define ARENA_BYTES_LG2 30

/**
 * ARENA_CHUNK_LG2 - log2 of the number of granules in a chunk
 *
 * Of the instructions of a map and unmap, chunks of a quarter of this size add
 * 1 % at 4 KiB and 16 % at 64 KiB, and chunks of four times the size save 2 %
 * at 64 KiB only, but go through four times as many leaf entries.
 */
#define ARENA_CHUNK_LG2 7

/** ARENA_PIECE_LG2 - log2 of the largest piece, in granules */
#define ARENA_PIECE_LG2 (ARENA_CHUNK_LG2 - 2)

/** ARENA_CHUNKS_MIN - an arena of fewer chunks is not worth having */
#define ARENA_CHUNKS_MIN 16

/**
 * struct arena_chunk - what is known of one chunk
 * @out: bytes that are out, see above; ARENA_BARRED for a chunk that must
 *	never be handed out
 * @next: on a CPU's or on the arena's list of free chunks
 */
struct arena_chunk {
	atomic_t out;
	struct arena_chunk *next;
};

/** ARENA_BARRED - value of a chunk's count that keeps it out of use */
#define ARENA_BARRED (-1)

/**
 * struct arena_front - one CPU's part of an arena
 * @next: where the next piece begins
 * @left: bytes from there to the end of the chunk
 * @depth: number of chunks on @free
 * @chunk: the chunk that pieces are cut from, or NULL
 * @free: chunks for this CPU's next use, the last one to come back first: its
 *	leaf tables are the likeliest to be in the CPU's cache
 * @allocs: pieces handed out
 *
 * Used by its CPU with interrupts off, and by CPU hotplug once the CPU is
 * dead.
 */
struct arena_front {
	u64 next;
	u32 left;
	u32 depth;
	struct arena_chunk *chunk;
	struct arena_chunk *free;
	unsigned long allocs;
};

/**
 * struct arena - a range of bus addresses cut into chunks
 * @base: first address
 * @bytes: length; 0 until the arena is open. Written with release ordering
 *	after @base
 * @last: last address; U64_MAX until the arena is open, so that no limit is
 *	taken for one that its addresses keep
 * @piece_bytes: the largest piece
 * @chunk_bytes: length of a chunk
 * @chunk_lg2: its log2
 * @depth_max: free chunks that a CPU may keep to itself
 * @chunks: one a chunk
 * @fronts: one a CPU
 * @lock: protects all below
 * @free: chunks that no CPU keeps
 * @fresh: chunks from this index on have never been used
 * @nr_chunks: number of chunks
 * @nr_free: number of chunks on @free
 * @nr_barred: number of chunks below @fresh that are barred
 */
struct arena {
	u64 base;
	u64 bytes;
	u64 last;
	u32 piece_bytes;
	u32 chunk_bytes;
	u8 chunk_lg2;
	u32 depth_max;
	struct arena_chunk *chunks;
	struct arena_front __percpu *fronts;
	raw_spinlock_t lock;
	struct arena_chunk *free;
	u32 fresh;
	u32 nr_chunks;
	u32 nr_free;
	u32 nr_barred;
};

int arena_init(struct arena *arena, u8 granule_lg2);
void arena_exit(struct arena *arena);
void arena_open(struct arena *arena, u64 base, u64 bytes, bool apart);
int arena_bar(struct arena *arena, u64 first, u64 last);
u64 arena_alloc(struct arena *arena, u32 bytes, u32 align);
void arena_chunk_back(struct arena *arena, struct arena_chunk *chunk);
void arena_free_across(struct arena *arena, u64 offset, u64 bytes);
void arena_front_retire(struct arena *arena, struct arena_front *front);
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
static inline u64 arena_cut(struct arena *arena, u32 bytes)
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
 * arena_free() - take back what arena_alloc() handed out
 * @arena: an open arena
 * @offset: where it begins, from the arena's first address
 * @bytes: its length: that of one piece, or of several that are neighbours
 *
 * Context: any context but NMI.
 */
static inline void arena_free(struct arena *arena, u64 offset, u64 bytes)
{
	struct arena_chunk *chunk = &arena->chunks[offset >> arena->chunk_lg2];
	u32 in_chunk = offset & (arena->chunk_bytes - 1);

	if (unlikely(in_chunk + bytes > arena->chunk_bytes)) {
		arena_free_across(arena, offset, bytes);
		return;
	}
	/*
	 * A full barrier: all that was done with these addresses is done
	 * before they are handed out again.
	 */
	if (unlikely(atomic_sub_and_test(bytes, &chunk->out)))
		arena_chunk_back(arena, chunk);
}

#endif /* _IOFLUSH_IOVA_ARENA_H */
