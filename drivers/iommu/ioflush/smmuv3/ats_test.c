// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of devices that cache translations
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "regs.h"
#include "test_fake.h"

static unsigned int encode(struct kunit *test, struct iodom *dom,
			   const struct ioflush_range *range,
			   struct invq_cmd *cmds)
{
	struct iodom_link *link = fake_only_link(test, dom);
	unsigned int n;

	rcu_read_lock();
	n = range ? smmu3_encode_range(dom, link, range, cmds) :
		    smmu3_encode_all(dom, link, cmds);
	rcu_read_unlock();
	return n;
}

static u8 op_of(const struct invq_cmd *cmd)
{
	return FIELD_GET(SMMU3_CMD0_OP, le64_to_cpu(cmd->u64s[0]));
}

static const struct ioflush_range two_pages = {
	.start = SZ_1G, .last = SZ_1G + 2 * PAGE_SIZE - 1,
	.leaf_lg2 = PAGE_SHIFT, .leaf_only = true,
};

static void ats_encode(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	static const u8 range_ops[] = {
		SMMU3_OP_TLBI_NH_VA, SMMU3_OP_TLBI_NH_VA, SMMU3_OP_SYNC,
		SMMU3_OP_ATC_INV, SMMU3_OP_ATC_INV, SMMU3_OP_SYNC,
	};
	static const u8 all_ops[] = {
		SMMU3_OP_TLBI_NH_ASID, SMMU3_OP_SYNC, SMMU3_OP_ATC_INV,
		SMMU3_OP_ATC_INV, SMMU3_OP_SYNC,
	};

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, 2, encode(test, dom, &two_pages, cmds));
	KUNIT_EXPECT_EQ(test, 1, encode(test, dom, NULL, cmds));

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_EXPECT_TRUE(test, fd->sdev->ats_on);
	/* Once more: it is on the list once. */
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(range_ops),
			encode(test, dom, &two_pages, cmds));
	for (unsigned int i = 0; i < ARRAY_SIZE(range_ops); i++)
		KUNIT_EXPECT_EQ(test, range_ops[i], op_of(&cmds[i]));
	KUNIT_EXPECT_EQ(test, SID, le64_to_cpu(cmds[3].u64s[0]) >> 32);
	KUNIT_EXPECT_EQ(test, ALIAS, le64_to_cpu(cmds[4].u64s[0]) >> 32);
	KUNIT_EXPECT_EQ(test, SZ_1G,
			le64_to_cpu(cmds[3].u64s[1]) & SMMU3_ATC1_ADDR);
	/* Neither sync is to interrupt or store anything. */
	KUNIT_EXPECT_EQ(test, SMMU3_OP_SYNC, le64_to_cpu(cmds[2].u64s[0]));
	KUNIT_EXPECT_EQ(test, SMMU3_OP_SYNC, le64_to_cpu(cmds[5].u64s[0]));

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(all_ops),
			encode(test, dom, NULL, cmds));
	for (unsigned int i = 0; i < ARRAY_SIZE(all_ops); i++)
		KUNIT_EXPECT_EQ(test, all_ops[i], op_of(&cmds[i]));
	KUNIT_EXPECT_EQ(test, SMMU3_ATC1_SIZE_ALL,
			le64_to_cpu(cmds[2].u64s[1]));
}

static bool allows_ats(const struct smmu3_entry *ste)
{
	return FIELD_GET(SMMU3_STE1_EATS, le64_to_cpu(ste->w[1])) ==
	       SMMU3_EATS_FULL;
}

/* Where a device goes, its cache is emptied; where there is no table, it ends. */
static void ats_move(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *old = fake_dom_new(test, fake), *new = fake_dom_new(test, fake);
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, SID);
	struct invq_cmd cmds[IODOM_CMDS_MAX];

	fd->sdev->ats_able = true;
	KUNIT_EXPECT_LT(test, fake->unit.q.timeout_us * fake->unit.q.kill_timeouts,
			90 * USEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, fake_attach(old, fd));
	KUNIT_EXPECT_TRUE(test, fd->sdev->ats_on);
	KUNIT_EXPECT_TRUE(test, allows_ats(ste));
	/* Now it may be a device that the unit waits for. */
	KUNIT_EXPECT_GT(test, fake->unit.q.timeout_us * fake->unit.q.kill_timeouts,
			90 * USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, fake_count_op(fake, SMMU3_OP_ATC_INV), 0);

	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(new, fd));
	KUNIT_EXPECT_EQ(test, fake_count_op(fake, SMMU3_OP_ATC_INV), 2);
	for (unsigned int i = 0; i < fake->n; i++)
		if (fake_opcode(fake, i) == SMMU3_OP_ATC_INV)
			KUNIT_EXPECT_MEMEQ(test, &fake->ste[i], ste,
					   sizeof(*ste));
	KUNIT_EXPECT_EQ(test, 5, encode(test, new, NULL, cmds));

	fake->n = 0;
	fake_attach_static(test, &smmu3_identity_domain, fd);
	KUNIT_EXPECT_FALSE(test, fd->sdev->ats_on);
	/* Something may be queued for it yet. */
	KUNIT_EXPECT_GT(test, fake->unit.q.timeout_us * fake->unit.q.kill_timeouts,
			90 * USEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, allows_ats(ste));
	KUNIT_EXPECT_NULL(test, fd->sdev->ats);
	/* Before its requests are refused, IHI 0070 section 3.9.2 */
	KUNIT_EXPECT_EQ(test, fake_count_op(fake, SMMU3_OP_ATC_INV), 2);
	for (unsigned int i = 0; i < fake->n; i++)
		if (fake_opcode(fake, i) == SMMU3_OP_ATC_INV)
			KUNIT_EXPECT_TRUE(test, allows_ats(&fake->ste[i]));
}

