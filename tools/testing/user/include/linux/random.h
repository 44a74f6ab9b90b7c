/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: numbers that differ from run to run
 */
#ifndef _USER_LINUX_RANDOM_H
#define _USER_LINUX_RANDOM_H

#include <linux/types.h>

u64 get_random_u64(void);

#endif /* _USER_LINUX_RANDOM_H */
