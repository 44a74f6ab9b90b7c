/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: this and that
 */
#ifndef _USER_LINUX_KERNEL_H
#define _USER_LINUX_KERNEL_H

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

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

/* How much of it has fitted, the end not counted. */
static inline __printf(3, 4) int scnprintf(char *to, size_t size,
					   const char *fmt, ...)
{
	va_list args;
	int n;

	if (!size)
		return 0;
	va_start(args, fmt);
	n = vsnprintf(to, size, fmt, args);
	va_end(args);
	return n < size ? n : size - 1;
}

#endif /* _USER_LINUX_KERNEL_H */
