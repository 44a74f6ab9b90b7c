// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a queue that ends in the kernel's queue
 *
 * A unit that remaps interrupts has one invalidation queue, which the kernel has
 * brought up for what it does to interrupts. There is nothing beside it: registers
 * must not be used for the same while it is on. So the slots of our queue are in
 * memory that no hardware reads, and the doorbell copies them to the kernel's ring,
 * under the kernel's lock. What waits still waits for a word that hardware stores.
 *
 * The kernel takes slots back by their status, and those of ours are free from the
 * beginning: it may do so before hardware has taken them. That nothing is overwritten
 * all the same is a matter of numbers. Our queue has half of the kernel's slots, of
 * which only those count as free that hardware has confirmed; and the kernel has one
 * submission of two slots in flight in the whole machine, for which it waits. So
 * between hardware and the tail are never more than the ring has.
 *
 * Nobody waits for room. The kernel, when it has none, waits for ever: it looks at
 * no status meanwhile. We leave it a reserve, and what has no room then, because the
 * kernel has not yet looked at what it waits for, stays in our slots for the next
 * doorbell, or for who waits.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/spinlock.h>
#include <linux/string.h>

#include "intel/iommu.h"
#include "inval.h"
#include "regs.h"
#include "vtd.h"

/* Of the kernel's ring, which it takes two slots of at a time */
#define VTD_SHARED_RESERVE	32

/* Ours, a sync that takes the place of one that was lost, and the kernel's */
static_assert((1 << VTD_SHARED_LG2) + 1 + VTD_SHARED_RESERVE < QI_LENGTH);

static struct vtd_unit *vtd_shared_unit(struct invq *q)
{
	return container_of(q, struct vtd_unit, q);
}

/* A slot of the kernel's ring: 16 bytes, or 32 of a unit that has scalable mode */
#define VTD_SHARED_SHIFT	4

static struct invq_cmd *vtd_shared_slot(const struct vtd_unit *unit, u32 at)
{
	return unit->host->qi->desc + ((at % QI_LENGTH) << unit->shared_shift);
}

/* Slots before the first that is in use, of those from the tail to @end */
static u32 vtd_shared_unused(const struct q_inval *qi, u32 end)
{
	const int *from = &qi->desc_status[qi->free_tail];
	u32 n = end - qi->free_tail;
	const int *used = memchr_inv(from, QI_FREE, n * sizeof(*from));

	return used ? used - from : n;
}

/*
 * With the kernel's lock: take back what is free, as the kernel does. Hardware stores
 * to statuses that are not.
 */
static void vtd_shared_reclaim(struct q_inval *qi)
{
	while (qi->free_tail != qi->free_head) {
		u32 end = qi->free_head > qi->free_tail ? qi->free_head :
							  QI_LENGTH;
		u32 n = vtd_shared_unused(qi, end);

		if (!n)
			break;
		qi->free_tail = (qi->free_tail + n) % QI_LENGTH;
		qi->free_cnt += n;
	}
}

static bool vtd_shared_has_room(const struct q_inval *qi, int n)
{
	return qi->free_cnt >= n + VTD_SHARED_RESERVE;
}

/* With the claim and the kernel's lock: its ring ends at @tail, which is @n further. */
static __always_inline void vtd_shared_ring(struct vtd_unit *unit,
					    struct q_inval *qi, u32 n, u32 tail,
					    u32 shift)
{
	qi->free_cnt -= n;
	qi->free_head = tail;
	vtd_write32(unit, VTD_REG_IQT, tail << shift);
}

/*
 * With the claim and the kernel's lock: copy all up to @seq, or nothing. The upper
 * half of a wide slot is reserved for what we have to say: all zeroes.
 */
