/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what a table has to do, worked out on a list of leaves
 *
 * Follows what include/linux/ioflush/pgtable.h promises. Of the table it takes
 * the sizes and limits that its config came out with, and nothing else.
 */
#ifndef _USER_ORACLE_H
#define _USER_ORACLE_H

#include "formats.h"
#include "leaves.h"

/**
 * struct oracle - what is known about a table
 * @f: its format
 * @pgt: the table
 * @leaves: what is mapped
 * @tracking: writes are tracked
 */
struct oracle {
	const struct user_format *f;
	const struct iopgt *pgt;
	struct user_leaves leaves;
	bool tracking;
};

int oracle_map(struct oracle *o, unsigned long iova, phys_addr_t paddr,
	       size_t pgsize, size_t count, int prot, size_t *mapped);
/* What was removed is appended to @removed. */
size_t oracle_unmap(struct oracle *o, unsigned long iova, size_t size,
		    struct user_leaves *removed);
phys_addr_t oracle_to_phys(const struct oracle *o, unsigned long iova);
bool oracle_marked(const struct oracle *o, unsigned long iova);
int oracle_cut(struct oracle *o, unsigned long iova);
int oracle_collapse(struct oracle *o, unsigned long iova, size_t size);
void oracle_tracking(struct oracle *o, bool on);
/* Hardware writes through a leaf; NULL if it faults. */
const struct user_leaf *oracle_write(struct oracle *o, unsigned long iova);

/* The level that holds leaves of a size. */
unsigned int oracle_level(const struct oracle *o, unsigned int lg2);

#endif /* _USER_ORACLE_H */
