/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the KUnit suites of cut.c and collapse.c share
 *
 * One leaf, or one range that becomes one, is edited while hardware and readers
 * are at it. The library's hooks cut an edit into instants: at each of them what
 * hardware finds is checked, and at a chosen one it writes.
 */
#ifndef _IOFLUSH_PGTABLE_EDIT_CASE_H
#define _IOFLUSH_PGTABLE_EDIT_CASE_H

#include "test_util.h"

/** enum edit_mode - the hardware that an edit is made on */
enum edit_mode {
	EDIT_BROKEN,			/* by break-before-make */
	EDIT_HITLESS,
	EDIT_MODES,
	EDIT_NONCOHERENT = BIT(2),	/* to be or'ed in */
};

/**
 * struct edit - an edit under observation
 * @k: the table
 * @iova: where it happens
 * @size: how much it concerns, in bytes
 * @probe: addresses in there that are looked at, at each instant
 * @nr_probes: how many
 * @faults: requests to any of them have faulted
 * @instant: hook calls so far
 * @at: the one at which hardware writes; 0 for never
 * @write: to which address
 * @entry: the leaf that hardware has cached for that; NULL if none
 * @pte: as it was
 * @wrote: that write went through
 * @invalidations: calls of the invalidate hook
 * @last: what the last of them was to invalidate
 * @remade: calls of the remade hook
 * @remade_iova: which range the last was about
 * @remade_bytes: its length
 * @during: called while an invalidation is on its way
 */
struct edit {
	struct iopgt_kunit *k;
	unsigned long iova;
	unsigned long size;
	unsigned long probe[8];
	unsigned int nr_probes;
	bool faults;
	unsigned int instant;
	unsigned int at;
	unsigned long write;
	u64 *entry;
	u64 pte;
	bool wrote;
	unsigned int invalidations;
	struct iopgt_gather last;
	unsigned int remade;
	unsigned long remade_iova;
	size_t remade_bytes;
	void (*during)(struct edit *e, struct iopgt_gather *gather);
};

struct edit *edit_new(struct kunit *test, unsigned int mode);
void edit_begin(struct edit *e, unsigned long size);
void edit_map(struct edit *e, unsigned long leaf, int prot);
void edit_write_at(struct edit *e, unsigned int at, unsigned long offset);
void edit_probe(struct edit *e);
unsigned int edit_level(const struct iopgt_kunit *k, unsigned long size);

/* The sizes that a leaf may have, but for the smallest. */
static inline unsigned long edit_sizes(const struct iopgt_kunit *k)
{
	return k->pgt.cfg.pgsize_bitmap & ~BIT(k->f->granule_lg2);
}

#define edit_for_each_size(k, size)					\
	for (unsigned long left_ = edit_sizes(k);			\
	     (size) = left_ & -left_, left_; left_ &= left_ - 1)

#endif /* _IOFLUSH_PGTABLE_EDIT_CASE_H */
