// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d scalable mode
 *
 * The context entry refers to a PASID directory, that to PASID tables, and an entry of
 * those says what a context entry says in legacy mode. Requests without a PASID go by
 * PASID 0 here, and there are no others: the context entry lets none be sent.
 *
 * A domain has one directory with one table on each unit, for all its devices there. They
 * are written before a context entry refers to them, and are not changed while one
 * does: a device goes from one domain to another by its context entry, of which what
 * matters is in 64 bits, as in legacy mode. They are freed when nothing refers to them any
 * more, neither in memory nor in a cache of hardware's.
 */
#include <linux/bitfield.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "regs.h"
#include "scalable.h"
#include "vtd.h"

#define VTD_SM_P		BIT_ULL(0)
#define VTD_SM_ADDR		GENMASK_ULL(63, 12)
#define VTD_SM_CONTEXT_DTE	BIT_ULL(2)

#define VTD_PASID_AW		GENMASK_ULL(4, 2)
#define VTD_PASID_PGTT		GENMASK_ULL(8, 6)
#define VTD_PASID_1_DID		GENMASK_ULL(15, 0)
#define VTD_PASID_1_PWSNP	BIT_ULL(23)
#define VTD_PASID_1_PGSNP	BIT_ULL(24)
#define VTD_PASID_2_FSPM	GENMASK_ULL(3, 2)

/* Section 9.6: what PGTT says */
enum vtd_pgtt {
	VTD_PGTT_FIRST = 1,
	VTD_PGTT_SECOND = 2,
	VTD_PGTT_PASS = 4,
};

/* Order of pages of struct vtd_pasids */
#define VTD_PASIDS_ORDER	1

/**
 * vtd_sm_context_encode() - a context entry of scalable mode, section 9.4
 * @context: what it is to say; @context->pasids says the rest
 *
 * P 0, DTE 2, PASIDE 3, PRE 4, PDTS 11:9, PASIDDIRPTR 63:12; RID_PASID 83:64. PDTS 0 is
 * a directory of 128 entries. The upper half is reserved.
 *
 * Return: the lower half.
 */
struct vtd_entry vtd_sm_context_encode(const struct vtd_context *context)
{
	return (struct vtd_entry) {
		.lo = (context->pasids & VTD_SM_ADDR) |
		      (context->tt == VTD_TT_DEVICE ? VTD_SM_CONTEXT_DTE : 0) |
		      VTD_SM_P,
	};
}

/**
 * vtd_sm_context_dir() - the PASID directory that a context entry refers to
 * @entry: a present context entry of scalable mode
 *
 * Return: its physical address.
 */
phys_addr_t vtd_sm_context_dir(const struct vtd_entry *entry)
{
	return entry->lo & VTD_SM_ADDR;
}

/**
 * vtd_sm_context_caches() - may the device cache translations?
 * @entry: a present context entry of scalable mode
 *
 * Return: whether it may.
 */
bool vtd_sm_context_caches(const struct vtd_entry *entry)
{
	return entry->lo & VTD_SM_CONTEXT_DTE;
}

/**
 * vtd_pasid_dir_encode() - an entry of a PASID directory, section 9.5
 * @table: the PASID table it refers to
 *
 * Return: the entry.
 */
u64 vtd_pasid_dir_encode(phys_addr_t table)
{
	return (table & VTD_SM_ADDR) | VTD_SM_P;
}

static enum vtd_pgtt vtd_pasid_pgtt(const struct vtd_context *context)
{
	if (context->tt == VTD_TT_PASS)
		return VTD_PGTT_PASS;
	return context->first_stage ? VTD_PGTT_FIRST : VTD_PGTT_SECOND;
}

/*
 * SRE, WPE, NXE and EAFE are of supervisors, of execution and of other accesses than
 * ours. A leaf of this stage cannot force snooping: PGSNP does, for all of them.
 */
static void vtd_pasid_encode_first(struct vtd_pasid *pasid,
				   const struct vtd_context *context,
				   const struct vtd_caps *caps)
{
	if (caps->snoop_control)
		pasid->word[1] |= VTD_PASID_1_PGSNP;
	pasid->word[2] = (context->root & VTD_SM_ADDR) |
			 FIELD_PREP(VTD_PASID_2_FSPM, context->levels - 4);
}

/**
 * vtd_pasid_encode() - an entry of a PASID table, section 9.6
 * @pasid: receives it
 * @context: what it is to say
 * @caps: of the unit: whether walks of the page table snoop, and if it can force snooping
 *
 * An address width of n levels is encoded as n - 2. The first stage has its levels in
 * FSPM; emulators are known to look at AW of it, too. Faults are reported.
 */
