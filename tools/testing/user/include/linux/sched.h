/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: threads
 */
#ifndef _USER_LINUX_SCHED_H
#define _USER_LINUX_SCHED_H

#include <linux/kernel.h>
#include <linux/kthread.h>

#define cpu_relax()	cond_resched()
void schedule(void);

#endif /* _USER_LINUX_SCHED_H */
