// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what is made of an SMMU's identification registers
 *
 * Values by the fields of IHI 0070, sections 6.3.1 to 6.3.8.
 */
#include <kunit/test.h>
#include <linux/ioflush/pgtable.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "caps.h"

/*
 * A unit that QEMU emulates. IDR0: S1P, TTF AArch64, COHACC, ASID16, VMID16,
 * TTENDIAN little, STALL_MODEL never, TERM_MODEL, ST_LEVEL two. IDR1: SIDSIZE
 * 16, EVENTQS and CMDQS 19. IDR3: HAD, RIL. IDR5: OAS 44 bits, all granules.
 */
static const struct smmu3_idr qemu = {
	.idr0 = 0x0d44101a,
	.idr1 = 0x02730010,
	.idr3 = 0x404,
	.idr5 = 0x74,
	.aidr = 0x1,
};

#define ALL_4K	(SZ_4K | SZ_2M | SZ_1G)
#define ALL_16K	(SZ_16K | SZ_32M)
#define ALL_64K	(SZ_64K | SZ_512M)

static void caps_whole(struct kunit *test)
{
	struct smmu3_caps c;
	const char *why;

	KUNIT_ASSERT_EQ(test, 0, smmu3_caps_decode(&c, &qemu, &why));
	KUNIT_EXPECT_NULL(test, why);
	KUNIT_EXPECT_MEMEQ(test, &c.idr, &qemu, sizeof(qemu));
	KUNIT_EXPECT_EQ(test, c.minor, 1);
	KUNIT_EXPECT_TRUE(test, c.stage1);
	KUNIT_EXPECT_FALSE(test, c.stage2);
	KUNIT_EXPECT_TRUE(test, c.two_level);
	KUNIT_EXPECT_TRUE(test, c.coherent);
	KUNIT_EXPECT_FALSE(test, c.ats);
	KUNIT_EXPECT_FALSE(test, c.msi);
	KUNIT_EXPECT_FALSE(test, c.stall_forced);
	KUNIT_EXPECT_FALSE(test, c.httu_dirty);
	KUNIT_EXPECT_FALSE(test, c.hitless);
	KUNIT_EXPECT_TRUE(test, c.range_inval);
	KUNIT_EXPECT_EQ(test, c.id_bits_asid, 16);
	KUNIT_EXPECT_EQ(test, c.id_bits_vmid, 16);
	KUNIT_EXPECT_EQ(test, c.sid_bits, 16);
	KUNIT_EXPECT_EQ(test, c.cmdq_lg2, 19);
	KUNIT_EXPECT_EQ(test, c.evtq_lg2, 19);
	KUNIT_EXPECT_EQ(test, c.ias_bits, 44);
	KUNIT_EXPECT_EQ(test, c.oas_bits, 44);
	KUNIT_EXPECT_EQ(test, c.va_bits, 48);
	KUNIT_EXPECT_EQ(test, c.pgsize_bitmap, ALL_4K | ALL_16K | ALL_64K);
}

/* Registers that differ from the above: the bits of @mask are @bits. */
struct caps_edit {
	size_t reg;
	u32 mask;
	u32 bits;
};

#define EDIT(r, m, b)	{ offsetof(struct smmu3_idr, r), (m), (b) }

static struct smmu3_idr caps_edited(const struct caps_edit *edit)
{
	struct smmu3_idr idr = qemu;
	u32 *reg = (void *)&idr + edit->reg;

	*reg = (*reg & ~edit->mask) | edit->bits;
	return idr;
}

struct caps_byte {
	const char *name;
	struct caps_edit edit;
	size_t field;
	u8 value;
};

