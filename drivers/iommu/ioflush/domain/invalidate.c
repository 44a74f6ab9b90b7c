// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: carries invalidations from a domain to the queues of its units
 *
 * Attaching a device races with unmapping:
 *
 *	CPU 0 (unmap)			CPU 1 (attach)
 *
 *	clear the translation		link on the domain's list
 *	smp_mb()			smp_mb()
 *	read the list of links		point the device at the table
 *
 * If CPU 0 misses the link, the translation was clear before the device could
 * walk the table; else CPU 0 invalidates on the link's unit, too. Nor has the
 * unit cached it for another device: a link comes with an id that nothing in
 * the unit is tagged with.
 *
 * That is all there is to say of a unit. A device that caches translations
 * itself (ATS) gets them from a unit that may have them for others, under the
 * same id, until CPU 0's invalidation there has finished:
 *
 *	CPU 0 (unmap)			CPU 1 (attach)
 *
 *	rcu_read_lock()
 *	clear the translation		device on the link's list
 *	smp_mb()			iodom_settle():
 *	read the list of devices
 *	queue the invalidation
 *	rcu_read_unlock()		  synchronize_rcu()
 *	wait				  wait for what is in the queue
 *					let the device ask for translations
 *
 * So an invalidation is in its queue before the read section ends in which the
 * lists were read; who waits for it, and where, is of no matter.
 *
 * Mapping races in its own way, where a unit caches what is not present:
 *
 *	CPU 0 (map)			CPU 1 (attach)
 *
 *	write the translation		map_needs_flush
 *	read map_needs_flush		synchronize_rcu()
 *					point the device at the table
 *
 * On CPU 0 nothing orders the two; but the grace period is a full barrier on
 * each CPU. If it fell before the read, CPU 0 invalidates; if behind it, the
 * translation is there for the device to find.
 */
#include <linux/minmax.h>
#include <linux/rculist.h>
#include <trace/events/ioflush.h>

#include "internal.h"

static void iodom_wait(struct ioflush *flush, struct ioflush_token *token)
{
	while (token->n) {
		struct invq *q = token->at[--token->n].q;
		u32 seq = token->at[token->n].seq;

		invq_wait(q, seq);
		trace_ioflush_sync(q, seq);
	}
}

/* What was queued later is done later: one number a queue will do. */
static void iodom_token_add(struct ioflush *flush, struct ioflush_token *token,
			    struct invq *q, u32 seq)
{
	for (unsigned int i = 0; i < token->n; i++) {
		if (token->at[i].q == q) {
			token->at[i].seq = seq;
			return;
		}
	}
	if (token->n == IOFLUSH_TOKEN_QUEUES)
		iodom_wait(flush, token);
	token->at[token->n].q = q;
	token->at[token->n].seq = seq;
	token->n++;
}

static void iodom_submit(struct ioflush *flush, struct ioflush_token *token,
			 struct invq *q, const struct invq_cmd *cmds,
			 unsigned int n)
{
	iodom_token_add(flush, token, q, invq_submit(q, cmds, n));
}

/* Commands for one unit that may go into its queue at once. */
static unsigned int iodom_room(const struct invq *q)
{
	return min_t(u32, IODOM_CMDS_MAX, (q->mask + 1) / 2);
}

static unsigned int iodom_queue_all(struct iodom *dom, struct iodom_link *link,
				    struct ioflush_token *token)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned int n = dom->hw->encode_all(dom, link, cmds);

	iodom_submit(&dom->flush, token, link->q, cmds, n);
	return n;
}

/*
 * Queue @n ranges on one unit; the whole domain where the encoder finds that
 * cheaper, or has no other way, for one of them. Returns the number of commands.
 */
