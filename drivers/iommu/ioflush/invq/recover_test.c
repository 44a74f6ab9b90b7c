// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of an invalidation queue whose device is stuck or fails
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "test_dev.h"

static long recoveries(const struct dev *dev)
{
	return atomic_long_read(&dev->q.stats.recoveries);
}

static long refused(const struct dev *dev)
{
	return atomic_long_read(&dev->q.stats.refused);
}

static void expect_sound(struct kunit *test, const struct dev *dev)
{
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
	KUNIT_EXPECT_EQ(test, 0, dev->two_syncs);
	KUNIT_EXPECT_EQ(test, 0, dev->torn);
	KUNIT_EXPECT_EQ(test, 0, dev->irqs_on);
	KUNIT_EXPECT_EQ(test, 0, dev->held);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&dev->q.claim));
}

/* A stuck device is reported, not given up on, and counts as done only then. */
static void recover_stuck(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);

	dev->q.timeout_us = 10000;
	dev->until_dump = true;
	WRITE_ONCE(dev->hold, U32_MAX);
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 1, atomic64_read(&dev->sum));
	KUNIT_EXPECT_GT(test, atomic_long_read(&dev->q.stats.timeouts), 0);
	KUNIT_EXPECT_EQ(test, 0, recoveries(dev));
	expect_sound(test, dev);
}

/* A full queue of a stuck device: callers wait, with interrupts on. */
static void recover_full(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	unsigned int i;
	u32 seq = 0;

	dev->q.timeout_us = 10000;
	dev->until_dump = true;
	WRITE_ONCE(dev->hold, U32_MAX);
	for (i = 0; i < 3 * QUEUE_SLOTS; i++)
		seq = invq_submit(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, READ_ONCE(dev->hold));
	invq_wait(&dev->q, seq);
	KUNIT_EXPECT_EQ(test, i, atomic64_read(&dev->sum));
	KUNIT_EXPECT_GT(test, atomic_long_read(&dev->q.stats.full), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&dev->q.stats.timeouts), 0);
	expect_sound(test, dev);
}

/* A refused command is replaced; those before and after it are executed. */
static void recover_refused(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd cmds[] = {
		dev_invalidate(1), dev_bad(), dev_invalidate(2), dev_bad(),
	};

	invq_submit_wait(&dev->q, cmds, ARRAY_SIZE(cmds));
	KUNIT_EXPECT_EQ(test, 3, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 4, atomic64_read(&dev->invalidated));
	KUNIT_EXPECT_EQ(test, 2, recoveries(dev));
	KUNIT_EXPECT_EQ(test, 2, refused(dev));
	KUNIT_EXPECT_EQ(test, 1, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 3, invq_doorbells(&dev->q));
	expect_sound(test, dev);
}

/* strict: what was refused has taken effect all the same when the wait ends. */
static void recover_covers(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(5);

	for (unsigned int i = 1; i <= 3; i++) {
		dev->refuse = 1;
		invq_submit_wait(&dev->q, &c, 1);
		KUNIT_EXPECT_EQ(test, 5 * i, atomic64_read(&dev->sum));
		KUNIT_EXPECT_EQ(test, i, refused(dev));
	}
	expect_sound(test, dev);
}

/* A sync that is refused is written again in its place. */
static void recover_sync_refused(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);

	dev->refuse_sync = 3;
	invq_submit_wait(&dev->q, &c, 1);
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 2, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 3, recoveries(dev));
	KUNIT_EXPECT_EQ(test, 2, dev->q.stats.syncs);
	expect_sound(test, dev);
}

/* A sync that is lost is issued again, behind what came after it. */
static void recover_sync_lost(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);

	for (unsigned int i = 1; i <= 40; i++) {
		dev->lose_sync = i % 3;
		invq_submit_wait(&dev->q, &c, 1);
		KUNIT_ASSERT_EQ(test, i, atomic64_read(&dev->sum));
	}
	KUNIT_EXPECT_EQ(test, 40, recoveries(dev));
	KUNIT_EXPECT_EQ(test, 0, refused(dev));
	KUNIT_EXPECT_EQ(test, 80, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 40, invq_commands(&dev->q));
	expect_sound(test, dev);
}

