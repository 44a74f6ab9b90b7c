// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a CPU's ring of cleared ranges that wait for their invalidation
 *
 * A drain claims what is in the ring under the lock, drops the lock, has it
 * invalidated, gives the IOVAs back, and only then retires the entries. What
 * is pushed meanwhile stays for the next drain. One drain at a time works on
 * a ring; a second one has nothing to add, since the first does not return
 * before all that it claimed is done.
 *
 * An entry need not be invalidated by the drain of its own ring. The counters
 * @started and @finished number the whole-domain invalidations:
 *
 *	CPU 0 (unmap)			CPU 1 (whole-domain invalidation)
 *
 *	clear the translation		n = ++started
 *	smp_mb()			smp_mb()
 *	entry.counter = started		hardware reads translations anew
 *					wait
 *					finished = max(finished, n)
 *
 * If CPU 0 read a counter below n, its read came before CPU 1's increment, and
 * by the two barriers the translation was clear before the invalidation began.
 * So finished > entry.counter means that nothing is left to do.
 */
#include <linux/ioflush/iova.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "ring.h"

/* A new range may extend one of this many newest entries. */
#define IOFLUSH_MERGE_DEPTH	2

static struct ioflush_entry *ioflush_entry(struct ioflush_ring *ring, u32 n)
{
	return &ring->entries[n & (IOFLUSH_RING_SIZE - 1)];
}

static void ioflush_inc(struct ioflush *flush, unsigned int what)
{
	this_cpu_inc(flush->stats->n[what]);
}

static bool ioflush_entry_extend(struct ioflush_entry *e,
				 const struct ioflush_entry *new)
{
	if (!e->mergeable || !new->mergeable || e->leaf_lg2 != new->leaf_lg2)
		return false;

	if (new->start + new->bytes == e->start)
		e->start = new->start;
	else if (e->start + e->bytes != new->start)
		return false;
	e->bytes += new->bytes;
	/* Covered is what the newest part is covered by. */
	e->counter = new->counter;
	return true;
}

/* Entries that a drain has claimed are no longer ours to extend. */
static bool ioflush_ring_merge(struct ioflush_ring *ring,
			       const struct ioflush_entry *new)
{
	u32 n = min_t(u32, ring->tail - ring->claimed, IOFLUSH_MERGE_DEPTH);
	u32 i;

	for (i = 1; i <= n; i++)
		if (ioflush_entry_extend(ioflush_entry(ring, ring->tail - i),
					 new))
			return true;
	return false;
}

static u64 ioflush_period_ns(void)
{
	/* A quarter of the window is for the drain itself and timer slack. */
	return (u64)READ_ONCE(ioflush_window_us) * NSEC_PER_USEC * 3 / 4;
}

static bool ioflush_ring_append(struct ioflush_ring *ring,
				const struct ioflush_entry *new)
{
	if (ring->tail - ring->head == IOFLUSH_RING_SIZE)
		return false;
	if (ring->tail == ring->claimed)
		ring->oldest_ns = ktime_get_mono_fast_ns();
	*ioflush_entry(ring, ring->tail++) = *new;
	return true;
}

/* Returns false if the ring is full. Called with interrupts off. */
static bool ioflush_ring_add(struct ioflush_ring *ring,
			     const struct ioflush_entry *new, bool *high)
{
	bool arm, added = true;

	raw_spin_lock(&ring->lock);
	if (ioflush_ring_merge(ring, new))
		ioflush_inc(ring->flush, IOFLUSH_N_MERGED);
	else
		added = ioflush_ring_append(ring, new);
	*high = ring->tail - ring->claimed >= IOFLUSH_HIGH_WATER_MARK &&
		!ring->draining;
	arm = !ring->armed;
	ring->armed = true;
	raw_spin_unlock(&ring->lock);

	if (unlikely(arm))
		hrtimer_start(&ring->timer, ns_to_ktime(ioflush_period_ns()),
			      HRTIMER_MODE_REL_PINNED_SOFT);
	return added;
}

/**
 * ioflush_ring_push() - put a cleared range on this CPU's ring
 * @flush: the flush state; its rings exist
 * @gather: of the unmap that cleared it; no table was unlinked
 * @iova: first byte of the IOVAs to give back afterwards
 * @bytes: their length
 *
 * Drains the ring where it reaches its high-water mark.
 *
 * Context: any context.
 * Return: false if the ring is full; nothing has been done then.
 */
