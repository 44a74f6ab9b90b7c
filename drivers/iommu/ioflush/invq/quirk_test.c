// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of queues whose hardware needs more between commands
 */
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "test_dev.h"

static struct dev *quirk_start(struct kunit *test, bool instant, u32 quirks)
{
	struct dev *dev = dev_start(test, instant);

	KUNIT_ASSERT_EQ(test, 0, invq_set_quirks(&dev->q, quirks));
	return dev;
}

static unsigned int quirk_cmds(const char *kinds, struct invq_cmd *cmds)
{
	unsigned int n;

	for (n = 0; kinds[n]; n++)
		cmds[n] = dev_kind_of(kinds[n]);
	return n;
}

static void quirk_clear(struct dev *dev)
{
	memset(dev->log, 0, sizeof(dev->log));
	dev->logged = 0;
}

/* What the device has executed when a call with these kinds is over */
static const char *quirk_call(struct dev *dev, const char *kinds)
{
	struct invq_cmd cmds[16];

	quirk_clear(dev);
	invq_submit_wait(&dev->q, cmds, quirk_cmds(kinds, cmds));
	return dev->log;
}

static const char *quirk_queue(struct dev *dev, const char *kinds)
{
	struct invq_cmd cmds[16];

	quirk_clear(dev);
	invq_wait(&dev->q, invq_submit(&dev->q, cmds, quirk_cmds(kinds, cmds)));
	return dev->log;
}

static bool quirk_try_post(struct dev *dev, const struct invq_cmd *cmds,
			   unsigned int n, u32 *seq)
{
	unsigned long flags;
	bool posted;

	local_irq_save(flags);
	posted = invq_post(&dev->q, cmds, n, seq);
	local_irq_restore(flags);
	return posted;
}

static const char *quirk_post(struct dev *dev, const char *kinds)
{
	struct invq_cmd cmds[16];
	unsigned int n = quirk_cmds(kinds, cmds);
	u32 seq;

	quirk_clear(dev);
	if (!quirk_try_post(dev, cmds, n, &seq))
		return "no room";
	invq_wait(&dev->q, seq);
	return dev->log;
}

static void quirk_none(struct kunit *test)
{
	struct dev *dev = quirk_start(test, true, 0);

	KUNIT_EXPECT_STREQ(test, quirk_call(dev, "ab"), "abS");
	KUNIT_EXPECT_STREQ(test, quirk_queue(dev, "ab"), "abS");
	KUNIT_EXPECT_STREQ(test, quirk_post(dev, "ab"), "abS");
}

/* One kind needs no more than its sync; two are parted. */
static void quirk_sync_each(struct kunit *test)
{
	struct dev *dev = quirk_start(test, true, INVQ_SYNC_EACH);

	KUNIT_EXPECT_STREQ(test, quirk_call(dev, "aaa"), "aaaS");
	KUNIT_EXPECT_STREQ(test, quirk_call(dev, "aab"), "aa.b.S");
	KUNIT_EXPECT_STREQ(test, quirk_queue(dev, "aa"), "aa.S");
	KUNIT_EXPECT_STREQ(test, quirk_queue(dev, "aba"), "a.b.a.S");
	KUNIT_EXPECT_STREQ(test, quirk_post(dev, "aa"), "aaS");
	KUNIT_EXPECT_STREQ(test, quirk_post(dev, "abb"), "a.bb.S");
	/* In pieces of four */
	KUNIT_EXPECT_STREQ(test, quirk_queue(dev, "aaaaaaaaabbbb"),
			   "aaaa.aaaa.a.bbb.b.S");
	KUNIT_EXPECT_EQ(test, 0, dev->mixed);
}

/* Executed, over, and executed again */
static void quirk_twice(struct kunit *test)
{
	struct dev *dev = quirk_start(test, true, INVQ_TWICE);

	KUNIT_EXPECT_STREQ(test, quirk_call(dev, "aa"), "aa.aa.S");
	KUNIT_EXPECT_STREQ(test, quirk_queue(dev, "ab"), "a.b.a.b.S");
	KUNIT_EXPECT_STREQ(test, quirk_post(dev, "a"), "a.a.S");
	/* There is room for one piece at a time. */
	KUNIT_EXPECT_STREQ(test, quirk_queue(dev, "abababab"),
			   "a.b.a.b.a.b.a.b.Sa.b.a.b.a.b.a.b.S");
	KUNIT_EXPECT_EQ(test, 0, dev->mixed);
}