/*
 * Commands behind the sync in flight that hardware knows of: each is executed,
 * whether it, or the sync before or behind it, is refused or lost.
 */
static void recover_posted(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	unsigned long flags;
	u32 seq = 0;

	for (unsigned int i = 0; i < 8; i++) {
		WRITE_ONCE(dev->hold, 10);
		dev->refuse = i & 1 ? 2 : 0;
		dev->refuse_sync = i & 2 ? 2 : 0;
		dev->lose_sync = i & 4 ? 2 : 0;
		for (unsigned int j = 0; j < 4; j++) {
			local_irq_save(flags);
			KUNIT_EXPECT_TRUE(test, invq_post(&dev->q, &c, 1, &seq));
			local_irq_restore(flags);
		}
		invq_wait(&dev->q, seq);
		KUNIT_ASSERT_EQ(test, 4 * (i + 1), atomic64_read(&dev->sum));
	}
	KUNIT_EXPECT_EQ(test, 32, invq_commands(&dev->q));
	expect_sound(test, dev);
}

/* The head of a full ring, which was told of commands behind its newest sync */
static void recover_beyond(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	u32 start = READ_ONCE(dev->q.synced);

	for (u32 done = start - 3 * QUEUE_SLOTS; done != start + 3 * QUEUE_SLOTS;
	     done++) {
		WRITE_ONCE(dev->done, cpu_to_le32(done));
		dev->q.published = done + QUEUE_SLOTS - 1;
		for (u32 sync = 1; sync < QUEUE_SLOTS; sync++) {
			dev->q.synced = done + sync;
			for (u32 head = 0; head < QUEUE_SLOTS; head++) {
				u32 slot = (done + head) % QUEUE_SLOTS;

				KUNIT_ASSERT_EQ(test, head >= sync,
						invq_beyond_sync(&dev->q, slot));
			}
		}
	}
}

static void replaced_sync(struct invq *q, struct invq_cmd *c)
{
	*c = dev_invalidate(0);
}

static void replaced_doorbell(struct invq *q, u32 seq)
{
}

/* Hardware passes the newest sync, which another CPU has just replaced by another. */
static u32 replaced_head(struct invq *q)
{
	u32 passed = q->synced;

	WRITE_ONCE(q->synced, passed + 1);
	return passed & (2 * q->mask + 1);
}

/* strict: what stands where a sync stood does not end a wait. */
static void recover_replaced(struct kunit *test)
{
	static const struct invq_ops ops = {
		.sync = replaced_sync,
		.doorbell = replaced_doorbell,
		.head = replaced_head,
	};
	struct dev *dev = dev_start(test, true);
	struct invq_cmd c = dev_invalidate(1);
	struct invq q = {};
	__le32 done;
	u32 seq;

	KUNIT_ASSERT_EQ(test, 0, invq_init(&q, &ops, "replaced", dev->slots,
					   &dev->done, QUEUE_LG2));
	done = dev->done;
	seq = invq_submit(&q, &c, 1);
	/* The first look issues the sync. */
	for (unsigned int i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, invq_finished(&q, seq));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(done), le32_to_cpu(dev->done));
	invq_exit(&q);
}

/* The same with no room left, as often as the queue has slots. */
static void recover_sync_lost_full(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	unsigned int i;

	dev->lose_sync = QUEUE_SLOTS + 1;
	for (i = 0; i < 2 * QUEUE_SLOTS; i++)
		invq_submit(&dev->q, &c, 1);
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, i + 1, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, QUEUE_SLOTS + 1, recoveries(dev));
	KUNIT_EXPECT_EQ(test, i + 1, invq_commands(&dev->q));
	expect_sound(test, dev);
}

/*
 * Who reports or tells of an error is interrupted by a wait that meets an error
 * itself. Nothing that it needs is held.
 */
