/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: parameters
 *
 * One name stands before all of them, whichever file they are in. In a module there is
 * another header of this name in front of this one: a module's parameters have none.
 */
#ifndef _LINUX_IOFLUSH_PARAMS_H
#define _LINUX_IOFLUSH_PARAMS_H

#include <linux/moduleparam.h>

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush."

#endif /* _LINUX_IOFLUSH_PARAMS_H */