/* step: what there is room for can be posted, of whatever kinds it is. */
static void quirk_room(struct kunit *test)
{
	static const char kinds[] = "abababababababab";

	static_assert(sizeof(kinds) - 1 == QUEUE_SLOTS / 2);
	for (u32 quirks = 0; quirks <= INVQ_TWICE; quirks++) {
		struct dev *dev = quirk_start(test, true, quirks);
		unsigned int room = invq_room(&dev->q);

		KUNIT_ASSERT_GT(test, room, 0);
		KUNIT_EXPECT_STRNEQ(test, "no room",
				    quirk_post(dev, &kinds[QUEUE_SLOTS / 2 - room]));
		/* In the smallest queue that may have quirks, too */
		dev->q.mask = 7;
		KUNIT_EXPECT_EQ(test, invq_room(&dev->q), 4 >> quirks);
		dev->q.mask = QUEUE_SLOTS - 1;
	}
}

#define CROWD	4
#define ROUNDS	200

/* How many have begun: one that is stopped before that never does. */
static atomic_t quirk_begun;

static int quirk_thread(void *data)
{
	static const char *const kinds[] = { "a", "bb", "ab", "cab" };
	struct dev *dev = data;
	struct invq_cmd cmds[4];

	atomic_inc(&quirk_begun);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int n = quirk_cmds(kinds[i / 4 % 4], cmds);
		u32 seq;

		if (i % 4 < 2 && quirk_try_post(dev, cmds, n, &seq))
			continue;
		if (i % 4 < 3)
			invq_submit(&dev->q, cmds, n);
		else
			invq_submit_wait(&dev->q, cmds, n);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Whatever many CPUs queue meets no other kind, by all ways to queue. */
static void quirk_crowd(struct kunit *test)
{
	for (u32 quirks = INVQ_SYNC_EACH; quirks <= INVQ_TWICE; quirks++) {
		struct dev *dev = quirk_start(test, false, quirks);
		struct task_struct *task[CROWD];

		atomic_set(&quirk_begun, 0);
		for (unsigned int i = 0; i < CROWD; i++) {
			task[i] = kthread_run(quirk_thread, dev, "invq-quirk/%u", i);
			KUNIT_ASSERT_FALSE(test, IS_ERR(task[i]));
		}
		while (atomic_read(&quirk_begun) < CROWD)
			schedule_timeout_uninterruptible(1);
		for (unsigned int i = 0; i < CROWD; i++)
			kthread_stop(task[i]);
		invq_wait(&dev->q, invq_newest(&dev->q));
		KUNIT_EXPECT_GT(test, atomic64_read(&dev->sum), CROWD * ROUNDS);
		KUNIT_EXPECT_EQ(test, 0, dev->mixed);
		KUNIT_EXPECT_EQ(test, 0, dev->two_syncs);
		KUNIT_EXPECT_EQ(test, 0, dev->backwards);
	}
}

static void quirk_refused(struct kunit *test)
{
	static const struct invq_ops bare = {};
	struct dev *dev = dev_start(test, true);

	dev->q.mask = 3;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			invq_set_quirks(&dev->q, INVQ_SYNC_EACH));
	KUNIT_EXPECT_EQ(test, 0, invq_set_quirks(&dev->q, 0));
	dev->q.ops = &bare;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			invq_set_quirks(&dev->q, INVQ_TWICE));
}

KUNIT_ARRAY_PARAM_DESC(dev, dev_kinds, name);

static struct kunit_case quirk_cases[] = {
	KUNIT_CASE_PARAM(quirk_none, dev_gen_params),
	KUNIT_CASE_PARAM(quirk_sync_each, dev_gen_params),
	KUNIT_CASE_PARAM(quirk_twice, dev_gen_params),
	KUNIT_CASE_PARAM(quirk_room, dev_gen_params),
	KUNIT_CASE_PARAM(quirk_crowd, dev_gen_params),
	KUNIT_CASE(quirk_refused),
	{}
};

static struct kunit_suite quirk_suite = {
	.name = "ioflush_invq_quirk",
	.test_cases = quirk_cases,
};

kunit_test_suite(quirk_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's invalidation queue with quirks");
MODULE_LICENSE("GPL");
