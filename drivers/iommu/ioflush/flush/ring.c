// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a CPU's ring of cleared ranges that wait for their invalidation
 *
 * The owner pushes, with interrupts off and under the ring's lock; who drains
 * it is in drain.c, how in step.c, and when in window.c. An entry need not be invalidated by
 * the drain of its own ring. The counters @started and @finished number the
 * whole-domain invalidations:
 *
 *	CPU 0 (unmap)			CPU 1 (whole-domain invalidation)
 *
 *	clear the translation		n = ++started
 *	full barrier			full barrier
 *	entry.counter = started		hardware reads translations anew
 *					wait
 *					finished = max(finished, n)
 *
 * If CPU 0 read a counter below n, its read came before CPU 1's increment, and
 * by the two barriers the translation was clear before the invalidation began.
 * So finished > entry.counter means that nothing is left to do.
 */
#include <linux/ioflush/iova.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <trace/events/ioflush.h>

#include "ring.h"

/* Ends at an address that no range begins at. Only ever read. */
static struct ioflush_entry ioflush_closed;

/**
 * ioflush_ring_close() - let no range extend an entry
 * @ring: the ring
 *
 * Context: any context, with the ring's lock held.
 */
void ioflush_ring_close(struct ioflush_ring *ring)
{
	for (unsigned int i = 0; i < IOFLUSH_OPEN; i++)
		ring->open[i].entry = &ioflush_closed;
}

static bool ioflush_entry_extend(struct ioflush_entry *e,
				 const struct ioflush_entry *new)
{
	if (!e->mergeable || !new->mergeable || e->leaf_lg2 != new->leaf_lg2)
		return false;

	if (new->end == e->start)
		e->start = new->start;
	else if (e->end == new->start)
		e->end = new->end;
	else
		return false;
	/* Covered is what the newest part is covered by. */
	e->counter = new->counter;
	ioaudit_join(&e->audit, &new->audit);
	return true;
}

/* Entries that hardware has been told of are no longer ours to extend. */
static bool ioflush_ring_merge(struct ioflush_ring *ring,
			       const struct ioflush_entry *new)
{
	u32 n = min_t(u32, ring->tail - ring->posted, IOFLUSH_OPEN);
	u32 i;

	for (i = 1; i <= n; i++)
		if (ioflush_entry_extend(ioflush_entry(ring, ring->tail - i),
					 new))
			return true;
	return false;
}

static void ioflush_ring_append(struct ioflush_ring *ring,
				struct ioflush_entry *new, u64 limit)
{
	struct ioflush_entry *e = ioflush_entry(ring, ring->tail);
	u64 now_ns = ioflush_now_ns(ring->flush);

	if (ring->tail == ring->posted)
		ring->oldest_ns = now_ns;
	new->stamp = now_ns >> IOFLUSH_STAMP_LG2;
	*e = *new;
	ring->tail++;
	ring->appended++;
	ring->open[1] = ring->open[0];
	ring->open[0].entry = e->mergeable ? e : &ioflush_closed;
	ring->open[0].limit = limit;
}

static bool ioflush_ring_full(const struct ioflush_ring *ring, size_t bytes)
{
	return ring->tail - ring->head > ring->flush->ring_mask ||
	       ring->posted_bytes + ring->bytes + bytes >
	       READ_ONCE(ioflush_pending_bytes_max);
}

/**
 * ioflush_ring_high() - has a ring come to one of its marks, or to its time?
 * @ring: the ring
 *
 * Context: any context, with the ring's lock held.
 * Return: whether it should be drained.
 */
bool ioflush_ring_high(const struct ioflush_ring *ring)
{
	u32 mark = (ring->flush->ring_mask + 1) / 4 * 3;

	return ring->tail - ring->posted >= mark ||
	       ring->bytes > ring->limit ||
	       ring->nr_pages > READ_ONCE(ioflush_pending_tables) ||
	       (ring->held && ioflush_ring_held_high(ring));
}

enum ioflush_added {
	IOFLUSH_ADDED,
	IOFLUSH_ADDED_DRAIN,
	IOFLUSH_ADDED_LATE,
	IOFLUSH_ADDED_COARSE,
	IOFLUSH_ADDED_EMPTY,
	IOFLUSH_ADDED_NOT,
	IOFLUSH_ADDED_NO_RING,
};

