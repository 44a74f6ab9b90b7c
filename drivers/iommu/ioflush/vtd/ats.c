// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: devices that cache translations themselves (PCI ATS), behind VT-d
 *
 * What such a device has cached is invalidated behind the unit's own caches, from
 * which it would load it again. One submission does: hardware begins with an invalidation
 * of a device only when those of its IOTLB in front of it are over, and a wait is over when
 * all before it is (section 6.5.2.11).
 *
 * The context entry is what lets a device ask, and use what it was told. So one that comes
 * to a domain is told to cache while its entry does not let it; then it joins the
 * domain's list, waits for those that have not seen it there, and gets its entry. On its
 * way out the entry is cleared first, then it forgets, leaves the list, and waits for those
 * that have seen it there. It is sent invalidations only while ATS is on in it: others may
 * leave them without an answer.
 *
 * Only where the queue is ours alone. Registers have no such invalidation. And where the
 * kernel remaps interrupts by the same queue, it clears the error by which a device that
 * does not answer is known.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/sizes.h>

#include "regs.h"
#include "vtd.h"

/* Nothing but PCI Express between it and its root port? @port: is there one? */
static bool vtd_ats_reaches(struct pci_dev *pdev, bool *port)
{
	struct pci_dev *bridge;

	*port = false;
	for (bridge = pci_upstream_bridge(pdev); bridge;
	     bridge = pci_upstream_bridge(bridge)) {
		if (!pci_is_pcie(bridge) ||
		    pci_pcie_type(bridge) == PCI_EXP_TYPE_PCI_BRIDGE)
			return false;
		*port = true;
	}
	return true;
}

/* By its own requests, and by no others that carry the same source id */
static bool vtd_ats_own_rid(const struct vtd_dev *vdev, struct pci_dev *pdev)
{
	return vdev->nrids == 1 && vdev->rids[0] == pci_dev_id(pdev);
}

/*
 * They answer an invalidation while what they have written by the old translation may
 * still be on its way. It takes a second one to be sure.
 */
static const struct pci_device_id vtd_ats_early[] = {
	{ PCI_VDEVICE(INTEL, 0x4940) }, /* QAT, with its virtual functions */
	{ PCI_VDEVICE(INTEL, 0x4941) },
	{ PCI_VDEVICE(INTEL, 0x4942) },
	{ PCI_VDEVICE(INTEL, 0x4943) },
	{}
};

/* It, its unit and firmware. @pf: whose it is, if it is a virtual function */
static bool vtd_ats_may(const struct vtd_dev *vdev, struct pci_dev *pdev,
			struct pci_dev *pf, const struct vtd_way *way)
{
	const struct vtd_unit *unit = vdev->unit;
	bool port;

	return unit->queued && !vtd_is_shared(unit) &&
	       unit->caps.ecap & VTD_ECAP_DT && pci_ats_page_aligned(pdev) &&
	       !pci_match_id(vtd_ats_early, pdev) &&
	       vtd_ats_own_rid(vdev, pdev) && vtd_ats_reaches(pf, &port) &&
	       vtd_dmar_allows_ats(vtd_dmar_table(), way, port);
}

/**
 * vtd_ats_probe() - find out if a device may cache translations
 * @vdev: the device, with its source ids
 * @way: the way to it
 *
 * Virtual functions need to find the smallest page in their physical one (PCI Express,
 * section 10.5.1.3), also if that is not attached itself. ATS that a kernel before has
 * left on is off then, whether we use it or not.
 *
 * Context: process context, before it is attached.
 */
void vtd_ats_probe(struct vtd_dev *vdev, const struct vtd_way *way)
{
	struct vtd_unit *unit = vdev->unit;
	struct pci_dev *pdev, *pf;

	if (!dev_is_pci(vdev->dev))
		return;
	pdev = to_pci_dev(vdev->dev);
	pf = pci_physfn(pdev);
	if (!pci_ats_supported(pdev) || pci_prepare_ats(pdev, PAGE_SHIFT) ||
	    !vtd_ats_may(vdev, pdev, pf, way))
		return;
	vdev->atc = (struct vtd_atc) {
		.sid = vdev->rids[0],
		.pfsid = unit->caps.ecap & VTD_ECAP_DIT ? pci_dev_id(pf) : 0,
		.depth = pci_ats_queue_depth(pf),
	};
	vdev->ats_able = true;
}

