// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device in software that consumes an invalidation queue
 *
 * It takes commands in order from the slots up to the last doorbell: at once,
 * or beside the CPUs, quick, slow or stuck for a while; and it can refuse a
 * command and stop, or lose a sync. What runs beside the CPUs is an interrupt
 * and no thread, because waiters poll without yielding, as they may on hardware.
 *
 * Each slot that it has consumed it spoils, so that one that no producer writes
 * anew is noticed.
 */
#include <linux/bitfield.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>

#include "compat-timer.h"
#include "test_dev.h"

/* Between two rounds of a device that is not instant */
#define DEV_TICK_NS	(100 * NSEC_PER_USEC)

/* First word of an invalidation: its member, place in its call, and kind */
#define DEV_WHAT	GENMASK_ULL(7, 0)
#define DEV_MEMBER	GENMASK_ULL(15, 8)
#define DEV_LEFT	GENMASK_ULL(23, 16)
#define DEV_KIND	GENMASK_ULL(31, 24)
#define DEV_SEQ		GENMASK_ULL(63, 32)

static struct invq_cmd dev_cmd(u64 word, u64 arg)
{
	struct invq_cmd c = {
		.u64s = { cpu_to_le64(word), cpu_to_le64(arg) },
	};

	return c;
}

/**
 * dev_bad() - a command that the device always refuses
 *
 * Return: the command.
 */
struct invq_cmd dev_bad(void)
{
	return dev_cmd(DEV_BAD, 0);
}

/**
 * dev_invalidate() - an invalidation of member 0
 * @arg: what to add to the sum
 *
 * Return: the command.
 */
struct invq_cmd dev_invalidate(u64 arg)
{
	return dev_cmd(DEV_INVALIDATE, arg);
}

/**
 * dev_kind_of() - an invalidation of member 0 that adds 1
 * @kind: its kind, a letter
 *
 * Return: the command.
 */
struct invq_cmd dev_kind_of(char kind)
{
	return dev_cmd(DEV_INVALIDATE | FIELD_PREP(DEV_KIND, kind), 1);
}

/**
 * dev_batch() - invalidations that have to stay together
 * @cmds: receives them, each of which adds 1 to the sum
 * @n: how many
 * @member: whose
 */
void dev_batch(struct invq_cmd *cmds, unsigned int n, unsigned int member)
{
	for (unsigned int i = 0; i < n; i++)
		cmds[i] = dev_cmd(DEV_INVALIDATE |
				  FIELD_PREP(DEV_MEMBER, member) |
				  FIELD_PREP(DEV_LEFT, n - 1 - i), 1);
}

static void dev_note(struct dev *dev, char what, bool parts)
{
	if (!parts && dev->kind && dev->kind != what)
		dev->mixed++;
	dev->kind = parts ? 0 : what;
	if (dev->logged < DEV_LOG - 1)
		dev->log[dev->logged++] = what;
}

static void dev_do_invalidate(struct dev *dev, u64 word, u64 arg)
{
	unsigned int member = FIELD_GET(DEV_MEMBER, word);

	if (dev->part && (dev->part_of != member ||
			  dev->part != FIELD_GET(DEV_LEFT, word) + 1))
		dev->torn++;
	dev_note(dev, FIELD_GET(DEV_KIND, word), false);
	dev->part = FIELD_GET(DEV_LEFT, word);
	dev->part_of = member;
	WRITE_ONCE(dev->cover[member], dev->syncs + 1);
	atomic64_add(arg, &dev->sum);
	atomic64_inc(&dev->invalidated);
}

/* Returns false for a sync that was lost. */
static bool dev_do_sync(struct dev *dev)
{
	if (dev->part)
		dev->torn++;
	dev_note(dev, 'S', true);
	dev->in_flight--;
	if (dev->lose_sync) {
		dev->lose_sync--;
		WRITE_ONCE(dev->lost, true);
		return false;
	}
	dev->sync_ticks_left = dev->sync_ticks;
	WRITE_ONCE(dev->syncs, dev->syncs + 1);
	return true;
}

/*
 * All that a command does is before a producer sees its slots free, or is done:
 * by the head where that is what it looks at, else by the done word.
 */
static void dev_advance(struct dev *dev, bool synced, u32 seq)
{
	u32 head = (dev->head + 1) % (2 * QUEUE_SLOTS);

	/* Pairs with the acquire in dev_head(). */
	smp_store_release(&dev->head, head);
	if (synced && dev->stores)
		/* Pairs with the acquire behind the wait. */
		smp_store_release(&dev->done, cpu_to_le32(seq));
}