/* Any case. Called with interrupts off and the lock held. @hold may be NULL. */
static enum ioflush_added ioflush_ring_add(struct ioflush_ring *ring,
					   struct iopgt_gather *gather,
					   dma_addr_t iova, size_t bytes,
					   struct ioflush_hold *hold)
{
	struct ioflush *flush = ring->flush;
	u64 limit = gather->tables_unlinked ? 0 :
		    iospace_merge_limit(flush->space, iova);
	struct ioflush_entry new = {
		.start = iova,
		.end = iova + bytes,
		.counter = atomic64_read(&flush->started),
		.leaf_lg2 = iopgt_gather_leaf_lg2(gather),
		.mergeable = limit != 0,
		.leaf_only = !gather->tables_unlinked,
		.audit = gather->audit,
	};

	if (unlikely(!ioflush_window_holds(flush)))
		return IOFLUSH_ADDED_COARSE;
	if (unlikely(!ring->entries || (hold && !ring->held)))
		return IOFLUSH_ADDED_EMPTY;
	/* From here on it is added: what is held goes with an entry. */
	if (ioflush_ring_full(ring, bytes) ||
	    (hold && !ioflush_ring_hold(ring, hold)))
		return IOFLUSH_ADDED_NOT;

	ioaudit_defer(&gather->audit, flush, hold);
	if (!ioflush_ring_merge(ring, &new)) {
		ioflush_ring_append(ring, &new, limit);
		ioflush_window_arm(ring);
	}
	if (unlikely(gather->tables_unlinked)) {
		ring->nr_pages += list_count_nodes(&gather->pages);
		list_splice_tail_init(&gather->pages, &ring->pages);
	}
	ring->unmaps++;
	ring->bytes += bytes;
	if (!ioflush_ring_high(ring))
		return IOFLUSH_ADDED;
	return ring->limit ? IOFLUSH_ADDED_DRAIN : IOFLUSH_ADDED_LATE;
}

/* The commonest case: it begins where one of the two before has ended. */
static __always_inline bool
ioflush_ring_extend(struct ioflush *flush, struct ioflush_ring *ring,
		    const struct iopgt_gather *gather, dma_addr_t iova,
		    size_t bytes)
{
	const struct ioflush_open *open = &ring->open[0];
	size_t sum = ring->bytes + bytes;
	struct ioflush_entry *e;

	if (open->entry->end != iova)
		open = &ring->open[1];
	e = open->entry;
	if (unlikely(e->end != iova || iova >= open->limit ||
		     sum > ring->limit || gather->tables_unlinked ||
		     gather->nr != 1 || e->leaf_lg2 != gather->range[0].leaf_lg2))
		return false;
	e->end = iova + bytes;
	e->counter = atomic64_read(&flush->started);
	ioaudit_defer(&gather->audit, flush, false);
	ioaudit_join(&e->audit, &gather->audit);
	ring->bytes = sum;
	ring->unmaps++;
	return true;
}

/* Give a ring one of its arrays. Several may come to it; the first one's stays. */
static int ioflush_ring_fill_array(struct ioflush_ring *ring, void **array,
				   size_t bytes, gfp_t gfp)
{
	void *new = kvcalloc_node(ring->flush->ring_mask + 1, bytes, gfp,
				  cpu_to_node(ring->cpu));
	unsigned long flags;

	if (!new)
		return -ENOMEM;
	ioflush_ring_lock(ring, &flags);
	if (!*array) {
		WRITE_ONCE(*array, new);
		new = NULL;
	}
	ioflush_ring_unlock(ring, flags);
	kvfree(new);
	return 0;
}

/**
 * ioflush_ring_fill() - give a ring room for entries and, if wanted, for references
 * @ring: the ring
 * @gfp: how to allocate
 *
 * Context: any context that @gfp allows.
 * Return: 0 or -ENOMEM.
 */
