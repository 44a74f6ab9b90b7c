/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: preemption, which nobody can turn off
 */
#ifndef _USER_LINUX_PREEMPT_H
#define _USER_LINUX_PREEMPT_H

#include <linux/sched.h>

#endif /* _USER_LINUX_PREEMPT_H */
