/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: warnings, each of which fails the test or the program
 */
#ifndef _USER_LINUX_BUG_H
#define _USER_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/printk.h>
#include <linux/types.h>

/* Counts; a program that has warned must not end with status 0. */
void user_warn(const char *file, int line, const char *what);
unsigned int user_warnings(void);
/* Says what is wrong and ends the process. */
void __noreturn user_die(const char *fmt, ...) __printf(1, 2);

#define WARN_ON(condition)						\
({									\
	bool user_bad = !!(condition);					\
									\
	if (unlikely(user_bad))						\
		user_warn(__FILE__, __LINE__, #condition);		\
	unlikely(user_bad);						\
})
#define WARN_ON_ONCE(condition)	WARN_ON(condition)
#define WARN(condition, fmt, ...)	WARN_ON(condition)
#define WARN_ONCE(condition, fmt, ...)	WARN_ON(condition)
#define BUG_ON(condition)						\
do {									\
	if (unlikely(condition))					\
		user_die("%s:%d: BUG: %s\n", __FILE__, __LINE__,	\
			 #condition);					\
} while (0)

/* The same for our own, where there is no kernel that could go on. */
#define user_refuse(condition)	BUG_ON(condition)

#endif /* _USER_LINUX_BUG_H */
