/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: where a device's domain is found, over mainline's domains
 *
 * The device's IOMMU belongs to a driver of mainline's, and with it what the core keeps
 * of the device. Ours is the table of DMA operations: each device has one of its own, in
 * front of its domain. A child that does DMA through its parent has got the parent's
 * table and so finds the parent's domain.
 */
#ifndef _LINUX_IOFLUSH_PLACE_H
#define _LINUX_IOFLUSH_PLACE_H

#include <linux/dma-map-ops.h>
#include <linux/ioflush/domain.h>
#include <linux/xarray.h>

/**
 * struct iohost - a device that has been taken over, and its domain
 * @ops: its DMA operations: what the device points to
 * @dom: the domain as the DMA layer sees it. Of the core's part only the type, the
 *	geometry and the smallest page are used
 * @core: mainline's domain, to which the device is attached
 * @marks: pages of the table that were mapped with IOPGT_MARK: of each 2^15 pages in
 *	a row a bitmap, by the number of the first page. See marks.c
 * @dev: the device, with a reference
 * @node: on the list of all; protected by iohost_lock
 */
struct iohost {
	const struct dma_map_ops ops;
	struct iodom dom;
	struct iommu_domain *core;
	struct xarray marks;
	struct device *dev;
	struct list_head node;
};

dma_addr_t iodma_map_page(struct device *dev, struct page *page,
			  unsigned long offset, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);

/* Is the device using these operations? */
static inline bool iodma_in_charge(struct device *dev)
{
	return !dev->dma_iommu && dev->dma_ops &&
	       dev->dma_ops->map_page == iodma_map_page;
}

static __always_inline struct iodom *iodma_own_domain(struct device *dev)
{
	return &container_of(dev->dma_ops, struct iohost, ops)->dom;
}

static inline struct iodom *iodma_domain(struct device *dev)
{
	return iodma_own_domain(dev);
}

/* Such devices stay with mainline. */
static inline bool iodma_untrusted(struct device *dev)
{
	return false;
}

#endif /* _LINUX_IOFLUSH_PLACE_H */