/* How many devices one invalidation has room for, behind one of the unit's own. */
static unsigned int vtd_ats_max(const struct vtd_unit *unit)
{
	return min_t(u32, IODOM_CMDS_MAX, invq_room(&unit->q)) - 1;
}

/**
 * vtd_ats_join() - a domain's invalidations are to reach a device, too
 * @vdev: the device; its context entry does not let it ask, or is of another domain
 * @dom: the domain
 * @link: its place on the device's unit
 * @ats: receives the device's place on the list, NULL if it caches nothing
 *
 * Context: process context; waits for RCU and for hardware.
 * Return: 0 or -ENOMEM.
 */
int vtd_ats_join(struct vtd_dev *vdev, struct iodom *dom,
		 struct iodom_link *link, struct iodom_ats **ats)
{
	struct iodom_ats *new;

	*ats = NULL;
	if (!vdev->ats_able || READ_ONCE(vdev->cut_off))
		return 0;
	if (!vdev->ats_on)
		vdev->ats_on = !iodom_ats_enable(vdev->dev, PAGE_SHIFT, link->q);
	vdev->ats_able = vdev->ats_on;
	if (!vdev->ats_on)
		return 0;
	new = iodom_ats_join(dom, link, &vdev->place, vtd_ats_max(vdev->unit));
	if (!new)
		dev_info(vdev->dev, "caches no translations: too many of its domain do\n");
	if (IS_ERR_OR_NULL(new) && !vdev->ats)
		vtd_ats_off(vdev);
	if (IS_ERR(new))
		return PTR_ERR(new);
	*ats = new;
	return 0;
}

/**
 * vtd_ats_off() - a device asks for no more translations
 * @vdev: the device; its context entry lets it use none, and it has forgotten all
 *
 * Context: process context; the core holds the group's mutex.
 */
void vtd_ats_off(struct vtd_dev *vdev)
{
	if (vdev->ats_on)
		iodom_ats_disable(vdev->dev);
	vdev->ats_on = false;
}

/**
 * vtd_ats_answers() - may invalidations be sent to a device?
 * @vdev: a device that may have something cached
 *
 * Not to one that was pulled out or cut off: who comes later waits behind what blocks it.
 *
 * Context: any context.
 * Return: whether they may.
 */
bool vtd_ats_answers(const struct vtd_dev *vdev)
{
	return !READ_ONCE(vdev->cut_off) && !iodom_ats_gone(vdev->dev);
}

/**
 * vtd_ats_encode() - invalidate the caches of a domain's devices
 * @link: the domain on a unit
 * @range: what to invalidate; NULL for all
 * @cmds: IODOM_CMDS_MAX descriptors, of which some are in use; those invalidate
 *	the unit's own caches
 * @n: how many are in use, at least one
 *
 * Context: any context; in an RCU read section.
 * Return: how many of @cmds are in use now; 0 if there is no room for all. With
 *	one in use there is, see vtd_ats_join().
 */
unsigned int vtd_ats_encode(struct iodom_link *link,
			    const struct ioflush_range *range,
			    struct invq_cmd *cmds, unsigned int n)
{
	const unsigned int room = vtd_ats_max(link->unit) + 1;
	const struct iodom_ats *ats;

	hlist_for_each_entry_rcu(ats, &link->ats, node) {
		const struct vtd_dev *vdev = container_of(ats->device,
							  struct vtd_dev, place);

		if (!vtd_ats_answers(vdev))
			continue;
		if (n == room)
			return 0;
		if (range)
			vtd_inv_device(&cmds[n++], &vdev->atc, range);
		else
			vtd_inv_device_all(&cmds[n++], &vdev->atc);
	}
	return n;
}

/**
 * vtd_ats_encode_range() - invalidate a range on a unit and in a domain's devices
 * @dom: the domain, of second-stage tables
 * @link: its place on the unit
 * @range: what to invalidate
 * @cmds: receives at most IODOM_CMDS_MAX descriptors
 *
 * Context: any context; in an RCU read section.
 * Return: how many, 0 if the whole domain is cheaper.
 */
unsigned int vtd_ats_encode_range(struct iodom *dom, struct iodom_link *link,
				  const struct ioflush_range *range,
				  struct invq_cmd *cmds)
{
	struct vtd_unit *unit = link->unit;
	unsigned int n = vtd_inv_range(cmds, &unit->caps, link->id, range);

	return n ? vtd_ats_encode(link, range, cmds, n) : 0;
}
