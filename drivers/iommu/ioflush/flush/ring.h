/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a CPU's ring of cleared ranges that wait for their invalidation
 */
#ifndef _IOFLUSH_RING_H
#define _IOFLUSH_RING_H

#include <linux/bits.h>
#include <linux/hrtimer.h>
#include <linux/ioflush/flush.h>
#include <linux/spinlock.h>

/* Entries of a ring: 16 KiB a CPU and domain */
#define IOFLUSH_RING_LG2	9
#define IOFLUSH_RING_SIZE	BIT(IOFLUSH_RING_LG2)
/* The room above is for interrupts that unmap while the ring is drained. */
#define IOFLUSH_HIGH_WATER_MARK	(IOFLUSH_RING_SIZE * 3 / 4)

/**
 * struct ioflush_entry - cleared translations and the IOVAs they belong to
 * @start: first byte
 * @bytes: length
 * @counter: the flush state's @started when the entry was last added to, read
 *	after the translations had been cleared. A whole-domain invalidation
 *	with a higher number began later and covers the entry
 * @leaf_lg2: log2 of the smallest leaf that was removed
 * @mergeable: neighbours may be added, the space takes them back as one
 */
struct ioflush_entry {
	unsigned long start;
	unsigned long bytes;
	u64 counter;
	u8 leaf_lg2;
	bool mergeable;
};

/**
 * struct ioflush_ring - one CPU's entries, oldest first
 * @lock: protects all fields but the entries that a drain has claimed. Never
 *	held while waiting for hardware; taken by the owner and, rarely, by a
 *	drain that runs elsewhere
 * @head: number of the oldest entry
 * @claimed: entries from @head to here belong to the drain in progress
 * @tail: number behind the newest entry
 * @draining: a drain is in progress
 * @armed: @timer is going to fire or is firing
 * @oldest_ns: a time not after the oldest entry was added; valid while there
 *	are entries
 * @timer: bounds the window
 * @flush: whose ring this is
 * @entries: the ring
 *
 * Numbers count up and wrap; the index is their low bits.
 */
struct ioflush_ring {
	raw_spinlock_t lock;
	u32 head;
	u32 claimed;
	u32 tail;
	bool draining;
	bool armed;
	u64 oldest_ns;
	struct hrtimer timer;
	struct ioflush *flush;
	struct ioflush_entry *entries;
};

bool ioflush_ring_push(struct ioflush *flush, struct iopgt_gather *gather,
		       dma_addr_t iova, size_t bytes);
bool ioflush_ring_drain(struct ioflush_ring *ring, enum ioflush_reason reason);
int ioflush_rings_alloc(struct ioflush *flush);
void ioflush_rings_free(struct ioflush *flush);

extern unsigned int ioflush_window_us;

#endif /* _IOFLUSH_RING_H */
