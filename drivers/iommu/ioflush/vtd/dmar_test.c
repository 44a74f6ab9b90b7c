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
#define NAMESPACE	5

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

/**
 * struct odd - what a parser has found to be wrong
 * @log: the parser's
 * @n: how many things
 * @offset: where the last one is
 * @why: what the last one is
 */
struct odd {
	struct vtd_dmar_log log;
	unsigned int n;
	u32 offset;
	const char *why;
};

static void odd_count(struct vtd_dmar_log *log, u32 offset, const char *why)
{
	struct odd *odd = container_of(log, struct odd, log);

	odd->n++;
	odd->offset = offset;
	odd->why = why;
}

static void dmar_free(void *data)
{
	vtd_dmar_free(data);
}

static struct vtd_dmar *dmar_parse(struct kunit *test, struct blob *b,
				   struct odd *odd)
{
	struct vtd_dmar *dmar = kunit_kzalloc(test, sizeof(*dmar), GFP_KERNEL);

	*odd = (struct odd) { .log.odd = odd_count, .why = "" };
	KUNIT_ASSERT_NOT_NULL(test, dmar);
	KUNIT_ASSERT_EQ_MSG(test, 0,
			    vtd_dmar_parse(dmar, b->raw, b->bytes, &odd->log),
			    "at %u: %s", odd->offset, odd->why);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dmar_free, dmar));
	return dmar;
}

static struct vtd_dmar *dmar_parse_good(struct kunit *test, struct blob *b)
{
	struct vtd_dmar *dmar;
	struct odd odd;

	dmar = dmar_parse(test, b, &odd);
	KUNIT_EXPECT_EQ_MSG(test, odd.n, 0, "at %u: %s", odd.offset, odd.why);
	return dmar;
}

/* One thing is wrong; the rest is used. */
static struct vtd_dmar *dmar_parse_odd(struct kunit *test, struct blob *b,
				       u32 offset, const char *why)
{
	struct vtd_dmar *dmar;
	struct odd odd;

	dmar = dmar_parse(test, b, &odd);
	KUNIT_EXPECT_EQ(test, odd.n, 1);
	KUNIT_EXPECT_STREQ(test, odd.why, why);
	KUNIT_EXPECT_EQ(test, odd.offset, offset);
	return dmar;
}

static void expect_bad(struct kunit *test, struct blob *b, u32 offset,
		       const char *why)
{
	struct odd odd = { .log.odd = odd_count };
	struct vtd_dmar dmar;

	KUNIT_ASSERT_EQ(test, -EINVAL,
			vtd_dmar_parse(&dmar, b->raw, b->bytes, &odd.log));
	KUNIT_EXPECT_STREQ(test, odd.why, why);
	KUNIT_EXPECT_EQ(test, odd.offset, offset);
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.drhds));
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.rmrrs));
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.andds));
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.atsrs));
	KUNIT_EXPECT_TRUE(test, list_empty(&dmar.satcs));
}

static unsigned int count(const struct list_head *list)
{
	return list_count_nodes((struct list_head *)list);
}

static const struct vtd_drhd *last_drhd(const struct vtd_dmar *dmar)
{
	return list_last_entry(&dmar->drhds, struct vtd_drhd, node);
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

	expect_bad(test, b, HEADER_BYTES, "no unit");
	blob_drhd(b, 0xfed90000, 0, true);

	b->raw[0] = 'X';
	expect_bad(test, b, 0, "wrong signature");
	b->raw[0] = 'D';
	put_unaligned_le32(b->bytes + 1, b->raw + 4);
	expect_bad(test, b, 0, "bad table length");
	put_unaligned_le32(HEADER_BYTES - 1, b->raw + 4);
	expect_bad(test, b, 0, "bad table length");
	b->bytes = HEADER_BYTES - 1;
	expect_bad(test, b, 0, "table shorter than its header");
}

static void dmar_odd_width(struct kunit *test)
{
	struct blob *b = blob_new(test);
	const char *why = "impossible address width, taken for 52 bits";
	const u8 widths[] = { 0, 30, 52, 63, 255 };

	blob_drhd(b, 0xfed90000, 0, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(widths); i++) {
		b->raw[36] = widths[i];
		KUNIT_EXPECT_EQ(test, dmar_parse_odd(test, b, 36, why)->haw_bits, 52);
	}
	b->raw[36] = 31;
	KUNIT_EXPECT_EQ(test, dmar_parse_good(test, b)->haw_bits, 32);
	b->raw[36] = 51;
	KUNIT_EXPECT_EQ(test, dmar_parse_good(test, b)->haw_bits, 52);
}

