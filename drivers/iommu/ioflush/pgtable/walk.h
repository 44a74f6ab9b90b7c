/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the walker, written once for all formats
 *
 * A format's file calls these with its constant struct iopgt_fmt; they are
 * always inlined there, so that hooks and shifts fold into straight code.
 *
 * Every access to an entry is a READ_ONCE() or WRITE_ONCE(): hardware reads at
 * any time, and so do lockless readers. A new leaf has to be visible before the
 * device is told of its address. The driver need not order that: it may have
 * written nothing else that its doorbell would have to order, and use
 * writel_relaxed(). So a map ends in iopgt_publish(). A cleared leaf has to be
 * visible before its invalidation, which the queue's doorbell orders.
 */
#ifndef _IOFLUSH_PGTABLE_WALK_H
#define _IOFLUSH_PGTABLE_WALK_H

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "page.h"
#include "table.h"

/* Let a walker that does not snoop see @n entries, a cache line at a time. */
static __always_inline void iopgt_sync_run(struct iopgt *pgt, const u64 *first,
					   size_t n)
{
	if (unlikely(!pgt->cfg.coherent_walk && n))
		iopgt_page_sync(pgt, first, n * sizeof(*first));
}

/*
 * Entries written so far are seen by walkers before what the caller stores next
 * is seen by a device. Not smp_wmb(), which orders for CPUs only: a walker may
 * be outside of their shareability domain. On x86 stores are in order anyway.
 */
static __always_inline void iopgt_publish(void)
{
	/* Pairs with the dependency of a walk on the request that begins it. */
	dma_wmb();
}

/* The table at @level that translates @iova, with tables made on the way. */
static __always_inline u64 *iopgt_map_table(const struct iopgt_fmt *fmt,
					    struct iopgt *pgt,
					    unsigned long iova,
					    unsigned int level, gfp_t gfp)
{
	unsigned int l = pgt->levels - 1;
	u64 *entry, *table = pgt->root;

	if (l == level)
		return table;
	/* The root may have any number of entries. */
	entry = &table[iova >> iopgt_lg2(fmt, l)];
	for (;;) {
		u64 pte = READ_ONCE(*entry);

		if (likely(iopgt_pte_is_synced(fmt, pte)))
			table = iopgt_pte_table(fmt, pte);
		else
			table = iopgt_table_get(fmt, pgt, entry, l, gfp);
		if (--l == level || IS_ERR(table))
			return table;
		entry = &table[iopgt_idx(fmt, iova, l)];
	}
}

/* May a leaf of 2^@run_lg2 entries be written? Tables without leaves go. */
static __always_inline bool iopgt_make_room(const struct iopgt_fmt *fmt,
					    struct iopgt *pgt, u64 *entry,
					    unsigned long iova,
					    unsigned int level,
					    unsigned int run_lg2)
{
	size_t i;

	for (i = 0; i < BIT(run_lg2); i++) {
		if (likely(!iopgt_pte_present(fmt, READ_ONCE(entry[i]))))
			continue;
		if (!level ||
		    iopgt_give_up_empty(pgt, &entry[i],
					iova + (i << iopgt_lg2(fmt, level)),
					level))
			return false;
	}
	return true;
}

/*
 * Write leaves of one entry each into the first absent ones of @n entries; returns
 * how many. Four at a time, where that goes, halves the work for each.
 */
static __always_inline size_t iopgt_fill(const struct iopgt_fmt *fmt,
					 u64 *entry, phys_addr_t paddr,
					 size_t n, u64 attrs,
					 unsigned int level)
{
	const phys_addr_t bytes = BIT(iopgt_lg2(fmt, level));
	size_t left = n;

	while (left) {
		if (left >= 4 &&
		    likely(!iopgt_pte_present(fmt, READ_ONCE(entry[0]) |
						   READ_ONCE(entry[1]) |
						   READ_ONCE(entry[2]) |
						   READ_ONCE(entry[3])))) {
			WRITE_ONCE(entry[0], fmt->leaf(paddr, attrs, level, 0));
			WRITE_ONCE(entry[1], fmt->leaf(paddr + bytes, attrs,
						       level, 0));
			WRITE_ONCE(entry[2], fmt->leaf(paddr + 2 * bytes, attrs,
						       level, 0));
			WRITE_ONCE(entry[3], fmt->leaf(paddr + 3 * bytes, attrs,
						       level, 0));
			paddr += 4 * bytes;
			entry += 4;
			left -= 4;
			continue;
		}
		if (unlikely(iopgt_pte_present(fmt, READ_ONCE(*entry))))
			break;
		WRITE_ONCE(*entry, fmt->leaf(paddr, attrs, level, 0));
		paddr += bytes;
		entry++;
		left--;
	}
	return n - left;
}

