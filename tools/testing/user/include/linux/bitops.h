/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: looking for bits
 */
#ifndef _USER_LINUX_BITOPS_H
#define _USER_LINUX_BITOPS_H

#include <string.h>

#include <linux/bits.h>

/* The lowest and the highest bit set; there has to be one. */
static __always_inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static __always_inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

static __always_inline unsigned long __fls(unsigned long word)
{
	return 63 - __builtin_clzl(word);
}

/* Counted from 1, and 0 if there is none. */
static __always_inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static __always_inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

#define fls_long(x)	fls64(x)
#define order_base_2(n)	((n) > 1 ? fls64((n) - 1) : 0)

#define hweight16(x)	__builtin_popcount((u16)(x))
#define hweight32(x)	__builtin_popcount(x)
#define hweight64(x)	__builtin_popcountll(x)
#define hweight_long(x)	__builtin_popcountl(x)

#define for_each_set_bit(bit, addr, size)				\
	for ((bit) = 0; (bit) < (size); (bit)++)			\
		if ((addr)[(bit) / 64] >> (bit) % 64 & 1)

#endif /* _USER_LINUX_BITOPS_H */