bool ioflush_ring_push(struct ioflush *flush, struct iopgt_gather *gather,
		       dma_addr_t iova, size_t bytes)
{
	struct ioflush_entry new = {
		.start = iova,
		.bytes = bytes,
		.leaf_lg2 = iopgt_gather_leaf_lg2(gather),
		.mergeable = iospace_mergeable(flush->space, iova),
	};
	struct ioflush_ring *ring;
	unsigned long flags;
	bool added, high;

	/*
	 * The translation was cleared before the counter is read; pairs with
	 * the full barrier of the increment in ioflush_all().
	 */
	smp_mb();
	new.counter = atomic64_read(&flush->started);

	local_irq_save(flags);
	ring = this_cpu_ptr(flush->rings);
	added = ioflush_ring_add(ring, &new, &high);
	local_irq_restore(flags);

	if (!added)
		return false;
	ioflush_inc(flush, IOFLUSH_N_DEFERRED);
	if (unlikely(high))
		ioflush_ring_drain(ring, IOFLUSH_HIGH_WATER);
	return true;
}

/**
 * ioflush_all() - invalidate everything a domain may have cached, and wait
 * @flush: the domain's flush state
 *
 * Covers the entries of all rings that were pushed before the call.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void ioflush_all(struct ioflush *flush)
{
	s64 n, old;

	/* Full barrier: see the diagram above. */
	n = atomic64_inc_return(&flush->started);
	flush->ops->all(flush);

	old = atomic64_read(&flush->finished);
	do {
		if (old >= n)
			break;
		/* Release: who sees the number may take entries for covered. */
	} while (!atomic64_try_cmpxchg_release(&flush->finished, &old, n));
	ioflush_inc(flush, IOFLUSH_N_ALL);
}

/* Add an entry to a list of ranges; false if there is no room for it. */
static bool ioflush_add_range(struct ioflush_range *range, unsigned int *n,
			      const struct ioflush_entry *e)
{
	struct ioflush_range *prev = *n ? &range[*n - 1] : NULL;

	if (prev && prev->last + 1 == e->start &&
	    prev->leaf_lg2 == e->leaf_lg2) {
		prev->last = e->start + e->bytes - 1;
		return true;
	}
	if (*n == IOFLUSH_RANGES_MAX)
		return false;
	range[(*n)++] = (struct ioflush_range) {
		.start = e->start,
		.last = e->start + e->bytes - 1,
		.leaf_lg2 = e->leaf_lg2,
		.leaf_only = true,
	};
	return true;
}

/* A few ranges one by one, many of them by way of the whole domain. */
static void ioflush_invalidate(struct ioflush_ring *ring, u32 head, u32 claimed)
{
	struct ioflush_range range[IOFLUSH_RANGES_MAX];
	struct ioflush *flush = ring->flush;
	unsigned int n = 0, covered = 0;
	/* Pairs with the release in ioflush_all(). */
	u64 finished = atomic64_read_acquire(&flush->finished);
	u32 i;

	for (i = head; i != claimed; i++) {
		const struct ioflush_entry *e = ioflush_entry(ring, i);

		if (e->counter < finished)
			covered++;
		else if (!ioflush_add_range(range, &n, e))
			break;
	}
	this_cpu_add(flush->stats->n[IOFLUSH_N_COVERED], covered);
	if (i != claimed) {
		ioflush_all(flush);
	} else if (n) {
		flush->ops->ranges(flush, range, n);
		this_cpu_add(flush->stats->n[IOFLUSH_N_RANGES], n);
	}
}

static void ioflush_note_window(struct ioflush *flush, u64 oldest_ns)
{
	s64 ns = ktime_get_mono_fast_ns() - oldest_ns;
	s64 max = atomic64_read(&flush->window_max_ns);

	while (ns > max &&
	       !atomic64_try_cmpxchg_relaxed(&flush->window_max_ns, &max, ns))
		;
}

