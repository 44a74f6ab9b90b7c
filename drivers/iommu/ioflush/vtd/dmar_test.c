// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the DMAR table parser, and of matching devices to units
 *
 * Tables are put together byte by byte as chapter 8 lays them out.
 */
#include <kunit/test.h>
#include <linux/acpi.h>
#include <linux/pci.h>
#include <linux/unaligned.h>

#include "dmar.h"

#define BLOB_BYTES	512
#define HEADER_BYTES	48
#define DRHD_BYTES	16
#define RMRR_BYTES	24

#define ENDPOINT	1
#define BRIDGE		2
#define IOAPIC		3

/**
 * struct blob - a table under construction
 * @bytes: how much of @raw is used
 * @open: offset of the structure that scopes are added to
 * @raw: the table
 */
struct blob {
	u32 bytes;
	u32 open;
	u8 raw[BLOB_BYTES];
};

static void blob_length(struct blob *b)
{
	put_unaligned_le32(b->bytes, b->raw + 4);
	if (b->open)
		put_unaligned_le16(b->bytes - b->open, b->raw + b->open + 2);
}

static void blob_begin(struct blob *b, u8 haw_bits)
{
	*b = (struct blob) { .bytes = HEADER_BYTES };
	memcpy(b->raw, "DMAR", 4);
	b->raw[36] = haw_bits - 1;
	blob_length(b);
}

static u8 *blob_structure(struct blob *b, u16 type, u32 bytes)
{
	u8 *at = b->raw + b->bytes;

	b->open = b->bytes;
	b->bytes += bytes;
	put_unaligned_le16(type, at);
	blob_length(b);
	return at;
}

static void blob_drhd(struct blob *b, u64 base, u16 segment, bool all)
{
	u8 *at = blob_structure(b, 0, DRHD_BYTES);

	at[4] = all;
	put_unaligned_le16(segment, at + 6);
	put_unaligned_le64(base, at + 8);
}

static void blob_rmrr(struct blob *b, u64 base, u64 last)
{
	u8 *at = blob_structure(b, 1, RMRR_BYTES);

	put_unaligned_le64(base, at + 8);
	put_unaligned_le64(last, at + 16);
}

static void blob_scope(struct blob *b, u8 type, u8 bus, const u8 *path,
		       u8 steps)
{
	u8 *at = b->raw + b->bytes;

	at[0] = type;
	at[1] = 6 + 2 * steps;
	at[5] = bus;
	memcpy(at + 6, path, 2 * steps);
	b->bytes += at[1];
	blob_length(b);
}

#define SCOPE(b, type, bus, ...)					\
	blob_scope(b, type, bus, (const u8[]) { __VA_ARGS__ },		\
		   sizeof((const u8[]) { __VA_ARGS__ }) / 2)

static struct blob *blob_new(struct kunit *test)
{
	struct blob *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	blob_begin(b, 46);
	return b;
}

static void dmar_free(void *data)
{
	vtd_dmar_free(data);
}

static struct vtd_dmar *dmar_parse_good(struct kunit *test, struct blob *b)
{
	struct vtd_dmar *dmar = kunit_kzalloc(test, sizeof(*dmar), GFP_KERNEL);
	struct vtd_dmar_error error = {};

	KUNIT_ASSERT_NOT_NULL(test, dmar);
	KUNIT_ASSERT_EQ_MSG(test, 0,
			    vtd_dmar_parse(dmar, b->raw, b->bytes, &error),
			    "at %u: %s", error.offset, error.why);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dmar_free, dmar));
	return dmar;
}

static void expect_bad(struct kunit *test, struct blob *b, u32 offset,
		       const char *why)
{
	struct vtd_dmar_error error = {};
	struct vtd_dmar dmar;

	KUNIT_ASSERT_EQ(test, -EINVAL,
			vtd_dmar_parse(&dmar, b->raw, b->bytes, &error));
	KUNIT_EXPECT_STREQ(test, error.why, why);
	KUNIT_EXPECT_EQ(test, error.offset, offset);
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.drhds));
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.rmrrs));
}

