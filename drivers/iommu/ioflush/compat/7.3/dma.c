// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: operations of the DMA API whose shape is that of Linux 7.3
 */
#include "../../dma/internal.h"

/**
 * iodma_op_map_phys() - &dma_map_ops.map_phys of a trusted, coherent device
 * @dev: the device
 * @phys: first byte
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*; DMA_ATTR_MMIO of what may have no pages
 *
 * Context: see iodma_map_page().
 * Return: see iodma_map_page().
 */
dma_addr_t iodma_op_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(attrs & DMA_ATTR_MMIO))
		return iodma_map_resource(dev, phys, size, dir, attrs);
	return iodma_map_page(dev, phys_to_page(phys), offset_in_page(phys),
			      size, dir, attrs);
}

/**
 * iodma_careful_op_map_phys() - &dma_map_ops.map_phys of any device
 * @dev: the device
 * @phys: first byte
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*; DMA_ATTR_MMIO of what may have no pages
 *
 * Context: see iodma_careful_map_page().
 * Return: see iodma_careful_map_page().
 */
dma_addr_t iodma_careful_op_map_phys(struct device *dev, phys_addr_t phys,
				     size_t size, enum dma_data_direction dir,
				     unsigned long attrs)
{
	if (attrs & DMA_ATTR_MMIO)
		return iodma_map_resource(dev, phys, size, dir, attrs);
	return iodma_careful_map_page(dev, phys_to_page(phys),
				      offset_in_page(phys), size, dir, attrs);
}

/**
 * iodma_careful_op_unmap_phys() - &dma_map_ops.unmap_phys of any device
 * @dev: the device
 * @iova: as returned by iodma_careful_op_map_phys()
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*, with DMA_ATTR_MMIO where it was mapped with it
 *
 * Context: see iodma_careful_unmap_page().
 */
void iodma_careful_op_unmap_phys(struct device *dev, dma_addr_t iova,
				 size_t size, enum dma_data_direction dir,
				 unsigned long attrs)
{
	if (attrs & DMA_ATTR_MMIO)
		iodma_unmap_resource(dev, iova, size, dir, attrs);
	else
		iodma_careful_unmap_page(dev, iova, size, dir, attrs);
}

/**
 * iodma_deferred_op_map_phys() - &dma_map_ops.map_phys of a device that is to be attached
 * @dev: the device
 * @phys: first byte
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: process context; elsewhere it fails.
 * Return: see iodma_map_page(); DMA_MAPPING_ERROR also if it is not attached.
 */
dma_addr_t iodma_deferred_op_map_phys(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      unsigned long attrs)
{
	const struct dma_map_ops *ops = iodma_arrive(dev);

	return ops ? ops->map_phys(dev, phys, size, dir, attrs) :
		     DMA_MAPPING_ERROR;
}