/**
 * ioflush_ring_drain() - invalidate and give back all that is in a ring
 * @ring: any CPU's ring
 * @reason: why, for the counters
 *
 * Context: any context; waits for hardware with no lock held and interrupts
 *	as they are, but with preemption off: a drain that is not running would
 *	keep its entries past the window.
 * Return: false if another drain is at work on the ring. Nothing was done.
 */
bool ioflush_ring_drain(struct ioflush_ring *ring, enum ioflush_reason reason)
{
	struct ioflush *flush = ring->flush;
	unsigned long flags;
	u32 head, claimed;
	u64 oldest_ns;

	preempt_disable();
	raw_spin_lock_irqsave(&ring->lock, flags);
	head = ring->head;
	claimed = ring->tail;
	if (ring->draining || head == claimed) {
		bool busy = ring->draining;

		raw_spin_unlock_irqrestore(&ring->lock, flags);
		preempt_enable();
		return !busy;
	}
	ring->draining = true;
	ring->claimed = claimed;
	oldest_ns = ring->oldest_ns;
	raw_spin_unlock_irqrestore(&ring->lock, flags);

	ioflush_invalidate(ring, head, claimed);
	ioflush_note_window(flush, oldest_ns);
	for (u32 i = head; i != claimed; i++) {
		const struct ioflush_entry *e = ioflush_entry(ring, i);

		iospace_free(flush->space, e->start, e->bytes);
	}

	raw_spin_lock_irqsave(&ring->lock, flags);
	ring->head = claimed;
	ring->draining = false;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	preempt_enable();

	ioflush_inc(flush, IOFLUSH_N_DRAIN + reason);
	return true;
}

/*
 * The timer stays armed while unmaps keep coming, instead of being started
 * and cancelled around each drain at the high-water mark: it looks how old
 * the oldest entry is and goes back to sleep for the rest of its time.
 */
static enum hrtimer_restart ioflush_ring_timer(struct hrtimer *timer)
{
	struct ioflush_ring *ring = container_of(timer, struct ioflush_ring,
						 timer);
	enum hrtimer_restart again = HRTIMER_NORESTART;
	u64 due, now = ktime_get_mono_fast_ns();
	unsigned long flags;

	if (now - READ_ONCE(ring->oldest_ns) >= ioflush_period_ns())
		ioflush_ring_drain(ring, IOFLUSH_TIMER);

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (ring->tail == ring->claimed) {
		ring->armed = false;
	} else {
		/* It is overdue only while some other drain is at work on it. */
		now = ktime_get_mono_fast_ns();
		due = max(ring->oldest_ns + ioflush_period_ns(),
			  now + ioflush_period_ns() / 8);
		hrtimer_forward_now(timer, ns_to_ktime(due - now));
		again = HRTIMER_RESTART;
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return again;
}

/**
 * ioflush_rings_alloc() - give every possible CPU a ring
 * @flush: the flush state; its space is set
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int ioflush_rings_alloc(struct ioflush *flush)
{
	struct ioflush_ring __percpu *rings = alloc_percpu(struct ioflush_ring);
	int cpu;

	if (!rings)
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(rings, cpu);

		raw_spin_lock_init(&ring->lock);
		hrtimer_init(&ring->timer, CLOCK_MONOTONIC,
			     HRTIMER_MODE_REL_PINNED_SOFT);
		ring->timer.function = ioflush_ring_timer;
		ring->flush = flush;
		ring->entries = kvcalloc_node(IOFLUSH_RING_SIZE,
					      sizeof(*ring->entries),
					      GFP_KERNEL, cpu_to_node(cpu));
		if (!ring->entries)
			goto err_free;
	}
	/* Pairs with the acquire in ioflush_unmapped(). */
	smp_store_release(&flush->rings, rings);
	return 0;

err_free:
	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(rings, cpu)->entries);
	free_percpu(rings);
	return -ENOMEM;
}

/**
 * ioflush_rings_free() - undo ioflush_rings_alloc()
 * @flush: the flush state; its rings are empty and nobody pushes any more
 *
 * Context: process context.
 */
void ioflush_rings_free(struct ioflush *flush)
{
	int cpu;

	if (!flush->rings)
		return;
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(flush->rings, cpu);

		hrtimer_cancel(&ring->timer);
		WARN_ON(ring->head != ring->tail);
		kvfree(ring->entries);
	}
	free_percpu(flush->rings);
	flush->rings = NULL;
}
