/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: time
 */
#ifndef _USER_LINUX_DELAY_H
#define _USER_LINUX_DELAY_H

#include <linux/types.h>

void user_sleep_ns(u64 ns);
/* What happens meanwhile; or NULL. */
extern void (*user_sleep_hook)(void);

#define udelay(us)		user_sleep_ns((us) * 1000ULL)
#define mdelay(ms)		user_sleep_ns((ms) * 1000000ULL)
#define msleep(ms)		mdelay(ms)
#define usleep_range(low, high)	udelay(low)

#endif /* _USER_LINUX_DELAY_H */
