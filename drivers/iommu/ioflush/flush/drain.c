// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: has the entries of rings invalidated, and gives back what is theirs
 *
 * A drain claims what is in a ring under the lock, drops the lock, has it
 * invalidated, gives the IOVAs back and then the table pages, and only then
 * retires the entries. What is pushed meanwhile stays for the next drain. One
 * drain at a time works on a ring; a second one has nothing to add, since the
 * first does not return before all that it claimed is done.
 *
 * Waiting is what costs most, so a drain takes the rings that other domains
 * have on the same CPU along: all is queued, and then waited for, which mostly
 * takes one sync.
 */
#include <linux/ioflush/iova.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <trace/events/ioflush.h>

#include "ring.h"

/* Rings that one drain takes along at most, its own among them. */
#define IOFLUSH_BATCH	4

/**
 * struct ioflush_claim - what a drain has claimed of a ring
 * @ring: the ring
 * @head: number of the first entry
 * @end: number behind the last entry
 * @bytes: length of the entries
 * @oldest_ns: a time not after the first entry was added
 * @all: number of the whole-domain invalidation that covers them; 0 for none
 * @ranges: ranges that are invalidated one by one
 * @covered: entries that needed no invalidation any more
 * @pages: unlinked table pages of the entries
 * @token: what to wait for
 */
struct ioflush_claim {
	struct ioflush_ring *ring;
	u32 head;
	u32 end;
	size_t bytes;
	u64 oldest_ns;
	s64 all;
	unsigned int ranges;
	unsigned int covered;
	struct list_head pages;
	struct ioflush_token token;
};

/**
 * struct ioflush_batch - what one drain waits for together
 * @n: how many claims
 * @claim: the claims
 */
struct ioflush_batch {
	unsigned int n;
	struct ioflush_claim claim[IOFLUSH_BATCH];
};

/* Rings by CPU; changed under the lock, read under RCU. */
static DEFINE_MUTEX(ioflush_list_lock);
static DEFINE_PER_CPU(struct list_head, ioflush_list);

/**
 * ioflush_ring_list() - let drains of other domains find a ring
 * @ring: the ring
 *
 * Context: process context.
 */
void ioflush_ring_list(struct ioflush_ring *ring)
{
	struct list_head *list = per_cpu_ptr(&ioflush_list, ring->cpu);

	mutex_lock(&ioflush_list_lock);
	if (!list->next)
		INIT_LIST_HEAD(list);
	list_add_tail_rcu(&ring->node, list);
	mutex_unlock(&ioflush_list_lock);
}

/**
 * ioflush_ring_unlist() - undo ioflush_ring_list()
 * @ring: the ring; may still be found until an RCU grace period has passed
 *
 * Context: process context.
 */
void ioflush_ring_unlist(struct ioflush_ring *ring)
{
	mutex_lock(&ioflush_list_lock);
	list_del_rcu(&ring->node);
	mutex_unlock(&ioflush_list_lock);
}

static void ioflush_inc(struct ioflush *flush, unsigned int what)
{
	this_cpu_inc(flush->stats->n[what]);
}

static s64 ioflush_all_begin(struct ioflush *flush,
			     struct ioflush_token *token)
{
	/* Full barrier: see the diagram in ring.c. */
	s64 n = atomic64_inc_return(&flush->started);

	flush->ops->queue(flush, NULL, 0, token);
	return n;
}

static void ioflush_all_end(struct ioflush *flush, s64 n)
{
	s64 old = atomic64_read(&flush->finished);

	do {
		if (old >= n)
			break;
		/* Release: who sees the number may take entries for covered. */
	} while (!atomic64_try_cmpxchg_release(&flush->finished, &old, n));
	ioflush_inc(flush, IOFLUSH_N_ALL);
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
	struct ioflush_token token = {};
	s64 n;

	rcu_read_lock();
	n = ioflush_all_begin(flush, &token);
	flush->ops->wait(flush, &token);
	rcu_read_unlock();
	ioflush_all_end(flush, n);
}

/* Does an entry go on where a range ends? */
static bool ioflush_range_goes_on(const struct ioflush_range *range,
				  const struct ioflush_entry *e)
{
	return range->last + 1 == e->start && range->leaf_lg2 == e->leaf_lg2 &&
	       range->leaf_only == e->leaf_only;
}

/* Read the counter with acquire: pairs with the release in ioflush_all_end(). */
static u64 ioflush_finished(const struct ioflush *flush)
{
	return atomic64_read_acquire(&flush->finished);
}

