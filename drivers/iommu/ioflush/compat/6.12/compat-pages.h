/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: table pages, on Linux 6.12
 */
#ifndef _IOFLUSH_COMPAT_PAGES_H
#define _IOFLUSH_COMPAT_PAGES_H

#include "iommu-pages.h"

static inline void *ioflush_table_alloc(int nid, gfp_t gfp, unsigned int order)
{
	return iommu_alloc_pages_node(nid, gfp, order);
}

static inline void ioflush_table_free(void *table, unsigned int order)
{
	iommu_free_pages(table, order);
}

#endif /* _IOFLUSH_COMPAT_PAGES_H */
