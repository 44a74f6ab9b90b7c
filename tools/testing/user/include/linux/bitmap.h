/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: bitmaps
 */
#ifndef _USER_LINUX_BITMAP_H
#define _USER_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/slab.h>

#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

#define bitmap_zalloc(bits, gfp) \
	kcalloc(BITS_TO_LONGS(bits), sizeof(unsigned long), gfp)
#define bitmap_free(map)	kfree(map)

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] >> nr % BITS_PER_LONG & 1;
}

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= 1UL << nr % BITS_PER_LONG;
}

static inline void __clear_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] &= ~(1UL << nr % BITS_PER_LONG);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map,
					       unsigned long bits,
					       unsigned long from)
{
	while (from < bits && test_bit(from, map))
		from++;
	return from;
}

#endif /* _USER_LINUX_BITMAP_H */
