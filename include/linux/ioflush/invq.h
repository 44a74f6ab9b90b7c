/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: one invalidation queue for every IOMMU
 *
 * A queue is a ring of fixed-size slots in memory that hardware consumes in
 * order. Producers reserve slots without a lock, mark them as complete in any
 * order, and wait together: one of the waiters issues the sync command that covers
 * every slot reserved before it, the others ride on it.
 *
 * What invq_submit() returns is a cookie: whoever has several things to
 * invalidate queues them all and waits once, for the last.
 */
#ifndef _LINUX_IOFLUSH_INVQ_H
#define _LINUX_IOFLUSH_INVQ_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct invq;
struct invq_error;
struct invq_group;
struct seq_file;

/** INVQ_KILL_TIMEOUTS - invq.kill_timeouts, unless a driver knows better */
#define INVQ_KILL_TIMEOUTS 10

/** INVQ_SLOT_U64S - the largest slot, in units of 8 bytes */
#define INVQ_SLOT_U64S 2

/**
 * struct invq_cmd - one command as its encoder wrote it
 * @u64s: the slot, little-endian as hardware wants it
 */
struct invq_cmd {
	__le64 u64s[INVQ_SLOT_U64S];
};

/**
 * enum invq_fault - what a queue that does not go on shows
 * @INVQ_FAULT_NONE: nothing; it is slow, or dead
 * @INVQ_FAULT_COMMAND: it refuses the command at a slot and stays there
 * @INVQ_FAULT_SYNC: it has gone past the sync in flight, but will not finish it
 * @INVQ_FAULT_DEVICE: the sync at a slot, whoever wrote it, has not finished since a
 *	device behind the unit has not answered
 * @INVQ_FAULT_ABORTED: a device behind the unit has not answered, and of what hardware
 *	has fetched since the last sync that is over, with commands in it that come
 *	behind another of their submission, nothing is sure to have been executed
 * @INVQ_FAULT_OTHER: an error that is over once it has been cleared
 * @INVQ_FAULT_DEAD: the unit has failed for good, and blocks all DMA by itself
 */
enum invq_fault {
	INVQ_FAULT_NONE,
	INVQ_FAULT_COMMAND,
	INVQ_FAULT_SYNC,
	INVQ_FAULT_DEVICE,
	INVQ_FAULT_ABORTED,
	INVQ_FAULT_OTHER,
	INVQ_FAULT_DEAD,
};

/**
 * enum invq_life - how far a unit is from its end
 * @INVQ_ALIVE: it answers, or may yet
 * @INVQ_DYING: it has not gone on for too long, and is being made to block DMA
 * @INVQ_DEAD: it blocks all DMA: no translation is left that a device could use,
 *	and whatever is waited for counts as done
 */
enum invq_life {
	INVQ_ALIVE,
	INVQ_DYING,
	INVQ_DEAD,
};

/**
 * struct invq_error - what was found when a queue was looked at
 * @fault: its kind
 * @slot: index that hardware stands at
 * @status: registers that invq_ops.tell puts into words
 * @bad: what was refused, or for INVQ_FAULT_DEVICE the sync
 * @now: what has taken its place, or for INVQ_FAULT_ABORTED comes in front of all syncs
 * @then: for INVQ_FAULT_ABORTED, what follows that
 */
struct invq_error {
	enum invq_fault fault;
	u32 slot;
	u32 status[2];
	struct invq_cmd bad;
	struct invq_cmd now;
	struct invq_cmd then;
};

/**
 * enum invq_quirk - what some hardware needs between commands
 * @INVQ_SYNC_EACH: between commands of different kinds, and behind each
 *	submission, all before have to be over. A fence comes behind each run of
 *	one kind; none where a sync follows at once
 * @INVQ_TWICE: a command is sure to have taken effect only when it has been
 *	executed again after it was over. Each submission comes twice, with a
 *	fence behind either. Implies @INVQ_SYNC_EACH
 */
enum invq_quirk {
	INVQ_SYNC_EACH = 1,
	INVQ_TWICE = 2,
};

