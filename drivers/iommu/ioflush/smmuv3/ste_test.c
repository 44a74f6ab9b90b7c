// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of stream table entries and context descriptors, bit by bit
 *
 * Values worked out by hand from IHI 0070, sections 5.2 and 5.4; the manual
 * counts the bits of a whole entry, 64 a word.
 */
#include <kunit/test.h>

#include "ste.h"

static void expect_words(struct kunit *test, const struct smmu3_entry *e,
			 u64 w0, u64 w1, u64 w2, u64 w3)
{
	KUNIT_EXPECT_EQ(test, le64_to_cpu(e->w[0]), w0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(e->w[1]), w1);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(e->w[2]), w2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(e->w[3]), w3);
	for (int i = 4; i < SMMU3_ENTRY_WORDS; i++)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(e->w[i]), 0);
}

/* Old contents never show through. */
static void dirty(struct smmu3_entry *e)
{
	memset(e, 0xff, sizeof(*e));
}

static const struct smmu3_caps plain;
static const struct smmu3_caps stalls = { .stall_forced = true };
/* IDR1: ATTR_TYPES_OVR */
static const struct smmu3_caps rich = {
	.ats = true, .httu_dirty = true, .idr.idr1 = 0x08000000,
};

/* Section 5.2: V 0, Config 3:1 (0b000 abort, 0b100 bypass), SHCFG 109:108 */
static void ste_no_translation(struct kunit *test)
{
	struct smmu3_entry e;

	dirty(&e);
	smmu3_ste_abort(&e);
	expect_words(test, &e, 0x1, 0, 0, 0);
	dirty(&e);
	smmu3_ste_bypass(&e, &rich);
	expect_words(test, &e, 0x9, 0x0000100000000000, 0, 0);
	/* Reserved where the unit overrides nothing */
	smmu3_ste_bypass(&e, &plain);
	expect_words(test, &e, 0x9, 0, 0, 0);
}

/*
 * Config 0b101, S1Fmt 5:4, S1ContextPtr 51:6, S1CDMax 63:59; S1CIR 67:66,
 * S1COR 69:68, S1CSH 71:70, EATS 93:92, STRW 95:94
 */
static void ste_stage1(struct kunit *test)
{
	struct smmu3_entry e;

	dirty(&e);
	smmu3_ste_stage1(&e, &plain, 0xfedcba9876fc0, true, false);
	expect_words(test, &e, 0x000fedcba9876fcb, 0xd4, 0, 0);
	/* Does not snoop: not cacheable, and then outer shareable */
	dirty(&e);
	smmu3_ste_stage1(&e, &plain, 0x80000040, false, false);
	expect_words(test, &e, 0x8000004b, 0x80, 0, 0);
	/* ATS where both can */
	smmu3_ste_stage1(&e, &rich, 0x1000, true, true);
	expect_words(test, &e, 0x100b, 0x100000d4, 0, 0);
	smmu3_ste_stage1(&e, &rich, 0x1000, true, false);
	expect_words(test, &e, 0x100b, 0xd4, 0, 0);
	smmu3_ste_stage1(&e, &plain, 0x1000, true, true);
	expect_words(test, &e, 0x100b, 0xd4, 0, 0);
}

/* A table of 40 bits from level 1, 4 KiB granule, 48 bits out */
static const struct iopgt_arm_regs s2_4k = {
	.base = 0x8a0001000, .tsz = 24, .sl = 1, .irgn = IOPGT_ARM_WBWA,
	.orgn = IOPGT_ARM_WBWA, .sh = IOPGT_ARM_ISH, .tg = 0, .ps = 5,
	.mair = ~0ULL,
};

/* One of 52 bits, 64 KiB granule, that is read past all caches */
static const struct iopgt_arm_regs s2_64k = {
	.base = 0xf000000010000, .tsz = 12, .sl = 2, .irgn = IOPGT_ARM_NC,
	.orgn = IOPGT_ARM_NC, .sh = IOPGT_ARM_OSH, .tg = 1, .ps = 6,
};

/*
 * Config 0b110; S2VMID 143:128, S2T0SZ 165:160, S2SL0 167:166, S2IR0 169:168,
 * S2OR0 171:170, S2SH0 173:172, S2TG 175:174, S2PS 178:176, S2AA64 179, S2S
 * 185, S2R 186; S2TTB 243:196
 */
