// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d invalidation descriptors
 *
 * Pure functions that write the descriptors of section 6.5.2. Units without a
 * queue get the same descriptors, see reginv.c.
 */
#include <linux/bitfield.h>
#include <linux/log2.h>

#include "inval.h"

static void vtd_inv_put(struct invq_cmd *cmd, u64 lo, u64 hi)
{
	cmd->u64s[0] = cpu_to_le64(lo);
	cmd->u64s[1] = cpu_to_le64(hi);
}

/*
 * Draining is what makes an invalidation cover requests that were translated
 * before it and are still on their way to memory: always ask for it.
 */
static u64 vtd_inv_iotlb_lo(const struct vtd_caps *caps, enum vtd_gran gran,
			    u16 did)
{
	return FIELD_PREP(VTD_INV_TYPE, VTD_INV_TYPE_IOTLB) |
	       FIELD_PREP(VTD_INV_GRAN, gran) |
	       FIELD_PREP(VTD_INV_DID, did) |
	       (caps->drain_write ? VTD_INV_IOTLB_DW : 0) |
	       (caps->drain_read ? VTD_INV_IOTLB_DR : 0);
}

/**
 * vtd_inv_context() - invalidate cached context entries, section 6.5.2.1
 * @cmd: receives the descriptor
 * @gran: how much
 * @did: domain id that the entries were cached with, unless global
 * @sid: source id, for VTD_GRAN_LOCAL; its function number is matched exactly
 */
void vtd_inv_context(struct invq_cmd *cmd, enum vtd_gran gran, u16 did,
		     u16 sid)
{
	vtd_inv_put(cmd, FIELD_PREP(VTD_INV_TYPE, VTD_INV_TYPE_CONTEXT) |
			 FIELD_PREP(VTD_INV_GRAN, gran) |
			 FIELD_PREP(VTD_INV_DID, did) |
			 FIELD_PREP(VTD_INV_CONTEXT_SID, sid), 0);
}

/**
 * vtd_inv_pasid() - invalidate cached PASID entries, section 6.5.2.2
 * @cmd: receives the descriptor
 * @gran: how much
 * @did: domain id that is in the entries, unless global
 *
 * Of all PASIDs; covers cached entries of directories, too.
 */
void vtd_inv_pasid(struct invq_cmd *cmd, enum vtd_pasid_gran gran, u16 did)
{
	vtd_inv_put(cmd, FIELD_PREP(VTD_INV_TYPE, VTD_INV_TYPE_PASID) |
			 FIELD_PREP(VTD_INV_GRAN, gran) |
			 FIELD_PREP(VTD_INV_DID, did), 0);
}

/**
 * vtd_inv_iotlb() - invalidate cached translations, section 6.5.2.3
 * @cmd: receives the descriptor
 * @caps: of the unit
 * @gran: VTD_GRAN_GLOBAL or VTD_GRAN_DOMAIN
 * @did: domain id, unless global
 *
 * Covers caches of non-leaf entries, too.
 */
void vtd_inv_iotlb(struct invq_cmd *cmd, const struct vtd_caps *caps,
		   enum vtd_gran gran, u16 did)
{
	vtd_inv_put(cmd, vtd_inv_iotlb_lo(caps, gran, did), 0);
}

/**
 * vtd_inv_wait() - store a word when all before is done, section 6.5.2.8
 * @cmd: receives the descriptor
 * @status: physical address of the word, 4-byte aligned
 * @data: the word
 *
 * With the fence: descriptors that follow begin only after the store.
 */
void vtd_inv_wait(struct invq_cmd *cmd, u64 status, u32 data)
{
	vtd_inv_put(cmd, FIELD_PREP(VTD_INV_TYPE, VTD_INV_TYPE_WAIT) |
			 VTD_INV_WAIT_SW | VTD_INV_WAIT_FN |
			 FIELD_PREP(VTD_INV_WAIT_DATA, data),
		    status & VTD_INV_WAIT_HI_ADDR);
}

/* A depth of 32 is written as 0, as in the device's capability. */
static u64 vtd_inv_device_lo(const struct vtd_atc *atc)
{
	return FIELD_PREP(VTD_INV_TYPE, VTD_INV_TYPE_DEVICE) |
	       FIELD_PREP(VTD_INV_DEVICE_PFSID_LO, atc->pfsid & 0xf) |
	       FIELD_PREP(VTD_INV_DEVICE_MIP, atc->depth % 32) |
	       FIELD_PREP(VTD_INV_DEVICE_SID, atc->sid) |
	       FIELD_PREP(VTD_INV_DEVICE_PFSID_HI, atc->pfsid >> 4);
}

/* As PCI Express has it (section 10.3.2): bit 63 clear, and all below it set */
#define VTD_INV_DEVICE_ALL	(GENMASK_ULL(62, 12) | VTD_INV_DEVICE_HI_S)

/**
 * vtd_inv_device_all() - have a device forget all translations, section 6.5.2.5
 * @cmd: receives the descriptor
 * @atc: the device
 */
void vtd_inv_device_all(struct invq_cmd *cmd, const struct vtd_atc *atc)
{
	vtd_inv_put(cmd, vtd_inv_device_lo(atc), VTD_INV_DEVICE_ALL);
}

/**
 * vtd_inv_device_whole() - make an invalidation of a device's cache one of all it has
 * @cmd: receives the descriptor
 * @part: that of a part
 */
void vtd_inv_device_whole(struct invq_cmd *cmd, const struct invq_cmd *part)
{
	cmd->u64s[0] = part->u64s[0];
	cmd->u64s[1] = cpu_to_le64(VTD_INV_DEVICE_ALL);
}

