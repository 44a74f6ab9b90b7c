/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: divisions, which are no matter on 64 bits
 */
#ifndef _USER_LINUX_MATH64_H
#define _USER_LINUX_MATH64_H

#include <linux/types.h>

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

#endif /* _USER_LINUX_MATH64_H */
