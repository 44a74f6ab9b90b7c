// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: hands mapped buffers between CPU and device
 *
 * Only careful devices need it: those that are not coherent, and those whose
 * buffers may have been bounced.
 */
#include <linux/scatterlist.h>
#include <linux/swiotlb.h>

#include "compat-cache.h"
#include "internal.h"
#include "slot_copy.h"

/* What a mapping translates to; 0 where there is nothing to hand over. */
static phys_addr_t iodma_phys(struct device *dev, dma_addr_t iova, size_t size)
{
	struct iodom *dom = iodma_domain(dev);

	/* Copies are dealt with elsewhere. */
	if (dom && ioslot_holds(iodma_pool(dom), iova))
		return 0;
	/* Cache maintenance rounds a range without bytes up to a line. */
	return dom && size ? iopgt_iova_to_phys(&dom->pgt, iova) : 0;
}

/**
 * iodma_sync_single_for_cpu() - &dma_map_ops.sync_single_for_cpu
 * @dev: the device
 * @iova: first byte, anywhere in a mapping
 * @size: length
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_sync_single_for_cpu(struct device *dev, dma_addr_t iova,
			       size_t size, enum dma_data_direction dir)
{
	phys_addr_t phys = iodma_phys(dev, iova, size);

	iodma_copied_for_cpu(dev, iova, size, dir);
	if (!phys)
		return;
	if (!dev_is_dma_coherent(dev)) {
		arch_sync_dma_for_cpu(phys, size, dir);
		ioflush_cache_done();
	}
	swiotlb_sync_single_for_cpu(dev, phys, size, dir);
}

/**
 * iodma_sync_single_for_device() - &dma_map_ops.sync_single_for_device
 * @dev: the device
 * @iova: first byte, anywhere in a mapping
 * @size: length
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_sync_single_for_device(struct device *dev, dma_addr_t iova,
				  size_t size, enum dma_data_direction dir)
{
	phys_addr_t phys = iodma_phys(dev, iova, size);

	iodma_copied_for_device(dev, iova, size, dir);
	if (!phys)
		return;
	swiotlb_sync_single_for_device(dev, phys, size, dir);
	if (!dev_is_dma_coherent(dev)) {
		arch_sync_dma_for_device(phys, size, dir);
		ioflush_cache_done();
	}
}

/**
 * iodma_sync_sg_for_cpu() - &dma_map_ops.sync_sg_for_cpu
 * @dev: the device
 * @sgl: a mapped list
 * @nents: its length when it was mapped
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	if (sg_dma_is_swiotlb(sgl)) {
		iodma_sync_each(dev, sgl, nents, dir,
				iodma_sync_single_for_cpu);
	} else if (!dev_is_dma_coherent(dev)) {
		for_each_sg(sgl, s, nents, i)
			if (s->length)
				arch_sync_dma_for_cpu(sg_phys(s), s->length,
						      dir);
		ioflush_cache_done();
	}
}

/**
 * iodma_sync_sg_for_device() - &dma_map_ops.sync_sg_for_device
 * @dev: the device
 * @sgl: a mapped list, or one that is about to be
 * @nents: its length
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl,
			      int nents, enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	if (sg_dma_is_swiotlb(sgl)) {
		iodma_sync_each(dev, sgl, nents, dir,
				iodma_sync_single_for_device);
	} else if (!dev_is_dma_coherent(dev)) {
		for_each_sg(sgl, s, nents, i)
			if (s->length)
				arch_sync_dma_for_device(sg_phys(s), s->length,
							 dir);
		ioflush_cache_done();
	}
}
