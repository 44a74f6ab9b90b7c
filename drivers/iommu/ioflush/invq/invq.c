// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: one invalidation queue for every IOMMU
 *
 * A producer goes through four steps, the first three with interrupts off, so
 * that nobody ever waits for a producer that is not running:
 *
 *  1. reserve slots by moving @reserved forward with cmpxchg;
 *  2. write the commands;
 *  3. publish: wait until @published has come to the first of these slots,
 *     that is until all earlier producers are done with step 2, and move it
 *     behind the last;
 *  4. wait, with interrupts as the caller had them, until @done has passed.
 *
 * A sync command takes the same way, but only the holder of @claim issues one,
 * and only while no other is in flight. Whoever finds one in flight publishes
 * its commands and polls: the next sync covers all of them, so that with many
 * CPUs there is less than one sync, and less than one doorbell, per caller. A
 * caller waits at most for the sync in flight and the one after it.
 *
 * invq_post() has hardware begin even if nobody waits. Where a sync is in flight
 * it rings the doorbell without one: hardware then knows of commands behind the
 * newest sync, and whoever waits for them issues a sync as for any others.
 *
 * Nobody owns a wait: the done word counts up, all poll it, and the first to
 * see that a sync has finished may issue the next. A waiter that is preempted
 * or interrupted therefore holds up nobody.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bits.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/processor.h>
#include <linux/timekeeping.h>

#include "internal.h"

#define INVQ_KILL_TIMEOUTS	10

/* A wait looks at the clock each time it has polled this often. */
#define INVQ_POLLS_PER_LOOK	256
#define INVQ_TIMEOUT_US		(1 * USEC_PER_SEC)

/*
 * Slots that a reservation leaves free. One is never used, since hardware reads
 * head == tail as empty, and is the 1 in the mask; commands leave another for
 * the sync that will make room again.
 */
#define INVQ_SPARE_SYNC		0
#define INVQ_SPARE_CMDS		1

/*
 * Step 1. The room seen free stays free: only a reservation takes it away. The
 * cmpxchg orders nothing. Slots are written after the look at the done word
 * because of the branch between the two, and what was stored before is in
 * memory before them because of step 3.
 */
static __always_inline bool invq_reserve(struct invq *q, unsigned int n,
					 unsigned int spare, u32 *start)
{
	int old = atomic_read(&q->reserved);

	do {
		u32 used = (u32)old - invq_done(q);

		if (unlikely(used + n + spare > q->mask))
			return false;
	} while (!atomic_try_cmpxchg_relaxed(&q->reserved, &old,
					     (u32)old + n));

	*start = old;
	return true;
}

/* Step 2 */
static __always_inline void invq_fill(struct invq *q, u32 start,
				      const struct invq_cmd *cmds,
				      unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		q->slots[invq_index(q, start + i)] = cmds[i];
}

/* How many slots they need; those of a quirk are more. */
static __always_inline unsigned int invq_slots(const struct invq *q,
					       const struct invq_cmd *cmds,
					       unsigned int n)
{
	return likely(!q->quirks) ? n : invq_quirk_slots(q, cmds, n);
}

/* Step 2 where no sync follows at once */
static __always_inline void invq_fill_fenced(struct invq *q, u32 start,
					     const struct invq_cmd *cmds,
					     unsigned int n)
{
	if (likely(!q->quirks))
		invq_fill(q, start, cmds, n);
	else
		invq_quirk_fill(q, start, cmds, n);
}

/* Step 2 for a sync */
static __always_inline void invq_fill_sync(struct invq *q, u32 seq)
{
	invq_write_sync(q, &q->slots[invq_index(q, seq - 1)], seq);
}

/*
 * Step 3. The acquire pairs with the release of the producer before: who sees
 * its turn sees the commands of all before it, and hands them on by its own
 * release to the one that rings the doorbell.
 */
