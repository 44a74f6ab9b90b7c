/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: a unit that does what is in a queue, in order
 */
#ifndef _SCALE_UNIT_H
#define _SCALE_UNIT_H

#include <linux/bits.h>
#include <linux/types.h>

#define UNIT_PAGE_LG2	12
#define UNIT_PAGES	BIT(28)
#define UNIT_LAST	((UNIT_PAGES << UNIT_PAGE_LG2) - 1)

/**
 * enum unit_what - what a command does: its lowest bits
 * @UNIT_NOP: nothing
 * @UNIT_RANGE: invalidate as many pages as the bits above say, from the address in
 *	the second word
 * @UNIT_ALL: invalidate all
 * @UNIT_SYNC: store the upper half of the first word to the address in the second,
 *	if there is one
 */
enum unit_what { UNIT_NOP, UNIT_RANGE, UNIT_ALL, UNIT_SYNC };

#define UNIT_WHAT_BITS	2

/**
 * struct unit_cmd - a command
 * @word: what the unit reads
 */
struct unit_cmd {
	u64 word[2];
};

static inline struct unit_cmd unit_range(u64 first, u64 last)
{
	u64 pages = (last >> UNIT_PAGE_LG2) - (first >> UNIT_PAGE_LG2) + 1;

	return (struct unit_cmd){ { UNIT_RANGE | pages << UNIT_WHAT_BITS, first } };
}

static inline struct unit_cmd unit_sync(void *at, u32 number)
{
	return (struct unit_cmd){ { UNIT_SYNC | (u64)number << 32,
				    (unsigned long)at } };
}

/**
 * struct unit_stats - what a unit has done, and what it has seen
 * @commands: but syncs
 * @syncs: how many
 * @doorbells: how many
 * @exposed_ns: the longest time from the clearing of a page to the end of its
 *	invalidation
 */
struct unit_stats {
	u64 commands;
	u64 syncs;
	u64 doorbells;
	u64 exposed_ns;
};

extern struct unit_stats unit_stats;

void unit_start(struct unit_cmd *slots, unsigned int size_lg2);
/* The first slot's number, if that is not 0. */
void unit_begin_at(u32 number);
void unit_doorbell(u32 tail);
u32 unit_read_head(void);
/* A translation has been cleared, which the unit may have. */
void unit_cleared(u64 iova, u64 bytes);
/* It must not have it any more. */
void unit_check(u64 iova, u64 bytes, const char *when);
/* The longest time that a page was exposed, or is. */
u64 unit_exposed(u64 now);

#endif /* _SCALE_UNIT_H */
