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
#include "vtd.h"

static void vtd_submit_wait(struct vtd_unit *unit, struct invq_cmd *cmd)
{
	invq_submit_wait(&unit->q, cmd, 1);
}

/*
 * Section 6.5.3.2: first the context entry, then what was translated by it.
 * Entries of other devices in the old domain go as well: legacy mode tags
 * translations with the domain only.
 */
static void vtd_forget_rid(struct vtd_unit *unit, u16 rid, u16 did)
{
	struct invq_cmd cmd;

	vtd_inv_context(&cmd, VTD_GRAN_LOCAL, did, rid);
	vtd_submit_wait(unit, &cmd);
	vtd_inv_iotlb(&cmd, &unit->caps, VTD_GRAN_DOMAIN, did);
	vtd_submit_wait(unit, &cmd);
}

static bool vtd_entry_equal(const struct vtd_entry *a,
			    const struct vtd_entry *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

/* Does another device of the unit use a source id, too? */
static bool vtd_rid_shared(struct vtd_dev *vdev, u16 rid)
{
	struct vtd_dev *other;

	lockdep_assert_held(&vdev->unit->lock);
	list_for_each_entry(other, &vdev->unit->devs, node)
		for (unsigned int i = 0; i < other->nrids; i++)
			if (other != vdev && other->rids[i] == rid)
				return true;
	return false;
}

/* Returns whether an entry was cleared, and with which domain id. */
static bool vtd_clear_rid(struct vtd_dev *vdev, u16 rid,
			  const struct vtd_entry *keep, bool leaving, u16 *did)
{
	struct vtd_unit *unit = vdev->unit;
	struct vtd_entry *entry;
	bool cleared = false;

	spin_lock(&unit->lock);
	entry = vtd_table_context(unit, rid);
	if (entry && vtd_entry_present(entry) &&
	    !(keep && vtd_entry_equal(entry, keep)) &&
	    !(leaving && vtd_rid_shared(vdev, rid))) {
		*did = vtd_context_did(entry);
		vtd_table_clear(unit, entry);
		cleared = true;
	}
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
	u16 did;

	for (unsigned int i = 0; i < vdev->nrids; i++)
		if (vtd_clear_rid(vdev, vdev->rids[i], keep, leaving, &did))
			vtd_forget_rid(vdev->unit, vdev->rids[i], did);
}

static void vtd_set_rids(struct vtd_dev *vdev, const struct vtd_entry *value)
{
	struct vtd_unit *unit = vdev->unit;

	spin_lock(&unit->lock);
	for (unsigned int i = 0; i < vdev->nrids; i++) {
		struct vtd_entry *entry = vtd_table_context(unit,
							    vdev->rids[i]);

		if (!vtd_entry_present(entry))
			vtd_table_set(unit, entry, value);
	}
	spin_unlock(&unit->lock);

	if (!vtd_caps_map_needs_flush(&unit->caps))
		return;
	/* Cached not-present context entries are tagged with domain id 0. */
	for (unsigned int i = 0; i < vdev->nrids; i++)
		vtd_forget_rid(unit, vdev->rids[i], 0);
	vtd_forget_rid(unit, vdev->rids[0], vtd_context_did(value));
}

static int vtd_grow_rids(struct vtd_dev *vdev)
{
	for (unsigned int i = 0; i < vdev->nrids; i++) {
		int ret = vtd_table_grow(vdev->unit,
					 PCI_BUS_NUM(vdev->rids[i]));

		if (ret)
			return ret;
	}
	return 0;
}

/* The domain pointers follow the hardware; the old domain's link goes last. */
static void vtd_dev_now_in(struct vtd_dev *vdev, struct iommu_domain *domain,
			   struct iodom *dom)
{
	struct vtd_unit *unit = vdev->unit;
	struct iodom *old;

	spin_lock(&unit->lock);
	old = vdev->dom;
	vdev->domain = domain;
	vdev->dom = dom;
	spin_unlock(&unit->lock);
	iodom_device_move(&vdev->place, old, dom);
	if (old)
		iodom_link_put(old, unit);
}

static int vtd_dev_point(struct vtd_dev *vdev,
			 const struct vtd_context *context)
{
	struct vtd_entry value = vtd_context_encode(context);
	int ret;

	ret = vtd_grow_rids(vdev);
	if (ret)
		return ret;
	vtd_clear_rids(vdev, &value, false);
	vtd_set_rids(vdev, &value);
	return 0;
}

static int vtd_attach(struct iodom *dom, struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);
	struct vtd_unit *unit = vdev->unit;
	struct vtd_context context;
	struct iodom_link *link;
	int ret;

	if (!vtd_caps_fit(&unit->caps, unit->haw_bits, &dom->pgt,
			  dom->domain.geometry.aperture_end))
		return -EINVAL;

	link = iodom_link_get(dom, unit, &unit->q,
			      vtd_caps_map_needs_flush(&unit->caps));
	if (IS_ERR(link))
		return PTR_ERR(link);

	context = (struct vtd_context) {
		.tt = VTD_TT_TABLE,
		.levels = dom->pgt.levels,
		.did = link->id,
		.root = virt_to_phys(dom->pgt.root),
	};
	ret = vtd_dev_point(vdev, &context);
	if (ret) {
		iodom_link_put(dom, unit);
		return ret;
	}
	vtd_dev_now_in(vdev, &dom->domain, dom);
	return 0;
}

static unsigned int vtd_encode_range(struct iodom *dom,
				     struct iodom_link *link,
				     const struct ioflush_range *range,
				     struct invq_cmd *cmds)
{
	struct vtd_unit *unit = link->unit;

	return vtd_inv_range(cmds, &unit->caps, link->id, range);
}

static unsigned int vtd_encode_all(struct iodom *dom, struct iodom_link *link,
				   struct invq_cmd *cmds)
{
	struct vtd_unit *unit = link->unit;

	vtd_inv_iotlb(cmds, &unit->caps, VTD_GRAN_DOMAIN, link->id);
	return 1;
}

static int vtd_link_get(struct iodom *dom, struct iodom_link *link)
{
	struct vtd_unit *unit = link->unit;
	int did;

	did = ida_alloc_range(&unit->dids, 1, unit->caps.domains - 1,
			      GFP_KERNEL);
	if (did < 0)
		return did;
	link->id = did;
	return 0;
}

static void vtd_link_put(struct iodom *dom, struct iodom_link *link)
{
	struct vtd_unit *unit = link->unit;

	ida_free(&unit->dids, link->id);
}

/*
 * From now on mappings force snooping. Those that were there do not, so there
 * must be none: a table with no page but its root.
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

static int vtd_identity_attach(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);
	struct vtd_unit *unit = vdev->unit;
	struct vtd_context context = { .did = unit->identity_did };
	int ret;

	if (unit->caps.pass_through) {
		context.tt = VTD_TT_PASS;
		context.levels = unit->caps.levels_max;
	} else {
		context.tt = VTD_TT_TABLE;
		context.levels = unit->identity.levels;
		context.root = virt_to_phys(unit->identity.root);
	}
	ret = vtd_dev_point(vdev, &context);
	if (!ret)
		vtd_dev_now_in(vdev, domain, NULL);
	return ret;
}

static int vtd_blocked_attach(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);

	vtd_clear_rids(vdev, NULL, false);
	vtd_dev_now_in(vdev, domain, NULL);
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
	vtd_dev_now_in(vdev, NULL, NULL);
}
