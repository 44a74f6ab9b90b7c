/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: one invalidation queue for every IOMMU
 *
 * A queue is a ring of fixed-size slots in memory that hardware consumes in
 * order. Producers reserve slots without a lock, publish them in the order of
 * reservation, and wait together: one of the waiters issues the sync command
 * that covers every slot published before it, the others ride on it.
 */
#ifndef _LINUX_IOFLUSH_INVQ_H
#define _LINUX_IOFLUSH_INVQ_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/types.h>

struct invq;

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
 * struct invq_ops - the encoder for one kind of queue
 * @sync: write a command that, after all before it have finished, stores
 *	@seq to the queue's done word
 * @doorbell: tell hardware that slots up to index @tail (exclusive) are valid
 * @recover: called when a wait takes long; looks for an error, and if there
 *	is one replaces the command at fault and makes the queue go on.
 *	Returns true if it changed something. Called by one CPU at a time, with
 *	no lock held, so it may be slow.
 * @dump: print the hardware's view of the queue
 */
struct invq_ops {
	void (*sync)(struct invq *q, struct invq_cmd *cmd, u32 seq);
	void (*doorbell)(struct invq *q, u32 tail);
	bool (*recover)(struct invq *q);
	void (*dump)(struct invq *q);
};

/**
 * struct invq_stats - what a queue has done since it was made
 * @commands: commands without syncs
 * @syncs: sync commands, each with one doorbell
 * @riders: waits that were covered by somebody else's sync
 * @full: reservations that found no room
 * @timeouts: waits that ran into the time-out
 * @errors: commands that hardware rejected and that were skipped
 */
struct invq_stats {
	atomic_long_t commands;
	atomic_long_t syncs;
	atomic_long_t riders;
	atomic_long_t full;
	atomic_long_t timeouts;
	atomic_long_t errors;
};

/**
 * struct invq - one invalidation queue
 * @ops: the encoder
 * @name: for messages
 * @slots: the ring, 2^@size_lg2 slots
 * @done: the word that hardware stores a sync's sequence number to; all slots
 *	before that number are free again
 * @size_lg2: log2 of the number of slots
 * @timeout_us: how long a wait may take before the queue's state is reported
 * @reserved: sequence number of the next slot to reserve
 * @published: all slots before this number hold complete commands
 * @synced: sequence number of the newest sync; a wait below it needs no other
 * @claim: 1 while a CPU, with interrupts off, is issuing a sync. Serialises
 *	doorbells, so that the tail never goes back, and protects @synced
 * @recovering: 1 while a CPU is in @ops->recover
 * @stats: counters, approximate only in that they are read one by one
 *
 * Sequence numbers are 32 bits and wrap; they are compared by difference.
 */
struct invq {
	const struct invq_ops *ops;
	const char *name;
	struct invq_cmd *slots;
	__le32 *done;
	u8 size_lg2;
	u32 timeout_us;
	atomic_t reserved ____cacheline_aligned_in_smp;
	u32 published ____cacheline_aligned_in_smp;
	u32 synced;
	atomic_t claim;
	atomic_t recovering;
	struct invq_stats stats ____cacheline_aligned_in_smp;
};

int invq_init(struct invq *q, const struct invq_ops *ops, const char *name,
	      struct invq_cmd *slots, __le32 *done, u8 size_lg2);
u32 invq_submit(struct invq *q, const struct invq_cmd *cmds, unsigned int n);
void invq_wait(struct invq *q, u32 seq);
void invq_submit_wait(struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n);

#endif /* _LINUX_IOFLUSH_INVQ_H */
