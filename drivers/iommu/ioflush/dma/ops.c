// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the tables that the DMA API calls
 */
#include "internal.h"

#define IODMA_COMMON_OPS						\
	.alloc = iodma_alloc,						\
	.free = iodma_free,						\
	.alloc_pages_op = iodma_alloc_pages,				\
	.free_pages = iodma_free_pages,					\
	.mmap = iodma_mmap,						\
	.get_sgtable = iodma_get_sgtable,				\
	.map_resource = iodma_map_resource,				\
	.unmap_resource = iodma_unmap_resource,				\
	.dma_supported = iodma_supported,				\
	.get_required_mask = iodma_get_required_mask,			\
	.max_mapping_size = iodma_max_mapping_size,			\
	.opt_mapping_size = iodma_opt_mapping_size,			\
	.get_merge_boundary = iodma_get_merge_boundary

/* A device of these may have copies, and nothing else to be synchronised. */
const struct dma_map_ops iodma_ops = {
	IODMA_COMMON_OPS,
	.map_page = iodma_map_page,
	.unmap_page = iodma_unmap_page,
	.map_sg = iodma_map_sg,
	.unmap_sg = iodma_unmap_sg,
	.sync_single_for_cpu = iodma_copied_for_cpu,
	.sync_single_for_device = iodma_copied_for_device,
	.sync_sg_for_cpu = iodma_copied_sg_for_cpu,
	.sync_sg_for_device = iodma_copied_sg_for_device,
};

const struct dma_map_ops iodma_careful_ops = {
	IODMA_COMMON_OPS,
	.map_page = iodma_careful_map_page,
	.unmap_page = iodma_careful_unmap_page,
	.map_sg = iodma_careful_map_sg,
	.unmap_sg = iodma_careful_unmap_sg,
	.sync_single_for_cpu = iodma_sync_single_for_cpu,
	.sync_single_for_device = iodma_sync_single_for_device,
	.sync_sg_for_cpu = iodma_sync_sg_for_cpu,
	.sync_sg_for_device = iodma_sync_sg_for_device,
};
