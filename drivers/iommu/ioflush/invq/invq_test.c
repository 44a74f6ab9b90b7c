// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the invalidation queue: order, combining, back-pressure
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "internal.h"
#include "test_dev.h"

static unsigned long riders(const struct dev *dev)
{
	return invq_riders(&dev->q);
}

/* Alone on a queue: a call costs one sync, in order, over several wraps. */
static void invq_alone(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	unsigned int i, n, total = 0;
	struct invq_cmd cmds[4];

	for (i = 0; i < 10 * QUEUE_SLOTS; i++) {
		n = 1 + i % ARRAY_SIZE(cmds);
		dev_batch(cmds, n, 0);
		invq_submit_wait(&dev->q, cmds, n);
		total += n;
		KUNIT_ASSERT_EQ(test, total, atomic64_read(&dev->sum));
	}
	KUNIT_EXPECT_EQ(test, i, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, i, invq_doorbells(&dev->q));
	KUNIT_EXPECT_EQ(test, total, invq_commands(&dev->q));
	KUNIT_EXPECT_EQ(test, 0, riders(dev));
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
	KUNIT_EXPECT_EQ(test, 0, dev->torn);
}

/* Queue now, wait later: one sync covers all, and a second wait needs none. */
static void invq_wait_later(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq_cmd c = dev_invalidate(1);
	u32 first, last;

	first = invq_submit(&dev->q, &c, 1);
	invq_submit(&dev->q, &c, 1);
	last = invq_submit(&dev->q, &c, 1);
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 0, invq_doorbells(&dev->q));

	invq_wait(&dev->q, last);
	KUNIT_EXPECT_EQ(test, 3, atomic64_read(&dev->sum));
	invq_wait(&dev->q, first);
	KUNIT_EXPECT_EQ(test, 1, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 3, invq_commands(&dev->q));
	KUNIT_EXPECT_EQ(test, 1, riders(dev));
}

/* Without anybody waiting, a full queue makes room by itself. */
static void invq_full(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq_cmd c = dev_invalidate(1);
	unsigned int i;
	u32 seq = 0;

	for (i = 0; i < 5 * QUEUE_SLOTS; i++)
		seq = invq_submit(&dev->q, &c, 1);
	invq_wait(&dev->q, seq);
	KUNIT_EXPECT_EQ(test, i, atomic64_read(&dev->sum));
	/* One sync for each 30 commands, not one for each. */
	KUNIT_EXPECT_EQ(test, 5, atomic_long_read(&dev->q.stats.full));
	KUNIT_EXPECT_EQ(test, 6, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
}

/* A call returns only after the device has executed its commands. */
static void invq_waits(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	unsigned int i;

	dev->sync_ticks = 3;
	dev->sync_ticks_left = 3;
	for (i = 1; i <= 20; i++) {
		invq_submit_wait(&dev->q, &c, 1);
		KUNIT_ASSERT_EQ(test, i, atomic64_read(&dev->sum));
	}
}

/* What has been published when a sync is issued needs no other. */
static void invq_combines(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	u32 seq[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(seq); i++)
		seq[i] = invq_submit(&dev->q, &c, 1);
	for (unsigned int i = ARRAY_SIZE(seq); i--;)
		invq_wait(&dev->q, seq[i]);
	KUNIT_EXPECT_EQ(test, 1, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(seq) - 1, riders(dev));
}

static bool post(struct dev *dev, u64 arg, u32 *seq)
{
	struct invq_cmd c = dev_invalidate(arg);
	unsigned long flags;
	bool posted;

	local_irq_save(flags);
	posted = invq_post(&dev->q, &c, 1, seq);
	local_irq_restore(flags);
	return posted;
}

/* What is posted is executed at once, and needs no other sync. */
static void invq_posts(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq_cmd c = dev_invalidate(1);
	u32 seq;

	/* What was only queued before goes along. */
	invq_submit(&dev->q, &c, 1);
	for (unsigned int i = 1; i <= 3 * QUEUE_SLOTS; i++) {
		KUNIT_ASSERT_TRUE(test, post(dev, 1, &seq));
		KUNIT_ASSERT_EQ(test, i + 1, atomic64_read(&dev->sum));
		invq_wait(&dev->q, seq);
	}
	KUNIT_EXPECT_EQ(test, 3 * QUEUE_SLOTS, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 3 * QUEUE_SLOTS, invq_doorbells(&dev->q));
	KUNIT_EXPECT_EQ(test, 3 * QUEUE_SLOTS + 1, invq_commands(&dev->q));
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
}

/* The same behind a sync in flight: nobody polls, and it is executed. */
static void invq_posts_behind(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	u32 seq;

	dev->sync_ticks = 5;
	dev->sync_ticks_left = 5;
	dev_pause(dev);
	for (unsigned int i = 0; i < 4; i++)
		KUNIT_ASSERT_TRUE(test, post(dev, 1, &seq));
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, 1, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 4, invq_doorbells(&dev->q));
	dev_go_on(dev);
	for (unsigned int i = 0; i < 100 * HZ && atomic64_read(&dev->sum) < 4; i++)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, 4, atomic64_read(&dev->sum));

	/* Only a sync behind them tells. */
	KUNIT_EXPECT_LT(test, (s32)(le32_to_cpu(READ_ONCE(dev->done)) - seq), 0);
	invq_wait(&dev->q, seq);
	KUNIT_EXPECT_EQ(test, 2, dev->q.stats.syncs);
	KUNIT_EXPECT_EQ(test, 4, invq_commands(&dev->q));
	KUNIT_EXPECT_EQ(test, 0, dev->two_syncs);
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
}