/*
 * Clear the first of @n entries at level 0 that are a leaf of one entry; returns
 * how many.
 */
static __always_inline size_t iopgt_clear(const struct iopgt_fmt *fmt,
					  u64 *entry, size_t n)
{
	size_t left = n;

	while (left) {
		u64 pte = READ_ONCE(entry[0]);

		if (left >= 4) {
			u64 b = READ_ONCE(entry[1]), c = READ_ONCE(entry[2]);
			u64 d = READ_ONCE(entry[3]);

			if (likely(iopgt_pte_present(fmt, pte & b & c & d) &&
				   !((pte | b | c | d) & fmt->run))) {
				WRITE_ONCE(entry[0], 0);
				WRITE_ONCE(entry[1], 0);
				WRITE_ONCE(entry[2], 0);
				WRITE_ONCE(entry[3], 0);
				entry += 4;
				left -= 4;
				continue;
			}
		}
		if (unlikely(!iopgt_pte_present(fmt, pte) || (pte & fmt->run)))
			break;
		WRITE_ONCE(*entry, 0);
		entry++;
		left--;
	}
	return n - left;
}

/*
 * Write up to @n entries into one table; returns how many found room. They are
 * leaves of 2^@run_lg2 entries each, and of a leaf all or none are written.
 */
static __always_inline size_t iopgt_map_run(const struct iopgt_fmt *fmt,
					    struct iopgt *pgt, u64 *entry,
					    unsigned long iova,
					    phys_addr_t paddr, size_t n,
					    u64 attrs, unsigned int level,
					    unsigned int run_lg2)
{
	const unsigned int lg2 = iopgt_lg2(fmt, level);
	size_t i = 0, end;

	for (;;) {
		if (!run_lg2)
			i += iopgt_fill(fmt, &entry[i], paddr + (i << lg2),
					n - i, attrs, level);
		if (i == n || !iopgt_make_room(fmt, pgt, &entry[i],
					       iova + (i << lg2), level,
					       run_lg2))
			break;
		for (end = i + BIT(run_lg2); i < end; i++)
			WRITE_ONCE(entry[i], fmt->leaf(paddr + (i << lg2),
						       attrs, level, run_lg2));
	}
	iopgt_sync_run(pgt, entry, i);
	return i;
}

/* Map @count entries of leaves of one size, all checks done. */
static __always_inline int
iopgt_map_level(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		unsigned long iova, phys_addr_t paddr, size_t count, u64 attrs,
		unsigned int level, unsigned int run_lg2, gfp_t gfp,
		size_t *mapped)
{
	const unsigned int lg2 = iopgt_lg2(fmt, level);
	const unsigned long start = iova;
	int ret = 0;

	do {
		u64 *table = iopgt_map_table(fmt, pgt, iova, level, gfp);
		unsigned int idx = iopgt_level_idx(fmt, pgt, iova, level);
		size_t n, done;

		if (IS_ERR(table)) {
			ret = PTR_ERR(table);
			break;
		}
		n = min_t(size_t, count,
			  iopgt_level_entries(fmt, pgt, level) - idx);
		done = iopgt_map_run(fmt, pgt, &table[idx], iova, paddr, n,
				     attrs, level, run_lg2);
		iova += done << lg2;
		paddr += done << lg2;
		count -= done;
		if (done < n) {
			ret = -EEXIST;
			break;
		}
	} while (count);

	iopgt_publish();
	*mapped += iova - start;
	return ret;
}

/**
 * iopgt_walk_map() - the map_pages operation of a format
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_map_pages(), as all that follow
 * @paddr: output address
 * @pgsize: leaf size
 * @pgcount: number of leaves
 * @prot: permissions
 * @gfp: for tables
 * @mapped: raised by the bytes mapped
 *
 * Context: see iopgt_map_pages().
 * Return: see iopgt_map_pages().
 */
