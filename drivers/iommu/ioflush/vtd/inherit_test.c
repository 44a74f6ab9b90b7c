// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of taking over the context entries of a kernel that crashed
 *
 * The tables of that kernel are in memory of this one, so what is in use is told by
 * the test. Values by section 9.3, as in table_test.c.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/prandom.h>

#include "vtd.h"

/* A page table; not one that anybody looks at. */
#define ROOT		0x345678000ULL
/* One that lies in what is memory of this kernel. */
#define ROOT_IN_USE	0x123456000ULL
#define DOMAINS		256
/* CAP: 39 bits, 2^8 domains. ECAP: coherent, and what the test adds */
#define CAP		0x260202ULL
#define ECAP_DT		BIT_ULL(2)
#define ECAP_PT		BIT_ULL(6)

/**
 * struct past - a unit, and what another kernel has left it
 * @unit: the unit, of three levels
 * @root: the other kernel's root table
 * @tables: its context tables, of buses 0 and 5
 */
struct past {
	struct vtd_unit unit;
	struct vtd_entry *root;
	struct vtd_entry *tables[2];
};

/* For in_use, which has no argument for it */
static phys_addr_t past_lost;

static bool past_in_use(phys_addr_t page)
{
	return page == past_lost || page == ROOT_IN_USE;
}

static void past_free(void *data)
{
	struct past *past = data;

	vtd_table_exit(&past->unit);
	vtd_inherit_exit(&past->unit);
	ida_destroy(&past->unit.dids);
	free_page((unsigned long)past->root);
	for (unsigned int i = 0; i < ARRAY_SIZE(past->tables); i++)
		free_page((unsigned long)past->tables[i]);
}

static struct past *past_new(struct kunit *test, u64 ecap)
{
	struct past *past = kunit_kzalloc(test, sizeof(*past), GFP_KERNEL);
	struct vtd_unit *unit = &past->unit;

	KUNIT_ASSERT_NOT_NULL(test, past);
	past_lost = 0;
	spin_lock_init(&unit->lock);
	ida_init(&unit->dids);
	vtd_caps_decode(&unit->caps, CAP, ecap | BIT_ULL(0));
	KUNIT_ASSERT_EQ(test, DOMAINS, unit->caps.domains);
	past->root = (void *)get_zeroed_page(GFP_KERNEL);
	for (unsigned int i = 0; i < ARRAY_SIZE(past->tables); i++)
		past->tables[i] = (void *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, past_free, past));
	KUNIT_ASSERT_NOT_NULL(test, past->root);
	KUNIT_ASSERT_NOT_NULL(test, past->tables[0]);
	KUNIT_ASSERT_NOT_NULL(test, past->tables[1]);
	KUNIT_ASSERT_EQ(test, 0, vtd_table_init(unit));
	/* Whatever the width of this machine */
	unit->haw_bits = 52;
	past->root[0] = vtd_root_encode(virt_to_phys(past->tables[0]));
	past->root[5] = vtd_root_encode(virt_to_phys(past->tables[1]));
	return past;
}

static int past_inherit(struct past *past)
{
	return vtd_inherit_tables(&past->unit, virt_to_phys(past->root),
				  past_in_use);
}

/* Is the entry of @rid the same as the other kernel's, and known to be that? */
static void expect_same(struct kunit *test, struct past *past, u16 rid,
			const struct vtd_entry *old)
{
	struct vtd_entry *e = vtd_table_context(&past->unit, rid);

	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_EQ(test, e->lo, old->lo);
	KUNIT_EXPECT_EQ(test, e->hi, old->hi);
	KUNIT_EXPECT_TRUE(test, vtd_inherits(&past->unit, rid));
}

static void expect_blocked(struct kunit *test, struct past *past, u16 rid)
{
	struct vtd_entry *e = vtd_table_context(&past->unit, rid);

	KUNIT_EXPECT_FALSE(test, e && vtd_entry_present(e));
	KUNIT_EXPECT_FALSE(test, vtd_inherits(&past->unit, rid));
}

