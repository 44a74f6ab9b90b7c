// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a domain's place in each IOMMU that its devices sit behind
 */
#include <linux/rculist.h>
#include <linux/slab.h>

#include "internal.h"

static struct iodom_link *iodom_link_find(struct iodom *dom, void *unit)
{
	struct iodom_link *link;

	lockdep_assert_held(&dom->attach_lock);
	list_for_each_entry(link, &dom->links, node)
		if (link->unit == unit)
			return link;
	return NULL;
}

/* Returns whether maps have to invalidate, and had not to before. */
static bool iodom_link_count(struct iodom *dom)
{
	struct iodom_link *link;
	bool needs_flush = false, needed;

	lockdep_assert_held(&dom->attach_lock);
	list_for_each_entry(link, &dom->links, node)
		needs_flush |= link->caches_not_present;
	needed = dom->map_needs_flush;
	WRITE_ONCE(dom->map_needs_flush, needs_flush);
	iodom_costs_update(dom);
	return needs_flush && !needed;
}

static struct iodom_link *iodom_link_new(struct iodom *dom, void *unit,
					 struct invq *q,
					 bool caches_not_present)
{
	struct iodom_link *link = kzalloc(sizeof(*link), GFP_KERNEL);
	int ret;

	if (!link)
		return ERR_PTR(-ENOMEM);
	link->q = q;
	link->unit = unit;
	link->caches_not_present = caches_not_present;
	ret = dom->hw->link_get(dom, link);
	if (ret) {
		kfree(link);
		return ERR_PTR(ret);
	}
	iodom_costs_learn(dom, link);
	list_add_tail_rcu(&link->node, &dom->links);
	return link;
}

/**
 * iodom_link_get() - a device behind a unit is going to use a domain
 * @dom: the domain
 * @unit: the unit
 * @q: its invalidation queue
 * @caches_not_present: it may cache entries that are not present
 *
 * From now on the domain's invalidations go to the unit, too. Only then may
 * the driver point the device at the table.
 *
 * Context: process context; takes the domain's attach_lock, and waits for RCU if
 *	the domain's first unit comes that caches what is not present.
 * Return: the link, which holds the domain's id on the unit, or an ERR_PTR()
 *	of -ENOMEM or what the driver's link_get returned.
 */
struct iodom_link *iodom_link_get(struct iodom *dom, void *unit,
				  struct invq *q, bool caches_not_present)
{
	struct iodom_link *link;
	bool maps_change = false;

	mutex_lock(&dom->attach_lock);
	link = iodom_link_find(dom, unit);
	if (!link)
		link = iodom_link_new(dom, unit, q, caches_not_present);
	if (!IS_ERR(link)) {
		link->users++;
		maps_change = iodom_link_count(dom);
	}
	/* For iodom_map_sync(), see invalidate.c; with the lock, for all. */
	if (maps_change)
		synchronize_rcu();
	mutex_unlock(&dom->attach_lock);

	/* Pairs with the barrier in iodom_invalidate(), see there. */
	smp_mb();
	return link;
}

/**
 * iodom_settle() - let those finish who have not seen what is new
 * @q: the queue of a unit
 *
 * For a driver that has put a device on a list which its encoders look at. When
 * this returns, each invalidation that was encoded without the device has
 * finished on the unit: now the device may cache what the unit tells it. See
 * invalidate.c.
 *
 * Context: process context; waits for RCU and for hardware. The caller holds no
 *	lock that recovering the queue may take.
 */
void iodom_settle(struct invq *q)
{
	synchronize_rcu();
	invq_wait(q, invq_newest(q));
}

/**
 * iodom_link_put() - a device no longer uses a domain
 * @dom: the domain
 * @unit: the device's unit, as given to iodom_link_get()
 *
 * The driver has pointed the device elsewhere and invalidated what was cached
 * for it. After the last device the domain's id on the unit is returned.
 *
 * Context: process context; takes the domain's attach_lock, waits for RCU.
 */
void iodom_link_put(struct iodom *dom, void *unit)
{
	struct iodom_link *link;

	mutex_lock(&dom->attach_lock);
	link = iodom_link_find(dom, unit);
	if (WARN_ON(!link) || --link->users) {
		mutex_unlock(&dom->attach_lock);
		return;
	}
	list_del_rcu(&link->node);
	iodom_link_count(dom);
	mutex_unlock(&dom->attach_lock);

	/* Invalidations under way still use the link's queue and id. */
	synchronize_rcu();
	dom->hw->link_put(dom, link);
	kfree(link);
}

/**
 * iodom_device_move() - a device has gone from one domain to another
 * @device: the device
 * @from: where it was, NULL if that was no paging domain
 * @to: where it is, NULL likewise; maybe the same as @from
 *
 * The driver, which points the hardware, calls this when it has, while it holds
 * a use of a link of either. Who reads a list holds the same lock, so that when
 * this returns nobody looks at a device that has left.
 *
 * Context: process context; takes the attach_lock of one, then of the other.
 *	Calls for a device take turns by the mutex of its group.
 */
void iodom_device_move(struct iodom_device *device, struct iodom *from,
		       struct iodom *to)
{
	if (from) {
		mutex_lock(&from->attach_lock);
		list_del(&device->node);
		mutex_unlock(&from->attach_lock);
	}
	/*
	 * The core changes what a group has by default only if it has counted no driver.
	 * One that was bound before its IOMMU came is not counted, and finds nothing now.
	 */
	if (device->dma && device->dev->iommu_group &&
	    iommu_get_dma_domain(device->dev) != &device->dma->domain)
		device->dma = NULL;
	if (to) {
		mutex_lock(&to->attach_lock);
		list_add_tail(&device->node, &to->devices);
		mutex_unlock(&to->attach_lock);
	}
}
