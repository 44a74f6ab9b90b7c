// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: splitting a leaf
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/errno.h>
#include <linux/export.h>

#include "page.h"
#include "table.h"

/**
 * iopgt_cut() - make an address a boundary between leaves
 * @pgt: the table
 * @iova: the address
 * @gfp: for tables
 *
 * Context: any context that @gfp allows; waits for the invalidation.
 * Return: 0; -EOPNOTSUPP where the leaf cannot be split.
 */
int iopgt_cut(struct iopgt *pgt, unsigned long iova, gfp_t gfp)
{
	return -EOPNOTSUPP;
}

/**
 * iopgt_cut_ends() - cut the leaf that an unmap has come to
 * @pgt: the table
 * @start: how far the unmap has come
 * @end: where it ends, exclusive
 *
 * Context: any context; waits for the invalidation.
 * Return: true if the unmap may go on: a leaf begins at @start that does not
 * reach beyond @end, and did not before.
 */
bool iopgt_cut_ends(struct iopgt *pgt, unsigned long start, unsigned long end)
{
	unsigned int level = 0;
	u64 pte = READ_ONCE(*iopgt_entry(pgt, start, &level));

	if (!iopgt_pte_present(pgt->fmt, pte))
		return false;
	if (iopgt_cut(pgt, start, GFP_ATOMIC))
		return false;
	return end - 1 >= pgt->ias_last || !iopgt_cut(pgt, end, GFP_ATOMIC);
}
