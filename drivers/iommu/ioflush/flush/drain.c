// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: has the entries of rings invalidated, and gives back what is theirs
 *
 * A drain has hardware told of what is in a ring, step by step, see step.c. What
 * is left has no hurry, and is open: interrupts and preemption are as the caller
 * has them. It waits for all that has been posted from the ring, whoever did
 * that, and then takes entries out, a few at a time, gives their IOVAs back, and
 * the table pages last. Any number of CPUs may be at that with one ring: each
 * waits for hardware only, and none for another that may not be running.
 *
 * A timer, which must not wait, leaves that to its CPU's bottom half, see clock.c.
 */
#include <linux/ioflush/iova.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <trace/events/ioflush.h>

#include "ring.h"

/* Entries that are taken out together. */
#define IOFLUSH_TAKE	16

/*
 * What was posted before @end has been invalidated; with the lock held. Who is
 * first to see it notes how long that took.
 */
static void ioflush_ring_done(struct ioflush_ring *ring, u32 end)
{
	u64 age_ns;

	if ((s32)(end - ring->done) <= 0)
		return;
	age_ns = ioflush_entry_age_ns(ioflush_entry(ring, ring->done),
				      ioflush_now_ns(ring->flush));
	ioflush_note_window(ring->flush, age_ns);
	trace_ioflush_window(ring->flush, age_ns);
	for (u32 i = ring->done; i != end; i++)
		ioaudit_done(&ioflush_entry(ring, i)->audit);
	ring->done = end;
	/* Pages wait for all that was posted: they are free to go, whoever has them. */
	if (end == ring->posted)
		ring->nr_posted_pages = 0;
}

/*
 * Take out a few entries whose invalidation has finished; the lock is held. Of those
 * that may be the tree's, which takes a while to have them back, one at a time.
 */
static unsigned int ioflush_ring_take(struct ioflush_ring *ring,
				      struct ioflush_entry *e)
{
	unsigned int max = min_t(u32, ring->done - ring->head, IOFLUSH_TAKE), n = 0;
	u64 now_ns = max ? ioflush_now_ns(ring->flush) : 0;

	while (n < max) {
		e[n] = *ioflush_entry(ring, ring->head++);
		ring->posted_bytes -= e[n].end - e[n].start;
		ioflush_hist_entry(ring, ioflush_entry_age_ns(&e[n], now_ns));
		if (!e[n++].mergeable)
			break;
	}
	return n;
}

static void ioflush_entries_free(struct iospace *space,
				 const struct ioflush_entry *e, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		iospace_free(space, e[i].start, e[i].end - e[i].start);
}

/*
 * The invalidation of all before @end has finished: IOVAs go back. They do so with
 * the lock held, so that who drains because the space is dry, and comes to the lock,
 * finds all of them in the space. With a real-time kernel the space has locks that
 * cannot be had there.
 */
static void ioflush_ring_give_back(struct ioflush_ring *ring, u32 end)
{
	struct iospace *space = ring->flush->space;
	struct ioflush_entry e[IOFLUSH_TAKE];
	unsigned long flags;
	unsigned int n;

	do {
		ioflush_ring_lock(ring, &flags);
		ioflush_ring_done(ring, end);
		n = ioflush_ring_take(ring, e);
		if (!IS_ENABLED(CONFIG_PREEMPT_RT))
			ioflush_entries_free(space, e, n);
		ioflush_ring_unlock(ring, flags);
		if (IS_ENABLED(CONFIG_PREEMPT_RT))
			ioflush_entries_free(space, e, n);
	} while (n);
}

/**
 * struct ioflush_posted - what has been posted from a ring and not waited for
 * @token: what to wait for
 * @end: number behind the last entry
 * @held_end: number behind the last reference that can go with it
 * @all: number of an invalidation of the whole domain among it, or 0
 */
struct ioflush_posted {
	struct ioflush_token token;
	u32 end;
	u32 held_end;
	s64 all;
};

/* With the lock held. Of what is done a token is old: numbers of queues wrap. */
static bool ioflush_ring_posted_now(const struct ioflush_ring *ring,
				    struct ioflush_posted *posted)
{
	posted->end = ring->posted;
	posted->held_end = ring->held_posted;
	if (ring->done == posted->end)
		return false;
	posted->token = ring->token;
	posted->all = ring->all;
	return true;
}

/**
 * ioflush_ring_finish() - wait for what has been posted from a ring
 * @ring: any CPU's ring
 *
 * And give back what is theirs.
 *
 * Context: any context; waits for hardware, as ioflush_ring_drain() does.
 */
void ioflush_ring_finish(struct ioflush_ring *ring)
{
	struct ioflush *flush = ring->flush;
	struct ioflush_posted posted;
	unsigned long flags;
	LIST_HEAD(pages);
	bool wait;

	ioflush_ring_lock(ring, &flags);
	wait = ioflush_ring_posted_now(ring, &posted);
	list_splice_init(&ring->posted_pages, &pages);
	ioflush_ring_unlock(ring, flags);

	if (wait) {
		flush->ops->wait(flush, &posted.token);
		ioflush_all_end(flush, posted.all);
	}
	ioflush_ring_give_back(ring, posted.end);
	if (unlikely(READ_ONCE(ring->held)))
		ioflush_ring_release(ring, posted.held_end);
	if (unlikely(!list_empty(&pages)))
		iopgt_free_pages(flush->pgt, &pages);
}

