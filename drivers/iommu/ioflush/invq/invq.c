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
 * Nobody owns a wait: the done word counts up, all poll it, and the first to
 * see that a sync has finished may issue the next. A waiter that is preempted
 * or interrupted therefore holds up nobody.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/export.h>
#include <linux/ioflush/invq.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/processor.h>
#include <linux/timekeeping.h>

/* A wait looks at the clock each time it has polled this often. */
#define INVQ_POLLS_PER_LOOK	256
/* A wait looks for a queue error after this long, and again as often. */
#define INVQ_LOOK_NS		(1 * NSEC_PER_MSEC)
#define INVQ_TIMEOUT_US		(1 * USEC_PER_SEC)

/*
 * Slots that a reservation leaves free. Hardware reads head == tail as empty,
 * so one is never used; and commands leave one for the sync that will make
 * room again.
 */
#define INVQ_SPARE_SYNC		1
#define INVQ_SPARE_CMDS		2

static u32 invq_index(const struct invq *q, u32 seq)
{
	return seq & ((1U << q->size_lg2) - 1);
}

static u32 invq_done(const struct invq *q)
{
	return le32_to_cpu(READ_ONCE(*q->done));
}

static bool invq_passed(const struct invq *q, u32 seq)
{
	return (s32)(invq_done(q) - seq) >= 0;
}

static bool invq_sync_in_flight(const struct invq *q)
{
	return !invq_passed(q, READ_ONCE(q->synced));
}

/* Step 1. The room seen free stays free: only a reservation takes it away. */
static bool invq_reserve(struct invq *q, unsigned int n, unsigned int spare,
			 u32 *start)
{
	int old = atomic_read(&q->reserved);

	do {
		u32 used = (u32)old - invq_done(q);

		if (used + n + spare > 1U << q->size_lg2)
			return false;
	} while (!atomic_try_cmpxchg(&q->reserved, &old, (u32)old + n));

	*start = old;
	return true;
}

/* Step 2 */
static void invq_fill(struct invq *q, u32 start, const struct invq_cmd *cmds,
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		q->slots[invq_index(q, start + i)] = cmds[i];
}

/*
 * Step 3. The acquire pairs with the release of the producer before: who sees
 * its turn sees the commands of all before it, and hands them on by its own
 * release to the one that rings the doorbell.
 */
static void invq_publish(struct invq *q, u32 start, unsigned int n)
{
	smp_cond_load_acquire(&q->published, VAL == start);
	/* Pairs with the acquire above, of the producer after. */
	smp_store_release(&q->published, start + n);
}

/*
 * Issue @n commands and the sync that covers them and all published before,
 * unless a sync is in flight or being issued. Interrupts are off.
 *
 * @claim is taken with acquire and dropped with release ordering, so that
 * @synced and the doorbell go from holder to holder. The doorbell's register
 * write is ordered after the slots by writel() and its kin.
 */
static bool invq_try_sync(struct invq *q, const struct invq_cmd *cmds,
			  unsigned int n, u32 *seq)
{
	struct invq_cmd sync = {};
	bool issued = false;
	u32 start;

	if (invq_sync_in_flight(q) || atomic_read(&q->claim) ||
	    atomic_xchg_acquire(&q->claim, 1))
		return false;

	/* Somebody may have issued one between the look and the claim. */
	if (!invq_sync_in_flight(q) &&
	    invq_reserve(q, n + 1, INVQ_SPARE_SYNC, &start)) {
		*seq = start + n + 1;
		invq_fill(q, start, cmds, n);
		q->ops->sync(q, &sync, *seq);
		invq_fill(q, start + n, &sync, 1);
		invq_publish(q, start, n + 1);
		WRITE_ONCE(q->synced, *seq);
		q->ops->doorbell(q, invq_index(q, *seq));
		issued = true;
	}
	atomic_set_release(&q->claim, 0);

	if (issued) {
		atomic_long_inc(&q->stats.syncs);
		atomic_long_add(n, &q->stats.commands);
	}
	return issued;
}

static bool invq_sync_now(struct invq *q)
{
	unsigned long flags;
	bool issued;
	u32 seq;

	local_irq_save(flags);
	issued = invq_try_sync(q, NULL, 0, &seq);
	local_irq_restore(flags);
	return issued;
}

