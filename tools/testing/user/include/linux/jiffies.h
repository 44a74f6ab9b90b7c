/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: ticks, a thousand a second
 */
#ifndef _USER_LINUX_JIFFIES_H
#define _USER_LINUX_JIFFIES_H

#include <linux/timekeeping.h>

#define TICK_NSEC	1000000
#define jiffies		((unsigned long)(ktime_get_mono_fast_ns() / TICK_NSEC))

#endif /* _USER_LINUX_JIFFIES_H */