/* With no room nothing is queued; and there is some later though nobody waits. */
static void invq_posts_full(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	unsigned int i, tries = 0, full = 0;
	u32 seq, reserved;

	/* It is full once, however fast the device is beside this CPU. */
	dev_pause(dev);
	for (i = 0; i < 5 * QUEUE_SLOTS && tries < 100 * HZ; tries++) {
		reserved = atomic_read(&dev->q.reserved);
		if (post(dev, 1, &seq)) {
			i++;
			continue;
		}
		if (!full++)
			dev_go_on(dev);
		/* A sync at most */
		KUNIT_ASSERT_LE(test, atomic_read(&dev->q.reserved) - reserved,
				1);
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_EXPECT_EQ(test, 5 * QUEUE_SLOTS, i);
	KUNIT_EXPECT_GT(test, full, 0);
	KUNIT_EXPECT_EQ(test, full, atomic_long_read(&dev->q.stats.full));
	invq_wait(&dev->q, seq);
	KUNIT_EXPECT_EQ(test, i, atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, i, invq_commands(&dev->q));
	KUNIT_EXPECT_EQ(test, 0, dev->two_syncs);
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
}

/* A device whose syncs are over at the @looks'th look, and not by the clock. */
static struct dev *late_start(struct kunit *test, unsigned int looks)
{
	struct dev *dev = dev_start(test, true);

	if (invq_make_late(&dev->q, U64_MAX / 2) == -EBUSY)
		kunit_skip(test, "ioflush.sync_ns= is set");
	KUNIT_ASSERT_EQ(test, -EBUSY, invq_make_late(&dev->q, 1));
	invq_late(&dev->q)->looks_max = looks;
	return dev;
}

/* Each wait waits, whatever the device has done; one that has come to its end does not. */
static void invq_late_waits(struct kunit *test)
{
	struct dev *dev = late_start(test, 20);
	struct invq_late *late = invq_late(&dev->q);
	struct invq_cmd c = dev_invalidate(1);
	u32 seq;

	for (unsigned int i = 1; i <= 3 * QUEUE_SLOTS; i++) {
		if (i & 1) {
			invq_submit_wait(&dev->q, &c, 1);
		} else {
			seq = invq_submit(&dev->q, &c, 1);
			invq_wait(&dev->q, seq);
			invq_wait(&dev->q, seq);
		}
		KUNIT_ASSERT_EQ(test, i, atomic64_read(&dev->sum));
		KUNIT_ASSERT_EQ(test, i, dev->q.stats.syncs);
		KUNIT_ASSERT_EQ(test, 20, late->looks);
	}
}

/* Who has something posted and comes back in time has nothing to wait for. */
static void invq_late_posts(struct kunit *test)
{
	struct dev *dev = late_start(test, 1000000);
	struct invq_late *late = invq_late(&dev->q);
	u32 seq, behind;

	KUNIT_ASSERT_TRUE(test, post(dev, 1, &seq));
	KUNIT_EXPECT_EQ(test, 1, atomic64_read(&dev->sum));
	for (unsigned int i = 0; i < 5; i++)
		KUNIT_EXPECT_FALSE(test, invq_finished(&dev->q, seq));
	KUNIT_EXPECT_FALSE(test, invq_wait_bounded(&dev->q, seq, 0));

	/* Commands behind it come without a sync, and do not put it off. */
	KUNIT_ASSERT_TRUE(test, post(dev, 1, &behind));
	KUNIT_EXPECT_EQ(test, 1, dev->q.stats.syncs);
	KUNIT_EXPECT_GT(test, late->looks, 0);
	late->due_ns = 0;
	KUNIT_EXPECT_TRUE(test, invq_finished(&dev->q, seq));

	/* The next one is late again. */
	KUNIT_EXPECT_FALSE(test, invq_finished(&dev->q, behind));
	KUNIT_EXPECT_EQ(test, 2, dev->q.stats.syncs);
	KUNIT_EXPECT_FALSE(test, invq_finished(&dev->q, behind));
	late->due_ns = 0;
	KUNIT_EXPECT_TRUE(test, invq_finished(&dev->q, behind));
}

/* Unless somebody asks for it, nothing stands between a queue and its encoder. */
static void invq_late_off(struct kunit *test)
{
	const struct dev_kind *kind = test->param_value;
	struct dev *dev = dev_start(test, true);

	if (dev->q.ops != kind->ops)
		kunit_skip(test, "ioflush.sync_ns= is set");
	KUNIT_ASSERT_EQ(test, 0, invq_late_init(&dev->q));
	KUNIT_EXPECT_PTR_EQ(test, kind->ops, dev->q.ops);
	KUNIT_EXPECT_PTR_EQ(test, &dev->done, dev->q.done);
	invq_late_exit(&dev->q);
	KUNIT_EXPECT_PTR_EQ(test, kind->ops, dev->q.ops);

	KUNIT_ASSERT_EQ(test, 0, invq_make_late(&dev->q, 1));
	KUNIT_EXPECT_PTR_NE(test, kind->ops, dev->q.ops);
	invq_late_exit(&dev->q);
	KUNIT_EXPECT_PTR_EQ(test, kind->ops, dev->q.ops);
	KUNIT_EXPECT_PTR_EQ(test, &dev->done, dev->q.done);
}

static void invq_sizes(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq q;

	KUNIT_EXPECT_EQ(test, -EINVAL, invq_init(&q, dev->q.ops, "test",
						 dev->slots, &dev->done, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, invq_init(&q, dev->q.ops, "test",
						 dev->slots, &dev->done, 17));
}

#define CROWD_MAX	16

/**
 * struct crowd - threads that invalidate on one queue
 * @dev: its device
 * @batch: commands of each call
 * @rounds: calls of each member
 * @meet: let the others come to a CPU before waiting
 * @left: members that are not done yet
 * @members: the threads
 */
struct crowd {
	struct dev *dev;
	unsigned int batch;
	unsigned int rounds;
	bool meet;
	atomic_t left;
	struct member {
		struct crowd *crowd;
		struct task_struct *task;
		unsigned int lost;
		unsigned long longest;
	} members[CROWD_MAX];
};

/*
 * One call, and how many syncs had to finish before its own had. A sync that
 * finishes between the two first lines makes that come out too small, not too
 * large.
 */
static void member_call(struct member *m, const struct invq_cmd *cmds)
{
	struct dev *dev = m->crowd->dev;
	unsigned int id = m - m->crowd->members;
	u32 seq = invq_submit(&dev->q, cmds, m->crowd->batch);
	unsigned long before = READ_ONCE(dev->syncs), cover;

	if (m->crowd->meet)
		schedule_timeout_uninterruptible(1);
	invq_wait(&dev->q, seq);
	if ((s32)(le32_to_cpu(READ_ONCE(dev->done)) - seq) < 0)
		m->lost++;
	cover = READ_ONCE(dev->cover[id]);
	if (cover > before)
		m->longest = max(m->longest, cover - before);
}

static int member_thread(void *data)
{
	struct member *m = data;
	struct crowd *crowd = m->crowd;
	struct invq_cmd cmds[8];

	dev_batch(cmds, crowd->batch, m - crowd->members);
	for (unsigned int i = 0; i < crowd->rounds; i++) {
		/* All ways to queue and to wait, in turns. */
		if (crowd->batch > 1 && i % 4 && i != crowd->rounds - 1)
			invq_submit(&crowd->dev->q, cmds, crowd->batch);
		else if (i & 1 && !crowd->meet)
			invq_submit_wait(&crowd->dev->q, cmds, crowd->batch);
		else
			member_call(m, cmds);
	}
	atomic_dec(&crowd->left);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static struct crowd *crowd_run(struct kunit *test, struct dev *dev,
			       unsigned int members, unsigned int batch,
			       unsigned int rounds)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->dev = dev;
	crowd->batch = batch;
	crowd->rounds = rounds;
	crowd->meet = members > 8;
	atomic_set(&crowd->left, members);
	for (i = 0; i < members; i++) {
		struct member *m = &crowd->members[i];

		m->crowd = crowd;
		m->task = kthread_run(member_thread, m, "invq-crowd/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(m->task));
	}
	while (atomic_read(&crowd->left))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < members; i++) {
		kthread_stop(crowd->members[i].task);
		KUNIT_EXPECT_EQ(test, 0, crowd->members[i].lost);
	}
	KUNIT_EXPECT_EQ(test, members * batch * rounds,
			atomic64_read(&dev->sum));
	KUNIT_EXPECT_EQ(test, members * batch * rounds,
			invq_commands(&dev->q));
	KUNIT_EXPECT_EQ(test, 0, dev->backwards);
	KUNIT_EXPECT_EQ(test, 0, dev->two_syncs);
	KUNIT_EXPECT_EQ(test, 0, dev->torn);
	return crowd;
}

/*
 * Each slot that hardware was told of has a mark of this lap. One that was left out
 * could pass for that of a lap 2^32 slots later.
 */
static void invq_marks(struct kunit *test)
{
	struct dev *dev = dev_start(test, true);
	struct invq_cmd cmds[3];

	dev_batch(cmds, ARRAY_SIZE(cmds), 1);
	for (unsigned int i = 0; i < 5 * QUEUE_SLOTS; i++) {
		u32 seq, first;

		if (i % 3)
			invq_submit_wait(&dev->q, cmds, 1 + i % 2);
		else
			invq_wait(&dev->q, invq_submit(&dev->q, cmds, 3));
		first = dev->q.published - QUEUE_SLOTS;
		for (seq = first; i > QUEUE_SLOTS && seq != dev->q.published; seq++)
			KUNIT_ASSERT_EQ(test, seq + 1,
					dev->q.marks[seq % QUEUE_SLOTS]);
	}
}

/* Whose turn it is to issue a sync may not wait for one: then it is the others'. */
static void invq_turn(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	struct invq_cmd c = dev_invalidate(1);
	u32 seq;

	for (unsigned int i = 1; i <= 20; i++) {
		WRITE_ONCE(dev->hold, 20);
		KUNIT_ASSERT_TRUE(test, post(dev, 1, &seq));
		invq_submit(&dev->q, &c, 1);
		invq_submit_wait(&dev->q, &c, 1);
		KUNIT_ASSERT_EQ(test, 3 * i, atomic64_read(&dev->sum));
	}
}

/* Many producers, a quick device: nothing is lost, the tail never goes back. */
static void invq_crowd(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);

	crowd_run(test, dev, 4, 1, 1000);
	KUNIT_EXPECT_GE(test, dev->q.stats.syncs + riders(dev), 4 * 1000);
}

/*
 * Many producers, until they have found the queue full: one alone does not fill it, and
 * they may have run one after the other.
 */
static void crowd_fill(struct kunit *test, unsigned int cpus)
{
	struct dev *dev;

	for (unsigned int i = 0; i < 10; i++) {
		dev = dev_start(test, false);
		if (cpus)
			KUNIT_ASSERT_EQ(test, 0, invq_set_groups(&dev->q, cpus));
		dev->sync_ticks = 20;
		dev->sync_ticks_left = 20;
		crowd_run(test, dev, 8, 7, 30);
		if (atomic_long_read(&dev->q.stats.full))
			return;
	}
	KUNIT_FAIL(test, "the queue was never full");
}

/* The commands of a call stay together, with a queue that is often full. */
static void invq_crowd_batches(struct kunit *test)
{
	crowd_fill(test, 0);
}

/* The same two, where CPUs reserve with their neighbours, or each in a group alone. */
static void invq_crowd_groups(struct kunit *test)
{
	for (unsigned int cpus = 1; cpus <= 4; cpus *= 2) {
		struct dev *dev = dev_start(test, false);

		KUNIT_ASSERT_EQ(test, 0, invq_set_groups(&dev->q, cpus));
		crowd_run(test, dev, 4, 1, 300);
		crowd_fill(test, cpus);
	}
}

static unsigned long crowd_longest(const struct crowd *crowd)
{
	unsigned long longest = 0;

	for (unsigned int i = 0; i < CROWD_MAX; i++)
		longest = max(longest, crowd->members[i].longest);
	return longest;
}

/*
 * With 16 that invalidate at once there is less than half a sync for each
 * call, and nobody waits for four times as many syncs as one alone does. There
 * are fewer CPUs, so they sleep once all of them have had one.
 */
static void invq_crowd_combines(struct kunit *test)
{
	struct dev *dev = dev_start(test, false);
	unsigned long alone, crowd, syncs;

	alone = crowd_longest(crowd_run(test, dev, 1, 1, 10));
	KUNIT_EXPECT_EQ(test, 1, alone);
	KUNIT_EXPECT_EQ(test, 10, dev->q.stats.syncs);

	dev = dev_start(test, false);
	dev->sync_ticks = 5;
	dev->sync_ticks_left = 5;
	crowd = crowd_longest(crowd_run(test, dev, CROWD_MAX, 1, 20));
	syncs = dev->q.stats.syncs;
	kunit_info(test, "%u calls: %lu syncs, %lu doorbells, %lu riders, longest wait %lu syncs\n",
		   CROWD_MAX * 20, syncs, invq_doorbells(&dev->q), riders(dev),
		   crowd);
	KUNIT_EXPECT_LE(test, syncs, CROWD_MAX * 20 / 2);
	KUNIT_EXPECT_EQ(test, syncs, invq_doorbells(&dev->q));
	KUNIT_EXPECT_LE(test, crowd, 4 * alone);
}

KUNIT_ARRAY_PARAM_DESC(dev, dev_kinds, name);

static struct kunit_case invq_cases[] = {
	KUNIT_CASE_PARAM(invq_alone, dev_gen_params),
	KUNIT_CASE_PARAM(invq_wait_later, dev_gen_params),
	KUNIT_CASE_PARAM(invq_full, dev_gen_params),
	KUNIT_CASE_PARAM(invq_waits, dev_gen_params),
	KUNIT_CASE_PARAM(invq_combines, dev_gen_params),
	KUNIT_CASE_PARAM(invq_posts, dev_gen_params),
	KUNIT_CASE_PARAM(invq_posts_behind, dev_gen_params),
	KUNIT_CASE_PARAM(invq_posts_full, dev_gen_params),
	KUNIT_CASE_PARAM(invq_late_waits, dev_gen_params),
	KUNIT_CASE_PARAM(invq_late_posts, dev_gen_params),
	KUNIT_CASE_PARAM(invq_late_off, dev_gen_params),
	KUNIT_CASE(invq_sizes),
	KUNIT_CASE_PARAM(invq_marks, dev_gen_params),
	KUNIT_CASE_PARAM(invq_turn, dev_gen_params),
	KUNIT_CASE_PARAM(invq_crowd, dev_gen_params),
	KUNIT_CASE_PARAM(invq_crowd_batches, dev_gen_params),
	KUNIT_CASE_PARAM(invq_crowd_groups, dev_gen_params),
	KUNIT_CASE_PARAM(invq_crowd_combines, dev_gen_params),
	{}
};

static struct kunit_suite invq_suite = {
	.name = "ioflush_invq",
	.test_cases = invq_cases,
};

kunit_test_suite(invq_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's invalidation queue");
MODULE_LICENSE("GPL");
