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

/* log2 of the largest naturally aligned block at the start of a range. */
static unsigned int vtd_block_lg2(u64 page, u64 pages, unsigned int max_lg2)
{
	unsigned int lg2 = min_t(unsigned int, ilog2(pages), max_lg2);

	return page ? min_t(unsigned int, lg2, __ffs64(page)) : lg2;
}

/**
 * vtd_inv_range() - invalidate the translations of a range, section 6.5.2.3
 * @cmds: receives at most VTD_RANGE_CMDS descriptors
 * @caps: of the unit
 * @did: domain id
 * @range: what to cover
 *
 * A descriptor covers a naturally aligned power of two of pages, up to
 * CAP.MAMV. The blocks cover exactly the range; where the leaves were large,
 * it begins and ends on their boundaries, and so do the blocks. The hint that
 * no table went saves the caches of non-leaf entries.
 *
 * Return: how many descriptors; 0 if invalidating the domain is cheaper or
 *	the only way.
 */
unsigned int vtd_inv_range(struct invq_cmd *cmds, const struct vtd_caps *caps,
			   u16 did, const struct ioflush_range *range)
{
	u64 lo = vtd_inv_iotlb_lo(caps, VTD_GRAN_LOCAL, did);
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