static void vtd_shared_forward(struct vtd_unit *unit, u32 seq)
{
	u32 from = unit->shared_next, n = seq - from;
	struct q_inval *qi = unit->host->qi;
	const struct invq *q = &unit->q;
	u32 tail = qi->free_head;

	/* There more may be in flight than is counted, and nobody waits for it. */
	if (q->life == INVQ_DEAD) {
		unit->shared_next = seq;
		return;
	}
	if (!vtd_shared_has_room(qi, n))
		vtd_shared_reclaim(qi);
	if (!vtd_shared_has_room(qi, n))
		return;
	for (; from != seq; from++) {
		struct invq_cmd *slot = vtd_shared_slot(unit, tail);

		slot[0] = q->slots[from & q->mask];
		if (unit->shared_shift != VTD_SHARED_SHIFT)
			slot[1] = (struct invq_cmd) {};
		tail = (tail + 1) % QI_LENGTH;
	}
	unit->shared_next = seq;
	vtd_shared_ring(unit, qi, n, tail, unit->shared_shift);
}

/* By itself, so that who finds room has less to save. */
static noinline void vtd_shared_forward_unlock(struct vtd_unit *unit,
					       struct q_inval *qi, u32 seq)
	__releases(&qi->q_lock)
{
	vtd_shared_forward(unit, seq);
	raw_spin_unlock(&qi->q_lock);
}

/*
 * The kernel holds its lock for some reads and writes of memory and registers, and
 * drops it each time it polls. At most one of its CPUs is at it, with interrupts
 * off, so this is as bounded as the write to a register. Each strict unmap comes
 * through here: this is vtd_shared_forward() where all is as it should be.
 */
static void vtd_shared_doorbell(struct invq *q, u32 seq)
{
	struct vtd_unit *unit = vtd_shared_unit(q);
	struct q_inval *qi;
	struct invq_cmd *ring;
	u32 from, tail, n;

	raw_spin_lock(&unit->shared_qi->q_lock);
	/* Read once more: saves saving it. */
	qi = unit->shared_qi;
	from = unit->shared_next;
	n = seq - from;
	if (unlikely(qi->free_cnt - (int)n < unit->shared_quick)) {
		vtd_shared_forward_unlock(unit, qi, seq);
		return;
	}
	ring = qi->desc;
	tail = qi->free_head;
	do {
		const struct invq_cmd *cmd = &q->slots[from++ & q->mask];

		ring[tail].u64s[0] = cmd->u64s[0];
		ring[tail].u64s[1] = cmd->u64s[1];
		tail = (tail + 1) % QI_LENGTH;
	} while (from != seq);
	unit->shared_next = seq;
	vtd_shared_ring(unit, qi, n, tail, VTD_SHARED_SHIFT);
	raw_spin_unlock(&qi->q_lock);
}

static u32 vtd_shared_head(struct vtd_unit *unit)
{
	return (vtd_read32(unit, VTD_REG_IQH) >> unit->shared_shift) % QI_LENGTH;
}

/* Is a slot between hardware and the tail? */
static bool vtd_shared_pending(const struct q_inval *qi, u32 head, u32 at)
{
	return (at - head) % QI_LENGTH < (qi->free_head - head) % QI_LENGTH;
}

/* What the kernel waits for is in use; only what it waits for. */
static bool vtd_shared_is_ours(const struct q_inval *qi, u32 head, u32 at)
{
	return vtd_shared_pending(qi, head, at) &&
	       READ_ONCE(qi->desc_status[at]) == QI_FREE;
}

static bool vtd_shared_kernel_waits(const struct q_inval *qi)
{
	for (unsigned int i = 0; i < QI_LENGTH; i++)
		if (READ_ONCE(qi->desc_status[i]) == QI_IN_USE)
			return true;
	return false;
}

/*
 * Which of our slots has been copied to one of the kernel's? Of two that say the
 * same either will do.
 */
static bool vtd_shared_origin(struct vtd_unit *unit, u32 at, u32 *slot)
{
	const struct invq_cmd *cmd = vtd_shared_slot(unit, at);
	const struct invq *q = &unit->q;

	for (u32 i = 1; i <= q->mask + 1; i++) {
		*slot = (unit->shared_next - i) & q->mask;
		if (!memcmp(cmd, &q->slots[*slot], sizeof(*cmd)))
			return true;
	}
	return false;
}

/*
 * Has hardware gone past the newest sync, and not stored its number? It may be about
 * to: the head is what is fetched next (section 11.4.9.1), and a sync that was
 * fetched waits for what is in front of it.
 */
