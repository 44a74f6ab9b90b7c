/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: who owns which bus address
 *
 * A space hands out I/O virtual addresses (IOVAs). Small streaming mappings
 * come from an arena cut into chunks, each chunk in the hands of one CPU, so
 * that what a CPU maps in a row has neighbouring addresses: what it unmaps
 * later merges into few ranges and shares leaf tables. All else comes from
 * the kernel's own allocator in drivers/iommu/iova.c.
 */
#ifndef _LINUX_IOFLUSH_IOVA_H
#define _LINUX_IOFLUSH_IOVA_H

#include <linux/iova.h>
#include <linux/types.h>

struct iospace;

/**
 * enum iospace_kind - what an allocation is for
 * @IOSPACE_STREAMING: a mapping that soon goes again: dma_map_*()
 * @IOSPACE_LASTING: a mapping that stays and wants the alignment of its size:
 *	dma_alloc_*(), dma_map_resource()
 */
enum iospace_kind {
	IOSPACE_STREAMING,
	IOSPACE_LASTING,
};

/**
 * struct iospace_arena_stats - what an arena has done since its space was made
 * @base: its first address
 * @bytes: its length; 0 while there is none
 * @chunk_bytes: length of one of its chunks
 * @chunks: how many it may use
 * @chunks_used: how many of them a CPU hands out, or have ranges that have not
 *	been given back
 * @allocs: allocations from it
 */
struct iospace_arena_stats {
	u64 base;
	u64 bytes;
	u32 chunk_bytes;
	u32 chunks;
	u32 chunks_used;
	unsigned long allocs;
};

/**
 * struct iospace_stats - what a space has done since it was made
 * @small: the arena for short lengths
 * @large: the arena for longer ones
 * @high_small: as @small, above 4 GiB
 * @high_large: as @large, above 4 GiB
 * @wide: whether those who reach above 4 GiB do not try below first
 * @arena_misses: allocations for which an arena would have been the right place
 *	but was used up, out of the device's reach or not there
 * @tree_allocs: allocations from the kernel's allocator
 * @tree_out: how many of those have not been given back
 */
struct iospace_stats {
	struct iospace_arena_stats small;
	struct iospace_arena_stats large;
	struct iospace_arena_stats high_small;
	struct iospace_arena_stats high_large;
	bool wide;
	unsigned long arena_misses;
	unsigned long tree_allocs;
	unsigned long tree_out;
};

int iospace_setup(void);
void iospace_teardown(void);
struct iospace *iospace_create(u64 first, u64 last);
void iospace_destroy(struct iospace *space);
void iospace_go_wide(struct iospace *space);
int iospace_reserve(struct iospace *space, u64 first, u64 last);
dma_addr_t iospace_alloc(struct iospace *space, size_t bytes, u64 limit,
			 enum iospace_kind kind);
void iospace_free(struct iospace *space, dma_addr_t iova, size_t bytes);
void iospace_quarantine(struct iospace *space, u64 first, u64 last);
bool iospace_is_quarantined(const struct iospace *space, u64 iova,
			    size_t bytes);
bool iospace_mergeable(const struct iospace *space, dma_addr_t iova);
u64 iospace_merge_limit(const struct iospace *space, dma_addr_t iova);
void iospace_get_stats(struct iospace *space, struct iospace_stats *stats);

#endif /* _LINUX_IOFLUSH_IOVA_H */
