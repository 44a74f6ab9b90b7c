/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the suites for bus addresses share
 */
#ifndef _IOFLUSH_IOVA_TEST_H
#define _IOFLUSH_IOVA_TEST_H

#include <linux/types.h>

struct iospace;
struct kunit;

struct iospace *iova_test_space(struct kunit *test, u64 last);

#endif /* _IOFLUSH_IOVA_TEST_H */
