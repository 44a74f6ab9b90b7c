// SPDX-License-Identifier: GPL-2.0
/*
 * User space: what the kernel calls before the first space is made
 */
#include <linux/init.h>
#include <linux/ioflush/iova.h>

core_initcall(iospace_setup);
