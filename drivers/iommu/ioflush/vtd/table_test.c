// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of VT-d root and context entries
 *
 * Section 9.1: P 0, CTP 63:12. Section 9.3: P 0, FPD 1, TT 3:2, SSPTPTR
 * 63:12; AW 66:64, DID 87:72.
 */
#include <kunit/test.h>

#include "vtd.h"

static void table_root_entry(struct kunit *test)
{
	struct vtd_entry e = vtd_root_encode(0x123456789000);

	KUNIT_EXPECT_EQ(test, e.lo, 0x123456789001ULL);
	KUNIT_EXPECT_EQ(test, e.hi, 0ULL);
	KUNIT_EXPECT_TRUE(test, vtd_entry_present(&e));
	KUNIT_EXPECT_EQ(test, vtd_root_table(&e), 0x123456789000ULL);
}

struct context_row {
	struct vtd_context context;
	u64 lo;
	u64 hi;
};

static const struct context_row context_rows[] = {
	{ { VTD_TT_TABLE, 3, 1, 0x1000 }, 0x1001, 0x101 },
	{ { VTD_TT_TABLE, 4, 0xffff, 0xabcdef000 }, 0xabcdef001, 0xffff02 },
	{ { VTD_TT_PASS, 5, 0x1234, 0 }, 0x9, 0x123403 },
};

static void table_context_entry(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(context_rows); i++) {
		const struct context_row *r = &context_rows[i];
		struct vtd_entry e = vtd_context_encode(&r->context);

		KUNIT_EXPECT_EQ(test, e.lo, r->lo);
		KUNIT_EXPECT_EQ(test, e.hi, r->hi);
		KUNIT_EXPECT_EQ(test, vtd_context_did(&e), r->context.did);
	}
}

static void table_free(void *data)
{
	vtd_table_exit(data);
}

static struct vtd_unit *table_unit(struct kunit *test)
{
	struct vtd_unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, unit);
	spin_lock_init(&unit->lock);
	raw_spin_lock_init(&unit->entry_lock);
	KUNIT_ASSERT_EQ(test, 0, vtd_table_init(unit));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, table_free, unit));
	return unit;
}

/* In a new table nothing is present; a bus gets its context table once. */
static void table_grow(struct kunit *test)
{
	struct vtd_unit *unit = table_unit(test);
	struct vtd_entry *e;

	KUNIT_EXPECT_NULL(test, vtd_table_context(unit, 0x0510));
	KUNIT_ASSERT_EQ(test, 0, vtd_table_grow(unit, 0x05ff));
	e = vtd_table_context(unit, 0x0510);
	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_FALSE(test, vtd_entry_present(e));
	KUNIT_ASSERT_EQ(test, 0, vtd_table_grow(unit, 0x0510));
	KUNIT_EXPECT_PTR_EQ(test, e, vtd_table_context(unit, 0x0510));
	KUNIT_EXPECT_NULL(test, vtd_table_context(unit, 0x0410));
	/* Where hardware looks: root entry 5, context entry 0x10 */
	KUNIT_EXPECT_EQ(test, unit->root[5].lo,
			(virt_to_phys(e) - 0x10 * 16) | 1);
}

static void table_set_clear(struct kunit *test)
{
	struct vtd_unit *unit = table_unit(test);
	struct vtd_entry value = vtd_context_encode(&context_rows[0].context);
	struct vtd_entry *e;

	KUNIT_ASSERT_EQ(test, 0, vtd_table_grow(unit, 0));
	e = vtd_table_context(unit, 0x08);
	spin_lock(&unit->lock);
	vtd_table_set(unit, e, &value);
	spin_unlock(&unit->lock);
	KUNIT_EXPECT_EQ(test, e->lo, value.lo);
	KUNIT_EXPECT_EQ(test, e->hi, value.hi);
	KUNIT_EXPECT_FALSE(test, vtd_entry_present(e - 1));
	KUNIT_EXPECT_FALSE(test, vtd_entry_present(e + 1));
	raw_spin_lock_irq(&unit->entry_lock);
	vtd_table_clear(unit, e);
	raw_spin_unlock_irq(&unit->entry_lock);
	KUNIT_EXPECT_EQ(test, e->lo, 0ULL);
	KUNIT_EXPECT_EQ(test, e->hi, 0ULL);
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(table_root_entry),
	KUNIT_CASE(table_context_entry),
	KUNIT_CASE(table_grow),
	KUNIT_CASE(table_set_clear),
	{}
};

static struct kunit_suite table_suite = {
	.name = "ioflush_vtd_table",
	.test_cases = table_cases,
};

kunit_test_suite(table_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d root and context tables");
MODULE_LICENSE("GPL");
