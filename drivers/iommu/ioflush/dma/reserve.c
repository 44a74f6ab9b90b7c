// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: addresses that a device's mappings must keep clear of
 */
#include <linux/list.h>
#include <linux/resource_ext.h>

#include "internal.h"

/*
 * Behind the same bridge, an address in one of its windows may reach another
 * device instead of the IOMMU.
 */
static int iodma_reserve_windows(struct iospace *space,
				 struct pci_host_bridge *bridge)
{
	struct resource_entry *w;
	int ret = 0, err;

	resource_list_for_each_entry(w, &bridge->windows) {
		if (resource_type(w->res) != IORESOURCE_MEM)
			continue;
		err = iospace_reserve(space, w->res->start - w->offset,
				      w->res->end - w->offset);
		ret = ret ?: err;
	}
	return ret;
}

/* The lowest of the bridge's inbound ranges that do not end below @from. */
static struct resource_entry *iodma_next_inbound(struct pci_host_bridge *bridge,
						 u64 from)
{
	struct resource_entry *w, *next = NULL;

	resource_list_for_each_entry(w, &bridge->dma_ranges) {
		if (w->res->end - w->offset < from)
			continue;
		if (!next || w->res->start - w->offset <
			     next->res->start - next->offset)
			next = w;
	}
	return next;
}

/* A bridge that lists what it lets in does not let in what lies between. */
static int iodma_reserve_gaps(struct iospace *space,
			      struct pci_host_bridge *bridge)
{
	struct resource_entry *w;
	int ret = 0, err;
	u64 from = 0;

	if (list_empty(&bridge->dma_ranges))
		return 0;
	while ((w = iodma_next_inbound(bridge, from))) {
		u64 start = w->res->start - w->offset;
		u64 end = w->res->end - w->offset;

		err = start > from ? iospace_reserve(space, from, start - 1) : 0;
		ret = ret ?: err;
		if (end == U64_MAX)
			return ret;
		from = end + 1;
	}
	err = iospace_reserve(space, from, U64_MAX);
	return ret ?: err;
}

static int iodma_reserve_pci(struct iospace *space, struct pci_dev *pdev)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(pdev->bus);
	int ret = iodma_reserve_windows(space, bridge);
	int err = iodma_reserve_gaps(space, bridge);

	return ret ?: err;
}

/*
 * Where the core maps MSI doorbells itself, it takes addresses from an
 * allocator of its own, from below the end of the aperture. With that at the
 * end of the range for doorbells it keeps to the range, and we keep out. The
 * space remembers where the aperture really ends. That the range is in reach of
 * the device is for the hardware's driver to see to: the core's allocator has
 * nothing else that it could hand out.
 */
static void iodma_confine_msi(const struct iommu_resv_region *region,
			      struct iommu_domain_geometry *geometry)
{
	geometry->aperture_end = region->start + region->length - 1;
}

static int iodma_reserve_region(struct iospace *space,
				const struct iommu_resv_region *region,
				struct iommu_domain_geometry *geometry)
{
	int ret;

	if (!region->length)
		return 0;
	ret = iospace_reserve(space, region->start,
			      region->start + region->length - 1);
	if (!ret && region->type == IOMMU_RESV_SW_MSI)
		iodma_confine_msi(region, geometry);
	return ret;
}

/**
 * iodma_reserve() - keep a space clear of what a device cannot use
 * @space: the space
 * @dev: a device that is going to use it
 * @geometry: of the domain; its end may move
 *
 * All kinds of reserved regions count: those that are mapped one to one, those
 * that must not be mapped, and those of MSIs, whoever translates them. May be
 * called again for the same device. One that cannot be had is no reason to leave out
 * another: what the device cannot use is wrong for it, whoever decides what follows.
 *
 * Context: process context, with the mutex of the device's group held.
 * Return: 0 or the first error of iospace_reserve().
 */
int iodma_reserve(struct iospace *space, struct device *dev,
		  struct iommu_domain_geometry *geometry)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int ret = 0, err;

	if (IS_ENABLED(CONFIG_PCI) && dev_is_pci(dev))
		ret = iodma_reserve_pci(space, to_pci_dev(dev));

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list) {
		err = iodma_reserve_region(space, region, geometry);
		ret = ret ?: err;
	}
	iommu_put_resv_regions(dev, &regions);
	return ret;
}
