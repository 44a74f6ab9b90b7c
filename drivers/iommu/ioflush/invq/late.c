// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an invalidation queue whose hardware takes longer than it does
 *
 * An emulator executes a sync while the doorbell is written, in none of the guest's
 * time, and a bench that counts that time never sees anybody wait. Hardware takes a
 * microsecond or so. With ioflush.sync_ns= whoever looks at a queue finds a sync
 * finished only so long after its doorbell: all who wait for it wait until then, and
 * who has something else to do meanwhile may be back later and wait for nothing.
 *
 * This stands between a queue and its encoder, with functions and a done word of its
 * own, and is put there before the queue is used. So one that is not late knows
 * nothing of it: there is not a branch more in it, whatever the kernel makes of
 * static keys.
 */
#include <linux/cache.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "internal.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush."

/* A wait of ten times as long looks for an error, and is right to. */
#define INVQ_LATE_MAX_NS	(INVQ_LOOK_NS / 10)

/* A trial: so many calls are timed together, so often, and the fastest counts. */
#define INVQ_TRIAL_CALLS	16
#define INVQ_TRIAL_TRIES	8
#define INVQ_TRIAL_LG2		5

static unsigned int invq_sync_ns;
module_param_named(sync_ns, invq_sync_ns, uint, 0444);
MODULE_PARM_DESC(sync_ns,
		 "For benchmarks in an emulator: how much longer invalidations take, in ns, up to 100000 (default 0)");

static void invq_late_doorbell(struct invq *q, u32 seq)
{
	struct invq_late *late = invq_late(q);

	/* Others announce commands only, and nobody waits for those. */
	if (seq == q->synced) {
		WRITE_ONCE(late->looks, 0);
		WRITE_ONCE(late->due_ns,
			   ktime_get_mono_fast_ns() + late->ns);
	}
	late->ops_below->doorbell(q, seq);
}

/*
 * Early in a boot clocks stand still, and for whoever waits with interrupts off they
 * go on doing so. A look takes more than a nanosecond, however.
 */
static bool invq_late_due(struct invq_late *late)
{
	u64 looks = READ_ONCE(late->looks) + 1;

	WRITE_ONCE(late->looks, looks);
	return looks >= late->looks_max ||
	       ktime_get_mono_fast_ns() >= READ_ONCE(late->due_ns);
}

/* What is not due has not been passed: hardware is right in front of it. */
static u32 invq_late_head(struct invq *q)
{
	struct invq_late *late = invq_late(q);
	u32 head = late->ops_below->head ?
		   late->ops_below->head(q) :
		   le32_to_cpu(READ_ONCE(*late->done_below));

	/* When a sync is due was stored before hardware was told of it. */
	rmb();
	return invq_late_due(late) ? head : READ_ONCE(q->synced) - 1;
}

/**
 * invq_make_late() - have a queue's syncs take longer
 * @q: a queue that nobody uses now
 * @ns: how much longer
 *
 * Context: process context.
 * Return: 0; -ENOMEM; -EBUSY if they do already.
 */
int invq_make_late(struct invq *q, u64 ns)
{
	struct invq_late *late;

	if (q->ops->head == invq_late_head)
		return -EBUSY;
	late = kzalloc(sizeof(*late), GFP_KERNEL);
	if (!late)
		return -ENOMEM;
	late->ops = *q->ops;
	late->ops.doorbell = invq_late_doorbell;
	late->ops.head = invq_late_head;
	late->ops_below = q->ops;
	late->done_below = q->done;
	late->done = *q->done;
	late->ns = ns;
	late->looks_max = ns;
	q->ops = &late->ops;
	q->done = &late->done;
	return 0;
}

/**
 * struct invq_trial - a queue whose hardware is as quick as an emulator's
 * @q: the queue
 * @done: its done word
 * @head: how far it is, for one that is polled
 * @slots: its ring
 */
struct invq_trial {
	struct invq q;
	__le32 done;
	u32 head;
	struct invq_cmd slots[1 << INVQ_TRIAL_LG2];
};

