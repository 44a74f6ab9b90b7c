/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: VT-d root and context tables
 */
#ifndef _IOFLUSH_VTD_TABLE_H
#define _IOFLUSH_VTD_TABLE_H

#include <linux/types.h>

struct vtd_unit;

/** VTD_ENTRIES - entries of a root table and of a context table */
#define VTD_ENTRIES 256

/**
 * struct vtd_entry - a root entry or a context entry
 * @lo: low half; bit 0 says that the entry is present
 * @hi: high half
 */
struct vtd_entry {
	u64 lo;
	u64 hi;
};

/**
 * enum vtd_tt - translation type of a context entry, section 9.3
 * @VTD_TT_TABLE: through the second-stage table
 * @VTD_TT_PASS: not at all
 */
enum vtd_tt {
	VTD_TT_TABLE = 0,
	VTD_TT_PASS = 2,
};

/**
 * struct vtd_context - what a context entry says
 * @tt: translation type
 * @levels: levels of the table; with pass-through, the most the unit has
 * @did: domain id
 * @root: the table
 */
struct vtd_context {
	enum vtd_tt tt;
	u8 levels;
	u16 did;
	phys_addr_t root;
};

struct vtd_entry vtd_root_encode(phys_addr_t table);
phys_addr_t vtd_root_table(const struct vtd_entry *entry);
struct vtd_entry vtd_context_encode(const struct vtd_context *context);
u16 vtd_context_did(const struct vtd_entry *entry);
bool vtd_entry_present(const struct vtd_entry *entry);

int vtd_table_init(struct vtd_unit *unit);
void vtd_table_exit(struct vtd_unit *unit);
int vtd_table_grow(struct vtd_unit *unit, u8 bus);
struct vtd_entry *vtd_table_context(struct vtd_unit *unit, u16 rid);
void vtd_table_set(struct vtd_unit *unit, struct vtd_entry *entry,
		   const struct vtd_entry *value);
void vtd_table_clear(struct vtd_unit *unit, struct vtd_entry *entry);

#endif /* _IOFLUSH_VTD_TABLE_H */
