// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: memory that is allocated mapped, and handed back and forth
 *
 * It stays cached for the CPU whatever the device is: who uses it calls
 * dma_sync_*() as for a streaming mapping. On 6.12 these functions serve
 * dma_alloc_noncontiguous(), too, which does not tell itself apart; mainline
 * allocates that within the mask of coherent memory, and dma_alloc_pages()
 * within the other. Both are kept.
 */
#include "internal.h"

/**
 * iodma_alloc_pages() - &dma_map_ops.alloc_pages_op
 * @dev: the device
 * @size: length, a multiple of the page size
 * @handle: set to the device's address
 * @dir: what the device may do
 * @gfp: how to allocate
 *
 * Context: any context that @gfp allows; may wait for hardware.
 * Return: the first page of zeroed, physically contiguous memory, or NULL.
 */
struct page *iodma_alloc_pages(struct device *dev, size_t size,
			       dma_addr_t *handle, enum dma_data_direction dir,
			       gfp_t gfp)
{
	u64 mask = min(dma_get_mask(dev), dev->coherent_dma_mask);
	struct page *page;

	if (!size)
		return NULL;
	page = iodma_block_alloc(dev, size, gfp);
	if (!page)
		return NULL;

	memset(page_address(page), 0, size);
	*handle = iodma_map_phys(dev, page_to_phys(page), size,
				 iodma_prot(dir, dev_is_dma_coherent(dev), 0),
				 mask, IOSPACE_LASTING);
	if (*handle != DMA_MAPPING_ERROR)
		return page;
	iodma_block_free(dev, page, size);
	return NULL;
}

/**
 * iodma_free_pages() - &dma_map_ops.free_pages
 * @dev: the device
 * @size: as given to iodma_alloc_pages()
 * @page: as returned by it
 * @handle: as set by it
 * @dir: as given to it
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_free_pages(struct device *dev, size_t size, struct page *page,
		      dma_addr_t handle, enum dma_data_direction dir)
{
	iodma_unmap_any(dev, handle, size);
	iodma_block_free(dev, page, size);
}