#define BYTE(r, m, b, f, v) \
	{ #r " " #b, EDIT(r, m, b), offsetof(struct smmu3_caps, f), (v) }

/* Each field of one byte, from the register that it is in. */
static const struct caps_byte caps_bytes[] = {
	BYTE(idr0, 0x3, 0x1, stage1, false),
	BYTE(idr0, 0x3, 0x1, stage2, true),
	BYTE(idr0, 0x3, 0x3, stage1, true),
	BYTE(idr0, 0x3, 0x3, stage2, true),
	BYTE(idr0, 0x10, 0, coherent, false),
	BYTE(idr0, 0xc0, 0x40, httu_dirty, false),
	BYTE(idr0, 0xc0, 0x80, httu_dirty, true),
	BYTE(idr0, 0x400, 0x400, ats, true),
	/* Section 5.2, EATS: not where all faults stall */
	BYTE(idr0, 0x3000400, 0x2000400, ats, false),
	BYTE(idr0, 0x1000, 0, id_bits_asid, 8),
	BYTE(idr0, 0x2000, 0x2000, msi, true),
	BYTE(idr0, 0x40000, 0, id_bits_vmid, 8),
	BYTE(idr0, 0x3000000, 0, stall_forced, false),
	BYTE(idr0, 0x3000000, 0x2000000, stall_forced, true),
	BYTE(idr0, 0x18000000, 0, two_level, false),
	BYTE(idr1, 0x3f, 32, sid_bits, 32),
	BYTE(idr1, 0x3f, 0, sid_bits, 0),
	BYTE(idr1, 0x1f0000, 0x070000, evtq_lg2, 7),
	/* Section 3.5.1: 2^19 at most, more is reserved */
	BYTE(idr1, 0x1f0000, 0x1f0000, evtq_lg2, 19),
	BYTE(idr1, 0x3e00000, 0x1000000, cmdq_lg2, 8),
	BYTE(idr1, 0x3e00000, 0x3e00000, cmdq_lg2, 19),
	BYTE(idr3, 0x400, 0, range_inval, false),
	BYTE(idr3, 0x1800, 0x0800, hitless, false),
	BYTE(idr3, 0x1800, 0x1000, hitless, true),
	BYTE(idr5, 0x7, 0, oas_bits, 32),
	BYTE(idr5, 0x7, 1, oas_bits, 36),
	BYTE(idr5, 0x7, 2, oas_bits, 40),
	BYTE(idr5, 0x7, 3, oas_bits, 42),
	BYTE(idr5, 0x7, 5, oas_bits, 48),
	BYTE(idr5, 0x7, 6, oas_bits, 52),
	BYTE(idr5, 0x7, 7, oas_bits, 52),
	BYTE(idr5, 0x7, 0, ias_bits, 32),
	BYTE(idr5, 0xc00, 0x400, va_bits, 52),
	BYTE(idr5, 0xc00, 0x800, va_bits, 52),
	BYTE(idr5, 0xc00, 0xc00, va_bits, 48),
	BYTE(aidr, 0xf, 0x5, minor, 5),
};

static void caps_fields(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(caps_bytes); i++) {
		const struct caps_byte *b = &caps_bytes[i];
		const struct smmu3_idr idr = caps_edited(&b->edit);
		struct smmu3_caps c;
		const char *why;

		KUNIT_EXPECT_EQ_MSG(test, 0, smmu3_caps_decode(&c, &idr, &why),
				    "%s", b->name);
		KUNIT_EXPECT_EQ_MSG(test, ((u8 *)&c)[b->field], b->value,
				    "%s", b->name);
	}
}

/* Section 3.4: with AArch32 tables, IPAs have at least 40 bits. */
static void caps_ias(struct kunit *test)
{
	struct smmu3_idr idr = qemu;
	struct smmu3_caps c;
	const char *why;

	idr.idr0 |= 0xc;
	KUNIT_ASSERT_EQ(test, 0, smmu3_caps_decode(&c, &idr, &why));
	KUNIT_EXPECT_EQ(test, c.ias_bits, 44);
	idr.idr5 = 0x71;
	KUNIT_ASSERT_EQ(test, 0, smmu3_caps_decode(&c, &idr, &why));
	KUNIT_EXPECT_EQ(test, c.ias_bits, 40);
	KUNIT_EXPECT_EQ(test, c.oas_bits, 36);
}

struct caps_refusal {
	struct caps_edit edit;
	int ret;
	const char *why;
};

