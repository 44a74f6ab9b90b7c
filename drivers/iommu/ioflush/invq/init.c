// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an invalidation queue's beginning and end
 */
#include <linux/bits.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "internal.h"

#define INVQ_TIMEOUT_US		(1 * USEC_PER_SEC)

/**
 * invq_init() - set up a queue's software state
 * @q: the queue
 * @ops: its encoder
 * @name: for messages; stays with the caller
 * @slots: 2^@size_lg2 slots that hardware reads
 * @done: the word that sequence numbers are stored to, by hardware unless there
 *	is invq_ops.head
 * @size_lg2: log2 of the number of slots, 2 to 16
 *
 * Hardware starts at slot 0. Sequence numbers start shortly before they wrap,
 * so that a mistake in comparing them shows at once.
 *
 * Context: process context, before the queue is used.
 * Return: 0, -EINVAL for a size out of range, or -ENOMEM.
 */
int invq_init(struct invq *q, const struct invq_ops *ops, const char *name,
	      struct invq_cmd *slots, __le32 *done, u8 size_lg2)
{
	u32 first;

	if (size_lg2 < 2 || size_lg2 > 16)
		return -EINVAL;

	first = -(4U << size_lg2);
	memset(q, 0, sizeof(*q));
	/* All zero: a number that is due only after some laps, with other marks. */
	q->marks = kvcalloc(1UL << size_lg2, sizeof(*q->marks), GFP_KERNEL);
	q->cpus = alloc_percpu(struct invq_cpu);
	if (!q->marks || !q->cpus)
		goto no_mem;
	if (nr_cpu_ids > INVQ_GROUP && invq_set_groups(q, INVQ_GROUP))
		goto no_mem;
	q->ops = ops;
	q->name = name;
	q->slots = slots;
	q->done = done;
	q->mask = (1U << size_lg2) - 1;
	q->timeout_us = INVQ_TIMEOUT_US;
	q->kill_timeouts = INVQ_KILL_TIMEOUTS;
	WRITE_ONCE(*done, cpu_to_le32(first));
	atomic_set(&q->reserved, first);
	q->published = first;
	q->synced = first;
	q->redone_synced = first - 1;
	q->sync_mask = ops->head ? 0 : GENMASK_ULL(63, 32);
	ops->sync(q, &q->sync_cmd);
	if (!invq_late_init(q))
		return 0;

no_mem:
	invq_exit(q);
	return -ENOMEM;
}

/**
 * invq_exit() - free what invq_init() has allocated
 * @q: a queue that nobody uses any more, or one that is all zero
 *
 * The slots and the done word are the caller's.
 *
 * Context: process context.
 */
void invq_exit(struct invq *q)
{
	invq_late_exit(q);
	kvfree(q->groups);
	free_percpu(q->cpus);
	kvfree(q->marks);
	q->groups = NULL;
	q->cpus = NULL;
	q->marks = NULL;
}

/**
 * invq_restart() - the unit begins anew with an empty queue
 * @q: a queue that nobody uses now and all of which has been waited for
 *
 * Its hardware was off, and has been reset if it had died.
 *
 * Context: process context, or any while only one CPU runs.
 */
void invq_restart(struct invq *q)
{
	u32 newest = invq_newest(q);

	WRITE_ONCE(*q->done, cpu_to_le32(newest));
	invq_late_restart(q, newest);
	q->published = newest;
	q->synced = newest;
	q->life = INVQ_ALIVE;
	atomic_set(&q->told, INVQ_ALIVE);
	q->stuck_ns = 0;
}
