// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: stream table entries, IHI 0070 section 5.2
 *
 * Pure functions: what an entry says, and which of its bits count.
 */
#include <linux/bitfield.h>

#include "regs.h"
#include "ste.h"

/*
 * Overrides of what a transaction brings along that matter with any
 * translation or none, section 13.5. Ours are all 0, "as it comes".
 */
#define STE1_ANY	(SMMU3_STE1_PRIVCFG | SMMU3_STE1_INSTCFG | \
			 SMMU3_STE1_NSCFG | SMMU3_STE1_ALLOCCFG | \
			 SMMU3_STE1_MEMATTR | SMMU3_STE1_MTCFG)
/* What only matters where something is translated. */
#define STE1_XLATE	(SMMU3_STE1_S2HWU | SMMU3_STE1_DRE | \
			 SMMU3_STE1_CONT | SMMU3_STE1_DCP | \
			 SMMU3_STE1_PPAR | SMMU3_STE1_MEV | \
			 SMMU3_STE1_EATS)
#define STE1_S1		(SMMU3_STE1_S1DSS | SMMU3_STE1_S1CIR | \
			 SMMU3_STE1_S1COR | SMMU3_STE1_S1CSH | \
			 SMMU3_STE1_S1MPAM | SMMU3_STE1_S1STALLD | \
			 SMMU3_STE1_STRW)

static u64 ste_config(const struct smmu3_entry *ste)
{
	return FIELD_GET(SMMU3_STE0_CONFIG, le64_to_cpu(ste->w[0]));
}

static void ste_put(struct smmu3_entry *ste, u64 config, u64 w0, u64 w1)
{
	*ste = (struct smmu3_entry) {
		.w[0] = cpu_to_le64(SMMU3_STE0_V | w0 |
				    FIELD_PREP(SMMU3_STE0_CONFIG, config)),
		.w[1] = cpu_to_le64(w1),
	};
}

/*
 * Shareability as it comes, where stage 1 does not give its own: 0 would be
 * "none". Reserved in units that cannot override it, section 5.2, SHCFG.
 */
static u64 ste_incoming(const struct smmu3_caps *caps)
{
	return caps->idr.idr1 & SMMU3_IDR1_ATTR_TYPES_OVR ?
	       FIELD_PREP(SMMU3_STE1_SHCFG, SMMU3_SHCFG_INCOMING) : 0;
}

static u64 ste_ats(const struct smmu3_caps *caps, bool ats)
{
	return FIELD_PREP(SMMU3_STE1_EATS, caps->ats && ats ?
			  SMMU3_EATS_FULL : SMMU3_EATS_NONE);
}

/**
 * smmu3_ste_abort() - an entry that lets nothing through
 * @ste: receives the entry
 *
 * No event tells of what it stops.
 */
void smmu3_ste_abort(struct smmu3_entry *ste)
{
	ste_put(ste, SMMU3_STE_ABORT, 0, 0);
}

/**
 * smmu3_ste_bypass() - an entry that lets everything through
 * @ste: receives the entry
 * @caps: of the unit
 */
void smmu3_ste_bypass(struct smmu3_entry *ste, const struct smmu3_caps *caps)
{
	ste_put(ste, SMMU3_STE_BYPASS, 0, ste_incoming(caps));
}

/**
 * smmu3_ste_stage1() - an entry that translates by a context descriptor
 * @ste: receives the entry
 * @caps: of the unit
 * @cd: address of the one descriptor, 64-byte aligned
 * @coherent: hardware reads the descriptor through the caches of CPUs
 * @ats: the device may ask for translations
 *
 * S1CDMax is 0: there are no substreams. S2VMID is 0, which tags translations
 * of stage 1 in a unit that has both stages.
 */
void smmu3_ste_stage1(struct smmu3_entry *ste, const struct smmu3_caps *caps,
		      phys_addr_t cd, bool coherent, bool ats)
{
	u64 w1 = FIELD_PREP(SMMU3_STE1_STRW, SMMU3_STRW_NSEL1) |
		 ste_ats(caps, ats);

	if (coherent)
		w1 |= FIELD_PREP(SMMU3_STE1_S1CIR, SMMU3_WB) |
		      FIELD_PREP(SMMU3_STE1_S1COR, SMMU3_WB) |
		      FIELD_PREP(SMMU3_STE1_S1CSH, SMMU3_SH_INNER);
	else
		w1 |= FIELD_PREP(SMMU3_STE1_S1CIR, SMMU3_NC) |
		      FIELD_PREP(SMMU3_STE1_S1COR, SMMU3_NC) |
		      FIELD_PREP(SMMU3_STE1_S1CSH, SMMU3_SH_OUTER);
	ste_put(ste, SMMU3_STE_S1, cd & SMMU3_STE0_S1CTXPTR, w1);
}

/**
 * smmu3_ste_stage2() - an entry that translates by a table of stage 2
 * @ste: receives the entry
 * @caps: of the unit
 * @regs: of the table
 * @vmid: tags its translations
 * @ats: the device may ask for translations
 *
 * Faults are recorded; they only stall where the unit knows nothing else.
 */