static unsigned int ioflush_count_ranges(struct ioflush_claim *c, u64 finished)
{
	struct ioflush_range range = {};
	unsigned int n = 0;

	for (u32 i = c->head; i != c->end; i++) {
		const struct ioflush_entry *e = ioflush_entry(c->ring, i);

		if (e->counter < finished) {
			c->covered++;
			continue;
		}
		if (!n || !ioflush_range_goes_on(&range, e))
			n++;
		range.last = e->end - 1;
		range.leaf_lg2 = e->leaf_lg2;
		range.leaf_only = e->leaf_only;
	}
	return n;
}

/*
 * Would @n commands cost more than one for the whole domain and what that does
 * to the domain's other translations? Without measured costs, as long as a
 * domain has no unit, by their number.
 */
static bool ioflush_all_is_cheaper(const struct ioflush *flush, unsigned int n)
{
	u32 cmd_ns = READ_ONCE(flush->costs.cmd_ns);

	if (!cmd_ns)
		return n > IOFLUSH_RANGES_MAX;
	return (u64)n * cmd_ns > READ_ONCE(flush->costs.all_ns);
}

/*
 * Queue the ranges of a claim. An encoder may need several commands a range;
 * when it turns out that they cost more than the domain, the domain it is. What
 * was queued by then costs no more than that once again.
 */
static bool ioflush_queue_ranges(struct ioflush_claim *c, u64 finished)
{
	struct ioflush_range range[IOFLUSH_RANGES_MAX];
	struct ioflush *flush = c->ring->flush;
	unsigned int n = 0, commands = 0;

	for (u32 i = c->head; i != c->end; i++) {
		const struct ioflush_entry *e = ioflush_entry(c->ring, i);

		if (e->counter < finished)
			continue;
		if (n && ioflush_range_goes_on(&range[n - 1], e)) {
			range[n - 1].last = e->end - 1;
			continue;
		}
		if (n == IOFLUSH_RANGES_MAX) {
			commands += flush->ops->queue(flush, range, n, &c->token);
			if (ioflush_all_is_cheaper(flush, commands))
				return false;
			n = 0;
		}
		range[n++] = (struct ioflush_range) {
			.start = e->start,
			.last = e->end - 1,
			.leaf_lg2 = e->leaf_lg2,
			.leaf_only = e->leaf_only,
		};
	}
	flush->ops->queue(flush, range, n, &c->token);
	return true;
}

static void ioflush_claim_queue(struct ioflush_claim *c)
{
	struct ioflush *flush = c->ring->flush;
	u64 finished = ioflush_finished(flush);

	c->ranges = ioflush_count_ranges(c, finished);
	if (!c->ranges)
		return;
	if (!ioflush_all_is_cheaper(flush, c->ranges) &&
	    ioflush_queue_ranges(c, finished))
		return;
	c->ranges = 0;
	c->all = ioflush_all_begin(flush, &c->token);
}

static void ioflush_claim_retire(struct ioflush_claim *c)
{
	struct ioflush_ring *ring = c->ring;
	unsigned long flags;

	ioflush_ring_lock(ring, &flags);
	ring->head = c->end;
	ring->claimed_bytes = 0;
	ring->draining = false;
	ioflush_ring_unlock(ring, flags);
}

static void ioflush_claim_note(struct ioflush_claim *c,
			       enum ioflush_reason reason)
{
	struct ioflush *flush = c->ring->flush;
	u64 age_ns = ioflush_now_ns(flush) - c->oldest_ns;

	this_cpu_add(flush->stats->n[IOFLUSH_N_COVERED], c->covered);
	this_cpu_add(flush->stats->n[IOFLUSH_N_RANGES], c->ranges);
	ioflush_inc(flush, IOFLUSH_N_DRAIN + reason);
	ioflush_hist_drain(c->ring, age_ns, c->bytes);
	trace_ioflush_drain(flush, reason, c->all != 0, c->end - c->head,
			    c->ranges, c->bytes);
	trace_ioflush_window(flush, age_ns);
}

/* The invalidation has finished: first the IOVAs, then the table pages. */
static void ioflush_claim_end(struct ioflush_claim *c,
			      enum ioflush_reason reason)
{
	struct ioflush *flush = c->ring->flush;
	u64 age_ns = ioflush_now_ns(flush) - c->oldest_ns;

	if (c->all)
		ioflush_all_end(flush, c->all);
	ioflush_claim_note(c, reason);
	for (u32 i = c->head; i != c->end; i++) {
		const struct ioflush_entry *e = ioflush_entry(c->ring, i);

		ioflush_hist_entry(c->ring, age_ns -
				   ((u64)e->stamp << IOFLUSH_STAMP_LG2));
		iospace_free(flush->space, e->start, e->end - e->start);
	}
	if (unlikely(!list_empty(&c->pages)))
		iopgt_free_pages(flush->pgt, &c->pages);
	ioflush_claim_retire(c);
}

/* Claim what is in a ring; false if another drain is at work on it. */
static bool ioflush_batch_add(struct ioflush_batch *b,
			      struct ioflush_ring *ring)
{
	struct ioflush_claim *c = &b->claim[b->n];
	unsigned long flags;
	bool busy;

