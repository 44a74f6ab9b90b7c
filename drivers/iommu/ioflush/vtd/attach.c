// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device meets a domain
 *
 * All source ids that a device's requests may carry get the same context
 * entry. An entry goes from one domain to another by way of not present, with
 * the invalidations in between, so that no request ever translates through a
 * mixture of two: DMA of the device is blocked meanwhile, which the core
 * allows for.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/pci.h>
#include <linux/rculist.h>

#include "inval.h"
#include "scalable.h"
#include "vtd.h"

static void vtd_submit_wait(struct vtd_unit *unit, struct invq_cmd *cmd)
{
	invq_submit_wait(&unit->q, cmd, 1);
}

static void vtd_forget_pasid(struct vtd_unit *unit, enum vtd_pasid_gran gran,
			     u16 did)
{
	struct invq_cmd cmd;

	vtd_inv_pasid(&cmd, gran, did);
	vtd_submit_wait(unit, &cmd);
}

/*
 * Sections 6.5.3.2 and 6.5.3.3: first the context entry, in scalable mode then the PASID
 * entry that it has led to, then what was translated by it, then
 * what the device, if there is one that caches, was told of that. Entries of other
 * devices in the old domain go as well: legacy mode tags translations with the domain
 * only, as scalable mode does where requests have no PASID.
 */
static void vtd_forget_rid(struct vtd_unit *unit, u16 rid, u16 did,
			   const struct vtd_dev *cacher)
{
	struct invq_cmd cmds[2];
	unsigned int n = 1;

	vtd_inv_context(&cmds[0], VTD_GRAN_LOCAL, did, rid);
	vtd_submit_wait(unit, &cmds[0]);
	if (unit->scalable)
		vtd_forget_pasid(unit, VTD_PASID_GRAN_DOMAIN, did);
	vtd_inv_domain(&cmds[0], &unit->caps, did);
	if (cacher && vtd_ats_answers(cacher))
		vtd_inv_device_all(&cmds[n++], &cacher->atc);
	invq_submit_wait(&unit->q, cmds, n);
}

static bool vtd_entry_equal(const struct vtd_entry *a,
			    const struct vtd_entry *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

/*
 * Does a device go on by an entry of one that leaves? Not if it is in no domain, or in
 * another one: where the entry leads to may be freed next. One that leaves and was in no
 * domain itself has made no entry: it is of the other, or of a kernel that crashed.
 */
static bool vtd_goes_on(const struct vtd_dev *other, const struct vtd_dev *leaving)
{
	if (!leaving->domain)
		return true;
	return other->domain && (!leaving->dom || other->dom == leaving->dom);
}

/* Does the entry of a source id stay when a device of the unit leaves? */
static bool vtd_rid_stays(struct vtd_dev *vdev, u16 rid)
{
	struct vtd_dev *other;

	lockdep_assert_held(&vdev->unit->lock);
	list_for_each_entry(other, &vdev->unit->devs, node)
		for (unsigned int i = 0; i < other->nrids; i++)
			if (other != vdev && other->rids[i] == rid &&
			    vtd_goes_on(other, vdev))
				return true;
	return false;
}

/* Returns whether an entry was cleared, and what it has said. */
static bool vtd_clear_rid(struct vtd_dev *vdev, u16 rid,
			  const struct vtd_entry *keep, bool leaving,
			  struct vtd_context *old)
{
	struct vtd_unit *unit = vdev->unit;
	struct vtd_entry *entry;
	unsigned long flags;
	bool cleared = false;

	spin_lock(&unit->lock);
	raw_spin_lock_irqsave(&unit->entry_lock, flags);
	entry = vtd_table_context(unit, rid);
	if (entry && vtd_entry_present(entry) &&
	    !(keep && vtd_entry_equal(entry, keep)) &&
	    !(leaving && vtd_rid_stays(vdev, rid))) {
		vtd_context_read(unit, entry, old);
		vtd_table_clear(unit, entry);
		cleared = true;
	}
	raw_spin_unlock_irqrestore(&unit->entry_lock, flags);
	spin_unlock(&unit->lock);
	return cleared;
}

/*
 * Block a device's requests, but for those by an entry that is to stay. A
 * device that is leaving lets those that share a source id with it go on.
 */
static void vtd_clear_rids(struct vtd_dev *vdev, const struct vtd_entry *keep,
			   bool leaving)
{
	struct vtd_context old;

	for (unsigned int i = 0; i < vdev->nrids; i++)
		if (vtd_clear_rid(vdev, vdev->rids[i], keep, leaving, &old))
			vtd_forget_rid(vdev->unit, vdev->rids[i], old.did,
				       old.tt == VTD_TT_DEVICE && vdev->ats_on ?
				       vdev : NULL);
	/*
	 * Who has cut it off has cleared its entry, and left PASID caches as they were. Its
	 * context entry may still be cached, too, and has to go first.
	 */
	if (vdev->unit->scalable && READ_ONCE(vdev->cut_off))
		vtd_unit_flush_all(vdev->unit);
}

/* One that was cut off meanwhile stays blocked where it was going to cache. */
static void vtd_set_rid(struct vtd_dev *vdev, u16 rid,
			const struct vtd_entry *value, bool caches)
{
	struct vtd_unit *unit = vdev->unit;
	struct vtd_entry *entry = vtd_table_context(unit, rid);
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->entry_lock, flags);
	if (!vtd_entry_present(entry) && !(caches && vdev->cut_off))
		vtd_table_set(unit, entry, value);
	raw_spin_unlock_irqrestore(&unit->entry_lock, flags);
}

