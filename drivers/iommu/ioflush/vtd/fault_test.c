// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of decoding VT-d fault records
 *
 * Section 11.4.7.6: FI 63:12, SID 79:64, T2 92, FR 103:96, T1 126, F 127.
 */
#include <kunit/test.h>

#include "fault.h"

struct fault_row {
	u64 lo;
	u64 hi;
	u64 addr;
	u16 sid;
	u8 reason;
	const char *access;
};

static const struct fault_row fault_rows[] = {
	{ 0x12345000, 0x8000000500000018, 0x12345000, 0x0018, 0x05, "write" },
	{ 0x12345fff, 0xc000000600000100, 0x12345000, 0x0100, 0x06, "read" },
	{ 0x1000, 0x800000021000ffff, 0x1000, 0xffff, 0x02, "page request" },
	{ 0xfffffffffffff000, 0xc00000ff10001f08, 0xfffffffffffff000, 0x1f08,
	  0xff, "atomic operation" },
};

static void fault_decode(struct kunit *test)
{
	struct vtd_fault f;

	for (unsigned int i = 0; i < ARRAY_SIZE(fault_rows); i++) {
		const struct fault_row *r = &fault_rows[i];

		KUNIT_ASSERT_TRUE(test, vtd_fault_decode(&f, r->lo, r->hi));
		KUNIT_EXPECT_EQ(test, f.addr, r->addr);
		KUNIT_EXPECT_EQ(test, f.sid, r->sid);
		KUNIT_EXPECT_EQ(test, f.reason, r->reason);
		KUNIT_EXPECT_STREQ(test, vtd_fault_access(f.access),
				   r->access);
	}
}

/* Without F there is no record, whatever else the register holds. */
static void fault_none(struct kunit *test)
{
	struct vtd_fault f;

	KUNIT_EXPECT_FALSE(test, vtd_fault_decode(&f, ~0ULL, ~0ULL >> 1));
	KUNIT_EXPECT_FALSE(test, vtd_fault_decode(&f, 0, 0));
}

static bool has_code(u8 code)
{
	static const struct {
		u8 first;
		u8 last;
	} codes[] = {
		{ 0x01, 0x0d }, { 0x20, 0x26 }, { 0x30, 0x32 }, { 0x38, 0x3a },
		{ 0x40, 0x48 }, { 0x50, 0x52 }, { 0x58, 0x5d }, { 0x70, 0x7c },
		{ 0x80, 0x87 }, { 0x90, 0x90 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++)
		if (code >= codes[i].first && code <= codes[i].last)
			return true;
	return false;
}

/*
 * Each code of sections 7.1.3 and 5.1.4.1 has words that no other of its mode has; all
 * others have some.
 */
static void fault_reasons(struct kunit *test)
{
	const char *unknown = vtd_fault_reason(0xff);

	KUNIT_EXPECT_STREQ(test, vtd_fault_reason(0), unknown);
	for (unsigned int i = 1; i <= 0x0d; i++) {
		KUNIT_EXPECT_STRNEQ(test, vtd_fault_reason(i), unknown);
		for (unsigned int j = 1; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, vtd_fault_reason(i),
					    vtd_fault_reason(j));
	}
	for (unsigned int i = 0; i <= 0xff; i++) {
		KUNIT_EXPECT_EQ_MSG(test, has_code(i),
				    !!strcmp(vtd_fault_reason(i), unknown),
				    "code %#x", i);
		for (unsigned int j = 0x30; has_code(i) && j < i; j++)
			if (has_code(j))
				KUNIT_EXPECT_STRNEQ(test, vtd_fault_reason(i),
						    vtd_fault_reason(j));
	}
	KUNIT_EXPECT_STREQ(test, vtd_fault_reason(5), "not mapped for writing");
	KUNIT_EXPECT_STREQ(test, vtd_fault_reason(6), "not mapped for reading");
}

/* PP 95, PASID 123:104 */
static void fault_pasid(struct kunit *test)
{
	struct vtd_fault f;

	KUNIT_ASSERT_TRUE(test, vtd_fault_decode(&f, 0x1000, 0x8abcde5980000018));
	KUNIT_EXPECT_TRUE(test, f.with_pasid);
	KUNIT_EXPECT_EQ(test, f.pasid, 0xabcde);
	KUNIT_EXPECT_EQ(test, f.reason, 0x59);
	KUNIT_EXPECT_EQ(test, f.sid, 0x18);
	KUNIT_ASSERT_TRUE(test, vtd_fault_decode(&f, 0x1000, 0x8abcde5900000018));
	KUNIT_EXPECT_FALSE(test, f.with_pasid);
}

/* FRI 15:8 may name a register that there is not. */
static void fault_index(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, vtd_fault_first(0x0002, 1));
	KUNIT_EXPECT_EQ(test, 3, vtd_fault_first(0x0302, 8));
	for (u32 regs = 1; regs <= 256; regs++)
		for (u32 fri = 0; fri < 256; fri++)
			KUNIT_EXPECT_LT(test, vtd_fault_first(fri << 8 | 2, regs),
					regs);
}

/* Section 5.1.4.1: of an interrupt there is an index in 63:48 and no address. */
static void fault_interrupt(struct kunit *test)
{
	struct vtd_fault f;
	u16 index;

	for (u64 reason = 0; reason <= 0xff; reason++) {
		KUNIT_ASSERT_TRUE(test, vtd_fault_decode(&f, 0x1234000000000000,
							 BIT_ULL(63) | reason << 32));
		KUNIT_EXPECT_EQ(test, vtd_fault_of_interrupt(&f, &index),
				reason >= 0x20 && reason <= 0x26);
		KUNIT_EXPECT_EQ(test, index, 0x1234);
	}
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_decode),
	KUNIT_CASE(fault_none),
	KUNIT_CASE(fault_reasons),
	KUNIT_CASE(fault_interrupt),
	KUNIT_CASE(fault_pasid),
	KUNIT_CASE(fault_index),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "ioflush_vtd_fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d fault records");
MODULE_LICENSE("GPL");
