/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: sums
 */
#ifndef _USER_LINUX_MATH_H
#define _USER_LINUX_MATH_H

#include <linux/align.h>

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP((unsigned long long)(n), d)
#define round_up(x, a)		ALIGN(x, a)
#define round_down(x, a)	ALIGN_DOWN(x, a)

#endif /* _USER_LINUX_MATH_H */
