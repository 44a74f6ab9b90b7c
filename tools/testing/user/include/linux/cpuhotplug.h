/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: CPUs that die when the program says
 */
#ifndef _USER_LINUX_CPUHOTPLUG_H
#define _USER_LINUX_CPUHOTPLUG_H

#include <linux/list.h>

enum cpuhp_state {
	CPUHP_IOMMU_IOVA_DEAD,
	CPUHP_BP_PREPARE_DYN,
	USER_CPUHP_LAST = CPUHP_BP_PREPARE_DYN + 7,
};

int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name,
			    int (*up)(unsigned int cpu, struct hlist_node *node),
			    int (*down)(unsigned int cpu, struct hlist_node *node));
void cpuhp_remove_multi_state(enum cpuhp_state state);
int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
			      int (*up)(unsigned int cpu),
			      int (*down)(unsigned int cpu));
void cpuhp_remove_state_nocalls(enum cpuhp_state state);
int cpuhp_state_add_instance_nocalls(enum cpuhp_state state,
				     struct hlist_node *node);
int cpuhp_state_remove_instance_nocalls(enum cpuhp_state state,
					struct hlist_node *node);

/* Tell all that a CPU is dead; the program sees to it that it is. */
void user_cpu_dies(unsigned int cpu);

#endif /* _USER_LINUX_CPUHOTPLUG_H */
