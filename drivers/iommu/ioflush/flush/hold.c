// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: memory that stays where it is until an invalidation has finished
 *
 * An unmap may bring the folios that the device can still read, with a reference to
 * each. For as long as it can, these stay, so that their owners may free them, but nobody
 * else gets them. A ring keeps the references in the order in which they came. They
 * are pushed with the entry that they belong to, under the same lock, and go back
 * when all that was in the ring with them has been invalidated:
 *
 *	from @held_posted	entries in front of them may not be posted yet
 *	from @held_head		hardware has been told of all that they came with
 *
 * Which entry a folio belongs to is not known, as for table pages: a drain that
 * posts a part of the ring leaves all of them to the next.
 *
 * What is sent from one folio is often unmapped piece by piece: as long as it is the
 * newest one, it is held once.
 *
 * A drain that posts all but what comes meanwhile leaves references to the next one,
 * so that memory may be held for two windows; hardware cannot read it after one.
 */
#include <linux/minmax.h>
#include <linux/mm.h>

#include "ring.h"

/* References that are given back together. */
#define IOFLUSH_RELEASE	16

static inline struct folio **ioflush_held(struct ioflush_ring *ring, u32 n)
{
	return &ring->held[n & ring->flush->ring_mask];
}

/**
 * ioflush_ring_hold() - hold the memory of an unmap
 * @ring: the ring
 * @hold: the memory; references that the ring has taken over are not in it any more
 *
 * What is left is for the caller to give back, without the lock: it may be the last
 * reference.
 *
 * Context: any context, with the ring's lock held, until the entry has been pushed.
 * Return: false if there is no room; then nothing has been done.
 */
bool ioflush_ring_hold(struct ioflush_ring *ring, struct ioflush_hold *hold)
{
	unsigned int first = 0, i;
	size_t bytes = 0;

	if (ring->held_tail != ring->held_posted && hold->n &&
	    *ioflush_held(ring, ring->held_tail - 1) == hold->folio[0])
		first = 1;
	for (i = first; i < hold->n; i++)
		bytes += folio_size(hold->folio[i]);
	if (unlikely(ring->held_tail - ring->held_head + hold->n - first >
		     ring->flush->ring_mask + 1 ||
		     ring->held_bytes + bytes > READ_ONCE(ioflush_held_bytes_max)))
		return false;

	for (i = first; i < hold->n; i++)
		*ioflush_held(ring, ring->held_tail++) = hold->folio[i];
	WRITE_ONCE(ring->held_bytes, ring->held_bytes + bytes);
	hold->n = first;
	return true;
}

/**
 * ioflush_ring_held_high() - has a ring come to one of its marks of held memory?
 * @ring: the ring
 *
 * Context: any context, with the ring's lock held.
 * Return: whether it should be drained.
 */
bool ioflush_ring_held_high(const struct ioflush_ring *ring)
{
	u32 mark = (ring->flush->ring_mask + 1) / 4 * 3;

	return ring->held_tail - ring->held_posted >= mark ||
	       ring->held_bytes > READ_ONCE(ioflush_held_bytes_max) / 4 * 3;
}

/**
 * ioflush_ring_release() - give back memory whose invalidation has finished
 * @ring: the ring
 * @end: its @held_posted when what has finished now was posted
 *
 * Any number of CPUs may do that; the last reference frees the memory.
 *
 * Context: any context in which an unmap may wait, without the ring's lock.
 */
void ioflush_ring_release(struct ioflush_ring *ring, u32 end)
{
	struct folio *folio[IOFLUSH_RELEASE];
	unsigned long flags;
	unsigned int n;
	size_t bytes;

	do {
		n = 0;
		bytes = 0;
		ioflush_ring_lock(ring, &flags);
		while (n < IOFLUSH_RELEASE && (s32)(end - ring->held_head) > 0) {
			folio[n] = *ioflush_held(ring, ring->held_head++);
			bytes += folio_size(folio[n++]);
		}
		WRITE_ONCE(ring->held_bytes, ring->held_bytes - bytes);
		ioflush_ring_unlock(ring, flags);
		for (unsigned int i = 0; i < n; i++)
			folio_put(folio[i]);
	} while (n == IOFLUSH_RELEASE);
}
