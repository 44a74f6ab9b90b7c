/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: how an entry of 64 bytes that hardware may read at any time goes
 * from one meaning to another
 *
 * Stream table entries and context descriptors are eight words of 64 bits;
 * hardware reads a word at once, but not the entry (IHI 0070 section 3.21.3).
 * What a word means depends on others: of an entry that is invalid only V
 * counts, of one that bypasses only some fields do. So words that count for
 * neither the old nor the new meaning can be changed ahead, and one word can
 * then carry the switch.
 */
#ifndef _IOFLUSH_SMMU3_ENTRY_H
#define _IOFLUSH_SMMU3_ENTRY_H

#include <linux/types.h>

/** SMMU3_ENTRY_WORDS - words of 64 bits of an entry */
#define SMMU3_ENTRY_WORDS 8

/**
 * struct smmu3_entry - a stream table entry or a context descriptor
 * @w: as hardware reads them
 */
struct smmu3_entry {
	__le64 w[SMMU3_ENTRY_WORDS];
};

/** SMMU3_ENTRY_STEPS - steps that a change may need */
#define SMMU3_ENTRY_STEPS 3

/**
 * struct smmu3_entry_plan - how to change an entry
 * @nsteps: number of steps; hardware has to forget the entry after each
 * @hitless: at no time does a reader see anything but the old or the new
 *	meaning
 * @step: the whole entry after each step; within one, either a single word
 *	changes, or only words (or bits) that the meaning at that time ignores
 */
struct smmu3_entry_plan {
	unsigned int nsteps;
	bool hitless;
	struct smmu3_entry step[SMMU3_ENTRY_STEPS];
};

/**
 * typedef smmu3_entry_used_t - which bits of an entry count
 * @entry: the entry
 * @used: receives a mask of the bits that hardware may look at while @entry
 *	is what it reads
 */
typedef void smmu3_entry_used_t(const struct smmu3_entry *entry,
				struct smmu3_entry *used);

void smmu3_entry_plan(struct smmu3_entry_plan *plan,
		      const struct smmu3_entry *now,
		      const struct smmu3_entry *wanted,
		      smmu3_entry_used_t *used_of);
void smmu3_entry_store(struct smmu3_entry *entry,
		       const struct smmu3_entry *value);

/* ste.c, cd.c */
smmu3_entry_used_t smmu3_ste_used;
smmu3_entry_used_t smmu3_cd_used;

#endif /* _IOFLUSH_SMMU3_ENTRY_H */
