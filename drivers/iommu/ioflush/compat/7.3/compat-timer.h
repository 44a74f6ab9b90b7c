/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: timers, on Linux 7.3
 */
#include <linux/hrtimer.h>
