// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what is made of a unit's capability registers
 *
 * Values by the fields of sections 11.4.2 and 11.4.3.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "caps.h"

#define SAGAW(mask)	((u64)(mask) << 8)
#define MGAW(bits)	((u64)((bits) - 1) << 16)
#define SAGAW_39	BIT(1)
#define SAGAW_48	BIT(2)
#define SAGAW_57	BIT(3)

/* A unit that QEMU emulates: all fields in one value. */
static void caps_whole(struct kunit *test)
{
	struct vtd_caps c;

	KUNIT_ASSERT_EQ(test, 0, vtd_caps_decode(&c, 0xd2008c22260206ULL,
						 0xf00f42ULL));
	KUNIT_EXPECT_EQ(test, c.domains, 65536);
	KUNIT_EXPECT_EQ(test, c.mgaw_bits, 39);
	KUNIT_EXPECT_EQ(test, c.levels_mask, BIT(3));
	KUNIT_EXPECT_EQ(test, c.levels, 3);
	KUNIT_EXPECT_EQ(test, c.levels_max, 3);
	KUNIT_EXPECT_EQ(test, c.mamv, 18);
	KUNIT_EXPECT_EQ(test, c.fault_regs, 1);
	KUNIT_EXPECT_EQ(test, c.fault_offset, 0x220);
	KUNIT_EXPECT_EQ(test, c.iotlb_offset, 0xf0);
	KUNIT_EXPECT_EQ(test, c.regs_bytes, SZ_4K);
	KUNIT_EXPECT_EQ(test, c.pgsize_bitmap, SZ_4K | SZ_2M | SZ_1G);
	KUNIT_EXPECT_TRUE(test, c.page_selective);
	KUNIT_EXPECT_TRUE(test, c.drain_write);
	KUNIT_EXPECT_TRUE(test, c.drain_read);
	KUNIT_EXPECT_TRUE(test, c.queued);
	KUNIT_EXPECT_TRUE(test, c.pass_through);
	KUNIT_EXPECT_FALSE(test, c.coherent);
	KUNIT_EXPECT_FALSE(test, c.snoop_control);
	KUNIT_EXPECT_FALSE(test, c.caching_mode);
	KUNIT_EXPECT_FALSE(test, c.must_write_flush);
	KUNIT_EXPECT_FALSE(test, c.protected_regions);
	KUNIT_EXPECT_FALSE(test, vtd_caps_map_needs_flush(&c));
}

struct caps_bit {
	const char *name;
	u64 cap;
	u64 ecap;
	size_t flag;
};

