// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: addresses of a device behind an SMMU that are not for its buffers
 *
 * An SMMU translates the messages of interrupts, too. Their doorbells are mapped
 * by the core, somewhere in a region that we name: by convention where neither
 * memory nor devices are, but elsewhere if the bridge above the device does not
 * let such addresses in.
 */
#include <linux/align.h>
#include <linux/dma-direct.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/pci.h>
#include <linux/range.h>
#include <linux/resource_ext.h>

#include "dma-iommu.h"
#include "resv.h"
#include "smmuv3.h"

/* Where it is by convention */
#define SMMU3_MSI_USUAL	0x8000000ULL

static struct range resv_bus_range(const struct resource_entry *entry)
{
	return (struct range) {
		.start = entry->res->start - entry->offset,
		.end = entry->res->end - entry->offset,
	};
}

static bool resv_overlaps(const struct range *a, u64 first, u64 last)
{
	return a->start <= last && a->end >= first;
}

/* Is some of it not free? Then @hit is what has it. */
static bool resv_is_taken(const struct smmu3_resv *resv, u64 first, u64 last,
			  struct range *hit)
{
	struct iommu_resv_region *region;
	struct resource_entry *entry;

	list_for_each_entry(region, resv->regions, list) {
		hit->start = region->start;
		hit->end = region->start + region->length - 1;
		if (region->length && resv_overlaps(hit, first, last))
			return true;
	}
	if (!resv->windows)
		return false;
	resource_list_for_each_entry(entry, resv->windows) {
		*hit = resv_bus_range(entry);
		if (resource_type(entry->res) == IORESOURCE_MEM &&
		    resv_overlaps(hit, first, last))
			return true;
	}
	return false;
}

/* The lowest place in a range of what comes in; 0 if there is none. */
static u64 resv_lowest_in(const struct smmu3_resv *resv,
			  const struct range *range)
{
	u64 first = max(range->start, SMMU3_MSI_BYTES), last;
	struct range hit;

	for (;;) {
		first = ALIGN(first, SMMU3_MSI_BYTES);
		last = first + SMMU3_MSI_BYTES - 1;
		if (!first || last > range->end)
			return 0;
		if (!resv_is_taken(resv, first, last, &hit))
			return first;
		/* 0 behind what goes to the very end */
		first = hit.end + 1;
	}
}

/* The @i-th range of what comes in; false if there are not as many. */
static bool resv_inbound(const struct smmu3_resv *resv, unsigned int i,
			 struct range *range)
{
	const struct bus_dma_region *map = resv->map;
	struct resource_entry *entry;

	if (resv->inbound && !list_empty(resv->inbound)) {
		resource_list_for_each_entry(entry, resv->inbound) {
			*range = resv_bus_range(entry);
			if (!i--)
				return true;
		}
		return false;
	}
	*range = (struct range) { .end = U64_MAX };
	if (!map)
		return !i;
	for (; map->size; map++) {
		range->start = map->dma_start;
		range->end = map->dma_start + map->size - 1;
		if (!i--)
			return true;
	}
	return false;
}

/**
 * smmu3_msi_first() - where the region of MSI doorbells begins
 * @resv: the device's addresses
 *
 * The usual place, or the lowest that is in reach and free: low ones are in reach
 * of more devices.
 *
 * Context: process context.
 * Return: the address; the usual one, too, if there is no place at all.
 */
u64 smmu3_msi_first(const struct smmu3_resv *resv)
{
	const u64 last = SMMU3_MSI_USUAL + SMMU3_MSI_BYTES - 1;
	struct range range, hit;
	u64 lowest = 0, at;

	for (unsigned int i = 0; resv_inbound(resv, i, &range); i++) {
		if (range.start <= SMMU3_MSI_USUAL && range.end >= last &&
		    !resv_is_taken(resv, SMMU3_MSI_USUAL, last, &hit))
			return SMMU3_MSI_USUAL;
		at = resv_lowest_in(resv, &range);
		if (at && (!lowest || at < lowest))
			lowest = at;
	}
	return lowest ?: SMMU3_MSI_USUAL;
}

static void resv_of(struct device *dev, struct smmu3_resv *resv)
{
	struct pci_host_bridge *bridge;

	if (!dev_is_pci(dev)) {
		resv->map = dev->dma_range_map;
		return;
	}
	bridge = pci_find_host_bridge(to_pci_dev(dev)->bus);
	resv->inbound = &bridge->dma_ranges;
	resv->windows = &bridge->windows;
}

/**
 * smmu3_get_resv_regions() - &iommu_ops.get_resv_regions
 * @dev: the device
 * @list: receives struct iommu_resv_region
 *
 * Context: process context.
 */
void smmu3_get_resv_regions(struct device *dev, struct list_head *list)
{
	struct smmu3_resv resv = { .regions = list };
	struct iommu_resv_region *region;

	iommu_dma_get_resv_regions(dev, list);
	resv_of(dev, &resv);
	region = iommu_alloc_resv_region(smmu3_msi_first(&resv),
					 SMMU3_MSI_BYTES,
					 IOMMU_WRITE | IOMMU_NOEXEC |
					 IOMMU_MMIO, IOMMU_RESV_SW_MSI,
					 GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, list);
}