static void vtd_set_rids(struct vtd_dev *vdev, const struct vtd_entry *value,
			 const struct vtd_context *context)
{
	bool caches = context->tt == VTD_TT_DEVICE;
	struct vtd_unit *unit = vdev->unit;

	spin_lock(&unit->lock);
	for (unsigned int i = 0; i < vdev->nrids; i++)
		vtd_set_rid(vdev, vdev->rids[i], value, caches);
	spin_unlock(&unit->lock);

	if (!vtd_caps_map_needs_flush(&unit->caps))
		return;
	/* Cached not-present context entries are tagged with domain id 0. */
	for (unsigned int i = 0; i < vdev->nrids; i++)
		vtd_forget_rid(unit, vdev->rids[i], 0, NULL);
	vtd_forget_rid(unit, vdev->rids[0], context->did, NULL);
}

static int vtd_grow_rids(struct vtd_dev *vdev)
{
	for (unsigned int i = 0; i < vdev->nrids; i++) {
		int ret = vtd_table_grow(vdev->unit, vdev->rids[i]);

		if (ret)
			return ret;
	}
	return 0;
}

/*
 * A device has forgotten what its old domain told it. Who unmaps there tells it no more;
 * when this returns it has answered all that others had to tell it until then, or has
 * been cut off, and nobody looks at it any more.
 */
static void vtd_dev_unlist(struct vtd_dev *vdev)
{
	if (!vdev->ats)
		return;
	iodom_ats_leave(vdev->dom, vdev->ats);
	vdev->ats = NULL;
	iodom_settle(&vdev->unit->q);
}

/* The domain pointers follow the hardware; the old domain's link goes last. */
static void vtd_dev_now_in(struct vtd_dev *vdev, struct iommu_domain *domain,
			   struct iodom *dom, struct iodom_ats *ats)
{
	struct vtd_unit *unit = vdev->unit;
	struct iodom *old = vdev->dom;

	vdev->ats = ats;

	spin_lock(&unit->lock);
	vdev->domain = domain;
	vdev->dom = dom;
	spin_unlock(&unit->lock);
	iodom_device_move(&vdev->place, old, dom);
	if (old)
		iodom_link_put(old, unit);
}