static void recover_interrupted(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);

	/* In the report of a time-out */
	dev->q.timeout_us = 2000;
	dev->interrupts = 1;
	WRITE_ONCE(dev->hold, 100000);
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, dev->interrupts);
	KUNIT_EXPECT_EQ(test, 2, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 1, refused(dev));

	/* In the message about an error, twice over; no wait is long enough for a report */
	dev->q.timeout_us = U32_MAX;
	dev->interrupts = 2;
	dev->refuse = 1;
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, dev->interrupts);
	KUNIT_EXPECT_EQ(test, 5, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 4, refused(dev));
	expect_sound(test, dev);
}

/* A wait that must not take long: what it has queued stays queued. */
static void recover_bounded(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	u32 seq;

	WRITE_ONCE(dev->hold, 1000000);
	seq = invq_submit(&dev->q, &c, 1);
	KUNIT_EXPECT_FALSE(test, invq_wait_bounded(&dev->q, seq,
						   3 * NSEC_PER_MSEC));
	KUNIT_EXPECT_FALSE(test, invq_wait_bounded(&dev->q, seq, 0));
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&dev->sum));
	WRITE_ONCE(dev->hold, 0);
	dev->refuse = 1;
	KUNIT_EXPECT_TRUE(test, invq_wait_bounded(&dev->q, seq, U64_MAX));
	KUNIT_EXPECT_TRUE(test, invq_wait_bounded(&dev->q, seq, 0));
	KUNIT_EXPECT_EQ(test, 1, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 1, dev->q.stats.syncs);
	expect_sound(test, dev);
}

/* A unit that blocks all DMA has no translation left: waits are over. */
static void expect_over(struct kunit *test, struct dev *dev)
{
	struct invq_cmd c = dev_invalidate(1);

	KUNIT_EXPECT_EQ(test, INVQ_DEAD, dev->q.life);
	/* Also later ones, and with many more than the queue has room for */
	for (unsigned int i = 0; i < 3 * QUEUE_SLOTS; i++) {
		invq_submit_wait(&dev->q, &c, 1);
		invq_submit(&dev->q, &c, 1);
	}
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&dev->sum));
	/* Hardware stores an old number after all. */
	WRITE_ONCE(dev->done, cpu_to_le32(dev->q.published - 2 * QUEUE_SLOTS));
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, dev->irqs_on);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&dev->q.claim));
}

/* terminal: one that says that it has failed, and blocks */
static void recover_failed(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);

	WRITE_ONCE(dev->hold, U32_MAX);
	dev->blocks = true;
	invq_submit_wait(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, dev->kills);
	expect_over(test, dev);
}

/* terminal: one that does not move is made to block, and not before it does. */
static void recover_killed(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	u32 seq;

	dev->q.timeout_us = 2000;
	dev->q.kill_timeouts = 10;
	WRITE_ONCE(dev->hold, U32_MAX);
	seq = invq_submit(&dev->q, &c, 1);
	while (dev->kills < 2) {
		KUNIT_ASSERT_FALSE(test, invq_wait_bounded(&dev->q, seq,
							   2 * NSEC_PER_MSEC));
		KUNIT_ASSERT_EQ(test, dev->kills ? INVQ_DYING : INVQ_ALIVE,
				dev->q.life);
	}

	dev->kill_steps = dev->kills + 3;
	invq_wait(&dev->q, seq);
	KUNIT_EXPECT_EQ(test, dev->kills, dev->kill_steps);
	expect_over(test, dev);
}

/* A wait that does not end looks, however late its CPU gets to it. */
static void expect_look(struct kunit *test, struct dev *dev, u32 seq)
{
	u64 looked_ns = dev->q.looked_ns;

	while (dev->q.looked_ns == looked_ns)
		KUNIT_ASSERT_FALSE(test, invq_wait_bounded(&dev->q, seq,
							   3 * NSEC_PER_MSEC));
}

