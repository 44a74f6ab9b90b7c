/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a CPU's ring of cleared ranges that wait for their invalidation
 */
#ifndef _IOFLUSH_RING_H
#define _IOFLUSH_RING_H

#include <linux/bit_spinlock.h>
#include <linux/ioflush/audit.h>
#include <linux/ioflush/flush.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

/* log2 of the unit in which an entry's time is kept: about a microsecond */
#define IOFLUSH_STAMP_LG2	10

/** IOFLUSH_STAGGERS - CPUs that drain at times of their own */
#define IOFLUSH_STAGGERS 16

/**
 * struct ioflush_entry - cleared translations and the IOVAs they belong to
 * @start: first byte
 * @end: behind the last byte
 * @counter: the flush state's @started when the entry was last added to, read
 *	after the translations had been cleared. A whole-domain invalidation
 *	with a higher number began later and covers the entry
 * @stamp: when the entry was made, in units of 2^IOFLUSH_STAMP_LG2 ns; wraps
 *	after more than an hour
 * @leaf_lg2: log2 of the smallest leaf that was removed
 * @mergeable: neighbours may be added, the space takes them back as one
 * @leaf_only: no table was unlinked under it
 * @audit: the unmaps, for the auditor
 */
struct ioflush_entry {
	unsigned long start;
	unsigned long end;
	u64 counter;
	u32 stamp;
	u8 leaf_lg2;
	bool mergeable;
	bool leaf_only;
	struct ioaudit_ticket audit;
};

/** IOFLUSH_OPEN - entries that the next range is likely to extend */
#define IOFLUSH_OPEN 2

/**
 * struct ioflush_open - an entry that ranges may be added to without a search
 * @entry: mergeable and not claimed; else one that nothing can extend
 * @limit: what begins below may be merged with it
 */
struct ioflush_open {
	struct ioflush_entry *entry;
	u64 limit;
};

/**
 * struct ioflush_ring - one CPU's entries, oldest first
 * @lock: bit 0 protects all fields. Never held while waiting for hardware;
 *	taken, with interrupts off, by the owner and, rarely, by a drain that
 *	runs elsewhere. A bit, since that makes the owner's way one without calls
 * @open: the newest entry and the one before: a network device frees what it
 *	sent and what it received in turns
 * @bytes: length of all entries that are not posted
 * @limit: where @bytes ask for a drain; 0 when their time has come
 * @oldest_ns: a time not after the oldest entry was made that is not posted;
 *	valid while there is one
 * @unmaps: ranges ever pushed
 * @head: number of the oldest entry
 * @done: the invalidation of entries before this one has finished
 * @posted: hardware has been told of entries before this one
 * @tail: number behind the newest entry
 * @posted_bytes: length of the entries from @head to @posted
 * @all: number of the newest whole-domain invalidation that was posted from
 *	this ring; 0 for none
 * @token: what to wait for, for the entries before @posted
 * @pages: unlinked table pages of entries that are not posted
 * @posted_pages: of those that are
 * @nr_pages: how many there are in @pages
 * @nr_posted_pages: in @posted_pages, and with those who wait for their invalidation
 * @appended: entries ever made
 * @armed: its CPU's timer looks after it
 * @armed_node: on that CPU's list, if @armed
 * @watched: the next ring that the CPU's timer watches hardware for; the timer's own
 * @calling: @rcu is with RCU
 * @lone: unmaps since @lone_ns that were strict since no timer was armed
 * @lone_ns: when the first of them was
 * @handed: it waits for the bottom half of its CPU's clock, on the list of those
 * @handed_node: on that list, if @handed
 * @rcu: drains after a grace period, for the engine of that name
 * @fill: gives the ring its entries
 * @flush: whose ring this is
 * @entries: the ring; NULL until its CPU has more than a few unmaps to defer
 * @cpu: whose
 * @held: references to memory that devices can read until then; like @entries, NULL
 *	until an unmap that brings some is to be deferred. Numbered and indexed like those
 * @held_head: number of the oldest reference
 * @held_posted: hardware has been told of all entries that those before this one
 *	came with
 * @held_tail: number behind the newest one
 * @held_bytes: length of the folios that are held; read without the lock, too
 * @stagger: how many 128ths of a window earlier than others its CPU is to drain it
 * @hist: what the drains of this ring have seen
 *
 * Numbers count up and wrap; the index is their low bits. Entries go through
 * three states: pushed, from @posted to @tail; posted, from @done; and done,
 * from @head, until somebody has taken them out to give back what is theirs.
 */
