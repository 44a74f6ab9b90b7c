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
#define VTD_INV_TYPE_DEVICE	3
#define VTD_INV_TYPE_WAIT	5
#define VTD_INV_TYPE_PASID_IOTLB	6
#define VTD_INV_TYPE_PASID	7

#define VTD_INV_GRAN		GENMASK_ULL(5, 4)
#define VTD_INV_DID		GENMASK_ULL(31, 16)

#define VTD_INV_CONTEXT_SID	GENMASK_ULL(47, 32)
#define VTD_INV_CONTEXT_FM	GENMASK_ULL(49, 48)

#define VTD_INV_IOTLB_DW	BIT_ULL(6)
#define VTD_INV_IOTLB_DR	BIT_ULL(7)
#define VTD_INV_IOTLB_HI_AM	GENMASK_ULL(5, 0)
#define VTD_INV_IOTLB_HI_IH	BIT_ULL(6)
#define VTD_INV_IOTLB_HI_ADDR	GENMASK_ULL(63, 12)

#define VTD_INV_DEVICE_PFSID_LO	GENMASK_ULL(15, 12)
#define VTD_INV_DEVICE_MIP	GENMASK_ULL(20, 16)
#define VTD_INV_DEVICE_SID	GENMASK_ULL(47, 32)
#define VTD_INV_DEVICE_PFSID_HI	GENMASK_ULL(63, 52)
#define VTD_INV_DEVICE_HI_S	BIT_ULL(0)

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

/**
 * enum vtd_pasid_gran - what an invalidation of PASID caches covers
 * @VTD_PASID_GRAN_DOMAIN: entries of one domain id
 * @VTD_PASID_GRAN_GLOBAL: all
 */
enum vtd_pasid_gran {
	VTD_PASID_GRAN_DOMAIN = 0,
	VTD_PASID_GRAN_GLOBAL = 3,
};

/**
 * enum vtd_pasid_iotlb_gran - what a PASID-based invalidation of the IOTLB covers
 * @VTD_PASID_IOTLB_GRAN_ALL: all of one PASID in one domain id
 * @VTD_PASID_IOTLB_GRAN_PAGES: one naturally aligned range of it
 */
enum vtd_pasid_iotlb_gran {
	VTD_PASID_IOTLB_GRAN_ALL = 2,
	VTD_PASID_IOTLB_GRAN_PAGES = 3,
};

/**
 * struct vtd_atc - a device that caches translations, as descriptors name it
 * @sid: source id that its requests carry
 * @pfsid: that of its physical function, whose queue of invalidations it shares; 0 for
 *	a unit that does not want to know
 * @depth: how many invalidations that queue takes, up to 32
 */
struct vtd_atc {
	u16 sid;
	u16 pfsid;
	u8 depth;
};

void vtd_inv_device(struct invq_cmd *cmd, const struct vtd_atc *atc,
		    const struct ioflush_range *range);
void vtd_inv_device_all(struct invq_cmd *cmd, const struct vtd_atc *atc);
void vtd_inv_device_whole(struct invq_cmd *cmd, const struct invq_cmd *part);
void vtd_inv_context(struct invq_cmd *cmd, enum vtd_gran gran, u16 did,
		     u16 sid);
void vtd_inv_pasid(struct invq_cmd *cmd, enum vtd_pasid_gran gran, u16 did);
void vtd_inv_iotlb(struct invq_cmd *cmd, const struct vtd_caps *caps,
		   enum vtd_gran gran, u16 did);
void vtd_inv_pasid_iotlb(struct invq_cmd *cmd, u16 did);
void vtd_inv_domain(struct invq_cmd *cmd, const struct vtd_caps *caps, u16 did);
void vtd_inv_wait(struct invq_cmd *cmd, u64 status, u32 data);
unsigned int vtd_inv_range(struct invq_cmd *cmds, const struct vtd_caps *caps,
			   u16 did, const struct ioflush_range *range);
unsigned int vtd_inv_pasid_range(struct invq_cmd *cmds,
				 const struct vtd_caps *caps, u16 did,
				 const struct ioflush_range *range);

#endif /* _IOFLUSH_VTD_INVAL_H */
