/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: modules: there are none
 */
#ifndef _USER_LINUX_MODULE_H
#define _USER_LINUX_MODULE_H

#include <linux/moduleparam.h>

#define EXPORT_SYMBOL_GPL(name)
#define MODULE_LICENSE(text)	_Static_assert(1, text)
#define MODULE_AUTHOR(text)
#define MODULE_DESCRIPTION(text) _Static_assert(1, text)

#endif /* _USER_LINUX_MODULE_H */