static __always_inline void invq_publish(struct invq *q, u32 start,
					 unsigned int n)
{
	smp_cond_load_acquire(&q->published, VAL == start);
	/* Pairs with the acquire above, of the producer after. */
	smp_store_release(&q->published, start + n);
}

/*
 * Steps 2 and 3 of @n commands and the sync behind them, and the doorbell. Its
 * register write is ordered after the slots by writel() and its kin. @claim is
 * held.
 */
static __always_inline void __invq_issue(struct invq *q, u32 start,
					 const struct invq_cmd *cmds,
					 unsigned int n)
{
	u32 seq = start + n + 1;

	invq_fill(q, start, cmds, n);
	invq_fill_sync(q, seq);
	invq_publish(q, start, n + 1);
	q->stats.commands += seq - 1 - q->synced;
	q->stats.syncs++;
	q->stats.doorbells++;
	WRITE_ONCE(q->synced, seq);
	q->ops->doorbell(q, seq);
}

/**
 * invq_issue() - issue commands with a sync behind them
 * @q: the queue
 * @start: the first of @n + 1 slots that are the caller's
 * @cmds: @n commands
 * @n: how many
 *
 * Context: holder of the claim, interrupts off.
 */
void invq_issue(struct invq *q, u32 start, const struct invq_cmd *cmds,
		unsigned int n)
{
	__invq_issue(q, start, cmds, n);
}

/*
 * Issue @n commands and the sync that covers them and all published before,
 * unless a sync is in flight or being issued. Interrupts are off.
 */
static __always_inline bool invq_try_sync(struct invq *q,
					  const struct invq_cmd *cmds,
					  unsigned int n, u32 *seq)
{
	bool issued;
	u32 start;

	if (invq_sync_in_flight(q))
		return false;
	if (unlikely(q->quirks) && !invq_quirk_plain(q, cmds, n))
		return false;
	if (!invq_try_claim(q))
		return false;

	/* Somebody may have issued one between the look and the claim. */
	issued = !invq_sync_in_flight(q) &&
		 invq_reserve(q, n + 1, INVQ_SPARE_SYNC, &start);
	if (likely(issued)) {
		__invq_issue(q, start, cmds, n);
		*seq = start + n + 1;
	}
	invq_unclaim(q);
	return issued;
}

/*
 * Is another sync needed for @seq? Of one look at the done word: between two the
 * sync in flight may finish that covers @seq.
 */
static bool invq_wants_sync(const struct invq *q, u32 seq)
{
	u32 done = invq_done(q);

	return (s32)(done - seq) < 0 &&
	       (s32)(done - READ_ONCE(q->synced)) >= 0;
}

static bool invq_sync_now(struct invq *q, u32 seq)
{
	unsigned long flags;
	bool issued = false;
	u32 start;

	local_irq_save(flags);
	if (invq_try_claim(q)) {
		/* Somebody may have issued one between the look and the claim. */
		issued = invq_wants_sync(q, seq) &&
			 invq_reserve(q, 1, INVQ_SPARE_SYNC, &start);
		if (issued)
			__invq_issue(q, start, NULL, 0);
		invq_unclaim(q);
	}
	local_irq_restore(flags);
	return issued;
}

/* Forward only. Full barriers: what was passed is before the store. */
static void invq_move_done(struct invq *q, u32 old, u32 seq)
{
	while ((s32)(seq - old) > 0) {
		u32 seen = le32_to_cpu(cmpxchg(q->done, cpu_to_le32(old),
					       cpu_to_le32(seq)));

		if (seen == old)
			break;
		old = seen;
	}
}

/*
 * On a queue without a done word in hardware, see if the newest sync has been
 * passed, and store that. The number is read before the register: of a head that
 * was read long before, nobody could tell how often it has wrapped since.
 */
