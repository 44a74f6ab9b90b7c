/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: leaves, as a table has them or as it should
 */
#ifndef _USER_LEAVES_H
#define _USER_LEAVES_H

#include <linux/ioflush/pgtable.h>

/**
 * struct user_leaf - one leaf, all of its entries
 * @iova: first input address
 * @paddr: where that goes
 * @lg2: log2 of its size
 * @prot: IOMMU_READ, IOMMU_WRITE, IOPGT_MARK, and IOMMU_CACHE where that is not the same for all
 * @written: it says that it was written through, or would not say so if it was
 */
struct user_leaf {
	unsigned long iova;
	phys_addr_t paddr;
	u8 lg2;
	u32 prot;
	bool written;
};

/**
 * struct user_leaves - leaves by ascending input address
 * @leaf: the array
 * @n: how many
 * @room: for how many
 */
struct user_leaves {
	struct user_leaf *leaf;
	size_t n;
	size_t room;
};

static inline unsigned long user_leaf_last(const struct user_leaf *leaf)
{
	return leaf->iova + ((1UL << leaf->lg2) - 1);
}

/* The first leaf that ends at @iova or after it; may be beyond the last. */
size_t user_leaves_find(const struct user_leaves *leaves, unsigned long iova);
void user_leaves_insert(struct user_leaves *leaves, size_t at,
			const struct user_leaf *leaf);
/* The same, and after it @n - 1 neighbours of its kind. */
void user_leaves_insert_n(struct user_leaves *leaves, size_t at,
			  const struct user_leaf *leaf, size_t n);
void user_leaves_remove(struct user_leaves *leaves, size_t at, size_t n);
void user_leaves_free(struct user_leaves *leaves);
/* Says what the first difference is; 0 if there is none. */
int user_leaves_differ(const struct user_leaves *a,
		       const struct user_leaves *b);

/*
 * All leaves of a table, read by a walk that is not the library's. Returns the
 * number of tables, root included. Ends the process where entries of one leaf
 * do not agree. Nobody may alter the table meanwhile.
 */
unsigned long user_dump(const struct iopgt *pgt, struct user_leaves *leaves);

/* Where the entry is that translates an address; NULL if no leaf does. */
u64 *user_leaf_entry(const struct iopgt *pgt, unsigned long iova);

#endif /* _USER_LEAVES_H */
