// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device that does not answer the invalidation of its cache
 *
 * Nobody knows what such a device still has cached, and its requests come with
 * addresses that are translated already. So all its DMA is blocked before the
 * waits end that its answer would have ended.
 *
 * A sync that waits for the device in vain stops the queue (IHI 0070 section 7.1),
 * and whoever waits recovers, with interrupts off and the queue's claim. The unit
 * does not say which device it is. But behind each run of ATC_INV there is a sync
 * in the same submission, so that a sync that fails is about the run just before
 * it: the devices of one domain. All of those are cut off, since any of them may be
 * the one: their stream table entries abort, and a CFGI_ALL in the slot of the sync
 * makes that effective for everything that is waited for behind it.
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
#include <linux/rcupdate.h>

#include "regs.h"
#include "smmuv3.h"
#include "ste.h"

/**
 * smmu3_sid_cut_off() - was the device cut off that a stream comes from?
 * @unit: the unit
 * @sid: the StreamID
 *
 * Of those that share it that is the one that smmu3_dev_of_sid() knows.
 *
 * Context: with the unit's mutex, or in an RCU read section.
 * Return: whether it was.
 */
bool smmu3_sid_cut_off(struct smmu3_unit *unit, u32 sid)
{
	const struct smmu3_dev *owner = smmu3_dev_of_sid(unit, sid);

	return owner && READ_ONCE(owner->cut_off);
}

/**
 * smmu3_dev_cut_off() - was one of a device's streams cut off?
 * @sdev: the device
 *
 * Context: process context.
 * Return: whether one was.
 */
bool smmu3_dev_cut_off(const struct smmu3_dev *sdev)
{
	bool cut_off = false;

	rcu_read_lock();
	for (unsigned int i = 0; i < sdev->nsids; i++)
		cut_off |= smmu3_sid_cut_off(sdev->unit, sdev->sids[i]);
	rcu_read_unlock();
	return cut_off;
}

/* Only the first word of an entry that aborts counts. */
static void cutoff_abort(struct smmu3_unit *unit, u32 sid)
{
	struct smmu3_entry *entry = smmu3_streams_find(unit, sid), ste;

	if (!entry || !smmu3_ste_valid(entry))
		return;
	smmu3_ste_abort(&ste);
	WRITE_ONCE(entry->w[0], ste.w[0]);
}

/*
 * The stores are in memory before the unit goes on to the CFGI: the write to the
 * register in invq_ops.resume orders them.
 */
static void cutoff_dev(struct smmu3_dev *sdev)
{
	struct smmu3_unit *unit = sdev->unit;

	raw_spin_lock(&unit->ste_lock);
	WRITE_ONCE(sdev->cut_off, true);
	for (unsigned int i = 0; i < sdev->nsids; i++)
		cutoff_abort(unit, sdev->sids[i]);
	raw_spin_unlock(&unit->ste_lock);
}

/*
 * Slots from here to @slot are what hardware has taken and nobody writes: where
 * hardware stands behind the newest sync, those before that may be free already.
 */
static u32 cutoff_floor(const struct invq *q, u32 slot)
{
	return invq_beyond_sync(q, slot) ? q->synced :
					   le32_to_cpu(READ_ONCE(*q->done));
}

/*
 * Go through the run of ATC_INV before the sync in a slot. Returns whether one of
 * their devices was not cut off before; @cut says to do that.
 */
static bool cutoff_suspects(struct smmu3_unit *unit, u32 slot, bool cut)
{
	struct invq *q = &unit->q;
	u32 seq = invq_head_number(q, slot), floor = cutoff_floor(q, slot);
	struct smmu3_dev *sdev;
	bool found = false;
	u64 word;
	u8 op;

	rcu_read_lock();
	while ((s32)(seq - floor) > 0) {
		word = le64_to_cpu(q->slots[--seq & q->mask].u64s[0]);
		op = FIELD_GET(SMMU3_CMD0_OP, word);
		if (op == SMMU3_OP_SYNC)
			break;
		sdev = op != SMMU3_OP_ATC_INV ? NULL :
		       smmu3_dev_of_sid(unit, FIELD_GET(SMMU3_CMD0_SID, word));
		if (!sdev || sdev->cut_off)
			continue;
		found = true;
		if (cut)
			cutoff_dev(sdev);
	}
	rcu_read_unlock();
	return found;
}

/**
 * smmu3_cutoff_due() - is a sync that has failed about a device to be cut off?
 * @unit: the unit
 * @slot: of the sync
 *
 * Context: invq_ops.fault.
 * Return: whether it is; else those that it may be about have been.
 */
bool smmu3_cutoff_due(struct smmu3_unit *unit, u32 slot)
{
	return cutoff_suspects(unit, slot, false);
}

/**
 * smmu3_cutoff() - block the devices that a sync may have waited for in vain
 * @unit: the unit
 * @slot: of the sync
 * @cmd: receives the command behind which they are
 *
 * The command comes once, so a unit that needs each of them twice has no such
 * devices.
 *
 * Context: invq_ops.block.
 */
void smmu3_cutoff(struct smmu3_unit *unit, u32 slot, struct invq_cmd *cmd)
{
	cutoff_suspects(unit, slot, true);
	smmu3_cmd_cfgi_all(cmd);
}

static void cutoff_tell(struct work_struct *work)
{
	struct smmu3_unit *unit = container_of(work, struct smmu3_unit,
					       cutoff_work);
	struct smmu3_dev *sdev;

	mutex_lock(&unit->mutex);
	list_for_each_entry(sdev, &unit->devs, node) {
		if (!READ_ONCE(sdev->cut_off) || sdev->cut_off_told)
			continue;
		sdev->cut_off_told = true;
		dev_err(sdev->dev,
			"cut off by %s: it, or another of its domain, did not answer the invalidation of its cache (ATS). Remove the device and rescan its bus to use it again\n",
			unit->name);
	}
	mutex_unlock(&unit->mutex);
}

/**
 * smmu3_cutoff_init() - what cutting off needs
 * @unit: the unit
 *
 * Context: process context.
 */
void smmu3_cutoff_init(struct smmu3_unit *unit)
{
	raw_spin_lock_init(&unit->ste_lock);
	INIT_WORK(&unit->cutoff_work, cutoff_tell);
}

/**
 * smmu3_cutoff_exit() - wait for what is still being said
 * @unit: a unit whose queue nobody uses any more
 *
 * Context: process context, without the unit's mutex.
 */
void smmu3_cutoff_exit(struct smmu3_unit *unit)
{
	cancel_work_sync(&unit->cutoff_work);
}
