/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the formats that the programs run through
 */
#ifndef _USER_FORMATS_H
#define _USER_FORMATS_H

#include <linux/iommu.h>
#include <linux/ioflush/pgtable.h>

/**
 * struct user_format - a format in one configuration, and its shape
 * @name: for arguments and reports
 * @ops: the format
 * @cfg: the configuration
 * @granule_lg2: log2 of the smallest leaf
 * @idx_lg2: log2 of the entries in a table
 */
struct user_format {
	const char *name;
	const struct iopgt_ops *ops;
	struct iopgt_cfg cfg;
	u8 granule_lg2;
	u8 idx_lg2;
};

/* Ends with one that has no name. */
extern const struct user_format user_formats[];

/* By name; ends the process, and says what there is, if there is none. */
const struct user_format *user_format(const char *name);

/* log2 of what an entry at a level translates; level 0 is the lowest. */
static inline unsigned int user_lg2(const struct user_format *f,
				    unsigned int level)
{
	return f->granule_lg2 + level * f->idx_lg2;
}

/* What leaves may differ in: permissions, the mark, and on Arm the memory type. */
static inline int user_prots(const struct user_format *f)
{
	const int prots = IOMMU_READ | IOMMU_WRITE | IOPGT_MARK;

	if (f->ops == &iopgt_arm_s1_ops || f->ops == &iopgt_arm_s2_ops)
		return prots | IOMMU_CACHE;
	return prots;
}

/* May a leaf be as large as an entry at this level? */
static inline bool user_leaf_at(const struct iopgt *pgt,
				const struct user_format *f,
				unsigned int level)
{
	return user_lg2(f, level) < 64 &&
	       pgt->cfg.pgsize_bitmap >> user_lg2(f, level) & 1;
}

#endif /* _USER_FORMATS_H */
