// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what is done about an invalidation queue that does not answer
 *
 * To take a translation for dead that is not would hand its memory to the next
 * user. So a command that hardware refuses is not dropped: another takes its
 * slot, which invalidates more. And a wait never just gives up. It ends when
 * hardware has confirmed, or when the unit has been shown to block all DMA.
 *
 * Whoever waits looks. A look is one step under the claim, with interrupts off,
 * that waits for nothing. What there is to say is said afterwards, with nothing
 * held: printing may take long, be interrupted by others that wait for the same
 * queue, or, over a network, be one of them itself.
 *
 * While a sync is in flight no other is issued, and hardware that has an error
 * does not finish the one in flight. So the head stands still for whoever
 * recovers, and so do the slots from there to the tail, even if a doorbell moves
 * that one on: they are free only when a sync behind them has finished.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/processor.h>
#include <linux/timekeeping.h>

#include "internal.h"

/* With the claim: is it the newest sync, by which waits end, that is in a slot? */
static bool invq_is_newest_sync(const struct invq *q, u32 slot)
{
	return slot == invq_index(q, q->synced - 1);
}

/*
 * The slot belongs to hardware until a sync behind it has finished: nobody
 * else writes it. The register write in @resume orders it before the fetch.
 */
static void invq_replace(struct invq *q, struct invq_error *err)
{
	struct invq_cmd *slot = &q->slots[err->slot];

	err->bad = *slot;
	err->now = (struct invq_cmd) {};
	if (err->fault == INVQ_FAULT_DEVICE)
		q->ops->block(q, err);
	else if (invq_is_newest_sync(q, err->slot))
		invq_write_sync(q, &err->now, q->synced);
	else
		q->ops->substitute(q, &err->bad, &err->now);
	*slot = err->now;
	if (err->fault == INVQ_FAULT_COMMAND)
		atomic_long_inc(&q->stats.refused);
}

/*
 * Without a look for room: hardware has consumed all up to the lost sync, or to the
 * one that was replaced, and what was reserved since has found room behind it. So
 * there is a slot free in fact even if the done word, which stands still, does not
 * show it.
 */
static void invq_reissue(struct invq *q)
{
	invq_issue(q, atomic_fetch_add(1, &q->reserved));
}

/*
 * Two commands and a sync behind them, before hardware fetches anything more. A sync
 * that it has not fetched may not end a wait before them, so they begin in its place.
 *
 * There is room in fact. Where this begins hardware has consumed at least two commands
 * behind the last sync that was over, and the newest sync too if that is lost; a
 * reservation leaves one slot free. Where it is done again before a sync is over, no
 * more slots are taken than hardware has consumed of the ones taken before.
 */
static void invq_redo(struct invq *q, struct invq_error *err)
{
	const u32 head = invq_head_number(q, err->slot);
	const struct invq_cmd cmds[] = { err->now, err->then };
	bool again = q->redone_synced == q->synced;
	unsigned int old = 0;
	u32 start;

	/* What was put there before is still to come. */
	if (again && (s32)(q->redone - head) >= 0)
		return;
	if ((s32)(q->synced - head) > 0)
		old = again && (s32)(q->synced - head) > 1 ? 2 : 1;
	for (unsigned int i = 0; i < old; i++)
		q->slots[invq_index(q, q->synced - old + i)] = cmds[i];

	start = atomic_fetch_add(3 - old, &q->reserved);
	q->redone = old ? q->synced - old : start;
	invq_issue_behind(q, start, &cmds[old], 2 - old);
	q->redone_synced = q->synced;
}

static void invq_recover(struct invq *q, struct invq_error *err)
{
	if (err->fault == INVQ_FAULT_ABORTED) {
		q->ops->block(q, err);
		invq_redo(q, err);
	}
	if (err->fault == INVQ_FAULT_COMMAND || err->fault == INVQ_FAULT_DEVICE)
		invq_replace(q, err);
	/*
	 * Before hardware goes on: where the head is polled, to pass this slot
	 * would be taken for the sync that no longer is there. Pairs with the
	 * second look in invq_read_head().
	 */
	if (err->fault == INVQ_FAULT_DEVICE && invq_is_newest_sync(q, err->slot))
		invq_reissue(q);
	q->ops->resume(q, err->fault);
	q->stats.rings++;
	if (err->fault == INVQ_FAULT_SYNC && invq_sync_in_flight(q))
		invq_reissue(q);
	atomic_long_inc(&q->stats.recoveries);
}

/*
 * Time counts only while somebody looks, so neither an idle queue nor a machine
 * that was suspended makes a unit look stuck. What has errors that come back, and
 * stays where it is, is as stuck as one that shows none.
 */
static bool invq_is_stuck(struct invq *q, const struct invq_error *err, u64 now)
{
	u32 done = invq_done(q);

	if (done == q->stuck_done && err->slot == q->stuck_slot)
		q->stuck_ns += min(now - q->looked_ns, 10 * INVQ_LOOK_NS);
	else
		q->stuck_ns = 0;
	q->stuck_done = done;
	q->stuck_slot = err->slot;
	return q->stuck_ns / NSEC_PER_USEC / q->timeout_us >=
	       READ_ONCE(q->kill_timeouts);
}

