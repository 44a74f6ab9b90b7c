/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: cache maintenance, on Linux 7.3
 */
#ifndef _IOFLUSH_COMPAT_CACHE_H
#define _IOFLUSH_COMPAT_CACHE_H

#include <linux/dma-map-ops.h>

/* Who calls arch_sync_dma_for_*(), maybe many times, has to wait for them. */
static inline void ioflush_cache_done(void)
{
	arch_sync_dma_flush();
}

#endif /* _IOFLUSH_COMPAT_CACHE_H */
