/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the IOMMU core, on Linux 7.3
 */
#ifndef _IOFLUSH_COMPAT_IOMMU_H
#define _IOFLUSH_COMPAT_IOMMU_H

#include <linux/iommu.h>

/* What ->attach_dev is given; of it the drivers use @domain and @dev. */
#define IOFLUSH_ATTACH_ARGS						\
	struct iommu_domain *domain, struct device *dev,		\
	struct iommu_domain *old

/* Ours know themselves which domain a device is in. */
static inline int ioflush_attach(struct iommu_domain *domain,
				 struct device *dev)
{
	return domain->ops->attach_dev(domain, dev, NULL);
}

/* Pages that were unlinked, which the core's gather carries. */
static inline struct list_head *
ioflush_freelist(struct iommu_iotlb_gather *gather)
{
	return &gather->freelist.pages;
}

/* Of a domain with flags. */
#define IOFLUSH_ALLOC_FLAGS_ARGS					\
	struct device *dev, u32 flags,					\
	const struct iommu_user_data *user_data

static inline struct iommu_domain *
ioflush_alloc_flags(const struct iommu_ops *ops, struct device *dev, u32 flags)
{
	return ops->domain_alloc_paging_flags(dev, flags, NULL);
}

#endif /* _IOFLUSH_COMPAT_IOMMU_H */
