/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: cache maintenance for table walkers that do not snoop
 *
 * The one place where architectures differ.
 */
#ifndef _IOFLUSH_PGTABLE_CACHE_H
#define _IOFLUSH_PGTABLE_CACHE_H

#include <linux/types.h>

#ifdef CONFIG_X86

#include <linux/cacheflush.h>

/**
 * iopgt_flush_cache() - make memory agree with the CPU's view of it
 * @first: first byte
 * @bytes: length
 *
 * Goes by cache lines, and is ordered against all accesses before and after.
 */
static inline void iopgt_flush_cache(const void *first, size_t bytes)
{
	clflush_cache_range((void *)first, bytes);
}

#else

#include <linux/dma-map-ops.h>
#include <linux/io.h>

#include "compat-cache.h"

static inline void iopgt_flush_cache(const void *first, size_t bytes)
{
	arch_sync_dma_for_device(virt_to_phys((void *)first), bytes,
				 DMA_TO_DEVICE);
	ioflush_cache_done();
}

#endif /* CONFIG_X86 */

#endif /* _IOFLUSH_PGTABLE_CACHE_H */