int ioflush_ring_fill(struct ioflush_ring *ring, gfp_t gfp)
{
	int ret = 0;

	if (!READ_ONCE(ring->entries))
		ret = ioflush_ring_fill_array(ring, (void **)&ring->entries,
					      sizeof(*ring->entries), gfp);
	if (!ret && READ_ONCE(ring->flush->holds) && !READ_ONCE(ring->held))
		ret = ioflush_ring_fill_array(ring, (void **)&ring->held,
					      sizeof(*ring->held), gfp);
	return ret;
}

/* With a real-time kernel an unmap may be where nothing can be allocated. */
static void ioflush_ring_fill_soon(struct ioflush_ring *ring)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT) ||
	    ioflush_ring_fill(ring, GFP_NOWAIT | __GFP_NOWARN))
		queue_work(system_unbound_wq, &ring->fill);
}

/*
 * Put a cleared range on this CPU's ring, and drain that where it has reached
 * one of its marks; a caller with interrupts off leaves that to a thread.
 * Returns false if there is no ring or no room; nothing has been done then.
 */
static bool ioflush_push(struct ioflush *flush, struct iopgt_gather *gather,
			 dma_addr_t iova, size_t bytes,
			 struct ioflush_hold *hold)
{
	struct ioflush_ring __percpu *rings;
	enum ioflush_added added = IOFLUSH_ADDED_NO_RING;
	struct ioflush_ring *ring = NULL;
	unsigned long flags;

	local_irq_save(flags);
	rings = hold ? READ_ONCE(flush->held_rings) : READ_ONCE(flush->rings);
	if (rings) {
		ring = this_cpu_ptr(rings);
		bit_spin_lock(0, &ring->lock);
		/* See ioflush_unmapped(). */
		smp_mb__after_atomic();
		added = ioflush_ring_add(ring, gather, iova, bytes, hold);
		__bit_spin_unlock(0, &ring->lock);
	}
	local_irq_restore(flags);

	switch (added) {
	case IOFLUSH_ADDED_DRAIN:
	case IOFLUSH_ADDED_LATE:
		if (irqs_disabled())
			ioflush_ring_hand(ring);
		else
			ioflush_ring_drain(ring, added == IOFLUSH_ADDED_LATE ?
						 IOFLUSH_TIMER :
						 IOFLUSH_HIGH_WATER);
		return true;
	case IOFLUSH_ADDED_COARSE:
		this_cpu_inc(flush->stats->n[IOFLUSH_N_COARSE]);
		return false;
	case IOFLUSH_ADDED_EMPTY:
		ioflush_ring_fill_soon(ring);
		fallthrough;
	case IOFLUSH_ADDED_NOT:
		this_cpu_inc(flush->stats->n[IOFLUSH_N_FULL]);
		return false;
	case IOFLUSH_ADDED_NO_RING:
		/* Nothing was full: the domain has become strict meanwhile. */
		return false;
	default:
		return true;
	}
}

/*
 * Are there too few unmaps for a timer to be worth its while? To start one, take
 * its interrupts and drain from a bottom half costs as much as many unmaps save.
 * So the first ones of a window wait, as in strict mode, until their waits have
 * come to about that: whatever comes then, all of it costs little more than strict
 * would. Of a ring that is not armed this is for its own CPU alone, with interrupts
 * off; jiffies will do, since which unmaps wait is of no matter.
 */
static __always_inline bool ioflush_ring_lone(struct ioflush_ring *ring)
{
	struct ioflush *flush = ring->flush;
	struct ioflush_sim *sim = ioflush_sim(flush);
	u64 now_ns;

	if (ring->armed || !flush->lone)
		return false;
	now_ns = sim ? sim->now_ns : (u64)jiffies * TICK_NSEC;
	if (now_ns - ring->lone_ns >= ioflush_bound_ns(flush)) {
		ring->lone_ns = now_ns;
		ring->lone = 0;
	}
	if (ring->lone >= flush->lone)
		return false;
	ring->lone++;
	this_cpu_inc(flush->stats->n[IOFLUSH_N_LONE]);
	return true;
}

