// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what is known of the costs of invalidations
 */
#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/processor.h>
#include <linux/sizes.h>

#include "../invq/test_take.h"
#include "internal.h"

#define SLOTS_LG2	5

/* A range takes the unit this long, the whole domain twice as long. */
#define RANGE_US	10
#define REFILL_MIN_NS	(64 * 25)

enum slow_cmd {
	SLOW_RANGE = 1,
	SLOW_ALL,
	SLOW_SYNC,
};

/**
 * struct slow - an IOMMU whose commands take time
 * @q: its queue
 * @slots: the queue's slots
 * @done: the queue's done word
 * @head: next slot to execute
 * @commands: how many were executed, without syncs
 */
struct slow {
	struct invq q;
	struct invq_cmd slots[BIT(SLOTS_LG2)];
	__le32 done;
	u32 head;
	unsigned int commands;
};

/* By the clock that is measured with; udelay() goes by another. */
static void slow_take(unsigned int us)
{
	u64 end_ns = ktime_get_ns() + us * NSEC_PER_USEC;

	while (ktime_get_ns() < end_ns)
		cpu_relax();
}

static void slow_execute(struct invq *q, const struct invq_cmd *cmd)
{
	struct slow *slow = container_of(q, struct slow, q);
	u64 word = le64_to_cpu(cmd->u64s[0]);

	switch (lower_32_bits(word)) {
	case SLOW_RANGE:
		slow_take(RANGE_US);
		slow->commands++;
		break;
	case SLOW_ALL:
		slow_take(2 * RANGE_US);
		slow->commands++;
		break;
	case SLOW_SYNC:
		WRITE_ONCE(slow->done, cpu_to_le32(upper_32_bits(word)));
		break;
	}
}

static void slow_doorbell(struct invq *q, u32 seq)
{
	struct slow *slow = container_of(q, struct slow, q);

	invq_take_all(q, &slow->head, seq, slow_execute);
}

static void slow_sync(struct invq *q, struct invq_cmd *cmd)
{
	cmd->u64s[0] = cpu_to_le64(SLOW_SYNC);
}

static const struct invq_ops slow_ops = {
	.sync = slow_sync,
	.doorbell = slow_doorbell,
};

static unsigned int slow_encode_range(struct iodom *dom,
				      struct iodom_link *link,
				      const struct ioflush_range *range,
				      struct invq_cmd *cmds)
{
	*cmds = (struct invq_cmd) { .u64s = { cpu_to_le64(SLOW_RANGE) } };
	return 1;
}

static unsigned int slow_encode_all(struct iodom *dom, struct iodom_link *link,
				    struct invq_cmd *cmds)
{
	*cmds = (struct invq_cmd) { .u64s = { cpu_to_le64(SLOW_ALL) } };
	return 1;
}

static int slow_link_get(struct iodom *dom, struct iodom_link *link)
{
	return 0;
}

static void slow_link_put(struct iodom *dom, struct iodom_link *link)
{
}

static const struct iodom_hw_ops slow_hw_ops = {
	.encode_range = slow_encode_range,
	.encode_all = slow_encode_all,
	.link_get = slow_link_get,
	.link_put = slow_link_put,
};

static void slow_exit(void *data)
{
	struct slow *slow = data;

	invq_exit(&slow->q);
}

static void slow_free(void *data)
{
	struct slow *slow = data;

	iodom_queue_remove(&slow->q);
}

static struct slow *slow_new(struct kunit *test, const char *name, bool known)
{
	struct slow *slow = kunit_kzalloc(test, sizeof(*slow), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, slow);
	KUNIT_ASSERT_EQ(test, 0, invq_init(&slow->q, &slow_ops, name,
					   slow->slots, &slow->done,
					   SLOTS_LG2));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, slow_exit, slow));
	if (known) {
		KUNIT_ASSERT_EQ(test, 0, iodom_queue_add(&slow->q));
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
								   slow_free,
								   slow));
	}
	return slow;
}

static void dom_free(void *data)
{
	struct iodom *dom = data;

	dom->domain.ops->free(&dom->domain);
}

static struct iodom *dom_new(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct iodom *dom = iodom_create(&slow_hw_ops, &iopgt_vtdss_ops, &cfg);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	dom->domain.type = IOMMU_DOMAIN_UNMANAGED;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, dom_free, dom));
	return dom;
}

static void link(struct kunit *test, struct iodom *dom, struct slow *slow)
{
	KUNIT_ASSERT_FALSE(test, IS_ERR(iodom_link_get(dom, slow, &slow->q,
						       false)));
}

