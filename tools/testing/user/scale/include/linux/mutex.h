/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: locks, all of which spin
 */
#ifndef _SCALE_LINUX_MUTEX_H
#define _SCALE_LINUX_MUTEX_H

#include <linux/types.h>

struct scale_waiter;

/**
 * struct mutex - a lock whose waiters queue up, each polling a line of its own
 * @locked: it is held
 * @tail: who came last
 */
struct mutex {
	u32 locked;
	struct scale_waiter *tail;
};

void scale_lock(struct mutex *m);
bool scale_trylock(struct mutex *m);
void scale_unlock(struct mutex *m);

#define USER_MUTEX_INIT		{ 0 }
#define DEFINE_MUTEX(name)	struct mutex name = USER_MUTEX_INIT
#define mutex_init(m)		((void)(*(m) = (struct mutex)USER_MUTEX_INIT))
#define mutex_lock(m)		scale_lock(m)
#define mutex_trylock(m)	scale_trylock(m)
#define mutex_unlock(m)		scale_unlock(m)

#endif /* _SCALE_LINUX_MUTEX_H */
