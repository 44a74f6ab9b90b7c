// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which unit is in charge of a device
 *
 * A scope names a device by its way down from a bus: bus numbers below a
 * bridge may be assigned anew after the table was made, so only the first is
 * taken from the table. A device is given as the same kind of way, from its
 * root bus down, see way.c. Nothing here touches a device.
 */
#include <linux/acpi.h>
#include <linux/errno.h>
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
		.number = raw->enumeration_id,
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
 * @way: the way to the device
 *
 * A path begins on a root bus as a rule, but need not. A namespace device is named by
 * its number; its path is what its requests carry.
 *
 * Return: the relation; only a bridge has something below it.
 */
enum vtd_match vtd_scope_match(const struct vtd_scope *scope,
			       const struct vtd_way *way)
{
	const struct vtd_hop *hops = way->hops;
	bool bridge = scope->type == ACPI_DMAR_SCOPE_TYPE_BRIDGE;

	if (scope->type == ACPI_DMAR_SCOPE_TYPE_NAMESPACE)
		return scope->number == way->named ? VTD_MATCH_EXACT :
						     VTD_MATCH_NONE;
	if (!bridge && scope->type != ACPI_DMAR_SCOPE_TYPE_ENDPOINT)
		return VTD_MATCH_NONE;

	for (unsigned int i = 0; i + scope->depth <= way->n; i++) {
		if (hops[i].bus != scope->bus ||
		    !vtd_path_matches(scope, hops + i))
			continue;
		if (i + scope->depth == way->n)
			return VTD_MATCH_EXACT;
		if (bridge)
			return VTD_MATCH_BELOW;
	}
	return VTD_MATCH_NONE;
}

/* How well the best of the scopes matches: 0 not at all, more is better. */
static unsigned int vtd_scopes_rank(const struct vtd_scopes *scopes,
				    const struct vtd_way *way)
{
	unsigned int pos = 0, best = 0;
	struct vtd_scope scope;

	while (vtd_scope_next(scopes, &pos, &scope)) {
		enum vtd_match match = vtd_scope_match(&scope, way);
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
 * @way: the way to the device
 *
 * A virtual function is behind its physical function's unit, but what firmware uses the
 * physical function for is not its own.
 *
 * Return: true if a scope names it or a bridge above it.
 */
bool vtd_scopes_cover(const struct vtd_scopes *scopes,
		      const struct vtd_way *way)
{
	unsigned int pos = 0;
	struct vtd_scope scope;

	while (vtd_scope_next(scopes, &pos, &scope)) {
		enum vtd_match match = vtd_scope_match(&scope, way);

		if (match == VTD_MATCH_BELOW ||
		    (match == VTD_MATCH_EXACT && !way->virtual))
			return true;
	}
	return false;
}

/**
 * vtd_scopes_source() - the source id that a namespace device's requests carry
 * @scopes: of the unit in charge of it
 * @number: its enumeration id
 *
 * Section 8.3.1.1
 *
 * Return: the source id, or -ENODEV where firmware gives none that is certain: bus
 *	numbers below bridges are not firmware's.
 */
int vtd_scopes_source(const struct vtd_scopes *scopes, int number)
{
	unsigned int pos = 0;
	struct vtd_scope scope;

	while (vtd_scope_next(scopes, &pos, &scope))
		if (scope.type == ACPI_DMAR_SCOPE_TYPE_NAMESPACE &&
		    scope.number == number && scope.depth == 1)
			return PCI_DEVID(scope.bus,
					 PCI_DEVFN(scope.path->device,
						   scope.path->function));
	return -ENODEV;
}

/**
 * vtd_dmar_find() - which unit is in charge of a device?
 * @dmar: a parsed table
 * @way: the way to the device
 *
 * Section 8.3: a unit that names the device or, next best, the closest bridge
 * above it; else the one that includes all the rest of its segment. Namespace devices
 * are in the segment of the unit that names them, and in no rest.
 *
 * Return: the unit, or NULL if none is.
 */
const struct vtd_drhd *vtd_dmar_find(const struct vtd_dmar *dmar,
				     const struct vtd_way *way)
{
	const struct vtd_drhd *drhd, *found = NULL, *rest = NULL;
	bool named = way->named != VTD_NOT_NAMED;
	unsigned int best = 0;

	list_for_each_entry(drhd, &dmar->drhds, node) {
		unsigned int rank;

		if (!named && drhd->segment != way->segment)
			continue;
		if (drhd->include_all && !rest && !named)
			rest = drhd;
		rank = vtd_scopes_rank(&drhd->scopes, way);
		if (rank > best) {
			best = rank;
			found = drhd;
		}
	}
	return found ?: rest;
}

/* Does a structure of the segment name the device? The flag is its, too. */
static const struct vtd_ats_scopes *
vtd_ats_find(const struct list_head *list, const struct vtd_way *way)
{
	const struct vtd_ats_scopes *ats;
	struct vtd_scope scope;

	list_for_each_entry(ats, list, node) {
		unsigned int pos = 0;

		if (ats->segment != way->segment)
			continue;
		while (vtd_scope_next(&ats->scopes, &pos, &scope))
			if (vtd_scope_match(&scope, way) == VTD_MATCH_EXACT)
				return ats;
	}
	return NULL;
}

static bool vtd_ats_all_ports(const struct vtd_dmar *dmar, u16 segment)
{
	const struct vtd_ats_scopes *ats;

	list_for_each_entry(ats, &dmar->atsrs, node)
		if (ats->segment == segment && ats->flag)
			return true;
	return false;
}

/**
 * vtd_dmar_needs_atc() - has the platform devices that do not work without their cache?
 * @dmar: a parsed table
 *
 * Section 8.8. In legacy mode the platform itself has them use it.
 *
 * Return: whether it has.
 */
bool vtd_dmar_needs_atc(const struct vtd_dmar *dmar)
{
	const struct vtd_ats_scopes *satc;

	list_for_each_entry(satc, &dmar->satcs, node)
		if (satc->flag)
			return true;
	return false;
}

/**
 * vtd_dmar_allows_ats() - does the platform let a device ask for translations?
 * @dmar: a parsed table
 * @way: the way to the device
 * @port: it begins at a root port
 *
 * Sections 8.5 and 8.8. The platform itself has those that do not work without cache, as
 * long as a unit is in legacy mode. A device on a root bus is a part of the platform, and
 * older tables have no structure that would name it.
 *
 * Return: whether it does.
 */
bool vtd_dmar_allows_ats(const struct vtd_dmar *dmar,
			 const struct vtd_way *way, bool port)
{
	const struct vtd_ats_scopes *satc = vtd_ats_find(&dmar->satcs, way);
	struct vtd_way root = *way;

	if (satc)
		return !satc->flag;
	if (!port)
		return true;
	root.n = 1;
	return vtd_ats_all_ports(dmar, way->segment) ||
	       vtd_ats_find(&dmar->atsrs, &root);
}
