/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: preemption, which nobody can turn off
 */
#ifndef _USER_LINUX_PREEMPT_H
#define _USER_LINUX_PREEMPT_H

#include <linux/sched.h>

#define preempt_disable()	barrier()
#define preempt_enable()	barrier()
/* A thread stays on the CPU that it was given. */
#define migrate_disable()	barrier()
#define migrate_enable()	barrier()
#define in_hardirq()		false

#endif /* _USER_LINUX_PREEMPT_H */
