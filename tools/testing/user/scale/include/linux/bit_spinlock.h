/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: locks of one bit
 */
#ifndef _SCALE_LINUX_BIT_SPINLOCK_H
#define _SCALE_LINUX_BIT_SPINLOCK_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/processor.h>

static inline void bit_spin_lock(int nr, unsigned long *addr)
{
	while (__atomic_fetch_or(addr, BIT(nr), __ATOMIC_ACQUIRE) & BIT(nr))
		while (READ_ONCE(*addr) & BIT(nr))
			cpu_relax();
}

/* A plain store, as the kernel's without the leading underscores is not. */
static inline void __bit_spin_unlock(int nr, unsigned long *addr)
{
	smp_store_release(addr, READ_ONCE(*addr) & ~BIT(nr));
}

static inline bool bit_spin_is_locked(int nr, unsigned long *addr)
{
	return READ_ONCE(*addr) & BIT(nr);
}

#endif /* _SCALE_LINUX_BIT_SPINLOCK_H */
