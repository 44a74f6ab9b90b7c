/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: threads
 */
#ifndef _USER_LINUX_SCHED_H
#define _USER_LINUX_SCHED_H

#include <linux/kernel.h>
#include <linux/kthread.h>

/* Who polls with interrupts off does not let the program schedule. */
void user_cpu_relax(void);
#define cpu_relax()	user_cpu_relax()
void schedule(void);

/* Only cond_resched() clears it, and each thread has one. */
extern __thread bool user_need_resched;

#define current		(&user_need_resched)
#define set_tsk_need_resched(flag)	(*(flag) = true)
#define set_preempt_need_resched()	do { } while (0)
#define test_tsk_need_resched(flag)	(*(flag))
#define is_idle_task(flag)		((void)(flag), false)

#endif /* _USER_LINUX_SCHED_H */
