/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: copies in slots, and the copy that this machine makes fastest
 */
#ifndef _IOFLUSH_DMA_SLOT_COPY_H
#define _IOFLUSH_DMA_SLOT_COPY_H

#include <linux/dma-mapping.h>
#include <linux/static_call.h>
#include <linux/types.h>

#include "slot.h"

typedef void ioslot_copy_fn(void *to, const void *from, size_t bytes);

ioslot_copy_fn ioslot_copy_arch;

DECLARE_STATIC_CALL(ioslot_copy_call, ioslot_copy_arch);

/* Copy at least one byte; the two do not overlap. */
static __always_inline void ioslot_copy(void *to, const void *from,
					size_t bytes)
{
	static_call(ioslot_copy_call)(to, from, bytes);
}

/* Where a byte of the range lies for the CPU. */
static __always_inline void *ioslot_memory(const struct ioslot_page *page,
					   u32 offset)
{
	return page->memory + offset_in_page(offset);
}

/**
 * ioslot_fill() - copy a buffer to the slot that has been taken for it
 * @pool: the pool
 * @offset: where in the pool's range
 * @buf: the buffer
 * @size: its length
 *
 * Context: any context.
 * Return: the device's address of the copy.
 */
static __always_inline dma_addr_t ioslot_fill(struct ioslot_pool *pool,
					      u32 offset, const void *buf,
					      size_t size)
{
	const dma_addr_t iova = pool->base + offset;

	ioslot_copy(ioslot_memory(ioslot_page_of(pool, offset), offset), buf,
		    size);
	return iova;
}

/* Is a buffer of a strict domain to be copied? @pool may be NULL. */
static __always_inline bool ioslot_wants(const struct ioslot_pool *pool,
					 size_t size,
					 enum dma_data_direction dir)
{
	return pool && size <= READ_ONCE(pool->limit[dir]);
}

/* slot.c */
dma_addr_t ioslot_map(struct ioslot_pool *pool, const void *buf, size_t size,
		      unsigned int align_mask, enum dma_data_direction dir);
void ioslot_unmap(struct ioslot_pool *pool, dma_addr_t iova, size_t size,
		  unsigned long attrs);
void ioslot_sync_for_cpu(struct ioslot_pool *pool, dma_addr_t iova,
			 size_t size);
void ioslot_sync_for_device(struct ioslot_pool *pool, dma_addr_t iova,
			    size_t size);

/* slot_copy.c */
void ioslot_copy_choose(void);
void ioslot_measure(struct ioslot_pool *pool);
int ioslot_set_limit(struct ioslot_pool *pool, int bytes);

#endif /* _IOFLUSH_DMA_SLOT_COPY_H */