void vtd_pasid_encode(struct vtd_pasid *pasid,
		      const struct vtd_context *context,
		      const struct vtd_caps *caps)
{
	enum vtd_pgtt pgtt = vtd_pasid_pgtt(context);

	*pasid = (struct vtd_pasid) {
		.word[0] = FIELD_PREP(VTD_PASID_PGTT, pgtt) |
			   FIELD_PREP(VTD_PASID_AW, context->levels - 2) |
			   VTD_SM_P,
		.word[1] = FIELD_PREP(VTD_PASID_1_DID, context->did) |
			   (caps->ecap & VTD_ECAP_SMPWCS ? VTD_PASID_1_PWSNP : 0),
	};
	if (pgtt == VTD_PGTT_FIRST)
		vtd_pasid_encode_first(pasid, context, caps);
	else
		pasid->word[0] |= context->root & VTD_SM_ADDR;
}

/**
 * vtd_pasid_decode() - what an entry of a PASID table says
 * @pasid: one that vtd_pasid_encode() has written
 * @context: receives that, but for whether a device may cache
 */
void vtd_pasid_decode(const struct vtd_pasid *pasid,
		      struct vtd_context *context)
{
	u8 pgtt = FIELD_GET(VTD_PASID_PGTT, pasid->word[0]);
	bool first = pgtt == VTD_PGTT_FIRST;

	*context = (struct vtd_context) {
		.tt = pgtt == VTD_PGTT_PASS ? VTD_TT_PASS : VTD_TT_TABLE,
		.levels = FIELD_GET(VTD_PASID_AW, pasid->word[0]) + 2,
		.did = FIELD_GET(VTD_PASID_1_DID, pasid->word[1]),
		.root = pasid->word[first ? 2 : 0] & VTD_SM_ADDR,
		.first_stage = first,
	};
}

/**
 * vtd_pasid_of() - what a context entry says of requests without a PASID
 * @entry: a present context entry of scalable mode, of ours
 *
 * Context: any context; under a lock that keeps the entry as it is.
 * Return: the entry of PASID 0.
 */
const struct vtd_pasid *vtd_pasid_of(const struct vtd_entry *entry)
{
	const struct vtd_pasids *pasids = phys_to_virt(vtd_sm_context_dir(entry));

	return pasids->table;
}

/**
 * vtd_pasids_create() - tables for context entries to refer to
 * @unit: the unit
 * @context: what they are to say
 *
 * Context: process context.
 * Return: the tables, NULL if there is no memory.
 */
struct vtd_pasids *vtd_pasids_create(const struct vtd_unit *unit,
				     const struct vtd_context *context)
{
	struct page *page = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO,
					     VTD_PASIDS_ORDER);
	struct vtd_pasids *pasids;

	if (!page)
		return NULL;
	pasids = page_address(page);
	vtd_pasid_encode(pasids->table, context, &unit->caps);
	pasids->dir[0] = vtd_pasid_dir_encode(virt_to_phys(pasids->table));
	vtd_table_writeback(unit, pasids, sizeof(*pasids));
	return pasids;
}

/**
 * vtd_pasids_free() - free what vtd_pasids_create() made
 * @pasids: tables that hardware knows nothing of any more, or NULL
 *
 * Context: process context.
 */
void vtd_pasids_free(struct vtd_pasids *pasids)
{
	free_pages((unsigned long)pasids, VTD_PASIDS_ORDER);
}

/**
 * vtd_scalable_fits() - can units be in scalable mode?
 * @caps: decoded capabilities
 * @dmar: the platform's table
 *
 * Either stage will do. PASID caches are invalidated by the queue only. Devices that do not
 * work without their cache (ATC_REQUIRED, section 8.8) are seen to by hardware in legacy
 * mode only.
 *
 * Return: whether they can.
 */
bool vtd_scalable_fits(const struct vtd_caps *caps,
		       const struct vtd_dmar *dmar)
{
	const u64 needs = VTD_ECAP_SMTS | VTD_ECAP_QI;

	return (caps->ecap & needs) == needs &&
	       caps->ecap & (VTD_ECAP_SSTS | VTD_ECAP_FSTS) &&
	       !vtd_dmar_needs_atc(dmar);
}

/* What mainline's driver takes by the same names, and its default */
static bool vtd_scalable_on __ro_after_init =
	IS_ENABLED(CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON);

/**
 * vtd_scalable_wanted() - does the user want scalable mode where it can be had?
 *
 * Context: any context.
 * Return: whether he does.
 */
bool vtd_scalable_wanted(void)
{
	return vtd_scalable_on;
}

/**
 * vtd_scalable_option() - what intel_iommu= says about scalable mode
 * @options: its value
 * @otherwise: what holds if it says nothing
 *
 * Return: whether scalable mode is wanted.
 */
bool vtd_scalable_option(const char *options, bool otherwise)
{
	if (parse_option_str(options, "sm_off"))
		return false;
	return otherwise || parse_option_str(options, "sm_on");
}

static int __init vtd_scalable_early(char *options)
{
	if (options)
		vtd_scalable_on = vtd_scalable_option(options, vtd_scalable_on);
	return 0;
}
early_param("intel_iommu", vtd_scalable_early);
