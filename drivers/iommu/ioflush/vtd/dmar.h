/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the ACPI DMAR table
 */
#ifndef _IOFLUSH_VTD_DMAR_H
#define _IOFLUSH_VTD_DMAR_H

#include <linux/list.h>
#include <linux/types.h>

struct acpi_dmar_pci_path;

/** VTD_HOPS_MAX - bridges between a root bus and a device, device included */
#define VTD_HOPS_MAX 32

/**
 * struct vtd_scopes - the device scopes of one structure, still encoded
 * @first: the first one
 * @bytes: length of all
 */
struct vtd_scopes {
	const u8 *first;
	u16 bytes;
};

/**
 * struct vtd_scope - one device scope
 * @type: enum acpi_dmar_scope_type
 * @bus: bus that the path begins on
 * @depth: length of @path
 * @path: device and function on each bus on the way
 */
struct vtd_scope {
	u8 type;
	u8 bus;
	u8 depth;
	const struct acpi_dmar_pci_path *path;
};

/**
 * struct vtd_drhd - a hardware unit that firmware describes
 * @node: on the table's list, in its order
 * @base: address of the registers
 * @segment: PCI segment
 * @include_all: is in charge of all devices that no other unit names
 * @scopes: devices that it is in charge of
 */
struct vtd_drhd {
	struct list_head node;
	u64 base;
	u16 segment;
	bool include_all;
	struct vtd_scopes scopes;
};

/**
 * struct vtd_rmrr - memory that firmware lets devices use behind our back
 * @node: on the table's list
 * @base: first byte
 * @last: last byte
 * @segment: PCI segment
 * @scopes: which devices
 */
struct vtd_rmrr {
	struct list_head node;
	u64 base;
	u64 last;
	u16 segment;
	struct vtd_scopes scopes;
};

/**
 * struct vtd_dmar - a parsed table
 * @haw_bits: width of the platform's addresses
 * @flags: as in the table
 * @drhds: struct vtd_drhd
 * @rmrrs: struct vtd_rmrr
 *
 * Points into the table it was made from, which has to stay mapped.
 */
struct vtd_dmar {
	u8 haw_bits;
	u8 flags;
	struct list_head drhds;
	struct list_head rmrrs;
};

/**
 * struct vtd_dmar_error - what is wrong with a table
 * @why: in words
 * @offset: where
 */
struct vtd_dmar_error {
	const char *why;
	u32 offset;
};

/**
 * struct vtd_hop - one step on the way to a PCI device
 * @bus: bus number
 * @devfn: device and function on it
 */
struct vtd_hop {
	u8 bus;
	u8 devfn;
};

/**
 * enum vtd_match - how a scope relates to a device
 * @VTD_MATCH_NONE: not at all
 * @VTD_MATCH_BELOW: the scope names a bridge above the device
 * @VTD_MATCH_EXACT: the scope names the device
 */
enum vtd_match {
	VTD_MATCH_NONE,
	VTD_MATCH_BELOW,
	VTD_MATCH_EXACT,
};

int vtd_dmar_parse(struct vtd_dmar *dmar, const void *table, size_t bytes,
		   struct vtd_dmar_error *error);
void vtd_dmar_free(struct vtd_dmar *dmar);

bool vtd_scope_next(const struct vtd_scopes *scopes, unsigned int *pos,
		    struct vtd_scope *scope);
enum vtd_match vtd_scope_match(const struct vtd_scope *scope,
			       const struct vtd_hop *hops, unsigned int n);
bool vtd_scopes_cover(const struct vtd_scopes *scopes,
		      const struct vtd_hop *hops, unsigned int n);
const struct vtd_drhd *vtd_dmar_find(const struct vtd_dmar *dmar, u16 segment,
				     const struct vtd_hop *hops,
				     unsigned int n);

#endif /* _IOFLUSH_VTD_DMAR_H */
