/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: addresses of a device behind an SMMU that are not for its buffers
 */
#ifndef _IOFLUSH_SMMU3_RESV_H
#define _IOFLUSH_SMMU3_RESV_H

#include <linux/types.h>

struct bus_dma_region;
struct list_head;

/** SMMU3_MSI_BYTES - how large the region is where MSI doorbells are mapped */
#define SMMU3_MSI_BYTES	0x100000ULL

/**
 * struct smmu3_resv - what is known of the addresses that a device may use
 * @inbound: struct resource_entry; what the bridge above it lets in; NULL or
 *	empty if all
 * @windows: struct resource_entry; what it hands to other devices; or NULL
 * @map: the same as @inbound, of a bus that is not PCI; ends with a range of no
 *	length; or NULL
 * @regions: struct iommu_resv_region, from firmware
 */
struct smmu3_resv {
	struct list_head *inbound;
	struct list_head *windows;
	const struct bus_dma_region *map;
	struct list_head *regions;
};

u64 smmu3_msi_first(const struct smmu3_resv *resv);

#endif /* _IOFLUSH_SMMU3_RESV_H */
