/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _USER_LINUX_PREEMPT_H
#define _USER_LINUX_PREEMPT_H

/* Whether a thread should yield is one flag here, see linux/sched.h. */
static inline void set_preempt_need_resched(void)
{
}

#endif /* _USER_LINUX_PREEMPT_H */