/* Where the next structure is cannot be told, but those before are good. */
static void dmar_odd_length(struct kunit *test)
{
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;
	u32 at;

	blob_drhd(b, 0xfed90000, 0, true);
	at = b->bytes;

	/* A length of zero must not go round for ever. */
	blob_structure(b, 77, 8);
	put_unaligned_le16(0, b->raw + at + 2);
	dmar = dmar_parse_odd(test, b, at,
			      "structure shorter than its header, left out with the rest");
	KUNIT_EXPECT_EQ(test, count(&dmar->drhds), 1);
	put_unaligned_le16(9, b->raw + at + 2);
	dmar_parse_odd(test, b, at, "structure overruns the table, left out");
	put_unaligned_le16(6, b->raw + at + 2);
	dmar_parse_odd(test, b, at + 6, "structure cut short, left out");
}

/* A structure that lacks a part is left out, the next is not. */
static void dmar_odd_structure(struct kunit *test)
{
	static const u16 types[] = { 0, 1, 3, 4 };
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;
	u32 at;

	blob_drhd(b, 0xfed90000, 0, false);
	at = b->bytes;
	blob_structure(b, 0, 8);
	blob_drhd(b, 0xfed91000, 0, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		put_unaligned_le16(types[i], b->raw + at);
		dmar = dmar_parse_odd(test, b, at, "structure too short for its type, left out");
		KUNIT_EXPECT_EQ(test, count(&dmar->drhds), 2);
		KUNIT_EXPECT_EQ(test, last_drhd(dmar)->base, 0xfed91000);
	}
}

/*
 * Registers that are nowhere: the unit is lost, and its devices are nobody else's. Of
 * two structures of one unit each says something.
 */
static void dmar_odd_unit(struct kunit *test)
{
	struct vtd_way way = { .named = VTD_NOT_NAMED, .n = 1,
			       .hops = { { 0, PCI_DEVFN(2, 0) } } };
	const u64 impossible[] = { 0, 0xfed90800 };
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;

	for (unsigned int i = 0; i < ARRAY_SIZE(impossible); i++) {
		blob_begin(b, 46);
		blob_drhd(b, impossible[i], 0, false);
		SCOPE(b, ENDPOINT, 0, 2, 0);
		blob_drhd(b, 0xfed91000, 0, true);
		dmar = dmar_parse_odd(test, b, HEADER_BYTES,
				      "unit at an impossible address, its devices are left alone");
		KUNIT_EXPECT_EQ(test, count(&dmar->drhds), 2);
		KUNIT_EXPECT_EQ(test, last_drhd(dmar)->base, 0xfed91000);
		KUNIT_EXPECT_EQ(test, vtd_dmar_find(dmar, &way)->base, 0);
	}
	blob_begin(b, 46);
	blob_drhd(b, 0xfed90000, 0, false);
	blob_drhd(b, 0xfed90000, 0, true);
	dmar = dmar_parse_odd(test, b, HEADER_BYTES + DRHD_BYTES,
			      "two structures of one unit, taken together");
	KUNIT_EXPECT_EQ(test, vtd_dmar_find(dmar, &way)->base, 0xfed90000);
	put_unaligned_le16(1, b->raw + HEADER_BYTES + 6);
	dmar = dmar_parse_odd(test, b, HEADER_BYTES + DRHD_BYTES,
			      "unit of two segments, devices of the second are left alone");
	KUNIT_EXPECT_EQ(test, last_drhd(dmar)->base, 0);
}

