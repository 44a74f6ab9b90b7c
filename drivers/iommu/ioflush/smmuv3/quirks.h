/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: SMMUs that are not quite what the architecture says
 */
#ifndef _IOFLUSH_SMMU3_QUIRKS_H
#define _IOFLUSH_SMMU3_QUIRKS_H

#include <linux/bits.h>
#include <linux/types.h>

struct fwnode_handle;
struct seq_file;

/** SMMU3_QUIRK_ONE_PAGE - the registers of page 1 are in page 0 */
#define SMMU3_QUIRK_ONE_PAGE	BIT(0)
/** SMMU3_QUIRK_SYNC_EACH - commands of two kinds have a sync in between */
#define SMMU3_QUIRK_SYNC_EACH	BIT(1)
/** SMMU3_QUIRK_RANGES_ONLY - addresses are invalidated by ranges alone */
#define SMMU3_QUIRK_RANGES_ONLY	BIT(2)
/** SMMU3_QUIRK_TWICE - an invalidation may miss, and is repeated behind a sync */
#define SMMU3_QUIRK_TWICE	BIT(3)

/**
 * struct smmu3_ident - what tells one implementation from another
 * @iidr: SMMU_IIDR; 0 while it cannot be read yet
 * @model: from IORT; ACPI_IORT_SMMU_V3_GENERIC where there is none
 * @fwnode: what firmware has for the unit; may be NULL
 */
struct smmu3_ident {
	u32 iidr;
	u32 model;
	const struct fwnode_handle *fwnode;
};

u32 smmu3_quirks_find(const struct smmu3_ident *ident);
u32 smmu3_quirks_of_cmdq(u32 quirks);
void smmu3_quirks_show(struct seq_file *m, u32 quirks);

#endif /* _IOFLUSH_SMMU3_QUIRKS_H */
