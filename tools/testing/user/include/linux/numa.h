/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: nodes
 */
#ifndef _USER_LINUX_NUMA_H
#define _USER_LINUX_NUMA_H

#define NUMA_NO_NODE	(-1)
#define cpu_to_node(cpu)	((void)(cpu), NUMA_NO_NODE)

#endif /* _USER_LINUX_NUMA_H */
