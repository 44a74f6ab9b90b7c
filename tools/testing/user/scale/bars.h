/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: what has to be reached
 */
#ifndef _SCALE_BARS_H
#define _SCALE_BARS_H

#include <linux/types.h>

/* By the bars, or by what is reached today. */
bool bars_judge(bool today);
bool bars_selftest(void);

#endif /* _SCALE_BARS_H */
