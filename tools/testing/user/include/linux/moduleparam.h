/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: parameters, given as NAME=VALUE to a program
 */
#ifndef _USER_LINUX_MODULEPARAM_H
#define _USER_LINUX_MODULEPARAM_H

#include <linux/types.h>

struct user_param {
	const char *name;
	size_t bytes;
	void *value;
	struct user_param *next;
};

void user_param_add(struct user_param *param);
/* "NAME=VALUE"; false if there is no such parameter. */
bool user_param_set(const char *text);

#ifndef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"ioflush."
#endif

/* Unsigned numbers only. The name is that of the kernel's command line. */
#define module_param_named(param, var, type, perm)			\
static void __attribute__((constructor)) user_param_##param(void)	\
{									\
	static struct user_param param_ = {				\
		.name = MODULE_PARAM_PREFIX #param,			\
		.bytes = sizeof(type),					\
		.value = &(var),					\
	};								\
									\
	user_param_add(&param_);					\
}									\
_Static_assert(__builtin_types_compatible_p(typeof(var), type), #var)
#define module_param(var, type, perm)	module_param_named(var, var, type, perm)
#define MODULE_PARM_DESC(var, text)	_Static_assert(sizeof(text), #var)

#endif /* _USER_LINUX_MODULEPARAM_H */
