// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: a lock whose waiters queue up
 *
 * The same steps as a kernel's spinlock, as far as they touch cache lines: the
 * first to come takes a word by one atomic operation; others line up behind it,
 * each of them polling a line of its own, and only the first in line polls the
 * word. Simulated: what it does costs what it costs.
 */
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/processor.h>

/* A lock, and in interrupts others. */
#define NESTED 4

/**
 * struct scale_waiter - a CPU in line
 * @next: who comes after
 * @wait: until the one before is through
 */
struct scale_waiter {
	struct scale_waiter *next;
	u32 wait;
} ____cacheline_aligned_in_smp;

struct waiters {
	struct scale_waiter at[NESTED];
	unsigned int depth;
};

static DEFINE_PER_CPU(struct waiters, waiters);

static void wait_in_line(struct mutex *m, struct scale_waiter *me)
{
	struct scale_waiter *before, *next;
	u32 unlocked;

	me->next = NULL;
	me->wait = 1;
	before = xchg(&m->tail, me);
	if (before) {
		WRITE_ONCE(before->next, me);
		smp_cond_load_acquire(&me->wait, !VAL);
	}
	do {
		smp_cond_load_acquire(&m->locked, !VAL);
		unlocked = 0;
	} while (!try_cmpxchg_acquire(&m->locked, &unlocked, 1));
	next = me;
	if (try_cmpxchg(&m->tail, &next, NULL))
		return;
	next = smp_cond_load_acquire(&me->next, VAL);
	smp_store_release(&next->wait, 0);
}

bool scale_trylock(struct mutex *m)
{
	u32 unlocked = 0;

	return !READ_ONCE(m->tail) &&
	       try_cmpxchg_acquire(&m->locked, &unlocked, 1);
}

void scale_lock(struct mutex *m)
{
	struct waiters *w = this_cpu_ptr(&waiters);

	if (scale_trylock(m))
		return;
	user_refuse(w->depth == NESTED);
	wait_in_line(m, &w->at[w->depth++]);
	w->depth--;
}

void scale_unlock(struct mutex *m)
{
	smp_store_release(&m->locked, 0);
}
