// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the invalidation queue against a device in software
 *
 * The device takes commands in order from the slots up to the last doorbell.
 * It can be instant (consumes in the doorbell, as an emulator does), or run
 * beside the CPUs from a timer interrupt, quick, slow or stuck for a while;
 * and it can reject a command and stop. It is an interrupt and no thread
 * because waiters poll without yielding, as they may on hardware.
 */
#include <kunit/test.h>
#include <linux/hrtimer.h>
#include <linux/ioflush/invq.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define DEV_INVALIDATE	1
#define DEV_SYNC	2
#define DEV_BAD		3

#define DEV_TICK_NS	(100 * NSEC_PER_USEC)

#define QUEUE_LG2	5
#define QUEUE_SLOTS	BIT(QUEUE_LG2)

/**
 * struct dev - the device
 * @q: the queue under test
 * @slots: its ring
 * @done: its done word
 * @tail: last doorbell
 * @head: next slot to consume; changed by whoever consumes
 * @instant: consume in the doorbell
 * @sync_ticks: ticks that each sync takes
 * @sync_ticks_left: ticks that the sync at @head still takes
 * @hold_ticks: ticks that it is going to sleep through
 * @stopped: the command at @head was rejected
 * @invalidated: DEV_INVALIDATE commands executed
 * @sum: sum of their payloads
 * @backwards: doorbells that went back or over the published slots
 * @timer: consumes unless @instant
 */
struct dev {
	struct invq q;
	struct invq_cmd slots[QUEUE_SLOTS];
	__le32 done;
	u32 tail;
	u32 head;
	bool instant;
	unsigned int sync_ticks;
	unsigned int sync_ticks_left;
	unsigned int hold_ticks;
	bool stopped;
	atomic64_t invalidated;
	atomic64_t sum;
	unsigned int backwards;
	struct hrtimer timer;
};

static struct invq_cmd cmd(u64 what, u64 payload)
{
	struct invq_cmd c = {
		.u64s = { cpu_to_le64(what), cpu_to_le64(payload) },
	};

	return c;
}

/* One command; false if the device stays at it. */
static bool dev_execute(struct dev *dev)
{
	struct invq_cmd *c = &dev->slots[dev->head];
	u64 what = le64_to_cpu(c->u64s[0]), payload = le64_to_cpu(c->u64s[1]);

	if (what != DEV_INVALIDATE && what != DEV_SYNC) {
		WRITE_ONCE(dev->stopped, true);
		return false;
	}
	if (what == DEV_SYNC && dev->sync_ticks_left) {
		dev->sync_ticks_left--;
		return false;
	}
	/* A slot that a producer fails to write anew is an error. */
	c->u64s[0] = cpu_to_le64(DEV_BAD);
	dev->head = (dev->head + 1) % QUEUE_SLOTS;

	if (what == DEV_SYNC) {
		dev->sync_ticks_left = dev->sync_ticks;
		/* Everything above is before a producer sees its slots free. */
		smp_store_release(&dev->done, cpu_to_le32(payload));
	} else {
		atomic64_add(payload, &dev->sum);
		atomic64_inc(&dev->invalidated);
	}
	return true;
}

static void dev_consume(struct dev *dev)
{
	/* Pairs with the release in dev_doorbell(): slots before the tail. */
	u32 tail = smp_load_acquire(&dev->tail);

	while (!dev->stopped && dev->head != tail)
		if (!dev_execute(dev))
			break;
}

static enum hrtimer_restart dev_tick(struct hrtimer *timer)
{
	struct dev *dev = container_of(timer, struct dev, timer);

	if (dev->hold_ticks)
		dev->hold_ticks--;
	else
		dev_consume(dev);
	hrtimer_forward_now(timer, DEV_TICK_NS);
	return HRTIMER_RESTART;
}

static void dev_sync(struct invq *q, struct invq_cmd *c, u32 seq)
{
	*c = cmd(DEV_SYNC, seq);
}

