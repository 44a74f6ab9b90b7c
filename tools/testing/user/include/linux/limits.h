/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: how far numbers reach; the C library's headers take this one too
 */
#ifndef _USER_LINUX_LIMITS_H
#define _USER_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U8_MAX		((u8)~0)
#define U16_MAX		((u16)~0)
#define U32_MAX		(~0U)
#define U64_MAX		(~0ULL)

#endif /* _USER_LINUX_LIMITS_H */
