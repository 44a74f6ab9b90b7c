/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what a space of bus addresses is made of
 */
#ifndef _IOFLUSH_IOVA_SPACE_H
#define _IOFLUSH_IOVA_SPACE_H

#include <linux/iova.h>
#include <linux/list.h>

#include "arena.h"

/**
 * enum iospace_part - the parts of a space, each one allocation in its tree
 * @IOSPACE_SMALL: arena for streaming mappings up to a quarter of its chunks
 * @IOSPACE_LARGE: arena for longer ones, up to a quarter of larger chunks
 * @IOSPACE_ARENAS: how many of the parts are arenas
 * @IOSPACE_LONG: a tree of what the kernel's allocator does not cache
 * @IOSPACE_PARTS: how many parts there are
 */
enum iospace_part {
	IOSPACE_SMALL,
	IOSPACE_LARGE,
	IOSPACE_ARENAS,
	IOSPACE_LONG = IOSPACE_ARENAS,
	IOSPACE_PARTS,
};

/**
 * IOSPACE_LARGE_LG2 - log2 of a granule of the large arena, in granules
 *
 * Its pieces stay shorter than a block at the next level of a table: whatever
 * can use one wants the alignment, which the trees have.
 */
#define IOSPACE_LARGE_LG2 3

/**
 * enum iospace_part_state - where a space is with one of its parts
 * @IOSPACE_PART_NONE: the space has not needed it yet, or it could not be had
 * @IOSPACE_PART_BUSY: somebody is opening it, or is reserving addresses
 * @IOSPACE_PART_OPEN: it hands out addresses
 */
enum iospace_part_state {
	IOSPACE_PART_NONE,
	IOSPACE_PART_BUSY,
	IOSPACE_PART_OPEN,
};

/**
 * IOSPACE_SKIPS_MIN - allocations that do without a part before it is tried again
 *
 * Each time that it fails they are twice as many, up to IOSPACE_SKIPS_MAX: there
 * may have been no memory for a moment, or no room for good, and nobody can tell.
 */
#define IOSPACE_SKIPS_MIN 64

/** IOSPACE_SKIPS_MAX - the most allocations that do without a part */
#define IOSPACE_SKIPS_MAX (1 << 16)

/**
 * struct iospace_cpu - what a CPU has of a space, besides its share of the arenas
 * @part_skips: of each part, how many of this CPU's allocations are to go by
 *	before it tries to open that again. An interrupt may take it below 0
 * @arena_misses: see struct iospace_stats
 * @tree_allocs: allocations made from the trees
 * @tree_frees: how many of all CPUs' were given back on this one
 */
struct iospace_cpu {
	int part_skips[IOSPACE_PARTS];
	unsigned long arena_misses;
	unsigned long tree_allocs;
	unsigned long tree_frees;
};

/**
 * struct iospace - bus addresses of one domain
 * @arena: for streaming mappings
 * @granule_mask: granule size less one
 * @granule_lg2: log2 of the granule
 * @first: first address that may be handed out
 * @last: last address that may be handed out
 * @tree: the kernel's allocator, for all else; each part is one allocation in
 *	it
 * @longs: the same once more, for long ranges
 * @long_first: first address of @longs
 * @long_bytes: their length; 0 until it is open. Written with release ordering
 *	after @longs and @long_first
 * @part_state: enum iospace_part_state of each part; who moves it to
 *	IOSPACE_PART_BUSY may open the part, and who moves all of them may
 *	reserve addresses
 * @part_skips: of each part, how many allocations were to go by when it last
 *	could not be opened; belongs to who has it in IOSPACE_PART_BUSY
 * @cpu: what each CPU has
 * @cpuhp: instance of the CPU hotplug state
 */
struct iospace {
	struct arena arena[IOSPACE_ARENAS];
	u64 granule_mask;
	u8 granule_lg2;
	u64 first;
	u64 last;
	struct iova_domain tree;
	struct iova_domain longs;
	u64 long_first;
	u64 long_bytes;
	atomic_t part_state[IOSPACE_PARTS];
	int part_skips[IOSPACE_PARTS];
	struct iospace_cpu __percpu *cpu;
	struct hlist_node cpuhp;
};

/* tree.c */
void iospace_tree_forget_failure(struct iova_domain *tree);
unsigned long iospace_limit_pfn(const struct iospace *space, u64 limit);
bool iospace_is_long(const struct iospace *space, size_t bytes);
void iospace_long_open(struct iospace *space, u64 first, u64 bytes);
bool iospace_long_has(const struct iospace *space, u64 iova);
dma_addr_t iospace_tree_alloc(struct iospace *space, size_t bytes, u64 limit);
void iospace_tree_free(struct iospace *space, dma_addr_t iova, size_t bytes);

#endif /* _IOFLUSH_IOVA_SPACE_H */
