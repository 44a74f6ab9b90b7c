// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the timer of a CPU, for all its rings that have something in them
 *
 * A CPU that uses many domains has a ring in each. They share a timer, which is set
 * to the first of their times. When it fires it also serves those whose time comes
 * within another 16th of their window: so however many domains there are, two
 * interrupts are a 16th of a window apart, and rings that a CPU fills in turns come
 * to be drained together.
 *
 * What has to wait for hardware is done by a bottom half, one for all rings that
 * were handed to it: all of them are posted before any is waited for, which one sync
 * a queue may do.
 *
 * A ring is on its own CPU's list while it is armed. Only that CPU puts it there,
 * with interrupts off, so nothing is added while the timer goes through the list.
 * Rings may go meanwhile, with their domain: the timer is an RCU reader.
 */
#include <linux/atomic.h>
#include <linux/ioflush/iova.h>
#include <linux/limits.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat-timer.h"
#include "ring.h"

/* What is due so many 16ths of a window later is served along. */
#define IOFLUSH_EARLY_16THS	1

/* How long the timer looks at hardware. */
#define IOFLUSH_LOOK_NS		(5 * NSEC_PER_USEC)

/**
 * struct ioflush_clock - a CPU's timer
 * @lock: protects @due_ns and who is on @rings. Inside a ring's lock
 * @timer: fires on its CPU, in hard interrupt context
 * @due_ns: when it is to fire, or U64_MAX: it is off, or it is firing
 * @late_ns: by how much it has fired later than that, at most
 * @rings: struct ioflush_ring of this CPU that are armed; read under RCU
 * @handed: those that @work is to drain
 * @work: does that, and runs under RCU
 */
struct ioflush_clock {
	raw_spinlock_t lock;
	struct hrtimer timer;
	u64 due_ns;
	u64 late_ns;
	struct list_head rings;
	struct llist_head handed;
	struct work_struct work;
};

static DEFINE_PER_CPU(struct ioflush_clock, ioflush_clocks);

