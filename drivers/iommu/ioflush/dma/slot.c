// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: small buffers are copied to slots
 *
 * To map is to take a slot and copy the buffer there, to unmap is to copy back what
 * the device may have written and give the slot back. No translation changes, so
 * there is nothing to invalidate and nobody waits; and the device never sees what
 * else is in the buffer's page. An access that comes after the unmap is not stopped
 * as it is in a page that was unmapped: it hits the slot, or the next copy there.
 *
 * The buffer is copied in whatever its direction is. A device may write less than the
 * driver has room for, and what it leaves out has to stay what it was: the slot still
 * holds what somebody else was sent before.
 *
 * Between map and unmap the copy is the device's, and the driver says with
 * dma_sync_*() when it wants to see or change a part. Nothing else is copied then.
 */
#include "internal.h"
#include "slot_copy.h"

/**
 * ioslot_map() - copy a buffer to a slot
 * @pool: the pool
 * @buf: the buffer
 * @size: its length, at least 1
 * @align_mask: bits of the buffer's address that the copy's has to have, too;
 *	IOSLOT_ALIGN_MASK or more
 * @dir: direction
 *
 * Context: any context.
 * Return: the device's address of the copy, or DMA_MAPPING_ERROR: it is too long, or
 *	there is no slot.
 */
dma_addr_t ioslot_map(struct ioslot_pool *pool, const void *buf, size_t size,
		      unsigned int align_mask, enum dma_data_direction dir)
{
	const u32 part = (unsigned long)buf & align_mask;
	const size_t bytes = ioslot_bytes(part, size, align_mask);
	unsigned int kind;
	u32 slot;

	if (bytes > IOSLOT_MAX_BYTES)
		return DMA_MAPPING_ERROR;
	kind = ioslot_kind(bytes, dir);
	slot = ioslot_take_fast(pool, kind, buf - part, part + size) ?:
	       ioslot_take_slow(pool, kind, buf - part, part + size);
	if (!slot)
		return DMA_MAPPING_ERROR;
	return ioslot_fill(pool, slot + part, buf, size);
}

/**
 * ioslot_unmap_copy() - copy back what the device has written, and give a slot back
 * @pool: the pool
 * @page: the slot's page
 * @word: the slot's word
 * @offset: where in the pool's range the copy is
 * @size: its length
 *
 * Context: any context.
 */
noinline void ioslot_unmap_copy(struct ioslot_pool *pool,
				struct ioslot_page *page, unsigned long *word,
				u32 offset, size_t size)
{
	size = ioslot_within(page, offset, size);
	ioslot_copy(ioslot_buffer(page, *word, offset),
		    ioslot_memory(page, offset), size);
	ioslot_give(pool, page, word, offset & ~(BIT(page->lg2) - 1));
}

/**
 * ioslot_unmap() - __ioslot_unmap() for those who do not mind a call
 * @pool: the pool
 * @iova: as returned by ioslot_map()
 * @size: as given to it
 * @attrs: DMA_ATTR_*
 *
 * Context: any context.
 */
void ioslot_unmap(struct ioslot_pool *pool, dma_addr_t iova, size_t size,
		  unsigned long attrs)
{
	__ioslot_unmap(pool, iova, size, attrs);
}

/* Where in a driver's buffer a part of a mapping lies, or NULL. */
static void *ioslot_part(struct ioslot_pool *pool, struct ioslot_page *page,
			 u32 offset)
{
	unsigned long word;

	if (WARN_ON_ONCE(!page))
		return NULL;
	word = *ioslot_word(page, offset);
	return WARN_ON_ONCE(!ioslot_in_use(pool, word)) ?
	       NULL : ioslot_buffer(page, word, offset);
}

/**
 * ioslot_sync_for_cpu() - show the driver what the device has written
 * @pool: the pool
 * @iova: first byte, anywhere in a mapping
 * @size: how much of it
 * @dir: what the driver says that the device did. If it only read, there is nothing
 *
 * Context: any context.
 */
void ioslot_sync_for_cpu(struct ioslot_pool *pool, dma_addr_t iova, size_t size,
			 enum dma_data_direction dir)
{
	const u32 offset = iova - pool->base;
	struct ioslot_page *page = ioslot_page_of(pool, offset);
	void *buf = ioslot_part(pool, page, offset);

	if (buf && dir != DMA_TO_DEVICE && ioslot_dir(page) != DMA_TO_DEVICE)
		ioslot_copy(buf, ioslot_memory(page, offset),
			    ioslot_within(page, offset, size));
}

/**
 * ioslot_sync_for_device() - show the device what the driver has written
 * @pool: the pool
 * @iova: first byte, anywhere in a mapping
 * @size: how much of it
 * @dir: what the driver says that the device will do. If it only writes, there is
 *	nothing: drivers call this for a buffer that they have looked at too early,
 *	and what the device is writing there has to stay
 *
 * Context: any context.
 */
void ioslot_sync_for_device(struct ioslot_pool *pool, dma_addr_t iova,
			    size_t size, enum dma_data_direction dir)
{
	const u32 offset = iova - pool->base;
	struct ioslot_page *page = ioslot_page_of(pool, offset);
	void *buf = ioslot_part(pool, page, offset);

	if (buf && dir != DMA_FROM_DEVICE && ioslot_dir(page) != DMA_FROM_DEVICE)
		ioslot_copy(ioslot_memory(page, offset), buf,
			    ioslot_within(page, offset, size));
}