static const struct caps_refusal caps_refusals[] = {
	{ EDIT(idr0, 0x3, 0), -EOPNOTSUPP, "neither stage" },
	{ EDIT(idr0, 0xc, 0x4), -EOPNOTSUPP, "AArch64" },
	{ EDIT(idr0, 0xc, 0), -EOPNOTSUPP, "AArch64" },
	{ EDIT(idr0, 0xc, 0xc), 0 },
	{ EDIT(idr0, 0x600000, 0x600000), -EOPNOTSUPP, "little-endian" },
	{ EDIT(idr0, 0x600000, 0x200000), -EOPNOTSUPP, "little-endian" },
	{ EDIT(idr0, 0x600000, 0), 0 },
	{ EDIT(idr1, 0x40000000, 0x40000000), -EOPNOTSUPP, "stream table" },
	{ EDIT(idr1, 0x20000000, 0x20000000), -EOPNOTSUPP, "queues" },
	/* REL says of what is fixed how to read it, and nothing else */
	{ EDIT(idr1, 0x10000000, 0x10000000), 0 },
	{ EDIT(idr1, 0x3e00000, 0x00a00000), -EOPNOTSUPP, "command queue" },
	{ EDIT(idr1, 0x3e00000, 0x00c00000), 0 },
	{ EDIT(idr1, 0x1f0000, 0x10000), -EOPNOTSUPP, "event queue" },
	{ EDIT(idr1, 0x1f0000, 0x20000), 0 },
	{ EDIT(idr1, 0x3f, 33), -EOPNOTSUPP, "StreamIDs" },
	{ EDIT(idr5, 0x70, 0), -EOPNOTSUPP, "granule" },
	{ EDIT(aidr, 0xf0, 0x10), -ENODEV, "architecture" },
};

static void caps_refuses(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(caps_refusals); i++) {
		const struct caps_refusal *r = &caps_refusals[i];
		const struct smmu3_idr idr = caps_edited(&r->edit);
		const char *why = "not written";
		struct smmu3_caps c;

		KUNIT_EXPECT_EQ_MSG(test, smmu3_caps_decode(&c, &idr, &why),
				    r->ret, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, !why, !r->ret, "row %u", i);
		if (why && r->why)
			KUNIT_EXPECT_TRUE_MSG(test, strstr(why, r->why),
					      "row %u: %s", i, why);
	}
}

/* Nobody home: all zeroes or all ones. */
static void caps_absent(struct kunit *test)
{
	struct smmu3_idr idr = { };
	struct smmu3_caps c;
	const char *why;

	KUNIT_EXPECT_EQ(test, -ENODEV, smmu3_caps_decode(&c, &idr, &why));
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "answers"));
	memset(&idr, 0xff, sizeof(idr));
	KUNIT_EXPECT_EQ(test, -ENODEV, smmu3_caps_decode(&c, &idr, &why));
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "answers"));
}

struct caps_granule {
	u32 idr5;
	unsigned long sizes;
	u8 by_page[3];	/* for pages of 4, 16 and 64 KiB */
};

static const struct caps_granule caps_granules[] = {
	{ 0x10, ALL_4K, { 12, 12, 12 } },
	{ 0x20, ALL_16K, { 14, 14, 14 } },
	{ 0x40, ALL_64K, { 16, 16, 16 } },
	{ 0x30, ALL_4K | ALL_16K, { 12, 14, 14 } },
	{ 0x50, ALL_4K | ALL_64K, { 12, 12, 16 } },
	{ 0x60, ALL_16K | ALL_64K, { 14, 14, 16 } },
	{ 0x70, ALL_4K | ALL_16K | ALL_64K, { 12, 14, 16 } },
	/* 52 bits out, and blocks of 4 TiB with them */
	{ 0x46, ALL_64K | BIT(42), { 16, 16, 16 } },
	{ 0x16, ALL_4K, { 12, 12, 12 } },
};

static void caps_granule(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(caps_granules); i++) {
		const struct caps_granule *g = &caps_granules[i];
		struct smmu3_idr idr = qemu;
		struct smmu3_caps c;
		const char *why;

		idr.idr5 = g->idr5;
		KUNIT_ASSERT_EQ(test, 0, smmu3_caps_decode(&c, &idr, &why));
		KUNIT_EXPECT_EQ_MSG(test, c.pgsize_bitmap, g->sizes,
				    "row %u", i);
		for (unsigned int j = 0; j < ARRAY_SIZE(g->by_page); j++)
			KUNIT_EXPECT_EQ_MSG(test, g->by_page[j],
					    smmu3_caps_granule_lg2(&c,
								   12 + 2 * j),
					    "row %u, %u", i, j);
	}
}

struct caps_cfg {
	u32 idr5;
	bool stage2;
	u8 ias_bits;
	u8 oas_bits;
	unsigned long sizes;
};

