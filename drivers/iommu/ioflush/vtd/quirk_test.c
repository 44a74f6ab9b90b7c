// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the table of chipsets
 */
#include <kunit/test.h>

#include "quirk.h"

#define CLASS_DISPLAY	0x030000
#define CLASS_NETWORK	0x020000
#define CLASS_HOST	0x060000

static void quirk_table(struct kunit *test)
{
	static const struct {
		u16 device;
		u32 class;
		unsigned int what;
	} cases[] = {
		{ 0x29b2, CLASS_DISPLAY, VTD_QUIRK_GFX_ALONE },
		/* The host bridge of the same chipset, which is QEMU's */
		{ 0x29c0, CLASS_HOST, 0 },
		{ 0x2a40, CLASS_HOST, VTD_QUIRK_GFX_ALONE | VTD_QUIRK_WRITE_FLUSH },
		{ 0x2e90, CLASS_HOST, VTD_QUIRK_GFX_ALONE | VTD_QUIRK_WRITE_FLUSH },
		{ 0x2e50, CLASS_HOST, 0 },
		{ 0x0044, CLASS_HOST, VTD_QUIRK_GFX_ALONE },
		{ 0x0040, CLASS_HOST, VTD_QUIRK_GFX_ALONE | VTD_QUIRK_STRICT },
		{ 0x1602, CLASS_DISPLAY, VTD_QUIRK_GFX_ALONE },
		{ 0x163e, CLASS_DISPLAY, VTD_QUIRK_GFX_ALONE },
		{ 0x1612, CLASS_DISPLAY, VTD_QUIRK_GFX_ALONE },
		{ 0x1604, CLASS_HOST, 0 },
		{ 0x1642, CLASS_DISPLAY, 0 },
		{ 0x46a6, CLASS_DISPLAY, VTD_QUIRK_GFX_STAYS_ON },
		{ 0xa780, CLASS_DISPLAY, VTD_QUIRK_GFX_STAYS_ON },
		{ 0x7d55, CLASS_DISPLAY, VTD_QUIRK_GFX_STAYS_ON },
		{ 0x46a6, CLASS_NETWORK, 0 },
		{ 0x3a3e, CLASS_NETWORK, VTD_QUIRK_SOUND_IDENTITY },
		{ 0x10d3, CLASS_NETWORK, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    vtd_quirks_of(cases[i].device, cases[i].class),
				    cases[i].what, "device %#x", cases[i].device);
}

static void quirk_registers(struct kunit *test)
{
	/* Two megabytes, without and with as much for the second table */
	KUNIT_EXPECT_EQ(test, vtd_quirks_of_ggc(0x0300), VTD_QUIRK_GFX_ALONE);
	KUNIT_EXPECT_EQ(test, vtd_quirks_of_ggc(0x0900), VTD_QUIRK_STRICT);

	KUNIT_EXPECT_EQ(test, vtd_quirks_of_isoch(0), VTD_QUIRK_SOUND_IDENTITY);
	/* By the other unit; sixteen entries; as few as firmware liked */
	KUNIT_EXPECT_EQ(test, vtd_quirks_of_isoch(0x01), 0);
	KUNIT_EXPECT_EQ(test, vtd_quirks_of_isoch(0x10), 0);
	KUNIT_EXPECT_EQ(test, vtd_quirks_of_isoch(0x04), 0);
	KUNIT_EXPECT_EQ(test, vtd_quirks_of_isoch(0xe0), VTD_QUIRK_SOUND_IDENTITY);
}

static struct kunit_case quirk_cases[] = {
	KUNIT_CASE(quirk_table),
	KUNIT_CASE(quirk_registers),
	{}
};

static struct kunit_suite quirk_suite = {
	.name = "ioflush_vtd_quirk",
	.test_cases = quirk_cases,
};

kunit_test_suite(quirk_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's table of chipsets");
MODULE_LICENSE("GPL");
