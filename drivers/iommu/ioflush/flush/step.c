// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: one step of a drain: entries of a ring become commands in queues
 *
 * A step takes the oldest entries, encodes what has to be invalidated, publishes
 * that and rings the doorbell, all with interrupts off and under the ring's lock.
 * So nobody ever sees an entry that has been claimed and is not with hardware:
 * whatever runs on the CPU next, the entry's time ends as fast as hardware is.
 * What has not been posted is in the ring still, where its timer sees it.
 *
 * A step is bounded: it looks at so many entries and queues so many commands, or
 * it takes everything there is by one invalidation of the domain. It never
 * waits; that is for drain.c, with nothing claimed or all of it posted.
 */
#include <linux/ioflush/iova.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <trace/events/ioflush.h>

#include "ring.h"

/* Entries that one step looks at: 4 KiB of them */
#define IOFLUSH_STEP_ENTRIES	128

/* Ranges that are taken to cost less than the domain where nothing is known. */
#define IOFLUSH_RANGES_FEW	16

/**
 * struct ioflush_batch - what the oldest entries of a ring come to
 * @range: what has to be invalidated
 * @reach: of each range, where the ring and the count of covered entries are with
 *	it and all before it
 * @n: ranges
 * @at: the same with all that was looked at
 * @at.end: number behind the last entry
 * @at.covered: entries that need no invalidation any more
 */
struct ioflush_batch {
	struct ioflush_range range[IOFLUSH_RANGES_MAX];
	struct ioflush_reach {
		u32 end;
		u32 covered;
	} reach[IOFLUSH_RANGES_MAX], at;
	unsigned int n;
};

/**
 * ioflush_all_end() - an invalidation of the whole domain has finished
 * @flush: the domain's flush state
 * @n: its number
 *
 * Context: any context.
 */
void ioflush_all_end(struct ioflush *flush, s64 n)
{
	s64 old = atomic64_read(&flush->finished);

	do {
		if (old >= n)
			break;
		/* Release: who sees the number may take entries for covered. */
	} while (!atomic64_try_cmpxchg_release(&flush->finished, &old, n));
}

/* Interrupts are off. Returns the number of the invalidation, or 0. */
static s64 ioflush_all_post(struct ioflush *flush, struct ioflush_post *post)
{
	/* Full barrier: see the diagram in ring.c. */
	s64 n = atomic64_inc_return(&flush->started);

	post->range = NULL;
	/* A number without an invalidation: nothing will finish it. */
	if (!flush->ops->post(flush, post))
		return 0;
	this_cpu_inc(flush->stats->n[IOFLUSH_N_ALL]);
	return n;
}

/**
 * ioflush_all() - invalidate everything a domain may have cached, and wait
 * @flush: the domain's flush state
 *
 * Covers the entries of all rings that were pushed before the call. Where only those
 * may be named, they are.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void ioflush_all(struct ioflush *flush)
{
	struct ioflush_token token = {};
	struct ioflush_post post = { .token = &token };
	unsigned long flags;
	s64 n;

	if (flush->exact) {
		ioflush_drain(flush, IOFLUSH_TIGHTEN);
		return;
	}
	do {
		local_irq_save(flags);
		n = ioflush_all_post(flush, &post);
		local_irq_restore(flags);
		/* For what was posted, or until there is room. */
		flush->ops->wait(flush, &token);
	} while (!n);
	ioflush_all_end(flush, n);
}

/**
 * ioflush_ranges() - have ranges invalidated, and wait
 * @flush: the domain's flush state
 * @range: the ranges
 * @n: how many
 * @for_map: as in struct ioflush_post
 *
 * By as many steps as it takes, and one wait if there is room for all of them.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void ioflush_ranges(struct ioflush *flush, const struct ioflush_range *range,
		    unsigned int n, bool for_map)
{
	struct ioflush_token token = {};
	struct ioflush_post post = { .token = &token, .for_map = for_map };
	unsigned long flags;
	bool posted;

	while (n) {
		post.range = range;
		post.n = n;
		local_irq_save(flags);
		posted = flush->ops->post(flush, &post);
		local_irq_restore(flags);
		if (!posted) {
			flush->ops->wait(flush, &token);
			continue;
		}
		range += post.n;
		n -= post.n;
	}
	flush->ops->wait(flush, &token);
}

/* Does an entry go on where a range ends? */
static bool ioflush_range_goes_on(const struct ioflush_range *range,
				  const struct ioflush_entry *e)
{
	return range->last + 1 == e->start && range->leaf_lg2 == e->leaf_lg2 &&
	       range->leaf_only == e->leaf_only;
}

static void ioflush_batch_add(struct ioflush_batch *b,
			      const struct ioflush_entry *e)
{
	b->range[b->n++] = (struct ioflush_range) {
		.start = e->start,
		.last = e->end - 1,
		.leaf_lg2 = e->leaf_lg2,
		.leaf_only = e->leaf_only,
	};
}

/* Look at the oldest entries, as far as a step may go. */
static void ioflush_batch_collect(struct ioflush_batch *b,
				  struct ioflush_ring *ring)
{
	/* Acquire: pairs with the release in ioflush_all_end(). */
	u64 finished = atomic64_read_acquire(&ring->flush->finished);
	u32 end = ring->posted + min_t(u32, ring->tail - ring->posted,
				       IOFLUSH_STEP_ENTRIES);

