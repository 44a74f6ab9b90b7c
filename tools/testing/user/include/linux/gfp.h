/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: pages, from an arena of our own
 */
#ifndef _USER_LINUX_GFP_H
#define _USER_LINUX_GFP_H

#include <linux/gfp_types.h>
#include <linux/mm_types.h>
#include <linux/numa.h>

#endif /* _USER_LINUX_GFP_H */