/* Once begun it goes on, one step a look, whatever the unit does meanwhile. */
static void invq_end(struct invq *q, const struct invq_error *err)
{
	u32 life = q->life;

	if (err->fault == INVQ_FAULT_DEAD)
		life = INVQ_DEAD;
	else if (q->ops->kill)
		life = q->ops->kill(q) ? INVQ_DEAD : INVQ_DYING;
	/*
	 * Pairs with the acquire in invq_has_passed(): no DMA that got through
	 * before the unit blocked is missed by whoever sees this.
	 */
	smp_store_release(&q->life, life);
}

/*
 * Look for an error, and get over it. Returns whether this was a look: another
 * CPU's, which is at it or has just been, is as good.
 */
static bool invq_examine(struct invq *q, struct invq_error *err)
{
	unsigned long flags;
	bool looks;
	u64 now;

	local_irq_save(flags);
	if (!invq_try_claim(q)) {
		local_irq_restore(flags);
		return false;
	}
	now = ktime_get_mono_fast_ns();
	looks = now - q->looked_ns >= INVQ_LOOK_NS / 2;
	if (looks) {
		if (q->ops->fault)
			err->fault = q->ops->fault(q, err);
		if (q->life != INVQ_ALIVE || err->fault == INVQ_FAULT_DEAD ||
		    invq_is_stuck(q, err, now))
			invq_end(q, err);
		else if (err->fault != INVQ_FAULT_NONE)
			invq_recover(q, err);
		q->looked_ns = now;
	}
	invq_unclaim(q);
	local_irq_restore(flags);
	return looks;
}

static void invq_report(struct invq *q, u32 seq, u64 waited_ns)
{
	atomic_long_inc(&q->stats.timeouts);
	pr_err_ratelimited("%s: no answer for %llu us: waiting for %#x, done %#x, sync %#x, published %#x, reserved %#x\n",
			   q->name, waited_ns / NSEC_PER_USEC, seq,
			   invq_done(q), READ_ONCE(q->synced),
			   READ_ONCE(q->published), invq_newest(q));
	if (q->ops->dump)
		q->ops->dump(q);
}

static void invq_tell(struct invq *q, const struct invq_error *err)
{
	if (q->ops->tell)
		q->ops->tell(q, err);
	if (err->fault == INVQ_FAULT_COMMAND)
		pr_err_ratelimited("%s: command %#018llx %#018llx in slot %u was refused, replaced by %#018llx %#018llx\n",
				   q->name, le64_to_cpu(err->bad.u64s[0]),
				   le64_to_cpu(err->bad.u64s[1]), err->slot,
				   le64_to_cpu(err->now.u64s[0]),
				   le64_to_cpu(err->now.u64s[1]));
}

/* The two steps of a unit's end are told of once each, by whoever comes first. */
static void invq_tell_life(struct invq *q)
{
	int life = READ_ONCE(q->life), told = atomic_read(&q->told);

	if (told >= life || atomic_cmpxchg(&q->told, told, life) != told)
		return;
	if (life == INVQ_DYING)
		pr_err("%s: has not moved for too long: it is made to block all DMA\n",
		       q->name);
	else
		pr_err("%s: is dead, and blocks all DMA: what is waited for is over\n",
		       q->name);
}

/**
 * invq_look() - a wait is taking long
 * @q: the queue
 * @seq: what is waited for
 * @waited_ns: for how long
 * @reported_ns: when this wait last reported a time-out
 *
 * Recovers from an error, and reports the queue's state once per time-out.
 *
 * Context: any context.
 */
void invq_look(struct invq *q, u32 seq, u64 waited_ns, u64 *reported_ns)
{
	struct invq_error err = {};

	if (!invq_examine(q, &err))
		return;
	if (READ_ONCE(q->life) != INVQ_ALIVE)
		invq_tell_life(q);
	else if (err.fault != INVQ_FAULT_NONE)
		invq_tell(q, &err);
	if (!invq_passed(q, seq) && READ_ONCE(q->life) != INVQ_DEAD &&
	    waited_ns - *reported_ns >= q->timeout_us * NSEC_PER_USEC) {
		*reported_ns = waited_ns;
		invq_report(q, seq, waited_ns);
	}
}

/**
 * invq_head_number() - the number of the slot that hardware stands at
 * @q: the queue
 * @slot: its index, as the head register says
 *
 * Commands may follow behind the newest sync, and syncs that were lost may have
 * made more slots of those in use than the done word shows. But never are more
 * between head and tail than the queue has.
 *
 * Context: with the claim: invq_ops.fault or invq_ops.block.
 * Return: the number.
 */
u32 invq_head_number(const struct invq *q, u32 slot)
{
	return q->published - invq_index(q, q->published - slot);
}

/**
 * invq_beyond_sync() - has hardware gone past the newest sync?
 * @q: the queue
 * @slot: slot that hardware stands still at, as its head register says
 *
 * Commands may follow behind the newest sync, so the end of the queue does not
 * tell.
 *
 * Context: invq_ops.fault.
 * Return: whether it has.
 */
bool invq_beyond_sync(const struct invq *q, u32 slot)
{
	return (s32)(invq_head_number(q, slot) - q->synced) >= 0;
}