static void dev_doorbell(struct invq *q, u32 tail)
{
	struct dev *dev = container_of(q, struct dev, q);
	u32 ahead = (tail - dev->tail) % QUEUE_SLOTS;
	u32 room = (READ_ONCE(dev->head) - dev->tail - 1) % QUEUE_SLOTS;

	if (ahead > room)
		dev->backwards++;
	/* Pairs with the acquire in dev_consume(). */
	smp_store_release(&dev->tail, tail);
	if (dev->instant)
		dev_consume(dev);
}

static bool dev_recover(struct invq *q)
{
	struct dev *dev = container_of(q, struct dev, q);

	if (!READ_ONCE(dev->stopped))
		return false;
	dev->slots[dev->head] = cmd(DEV_INVALIDATE, 0);
	WRITE_ONCE(dev->stopped, false);
	return true;
}

static const struct invq_ops dev_ops = {
	.sync = dev_sync,
	.doorbell = dev_doorbell,
	.recover = dev_recover,
};

static void dev_stop(void *data)
{
	struct dev *dev = data;

	hrtimer_cancel(&dev->timer);
}

static struct dev *dev_start(struct kunit *test, bool instant)
{
	struct dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, 0, invq_init(&dev->q, &dev_ops, "test",
					   dev->slots, &dev->done, QUEUE_LG2));
	dev->instant = instant;
	hrtimer_init(&dev->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	dev->timer.function = dev_tick;
	if (!instant)
		hrtimer_start(&dev->timer, DEV_TICK_NS, HRTIMER_MODE_REL_HARD);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dev_stop, dev));
	return dev;
}

/* Alone on a queue: a call costs one sync, in order, over several wraps. */
static void invq_alone(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	unsigned int i, n, total = 0;
	struct invq_cmd cmds[4];

	for (i = 0; i < 10 * QUEUE_SLOTS; i++) {
		n = 1 + i % ARRAY_SIZE(cmds);
		for (unsigned int j = 0; j < n; j++)
			cmds[j] = cmd(DEV_INVALIDATE, 1);
		invq_submit_wait(&dev->q, cmds, n);
		total += n;
		KUNIT_ASSERT_EQ(test, total, atomic64_read(&dev->sum));
	}
	KUNIT_EXPECT_EQ(test, i, atomic_long_read(&dev->q.stats.syncs));
	KUNIT_EXPECT_EQ(test, total, atomic_long_read(&dev->q.stats.commands));
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&dev->q.stats.riders));
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
}

/* Queue now, wait later: one sync covers all, and a second wait needs none. */
static void invq_wait_later(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq_cmd c = cmd(DEV_INVALIDATE, 1);
	u32 first, last;

	first = invq_submit(&dev->q, &c, 1);
	invq_submit(&dev->q, &c, 1);
	last = invq_submit(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&dev->sum));

	invq_wait(&dev->q, last);
	KUNIT_EXPECT_EQ(test, 3, atomic64_read(&dev->sum));
	invq_wait(&dev->q, first);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&dev->q.stats.syncs));
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&dev->q.stats.riders));
}

/* Without anybody waiting, a full queue makes room by itself. */
static void invq_full(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq_cmd c = cmd(DEV_INVALIDATE, 1);
	unsigned int i;
	u32 seq = 0;

	for (i = 0; i < 5 * QUEUE_SLOTS; i++)
		seq = invq_submit(&dev->q, &c, 1);
	invq_wait(&dev->q, seq);
	KUNIT_EXPECT_EQ(test, i, atomic64_read(&dev->sum));
	KUNIT_EXPECT_GT(test, atomic_long_read(&dev->q.stats.full), 0);
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
}

/* A call returns only after the device has executed its commands. */
static void invq_waits(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = cmd(DEV_INVALIDATE, 1);
	unsigned int i;

	dev->sync_ticks = 3;
	dev->sync_ticks_left = 3;
	for (i = 1; i <= 20; i++) {
		invq_submit_wait(&dev->q, &c, 1);
		KUNIT_ASSERT_EQ(test, i, atomic64_read(&dev->sum));
	}
}

