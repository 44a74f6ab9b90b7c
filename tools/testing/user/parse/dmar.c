// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: any bytes as a DMAR table
 *
 * The bytes are parsed as they are, and once more with a signature and a length that
 * are right. What has to come out is worked out here from the table's structures, of
 * which each is looked at by itself: so one that is odd can cost no other anything.
 */
#include <linux/acpi.h>
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/unaligned.h>

#include "parse.h"
#include "../../../../drivers/iommu/ioflush/vtd/dmar.h"

#define HEADER		sizeof(struct acpi_table_dmar)
/* A type that no revision of the specification has */
#define TYPE_UNKNOWN	0x7f00
#define UNKNOWN_MAX	64

/**
 * struct parsed - a table, and what the parser made of it
 * @log: whom the parser tells
 * @dmar: the result
 * @ret: the parser's
 * @odd: how often it told
 * @raw: the table, in a buffer of its size
 * @bytes: of the buffer
 */
struct parsed {
	struct vtd_dmar_log log;
	struct vtd_dmar dmar;
	int ret;
	unsigned int odd;
	u8 *raw;
	size_t bytes;
};

static void log_odd(struct vtd_dmar_log *log, u32 offset, const char *why)
{
	struct parsed *p = container_of(log, struct parsed, log);

	EXPECT(offset <= p->bytes, "%u of %zu", offset, p->bytes);
	EXPECT(why && *why, "");
	p->odd++;
}

static void parse(struct parsed *p, const u8 *raw, size_t bytes)
{
	*p = (struct parsed) { .log.odd = log_odd, .bytes = bytes };
	p->raw = exact_copy(raw, bytes);
	p->ret = vtd_dmar_parse(&p->dmar, p->raw, bytes, &p->log);
}

static void parsed_free(struct parsed *p)
{
	vtd_dmar_free(&p->dmar);
	free(p->raw);
}

static bool header_good(const u8 *raw, size_t bytes)
{
	return bytes >= HEADER && !memcmp(raw, "DMAR", 4) &&
	       get_unaligned_le32(raw + 4) >= HEADER &&
	       get_unaligned_le32(raw + 4) <= bytes;
}

/* The next structure that can be told from what follows; NULL where none can. */
static const u8 *structure(const struct parsed *p, const u8 *after)
{
	const u8 *at = after ? after + get_unaligned_le16(after + 2) :
			       p->raw + HEADER;
	size_t left = p->raw + get_unaligned_le32(p->raw + 4) - at;

	if (left < 4 || get_unaligned_le16(at + 2) < 4 ||
	    get_unaligned_le16(at + 2) > left)
		return NULL;
	return at;
}

/* Scopes are within their structure, and none is cut short. */
static void scopes_within(const struct vtd_scopes *scopes, const u8 *raw,
			  size_t header)
{
	const u8 *end = raw + get_unaligned_le16(raw + 2);
	struct vtd_scope scope;
	unsigned int pos = 0;

	EXPECT(scopes->first == raw + header, "");
	EXPECT(scopes->bytes <= end - scopes->first, "%u", scopes->bytes);
	while (vtd_scope_next(scopes, &pos, &scope)) {
		EXPECT(pos <= scopes->bytes, "%u, %u", pos, scopes->bytes);
		EXPECT(scope.depth, "at %u", pos);
		EXPECT((const u8 *)(scope.path + scope.depth) ==
		       scopes->first + pos, "at %u", pos);
	}
	EXPECT(pos == scopes->bytes, "%u, %u", pos, scopes->bytes);
	/* What is left out behind them cannot be a scope. */
	raw = scopes->first + pos;
	EXPECT(end - raw < 6 || raw[1] < 8 || raw[1] & 1 || raw[1] > end - raw,
	       "%u at %u", raw[1], pos);
}

/* The first unit before @before that is there. */
static const struct vtd_drhd *unit_at(const struct parsed *p, u64 base,
				      const struct vtd_drhd *before)
{
	const struct vtd_drhd *drhd;

	list_for_each_entry(drhd, &p->dmar.drhds, node) {
		if (drhd == before)
			break;
		if (drhd->base == base)
			return drhd;
	}
	return NULL;
}