#define CAP_FLAG(bit, field) \
	{ #field, BIT_ULL(bit), 0, offsetof(struct vtd_caps, field) }
#define ECAP_FLAG(bit, field) \
	{ #field, 0, BIT_ULL(bit), offsetof(struct vtd_caps, field) }

static const struct caps_bit caps_bits[] = {
	CAP_FLAG(4, must_write_flush),
	CAP_FLAG(5, protected_regions),
	CAP_FLAG(6, protected_regions),
	CAP_FLAG(7, caching_mode),
	CAP_FLAG(39, page_selective),
	CAP_FLAG(54, drain_write),
	CAP_FLAG(55, drain_read),
	ECAP_FLAG(0, coherent),
	ECAP_FLAG(1, queued),
	ECAP_FLAG(6, pass_through),
	ECAP_FLAG(7, snoop_control),
};

/* Each flag comes from its bit and from no other. */
static void caps_flags(struct kunit *test)
{
	u64 base = SAGAW(SAGAW_39) | MGAW(39);
	struct vtd_caps c;

	for (unsigned int i = 0; i < ARRAY_SIZE(caps_bits); i++) {
		const struct caps_bit *b = &caps_bits[i];

		KUNIT_ASSERT_EQ(test, 0, vtd_caps_decode(&c, base | b->cap,
							 b->ecap));
		for (unsigned int j = 0; j < ARRAY_SIZE(caps_bits); j++) {
			bool flag = *((bool *)&c + caps_bits[j].flag);

			KUNIT_EXPECT_EQ_MSG(test, flag,
					    caps_bits[j].flag == b->flag,
					    "bit of %s, flag %s", b->name,
					    caps_bits[j].name);
		}
	}
}

/* Mapping has to invalidate with caching mode, and with write buffers. */
static void caps_map_flush(struct kunit *test)
{
	u64 base = SAGAW(SAGAW_39) | MGAW(39);
	struct vtd_caps c;

	vtd_caps_decode(&c, base | BIT_ULL(7), 0);
	KUNIT_EXPECT_TRUE(test, vtd_caps_map_needs_flush(&c));
	vtd_caps_decode(&c, base | BIT_ULL(4), 0);
	KUNIT_EXPECT_TRUE(test, vtd_caps_map_needs_flush(&c));
}

struct caps_width {
	u8 sagaw;
	u8 mgaw;
	int ret;
	u8 levels;
	u8 levels_max;
	u8 ias_bits;
	u64 last;
};

static const struct caps_width caps_widths[] = {
	{ SAGAW_39, 39, 0, 3, 3, 39, 0x7fffffffffULL },
	{ SAGAW_39 | SAGAW_48, 48, 0, 4, 4, 48, 0xffffffffffffULL },
	/* No more levels than the widest address takes. */
	{ SAGAW_39 | SAGAW_48, 39, 0, 3, 4, 39, 0x7fffffffffULL },
	/* The table is wider than what the unit accepts. */
	{ SAGAW_48, 46, 0, 4, 4, 48, 0x3fffffffffffULL },
	{ SAGAW_48, 39, 0, 4, 4, 48, 0x7fffffffffULL },
	{ SAGAW_39, 48, 0, 3, 3, 39, 0x7fffffffffULL },
	/* Five levels are for pass-through only. */
	{ SAGAW_48 | SAGAW_57, 57, 0, 4, 5, 48, 0xffffffffffffULL },
	{ SAGAW_57, 57, -EOPNOTSUPP },
	{ 0, 39, -EOPNOTSUPP },
	/* No addresses to hand out, which begin with the second page. */
	{ SAGAW_39, 1, -EOPNOTSUPP },
	{ SAGAW_39, 31, -EOPNOTSUPP },
	{ SAGAW_39, 32, 0, 3, 3, 39, 0xffffffffULL },
	/* Bits of SAGAW that are reserved */
	{ SAGAW_39 | BIT(0) | BIT(4), 39, 0, 3, 3, 39, 0x7fffffffffULL },
	{ BIT(0) | BIT(4), 39, -EOPNOTSUPP },
};

static void caps_levels(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(caps_widths); i++) {
		const struct caps_width *w = &caps_widths[i];
		struct iopgt_cfg cfg;
		struct vtd_caps c;
		int ret;

		ret = vtd_caps_decode(&c, SAGAW(w->sagaw) | MGAW(w->mgaw), 2);
		KUNIT_EXPECT_EQ_MSG(test, ret, w->ret, "row %u", i);
		if (ret)
			continue;
		vtd_caps_pgt_cfg(&c, 46, &cfg);
		KUNIT_EXPECT_EQ_MSG(test, c.levels, w->levels, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, c.levels_max, w->levels_max,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cfg.ias_bits, w->ias_bits,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vtd_caps_last(&c), w->last,
				    "row %u", i);
		KUNIT_EXPECT_EQ(test, cfg.oas_bits, 46);
		KUNIT_EXPECT_EQ(test, cfg.pgsize_bitmap, SZ_4K);
	}
}

/* Nobody home: all zeroes or all ones. */
static void caps_absent(struct kunit *test)
{
	struct vtd_caps c;

	KUNIT_EXPECT_EQ(test, -ENODEV, vtd_caps_decode(&c, ~0ULL, ~0ULL));
	KUNIT_EXPECT_EQ(test, -ENODEV, vtd_caps_decode(&c, 0, 0));
}

/* Registers beyond the first page are mapped, too. */
static void caps_window(struct kunit *test)
{
	u64 base = SAGAW(SAGAW_39) | MGAW(39);
	struct vtd_caps c;

	/* CAP.FRO 0x3ff, CAP.NFR 7: eight records of 16 bytes at 0x3ff0 */
	vtd_caps_decode(&c, base | 0x3ffULL << 24 | 7ULL << 40, 0);
	KUNIT_EXPECT_EQ(test, c.regs_bytes, 0x3ff0 + 8 * 16);
	/* ECAP.IRO 0x100: IVA and IOTLB at 0x1000 */
	vtd_caps_decode(&c, base, 0x100ULL << 8);
	KUNIT_EXPECT_EQ(test, c.regs_bytes, 0x1000 + 16);
}

/* Section 11.4.2, ND: 4 + 2n bits of domain id, of which 16 exist. */
static void caps_domains(struct kunit *test)
{
	static const u32 domains[] = {
		16, 64, 256, 1024, 4096, 16384, 65536, 65536,
	};
	struct vtd_caps c;

	for (u64 nd = 0; nd < ARRAY_SIZE(domains); nd++) {
		vtd_caps_decode(&c, SAGAW(SAGAW_39) | MGAW(39) | nd, 0);
		KUNIT_EXPECT_EQ(test, c.domains, domains[nd]);
	}
}

/* A domain goes from unit to unit only if the other can walk its table. */
static void caps_fit(struct kunit *test)
{
	struct iopgt good = {
		.ops = &iopgt_vtdss_ops,
		.cfg = { .ias_bits = 39, .oas_bits = 46,
			 .pgsize_bitmap = SZ_4K, .coherent_walk = true },
		.levels = 3,
	}, t;
	struct vtd_caps c;
	u64 last = GENMASK_ULL(38, 0);

	/* ECAP.C, no SC; CAP.SSLPS: 2M */
	vtd_caps_decode(&c, SAGAW(SAGAW_39) | MGAW(39) | BIT_ULL(34),
			BIT_ULL(0));
	KUNIT_EXPECT_TRUE(test, vtd_caps_fit(&c, 46, &good, last));
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 46, &good, last + 1));
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 45, &good, last));
	t = good;
	t.ops = &iopgt_x86_64_ops;
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 46, &t, last));
	t = good;
	t.levels = 4;
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 46, &t, last));
	t = good;
	t.cfg.pgsize_bitmap |= SZ_2M;
	KUNIT_EXPECT_TRUE(test, vtd_caps_fit(&c, 46, &t, last));
	t.cfg.pgsize_bitmap |= SZ_1G;
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 46, &t, last));
	t = good;
	t.cfg.snoop_ctl = true;
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 46, &t, last));
	c.coherent_walk = false;
	KUNIT_EXPECT_FALSE(test, vtd_caps_fit(&c, 46, &good, last));
	t = good;
	t.cfg.coherent_walk = false;
	KUNIT_EXPECT_TRUE(test, vtd_caps_fit(&c, 46, &t, last));
}