static void dmar_odd_region(struct kunit *test)
{
	const u32 at = HEADER_BYTES + DRHD_BYTES;
	static const struct {
		u64 base;
		u64 last;
	} lost[] = {
		{ 0, 0 }, { 0x2000, 0x1fff }, { 0x2000, 0xfff }, { 0x2000, 0 },
		{ 0, U64_MAX }, { 0x1000, BIT_ULL(46) },
	}, round[] = {
		{ 0xe4000, 0xe8bff }, { 0xe4400, 0xe8fff }, { 0xe4400, 0xe8000 },
	};
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;

	for (unsigned int i = 0; i < ARRAY_SIZE(lost); i++) {
		blob_begin(b, 46);
		blob_drhd(b, 0xfed90000, 0, true);
		blob_rmrr(b, lost[i].base, lost[i].last);
		dmar = dmar_parse_odd(test, b, at,
				      "reserved region that cannot be, left out");
		KUNIT_EXPECT_EQ(test, count(&dmar->rmrrs), 0);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(round); i++) {
		const struct vtd_rmrr *rmrr;

		blob_begin(b, 46);
		blob_drhd(b, 0xfed90000, 0, true);
		blob_rmrr(b, round[i].base, round[i].last);
		dmar = dmar_parse_odd(test, b, at,
				      "reserved region that is no whole pages, rounded out");
		KUNIT_ASSERT_EQ(test, count(&dmar->rmrrs), 1);
		rmrr = list_first_entry(&dmar->rmrrs, struct vtd_rmrr, node);
		KUNIT_EXPECT_EQ(test, rmrr->base, 0xe4000);
		KUNIT_EXPECT_EQ(test, rmrr->last, 0xe8fff);
	}
}

/* Scopes before the bad one hold, and what comes after the unit. */
static void dmar_odd_scope(struct kunit *test)
{
	static const struct {
		u8 length;
		const char *why;
	} lengths[] = {
		{ 0, "bad device scope length, left out with the rest" },
		{ 6, "bad device scope length, left out with the rest" },
		{ 7, "bad device scope length, left out with the rest" },
		{ 10, "device scope overruns, left out" },
	};
	const u32 at = HEADER_BYTES + DRHD_BYTES + 8;
	struct blob *b = blob_new(test);
	const struct vtd_drhd *drhd;
	struct vtd_dmar *dmar;

	blob_drhd(b, 0xfed90000, 0, false);
	SCOPE(b, ENDPOINT, 0, 1, 0);
	SCOPE(b, ENDPOINT, 0, 2, 0);
	blob_drhd(b, 0xfed91000, 0, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		b->raw[at + 1] = lengths[i].length;
		dmar = dmar_parse_odd(test, b, at, lengths[i].why);
		drhd = list_first_entry(&dmar->drhds, struct vtd_drhd, node);
		KUNIT_EXPECT_EQ(test, drhd->scopes.bytes, 8);
		KUNIT_EXPECT_EQ(test, last_drhd(dmar)->base, 0xfed91000);
	}
	blob_begin(b, 46);
	blob_drhd(b, 0xfed90000, 0, true);
	SCOPE(b, ENDPOINT, 0, 1, 0);
	b->bytes += 5;
	blob_length(b);
	dmar_parse_odd(test, b, at, "device scope cut short, left out");
}

static void blob_rhsa(struct blob *b, u64 base, u32 proximity)
{
	u8 *at = blob_structure(b, 3, 20);

	put_unaligned_le64(base, at + 8);
	put_unaligned_le32(proximity, at + 16);
}

static void dmar_proximity(struct kunit *test)
{
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;

	blob_drhd(b, 0xfed90000, 0, false);
	blob_drhd(b, 0xfed91000, 0, true);
	blob_rhsa(b, 0xfed91000, 3);
	dmar = dmar_parse_good(test, b);
	KUNIT_EXPECT_EQ(test, last_drhd(dmar)->proximity, 3);
	KUNIT_EXPECT_EQ(test, list_first_entry(&dmar->drhds, struct vtd_drhd,
					       node)->proximity,
			VTD_NO_PROXIMITY);
	blob_rhsa(b, 0xfed92000, 4);
	dmar_parse_odd(test, b, b->open, "proximity domain of no unit, left out");
}

static void blob_andd(struct blob *b, u8 number, const char *name, u32 bytes)
{
	u8 *at = blob_structure(b, 4, 8 + bytes);

	at[7] = number;
	memcpy(at + 8, name, bytes);
}

static void blob_ats(struct blob *b, u16 type, u8 flags, u16 segment)
{
	u8 *at = blob_structure(b, type, 8);

	at[4] = flags;
	put_unaligned_le16(segment, at + 6);
}

#define ATSR	2
#define SATC	5

