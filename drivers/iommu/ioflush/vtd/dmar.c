// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the ACPI DMAR table
 *
 * Chapter 8 of the VT-d specification. Works on bytes and touches no device,
 * so that a test can feed it any table. All lengths are checked here, once;
 * whoever walks the scopes afterwards may trust them.
 *
 * Firmware makes mistakes. One costs what the structure that has it describes, and
 * never the rest.
 */
#include <linux/acpi.h>
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "dmar.h"

/* No processor has addresses that are wider. */
#define VTD_HAW_MAX	52
#define VTD_HAW_MIN	32

/* Section 8.8: ATC_REQUIRED */
#define VTD_SATC_REQUIRED	BIT(0)

/**
 * struct vtd_parse - where the parser is
 * @dmar: the result
 * @table: first byte of the table
 * @log: who is told of what is wrong
 */
struct vtd_parse {
	struct vtd_dmar *dmar;
	const u8 *table;
	struct vtd_dmar_log *log;
};

static void vtd_odd(struct vtd_parse *p, const void *where, const char *why)
{
	p->log->odd(p->log, (const u8 *)where - p->table, why);
}

static int vtd_bad(struct vtd_parse *p, const void *where, const char *why)
{
	vtd_odd(p, where, why);
	return -EINVAL;
}

static const char *vtd_scope_fault(const struct acpi_dmar_device_scope *scope,
				   unsigned int left)
{
	const unsigned int header = sizeof(*scope);
	const unsigned int step = sizeof(struct acpi_dmar_pci_path);

	if (left < header)
		return "device scope cut short, left out";
	if (scope->length > left)
		return "device scope overruns, left out";
	if (scope->length < header + step || (scope->length - header) % step)
		return "bad device scope length, left out with the rest";
	return NULL;
}

/* Section 8.3.1: a scope is its header and a path of at least one step. */
static void vtd_check_scopes(struct vtd_parse *p, const u8 *first,
			     unsigned int bytes, struct vtd_scopes *scopes)
{
	const struct acpi_dmar_device_scope *scope;
	unsigned int pos;

	for (pos = 0; pos < bytes; pos += scope->length) {
		const char *why;

		scope = (const void *)(first + pos);
		why = vtd_scope_fault(scope, bytes - pos);
		if (why) {
			vtd_odd(p, scope, why);
			break;
		}
	}
	scopes->first = first;
	scopes->bytes = pos;
}

static struct vtd_drhd *vtd_drhd_at(const struct vtd_dmar *dmar, u64 base)
{
	struct vtd_drhd *drhd;

	list_for_each_entry(drhd, &dmar->drhds, node)
		if (drhd->base == base)
			return drhd;
	return NULL;
}

/* Where a unit's registers are; 0 if that cannot be. */
static u64 vtd_drhd_base(struct vtd_parse *p, const u8 *raw)
{
	const struct acpi_dmar_hardware_unit *unit = (const void *)raw;
	u64 base = get_unaligned_le64(&unit->address);
	const struct vtd_drhd *known;

	if (!base || !IS_ALIGNED(base, SZ_4K)) {
		vtd_odd(p, raw, "unit at an impossible address, its devices are left alone");
		return 0;
	}
	known = vtd_drhd_at(p->dmar, base);
	if (!known)
		return base;
	if (known->segment != get_unaligned_le16(&unit->segment)) {
		vtd_odd(p, raw, "unit of two segments, devices of the second are left alone");
		return 0;
	}
	vtd_odd(p, raw, "two structures of one unit, taken together");
	return base;
}

/* Section 8.3 */
static int vtd_parse_drhd(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	const struct acpi_dmar_hardware_unit *unit = (const void *)raw;
	struct vtd_drhd *drhd;

	drhd = kzalloc(sizeof(*drhd), GFP_KERNEL);
	if (!drhd)
		return -ENOMEM;
	drhd->base = vtd_drhd_base(p, raw);
	drhd->segment = get_unaligned_le16(&unit->segment);
	drhd->include_all = unit->flags & ACPI_DMAR_INCLUDE_ALL;
	drhd->proximity = VTD_NO_PROXIMITY;
	list_add_tail(&drhd->node, &p->dmar->drhds);

	vtd_check_scopes(p, raw + sizeof(*unit), bytes - sizeof(*unit),
			 &drhd->scopes);
	return 0;
}

