/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: timers are of one kind
 */
#include <linux/hrtimer.h>
