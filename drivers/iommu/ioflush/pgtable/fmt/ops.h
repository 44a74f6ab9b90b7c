/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the operations of a format with one granule
 *
 * A format's map and unmap are one of these each. They take the short way in
 * line, and call @slow, which the format keeps out of line, for what that
 * leaves.
 */
#ifndef _IOFLUSH_PGTABLE_FMT_OPS_H
#define _IOFLUSH_PGTABLE_FMT_OPS_H

#include "../walk.h"

/**
 * iopgt_ops_map() - map_pages, and cursor_map where there is a cursor
 * @fmt: the format
 * @pgt: the table
 * @cur: a cursor in it, or NULL
 * @iova: see iopgt_map_pages(), as all that follow
 * @paddr: output address
 * @pgsize: leaf size
 * @pgcount: number of leaves
 * @prot: permissions
 * @gfp: for tables
 * @mapped: raised by the bytes mapped
 * @slow: iopgt_walk_map() for @fmt
 *
 * Context: see iopgt_map_pages().
 * Return: see iopgt_map_pages().
 */
static __always_inline int
iopgt_ops_map(const struct iopgt_fmt *fmt, struct iopgt *pgt,
	      struct iopgt_cursor *cur, unsigned long iova, phys_addr_t paddr,
	      size_t pgsize, size_t pgcount, int prot, gfp_t gfp,
	      size_t *mapped,
	      int (*slow)(struct iopgt *pgt, unsigned long iova,
			  phys_addr_t paddr, size_t pgsize, size_t pgcount,
			  int prot, gfp_t gfp, size_t *mapped))
{
	const unsigned int lg2 = fmt->granule_lg2;
	size_t done = 0;

	if (likely(pgsize == BIT(lg2))) {
		done = iopgt_fast_map(fmt, pgt, cur, iova, paddr, pgcount,
				      prot);
		*mapped += done << lg2;
		/* Of no pages at all the slow way says what is wrong. */
		if (likely(done && done == pgcount))
			return 0;
	}
	if (cur)
		cur->table = NULL;
	return slow(pgt, iova + (done << lg2), paddr + (done << lg2), pgsize,
		    pgcount - done, prot, gfp, mapped);
}

/**
 * iopgt_ops_unmap() - unmap_pages, and cursor_unmap where there is a cursor
 * @fmt: the format
 * @pgt: the table
 * @cur: a cursor in it, or NULL
 * @iova: see iopgt_unmap_pages(), as all that follow
 * @size: bytes
 * @gather: what has to be invalidated
 * @slow: iopgt_walk_unmap() for @fmt
 *
 * Context: see iopgt_unmap_pages().
 * Return: bytes unmapped.
 */
static __always_inline size_t
iopgt_ops_unmap(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		struct iopgt_cursor *cur, unsigned long iova, size_t size,
		struct iopgt_gather *gather,
		size_t (*slow)(struct iopgt *pgt, unsigned long iova,
			       size_t size, struct iopgt_gather *gather))
{
	size_t done = iopgt_fast_unmap(fmt, pgt, cur, iova, size, gather);

	if (likely(done == size))
		return done;
	if (cur)
		cur->table = NULL;
	return done + slow(pgt, iova + done, size - done, gather);
}

#endif /* _IOFLUSH_PGTABLE_FMT_OPS_H */