struct ioflush_ring {
	unsigned long lock;
	struct ioflush_open open[IOFLUSH_OPEN];
	size_t bytes;
	size_t limit;
	u64 oldest_ns;
	unsigned long unmaps;
	u32 head;
	u32 done;
	u32 posted;
	u32 tail;
	size_t posted_bytes;
	s64 all;
	struct ioflush_token token;
	struct list_head pages;
	struct list_head posted_pages;
	unsigned int nr_pages;
	unsigned int nr_posted_pages;
	unsigned long appended;
	bool armed;
	bool calling;
	u32 lone;
	u64 lone_ns;
	struct list_head armed_node;
	struct ioflush_ring *watched;
	bool handed;
	struct llist_node handed_node;
	struct rcu_head rcu;
	struct work_struct fill;
	struct ioflush *flush;
	struct ioflush_entry *entries;
	struct folio **held;
	u32 held_head;
	u32 held_posted;
	u32 held_tail;
	size_t held_bytes;
	int cpu;
	u8 stagger;
	struct ioflush_hist hist;
};

/* flush.c */
void ioflush_for_each(void (*fn)(struct ioflush *flush));
void ioflush_try_each(void (*fn)(struct ioflush *flush, void *arg), void *arg);

/* ring.c */
bool ioflush_ring_high(const struct ioflush_ring *ring);
void ioflush_ring_close(struct ioflush_ring *ring);
int ioflush_ring_fill(struct ioflush_ring *ring, gfp_t gfp);
int ioflush_rings_alloc(struct ioflush *flush);
void ioflush_rings_stop(struct ioflush *flush);
void ioflush_rings_free(struct ioflush *flush);

/* hold.c */
bool ioflush_ring_hold(struct ioflush_ring *ring, struct ioflush_hold *hold);
bool ioflush_ring_held_high(const struct ioflush_ring *ring);
void ioflush_ring_release(struct ioflush_ring *ring, u32 end);

/* step.c */

/**
 * struct ioflush_steps - what the steps of one drain have come to
 * @whole: take the domain where the rest of the ring does not fit in one step, if it may
 *	be taken
 * @commands: how many commands they took
 * @entries: entries that were posted, covered ones included
 * @covered: entries that needed no invalidation any more
 * @ranges: ranges that were posted
 * @bytes: length of the entries
 * @all: the whole domain was posted
 */
struct ioflush_steps {
	bool whole;
	unsigned int commands;
	u32 entries;
	u32 covered;
	u32 ranges;
	size_t bytes;
	bool all;
};

/**
 * enum ioflush_step - what a step leaves
 * @IOFLUSH_STEP_DONE: nothing
 * @IOFLUSH_STEP_MORE: entries for another step
 * @IOFLUSH_STEP_NO_ROOM: all that was there: a queue is full
 */
enum ioflush_step {
	IOFLUSH_STEP_DONE,
	IOFLUSH_STEP_MORE,
	IOFLUSH_STEP_NO_ROOM,
};

enum ioflush_step ioflush_ring_step(struct ioflush_ring *ring,
				    struct ioflush_steps *steps);
void ioflush_steps_note(struct ioflush_ring *ring,
			const struct ioflush_steps *steps,
			enum ioflush_reason reason);
void ioflush_all_end(struct ioflush *flush, s64 n);

/* drain.c */
void ioflush_ring_drain(struct ioflush_ring *ring, enum ioflush_reason reason);
void ioflush_ring_finish(struct ioflush_ring *ring);
void ioflush_ring_watch(struct ioflush_ring *ring, u64 end_ns);
void ioflush_ring_hand(struct ioflush_ring *ring);
void ioflush_ring_post_due(struct ioflush_ring *ring);

