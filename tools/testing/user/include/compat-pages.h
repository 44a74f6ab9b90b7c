/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the IOMMU subsystem's table pages
 */
#ifndef _USER_COMPAT_PAGES_H
#define _USER_COMPAT_PAGES_H

#include <linux/mm.h>

static inline void *ioflush_table_alloc(int nid, gfp_t gfp, unsigned int order)
{
	return user_alloc_pages(order);
}

static inline void ioflush_table_free(void *table, unsigned int order)
{
	user_free_pages(table, order);
}

#endif /* _USER_COMPAT_PAGES_H */
