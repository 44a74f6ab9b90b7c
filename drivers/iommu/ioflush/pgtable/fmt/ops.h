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

#include "../marked.h"
#include "../walk.h"

/**
 * iopgt_ops_map() - the map_pages operation
 * @fmt: the format
 * @pgt: the table
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
	      unsigned long iova, phys_addr_t paddr, size_t pgsize,
	      size_t pgcount, int prot, gfp_t gfp, size_t *mapped,
	      int (*slow)(struct iopgt *pgt, unsigned long iova,
			  phys_addr_t paddr, size_t pgsize, size_t pgcount,
			  int prot, gfp_t gfp, size_t *mapped))
{
	const unsigned int lg2 = fmt->granule_lg2;
	size_t done = 0;

	if (likely(pgsize == BIT(lg2)))
		done = iopgt_fast_map(fmt, pgt, iova, paddr, pgcount, prot);
	if (unlikely(!done))
		return slow(pgt, iova, paddr, pgsize, pgcount, prot, gfp,
			    mapped);
	*mapped += done << lg2;
	return likely(done == pgcount) ? 0 : -EEXIST;
}

/**
 * iopgt_ops_map_one() - most maps: one leaf of the smallest size
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_map_pages(), as all that follow
 * @paddr: output address
 * @pgsize: leaf size
 * @pgcount: number of leaves
 * @prot: permissions
 * @mapped: raised by the bytes mapped
 *
 * For a format whose map begins with it, and has iopgt_ops_map() out of line for the
 * rest: without a loop and without calls, but for a walker that does not snoop, no
 * register has to be saved.
 *
 * Context: any context.
 * Return: whether it has been mapped; else nothing has been done.
 */
static __always_inline bool
iopgt_ops_map_one(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		  unsigned long iova, phys_addr_t paddr, size_t pgsize,
		  size_t pgcount, int prot, size_t *mapped)
{
	const unsigned int lg2 = fmt->granule_lg2;
	u64 *table, *entry, attrs;

	if (unlikely(pgcount != 1 || pgsize != BIT(lg2) ||
		     (iova | paddr) & (BIT(lg2) - 1) ||
		     iova > pgt->ias_last || paddr > pgt->oas_last))
		return false;
	if (unlikely(!iopgt_fast_table(fmt, pgt, iova >> lg2, &table)))
		return false;
	attrs = fmt->attrs(pgt, prot);
	entry = iopgt_fast_entry(fmt, table, iova);
	if (unlikely(!attrs || iopgt_pte_present(fmt, READ_ONCE(*entry))))
		return false;
	WRITE_ONCE(*entry, fmt->leaf(paddr, attrs, 0, 0));
	*mapped += BIT(lg2);
	iopgt_sync_run(pgt, entry, 1);
	iopgt_publish();
	return true;
}

/**
 * iopgt_ops_unmap() - the unmap_pages operation
 * @fmt: the format
 * @pgt: the table
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
		unsigned long iova, size_t size, struct iopgt_gather *gather,
		size_t (*slow)(struct iopgt *pgt, unsigned long iova,
			       size_t size, struct iopgt_gather *gather))
{
	size_t done = iopgt_fast_unmap(fmt, pgt, iova, size, gather);

	if (likely(done == size))
		return done;
	return done + slow(pgt, iova + done, size - done, gather);
}

/**
 * iopgt_ops_unmap_one() - most unmaps: one leaf of the smallest size
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_unmap_pages(), as all that follow
 * @size: bytes
 * @gather: what has to be invalidated; anything but a first range is left
 *
 * To iopgt_ops_unmap() what iopgt_ops_map_one() is to iopgt_ops_map().
 *
 * Context: any context.
 * Return: whether it has been unmapped; else nothing has been done.
 */
static __always_inline bool
iopgt_ops_unmap_one(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		    unsigned long iova, size_t size,
		    struct iopgt_gather *gather)
{
	const unsigned int lg2 = fmt->granule_lg2;
	u64 *table, *entry, pte;

