/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the part of copied.c that most maps take
 */
#ifndef _IOFLUSH_DMA_COPIED_H
#define _IOFLUSH_DMA_COPIED_H

#include <linux/memremap.h>

#include "internal.h"
#include "slot_copy.h"

/* Whether a buffer can be copied, however long that takes. */
static __always_inline bool ioslot_may(const struct ioslot_pool *pool,
				       struct device *dev, struct page *page,
				       unsigned long attrs)
{
	return !(attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_PRIVILEGED |
			  IODMA_ATTR_NO_COPY)) &&
	       iodma_limit(dev, iodma_mask(dev)) >= pool->last &&
	       !is_zone_device_page(page);
}

static __always_inline unsigned int iodma_align_mask(struct device *dev)
{
	return dma_get_min_align_mask(dev) | IOSLOT_ALIGN_MASK;
}

/**
 * iodma_map_small() - map a buffer by a copy, or precisely if that cannot be
 * @pool: slots of the device's domain
 * @dev: a device in a group, trusted and coherent
 * @page: first page
 * @offset: where the buffer begins in it
 * @size: length, at least 1, and not of whole pages
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * All that is not for this CPU's free slots is left to another function, so that
 * this one needs few registers.
 *
 * Context: any context; waits for hardware as iodma_map_page() does.
 * Return: the device's address, or DMA_MAPPING_ERROR.
 */
static __always_inline dma_addr_t
iodma_map_small(struct ioslot_pool *pool, struct device *dev, struct page *page,
		unsigned long offset, size_t size, enum dma_data_direction dir,
		unsigned long attrs)
{
	const unsigned int align_mask = iodma_align_mask(dev);
	const void *buf = page_address(page) + offset;
	const u32 part = (unsigned long)buf & align_mask;
	const size_t bytes = ioslot_bytes(part, size, align_mask);
	u32 slot;

	if (likely(bytes <= IOSLOT_MAX_BYTES &&
		   ioslot_may(pool, dev, page, attrs))) {
		slot = ioslot_take_fast(pool, ioslot_kind(bytes, dir),
					buf - part, part + size);
		if (likely(slot))
			return ioslot_fill(pool, slot + part, buf, size);
	}
	return iodma_map_small_slow(dev, page, offset, size, dir, attrs);
}

#endif /* _IOFLUSH_DMA_COPIED_H */