/* clock.c */
void ioflush_clock_arm(struct ioflush_ring *ring, u64 ns);
void ioflush_clock_disarm(struct ioflush_ring *ring);
void ioflush_clock_hand(struct ioflush_ring *ring);
u64 ioflush_clock_check(struct list_head *rings);
void ioflush_clocks_forget(void);
int ioflush_clock_dead(unsigned int cpu);
bool ioflush_clock_is_set(unsigned int cpu);
void ioflush_clocks_init(void);
void ioflush_clocks_exit(void);

/* window.c */
bool ioflush_window_holds(const struct ioflush *flush);
void ioflush_window_arm(struct ioflush_ring *ring);
void ioflush_window_stop(struct ioflush_ring *ring);
u64 ioflush_window_check(struct ioflush_ring *ring, unsigned int early_16ths);
void ioflush_window_rcu(struct rcu_head *rcu);
void ioflush_window_changed(struct ioflush *flush);
int ioflush_set_window_all(unsigned int us);

/* stats.c */
void ioflush_hist_drain(struct ioflush_ring *ring, size_t bytes);
void ioflush_hist_entry(struct ioflush_ring *ring, u64 exposed_ns);
void ioflush_note_window(struct ioflush *flush, u64 exposed_ns);

/* params.c */
extern unsigned int ioflush_window_us;
extern unsigned int ioflush_pending_entries;
extern unsigned int ioflush_pending_tables;
extern unsigned int ioflush_lone_unmaps;
extern unsigned long ioflush_pending_bytes_max;
extern unsigned long ioflush_held_bytes_max;
extern bool ioflush_engine_rcu;

#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
/**
 * struct ioflush_sim - a clock that stands still unless a test moves it
 * @now_ns: what it shows
 * @due_ns: when the timer of the ring under test is to fire; 0 for never
 * @resolution_ns: how fine timers are
 * @handed: a drain was handed to a thread, which the test has to run
 * @called: a callback was handed to RCU, which the test has to call
 */
struct ioflush_sim {
	u64 now_ns;
	u64 due_ns;
	u64 resolution_ns;
	bool handed;
	bool called;
};

static inline struct ioflush_sim *ioflush_sim(const struct ioflush *flush)
{
	return flush->sim;
}
#else
struct ioflush_sim {
	u64 now_ns;
	u64 due_ns;
	u64 resolution_ns;
	bool handed;
	bool called;
};

static inline struct ioflush_sim *ioflush_sim(const struct ioflush *flush)
{
	return NULL;
}
#endif

/* ioflush_window_ns() without a call */
static inline u64 ioflush_bound_ns(const struct ioflush *flush)
{
	unsigned int us = READ_ONCE(flush->window_us);

	return (u64)(us ?: READ_ONCE(ioflush_window_us)) * NSEC_PER_USEC;
}

static inline u64 ioflush_now_ns(const struct ioflush *flush)
{
	struct ioflush_sim *sim = ioflush_sim(flush);

	return sim ? READ_ONCE(sim->now_ns) : ktime_get_mono_fast_ns();
}

static __always_inline void ioflush_ring_lock(struct ioflush_ring *ring,
					      unsigned long *flags)
	__acquires(bitlock)
{
	local_irq_save(*flags);
	bit_spin_lock(0, &ring->lock);
}

static __always_inline void ioflush_ring_unlock(struct ioflush_ring *ring,
						unsigned long flags)
	__releases(bitlock)
{
	__bit_spin_unlock(0, &ring->lock);
	local_irq_restore(flags);
}

static inline struct ioflush_entry *ioflush_entry(struct ioflush_ring *ring,
						  u32 n)
{
	return &ring->entries[n & ring->flush->ring_mask];
}

/* How old an entry is, to about a microsecond; clocks of two CPUs may differ. */
static inline u64 ioflush_entry_age_ns(const struct ioflush_entry *e,
				       u64 now_ns)
{
	s32 age = (u32)(now_ns >> IOFLUSH_STAMP_LG2) - e->stamp;

	return (u64)max(age, 0) << IOFLUSH_STAMP_LG2;
}

#endif /* _IOFLUSH_RING_H */