	if (unlikely(size != BIT(lg2) || iova & (BIT(lg2) - 1) ||
		     iova > pgt->ias_last || gather->nr))
		return false;
	if (unlikely(!iopgt_fast_table(fmt, pgt, iova >> lg2, &table)))
		return false;
	entry = iopgt_fast_entry(fmt, table, iova);
	pte = READ_ONCE(*entry);
	if (unlikely(!iopgt_pte_present(fmt, pte) || pte & fmt->run))
		return false;
	WRITE_ONCE(*entry, 0);
	iopgt_gather_add(gather, iova, BIT(lg2), lg2);
	iopgt_sync_run(pgt, entry, 1);
	return true;
}

/*
 * What iopgt_marked() and, unless @marked, iopgt_mapped() do where all is in one table at
 * level 0, of one entry each. Returns false elsewhere.
 */
static __always_inline bool
iopgt_fast_list(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		unsigned long iova, size_t size, struct iopgt_piece *piece,
		unsigned int *n, int *prot, const bool marked, size_t *done)
{
	const unsigned int lg2 = fmt->granule_lg2;
	const size_t pages = size >> lg2;
	u64 *table, *entry, attrs = 0;
	unsigned int got = 0;
	phys_addr_t end = 0;
	size_t i;

	if (unlikely(pages - 1 > iopgt_entries(fmt) - 1 - iopgt_idx(fmt, iova, 0) ||
		     iova > pgt->ias_last ||
		     !iopgt_fast_table(fmt, pgt, iova >> lg2, &table)))
		return false;
	entry = iopgt_fast_entry(fmt, table, iova);
	if (!marked) {
		attrs = fmt->leaf_attrs(READ_ONCE(*entry), 0);
		*prot = fmt->prot(attrs, 0);
	}
	for (i = 0; i < pages; i++) {
		const u64 pte = READ_ONCE(entry[i]);

		if (unlikely(pte & fmt->run))
			return false;
		if (unlikely(marked ? !(pte & fmt->mark) :
			     !(pte & fmt->present) ||
			     fmt->leaf_attrs(pte, 0) != attrs) ||
		    unlikely(!iopgt_piece_add(piece, &got, *n, &end,
					      fmt->to_phys(pte, 0), BIT(lg2), lg2)))
			break;
	}
	*n = got;
	*done = i << lg2;
	return true;
}

/**
 * iopgt_ops_marked() - the marked operation
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_marked(), as all that follow
 * @size: bytes
 * @piece: receives the memory
 * @n: room, and number of pieces
 *
 * Context: any context.
 * Return: bytes.
 */
static __always_inline size_t
iopgt_ops_marked(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		 unsigned long iova, size_t size, struct iopgt_piece *piece,
		 unsigned int *n)
{
	size_t done;

	if (iopgt_fast_list(fmt, pgt, iova, size, piece, n, NULL, true, &done))
		return done;
	return iopgt_marked_slow(pgt, iova, size, piece, n);
}

/**
 * iopgt_ops_mapped() - the mapped operation
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_mapped(), as all that follow
 * @size: bytes
 * @piece: receives the memory
 * @n: room, and number of pieces
 * @prot: receives permissions
 *
 * Context: any context, in an RCU read section.
 * Return: bytes.
 */
static __always_inline size_t
iopgt_ops_mapped(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		 unsigned long iova, size_t size, struct iopgt_piece *piece,
		 unsigned int *n, int *prot)
{
	size_t done;

	if (iopgt_fast_list(fmt, pgt, iova, size, piece, n, prot, false, &done))
		return done;
	return iopgt_mapped_slow(pgt, iova, size, piece, n, prot);
}

/**
 * struct iopgt_stretch - entries of one table at level 0 that a list has come to
 * @first: the first one that it has filled
 * @entry: the next one
 * @room: how many there are from @entry on, 0 while no table is known
 */
struct iopgt_stretch {
	u64 *first;
	u64 *entry;
	size_t room;
};

/* Find the entry for @iova; a table that is not there yet leaves no room. */
static __always_inline void iopgt_stretch_seek(const struct iopgt_fmt *fmt,
					       struct iopgt *pgt,
					       struct iopgt_stretch *at,
					       unsigned long iova)
{
	u64 *table;

	iopgt_sync_run(pgt, at->first, at->entry - at->first);
	*at = (struct iopgt_stretch){};
	if (unlikely(iova > pgt->ias_last || iova & (BIT(fmt->granule_lg2) - 1)))
		return;
	if (unlikely(!iopgt_fast_table(fmt, pgt, iova >> fmt->granule_lg2,
				       &table)))
		return;
	at->entry = iopgt_fast_entry(fmt, table, iova);
	at->first = at->entry;
	at->room = iopgt_entries(fmt) - iopgt_idx(fmt, iova, 0);
}

