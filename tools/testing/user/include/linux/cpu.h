/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#ifndef _USER_LINUX_CPU_H
#define _USER_LINUX_CPU_H

/* All others see of it is that its callbacks are called. */
static inline int remove_cpu(unsigned int cpu)
{
	user_cpu_dies(cpu);
	return 0;
}

#define add_cpu(cpu)		0
#define cpu_online(cpu)		((void)(cpu), 1)

#endif /* _USER_LINUX_CPU_H */
