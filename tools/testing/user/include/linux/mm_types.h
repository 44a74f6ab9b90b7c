/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what is known about a page
 */
#ifndef _USER_LINUX_MM_TYPES_H
#define _USER_LINUX_MM_TYPES_H

#include <linux/atomic.h>
#include <linux/list.h>

/* The fields of the kernel's, and where they are on 64 bits. */
struct page {
	unsigned long flags;
	union {
		struct list_head lru;
		unsigned long compound_head;
	};
	void *mapping;
	unsigned long index;
	unsigned long private;
	unsigned int page_type;
	atomic_t _refcount;
	unsigned long memcg_data;
};

#endif /* _USER_LINUX_MM_TYPES_H */