/* Is a piece for one table, and can its entries say where it is? */
static __always_inline bool iopgt_stretch_fits(const struct iopgt_fmt *fmt,
					       const struct iopgt *pgt,
					       const struct iopgt_stretch *at,
					       const struct iopgt_piece *piece)
{
	const unsigned int lg2 = fmt->granule_lg2;
	const phys_addr_t last = piece->paddr + (piece->pages << lg2) - 1;

	return piece->pages - 1 < at->room &&
	       !(piece->paddr & (BIT(lg2) - 1)) &&
	       (piece->paddr | last) <= pgt->oas_last;
}

/* A piece that is one page, if there is room for it, and nothing is wrong. */
static __always_inline bool iopgt_stretch_page(const struct iopgt_fmt *fmt,
					       const struct iopgt *pgt,
					       struct iopgt_stretch *at,
					       const struct iopgt_piece *piece,
					       u64 attrs)
{
	const phys_addr_t bad = ~pgt->oas_last | (BIT(fmt->granule_lg2) - 1);

	if (unlikely(piece->pages != 1 || !at->room || piece->paddr & bad ||
		     iopgt_pte_present(fmt, READ_ONCE(*at->entry))))
		return false;
	WRITE_ONCE(*at->entry, fmt->leaf(piece->paddr, attrs, 0, 0));
	at->entry++;
	at->room--;
	return true;
}

/**
 * iopgt_ops_map_list() - the map_list operation
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_map_list(), as all that follow
 * @piece: the memory
 * @n: number of pieces
 * @prot: permissions
 * @gfp: for tables
 * @mapped: raised by the bytes mapped
 * @slow: iopgt_walk_map() for @fmt
 *
 * A piece for which a table has to be made, that is for more than one, or that is
 * refused, is for @slow.
 *
 * Context: see iopgt_map_list().
 * Return: see iopgt_map_list().
 */
static __always_inline int
iopgt_ops_map_list(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		   unsigned long iova, const struct iopgt_piece *piece,
		   unsigned int n, int prot, gfp_t gfp, size_t *mapped,
		   int (*slow)(struct iopgt *pgt, unsigned long iova,
			       phys_addr_t paddr, size_t pgsize, size_t pgcount,
			       int prot, gfp_t gfp, size_t *mapped))
{
	const unsigned int lg2 = fmt->granule_lg2;
	const u64 attrs = fmt->attrs(pgt, prot);
	struct iopgt_stretch at = {};
	size_t done = 0, got;
	int ret = 0;

	if (unlikely(!attrs))
		return n ? -EINVAL : 0;
	for (; n && likely(!ret); n--, piece++) {
		/* Scattered memory is single pages, mostly. */
		if (likely(iopgt_stretch_page(fmt, pgt, &at, piece, attrs))) {
			done += BIT(lg2);
			continue;
		}
		if (unlikely(piece->pages > at.room)) {
			/* It would go on at address 0. */
			if (unlikely(done && !(iova + done))) {
				ret = -ERANGE;
				break;
			}
			iopgt_stretch_seek(fmt, pgt, &at, iova + done);
		}
		if (unlikely(!iopgt_stretch_fits(fmt, pgt, &at, piece))) {
			ret = slow(pgt, iova + done, piece->paddr, BIT(lg2),
				   piece->pages, prot, gfp, &done);
			at.room = 0;
			continue;
		}
		got = iopgt_fill(fmt, at.entry, piece->paddr, piece->pages,
				 attrs, 0);
		at.entry += got;
		at.room -= got;
		done += got << lg2;
		if (unlikely(got != piece->pages))
			ret = -EEXIST;
	}
	iopgt_sync_run(pgt, at.first, at.entry - at.first);
	iopgt_publish();
	*mapped += done;
	return ret;
}

#endif /* _IOFLUSH_PGTABLE_FMT_OPS_H */