/* Everything a table may hold, types unknown to us included. */
static void dmar_good(struct kunit *test)
{
	struct blob *b = blob_new(test);
	const struct vtd_drhd *drhd;
	const struct vtd_rmrr *rmrr;
	struct vtd_dmar *dmar;
	struct vtd_scope scope;
	unsigned int pos = 0;

	blob_drhd(b, 0xfed90000, 1, false);
	SCOPE(b, ENDPOINT, 0, 2, 0);
	SCOPE(b, BRIDGE, 0x80, 1, 0, 3, 7);
	blob_rmrr(b, 0x7b800000, 0x7fffffff);
	SCOPE(b, ENDPOINT, 0, 0x14, 0);
	blob_structure(b, 2, 8);
	blob_structure(b, 77, 20);
	blob_drhd(b, 0xfed91000, 0, true);
	SCOPE(b, IOAPIC, 0xf0, 0x1f, 0);

	dmar = dmar_parse_good(test, b);
	KUNIT_EXPECT_EQ(test, dmar->haw_bits, 46);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&dmar->drhds), 2);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&dmar->rmrrs), 1);

	drhd = list_first_entry(&dmar->drhds, struct vtd_drhd, node);
	KUNIT_EXPECT_EQ(test, drhd->base, 0xfed90000ULL);
	KUNIT_EXPECT_EQ(test, drhd->segment, 1);
	KUNIT_EXPECT_FALSE(test, drhd->include_all);
	KUNIT_ASSERT_TRUE(test, vtd_scope_next(&drhd->scopes, &pos, &scope));
	KUNIT_EXPECT_EQ(test, scope.type, ENDPOINT);
	KUNIT_EXPECT_EQ(test, scope.depth, 1);
	KUNIT_ASSERT_TRUE(test, vtd_scope_next(&drhd->scopes, &pos, &scope));
	KUNIT_EXPECT_EQ(test, scope.type, BRIDGE);
	KUNIT_EXPECT_EQ(test, scope.bus, 0x80);
	KUNIT_ASSERT_EQ(test, scope.depth, 2);
	KUNIT_EXPECT_EQ(test, scope.path[1].device, 3);
	KUNIT_EXPECT_EQ(test, scope.path[1].function, 7);
	KUNIT_EXPECT_FALSE(test, vtd_scope_next(&drhd->scopes, &pos, &scope));

	drhd = list_last_entry(&dmar->drhds, struct vtd_drhd, node);
	KUNIT_EXPECT_TRUE(test, drhd->include_all);
	rmrr = list_first_entry(&dmar->rmrrs, struct vtd_rmrr, node);
	KUNIT_EXPECT_EQ(test, rmrr->base, 0x7b800000ULL);
	KUNIT_EXPECT_EQ(test, rmrr->last, 0x7fffffffULL);
}

static void dmar_bad_header(struct kunit *test)
{
	struct blob *b = blob_new(test);

	expect_bad(test, b, HEADER_BYTES, "no hardware unit");
	blob_drhd(b, 0xfed90000, 0, true);

	b->raw[0] = 'X';
	expect_bad(test, b, 0, "wrong signature");
	b->raw[0] = 'D';
	b->raw[36] = 63;
	expect_bad(test, b, 36, "impossible address width");
	b->raw[36] = 45;
	put_unaligned_le32(b->bytes + 1, b->raw + 4);
	expect_bad(test, b, 0, "bad table length");
	put_unaligned_le32(HEADER_BYTES - 1, b->raw + 4);
	expect_bad(test, b, 0, "bad table length");
	b->bytes = HEADER_BYTES - 1;
	expect_bad(test, b, 0, "table shorter than its header");
}

