/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: waiting for something to be done
 */
#ifndef _USER_LINUX_COMPLETION_H
#define _USER_LINUX_COMPLETION_H

#include <pthread.h>

#include <linux/types.h>

struct completion {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned int done;
};

#define DECLARE_COMPLETION_ONSTACK(name)				\
	struct completion name = {					\
		.lock = PTHREAD_MUTEX_INITIALIZER,			\
		.cond = PTHREAD_COND_INITIALIZER,			\
	}

static inline void init_completion(struct completion *x)
{
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->cond, NULL);
	x->done = 0;
}

void complete(struct completion *x);
void complete_all(struct completion *x);
void wait_for_completion(struct completion *x);

#endif /* _USER_LINUX_COMPLETION_H */
