/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: listing the memory behind leaves that are marked
 */
#ifndef _IOFLUSH_PGTABLE_MARKED_H
#define _IOFLUSH_PGTABLE_MARKED_H

#include "fmt.h"

/* One piece more, or one that is longer; false if there is no room. */
static __always_inline bool iopgt_piece_add(struct iopgt_piece *piece,
					    unsigned int *n, unsigned int room,
					    phys_addr_t *end, phys_addr_t paddr,
					    size_t bytes, unsigned int lg2)
{
	if (*n && *end == paddr) {
		piece[*n - 1].pages += bytes >> lg2;
	} else {
		if (unlikely(*n == room))
			return false;
		piece[*n].paddr = paddr;
		piece[*n].pages = bytes >> lg2;
		++*n;
	}
	*end = paddr + bytes;
	return true;
}

size_t iopgt_marked_slow(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n);

#endif /* _IOFLUSH_PGTABLE_MARKED_H */
