// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the window, within which what was unmapped is invalidated
 *
 * A ring that gets its first entry has its CPU's timer look after it, see clock.c,
 * which goes on while unmaps keep coming, instead of being started and cancelled
 * around each drain at a mark: it looks how old the oldest entry is and goes back
 * to sleep for the rest of its time. When that has come there are two steps:
 *
 *  soon	the next unmap on this CPU will drain the ring, and in case there
 *		is none a bottom half is asked to. Both wait for hardware with
 *		interrupts on.
 *  last	neither has come to it, as when softirqs keep the CPU busy for
 *		longer than the window. The timer has hardware told of all that
 *		is in the ring, by one step, or by several where the domain cannot be
 *		taken as a whole: a translation ends as soon as
 *		hardware comes to it, whoever waits. It looks for a few
 *		microseconds whether that is so, since hardware mostly is as
 *		fast; the rest is for the bottom half. Where a queue is full, it
 *		tries again shortly.
 *
 * With the RCU engine it is a callback of RCU that drains the ring, and the
 * timer only matters if a grace period is longer than the window.
 */
#include <linux/hrtimer.h>
#include <linux/ioflush/iova.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "ring.h"

/*
 * The two steps, in parts of the window; what is left is for the hardware. Of some CPUs
 * the first comes a little earlier.
 */
#define IOFLUSH_SOON_16THS	14
#define IOFLUSH_LAST_16THS	15

/**
 * ioflush_window_ns() - the bound of a domain
 * @flush: the domain's flush state
 *
 * Context: any context.
 * Return: its own bound, or else the one for all, in nanoseconds.
 */
u64 ioflush_window_ns(const struct ioflush *flush)
{
	return ioflush_bound_ns(flush);
}

/**
 * ioflush_window_holds() - are timers fine enough to hold a domain's bound?
 * @flush: the domain's flush state
 *
 * They are not where they are served by the tick: on machines without timers
 * of high resolution, and on others while they boot. Unmaps are strict then.
 *
 * Context: any context.
 * Return: whether they are.
 */
bool ioflush_window_holds(const struct ioflush *flush)
{
	struct ioflush_sim *sim = ioflush_sim(flush);
	u64 resolution_ns = sim ? sim->resolution_ns : hrtimer_resolution;

	return resolution_ns <= ioflush_window_ns(flush) / 32;
}

/*
 * When it is time for the first step. CPUs that have begun together would all come
 * to the queue at once, each time: so each has a time of its own, and they part.
 */
static u64 ioflush_window_soon_ns(const struct ioflush_ring *ring)
{
	u64 part_ns = ioflush_bound_ns(ring->flush) / 16;

	return part_ns * IOFLUSH_SOON_16THS - part_ns / 8 * ring->stagger;
}

static void ioflush_window_start(struct ioflush_ring *ring, u64 ns)
{
	struct ioflush_sim *sim = ioflush_sim(ring->flush);

	if (!sim) {
		ioflush_clock_arm(ring, ns);
		return;
	}
	ring->armed = true;
	sim->due_ns = sim->now_ns + ns;
}

/**
 * ioflush_window_stop() - a ring has nothing in it that its timer is for
 * @ring: any CPU's ring, armed or not
 *
 * Context: interrupts off, with the ring's lock held.
 */
void ioflush_window_stop(struct ioflush_ring *ring)
{
	if (!ring->armed)
		return;
	if (ioflush_sim(ring->flush))
		ring->armed = false;
	else
		ioflush_clock_disarm(ring);
}

static void ioflush_window_call_rcu(struct ioflush_ring *ring)
{
	struct ioflush_sim *sim = ioflush_sim(ring->flush);

	ring->calling = true;
	if (sim)
		sim->called = true;
	else
		call_rcu_hurry(&ring->rcu, ioflush_window_rcu);
}

/**
 * ioflush_window_arm() - an entry was added: see that it is drained in time
 * @ring: this CPU's ring
 *
 * Context: interrupts off, with the ring's lock held.
 */
void ioflush_window_arm(struct ioflush_ring *ring)
{
	if (unlikely(!ring->armed))
		ioflush_window_start(ring, ioflush_window_soon_ns(ring));
	if (ring->flush->engine_rcu && !ring->calling)
		ioflush_window_call_rcu(ring);
}

/* What a timer that fires finds. */
enum ioflush_due {
	IOFLUSH_DUE_NOT,
	IOFLUSH_DUE_SOON,
	IOFLUSH_DUE_LAST,
};

static enum ioflush_due ioflush_window_due(struct ioflush_ring *ring,
					   unsigned int early_16ths)
{
	u64 part_ns = ioflush_window_ns(ring->flush) / 16;
	u64 age_ns;

	if (ring->tail == ring->posted)
		return IOFLUSH_DUE_NOT;
	age_ns = ioflush_now_ns(ring->flush) - ring->oldest_ns;
	if (age_ns >= part_ns * IOFLUSH_LAST_16THS)
		return IOFLUSH_DUE_LAST;
	if (age_ns + part_ns * early_16ths >= ioflush_window_soon_ns(ring))
		return IOFLUSH_DUE_SOON;
	return IOFLUSH_DUE_NOT;
}

