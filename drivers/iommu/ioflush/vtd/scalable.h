/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: VT-d scalable mode: what its entries say
 *
 * Layouts by section of the Intel Virtualization Technology for Directed I/O
 * architecture specification, revision 4.1. A scalable-mode root entry (9.2) has the
 * format of a root entry in each half: the lower is for devices 0 to 15 of the bus, the
 * upper for 16 to 31.
 */
#ifndef _IOFLUSH_VTD_SCALABLE_H
#define _IOFLUSH_VTD_SCALABLE_H

#include <linux/build_bug.h>
#include <linux/sizes.h>

#include "caps.h"
#include "dmar.h"
#include "table.h"

/** VTD_SM_ENTRY_LG2 - log2 of a scalable-mode context entry in struct vtd_entry */
#define VTD_SM_ENTRY_LG2	1

/** VTD_TTM_SCALABLE - RTADDR.TTM of a root table in scalable mode, section 11.4.5 */
#define VTD_TTM_SCALABLE	1

/** VTD_PASID_DIR - entries of a page of a PASID directory; ours use the first */
#define VTD_PASID_DIR	512

/** VTD_PASID_TABLE - entries of a PASID table */
#define VTD_PASID_TABLE	64

/**
 * struct vtd_pasid - an entry of a PASID table, section 9.6
 * @word: P 0, AW 4:2, PGTT 8:6, SSPTPTR 63:12; in the next DID 15:0, PWSNP 23, PGSNP 24;
 *	in the third, of first-stage translation, FSPM 3:2, FSPTPTR 63:12. The others are 0
 */
struct vtd_pasid {
	u64 word[8];
};

/**
 * struct vtd_pasids - a PASID directory with the one table that it refers to
 * @dir: entries of section 9.5: P 0, SMPTBLPTR 63:12
 * @table: of PASIDs up to 63. Requests without a PASID go by the first
 */
struct vtd_pasids {
	u64 dir[VTD_PASID_DIR];
	struct vtd_pasid table[VTD_PASID_TABLE];
};

static_assert(offsetof(struct vtd_pasids, table) == SZ_4K);
static_assert(sizeof(struct vtd_pasids) == 2 * SZ_4K);

struct vtd_entry vtd_sm_context_encode(const struct vtd_context *context);
phys_addr_t vtd_sm_context_dir(const struct vtd_entry *entry);
bool vtd_sm_context_caches(const struct vtd_entry *entry);
u64 vtd_pasid_dir_encode(phys_addr_t table);
void vtd_pasid_encode(struct vtd_pasid *pasid,
		      const struct vtd_context *context,
		      const struct vtd_caps *caps);
void vtd_pasid_decode(const struct vtd_pasid *pasid,
		      struct vtd_context *context);

const struct vtd_pasid *vtd_pasid_of(const struct vtd_entry *entry);
struct vtd_pasids *vtd_pasids_create(const struct vtd_unit *unit,
				     const struct vtd_context *context);
void vtd_pasids_free(struct vtd_pasids *pasids);

bool vtd_scalable_wanted(void);
bool vtd_scalable_fits(const struct vtd_caps *caps,
		       const struct vtd_dmar *dmar);

/* For tests */
bool vtd_scalable_option(const char *options, bool otherwise);

#endif /* _IOFLUSH_VTD_SCALABLE_H */
