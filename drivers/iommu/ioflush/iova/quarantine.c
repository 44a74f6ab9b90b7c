// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: addresses that nobody is to have again
 *
 * Of some hardware an invalidation can fail, and then what was mapped may be reached
 * through its address for as long as the domain lives. So that address stays with
 * whoever had it: what is given back is looked for here first, if there is anything.
 */
#include <linux/ioflush/iova.h>

#include "space.h"

/**
 * iospace_quarantine() - have addresses never handed out again
 * @space: the space
 * @first: first address
 * @last: last address
 *
 * Comes before the iospace_free() of any of them. Where there are too many ranges none
 * of the space's addresses is handed out again.
 *
 * Context: any context.
 */
void iospace_quarantine(struct iospace *space, u64 first, u64 last)
{
	struct iospace_quarantine *q = &space->quarantine;
	unsigned long flags;

	raw_spin_lock_irqsave(&q->lock, flags);
	if (q->n == IOSPACE_QUARANTINE) {
		WRITE_ONCE(q->all, true);
	} else {
		q->range[q->n].first = first;
		q->range[q->n].last = last;
		/* Pairs with the acquire in iospace_is_quarantined(). */
		smp_store_release(&q->n, q->n + 1);
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

/**
 * iospace_is_quarantined() - is some of a range never to be handed out again?
 * @space: the space
 * @iova: where it begins
 * @bytes: its length
 *
 * Context: any context.
 * Return: whether it is; none of it is then.
 */
bool iospace_is_quarantined(const struct iospace *space, u64 iova,
			    size_t bytes)
{
	const struct iospace_quarantine *q = &space->quarantine;
	/* Pairs with the release in iospace_quarantine(). */
	unsigned int n = smp_load_acquire(&q->n);

	if (READ_ONCE(q->all))
		return true;
	for (unsigned int i = 0; i < n; i++)
		if (q->range[i].first < iova + bytes && q->range[i].last >= iova)
			return true;
	return false;
}