struct caps_first {
	u64 cap;
	u64 ecap;
	bool first;
	u8 levels_mask;
	u8 levels_max;
	u8 ias_bits;
	u64 last;
	unsigned long pages;
};

/* CAP: SSLPS 37:34, FS1GP 56, FS5LP 60. ECAP: SSTS 46, FSTS 47 */
static const struct caps_first caps_firsts[] = {
	{ SAGAW(SAGAW_48) | MGAW(48), BIT_ULL(47), true, BIT(4), 4, 47,
	  0x7fffffffffffULL, SZ_4K | SZ_2M },
	/* What the second stage has is not what the first has. */
	{ SAGAW(SAGAW_39) | MGAW(39) | BIT_ULL(35), BIT_ULL(47), true, BIT(4), 3, 47,
	  0x7fffffffffULL, SZ_4K | SZ_2M },
	{ SAGAW(SAGAW_48 | SAGAW_57) | MGAW(57) | BIT_ULL(56) | BIT_ULL(60),
	  BIT_ULL(47), true, BIT(4) | BIT(5), 5, 47, 0x7fffffffffffULL,
	  SZ_4K | SZ_2M | SZ_1G },
	/* Both */
	{ SAGAW(SAGAW_48) | MGAW(48) | BIT_ULL(56) | BIT_ULL(60),
	  BIT_ULL(46) | BIT_ULL(47), false, BIT(4), 4, 48,
	  0xffffffffffffULL, SZ_4K },
};

