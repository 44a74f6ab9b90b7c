/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: locks of one bit
 */
#ifndef _USER_LINUX_BIT_SPINLOCK_H
#define _USER_LINUX_BIT_SPINLOCK_H

#include <sched.h>

#include <linux/bits.h>
#include <linux/mm.h>

/* Acquire and release, no more: what is to be ordered beyond needs a barrier. */
static inline void bit_spin_lock(int nr, unsigned long *addr)
{
	if (unlikely(user_jitter))
		user_jitter_now();
	while (__atomic_fetch_or(addr, BIT(nr), __ATOMIC_ACQUIRE) & BIT(nr))
		sched_yield();
	if (unlikely(user_jitter))
		user_jitter_now();
}

static inline void __bit_spin_unlock(int nr, unsigned long *addr)
{
	if (unlikely(user_jitter))
		user_jitter_now();
	WARN_ON(!(__atomic_fetch_and(addr, ~BIT(nr), __ATOMIC_RELEASE) & BIT(nr)));
}

static inline bool bit_spin_is_locked(int nr, unsigned long *addr)
{
	return READ_ONCE(*addr) & BIT(nr);
}

#endif /* _USER_LINUX_BIT_SPINLOCK_H */