/* All source ids have a place in the tables. */
static void vtd_dev_point(struct vtd_dev *vdev,
			  const struct vtd_context *context)
{
	struct vtd_entry value = vtd_context_value(vdev->unit, context);

	vtd_clear_rids(vdev, &value, false);
	vtd_dev_unlist(vdev);
	if (context->tt != VTD_TT_DEVICE)
		vtd_ats_off(vdev);
	vtd_set_rids(vdev, &value, context);
}

static struct vtd_context vtd_dom_context(const struct iodom *dom,
					  const struct iodom_link *link)
{
	return (struct vtd_context) {
		.tt = VTD_TT_TABLE,
		.levels = dom->pgt.levels,
		.did = link->id,
		.root = virt_to_phys(dom->pgt.root),
		.pasids = link->priv ? virt_to_phys(link->priv) : 0,
		.first_stage = dom->hw == &vtd_first_hw_ops,
	};
}

static int vtd_attach(struct iodom *dom, struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);
	struct vtd_unit *unit = vdev->unit;
	struct vtd_context context;
	struct iodom_link *link;
	struct iodom_ats *ats;
	int ret;

	if (!vtd_caps_fit(&unit->caps, unit->haw_bits, &dom->pgt,
			  dom->domain.geometry.aperture_end))
		return -EINVAL;
	ret = vtd_grow_rids(vdev);
	if (ret)
		return ret;

	link = iodom_link_get(dom, unit, &unit->q,
			      vtd_caps_map_needs_flush(&unit->caps));
	if (IS_ERR(link))
		return PTR_ERR(link);

	ret = vtd_ats_join(vdev, dom, link, &ats);
	if (ret) {
		iodom_link_put(dom, unit);
		return ret;
	}
	context = vtd_dom_context(dom, link);
	if (ats)
		context.tt = VTD_TT_DEVICE;
	vtd_dev_point(vdev, &context);
	vtd_dev_now_in(vdev, &dom->domain, dom, ats);
	return 0;
}

static unsigned int vtd_encode_range(struct iodom *dom,
				     struct iodom_link *link,
				     const struct ioflush_range *range,
				     struct invq_cmd *cmds)
{
	struct vtd_unit *unit = link->unit;

	/*
	 * By itself, and with the same arguments, so that a domain without such a device
	 * saves and moves no registers for it.
	 */
	if (unlikely(!hlist_empty(&link->ats)))
		return vtd_ats_encode_range(dom, link, range, cmds);
	return vtd_inv_range(cmds, &unit->caps, link->id, range);
}

static unsigned int vtd_encode_all(struct iodom *dom, struct iodom_link *link,
				   struct invq_cmd *cmds)
{
	struct vtd_unit *unit = link->unit;

	vtd_inv_iotlb(cmds, &unit->caps, VTD_GRAN_DOMAIN, link->id);
	return likely(hlist_empty(&link->ats)) ? 1 :
	       vtd_ats_encode(link, NULL, cmds, 1);
}

/* Before any context entry refers to them, and as they are going to stay */
static int vtd_link_pasids(struct iodom *dom, struct iodom_link *link)
{
	struct vtd_context context = vtd_dom_context(dom, link);

	link->priv = vtd_pasids_create(link->unit, &context);
	if (link->priv)
		return 0;
	vtd_unit_did_put(link->unit, link->id);
	return -ENOMEM;
}

static int vtd_link_get(struct iodom *dom, struct iodom_link *link)
{
	struct vtd_unit *unit = link->unit;
	int did = vtd_unit_did_get(unit);

	if (did < 0)
		return did;
	link->id = did;
	return unit->scalable ? vtd_link_pasids(dom, link) : 0;
}

static void vtd_link_put(struct iodom *dom, struct iodom_link *link)
{
	struct vtd_unit *unit = link->unit;

	vtd_pasids_free(link->priv);
	vtd_unit_did_put(unit, link->id);
}

/*
 * The same for domains of first-stage tables, which have functions of their own, so that
 * the others need not ask.
 */