/* Half of what its levels have room for, and only where there is no second stage */
static void caps_first_stage(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(caps_firsts); i++) {
		const struct caps_first *row = &caps_firsts[i];
		struct iopgt_cfg cfg;
		struct vtd_caps c;

		KUNIT_ASSERT_EQ(test, 0, vtd_caps_decode(&c, row->cap, row->ecap));
		KUNIT_EXPECT_FALSE(test, c.first_stage);
		KUNIT_EXPECT_PTR_EQ(test, vtd_caps_format(&c), &iopgt_vtdss_ops);
		vtd_caps_set_scalable(&c);
		vtd_caps_pgt_cfg(&c, 46, &cfg);
		KUNIT_EXPECT_EQ(test, c.first_stage, row->first);
		KUNIT_EXPECT_PTR_EQ(test, vtd_caps_format(&c),
				    row->first ? &iopgt_x86_64_ops : &iopgt_vtdss_ops);
		KUNIT_EXPECT_EQ(test, c.levels, 4);
		KUNIT_EXPECT_EQ(test, c.levels_mask, row->levels_mask);
		KUNIT_EXPECT_EQ(test, c.levels_max, row->levels_max);
		KUNIT_EXPECT_EQ(test, cfg.ias_bits, row->ias_bits);
		KUNIT_EXPECT_EQ(test, vtd_caps_last(&c), row->last);
		KUNIT_EXPECT_EQ(test, cfg.pgsize_bitmap, row->pages);
		KUNIT_EXPECT_FALSE(test, cfg.coherent_walk);
	}
}

/* Registers are not there for ever; a queue that is not wanted is better than none. */
static void caps_queue(struct kunit *test)
{
	const struct vtd_caps with = { .queued = true }, without = {};

	KUNIT_EXPECT_EQ(test, vtd_caps_queue(&with, 0x10, true), 1);
	KUNIT_EXPECT_EQ(test, vtd_caps_queue(&with, 0x10, false), 0);
	KUNIT_EXPECT_EQ(test, vtd_caps_queue(&without, 0x5f, true), 0);
	KUNIT_EXPECT_EQ(test, vtd_caps_queue(&with, 0x60, false), 1);
	KUNIT_EXPECT_EQ(test, vtd_caps_queue(&without, 0x60, true), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vtd_caps_queue(&without, 0x70, false), -EOPNOTSUPP);
}

static struct kunit_case caps_cases[] = {
	KUNIT_CASE(caps_whole),
	KUNIT_CASE(caps_flags),
	KUNIT_CASE(caps_map_flush),
	KUNIT_CASE(caps_levels),
	KUNIT_CASE(caps_absent),
	KUNIT_CASE(caps_window),
	KUNIT_CASE(caps_domains),
	KUNIT_CASE(caps_fit),
	KUNIT_CASE(caps_first_stage),
	KUNIT_CASE(caps_queue),
	{}
};

static struct kunit_suite caps_suite = {
	.name = "ioflush_vtd_caps",
	.test_cases = caps_cases,
};

kunit_test_suite(caps_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d capabilities");
MODULE_LICENSE("GPL");