/* Sections 8.5 and 8.8: named root ports, all of a segment, and what is no port's. */
static void dmar_ats(struct kunit *test)
{
	struct vtd_way below = {
		.named = VTD_NOT_NAMED, .n = 2,
		.hops = { { 0, PCI_DEVFN(3, 0) }, { 7, PCI_DEVFN(1, 0) } },
	};
	struct vtd_way other = {
		.named = VTD_NOT_NAMED, .n = 2,
		.hops = { { 0, PCI_DEVFN(4, 0) }, { 8, PCI_DEVFN(1, 0) } },
	};
	struct vtd_way part = {
		.named = VTD_NOT_NAMED, .n = 1, .hops = { { 0, PCI_DEVFN(9, 0) } },
	};
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;

	blob_drhd(b, 0xfed90000, 0, true);
	dmar = dmar_parse_good(test, b);
	KUNIT_EXPECT_FALSE(test, vtd_dmar_allows_ats(dmar, &below, true));
	KUNIT_EXPECT_TRUE(test, vtd_dmar_allows_ats(dmar, &part, false));

	blob_ats(b, ATSR, 0, 0);
	SCOPE(b, BRIDGE, 0, 3, 0);
	blob_ats(b, ATSR, 1, 1);
	blob_ats(b, SATC, 1, 0);
	SCOPE(b, ENDPOINT, 0, 9, 0);
	blob_ats(b, SATC, 0, 0);
	SCOPE(b, ENDPOINT, 0, 4, 0, 1, 0);
	dmar = dmar_parse_good(test, b);
	KUNIT_EXPECT_EQ(test, count(&dmar->atsrs), 2);
	KUNIT_EXPECT_EQ(test, count(&dmar->satcs), 2);
	KUNIT_EXPECT_TRUE(test, vtd_dmar_allows_ats(dmar, &below, true));
	/* One that needs it is the platform's own business. */
	KUNIT_EXPECT_FALSE(test, vtd_dmar_allows_ats(dmar, &part, false));
	/* Named by itself, whatever is above it */
	KUNIT_EXPECT_TRUE(test, vtd_dmar_allows_ats(dmar, &other, true));

	below.hops[0].devfn = PCI_DEVFN(5, 0);
	KUNIT_EXPECT_FALSE(test, vtd_dmar_allows_ats(dmar, &below, true));
	below.segment = 1;
	KUNIT_EXPECT_TRUE(test, vtd_dmar_allows_ats(dmar, &below, true));
	below.segment = 2;
	KUNIT_EXPECT_FALSE(test, vtd_dmar_allows_ats(dmar, &below, true));
}

/* One that is damaged lets nobody cache. */
static void dmar_odd_ats(struct kunit *test)
{
	struct vtd_way below = {
		.named = VTD_NOT_NAMED, .n = 2,
		.hops = { { 0, PCI_DEVFN(3, 0) }, { 7, PCI_DEVFN(1, 0) } },
	};
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;

	blob_drhd(b, 0xfed90000, 0, true);
	blob_structure(b, ATSR, 7);
	dmar = dmar_parse_odd(test, b, b->open,
			      "structure too short for its type, left out");
	KUNIT_EXPECT_EQ(test, count(&dmar->atsrs), 0);
	KUNIT_EXPECT_FALSE(test, vtd_dmar_allows_ats(dmar, &below, true));

	b = blob_new(test);
	blob_drhd(b, 0xfed90000, 0, true);
	blob_ats(b, ATSR, 0, 0);
	SCOPE(b, BRIDGE, 0, 3, 0);
	b->raw[b->bytes - 7] = 7;
	dmar = dmar_parse_odd(test, b, b->bytes - 8,
			      "bad device scope length, left out with the rest");
	KUNIT_EXPECT_EQ(test, count(&dmar->atsrs), 1);
	KUNIT_EXPECT_FALSE(test, vtd_dmar_allows_ats(dmar, &below, true));
}

