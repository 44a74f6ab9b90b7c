/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: how tables come into the tree and leave it
 */
#ifndef _IOFLUSH_PGTABLE_TABLE_H
#define _IOFLUSH_PGTABLE_TABLE_H

#include "fmt.h"

int iopgt_tree_init(const struct iopgt_fmt *fmt, struct iopgt *pgt);
void iopgt_tree_free(struct iopgt *pgt);

u64 *iopgt_entry(struct iopgt *pgt, unsigned long iova, unsigned int *level);
u64 *iopgt_table_get(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		     u64 *entry, unsigned int level, gfp_t gfp);
void iopgt_unlink(struct iopgt *pgt, u64 *entry, unsigned int tables);
int iopgt_give_up_empty(struct iopgt *pgt, u64 *entry, unsigned long iova,
			unsigned int level);
void iopgt_give_up_covered(struct iopgt *pgt, unsigned long start,
			   unsigned long end, unsigned int level,
			   struct iopgt_gather *gather);

bool iopgt_cut_ends(struct iopgt *pgt, unsigned long start, unsigned long end);

#endif /* _IOFLUSH_PGTABLE_TABLE_H */