/* Do what it is time for; the bottom half does the rest. */
static void ioflush_window_act(struct ioflush_ring *ring,
			       unsigned int early_16ths)
{
	struct ioflush_steps steps = { .whole = true };
	enum ioflush_due due;
	unsigned long flags;

	ioflush_ring_lock(ring, &flags);
	due = ioflush_window_due(ring, early_16ths);
	if (due != IOFLUSH_DUE_NOT)
		/* From now on, the next unmap finds the ring over its limit. */
		ring->limit = 0;
	if (due == IOFLUSH_DUE_LAST) {
		/* One step, unless only ranges can be named: some, a ring is small. */
		while (ioflush_ring_step(ring, &steps) == IOFLUSH_STEP_MORE)
			;
		ioflush_steps_note(ring, &steps, IOFLUSH_TIMER);
	}
	ioflush_ring_unlock(ring, flags);

	if (due != IOFLUSH_DUE_NOT)
		ioflush_ring_hand(ring);
}

/* How long the timer may sleep now; 0 if there is nothing to wait for. */
static u64 ioflush_window_next(struct ioflush_ring *ring)
{
	u64 part_ns = ioflush_window_ns(ring->flush) / 16;
	u64 now_ns = ioflush_now_ns(ring->flush), due_ns;

	if (ring->tail == ring->posted)
		return 0;
	due_ns = ring->oldest_ns + ioflush_window_soon_ns(ring);
	/* Without a limit the first of the steps has been taken, maybe early. */
	if (now_ns >= due_ns || !ring->limit)
		due_ns = ring->oldest_ns + part_ns * IOFLUSH_LAST_16THS;
	/* It is overdue only while a queue is full. */
	return now_ns < due_ns ? due_ns - now_ns : part_ns / 4;
}

/**
 * ioflush_window_check() - what the timer does with a ring
 * @ring: the ring
 * @early_16ths: take the first of the steps so many 16ths of the window early
 *
 * Context: any context; does not wait for hardware.
 * Return: after how many nanoseconds to look again, or 0 if there is nothing
 *	to look for: the next entry arms the timer.
 */
u64 ioflush_window_check(struct ioflush_ring *ring, unsigned int early_16ths)
{
	unsigned long flags;
	u64 next_ns;

	ioflush_window_act(ring, early_16ths);
	ioflush_ring_lock(ring, &flags);
	next_ns = ioflush_window_next(ring);
	if (!next_ns)
		ioflush_window_stop(ring);
	ioflush_ring_unlock(ring, flags);
	return next_ns;
}

/**
 * ioflush_window_rcu() - a grace period after a ring's first entry has passed
 * @rcu: in the ring
 *
 * What was added since is drained along.
 *
 * Context: softirq or a thread of RCU; waits for hardware.
 */
void ioflush_window_rcu(struct rcu_head *rcu)
{
	struct ioflush_ring *ring = container_of(rcu, struct ioflush_ring, rcu);
	unsigned long flags;

	ioflush_ring_lock(ring, &flags);
	ring->calling = false;
	ioflush_ring_unlock(ring, flags);
	ioflush_ring_drain(ring, IOFLUSH_RCU);
}

/*
 * A timer that sleeps for the old window is started for the new one, on its own
 * CPU: a pinned timer belongs to whoever starts it. One that wakes early looks how
 * long it may go on sleeping.
 */
static void ioflush_window_rearm(void *data)
{
	struct ioflush *flush = data;
	struct ioflush_ring *ring = this_cpu_ptr(flush->all_rings);
	unsigned long flags;

	ioflush_ring_lock(ring, &flags);
	if (ring->armed)
		ioflush_window_start(ring, ioflush_window_soon_ns(ring));
	ioflush_ring_unlock(ring, flags);
}

/**
 * ioflush_window_changed() - hold a domain to a bound that has just been set
 * @flush: the domain's flush state
 *
 * Rings of CPUs that are offline are empty, and their timers are off.
 *
 * Context: process context; waits for other CPUs and for hardware.
 */
void ioflush_window_changed(struct ioflush *flush)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	if (!smp_load_acquire(&flush->all_rings))
		return;
	on_each_cpu(ioflush_window_rearm, flush, 1);
	ioflush_drain(flush, IOFLUSH_TIGHTEN);
}

static bool ioflush_window_in_range(unsigned int us)
{
	return us >= IOFLUSH_WINDOW_MIN_US && us <= IOFLUSH_WINDOW_MAX_US;
}

/**
 * ioflush_set_window() - give a domain a bound of its own
 * @flush: the domain's flush state
 * @us: microseconds; 0 for the parameter that holds for all
 *
 * What was unmapped before the call has been invalidated when it returns, what
 * is unmapped after it is held to the new bound.
 *
 * Context: process context; waits for other CPUs and for hardware.
 * Return: 0, or -EINVAL for a value out of range.
 */
int ioflush_set_window(struct ioflush *flush, unsigned int us)
{
	if (us && !ioflush_window_in_range(us))
		return -EINVAL;
	WRITE_ONCE(flush->window_us, us);
	ioflush_window_changed(flush);
	return 0;
}

/**
 * ioflush_set_window_all() - set the bound of all domains without one of their own
 * @us: microseconds
 *
 * As ioflush_set_window() does for one.
 *
 * Context: process context; waits for other CPUs and for hardware.
 * Return: 0, or -EINVAL for a value out of range.
 */
int ioflush_set_window_all(unsigned int us)
{
	if (!ioflush_window_in_range(us))
		return -EINVAL;
	WRITE_ONCE(ioflush_window_us, us);
	ioflush_for_each(ioflush_window_changed);
	return 0;
}