/*
 * A wait is taking long. One CPU at a time looks for an error, and where there
 * is none reports once per time-out: a translation must not be taken for dead
 * before hardware says so, hence the wait goes on.
 */
static void invq_look(struct invq *q, u32 seq, u64 waited_ns, u64 *reported_ns)
{
	if (atomic_read(&q->recovering) || atomic_xchg_acquire(&q->recovering, 1))
		return;

	if (q->ops->recover && q->ops->recover(q)) {
		atomic_long_inc(&q->stats.errors);
	} else if (waited_ns - *reported_ns >= q->timeout_us * NSEC_PER_USEC &&
		   !invq_passed(q, seq)) {
		*reported_ns = waited_ns;
		atomic_long_inc(&q->stats.timeouts);
		pr_err_ratelimited("%s: no answer for %llu us: waiting for %#x, done %#x, sync %#x, published %#x, reserved %#x\n",
				   q->name, waited_ns / NSEC_PER_USEC, seq,
				   invq_done(q), READ_ONCE(q->synced),
				   READ_ONCE(q->published),
				   atomic_read(&q->reserved));
		if (q->ops->dump)
			q->ops->dump(q);
	}
	atomic_set_release(&q->recovering, 0);
}

/* Step 4. Returns whether this caller issued a sync itself. */
static bool invq_poll(struct invq *q, u32 seq)
{
	u64 start_ns = 0, looked_ns = 0, reported_ns = 0;
	unsigned int polls = 0;
	bool issued = false;

	while (!invq_passed(q, seq)) {
		if (!invq_sync_in_flight(q) && invq_sync_now(q)) {
			issued = true;
			continue;
		}
		cpu_relax();
		if (++polls % INVQ_POLLS_PER_LOOK)
			continue;
		if (!start_ns)
			start_ns = ktime_get_mono_fast_ns();
		if (ktime_get_mono_fast_ns() - start_ns - looked_ns < INVQ_LOOK_NS)
			continue;
		looked_ns = ktime_get_mono_fast_ns() - start_ns;
		invq_look(q, seq, looked_ns, &reported_ns);
	}
	/*
	 * The caller goes on to reuse what the commands were about. Orders
	 * that after the read of the done word; pairs with hardware, which
	 * stores the word when the commands before have taken effect.
	 */
	smp_mb();
	return issued;
}

/**
 * invq_wait() - wait until all slots before a sequence number have been done
 * @q: the queue
 * @seq: as returned by invq_submit()
 *
 * Issues a sync where none that covers @seq has been issued. A queue that
 * does not answer is reported and its error, if it shows one, recovered from;
 * the wait goes on until hardware has confirmed.
 *
 * Context: any context; interrupts stay as they are. The caller should hold
 * no lock.
 */
void invq_wait(struct invq *q, u32 seq)
{
	if (!invq_poll(q, seq))
		atomic_long_inc(&q->stats.riders);
}

/* No room: everything published so far has to be done first. */
static void invq_make_room(struct invq *q)
{
	atomic_long_inc(&q->stats.full);
	invq_poll(q, READ_ONCE(q->published));
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
	unsigned long flags;
	u32 start;

	for (;;) {
		local_irq_save(flags);
		if (likely(invq_reserve(q, n, INVQ_SPARE_CMDS, &start)))
			break;
		local_irq_restore(flags);
		invq_make_room(q);
	}
	invq_fill(q, start, cmds, n);
	invq_publish(q, start, n);
	local_irq_restore(flags);
	atomic_long_add(n, &q->stats.commands);
	return start + n;
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
	u32 seq;

	local_irq_save(flags);
	issued = invq_try_sync(q, cmds, n, &seq);
	local_irq_restore(flags);
	if (issued)
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
 * @done: the word that hardware stores sequence numbers to
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
	q->size_lg2 = size_lg2;
	q->timeout_us = INVQ_TIMEOUT_US;
	WRITE_ONCE(*done, cpu_to_le32(first));
	atomic_set(&q->reserved, first);
	q->published = first;
	q->synced = first;
	return 0;
}
