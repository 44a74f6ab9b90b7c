/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: when a translation is invalidated
 *
 * Strict: the gather of an unmap goes to the queues and the caller waits.
 * Deferred: the range is put on this CPU's ring together with its IOVA, and a
 * drain invalidates many of them at once. A range's IOVAs and table pages are
 * given back only after an invalidation that began after the range's entries
 * were cleared has finished.
 */
#ifndef _LINUX_IOFLUSH_FLUSH_H
#define _LINUX_IOFLUSH_FLUSH_H

#include <linux/atomic.h>
#include <linux/ioflush/pgtable.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct ioflush;
struct iospace;

/** IOFLUSH_RANGES_MAX - ranges that one invalidation may name */
#define IOFLUSH_RANGES_MAX 16

/**
 * struct ioflush_range - a range whose translations have been cleared
 * @start: first byte
 * @last: last byte, inclusive
 * @leaf_lg2: log2 of the smallest leaf that was removed from it
 * @leaf_only: no table was unlinked under the range, walk caches may stay
 */
struct ioflush_range {
	unsigned long start;
	unsigned long last;
	u8 leaf_lg2;
	bool leaf_only;
};

/**
 * struct ioflush_ops - how the owner of a flush state reaches its hardware
 * @ranges: invalidate @n ranges on every IOMMU the domain is attached to, and
 *	wait until that has finished
 * @all: invalidate the whole domain, walk caches included, and wait
 *
 * Both are called without a lock, in the context of the caller that unmaps.
 */
struct ioflush_ops {
	void (*ranges)(struct ioflush *flush, const struct ioflush_range *range,
		       unsigned int n);
	void (*all)(struct ioflush *flush);
};

/**
 * enum ioflush_reason - why a drain took place
 * @IOFLUSH_HIGH_WATER: a ring reached its high-water mark
 * @IOFLUSH_TIMER: the window was about to end
 * @IOFLUSH_OFFLINE: the ring's CPU went offline
 * @IOFLUSH_SPACE: the IOVA space ran dry
 * @IOFLUSH_TIGHTEN: the domain goes from lazy to strict, or goes away
 * @IOFLUSH_REASONS: how many there are
 */
enum ioflush_reason {
	IOFLUSH_HIGH_WATER,
	IOFLUSH_TIMER,
	IOFLUSH_OFFLINE,
	IOFLUSH_SPACE,
	IOFLUSH_TIGHTEN,
	IOFLUSH_REASONS,
};

/**
 * enum ioflush_count - what a flush state counts, per CPU
 * @IOFLUSH_N_STRICT: unmaps that waited for an invalidation of their own
 * @IOFLUSH_N_DEFERRED: unmaps that were put on a ring
 * @IOFLUSH_N_MERGED: of those, the ones that extended an entry
 * @IOFLUSH_N_FULL: unmaps that found the ring full and went strict
 * @IOFLUSH_N_RANGES: ranges invalidated by drains
 * @IOFLUSH_N_ALL: invalidations of the whole domain by drains
 * @IOFLUSH_N_COVERED: entries that needed no invalidation of their own,
 *	because one for the whole domain had covered them
 * @IOFLUSH_N_DRAIN: first of IOFLUSH_REASONS counters, drains by reason
 * @IOFLUSH_COUNTS: how many there are
 */
enum ioflush_count {
	IOFLUSH_N_STRICT,
	IOFLUSH_N_DEFERRED,
	IOFLUSH_N_MERGED,
	IOFLUSH_N_FULL,
	IOFLUSH_N_RANGES,
	IOFLUSH_N_ALL,
	IOFLUSH_N_COVERED,
	IOFLUSH_N_DRAIN,
	IOFLUSH_COUNTS = IOFLUSH_N_DRAIN + IOFLUSH_REASONS,
};

/**
 * struct ioflush_stats - one CPU's counters
 * @n: by enum ioflush_count
 */
struct ioflush_stats {
	unsigned long n[IOFLUSH_COUNTS];
};

struct ioflush_ring;

/**
 * struct ioflush - the flush state of one domain
 * @ops: reaches the hardware
 * @pgt: whose table pages are freed after a flush
 * @space: where IOVAs go after a flush; set by iodom_set_space()
 * @rings: one a CPU; NULL until the domain is first used in deferred mode,
 *	published with release ordering
 * @lock: serialises the allocation of @rings
 * @started: whole-domain invalidations begun
 * @finished: a whole-domain invalidation with this number, and all before it,
 *	had begun when an invalidation that has finished began
 * @window_max_ns: longest time seen from an unmap to its invalidation
 * @hotplug: on the list of states whose rings a dead CPU leaves behind
 * @stats: counters, by the CPU that did the work
 */
struct ioflush {
	const struct ioflush_ops *ops;
	struct iopgt *pgt;
	struct iospace *space;
	struct ioflush_ring __percpu *rings;
	struct mutex lock; /* allocation of @rings */
	atomic64_t started;
	atomic64_t finished;
	atomic64_t window_max_ns;
	struct hlist_node hotplug;
	struct ioflush_stats __percpu *stats;
};

int ioflush_init(struct ioflush *flush, const struct ioflush_ops *ops,
		 struct iopgt *pgt);
void ioflush_exit(struct ioflush *flush);
int ioflush_enable_deferred(struct ioflush *flush);
void ioflush_sync(struct ioflush *flush, struct iopgt_gather *gather);
void ioflush_all(struct ioflush *flush);
void ioflush_unmapped(struct ioflush *flush, struct iopgt_gather *gather,
		      dma_addr_t iova, size_t bytes);
void ioflush_drain(struct ioflush *flush, enum ioflush_reason reason);
unsigned long ioflush_count(const struct ioflush *flush,
			    enum ioflush_count what);
unsigned long ioflush_pending_bytes(const struct ioflush *flush);
int ioflush_setup(void);

#endif /* _LINUX_IOFLUSH_FLUSH_H */
