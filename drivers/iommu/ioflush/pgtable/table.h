/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: how tables come into the tree and leave it
 */
#ifndef _IOFLUSH_PGTABLE_TABLE_H
#define _IOFLUSH_PGTABLE_TABLE_H

#include "fmt.h"

int iopgt_tree_init(const struct iopgt_fmt *fmt, struct iopgt *pgt);
void iopgt_tree_free(const struct iopgt_fmt *fmt, struct iopgt *pgt);

u64 *iopgt_table_get(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		     u64 *entry, gfp_t gfp);
int iopgt_give_up_empty(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			u64 *entry, unsigned long iova, unsigned int level);
void iopgt_give_up_covered(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			   unsigned long start, unsigned long end,
			   unsigned int level, struct iopgt_gather *gather);

#endif /* _IOFLUSH_PGTABLE_TABLE_H */
