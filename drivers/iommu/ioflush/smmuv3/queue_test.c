// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the SMMUv3 end of an invalidation queue
 */
#include <kunit/test.h>
#include <linux/bitfield.h>

#include "regs.h"
#include "test_hw.h"

static const struct smmu3_tag tag = { .id = 7, .granule_lg2 = 12 };

static void queue_set_cons(struct test_hw *hw, u32 index, u8 error)
{
	smmu3_write32(&hw->unit, SMMU3_REG_CMDQ_CONS,
		      index | FIELD_PREP(SMMU3_CMDQ_CONS_ERR, error));
}

static u32 queue_fault(struct test_hw *hw)
{
	struct invq_error err = {};

	return hw->unit.q.ops->fault(&hw->unit.q, &err) | err.slot << 16;
}

#define FAULT(fault, slot)	((fault) | (u32)(slot) << 16)

/* Section 6.3.25: base 51:5, read-allocate 62, log2 of the size 4:0. */
static void queue_start(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);
	struct smmu3_unit *unit = &hw->unit;

	smmu3_write32(unit, SMMU3_REG_CMDQ_PROD, 3);
	smmu3_write32(unit, SMMU3_REG_CMDQ_CONS, 5);
	smmu3_queue_start(unit);
	KUNIT_EXPECT_EQ(test, readq(unit->regs + SMMU3_REG_CMDQ_BASE),
			unit->cmdq.dma | BIT_ULL(62) | 4);
	KUNIT_EXPECT_EQ(test, unit->cmdq.dma % (16 << 4), 0);
	KUNIT_EXPECT_EQ(test, smmu3_read32(unit, SMMU3_REG_CMDQ_PROD), 0);
	KUNIT_EXPECT_EQ(test, smmu3_read32(unit, SMMU3_REG_CMDQ_CONS), 0);

	/* Later hardware begins where the software side is, wrap bit and all. */
	atomic_add(16 + 5, &unit->q.reserved);
	smmu3_queue_start(unit);
	KUNIT_EXPECT_EQ(test, smmu3_read32(unit, SMMU3_REG_CMDQ_PROD), 21);
	KUNIT_EXPECT_EQ(test, smmu3_read32(unit, SMMU3_REG_CMDQ_CONS), 21);
}

/* No larger than a unit can have it, nor than is good for anything. */
static void queue_size(struct kunit *test)
{
	struct test_hw *small = test_hw_new(test, false, 2);
	struct test_hw *large = test_hw_new(test, false, 19);

	KUNIT_EXPECT_EQ(test, small->unit.cmdq.lg2, 2);
	KUNIT_EXPECT_EQ(test, small->unit.q.mask, 3);
	KUNIT_EXPECT_EQ(test, large->unit.cmdq.lg2, 12);
	KUNIT_EXPECT_EQ(test, large->unit.q.mask, 4095);
}

/* Index and wrap bit follow from the number, also when that wraps. */
static void queue_doorbell(struct kunit *test)
{
	static const u32 rows[][2] = {
		{ 0, 0 }, { 15, 15 }, { 16, 16 }, { 31, 31 }, { 32, 0 },
		{ 0xffffffff, 31 }, { 0xfffffff0, 16 }, { 0x12345678, 0x18 },
	};
	struct test_hw *hw = test_hw_new(test, false, 4);

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		hw->unit.q.ops->doorbell(&hw->unit.q, rows[i][0]);
		KUNIT_EXPECT_EQ(test, rows[i][1],
				smmu3_read32(&hw->unit, SMMU3_REG_CMDQ_PROD));
	}
}

/* The reason of an error, bits 30:24, is no part of the index. */
static void queue_head(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);

	queue_set_cons(hw, 0x1f, SMMU3_CERROR_NONE);
	KUNIT_EXPECT_EQ(test, hw->unit.q.ops->head(&hw->unit.q), 0x1f);
	queue_set_cons(hw, 0x0f, 0x7f);
	KUNIT_EXPECT_EQ(test, hw->unit.q.ops->head(&hw->unit.q), 0x0f);
}

