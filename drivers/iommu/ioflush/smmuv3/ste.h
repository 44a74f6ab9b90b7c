/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: stream table entries and context descriptors, IHI 0070 chapter 5
 */
#ifndef _IOFLUSH_SMMU3_STE_H
#define _IOFLUSH_SMMU3_STE_H

#include <linux/ioflush/pgtable_arm.h>

#include "caps.h"
#include "entry.h"

void smmu3_ste_abort(struct smmu3_entry *ste);
void smmu3_ste_bypass(struct smmu3_entry *ste, const struct smmu3_caps *caps);
void smmu3_ste_stage1(struct smmu3_entry *ste, const struct smmu3_caps *caps,
		      phys_addr_t cd, bool coherent, bool ats);
void smmu3_ste_stage2(struct smmu3_entry *ste, const struct smmu3_caps *caps,
		      const struct iopgt_arm_regs *regs, u16 vmid, bool ats);
void smmu3_cd_stage1(struct smmu3_entry *cd, const struct smmu3_caps *caps,
		     const struct iopgt_arm_regs *regs, u16 asid, bool dirty);
const char *smmu3_ste_config_name(const struct smmu3_entry *ste);
bool smmu3_ste_valid(const struct smmu3_entry *ste);
bool smmu3_cd_valid(const struct smmu3_entry *cd);

#endif /* _IOFLUSH_SMMU3_STE_H */
