/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: locks, which sleep here
 */
#ifndef _USER_LINUX_SPINLOCK_H
#define _USER_LINUX_SPINLOCK_H

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>

typedef struct mutex spinlock_t;

#define DEFINE_SPINLOCK(name)	spinlock_t name = USER_MUTEX_INIT
#define spin_lock_init(l)	mutex_init(l)
#define spin_lock(l)		mutex_lock(l)
#define spin_trylock(l)		mutex_trylock(l)
#define spin_unlock(l)		mutex_unlock(l)

#define spin_lock_irqsave(l, flags)					\
do {									\
	local_irq_save(flags);						\
	spin_lock(l);							\
} while (0)
#define spin_unlock_irqrestore(l, flags)				\
do {									\
	spin_unlock(l);							\
	local_irq_restore(flags);					\
} while (0)

typedef spinlock_t raw_spinlock_t;

#define raw_spin_lock_init(l)	spin_lock_init(l)
#define raw_spin_lock(l)	spin_lock(l)
#define raw_spin_trylock(l)	spin_trylock(l)
#define raw_spin_unlock(l)	spin_unlock(l)
#define raw_spin_lock_irqsave(l, flags) spin_lock_irqsave(l, flags)
#define raw_spin_unlock_irqrestore(l, flags) spin_unlock_irqrestore(l, flags)

#endif /* _USER_LINUX_SPINLOCK_H */
