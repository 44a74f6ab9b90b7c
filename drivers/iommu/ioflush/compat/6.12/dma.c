// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: operations of the DMA API whose shape is that of Linux 6.12
 */
#include "../../dma/internal.h"

/**
 * iodma_deferred_map_page() - &dma_map_ops.map_page of a device that is to be attached
 * @dev: the device
 * @page: first page
 * @offset: where the buffer begins in it
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: process context; elsewhere it fails.
 * Return: see iodma_map_page(); DMA_MAPPING_ERROR also if it is not attached.
 */
dma_addr_t iodma_deferred_map_page(struct device *dev, struct page *page,
				   unsigned long offset, size_t size,
				   enum dma_data_direction dir,
				   unsigned long attrs)
{
	const struct dma_map_ops *ops = iodma_arrive(dev);

	return ops ? ops->map_page(dev, page, offset, size, dir, attrs) :
		     DMA_MAPPING_ERROR;
}

/**
 * iodma_deferred_map_resource() - &dma_map_ops.map_resource of such a device
 * @dev: the device
 * @phys: first byte of device memory
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: process context; elsewhere it fails.
 * Return: see iodma_map_resource(); DMA_MAPPING_ERROR also if it is not attached.
 */
dma_addr_t iodma_deferred_map_resource(struct device *dev, phys_addr_t phys,
				       size_t size, enum dma_data_direction dir,
				       unsigned long attrs)
{
	const struct dma_map_ops *ops = iodma_arrive(dev);

	return ops ? ops->map_resource(dev, phys, size, dir, attrs) :
		     DMA_MAPPING_ERROR;
}
