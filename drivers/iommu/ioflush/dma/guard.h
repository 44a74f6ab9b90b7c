/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: unmaps of guarded domains
 */
#ifndef _IOFLUSH_DMA_GUARD_H
#define _IOFLUSH_DMA_GUARD_H

#include "internal.h"

/* May an unmap in this direction be deferred though the domain is not lazy? */
static __always_inline bool iodma_guards(const struct iodom *dom,
					 enum dma_data_direction dir)
{
	return unlikely(READ_ONCE(dom->guarded)) && dir == DMA_TO_DEVICE;
}

void iodma_unmap_guarded(struct iodom *dom, dma_addr_t iova, size_t size);
void iodma_unmap_sg_guarded(struct iodom *dom, struct scatterlist *sgl,
			    int nents, dma_addr_t iova, size_t size);

#endif /* _IOFLUSH_DMA_GUARD_H */
