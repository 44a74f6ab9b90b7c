/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: multiples
 */
#ifndef _USER_LINUX_ALIGN_H
#define _USER_LINUX_ALIGN_H

#define ALIGN(x, a)		(((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define PTR_ALIGN_DOWN(p, a)	((typeof(p))ALIGN_DOWN((unsigned long)(p), a))
#define IS_ALIGNED(x, a)	(!((x) & ((typeof(x))(a) - 1)))

#endif /* _USER_LINUX_ALIGN_H */
