/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#ifndef _USER_LINUX_SMP_H
#define _USER_LINUX_SMP_H

/* As if it were an interrupt there. */
static inline int smp_call_function_single(unsigned int cpu,
					   void (*fn)(void *arg), void *arg,
					   int wait)
{
	unsigned int here = user_cpu();
	unsigned long flags;

	user_cpu_enter(cpu);
	local_irq_save(flags);
	fn(arg);
	local_irq_restore(flags);
	user_cpu_enter(here);
	return 0;
}

/* In a thread there. */
static inline int smp_call_on_cpu(unsigned int cpu, int (*fn)(void *arg),
				  void *arg, bool phys)
{
	unsigned int here = user_cpu();
	int ret;

	user_cpu_enter(cpu);
	ret = fn(arg);
	user_cpu_enter(here);
	return ret;
}

/* The calling CPU too, like others. */
static inline void on_each_cpu(void (*fn)(void *arg), void *arg, int wait)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, fn, arg, wait);
}

#define smp_processor_id()	user_cpu()

#endif /* _USER_LINUX_SMP_H */