/* Devices that PCI has not: named by number, and never among the rest. */
static void dmar_namespace(struct kunit *test)
{
	struct vtd_way way = { .named = 2 }, other = { .named = 3 };
	const struct vtd_andd *andd;
	struct blob *b = blob_new(test);
	const struct vtd_drhd *drhd;
	struct vtd_dmar *dmar;
	u32 scope;

	blob_drhd(b, 0xfed90000, 5, false);
	SCOPE(b, ENDPOINT, 0, 2, 0);
	scope = b->bytes;
	SCOPE(b, NAMESPACE, 0xf0, 0x1e, 5);
	b->raw[scope + 4] = 2;
	blob_drhd(b, 0xfed91000, 0, true);
	blob_andd(b, 2, "\\_SB.DMA0", 10);
	dmar = dmar_parse_good(test, b);

	KUNIT_ASSERT_EQ(test, count(&dmar->andds), 1);
	andd = list_first_entry(&dmar->andds, struct vtd_andd, node);
	KUNIT_EXPECT_EQ(test, andd->number, 2);
	KUNIT_EXPECT_STREQ(test, andd->name, "\\_SB.DMA0");

	drhd = vtd_dmar_find(dmar, &way);
	KUNIT_ASSERT_NOT_NULL(test, drhd);
	KUNIT_EXPECT_EQ(test, drhd->base, 0xfed90000);
	KUNIT_EXPECT_EQ(test, vtd_scopes_source(&drhd->scopes, 2),
			PCI_DEVID(0xf0, PCI_DEVFN(0x1e, 5)));
	KUNIT_EXPECT_EQ(test, vtd_scopes_source(&drhd->scopes, 3), -ENODEV);
	KUNIT_EXPECT_NULL(test, vtd_dmar_find(dmar, &other));

	blob_andd(b, 3, "\\_SB.DMA1", 9);
	dmar = dmar_parse_odd(test, b, b->open,
			      "namespace device without end of its name, left out");
	KUNIT_EXPECT_EQ(test, count(&dmar->andds), 1);
}

/* Any table cut anywhere, and any byte of it changed, is survived. */
static void dmar_any_bytes(struct kunit *test)
{
	struct blob *b = blob_new(test);
	struct odd odd = { .log.odd = odd_count };
	struct vtd_dmar dmar;
	u32 bytes;

	blob_drhd(b, 0xfed90000, 0, false);
	SCOPE(b, BRIDGE, 0, 1, 0, 2, 0);
	blob_rmrr(b, 0x1000, 0x1fff);
	SCOPE(b, ENDPOINT, 0, 0x14, 0);
	blob_drhd(b, 0xfed91000, 0, true);
	blob_rhsa(b, 0xfed91000, 1);
	blob_andd(b, 1, "\\_SB.A", 7);
	bytes = b->bytes;

	for (u32 i = 0; i < bytes; i++) {
		u8 *cut = kunit_kmalloc(test, i + 1, GFP_KERNEL);
		u8 good = b->raw[i];

		/* In a buffer of its own, so that KASAN sees an overrun. */
		KUNIT_ASSERT_NOT_NULL(test, cut);
		memcpy(cut, b->raw, i);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				vtd_dmar_parse(&dmar, cut, i, &odd.log));
		kunit_kfree(test, cut);
		for (unsigned int v = 0; v <= U8_MAX; v++) {
			b->raw[i] = v;
			if (!vtd_dmar_parse(&dmar, b->raw, bytes,
					    &odd.log))
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
static struct vtd_way way_down(unsigned int n)
{
	return (struct vtd_way) {
		.named = VTD_NOT_NAMED,
		.n = n,
		.hops = { HOP(0, 0x1c, 0), HOP(2, 0, 0), HOP(3, 5, 0) },
	};
}

static enum vtd_match match(const struct vtd_scope *scope, unsigned int n)
{
	const struct vtd_way way = way_down(n);

	return vtd_scope_match(scope, &way);
}

static void dmar_match(struct kunit *test)
{
	const struct acpi_dmar_pci_path path[] = {
		{ 0x1c, 0 }, { 0, 0 }, { 5, 0 },
	};
	struct vtd_scope s = { .type = ENDPOINT, .bus = 0, .depth = 3,
			       .path = path };

	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_EXACT);
	KUNIT_EXPECT_EQ(test, match(&s, 2), VTD_MATCH_NONE);
	s.depth = 1;
	KUNIT_EXPECT_EQ(test, match(&s, 1), VTD_MATCH_EXACT);
	/* An endpoint has nothing below it; a bridge does. */
	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_NONE);
	s.type = BRIDGE;
	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_BELOW);
	KUNIT_EXPECT_EQ(test, match(&s, 1), VTD_MATCH_EXACT);
	s.bus = 1;
	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_NONE);
	/* A path that begins below the root bus */
	s.bus = 3;
	s.path = &path[2];
	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_EXACT);
	/* Interrupt sources are no devices that we translate. */
	s.type = IOAPIC;
	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_NONE);
	/* Neither is a namespace device on PCI's bus. */
	s.type = NAMESPACE;
	KUNIT_EXPECT_EQ(test, match(&s, 3), VTD_MATCH_NONE);
}

