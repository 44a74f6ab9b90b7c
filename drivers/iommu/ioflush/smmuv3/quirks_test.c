// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of SMMUs that are not quite what the architecture says
 *
 * IIDR, IHI 0070 section 6.3.7: product 31:20, variant 19:16, revision 15:12,
 * implementer 11:0.
 */
#include <kunit/test.h>
#include <linux/acpi.h>
#include <linux/property.h>

#include "regs.h"
#include "test_hw.h"

struct quirks_case {
	const char *name;
	u32 iidr;
	u32 model;
	u32 quirks;
};

#define MMU_700	(SMMU3_QUIRK_SYNC_EACH | SMMU3_QUIRK_RANGES_ONLY)

static const struct quirks_case quirks_cases[] = {
	{ "nothing is known", 0, 0, 0 },
	{ "reads as ones", ~0, 0, 0 },
	{ "MMU-600 r0p2", 0x4830243b, 0, 0 },
	{ "MMU-600 r2p0", 0x4832043b, 0, 0 },
	{ "MMU-700 r0p0", 0x4870043b, 0, MMU_700 },
	{ "MMU-700 r1p1", 0x4871143b, 0, MMU_700 },
	{ "the last MMU-700 there could be", 0x487ff43b, 0, MMU_700 },
	{ "one more than MMU-700", 0x4880043b, 0, 0 },
	{ "another implementer's 0x487", 0x48700070, 0, 0 },
	{ "Hi161x", 0, ACPI_IORT_SMMU_V3_HISILICON_HI161X, 0 },
	{ "CN99xx", 0, ACPI_IORT_SMMU_V3_CAVIUM_CN99XX, SMMU3_QUIRK_ONE_PAGE },
	{ "a model to come", 0, 7, 0 },
	{ "both", 0x4870043b, ACPI_IORT_SMMU_V3_CAVIUM_CN99XX,
	  MMU_700 | SMMU3_QUIRK_ONE_PAGE },
};

static void quirks_registers(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(quirks_cases); i++) {
		const struct quirks_case *c = &quirks_cases[i];
		const struct smmu3_ident ident = {
			.iidr = c->iidr, .model = c->model,
		};

		KUNIT_EXPECT_EQ_MSG(test, smmu3_quirks_find(&ident), c->quirks,
				    "%s", c->name);
	}
}

static u32 quirks_of_node(struct kunit *test,
			  const struct property_entry *properties)
{
	struct fwnode_handle *fwnode;
	struct smmu3_ident ident = {};
	u32 quirks;

	fwnode = fwnode_create_software_node(properties, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fwnode));
	ident.fwnode = fwnode;
	quirks = smmu3_quirks_find(&ident);
	fwnode_remove_software_node(fwnode);
	return quirks;
}

static void quirks_nodes(struct kunit *test)
{
	static const char *const generic[] = { "arm,smmu-v3" };
	static const char *const tegra[] = {
		"nvidia,tegra264-smmu", "arm,smmu-v3",
	};
	const struct property_entry plain[] = {
		PROPERTY_ENTRY_STRING_ARRAY("compatible", generic), {}
	};
	const struct property_entry tegra264[] = {
		PROPERTY_ENTRY_STRING_ARRAY("compatible", tegra), {}
	};
	const struct property_entry cavium[] = {
		PROPERTY_ENTRY_STRING_ARRAY("compatible", generic),
		PROPERTY_ENTRY_BOOL("cavium,cn9900-broken-page1-regspace"), {}
	};

	KUNIT_EXPECT_EQ(test, 0, quirks_of_node(test, plain));
	KUNIT_EXPECT_EQ(test, SMMU3_QUIRK_TWICE, quirks_of_node(test, tegra264));
	KUNIT_EXPECT_EQ(test, SMMU3_QUIRK_ONE_PAGE,
			quirks_of_node(test, cavium));
}

/* AArch64; queues of 64 and 128 entries; 4 KiB. What else it can, IDR0 says. */
static void quirks_identify(struct smmu3_unit *unit, u32 idr0)
{
	smmu3_write32(unit, SMMU3_REG_IDR0, idr0);
	smmu3_write32(unit, SMMU3_REG_IDR1, 0x00c70010);
	smmu3_write32(unit, SMMU3_REG_IDR5, 0x10);
}

/* Read with the others, and added to what firmware knew. */
static void quirks_read(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, true, 4);
	struct smmu3_unit *unit = &hw->unit;

	/* Both stages; ranges */
	quirks_identify(unit, 0xb);
	smmu3_write32(unit, SMMU3_REG_IDR3, 0x400);
	smmu3_write32(unit, SMMU3_REG_IIDR, 0x4871143b);
	unit->quirks = SMMU3_QUIRK_ONE_PAGE;
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_read_caps(unit));
	KUNIT_EXPECT_EQ(test, unit->quirks, MMU_700 | SMMU3_QUIRK_ONE_PAGE);
	KUNIT_EXPECT_TRUE(test, unit->caps.ranges_only);
	KUNIT_EXPECT_EQ(test, unit->caps.idr.iidr, 0x4871143b);
}

/* What the command queue minds is set whenever it is set up. */
static void quirks_queue(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 6);
	struct smmu3_unit *unit = &hw->unit;

	KUNIT_EXPECT_EQ(test, 0, smmu3_quirks_of_cmdq(SMMU3_QUIRK_ONE_PAGE |
						      SMMU3_QUIRK_RANGES_ONLY));
	KUNIT_EXPECT_EQ(test, INVQ_TWICE,
			smmu3_quirks_of_cmdq(SMMU3_QUIRK_TWICE));
	quirks_identify(unit, 0xb);
	smmu3_write32(unit, SMMU3_REG_IIDR, 0x4871143b);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_read_caps(unit));
	smmu3_queue_exit(unit);
	KUNIT_ASSERT_EQ(test, 0, smmu3_queue_init(unit));
	KUNIT_EXPECT_EQ(test, unit->q.quirks, INVQ_SYNC_EACH);
}

/* cut off: where a command has to come twice, no device caches translations. */
static void quirks_ats(struct kunit *test)
{
	struct test_hw *hw = test_hw_new(test, false, 6);
	struct smmu3_unit *unit = &hw->unit;

	/* Both stages; ATS, bit 10 */
	quirks_identify(unit, 0x40b);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_read_caps(unit));
	KUNIT_EXPECT_TRUE(test, unit->caps.ats);
	unit->quirks = SMMU3_QUIRK_TWICE;
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_read_caps(unit));
	KUNIT_EXPECT_FALSE(test, unit->caps.ats);
}

static struct kunit_case quirks_kunit_cases[] = {
	KUNIT_CASE(quirks_registers),
	KUNIT_CASE(quirks_nodes),
	KUNIT_CASE(quirks_read),
	KUNIT_CASE(quirks_queue),
	KUNIT_CASE(quirks_ats),
	{}
};

static struct kunit_suite quirks_suite = {
	.name = "ioflush_smmu3_quirks",
	.test_cases = quirks_kunit_cases,
};

kunit_test_suite(quirks_suite);

MODULE_DESCRIPTION("KUnit tests of what ioflush minds with an SMMUv3");
MODULE_LICENSE("GPL");
