// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: a model of the invalidation queue of mainline's VT-d driver
 *
 * Written from its description, for its cache lines. One lock is held, with
 * interrupts off, over all of it: finding room, writing the command and a wait
 * command of the CPU's own, the doorbell, and the wait. While the word that the
 * wait command stores is not there, the register that shows faults is read, the
 * lock is dropped, and taken again. A command's slot and its word are given back by
 * whoever has waited; room moves on as far as slots are free in their order.
 */
#include <linux/cache.h>
#include <linux/processor.h>
#include <linux/spinlock.h>

#include "load.h"
#include "sim.h"
#include "unit.h"
#include "vtd.h"

#define QUEUE_LG2	8
#define QUEUE_SIZE	BIT(QUEUE_LG2)

enum { FREE, IN_USE, DONE };

/**
 * struct vtd - the queue
 * @lock: protects all
 * @slots: the ring
 * @status: of each slot
 * @head: the next slot to use
 * @tail: the first that may be in use
 * @room: slots that are free
 */
struct vtd {
	spinlock_t lock; /* all below */
	struct unit_cmd *slots;
	u32 *status;
	u32 head;
	u32 tail;
	u32 room;
};

static struct vtd *vtd;

static u32 slot_of(u32 number)
{
	return number % QUEUE_SIZE;
}

static void give_back(u32 start)
{
	vtd->status[slot_of(start)] = FREE;
	vtd->status[slot_of(start + 1)] = FREE;
	while (vtd->tail != vtd->head && vtd->status[slot_of(vtd->tail)] == FREE) {
		vtd->tail++;
		vtd->room++;
	}
}

/* Have a command done, and wait. */
void vtd_issue(struct unit_cmd cmd)
{
	unsigned long flags;
	u32 start, *done;

	spin_lock_irqsave(&vtd->lock, flags);
	/* Two for these, and two that are never used. */
	while (vtd->room < 4) {
		spin_unlock_irqrestore(&vtd->lock, flags);
		cpu_relax();
		spin_lock_irqsave(&vtd->lock, flags);
	}
	start = vtd->head;
	done = &vtd->status[slot_of(start + 1)];
	vtd->status[slot_of(start)] = IN_USE;
	*done = IN_USE;
	vtd->slots[slot_of(start)] = cmd;
	vtd->slots[slot_of(start + 1)] = unit_sync(done, DONE);
	vtd->head = start + 2;
	vtd->room -= 2;
	unit_doorbell(start + 2);
	while (READ_ONCE(*done) != DONE) {
		sim_mmio_read();
		spin_unlock(&vtd->lock);
		cpu_relax();
		spin_lock(&vtd->lock);
	}
	give_back(start);
	spin_unlock_irqrestore(&vtd->lock, flags);
}

void vtd_setup(void)
{
	vtd = sim_alloc(sizeof(*vtd), "struct vtd", 0);
	vtd->slots = sim_alloc(sizeof(*vtd->slots) * QUEUE_SIZE, "slots", 0);
	vtd->status = sim_alloc(sizeof(*vtd->status) * QUEUE_SIZE, "status", 0);
	vtd->room = QUEUE_SIZE;
	unit_start(vtd->slots, QUEUE_LG2);
}

static void vtd_unmap(u64 iova)
{
	vtd_issue(unit_range(iova, iova + LOAD_BYTES - 1));
}

const struct stack stack_vtd = {
	.name = "vtd",
	.what = "a model of mainline's VT-d queue",
	.model = true,
	.ms = 2,
	.warm = 8,
	.setup = vtd_setup,
	.map = load_page,
	.unmap = vtd_unmap,
};