static void invq_trial_sync(struct invq *q, struct invq_cmd *cmd)
{
}

static void invq_trial_doorbell(struct invq *q, u32 seq)
{
	struct invq_trial *trial = container_of(q, struct invq_trial, q);

	WRITE_ONCE(trial->head, seq & (2 * q->mask + 1));
	WRITE_ONCE(trial->done, cpu_to_le32(seq));
}

static u32 invq_trial_head(struct invq *q)
{
	return READ_ONCE(container_of(q, struct invq_trial, q)->head);
}

static const struct invq_ops invq_trial_ops = {
	.sync = invq_trial_sync,
	.doorbell = invq_trial_doorbell,
};

static const struct invq_ops invq_trial_polled_ops = {
	.sync = invq_trial_sync,
	.doorbell = invq_trial_doorbell,
	.head = invq_trial_head,
};

static s64 invq_trial_time(struct invq *q)
{
	struct invq_cmd cmd = {};
	u64 best = U64_MAX, start;
	unsigned long flags;

	for (int i = 0; i < INVQ_TRIAL_TRIES; i++) {
		local_irq_save(flags);
		start = ktime_get_mono_fast_ns();
		for (int call = 0; call < INVQ_TRIAL_CALLS; call++)
			invq_submit_wait(q, &cmd, 1);
		best = min(best, ktime_get_mono_fast_ns() - start);
		local_irq_restore(flags);
	}
	return best / INVQ_TRIAL_CALLS;
}

/*
 * To be late takes something by itself: the clock is read, and a wait that was over
 * at once polls. Find what to ask for, so that this and the rest make @ns.
 */
static u64 invq_late_calibrate(struct invq_trial *trial, u64 ns)
{
	s64 base_ns = invq_trial_time(&trial->q), ask_ns = ns;

	if (invq_make_late(&trial->q, ns))
		return ns;
	for (int i = 0; i < 4; i++) {
		ask_ns += (s64)ns - (invq_trial_time(&trial->q) - base_ns);
		ask_ns = max(ask_ns, 1);
		invq_late(&trial->q)->ns = ask_ns;
	}
	return ask_ns;
}

/* On a queue of the same kind as one with these functions */
static u64 invq_late_ask(const struct invq_ops *ops, u64 ns)
{
	struct invq_trial *trial = kzalloc(sizeof(*trial), GFP_KERNEL);

	if (!trial)
		return ns;
	if (!invq_init(&trial->q, ops->head ? &invq_trial_polled_ops :
					      &invq_trial_ops, "trial",
		       trial->slots, &trial->done, INVQ_TRIAL_LG2)) {
		invq_trial_doorbell(&trial->q, invq_newest(&trial->q));
		ns = invq_late_calibrate(trial, ns);
		invq_exit(&trial->q);
	}
	kfree(trial);
	return ns;
}

/**
 * invq_late_init() - have a new queue's syncs take longer if the user wants it
 * @q: the queue
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int invq_late_init(struct invq *q)
{
	u32 ns = min_t(u32, invq_sync_ns, INVQ_LATE_MAX_NS);

	if (!ns || q->ops->sync == invq_trial_sync)
		return 0;
	return invq_make_late(q, invq_late_ask(q->ops, ns));
}

/**
 * invq_late_restart() - a queue begins anew, see invq_restart()
 * @q: the queue
 * @newest: what counts as done
 *
 * Context: that of invq_restart().
 */
void invq_late_restart(struct invq *q, u32 newest)
{
	if (q->ops->head == invq_late_head && q->sync_mask)
		WRITE_ONCE(*invq_late(q)->done_below, cpu_to_le32(newest));
}

/**
 * invq_late_exit() - undo invq_make_late(), if it has been called
 * @q: a queue that nobody uses any more, or one that is all zero
 *
 * Context: process context.
 */
void invq_late_exit(struct invq *q)
{
	struct invq_late *late;

	if (!q->ops || q->ops->head != invq_late_head)
		return;
	late = invq_late(q);
	q->ops = late->ops_below;
	q->done = late->done_below;
	kfree(late);
}