static bool dev_refuses(struct dev *dev, u64 what)
{
	unsigned int *count = what == DEV_SYNC ? &dev->refuse_sync :
						 &dev->refuse;

	if (what == DEV_NOTHING || what >= DEV_BAD)
		return true;
	if (!*count || what == DEV_ALL)
		return false;
	(*count)--;
	return true;
}

/* One command; false if the device stays at it. */
static bool dev_execute(struct dev *dev)
{
	struct invq_cmd *c = &dev->slots[dev->head % QUEUE_SLOTS];
	u64 word = le64_to_cpu(c->u64s[0]), arg = le64_to_cpu(c->u64s[1]);
	u64 what = FIELD_GET(DEV_WHAT, word);
	bool synced = false;

	if (dev_refuses(dev, what)) {
		WRITE_ONCE(dev->stopped, true);
		return false;
	}
	if (what == DEV_SYNC && dev->sync_ticks_left) {
		dev->sync_ticks_left--;
		return false;
	}
	c->u64s[0] = cpu_to_le64(DEV_NOTHING);
	if (what == DEV_SYNC)
		synced = dev_do_sync(dev);
	else if (what == DEV_FENCE)
		dev_note(dev, '.', true);
	else
		dev_do_invalidate(dev, word, arg);
	dev_advance(dev, synced, FIELD_GET(DEV_SEQ, word));
	return true;
}

static void dev_consume(struct dev *dev)
{
	/* Pairs with the release in dev_doorbell(): slots before the tail. */
	u32 tail = smp_load_acquire(&dev->tail);

	/* Pairs with the release in dev_resume(): the slot that was replaced. */
	while (!smp_load_acquire(&dev->stopped) &&
	       dev->head % QUEUE_SLOTS != tail)
		if (!dev_execute(dev))
			break;
}

static enum hrtimer_restart dev_tick(struct hrtimer *timer)
{
	struct dev *dev = container_of(timer, struct dev, timer);

	if (READ_ONCE(dev->hold))
		WRITE_ONCE(dev->hold, dev->hold - 1);
	else
		dev_consume(dev);
	hrtimer_forward_now(timer, DEV_TICK_NS);
	return HRTIMER_RESTART;
}

/**
 * dev_pause() - have a device that is not instant do nothing from now on
 * @dev: the device
 *
 * For what has to be seen before it does anything, however busy the machine is.
 *
 * Context: process context.
 */
void dev_pause(struct dev *dev)
{
	hrtimer_cancel(&dev->timer);
}

/**
 * dev_go_on() - have it go on
 * @dev: the device
 *
 * Context: process context.
 */
void dev_go_on(struct dev *dev)
{
	hrtimer_start(&dev->timer, DEV_TICK_NS, HRTIMER_MODE_REL_HARD);
}

static void dev_sync(struct invq *q, struct invq_cmd *c)
{
	*c = dev_cmd(DEV_SYNC, 0);
}

static void dev_fence(struct invq *q, struct invq_cmd *c)
{
	*c = dev_cmd(DEV_FENCE, 0);
}

static bool dev_is_sync(const struct dev *dev, u32 slot)
{
	u64 word = le64_to_cpu(dev->slots[slot % QUEUE_SLOTS].u64s[0]);

	return FIELD_GET(DEV_WHAT, word) == DEV_SYNC;
}

static void dev_doorbell(struct invq *q, u32 seq)
{
	struct dev *dev = container_of(q, struct dev, q);
	u32 tail = seq % QUEUE_SLOTS;
	u32 ahead = (tail - dev->tail) % QUEUE_SLOTS;
	u32 room = (READ_ONCE(dev->head) - dev->tail - 1) % QUEUE_SLOTS;

	if (ahead > room)
		dev->backwards++;
	for (u32 i = 0; i < ahead; i++)
		if (dev_is_sync(dev, dev->tail + i) && dev->in_flight++)
			dev->two_syncs++;
	/* Pairs with the acquire in dev_consume(). */
	smp_store_release(&dev->tail, tail);
	if (dev->instant)
		dev_consume(dev);
}

static u32 dev_head(struct invq *q)
{
	struct dev *dev = container_of(q, struct dev, q);

	/* Pairs with the release in dev_advance(). */
	return smp_load_acquire(&dev->head);
}

/* Hooks that run as one step with interrupts off, and the claim held */
static void dev_in_step(struct dev *dev)
{
	if (!irqs_disabled() || !atomic_read(&dev->q.claim))
		dev->irqs_on++;
}

static enum invq_fault dev_fault(struct invq *q, struct invq_error *err)
{
	struct dev *dev = container_of(q, struct dev, q);

