/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the IOMMU core, on Linux 6.12
 */
#ifndef _IOFLUSH_COMPAT_IOMMU_H
#define _IOFLUSH_COMPAT_IOMMU_H

#include <linux/iommu.h>

/* What ->attach_dev is given; of it the drivers use @domain and @dev. */
#define IOFLUSH_ATTACH_ARGS	struct iommu_domain *domain, struct device *dev

static inline int ioflush_attach(struct iommu_domain *domain,
				 struct device *dev)
{
	return domain->ops->attach_dev(domain, dev);
}

/* Pages that were unlinked, which the core's gather carries. */
static inline struct list_head *
ioflush_freelist(struct iommu_iotlb_gather *gather)
{
	return &gather->freelist;
}

/* Of a domain with flags; there is no @parent without @user_data. */
#define domain_alloc_paging_flags	domain_alloc_user
#define IOFLUSH_ALLOC_FLAGS_ARGS					\
	struct device *dev, u32 flags, struct iommu_domain *parent,	\
	const struct iommu_user_data *user_data

static inline struct iommu_domain *
ioflush_alloc_flags(const struct iommu_ops *ops, struct device *dev, u32 flags)
{
	return ops->domain_alloc_user(dev, flags, NULL, NULL);
}

#endif /* _IOFLUSH_COMPAT_IOMMU_H */