/**
 * struct invq_ops - the encoder for one kind of queue
 * @sync: write a command that, after all before it have finished, stores a
 *	number to the queue's done word. Called once, when the queue is set up:
 *	the number is in the upper half of the first word, and 0 here
 * @fence: write a command that is over only after all before it are, and that
 *	tells nobody. NULL for a queue that cannot have quirks
 * @kind: bits of a command's first word that say what kind it is
 * @doorbell: tell hardware that all slots before sequence number @seq are
 *	valid. Called with interrupts off, by one CPU at a time
 * @head: read how far hardware has come: the index of the next slot it is
 *	going to consume, and above that one more bit, which changes each time
 *	the index wraps. For queues whose sync stores nothing, but is not
 *	passed before all commands before it have finished; NULL for others
 * @fault: look for an error, and note all that @tell and @resume need; in any
 *	case the slot that hardware stands at. NULL for a queue without errors
 * @substitute: write a command that has at least the effect that @bad, which
 *	hardware refuses, was meant to have
 * @block: for INVQ_FAULT_DEVICE and INVQ_FAULT_ABORTED, which no others need: see to it
 *	that the device's DMA is blocked when the command that is written to @err->now
 *	has been executed. For the first that one takes the place of the sync. For the
 *	second it is followed by @err->then, and both together do all that may not have
 *	been executed
 * @resume: clear the error and make the queue go on, from the slot at fault if
 *	that is what it was about
 * @kill: go a step towards a unit that blocks all DMA, and return whether
 *	hardware has shown that it does. NULL where that cannot be had
 * @tell: print what the error was
 * @dump: print the hardware's view of the queue
 *
 * @fault, @substitute, @block, @resume and @kill are called with the claim held and
 * interrupts off, by one CPU at a time: they read and write a few registers, wait
 * for nothing and print nothing. @tell and @dump are called with nothing held, by
 * any number of CPUs, with interrupts as the one who waits has them.
 */
struct invq_ops {
	void (*sync)(struct invq *q, struct invq_cmd *cmd);
	void (*fence)(struct invq *q, struct invq_cmd *cmd);
	u64 kind;
	void (*doorbell)(struct invq *q, u32 seq);
	u32 (*head)(struct invq *q);
	enum invq_fault (*fault)(struct invq *q, struct invq_error *err);
	void (*substitute)(struct invq *q, const struct invq_cmd *bad,
			   struct invq_cmd *cmd);
	void (*block)(struct invq *q, struct invq_error *err);
	void (*resume)(struct invq *q, enum invq_fault fault);
	bool (*kill)(struct invq *q);
	void (*tell)(struct invq *q, const struct invq_error *err);
	void (*dump)(struct invq *q);
};

/**
 * struct invq_stats - what a queue has done since it was made
 * @slots: commands, with syncs and what quirks add; counted when the sync behind
 *	them is issued. Like the next two changed by the holder of the queue's claim
 * @syncs: sync commands
 * @rings: doorbells without one
 * @full: reservations that found no room
 * @timeouts: waits that ran into the time-out, once for each time-out
 * @recoveries: errors that were cleared
 * @refused: of these, commands that were replaced by another
 */
struct invq_stats {
	unsigned long slots;
	unsigned long syncs;
	unsigned long rings;
	atomic_long_t full;
	atomic_long_t timeouts;
	atomic_long_t recoveries;
	atomic_long_t refused;
};

/**
 * struct invq_cpu - what a CPU has of a queue
 * @node: on the list of those that ask for slots
 * @slots: how many it asks for
 * @start: the first that it was given
 * @answer: whether it was; written by the one that it has asked
 * @riders: waits of it that were covered by somebody else's sync
 */
struct invq_cpu {
	struct llist_node node;
	unsigned int slots;
	u32 start;
	unsigned int answer;
	unsigned long riders;
};

/**
 * struct invq - one invalidation queue
 * @ops: the encoder
 * @name: for messages
 * @slots: the ring
 * @marks: for each slot the number behind it, since it was last complete
 * @cpus: what each CPU has
 * @groups: CPUs that reserve together; NULL if each does by itself
 * @group_cpus: how many are in one
 * @done: the word that hardware stores a sync's sequence number to, or with
 *	invq_ops.head whoever finds that the sync was passed; all slots before
 *	that number are free again
 * @sync_cmd: a sync, but for its number
 * @sync_mask: what of a number goes into the upper half of a sync; nothing with
 *	invq_ops.head
 * @quirks: of enum invq_quirk; as good as constant
 * @mask: number of slots, a power of two, minus 1
 * @timeout_us: how long a wait may take before the queue's state is reported
 * @kill_timeouts: after how many of these, in which hardware has not moved, its
 *	unit is given up
 * @life: enum invq_life; changed under @claim, and only forward
 * @reserved: sequence number of the next slot to reserve
 * @published: all slots before this number have been seen to be complete, and
 *	hardware has been told of them; changed under @claim, like @synced
 * @synced: sequence number of the newest sync; a wait below it needs no other
 * @redone: number of the slot of the newest &invq_error.now of INVQ_FAULT_ABORTED; under
 *	@claim, like the next
 * @redone_synced: @synced then
 * @claim: 1 while a CPU, with interrupts off, rings the doorbell. Serialises
 *	doorbells, so that the tail never goes back, and protects what is on its
 *	line: only its holders write there, and those who wait hardly read
 * @told: the newest @life that was logged
 * @looked_ns: when the queue was last looked at; belongs to the holder of @claim,
 *	like those that follow
 * @stuck_ns: for how long, while it was looked at, hardware has not moved
 * @stuck_done: the done word then
 * @stuck_slot: the slot that it stood at
 * @stats: counters
 *
 * Sequence numbers are 32 bits and wrap; they are compared by difference.
 */