/* One that moves, if slowly, is not given up; nor one that was only idle. */
static void recover_slow(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	u64 limit_ns;
	u32 seq;

	dev->q.kill_timeouts = 1000;
	limit_ns = 1000ULL * dev->q.timeout_us * NSEC_PER_USEC;
	for (unsigned int i = 1; i <= 3; i++) {
		dev_pause(dev);
		seq = invq_submit(&dev->q, &c, 1);
		/* It has moved since the last look, */
		expect_look(test, dev, seq);
		KUNIT_EXPECT_LT(test, dev->q.stuck_ns, limit_ns / 2);
		/* and nobody has looked for long. */
		dev->q.looked_ns -= limit_ns;
		expect_look(test, dev, seq);
		KUNIT_EXPECT_LT(test, dev->q.stuck_ns, limit_ns / 2);
		dev_go_on(dev);
		invq_wait(&dev->q, seq);
		KUNIT_ASSERT_EQ(test, i, atomic64_read(&dev->sum));
		dev->q.stuck_ns = limit_ns - 1;
	}
	KUNIT_EXPECT_EQ(test, 0, dev->kills);
	KUNIT_EXPECT_EQ(test, INVQ_ALIVE, dev->q.life);
	expect_sound(test, dev);
}

#define CROWD	4
#define ROUNDS	300

static void post_wait(struct dev *dev, const struct invq_cmd *cmds,
		      unsigned int n)
{
	unsigned long flags;
	bool posted;
	u32 seq;

	local_irq_save(flags);
	posted = invq_post(&dev->q, cmds, n, &seq);
	local_irq_restore(flags);
	invq_wait(&dev->q, posted ? seq : invq_submit(&dev->q, cmds, n));
}

static int failing_thread(void *data)
{
	struct dev *dev = data;
	struct invq_cmd cmds[3];

	dev_batch(cmds, ARRAY_SIZE(cmds), 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		/* Not exact where two meet, which does not matter. */
		if (i % 40 == 3)
			WRITE_ONCE(dev->refuse, 1);
		if (i % 40 == 17)
			WRITE_ONCE(dev->refuse_sync, 1);
		if (i % 40 == 31)
			WRITE_ONCE(dev->lose_sync, 1);
		if (i % 4 == 3)
			post_wait(dev, cmds, ARRAY_SIZE(cmds));
		else
			invq_submit_wait(&dev->q, cmds, ARRAY_SIZE(cmds));
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* A device that keeps failing, while others go on queueing. */
static void recover_crowd(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct task_struct *task[CROWD];
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		task[i] = kthread_run(failing_thread, dev, "invq-fail/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(task[i]));
	}
	while (atomic64_read(&dev->invalidated) < CROWD * ROUNDS * 3)
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < CROWD; i++)
		kthread_stop(task[i]);
	KUNIT_EXPECT_EQ(test, CROWD * ROUNDS * 3, atomic64_read(&dev->sum));
	KUNIT_EXPECT_GT(test, recoveries(dev), 2 * ROUNDS / 40);
	expect_sound(test, dev);
}

KUNIT_ARRAY_PARAM_DESC(dev, dev_kinds, name);

static struct kunit_case recover_cases[] = {
	KUNIT_CASE_PARAM(recover_stuck, dev_gen_params),
	KUNIT_CASE_PARAM(recover_full, dev_gen_params),
	KUNIT_CASE_PARAM(recover_refused, dev_gen_params),
	KUNIT_CASE_PARAM(recover_covers, dev_gen_params),
	KUNIT_CASE_PARAM(recover_sync_refused, dev_gen_params),
	KUNIT_CASE(recover_sync_lost),
	KUNIT_CASE(recover_posted),
	KUNIT_CASE(recover_beyond),
	KUNIT_CASE(recover_replaced),
	KUNIT_CASE(recover_sync_lost_full),
	KUNIT_CASE_PARAM(recover_interrupted, dev_gen_params),
	KUNIT_CASE_PARAM(recover_bounded, dev_gen_params),
	KUNIT_CASE_PARAM(recover_failed, dev_gen_params),
	KUNIT_CASE_PARAM(recover_killed, dev_gen_params),
	KUNIT_CASE_PARAM(recover_slow, dev_gen_params),
	KUNIT_CASE_SLOW(recover_crowd),
	{}
};

static struct kunit_suite recover_suite = {
	.name = "ioflush_invq_recover",
	.test_cases = recover_cases,
};

kunit_test_suite(recover_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's invalidation queue in trouble");
MODULE_LICENSE("GPL");
