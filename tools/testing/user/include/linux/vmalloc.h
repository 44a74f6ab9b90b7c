/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: memory that is not in pages
 */
#ifndef _USER_LINUX_VMALLOC_H
#define _USER_LINUX_VMALLOC_H

#include <linux/slab.h>

#endif /* _USER_LINUX_VMALLOC_H */