static void dmar_bad_structure(struct kunit *test)
{
	struct blob *b = blob_new(test);
	u32 at;

	blob_drhd(b, 0xfed90000, 0, true);
	at = b->bytes;

	/* A length of zero must not go round for ever. */
	blob_structure(b, 5, 8);
	put_unaligned_le16(0, b->raw + at + 2);
	expect_bad(test, b, at, "structure shorter than its header");
	put_unaligned_le16(9, b->raw + at + 2);
	expect_bad(test, b, at, "structure overruns the table");
	put_unaligned_le16(6, b->raw + at + 2);
	expect_bad(test, b, at + 6, "structure cut short");
	put_unaligned_le16(0, b->raw + at);
	put_unaligned_le16(8, b->raw + at + 2);
	expect_bad(test, b, at, "hardware unit cut short");
	put_unaligned_le16(1, b->raw + at);
	expect_bad(test, b, at, "reserved region cut short");
}

static void dmar_bad_unit(struct kunit *test)
{
	struct blob *b = blob_new(test);

	blob_drhd(b, 0, 0, true);
	expect_bad(test, b, HEADER_BYTES,
		   "hardware unit at an impossible address");
	blob_begin(b, 46);
	blob_drhd(b, 0xfed90800, 0, true);
	expect_bad(test, b, HEADER_BYTES,
		   "hardware unit at an impossible address");
	blob_begin(b, 46);
	blob_drhd(b, 0xfed90000, 0, false);
	blob_drhd(b, 0xfed90000, 0, true);
	expect_bad(test, b, HEADER_BYTES + DRHD_BYTES,
		   "two hardware units at one address");
}

static void dmar_bad_region(struct kunit *test)
{
	static const struct {
		u64 base;
		u64 last;
	} bounds[] = {
		{ 0x2000, 0x1fff }, { 0x2000, 0xfff }, { 0x2800, 0x2fff },
		{ 0x2000, 0x27ff },
	};
	struct blob *b = blob_new(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(bounds); i++) {
		blob_begin(b, 46);
		blob_drhd(b, 0xfed90000, 0, true);
		blob_rmrr(b, bounds[i].base, bounds[i].last);
		expect_bad(test, b, HEADER_BYTES + DRHD_BYTES,
			   "reserved region with impossible bounds");
	}
}

static void dmar_bad_scope(struct kunit *test)
{
	const u32 at = HEADER_BYTES + DRHD_BYTES;
	struct blob *b = blob_new(test);

	blob_drhd(b, 0xfed90000, 0, true);
	SCOPE(b, ENDPOINT, 0, 2, 0);
	b->raw[at + 1] = 0;
	expect_bad(test, b, at, "bad device scope length");
	b->raw[at + 1] = 6;
	expect_bad(test, b, at, "bad device scope length");
	b->raw[at + 1] = 7;
	expect_bad(test, b, at, "bad device scope length");
	b->raw[at + 1] = 10;
	expect_bad(test, b, at, "device scope overruns");
	b->raw[at + 1] = 8;
	b->bytes += 5;
	blob_length(b);
	expect_bad(test, b, at + 8, "device scope cut short");
}

/* Any table cut anywhere, and any byte of it changed, is survived. */
static void dmar_any_bytes(struct kunit *test)
{
	struct blob *b = blob_new(test);
	struct vtd_dmar_error error;
	struct vtd_dmar dmar;
	u32 bytes;

	blob_drhd(b, 0xfed90000, 0, false);
	SCOPE(b, BRIDGE, 0, 1, 0, 2, 0);
	blob_rmrr(b, 0x1000, 0x1fff);
	SCOPE(b, ENDPOINT, 0, 0x14, 0);
	blob_drhd(b, 0xfed91000, 0, true);
	bytes = b->bytes;

	for (u32 i = 0; i < bytes; i++) {
		u8 *cut = kunit_kmalloc(test, i + 1, GFP_KERNEL);
		u8 good = b->raw[i];

		/* In a buffer of its own, so that KASAN sees an overrun. */
		KUNIT_ASSERT_NOT_NULL(test, cut);
		memcpy(cut, b->raw, i);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				vtd_dmar_parse(&dmar, cut, i, &error));
		kunit_kfree(test, cut);
		for (unsigned int v = 0; v <= U8_MAX; v++) {
			b->raw[i] = v;
			if (!vtd_dmar_parse(&dmar, b->raw, bytes, &error))
				vtd_dmar_free(&dmar);
		}
		b->raw[i] = good;
	}
}

