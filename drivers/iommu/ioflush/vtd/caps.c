// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a VT-d unit can do
 *
 * Pure functions: registers in, decisions out.
 */
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/sizes.h>

#include "caps.h"
#include "regs.h"

/* No platform's addresses are narrower. */
#define VTD_MGAW_MIN	32

/* Input address bits that a table of @levels levels translates. */
static u8 vtd_levels_width(u8 levels)
{
	return 12 + 9 * levels;
}

/*
 * CAP.SAGAW (section 11.4.2): bit 1 stands for 39 bits in 3 levels, bit 2 for
 * 48 bits in 4. Five levels are left alone: nothing here hands out addresses
 * that wide, and a level more makes each walk longer.
 */
static u8 vtd_sagaw_levels(u64 cap)
{
	u8 sagaw = FIELD_GET(VTD_CAP_SAGAW, cap);

	return (sagaw << 2) & (BIT(3) | BIT(4));
}

/* The fewest levels that cover the widest address, else the most there are. */
static u8 vtd_pick_levels(const struct vtd_caps *caps)
{
	if (!(caps->levels_mask & BIT(4)))
		return 3;
	if (caps->levels_mask & BIT(3) &&
	    caps->mgaw_bits <= vtd_levels_width(3))
		return 3;
	return 4;
}

static unsigned long vtd_caps_pgsizes(u64 cap)
{
	u8 large = FIELD_GET(VTD_CAP_SSLPS, cap);
	unsigned long sizes = SZ_4K;

	if (large & VTD_SSLPS_2M)
		sizes |= SZ_2M;
	if (large & VTD_SSLPS_1G)
		sizes |= SZ_1G;
	return sizes;
}

/* The last register in use; the rest of the window need not be mapped. */
static u32 vtd_caps_regs_bytes(const struct vtd_caps *caps)
{
	u32 faults_end = caps->fault_offset +
			 caps->fault_regs * VTD_FRCD_BYTES;
	u32 iotlb_end = caps->iotlb_offset + VTD_REG_IOTLB + sizeof(u64);

	return max3((u32)SZ_4K, faults_end, iotlb_end);
}

/**
 * vtd_caps_decode() - make sense of a unit's capability registers
 * @caps: receives the result
 * @cap: CAP_REG
 * @ecap: ECAP_REG
 *
 * Context: any context.
 * Return: 0; -ENODEV if nothing answers at these registers; -EOPNOTSUPP if
 *	the unit has no second-stage table of three or four levels, or accepts
 *	less than 32 bits of address.
 */
int vtd_caps_decode(struct vtd_caps *caps, u64 cap, u64 ecap)
{
	if ((!cap && !ecap) || (cap == ~0ULL && ecap == ~0ULL))
		return -ENODEV;

	*caps = (struct vtd_caps) {
		.cap = cap,
		.ecap = ecap,
		.domains = 1U << (4 + 2 * FIELD_GET(VTD_CAP_ND, cap)),
		.mgaw_bits = FIELD_GET(VTD_CAP_MGAW, cap) + 1,
		.levels_mask = vtd_sagaw_levels(cap),
		.mamv = FIELD_GET(VTD_CAP_MAMV, cap),
		.fault_regs = FIELD_GET(VTD_CAP_NFR, cap) + 1,
		.fault_offset = FIELD_GET(VTD_CAP_FRO, cap) * 16,
		.iotlb_offset = FIELD_GET(VTD_ECAP_IRO, ecap) * 16,
		.pgsize_bitmap = vtd_caps_pgsizes(cap),
		.must_write_flush = cap & VTD_CAP_RWBF,
		.protected_regions = cap & (VTD_CAP_PLMR | VTD_CAP_PHMR),
		.caching_mode = cap & VTD_CAP_CM,
		.page_selective = cap & VTD_CAP_PSI,
		.drain_write = cap & VTD_CAP_DWD,
		.drain_read = cap & VTD_CAP_DRD,
		.coherent = ecap & VTD_ECAP_C,
		.coherent_walk = ecap & VTD_ECAP_C,
		.queued = ecap & VTD_ECAP_QI,
		.pass_through = ecap & VTD_ECAP_PT,
		.snoop_control = ecap & VTD_ECAP_SC,
	};
	caps->regs_bytes = vtd_caps_regs_bytes(caps);
	if (!caps->levels_mask || caps->mgaw_bits < VTD_MGAW_MIN)
		return -EOPNOTSUPP;

	/* Domain ids are 16 bits wide; the encoding allows for more. */
	caps->domains = min(caps->domains, 1U << 16);
	/* The widest one, also where we do not use it: section 9.3, AW. */
	caps->levels_max = fls(FIELD_GET(VTD_CAP_SAGAW, cap) &
			       VTD_SAGAW_KNOWN) + 1;
	caps->levels = vtd_pick_levels(caps);
	return 0;
}