/* The first link to a queue measures; a second one knows. */
static void cost_measured(struct kunit *test)
{
	struct slow *slow = slow_new(test, "slow", true);
	struct iodom *dom = dom_new(test), *other = dom_new(test);
	const struct ioflush_costs *costs = &dom->flush.costs;
	unsigned int commands;

	KUNIT_EXPECT_EQ(test, 0, costs->cmd_ns);
	link(test, dom, slow);
	/* The fastest of several: one of them may have been interrupted. */
	KUNIT_EXPECT_GE(test, costs->cmd_ns, RANGE_US * NSEC_PER_USEC / 2);
	KUNIT_EXPECT_GE(test, costs->all_ns,
			RANGE_US * NSEC_PER_USEC / 2 + REFILL_MIN_NS);

	commands = slow->commands;
	KUNIT_EXPECT_GT(test, commands, 0);
	link(test, other, slow);
	KUNIT_EXPECT_EQ(test, commands, slow->commands);
	KUNIT_EXPECT_EQ(test, costs->cmd_ns, other->flush.costs.cmd_ns);
	KUNIT_EXPECT_EQ(test, costs->all_ns, other->flush.costs.all_ns);
	iodom_link_put(other, slow);
	iodom_link_put(dom, slow);
	KUNIT_EXPECT_EQ(test, 0, costs->cmd_ns);
}

/* A queue that nobody has announced is not measured. */
static void cost_unknown(struct kunit *test)
{
	struct slow *slow = slow_new(test, "unknown", false);
	struct iodom *dom = dom_new(test);

	link(test, dom, slow);
	KUNIT_EXPECT_EQ(test, 0, slow->commands);
	KUNIT_EXPECT_EQ(test, 0, dom->flush.costs.cmd_ns);
	iodom_link_put(dom, slow);
}

/* On several units: the dearest command, and the whole domain on each. */
static void cost_units(struct kunit *test)
{
	static const struct ioflush_costs first = { .cmd_ns = 7, .all_ns = 50 };
	static const struct ioflush_costs second = { .cmd_ns = 3, .all_ns = 60 };
	static const struct ioflush_costs most = {
		.cmd_ns = 1, .all_ns = U32_MAX,
	};
	struct slow *a = slow_new(test, "a", true), *b = slow_new(test, "b", true);
	struct iodom *dom = dom_new(test);
	const struct ioflush_costs *costs = &dom->flush.costs;

	KUNIT_EXPECT_EQ(test, 0, iodom_costs_set("a", &first));
	KUNIT_EXPECT_EQ(test, 0, iodom_costs_set("b", &second));
	KUNIT_EXPECT_EQ(test, -ENODEV, iodom_costs_set("c", &second));
	link(test, dom, a);
	/* What the user has given is not measured. */
	KUNIT_EXPECT_EQ(test, 0, a->commands);
	KUNIT_EXPECT_EQ(test, 7, costs->cmd_ns);
	KUNIT_EXPECT_EQ(test, 50, costs->all_ns);
	link(test, dom, b);
	KUNIT_EXPECT_EQ(test, 7, costs->cmd_ns);
	KUNIT_EXPECT_EQ(test, 110, costs->all_ns);

	KUNIT_EXPECT_EQ(test, 0, iodom_costs_set("b", &most));
	mutex_lock(&dom->attach_lock);
	iodom_costs_update(dom);
	mutex_unlock(&dom->attach_lock);
	KUNIT_EXPECT_EQ(test, U32_MAX, costs->all_ns);
	iodom_link_put(dom, b);
	KUNIT_EXPECT_EQ(test, 50, costs->all_ns);
	iodom_link_put(dom, a);
}

/* What is not understood is refused, also a number that would be another one. */
static void cost_written(struct kunit *test)
{
	static const struct {
		const char *line;
		int ret;
	} lines[] = {
		{ "dmar0 7 50", 0 },
		{ "dmar0 7 50\n", 0 },
		{ "dmar0 4294967295 0", 0 },
		{ "dmar0 4294967297 50", -ERANGE },
		{ "dmar0 7 18446744073709551617", -ERANGE },
		{ "dmar0 0 50", -EINVAL },
		{ "dmar0 7 50 9", -EINVAL },
		{ "dmar0 7 50x", -EINVAL },
		{ "dmar0 -7 50", -EINVAL },
		{ "dmar0 7", -EINVAL },
		{ "dmar0", -EINVAL },
		{ "\n", -EINVAL },
		{ "", -EINVAL },
	};
	struct ioflush_costs costs;
	const char *name;
	char line[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		strscpy(line, lines[i].line, sizeof(line));
		KUNIT_EXPECT_EQ_MSG(test, iodom_costs_parse(line, &name, &costs),
				    lines[i].ret, "%s", lines[i].line);
	}
	strscpy(line, "dmar0 7 50\n", sizeof(line));
	KUNIT_ASSERT_EQ(test, 0, iodom_costs_parse(line, &name, &costs));
	KUNIT_EXPECT_STREQ(test, name, "dmar0");
	KUNIT_EXPECT_EQ(test, costs.cmd_ns, 7);
	KUNIT_EXPECT_EQ(test, costs.all_ns, 50);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(cost_measured),
	KUNIT_CASE(cost_unknown),
	KUNIT_CASE(cost_units),
	KUNIT_CASE(cost_written),
	{}
};

static struct kunit_suite cost_suite = {
	.name = "ioflush_domain_cost",
	.test_cases = cost_cases,
};

kunit_test_suite(cost_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's costs of invalidations");
MODULE_LICENSE("GPL");
