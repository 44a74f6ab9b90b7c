/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: how far devices reach
 */
#ifndef _USER_LINUX_DMA_MAPPING_H
#define _USER_LINUX_DMA_MAPPING_H

#include <linux/slab.h>
#include <linux/spinlock.h>

#define DMA_BIT_MASK(n)	((n) == 64 ? ~0ULL : (1ULL << ((n) & 63)) - 1)

#endif /* _USER_LINUX_DMA_MAPPING_H */