/*
 * Section 3.6: four levels are what all have that have a first stage, and so are pages of
 * 2 MiB. FS1GP and FS5LP say what else. As of the second stage, five levels are not asked
 * for. What pass-through wants to be told stays the second stage's.
 */
static void vtd_caps_set_first(struct vtd_caps *caps)
{
	caps->first_stage = true;
	caps->levels = 4;
	caps->levels_mask = BIT(4);
	if (caps->cap & VTD_CAP_FS5LP)
		caps->levels_mask |= BIT(5);
	caps->pgsize_bitmap = SZ_4K | SZ_2M;
	if (caps->cap & VTD_CAP_FS1GP)
		caps->pgsize_bitmap |= SZ_1G;
}

/**
 * vtd_caps_set_scalable() - what is different in scalable mode
 * @caps: decoded capabilities, as of legacy mode
 *
 * Section 11.4.3: whether walks of page tables snoop is said by SMPWCS there. For root,
 * context and PASID tables C goes on to hold. A unit translates by its second stage if it
 * has one in this mode, by which a page can be only written, else by its first.
 */
void vtd_caps_set_scalable(struct vtd_caps *caps)
{
	caps->coherent_walk = caps->ecap & VTD_ECAP_SMPWCS;
	if (!(caps->ecap & VTD_ECAP_SSTS))
		vtd_caps_set_first(caps);
}

/**
 * vtd_caps_queue() - does a unit take invalidations by its queue?
 * @caps: decoded capabilities
 * @version: VER_REG
 * @wanted: if it can take them by registers, too
 *
 * Section 6.5.1: from major version 6 on there are no registers for them.
 *
 * Return: 1 or, by registers, 0; -EOPNOTSUPP if there is no way.
 */
int vtd_caps_queue(const struct vtd_caps *caps, u8 version, bool wanted)
{
	bool registers = FIELD_GET(VTD_VER_MAJOR, version) < VTD_VER_QUEUE_ONLY;

	if (caps->queued && (wanted || !registers))
		return 1;
	return registers ? 0 : -EOPNOTSUPP;
}

/*
 * Section 3.6: a first stage takes canonical addresses, whose upper half is not handed out.
 */
static u8 vtd_caps_width(const struct vtd_caps *caps)
{
	return vtd_levels_width(caps->levels) - caps->first_stage;
}

/**
 * vtd_caps_format() - the format of the page tables that suit a unit
 * @caps: decoded capabilities
 *
 * Return: its functions.
 */
const struct iopgt_ops *vtd_caps_format(const struct vtd_caps *caps)
{
	return caps->first_stage ? &iopgt_x86_64_ops : &iopgt_vtdss_ops;
}

/**
 * vtd_caps_pgt_cfg() - the page table that suits a unit
 * @caps: decoded capabilities
 * @haw_bits: the platform's address width, from the DMAR table
 * @cfg: receives the result
 */
void vtd_caps_pgt_cfg(const struct vtd_caps *caps, u8 haw_bits,
		      struct iopgt_cfg *cfg)
{
	*cfg = (struct iopgt_cfg) {
		.ias_bits = vtd_caps_width(caps),
		.oas_bits = haw_bits,
		.pgsize_bitmap = caps->pgsize_bitmap,
		.coherent_walk = caps->coherent_walk,
		.nid = NUMA_NO_NODE,
	};
}

/**
 * vtd_caps_last() - the last address that a unit translates
 * @caps: decoded capabilities
 *
 * A table may be wider than what the unit accepts.
 *
 * Return: the address.
 */
u64 vtd_caps_last(const struct vtd_caps *caps)
{
	return GENMASK_ULL(min(caps->mgaw_bits, vtd_caps_width(caps)) - 1, 0);
}

/**
 * vtd_caps_fit() - can a unit walk a table that was made for another?
 * @caps: decoded capabilities
 * @haw_bits: the platform's address width, from the DMAR table
 * @pgt: the table
 * @last: the last address that it may translate
 *
 * Return: whether its format, widths, leaf sizes and attributes are all the unit's.
 */
bool vtd_caps_fit(const struct vtd_caps *caps, u8 haw_bits,
		  const struct iopgt *pgt, u64 last)
{
	const struct iopgt_cfg *cfg = &pgt->cfg;

	return pgt->ops == vtd_caps_format(caps) &&
	       caps->levels_mask & BIT(pgt->levels) &&
	       last <= GENMASK_ULL(caps->mgaw_bits - 1, 0) &&
	       cfg->oas_bits <= haw_bits &&
	       !(cfg->pgsize_bitmap & ~caps->pgsize_bitmap) &&
	       (caps->coherent_walk || !cfg->coherent_walk) &&
	       (caps->snoop_control || !cfg->snoop_ctl);
}
