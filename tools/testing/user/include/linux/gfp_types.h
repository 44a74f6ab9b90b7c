/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: how to allocate
 */
#ifndef _USER_LINUX_GFP_TYPES_H
#define _USER_LINUX_GFP_TYPES_H

#define __GFP_ZERO		0x100u
#define __GFP_NOWARN		0x2000u
#define GFP_ATOMIC		0x20u
#define GFP_NOWAIT		0x40u
#define GFP_KERNEL		0xcc0u
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | 0x400000u)

#endif /* _USER_LINUX_GFP_TYPES_H */
