/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what a space of bus addresses is made of
 */
#ifndef _IOFLUSH_IOVA_SPACE_H
#define _IOFLUSH_IOVA_SPACE_H

#include <linux/iova.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "arena.h"

/**
 * enum iospace_zone_nr - below and above 4 GiB
 * @IOSPACE_LOW: for devices that do not reach farther, and for the others as
 *	long as there is room: devices and bridges that get longer addresses wrong
 *	are still about
 * @IOSPACE_HIGH: for those that do
 * @IOSPACE_ZONES: how many there are
 */
enum iospace_zone_nr {
	IOSPACE_LOW,
	IOSPACE_HIGH,
	IOSPACE_ZONES,
};

/**
 * enum iospace_part - the parts of a zone, each one allocation in the space's tree
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

/** IOSPACE_GRANULE_LG2 - log2 of what all lengths and addresses are multiples of */
#define IOSPACE_GRANULE_LG2 PAGE_SHIFT

/**
 * IOSPACE_LARGE_GRANULE_LG2 - log2 of a granule of the large arena
 *
 * Its pieces stay shorter than a block at the next level of a table: whatever
 * can use one wants the alignment, which the trees have. With pages of 64 KiB
 * what lies below 4 GiB would hold too few chunks of eight times the length.
 */
#define IOSPACE_LARGE_GRANULE_LG2 (PAGE_SHIFT + (PAGE_SHIFT < 16 ? 3 : 1))

/** IOSPACE_LOW_LG2 - log2 of the most that a part below 4 GiB may have */
#define IOSPACE_LOW_LG2 30

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
#define IOSPACE_SKIPS_MAX 65536

/**
 * IOSPACE_TREE_FEW - a CPU's allocations from the tree that do without its caches
 *
 * These are two magazines a length and CPU, 12 KiB for each CPU that the machine
 * may have, and most spaces give out no more than a few lasting ranges.
 */
#define IOSPACE_TREE_FEW 64

/**
 * struct iospace_cpu - what a CPU has of a space, besides its share of the arenas
 * @part_skips: of each part, how many of this CPU's allocations are to go by
 *	before it tries to open that again. An interrupt may take it below 0
 * @arena_misses: see struct iospace_stats
 * @tree_allocs: allocations made from the trees
 * @tree_frees: how many of all CPUs' were given back on this one
 */
struct iospace_cpu {
	int part_skips[IOSPACE_ZONES][IOSPACE_PARTS];
	unsigned long arena_misses;
	unsigned long tree_allocs;
	unsigned long tree_frees;
};

/**
 * struct iospace_longs - a tree of long ranges
 * @tree: the tree
 * @first: its first address
 * @bytes: length; 0 until it is open. Written with release ordering after @tree
 *	and @first
 */
struct iospace_longs {
	struct iova_domain tree;
	u64 first;
	u64 bytes;
};

/**
 * struct iospace_zone - the parts below or above 4 GiB
 * @arena: for streaming mappings
 * @longs: the kernel's allocator once more, for long ranges
 * @part_state: enum iospace_part_state of each part; who moves it to
 *	IOSPACE_PART_BUSY may open the part, and who moves all of both zones may
 *	reserve addresses
 * @part_skips: of each part, how many allocations were to go by when it last
 *	could not be opened; belongs to who has it in IOSPACE_PART_BUSY
 */
struct iospace_zone {
	struct arena arena[IOSPACE_ARENAS];
	struct iospace_longs longs;
	atomic_t part_state[IOSPACE_PARTS];
	int part_skips[IOSPACE_PARTS];
};

/** IOSPACE_QUARANTINE - ranges that a space keeps apart in its quarantine */
#define IOSPACE_QUARANTINE 16

/**
 * struct iospace_quarantine - addresses that may be translated for good
 * @n: how many of @range there are; it only grows. Stored with release ordering
 * @all: there were more: every address is taken for one of them
 * @lock: makes those who add take turns
 * @range: first and last address
 */
struct iospace_quarantine {
	unsigned int n;
	bool all;
	raw_spinlock_t lock; /* makes those who add take turns */
	struct {
		u64 first;
		u64 last;
	} range[IOSPACE_QUARANTINE];
};

/**
 * struct iospace - bus addresses of one domain
 * @quarantine: those that are not handed out again
 * @zone: arenas and trees of long ranges
 * @first: first address that may be handed out
 * @last: last address that may be handed out
 * @wide: who reaches above 4 GiB does not try below first. Only ever set
 * @tree: the kernel's allocator, for all else; each part is one allocation in
 *	it
 * @tree_cached: @tree has its caches. Written once, with release ordering
 * @tree_cache: gives it them
 * @kept: struct iospace_kept, allocations of any of its trees that are never given
 *	back; belongs to who has all parts in IOSPACE_PART_BUSY
 * @cpu: what each CPU has
 * @cpuhp: instance of the CPU hotplug state
 */
struct iospace {
	struct iospace_quarantine quarantine;
	struct iospace_zone zone[IOSPACE_ZONES];
	u64 first;
	u64 last;
	bool wide;
	struct iova_domain tree;
	bool tree_cached;
	struct work_struct tree_cache;
	struct list_head kept;
	struct iospace_cpu __percpu *cpu;
	struct hlist_node cpuhp;
};

/* tree.c */
void iospace_tree_cache_work(struct work_struct *work);
void iospace_tree_forget_failure(struct iova_domain *tree);
unsigned long iospace_limit_pfn(u64 limit);
bool iospace_is_long(size_t bytes);
void iospace_longs_open(struct iospace_longs *longs, u64 first, u64 bytes);
struct iospace_longs *iospace_longs_of(struct iospace *space, u64 iova);
dma_addr_t iospace_tree_alloc(struct iospace *space, size_t bytes, u64 limit);
void iospace_tree_free(struct iospace *space, dma_addr_t iova, size_t bytes);

/* reserve.c */
void iospace_reserved_forget(struct iospace *space);

/* part.c */
u64 iospace_part_bytes_max(const struct iospace *space,
			   enum iospace_zone_nr zone, enum iospace_part part);
void iospace_part_start(struct iospace *space, enum iospace_zone_nr zone,
			enum iospace_part part, u64 limit);
bool iospace_part_is(const struct iospace *space, enum iospace_zone_nr zone,
		     enum iospace_part part, enum iospace_part_state state);
bool iospace_reaches_high(const struct iospace *space, u64 limit);

#endif /* _IOFLUSH_IOVA_SPACE_H */