/* A stream that two share stays open for the one that caches. */
static void ats_shared_stream(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = fake_dom_new(test, fake);

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, other));
	KUNIT_EXPECT_TRUE(test, allows_ats(smmu3_streams_find(&fake->unit,
							      ALIAS)));
	KUNIT_EXPECT_FALSE(test, allows_ats(smmu3_streams_find(&fake->unit,
							       OTHER)));
}

/*
 * join: a stream that is shared does not tell a device of a domain that it is not
 * in, whose invalidations would not reach it: until it comes there itself.
 */
static void ats_shared_moves(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *old = fake_dom_new(test, fake), *new = fake_dom_new(test, fake);
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, ALIAS);

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(old, other));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(old, fd));
	KUNIT_EXPECT_TRUE(test, allows_ats(ste));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(new, other));
	KUNIT_EXPECT_FALSE(test, allows_ats(ste));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(new, fd));
	KUNIT_EXPECT_TRUE(test, allows_ats(ste));
}

/*
 * step: more devices than one batch has room for. Those that cache are all reached
 * by one, others ask for nothing; and an encoder leaves the queue alone.
 */
static void ats_many(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct iodom *dom = fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	const struct ioflush_range odd = {
		.start = SZ_1G, .last = SZ_1G + 1027 * PAGE_SIZE - 1,
		.leaf_lg2 = PAGE_SHIFT, .leaf_only = true,
	};
	unsigned int n, devs = 20, on = 0;
	struct fake_dev *fd[20];
	u32 newest;

	for (unsigned int i = 0; i < devs; i++) {
		fd[i] = fake_dev_new(test, fake, SID + i);
		fd[i]->sdev->ats_able = true;
		KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd[i]));
		on += fd[i]->sdev->ats_on;
		KUNIT_EXPECT_EQ(test, fd[i]->sdev->ats_on,
				allows_ats(smmu3_streams_find(&fake->unit,
							      SID + i)));
	}
	/* Two streams each, behind one command and a sync, and another behind all */
	KUNIT_EXPECT_EQ(test, (IODOM_CMDS_MAX - 3) / 2, on);

	newest = invq_newest(&fake->unit.q);
	KUNIT_EXPECT_EQ(test, 0, encode(test, dom, &odd, cmds));
	n = encode(test, dom, NULL, cmds);
	KUNIT_EXPECT_EQ(test, newest, invq_newest(&fake->unit.q));
	KUNIT_ASSERT_EQ(test, 3 + 2 * on, n);
	KUNIT_EXPECT_EQ(test, SMMU3_OP_TLBI_NH_ASID, op_of(&cmds[0]));
	KUNIT_EXPECT_EQ(test, SMMU3_OP_SYNC, op_of(&cmds[1]));
	for (unsigned int i = 2; i < n - 1; i++)
		KUNIT_EXPECT_EQ(test, SMMU3_OP_ATC_INV, op_of(&cmds[i]));
	KUNIT_EXPECT_EQ(test, SMMU3_OP_SYNC, op_of(&cmds[n - 1]));

	/* There is room again where one leaves. */
	fake_attach_static(test, &smmu3_identity_domain, fd[0]);
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd[devs - 1]));
	KUNIT_EXPECT_TRUE(test, fd[devs - 1]->sdev->ats_on);
}

static struct kunit_case ats_cases[] = {
	KUNIT_CASE(ats_encode),
	KUNIT_CASE(ats_move),
	KUNIT_CASE(ats_shared_stream),
	KUNIT_CASE(ats_shared_moves),
	KUNIT_CASE(ats_many),
	{}
};

static struct kunit_suite ats_suite = {
	.name = "ioflush_smmu3_ats",
	.test_cases = ats_cases,
};

kunit_test_suite(ats_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 ATS");
MODULE_LICENSE("GPL");
