/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: cache maintenance, on Linux 6.12
 */
#ifndef _IOFLUSH_COMPAT_CACHE_H
#define _IOFLUSH_COMPAT_CACHE_H

/* What arch_sync_dma_for_*() do is done when they return. */
static inline void ioflush_cache_done(void)
{
}

#endif /* _IOFLUSH_COMPAT_CACHE_H */