/* Each device goes on as it was, and the others stay blocked. */
static void inherit_entries(struct kunit *test)
{
	struct past *past = past_new(test, ECAP_DT | ECAP_PT);

	past->tables[0][0x10] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 1 };
	past->tables[0][0x18] = (struct vtd_entry) { 0x9, 3 << 8 | 1 };
	/* Requests by this one may be answered to be cached. */
	past->tables[1][0x00] = (struct vtd_entry) { ROOT | 5, 7 << 8 | 1 };
	KUNIT_ASSERT_EQ(test, 3, past_inherit(past));
	expect_same(test, past, 0x0010, &past->tables[0][0x10]);
	expect_same(test, past, 0x0018, &past->tables[0][0x18]);
	expect_same(test, past, 0x0500, &past->tables[1][0x00]);
	expect_blocked(test, past, 0x0011);
	expect_blocked(test, past, 0x0110);
	/* In tables of this kernel */
	KUNIT_EXPECT_NE(test, vtd_root_table(&past->unit.root[0]),
			virt_to_phys(past->tables[0]));
}

/*
 * levels: what is not translated is by the widest address that the unit has, and a table
 * of that kernel may have five levels, which none of ours has.
 */
static void inherit_levels(struct kunit *test)
{
	struct past *past = past_new(test, ECAP_PT);

	/* 48 and 57 bits, as well */
	vtd_caps_decode(&past->unit.caps, CAP | 0xc00, ECAP_PT | BIT_ULL(0));
	past->tables[0][0x10] = (struct vtd_entry) { 0x9, 3 << 8 | 3 };
	past->tables[0][0x18] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 3 };
	/* Of two or six levels there are none. */
	past->tables[0][0x20] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 0 };
	past->tables[0][0x28] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 4 };
	KUNIT_ASSERT_EQ(test, 2, past_inherit(past));
	expect_same(test, past, 0x0010, &past->tables[0][0x10]);
	expect_same(test, past, 0x0018, &past->tables[0][0x18]);
	expect_blocked(test, past, 0x0020);
	expect_blocked(test, past, 0x0028);
}

/* No domain gets an id that tags translations of the kernel before. */
static void inherit_ids(struct kunit *test)
{
	struct past *past = past_new(test, ECAP_PT);
	unsigned int n = 0;
	int did;

	past->tables[0][0x10] = (struct vtd_entry) { ROOT | 1, 1 << 8 | 1 };
	past->tables[0][0x18] = (struct vtd_entry) { ROOT | 1, 2 << 8 | 1 };
	past->tables[0][0x20] = (struct vtd_entry) { 0x9, 255 << 8 | 1 };
	KUNIT_ASSERT_EQ(test, 3, past_inherit(past));
	while ((did = ida_alloc_range(&past->unit.dids, 1, DOMAINS - 1,
				      GFP_KERNEL)) > 0) {
		KUNIT_EXPECT_FALSE(test, test_bit(did, past->unit.old_dids));
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, DOMAINS - 1 - 3);
}

/* An entry by which hardware would do nothing, or harm */
static const struct {
	const char *why;
	u64 lo;
	u64 hi;
} garbage[] = {
	{ "not present", ROOT, 7 << 8 | 1 },
	{ "reserved bit 4", ROOT | BIT(4) | 1, 7 << 8 | 1 },
	{ "reserved bit 11", ROOT | BIT(11) | 1, 7 << 8 | 1 },
	{ "reserved bit 71", ROOT | 1, 7 << 8 | BIT(7) | 1 },
	{ "reserved bit 88", ROOT | 1, 7 << 8 | BIT(24) | 1 },
	{ "reserved bit 127", ROOT | 1, 7 << 8 | BIT_ULL(63) | 1 },
	{ "four levels", ROOT | 1, 7 << 8 | 2 },
	{ "two levels", ROOT | 1, 7 << 8 },
	{ "reserved width", ROOT | 1, 7 << 8 | 7 },
	{ "reserved type", ROOT | 0xd, 7 << 8 | 1 },
	{ "type of device caches", ROOT | 5, 7 << 8 | 1 },
	{ "pass-through", 9, 7 << 8 | 1 },
	{ "domain id", ROOT | 1, DOMAINS << 8 | 1 },
	{ "address width", BIT_ULL(52) | 1, 7 << 8 | 1 },
	{ "table in use", ROOT_IN_USE | 1, 7 << 8 | 1 },
	{ "all ones", ~0ULL, ~0ULL },
};

