/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: waiting for another CPU, which is simulated
 */
#ifndef _SCALE_LINUX_PROCESSOR_H
#define _SCALE_LINUX_PROCESSOR_H

#include <linux/sched.h>

/* Sleeps until something is written that was looked at since the last time. */
void sim_relax(void);

#undef cpu_relax
#define cpu_relax()	sim_relax()

/* VAL is what the condition calls the word. */
#define smp_cond_load_acquire(ptr, condition)				\
({									\
	typeof(*(ptr)) VAL;						\
									\
	while (VAL = smp_load_acquire(ptr), !(condition))		\
		cpu_relax();						\
	VAL;								\
})
#define smp_cond_load_relaxed(ptr, condition)				\
	smp_cond_load_acquire(ptr, condition)

#define smp_acquire__after_ctrl_dep()	smp_rmb()

#endif /* _SCALE_LINUX_PROCESSOR_H */
