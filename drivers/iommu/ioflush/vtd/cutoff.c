// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device behind VT-d that does not answer the invalidation of its cache
 *
 * Nobody knows what such a device still has cached, and its requests come with
 * addresses that are translated already. So all its DMA is blocked before the
 * waits end that its answer would have ended.
 *
 * Hardware shows that in the fault status, aborts the waits that it has fetched, and
 * fetches nothing more (section 6.5.2.10). Which device it was it says, if at all, of one,
 * and there may be more. Nor is anything sure to have been executed behind the oldest
 * invalidation of a device that is not over. So all devices are cut off that have one
 * behind the last wait that is over: their context entries are cleared. Then the context
 * cache and the IOTLB are emptied, in front of all waits that are still to end.
 *
 * What others had queued for the device by then takes its own time to fail. What is
 * queued later leaves the device out.
 *
 * It is blocked until it is attached anew. Then its requests are translated again,
 * but for as long as the kernel knows the device it gets nothing to cache: what it
 * had, it may have still.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/minmax.h>
#include <linux/rculist.h>

#include "inval.h"
#include "vtd.h"

/* Any device that has a source id: only one whose id is its own caches. */
static struct vtd_dev *cutoff_find(struct vtd_unit *unit, u16 sid)
{
	struct vtd_dev *vdev;

	list_for_each_entry_rcu(vdev, &unit->devs, node)
		if (vdev->ats_able && vdev->atc.sid == sid)
			return vdev;
	return NULL;
}

/*
 * The entry is clear in memory before hardware goes on: the write to the register in
 * invq_ops.resume orders them.
 */
static void cutoff_sid(struct vtd_unit *unit, u16 sid)
{
	struct vtd_entry *entry = vtd_table_context(unit, sid);
	struct vtd_dev *vdev = cutoff_find(unit, sid);
	struct vtd_context context;

	raw_spin_lock(&unit->entry_lock);
	if (vdev)
		WRITE_ONCE(vdev->cut_off, true);
	if (entry && vtd_entry_present(entry)) {
		vtd_context_read(unit, entry, &context);
		if (context.tt == VTD_TT_DEVICE)
			vtd_table_clear(unit, entry);
	}
	raw_spin_unlock(&unit->entry_lock);
}

/*
 * Go through what hardware has fetched and not confirmed. Returns whether there is an
 * invalidation of a device among it; @cut says to cut those devices off.
 *
 * Slots from the done word on are what hardware has and nobody writes. That is read behind
 * the registers, and so is not older than they are.
 */
static bool cutoff_suspects(struct vtd_unit *unit, u32 slot, bool cut)
{
	const struct invq *q = &unit->q;
	u32 head = invq_head_number(q, slot);
	u32 n = head - le32_to_cpu(READ_ONCE(*q->done));
	bool found = false;

	if ((s32)n < 0)
		return false;
	rcu_read_lock();
	for (u32 i = 1; i <= min(n, q->mask + 1); i++) {
		u64 lo = le64_to_cpu(q->slots[(head - i) & q->mask].u64s[0]);

		if (FIELD_GET(VTD_INV_TYPE, lo) != VTD_INV_TYPE_DEVICE)
			continue;
		found = true;
		if (cut)
			cutoff_sid(unit, FIELD_GET(VTD_INV_DEVICE_SID, lo));
	}
	rcu_read_unlock();
	return found;
}

/**
 * vtd_cutoff_due() - may a device have failed to answer?
 * @unit: a unit that shows the error of a device's cache
 * @slot: slot that hardware stands at
 *
 * Context: invq_ops.fault.
 * Return: whether one may.
 */
bool vtd_cutoff_due(struct vtd_unit *unit, u32 slot)
{
	return cutoff_suspects(unit, slot, false);
}

/**
 * vtd_cutoff() - block the devices that may have failed to answer
 * @q: the unit's queue
 * @err: the error; receives what makes that effective
 *
 * Context: invq_ops.block.
 */
void vtd_cutoff(struct invq *q, struct invq_error *err)
{
	struct vtd_unit *unit = container_of(q, struct vtd_unit, q);

	cutoff_suspects(unit, err->slot, true);
	/* Without a context entry nothing goes by what PASID caches have: see attach.c. */
	vtd_inv_context(&err->now, VTD_GRAN_GLOBAL, 0, 0);
	vtd_inv_iotlb(&err->then, &unit->caps, VTD_GRAN_GLOBAL, 0);
}

/* One that was cut off, and nobody was told of it; with a reference, or NULL. */
static struct device *cutoff_untold(struct vtd_unit *unit)
{
	struct device *dev = NULL;
	struct vtd_dev *vdev;

	spin_lock(&unit->lock);
	list_for_each_entry(vdev, &unit->devs, node) {
		if (!READ_ONCE(vdev->cut_off) || vdev->cut_off_told)
			continue;
		vdev->cut_off_told = true;
		dev = get_device(vdev->dev);
		break;
	}
	spin_unlock(&unit->lock);
	return dev;
}

/* A message may go out by a device behind this unit. */
static void cutoff_tell(struct work_struct *work)
{
	struct vtd_unit *unit = container_of(work, struct vtd_unit, cutoff_work);
	struct device *dev;

	while ((dev = cutoff_untold(unit))) {
		dev_err(dev,
			"cut off by %s: it, or another that was to forget something at the time, did not answer the invalidation of its cache (ATS). Remove the device and rescan its bus to use it again\n",
			unit->name);
		put_device(dev);
	}
}

/**
 * vtd_cutoff_init() - what cutting off needs
 * @unit: the unit
 *
 * Context: process context.
 */
void vtd_cutoff_init(struct vtd_unit *unit)
{
	raw_spin_lock_init(&unit->entry_lock);
	INIT_WORK(&unit->cutoff_work, cutoff_tell);
}

/**
 * vtd_cutoff_exit() - wait for what is still being said
 * @unit: a unit whose queue nobody uses any more
 *
 * Context: process context, without the unit's lock.
 */
void vtd_cutoff_exit(struct vtd_unit *unit)
{
	cancel_work_sync(&unit->cutoff_work);
}
