/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: cache maintenance, which only counts
 */
#ifndef _USER_LINUX_CACHEFLUSH_H
#define _USER_LINUX_CACHEFLUSH_H

#include <linux/atomic.h>

extern atomic_long_t user_lines_flushed;

/* Orders as the kernel's does: against all accesses before and after. */
static inline void clflush_cache_range(void *virt, unsigned int bytes)
{
	unsigned long first = (unsigned long)virt / 64;
	unsigned long last = ((unsigned long)virt + bytes - 1) / 64;

	__atomic_fetch_add(&user_lines_flushed.counter, last - first + 1,
			   __ATOMIC_SEQ_CST);
}

#endif /* _USER_LINUX_CACHEFLUSH_H */
