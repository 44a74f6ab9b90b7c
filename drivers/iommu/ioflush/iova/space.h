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
 * enum iospace_arena_state - where a space is with its arena
 * @IOSPACE_ARENA_NONE: the space has not needed one yet
 * @IOSPACE_ARENA_BUSY: somebody is opening it, or is reserving addresses
 * @IOSPACE_ARENA_OPEN: it hands out addresses
 * @IOSPACE_ARENA_NO_ROOM: there is no room for one, for good
 */
enum iospace_arena_state {
	IOSPACE_ARENA_NONE,
	IOSPACE_ARENA_BUSY,
	IOSPACE_ARENA_OPEN,
	IOSPACE_ARENA_NO_ROOM,
};

/**
 * struct iospace - bus addresses of one domain
 * @arena: for streaming mappings
 * @granule_mask: granule size less one
 * @first: first address that may be handed out
 * @last: last address that may be handed out
 * @tree: the kernel's allocator, for all else; the arena is one allocation in
 *	it
 * @arena_state: enum iospace_arena_state; who moves it to
 *	IOSPACE_ARENA_BUSY may reserve addresses and open the arena
 * @arena_misses: see struct iospace_stats
 * @tree_allocs: allocations made from @tree
 * @tree_out: allocations from @tree that are out
 * @cpuhp: instance of the CPU hotplug state
 */
struct iospace {
	struct arena arena;
	u64 granule_mask;
	u64 first;
	u64 last;
	struct iova_domain tree;
	atomic_t arena_state;
	atomic_long_t arena_misses;
	atomic_long_t tree_allocs;
	atomic_long_t tree_out;
	struct hlist_node cpuhp;
};

#endif /* _IOFLUSH_IOVA_SPACE_H */