/* 52 bits need the granule of 64 KiB, DDI 0487 D8.2. */
static const struct caps_cfg caps_cfgs[] = {
	{ 0x10 | 4, false, 48, 44, ALL_4K },
	{ 0x10 | 4, true, 44, 44, ALL_4K },
	{ 0x10 | 0x406, false, 48, 48, ALL_4K },
	{ 0x10 | 0x406, true, 48, 48, ALL_4K },
	{ 0x20 | 0x406, false, 48, 48, ALL_16K },
	{ 0x40 | 0x406, false, 52, 52, ALL_64K | BIT(42) },
	{ 0x40 | 0x406, true, 52, 52, ALL_64K | BIT(42) },
	{ 0x40 | 6, false, 48, 52, ALL_64K | BIT(42) },
	{ 0x40 | 0x405, false, 52, 48, ALL_64K },
	{ 0x10 | 0, true, 32, 32, ALL_4K },
};

static void caps_pgt_cfg(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(caps_cfgs); i++) {
		const struct caps_cfg *row = &caps_cfgs[i];
		struct smmu3_idr idr = qemu;
		struct iopgt_cfg cfg;
		struct smmu3_caps c;
		const char *why;

		idr.idr0 |= 0x3;
		idr.idr3 |= (i & 1) << 12;
		idr.idr5 = row->idr5;
		KUNIT_ASSERT_EQ(test, 0, smmu3_caps_decode(&c, &idr, &why));
		KUNIT_EXPECT_EQ(test, 0, smmu3_caps_pgt_cfg(&c, row->stage2,
							    i & 2, &cfg));
		KUNIT_EXPECT_EQ_MSG(test, cfg.ias_bits, row->ias_bits,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cfg.oas_bits, row->oas_bits,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cfg.pgsize_bitmap, row->sizes,
				    "row %u", i);
		KUNIT_EXPECT_EQ(test, cfg.hitless, i & 1);
		KUNIT_EXPECT_EQ(test, cfg.coherent_walk, !!(i & 2));
		KUNIT_EXPECT_FALSE(test, cfg.hw_dirty);
	}
}

/* Of several granules, only the sizes of the one that suits the kernel. */
static void caps_pgt_one_granule(struct kunit *test)
{
	struct iopgt_cfg cfg;
	struct smmu3_caps c;
	const char *why;

	smmu3_caps_decode(&c, &qemu, &why);
	KUNIT_ASSERT_EQ(test, 0, smmu3_caps_pgt_cfg(&c, false, true, &cfg));
	KUNIT_EXPECT_EQ(test, cfg.pgsize_bitmap & -cfg.pgsize_bitmap,
			PAGE_SIZE);
	KUNIT_EXPECT_LE(test, hweight_long(cfg.pgsize_bitmap), 3);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			smmu3_caps_pgt_cfg(&c, true, true, &cfg));
}

/* IORT, flags, HTTU override: it may take away, and cannot give. */
static void caps_httu(struct kunit *test)
{
	static const bool dirty[4][2] = {
		{ false, false }, { false, false }, { false, true },
		{ false, false },
	};

	for (u32 httu = 0; httu < ARRAY_SIZE(dirty); httu++) {
		for (unsigned int has = 0; has < 2; has++) {
			struct smmu3_caps caps = { .httu_dirty = has };

			smmu3_caps_limit_httu(&caps, httu);
			KUNIT_EXPECT_EQ_MSG(test, caps.httu_dirty,
					    dirty[httu][has], "%u", httu);
		}
	}
}

static struct kunit_case caps_cases[] = {
	KUNIT_CASE(caps_whole),
	KUNIT_CASE(caps_fields),
	KUNIT_CASE(caps_ias),
	KUNIT_CASE(caps_httu),
	KUNIT_CASE(caps_refuses),
	KUNIT_CASE(caps_absent),
	KUNIT_CASE(caps_granule),
	KUNIT_CASE(caps_pgt_cfg),
	KUNIT_CASE(caps_pgt_one_granule),
	{}
};

static struct kunit_suite caps_suite = {
	.name = "ioflush_smmu3_caps",
	.test_cases = caps_cases,
};

kunit_test_suite(caps_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 capabilities");
MODULE_LICENSE("GPL");