void smmu3_ste_stage2(struct smmu3_entry *ste, const struct smmu3_caps *caps,
		      const struct iopgt_arm_regs *regs, u16 vmid, bool ats)
{
	u64 w2 = FIELD_PREP(SMMU3_STE2_S2VMID, vmid) |
		 FIELD_PREP(SMMU3_STE2_S2T0SZ, regs->tsz) |
		 FIELD_PREP(SMMU3_STE2_S2SL0, regs->sl) |
		 FIELD_PREP(SMMU3_STE2_S2IR0, regs->irgn) |
		 FIELD_PREP(SMMU3_STE2_S2OR0, regs->orgn) |
		 FIELD_PREP(SMMU3_STE2_S2SH0, regs->sh) |
		 FIELD_PREP(SMMU3_STE2_S2TG, regs->tg) |
		 FIELD_PREP(SMMU3_STE2_S2PS, regs->ps) |
		 SMMU3_STE2_S2AA64 | SMMU3_STE2_S2R;

	if (caps->stall_forced)
		w2 |= SMMU3_STE2_S2S;
	ste_put(ste, SMMU3_STE_S2, 0,
		ste_incoming(caps) | ste_ats(caps, ats));
	ste->w[2] = cpu_to_le64(w2);
	ste->w[3] = cpu_to_le64(regs->base & SMMU3_STE3_S2TTB);
}

/* With substreams, S1DSS may let some transactions bypass stage 1. */
static bool ste_substreams(const struct smmu3_entry *ste)
{
	return FIELD_GET(SMMU3_STE0_S1CDMAX, le64_to_cpu(ste->w[0]));
}

static void ste_used_xlate(const struct smmu3_entry *ste, u64 config,
			   struct smmu3_entry *used)
{
	u64 w0 = SMMU3_STE0_V | SMMU3_STE0_CONFIG;
	u64 w1 = STE1_ANY | STE1_XLATE;

	if (config & 1) {
		w0 |= SMMU3_STE0_S1FMT | SMMU3_STE0_S1CTXPTR |
		      SMMU3_STE0_S1CDMAX;
		w1 |= STE1_S1;
		if (ste_substreams(ste))
			w1 |= SMMU3_STE1_SHCFG;
		used->w[2] = cpu_to_le64(SMMU3_STE2_S2VMID);
	}
	if (config & 2) {
		w1 |= SMMU3_STE1_SHCFG | SMMU3_STE1_S2FWB;
		used->w[2] = cpu_to_le64(~0ULL);
		used->w[3] = cpu_to_le64(~0ULL);
	}
	used->w[0] = cpu_to_le64(w0);
	used->w[1] = cpu_to_le64(w1);
	for (int i = 4; i < SMMU3_ENTRY_WORDS; i++)
		used->w[i] = cpu_to_le64(~0ULL);
}

/**
 * smmu3_ste_used() - which bits of a stream table entry count
 * @ste: the entry
 * @used: receives the mask
 *
 * Section 5.2: of an entry that is not valid only V; of one that aborts, and
 * of one that bypasses, few. Where the manual leaves room for doubt, a bit
 * counts: that costs at most the hitless way.
 */
void smmu3_ste_used(const struct smmu3_entry *ste, struct smmu3_entry *used)
{
	u64 config = ste_config(ste);

	*used = (struct smmu3_entry) {
		.w[0] = cpu_to_le64(SMMU3_STE0_V),
	};
	if (!smmu3_ste_valid(ste))
		return;

	if (config >= SMMU3_STE_S1) {
		ste_used_xlate(ste, config, used);
		return;
	}
	used->w[0] = cpu_to_le64(SMMU3_STE0_V | SMMU3_STE0_CONFIG);
	if (config == SMMU3_STE_BYPASS)
		used->w[1] = cpu_to_le64(STE1_ANY | SMMU3_STE1_SHCFG);
}

/**
 * smmu3_ste_config_name() - what an entry does, for people
 * @ste: the entry
 *
 * Return: a constant string.
 */
const char *smmu3_ste_config_name(const struct smmu3_entry *ste)
{
	if (!smmu3_ste_valid(ste))
		return "invalid";

	switch (ste_config(ste)) {
	case SMMU3_STE_BYPASS:
		return "bypass";
	case SMMU3_STE_S1:
		return "stage 1";
	case SMMU3_STE_S2:
		return "stage 2";
	case SMMU3_STE_NESTED:
		return "nested";
	default:
		/* 0b001 to 0b011 are reserved, and behave as 0b000. */
		return "abort";
	}
}

/**
 * smmu3_ste_valid() - does hardware look at an entry at all?
 * @ste: the entry
 *
 * Return: whether V is set.
 */
bool smmu3_ste_valid(const struct smmu3_entry *ste)
{
	return le64_to_cpu(ste->w[0]) & SMMU3_STE0_V;
}