static void ste_stage2(struct kunit *test)
{
	struct smmu3_entry e;

	dirty(&e);
	smmu3_ste_stage2(&e, &plain, &s2_4k, 0x1234, true);
	expect_words(test, &e, 0xd, 0, 0x040d355800001234,
		     0x8a0001000);
	dirty(&e);
	smmu3_ste_stage2(&e, &rich, &s2_64k, 0xffff, true);
	expect_words(test, &e, 0xd, 0x0000100010000000, 0x040e608c0000ffff,
		     0xf000000010000);
	smmu3_ste_stage2(&e, &stalls, &s2_4k, 1, false);
	expect_words(test, &e, 0xd, 0, 0x060d355800000001,
		     0x8a0001000);
}

static const struct iopgt_arm_regs s1_4k = {
	.base = 0x880001000, .mair = IOPGT_ARM_MAIR, .tsz = 16,
	.irgn = IOPGT_ARM_WBWA, .orgn = IOPGT_ARM_WBWA, .sh = IOPGT_ARM_ISH,
	.tg = 0, .ps = 5, .sl = 3,
};

static const struct iopgt_arm_regs s1_16k = {
	.base = 0x880004000, .mair = IOPGT_ARM_MAIR, .tsz = 28,
	.irgn = IOPGT_ARM_NC, .orgn = IOPGT_ARM_NC, .sh = IOPGT_ARM_OSH,
	.tg = 2, .ps = 1,
};

/*
 * Section 5.4: T0SZ 5:0, TG0 7:6, IR0 9:8, OR0 11:10, SH0 13:12, EPD1 30, V 31,
 * IPS 34:32, AA64 41, HD 42, HA 43, S 44, R 45, A 46, ASET 47, ASID 63:48;
 * TTB0 115:68; MAIR0 and MAIR1 255:192
 */
static void cd_stage1(struct kunit *test)
{
	struct smmu3_entry e;

	dirty(&e);
	smmu3_cd_stage1(&e, &plain, &s1_4k, 0xabcd, false);
	expect_words(test, &e, 0xabcde205c0003510, 0x880001000, 0,
		     0x000004040000ff44);
	dirty(&e);
	smmu3_cd_stage1(&e, &plain, &s1_16k, 1, false);
	expect_words(test, &e, 0x0001e201c000209c, 0x880004000, 0,
		     0x000004040000ff44);
	/* Stalls where it cannot be helped */
	smmu3_cd_stage1(&e, &stalls, &s1_4k, 1, false);
	expect_words(test, &e, 0x0001f205c0003510, 0x880001000, 0,
		     0x000004040000ff44);
	/* Dirty state where the unit has it; never HD without HA */
	smmu3_cd_stage1(&e, &rich, &s1_4k, 1, true);
	expect_words(test, &e, 0x0001ee05c0003510, 0x880001000, 0,
		     0x000004040000ff44);
	smmu3_cd_stage1(&e, &rich, &s1_4k, 1, false);
	expect_words(test, &e, 0x0001e205c0003510, 0x880001000, 0,
		     0x000004040000ff44);
	smmu3_cd_stage1(&e, &plain, &s1_4k, 1, true);
	expect_words(test, &e, 0x0001e205c0003510, 0x880001000, 0,
		     0x000004040000ff44);
}

static void ste_names(struct kunit *test)
{
	static const char *const names[] = {
		"abort", "abort", "abort", "abort",
		"bypass", "stage 1", "stage 2", "nested",
	};
	struct smmu3_entry e = { };

	for (u64 config = 0; config < ARRAY_SIZE(names); config++) {
		e.w[0] = cpu_to_le64(config << 1);
		KUNIT_EXPECT_STREQ(test, smmu3_ste_config_name(&e), "invalid");
		e.w[0] = cpu_to_le64(config << 1 | 1);
		KUNIT_EXPECT_STREQ(test, smmu3_ste_config_name(&e),
				   names[config]);
	}
}

/* V is bit 0 of the one and bit 31 of the other. */
static void ste_valid(struct kunit *test)
{
	for (int bit = 0; bit < 64; bit++) {
		struct smmu3_entry e = { .w[0] = cpu_to_le64(BIT_ULL(bit)) };

		KUNIT_EXPECT_EQ(test, smmu3_ste_valid(&e), bit == 0);
		KUNIT_EXPECT_EQ(test, smmu3_cd_valid(&e), bit == 31);
	}
}

static struct kunit_case ste_cases[] = {
	KUNIT_CASE(ste_no_translation),
	KUNIT_CASE(ste_stage1),
	KUNIT_CASE(ste_stage2),
	KUNIT_CASE(cd_stage1),
	KUNIT_CASE(ste_names),
	KUNIT_CASE(ste_valid),
	{}
};

static struct kunit_suite ste_suite = {
	.name = "ioflush_smmu3_ste",
	.test_cases = ste_cases,
};

kunit_test_suite(ste_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 entries");
MODULE_LICENSE("GPL");
