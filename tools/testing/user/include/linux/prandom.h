/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: numbers that follow from a seed
 */
#ifndef _USER_LINUX_PRANDOM_H
#define _USER_LINUX_PRANDOM_H

#include <linux/types.h>

struct rnd_state {
	u64 s;
};

static inline void prandom_seed_state(struct rnd_state *state, u64 seed)
{
	state->s = seed;
}

/* A counter by the golden ratio, and a finalizer that mixes its bits. */
static inline u32 prandom_u32_state(struct rnd_state *state)
{
	u64 x = state->s += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return (x ^ x >> 32) >> 16;
}

#endif /* _USER_LINUX_PRANDOM_H */
