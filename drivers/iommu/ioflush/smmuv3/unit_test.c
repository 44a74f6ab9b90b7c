// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of bringing an SMMU up and down
 */
#include <kunit/test.h>
#include <linux/bitfield.h>

#include "regs.h"
#include "test_hw.h"

static u32 unit_reg(const struct test_hw *hw, u32 reg)
{
	return smmu3_read32(&hw->unit, reg);
}

/* As firmware may leave it: enabled, with queues, errors and interrupts. */
static void unit_leave_enabled(struct test_hw *hw)
{
	struct smmu3_unit *unit = &hw->unit;

	smmu3_write32(unit, SMMU3_REG_CR0, 0xd);
	smmu3_write32(unit, SMMU3_REG_CR0ACK, 0xd);
	smmu3_write32(unit, SMMU3_REG_CR1, 0x123);
	smmu3_write64(unit, SMMU3_REG_STRTAB_BASE, 0x80000000);
	smmu3_write64(unit, SMMU3_REG_CMDQ_BASE, 0x90000004);
	smmu3_write32(unit, SMMU3_REG_IRQ_CTRL, 0x7);
	smmu3_write32(unit, SMMU3_REG_IRQ_CTRLACK, 0x7);
	smmu3_write32(unit, SMMU3_REG_GERROR, 0x5);
	smmu3_write32(unit, SMMU3_REG_GBPA, 0x1000);
	/* So that the first look at the registers finds no change. */
	hw->shadow[0] = 0x123;
	hw->shadow[1] = 0x80000000;
	hw->shadow[3] = 0x90000004;
}

/* 6.3.9: CMDQEN 3, EVENTQEN 2; 6.3.12: PTM 2, RECINVSID 1; 6.3.23, 6.3.24. */
static void unit_reset(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);
	struct smmu3_unit *unit = &hw->unit;

	smmu3_write32(unit, SMMU3_REG_GBPA, 0x1000);
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(unit));
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0), 0xc);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR1), 0);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR2), 0x6);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_GBPA), 0x1000);
	KUNIT_EXPECT_EQ(test, readq(unit->regs + SMMU3_REG_STRTAB_BASE),
			unit->streams.base | BIT_ULL(62));
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_STRTAB_BASE_CFG), 5);
	KUNIT_EXPECT_EQ(test, hw->broken_rules, 0);
}

/* 6.3.11: write-back, inner shareable, for queues 5:0 and tables 11:6 */
static void unit_coherent(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, true, 4);

	hw->unit.streams.split = 8;
	hw->unit.streams.sid_bits = 16;
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR1), 0xd75);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_STRTAB_BASE_CFG), 0x10210);
	hw->unit.streams.split = 0;
	hw->unit.streams.sid_bits = 5;
}

/* Entries before translations; those of EL2 where there is one */
static void unit_forgets(struct kunit *test)
{
	static const u8 want[] = {
		SMMU3_OP_SYNC, SMMU3_OP_CFGI_STE_RANGE, SMMU3_OP_SYNC,
		SMMU3_OP_TLBI_EL2_ALL, SMMU3_OP_SYNC, SMMU3_OP_TLBI_NSNH_ALL,
		SMMU3_OP_SYNC,
	};
	struct test_hw *hw = test_hw_new(test, false, 4);

	hw->unit.caps.idr.idr0 = SMMU3_IDR0_HYP;
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	KUNIT_ASSERT_EQ(test, hw->ncmds, ARRAY_SIZE(want));
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ(test, test_hw_op(hw, i), want[i]);

	hw = test_hw_new(test, false, 4);
	hw->refuse = SMMU3_OP_TLBI_EL2_ALL;
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	KUNIT_EXPECT_EQ(test, hw->ncmds, ARRAY_SIZE(want) - 2);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&hw->unit.q.stats.refused));
}

/* DMA through tables that are not there any more is aborted, not let loose. */
static void unit_found_enabled(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);
	struct smmu3_unit *unit = &hw->unit;

	unit_leave_enabled(hw);
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(unit));
	KUNIT_EXPECT_EQ(test, hw->gbpa_at_off, 0x101000);
	KUNIT_EXPECT_EQ(test, hw->broken_rules, 0);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_IRQ_CTRL), 0);
	KUNIT_EXPECT_EQ(test, smmu3_gerror_active(unit), 0);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0), 0xc);

	/* And when we give up, it stays so. */
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_enable(unit));
	hw->gbpa_at_off = 0;
	smmu3_unit_disable(unit);
	KUNIT_EXPECT_EQ(test, hw->gbpa_at_off, 0x101000);
}