/**
 * ioflush_ring_watch() - see if hardware does soon what was posted
 * @ring: the ring
 * @end_ns: until when to look; once, if that has passed
 *
 * What belongs to the entries is given back by whoever finishes the drain; but
 * until then others can know that they are covered.
 *
 * Context: any context; polls hardware for a bounded time.
 */
void ioflush_ring_watch(struct ioflush_ring *ring, u64 end_ns)
{
	struct ioflush *flush = ring->flush;
	struct ioflush_posted posted;
	unsigned long flags;
	bool wait;

	ioflush_ring_lock(ring, &flags);
	wait = ioflush_ring_posted_now(ring, &posted);
	ioflush_ring_unlock(ring, flags);
	if (!wait)
		return;

	while (!flush->ops->finished(flush, &posted.token)) {
		if (ioflush_now_ns(flush) >= end_ns)
			return;
		cpu_relax();
	}
	ioflush_all_end(flush, posted.all);
	ioflush_ring_lock(ring, &flags);
	ioflush_ring_done(ring, posted.end);
	ioflush_ring_unlock(ring, flags);
}

/* A queue is full: wait, with nothing claimed, for what fills it. */
static void ioflush_ring_make_room(struct ioflush_ring *ring)
{
	struct ioflush_token token;
	unsigned long flags;

	ioflush_ring_lock(ring, &flags);
	token = ring->token;
	ioflush_ring_unlock(ring, flags);
	ring->flush->ops->wait(ring->flush, &token);
}

/*
 * Have hardware told of all that is in a ring now. More may come meanwhile, which
 * is for whoever pushes it and for the timer to look after.
 */
static void ioflush_ring_post(struct ioflush_ring *ring,
			      enum ioflush_reason reason)
{
	struct ioflush_steps steps = {};
	enum ioflush_step step;
	unsigned long flags;
	u32 end;

	ioflush_ring_lock(ring, &flags);
	end = ring->tail;
	for (;;) {
		step = ioflush_ring_step(ring, &steps);
		if ((s32)(end - ring->posted) <= 0)
			break;
		/* What is pending comes in between two steps. */
		ioflush_ring_unlock(ring, flags);
		if (step == IOFLUSH_STEP_NO_ROOM)
			ioflush_ring_make_room(ring);
		ioflush_ring_lock(ring, &flags);
	}
	ioflush_steps_note(ring, &steps, reason);
	ioflush_ring_unlock(ring, flags);
}

/**
 * ioflush_ring_drain() - invalidate and give back all that is in a ring
 * @ring: any CPU's ring
 * @reason: why, for the counters
 *
 * When it returns what was in the ring before has been invalidated and given back,
 * but for unlinked table pages, and, with a real-time kernel, a few entries that other
 * CPUs have in their hands.
 *
 * Context: any context; waits for hardware, with no lock held and interrupts and
 *	preemption as they are.
 */
void ioflush_ring_drain(struct ioflush_ring *ring, enum ioflush_reason reason)
{
	ioflush_ring_post(ring, reason);
	ioflush_ring_finish(ring);
}

/**
 * ioflush_ring_hand() - have a ring drained by a bottom half
 * @ring: the ring
 *
 * For callers with interrupts off, which ought not to wait for hardware.
 *
 * Context: any context.
 */
void ioflush_ring_hand(struct ioflush_ring *ring)
{
	struct ioflush_sim *sim = ioflush_sim(ring->flush);

	if (sim)
		sim->handed = true;
	else
		ioflush_clock_hand(ring);
}

/**
 * ioflush_ring_post_due() - have hardware told of a ring that was handed over
 * @ring: the ring
 *
 * What follows is ioflush_ring_finish().
 *
 * Context: softirq, or the thread that softirqs are left to; may wait for room in
 *	a queue.
 */
void ioflush_ring_post_due(struct ioflush_ring *ring)
{
	enum ioflush_reason reason;
	unsigned long flags;
	bool needed;

	ioflush_ring_lock(ring, &flags);
	/* An unmap may have seen to it meanwhile. */
	needed = ioflush_ring_high(ring);
	reason = ring->limit ? IOFLUSH_HIGH_WATER :
		 is_idle_task(current) ? IOFLUSH_IDLE : IOFLUSH_TIMER;
	ioflush_ring_unlock(ring, flags);
	if (needed)
		ioflush_ring_post(ring, reason);
}

/**
 * ioflush_drain() - drain the rings of all CPUs
 * @flush: the domain's flush state
 * @reason: why, for the counters
 *
 * What was deferred before the call has been invalidated when it returns. All of
 * it is posted before anything is waited for: one sync a queue may do.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void ioflush_drain(struct ioflush *flush, enum ioflush_reason reason)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->all_rings);
	int cpu;

	if (!rings)
		return;
	for_each_possible_cpu(cpu)
		ioflush_ring_post(per_cpu_ptr(rings, cpu), reason);
	for_each_possible_cpu(cpu)
		ioflush_ring_finish(per_cpu_ptr(rings, cpu));
}