/* Messages only where the word that they are stored to is snooped. */
static void queue_sync(struct kunit *test)
{
	struct test_hw *polled = test_hw_new(test, false, 4);
	struct test_hw *msi = test_hw_new(test, true, 4);
	struct invq_cmd cmd;

	polled->unit.q.ops->sync(&polled->unit.q, &cmd);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[0]), 0x46);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[1]), 0);
	KUNIT_EXPECT_NOT_NULL(test, polled->unit.q.ops->head);

	/* 4.7.3: CS 13:12, MSH 23:22 inner, MSIAttr 27:24 write-back. */
	msi->unit.q.ops->sync(&msi->unit.q, &cmd);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[0]), 0xfc01046);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[1]),
			virt_to_phys(msi->unit.done));
	KUNIT_EXPECT_NULL(test, msi->unit.q.ops->head);

	smmu3_queue_exit(&msi->unit);
	msi->unit.coherent = false;
	KUNIT_ASSERT_EQ(test, 0, smmu3_queue_init(&msi->unit));
	KUNIT_EXPECT_NOT_NULL(test, msi->unit.q.ops->head);
}

struct queue_error {
	u8 cerror;
	enum invq_fault fault;
};

/* Section 7.1: the index stays at what the error is about. */
static void queue_errors(struct kunit *test)
{
	static const struct queue_error rows[] = {
		{ SMMU3_CERROR_NONE, INVQ_FAULT_OTHER },
		{ SMMU3_CERROR_ILL, INVQ_FAULT_COMMAND },
		{ SMMU3_CERROR_ABT, INVQ_FAULT_OTHER },
		{ SMMU3_CERROR_ATC_INV_SYNC, INVQ_FAULT_OTHER },
		{ 0x7f, INVQ_FAULT_OTHER },
	};
	struct test_hw *hw = test_hw_new(test, false, 4);

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		queue_set_cons(hw, 0x13, rows[i].cerror);
		smmu3_write32(&hw->unit, SMMU3_REG_GERROR, 0x1);
		smmu3_write32(&hw->unit, SMMU3_REG_GERRORN, 0x0);
		KUNIT_EXPECT_EQ(test, queue_fault(hw), FAULT(rows[i].fault, 3));

		/* Acknowledged, the reason still stands there. */
		smmu3_write32(&hw->unit, SMMU3_REG_GERRORN, 0x1);
		KUNIT_EXPECT_EQ(test, queue_fault(hw),
				FAULT(INVQ_FAULT_NONE, 3));
	}
}

/* Errors of others are none of the queue's business; a lost message is. */
static void queue_other_errors(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, true, 4);

	smmu3_write32(&hw->unit, SMMU3_REG_GERROR, 0x0ec);
	KUNIT_EXPECT_EQ(test, queue_fault(hw), FAULT(INVQ_FAULT_NONE, 0));
	smmu3_write32(&hw->unit, SMMU3_REG_GERROR, 0x0fc);
	KUNIT_EXPECT_EQ(test, queue_fault(hw), FAULT(INVQ_FAULT_SYNC, 0));
	/* Bit 8, service failure: there is no queue any more. */
	smmu3_write32(&hw->unit, SMMU3_REG_GERROR, 0x1fd);
	KUNIT_EXPECT_EQ(test, queue_fault(hw), FAULT(INVQ_FAULT_DEAD, 0));
}

/* Whoever acknowledges touches no bit that is not his, or not active. */
static void queue_resume(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, true, 4);
	struct invq *q = &hw->unit.q;

	smmu3_write32(&hw->unit, SMMU3_REG_GERROR, 0x111);
	smmu3_write32(&hw->unit, SMMU3_REG_GERRORN, 0x0c0);
	q->ops->resume(q, INVQ_FAULT_COMMAND);
	KUNIT_EXPECT_EQ(test, smmu3_read32(&hw->unit, SMMU3_REG_GERRORN), 0xc1);
	q->ops->resume(q, INVQ_FAULT_OTHER);
	KUNIT_EXPECT_EQ(test, smmu3_read32(&hw->unit, SMMU3_REG_GERRORN), 0xc1);
	q->ops->resume(q, INVQ_FAULT_SYNC);
	KUNIT_EXPECT_EQ(test, smmu3_read32(&hw->unit, SMMU3_REG_GERRORN), 0xd1);
}