/* With the lock held. While the timer is firing, starting it is right too. */
static void ioflush_clock_start(struct ioflush_clock *clock, u64 due_ns)
{
	u64 now_ns = ktime_get_mono_fast_ns();

	if (due_ns >= clock->due_ns)
		return;
	clock->due_ns = due_ns;
	hrtimer_start(&clock->timer,
		      ns_to_ktime(due_ns > now_ns ? due_ns - now_ns : 0),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * ioflush_clock_arm() - have this CPU's timer look after a ring
 * @ring: this CPU's ring of a domain; it may be armed
 * @ns: when it is to look, at the latest, in nanoseconds from now
 *
 * Context: interrupts off, with the ring's lock held.
 */
void ioflush_clock_arm(struct ioflush_ring *ring, u64 ns)
{
	struct ioflush_clock *clock = this_cpu_ptr(&ioflush_clocks);

	raw_spin_lock(&clock->lock);
	if (!ring->armed)
		list_add_tail_rcu(&ring->armed_node, &clock->rings);
	ring->armed = true;
	ioflush_clock_start(clock, ktime_get_mono_fast_ns() + ns);
	raw_spin_unlock(&clock->lock);
}

/**
 * ioflush_clock_disarm() - undo ioflush_clock_arm()
 * @ring: any CPU's ring, which is armed
 *
 * The timer may still be looking at it, until a grace period of RCU has passed.
 *
 * Context: interrupts off, with the ring's lock held.
 */
void ioflush_clock_disarm(struct ioflush_ring *ring)
{
	struct ioflush_clock *clock = per_cpu_ptr(&ioflush_clocks, ring->cpu);

	raw_spin_lock(&clock->lock);
	list_del_rcu(&ring->armed_node);
	ring->armed = false;
	raw_spin_unlock(&clock->lock);
}

/**
 * ioflush_clock_hand() - have a ring drained by its CPU's bottom half
 * @ring: the ring
 *
 * Context: any context.
 */
void ioflush_clock_hand(struct ioflush_ring *ring)
{
	struct ioflush_clock *clock = per_cpu_ptr(&ioflush_clocks, ring->cpu);

	if (!xchg(&ring->handed, true))
		llist_add(&ring->handed_node, &clock->handed);
	queue_work(system_bh_highpri_wq, &clock->work);
}

/* Softirq, or the thread that softirqs are left to; waits for hardware. */
static void ioflush_clock_work(struct work_struct *work)
{
	struct ioflush_clock *clock = container_of(work, struct ioflush_clock,
						   work);
	struct llist_node *handed = llist_del_all(&clock->handed);
	struct llist_node *node, *next;
	struct ioflush_ring *ring;

	rcu_read_lock();
	llist_for_each(node, handed)
		ioflush_ring_post_due(llist_entry(node, struct ioflush_ring,
						  handed_node));
	llist_for_each_safe(node, next, handed) {
		ring = llist_entry(node, struct ioflush_ring, handed_node);
		/*
		 * From now on it may be on the list again. Who has just found
		 * that it is pushed before: the full barrier of the one pairs
		 * with that of the other.
		 */
		(void)xchg(&ring->handed, false);
		ioflush_ring_post_due(ring);
		ioflush_ring_finish(ring);
	}
	rcu_read_unlock();
}

/**
 * ioflush_clocks_forget() - wait until no CPU is looking at rings that are to go
 *
 * They are empty and disarmed, and nobody pushes to them.
 *
 * Context: process context; waits for RCU.
 */
void ioflush_clocks_forget(void)
{
	int cpu;

	/* Timers that have found one of them. */
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(&ioflush_clocks, cpu)->work);
}

/* Hardware has what was posted for all of them in hand at the same time. */
static void ioflush_clock_watch(struct ioflush_ring *ring)
{
	u64 end_ns = ring ? ioflush_now_ns(ring->flush) + IOFLUSH_LOOK_NS : 0;

	for (; ring; ring = ring->watched)
		ioflush_ring_watch(ring, end_ns);
}

/**
 * ioflush_clock_check() - what a CPU's timer does with its rings
 * @rings: struct ioflush_ring by @armed_node; those that are empty then leave it
 *
 * Hardware is watched for a short time when all have been posted: the bottom half,
 * which waits for it, may come milliseconds later, behind other softirqs.
 *
 * Context: any context, one at a time for a list; polls hardware for a few
 *	microseconds at most.
 * Return: when to look again, or U64_MAX for never.
 */
u64 ioflush_clock_check(struct list_head *rings)
{
	struct ioflush_ring *ring, *watched = NULL;
	u64 next_ns = U64_MAX, ns;

	rcu_read_lock();
	list_for_each_entry_rcu(ring, rings, armed_node) {
		ns = ioflush_window_check(ring, IOFLUSH_EARLY_16THS);
		if (ns)
			next_ns = min(next_ns, ioflush_now_ns(ring->flush) + ns);
		ring->watched = watched;
		watched = ring;
	}
	ioflush_clock_watch(watched);
	rcu_read_unlock();
	return next_ns;
}

/**
 * ioflush_clock_late_ns() - by how much the timers have fired late
 *
 * What is left of a window behind its last step is less by that: interrupts may have been
 * off for so long, or the machine, or who emulates it, was late.
 *
 * Context: any context.
 * Return: the longest such time of any CPU, in nanoseconds.
 */
u64 ioflush_clock_late_ns(void)
{
	u64 late_ns = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		late_ns = max(late_ns, READ_ONCE(per_cpu_ptr(&ioflush_clocks,
							     cpu)->late_ns));
	return late_ns;
}

/* Hard interrupt. */
static enum hrtimer_restart ioflush_clock_timer(struct hrtimer *timer)
{
	struct ioflush_clock *clock = container_of(timer, struct ioflush_clock,
						   timer);
	u64 now_ns = ktime_get_mono_fast_ns();
	u64 next_ns;

	raw_spin_lock(&clock->lock);
	if (now_ns > clock->due_ns)
		WRITE_ONCE(clock->late_ns, max(clock->late_ns, now_ns - clock->due_ns));
	clock->due_ns = U64_MAX;
	raw_spin_unlock(&clock->lock);

	next_ns = ioflush_clock_check(&clock->rings);

	raw_spin_lock(&clock->lock);
	ioflush_clock_start(clock, next_ns);
	raw_spin_unlock(&clock->lock);
	return HRTIMER_NORESTART;
}

/**
 * ioflush_clock_dead() - a CPU is dead, and all its rings have been disarmed
 * @cpu: the CPU
 *
 * Its timer, if it was set, has moved to another: also for a ring whose domain has gone
 * since. It is switched off, so that the CPU, when it comes back, starts it where it
 * belongs.
 *
 * Context: process context.
 * Return: 0.
 */
int ioflush_clock_dead(unsigned int cpu)
{
	struct ioflush_clock *clock = per_cpu_ptr(&ioflush_clocks, cpu);
	unsigned long flags;

	hrtimer_cancel(&clock->timer);
	raw_spin_lock_irqsave(&clock->lock, flags);
	clock->due_ns = U64_MAX;
	raw_spin_unlock_irqrestore(&clock->lock, flags);
	return 0;
}

#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
/**
 * ioflush_clock_is_set() - for tests: is a CPU's timer to fire?
 * @cpu: the CPU
 *
 * Context: any context.
 * Return: whether it is.
 */
bool ioflush_clock_is_set(unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(&ioflush_clocks, cpu)->due_ns) != U64_MAX;
}
#endif

/**
 * ioflush_clocks_init() - give each CPU its timer
 *
 * Context: process context, once, before the first ring is made.
 */
void ioflush_clocks_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ioflush_clock *clock = per_cpu_ptr(&ioflush_clocks, cpu);

		raw_spin_lock_init(&clock->lock);
		hrtimer_setup(&clock->timer, ioflush_clock_timer,
			      CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
		clock->due_ns = U64_MAX;
		INIT_LIST_HEAD(&clock->rings);
		init_llist_head(&clock->handed);
		INIT_WORK(&clock->work, ioflush_clock_work);
	}
}

/**
 * ioflush_clocks_exit() - undo ioflush_clocks_init()
 *
 * Context: process context; there are no rings any more.
 */
void __exit ioflush_clocks_exit(void)
{
	int cpu;

	/* The first of them may be set still, for a ring that has gone. */
	for_each_possible_cpu(cpu) {
		hrtimer_cancel(&per_cpu_ptr(&ioflush_clocks, cpu)->timer);
		cancel_work_sync(&per_cpu_ptr(&ioflush_clocks, cpu)->work);
	}
}
