/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: the time, which is the CPU's
 */
#ifndef _SCALE_LINUX_TIMEKEEPING_H
#define _SCALE_LINUX_TIMEKEEPING_H

#include <time.h>

#include <linux/types.h>

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define USEC_PER_MSEC	1000L
#define USEC_PER_SEC	1000000L
#define NSEC_PER_SEC	1000000000L

u64 ktime_get_mono_fast_ns(void);

#define ktime_get()		((ktime_t)ktime_get_mono_fast_ns())
#define ns_to_ktime(ns)		((ktime_t)(ns))
#define ktime_add_ns(t, ns)	((t) + (ktime_t)(ns))

#endif /* _SCALE_LINUX_TIMEKEEPING_H */