/* What stands in for a command covers it, whatever it was. */
static void queue_substitute(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);
	struct invq_cmd bad = {}, cmd, want;

	for (u64 op = 0; op < 0x100; op++) {
		bad.u64s[0] = cpu_to_le64(op | 0x1234ULL << 32);
		if (op >= 0x03 && op <= 0x06)
			smmu3_cmd_cfgi_all(&want);
		else if (op == 0x40 || (op >= 0x44 && op <= 0x46))
			smmu3_cmd_sync(&want);
		else
			smmu3_cmd_tlbi_all(&want);
		hw->unit.q.ops->substitute(&hw->unit.q, &bad, &cmd);
		KUNIT_EXPECT_MEMEQ(test, &cmd, &want, sizeof(cmd));
	}

	/* All of the same device's cache, if devices may have one. */
	hw->unit.caps.ats = true;
	bad.u64s[0] = cpu_to_le64(0x40 | 0x1234ULL << 32);
	smmu3_cmd_atc_inv_all(&want, 0x1234);
	hw->unit.q.ops->substitute(&hw->unit.q, &bad, &cmd);
	KUNIT_EXPECT_MEMEQ(test, &cmd, &want, sizeof(cmd));
}

static struct test_hw *queue_running(struct kunit *test, bool msi, u8 lg2)
{
	struct test_hw *hw = test_hw_new(test, msi, lg2);

	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	return hw;
}

static void queue_tlbi(struct test_hw *hw)
{
	struct invq_cmd cmd;

	smmu3_cmd_tlbi_tag(&cmd, &tag);
	invq_submit_wait(&hw->unit.q, &cmd, 1);
}

/* Round and round, in a queue that holds a command and its sync. */
static void queue_small(struct kunit *test)
{
	for (unsigned int msi = 0; msi < 2; msi++) {
		struct test_hw *hw = queue_running(test, msi, 2);
		unsigned int before = hw->ncmds;

		for (unsigned int i = 0; i < 20; i++)
			queue_tlbi(hw);
		KUNIT_EXPECT_EQ(test, hw->ncmds - before, 40);
	}
}

/*
 * A unit that needs more between commands: 4.7.3, a sync that tells nobody is
 * CS 0. It stays so when the unit turns out not to send messages.
 */
static void queue_quirks(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, true, 4);
	static const u8 want[] = {
		SMMU3_OP_TLBI_NH_ASID, SMMU3_OP_SYNC, SMMU3_OP_CFGI_STE_RANGE,
		SMMU3_OP_SYNC, SMMU3_OP_SYNC,
	};
	struct invq_cmd cmds[2];
	unsigned int before;

	smmu3_queue_exit(&hw->unit);
	hw->unit.cmdq_quirks = INVQ_SYNC_EACH;
	hw->mute_messages = true;
	KUNIT_ASSERT_EQ(test, 0, smmu3_queue_init(&hw->unit));
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	KUNIT_ASSERT_NOT_NULL(test, hw->unit.q.ops->head);
	before = hw->ncmds;

	smmu3_cmd_tlbi_tag(&cmds[0], &tag);
	smmu3_cmd_cfgi_all(&cmds[1]);
	invq_submit_wait(&hw->unit.q, cmds, 2);
	KUNIT_ASSERT_EQ(test, hw->ncmds - before, ARRAY_SIZE(want));
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ(test, test_hw_op(hw, before + i), want[i]);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(hw->cmds[before + 1].u64s[0]), 0x46);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(hw->cmds[before + 1].u64s[1]), 0);
}

