/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the configuration, and what every file of a kernel may use
 */
#ifndef _USER_LINUX_KCONFIG_H
#define _USER_LINUX_KCONFIG_H

/*
 * In a preprocessor's condition an option that is not defined is 0. One that C
 * code asks for has to be named here.
 */
#define IS_ENABLED(option)	(option)
#define IS_REACHABLE(option)	(option)

#define CONFIG_X86		1
#define CONFIG_64BIT		1
#define CONFIG_CPU_BIG_ENDIAN	0
#define CONFIG_PREEMPTION	0
#define CONFIG_PREEMPT_RT	0
#define CONFIG_IOMMU_IOVA	1
#define CONFIG_HOTPLUG_CPU	1
#ifdef USER_BENCH
#define CONFIG_IOFLUSH_KUNIT_TEST 0
#else
#define CONFIG_IOFLUSH_KUNIT_TEST 1
#endif

#include <linux/compiler.h>

#endif /* _USER_LINUX_KCONFIG_H */