/* Of a unit at an address that cannot be, and of one of two segments, no registers. */
static void unit_is(const struct parsed *p, const struct vtd_drhd *drhd,
		    const u8 *raw)
{
	const u64 base = get_unaligned_le64(raw + 8);
	const struct vtd_drhd *same = unit_at(p, base, drhd);
	const u16 segment = get_unaligned_le16(raw + 6);
	const bool good = base && IS_ALIGNED(base, SZ_4K) &&
			  (!same || same->segment == segment);

	EXPECT(drhd->base == (good ? base : 0), "%#llx, not %#llx", drhd->base,
	       base);
	EXPECT(drhd->segment == segment, "%u, not %u", drhd->segment, segment);
	EXPECT(drhd->include_all == (raw[4] & 1), "");
	scopes_within(&drhd->scopes, raw, 16);
}

/* Each structure of a unit is one, in the table's order, and nothing else is. */
static void units_all(const struct parsed *p)
{
	const struct list_head *node = p->dmar.drhds.next;
	const u8 *raw = NULL;

	while ((raw = structure(p, raw))) {
		if (get_unaligned_le16(raw) || get_unaligned_le16(raw + 2) < 16)
			continue;
		EXPECT(node != &p->dmar.drhds, "");
		unit_is(p, list_entry(node, struct vtd_drhd, node), raw);
		node = node->next;
	}
	EXPECT(node == &p->dmar.drhds, "");
}

/* A region is whole pages, no more than those that are touched, of what can be memory. */
static void region_is(const struct parsed *p, const struct vtd_rmrr *rmrr,
		      const u8 *raw)
{
	const u64 base = get_unaligned_le64(raw + 8);
	const u64 last = get_unaligned_le64(raw + 16);

	EXPECT(IS_ALIGNED(rmrr->base, SZ_4K), "%#llx", rmrr->base);
	EXPECT(IS_ALIGNED(rmrr->last + 1, SZ_4K), "%#llx", rmrr->last);
	EXPECT(rmrr->base < rmrr->last, "%#llx, %#llx", rmrr->base, rmrr->last);
	EXPECT(rmrr->base <= base && base - rmrr->base < SZ_4K, "%#llx", base);
	EXPECT(rmrr->last >= last && rmrr->last - last < SZ_4K, "%#llx", last);
	EXPECT(!(rmrr->last >> p->dmar.haw_bits), "%#llx", rmrr->last);
	EXPECT(rmrr->segment == get_unaligned_le16(raw + 6), "");
	scopes_within(&rmrr->scopes, raw, 24);
}

/* Is it the structure of a region that can be? */
static bool is_region(const struct parsed *p, const u8 *raw)
{
	u64 base, last;

	if (get_unaligned_le16(raw) != 1 || get_unaligned_le16(raw + 2) < 24)
		return false;
	base = get_unaligned_le64(raw + 8);
	last = get_unaligned_le64(raw + 16);
	return base <= last && last && !(last >> p->dmar.haw_bits);
}

static void regions_all(const struct parsed *p)
{
	const struct list_head *node = p->dmar.rmrrs.next;
	const u8 *raw = NULL;

	while ((raw = structure(p, raw))) {
		if (!is_region(p, raw))
			continue;
		EXPECT(node != &p->dmar.rmrrs, "");
		region_is(p, list_entry(node, struct vtd_rmrr, node), raw);
		node = node->next;
	}
	EXPECT(node == &p->dmar.rmrrs, "");
}

/* A name ends within its structure. */
static void names_all(const struct parsed *p)
{
	const struct list_head *node = p->dmar.andds.next;
	const u8 *raw = NULL;

	while ((raw = structure(p, raw))) {
		const u16 bytes = get_unaligned_le16(raw + 2);
		const struct vtd_andd *andd;

		if (get_unaligned_le16(raw) != 4 || bytes < 9 ||
		    strnlen((const char *)raw + 8, bytes - 8) == bytes - 8)
			continue;
		EXPECT(node != &p->dmar.andds, "");
		andd = list_entry(node, struct vtd_andd, node);
		EXPECT(andd->name == (const char *)raw + 8, "");
		EXPECT(andd->number == raw[7], "%u", andd->number);
		node = node->next;
	}
	EXPECT(node == &p->dmar.andds, "");
}