#define HOP(b, d, f) { .bus = (b), .devfn = PCI_DEVFN(d, f) }

/*
 * Root bus 0: 00:1c.0 is a bridge to bus 2 (its number was 1 when the table
 * was made), 02:00.0 behind it a bridge to bus 3 with 03:05.0.
 */
static const struct vtd_hop hops[] = { HOP(0, 0x1c, 0), HOP(2, 0, 0),
				       HOP(3, 5, 0) };

static void dmar_match(struct kunit *test)
{
	const struct acpi_dmar_pci_path path[] = {
		{ 0x1c, 0 }, { 0, 0 }, { 5, 0 },
	};
	struct vtd_scope s = { .type = ENDPOINT, .bus = 0, .depth = 3,
			       .path = path };

	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 3), VTD_MATCH_EXACT);
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 2), VTD_MATCH_NONE);
	s.depth = 1;
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 1), VTD_MATCH_EXACT);
	/* An endpoint has nothing below it; a bridge does. */
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 3), VTD_MATCH_NONE);
	s.type = BRIDGE;
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 3), VTD_MATCH_BELOW);
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 1), VTD_MATCH_EXACT);
	s.bus = 1;
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 3), VTD_MATCH_NONE);
	/* A path that begins below the root bus */
	s.bus = 3;
	s.path = &path[2];
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 3), VTD_MATCH_EXACT);
	/* Interrupt sources are no devices that we translate. */
	s.type = IOAPIC;
	KUNIT_EXPECT_EQ(test, vtd_scope_match(&s, hops, 3), VTD_MATCH_NONE);
}

static u64 dmar_base_of(struct vtd_dmar *dmar, u16 segment,
			const struct vtd_hop *way, unsigned int n)
{
	const struct vtd_drhd *drhd = vtd_dmar_find(dmar, segment, way, n);

	return drhd ? drhd->base : 0;
}

/* Named, else the closest bridge, else the one for all the rest. */
static void dmar_find(struct kunit *test)
{
	struct blob *b = blob_new(test);
	const struct vtd_hop other = HOP(0, 3, 0);
	struct vtd_dmar *dmar;

	blob_drhd(b, 0x1000, 0, true);
	blob_drhd(b, 0x2000, 0, false);
	SCOPE(b, BRIDGE, 0, 0x1c, 0);
	blob_drhd(b, 0x3000, 0, false);
	SCOPE(b, BRIDGE, 0, 0x1c, 0, 0, 0);
	blob_drhd(b, 0x4000, 7, false);
	SCOPE(b, ENDPOINT, 0, 3, 0);
	dmar = dmar_parse_good(test, b);

	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 0, hops, 1), 0x2000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 0, hops, 3), 0x3000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 0, &other, 1), 0x1000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 7, &other, 1), 0x4000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 7, hops, 3), 0);
}

static struct kunit_case dmar_cases[] = {
	KUNIT_CASE(dmar_good),
	KUNIT_CASE(dmar_bad_header),
	KUNIT_CASE(dmar_bad_structure),
	KUNIT_CASE(dmar_bad_unit),
	KUNIT_CASE(dmar_bad_region),
	KUNIT_CASE(dmar_bad_scope),
	KUNIT_CASE(dmar_any_bytes),
	KUNIT_CASE(dmar_match),
	KUNIT_CASE(dmar_find),
	{}
};

static struct kunit_suite dmar_suite = {
	.name = "ioflush_vtd_dmar",
	.test_cases = dmar_cases,
};

kunit_test_suite(dmar_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's DMAR table parser");
MODULE_LICENSE("GPL");