static void invq_read_head(struct invq *q)
{
	u32 old = invq_done(q), synced = READ_ONCE(q->synced);
	u32 span = 2 * q->mask + 1;

	/* Memory before a register; no other barrier orders these on arm64. */
	rmb();
	if (((q->ops->head(q) - synced) & span) > q->mask)
		return;
	invq_move_done(q, old, synced);
}

/*
 * On the queue of a unit that blocks all DMA everything is done that was ever
 * published. Hardware may still store an old number; then the next one to look
 * moves the word forward again.
 */
static void invq_dead_done(struct invq *q)
{
	u32 old = invq_done(q);

	/* Pairs with invq_publish(): so no slot is reused before it is written. */
	invq_move_done(q, old, smp_load_acquire(&q->published));
}

static bool invq_has_passed(struct invq *q, u32 seq)
{
	if (invq_passed(q, seq))
		return true;
	/* Pairs with the release in invq_end(). */
	if (unlikely(smp_load_acquire(&q->life) == INVQ_DEAD))
		invq_dead_done(q);
	else if (q->ops->head)
		invq_read_head(q);
	return invq_passed(q, seq);
}

/*
 * Step 4. Returns whether this caller issued a sync itself. May return early when
 * it has taken @limit_ns.
 */
static noinline bool invq_poll_slow(struct invq *q, u32 seq, u64 limit_ns)
{
	u64 start_ns = 0, looked_ns = 0, reported_ns = 0, waited_ns;
	unsigned int polls = 0;
	bool issued = false;

	while (!invq_has_passed(q, seq)) {
		if (invq_wants_sync(q, seq) && invq_sync_now(q, seq)) {
			issued = true;
			continue;
		}
		cpu_relax();
		if (++polls % INVQ_POLLS_PER_LOOK)
			continue;
		if (!start_ns)
			start_ns = ktime_get_mono_fast_ns();
		waited_ns = ktime_get_mono_fast_ns() - start_ns;
		if (waited_ns >= limit_ns)
			break;
		if (waited_ns - looked_ns < INVQ_LOOK_NS)
			continue;
		looked_ns = waited_ns;
		invq_look(q, seq, waited_ns, &reported_ns);
	}
	return issued;
}

static __always_inline bool invq_poll(struct invq *q, u32 seq)
{
	bool issued = false;

	if (!invq_passed(q, seq))
		issued = invq_poll_slow(q, seq, U64_MAX);
	/*
	 * The caller goes on to look at and reuse what the commands were about.
	 * Orders that after the read of the done word; pairs with hardware,
	 * which stores the word when the commands before have taken effect.
	 */
	smp_acquire__after_ctrl_dep();
	return issued;
}

/**
 * invq_wait() - wait until all slots before a sequence number have been done
 * @q: the queue
 * @seq: as returned by invq_submit()
 *
 * Issues a sync where none that covers @seq has been issued. A queue that
 * does not answer is reported and its error, if it shows one, recovered from;
 * the wait goes on until hardware has confirmed, or has been shown to block all
 * DMA. That may take seconds: a hard interrupt uses invq_wait_bounded().
 *
 * Context: any context; interrupts stay as they are. The caller should hold
 * no lock.
 */
void invq_wait(struct invq *q, u32 seq)
{
	if (!invq_poll(q, seq))
		atomic_long_inc(&q->stats.riders);
}

/**
 * invq_wait_bounded() - wait, but not for long
 * @q: the queue
 * @seq: as returned by invq_submit() or invq_post()
 * @limit_ns: about how long
 *
 * For a hard interrupt, where nothing else on the CPU goes on meanwhile. What has
 * been queued stays so. If the wait is not over, nothing that the commands are
 * about may be reused: leave that to a bottom half or a work item, which calls
 * invq_wait() with the same number, or wait for a later number of the same queue.
 * A queue that is in trouble is recovered here as by any wait, one look a
 * millisecond, so a limit of less only polls.
 *
 * Context: any context; interrupts stay as they are.
 * Return: whether all before @seq has been done.
 */
