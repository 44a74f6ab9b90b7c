// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: listing the memory behind leaves that are marked
 */
#include <linux/minmax.h>

#include "leaf.h"
#include "marked.h"

/**
 * iopgt_marked_slow() - iopgt_marked() with leaves of any size, in any tables
 * @pgt: the table
 * @iova: see iopgt_marked(), as all that follow
 * @size: bytes
 * @piece: receives the memory
 * @n: room, and number of pieces
 *
 * Context: any context.
 * Return: bytes.
 */
size_t iopgt_marked_slow(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	const unsigned int room = *n;
	phys_addr_t end = 0;
	size_t done = 0;

	*n = 0;
	if (iova > pgt->ias_last || size - 1 > pgt->ias_last - iova)
		return 0;
	while (done < size) {
		unsigned int level = 0;
		/* No table on the way goes meanwhile: the caller owns the range. */
		const u64 pte = READ_ONCE(*iopgt_entry(pgt, iova + done, &level));
		const size_t leaf = BIT(iopgt_leaf_lg2(fmt, pte, level));
		const size_t in = (iova + done) & (leaf - 1);
		const size_t bytes = min(leaf - in, size - done);

		if (!(pte & fmt->mark) ||
		    !iopgt_piece_add(piece, n, room, &end,
				     iopgt_leaf_phys(fmt, pte, level, iova + done),
				     bytes, fmt->granule_lg2))
			break;
		done += bytes;
	}
	return done;
}