/* Section 8.4; firmware has been seen to give regions that end within a page. */
static int vtd_parse_rmrr(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	const struct acpi_dmar_reserved_memory *region = (const void *)raw;
	u64 base = get_unaligned_le64(&region->base_address);
	u64 last = get_unaligned_le64(&region->end_address);
	struct vtd_rmrr *rmrr;

	if (last < base || !last || last >> p->dmar->haw_bits) {
		vtd_odd(p, raw, "reserved region that cannot be, left out");
		return 0;
	}
	if (!IS_ALIGNED(base, SZ_4K) || !IS_ALIGNED(last + 1, SZ_4K))
		vtd_odd(p, raw, "reserved region that is no whole pages, rounded out");

	rmrr = kzalloc(sizeof(*rmrr), GFP_KERNEL);
	if (!rmrr)
		return -ENOMEM;
	rmrr->base = ALIGN_DOWN(base, SZ_4K);
	rmrr->last = last | (SZ_4K - 1);
	rmrr->segment = get_unaligned_le16(&region->segment);
	list_add_tail(&rmrr->node, &p->dmar->rmrrs);

	vtd_check_scopes(p, raw + sizeof(*region), bytes - sizeof(*region),
			 &rmrr->scopes);
	return 0;
}

/* Sections 8.5 and 8.8: the two have the same layout, but for the flag's meaning. */
static int vtd_add_ats(struct vtd_parse *p, const u8 *raw, unsigned int bytes,
		       u8 flag, struct list_head *list)
{
	const struct acpi_dmar_atsr *atsr = (const void *)raw;
	struct vtd_ats_scopes *ats = kzalloc(sizeof(*ats), GFP_KERNEL);

	if (!ats)
		return -ENOMEM;
	ats->segment = get_unaligned_le16(&atsr->segment);
	ats->flag = atsr->flags & flag;
	list_add_tail(&ats->node, list);
	vtd_check_scopes(p, raw + sizeof(*atsr), bytes - sizeof(*atsr),
			 &ats->scopes);
	return 0;
}

static int vtd_parse_atsr(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	return vtd_add_ats(p, raw, bytes, ACPI_DMAR_ALL_PORTS, &p->dmar->atsrs);
}

static int vtd_parse_satc(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	static_assert(sizeof(struct acpi_dmar_satc) ==
		      sizeof(struct acpi_dmar_atsr));

	return vtd_add_ats(p, raw, bytes, VTD_SATC_REQUIRED, &p->dmar->satcs);
}

/* Section 8.6: structures come in the order of their types, so units are known. */
static int vtd_parse_rhsa(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	const struct acpi_dmar_rhsa *rhsa = (const void *)raw;
	u64 base = get_unaligned_le64(&rhsa->base_address);
	struct vtd_drhd *drhd = base ? vtd_drhd_at(p->dmar, base) : NULL;

	if (drhd)
		drhd->proximity = get_unaligned_le32(&rhsa->proximity_domain);
	else
		vtd_odd(p, raw, "proximity domain of no unit, left out");
	return 0;
}

/* Section 8.7 */
static int vtd_parse_andd(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	const struct acpi_dmar_andd *raw_andd = (const void *)raw;
	const u32 at = offsetof(struct acpi_dmar_andd, device_name);
	struct vtd_andd *andd;

	if (!memchr(raw + at, '\0', bytes - at)) {
		vtd_odd(p, raw, "namespace device without end of its name, left out");
		return 0;
	}
	andd = kzalloc(sizeof(*andd), GFP_KERNEL);
	if (!andd)
		return -ENOMEM;
	andd->number = raw_andd->device_number;
	andd->name = (const char *)raw + at;
	list_add_tail(&andd->node, &p->dmar->andds);
	return 0;
}

/**
 * struct vtd_structure - a type of structures that we use
 * @bytes: how long it is at least
 * @parse: takes one that is
 */
struct vtd_structure {
	unsigned int bytes;
	int (*parse)(struct vtd_parse *p, const u8 *raw, unsigned int bytes);
};

static const struct vtd_structure vtd_structures[] = {
	[ACPI_DMAR_TYPE_HARDWARE_UNIT] = {
		sizeof(struct acpi_dmar_hardware_unit), vtd_parse_drhd },
	[ACPI_DMAR_TYPE_RESERVED_MEMORY] = {
		sizeof(struct acpi_dmar_reserved_memory), vtd_parse_rmrr },
	[ACPI_DMAR_TYPE_ROOT_ATS] = {
		sizeof(struct acpi_dmar_atsr), vtd_parse_atsr },
	[ACPI_DMAR_TYPE_HARDWARE_AFFINITY] = {
		sizeof(struct acpi_dmar_rhsa), vtd_parse_rhsa },
	[ACPI_DMAR_TYPE_NAMESPACE] = {
		offsetof(struct acpi_dmar_andd, device_name) + 1, vtd_parse_andd },
	[ACPI_DMAR_TYPE_SATC] = {
		sizeof(struct acpi_dmar_satc), vtd_parse_satc },
};

/*
 * Types that we do not use, and those that later revisions add, are skipped:
 * section 8.2 asks for that.
 */