bool invq_wait_bounded(struct invq *q, u32 seq, u64 limit_ns)
{
	bool issued = false;

	if (!invq_passed(q, seq))
		issued = invq_poll_slow(q, seq, limit_ns);
	if (!invq_passed(q, seq))
		return false;
	/* As at the end of invq_poll(). */
	smp_acquire__after_ctrl_dep();
	if (!issued)
		atomic_long_inc(&q->stats.riders);
	return true;
}

/**
 * invq_finished() - have all slots before a sequence number been done?
 * @q: the queue
 * @seq: as returned by invq_submit()
 *
 * One look, for who has no time to wait: issues a sync where none that covers
 * @seq has been issued.
 *
 * Context: any context.
 * Return: whether they have.
 */
bool invq_finished(struct invq *q, u32 seq)
{
	if (!invq_has_passed(q, seq)) {
		if (invq_wants_sync(q, seq))
			invq_sync_now(q, seq);
		return false;
	}
	/* As at the end of a wait. */
	smp_acquire__after_ctrl_dep();
	return true;
}

/*
 * No room: everything published so far has to be done first. Waits as all do,
 * with nothing reserved, no lock, and interrupts as the caller had them.
 */
static noinline void invq_make_room(struct invq *q)
{
	invq_poll(q, READ_ONCE(q->published));
	/* What others have reserved and not yet published takes room, too. */
	cpu_relax();
}

static __always_inline u32 __invq_submit(struct invq *q,
					 const struct invq_cmd *cmds,
					 unsigned int n)
{
	unsigned int slots = invq_slots(q, cmds, n);
	unsigned long flags;
	bool full = false;
	u32 start;

	for (;;) {
		local_irq_save(flags);
		if (likely(invq_reserve(q, slots, INVQ_SPARE_CMDS, &start)))
			break;
		local_irq_restore(flags);
		invq_make_room(q);
		full = true;
	}
	invq_fill_fenced(q, start, cmds, n);
	invq_publish(q, start, slots);
	local_irq_restore(flags);
	if (unlikely(full))
		atomic_long_inc(&q->stats.full);
	return start + slots;
}

/**
 * invq_submit_one() - queue commands of a queue with quirks
 * @q: the queue
 * @cmds: @n commands
 * @n: how many; at most an eighth of the queue
 *
 * Context: any context.
 * Return: what to give to invq_wait().
 */
u32 invq_submit_one(struct invq *q, const struct invq_cmd *cmds,
		    unsigned int n)
{
	return __invq_submit(q, cmds, n);
}

/**
 * invq_submit() - queue commands without waiting for them
 * @q: the queue
 * @cmds: @n commands as the encoder wrote them
 * @n: how many; at most half of the queue
 *
 * The commands are executed at the latest when somebody waits for them or for
 * a later one. Waits itself only if the queue is full.
 *
 * Context: any context.
 * Return: what to give to invq_wait().
 */
u32 invq_submit(struct invq *q, const struct invq_cmd *cmds, unsigned int n)
{
	if (unlikely(q->quirks))
		return invq_quirk_submit(q, cmds, n);
	return __invq_submit(q, cmds, n);
}

/* Claim held: has hardware been told of all before @seq? */
static bool invq_is_rung(const struct invq *q, u32 seq)
{
	return (s32)(q->synced - seq) >= 0 || (s32)(q->rung - seq) >= 0;
}

/*
 * Tell hardware of all up to @seq, which is published, with a sync if none is
 * in flight: commands leave a slot for that. Interrupts are off, as they are for
 * all who hold the claim or have reserved and not published, so none of the
 * waits is for anybody who does not run. Of many who come at once one rings for
 * all: the others need not get the claim.
 */