static unsigned int vtd_first_encode_range(struct iodom *dom,
					   struct iodom_link *link,
					   const struct ioflush_range *range,
					   struct invq_cmd *cmds)
{
	struct vtd_unit *unit = link->unit;
	unsigned int n = vtd_inv_pasid_range(cmds, &unit->caps, link->id, range);

	return likely(hlist_empty(&link->ats)) || !n ? n :
	       vtd_ats_encode(link, range, cmds, n);
}

static unsigned int vtd_first_encode_all(struct iodom *dom,
					 struct iodom_link *link,
					 struct invq_cmd *cmds)
{
	vtd_inv_pasid_iotlb(cmds, link->id);
	return likely(hlist_empty(&link->ats)) ? 1 :
	       vtd_ats_encode(link, NULL, cmds, 1);
}

/*
 * From now on mappings force snooping. Those that were there do not, so there
 * must be none: a table with no page but its root. First-stage tables are not asked:
 * what refers to them forces it wherever it can be forced.
 */
static bool vtd_enforce_coherency(struct iodom *dom)
{
	struct iodom_link *link;
	bool can = true;

	if (dom->pgt.cfg.snoop_ctl)
		return true;
	mutex_lock(&dom->attach_lock);
	list_for_each_entry(link, &dom->links, node) {
		struct vtd_unit *unit = link->unit;

		can &= unit->caps.snoop_control;
	}
	can &= atomic_long_read(&dom->pgt.live_pages) == 1;
	if (can)
		dom->pgt.cfg.snoop_ctl = true;
	mutex_unlock(&dom->attach_lock);
	return can;
}

const struct iodom_hw_ops vtd_iodom_hw_ops = {
	.attach = vtd_attach,
	.encode_range = vtd_encode_range,
	.encode_all = vtd_encode_all,
	.link_get = vtd_link_get,
	.link_put = vtd_link_put,
	.enforce_coherency = vtd_enforce_coherency,
};

const struct iodom_hw_ops vtd_first_hw_ops = {
	.attach = vtd_attach,
	.encode_range = vtd_first_encode_range,
	.encode_all = vtd_first_encode_all,
	.link_get = vtd_link_get,
	.link_put = vtd_link_put,
	.enforce_coherency = vtd_enforce_coherency,
};

static int vtd_identity_attach(IOFLUSH_ATTACH_ARGS)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);
	int ret = vtd_grow_rids(vdev);
	struct vtd_context context;

	if (ret)
		return ret;
	vtd_identity_context(vdev->unit, &context);
	vtd_dev_point(vdev, &context);
	vtd_dev_now_in(vdev, domain, NULL, NULL);
	return 0;
}

static int vtd_blocked_attach(IOFLUSH_ATTACH_ARGS)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);

	vtd_clear_rids(vdev, NULL, false);
	vtd_dev_unlist(vdev);
	vtd_ats_off(vdev);
	vtd_dev_now_in(vdev, domain, NULL, NULL);
	return 0;
}

static const struct iommu_domain_ops vtd_identity_ops = {
	.attach_dev = vtd_identity_attach,
};

static const struct iommu_domain_ops vtd_blocked_ops = {
	.attach_dev = vtd_blocked_attach,
};

struct iommu_domain vtd_identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &vtd_identity_ops,
	.owner = &vtd_ops,
};

struct iommu_domain vtd_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &vtd_blocked_ops,
	.owner = &vtd_ops,
};

/**
 * vtd_dev_detach() - block a device that goes away
 * @vdev: the device
 *
 * Context: process context; the core holds the group's mutex; waits for
 *	hardware.
 */
void vtd_dev_detach(struct vtd_dev *vdev)
{
	vtd_clear_rids(vdev, NULL, true);
	vtd_dev_unlist(vdev);
	vtd_ats_off(vdev);
	vtd_dev_now_in(vdev, NULL, NULL, NULL);
}
