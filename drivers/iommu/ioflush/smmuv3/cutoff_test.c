// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of devices that do not answer an invalidation
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/irqflags.h>
#include <linux/sizes.h>

#include "regs.h"
#include "ste.h"
#include "test_fake.h"
#include "test_hw.h"

/* StreamIDs of the device that does not answer; those of others are above. */
#define MUTE	1

static const struct ioflush_range page = {
	.start = SZ_1G, .last = SZ_1G + SZ_4K - 1, .leaf_lg2 = 12,
	.leaf_only = true,
};

/**
 * struct cutoff - a unit, and who is behind it
 * @hw: the unit
 * @dom: the domain of @mute and @peer
 * @far: the domain of @other
 * @mute: does not answer
 * @peer: does
 * @other: does, too
 */
struct cutoff {
	struct test_hw *hw;
	struct iodom *dom;
	struct iodom *far;
	struct fake_dev *mute;
	struct fake_dev *peer;
	struct fake_dev *other;
};

static void cutoff_ids(void *ids)
{
	ida_destroy(ids);
}

static struct test_hw *cutoff_hw(struct kunit *test, bool msi, u32 quirks)
{
	struct test_hw *hw = test_hw_new(test, msi, 7);
	struct smmu3_unit *unit = &hw->unit;

	unit->coherent = true;
	unit->caps.coherent = true;
	unit->caps.ats = true;
	unit->caps.id_bits_asid = 8;
	unit->caps.ias_bits = 44;
	unit->caps.oas_bits = 44;
	unit->caps.va_bits = 48;
	unit->caps.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	ida_init(&unit->ids);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, cutoff_ids,
							   &unit->ids));
	KUNIT_ASSERT_EQ(test, 0, invq_set_quirks(&unit->q, quirks));
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(unit));
	return hw;
}

static struct fake_dev *cutoff_dev(struct kunit *test, struct test_hw *hw,
				   struct iodom *dom, u32 sid)
{
	struct fake_dev *fd = fake_dev_on(test, &hw->unit, sid, sid + 1);

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_ASSERT_TRUE(test, fd->sdev->ats_on);
	return fd;
}

static void cutoff_start(struct kunit *test, struct cutoff *c, bool msi,
			 u32 quirks)
{
	c->hw = cutoff_hw(test, msi, quirks);
	c->dom = fake_dom_on(test, &c->hw->unit);
	c->far = fake_dom_on(test, &c->hw->unit);
	c->mute = cutoff_dev(test, c->hw, c->dom, MUTE);
	c->peer = cutoff_dev(test, c->hw, c->dom, MUTE + 2);
	c->other = cutoff_dev(test, c->hw, c->far, MUTE + 4);
	c->hw->silent = MUTE;
	/* A wait that hangs, since its sync is lost, does not for so long. */
	c->hw->unit.q.kill_timeouts = INVQ_KILL_TIMEOUTS;
}

static const struct smmu3_entry *cutoff_entry(struct smmu3_dev *sdev,
					      unsigned int i)
{
	return smmu3_streams_find(sdev->unit, sdev->sids[i]);
}

static bool cutoff_blocked(struct smmu3_dev *sdev)
{
	for (unsigned int i = 0; i < sdev->nsids; i++)
		if (strcmp(smmu3_ste_config_name(cutoff_entry(sdev, i)), "abort"))
			return false;
	return true;
}

static bool cutoff_caches(struct smmu3_dev *sdev)
{
	return FIELD_GET(SMMU3_STE1_EATS,
			 le64_to_cpu(cutoff_entry(sdev, 0)->w[1]));
}

static unsigned int cutoff_encode(struct kunit *test, struct iodom *dom,
				  struct invq_cmd *cmds)
{
	unsigned int n;

	rcu_read_lock();
	n = smmu3_encode_range(dom, fake_only_link(test, dom), &page, cmds);
	rcu_read_unlock();
	return n;
}

static long cutoff_recoveries(const struct cutoff *c)
{
	return atomic_long_read(&c->hw->unit.q.stats.recoveries);
}

/*
 * cut off: when the wait is over the unit lets nothing of the device through, nor
 * of the other one that it may have been. A third one, of another domain, goes on.
 */
static void cutoff_waits(struct kunit *test, bool msi, u32 quirks)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct cutoff c;
	unsigned int n;

	cutoff_start(test, &c, msi, quirks);
	n = cutoff_encode(test, c.dom, cmds);
	KUNIT_ASSERT_EQ(test, 7, n);
	invq_submit_wait(&c.hw->unit.q, cmds, n);
	KUNIT_EXPECT_GT(test, c.hw->owed, 0);
	KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
	KUNIT_EXPECT_EQ(test, 1, cutoff_recoveries(&c));
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&c.hw->unit.q.stats.refused));
	KUNIT_EXPECT_TRUE(test, cutoff_blocked(c.mute->sdev));
	KUNIT_EXPECT_TRUE(test, cutoff_blocked(c.peer->sdev));
	KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.other->sdev));
	KUNIT_EXPECT_TRUE(test, cutoff_caches(c.other->sdev));

	/* From now on it is left out. */
	KUNIT_EXPECT_EQ(test, 1, cutoff_encode(test, c.dom, cmds));
	invq_submit_wait(&c.hw->unit.q, cmds, 1);
	n = cutoff_encode(test, c.far, cmds);
	KUNIT_EXPECT_EQ(test, 5, n);
	invq_submit_wait(&c.hw->unit.q, cmds, n);
	KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
	KUNIT_EXPECT_EQ(test, c.hw->unit.q.life, INVQ_ALIVE);
}