/* The wait ends, and all translations are gone instead of some. */
static void queue_refused(struct kunit *test)
{
	for (unsigned int msi = 0; msi < 2; msi++) {
		struct test_hw *hw = queue_running(test, msi, 4);
		unsigned int before = hw->ncmds;

		hw->refuse = SMMU3_OP_TLBI_NH_ASID;
		queue_tlbi(hw);
		KUNIT_EXPECT_EQ(test, hw->ncmds - before, 2);
		KUNIT_EXPECT_EQ(test, test_hw_op(hw, before),
				SMMU3_OP_TLBI_NSNH_ALL);
		KUNIT_EXPECT_EQ(test, test_hw_op(hw, before + 1),
				SMMU3_OP_SYNC);
		KUNIT_EXPECT_EQ(test, 1,
				atomic_long_read(&hw->unit.q.stats.refused));
		KUNIT_EXPECT_FALSE(test, smmu3_gerror_active(&hw->unit));
	}
}

/* What is over once it has been acknowledged is tried again, and not lost. */
static void queue_again(struct kunit *test)
{
	static const u8 errors[] = {
		SMMU3_CERROR_ABT, SMMU3_CERROR_ATC_INV_SYNC,
	};
	struct test_hw *hw = queue_running(test, false, 4);

	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++) {
		unsigned int before = hw->ncmds;

		hw->fail = errors[i];
		hw->fails = 2;
		queue_tlbi(hw);
		KUNIT_EXPECT_EQ(test, test_hw_op(hw, before),
				SMMU3_OP_TLBI_NH_ASID);
		KUNIT_EXPECT_EQ(test, hw->ncmds - before, 2);
	}
	KUNIT_EXPECT_EQ(test, 4,
			atomic_long_read(&hw->unit.q.stats.recoveries));
}

/* A sync whose message was lost is issued again. */
static void queue_lost_message(struct kunit *test)
{
	struct test_hw *hw = queue_running(test, true, 4);
	unsigned int before = hw->ncmds;

	hw->aborts = 2;
	queue_tlbi(hw);
	KUNIT_EXPECT_EQ(test, hw->ncmds - before, 4);
	KUNIT_EXPECT_FALSE(test, smmu3_gerror_active(&hw->unit));
	KUNIT_EXPECT_EQ(test, 2,
			atomic_long_read(&hw->unit.q.stats.recoveries));
}

static struct test_hw *queue_enabled(struct kunit *test, bool msi)
{
	struct test_hw *hw = queue_running(test, msi, 4);

	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_enable(&hw->unit));
	hw->unit.q.timeout_us = 2000;
	hw->mute_queue = true;
	return hw;
}

/*
 * terminal: a queue that does not move. Its unit aborts what comes, then stops
 * translating; and only when it has confirmed both is the wait over.
 */
static void queue_killed(struct kunit *test)
{
	for (unsigned int msi = 0; msi < 2; msi++) {
		struct test_hw *hw = queue_enabled(test, msi);
		struct smmu3_unit *unit = &hw->unit;
		struct invq_cmd cmd;
		u32 seq;

		smmu3_cmd_tlbi_tag(&cmd, &tag);
		seq = invq_submit(&unit->q, &cmd, 1);
		hw->mute_gbpa = true;
		while (!(smmu3_read32(unit, SMMU3_REG_GBPA) & SMMU3_GBPA_ABORT))
			KUNIT_ASSERT_FALSE(test, invq_wait_bounded(&unit->q, seq,
								   5 * NSEC_PER_MSEC));
		KUNIT_EXPECT_TRUE(test, smmu3_read32(unit, SMMU3_REG_CR0) &
					SMMU3_CR0_SMMUEN);
		hw->mute_cr0 = true;
		hw->mute_gbpa = false;
		while (smmu3_read32(unit, SMMU3_REG_CR0) & SMMU3_CR0_SMMUEN)
			KUNIT_ASSERT_FALSE(test, invq_wait_bounded(&unit->q, seq,
								   5 * NSEC_PER_MSEC));
		KUNIT_EXPECT_FALSE(test, invq_wait_bounded(&unit->q, seq,
							   5 * NSEC_PER_MSEC));
		KUNIT_EXPECT_EQ(test, unit->q.life, INVQ_DYING);

		hw->mute_cr0 = false;
		invq_wait(&unit->q, seq);
		KUNIT_EXPECT_EQ(test, unit->q.life, INVQ_DEAD);
		KUNIT_EXPECT_FALSE(test, smmu3_read32(unit, SMMU3_REG_CR0ACK) &
					 SMMU3_CR0_SMMUEN);
		KUNIT_EXPECT_TRUE(test, hw->gbpa_at_off & SMMU3_GBPA_ABORT);
		/* Later ones, too */
		for (unsigned int i = 0; i < 40; i++)
			queue_tlbi(hw);
	}
}

