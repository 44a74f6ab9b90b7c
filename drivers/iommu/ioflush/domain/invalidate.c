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
 * walk the table; else CPU 0 invalidates on the link's unit, too.
 */
#include <linux/rculist.h>

#include "internal.h"

/* Queues that an invalidation waits for together. */
#define IODOM_WAITS	4

/**
 * struct iodom_waits - queues that have been given commands
 * @n: how many
 * @q: the queues
 * @seq: what to wait for on each
 */
struct iodom_waits {
	unsigned int n;
	struct invq *q[IODOM_WAITS];
	u32 seq[IODOM_WAITS];
};

static void iodom_wait_all(struct iodom_waits *w)
{
	while (w->n) {
		w->n--;
		invq_wait(w->q[w->n], w->seq[w->n]);
	}
}

static void iodom_queue(struct iodom_waits *w, struct invq *q,
			const struct invq_cmd *cmds, unsigned int n)
{
	if (w->n == IODOM_WAITS)
		iodom_wait_all(w);
	w->q[w->n] = q;
	w->seq[w->n] = invq_submit(q, cmds, n);
	w->n++;
}

/* Encode @n ranges for one unit; the whole domain where that is cheaper. */
static unsigned int iodom_encode(struct iodom *dom, struct iodom_link *link,
				 const struct ioflush_range *range,
				 unsigned int n, struct invq_cmd *cmds)
{
	struct invq_cmd more[IODOM_CMDS_MAX];
	unsigned int have, got;

	have = dom->hw->encode_range(dom, link, range, cmds);
	for (unsigned int i = 1; have && i < n; i++) {
		got = dom->hw->encode_range(dom, link, &range[i], more);
		if (!got || have + got > IODOM_CMDS_MAX) {
			have = 0;
			break;
		}
		memcpy(&cmds[have], more, got * sizeof(*more));
		have += got;
	}
	return have ?: dom->hw->encode_all(dom, link, cmds);
}

static bool iodom_only_link(struct iodom *dom, struct iodom_link *link)
{
	return list_is_last(&link->node, &dom->links) &&
	       READ_ONCE(dom->links.next) == &link->node;
}

/*
 * Invalidate @n ranges, or with none the whole domain, on the units of a
 * domain. The RCU read section lasts over the wait: a link's queue and id stay
 * valid in it. It is no lock; nobody waits for it but iodom_link_put().
 */
static void iodom_invalidate(struct iodom *dom,
			     const struct ioflush_range *range, unsigned int n,
			     bool for_map)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct iodom_waits w = {};
	struct iodom_link *link;
	unsigned int ncmds;

	/* See the diagram above. */
	smp_mb();

	rcu_read_lock();
	list_for_each_entry_rcu(link, &dom->links, node) {
		if (for_map && !link->caches_not_present)
			continue;
		if (n)
			ncmds = iodom_encode(dom, link, range, n, cmds);
		else
			ncmds = dom->hw->encode_all(dom, link, cmds);

		if (likely(iodom_only_link(dom, link)))
			invq_submit_wait(link->q, cmds, ncmds);
		else
			iodom_queue(&w, link->q, cmds, ncmds);
	}
	iodom_wait_all(&w);
	rcu_read_unlock();
}

static void iodom_flush_ranges(struct ioflush *flush,
			       const struct ioflush_range *range,
			       unsigned int n)
{
	iodom_invalidate(container_of(flush, struct iodom, flush), range, n,
			 false);
}

static void iodom_flush_all(struct ioflush *flush)
{
	iodom_invalidate(container_of(flush, struct iodom, flush), NULL, 0,
			 false);
}

const struct ioflush_ops iodom_flush_ops = {
	.ranges = iodom_flush_ranges,
	.all = iodom_flush_all,
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