static void inherit_garbage(struct kunit *test)
{
	struct past *past = past_new(test, 0);

	for (unsigned int i = 0; i < ARRAY_SIZE(garbage); i++)
		past->tables[0][i] = (struct vtd_entry) {
			garbage[i].lo, garbage[i].hi,
		};
	past->tables[0][0xff] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 1 };
	KUNIT_EXPECT_EQ(test, 1, past_inherit(past));
	for (unsigned int i = 0; i < ARRAY_SIZE(garbage); i++)
		KUNIT_EXPECT_FALSE_MSG(test, vtd_inherits(&past->unit, i),
				       "%s", garbage[i].why);
	expect_same(test, past, 0x00ff, &past->tables[0][0xff]);
}

/* Whatever is there, nothing is taken over but what is there. */
static void inherit_noise(struct kunit *test)
{
	struct past *past = past_new(test, ECAP_DT | ECAP_PT);
	struct rnd_state rnd;
	int n = 0, ret;

	prandom_seed_state(&rnd, 1);
	prandom_bytes_state(&rnd, past->tables[0], PAGE_SIZE);
	prandom_bytes_state(&rnd, past->tables[1], PAGE_SIZE);
	/* Half of them with what is seldom right by chance. */
	for (unsigned int i = 0; i < VTD_ENTRIES; i += 2) {
		past->tables[1][i].lo &= ~0xffff000000000ff0ULL;
		past->tables[1][i].hi = (past->tables[1][i].hi & 0xff00) | 1;
	}
	ret = past_inherit(past);
	for (unsigned int i = 0; i < VTD_ENTRIES; i++) {
		n += vtd_inherits(&past->unit, i);
		if (!vtd_inherits(&past->unit, PCI_DEVID(5, i)))
			continue;
		expect_same(test, past, PCI_DEVID(5, i), &past->tables[1][i]);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, ret);
	/* Present, and not of the reserved type: three of eight */
	KUNIT_EXPECT_GT(test, n, 16);
}

/* What this kernel uses is no table of another. */
static void inherit_gone(struct kunit *test)
{
	struct past *past = past_new(test, 0);

	past->tables[0][0x10] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 1 };
	past->tables[1][0x10] = (struct vtd_entry) { ROOT | 1, 7 << 8 | 1 };
	past_lost = virt_to_phys(past->root);
	KUNIT_EXPECT_EQ(test, -EINVAL, past_inherit(past));
	expect_blocked(test, past, 0x0010);
	past_lost = virt_to_phys(past->tables[0]);
	KUNIT_EXPECT_EQ(test, 1, past_inherit(past));
	expect_blocked(test, past, 0x0010);
	expect_same(test, past, 0x0510, &past->tables[1][0x10]);
}

static struct kunit_case inherit_cases[] = {
	KUNIT_CASE(inherit_entries),
	KUNIT_CASE(inherit_levels),
	KUNIT_CASE(inherit_ids),
	KUNIT_CASE(inherit_garbage),
	KUNIT_CASE(inherit_noise),
	KUNIT_CASE(inherit_gone),
	{}
};

static struct kunit_suite inherit_suite = {
	.name = "ioflush_vtd_inherit",
	.test_cases = inherit_cases,
};

kunit_test_suite(inherit_suite);

MODULE_DESCRIPTION("KUnit tests of taking over VT-d tables");
MODULE_LICENSE("GPL");