/* terminal: service failure mode, section 12.3. Nobody acknowledges it. */
static void queue_service_failure(struct kunit *test)
{
	struct test_hw *hw = queue_enabled(test, true);
	struct smmu3_unit *unit = &hw->unit;

	smmu3_write32(unit, SMMU3_REG_GERROR,
		      smmu3_read32(unit, SMMU3_REG_GERROR) ^ SMMU3_GERROR_SFM);
	smmu3_gerror_take(unit);
	KUNIT_EXPECT_EQ(test, smmu3_gerror_active(unit), SMMU3_GERROR_SFM);
	unit->q.timeout_us = USEC_PER_SEC;
	queue_tlbi(hw);
	KUNIT_EXPECT_EQ(test, unit->q.life, INVQ_DEAD);
	KUNIT_EXPECT_TRUE(test, smmu3_read32(unit, SMMU3_REG_CR0) &
				SMMU3_CR0_SMMUEN);
}

/* The error interrupt's thread recovers a queue that nobody waits for. */
static void queue_without_waiter(struct kunit *test)
{
	struct test_hw *hw = queue_running(test, false, 4);
	struct invq_cmd cmd;
	u32 seq;

	hw->refuse = SMMU3_OP_TLBI_NH_ASID;
	smmu3_cmd_tlbi_tag(&cmd, &tag);
	seq = invq_submit(&hw->unit.q, &cmd, 1);
	hw->unit.q.ops->doorbell(&hw->unit.q, seq);
	while (!smmu3_gerror_active(&hw->unit))
		cpu_relax();
	smmu3_gerror_take(&hw->unit);
	KUNIT_EXPECT_FALSE(test, smmu3_gerror_active(&hw->unit));
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&hw->unit.q.stats.refused));
}

/*
 * On the unit of this machine, if there is one: whatever command it refuses,
 * those who wait for the queue go on, and so does the queue.
 */
static void queue_machine(struct kunit *test)
{
	struct smmu3_unit *unit = smmu3_unit_of(NULL);
	struct invq_cmd cmds[3] = {};
	long refused;

	if (!unit)
		kunit_skip(test, "no SMMU here that is ours");
	refused = atomic_long_read(&unit->q.stats.refused);
	smmu3_cmd_tlbi_all(&cmds[0]);
	cmds[1].u64s[0] = cpu_to_le64(0xff);
	smmu3_cmd_tlbi_all(&cmds[2]);
	for (unsigned int i = 0; i < 3; i++)
		invq_submit_wait(&unit->q, cmds, ARRAY_SIZE(cmds));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&unit->q.stats.refused),
			refused + 3);
	KUNIT_EXPECT_FALSE(test, smmu3_gerror_active(unit) &
				 SMMU3_GERROR_CMDQ_ERR);
	invq_submit_wait(&unit->q, cmds, 1);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(queue_start),
	KUNIT_CASE(queue_size),
	KUNIT_CASE(queue_doorbell),
	KUNIT_CASE(queue_head),
	KUNIT_CASE(queue_sync),
	KUNIT_CASE(queue_errors),
	KUNIT_CASE(queue_other_errors),
	KUNIT_CASE(queue_resume),
	KUNIT_CASE(queue_substitute),
	KUNIT_CASE(queue_small),
	KUNIT_CASE(queue_quirks),
	KUNIT_CASE(queue_refused),
	KUNIT_CASE(queue_again),
	KUNIT_CASE(queue_lost_message),
	KUNIT_CASE(queue_killed),
	KUNIT_CASE(queue_service_failure),
	KUNIT_CASE(queue_without_waiter),
	KUNIT_CASE(queue_machine),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "ioflush_smmu3_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 command queue");
MODULE_LICENSE("GPL");
