/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: numbers that are given out
 */
#ifndef _USER_LINUX_IDR_H
#define _USER_LINUX_IDR_H

struct ida {
	int none;
};

#endif /* _USER_LINUX_IDR_H */
