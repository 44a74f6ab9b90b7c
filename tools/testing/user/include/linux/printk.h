/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: messages
 */
#ifndef _USER_LINUX_PRINTK_H
#define _USER_LINUX_PRINTK_H

#include <stdio.h>

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

/* A program that makes up millions of mistakes looks at what is said by itself. */
#ifdef USER_LOG
void USER_LOG(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
#else
#define USER_LOG(fmt, ...)	fprintf(stderr, fmt, ##__VA_ARGS__)
#endif

#define pr_err(fmt, ...)	USER_LOG(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err_ratelimited(fmt, ...) pr_err(fmt, ##__VA_ARGS__)
#define pr_warn(fmt, ...)	pr_err(fmt, ##__VA_ARGS__)
#define pr_info(fmt, ...)	pr_err(fmt, ##__VA_ARGS__)

#endif /* _USER_LINUX_PRINTK_H */
