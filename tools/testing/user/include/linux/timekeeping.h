/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the time
 */
#ifndef _USER_LINUX_TIMEKEEPING_H
#define _USER_LINUX_TIMEKEEPING_H

#include <time.h>

#include <linux/types.h>

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define USEC_PER_MSEC	1000L
#define USEC_PER_SEC	1000000L
#define NSEC_PER_SEC	1000000000L

static inline u64 ktime_get_mono_fast_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#define ktime_get()		((ktime_t)ktime_get_mono_fast_ns())
#define ns_to_ktime(ns)		((ktime_t)(ns))
#define ktime_add_ns(t, ns)	((t) + (ktime_t)(ns))

#endif /* _USER_LINUX_TIMEKEEPING_H */
