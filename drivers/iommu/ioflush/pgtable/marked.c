// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: listing the memory behind leaves that are marked, or that are there at all
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "leaf.h"
#include "marked.h"

/* What iopgt_list_leaves() stops at */
struct iopgt_wanted {
	bool mark;
	int prot;
};

static bool iopgt_leaf_is_wanted(const struct iopgt_fmt *fmt, u64 pte,
				 unsigned int level,
				 const struct iopgt_wanted *wanted)
{
	if (wanted->mark)
		return pte & fmt->mark;
	return iopgt_pte_present(fmt, pte) && !iopgt_pte_is_table(fmt, pte, level) &&
	       fmt->prot(pte, level) == wanted->prot;
}

static size_t iopgt_list_leaves(struct iopgt *pgt, unsigned long iova,
				size_t size, struct iopgt_piece *piece,
				unsigned int *n,
				const struct iopgt_wanted *wanted)
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
		/* No table on the way goes meanwhile: see iopgt_entry(). */
		const u64 pte = READ_ONCE(*iopgt_entry(pgt, iova + done, &level));
		const size_t leaf = BIT(iopgt_leaf_lg2(fmt, pte, level));
		const size_t in = (iova + done) & (leaf - 1);
		const size_t bytes = min(leaf - in, size - done);

		if (!iopgt_leaf_is_wanted(fmt, pte, level, wanted) ||
		    !iopgt_piece_add(piece, n, room, &end,
				     iopgt_leaf_phys(fmt, pte, level, iova + done),
				     bytes, fmt->granule_lg2))
			break;
		done += bytes;
	}
	return done;
}

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
	return iopgt_list_leaves(pgt, iova, size, piece, n,
				 &(struct iopgt_wanted){ .mark = true });
}

/**
 * iopgt_mapped_slow() - iopgt_mapped() with leaves of any size, in any tables
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
size_t iopgt_mapped_slow(struct iopgt *pgt, unsigned long iova, size_t size,
			 struct iopgt_piece *piece, unsigned int *n, int *prot)
{
	struct iopgt_wanted wanted = {};
	unsigned int level = 0;
	u64 pte;

	pte = READ_ONCE(*iopgt_entry(pgt, iova, &level));
	wanted.prot = pgt->fmt->prot(pte, level);
	*prot = wanted.prot;
	return iopgt_list_leaves(pgt, iova, size, piece, n, &wanted);
}

/**
 * iopgt_leaf_bytes() - how large is a leaf?
 * @pgt: the table
 * @iova: an input address in it
 *
 * Nobody has to own it: of an entry that changes meanwhile it sees either.
 *
 * Context: any context.
 * Return: its size, or 0 if nothing is mapped there.
 */
size_t iopgt_leaf_bytes(struct iopgt *pgt, unsigned long iova)
{
	unsigned int level = 0;
	size_t bytes = 0;
	u64 pte;

	/* Pairs with call_rcu() in iopgt_page_free_rcu(). */
	rcu_read_lock();
	pte = READ_ONCE(*iopgt_entry(pgt, iova, &level));
	if (iopgt_pte_present(pgt->fmt, pte) &&
	    !iopgt_pte_is_table(pgt->fmt, pte, level))
		bytes = BIT(iopgt_leaf_lg2(pgt->fmt, pte, level));
	rcu_read_unlock();
	return bytes;
}
EXPORT_SYMBOL_GPL(iopgt_leaf_bytes);

/**
 * iopgt_mapped() - which memory is behind leaves that all do the same
 * @pgt: the table
 * @iova: first input address, a multiple of the smallest leaf size
 * @size: bytes, a multiple of that
 * @piece: receives the memory, in the order of its addresses; neighbours are one piece
 * @n: how many there is room for, not 0; receives how many there are
 * @prot: receives IOMMU_READ and friends of the first leaf
 *
 * Nobody has to own the range: of entries that change meanwhile it sees either.
 *
 * Context: any context.
 * Return: how many bytes from @iova on that is: up to the first leaf that does
 *	something else, the first hole, or as many as there is room for.
 */
size_t iopgt_mapped(struct iopgt *pgt, unsigned long iova, size_t size,
		    struct iopgt_piece *piece, unsigned int *n, int *prot)
{
	size_t bytes;

	/* Pairs with call_rcu() in iopgt_page_free_rcu(). */
	rcu_read_lock();
	bytes = pgt->ops->mapped ?
		pgt->ops->mapped(pgt, iova, size, piece, n, prot) :
		iopgt_mapped_slow(pgt, iova, size, piece, n, prot);
	rcu_read_unlock();
	return bytes;
}
EXPORT_SYMBOL_GPL(iopgt_mapped);
