/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: copies in slots, and the copy that this machine makes fastest
 */
#ifndef _IOFLUSH_DMA_SLOT_COPY_H
#define _IOFLUSH_DMA_SLOT_COPY_H

#include <linux/dma-mapping.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/types.h>

#include "slot.h"

/* Is what memcpy() is; of what it returns nobody makes use. */
DECLARE_STATIC_CALL(ioslot_copy_call, memcpy);

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

/* Is a buffer to be copied? @pool may be NULL. */
static __always_inline bool ioslot_wants(const struct ioslot_pool *pool,
					 size_t size,
					 enum dma_data_direction dir)
{
	/* Of no bytes none. */
	return pool && size - 1 < READ_ONCE(pool->limit[dir]);
}

/* slot.c */
dma_addr_t ioslot_map(struct ioslot_pool *pool, const void *buf, size_t size,
		      unsigned int align_mask, enum dma_data_direction dir);
void ioslot_unmap_copy(struct ioslot_pool *pool, struct ioslot_page *page,
		       unsigned long *word, u32 offset, size_t size);
void ioslot_unmap(struct ioslot_pool *pool, dma_addr_t iova, size_t size,
		  unsigned long attrs);
void ioslot_sync_for_cpu(struct ioslot_pool *pool, dma_addr_t iova, size_t size,
			 enum dma_data_direction dir);
void ioslot_sync_for_device(struct ioslot_pool *pool, dma_addr_t iova,
			    size_t size, enum dma_data_direction dir);

/* slot_copy.c */
void ioslot_copy_choose(void);
void ioslot_measure(struct ioslot_pool *pool, struct device *dev);
int ioslot_set_limit(struct ioslot_pool *pool, struct device *dev, int bytes);

/* unsynced.c */
bool ioslot_is_unsynced(const struct device *dev);

/* Where in the driver's buffer a byte of the copy comes from. */
static __always_inline void *ioslot_buffer(const struct ioslot_page *page,
					   unsigned long word, u32 offset)
{
	return (void *)(word + (offset & (BIT(page->lg2) - 1)));
}

/* A word that links is an offset in the range; no buffer is at such an address. */
static __always_inline bool ioslot_in_use(const struct ioslot_pool *pool,
					  unsigned long word)
{
	return word >= pool->bytes;
}

/* Of so many bytes, those that are in the mapping: a driver names more than it mapped. */
static inline size_t ioslot_within(struct ioslot_page *page, u32 offset,
				   size_t size)
{
	const size_t in_slot = offset & (BIT(page->lg2) - 1);
	const size_t end = *ioslot_end(page, offset);

	if (!WARN_ON_ONCE(in_slot + size > end))
		return size;
	return in_slot < end ? end - in_slot : 0;
}

static __always_inline enum dma_data_direction
ioslot_dir(const struct ioslot_page *page)
{
	return page->dir;
}

/**
 * __ioslot_unmap() - copy back what the device has written, and give a slot back
 * @pool: the pool
 * @iova: as returned by ioslot_map()
 * @size: as given to it
 * @attrs: DMA_ATTR_*; with DMA_ATTR_SKIP_CPU_SYNC nothing is copied
 *
 * Context: any context.
 */
static __always_inline void __ioslot_unmap(struct ioslot_pool *pool,
					   dma_addr_t iova, size_t size,
					   unsigned long attrs)
{
	const u32 offset = iova - pool->base;
	struct ioslot_page *page = ioslot_page_of(pool, offset);
	unsigned long *word;

	/* A driver unmaps what is not mapped, or not any more. */
	if (WARN_ON_ONCE(!page))
		return;
	word = ioslot_word(page, offset);
	if (WARN_ON_ONCE(!ioslot_in_use(pool, *word)))
		return;
	if (ioslot_dir(page) != DMA_TO_DEVICE &&
	    !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		ioslot_unmap_copy(pool, page, word, offset, size);
	else
		ioslot_give(pool, page, word, offset & ~(BIT(page->lg2) - 1));
}

#endif /* _IOFLUSH_DMA_SLOT_COPY_H */
