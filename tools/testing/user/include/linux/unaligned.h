/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: numbers at any address
 */
#ifndef _USER_LINUX_UNALIGNED_H
#define _USER_LINUX_UNALIGNED_H

#include <string.h>

#include <linux/types.h>

#define USER_UNALIGNED(bits)						\
static inline u##bits get_unaligned_le##bits(const void *from)		\
{									\
	u##bits value;							\
									\
	memcpy(&value, from, sizeof(value));				\
	return value;							\
}									\
									\
static inline void put_unaligned_le##bits(u##bits value, void *to)	\
{									\
	memcpy(to, &value, sizeof(value));				\
}

USER_UNALIGNED(16)
USER_UNALIGNED(32)
USER_UNALIGNED(64)

#endif /* _USER_LINUX_UNALIGNED_H */
