/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: VT-d invalidation descriptors
 */
#ifndef _IOFLUSH_VTD_INVAL_H
#define _IOFLUSH_VTD_INVAL_H

#include <linux/bits.h>
#include <linux/ioflush/flush.h>
#include <linux/ioflush/invq.h>

#include "caps.h"

/** VTD_RANGE_CMDS - descriptors that one range may take */
#define VTD_RANGE_CMDS 32

#define VTD_INV_TYPE		GENMASK_ULL(3, 0)
#define VTD_INV_TYPE_CONTEXT	1
#define VTD_INV_TYPE_IOTLB	2
#define VTD_INV_TYPE_WAIT	5

#define VTD_INV_GRAN		GENMASK_ULL(5, 4)
#define VTD_INV_DID		GENMASK_ULL(31, 16)

#define VTD_INV_CONTEXT_SID	GENMASK_ULL(47, 32)
#define VTD_INV_CONTEXT_FM	GENMASK_ULL(49, 48)

#define VTD_INV_IOTLB_DW	BIT_ULL(6)
#define VTD_INV_IOTLB_DR	BIT_ULL(7)
#define VTD_INV_IOTLB_HI_AM	GENMASK_ULL(5, 0)
#define VTD_INV_IOTLB_HI_IH	BIT_ULL(6)
#define VTD_INV_IOTLB_HI_ADDR	GENMASK_ULL(63, 12)

#define VTD_INV_WAIT_SW		BIT_ULL(5)
#define VTD_INV_WAIT_FN		BIT_ULL(6)
#define VTD_INV_WAIT_DATA	GENMASK_ULL(63, 32)
#define VTD_INV_WAIT_HI_ADDR	GENMASK_ULL(63, 2)

/**
 * enum vtd_gran - what an invalidation covers
 * @VTD_GRAN_GLOBAL: all entries
 * @VTD_GRAN_DOMAIN: those of one domain id
 * @VTD_GRAN_LOCAL: of one source id, or of one naturally aligned range
 */
enum vtd_gran {
	VTD_GRAN_GLOBAL = 1,
	VTD_GRAN_DOMAIN = 2,
	VTD_GRAN_LOCAL = 3,
};

void vtd_inv_context(struct invq_cmd *cmd, enum vtd_gran gran, u16 did,
		     u16 sid);
void vtd_inv_iotlb(struct invq_cmd *cmd, const struct vtd_caps *caps,
		   enum vtd_gran gran, u16 did);
void vtd_inv_wait(struct invq_cmd *cmd, u64 status, u32 data);
unsigned int vtd_inv_range(struct invq_cmd *cmds, const struct vtd_caps *caps,
			   u16 did, const struct ioflush_range *range);

#endif /* _IOFLUSH_VTD_INVAL_H */