static __always_inline int
iopgt_walk_map(const struct iopgt_fmt *fmt, struct iopgt *pgt,
	       unsigned long iova, phys_addr_t paddr, size_t pgsize,
	       size_t pgcount, int prot, gfp_t gfp, size_t *mapped)
{
	const u64 attrs = fmt->attrs(pgt, prot);
	unsigned int level = 0, run_lg2, lg2;

	if (unlikely(!is_power_of_2(pgsize) ||
		     !(pgsize & pgt->cfg.pgsize_bitmap)))
		return -EINVAL;
	lg2 = __ffs(pgsize);
	while (level + 1 < fmt->leaf_levels && lg2 >= iopgt_lg2(fmt, level + 1))
		level++;
	run_lg2 = fmt->run_lg2 ? lg2 - iopgt_lg2(fmt, level) : 0;

	if (unlikely(!attrs || ((iova | paddr) & (pgsize - 1)) || !pgcount))
		return -EINVAL;
	/* Aligned, so that a range ends where its last leaf does. */
	if (unlikely(iova > pgt->ias_last || paddr > pgt->oas_last ||
		     (pgt->ias_last - iova) >> lg2 < pgcount - 1 ||
		     (pgt->oas_last - paddr) >> lg2 < pgcount - 1))
		return -ERANGE;

	if (unlikely(run_lg2 || level > 2))
		return iopgt_map_level(fmt, pgt, iova, paddr,
				       pgcount << run_lg2, attrs, level,
				       run_lg2, gfp, mapped);
	/* The usual sizes get code of their own: their level is a constant. */
	if (!level)
		return iopgt_map_level(fmt, pgt, iova, paddr, pgcount, attrs,
				       0, 0, gfp, mapped);
	if (level == 1)
		return iopgt_map_level(fmt, pgt, iova, paddr, pgcount, attrs,
				       1, 0, gfp, mapped);
	return iopgt_map_level(fmt, pgt, iova, paddr, pgcount, attrs, 2, 0,
			       gfp, mapped);
}

/*
 * Clear leaves in one table from @iova on, to the end of the table, of the
 * range, or to the first entry that cannot be cleared: a hole, a table, or a
 * leaf that reaches out of the range. Returns the bytes cleared.
 */
static __always_inline size_t
iopgt_unmap_run(const struct iopgt_fmt *fmt, struct iopgt *pgt, u64 *entry,
		unsigned long iova, size_t size, unsigned int level,
		struct iopgt_gather *gather)
{
	const unsigned int lg2 = iopgt_lg2(fmt, level);
	const size_t n = min_t(size_t, size >> lg2,
			       iopgt_level_entries(fmt, pgt, level) -
			       iopgt_level_idx(fmt, pgt, iova, level));
	unsigned int k = 0, run_lg2 = 0;
	size_t i, j, first = 0;

	/* The range is aligned to the granule, and maybe to no larger leaf. */
	if (level && (iova & (BIT(lg2) - 1)))
		return 0;

	for (i = 0; i < n; i += BIT(k)) {
		u64 pte = READ_ONCE(entry[i]);

		if (unlikely(!iopgt_pte_present(fmt, pte)) ||
		    iopgt_pte_is_table(fmt, pte, level))
			break;
		k = iopgt_run_lg2(fmt, pte, level);
		if (k && (((iova >> lg2) + i) & (BIT(k) - 1) ||
			  n - i < BIT(k)))
			break;
		if (unlikely(k != run_lg2)) {
			if (i)
				iopgt_gather_add(gather, iova + (first << lg2),
						 (i - first) << lg2,
						 lg2 + run_lg2);
			first = i;
			run_lg2 = k;
		}
		WRITE_ONCE(entry[i], 0);
		for (j = 1; j < BIT(k); j++)
			WRITE_ONCE(entry[i + j], 0);
	}
	if (unlikely(!i))
		return 0;
	iopgt_sync_run(pgt, entry, i);
	iopgt_gather_add(gather, iova + (first << lg2), (i - first) << lg2,
			 lg2 + run_lg2);
	return i << lg2;
}

