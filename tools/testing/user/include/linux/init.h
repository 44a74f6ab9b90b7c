/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: what runs before main()
 */
#ifndef _USER_LINUX_INIT_H
#define _USER_LINUX_INIT_H

#include <linux/bug.h>

#define core_initcall(fn)						\
static void __attribute__((constructor)) user_init_##fn(void)		\
{									\
	if (fn())							\
		user_die("%s() failed\n", #fn);				\
}									\
_Static_assert(1, #fn)

#endif /* _USER_LINUX_INIT_H */
