// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device meets a domain
 *
 * All streams of a device get the same entry. How an entry goes from one
 * meaning to another, and whether requests are blocked meanwhile, is for
 * smmu3_entry_plan() to say.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include "smmuv3.h"
#include "ste.h"

/**
 * struct smmu3_place - where a device is going to be
 * @domain: NULL for nowhere
 * @dom: the same, if it is a paging domain
 * @ctx: what the unit knows of @dom
 * @ats: the device's place on the domain's list of those that cache
 * @leaving: the device goes; others that share a stream with it stay
 */
struct smmu3_place {
	struct iommu_domain *domain;
	struct iodom *dom;
	struct smmu3_ctx *ctx;
	struct smmu3_ats *ats;
	bool leaving;
};

static void smmu3_ste_make(struct smmu3_entry *ste, struct smmu3_unit *unit,
			   const struct smmu3_place *place, bool ats)
{
	const struct smmu3_ctx *ctx = place->ctx;

	if (ctx && ctx->tag.stage2)
		smmu3_ste_stage2(ste, &unit->caps, &ctx->regs, ctx->tag.id,
				 ats);
	else if (ctx)
		smmu3_ste_stage1(ste, &unit->caps, ctx->cd_dma, unit->coherent,
				 ats);
	else if (place->domain == &smmu3_identity_domain)
		smmu3_ste_bypass(ste, &unit->caps);
	else
		smmu3_ste_abort(ste);
}

/*
 * Take the next step. Each is planned from what there is: meanwhile the device may
 * have been cut off, and then the entry aborts. So it stays if it was going to let
 * the device cache translations, which nobody would have it forget. Returns false
 * if there is nothing left to do.
 */
static bool smmu3_ste_step(struct smmu3_unit *unit, u32 sid,
			   const struct smmu3_entry *ste, bool ats)
{
	struct smmu3_entry *entry = smmu3_streams_find(unit, sid);
	struct smmu3_entry_plan plan = {};
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->ste_lock, flags);
	if (!ats || !smmu3_sid_cut_off(unit, sid))
		smmu3_entry_plan(&plan, entry, ste, smmu3_ste_used);
	if (plan.nsteps)
		smmu3_entry_store(entry, &plan.step[0]);
	raw_spin_unlock_irqrestore(&unit->ste_lock, flags);
	return plan.nsteps;
}

static void smmu3_ste_write(struct smmu3_unit *unit, u32 sid,
			    const struct smmu3_entry *ste, bool ats)
{
	struct invq_cmd cmd;

	lockdep_assert_held(&unit->mutex);
	smmu3_cmd_cfgi_ste(&cmd, sid);
	while (smmu3_ste_step(unit, sid, ste, ats))
		invq_submit_wait(&unit->q, &cmd, 1);
}

/* Does another device cache what it is told of a domain by a stream, too? */
static bool smmu3_sid_caches(struct smmu3_dev *sdev, u32 sid,
			     const struct smmu3_ctx *ctx)
{
	struct smmu3_dev *other;

	lockdep_assert_held(&sdev->unit->mutex);
	if (smmu3_sid_cut_off(sdev->unit, sid))
		return false;
	list_for_each_entry(other, &sdev->unit->devs, node)
		if (other != sdev && other->ats_on && other->ctx == ctx &&
		    smmu3_dev_has_sid(other, sid))
			return true;
	return false;
}

/*
 * Does a device go on by an entry of one that leaves? Not if it is in no domain, or in
 * another one: what the entry refers to may be freed next. One that leaves and was in no
 * domain itself has made no entry: it is of the other, or was let through for firmware.
 */
static bool smmu3_goes_on(const struct smmu3_dev *other,
			  const struct smmu3_dev *leaving)
{
	if (!leaving->domain)
		return true;
	return other->domain && (!leaving->dom || other->dom == leaving->dom);
}

/* Does the entry of a stream stay when a device of the unit leaves? */
static bool smmu3_sid_stays(struct smmu3_dev *sdev, u32 sid)
{
	struct smmu3_dev *other;

	lockdep_assert_held(&sdev->unit->mutex);
	list_for_each_entry(other, &sdev->unit->devs, node)
		if (other != sdev && smmu3_dev_has_sid(other, sid) &&
		    smmu3_goes_on(other, sdev))
			return true;
	return false;
}

/*
 * A stream that another device uses, too, stays when one of them leaves. When
 * one of them comes, the other may go on to cache only in a domain that it is in
 * itself: that of another would not reach it.
 */
static void smmu3_dev_point(struct smmu3_dev *sdev,
			    const struct smmu3_place *place)
{
	struct smmu3_unit *unit = sdev->unit;
	struct smmu3_entry ste;

	for (unsigned int i = 0; i < sdev->nsids; i++) {
		u32 sid = sdev->sids[i];
		bool ats;

		if (place->leaving && smmu3_sid_stays(sdev, sid))
			continue;
		ats = place->ats || smmu3_sid_caches(sdev, sid, place->ctx);
		smmu3_ste_make(&ste, unit, place, ats);
		smmu3_ste_write(unit, sid, &ste, ats);
	}
}

