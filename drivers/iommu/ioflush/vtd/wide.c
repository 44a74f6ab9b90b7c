// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the queue of a VT-d unit in scalable mode
 *
 * In scalable mode hardware takes descriptors of 32 bytes only (section 6.5.2). What we
 * have to say is in the lower 16 of them, which the queue's slots are. So hardware
 * has a ring of its own with as many slots, and the doorbell copies to it. The upper
 * halves are reserved, and stay 0.
 */
#include <linux/bitfield.h>
#include <linux/gfp.h>

#include "regs.h"
#include "vtd.h"

#define VTD_WIDE_BYTES	(sizeof(struct vtd_wide) << VTD_QUEUE_LG2)

/* Section 11.4.9.3: a power of two of 128 of them */
#define VTD_WIDE_QS	(VTD_QUEUE_LG2 - 7)

/**
 * vtd_wide_init() - allocate the ring that hardware reads
 * @unit: a unit in scalable mode with a queue of its own
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int vtd_wide_init(struct vtd_unit *unit)
{
	unit->wide = alloc_pages_exact(VTD_WIDE_BYTES, GFP_KERNEL | __GFP_ZERO);
	return unit->wide ? 0 : -ENOMEM;
}

/**
 * vtd_wide_exit() - free the ring
 * @unit: a unit whose queue is stopped
 *
 * Context: process context.
 */
void vtd_wide_exit(struct vtd_unit *unit)
{
	if (unit->wide)
		free_pages_exact(unit->wide, VTD_WIDE_BYTES);
	unit->wide = NULL;
}

/**
 * vtd_wide_iqa() - what IQA_REG is to say, section 11.4.9.3
 * @unit: the unit
 *
 * Return: the value.
 */
u64 vtd_wide_iqa(const struct vtd_unit *unit)
{
	return virt_to_phys(unit->wide) | VTD_IQA_DW |
	       FIELD_PREP(VTD_IQA_QS, VTD_WIDE_QS);
}

static void vtd_wide_copy(struct vtd_unit *unit, u32 from, u32 to)
{
	const struct invq *q = &unit->q;

	for (; from != to; from++)
		unit->wide[from & q->mask].cmd = q->slots[from & q->mask];
}

/**
 * vtd_wide_doorbell() - see invq_ops.doorbell
 * @q: the queue
 * @seq: all slots before this number are complete
 */
void vtd_wide_doorbell(struct invq *q, u32 seq)
{
	struct vtd_unit *unit = container_of(q, struct vtd_unit, q);

	vtd_wide_copy(unit, unit->wide_next, seq);
	unit->wide_next = seq;
	vtd_write64(unit, VTD_REG_IQT,
		    FIELD_PREP(VTD_IQ_INDEX_WIDE, seq & q->mask));
}

/**
 * vtd_wide_recopy() - slots that hardware has been told of have changed
 * @unit: a unit that fetches nothing, because of an error
 *
 * All of them: those behind the tail are copied again before hardware is told of them.
 *
 * Context: holder of the queue's claim.
 */
void vtd_wide_recopy(struct vtd_unit *unit)
{
	vtd_wide_copy(unit, 0, unit->q.mask + 1);
}
