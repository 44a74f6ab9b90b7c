/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: waiting for another CPU
 */
#ifndef _USER_LINUX_PROCESSOR_H
#define _USER_LINUX_PROCESSOR_H

#include <linux/irqflags.h>
#include <linux/sched.h>

/* Who waits for another CPU here waits for a thread that may not have one. */
#undef cpu_relax
#define cpu_relax()	(irqs_disabled() ? user_cpu_relax() : schedule())

/* VAL is what the condition calls the word. */
#define smp_cond_load_acquire(ptr, condition)				\
({									\
	typeof(*(ptr)) VAL;						\
									\
	while (VAL = smp_load_acquire(ptr), !(condition))		\
		cpu_relax();						\
	VAL;								\
})

#define smp_acquire__after_ctrl_dep()	smp_rmb()

#endif /* _USER_LINUX_PROCESSOR_H */
