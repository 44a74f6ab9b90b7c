/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the IOMMU subsystem's table pages
 */
#ifndef _USER_IOMMU_PAGES_H
#define _USER_IOMMU_PAGES_H

#include <linux/mm.h>

static inline void *iommu_alloc_pages_node(int nid, gfp_t gfp, int order)
{
	return user_alloc_pages(order);
}

static inline void *iommu_alloc_page_node(int nid, gfp_t gfp)
{
	return user_alloc_pages(0);
}

static inline void iommu_free_pages(void *virt, int order)
{
	if (virt)
		user_free_pages(virt, order);
}

static inline void iommu_free_page(void *virt)
{
	iommu_free_pages(virt, 0);
}

#endif /* _USER_IOMMU_PAGES_H */
