// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which unit is in charge of a device
 *
 * A scope names a device by its way down from a bus: bus numbers below a
 * bridge may be assigned anew after the table was made, so only the first is
 * taken from the table. A device is given as the same kind of way, from its
 * root bus down. Nothing here touches a device.
 */
#include <linux/acpi.h>
#include <linux/pci.h>

#include "dmar.h"

/**
 * vtd_scope_next() - walk the device scopes of a structure
 * @scopes: of a parsed table
 * @pos: 0 before the first call
 * @scope: receives the next one
 *
 * Return: false when there is none.
 */
bool vtd_scope_next(const struct vtd_scopes *scopes, unsigned int *pos,
		    struct vtd_scope *scope)
{
	const struct acpi_dmar_device_scope *raw;

	if (*pos >= scopes->bytes)
		return false;

	raw = (const void *)(scopes->first + *pos);
	*scope = (struct vtd_scope) {
		.type = raw->entry_type,
		.bus = raw->bus,
		.depth = (raw->length - sizeof(*raw)) /
			 sizeof(struct acpi_dmar_pci_path),
		.path = (const void *)(raw + 1),
	};
	*pos += raw->length;
	return true;
}

static bool vtd_path_matches(const struct vtd_scope *scope,
			     const struct vtd_hop *hops)
{
	for (unsigned int i = 0; i < scope->depth; i++)
		if (hops[i].devfn != PCI_DEVFN(scope->path[i].device,
					       scope->path[i].function))
			return false;
	return true;
}

/**
 * vtd_scope_match() - how does a scope relate to a device?
 * @scope: one device scope
 * @hops: the way to the device, from its root bus down
 * @n: length of @hops
 *
 * A path begins on a root bus as a rule, but need not.
 *
 * Return: the relation; only a bridge has something below it.
 */
enum vtd_match vtd_scope_match(const struct vtd_scope *scope,
			       const struct vtd_hop *hops, unsigned int n)
{
	bool bridge = scope->type == ACPI_DMAR_SCOPE_TYPE_BRIDGE;

	if (!bridge && scope->type != ACPI_DMAR_SCOPE_TYPE_ENDPOINT)
		return VTD_MATCH_NONE;

	for (unsigned int i = 0; i + scope->depth <= n; i++) {
		if (hops[i].bus != scope->bus ||
		    !vtd_path_matches(scope, hops + i))
			continue;
		if (i + scope->depth == n)
			return VTD_MATCH_EXACT;
		if (bridge)
			return VTD_MATCH_BELOW;
	}
	return VTD_MATCH_NONE;
}

/* How well the best of the scopes matches: 0 not at all, more is better. */
static unsigned int vtd_scopes_rank(const struct vtd_scopes *scopes,
				    const struct vtd_hop *hops, unsigned int n)
{
	unsigned int pos = 0, best = 0;
	struct vtd_scope scope;

	while (vtd_scope_next(scopes, &pos, &scope)) {
		enum vtd_match match = vtd_scope_match(&scope, hops, n);
		unsigned int rank = 0;

		if (match == VTD_MATCH_EXACT)
			rank = U8_MAX + 1;
		else if (match == VTD_MATCH_BELOW)
			rank = scope.depth;
		best = max(best, rank);
	}
	return best;
}

/**
 * vtd_scopes_cover() - is a device among those that the scopes name?
 * @scopes: of a parsed table
 * @hops: the way to the device, from its root bus down
 * @n: length of @hops
 *
 * Return: true if a scope names it or a bridge above it.
 */
bool vtd_scopes_cover(const struct vtd_scopes *scopes,
		      const struct vtd_hop *hops, unsigned int n)
{
	return vtd_scopes_rank(scopes, hops, n);
}

/**
 * vtd_dmar_find() - which unit is in charge of a device?
 * @dmar: a parsed table
 * @segment: the device's PCI segment
 * @hops: the way to the device, from its root bus down
 * @n: length of @hops
 *
 * Section 8.3: a unit that names the device or, next best, the closest bridge
 * above it; else the one that includes all the rest of its segment.
 *
 * Return: the unit, or NULL if none is.
 */
const struct vtd_drhd *vtd_dmar_find(const struct vtd_dmar *dmar, u16 segment,
				     const struct vtd_hop *hops,
				     unsigned int n)
{
	const struct vtd_drhd *drhd, *found = NULL, *rest = NULL;
	unsigned int best = 0;

	list_for_each_entry(drhd, &dmar->drhds, node) {
		unsigned int rank;

		if (drhd->segment != segment)
			continue;
		if (drhd->include_all && !rest)
			rest = drhd;
		rank = vtd_scopes_rank(&drhd->scopes, hops, n);
		if (rank > best) {
			best = rank;
			found = drhd;
		}
	}
	return found ?: rest;
}
