/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: symbols are all visible
 */
#ifndef _USER_LINUX_EXPORT_H
#define _USER_LINUX_EXPORT_H

#include <linux/module.h>

#endif /* _USER_LINUX_EXPORT_H */
