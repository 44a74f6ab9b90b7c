/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: locks, which sleep here
 */
#ifndef _USER_LINUX_SPINLOCK_H
#define _USER_LINUX_SPINLOCK_H

#include <linux/mutex.h>

typedef struct mutex spinlock_t;

#define DEFINE_SPINLOCK(name)	spinlock_t name = USER_MUTEX_INIT
#define spin_lock_init(l)	mutex_init(l)
#define spin_lock(l)		mutex_lock(l)
#define spin_unlock(l)		mutex_unlock(l)

#endif /* _USER_LINUX_SPINLOCK_H */