/* A stuck device is reported, not given up on, and counts as done only then. */
static void invq_stuck(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = cmd(DEV_INVALIDATE, 1);

	dev->q.timeout_us = 10000;
	WRITE_ONCE(dev->hold_ticks, 500);
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 1, atomic64_read(&dev->sum));
	KUNIT_EXPECT_GT(test, atomic_long_read(&dev->q.stats.timeouts), 0);
}

/* A rejected command is skipped; those before and after it are executed. */
static void invq_rejected(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd cmds[] = {
		cmd(DEV_INVALIDATE, 1),
		cmd(DEV_BAD, 0),
		cmd(DEV_INVALIDATE, 2),
	};

	invq_submit_wait(&dev->q, cmds, ARRAY_SIZE(cmds));
	KUNIT_EXPECT_EQ(test, 3, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&dev->q.stats.errors));
}

#define CROWD		4
#define CROWD_ROUNDS	3000

struct member {
	struct dev *dev;
	struct task_struct *task;
	unsigned int lost;
};

/*
 * Each of the crowd adds a bit of its own to the sum's field; the device must
 * have executed it when the call returns. A lost command shows in @lost.
 */
static int crowd_member(void *data)
{
	struct member *m = data;
	struct invq_cmd c = cmd(DEV_INVALIDATE, 1);

	for (unsigned int i = 0; i < CROWD_ROUNDS; i++) {
		u32 seq;

		if (i & 1) {
			invq_submit_wait(&m->dev->q, &c, 1);
			continue;
		}
		seq = invq_submit(&m->dev->q, &c, 1);
		invq_wait(&m->dev->q, seq);
		if ((s32)(le32_to_cpu(READ_ONCE(m->dev->done)) - seq) < 0)
			m->lost++;
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Many producers: nothing is lost, the tail never goes back, syncs combine. */
static void invq_crowd(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct member m[CROWD] = {};
	long syncs, riders;
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		m[i].dev = dev;
		m[i].task = kthread_run(crowd_member, &m[i], "invq-crowd/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(m[i].task));
	}
	while (atomic64_read(&dev->invalidated) < CROWD * CROWD_ROUNDS)
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < CROWD; i++) {
		kthread_stop(m[i].task);
		KUNIT_EXPECT_EQ(test, 0, m[i].lost);
	}
	syncs = atomic_long_read(&dev->q.stats.syncs);
	riders = atomic_long_read(&dev->q.stats.riders);
	KUNIT_EXPECT_EQ(test, CROWD * CROWD_ROUNDS, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
	kunit_info(test, "%u calls: %ld syncs, %ld riders\n",
		   CROWD * CROWD_ROUNDS, syncs, riders);
	KUNIT_EXPECT_GE(test, syncs + riders, (long)CROWD * CROWD_ROUNDS);
}

/* What has been published when a sync is issued needs no other. */
static void invq_combines(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = cmd(DEV_INVALIDATE, 1);
	u32 seq[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(seq); i++)
		seq[i] = invq_submit(&dev->q, &c, 1);
	for (unsigned int i = ARRAY_SIZE(seq); i--;)
		invq_wait(&dev->q, seq[i]);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&dev->q.stats.syncs));
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(seq) - 1,
			atomic_long_read(&dev->q.stats.riders));
}

static void invq_sizes(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq q;

	KUNIT_EXPECT_EQ(test, -EINVAL, invq_init(&q, &dev_ops, "test",
						 dev->slots, &dev->done, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, invq_init(&q, &dev_ops, "test",
						 dev->slots, &dev->done, 17));
}

static struct kunit_case invq_cases[] = {
	KUNIT_CASE(invq_alone),
	KUNIT_CASE(invq_wait_later),
	KUNIT_CASE(invq_full),
	KUNIT_CASE(invq_waits),
	KUNIT_CASE(invq_stuck),
	KUNIT_CASE(invq_rejected),
	KUNIT_CASE_SLOW(invq_crowd),
	KUNIT_CASE(invq_combines),
	KUNIT_CASE(invq_sizes),
	{}
};

static struct kunit_suite invq_suite = {
	.name = "ioflush_invq",
	.test_cases = invq_cases,
};

kunit_test_suite(invq_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's invalidation queue");
MODULE_LICENSE("GPL");
