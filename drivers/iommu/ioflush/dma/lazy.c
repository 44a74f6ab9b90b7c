// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: follows a domain that becomes lazy while it is in use
 *
 * Writing DMA-FQ to a group's type file changes the type of its domain under
 * drivers that are bound, and tells nobody. The first unmap that finds the
 * domain lazy but without rings asks for them here; unmaps are strict until
 * a worker has allocated them, since an unmap cannot sleep.
 *
 * A domain that is to be lazy from the start would get the core's own flush queue:
 * 10 KiB for each CPU that the machine may have, of which nothing is ever used.
 * The core asks whether the device can defer before it allocates that. It is told
 * no, makes the domain strict, and as soon as the group's mutex is free it is made
 * lazy again. A device that could not be taken over is strict all the same: without
 * its queue the core does not defer.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitops.h>
#include <linux/workqueue.h>

#include "mode.h"
#include "slot.h"

/**
 * struct iodma_lazy - a device that asked for its domain to be made lazy
 * @busy: bit 0 is set from when one asks until the worker has been through. Who sets
 *	it owns the rest, and then the worker does
 * @dev: the device, whose reference is held
 * @group: its group, held too. Of a device that is removed meanwhile nothing else
 *	says which that was, or that it is there still
 */
static struct iodma_lazy {
	unsigned long busy;
	struct device *dev;
	struct iommu_group *group;
} iodma_lazy;

/**
 * iodma_lazy_restore() - make a domain lazy that the core wanted to be
 * @dom: a domain of the DMA API
 *
 * Context: process context, with the mutex of the domain's group held.
 */
void iodma_lazy_restore(struct iodom *dom)
{
	if (!dom->lazy_asked)
		return;
	dom->lazy_asked = false;
	/* The command line names the mode of all groups: see mode.c. */
	if (iodma_mode_asked())
		return;
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
}

static int iodma_lazy_enable_one(struct device *dev, void *data)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);

	if (dev != data)
		return 0;
	if (!iodom_is(domain))
		return 1;
	iodma_lazy_restore(to_iodom(domain));
	if (to_iodom(domain)->space) {
		iodma_lazy_enable(to_iodom(domain), dev);
		ioslot_follow_mode(to_iodom(domain), dev);
	}
	return 1;
}

static void iodma_lazy_work(struct work_struct *work)
{
	struct iodma_lazy *lazy = &iodma_lazy;

	/* Under the group's mutex its domain does not change. */
	iommu_group_for_each_dev(lazy->group, lazy->dev, iodma_lazy_enable_one);
	iommu_group_put(lazy->group);
	put_device(lazy->dev);
	/* Pairs with the acquire in iodma_lazy_wanted(): all of it is done. */
	clear_bit_unlock(0, &lazy->busy);
}

static DECLARE_WORK(iodma_lazy_worker, iodma_lazy_work);

/**
 * iodma_lazy_wanted() - a device's domain is lazy but has no rings
 * @dev: the device
 *
 * One request is served at a time; others are made again by later unmaps, or as a
 * driver is bound.
 *
 * Context: any context; the device is bound or the mutex of its group is held, so
 *	that it stays in the group.
 */
noinline void iodma_lazy_wanted(struct device *dev)
{
	struct iodma_lazy *lazy = &iodma_lazy;
	struct device *owner;

	if (test_bit(0, &lazy->busy) || test_and_set_bit_lock(0, &lazy->busy))
		return;
	owner = iodma_owner(dev);
	lazy->group = owner ? iommu_group_get(owner) : NULL;
	if (!lazy->group) {
		clear_bit_unlock(0, &lazy->busy);
		return;
	}
	lazy->dev = get_device(owner);
	schedule_work(&iodma_lazy_worker);
}

/**
 * iodma_ask_lazy() - an IOMMU's answer to IOMMU_CAP_DEFERRED_FLUSH
 * @dev: the device
 *
 * Who asks is about to allocate a flush queue for the default domain of the
 * device's group. That is not needed, but what was wanted is noted. It is for devices
 * of a bus that is not watched: they may never be taken over.
 *
 * Context: process context, with the mutex of the device's group held.
 * Return: whether the core is to have a flush queue.
 */
bool iodma_ask_lazy(struct device *dev)
{
	struct iommu_domain *domain;

	if (!iodma_watches(dev))
		return true;
	domain = iommu_get_dma_domain(dev);
	if (domain && iodom_is(domain) && domain->type == IOMMU_DOMAIN_DMA_FQ) {
		to_iodom(domain)->lazy_asked = true;
		iodma_lazy_wanted(dev);
	}
	return false;
}