static bool vtd_shared_beyond_sync(struct vtd_unit *unit, u32 head)
{
	const struct invq *q = &unit->q;
	const struct invq_cmd *sync = &q->slots[(q->synced - 1) & q->mask];

	/* Copied only in part, or not at all */
	if (unit->shared_next != q->published)
		return false;
	for (u32 at = head; vtd_shared_pending(unit->host->qi, head, at % QI_LENGTH);
	     at++)
		if (!memcmp(vtd_shared_slot(unit, at), sync, sizeof(*sync)))
			return false;
	/* The head before the number, which may have been stored meanwhile. */
	rmb();
	return (s32)(le32_to_cpu(READ_ONCE(unit->status->done)) - q->synced) < 0;
}

/*
 * One that does not come for as long as a time-out is was aborted, by an error that the
 * kernel has cleared. To issue it again is tried once: of a unit that then stores
 * nothing, either, more would only make it look as if it moved.
 */
static bool vtd_shared_overdue(struct vtd_unit *unit)
{
	const u64 now = ktime_get_mono_fast_ns();
	const u32 done = le32_to_cpu(READ_ONCE(unit->status->done));
	const struct invq *q = &unit->q;

	if (unit->shared_beyond != q->synced) {
		unit->shared_beyond = q->synced;
		unit->shared_beyond_ns = now;
		return false;
	}
	if (now - unit->shared_beyond_ns < (u64)q->timeout_us * NSEC_PER_USEC ||
	    unit->shared_reissued == done)
		return false;
	unit->shared_reissued = done;
	return true;
}

static enum invq_fault vtd_shared_classify(struct vtd_unit *unit,
					   struct invq_error *err, u32 head)
{
	struct q_inval *qi = unit->host->qi;
	u32 error = err->status[0];

	unit->shared_error = 0;
	if (error & VTD_FSTS_IQE) {
		/* Who waits for the kernel's sees the error, and replaces it. */
		if (!vtd_shared_is_ours(qi, head, head))
			return INVQ_FAULT_NONE;
		unit->shared_error = VTD_FSTS_IQE;
		return vtd_shared_origin(unit, head, &err->slot) ?
		       INVQ_FAULT_COMMAND : INVQ_FAULT_OTHER;
	}
	/*
	 * The kernel repeats its own if it is the one that sees this error, and
	 * waits for ever if it is not.
	 */
	error &= VTD_FSTS_ICE | VTD_FSTS_ITE;
	if (error && vtd_shared_kernel_waits(qi))
		return INVQ_FAULT_NONE;
	unit->shared_error = error;
	if (vtd_shared_beyond_sync(unit, head) &&
	    (error || vtd_shared_overdue(unit)))
		return INVQ_FAULT_SYNC;
	return error ? INVQ_FAULT_OTHER : INVQ_FAULT_NONE;
}

/* Also copies what has found no room before: who waits is here. */
static enum invq_fault vtd_shared_fault(struct invq *q, struct invq_error *err)
{
	struct vtd_unit *unit = vtd_shared_unit(q);
	struct q_inval *qi = unit->host->qi;
	enum invq_fault fault;
	u32 head;

	raw_spin_lock(&qi->q_lock);
	if (unit->shared_next != q->published)
		vtd_shared_forward(unit, q->published);
	err->status[0] = vtd_read32(unit, VTD_REG_FSTS);
	head = vtd_shared_head(unit);
	err->slot = head;
	if (unlikely(err->status[0] == U32_MAX) && vtd_unit_gone(unit)) {
		unit->shared_quick = QI_LENGTH;
		fault = INVQ_FAULT_DEAD;
	} else {
		fault = vtd_shared_classify(unit, err, head);
	}
	/* Where what is now in our slot has to go: hardware stays there. */
	unit->shared_at = head;
	unit->shared_from = err->slot;
	raw_spin_unlock(&qi->q_lock);
	return fault;
}

