/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: bits
 */
#ifndef _USER_LINUX_BITS_H
#define _USER_LINUX_BITS_H

#include <linux/types.h>

#define BITS_PER_LONG		64
#define BITS_PER_LONG_LONG	64
#define BITS_PER_BYTE		8
#define BITS_PER_TYPE(type)	(sizeof(type) * 8)
#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))

#endif /* _USER_LINUX_BITS_H */
