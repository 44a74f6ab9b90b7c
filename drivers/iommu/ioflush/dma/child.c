// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: devices that do DMA through their parent
 *
 * A driver may make up a device and give it the DMA operations of its parent,
 * as remoteproc does for its virtio devices. Such a device is in no group. What
 * it maps is used by the hardware of the parent, so it is mapped in the
 * parent's domain, within the mask and the limits of the device itself.
 */
#include "internal.h"

/**
 * iodma_owner() - the device by whose translations a device does DMA
 * @dev: a device
 *
 * Context: any context.
 * Return: the nearest of it and its ancestors that is in a group, or NULL.
 */
struct device *iodma_owner(struct device *dev)
{
	while (dev && !dev->iommu_group)
		dev = dev->parent;
	return dev;
}

/**
 * iodma_domain_above() - the domain of a device that is in no group
 * @dev: the device
 *
 * Context: any context.
 * Return: the domain of its parent or of one further up, NULL if that is not
 *	one that hands out bus addresses here. The log says so, once.
 */
noinline struct iodom *iodma_domain_above(struct device *dev)
{
	struct device *owner = iodma_owner(dev->parent);
	struct iommu_domain *domain = owner ? iommu_get_dma_domain(owner) : NULL;

	if (iodom_is(domain) && to_iodom(domain)->space)
		return to_iodom(domain);
	dev_warn_once(dev, "no DMA: neither it nor a parent has a group with bus addresses\n");
	return NULL;
}
