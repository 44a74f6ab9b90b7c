/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: where a device's domain is found
 *
 * This is what the DMA layer asks about a device at each map and unmap, and so it is
 * inline. For a module over mainline's domains there is another header of this name,
 * which is found before this one (host/include).
 *
 * With it, who gives the DMA layer its domains has for it
 *
 *	struct iodom		with @pgt.ops, @flush, @space, @slots, @granule_lg2 and
 *				@block_pages, and of @domain the type and where the
 *				addresses begin
 *	&struct iopgt_ops	map, unmap, look up; what is marked
 *	&struct ioflush_ops	how an invalidation gets to hardware
 *	iopgt_free_pages(), iopgt_gather_more(), iopgt_visit()
 *	iodom_map_sync(), iodom_map_sync_run(), if @map_needs_flush is ever set
 *	iodma_with_domain()	the mutex under which a mode changes
 *	iodma_lazy_wanted()	who makes a domain lazy that became so by its type
 *
 * What maps and unmaps a domain by those, domain/map.c, is the same for all.
 */
#ifndef _LINUX_IOFLUSH_PLACE_H
#define _LINUX_IOFLUSH_PLACE_H

#include <linux/dma-map-ops.h>
#include <linux/ioflush/domain.h>
#include <linux/pci.h>

#include "compat-dma.h"

extern const struct dma_map_ops iodma_ops;
extern const struct dma_map_ops iodma_careful_ops;
extern const struct dma_map_ops iodma_deferred_ops;

/* child.c */
struct device *iodma_owner(struct device *dev);
struct iodom *iodma_domain_above(struct device *dev);

/* Is it one of the tables? */
static inline bool iodma_is_table(const struct dma_map_ops *ops)
{
	return ops == &iodma_ops || ops == &iodma_careful_ops ||
	       ops == &iodma_deferred_ops;
}

/* Is the device using these operations? */
static inline bool iodma_in_charge(struct device *dev)
{
	return !dev_dma_iommu(dev) && iodma_is_table(get_dma_ops(dev));
}

/* What the IOMMU's driver keeps of a device begins with this. */
static __always_inline struct iodom_device *iodma_place(struct device *dev)
{
	return dev->iommu->priv;
}

/*
 * The device is bound, or what devres has of its driver is not released yet: its group
 * has the default domain that it had then, see takeover.c. It may be attached elsewhere
 * meanwhile. A device that may be in no group needs iodma_domain().
 */
static __always_inline struct iodom *iodma_own_domain(struct device *dev)
{
	return iodma_place(dev)->dma;
}

/* NULL for a device whose DMA has nowhere to go, see child.c. */
static inline struct iodom *iodma_domain(struct device *dev)
{
	if (unlikely(!dev->iommu_group))
		return iodma_domain_above(dev);
	return to_iodom(iommu_get_dma_domain(dev));
}

static inline bool iodma_untrusted(struct device *dev)
{
	struct device *owner = iodma_owner(dev);

	return owner && dev_is_pci(owner) && to_pci_dev(owner)->untrusted;
}

#endif /* _LINUX_IOFLUSH_PLACE_H */
