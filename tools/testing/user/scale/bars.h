/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: what has to be reached
 */
#ifndef _SCALE_BARS_H
#define _SCALE_BARS_H

#include <linux/types.h>

bool bars_judge(void);
bool bars_selftest(void);

#endif /* _SCALE_BARS_H */
