/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: cache lines
 */
#ifndef _USER_LINUX_CACHE_H
#define _USER_LINUX_CACHE_H

#include <linux/compiler.h>

#define ____cacheline_aligned_in_smp	__aligned(64)
#define cache_line_size()		64

#endif /* _USER_LINUX_CACHE_H */
