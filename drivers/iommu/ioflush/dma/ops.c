// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the tables that the DMA API calls
 */
#include <linux/iova.h>
#include <linux/swiotlb.h>

#include "internal.h"

/**
 * iodma_max_mapping_size() - &dma_map_ops.max_mapping_size
 * @dev: the device
 *
 * Context: any context.
 * Return: length of the longest buffer that may be mapped in one piece.
 */
size_t iodma_max_mapping_size(struct device *dev)
{
	return iodma_untrusted(dev) ? swiotlb_max_mapping_size(dev) : SIZE_MAX;
}

/**
 * iodma_opt_mapping_size() - &dma_map_ops.opt_mapping_size
 *
 * Context: any context.
 * Return: length of the longest buffer that is mapped without searching a
 *	tree for addresses.
 */
size_t iodma_opt_mapping_size(void)
{
	return iova_rcache_range();
}

#define IODMA_COMMON_OPS						\
	.alloc = iodma_alloc,						\
	.free = iodma_free,						\
	.alloc_pages_op = iodma_alloc_pages,				\
	.free_pages = iodma_free_pages,					\
	.mmap = iodma_mmap,						\
	.get_sgtable = iodma_get_sgtable,				\
	.dma_supported = iodma_supported,				\
	.get_required_mask = iodma_get_required_mask,			\
	.max_mapping_size = iodma_max_mapping_size,			\
	.opt_mapping_size = iodma_opt_mapping_size,			\
	.get_merge_boundary = iodma_get_merge_boundary

/* A device of these may have copies, and nothing else to be synchronised. */
const struct dma_map_ops iodma_ops = {
	IODMA_COMMON_OPS,
	IODMA_MAP_OPS(iodma),
	IODMA_UNMAP_OPS(iodma),
	.map_sg = iodma_map_sg,
	.unmap_sg = iodma_unmap_sg,
	.sync_single_for_cpu = iodma_copied_for_cpu,
	.sync_single_for_device = iodma_copied_for_device,
	.sync_sg_for_cpu = iodma_copied_sg_for_cpu,
	.sync_sg_for_device = iodma_copied_sg_for_device,
};

const struct dma_map_ops iodma_careful_ops = {
	IODMA_COMMON_OPS,
	IODMA_MAP_OPS(iodma_careful),
	IODMA_UNMAP_OPS(iodma_careful),
	.map_sg = iodma_careful_map_sg,
	.unmap_sg = iodma_careful_unmap_sg,
	.sync_single_for_cpu = iodma_sync_single_for_cpu,
	.sync_single_for_device = iodma_sync_single_for_device,
	.sync_sg_for_cpu = iodma_sync_sg_for_cpu,
	.sync_sg_for_device = iodma_sync_sg_for_device,
};
