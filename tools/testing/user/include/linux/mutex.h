/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: locks
 */
#ifndef _USER_LINUX_MUTEX_H
#define _USER_LINUX_MUTEX_H

#include <pthread.h>

struct mutex {
	pthread_mutex_t posix;
};

#define USER_MUTEX_INIT		{ PTHREAD_MUTEX_INITIALIZER }
#define DEFINE_MUTEX(name)	struct mutex name = USER_MUTEX_INIT
#define mutex_init(m)		pthread_mutex_init(&(m)->posix, NULL)
#define mutex_lock(m)		pthread_mutex_lock(&(m)->posix)
#define mutex_trylock(m)	(!pthread_mutex_trylock(&(m)->posix))
#define mutex_unlock(m)		pthread_mutex_unlock(&(m)->posix)

#endif /* _USER_LINUX_MUTEX_H */