/**
 * vtd_inv_device() - have a device forget the translations of a range, section 6.5.2.5
 * @cmd: receives the descriptor
 * @atc: the device
 * @range: what to cover
 *
 * The smallest naturally aligned power of two of pages that has all of it: with S the
 * lowest address bit that is clear says how many. What is forgotten without need is
 * asked for again, which takes less than a descriptor for each block: a device answers
 * each of them.
 */
void vtd_inv_device(struct invq_cmd *cmd, const struct vtd_atc *atc,
		    const struct ioflush_range *range)
{
	u64 page = range->start >> 12, last = range->last >> 12;
	unsigned int lg2 = fls64(page ^ last);
	u64 ones = lg2 ? GENMASK_ULL(lg2 - 1, 0) >> 1 : 0;

	/* Addresses are of no more than 57 bits, so that bit 63 stays clear. */
	vtd_inv_put(cmd, vtd_inv_device_lo(atc),
		    (page >> lg2 << lg2 | ones) << 12 |
		    (lg2 ? VTD_INV_DEVICE_HI_S : 0));
}

/* log2 of the largest naturally aligned block at the start of a range. */
static unsigned int vtd_block_lg2(u64 page, u64 pages, unsigned int max_lg2)
{
	unsigned int lg2 = min_t(unsigned int, ilog2(pages), max_lg2);

	return page ? min_t(unsigned int, lg2, __ffs64(page)) : lg2;
}

/*
 * A descriptor covers a naturally aligned power of two of pages, up to
 * CAP.MAMV. The blocks cover exactly the range; where the leaves were large,
 * it begins and ends on their boundaries, and so do the blocks. The hint that
 * no table went saves the caches of non-leaf entries. The upper half is the same
 * for both stages.
 */
static __always_inline unsigned int
vtd_inv_blocks(struct invq_cmd *cmds, const struct vtd_caps *caps, u64 lo,
	       const struct ioflush_range *range)
{
	u64 hint = range->leaf_only ? VTD_INV_IOTLB_HI_IH : 0;
	u64 page = range->start >> 12;
	u64 pages = (range->last >> 12) - page + 1;
	unsigned int n = 0;

	if (unlikely(!caps->page_selective))
		return 0;

	/* Most unmaps are of one page. */
	if (likely(pages == 1)) {
		vtd_inv_put(cmds, lo, (page << 12) | hint);
		return 1;
	}
	/* Cheap to see, and the common case of a range that is too large. */
	if (pages >> caps->mamv > VTD_RANGE_CMDS)
		return 0;

	while (pages) {
		unsigned int lg2 = vtd_block_lg2(page, pages, caps->mamv);

		if (n == VTD_RANGE_CMDS)
			return 0;
		vtd_inv_put(&cmds[n++], lo, (page << 12) | hint | lg2);
		page += 1ULL << lg2;
		pages -= 1ULL << lg2;
	}
	return n;
}

/**
 * vtd_inv_range() - invalidate the second-stage translations of a range, section 6.5.2.3
 * @cmds: receives at most VTD_RANGE_CMDS descriptors
 * @caps: of the unit
 * @did: domain id
 * @range: what to cover
 *
 * Return: how many descriptors; 0 if invalidating the domain is cheaper or
 *	the only way.
 */
unsigned int vtd_inv_range(struct invq_cmd *cmds, const struct vtd_caps *caps,
			   u16 did, const struct ioflush_range *range)
{
	return vtd_inv_blocks(cmds, caps,
			      vtd_inv_iotlb_lo(caps, VTD_GRAN_LOCAL, did),
			      range);
}

/* Of PASID 0, by which requests without one go. These have no bits that ask for draining. */
static u64 vtd_inv_pasid_iotlb_lo(enum vtd_pasid_iotlb_gran gran, u16 did)
{
	return FIELD_PREP(VTD_INV_TYPE, VTD_INV_TYPE_PASID_IOTLB) |
	       FIELD_PREP(VTD_INV_GRAN, gran) |
	       FIELD_PREP(VTD_INV_DID, did);
}

/**
 * vtd_inv_pasid_iotlb() - invalidate the first-stage translations of a domain, section 6.5.2.4
 * @cmd: receives the descriptor
 * @did: domain id
 *
 * Covers caches of non-leaf entries, too.
 */
void vtd_inv_pasid_iotlb(struct invq_cmd *cmd, u16 did)
{
	vtd_inv_put(cmd, vtd_inv_pasid_iotlb_lo(VTD_PASID_IOTLB_GRAN_ALL, did), 0);
}

/**
 * vtd_inv_pasid_range() - invalidate the first-stage translations of a range, section 6.5.2.4
 * @cmds: receives at most VTD_RANGE_CMDS descriptors
 * @caps: of the unit
 * @did: domain id
 * @range: what to cover
 *
 * Return: as of vtd_inv_range().
 */
unsigned int vtd_inv_pasid_range(struct invq_cmd *cmds,
				 const struct vtd_caps *caps, u16 did,
				 const struct ioflush_range *range)
{
	return vtd_inv_blocks(cmds, caps,
			      vtd_inv_pasid_iotlb_lo(VTD_PASID_IOTLB_GRAN_PAGES,
						     did), range);
}

/**
 * vtd_inv_domain() - invalidate all translations of a domain, by what its unit walks
 * @cmd: receives the descriptor
 * @caps: of the unit
 * @did: domain id
 *
 * Section 6.5.3.3: of a unit that translates by its first stage, those that pass through
 * go by PASID, too.
 */
void vtd_inv_domain(struct invq_cmd *cmd, const struct vtd_caps *caps, u16 did)
{
	if (caps->first_stage)
		vtd_inv_pasid_iotlb(cmd, did);
	else
		vtd_inv_iotlb(cmd, caps, VTD_GRAN_DOMAIN, did);
}
