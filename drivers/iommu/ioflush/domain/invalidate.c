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

/*
 * Arrays of commands are __uninitialized: as many of them are read as an encoder says
 * that it has written. Where the compiler clears the stack, to clear one first would
 * take longer than to encode what most unmaps need.
 */

/* Commands for one unit that a step encodes before it looks if that will do. */
#define IODOM_STEP_CMDS	32

static void iodom_wait_queue(struct invq *q, u32 seq)
{
	invq_wait(q, seq);
	trace_ioflush_sync(q, seq);
}

/*
 * Wait for all units. One that has left the domain since has nothing of it: the
 * device was pointed elsewhere, and what it had cached has been invalidated.
 */
static void iodom_wait_all(struct iodom *dom)
{
	struct iodom_link *link;

	rcu_read_lock();
	list_for_each_entry_rcu(link, &dom->links, node)
		iodom_wait_queue(link->q, invq_newest(link->q));
	rcu_read_unlock();
}

static void iodom_wait(struct ioflush *flush,
		       const struct ioflush_token *token)
{
	for (unsigned int i = 0; i < token->n; i++)
		iodom_wait_queue(token->at[i].q, token->at[i].seq);
	if (unlikely(token->more))
		iodom_wait_all(container_of(flush, struct iodom, flush));
}

static bool iodom_finished(struct ioflush *flush,
			   const struct ioflush_token *token)
{
	for (unsigned int i = 0; i < token->n; i++)
		if (!invq_finished(token->at[i].q, token->at[i].seq))
			return false;
	return !token->more;
}

/* What was queued later is done later: one number a queue will do. */
static void iodom_token_add(struct ioflush_token *token, struct invq *q,
			    u32 seq)
{
	for (unsigned int i = 0; i < token->n; i++) {
		if (token->at[i].q == q) {
			token->at[i].seq = seq;
			return;
		}
	}
	if (token->n == IOFLUSH_TOKEN_QUEUES) {
		token->more = true;
		return;
	}
	token->at[token->n].q = q;
	token->at[token->n].seq = seq;
	token->n++;
}

/* Commands for one unit that may go into its queue at once. */
static unsigned int iodom_room(const struct invq *q)
{
	return min_t(u32, IODOM_STEP_CMDS, invq_room(q));
}

/*
 * Encode ranges for one unit, at least one, as far as there is room; what is left
 * is taken off the post. The whole domain where the encoder finds that cheaper,
 * or has no other way, for one of them. Returns the number of commands.
 */
static unsigned int iodom_encode(struct iodom *dom, struct iodom_link *link,
				 struct ioflush_post *post,
				 struct invq_cmd *cmds)
{
	unsigned int room = iodom_room(link->q), have = 0, got;

	for (unsigned int i = 0; post->range && i < post->n; i++) {
		/* An encoder may write as many as there are. */
		got = dom->hw->encode_range(dom, link, &post->range[i],
					    &cmds[have]);
		if (!got || got > room)
			return dom->hw->encode_all(dom, link, cmds);
		if (have + got > room) {
			post->n = i;
			break;
		}
		have += got;
	}
	return have ?: dom->hw->encode_all(dom, link, cmds);
}

static bool iodom_post_link(struct iodom *dom, struct iodom_link *link,
			    struct ioflush_post *post)
{
	struct invq_cmd cmds[IODOM_STEP_CMDS + IODOM_CMDS_MAX] __uninitialized;
	unsigned int n = iodom_encode(dom, link, post, cmds);
	u32 seq;

	if (unlikely(!invq_post(link->q, cmds, n, &seq))) {
		/* When what fills it has been done there is room. */
		iodom_token_add(post->token, link->q, invq_newest(link->q));
		return false;
	}
	iodom_token_add(post->token, link->q, seq);
	post->commands += n;
	return true;
}

/*
 * Post to the units of a domain, those before one that has no room included: what
 * is invalidated once more does no harm, nor does a command whose id is another
 * domain's by the time that hardware comes to it.
 */
static bool iodom_flush_post(struct ioflush *flush, struct ioflush_post *post)
{
	struct iodom *dom = container_of(flush, struct iodom, flush);
	struct iodom_link *link;
	bool posted = true;

	lockdep_assert_irqs_disabled();
	/* See the diagram above. */
	smp_mb();

	rcu_read_lock();
	list_for_each_entry_rcu(link, &dom->links, node) {
		if (post->for_map && !link->caches_not_present)
			continue;
		posted = iodom_post_link(dom, link, post);
		if (!posted)
			break;
	}
	rcu_read_unlock();
	return posted;
}

static bool iodom_only_link(struct iodom *dom, struct iodom_link *link)
{
	return list_is_last(&link->node, &dom->links) &&
	       READ_ONCE(dom->links.next) == &link->node;
}

