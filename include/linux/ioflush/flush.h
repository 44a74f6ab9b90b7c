/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: when a translation is invalidated
 *
 * Strict: the gather of an unmap goes to the queues and the caller waits.
 * Guarded: an unmap of memory that a device could only read is deferred, and the memory
 * held; others wait.
 * Deferred: the range is put on this CPU's ring together with its IOVA, and a
 * drain invalidates many of them at once. A range's IOVAs and table pages are
 * given back only after an invalidation that began after the range's entries
 * were cleared has finished.
 */
#ifndef _LINUX_IOFLUSH_FLUSH_H
#define _LINUX_IOFLUSH_FLUSH_H

#include <linux/atomic.h>
#include <linux/ioflush/pgtable.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/time64.h>
#include <linux/types.h>

struct folio;
struct invq;
struct ioflush;
struct iospace;

/** IOFLUSH_RANGES_MAX - ranges that one invalidation may name */
#define IOFLUSH_RANGES_MAX 32

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

/** IOFLUSH_TOKEN_QUEUES - queues that one token can name */
#define IOFLUSH_TOKEN_QUEUES 4

/**
 * struct ioflush_token - invalidations that have been posted
 * @n: how many queues are named
 * @more: there are others, of units that the domain is on
 * @at: each queue, and what to wait for on it
 */
struct ioflush_token {
	unsigned int n;
	bool more;
	struct {
		struct invq *q;
		u32 seq;
	} at[IOFLUSH_TOKEN_QUEUES];
};

/**
 * struct ioflush_post - what is to be posted, and what has been
 * @range: ranges; NULL for the whole domain, walk caches included
 * @n: how many. Those that a call has not come to are taken off: it posts a
 *	bounded number of commands
 * @commands: that were posted are added to it
 * @token: what to wait for is added to it
 * @for_map: not after an unmap, but for units that cache what is not present
 */
struct ioflush_post {
	const struct ioflush_range *range;
	unsigned int n;
	unsigned int commands;
	struct ioflush_token *token;
	bool for_map;
};

/**
 * struct ioflush_ops - how the owner of a flush state reaches its hardware
 * @ranges: invalidate @n ranges on every IOMMU the domain is attached to, and
 *	wait until that has finished. Called without a lock, in the context of
 *	the caller that unmaps; ioflush_ranges(), if there is no faster way
 * @post: hand the invalidation of some ranges, at least one, or of the whole
 *	domain to every IOMMU that the domain is attached to, so that hardware
 *	is going to do it whatever the CPU does next. Bounded: called with
 *	interrupts off and maybe the lock of a ring, it never waits for hardware.
 *	Returns false if a queue had no room. Then nothing counts as posted, and
 *	after a wait for the token there will be room
 * @wait: wait until all that a token names has finished. Called without a lock
 *	and with interrupts as the caller has them. The queues in a token stay
 *	for as long as the flush state
 * @finished: has all that a token names finished? Without a wait, but it may have
 *	hardware told to say so. Any context
 */
struct ioflush_ops {
	void (*ranges)(struct ioflush *flush, const struct ioflush_range *range,
		       unsigned int n);
	bool (*post)(struct ioflush *flush, struct ioflush_post *post);
	void (*wait)(struct ioflush *flush, const struct ioflush_token *token);
	bool (*finished)(struct ioflush *flush,
			 const struct ioflush_token *token);
};

/**
 * struct ioflush_costs - what invalidations of a domain cost, on all its units
 * @cmd_ns: one more command in a queue; 0 while nothing is known
 * @all_ns: one for the whole domain, and to load again what it takes away that
 *	was still in use
 */
struct ioflush_costs {
	u32 cmd_ns;
	u32 all_ns;
};

/**
 * enum ioflush_reason - why a drain took place
 * @IOFLUSH_HIGH_WATER: a ring reached one of its marks
 * @IOFLUSH_TIMER: the window was about to end
 * @IOFLUSH_IDLE: the same, on a CPU that was idle
 * @IOFLUSH_OFFLINE: the ring's CPU went offline
 * @IOFLUSH_SPACE: the IOVA space ran dry
 * @IOFLUSH_TIGHTEN: the domain goes to a stricter mode, or goes away
 * @IOFLUSH_PRESSURE: memory that is held is wanted elsewhere
 * @IOFLUSH_RCU: a grace period of RCU has passed, with the engine of that name
 * @IOFLUSH_REASONS: how many there are
 */
enum ioflush_reason {
	IOFLUSH_HIGH_WATER,
	IOFLUSH_TIMER,
	IOFLUSH_IDLE,
	IOFLUSH_OFFLINE,
	IOFLUSH_SPACE,
	IOFLUSH_TIGHTEN,
	IOFLUSH_PRESSURE,
	IOFLUSH_RCU,
	IOFLUSH_REASONS,
};

/**
 * enum ioflush_count - what a flush state counts, per CPU
 * @IOFLUSH_N_STRICT: unmaps that waited for an invalidation of their own
 * @IOFLUSH_N_DEFERRED: unmaps that were put on a ring
 * @IOFLUSH_N_MERGED: of those, the ones that extended an entry
 * @IOFLUSH_N_FULL: unmaps that found no room, for their range or for what they
 *	brought to be held, and went strict
 * @IOFLUSH_N_COARSE: unmaps that went strict because timers were too coarse to
 *	hold the window
 * @IOFLUSH_N_LONE: unmaps that went strict because there were too few for a timer
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
	IOFLUSH_N_COARSE,
	IOFLUSH_N_LONE,
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

/** IOFLUSH_BUCKETS - buckets of a histogram: 0, then a power of two each */
#define IOFLUSH_BUCKETS 24

