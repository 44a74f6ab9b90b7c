/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: listing the memory behind leaves that are marked
 */
#ifndef _IOFLUSH_PGTABLE_MARKED_H
#define _IOFLUSH_PGTABLE_MARKED_H

#include "fmt.h"

size_t iopgt_marked_slow(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n);

size_t iopgt_mapped_slow(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n, int *prot);

#endif /* _IOFLUSH_PGTABLE_MARKED_H */
