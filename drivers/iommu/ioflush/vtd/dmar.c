// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the ACPI DMAR table
 *
 * Chapter 8 of the VT-d specification. Works on bytes and touches no device,
 * so that a test can feed it any table. All lengths are checked here, once;
 * whoever walks the scopes afterwards may trust them.
 */
#include <linux/acpi.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "dmar.h"

/**
 * struct vtd_parse - where the parser is
 * @dmar: the result
 * @table: first byte of the table
 * @error: what was found to be wrong
 */
struct vtd_parse {
	struct vtd_dmar *dmar;
	const u8 *table;
	struct vtd_dmar_error *error;
};

static int vtd_bad(struct vtd_parse *p, const void *where, const char *why)
{
	p->error->why = why;
	p->error->offset = (const u8 *)where - p->table;
	return -EINVAL;
}

/* Section 8.3.1: a scope is its header and a path of at least one step. */
static int vtd_check_scopes(struct vtd_parse *p, const u8 *first,
			    unsigned int bytes, struct vtd_scopes *scopes)
{
	const unsigned int header = sizeof(struct acpi_dmar_device_scope);
	const unsigned int step = sizeof(struct acpi_dmar_pci_path);
	const struct acpi_dmar_device_scope *scope;
	unsigned int pos;

	for (pos = 0; pos < bytes; pos += scope->length) {
		scope = (const void *)(first + pos);
		if (bytes - pos < header)
			return vtd_bad(p, scope, "device scope cut short");
		if (scope->length > bytes - pos)
			return vtd_bad(p, scope, "device scope overruns");
		if (scope->length < header + step ||
		    (scope->length - header) % step)
			return vtd_bad(p, scope, "bad device scope length");
	}
	scopes->first = first;
	scopes->bytes = bytes;
	return 0;
}

static bool vtd_drhd_known(const struct vtd_dmar *dmar, u64 base)
{
	const struct vtd_drhd *drhd;

	list_for_each_entry(drhd, &dmar->drhds, node)
		if (drhd->base == base)
			return true;
	return false;
}

/* Section 8.3 */
static int vtd_parse_drhd(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	const struct acpi_dmar_hardware_unit *unit = (const void *)raw;
	struct vtd_drhd *drhd;
	u64 base;

	if (bytes < sizeof(*unit))
		return vtd_bad(p, raw, "hardware unit cut short");
	base = get_unaligned_le64(&unit->address);
	if (!base || !IS_ALIGNED(base, SZ_4K))
		return vtd_bad(p, raw, "hardware unit at an impossible address");
	if (vtd_drhd_known(p->dmar, base))
		return vtd_bad(p, raw, "two hardware units at one address");

	drhd = kzalloc(sizeof(*drhd), GFP_KERNEL);
	if (!drhd)
		return -ENOMEM;
	drhd->base = base;
	drhd->segment = get_unaligned_le16(&unit->segment);
	drhd->include_all = unit->flags & ACPI_DMAR_INCLUDE_ALL;
	list_add_tail(&drhd->node, &p->dmar->drhds);

	return vtd_check_scopes(p, raw + sizeof(*unit), bytes - sizeof(*unit),
				&drhd->scopes);
}

/* Section 8.4 */
static int vtd_parse_rmrr(struct vtd_parse *p, const u8 *raw,
			  unsigned int bytes)
{
	const struct acpi_dmar_reserved_memory *region = (const void *)raw;
	struct vtd_rmrr *rmrr;
	u64 base, last;

	if (bytes < sizeof(*region))
		return vtd_bad(p, raw, "reserved region cut short");
	base = get_unaligned_le64(&region->base_address);
	last = get_unaligned_le64(&region->end_address);
	if (base >= last || !IS_ALIGNED(base, SZ_4K) ||
	    !IS_ALIGNED(last + 1, SZ_4K))
		return vtd_bad(p, raw, "reserved region with impossible bounds");

	rmrr = kzalloc(sizeof(*rmrr), GFP_KERNEL);
	if (!rmrr)
		return -ENOMEM;
	rmrr->base = base;
	rmrr->last = last;
	rmrr->segment = get_unaligned_le16(&region->segment);
	list_add_tail(&rmrr->node, &p->dmar->rmrrs);

	return vtd_check_scopes(p, raw + sizeof(*region),
				bytes - sizeof(*region), &rmrr->scopes);
}

/*
 * Types that we do not use, and those that later revisions add, are skipped:
 * section 8.2 asks for that.
 */
static int vtd_parse_one(struct vtd_parse *p, const u8 *raw,
			 unsigned int left, unsigned int *bytes)
{
	u16 type;

	if (left < sizeof(struct acpi_dmar_header))
		return vtd_bad(p, raw, "structure cut short");
	type = get_unaligned_le16(raw);
	*bytes = get_unaligned_le16(raw + sizeof(u16));
	if (*bytes < sizeof(struct acpi_dmar_header))
		return vtd_bad(p, raw, "structure shorter than its header");
	if (*bytes > left)
		return vtd_bad(p, raw, "structure overruns the table");

	switch (type) {
	case ACPI_DMAR_TYPE_HARDWARE_UNIT:
		return vtd_parse_drhd(p, raw, *bytes);
	case ACPI_DMAR_TYPE_RESERVED_MEMORY:
		return vtd_parse_rmrr(p, raw, *bytes);
	default:
		return 0;
	}
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
	if (p->dmar->haw_bits < 32 || p->dmar->haw_bits > 52)
		return vtd_bad(p, &raw->width, "impossible address width");
	p->dmar->flags = raw->flags;
	return 0;
}

static int vtd_parse_all(struct vtd_parse *p, size_t bytes)
{
	unsigned int pos, step;
	u32 length;
	int ret;

	ret = vtd_parse_header(p, bytes, &length);
	if (ret)
		return ret;

	for (pos = sizeof(struct acpi_table_dmar); pos < length; pos += step) {
		ret = vtd_parse_one(p, p->table + pos, length - pos, &step);
		if (ret)
			return ret;
	}
	if (list_empty(&p->dmar->drhds))
		return vtd_bad(p, p->table + length, "no hardware unit");
	return 0;
}

/**
 * vtd_dmar_parse() - parse a DMAR table
 * @dmar: receives the result, which points into @table
 * @table: the table
 * @bytes: size of the buffer at @table
 * @error: says what is wrong when -EINVAL is returned
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a malformed table; -ENOMEM. @dmar is empty after a
 *	failure.
 */
int vtd_dmar_parse(struct vtd_dmar *dmar, const void *table, size_t bytes,
		   struct vtd_dmar_error *error)
{
	struct vtd_parse p = { .dmar = dmar, .table = table, .error = error };
	int ret;

	*dmar = (struct vtd_dmar) {};
	INIT_LIST_HEAD(&dmar->drhds);
	INIT_LIST_HEAD(&dmar->rmrrs);

	ret = vtd_parse_all(&p, bytes);
	if (ret)
		vtd_dmar_free(dmar);
	return ret;
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

	list_for_each_entry_safe(drhd, next_drhd, &dmar->drhds, node) {
		list_del(&drhd->node);
		kfree(drhd);
	}
	list_for_each_entry_safe(rmrr, next_rmrr, &dmar->rmrrs, node) {
		list_del(&rmrr->node);
		kfree(rmrr);
	}
}