static unsigned int iodom_queue_ranges(struct iodom *dom,
				       struct iodom_link *link,
				       const struct ioflush_range *range,
				       unsigned int n,
				       struct ioflush_token *token)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX + IODOM_CMDS_MAX / 2];
	unsigned int room = iodom_room(link->q);
	unsigned int have = 0, sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int got = dom->hw->encode_range(dom, link, &range[i],
							 &cmds[have]);

		if (!got || got > room)
			return sum + iodom_queue_all(dom, link, token);
		if (have + got > room) {
			iodom_submit(&dom->flush, token, link->q, cmds, have);
			memmove(cmds, &cmds[have], got * sizeof(*cmds));
			have = 0;
		}
		have += got;
		sum += got;
		/* The next range may need as many as there are. */
		if (have > ARRAY_SIZE(cmds) - IODOM_CMDS_MAX) {
			iodom_submit(&dom->flush, token, link->q, cmds, have);
			have = 0;
		}
	}
	if (have)
		iodom_submit(&dom->flush, token, link->q, cmds, have);
	return sum;
}

static bool iodom_only_link(struct iodom *dom, struct iodom_link *link)
{
	return list_is_last(&link->node, &dom->links) &&
	       READ_ONCE(dom->links.next) == &link->node;
}

/*
 * Queue @n ranges, or with none the whole domain, on the units of a domain.
 * Called in an RCU read section that lasts over the wait: a link's queue and id
 * stay valid in it. It is no lock; nobody waits for it but iodom_link_put() and
 * iodom_settle().
 */
static unsigned int iodom_queue(struct iodom *dom,
				const struct ioflush_range *range,
				unsigned int n, bool for_map,
				struct ioflush_token *token)
{
	struct iodom_link *link;
	unsigned int commands = 0;

	/* See the diagram above. */
	smp_mb();

	list_for_each_entry_rcu(link, &dom->links, node) {
		if (for_map && !link->caches_not_present)
			continue;
		commands += n ? iodom_queue_ranges(dom, link, range, n, token) :
				iodom_queue_all(dom, link, token);
	}
	return commands;
}

/* One range on the only unit, the commonest case: one doorbell, one sync. */
static void iodom_invalidate_one(struct iodom *dom, struct iodom_link *link,
				 const struct ioflush_range *range)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned int n = dom->hw->encode_range(dom, link, range, cmds) ?:
			 dom->hw->encode_all(dom, link, cmds);

	invq_submit_wait(link->q, cmds, n);
	trace_ioflush_sync(link->q, READ_ONCE(link->q->synced));
}

static void iodom_invalidate(struct iodom *dom,
			     const struct ioflush_range *range, unsigned int n,
			     bool for_map)
{
	struct ioflush_token token;
	struct iodom_link *link;

	/* See the diagram above. */
	smp_mb();

	rcu_read_lock();
	link = list_first_or_null_rcu(&dom->links, struct iodom_link, node);
	if (likely(n == 1 && link && iodom_only_link(dom, link) &&
		   (!for_map || link->caches_not_present))) {
		iodom_invalidate_one(dom, link, range);
	} else {
		token.n = 0;
		iodom_queue(dom, range, n, for_map, &token);
		iodom_wait(&dom->flush, &token);
	}
	rcu_read_unlock();
}

static void iodom_flush_ranges(struct ioflush *flush,
			       const struct ioflush_range *range,
			       unsigned int n)
{
	iodom_invalidate(container_of(flush, struct iodom, flush), range, n,
			 false);
}

static unsigned int iodom_flush_queue(struct ioflush *flush,
				      const struct ioflush_range *range,
				      unsigned int n,
				      struct ioflush_token *token)
{
	return iodom_queue(container_of(flush, struct iodom, flush), range, n,
			   false, token);
}

const struct ioflush_ops iodom_flush_ops = {
	.ranges = iodom_flush_ranges,
	.queue = iodom_flush_queue,
	.wait = iodom_wait,
};

/**
 * iodom_map_sync() - let hardware see new translations
 * @dom: the domain
 * @iova: first byte
 * @bytes: length
 *
 * Does nothing unless a unit of the domain may cache that there was nothing.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodom_map_sync(struct iodom *dom, unsigned long iova, size_t bytes)
{
	struct ioflush_range range = {
		.start = iova,
		.last = iova + bytes - 1,
		.leaf_lg2 = __ffs(dom->domain.pgsize_bitmap),
	};

	if (unlikely(READ_ONCE(dom->map_needs_flush)))
		iodom_invalidate(dom, &range, 1, true);
}
