/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: messages that may not be too many: all are
 */
#ifndef _USER_LINUX_RATELIMIT_H
#define _USER_LINUX_RATELIMIT_H

#include <linux/types.h>

#define DEFAULT_RATELIMIT_INTERVAL	5
#define DEFAULT_RATELIMIT_BURST		10
#define DEFINE_RATELIMIT_STATE(name, interval, burst) int name = burst
#define __ratelimit(state)		((void)(state), true)

#endif /* _USER_LINUX_RATELIMIT_H */
