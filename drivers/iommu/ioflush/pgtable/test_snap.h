/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what is in a table, to compare it with later
 */
#ifndef _IOFLUSH_PGTABLE_TEST_SNAP_H
#define _IOFLUSH_PGTABLE_TEST_SNAP_H

#include "test_util.h"

struct iopgt_snap;

struct iopgt_snap *iopgt_snap(struct iopgt_kunit *k);
void iopgt_snap_same(struct iopgt_kunit *k, const struct iopgt_snap *was,
		     bool leaves);

#endif /* _IOFLUSH_PGTABLE_TEST_SNAP_H */
