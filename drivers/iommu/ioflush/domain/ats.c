// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: devices that cache translations themselves (PCI ATS), whatever their IOMMU
 *
 * Why a device that joins has to wait before it may ask is in invalidate.c.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "internal.h"

/*
 * By PCI Express (section 10.3.1) a device may take up to a minute and a half to
 * answer an invalidation, and the sync behind that waits for it: in units of the
 * queue's time-out, which is a second.
 */
#define IODOM_ATS_KILL_TIMEOUTS 100

static bool iodom_ats_add(struct iodom *dom, struct iodom_ats *ats,
			  unsigned int max)
{
	struct iodom_link *link = ats->link;
	bool fits;

	mutex_lock(&dom->attach_lock);
	fits = link->ats_n < max;
	if (fits) {
		link->ats_n++;
		hlist_add_head_rcu(&ats->node, &link->ats);
	}
	mutex_unlock(&dom->attach_lock);
	return fits;
}

/**
 * iodom_ats_join() - a domain's invalidations are to reach a device, too
 * @dom: the domain
 * @link: its place on the device's unit, which the caller has a use of
 * @device: the device; gets none of the domain's translations yet
 * @max: how many of such devices one invalidation has room for
 *
 * When this returns none is under way that does not reach it.
 *
 * Context: process context; takes the domain's attach_lock, and without it waits for
 *	RCU and for hardware.
 * Return: the device's place on the list, NULL if that is full, or -ENOMEM.
 */
struct iodom_ats *iodom_ats_join(struct iodom *dom, struct iodom_link *link,
				 struct iodom_device *device, unsigned int max)
{
	struct iodom_ats *ats = kzalloc(sizeof(*ats), GFP_KERNEL);

	if (!ats)
		return ERR_PTR(-ENOMEM);
	ats->link = link;
	ats->device = device;
	if (!iodom_ats_add(dom, ats, max)) {
		kfree(ats);
		return NULL;
	}
	iodom_settle(link->q);
	return ats;
}

/**
 * iodom_ats_leave() - a device has nothing of a domain any more
 * @dom: the domain
 * @ats: its place on the list; NULL for none
 *
 * Context: process context; takes the domain's attach_lock.
 */
void iodom_ats_leave(struct iodom *dom, struct iodom_ats *ats)
{
	if (!ats)
		return;
	mutex_lock(&dom->attach_lock);
	ats->link->ats_n--;
	hlist_del_rcu(&ats->node);
	mutex_unlock(&dom->attach_lock);
	kfree_rcu(ats, rcu);
}

/**
 * iodom_ats_enable() - have a device cache translations, as far as it gets any
 * @dev: a device that can
 * @page_lg2: log2 of its unit's smallest page
 * @q: the queue that its invalidations go into
 *
 * The unit is not dead just because one of its devices is slow. Nor when that one has
 * gone: what was queued for it by then may still be there.
 *
 * Context: process context.
 * Return: 0, or an error, which is logged.
 */
int iodom_ats_enable(struct device *dev, u8 page_lg2, struct invq *q)
{
	int ret = 0;

	if (dev_is_pci(dev))
		ret = pci_enable_ats(to_pci_dev(dev), page_lg2);
	if (ret) {
		dev_warn(dev, "caches no translations: ATS cannot be enabled: error %d\n",
			 ret);
		return ret;
	}
	WRITE_ONCE(q->kill_timeouts, IODOM_ATS_KILL_TIMEOUTS);
	return 0;
}

/**
 * iodom_ats_disable() - have a device ask for no more translations
 * @dev: a device that was told to by iodom_ats_enable()
 *
 * Context: process context.
 */
void iodom_ats_disable(struct device *dev)
{
	if (dev_is_pci(dev))
		pci_disable_ats(to_pci_dev(dev));
}

/**
 * iodom_ats_gone() - was a device pulled out?
 * @dev: the device
 *
 * It has nothing cached then, and would not answer.
 *
 * Context: any context.
 * Return: whether it was.
 */
bool iodom_ats_gone(const struct device *dev)
{
	return dev_is_pci(dev) && pci_dev_is_disconnected(to_pci_dev(dev));
}
