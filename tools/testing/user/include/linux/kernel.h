/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: this and that
 */
#ifndef _USER_LINUX_KERNEL_H
#define _USER_LINUX_KERNEL_H

#include <limits.h>

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/string.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define might_sleep()		cond_resched()

int cond_resched(void);

#endif /* _USER_LINUX_KERNEL_H */
