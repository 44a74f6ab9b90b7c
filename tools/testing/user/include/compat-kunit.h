/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what its KUnit gives a generator of parameters
 */
#ifndef _USER_COMPAT_KUNIT_H
#define _USER_COMPAT_KUNIT_H

#define IOFLUSH_KUNIT_PREV	const void *

#endif /* _USER_COMPAT_KUNIT_H */
