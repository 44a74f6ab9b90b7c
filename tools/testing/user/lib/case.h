/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: one test of a program that has several
 */
#ifndef _USER_LIB_CASE_H
#define _USER_LIB_CASE_H

#include <linux/types.h>

/*
 * Runs @fn in a process of its own, and prints "ok - NAME" if that neither
 * warned, nor left pages behind, nor died, nor took more than @seconds. Before
 * the first call no thread may have been started. Returns whether it was ok.
 */
bool user_case(const char *name, unsigned int seconds, void (*fn)(void *arg),
	       void *arg);

#endif /* _USER_LIB_CASE_H */
