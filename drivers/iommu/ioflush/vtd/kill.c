// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a VT-d unit that does not answer is made to block all DMA
 *
 * What is left of it may still answer to registers. A root table that knows no
 * device takes the place of ours; then what the unit has cached of the old one
 * has to go, through registers, since the queue is what does not move. Each step
 * is confirmed by hardware before the next. A unit that confirms one no more is
 * not shown to block anything, and those who wait for it go on waiting.
 *
 * In scalable mode, and from major version 6 on, these registers are ignored. Where a new
 * root table pointer empties the caches (ESRTPS) they are not needed. A unit that has
 * neither is never shown to block anything.
 *
 * Where the kernel uses the queue, too, that is begun anew afterwards: the unit goes on
 * to remap interrupts, and may well do what it is told about those.
 */
#include <linux/bits.h>

#include "inval.h"
#include "regs.h"
#include "vtd.h"

/* Section 11.4.2, ESRTPS: a new root table pointer empties all caches. */
#define VTD_CAP_ESRTPS	BIT_ULL(63)

/* What has been asked of hardware, and is to be confirmed */
enum vtd_kill {
	VTD_KILL_NOTHING,
	VTD_KILL_ROOT,
	VTD_KILL_QUEUE,
	VTD_KILL_CONTEXT,
	VTD_KILL_IOTLB,
	VTD_KILL_OVER,
};

/**
 * vtd_unit_gone() - does nothing answer where the unit was?
 * @unit: the unit
 *
 * No version reads as all ones: reads go nowhere, and so does what its devices
 * send.
 *
 * Context: any context.
 * Return: whether nothing does.
 */
bool vtd_unit_gone(const struct vtd_unit *unit)
{
	return vtd_read32(unit, VTD_REG_VER) == U32_MAX &&
	       vtd_read32(unit, VTD_REG_GSTS) == U32_MAX;
}

static bool vtd_kill_command(struct vtd_unit *unit, u32 on, u32 off)
{
	if (vtd_is_shared(unit))
		return vtd_host_give(unit, on, off);
	vtd_write32(unit, VTD_REG_GCMD, vtd_unit_gcmd(unit, on, off));
	return true;
}

/* Nothing is begun in a register that is busy. */
static bool vtd_kill_begin(struct vtd_unit *unit, u32 reg,
			   const struct invq_cmd *cmd)
{
	if (vtd_reginv_busy(unit, reg))
		return false;
	vtd_reginv_begin(unit, cmd);
	return true;
}

static bool vtd_kill_context(struct vtd_unit *unit)
{
	struct invq_cmd cmd;

	vtd_inv_context(&cmd, VTD_GRAN_GLOBAL, 0, 0);
	return vtd_kill_begin(unit, VTD_REG_CCMD, &cmd);
}

static bool vtd_kill_iotlb(struct vtd_unit *unit)
{
	struct invq_cmd cmd;

	vtd_inv_iotlb(&cmd, &unit->caps, VTD_GRAN_GLOBAL, 0);
	return vtd_kill_begin(unit, unit->caps.iotlb_offset + VTD_REG_IOTLB,
			      &cmd);
}

/*
 * Sections 11.4.6.1 and 11.4.6.2: what was ignored ends as well, with an actual granularity
 * of 0.
 */
static bool vtd_kill_done(struct vtd_unit *unit, u32 reg, u64 granularity)
{
	return !vtd_reginv_busy(unit, reg) &&
	       vtd_read64(unit, reg) & granularity;
}

/* Has hardware confirmed the step that it was asked for last? */
static bool vtd_kill_confirmed(struct vtd_unit *unit)
{
	u32 state = vtd_read32(unit, VTD_REG_GSTS);

	switch (unit->kill) {
	case VTD_KILL_ROOT:
		return state & VTD_G_SRTP;
	case VTD_KILL_QUEUE:
		return !(state & VTD_G_QIE);
	case VTD_KILL_CONTEXT:
		return vtd_kill_done(unit, VTD_REG_CCMD, VTD_CCMD_CAIG);
	case VTD_KILL_IOTLB:
		return vtd_kill_done(unit, unit->caps.iotlb_offset +
				     VTD_REG_IOTLB, VTD_IOTLB_IAIG);
	default:
		return true;
	}
}

/* Ask for the next step; returns whether it could be asked for. */
static bool vtd_kill_next(struct vtd_unit *unit)
{
	switch (unit->kill) {
	case VTD_KILL_NOTHING:
		vtd_write64(unit, VTD_REG_RTADDR,
			    vtd_table_rtaddr(unit, unit->dead_root));
		return vtd_kill_command(unit, VTD_G_SRTP, 0);
	case VTD_KILL_ROOT:
		return vtd_kill_command(unit, 0, VTD_G_QIE);
	case VTD_KILL_QUEUE:
		return vtd_kill_context(unit);
	case VTD_KILL_CONTEXT:
		return vtd_kill_iotlb(unit);
	default:
		return false;
	}
}

/* The step behind which the old root table is in no cache */
static enum vtd_kill vtd_kill_last(const struct vtd_unit *unit)
{
	if (!(unit->caps.cap & VTD_CAP_ESRTPS))
		return VTD_KILL_IOTLB;
	/* What hangs in a queue that is shared is to hang no longer. */
	return vtd_is_shared(unit) ? VTD_KILL_QUEUE : VTD_KILL_ROOT;
}

/* Has it been shown to block all DMA, and is nothing else to be done? */
static bool vtd_kill_is_over(struct vtd_unit *unit)
{
	/* A table blocks only what is translated. */
	return vtd_read32(unit, VTD_REG_GSTS) & VTD_G_TE &&
	       (!vtd_is_shared(unit) || vtd_shared_requeue(unit));
}

/**
 * vtd_unit_kill() - go a step towards a unit that blocks all DMA
 * @unit: the unit
 *
 * Context: holder of the queue's claim, interrupts off. Waits for nothing.
 * Return: whether hardware has shown that it blocks.
 */
bool vtd_unit_kill(struct vtd_unit *unit)
{
	if (unit->kill == VTD_KILL_OVER || vtd_unit_gone(unit))
		return true;
	if (!vtd_kill_confirmed(unit))
		return false;
	if (unit->kill == vtd_kill_last(unit)) {
		if (vtd_kill_is_over(unit))
			unit->kill = VTD_KILL_OVER;
	} else if (vtd_kill_next(unit)) {
		unit->kill++;
	}
	return unit->kill == VTD_KILL_OVER;
}
