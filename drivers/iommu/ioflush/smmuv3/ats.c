// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: devices that cache translations themselves (PCI ATS)
 *
 * What such a device has cached is invalidated after the unit's own caches,
 * from which it would load it again: IHI 0070 section 3.9.1. The commands go
 * into the queue together, with a sync in between, and one behind them, which is
 * the one that fails if a device does not answer, see cutoff.c. A domain has no more
 * of such devices on a unit than that leaves room for; others ask for no
 * translations.
 *
 * Attaching races with unmapping, see domain/invalidate.c: what an unmap clears
 * the unit may still tell the device, until the unit's own invalidation has
 * finished. So a device joins the list, then those are waited for that have not
 * seen it there, and only then its stream table entries let it ask. Meanwhile it
 * is sent invalidations of what it cannot have; as a device that was not told to
 * cache may leave them without an answer, it has been told to before. It has no
 * driver yet, or was reset: it does not ask.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/rculist.h>
#include <linux/slab.h>

#include "smmuv3.h"

/**
 * struct smmu3_ats - a device on a domain's list
 * @node: on struct smmu3_ctx.ats
 * @sdev: the device
 * @ctx: whose list it is
 * @rcu: frees it
 *
 * While a device goes from one domain to another it is on both lists.
 */
struct smmu3_ats {
	struct list_head node;
	struct smmu3_dev *sdev;
	struct smmu3_ctx *ctx;
	struct rcu_head rcu;
};

/* Have a device that can cache translations do so, as far as it gets any. */
static bool smmu3_ats_on(struct smmu3_dev *sdev)
{
	int ret;

	lockdep_assert_held(&sdev->unit->mutex);
	if (sdev->ats_on || !sdev->ats_able)
		return sdev->ats_on;
	ret = iodom_ats_enable(sdev->dev,
			       __ffs(sdev->unit->caps.pgsize_bitmap),
			       &sdev->unit->q);
	sdev->ats_able = !ret;
	sdev->ats_on = !ret;
	return sdev->ats_on;
}

/* How many commands an invalidation may take: none is left for later. */
static unsigned int smmu3_ats_room(const struct smmu3_unit *unit)
{
	return min_t(u32, IODOM_CMDS_MAX, invq_room(&unit->q));
}

/* Is there room for one of the unit's own, a sync, all streams, and a sync? */
static bool smmu3_ats_fits(struct smmu3_dev *sdev, const struct smmu3_ctx *ctx)
{
	lockdep_assert_held(&sdev->unit->mutex);
	if (ctx->ats_sids + sdev->nsids + 3 <= smmu3_ats_room(sdev->unit))
		return true;
	dev_info(sdev->dev, "caches no translations: too many of its domain do\n");
	return false;
}

/**
 * smmu3_ats_join() - a domain's invalidations are to reach a device, too
 * @sdev: the device; gets none of the domain's translations yet
 * @ctx: the domain on its unit
 * @ats: receives the device's place on the list, NULL if it caches nothing
 *
 * When this returns none is under way that does not.
 *
 * Context: process context; takes the unit's mutex, and without it waits for
 *	RCU and for hardware.
 * Return: 0 or -ENOMEM.
 */
int smmu3_ats_join(struct smmu3_dev *sdev, struct smmu3_ctx *ctx,
		   struct smmu3_ats **ats)
{
	struct smmu3_ats *new;
	bool on;

	*ats = NULL;
	if (!sdev->ats_able || smmu3_dev_cut_off(sdev))
		return 0;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->sdev = sdev;
	new->ctx = ctx;
	mutex_lock(&sdev->unit->mutex);
	on = smmu3_ats_fits(sdev, ctx) && smmu3_ats_on(sdev);
	if (on) {
		ctx->ats_sids += sdev->nsids;
		list_add_tail_rcu(&new->node, &ctx->ats);
	}
	mutex_unlock(&sdev->unit->mutex);
	if (!on) {
		kfree(new);
		return 0;
	}
	iodom_settle(&sdev->unit->q);
	*ats = new;
	return 0;
}

/**
 * smmu3_ats_leave() - a device has nothing of a domain any more
 * @ats: its place on the domain's list; NULL for none
 *
 * Context: process context, with the unit's mutex.
 */
void smmu3_ats_leave(struct smmu3_ats *ats)
{
	if (!ats)
		return;
	ats->ctx->ats_sids -= ats->sdev->nsids;
	list_del_rcu(&ats->node);
	kfree_rcu(ats, rcu);
}

/**
 * smmu3_ats_off() - a device no longer caches translations
 * @sdev: the device
 *
 * In this order, section 3.9.2: what it has sent by a translation that it had is
 * where it belongs when the sync behind the invalidation has completed; then its
 * entries may forbid such requests. One that was cut off is blocked instead.
 *
 * Context: process context, with the unit's mutex; waits for hardware.
 */
void smmu3_ats_off(struct smmu3_dev *sdev)
{
	iodom_ats_disable(sdev->dev);
	smmu3_ats_forget(sdev);
	sdev->ats_on = false;
}

/**
 * smmu3_ats_forget() - make a device forget all translations
 * @sdev: a device that caches some
 *
 * But not one that would not answer, since it was pulled out or cut off.
 *
 * Context: process context, with the unit's mutex; waits for hardware.
 */
void smmu3_ats_forget(struct smmu3_dev *sdev)
{
	struct invq *q = &sdev->unit->q;
	struct invq_cmd cmds[2];

	if (iodom_ats_gone(sdev->dev))
		return;
	smmu3_cmd_sync(&cmds[1]);
	for (unsigned int i = 0; i < sdev->nsids; i++) {
		if (smmu3_sid_cut_off(sdev->unit, sdev->sids[i]))
			continue;
		smmu3_cmd_atc_inv_all(&cmds[0], sdev->sids[i]);
		invq_submit_wait(q, cmds, ARRAY_SIZE(cmds));
	}
}

/**
 * smmu3_ats_encode() - invalidate the caches of a domain's devices
 * @ctx: the domain on a unit
 * @range: what to invalidate; NULL for all
 * @cmds: IODOM_CMDS_MAX commands, of which some are in use; those invalidate
 *	the unit's own caches
 * @n: how many are in use
 *
 * All go into the queue at once, which keeps their order.
 *
 * Context: any context; in an RCU read section.
 * Return: how many of @cmds are in use now; 0 if there is no room for all. With
 *	one in use there is, see smmu3_ats_join().
 */
unsigned int smmu3_ats_encode(struct smmu3_ctx *ctx,
			      const struct ioflush_range *range,
			      struct invq_cmd *cmds, unsigned int n)
{
	const unsigned int room = smmu3_ats_room(ctx->unit);
	struct smmu3_ats *ats;
	bool first = true;

	list_for_each_entry_rcu(ats, &ctx->ats, node) {
		const struct smmu3_dev *sdev = ats->sdev;

		if (iodom_ats_gone(sdev->dev))
			continue;
		if (n + first + sdev->nsids + 1 > room)
			return 0;
		for (unsigned int i = 0; i < sdev->nsids; i++) {
			/* Who comes later waits behind what blocks it. */
			if (smmu3_sid_cut_off(ctx->unit, sdev->sids[i]))
				continue;
			if (first)
				smmu3_cmd_sync(&cmds[n++]);
			first = false;
			if (range)
				smmu3_cmd_atc_inv(&cmds[n++], sdev->sids[i],
						  range->start, range->last);
			else
				smmu3_cmd_atc_inv_all(&cmds[n++],
						      sdev->sids[i]);
		}
	}
	if (!first)
		smmu3_cmd_sync(&cmds[n++]);
	return n;
}