static void invq_ring(struct invq *q, u32 seq)
{
	u32 start;

	while (!invq_try_claim(q)) {
		if ((s32)(READ_ONCE(q->rung) - seq) >= 0)
			return;
		cpu_relax();
	}
	if (invq_is_rung(q, seq)) {
		/* By whoever had the claim before. */
	} else if (!invq_sync_in_flight(q) &&
		   invq_reserve(q, 1, INVQ_SPARE_SYNC, &start)) {
		__invq_issue(q, start, NULL, 0);
	} else {
		/* Pairs with the release in invq_publish(): complete slots. */
		seq = smp_load_acquire(&q->published);
		q->ops->doorbell(q, seq);
		q->stats.doorbells++;
		WRITE_ONCE(q->rung, seq);
	}
	invq_unclaim(q);
}

/**
 * invq_post() - queue commands and have hardware begin with them
 * @q: the queue
 * @cmds: @n commands as the encoder wrote them
 * @n: how many; at most half of the queue
 * @seq: receives what to give to invq_wait()
 *
 * Hardware executes the commands even if nobody ever waits. That they have been
 * executed only a wait tells. One step, which nothing else on this CPU comes
 * between; it waits for other CPUs that are in such a step, never for hardware.
 *
 * Context: any context, interrupts off.
 * Return: false, with nothing queued, if there is no room.
 */
bool invq_post(struct invq *q, const struct invq_cmd *cmds, unsigned int n,
	       u32 *seq)
{
	unsigned int slots = invq_slots(q, cmds, n);
	bool room;
	u32 start;

	lockdep_assert_irqs_disabled();

	if (likely(invq_try_sync(q, cmds, n, seq)))
		return true;
	room = invq_reserve(q, slots, INVQ_SPARE_CMDS, &start);
	if (!room) {
		/* If nobody waits nobody has looked. */
		invq_has_passed(q, READ_ONCE(q->published));
		room = invq_reserve(q, slots, INVQ_SPARE_CMDS, &start);
	}
	if (!room) {
		atomic_long_inc(&q->stats.full);
		/* Without one there would be none later, if nobody waits. */
		if (invq_wants_sync(q, READ_ONCE(q->published)))
			invq_sync_now(q, READ_ONCE(q->published));
		return false;
	}
	invq_fill_fenced(q, start, cmds, n);
	invq_publish(q, start, slots);
	*seq = start + slots;
	invq_ring(q, *seq);
	return true;
}

/**
 * invq_submit_wait() - queue commands and wait until they have been done
 * @q: the queue
 * @cmds: @n commands as the encoder wrote them
 * @n: how many; at most half of the queue
 *
 * On a queue that nobody else uses: one reservation, one doorbell, one sync.
 *
 * Context: any context; interrupts stay as they are while it waits. The
 * caller should hold no lock.
 */
void invq_submit_wait(struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n)
{
	unsigned long flags;
	bool issued;
	u32 seq = 0;

	local_irq_save(flags);
	issued = invq_try_sync(q, cmds, n, &seq);
	local_irq_restore(flags);
	if (likely(issued))
		invq_poll(q, seq);
	else
		invq_wait(q, invq_submit(q, cmds, n));
}

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
 * Return: 0, or -EINVAL for a size out of range.
 */
int invq_init(struct invq *q, const struct invq_ops *ops, const char *name,
	      struct invq_cmd *slots, __le32 *done, u8 size_lg2)
{
	u32 first;

	if (size_lg2 < 2 || size_lg2 > 16)
		return -EINVAL;

	first = -(4U << size_lg2);
	memset(q, 0, sizeof(*q));
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
	q->rung = first;
	q->sync_mask = ops->head ? 0 : GENMASK_ULL(63, 32);
	ops->sync(q, &q->sync_cmd);
	return 0;
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
	WRITE_ONCE(*q->done, cpu_to_le32(q->published));
	q->synced = q->published;
	q->rung = q->published;
	q->life = INVQ_ALIVE;
	atomic_set(&q->told, INVQ_ALIVE);
	q->stuck_ns = 0;
}