/* One stretch of leaves of an unmap; 0 where there is none. */
static __always_inline size_t
iopgt_unmap_some(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		 unsigned long start, unsigned long iova, size_t size,
		 struct iopgt_gather *gather)
{
	unsigned int level = pgt->levels - 1;
	u64 *entry = &pgt->root[iova >> iopgt_lg2(fmt, level)];
	unsigned long span;
	size_t bytes;

	for (;;) {
		u64 pte = READ_ONCE(*entry);

		if (!iopgt_pte_is_table(fmt, pte, level))
			break;
		level--;
		entry = &iopgt_pte_table(fmt, pte)[iopgt_idx(fmt, iova, level)];
	}
	if (!level)
		bytes = iopgt_unmap_run(fmt, pgt, entry, iova, size, 0, gather);
	else if (level == 1)
		bytes = iopgt_unmap_run(fmt, pgt, entry, iova, size, 1, gather);
	else
		bytes = iopgt_unmap_run(fmt, pgt, entry, iova, size, level,
					gather);
	if (unlikely(!bytes) || level + 1 == pgt->levels)
		return bytes;

	span = BIT(iopgt_lg2(fmt, level + 1));
	iova += bytes;
	if (unlikely(iova - start >= span && !(iova & (span - 1))))
		iopgt_give_up_covered(pgt, start, iova, level, gather);
	return bytes;
}

/**
 * iopgt_walk_unmap() - the unmap_pages operation of a format
 * @fmt: the format
 * @pgt: the table
 * @iova: see iopgt_unmap_pages(), as all that follow
 * @size: bytes
 * @gather: what has to be invalidated
 *
 * Context: see iopgt_unmap_pages().
 * Return: bytes unmapped.
 */
static __always_inline size_t
iopgt_walk_unmap(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		 unsigned long iova, size_t size, struct iopgt_gather *gather)
{
	size_t bytes, done = 0;

	if (unlikely(((iova | size) & (BIT(fmt->granule_lg2) - 1)) ||
		     iova > pgt->ias_last || size - 1 > pgt->ias_last - iova))
		return 0;

	do {
		bytes = iopgt_unmap_some(fmt, pgt, iova, iova + done,
					 size - done, gather);
		/* A hole, or a leaf that reaches out of the range. */
		if (unlikely(!bytes) &&
		    !iopgt_cut_ends(pgt, iova + done, iova + size))
			break;
		done += bytes;
	} while (done != size);

	return done;
}

/**
 * iopgt_walk_to_phys() - the iova_to_phys operation of a format
 * @fmt: the format
 * @pgt: the table
 * @iova: any address
 *
 * Context: any context.
 * Return: the output address, or 0.
 */
static __always_inline phys_addr_t
iopgt_walk_to_phys(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		   unsigned long iova)
{
	unsigned int level = pgt->levels - 1;
	phys_addr_t paddr = 0;
	const u64 *table;
	u64 pte;

	if (iova > pgt->ias_last)
		return 0;

	/* Pairs with call_rcu() in iopgt_page_free_rcu(). */
	rcu_read_lock();
	pte = READ_ONCE(pgt->root[iova >> iopgt_lg2(fmt, level)]);
	while (iopgt_pte_is_table(fmt, pte, level)) {
		table = iopgt_pte_table(fmt, pte);
		level--;
		pte = READ_ONCE(table[iopgt_idx(fmt, iova, level)]);
	}
	if (iopgt_pte_present(fmt, pte)) {
		unsigned int lg2 = iopgt_lg2(fmt, level) +
				   iopgt_run_lg2(fmt, pte, level);

		paddr = (fmt->to_phys(pte, level) & ~(BIT(lg2) - 1)) |
			(iova & (BIT(lg2) - 1));
	}
	rcu_read_unlock();
	return paddr;
}

/*
 * Find the table at level 0 that translates a page frame, unless the walk does
 * not get there by the short way. No calls, so that a function made of this and
 * of what follows has hardly a register to save.
 */
