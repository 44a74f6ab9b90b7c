// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: RCU
 *
 * Callbacks wait on a list for a thread that takes all of them, waits for one
 * grace period and calls them. Grace periods are real: liburcu's.
 *
 * liburcu is not built with TSan, which therefore has to be told what a grace
 * period orders: all that a reader did before it left its section comes before
 * the callbacks of the grace period. Nothing else is: a reader is not ordered
 * with other readers, nor with a callback that does not wait for it.
 */
#include <pthread.h>

#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "urcu.h"

#ifdef USER_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define __tsan_acquire(addr)	((void)(addr))
#define __tsan_release(addr)	((void)(addr))
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below */
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t some_done = PTHREAD_COND_INITIALIZER;
static struct rcu_head *queue;
static unsigned long queued, done;
static bool started;

static char readers_left;
static __thread unsigned int depth;
__thread bool user_need_resched;

#ifndef USER_BENCH
void rcu_read_lock(void)
{
	depth++;
	user_urcu_read_lock();
}

void rcu_read_unlock(void)
{
	WARN_ON(!depth);
	depth--;
	__tsan_release(&readers_left);
	user_urcu_read_unlock();
}
#endif

bool rcu_read_lock_held(void)
{
	return depth;
}

/* Wait for a grace period; nobody who is in a section may. */
void synchronize_rcu(void)
{
	WARN_ON(depth);
	user_urcu_synchronize();
	__tsan_acquire(&readers_left);
}

/* Where a kernel may switch tasks; a section does not allow for that. */
int cond_resched(void)
{
	WARN_ON(depth);
	user_need_resched = false;
	return 0;
}

static void *reclaim(void *unused)
{
	user_rcu_register();
	/* Callbacks are called on the last CPU. */
	user_cpu_enter(user_nr_cpus - 1);
	pthread_mutex_lock(&lock);
	for (;;) {
		struct rcu_head *head, *next;
		unsigned long n = 0;

		while (!queue) {
			user_urcu_offline();
			pthread_cond_wait(&queue_filled, &lock);
			user_urcu_online();
		}
		head = queue;
		queue = NULL;
		pthread_mutex_unlock(&lock);

		synchronize_rcu();
		for (; head; head = next, n++) {
			next = head->next;
			head->func(head);
		}

		pthread_mutex_lock(&lock);
		done += n;
		pthread_cond_broadcast(&some_done);
	}
	return unused;
}

static void start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, reclaim, NULL))
		user_die("no thread for RCU\n");
	pthread_detach(thread);
	started = true;
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	pthread_mutex_lock(&lock);
	if (!started)
		start();
	head->next = queue;
	queue = head;
	queued++;
	pthread_cond_signal(&queue_filled);
	pthread_mutex_unlock(&lock);
}

/* Wait for all callbacks that are queued now. */
void rcu_barrier(void)
{
	unsigned long until;

	WARN_ON(depth);
	user_urcu_offline();
	pthread_mutex_lock(&lock);
	until = queued;
	while ((long)(done - until) < 0)
		pthread_cond_wait(&some_done, &lock);
	pthread_mutex_unlock(&lock);
	user_urcu_online();
}

void user_rcu_register(void)
{
	user_urcu_register();
}

void user_rcu_unregister(void)
{
	WARN_ON(depth);
	user_urcu_unregister();
}

void user_rcu_quiescent(void)
{
	user_urcu_quiescent();
}

static void __attribute__((constructor)) register_first_thread(void)
{
	user_rcu_register();
}