struct invq {
	const struct invq_ops *ops;
	const char *name;
	struct invq_cmd *slots;
	__le32 *done;
	u32 *marks;
	struct invq_cpu __percpu *cpus;
	struct invq_group *groups;
	unsigned int group_cpus;
	struct invq_cmd sync_cmd;
	u64 sync_mask;
	u32 quirks;
	u32 mask;
	u32 timeout_us;
	u32 kill_timeouts;
	u32 life;
	atomic_t reserved ____cacheline_aligned_in_smp;
	atomic_t claim ____cacheline_aligned_in_smp;
	u32 published;
	u32 synced;
	u32 redone;
	u32 redone_synced;
	struct invq_stats stats;
	atomic_t told;
	u64 looked_ns;
	u64 stuck_ns;
	u32 stuck_done;
	u32 stuck_slot;
};

/**
 * invq_newest() - the number of the newest slot that was reserved, and one more
 * @q: the queue
 *
 * For who waits for all that was submitted so far, by whomever.
 *
 * Context: any context.
 * Return: what to give to invq_wait().
 */
static inline u32 invq_newest(const struct invq *q)
{
	return atomic_read(&q->reserved);
}

/**
 * invq_commands() - how many commands have been issued, with what quirks add
 * @q: the queue
 *
 * Context: any context.
 * Return: the number, without syncs.
 */
static inline unsigned long invq_commands(const struct invq *q)
{
	return READ_ONCE(q->stats.slots) - READ_ONCE(q->stats.syncs);
}

/**
 * invq_doorbells() - how often hardware was made to look at the queue
 * @q: the queue
 *
 * Context: any context.
 * Return: the number of writes to its register.
 */
static inline unsigned long invq_doorbells(const struct invq *q)
{
	return READ_ONCE(q->stats.syncs) + READ_ONCE(q->stats.rings);
}

/**
 * invq_riders() - how many waits somebody else's sync has covered
 * @q: the queue
 *
 * Context: any context.
 * Return: the number, of all CPUs.
 */
static inline unsigned long invq_riders(const struct invq *q)
{
	unsigned long riders = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		riders += READ_ONCE(per_cpu_ptr(q->cpus, cpu)->riders);
	return riders;
}

/**
 * invq_room() - how many commands there is room for once all before are done
 * @q: the queue
 *
 * With what quirks add, whatever kinds the commands are of; so whoever does not wait
 * with more, but posts again what found no room, comes to an end.
 *
 * Context: any context.
 * Return: the number, at least 1.
 */
static inline unsigned int invq_room(const struct invq *q)
{
	unsigned int parts = q->quirks & INVQ_TWICE ? 8 : q->quirks ? 4 : 2;

	return (q->mask + 1) / parts;
}

int invq_init(struct invq *q, const struct invq_ops *ops, const char *name,
	      struct invq_cmd *slots, __le32 *done, u8 size_lg2);
void invq_exit(struct invq *q);
void invq_restart(struct invq *q);
int invq_set_groups(struct invq *q, unsigned int cpus);
int invq_set_quirks(struct invq *q, u32 quirks);
u32 invq_submit(struct invq *q, const struct invq_cmd *cmds, unsigned int n);
bool invq_post(struct invq *q, const struct invq_cmd *cmds, unsigned int n,
	       u32 *seq);
void invq_wait(struct invq *q, u32 seq);
bool invq_wait_bounded(struct invq *q, u32 seq, u64 limit_ns);
bool invq_finished(struct invq *q, u32 seq);
void invq_submit_wait(struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n);
u32 invq_head_number(const struct invq *q, u32 slot);
bool invq_beyond_sync(const struct invq *q, u32 slot);
void invq_show(struct seq_file *m, struct invq *q);

#endif /* _LINUX_IOFLUSH_INVQ_H */