/* All that can be used is, and the table is refused only where there is no unit. */
static void table_whole(const struct parsed *p)
{
	const u8 *raw = NULL;

	if (p->ret) {
		EXPECT(p->ret == -EINVAL, "%d", p->ret);
		EXPECT(p->odd, "");
		EXPECT(list_empty(&p->dmar.drhds) && list_empty(&p->dmar.rmrrs) &&
		       list_empty(&p->dmar.andds), "");
		if (!header_good(p->raw, p->bytes))
			return;
		while ((raw = structure(p, raw)))
			EXPECT(get_unaligned_le16(raw) ||
			       get_unaligned_le16(raw + 2) < 16, "");
		return;
	}
	EXPECT(header_good(p->raw, p->bytes), "");
	EXPECT(p->dmar.haw_bits >= 32 && p->dmar.haw_bits <= 52, "%u",
	       p->dmar.haw_bits);
	EXPECT(p->dmar.flags == p->raw[37], "");
	units_all(p);
	regions_all(p);
	names_all(p);
}

static void same_scopes(const struct vtd_scopes *a, const struct vtd_scopes *b)
{
	EXPECT(a->bytes == b->bytes && !memcmp(a->first, b->first, a->bytes),
	       "%u, %u", a->bytes, b->bytes);
}

/* Two tables say the same: all of it, in the same order. */
static void same(const struct parsed *a, const struct parsed *b)
{
	const struct list_head *node;
	const struct vtd_drhd *unit;
	const struct vtd_rmrr *rmrr;
	const struct vtd_andd *andd;

	EXPECT(a->ret == b->ret, "%d, %d", a->ret, b->ret);
	EXPECT(a->odd == b->odd, "%u, %u", a->odd, b->odd);
	EXPECT(a->dmar.haw_bits == b->dmar.haw_bits, "");
	node = b->dmar.drhds.next;
	list_for_each_entry(unit, &a->dmar.drhds, node) {
		const struct vtd_drhd *other =
			list_entry(node, struct vtd_drhd, node);

		EXPECT(node != &b->dmar.drhds && unit->base == other->base &&
		       unit->segment == other->segment &&
		       unit->include_all == other->include_all &&
		       unit->proximity == other->proximity, "%#llx", unit->base);
		same_scopes(&unit->scopes, &other->scopes);
		node = node->next;
	}
	EXPECT(node == &b->dmar.drhds, "");
	node = b->dmar.rmrrs.next;
	list_for_each_entry(rmrr, &a->dmar.rmrrs, node) {
		const struct vtd_rmrr *other =
			list_entry(node, struct vtd_rmrr, node);

		EXPECT(node != &b->dmar.rmrrs && rmrr->base == other->base &&
		       rmrr->last == other->last, "%#llx", rmrr->base);
		same_scopes(&rmrr->scopes, &other->scopes);
		node = node->next;
	}
	EXPECT(node == &b->dmar.rmrrs, "");
	node = b->dmar.andds.next;
	list_for_each_entry(andd, &a->dmar.andds, node) {
		const struct vtd_andd *other =
			list_entry(node, struct vtd_andd, node);

		EXPECT(node != &b->dmar.andds &&
		       !strcmp(andd->name, other->name), "%s", andd->name);
		node = node->next;
	}
	EXPECT(node == &b->dmar.andds, "");
}

/* A table says the same each time, and whatever lies behind its end. */
static void twice(const struct parsed *p)
{
	struct parsed again;

	parse(&again, p->raw, p->bytes);
	same(p, &again);
	parsed_free(&again);
	if (!header_good(p->raw, p->bytes))
		return;
	parse(&again, p->raw, get_unaligned_le32(p->raw + 4));
	same(p, &again);
	parsed_free(&again);
}

/* Which of several, by what the input is. */
static unsigned int pick(const struct parsed *p, unsigned int n)
{
	u32 hash = 2166136261u;
	size_t i;

	for (i = 0; i < p->bytes; i++)
		hash = (hash ^ p->raw[i]) * 16777619u;
	return (hash >> 8) % n;
}

