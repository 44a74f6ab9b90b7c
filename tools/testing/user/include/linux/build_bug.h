/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: checks when compiling
 */
#ifndef _USER_LINUX_BUILD_BUG_H
#define _USER_LINUX_BUILD_BUG_H

#include <assert.h>

#include <linux/compiler.h>

#undef static_assert
#define static_assert(expr, ...)	_Static_assert(expr, #expr)
#define BUILD_BUG_ON(condition)	_Static_assert(!(condition), #condition)

#endif /* _USER_LINUX_BUILD_BUG_H */
