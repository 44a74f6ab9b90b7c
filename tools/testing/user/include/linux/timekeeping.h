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
#define USEC_PER_SEC	1000000L

static inline u64 ktime_get_mono_fast_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#endif /* _USER_LINUX_TIMEKEEPING_H */
