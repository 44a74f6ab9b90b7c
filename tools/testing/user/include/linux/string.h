/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: strings
 */
#ifndef _USER_LINUX_STRING_H
#define _USER_LINUX_STRING_H

#include <string.h>

#include <linux/types.h>

/* Always ends the string; what does not fit is cut off. */
static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	to[n] = 0;
	return n;
}

/* The first byte that is another; NULL if all are @c. */
static inline void *memchr_inv(const void *from, int c, size_t bytes)
{
	const u8 *p = from;

	for (; bytes; bytes--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

#endif /* _USER_LINUX_STRING_H */
