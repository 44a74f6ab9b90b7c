/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: CPUs, of which a program has as many as it asks for
 */
#ifndef _USER_LINUX_CPUMASK_H
#define _USER_LINUX_CPUMASK_H

#include <linux/kthread.h>

/* The most there can be. */
#ifndef USER_CPUS
#define USER_CPUS	256
#endif

/* How many there are, all of them online; one to begin with. */
extern unsigned int user_nr_cpus;

#define nr_cpu_ids		user_nr_cpus
#define num_possible_cpus()	user_nr_cpus
#define cpumask_first(mask)	0
#define cpumask_last(mask)	(user_nr_cpus - 1)

#define for_each_possible_cpu(cpu)					\
	for ((cpu) = 0; (cpu) < user_nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)

#endif /* _USER_LINUX_CPUMASK_H */