/* A structure of a type that nobody knows, between any two others, alters nothing. */
static void unknown_skipped(const struct parsed *p)
{
	const unsigned int bytes = 4 + pick(p, UNKNOWN_MAX - 4);
	const u8 *raw = NULL, *at = p->raw + HEADER;
	struct parsed with;
	unsigned int n = 1;
	u8 *table;
	size_t to;

	if (!header_good(p->raw, p->bytes))
		return;
	while ((raw = structure(p, raw)))
		if (!pick(p, ++n))
			at = raw;
	to = at - p->raw;
	table = malloc(p->bytes + bytes);
	if (!table)
		user_die("no memory\n");
	memcpy(table, p->raw, to);
	memset(table + to, pick(p, 256), bytes);
	put_unaligned_le16(TYPE_UNKNOWN, table + to);
	put_unaligned_le16(bytes, table + to + 2);
	memcpy(table + to + bytes, at, p->bytes - to);
	put_unaligned_le32(get_unaligned_le32(p->raw + 4) + bytes, table + 4);
	parse(&with, table, p->bytes + bytes);
	same(p, &with);
	parsed_free(&with);
	free(table);
}

/* Does a scope of the unit name just that device? */
static bool names(const struct vtd_drhd *drhd, const struct vtd_way *way)
{
	struct vtd_scope scope;
	unsigned int pos = 0;

	while (vtd_scope_next(&drhd->scopes, &pos, &scope))
		if (vtd_scope_match(&scope, way) == VTD_MATCH_EXACT)
			return true;
	return false;
}

/* Where the device is that a scope is about; false if it is about none. */
static bool way_of(const struct vtd_scope *scope, u16 segment,
		   struct vtd_way *way)
{
	unsigned int i;

	*way = (struct vtd_way) { .segment = segment, .named = VTD_NOT_NAMED };
	switch (scope->type) {
	case ACPI_DMAR_SCOPE_TYPE_NAMESPACE:
		way->named = scope->number;
		return true;
	case ACPI_DMAR_SCOPE_TYPE_ENDPOINT:
	case ACPI_DMAR_SCOPE_TYPE_BRIDGE:
		break;
	default:
		return false;
	}
	if (scope->depth > VTD_HOPS_MAX)
		return false;
	way->n = scope->depth;
	for (i = 0; i < scope->depth; i++)
		way->hops[i] = (struct vtd_hop) {
			.bus = scope->bus + i,
			.devfn = PCI_DEVFN(scope->path[i].device,
					   scope->path[i].function),
		};
	return true;
}

/* Who is named belongs to a unit that names it, of its own segment. */
static void devices_found(const struct parsed *p)
{
	const struct vtd_drhd *drhd, *found;
	struct vtd_scope scope;
	struct vtd_way way;

	list_for_each_entry(drhd, &p->dmar.drhds, node) {
		unsigned int pos = 0;

		while (vtd_scope_next(&drhd->scopes, &pos, &scope)) {
			if (!way_of(&scope, drhd->segment, &way))
				continue;
			found = vtd_dmar_find(&p->dmar, &way);
			EXPECT(found && names(found, &way), "%u", pos);
			EXPECT(way.named != VTD_NOT_NAMED ||
			       found->segment == drhd->segment, "%u", pos);
			EXPECT(vtd_scopes_cover(&drhd->scopes, &way), "%u", pos);
		}
	}
}

static void check(const u8 *raw, size_t bytes)
{
	struct parsed p;

	parse(&p, raw, bytes);
	table_whole(&p);
	twice(&p);
	unknown_skipped(&p);
	devices_found(&p);
	parsed_free(&p);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *right;

	check(data, size);
	if (size < HEADER || (!memcmp(data, "DMAR", 4) &&
			      get_unaligned_le32(data + 4) == size))
		return 0;
	right = exact_copy(data, size);
	memcpy(right, "DMAR", 4);
	put_unaligned_le32(size, right + 4);
	check(right, size);
	free(right);
	return 0;
}
