/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a device in software that consumes an invalidation queue
 */
#ifndef _IOFLUSH_INVQ_TEST_DEV_H
#define _IOFLUSH_INVQ_TEST_DEV_H

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/hrtimer.h>
#include <linux/ioflush/invq.h>

#define QUEUE_LG2	5
#define QUEUE_SLOTS	BIT(QUEUE_LG2)

/* Low half of a command's first word; its arguments are above and behind. */
enum dev_cmd {
	DEV_NOTHING,		/* a slot that was consumed; an error to find */
	DEV_INVALIDATE,		/* of a member's; word 1 is added to a sum */
	DEV_ALL,		/* the same, but it cannot be refused */
	DEV_SYNC,
	DEV_FENCE,
	DEV_BAD,		/* is always refused */
};

#define DEV_MEMBERS	32
#define DEV_LOG		64

/**
 * struct dev - the device
 * @q: the queue under test
 * @slots: its ring
 * @done: its done word
 * @tail: last doorbell
 * @head: next slot to consume, with a wrap bit; changed by whoever consumes
 * @stores: its syncs store to @done
 * @instant: consume in the doorbell. Otherwise a timer does it
 * @sync_ticks: rounds that each sync takes
 * @sync_ticks_left: rounds that the sync at @head still takes
 * @hold: do nothing for this many rounds
 * @until_dump: no longer than until it is reported as stuck
 * @refuse: refuse this many commands that could be executed
 * @refuse_sync: refuse this many syncs
 * @lose_sync: go past this many syncs without finishing them
 * @stopped: the command at @head was refused
 * @lost: a sync has been lost
 * @invalidated: invalidations executed
 * @sum: sum of their arguments
 * @syncs: syncs finished
 * @in_flight: syncs between doorbell and completion
 * @two_syncs: doorbells that came with a second one
 * @backwards: doorbells that went back or over the published slots
 * @torn: commands of one call that were not neighbours
 * @irqs_on: calls of hooks with interrupts on, or without the claim, that have to
 *	be one step
 * @held: calls of hooks that may take long with either held
 * @interrupts: so many of the latter are interrupted by an invalidation that is
 *	refused
 * @blocks: the unit has failed, and blocks all DMA by itself
 * @kill_steps: calls of @q's kill op until it blocks; 0 if it never does
 * @kills: calls so far
 * @part: how many more commands of @part_of's call have to come
 * @part_of: member whose call they are of
 * @cover: by member, number of the sync behind its newest command
 * @kind: the last invalidation's; none behind a fence or a sync
 * @mixed: invalidations behind one of another kind
 * @log: what was executed, a letter for a kind, "." for a fence, "S" for a sync
 * @logged: its length
 * @timer: consumes, unless @instant
 */
struct dev {
	struct invq q;
	struct invq_cmd slots[QUEUE_SLOTS];
	__le32 done;
	u32 tail;
	u32 head;
	bool stores;
	bool instant;
	unsigned int sync_ticks;
	unsigned int sync_ticks_left;
	unsigned int hold;
	bool until_dump;
	unsigned int refuse;
	unsigned int refuse_sync;
	unsigned int lose_sync;
	bool stopped;
	bool lost;
	atomic64_t invalidated;
	atomic64_t sum;
	unsigned long syncs;
	unsigned int in_flight;
	unsigned int two_syncs;
	unsigned int backwards;
	unsigned int torn;
	unsigned int irqs_on;
	unsigned int held;
	unsigned int interrupts;
	bool blocks;
	unsigned int kill_steps;
	unsigned int kills;
	unsigned int part;
	unsigned int part_of;
	unsigned long cover[DEV_MEMBERS];
	char kind;
	unsigned int mixed;
	char log[DEV_LOG];
	unsigned int logged;
	struct hrtimer timer;
};

/** DEV_KINDS - how many kinds of queues there are */
#define DEV_KINDS	2

/**
 * struct dev_kind - a kind of queue
 * @name: of a test's parameter
 * @ops: with a done word in memory, or with a head to look at
 */
struct dev_kind {
	const char *name;
	const struct invq_ops *ops;
};

extern const struct dev_kind dev_kinds[DEV_KINDS];

struct dev *dev_start(struct kunit *test, bool instant);
void dev_pause(struct dev *dev);
void dev_go_on(struct dev *dev);
struct invq_cmd dev_bad(void);
struct invq_cmd dev_invalidate(u64 arg);
struct invq_cmd dev_kind_of(char kind);
void dev_batch(struct invq_cmd *cmds, unsigned int n, unsigned int member);

#endif /* _IOFLUSH_INVQ_TEST_DEV_H */
