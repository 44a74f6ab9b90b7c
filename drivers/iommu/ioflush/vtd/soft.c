// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the queue of a VT-d unit that has none in hardware
 *
 * Its descriptors are executed through registers, one at a time. Nobody waits for
 * a register with anything held: whoever polls the queue looks if the descriptor
 * that was begun is over, and begins the next. So what has been queued goes on as
 * long as somebody waits.
 */
#include <linux/bitfield.h>
#include <linux/spinlock.h>

#include "inval.h"
#include "vtd.h"

static struct vtd_unit *vtd_soft_unit(struct invq *q)
{
	return container_of(q, struct vtd_unit, q);
}

/* Nothing to store: that it was passed is seen in the head. */
static void vtd_soft_sync(struct invq *q, struct invq_cmd *cmd)
{
	*cmd = (struct invq_cmd) {
		.u64s[0] = cpu_to_le64(FIELD_PREP(VTD_INV_TYPE,
						  VTD_INV_TYPE_WAIT)),
	};
}

/* Go on until a register is busy. Slots up to the tail are complete. */
static void vtd_soft_step(struct vtd_unit *unit)
{
	const struct invq *q = &unit->q;
	/* Pairs with the release in vtd_soft_doorbell(). */
	u32 tail = smp_load_acquire(&unit->soft_tail);
	u32 head = unit->soft_head;

	while (head != tail) {
		if (unit->soft_busy) {
			if (vtd_reginv_busy(unit, unit->soft_busy))
				break;
			unit->soft_busy = 0;
		} else {
			unit->soft_busy = vtd_reginv_begin(unit,
							   &q->slots[head & q->mask]);
			if (unit->soft_busy)
				continue;
		}
		head = (head + 1) & (2 * q->mask + 1);
	}
	/* Pairs with the acquire in vtd_soft_head(): done before it is passed. */
	smp_store_release(&unit->soft_head, head);
}

/* Who is in here already does as much, and does not wait. */
static void vtd_soft_try(struct vtd_unit *unit)
{
	unsigned long flags;

	if (raw_spin_trylock_irqsave(&unit->soft_lock, flags)) {
		vtd_soft_step(unit);
		raw_spin_unlock_irqrestore(&unit->soft_lock, flags);
	}
}

static void vtd_soft_doorbell(struct invq *q, u32 seq)
{
	struct vtd_unit *unit = vtd_soft_unit(q);

	/* Pairs with the acquire in vtd_soft_step(): slots before the tail. */
	smp_store_release(&unit->soft_tail, seq & (2 * q->mask + 1));
	vtd_soft_try(unit);
}

static u32 vtd_soft_head(struct invq *q)
{
	struct vtd_unit *unit = vtd_soft_unit(q);

	vtd_soft_try(unit);
	/* Pairs with the release in vtd_soft_step(). */
	return smp_load_acquire(&unit->soft_head);
}

static enum invq_fault vtd_soft_fault(struct invq *q, struct invq_error *err)
{
	struct vtd_unit *unit = vtd_soft_unit(q);

	err->slot = READ_ONCE(unit->soft_head) & q->mask;
	return vtd_unit_gone(unit) ? INVQ_FAULT_DEAD : INVQ_FAULT_NONE;
}

static bool vtd_soft_kill(struct invq *q)
{
	return vtd_unit_kill(vtd_soft_unit(q));
}

const struct invq_ops vtd_soft_ops = {
	.sync = vtd_soft_sync,
	.doorbell = vtd_soft_doorbell,
	.head = vtd_soft_head,
	.fault = vtd_soft_fault,
	.kill = vtd_soft_kill,
};

/**
 * vtd_soft_start() - begin with what is queued next
 * @unit: a unit all of whose queue has been waited for
 * @pos: where its queue goes on, with the wrap bit
 *
 * Context: process context, or any while only one CPU runs.
 */
void vtd_soft_start(struct vtd_unit *unit, u32 pos)
{
	unit->soft_head = pos;
	unit->soft_tail = pos;
	unit->soft_busy = 0;
}
