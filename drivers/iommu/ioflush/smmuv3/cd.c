// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: context descriptors, IHI 0070 section 5.4
 *
 * Pure functions: what a descriptor says, and which of its bits count.
 */
#include <linux/bitfield.h>

#include "regs.h"
#include "ste.h"

/* With EPD1 nothing is translated by TTB1, nor is what describes it read. */
#define CD0_TTB1	(SMMU3_CD0_T1SZ | SMMU3_CD0_TG1 | SMMU3_CD0_IR1 | \
			 SMMU3_CD0_OR1 | SMMU3_CD0_SH1)

/**
 * smmu3_cd_stage1() - a descriptor of one table, for the lower addresses
 * @cd: receives the descriptor
 * @caps: of the unit
 * @regs: of the table
 * @asid: tags its translations
 * @dirty: hardware records in leaves that they were written through
 *
 * Faults are recorded and abort the transaction; they only stall where the
 * unit knows nothing else. ASET keeps the CPUs' broadcast invalidations by
 * ASID away: the numbers are our own.
 */
void smmu3_cd_stage1(struct smmu3_entry *cd, const struct smmu3_caps *caps,
		     const struct iopgt_arm_regs *regs, u16 asid, bool dirty)
{
	u64 w0 = FIELD_PREP(SMMU3_CD0_T0SZ, regs->tsz) |
		 FIELD_PREP(SMMU3_CD0_TG0, regs->tg) |
		 FIELD_PREP(SMMU3_CD0_IR0, regs->irgn) |
		 FIELD_PREP(SMMU3_CD0_OR0, regs->orgn) |
		 FIELD_PREP(SMMU3_CD0_SH0, regs->sh) |
		 FIELD_PREP(SMMU3_CD0_IPS, regs->ps) |
		 FIELD_PREP(SMMU3_CD0_ASID, asid) |
		 SMMU3_CD0_EPD1 | SMMU3_CD0_AA64 | SMMU3_CD0_R |
		 SMMU3_CD0_A | SMMU3_CD0_ASET | SMMU3_CD0_V;

	if (caps->stall_forced)
		w0 |= SMMU3_CD0_S;
	/* HD without HA is not allowed, section 3.13. */
	if (dirty && caps->httu_dirty)
		w0 |= SMMU3_CD0_HA | SMMU3_CD0_HD;

	*cd = (struct smmu3_entry) {
		.w[0] = cpu_to_le64(w0),
		.w[1] = cpu_to_le64(regs->base & SMMU3_CD1_TTB0),
		.w[3] = cpu_to_le64(regs->mair),
	};
}

/**
 * smmu3_cd_used() - which bits of a context descriptor count
 * @cd: the descriptor
 * @used: receives the mask
 *
 * Section 5.4: of a descriptor that is not valid only V, of one with EPD1
 * nothing about TTB1.
 */
void smmu3_cd_used(const struct smmu3_entry *cd, struct smmu3_entry *used)
{
	*used = (struct smmu3_entry) {
		.w[0] = cpu_to_le64(SMMU3_CD0_V),
	};
	if (!smmu3_cd_valid(cd))
		return;

	for (int i = 0; i < SMMU3_ENTRY_WORDS; i++)
		used->w[i] = cpu_to_le64(~0ULL);
	if (le64_to_cpu(cd->w[0]) & SMMU3_CD0_EPD1) {
		used->w[0] = cpu_to_le64(~CD0_TTB1);
		used->w[2] = 0;
	}
}

/**
 * smmu3_cd_valid() - does hardware look at a descriptor at all?
 * @cd: the descriptor
 *
 * Return: whether V is set.
 */
bool smmu3_cd_valid(const struct smmu3_entry *cd)
{
	return le64_to_cpu(cd->w[0]) & SMMU3_CD0_V;
}