/* The same for this CPU's ring, if there is one. */
static bool ioflush_lone(struct ioflush_ring __percpu *const *from)
{
	struct ioflush_ring __percpu *rings;
	unsigned long flags;
	bool lone;

	local_irq_save(flags);
	/* See ioflush_unmapped(). */
	rings = READ_ONCE(*from);
	lone = rings && ioflush_ring_lone(this_cpu_ptr(rings));
	local_irq_restore(flags);
	return lone;
}

static noinline void ioflush_unmapped_strict(struct ioflush *flush,
					     struct iopgt_gather *gather,
					     dma_addr_t iova, size_t bytes)
{
	ioflush_sync(flush, gather);
	this_cpu_inc(flush->stats->n[IOFLUSH_N_STRICT]);
	iospace_free(flush->space, iova, bytes);
}

/* Defer it if it may be and there is room. */
static void ioflush_unmapped_slow(struct ioflush *flush,
				  struct iopgt_gather *gather, dma_addr_t iova,
				  size_t bytes)
{
	if (ioflush_push(flush, gather, iova, bytes, NULL))
		trace_ioflush_defer(flush, iova, bytes);
	else
		ioflush_unmapped_strict(flush, gather, iova, bytes);
}

/* No entry of the ring can take it. Called with interrupts off and the lock held. */
static noinline void ioflush_unmapped_new(struct ioflush_ring *ring,
					  struct iopgt_gather *gather,
					  dma_addr_t iova, size_t bytes,
					  unsigned long flags)
	__releases(bitlock)
{
	struct ioflush *flush = ring->flush;
	bool lone = ioflush_ring_lone(ring);

	ioflush_ring_unlock(ring, flags);
	if (lone)
		ioflush_unmapped_strict(flush, gather, iova, bytes);
	else
		ioflush_unmapped_slow(flush, gather, iova, bytes);
}

static noinline void ioflush_unmapped_traced(struct ioflush *flush,
					     struct iopgt_gather *gather,
					     dma_addr_t iova, size_t bytes)
{
	trace_ioflush_unmap(flush, iova, bytes);
	if (gather->may_defer && !ioflush_lone(&flush->rings))
		ioflush_unmapped_slow(flush, gather, iova, bytes);
	else
		ioflush_unmapped_strict(flush, gather, iova, bytes);
}

/**
 * ioflush_unmapped() - a mapping of the DMA API has been cleared
 * @flush: the domain's flush state
 * @gather: what the unmap removed; of no use afterwards
 * @iova: first byte of its IOVAs
 * @bytes: their length
 *
 * Deferred where the gather allows it and there is room. The IOVAs go back to
 * the space when the invalidation has finished, now or later.
 *
 * Context: any context. The caller should hold no lock.
 */
void ioflush_unmapped(struct ioflush *flush, struct iopgt_gather *gather,
		      dma_addr_t iova, size_t bytes)
{
	struct ioflush_ring __percpu *rings;
	struct ioflush_ring *ring;
	unsigned long flags;

	if (unlikely(trace_ioflush_unmap_enabled() ||
		     trace_ioflush_defer_enabled()))
		return ioflush_unmapped_traced(flush, gather, iova, bytes);
	if (unlikely(!gather->may_defer))
		return ioflush_unmapped_strict(flush, gather, iova, bytes);

	local_irq_save(flags);
	/*
	 * Pairs with the release in ioflush_enable_deferred(), by dependency.
	 * With interrupts off ioflush_disable_deferred() waits for us.
	 */
	rings = READ_ONCE(flush->rings);
	if (unlikely(!rings)) {
		local_irq_restore(flags);
		return ioflush_unmapped_strict(flush, gather, iova, bytes);
	}
	ring = this_cpu_ptr(rings);
	bit_spin_lock(0, &ring->lock);
	/*
	 * The translation was cleared before the counter is read; pairs with
	 * the full barrier of the increment in ioflush_all_post().
	 */
	smp_mb__after_atomic();
	if (likely(ioflush_ring_extend(flush, ring, gather, iova, bytes))) {
		__bit_spin_unlock(0, &ring->lock);
		local_irq_restore(flags);
		return;
	}
	ioflush_unmapped_new(ring, gather, iova, bytes, flags);
}

