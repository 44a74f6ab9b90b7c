/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the invalidation queue share
 */
#ifndef _IOFLUSH_INVQ_INTERNAL_H
#define _IOFLUSH_INVQ_INTERNAL_H

#include <linux/cache.h>
#include <linux/container_of.h>
#include <linux/ioflush/invq.h>

/* A wait looks for an error after this long, and again as often. */
#define INVQ_LOOK_NS		(1 * NSEC_PER_MSEC)

/*
 * Slots that a reservation leaves free. One is never used, since hardware reads
 * head == tail as empty, and is the 1 in the mask; commands leave another for
 * the sync that will make room again.
 */
#define INVQ_SPARE_SYNC		0
#define INVQ_SPARE_CMDS		1

/* CPUs that reserve together; no more of them, no groups */
#define INVQ_GROUP		16

/**
 * struct invq_late - what makes a queue's syncs take longer
 * @ops: the queue's functions meanwhile
 * @ops_below: the encoder's
 * @done_below: the done word that hardware stores to, unless it has a head
 * @ns: how much longer
 * @looks_max: how many looks after a doorbell are in any case enough
 * @looks: so many there have been since the newest sync
 * @due_ns: when that one may be seen to be finished
 * @done: the queue's done word meanwhile
 */
struct invq_late {
	struct invq_ops ops;
	const struct invq_ops *ops_below;
	__le32 *done_below;
	u64 ns;
	u64 looks_max;
	u64 looks;
	u64 due_ns;
	__le32 done ____cacheline_aligned_in_smp;
};

/* Of a queue that is late */
static inline struct invq_late *invq_late(const struct invq *q)
{
	return container_of(q->ops, struct invq_late, ops);
}

/* group.c */
bool invq_reserve_together(struct invq *q, unsigned int n, u32 *start);

/* invq.c */
u32 invq_submit_one(struct invq *q, const struct invq_cmd *cmds,
		    unsigned int n);
void invq_issue(struct invq *q, u32 at);
void invq_issue_behind(struct invq *q, u32 start, const struct invq_cmd *cmds,
		       unsigned int n);

/* late.c */
int invq_make_late(struct invq *q, u64 ns);
int invq_late_init(struct invq *q);
void invq_late_restart(struct invq *q, u32 newest);
void invq_late_exit(struct invq *q);

/* quirk.c */
bool invq_quirk_plain(const struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n);
unsigned int invq_quirk_slots(const struct invq *q, const struct invq_cmd *cmds,
			      unsigned int n);
void invq_quirk_fill(struct invq *q, u32 start, const struct invq_cmd *cmds,
		     unsigned int n);
u32 invq_quirk_submit(struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n);

/* recover.c */
void invq_look(struct invq *q, u32 seq, u64 waited_ns, u64 *reported_ns);

static inline u32 invq_index(const struct invq *q, u32 seq)
{
	return seq & q->mask;
}

static inline u32 invq_done(const struct invq *q)
{
	return le32_to_cpu(READ_ONCE(*q->done));
}

/*
 * Step 1, where all slots before @done are free. The room seen free stays free: only
 * a reservation takes it away. The cmpxchg orders nothing. Slots are written after
 * the look at the done word because of the branch between the two, and what was
 * stored before is in memory before them because of step 3.
 */
static __always_inline bool invq_reserve_since(struct invq *q, u32 done,
					       unsigned int n,
					       unsigned int spare, u32 *start)
{
	int old = atomic_read(&q->reserved);

	do {
		if (unlikely((u32)old - done + n + spare > q->mask))
			return false;
	} while (!atomic_try_cmpxchg_relaxed(&q->reserved, &old,
					     (u32)old + n));

	*start = old;
	return true;
}

static __always_inline bool invq_reserve(struct invq *q, unsigned int n,
					 unsigned int spare, u32 *start)
{
	return invq_reserve_since(q, invq_done(q), n, spare, start);
}

/* A sync as hardware takes it; invq_ops.sync says where the number goes. */
static __always_inline void invq_write_sync(const struct invq *q,
					    struct invq_cmd *cmd, u32 seq)
{
	u64 number = (u64)seq << 32 & q->sync_mask;

	cmd->u64s[0] = q->sync_cmd.u64s[0] | cpu_to_le64(number);
	cmd->u64s[1] = q->sync_cmd.u64s[1];
}

static inline bool invq_passed(const struct invq *q, u32 seq)
{
	return (s32)(invq_done(q) - seq) >= 0;
}

static inline bool invq_sync_in_flight(const struct invq *q)
{
	return !invq_passed(q, READ_ONCE(q->synced));
}

/*
 * Taken with interrupts off. Acquire and release carry @synced, the counters
 * and the tail of the doorbell from one holder to the next.
 */
static __always_inline bool invq_try_claim(struct invq *q)
{
	return !atomic_read(&q->claim) && !atomic_xchg_acquire(&q->claim, 1);
}

static __always_inline void invq_unclaim(struct invq *q)
{
	atomic_set_release(&q->claim, 0);
}

#endif /* _IOFLUSH_INVQ_INTERNAL_H */