/* One range on the only unit, the commonest case: one doorbell, one sync. */
static void iodom_invalidate_one(struct iodom *dom, struct iodom_link *link,
				 const struct ioflush_range *range)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX] __uninitialized;
	unsigned int n = dom->hw->encode_range(dom, link, range, cmds) ?:
			 dom->hw->encode_all(dom, link, cmds);

	invq_submit_wait(link->q, cmds, n);
	/* Who does not look leaves that line to those who issue syncs. */
	if (trace_ioflush_sync_enabled())
		trace_ioflush_sync(link->q, READ_ONCE(link->q->synced));
}

/*
 * In an RCU read section, so that who waits for those knows that the wait is over,
 * too.
 */
static void iodom_invalidate(struct iodom *dom,
			     const struct ioflush_range *range, unsigned int n,
			     bool for_map)
{
	struct iodom_link *link;

	/* See the diagram above. */
	smp_mb();

	rcu_read_lock();
	link = list_first_or_null_rcu(&dom->links, struct iodom_link, node);
	if (likely(n == 1 && link && iodom_only_link(dom, link) &&
		   (!for_map || link->caches_not_present)))
		iodom_invalidate_one(dom, link, range);
	else
		ioflush_ranges(&dom->flush, range, n, for_map);
	rcu_read_unlock();
}

static void iodom_flush_ranges(struct ioflush *flush,
			       const struct ioflush_range *range,
			       unsigned int n)
{
	iodom_invalidate(container_of(flush, struct iodom, flush), range, n,
			 false);
}

const struct ioflush_ops iodom_flush_ops = {
	.ranges = iodom_flush_ranges,
	.post = iodom_flush_post,
	.wait = iodom_wait,
	.finished = iodom_finished,
};

static __always_inline void iodom_map_invalidate(struct iodom *dom,
						 unsigned long iova, size_t bytes)
{
	const struct ioflush_range range = {
		.start = iova,
		.last = iova + bytes - 1,
		.leaf_lg2 = __ffs(dom->domain.pgsize_bitmap),
	};

	iodom_invalidate(dom, &range, 1, true);
}

/* Units that do not read the table are told of it, one after the other. */
static __always_inline int iodom_map_tell(struct iodom *dom, unsigned long iova,
					  size_t bytes,
					  const struct iodom_run *run)
{
	struct iodom_link *link;
	int ret = 0;

	/* As for an unmap, see the first diagram above. */
	smp_mb();

	rcu_read_lock();
	list_for_each_entry_rcu(link, &dom->links, node) {
		ret = dom->hw->map(dom, link, iova, bytes, run);
		if (ret)
			break;
	}
	rcu_read_unlock();
	return ret;
}

/**
 * __iodom_map_sync() - let hardware see new translations
 * @dom: the domain
 * @iova: first byte
 * @bytes: length
 *
 * What a unit has not taken stays in the table, for the caller to unmap.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 * Return: 0, or what &iodom_hw_ops.map returned.
 */
int __iodom_map_sync(struct iodom *dom, unsigned long iova, size_t bytes)
{
	if (likely(!READ_ONCE(dom->map_needs_flush)))
		return 0;
	if (dom->hw->map)
		return iodom_map_tell(dom, iova, bytes, NULL);
	iodom_map_invalidate(dom, iova, bytes);
	return 0;
}

/* By itself: who only invalidates saves no registers for it. */
static noinline int iodom_map_tell_or_undo(struct iodom *dom,
					   unsigned long iova, size_t bytes,
					   const struct iodom_run *run)
{
	int ret = iodom_map_tell(dom, iova, bytes, run);

	return likely(!ret) ? 0 : iodom_map_undo(dom, iova, bytes, ret);
}

static __always_inline int iodom_map_show(struct iodom *dom,
					  unsigned long iova, size_t bytes,
					  const struct iodom_run *run)
{
	if (likely(!READ_ONCE(dom->map_needs_flush)))
		return 0;
	if (dom->hw->map)
		return iodom_map_tell_or_undo(dom, iova, bytes, run);
	iodom_map_invalidate(dom, iova, bytes);
	return 0;
}

/**
 * iodom_map_sync() - let hardware see new translations
 * @dom: the domain
 * @iova: first byte
 * @bytes: length
 *
 * Does nothing unless a unit of the domain may cache that there was nothing, or has to
 * be told. A call that fails leaves nothing mapped.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 * Return: 0, or what &iodom_hw_ops.map returned.
 */
int iodom_map_sync(struct iodom *dom, unsigned long iova, size_t bytes)
{
	return iodom_map_show(dom, iova, bytes, NULL);
}

/**
 * iodom_map_sync_run() - let hardware see a range that was mapped by one call
 * @dom: the domain, one of the DMA API
 * @iova: first byte
 * @bytes: length
 * @paddr: what it was mapped to
 * @prot: with which permissions
 *
 * As iodom_map_sync(), but a unit that does not read the table is told without having to
 * look there. The range will be unmapped by one call, too.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 * Return: 0, or what &iodom_hw_ops.map returned.
 */
int iodom_map_sync_run(struct iodom *dom, unsigned long iova, size_t bytes,
		       phys_addr_t paddr, int prot)
{
	const struct iodom_run run = { .paddr = paddr, .prot = prot };

	return iodom_map_show(dom, iova, bytes, &run);
}