/* Bits are cleared by writing 1; those of an error that is the kernel's stay. */
static void vtd_shared_resume(struct invq *q, enum invq_fault fault)
{
	struct vtd_unit *unit = vtd_shared_unit(q);
	struct q_inval *qi = unit->host->qi;

	raw_spin_lock(&qi->q_lock);
	if (fault == INVQ_FAULT_COMMAND)
		*vtd_shared_slot(unit, unit->shared_at) =
			q->slots[unit->shared_from];
	vtd_write32(unit, VTD_REG_FSTS, unit->shared_error);
	/* As in vtd_queue_resume() */
	vtd_shared_ring(unit, qi, 0, qi->free_head, unit->shared_shift);
	raw_spin_unlock(&qi->q_lock);
}

static bool vtd_shared_kill(struct invq *q)
{
	struct vtd_unit *unit = vtd_shared_unit(q);

	/* What comes now looks whether it is dead. */
	unit->shared_quick = QI_LENGTH;
	return vtd_unit_kill(unit);
}

static void vtd_shared_dump(struct invq *q)
{
	struct vtd_unit *unit = vtd_shared_unit(q);
	struct q_inval *qi = unit->host->qi;
	u32 head = vtd_shared_head(unit);
	const struct invq_cmd *cmd = vtd_shared_slot(unit, head);

	pr_err("%s: shared queue: head %u, tail %u, from %d to %d in use, copied up to %#x, fault status %#x, status %#x, at head %#018llx %#018llx\n",
	       unit->name, head,
	       vtd_read32(unit, VTD_REG_IQT) >> unit->shared_shift,
	       READ_ONCE(qi->free_tail), READ_ONCE(qi->free_head),
	       READ_ONCE(unit->shared_next), vtd_read32(unit, VTD_REG_FSTS),
	       vtd_read32(unit, VTD_REG_GSTS), le64_to_cpu(cmd->u64s[0]),
	       le64_to_cpu(cmd->u64s[1]));
}

const struct invq_ops vtd_shared_ops = {
	.sync = vtd_queue_sync,
	.doorbell = vtd_shared_doorbell,
	.fault = vtd_shared_fault,
	.substitute = vtd_queue_substitute,
	.resume = vtd_shared_resume,
	.kill = vtd_shared_kill,
	.tell = vtd_queue_tell,
	.dump = vtd_shared_dump,
};

/**
 * vtd_shared_start() - begin with what is queued next
 * @unit: a unit of the kernel's all of whose queue has been waited for
 *
 * Context: process context, or any while only one CPU runs.
 */
void vtd_shared_start(struct vtd_unit *unit)
{
	unit->shared_qi = unit->host->qi;
	unit->shared_shift = qi_shift(unit->host);
	unit->shared_next = invq_newest(&unit->q);
	unit->shared_beyond = unit->shared_next;
	/* None that is: it has been passed. */
	unit->shared_reissued = unit->shared_next - 1 - (unit->q.mask + 1);
	unit->shared_quick = unit->shared_shift == VTD_SHARED_SHIFT ?
			     VTD_SHARED_RESERVE : QI_LENGTH;
}

/**
 * vtd_shared_requeue() - switch the kernel's queue on again
 * @unit: a unit of the kernel's that has been made to block, with its queue off
 *
 * Hardware begins at slot 0, and so does the kernel then, as when it does this by
 * itself. What it waits for it submits again when it finds that aborted; ours are
 * over. If the unit answers no more, it is no worse off.
 *
 * Context: holder of the queue's claim, interrupts off. Waits for nothing.
 * Return: whether it could be begun.
 */
bool vtd_shared_requeue(struct vtd_unit *unit)
{
	struct q_inval *qi = unit->host->qi;
	bool begun;

	raw_spin_lock(&qi->q_lock);
	for (u32 i = 0; i < QI_LENGTH; i++)
		if (qi->desc_status[i] == QI_IN_USE)
			WRITE_ONCE(qi->desc_status[i], QI_ABORT);
	qi->free_tail = 0;
	qi->free_cnt = QI_LENGTH;
	vtd_shared_ring(unit, qi, 0, 0, unit->shared_shift);
	begun = vtd_host_give(unit, VTD_G_QIE, 0);
	raw_spin_unlock(&qi->q_lock);
	return begun;
}
