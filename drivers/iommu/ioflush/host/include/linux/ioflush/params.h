/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: parameters of a module, which has its name before all of them anyway
 */
#ifndef _LINUX_IOFLUSH_PARAMS_H
#define _LINUX_IOFLUSH_PARAMS_H

#include <linux/moduleparam.h>

#endif /* _LINUX_IOFLUSH_PARAMS_H */
