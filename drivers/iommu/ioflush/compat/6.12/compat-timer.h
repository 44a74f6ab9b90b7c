/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: timers, on Linux 6.12
 */
#ifndef _IOFLUSH_COMPAT_TIMER_H
#define _IOFLUSH_COMPAT_TIMER_H

#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}

#endif /* _IOFLUSH_COMPAT_TIMER_H */
