/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: KUnit, on Linux 6.12
 */
#ifndef _IOFLUSH_COMPAT_KUNIT_H
#define _IOFLUSH_COMPAT_KUNIT_H

/* What a generator of parameters is given before the place for a name. */
#define IOFLUSH_KUNIT_PREV	const void *

#endif /* _IOFLUSH_COMPAT_KUNIT_H */
