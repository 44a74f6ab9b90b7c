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
 * @VTD_TT_TABLE: through the second-stage table, or in scalable mode either
 * @VTD_TT_DEVICE: the same, and the device may cache
 * @VTD_TT_PASS: not at all
 */
enum vtd_tt {
	VTD_TT_TABLE = 0,
	VTD_TT_DEVICE = 1,
	VTD_TT_PASS = 2,
};

/**
 * struct vtd_context - what a context entry says
 * @tt: translation type
 * @levels: levels of the table; with pass-through, the most the unit has
 * @did: domain id
 * @root: the table
 * @pasids: in scalable mode the PASID directory, by which hardware finds all the above
 *	but whether the device may cache
 * @first_stage: the table is a first-stage one
 */
struct vtd_context {
	enum vtd_tt tt;
	u8 levels;
	u16 did;
	phys_addr_t root;
	phys_addr_t pasids;
	bool first_stage;
};

struct vtd_entry vtd_root_encode(phys_addr_t table);
phys_addr_t vtd_root_table(const struct vtd_entry *entry);
struct vtd_entry vtd_context_encode(const struct vtd_context *context);
void vtd_context_decode(const struct vtd_entry *entry,
			struct vtd_context *context);
struct vtd_entry vtd_context_value(const struct vtd_unit *unit,
				   const struct vtd_context *context);
void vtd_context_read(const struct vtd_unit *unit,
		      const struct vtd_entry *entry,
		      struct vtd_context *context);
u16 vtd_context_did(const struct vtd_entry *entry);
bool vtd_context_passes(const struct vtd_entry *entry);
bool vtd_entry_present(const struct vtd_entry *entry);

int vtd_table_init(struct vtd_unit *unit);
void vtd_table_exit(struct vtd_unit *unit);
u64 vtd_table_rtaddr(const struct vtd_unit *unit, const void *root);
void vtd_table_writeback(const struct vtd_unit *unit, void *where,
			 unsigned int bytes);
int vtd_table_grow(struct vtd_unit *unit, u16 rid);
struct vtd_entry *vtd_table_context(struct vtd_unit *unit, u16 rid);
void vtd_table_set(struct vtd_unit *unit, struct vtd_entry *entry,
		   const struct vtd_entry *value);
void vtd_table_clear(struct vtd_unit *unit, struct vtd_entry *entry);

#endif /* _IOFLUSH_VTD_TABLE_H */