static void cutoff_unmap(struct kunit *test)
{
	for (unsigned int i = 0; i < 4; i++)
		cutoff_waits(test, i & 1, i & 2 ? INVQ_SYNC_EACH : 0);
}

/* The sync that fails is the one that is waited for: it is issued once more. */
static void cutoff_newest(struct kunit *test)
{
	struct invq_cmd cmd;
	struct cutoff c;

	for (unsigned int msi = 0; msi < 2; msi++) {
		cutoff_start(test, &c, msi, 0);
		smmu3_cmd_atc_inv_all(&cmd, MUTE);
		invq_submit_wait(&c.hw->unit.q, &cmd, 1);
		KUNIT_EXPECT_EQ(test, c.hw->owed, 1);
		KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
		KUNIT_EXPECT_EQ(test, 1, cutoff_recoveries(&c));
		KUNIT_EXPECT_EQ(test, c.hw->unit.q.life, INVQ_ALIVE);
		KUNIT_EXPECT_TRUE(test, cutoff_blocked(c.mute->sdev));
		KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.peer->sdev));
		invq_submit_wait(&c.hw->unit.q, &cmd, 1);
		KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
	}
}

/* What was queued before fails, too, and there is nothing more to be done. */
static void cutoff_late(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct invq *q;
	struct cutoff c;
	unsigned int n;

	for (unsigned int msi = 0; msi < 2; msi++) {
		cutoff_start(test, &c, msi, 0);
		q = &c.hw->unit.q;
		n = cutoff_encode(test, c.dom, cmds);
		for (unsigned int i = 0; i < 3; i++)
			invq_submit(q, cmds, n);
		invq_wait(q, invq_newest(q));
		KUNIT_EXPECT_EQ(test, c.hw->owed, 3);
		KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
		KUNIT_EXPECT_EQ(test, 3, cutoff_recoveries(&c));
		KUNIT_EXPECT_TRUE(test, cutoff_blocked(c.mute->sdev));
	}
}

/* Was there a sync between the last TLBI and the first ATC_INV of a stream? */
static bool cutoff_in_order(const struct test_hw *hw, unsigned int from, u32 sid)
{
	bool synced = false;

	for (unsigned int i = from; i < min(hw->ncmds, TEST_HW_LOG); i++) {
		u64 word = le64_to_cpu(hw->cmds[i].u64s[0]);

		if (test_hw_op(hw, i) == SMMU3_OP_ATC_INV &&
		    FIELD_GET(SMMU3_CMD0_SID, word) == sid)
			return synced;
		if (test_hw_op(hw, i) == SMMU3_OP_TLBI_NH_VA)
			synced = false;
		else if (test_hw_op(hw, i) == SMMU3_OP_SYNC)
			synced = true;
	}
	return false;
}

/*
 * cut off: what fails is never the sync that keeps another's device from loading
 * again what its unit still has.
 */
static void cutoff_order(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct cutoff c;
	unsigned int before;

	cutoff_start(test, &c, true, 0);
	before = c.hw->ncmds;
	invq_submit(&c.hw->unit.q, cmds, cutoff_encode(test, c.dom, cmds));
	invq_submit_wait(&c.hw->unit.q, cmds, cutoff_encode(test, c.far, cmds));
	KUNIT_EXPECT_TRUE(test, cutoff_blocked(c.mute->sdev));
	KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.other->sdev));
	KUNIT_EXPECT_TRUE(test, cutoff_in_order(c.hw, before, MUTE + 4));
}

/* Attached anew it can do DMA; but what it had, it may have still. */
static void cutoff_again(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct smmu3_dev *sdev;
	struct cutoff c;

	cutoff_start(test, &c, true, 0);
	sdev = c.mute->sdev;
	invq_submit_wait(&c.hw->unit.q, cmds, cutoff_encode(test, c.dom, cmds));
	KUNIT_ASSERT_TRUE(test, cutoff_blocked(sdev));

	KUNIT_ASSERT_EQ(test, 0, fake_attach(c.far, c.mute));
	KUNIT_EXPECT_STREQ(test, "stage 1",
			   smmu3_ste_config_name(cutoff_entry(sdev, 0)));
	KUNIT_EXPECT_FALSE(test, cutoff_caches(sdev));
	KUNIT_EXPECT_FALSE(test, sdev->ats_on);
	KUNIT_EXPECT_EQ(test, 5, cutoff_encode(test, c.far, cmds));
	KUNIT_EXPECT_EQ(test, 1, c.hw->owed);
}