static void unit_enable(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);
	struct smmu3_unit *unit = &hw->unit;

	smmu3_write32(unit, SMMU3_REG_GBPA, 0x1000);
	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(unit));
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_enable(unit));
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0ACK), 0xd);
	smmu3_unit_disable(unit);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0ACK), 0);
	KUNIT_EXPECT_EQ(test, hw->gbpa_at_off, 0x1000);

	/* Translated requests are looked up, too: ATSCHK 4. */
	unit->caps.ats = true;
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(unit));
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_enable(unit));
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0ACK), 0x1d);
	KUNIT_EXPECT_EQ(test, hw->broken_rules, 0);
}

/* Whoever unmaps after that does not wait for ever. */
static void unit_shutdown(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);
	struct invq_cmd cmd;
	unsigned int before;

	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_enable(&hw->unit));
	smmu3_write32(&hw->unit, SMMU3_REG_IRQ_CTRL, 0x5);
	smmu3_unit_shutdown(&hw->unit);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0ACK), 0x8);
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_IRQ_CTRLACK), 0);
	before = hw->ncmds;
	smmu3_cmd_tlbi_all(&cmd);
	invq_submit_wait(&hw->unit.q, &cmd, 1);
	KUNIT_EXPECT_EQ(test, hw->ncmds - before, 2);
}

/* A unit that does not answer is found out in time, whatever it keeps back. */
static void unit_silent(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);

	unit_leave_enabled(hw);
	hw->mute_gbpa = true;
	test_hw_run(test, hw);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, smmu3_unit_reset(&hw->unit));
	/* It would have let DMA loose. */
	KUNIT_EXPECT_EQ(test, unit_reg(hw, SMMU3_REG_CR0), 0xd);

	hw = test_hw_new(test, false, 4);
	hw->mute_cr0 = true;
	test_hw_run(test, hw);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, smmu3_unit_reset(&hw->unit));

	hw = test_hw_new(test, false, 4);
	hw->mute_queue = true;
	test_hw_run(test, hw);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, smmu3_unit_reset(&hw->unit));
}

/* Where messages do not arrive, or are aborted, syncs are polled. */
static void unit_no_messages(struct kunit *test)
{
	for (unsigned int aborted = 0; aborted < 2; aborted++) {
		struct test_hw *hw = test_hw_new(test, true, 4);

		hw->mute_messages = !aborted;
		hw->aborts = aborted;
		test_hw_run(test, hw);
		KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
		KUNIT_EXPECT_NOT_NULL(test, hw->unit.q.ops->head);
		KUNIT_EXPECT_EQ(test, smmu3_gerror_active(&hw->unit), 0);
		KUNIT_EXPECT_EQ(test, hw->broken_rules, 0);

		/* All but the first, which showed it, are of the plain kind. */
		for (unsigned int i = 1; i < hw->ncmds; i++)
			if (test_hw_op(hw, i) == SMMU3_OP_SYNC)
				KUNIT_EXPECT_EQ(test, SMMU3_OP_SYNC,
						le64_to_cpu(hw->cmds[i].u64s[0]));
		KUNIT_EXPECT_EQ(test, hw->ncmds, 6);
	}
}

static void unit_no_registers(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 4);

	for (u32 reg = SMMU3_REG_IDR0; reg <= SMMU3_REG_AIDR; reg += 4)
		smmu3_write32(&hw->unit, reg, U32_MAX);
	KUNIT_EXPECT_EQ(test, -ENODEV, smmu3_unit_read_caps(&hw->unit));
	for (u32 reg = SMMU3_REG_IDR0; reg <= SMMU3_REG_AIDR; reg += 4)
		smmu3_write32(&hw->unit, reg, 0);
	KUNIT_EXPECT_NE(test, 0, smmu3_unit_read_caps(&hw->unit));
}

static struct kunit_case unit_cases[] = {
	KUNIT_CASE(unit_reset),
	KUNIT_CASE(unit_coherent),
	KUNIT_CASE(unit_forgets),
	KUNIT_CASE(unit_found_enabled),
	KUNIT_CASE(unit_enable),
	KUNIT_CASE(unit_shutdown),
	KUNIT_CASE(unit_silent),
	KUNIT_CASE(unit_no_messages),
	KUNIT_CASE(unit_no_registers),
	{}
};

static struct kunit_suite unit_suite = {
	.name = "ioflush_smmu3_unit",
	.test_cases = unit_cases,
};

kunit_test_suite(unit_suite);

MODULE_DESCRIPTION("KUnit tests of how ioflush brings up an SMMU");
MODULE_LICENSE("GPL");
