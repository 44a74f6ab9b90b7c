// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the VT-d end of an invalidation queue
 *
 * A unit without a queue in hardware has one all the same, see soft.c; one whose
 * queue is the kernel's, too, see shared.c.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/cacheflush.h>
#include <linux/iopoll.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "inval.h"
#include "regs.h"
#include "vtd.h"

#ifdef MODULE_PARAM_PREFIX
#undef MODULE_PARAM_PREFIX
#endif
#define MODULE_PARAM_PREFIX "ioflush."

static bool vtd_use_queue = true;
module_param_named(vtd_queue, vtd_use_queue, bool, 0444);
MODULE_PARM_DESC(vtd_queue, "use the invalidation queues of VT-d units that have one (default: yes)");

/* How long hardware may take to come to the end of what is queued. */
#define VTD_DRAIN_US (1 * USEC_PER_SEC)

#define VTD_QUEUE_BYTES	(sizeof(struct invq_cmd) << VTD_QUEUE_LG2)
/* Section 11.4.9.3: the size is a power of two of 256 descriptors. */
#define VTD_QUEUE_QS	(VTD_QUEUE_LG2 - 8)

static struct vtd_unit *vtd_q_unit(struct invq *q)
{
	return container_of(q, struct vtd_unit, q);
}

/* A descriptor that is valid everywhere and does nothing that matters. */
static void vtd_queue_nop(struct vtd_unit *unit, struct invq_cmd *cmd)
{
	vtd_inv_wait(cmd, virt_to_phys(&unit->status->scratch), 0);
}

/**
 * vtd_queue_sync() - see invq_ops.sync
 * @q: the queue
 * @cmd: receives the descriptor
 *
 * The number goes into the upper half of the first word: status data, 63:32.
 */
void vtd_queue_sync(struct invq *q, struct invq_cmd *cmd)
{
	static_assert(!(VTD_INV_WAIT_DATA ^ GENMASK_ULL(63, 32)));

	vtd_inv_wait(cmd, virt_to_phys(q->done), 0);
}

static void vtd_queue_doorbell(struct invq *q, u32 seq)
{
	vtd_write64(vtd_q_unit(q), VTD_REG_IQT,
		    FIELD_PREP(VTD_IQ_INDEX, seq & q->mask));
}

/* @reg: IQH or IQT */
static u32 vtd_queue_index(const struct vtd_unit *unit, u32 reg)
{
	u64 value = vtd_read64(unit, reg);

	return unit->wide ? FIELD_GET(VTD_IQ_INDEX_WIDE, value) :
			    FIELD_GET(VTD_IQ_INDEX, value);
}

/*
 * Section 6.5.2.10: after a queue error the head stays at the descriptor at
 * fault, and nothing is fetched until the error bit is cleared. When it has not had an
 * answer in time hardware aborts the waits that it has fetched. An answer that it
 * did not expect says nothing of those that it still waits for.
 */
static enum invq_fault vtd_queue_fault(struct invq *q, struct invq_error *err)
{
	struct vtd_unit *unit = vtd_q_unit(q);
	u32 error = vtd_read32(unit, VTD_REG_FSTS);

	err->slot = vtd_queue_index(unit, VTD_REG_IQH) & q->mask;
	err->status[0] = error;
	if (unlikely(error == U32_MAX) && vtd_unit_gone(unit))
		return INVQ_FAULT_DEAD;
	if (!(error & VTD_FSTS_QUEUE))
		return INVQ_FAULT_NONE;
	if (error & VTD_FSTS_IQE)
		return INVQ_FAULT_COMMAND;
	if (error & VTD_FSTS_ITE && vtd_cutoff_due(unit, err->slot))
		return INVQ_FAULT_ABORTED;
	return invq_beyond_sync(q, err->slot) ? INVQ_FAULT_SYNC :
						INVQ_FAULT_OTHER;
}

/**
 * vtd_queue_tell() - see invq_ops.tell
 * @q: the queue
 * @err: the error
 *
 * Context: any context.
 */
void vtd_queue_tell(struct invq *q, const struct invq_error *err)
{
	if (err->fault == INVQ_FAULT_ABORTED)
		schedule_work(&vtd_q_unit(q)->cutoff_work);
	if (err->fault != INVQ_FAULT_COMMAND)
		pr_err_ratelimited("%s: invalidation of a device's cache failed: status %#x\n",
				   q->name, err->status[0]);
}

/**
 * vtd_queue_substitute() - see invq_ops.substitute
 * @q: the queue
 * @bad: what was refused
 * @cmd: receives the same kind, for everything in all domains, or in the device
 */