	ioflush_ring_lock(ring, &flags);
	busy = ring->draining;
	if (busy || ring->head == ring->tail) {
		ioflush_ring_unlock(ring, flags);
		return !busy;
	}
	c->ring = ring;
	c->head = ring->head;
	c->end = ring->tail;
	c->bytes = ring->bytes;
	c->oldest_ns = ring->oldest_ns;
	INIT_LIST_HEAD(&c->pages);
	list_splice_init(&ring->pages, &c->pages);
	ring->draining = true;
	ring->claimed = ring->tail;
	ring->claimed_bytes = ring->bytes;
	ring->bytes = 0;
	ring->nr_pages = 0;
	ring->limit = READ_ONCE(ioflush_pending_bytes_max) / 4 * 3;
	ioflush_ring_close(ring);
	ioflush_ring_unlock(ring, flags);

	c->all = 0;
	c->ranges = 0;
	c->covered = 0;
	c->token.n = 0;
	b->n++;
	return true;
}

static void ioflush_batch_run(struct ioflush_batch *b,
			      enum ioflush_reason reason)
{
	struct ioflush_claim *c;

	for (c = b->claim; c < &b->claim[b->n]; c++)
		ioflush_claim_queue(c);
	for (c = b->claim; c < &b->claim[b->n]; c++)
		if (c->token.n)
			c->ring->flush->ops->wait(c->ring->flush, &c->token);
	for (c = b->claim; c < &b->claim[b->n]; c++)
		ioflush_claim_end(c, reason);
	b->n = 0;
}

/* What other domains have on the same CPU comes along, as far as there is room. */
static void ioflush_batch_add_others(struct ioflush_batch *b,
				     struct ioflush_ring *ring)
{
	struct list_head *list = per_cpu_ptr(&ioflush_list, ring->cpu);
	struct ioflush_ring *other;

	list_for_each_entry_rcu(other, list, node) {
		if (b->n == IOFLUSH_BATCH)
			break;
		if (other != ring)
			ioflush_batch_add(b, other);
	}
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
	struct ioflush_batch b;
	bool done;

	b.n = 0;
	preempt_disable();
	rcu_read_lock();
	done = ioflush_batch_add(&b, ring);
	if (b.n) {
		ioflush_batch_add_others(&b, ring);
		ioflush_batch_run(&b, reason);
	}
	rcu_read_unlock();
	preempt_enable();
	return done;
}

/**
 * ioflush_ring_hand() - have a ring drained by a thread
 * @ring: this CPU's ring
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
		queue_work(system_bh_highpri_wq, &ring->work);
}

/**
 * ioflush_ring_work() - drain a ring that was handed over
 * @work: in the ring
 *
 * Context: softirq, or the thread that softirqs are left to.
 */
void ioflush_ring_work(struct work_struct *work)
{
	struct ioflush_ring *ring = container_of(work, struct ioflush_ring,
						 work);
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
		ioflush_ring_drain(ring, reason);
}

/* Drain a few rings together; false if one is left over that has to be ours. */
static bool ioflush_drain_cpus(struct ioflush_ring __percpu *rings, int *cpu,
			       enum ioflush_reason reason)
{
	struct ioflush_batch b;
	bool done = true;

	b.n = 0;
	preempt_disable();
	rcu_read_lock();
	for (; *cpu < nr_cpu_ids && b.n < IOFLUSH_BATCH;
	     *cpu = cpumask_next(*cpu, cpu_possible_mask)) {
		done = ioflush_batch_add(&b, per_cpu_ptr(rings, *cpu)) ||
		       reason != IOFLUSH_TIGHTEN;
		if (!done)
			break;
	}
	ioflush_batch_run(&b, reason);
	rcu_read_unlock();
	preempt_enable();
	return done;
}

/**
 * ioflush_drain() - drain the rings of all CPUs
 * @flush: the domain's flush state
 * @reason: why; with IOFLUSH_TIGHTEN, what was deferred before the call has
 *	been invalidated when it returns. With other reasons a ring that
 *	another CPU is draining is left to it
 *
 * Context: process context for IOFLUSH_TIGHTEN, otherwise any context. Waits
 *	for hardware. The caller should hold no lock.
 */
void ioflush_drain(struct ioflush *flush, enum ioflush_reason reason)
{
	struct ioflush_ring __percpu *rings;
	int cpu = cpumask_first(cpu_possible_mask);

	/* Pairs with the release in ioflush_rings_alloc(). */
	rings = smp_load_acquire(&flush->all_rings);
	if (!rings)
		return;
	while (cpu < nr_cpu_ids)
		if (!ioflush_drain_cpus(rings, &cpu, reason))
			cond_resched();
}