/*
 * Stops asking for translations before it may not. The old domain's invalidations
 * reach it until it has nothing of that any more.
 */
static struct iodom *smmu3_dev_move(struct smmu3_dev *sdev,
				    struct smmu3_place *place)
{
	struct iodom *old = sdev->dom;

	lockdep_assert_held(&sdev->unit->mutex);
	if (sdev->ats_on && !place->ats)
		smmu3_ats_off(sdev);
	smmu3_dev_point(sdev, place);
	/* It is in its new domain: what it has cached of the old one has to go. */
	if (sdev->ats && place->ats)
		smmu3_ats_forget(sdev);
	/*
	 * Whoever has cut it off meanwhile has left nothing to be done here, but the
	 * unit may not have read that yet. Then nothing is in its way, as a rule.
	 */
	invq_wait(&sdev->unit->q, invq_newest(&sdev->unit->q));
	smmu3_ats_leave(sdev->ats);

	sdev->domain = place->domain;
	sdev->dom = place->dom;
	sdev->ctx = place->ctx;
	sdev->ats = place->ats;
	iodom_device_move(&sdev->place, old, place->dom);
	return old;
}

/* Can the unit walk the domain's table, and do what the domain relies on? */
static bool smmu3_fits(const struct smmu3_unit *unit, const struct iodom *dom)
{
	const bool stage2 = dom->pgt.ops == &iopgt_arm_s2_ops;
	const struct smmu3_caps *caps = &unit->caps;
	const struct iopgt_cfg *has = &dom->pgt.cfg;
	struct iopgt_cfg can;

	if (smmu3_caps_pgt_cfg(caps, stage2, unit->coherent, &can))
		return false;
	return has->ias_bits <= can.ias_bits && has->oas_bits <= can.oas_bits &&
	       !(has->pgsize_bitmap & ~can.pgsize_bitmap) &&
	       (!has->coherent_walk || unit->coherent) &&
	       (!has->hitless || caps->hitless) &&
	       (!has->hw_dirty || smmu3_tracks_dirty(unit));
}

static int smmu3_attach(struct iodom *dom, struct device *dev)
{
	struct smmu3_dev *sdev = dev_iommu_priv_get(dev);
	struct smmu3_place place = { .domain = &dom->domain, .dom = dom };
	struct smmu3_unit *unit = sdev->unit;
	struct iodom_link *link;
	struct iodom *old = dom;
	int ret;

	if (!smmu3_fits(unit, dom))
		return -EINVAL;
	link = iodom_link_get(dom, unit, &unit->q, false);
	if (IS_ERR(link))
		return PTR_ERR(link);

	place.ctx = link->priv;
	ret = smmu3_ats_join(sdev, place.ctx, &place.ats);
	if (!ret) {
		mutex_lock(&unit->mutex);
		old = smmu3_dev_move(sdev, &place);
		mutex_unlock(&unit->mutex);
	}
	/* That it left, or did not come to */
	if (old)
		iodom_link_put(old, unit);
	return ret;
}

static void smmu3_attach_static(struct smmu3_dev *sdev,
				struct smmu3_place place)
{
	struct iodom *old;

	mutex_lock(&sdev->unit->mutex);
	old = smmu3_dev_move(sdev, &place);
	mutex_unlock(&sdev->unit->mutex);
	if (old)
		iodom_link_put(old, sdev->unit);
}

static int smmu3_static_attach_dev(IOFLUSH_ATTACH_ARGS)
{
	smmu3_attach_static(dev_iommu_priv_get(dev),
			    (struct smmu3_place){ .domain = domain });
	return 0;
}

const struct iodom_hw_ops smmu3_iodom_hw_ops = {
	.attach = smmu3_attach,
	.encode_range = smmu3_encode_range,
	.encode_all = smmu3_encode_all,
	.link_get = smmu3_link_get,
	.link_put = smmu3_link_put,
};

static const struct iommu_domain_ops smmu3_static_ops = {
	.attach_dev = smmu3_static_attach_dev,
};

struct iommu_domain smmu3_identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &smmu3_static_ops,
	.owner = &smmu3_ops,
};

struct iommu_domain smmu3_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &smmu3_static_ops,
	.owner = &smmu3_ops,
};

/**
 * smmu3_dev_detach() - a device goes away
 * @sdev: the device
 * @direct: firmware has memory that it uses whether it has a driver or not, and
 *	that is mapped one to one; it goes on with that. Others are blocked
 *
 * Context: process context; the core holds the group's mutex; waits for
 *	hardware.
 */
void smmu3_dev_detach(struct smmu3_dev *sdev, bool direct)
{
	smmu3_attach_static(sdev, (struct smmu3_place){
		.domain = direct ? &smmu3_identity_domain : NULL,
		.leaving = true,
	});
}