/**
 * ioflush_unmapped_held() - memory that a device could read has been cleared
 * @flush: the domain's flush state
 * @gather: what the unmap removed; of no use afterwards
 * @iova: first byte of its IOVAs
 * @bytes: their length
 * @hold: the memory, with references that are this function's from now on
 *
 * Deferred where there is room, and then the memory is held until the invalidation
 * has finished, as it is while an unmap waits that is not deferred.
 *
 * Context: any context. The caller should hold no lock.
 */
void ioflush_unmapped_held(struct ioflush *flush, struct iopgt_gather *gather,
			   dma_addr_t iova, size_t bytes,
			   struct ioflush_hold *hold)
{
	trace_ioflush_unmap(flush, iova, bytes);
	if (!ioflush_lone(&flush->held_rings) &&
	    ioflush_push(flush, gather, iova, bytes, hold))
		trace_ioflush_defer(flush, iova, bytes);
	else
		ioflush_unmapped_strict(flush, gather, iova, bytes);
	for (unsigned int i = 0; i < hold->n; i++)
		folio_put(hold->folio[i]);
}

/* Without memory, unmaps stay strict and ask again. */
static void ioflush_ring_fill_work(struct work_struct *work)
{
	ioflush_ring_fill(container_of(work, struct ioflush_ring, fill),
			  GFP_KERNEL);
}

/*
 * Most CPUs of a large machine never have much to do with a domain, so entries are
 * for those that do, unless all unmaps are to be deferred.
 */
static int ioflush_ring_init(struct ioflush *flush,
			     struct ioflush_ring __percpu *rings, int cpu)
{
	struct ioflush_ring *ring = per_cpu_ptr(rings, cpu);

	INIT_WORK(&ring->fill, ioflush_ring_fill_work);
	INIT_LIST_HEAD(&ring->pages);
	INIT_LIST_HEAD(&ring->posted_pages);
	ring->limit = READ_ONCE(ioflush_pending_bytes_max) / 4 * 3;
	ring->flush = flush;
	ring->cpu = cpu;
	ring->stagger = cpu % IOFLUSH_STAGGERS;
	ioflush_ring_close(ring);
	return flush->lone ? 0 : ioflush_ring_fill(ring, GFP_KERNEL);
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

	flush->ring_mask = roundup_pow_of_two(ioflush_pending_entries) - 1;
	for_each_possible_cpu(cpu)
		if (ioflush_ring_init(flush, rings, cpu))
			goto err_free;
	/* Pairs with the acquire in ioflush_drain() and its like. */
	smp_store_release(&flush->all_rings, rings);
	return 0;

err_free:
	for_each_possible_cpu(cpu) {
		kvfree(per_cpu_ptr(rings, cpu)->held);
		kvfree(per_cpu_ptr(rings, cpu)->entries);
	}
	free_percpu(rings);
	return -ENOMEM;
}

/**
 * ioflush_rings_stop() - have no timer look after a domain's rings any more
 * @flush: the flush state; its rings are empty and nobody pushes any more
 *
 * Context: process context.
 */
void ioflush_rings_stop(struct ioflush *flush)
{
	struct ioflush_ring __percpu *rings = flush->all_rings;
	unsigned long flags;
	int cpu;

	if (!rings)
		return;
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(rings, cpu);

		ioflush_ring_lock(ring, &flags);
		ioflush_window_stop(ring);
		ioflush_ring_unlock(ring, flags);
	}
}

/**
 * ioflush_rings_free() - undo ioflush_rings_alloc()
 * @flush: the flush state; its rings have been stopped
 *
 * Context: process context; waits for RCU.
 */
void ioflush_rings_free(struct ioflush *flush)
{
	struct ioflush_ring __percpu *rings = flush->all_rings;
	int cpu;

	if (!rings)
		return;
	if (flush->engine_rcu)
		rcu_barrier();
	ioflush_clocks_forget();
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(rings, cpu);

		cancel_work_sync(&ring->fill);
		WARN_ON(ring->head != ring->tail);
		WARN_ON(ring->held_head != ring->held_tail);
		kvfree(ring->held);
		kvfree(ring->entries);
	}
	free_percpu(rings);
	flush->all_rings = NULL;
}
