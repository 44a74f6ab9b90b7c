// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a flush state has done and what is pending
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "ring.h"

/* Of one ring: all that was pushed, or what of it has extended an entry. */
static unsigned long ioflush_ring_count(const struct ioflush_ring *ring,
					enum ioflush_count what)
{
	unsigned long appended = READ_ONCE(ring->appended), unmaps;

	/*
	 * A push that makes an entry counts that, then itself. All but the newest that
	 * have been read have been counted by now: pairs with the lock of the ring, which
	 * those before let go and the newest one took.
	 */
	smp_rmb();
	unmaps = READ_ONCE(ring->unmaps);
	if (what != IOFLUSH_N_MERGED)
		return unmaps;
	/* The newest may be between the two. */
	return unmaps > appended ? unmaps - appended : 0;
}

/* Pushes count in the ring they go to, in passing. */
static unsigned long ioflush_count_rings(const struct ioflush *flush,
					 enum ioflush_count what)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->all_rings);
	unsigned long sum = 0;
	int cpu;

	if (!rings)
		return 0;
	for_each_possible_cpu(cpu)
		sum += ioflush_ring_count(per_cpu_ptr(rings, cpu), what);
	return sum;
}

/**
 * ioflush_count() - read one of a flush state's counters
 * @flush: the flush state
 * @what: which
 *
 * Context: any context.
 * Return: the sum over all CPUs; may lag behind what happens meanwhile.
 */
unsigned long ioflush_count(const struct ioflush *flush,
			    enum ioflush_count what)
{
	unsigned long sum = 0;
	int cpu;

	if (what == IOFLUSH_N_DEFERRED || what == IOFLUSH_N_MERGED)
		return ioflush_count_rings(flush, what);
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(flush->stats, cpu)->n[what]);
	return sum;
}

/**
 * ioflush_get_pending() - what waits for an invalidation
 * @flush: the flush state
 * @pending: where to store it
 *
 * Context: any context. Each ring is looked at for itself.
 */
void ioflush_get_pending(const struct ioflush *flush,
			 struct ioflush_pending *pending)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->all_rings);
	unsigned long flags;
	int cpu;

	*pending = (struct ioflush_pending) {};
	if (!rings)
		return;
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(rings, cpu);

		ioflush_ring_lock(ring, &flags);
		pending->bytes += ring->bytes + ring->posted_bytes;
		pending->entries += ring->tail - ring->head;
		pending->tables += ring->nr_pages + ring->nr_posted_pages;
		pending->held += ring->held_bytes;
		ioflush_ring_unlock(ring, flags);
	}
}

/**
 * ioflush_pending_bytes() - IOVA bytes that wait for an invalidation
 * @flush: the flush state
 *
 * Context: any context.
 * Return: the sum over all rings, each looked at for itself.
 */
unsigned long ioflush_pending_bytes(const struct ioflush *flush)
{
	struct ioflush_pending pending;

	ioflush_get_pending(flush, &pending);
	return pending.bytes;
}

/* Which bucket a number belongs to: 0, then the powers of two. */
static unsigned int ioflush_bucket(u64 n)
{
	return n ? min_t(unsigned int, ilog2(n) + 1, IOFLUSH_BUCKETS - 1) : 0;
}

/**
 * ioflush_hist_entry() - an entry has been invalidated
 * @ring: the ring
 * @exposed_ns: from when the entry was made until now
 *
 * Context: any context, with the ring's lock held.
 */
void ioflush_hist_entry(struct ioflush_ring *ring, u64 exposed_ns)
{
	u32 us = div_u64(exposed_ns, NSEC_PER_USEC);

	ring->hist.entries[ioflush_bucket(us)]++;
}

/**
 * ioflush_hist_drain() - a ring is being drained
 * @ring: the ring
 * @bytes: how much was exposed
 *
 * Context: any context, with the ring's lock held.
 */
void ioflush_hist_drain(struct ioflush_ring *ring, size_t bytes)
{
	ring->hist.drains[ioflush_bucket(bytes >> PAGE_SHIFT)]++;
}

/**
 * ioflush_note_window() - the oldest entries of a ring have been invalidated
 * @flush: the flush state
 * @exposed_ns: from when the oldest was made until now
 *
 * Context: any context.
 */
void ioflush_note_window(struct ioflush *flush, u64 exposed_ns)
{
	s64 old = atomic64_read(&flush->window_max_ns);

	while ((s64)exposed_ns > old &&
	       !atomic64_try_cmpxchg_relaxed(&flush->window_max_ns, &old,
					     exposed_ns))
		;
}

/**
 * ioflush_get_hist() - how long and how much was exposed
 * @flush: the flush state
 * @hist: receives the sums over all CPUs
 *
 * Context: any context.
 */
void ioflush_get_hist(const struct ioflush *flush, struct ioflush_hist *hist)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->all_rings);
	int cpu;

	*hist = (struct ioflush_hist) {};
	if (!rings)
		return;
	for_each_possible_cpu(cpu) {
		const struct ioflush_hist *h = &per_cpu_ptr(rings, cpu)->hist;

		for (unsigned int i = 0; i < IOFLUSH_BUCKETS; i++) {
			hist->entries[i] += READ_ONCE(h->entries[i]);
			hist->drains[i] += READ_ONCE(h->drains[i]);
		}
	}
}
