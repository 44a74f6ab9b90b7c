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

/** VTD_NOT_NAMED - in place of the number of a device that is no namespace device */
#define VTD_NOT_NAMED	(-1)

/** VTD_NO_PROXIMITY - in place of a proximity domain that is not known */
#define VTD_NO_PROXIMITY (-1)

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
 * @number: enumeration id, of interrupt sources and of namespace devices
 * @bus: bus that the path begins on
 * @depth: length of @path
 * @path: device and function on each bus on the way
 */
struct vtd_scope {
	u8 type;
	u8 number;
	u8 bus;
	u8 depth;
	const struct acpi_dmar_pci_path *path;
};

/**
 * struct vtd_drhd - a hardware unit that firmware describes
 * @node: on the table's list, in its order
 * @base: address of the registers, 0 if firmware gives none that can be. What is said
 *	of its devices holds nevertheless: no other unit is in charge of them. Several
 *	structures may be about one unit
 * @segment: PCI segment
 * @include_all: is in charge of all devices that no other unit names
 * @proximity: proximity domain, or VTD_NO_PROXIMITY
 * @scopes: devices that it is in charge of
 */
struct vtd_drhd {
	struct list_head node;
	u64 base;
	u16 segment;
	bool include_all;
	int proximity;
	struct vtd_scopes scopes;
};

/**
 * struct vtd_rmrr - memory that firmware lets devices use behind our back
 * @node: on the table's list
 * @base: first byte, of a page
 * @last: last byte, of a page
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
 * struct vtd_andd - a device that the ACPI namespace has, and PCI has not
 * @node: on the table's list
 * @number: enumeration id, by which scopes name it
 * @name: its full path there
 */
struct vtd_andd {
	struct list_head node;
	u8 number;
	const char *name;
};

/**
 * struct vtd_ats_scopes - what firmware says of devices that cache translations
 * @node: on one of the table's lists
 * @segment: PCI segment
 * @flag: of root ports (ATSR): all of the segment are meant; of devices that are a part
 *	of the platform (SATC): they do not work without
 * @scopes: which root ports, or which devices
 */
struct vtd_ats_scopes {
	struct list_head node;
	u16 segment;
	bool flag;
	struct vtd_scopes scopes;
};

/**
 * struct vtd_dmar - a parsed table
 * @haw_bits: width of the platform's addresses
 * @flags: as in the table
 * @drhds: struct vtd_drhd
 * @rmrrs: struct vtd_rmrr
 * @andds: struct vtd_andd
 * @atsrs: struct vtd_ats_scopes of root ports
 * @satcs: struct vtd_ats_scopes of devices
 *
 * Points into the table it was made from, which has to stay mapped.
 */
struct vtd_dmar {
	u8 haw_bits;
	u8 flags;
	struct list_head drhds;
	struct list_head rmrrs;
	struct list_head andds;
	struct list_head atsrs;
	struct list_head satcs;
};

/**
 * struct vtd_dmar_log - who is told what is wrong with a table
 * @odd: called for each thing that is; @offset is where in the table, @why says what
 *	it is and what is made of it
 */
struct vtd_dmar_log {
	void (*odd)(struct vtd_dmar_log *log, u32 offset, const char *why);
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
 * struct vtd_way - where a device is
 * @segment: PCI segment
 * @named: enumeration id of a namespace device, or VTD_NOT_NAMED
 * @virtual: the way is that of the physical function whose virtual function it is
 * @n: number of @hops; 0 for a namespace device
 * @hops: the way to a PCI device, from its root bus down
 */
struct vtd_way {
	u16 segment;
	s16 named;
	bool virtual;
	u8 n;
	struct vtd_hop hops[VTD_HOPS_MAX];
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
		   struct vtd_dmar_log *log);
void vtd_dmar_free(struct vtd_dmar *dmar);

bool vtd_scope_next(const struct vtd_scopes *scopes, unsigned int *pos,
		    struct vtd_scope *scope);
enum vtd_match vtd_scope_match(const struct vtd_scope *scope,
			       const struct vtd_way *way);
bool vtd_scopes_cover(const struct vtd_scopes *scopes,
		      const struct vtd_way *way);
int vtd_scopes_source(const struct vtd_scopes *scopes, int number);
const struct vtd_drhd *vtd_dmar_find(const struct vtd_dmar *dmar,
				     const struct vtd_way *way);
bool vtd_dmar_needs_atc(const struct vtd_dmar *dmar);
bool vtd_dmar_allows_ats(const struct vtd_dmar *dmar,
			 const struct vtd_way *way, bool port);

#endif /* _IOFLUSH_VTD_DMAR_H */
