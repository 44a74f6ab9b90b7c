// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the table that the DMA API calls, over mainline's domains
 *
 * Each device gets a copy of its own, see struct iohost.
 */
#include <linux/iova.h>

#include "../dma/internal.h"
#include "host.h"

static size_t iohost_opt_mapping_size(void)
{
	return iova_rcache_range();
}

/* What a device that is taken over begins with. */
const struct iohost iohost_template = {
	.ops = {
		.alloc = iodma_alloc,
		.free = iodma_free,
		.alloc_pages_op = iodma_alloc_pages,
		.free_pages = iodma_free_pages,
		.mmap = iodma_mmap,
		.get_sgtable = iodma_get_sgtable,
		.map_page = iodma_map_page,
		.unmap_page = iodma_unmap_page,
		.map_sg = iodma_map_sg,
		.unmap_sg = iodma_unmap_sg,
		.map_resource = iodma_map_resource,
		.unmap_resource = iodma_unmap_resource,
		.sync_single_for_cpu = iodma_copied_for_cpu,
		.sync_single_for_device = iodma_copied_for_device,
		.sync_sg_for_cpu = iodma_copied_sg_for_cpu,
		.sync_sg_for_device = iodma_copied_sg_for_device,
		.dma_supported = iodma_supported,
		.get_required_mask = iodma_get_required_mask,
		.opt_mapping_size = iohost_opt_mapping_size,
		.get_merge_boundary = iodma_get_merge_boundary,
	},
};

/**
 * iodma_lazy_wanted() - a device's domain is lazy but has no rings
 * @dev: the device
 *
 * Only for the moment that a change of the mode takes: nobody else makes a domain lazy
 * here, and that gives it its rings.
 *
 * Context: any context.
 */
void iodma_lazy_wanted(struct device *dev)
{
}