void vtd_queue_substitute(struct invq *q, const struct invq_cmd *bad,
			  struct invq_cmd *cmd)
{
	u64 type = FIELD_GET(VTD_INV_TYPE, le64_to_cpu(bad->u64s[0]));

	if (type == VTD_INV_TYPE_CONTEXT)
		vtd_inv_context(cmd, VTD_GRAN_GLOBAL, 0, 0);
	else if (type == VTD_INV_TYPE_DEVICE)
		vtd_inv_device_whole(cmd, bad);
	else if (type == VTD_INV_TYPE_PASID)
		vtd_inv_pasid(cmd, VTD_PASID_GRAN_GLOBAL, 0);
	else
		vtd_inv_iotlb(cmd, &vtd_q_unit(q)->caps, VTD_GRAN_GLOBAL, 0);
}

/*
 * Bits are cleared by writing 1. Some implementations look at the queue again
 * only when the tail is written, too.
 */
static void vtd_queue_resume(struct invq *q, enum invq_fault fault)
{
	struct vtd_unit *unit = vtd_q_unit(q);

	vtd_write32(unit, VTD_REG_FSTS,
		    fault == INVQ_FAULT_COMMAND ? VTD_FSTS_IQE :
						  VTD_FSTS_ICE | VTD_FSTS_ITE);
	vtd_write64(unit, VTD_REG_IQT, vtd_read64(unit, VTD_REG_IQT));
}

static void vtd_queue_wide_resume(struct invq *q, enum invq_fault fault)
{
	vtd_wide_recopy(vtd_q_unit(q));
	vtd_queue_resume(q, fault);
}

static bool vtd_queue_kill(struct invq *q)
{
	return vtd_unit_kill(vtd_q_unit(q));
}

static void vtd_queue_dump(struct invq *q)
{
	struct vtd_unit *unit = vtd_q_unit(q);
	u32 head = vtd_queue_index(unit, VTD_REG_IQH) & q->mask;

	pr_err("%s: head %u, tail %u, fault status %#x, status %#x, at head %#018llx %#018llx\n",
	       unit->name, head,
	       vtd_queue_index(unit, VTD_REG_IQT),
	       vtd_read32(unit, VTD_REG_FSTS), vtd_read32(unit, VTD_REG_GSTS),
	       le64_to_cpu(q->slots[head].u64s[0]),
	       le64_to_cpu(q->slots[head].u64s[1]));
}

static const struct invq_ops vtd_queue_ops = {
	.sync = vtd_queue_sync,
	.doorbell = vtd_queue_doorbell,
	.fault = vtd_queue_fault,
	.substitute = vtd_queue_substitute,
	.block = vtd_cutoff,
	.resume = vtd_queue_resume,
	.kill = vtd_queue_kill,
	.tell = vtd_queue_tell,
	.dump = vtd_queue_dump,
};

static const struct invq_ops vtd_queue_wide_ops = {
	.sync = vtd_queue_sync,
	.doorbell = vtd_wide_doorbell,
	.fault = vtd_queue_fault,
	.substitute = vtd_queue_substitute,
	.block = vtd_cutoff,
	.resume = vtd_queue_wide_resume,
	.kill = vtd_queue_kill,
	.tell = vtd_queue_tell,
	.dump = vtd_queue_dump,
};

static const struct invq_ops *vtd_queue_choose(const struct vtd_unit *unit)
{
	if (vtd_is_shared(unit))
		return &vtd_shared_ops;
	if (!unit->queued)
		return &vtd_soft_ops;
	return unit->wide ? &vtd_queue_wide_ops : &vtd_queue_ops;
}

/**
 * vtd_queue_used() - will a unit take invalidations by its queue?
 * @unit: a unit with decoded capabilities
 *
 * Context: any context.
 * Return: whether it will.
 */
bool vtd_queue_used(const struct vtd_unit *unit)
{
	return vtd_is_shared(unit) ||
	       vtd_caps_queue(&unit->caps, unit->version, vtd_use_queue) > 0;
}

/**
 * vtd_queue_init() - allocate a unit's queue
 * @unit: a unit with decoded capabilities
 *
 * Context: process context.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP for a unit without any.
 */