	b->n = 0;
	b->at = (struct ioflush_reach) { .end = ring->posted };
	for (; b->at.end != end; b->at.end++) {
		const struct ioflush_entry *e = ioflush_entry(ring, b->at.end);

		if (e->counter < finished) {
			b->at.covered++;
		} else if (b->n && ioflush_range_goes_on(&b->range[b->n - 1], e)) {
			b->range[b->n - 1].last = e->end - 1;
		} else {
			if (b->n == IOFLUSH_RANGES_MAX)
				break;
			ioflush_batch_add(b, e);
		}
		if (b->n) {
			b->reach[b->n - 1].end = b->at.end + 1;
			b->reach[b->n - 1].covered = b->at.covered;
		}
	}
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
		return n > IOFLUSH_RANGES_FEW;
	return (u64)n * cmd_ns > READ_ONCE(flush->costs.all_ns);
}

/*
 * What is left of the ring counts as a command an entry. Where earlier steps
 * have taken more than that, the domain may turn out to be cheaper in the
 * middle; what was posted by then costs no more than that once again.
 */
static bool ioflush_step_wants_all(const struct ioflush_ring *ring,
				   const struct ioflush_steps *steps,
				   const struct ioflush_batch *b)
{
	u32 left = ring->tail - b->at.end;

	if (ring->flush->exact)
		return false;
	if (steps->whole && left)
		return true;
	return b->n && ioflush_all_is_cheaper(ring->flush, steps->commands +
							   b->n + left);
}

/* Length of the entries from @posted on. */
static size_t ioflush_ring_bytes(struct ioflush_ring *ring, u32 end)
{
	size_t bytes = 0;

	if (end == ring->tail)
		return ring->bytes;
	for (u32 i = ring->posted; i != end; i++) {
		const struct ioflush_entry *e = ioflush_entry(ring, i);

		bytes += e->end - e->start;
	}
	return bytes;
}

/* Hardware has been told of all before @end. */
static void ioflush_ring_posted(struct ioflush_ring *ring, u32 end,
				struct ioflush_steps *steps)
{
	size_t bytes = ioflush_ring_bytes(ring, end);
	u64 now_ns = ioflush_now_ns(ring->flush);

	steps->entries += end - ring->posted;
	steps->bytes += bytes;
	ring->posted = end;
	ring->posted_bytes += bytes;
	ring->bytes -= bytes;
	ioflush_ring_close(ring);
	if (end != ring->tail) {
		ring->oldest_ns = now_ns -
			ioflush_entry_age_ns(ioflush_entry(ring, end), now_ns) -
			BIT(IOFLUSH_STAMP_LG2);
		return;
	}
	/* Which entry a table page was under is not known: all are posted. */
	list_splice_tail_init(&ring->pages, &ring->posted_pages);
	ring->nr_posted_pages += ring->nr_pages;
	ring->nr_pages = 0;
	ring->held_posted = ring->held_tail;
	ring->limit = READ_ONCE(ioflush_pending_bytes_max) / 4 * 3;
}

static enum ioflush_step ioflush_step_all(struct ioflush_ring *ring,
					  struct ioflush_steps *steps,
					  struct ioflush_post *post)
{
	s64 n = ioflush_all_post(ring->flush, post);

	if (!n)
		return IOFLUSH_STEP_NO_ROOM;
	ring->all = n;
	steps->all = true;
	ioflush_ring_posted(ring, ring->tail, steps);
	return IOFLUSH_STEP_DONE;
}

/**
 * ioflush_ring_step() - have hardware told of a ring's oldest entries
 * @ring: the ring
 * @steps: what this drain's steps have come to
 *
 * Context: any context, with the ring's lock held, that is with interrupts off.
 * Return: what is left. Unless that is all, the ring's token names what has to
 *	be waited for; else, what has to be waited for until there is room.
 */
enum ioflush_step ioflush_ring_step(struct ioflush_ring *ring,
				    struct ioflush_steps *steps)
{
	struct ioflush_batch b;
	struct ioflush_post post = {
		.range = b.range,
		.token = &ring->token,
	};

	if (ring->tail == ring->posted)
		return IOFLUSH_STEP_DONE;
	/* What it names has been waited for. */
	if (ring->done == ring->posted) {
		ring->token.n = 0;
		ring->token.more = false;
	}
	ioflush_batch_collect(&b, ring);
	if (ioflush_step_wants_all(ring, steps, &b))
		return ioflush_step_all(ring, steps, &post);
	if (b.n) {
		post.n = b.n;
		if (!ring->flush->ops->post(ring->flush, &post))
			return IOFLUSH_STEP_NO_ROOM;
		if (post.n < b.n && steps->whole && !ring->flush->exact)
			return ioflush_step_all(ring, steps, &post);
		steps->commands += post.commands;
		steps->ranges += post.n;
		b.at = b.reach[post.n - 1];
	}
	steps->covered += b.at.covered;
	ioflush_ring_posted(ring, b.at.end, steps);
	return ring->posted == ring->tail ? IOFLUSH_STEP_DONE :
					    IOFLUSH_STEP_MORE;
}

/**
 * ioflush_steps_note() - count what a drain has posted
 * @ring: the ring
 * @steps: what its steps have come to
 * @reason: why, for the counters
 *
 * Context: any context, with the ring's lock held.
 */
void ioflush_steps_note(struct ioflush_ring *ring,
			const struct ioflush_steps *steps,
			enum ioflush_reason reason)
{
	struct ioflush *flush = ring->flush;

	if (!steps->entries)
		return;
	this_cpu_add(flush->stats->n[IOFLUSH_N_COVERED], steps->covered);
	this_cpu_add(flush->stats->n[IOFLUSH_N_RANGES], steps->ranges);
	this_cpu_inc(flush->stats->n[IOFLUSH_N_DRAIN + reason]);
	ioflush_hist_drain(ring, steps->bytes);
	trace_ioflush_drain(flush, reason, steps->all, steps->entries,
			    steps->ranges, steps->bytes);
}
