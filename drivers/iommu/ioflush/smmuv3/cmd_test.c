// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of an SMMU's commands, bit by bit
 *
 * Values worked out by hand from IHI 0070, chapter 4. tlbi_test.c has those that
 * cover ranges.
 */
#include <kunit/test.h>

#include "cmd.h"

static void expect_cmd(struct kunit *test, const struct invq_cmd *cmd, u64 w0,
		       u64 w1)
{
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->u64s[0]), w0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->u64s[1]), w1);
}

/* Sections 4.3.1 to 4.3.3: StreamID 63:32, Leaf 64, Range 68:64 */
static void cmd_cfgi(struct kunit *test)
{
	struct invq_cmd cmd;

	smmu3_cmd_cfgi_ste(&cmd, 0x12345678);
	expect_cmd(test, &cmd, 0x1234567800000003, 0);
	smmu3_cmd_cfgi_ste(&cmd, ~0U);
	expect_cmd(test, &cmd, 0xffffffff00000003, 0);
	smmu3_cmd_cfgi_all(&cmd);
	expect_cmd(test, &cmd, 0x4, 31);
}

/* Section 4.4: VMID 47:32, ASID 63:48 */
static void cmd_tlbi_tag(struct kunit *test)
{
	struct smmu3_tag tag = { .id = 0xabcd, .granule_lg2 = 12 };
	struct invq_cmd cmd;

	smmu3_cmd_tlbi_all(&cmd);
	expect_cmd(test, &cmd, 0x30, 0);
	smmu3_cmd_tlbi_tag(&cmd, &tag);
	expect_cmd(test, &cmd, 0xabcd000000000011, 0);
	tag.stage2 = true;
	smmu3_cmd_tlbi_tag(&cmd, &tag);
	expect_cmd(test, &cmd, 0x0000abcd00000028, 0);
}

struct atc_case {
	unsigned long start;
	unsigned long last;
	u64 w1;
};

/* Section 4.5.1: Size 69:64, 2^Size pages of 4 KiB; Address 127:76 */
static const struct atc_case atc_cases[] = {
	{ 0x1000, 0x1fff, 0x1000 },
	{ 0x2000, 0x3fff, 0x2001 },
	/* Two pages that are no natural pair: four */
	{ 0x1000, 0x2fff, 0x0002 },
	{ 0x3000, 0x4fff, 0x0003 },
	{ 0x7fffff000, 0x7ffffffff, 0x7fffff000 },
	{ 0x200000, 0x3fffff, 0x200009 },
	{ 0xfffff00000000000, ~0UL, 0xfffff00000000020 },
	/* Around the middle, and all of it */
	{ 0x7ffffffffffff000, 0x8000000000000fff, 52 },
	{ 0, ~0UL, 52 },
};

static void cmd_atc(struct kunit *test)
{
	struct invq_cmd cmd;

	for (unsigned int i = 0; i < ARRAY_SIZE(atc_cases); i++) {
		const struct atc_case *c = &atc_cases[i];

		smmu3_cmd_atc_inv(&cmd, 0x108, c->start, c->last);
		expect_cmd(test, &cmd, 0x0000010800000040, c->w1);
	}
	smmu3_cmd_atc_inv_all(&cmd, 0x12345678);
	expect_cmd(test, &cmd, 0x1234567800000040, 52);
}

/* Any span: holds the range, is aligned, and no half of it would do. */
static void cmd_atc_covers(struct kunit *test)
{
	struct invq_cmd cmd;

	for (u64 first = 0; first < 70; first++) {
		for (u64 last = first; last < 70; last++) {
			u64 w1, at, pages;

			smmu3_cmd_atc_inv(&cmd, 1, first << 12,
					  (last << 12) + 0xfff);
			w1 = le64_to_cpu(cmd.u64s[1]);
			at = w1 >> 12;
			pages = 1ULL << (w1 & 0x3f);
			KUNIT_ASSERT_EQ(test, 0, at & (pages - 1));
			KUNIT_ASSERT_LE(test, at, first);
			KUNIT_ASSERT_GE(test, at + pages - 1, last);
			if (pages == 1)
				continue;
			KUNIT_ASSERT_LT(test, first, at + pages / 2);
			KUNIT_ASSERT_GE(test, last, at + pages / 2);
		}
	}
}

/*
 * Section 4.7.3: CS 13:12 (0b00 none, 0b01 by message), MSH 23:22, MSIAttr
 * 27:24, MSIData 63:32, MSIAddress 115:66
 */
static void cmd_sync(struct kunit *test)
{
	struct invq_cmd cmd;

	smmu3_cmd_sync(&cmd);
	expect_cmd(test, &cmd, 0x46, 0);
	smmu3_cmd_sync_msi(&cmd, 0x000fedcba9876544, true);
	expect_cmd(test, &cmd, 0x0fc01046, 0x000fedcba9876544);
	smmu3_cmd_sync_msi(&cmd, 0x80000000, false);
	expect_cmd(test, &cmd, 0x05801046, 0x80000000);
}

static struct kunit_case cmd_cases[] = {
	KUNIT_CASE(cmd_cfgi),
	KUNIT_CASE(cmd_tlbi_tag),
	KUNIT_CASE(cmd_atc),
	KUNIT_CASE(cmd_atc_covers),
	KUNIT_CASE(cmd_sync),
	{}
};

static struct kunit_suite cmd_suite = {
	.name = "ioflush_smmu3_cmd",
	.test_cases = cmd_cases,
};

kunit_test_suite(cmd_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 commands");
MODULE_LICENSE("GPL");