int vtd_queue_init(struct vtd_unit *unit)
{
	int queued = vtd_caps_queue(&unit->caps, unit->version, vtd_use_queue);

	if (queued < 0) {
		pr_err("%s: the VT-d unit at %#llx is left alone: it takes invalidations in no way\n",
		       unit->name, unit->drhd->base);
		return queued;
	}
	unit->slots = alloc_pages_exact(VTD_QUEUE_BYTES,
					GFP_KERNEL | __GFP_ZERO);
	unit->status = kzalloc_node(sizeof(*unit->status), GFP_KERNEL,
				    unit->nid);
	unit->dead_root = (void *)get_zeroed_page(GFP_KERNEL);
	if (!unit->slots || !unit->status || !unit->dead_root)
		return -ENOMEM;
	/* Also for a walker that does not snoop */
	clflush_cache_range(unit->dead_root, PAGE_SIZE);
	raw_spin_lock_init(&unit->soft_lock);
	unit->queued = queued;
	if (unit->scalable && !vtd_is_shared(unit) && vtd_wide_init(unit))
		return -ENOMEM;
	return invq_init(&unit->q, vtd_queue_choose(unit), unit->name,
			 unit->slots, &unit->status->done,
			 vtd_is_shared(unit) ? VTD_SHARED_LG2 : VTD_QUEUE_LG2);
}

/**
 * vtd_queue_exit() - free a unit's queue
 * @unit: a unit whose queue is stopped
 *
 * Context: process context.
 */
void vtd_queue_exit(struct vtd_unit *unit)
{
	invq_exit(&unit->q);
	if (unit->slots)
		free_pages_exact(unit->slots, VTD_QUEUE_BYTES);
	vtd_wide_exit(unit);
	kfree(unit->status);
	free_page((unsigned long)unit->dead_root);
	unit->dead_root = NULL;
	unit->slots = NULL;
	unit->status = NULL;
}

static int vtd_queue_drained(struct vtd_unit *unit)
{
	u64 head;

	return readq_poll_timeout_atomic(unit->regs + VTD_REG_IQH, head,
					 head == vtd_read64(unit, VTD_REG_IQT),
					 1, VTD_DRAIN_US);
}

/*
 * Hardware begins at slot 0 whenever the queue is switched on; the software
 * side goes on where it was. Descriptors that do nothing bring them together.
 */
static int vtd_queue_catch_up(struct vtd_unit *unit, u32 seq)
{
	u32 next = seq & unit->q.mask;

	unit->wide_next = seq - next;
	for (u32 i = 0; i < next; i++)
		vtd_queue_nop(unit, &unit->slots[i]);
	unit->q.ops->doorbell(&unit->q, seq);
	return vtd_queue_drained(unit);
}

static u64 vtd_queue_iqa(const struct vtd_unit *unit)
{
	if (unit->wide)
		return vtd_wide_iqa(unit);
	return virt_to_phys(unit->slots) | FIELD_PREP(VTD_IQA_QS, VTD_QUEUE_QS);
}

/**
 * vtd_queue_start() - make hardware take descriptors from our queue
 * @unit: a unit whose queue is off in hardware, unless it is the kernel's; all that
 *	was ever submitted has been waited for
 *
 * A unit that was dead, and was reset, is alive again.
 *
 * Context: process context, or any while only one CPU runs.
 * Return: 0 or -ETIMEDOUT.
 */
int vtd_queue_start(struct vtd_unit *unit)
{
	u32 next = invq_newest(&unit->q);
	int ret;

	unit->kill = 0;
	invq_restart(&unit->q);
	if (vtd_is_shared(unit)) {
		vtd_shared_start(unit);
		return 0;
	}
	if (!unit->queued) {
		vtd_soft_start(unit, next & (2 * unit->q.mask + 1));
		return 0;
	}
	vtd_write64(unit, VTD_REG_IQT, 0);
	vtd_write64(unit, VTD_REG_IQA, vtd_queue_iqa(unit));
	ret = vtd_unit_command(unit, VTD_G_QIE, true);
	if (!ret)
		ret = vtd_queue_catch_up(unit, next);
	return ret;
}

/**
 * vtd_queue_stop() - switch the queue off in hardware, whoever switched it on
 * @unit: the unit
 *
 * Section 6.5.2.1: hardware has to have come to the end of the queue. One that is the
 * kernel's stays on: it goes on using it.
 *
 * Context: process context, or any while only one CPU runs.
 * Return: 0 or -ETIMEDOUT.
 */
int vtd_queue_stop(struct vtd_unit *unit)
{
	if (!(vtd_read32(unit, VTD_REG_GSTS) & VTD_G_QIE))
		return 0;
	if (vtd_queue_drained(unit))
		pr_warn("%s: queue does not come to its end\n", unit->name);
	if (vtd_is_shared(unit))
		return 0;
	return vtd_unit_command(unit, VTD_G_QIE, false);
}
