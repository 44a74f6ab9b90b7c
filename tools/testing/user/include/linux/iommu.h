/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what the core asks for
 */
#ifndef _USER_LINUX_IOMMU_H
#define _USER_LINUX_IOMMU_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/types.h>

struct iommu_domain_ops;
struct iommu_group;
struct iommu_ops;

#define IOMMU_READ	(1 << 0)
#define IOMMU_WRITE	(1 << 1)
#define IOMMU_CACHE	(1 << 2)
#define IOMMU_NOEXEC	(1 << 3)
#define IOMMU_MMIO	(1 << 4)
#define IOMMU_PRIV	(1 << 5)

#define IOMMU_FAULT_READ	0
#define IOMMU_FAULT_WRITE	1

#define IOMMU_DOMAIN_DMA	3
#define IOMMU_DOMAIN_DMA_FQ	7

struct iommu_device {
	int none;
};

/**
 * struct iommu_domain - a domain
 * @type: IOMMU_DOMAIN_*
 */
struct iommu_domain {
	unsigned int type;
};

enum iommu_resv_type {
	IOMMU_RESV_RESERVED,
	IOMMU_RESV_MSI,
	IOMMU_RESV_SW_MSI,
};

/**
 * struct iommu_resv_region - addresses that are not for buffers
 * @list: all of a device
 * @start: the first
 * @length: how many
 * @prot: what a mapping of them may do
 * @type: what they are
 */
struct iommu_resv_region {
	struct list_head list;
	phys_addr_t start;
	size_t length;
	int prot;
	enum iommu_resv_type type;
};

struct iommu_resv_region *
iommu_alloc_resv_region(phys_addr_t start, size_t length, int prot,
			enum iommu_resv_type type, gfp_t gfp);
int report_iommu_fault(struct iommu_domain *domain, struct device *dev,
		       unsigned long iova, int flags);

#endif /* _USER_LINUX_IOMMU_H */
