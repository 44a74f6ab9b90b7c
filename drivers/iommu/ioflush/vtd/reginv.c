// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d invalidation through registers
 *
 * Section 6.5.1, for units without an invalidation queue. It takes the
 * descriptors that a queue would take, so that the layers above need not know
 * about such units.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>

#include "inval.h"
#include "reginv.h"
#include "regs.h"
#include "vtd.h"

/**
 * vtd_reginv_ccmd() - the CCMD_REG value for a context-cache descriptor
 * @lo: low half of the descriptor
 *
 * Section 11.4.6.1
 *
 * Return: the value, which starts the invalidation.
 */
u64 vtd_reginv_ccmd(u64 lo)
{
	return VTD_CCMD_ICC |
	       FIELD_PREP(VTD_CCMD_CIRG, FIELD_GET(VTD_INV_GRAN, lo)) |
	       FIELD_PREP(VTD_CCMD_FM, FIELD_GET(VTD_INV_CONTEXT_FM, lo)) |
	       FIELD_PREP(VTD_CCMD_SID, FIELD_GET(VTD_INV_CONTEXT_SID, lo)) |
	       FIELD_PREP(VTD_CCMD_DID, FIELD_GET(VTD_INV_DID, lo));
}

/**
 * vtd_reginv_iotlb() - the IOTLB_REG value for an IOTLB descriptor
 * @lo: low half of the descriptor
 *
 * Section 11.4.6.2. The high half has the format of IVA_REG as it is.
 *
 * Return: the value, which starts the invalidation.
 */
u64 vtd_reginv_iotlb(u64 lo)
{
	return VTD_IOTLB_IVT |
	       FIELD_PREP(VTD_IOTLB_IIRG, FIELD_GET(VTD_INV_GRAN, lo)) |
	       (lo & VTD_INV_IOTLB_DW ? VTD_IOTLB_DW : 0) |
	       (lo & VTD_INV_IOTLB_DR ? VTD_IOTLB_DR : 0) |
	       FIELD_PREP(VTD_IOTLB_DID, FIELD_GET(VTD_INV_DID, lo));
}

static u32 vtd_reginv_begin_iotlb(struct vtd_unit *unit, u64 lo, u64 hi)
{
	u32 reg = unit->caps.iotlb_offset;

	if (FIELD_GET(VTD_INV_GRAN, lo) == VTD_GRAN_LOCAL)
		vtd_write64(unit, reg + VTD_REG_IVA, hi);
	reg += VTD_REG_IOTLB;
	vtd_write64(unit, reg, vtd_reginv_iotlb(lo));
	return reg;
}

static void vtd_reginv_store(u64 lo, u64 hi)
{
	__le32 *status = phys_to_virt(hi & VTD_INV_WAIT_HI_ADDR);

	if (lo & VTD_INV_WAIT_SW)
		WRITE_ONCE(*status,
			   cpu_to_le32(FIELD_GET(VTD_INV_WAIT_DATA, lo)));
}

/**
 * vtd_reginv_begin() - begin with what a descriptor says
 * @unit: a unit without a queue, none of whose registers is busy
 * @cmd: the descriptor
 *
 * Context: one caller at a time. Waits for nothing.
 * Return: the register that is busy with it now, or 0 if it is over.
 */
u32 vtd_reginv_begin(struct vtd_unit *unit, const struct invq_cmd *cmd)
{
	u64 lo = le64_to_cpu(cmd->u64s[0]), hi = le64_to_cpu(cmd->u64s[1]);

	switch (FIELD_GET(VTD_INV_TYPE, lo)) {
	case VTD_INV_TYPE_CONTEXT:
		vtd_write64(unit, VTD_REG_CCMD, vtd_reginv_ccmd(lo));
		return VTD_REG_CCMD;
	case VTD_INV_TYPE_IOTLB:
		return vtd_reginv_begin_iotlb(unit, lo, hi);
	case VTD_INV_TYPE_WAIT:
		vtd_reginv_store(lo, hi);
		return 0;
	default:
		WARN_ONCE(1, "%s: descriptor %#llx has no register", unit->name,
			  lo);
		return 0;
	}
}

/**
 * vtd_reginv_busy() - is a register still busy?
 * @unit: the unit
 * @reg: CCMD or IOTLB
 *
 * Hardware clears the top bit when it is done.
 *
 * Context: any context.
 * Return: whether it is.
 */
bool vtd_reginv_busy(const struct vtd_unit *unit, u32 reg)
{
	return vtd_read64(unit, reg) & BIT_ULL(63);
}
