// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d invalidation through registers
 *
 * Section 6.5.1, for units without an invalidation queue. It takes the
 * descriptors that a queue would take, so that the layers above need not know
 * about such units.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/iopoll.h>

#include "inval.h"
#include "reginv.h"
#include "regs.h"
#include "vtd.h"

#define VTD_REGINV_US (1 * USEC_PER_SEC)

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

/* Write a command whose top bit hardware clears when it is done. */
static void vtd_reginv_run(struct vtd_unit *unit, u32 reg, u64 value)
{
	u64 busy = BIT_ULL(63);

	vtd_write64(unit, reg, value);
	/*
	 * As with a queue, a translation must not be taken for dead before
	 * hardware says so.
	 */
	while (readq_poll_timeout_atomic(unit->regs + reg, value,
					 !(value & busy), 1, VTD_REGINV_US))
		pr_err_ratelimited("%s: invalidation register %#x stays busy: %#llx\n",
				   unit->name, reg, value);
}

static void vtd_reginv_do_iotlb(struct vtd_unit *unit, u64 lo, u64 hi)
{
	u32 reg = unit->caps.iotlb_offset;

	if (FIELD_GET(VTD_INV_GRAN, lo) == VTD_GRAN_LOCAL)
		vtd_write64(unit, reg + VTD_REG_IVA, hi);
	vtd_reginv_run(unit, reg + VTD_REG_IOTLB, vtd_reginv_iotlb(lo));
}

static void vtd_reginv_store(struct vtd_unit *unit, u64 lo, u64 hi)
{
	__le32 *status = phys_to_virt(hi & VTD_INV_WAIT_HI_ADDR);

	/*
	 * Who sees the word may free what the invalidations were about; pairs
	 * with the barrier at the end of a wait.
	 */
	smp_store_release(status,
			  cpu_to_le32(FIELD_GET(VTD_INV_WAIT_DATA, lo)));
}

/**
 * vtd_reginv_execute() - do what a descriptor says
 * @unit: a unit without a queue
 * @cmd: the descriptor
 *
 * Context: one caller at a time: the holder of the queue's claim. Polls.
 */
void vtd_reginv_execute(struct vtd_unit *unit, const struct invq_cmd *cmd)
{
	u64 lo = le64_to_cpu(cmd->u64s[0]), hi = le64_to_cpu(cmd->u64s[1]);

	switch (FIELD_GET(VTD_INV_TYPE, lo)) {
	case VTD_INV_TYPE_CONTEXT:
		vtd_reginv_run(unit, VTD_REG_CCMD, vtd_reginv_ccmd(lo));
		break;
	case VTD_INV_TYPE_IOTLB:
		vtd_reginv_do_iotlb(unit, lo, hi);
		break;
	case VTD_INV_TYPE_WAIT:
		vtd_reginv_store(unit, lo, hi);
		break;
	default:
		WARN_ONCE(1, "%s: descriptor %#llx has no register", unit->name,
			  lo);
	}
}
