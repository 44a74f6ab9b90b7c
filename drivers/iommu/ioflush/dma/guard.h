/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: maps and unmaps of guarded domains
 */
#ifndef _IOFLUSH_DMA_GUARD_H
#define _IOFLUSH_DMA_GUARD_H

#include "internal.h"

/* Is what is mapped in this direction to be held, if it can be? */
static __always_inline bool iodma_guards(const struct iodom *dom,
					 enum dma_data_direction dir)
{
	return unlikely(READ_ONCE(dom->guarded)) && dir == DMA_TO_DEVICE;
}

/*
 * May what is mapped be held? Whoever unmaps sees that, if it was so when that was
 * mapped: who saw @guarded then has handed its address over since.
 */
static __always_inline bool iodma_holds(const struct iodom *dom)
{
	return unlikely(READ_ONCE(dom->held));
}

bool iodma_hold(const struct iodom *dom, struct ioflush_hold *hold,
		const struct iopgt_piece *piece, unsigned int n);
void iodma_hold_undo(struct ioflush_hold *hold);
void iodma_unmap_guarded(struct iodom *dom, struct device *dev,
			 dma_addr_t iova, size_t size);

#endif /* _IOFLUSH_DMA_GUARD_H */