	dev_in_step(dev);
	err->slot = READ_ONCE(dev->head) % QUEUE_SLOTS;
	if (READ_ONCE(dev->blocks))
		return INVQ_FAULT_DEAD;
	if (READ_ONCE(dev->stopped))
		return INVQ_FAULT_COMMAND;
	return READ_ONCE(dev->lost) ? INVQ_FAULT_SYNC : INVQ_FAULT_NONE;
}

/*
 * Hooks that may take long are interrupted by others that wait for the queue.
 * Here one of them is played, but not if that could not end. Where several CPUs
 * use the queue the claim may be another's, and none of them is played.
 */
static void dev_interrupted(struct dev *dev)
{
	struct invq_cmd c = dev_invalidate(1);

	if (irqs_disabled() || (dev->interrupts && atomic_read(&dev->q.claim))) {
		dev->held++;
	} else if (dev->interrupts) {
		dev->interrupts--;
		/* What the interrupt finds is in trouble itself. */
		WRITE_ONCE(dev->hold, 0);
		WRITE_ONCE(dev->refuse, 1);
		invq_submit_wait(&dev->q, &c, 1);
	}
}

static void dev_tell(struct invq *q, const struct invq_error *err)
{
	dev_interrupted(container_of(q, struct dev, q));
}

static void dev_dump(struct invq *q)
{
	struct dev *dev = container_of(q, struct dev, q);

	if (dev->until_dump)
		WRITE_ONCE(dev->hold, 0);
	dev_interrupted(dev);
}

static bool dev_kill(struct invq *q)
{
	struct dev *dev = container_of(q, struct dev, q);

	dev_in_step(dev);
	WRITE_ONCE(dev->kills, dev->kills + 1);
	return dev->kill_steps && dev->kills >= dev->kill_steps;
}

static void dev_substitute(struct invq *q, const struct invq_cmd *bad,
			   struct invq_cmd *c)
{
	u64 word = le64_to_cpu(bad->u64s[0]);

	dev_in_step(container_of(q, struct dev, q));
	*c = dev_cmd((word & ~DEV_WHAT) | DEV_ALL, le64_to_cpu(bad->u64s[1]));
}

static void dev_resume(struct invq *q, enum invq_fault fault)
{
	struct dev *dev = container_of(q, struct dev, q);

	dev_in_step(dev);
	/* It may show two errors, of which this is one. */
	if (fault == INVQ_FAULT_SYNC)
		WRITE_ONCE(dev->lost, false);
	else
		/* Pairs with the acquire in dev_consume(). */
		smp_store_release(&dev->stopped, false);
	if (dev->instant)
		dev_consume(dev);
}

static const struct invq_ops dev_ops = {
	.sync = dev_sync,
	.fence = dev_fence,
	.kind = DEV_WHAT | DEV_KIND,
	.doorbell = dev_doorbell,
	.fault = dev_fault,
	.substitute = dev_substitute,
	.resume = dev_resume,
	.kill = dev_kill,
	.tell = dev_tell,
	.dump = dev_dump,
};

static const struct invq_ops dev_polled_ops = {
	.sync = dev_sync,
	.fence = dev_fence,
	.kind = DEV_WHAT | DEV_KIND,
	.doorbell = dev_doorbell,
	.head = dev_head,
	.fault = dev_fault,
	.substitute = dev_substitute,
	.resume = dev_resume,
	.kill = dev_kill,
	.tell = dev_tell,
	.dump = dev_dump,
};

static void dev_stop(void *data)
{
	struct dev *dev = data;

	hrtimer_cancel(&dev->timer);
	invq_exit(&dev->q);
}

/* Tests that run with both kinds of queues take these as their parameter. */
const struct dev_kind dev_kinds[DEV_KINDS] = {
	{ "done word", &dev_ops },
	{ "head", &dev_polled_ops },
};

/**
 * dev_start() - make a device with an empty queue
 * @test: the test; its parameter, if it has one, is the kind of queue
 * @instant: it consumes in the doorbell, as an emulator does
 *
 * Return: the device; it ends with the test.
 */
struct dev *dev_start(struct kunit *test, bool instant)
{
	const struct dev_kind *kind = test->param_value ?: &dev_kinds[0];
	struct dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, 0, invq_init(&dev->q, kind->ops, "test",
					   dev->slots, &dev->done, QUEUE_LG2));
	dev->stores = !kind->ops->head;
	dev->instant = instant;
	/* But for tests that want it to be given up, however busy the host is. */
	dev->q.kill_timeouts = U32_MAX;
	hrtimer_setup(&dev->timer, dev_tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	if (!instant)
		dev_go_on(dev);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dev_stop, dev));
	return dev;
}
