/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: table pages, on Linux 7.3
 */
#ifndef _IOFLUSH_COMPAT_PAGES_H
#define _IOFLUSH_COMPAT_PAGES_H

#include "iommu-pages.h"

static inline void *ioflush_table_alloc(int nid, gfp_t gfp, unsigned int order)
{
	return iommu_alloc_pages_node_sz(nid, gfp, PAGE_SIZE << order);
}

/*
 * Where the CPU's caches are maintained by the DMA API the core has a mark for that in
 * the page, at a place that was RCU's meanwhile. We maintain them ourselves.
 */
static inline void ioflush_table_free(void *table, unsigned int order)
{
	virt_to_ioptdesc(table)->incoherent = 0;
	iommu_free_pages(table);
}

#endif /* _IOFLUSH_COMPAT_PAGES_H */