/* One that does not forget its old domain is blocked in the new one. */
static void cutoff_move(struct kunit *test)
{
	struct smmu3_dev *sdev;
	struct cutoff c;

	cutoff_start(test, &c, false, 0);
	sdev = c.mute->sdev;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(c.far, c.mute));
	KUNIT_EXPECT_TRUE(test, sdev->cut_off);
	KUNIT_EXPECT_TRUE(test, cutoff_blocked(sdev));
	KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.peer->sdev));
	KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.other->sdev));
	KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
}

/*
 * cut off: who finds that all has been done still waits until the unit knows, since
 * others then need not wait for the device any more.
 */
static void cutoff_known(struct kunit *test)
{
	struct smmu3_dev *sdev;
	struct smmu3_entry ste;
	unsigned long flags;
	struct invq_cmd cmd;
	struct cutoff c;
	u32 seq = 0;

	cutoff_start(test, &c, true, 0);
	sdev = c.mute->sdev;
	smmu3_ste_abort(&ste);
	sdev->cut_off = true;
	for (unsigned int i = 0; i < sdev->nsids; i++)
		*smmu3_streams_find(sdev->unit, sdev->sids[i]) = ste;
	smmu3_cmd_cfgi_all(&cmd);
	/* A fifth of a second, longer than all else there is to wait for */
	c.hw->late = 400;
	local_irq_save(flags);
	KUNIT_EXPECT_TRUE(test, invq_post(&c.hw->unit.q, &cmd, 1, &seq));
	local_irq_restore(flags);
	fake_attach_static(test, &smmu3_blocked_domain, c.mute);
	KUNIT_EXPECT_TRUE(test, invq_finished(&c.hw->unit.q, seq));
}

/* Streams are cut off, whoever shares them. */
static void cutoff_shared(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct fake_dev *sharer;
	struct cutoff c;

	cutoff_start(test, &c, false, 0);
	sharer = cutoff_dev(test, c.hw, c.dom, MUTE + 1);
	KUNIT_ASSERT_EQ(test, 9, cutoff_encode(test, c.dom, cmds));
	invq_submit_wait(&c.hw->unit.q, cmds, 9);
	KUNIT_EXPECT_EQ(test, 1, cutoff_encode(test, c.dom, cmds));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(c.far, sharer));
	KUNIT_EXPECT_FALSE(test, sharer->sdev->ats_on);
	KUNIT_EXPECT_FALSE(test, cutoff_caches(sharer->sdev));
	KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
}

/* Plays who cuts the device off, at the first step of an entry. */
static void cutoff_taken(struct fake *fake, const struct invq_cmd *cmd)
{
	struct smmu3_dev *sdev = fake->data;
	struct smmu3_entry ste;

	if (FIELD_GET(SMMU3_CMD0_OP, le64_to_cpu(cmd->u64s[0])) !=
	    SMMU3_OP_CFGI_STE || sdev->cut_off)
		return;
	smmu3_ste_abort(&ste);
	sdev->cut_off = true;
	for (unsigned int i = 0; i < sdev->nsids; i++)
		smmu3_streams_find(&fake->unit, sdev->sids[i])->w[0] = ste.w[0];
}

static struct fake_dev *cutoff_soon(struct kunit *test, struct fake *fake)
{
	struct fake_dev *fd = fake_dev_new(test, fake, SID);

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(fake_dom_new(test, fake), fd));
	KUNIT_ASSERT_TRUE(test, cutoff_caches(fd->sdev));
	fake->data = fd->sdev;
	fake->taken = cutoff_taken;
	return fd;
}

/* cut off: where it was going to cache, it stays blocked. */
static void cutoff_while_attached(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = cutoff_soon(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(fake_dom_new(test, fake), fd));
	KUNIT_EXPECT_TRUE(test, fd->sdev->cut_off);
	KUNIT_EXPECT_TRUE(test, cutoff_blocked(fd->sdev));
}

/* Where it was not, it gets all the same. */
static void cutoff_while_released(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = cutoff_soon(test, fake);

	fake_attach_static(test, &smmu3_identity_domain, fd);
	KUNIT_EXPECT_TRUE(test, fd->sdev->cut_off);
	KUNIT_EXPECT_STREQ(test, "bypass",
			   smmu3_ste_config_name(cutoff_entry(fd->sdev, 0)));
}

static struct kunit_case cutoff_cases[] = {
	KUNIT_CASE(cutoff_unmap),
	KUNIT_CASE(cutoff_newest),
	KUNIT_CASE(cutoff_late),
	KUNIT_CASE(cutoff_order),
	KUNIT_CASE(cutoff_again),
	KUNIT_CASE(cutoff_move),
	KUNIT_CASE(cutoff_known),
	KUNIT_CASE(cutoff_shared),
	KUNIT_CASE(cutoff_while_attached),
	KUNIT_CASE(cutoff_while_released),
	{}
};

static struct kunit_suite cutoff_suite = {
	.name = "ioflush_smmu3_cutoff",
	.test_cases = cutoff_cases,
};

kunit_test_suite(cutoff_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 devices that do not answer");
MODULE_LICENSE("GPL");
