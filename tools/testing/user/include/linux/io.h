/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: addresses
 */
#ifndef _USER_LINUX_IO_H
#define _USER_LINUX_IO_H

#include <linux/mm.h>

#endif /* _USER_LINUX_IO_H */