static int vtd_parse_one(struct vtd_parse *p, const u8 *raw, unsigned int bytes)
{
	const struct vtd_structure *structure;
	u16 type = get_unaligned_le16(raw);

	if (type >= ARRAY_SIZE(vtd_structures) || !vtd_structures[type].parse)
		return 0;
	structure = &vtd_structures[type];
	if (bytes >= structure->bytes)
		return structure->parse(p, raw, bytes);
	vtd_odd(p, raw, "structure too short for its type, left out");
	return 0;
}

/* Why can nothing be told of where the next structure is? */
static const char *vtd_length_fault(const u8 *raw, unsigned int left)
{
	const unsigned int header = sizeof(struct acpi_dmar_header);

	if (left < header)
		return "structure cut short, left out";
	if (get_unaligned_le16(raw + sizeof(u16)) < header)
		return "structure shorter than its header, left out with the rest";
	if (get_unaligned_le16(raw + sizeof(u16)) > left)
		return "structure overruns the table, left out";
	return NULL;
}

static int vtd_parse_header(struct vtd_parse *p, size_t bytes, u32 *length)
{
	const struct acpi_table_dmar *raw = (const void *)p->table;

	if (bytes < sizeof(*raw))
		return vtd_bad(p, raw, "table shorter than its header");
	if (memcmp(raw->header.signature, ACPI_SIG_DMAR, 4))
		return vtd_bad(p, raw, "wrong signature");
	*length = get_unaligned_le32(&raw->header.length);
	if (*length < sizeof(*raw) || *length > bytes)
		return vtd_bad(p, raw, "bad table length");
	/* Section 8.1: the field holds the width less one. */
	p->dmar->haw_bits = raw->width + 1;
	if (raw->width < VTD_HAW_MIN - 1 || raw->width >= VTD_HAW_MAX) {
		vtd_odd(p, &raw->width, "impossible address width, taken for 52 bits");
		p->dmar->haw_bits = VTD_HAW_MAX;
	}
	p->dmar->flags = raw->flags;
	return 0;
}

static int vtd_parse_all(struct vtd_parse *p, size_t bytes)
{
	const u8 *raw, *end;
	u32 length;
	int ret;

	ret = vtd_parse_header(p, bytes, &length);
	if (ret)
		return ret;

	raw = p->table + sizeof(struct acpi_table_dmar);
	end = p->table + length;
	while (raw < end) {
		const char *why = vtd_length_fault(raw, end - raw);
		unsigned int step;

		if (why) {
			vtd_odd(p, raw, why);
			break;
		}
		step = get_unaligned_le16(raw + sizeof(u16));
		ret = vtd_parse_one(p, raw, step);
		if (ret)
			return ret;
		raw += step;
	}
	if (list_empty(&p->dmar->drhds))
		return vtd_bad(p, end, "no unit");
	return 0;
}

/**
 * vtd_dmar_parse() - parse a DMAR table
 * @dmar: receives the result, which points into @table
 * @table: the table
 * @bytes: size of the buffer at @table
 * @log: is told what is wrong, also with a table of which most is used
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a table of which nothing can be used; -ENOMEM. @dmar is
 *	empty after a failure.
 */
int vtd_dmar_parse(struct vtd_dmar *dmar, const void *table, size_t bytes,
		   struct vtd_dmar_log *log)
{
	struct vtd_parse p = { .dmar = dmar, .table = table, .log = log };
	int ret;

	*dmar = (struct vtd_dmar) {};
	INIT_LIST_HEAD(&dmar->drhds);
	INIT_LIST_HEAD(&dmar->rmrrs);
	INIT_LIST_HEAD(&dmar->andds);
	INIT_LIST_HEAD(&dmar->atsrs);
	INIT_LIST_HEAD(&dmar->satcs);

	ret = vtd_parse_all(&p, bytes);
	if (ret)
		vtd_dmar_free(dmar);
	return ret;
}

static void vtd_free_ats(struct list_head *list)
{
	struct vtd_ats_scopes *ats, *next;

	list_for_each_entry_safe(ats, next, list, node) {
		list_del(&ats->node);
		kfree(ats);
	}
}

/**
 * vtd_dmar_free() - free what vtd_dmar_parse() has made
 * @dmar: a parsed table
 *
 * Context: any context.
 */
void vtd_dmar_free(struct vtd_dmar *dmar)
{
	struct vtd_drhd *drhd, *next_drhd;
	struct vtd_rmrr *rmrr, *next_rmrr;
	struct vtd_andd *andd, *next_andd;

	list_for_each_entry_safe(drhd, next_drhd, &dmar->drhds, node) {
		list_del(&drhd->node);
		kfree(drhd);
	}
	list_for_each_entry_safe(rmrr, next_rmrr, &dmar->rmrrs, node) {
		list_del(&rmrr->node);
		kfree(rmrr);
	}
	list_for_each_entry_safe(andd, next_andd, &dmar->andds, node) {
		list_del(&andd->node);
		kfree(andd);
	}
	vtd_free_ats(&dmar->atsrs);
	vtd_free_ats(&dmar->satcs);
}
