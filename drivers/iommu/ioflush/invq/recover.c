// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what is done about an invalidation queue that does not answer
 *
 * A wait never gives up: to take a translation for dead that is not would hand
 * its memory to the next user. For the same reason a command that hardware
 * refuses is not dropped. Another takes its slot, which invalidates more; and
 * if that is refused as well, it is tried for ever.
 *
 * While a sync is in flight no other is issued, and hardware that has an error
 * does not finish the one in flight. So the head stands still for whoever
 * recovers, and so do the slots from there to the tail, even if a doorbell moves
 * that one on: they are free only when a sync behind them has finished.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/processor.h>

#include "internal.h"

/*
 * The slot belongs to hardware until a sync behind it has finished: nobody
 * else writes it. The register write in @resume orders it before the fetch.
 */
static void invq_replace(struct invq *q, u32 slot)
{
	struct invq_cmd bad = q->slots[slot], cmd = {};
	u32 synced = READ_ONCE(q->synced);

	if (slot == invq_index(q, synced - 1))
		invq_write_sync(q, &cmd, synced);
	else
		q->ops->substitute(q, &bad, &cmd);
	q->slots[slot] = cmd;
	atomic_long_inc(&q->stats.refused);
	pr_err_ratelimited("%s: command %#018llx %#018llx in slot %u was refused, replaced by %#018llx %#018llx\n",
			   q->name, le64_to_cpu(bad.u64s[0]),
			   le64_to_cpu(bad.u64s[1]), slot,
			   le64_to_cpu(cmd.u64s[0]), le64_to_cpu(cmd.u64s[1]));
}

/*
 * Without a look for room: hardware has consumed all up to the lost sync, and
 * what was reserved since has found room behind it. So there is a slot free in
 * fact even if the done word, which stands still, does not show it.
 */
static void invq_reissue(struct invq *q)
{
	invq_issue(q, atomic_fetch_add(1, &q->reserved), NULL, 0);
}

/* Returns whether there was an error. */
static bool invq_recover(struct invq *q)
{
	enum invq_fault fault;
	unsigned long flags;
	u32 slot = 0;

	if (!q->ops->fault)
		return false;
	fault = q->ops->fault(q, &slot);
	if (fault == INVQ_FAULT_NONE)
		return false;
	if (fault == INVQ_FAULT_COMMAND)
		invq_replace(q, slot);

	/* As soon as the queue goes on, others ring the doorbell again. */
	local_irq_save(flags);
	while (!invq_try_claim(q))
		cpu_relax();
	q->ops->resume(q, fault);
	q->stats.doorbells++;
	if (fault == INVQ_FAULT_SYNC && invq_sync_in_flight(q))
		invq_reissue(q);
	invq_unclaim(q);
	local_irq_restore(flags);

	atomic_long_inc(&q->stats.recoveries);
	return true;
}

/**
 * invq_beyond_sync() - has hardware gone past the newest sync?
 * @q: the queue
 * @slot: slot that hardware stands still at, as its head register says
 *
 * Commands may follow behind the newest sync, so the end of the queue does not
 * tell. Nor does the slot alone: the done word is never ahead of hardware, and
 * the tail is less than the queue's length ahead of that.
 *
 * Context: invq_ops.fault.
 * Return: whether it has.
 */
bool invq_beyond_sync(const struct invq *q, u32 slot)
{
	u32 done = invq_done(q);
	u32 head = done + invq_index(q, slot - done);

	return (s32)(head - READ_ONCE(q->synced)) >= 0;
}

static void invq_report(struct invq *q, u32 seq, u64 waited_ns)
{
	atomic_long_inc(&q->stats.timeouts);
	pr_err_ratelimited("%s: no answer for %llu us: waiting for %#x, done %#x, sync %#x, published %#x, reserved %#x\n",
			   q->name, waited_ns / NSEC_PER_USEC, seq,
			   invq_done(q), READ_ONCE(q->synced),
			   READ_ONCE(q->published),
			   atomic_read(&q->reserved));
	if (q->ops->dump)
		q->ops->dump(q);
}

/**
 * invq_look() - a wait is taking long
 * @q: the queue
 * @seq: what is waited for
 * @waited_ns: for how long
 * @reported_ns: when this wait last reported a time-out
 *
 * Recovers from an error, and reports the queue's state once per time-out. One
 * CPU at a time; others go on waiting.
 *
 * Context: any context.
 */
void invq_look(struct invq *q, u32 seq, u64 waited_ns, u64 *reported_ns)
{
	/* Acquire and release: what one has replaced, the next one sees. */
	if (atomic_read(&q->recovering) ||
	    atomic_xchg_acquire(&q->recovering, 1))
		return;

	if (!invq_recover(q) && !invq_passed(q, seq) &&
	    waited_ns - *reported_ns >= q->timeout_us * NSEC_PER_USEC) {
		*reported_ns = waited_ns;
		invq_report(q, seq, waited_ns);
	}
	atomic_set_release(&q->recovering, 0);
}
