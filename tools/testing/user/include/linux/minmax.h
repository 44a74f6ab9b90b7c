/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the smaller and the larger
 */
#ifndef _USER_LINUX_MINMAX_H
#define _USER_LINUX_MINMAX_H

#include <linux/types.h>

/* Both have one type, as the kernel wants it. */
#define USER_PICK(a, op, b)						\
({									\
	typeof(a) user_a = (a);						\
	typeof(b) user_b = (b);						\
									\
	user_a op user_b ? user_a : user_b;				\
})
#define min(a, b)		USER_PICK(a, <, b)
#define max(a, b)		USER_PICK(a, >, b)
#define min3(a, b, c)		min(min(a, b), c)
#define max3(a, b, c)		max(max(a, b), c)
#define min_t(type, a, b)	USER_PICK((type)(a), <, (type)(b))
#define max_t(type, a, b)	USER_PICK((type)(a), >, (type)(b))
#define clamp(x, low, high)	min(max(x, low), high)
#define swap(a, b)							\
do {									\
	typeof(a) user_swap = (a);					\
									\
	(a) = (b);							\
	(b) = user_swap;						\
} while (0)

#endif /* _USER_LINUX_MINMAX_H */