static __always_inline bool iopgt_fast_table(const struct iopgt_fmt *fmt,
					     const struct iopgt *pgt,
					     unsigned long pfn, u64 **table)
{
	unsigned int shift = pgt->root_shift;
	/* The root may have any number of entries. */
	u64 pte = READ_ONCE(pgt->root[pfn >> shift]);

	for (;;) {
		if (unlikely(!iopgt_pte_is_synced(fmt, pte)))
			return false;
		/* The linear map's base is read again: saves saving one more. */
		barrier();
		*table = iopgt_pte_table(fmt, pte);
		shift -= fmt->idx_lg2;
		if (!shift)
			return true;
		pte = READ_ONCE((*table)[(pfn >> shift) &
					 (iopgt_entries(fmt) - 1)]);
	}
}

/* The entry of a table at level 0 for @iova; from the byte offset directly. */
static __always_inline u64 *iopgt_fast_entry(const struct iopgt_fmt *fmt,
					     u64 *table, unsigned long iova)
{
	const size_t mask = (iopgt_entries(fmt) - 1) * sizeof(*table);

	return (void *)table +
	       ((iova >> (fmt->granule_lg2 - ilog2(sizeof(*table)))) & mask);
}

/**
 * iopgt_fast_map() - the common case: leaves of the smallest size, one table
 * @fmt: the format
 * @pgt: the table
 * @iova: input address
 * @paddr: output address
 * @pgcount: number of leaves
 * @prot: permissions
 *
 * Makes no table and refuses no request: what it leaves is for iopgt_walk_map().
 *
 * Context: any context.
 * Return: how many leaves were mapped, from @iova on. If that is neither all
 * nor none, what follows is mapped already.
 */
static __always_inline size_t
iopgt_fast_map(const struct iopgt_fmt *fmt, struct iopgt *pgt,
	       unsigned long iova, phys_addr_t paddr, size_t pgcount, int prot)
{
	const unsigned int lg2 = fmt->granule_lg2;
	const unsigned int last = iopgt_entries(fmt) - 1;
	u64 *table, *entry;
	u64 attrs;

	/* A run within one table ends inside the input range if it starts so. */
	if (unlikely(((iova | paddr) & (BIT(lg2) - 1)) ||
		     pgcount - 1 > last - iopgt_idx(fmt, iova, 0) ||
		     iova > pgt->ias_last ||
		     (paddr | (paddr + (pgcount << lg2) - 1)) > pgt->oas_last))
		return 0;

	if (unlikely(!iopgt_fast_table(fmt, pgt, iova >> lg2, &table)))
		return 0;
	attrs = fmt->attrs(pgt, prot);
	if (unlikely(!attrs))
		return 0;

	entry = iopgt_fast_entry(fmt, table, iova);
	pgcount = iopgt_fill(fmt, entry, paddr, pgcount, attrs, 0);
	iopgt_sync_run(pgt, entry, pgcount);
	iopgt_publish();
	return pgcount;
}

/**
 * iopgt_fast_unmap() - the common case: some leaves of one table at level 0
 * @fmt: the format
 * @pgt: the table
 * @iova: first address
 * @size: bytes
 * @gather: what has to be invalidated
 *
 * Context: any context.
 * Return: bytes unmapped; less than @size, or 0, where iopgt_walk_unmap() has to
 * go on.
 */
static __always_inline size_t
iopgt_fast_unmap(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		 unsigned long iova, size_t size, struct iopgt_gather *gather)
{
	const unsigned int lg2 = fmt->granule_lg2;
	const unsigned int last = iopgt_entries(fmt) - 1;
	u64 *table, *entry;
	size_t n = size >> lg2;

	/* Of one table, and not all of it: that one would have to go. */
	if (unlikely(((iova | size) & (BIT(lg2) - 1)) || n > last ||
		     n - 1 > last - iopgt_idx(fmt, iova, 0) ||
		     iova > pgt->ias_last))
		return 0;

	if (unlikely(!iopgt_fast_table(fmt, pgt, iova >> lg2, &table)))
		return 0;

	entry = iopgt_fast_entry(fmt, table, iova);
	n = iopgt_clear(fmt, entry, n);
	if (unlikely(!n))
		return 0;
	iopgt_sync_run(pgt, entry, n);
	iopgt_gather_add(gather, iova, n << lg2, lg2);
	return n << lg2;
}

#endif /* _IOFLUSH_PGTABLE_WALK_H */
