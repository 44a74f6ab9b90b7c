// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what drivers may ask of the DMA API
 */
#include "internal.h"

/**
 * iodma_supported() - &dma_map_ops.dma_supported
 * @dev: the device
 * @mask: which addresses it can express
 *
 * Context: process context.
 * Return: whether there is an address for it: page 0 is not handed out.
 */
int iodma_supported(struct device *dev, u64 mask)
{
	struct iodom *dom = iodma_domain(dev);
	u64 first;

	if (!dom)
		return false;
	first = max_t(u64, PAGE_ALIGN(dom->domain.geometry.aperture_start),
		      PAGE_SIZE);
	return iodma_limit(dev, mask) >= first + PAGE_SIZE - 1;
}

/**
 * iodma_get_required_mask() - &dma_map_ops.get_required_mask
 * @dev: the device
 *
 * Memory anywhere is mapped to where the device can reach it, so that 32 bits
 * are plenty.
 *
 * Context: any context.
 * Return: the mask.
 */
u64 iodma_get_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(32);
}

/**
 * iodma_get_merge_boundary() - &dma_map_ops.get_merge_boundary
 * @dev: the device
 *
 * Context: any context.
 * Return: mask of what entries of a scatterlist have to be aligned to for
 *	becoming one segment.
 */
unsigned long iodma_get_merge_boundary(struct device *dev)
{
	return PAGE_SIZE - 1;
}