/*
 * virtual: what firmware has reserved for a function is not its virtual functions', but
 * what it has reserved for all behind a bridge is.
 */
static void dmar_cover(struct kunit *test)
{
	struct blob *b = blob_new(test);
	struct vtd_way way = way_down(3);
	const struct vtd_scopes *scopes;
	struct vtd_dmar *dmar;

	blob_drhd(b, 0xfed90000, 0, false);
	SCOPE(b, ENDPOINT, 0, 0x1c, 0, 0, 0, 5, 0);
	dmar = dmar_parse_good(test, b);
	scopes = &last_drhd(dmar)->scopes;
	KUNIT_EXPECT_TRUE(test, vtd_scopes_cover(scopes, &way));
	way.virtual = true;
	KUNIT_EXPECT_FALSE(test, vtd_scopes_cover(scopes, &way));
	KUNIT_EXPECT_EQ(test, vtd_dmar_find(dmar, &way)->base, 0xfed90000);

	SCOPE(b, BRIDGE, 0, 0x1c, 0);
	dmar = dmar_parse_good(test, b);
	scopes = &last_drhd(dmar)->scopes;
	KUNIT_EXPECT_TRUE(test, vtd_scopes_cover(scopes, &way));
	way.virtual = false;
	KUNIT_EXPECT_TRUE(test, vtd_scopes_cover(scopes, &way));
	way.n = 1;
	KUNIT_EXPECT_TRUE(test, vtd_scopes_cover(scopes, &way));
	way.hops[0].devfn = PCI_DEVFN(0x1d, 0);
	KUNIT_EXPECT_FALSE(test, vtd_scopes_cover(scopes, &way));
}

static u64 dmar_base_of(struct vtd_dmar *dmar, u16 segment, struct vtd_way way)
{
	const struct vtd_drhd *drhd;

	way.segment = segment;
	drhd = vtd_dmar_find(dmar, &way);
	return drhd ? drhd->base : 0;
}

/* Named, else the closest bridge, else the one for all the rest. */
static void dmar_find(struct kunit *test)
{
	const struct vtd_way other = { .named = VTD_NOT_NAMED, .n = 1,
				       .hops = { HOP(0, 3, 0) } };
	struct blob *b = blob_new(test);
	struct vtd_dmar *dmar;

	blob_drhd(b, 0x1000, 0, true);
	blob_drhd(b, 0x2000, 0, false);
	SCOPE(b, BRIDGE, 0, 0x1c, 0);
	blob_drhd(b, 0x3000, 0, false);
	SCOPE(b, BRIDGE, 0, 0x1c, 0, 0, 0);
	blob_drhd(b, 0x4000, 7, false);
	SCOPE(b, ENDPOINT, 0, 3, 0);
	dmar = dmar_parse_good(test, b);

	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 0, way_down(1)), 0x2000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 0, way_down(3)), 0x3000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 0, other), 0x1000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 7, other), 0x4000);
	KUNIT_EXPECT_EQ(test, dmar_base_of(dmar, 7, way_down(3)), 0);
}

static struct kunit_case dmar_cases[] = {
	KUNIT_CASE(dmar_good),
	KUNIT_CASE(dmar_bad_header),
	KUNIT_CASE(dmar_odd_width),
	KUNIT_CASE(dmar_odd_length),
	KUNIT_CASE(dmar_odd_structure),
	KUNIT_CASE(dmar_odd_unit),
	KUNIT_CASE(dmar_odd_region),
	KUNIT_CASE(dmar_odd_scope),
	KUNIT_CASE(dmar_proximity),
	KUNIT_CASE(dmar_ats),
	KUNIT_CASE(dmar_odd_ats),
	KUNIT_CASE(dmar_namespace),
	KUNIT_CASE(dmar_any_bytes),
	KUNIT_CASE(dmar_match),
	KUNIT_CASE(dmar_cover),
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