/**
 * struct ioflush_hist - how long and how much was exposed
 * @entries: ranges, by the microseconds from the unmap of their first part to
 *	the end of their invalidation
 * @drains: drains, by the pages that waited for them
 */
struct ioflush_hist {
	unsigned long entries[IOFLUSH_BUCKETS];
	unsigned long drains[IOFLUSH_BUCKETS];
};

/**
 * struct ioflush_pending - what waits for an invalidation
 * @bytes: of IOVAs
 * @entries: ranges
 * @tables: unlinked table pages
 * @held: bytes of memory that is held meanwhile
 */
struct ioflush_pending {
	unsigned long bytes;
	unsigned long entries;
	unsigned long tables;
	unsigned long held;
};

/** IOFLUSH_HOLD_MAX - folios that one unmap may have held */
#define IOFLUSH_HOLD_MAX 32

/**
 * struct ioflush_hold - memory of an unmap, to be held until its invalidation
 * @n: how many folios
 * @folio: the folios, a reference to each, in the order of the addresses; neighbours
 *	differ
 */
struct ioflush_hold {
	unsigned int n;
	struct folio *folio[IOFLUSH_HOLD_MAX];
};

/** IOFLUSH_WINDOW_MIN_US - the narrowest window */
#define IOFLUSH_WINDOW_MIN_US	100
/** IOFLUSH_WINDOW_MAX_US - the widest window */
#define IOFLUSH_WINDOW_MAX_US	(1000 * USEC_PER_MSEC)

struct ioflush_ring;
struct ioflush_sim;

/**
 * struct ioflush - the flush state of one domain
 * @ops: reaches the hardware
 * @pgt: whose table pages are freed after a flush
 * @space: where IOVAs go after a flush; set by iodom_set_space()
 * @rings: one a CPU, where unmaps are to be deferred now; else NULL. Published
 *	with release ordering
 * @held_rings: the same, for unmaps that bring memory to be held
 * @started: whole-domain invalidations begun
 * @finished: a whole-domain invalidation with this number, and all before it,
 *	had begun when an invalidation that has finished began
 * @all_rings: the same from the first time on, deferred or not
 * @ring_mask: entries of a ring, less one
 * @window_us: the bound; 0 for the parameter that holds for all
 * @engine_rcu: callbacks of RCU drain the rings
 * @exact: an invalidation takes translations away for good, so it may name only what has
 *	been unmapped, and never the whole domain
 * @holds: unmaps have brought memory to be held, or may. Stays set once it is
 * @lone: unmaps on a CPU within a window that are strict before others are deferred
 * @costs: what to choose by; changed by the owner when the units change
 * @id: tells domains apart in what users see
 * @window_max_ns: longest time seen from an unmap to its invalidation
 * @lock: serialises changes of @rings and @held_rings
 * @node: on the list of all flush states
 * @hotplug: on the list of states whose rings a dead CPU leaves behind
 * @stats: counters, by the CPU that did the work
 * @sim: a test's clock
 */
struct ioflush {
	const struct ioflush_ops *ops;
	struct iopgt *pgt;
	struct iospace *space;
	struct ioflush_ring __percpu *rings;
	struct ioflush_ring __percpu *held_rings;
	atomic64_t started;
	atomic64_t finished;
	struct ioflush_ring __percpu *all_rings;
	u32 ring_mask;
	unsigned int window_us;
	bool engine_rcu;
	bool exact;
	bool holds;
	unsigned int lone;
	struct ioflush_costs costs;
	u32 id;
	atomic64_t window_max_ns;
	struct mutex lock; /* changes of @rings and @held_rings */
	struct list_head node;
	struct hlist_node hotplug;
	struct ioflush_stats __percpu *stats;
#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
	struct ioflush_sim *sim;
#endif
};

int ioflush_init(struct ioflush *flush, const struct ioflush_ops *ops,
		 struct iopgt *pgt);
void ioflush_exit(struct ioflush *flush);
int ioflush_enable_deferred(struct ioflush *flush);
int ioflush_enable_holds(struct ioflush *flush);
void ioflush_disable_deferred(struct ioflush *flush);
int ioflush_set_window(struct ioflush *flush, unsigned int us);
void ioflush_sync(struct ioflush *flush, struct iopgt_gather *gather);
void ioflush_ranges(struct ioflush *flush, const struct ioflush_range *range,
		    unsigned int n, bool for_map);
void ioflush_all(struct ioflush *flush);
void ioflush_unmapped(struct ioflush *flush, struct iopgt_gather *gather,
		      dma_addr_t iova, size_t bytes);
void ioflush_unmapped_held(struct ioflush *flush, struct iopgt_gather *gather,
			   dma_addr_t iova, size_t bytes,
			   struct ioflush_hold *hold);
unsigned long ioflush_release_held(void);
void ioflush_drain(struct ioflush *flush, enum ioflush_reason reason);
u64 ioflush_clock_late_ns(void);
unsigned long ioflush_count(const struct ioflush *flush,
			    enum ioflush_count what);
void ioflush_get_pending(const struct ioflush *flush,
			 struct ioflush_pending *pending);
unsigned long ioflush_pending_bytes(const struct ioflush *flush);
void ioflush_get_hist(const struct ioflush *flush, struct ioflush_hist *hist);
u64 ioflush_window_ns(const struct ioflush *flush);
void ioflush_params_setup(void);
int ioflush_setup(void);
void ioflush_teardown(void);
int ioflush_pressure_setup(void);
void ioflush_pressure_teardown(void);

#endif /* _LINUX_IOFLUSH_FLUSH_H */
