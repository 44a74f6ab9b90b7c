// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which devices get these DMA operations, and when, in a module
 *
 * A device is taken over as a driver is about to be bound to it, if the user has chosen
 * it: it is attached to a domain of its own, and its DMA operations are ours. When the
 * driver is gone it goes back to the default domain, as the core would have it. In between
 * the core counts the driver, so that neither the group's type changes nor can the group
 * be given to user space; it ends counting before devres frees what the driver had.
 *
 * After a probe that has failed nothing tells when what it had allocated is free. Such
 * a device stays as it is: the next driver uses the same domain, or it is given back
 * when another that leaves DMA to somebody else is bound, the device goes or the module
 * does. Nobody is counted then, and the group's type may change: the core moves the group
 * to its new default domain and tells nobody. So who finds the device elsewhere takes it
 * anew.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>

#include "../dma/mode.h"
#include "../dma/slot.h"
#include "../dma/slot_copy.h"
#include "host.h"

/* Protects iohost_hosts, and the mode of a domain. Inside the lock of a device. */
static DEFINE_MUTEX(iohost_lock);
static LIST_HEAD(iohost_hosts);

static bool iohost_has_direct(struct device *dev)
{
	struct iommu_resv_region *region;
	bool direct = false;
	LIST_HEAD(regions);

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		direct |= region->type == IOMMU_RESV_DIRECT ||
			  region->type == IOMMU_RESV_DIRECT_RELAXABLE;
	iommu_put_resv_regions(dev, &regions);
	return direct;
}

/* Why a device stays with mainline, or NULL. */
static const char *iohost_unfit(struct pci_dev *pdev)
{
	struct device *dev = &pdev->dev;
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (!domain)
		return "no IOMMU is in front of it";
	if (dev->dma_ops || (domain->type & __IOMMU_DOMAIN_DMA_API && !dev->dma_iommu))
		return "its DMA operations are not mainline's";
	if (pdev->untrusted)
		return "it is not trusted, and bounce buffers are not for modules";
	if (!dev_is_dma_coherent(dev))
		return "it does not see the CPU's caches";
	if (dev->iommu->attach_deferred)
		return "it is at work for the kernel before";
	if (iohost_has_direct(dev))
		return "firmware wants memory mapped for it";
	return NULL;
}

static struct iohost *iohost_find(struct device *dev)
{
	struct iohost *host;

	lockdep_assert_held(&iohost_lock);
	list_for_each_entry(host, &iohost_hosts, node)
		if (host->dev == dev)
			return host;
	return NULL;
}

/* As the group's type has it, unless the module's parameter says otherwise. */
static void iohost_begin(struct iohost *host, bool lazy)
{
	struct device *dev = host->dev;

	ioslot_enable(&host->dom, dev);
	if (iodma_mode_asked())
		iodma_mode_boot(&host->dom, dev);
	else if (lazy)
		iodma_mode_set(&host->dom, dev, IODMA_LAZY);
	dev->dma_iommu = false;
	set_dma_ops(dev, &host->ops);
	/* A driver before may have been told that it need not synchronise. */
	dma_reset_need_sync(dev);
	list_add_tail(&host->node, &iohost_hosts);
}

static int iohost_take(struct device *dev)
{
	bool lazy = iommu_get_domain_for_dev(dev)->type == IOMMU_DOMAIN_DMA_FQ;
	struct iohost *host = iohost_create(dev);
	int ret;

	if (IS_ERR(host))
		return PTR_ERR(host);
	ret = iommu_attach_device(host->core, dev);
	if (ret) {
		iohost_destroy(host);
		return ret;
	}
	iohost_begin(host, lazy);
	dev_info(dev, "ioflush: small buffers, windows and precise flushes, %s mode\n",
		 iodma_mode_name(&host->dom));
	return 0;
}

static bool iohost_attached(struct iohost *host)
{
	return iommu_get_domain_for_dev(host->dev) == host->core;
}

/*
 * What the device still had in its caches of the domain goes as it is detached, with any
 * that has joined its group since; of a device alone the core would refuse that. Whose DMA
 * API it uses goes by the default domain, which need not be the one of before.
 */
static void iohost_give_back(struct iohost *host)
{
	struct device *dev = host->dev;

	list_del(&host->node);
	set_dma_ops(dev, NULL);
	if (iohost_attached(host))
		iommu_detach_group(host->core, dev->iommu_group);
	dev->dma_iommu = !!(iommu_get_domain_for_dev(dev)->type &
			    __IOMMU_DOMAIN_DMA_API);
	iohost_destroy(host);
}

/* With the device's lock held. */
static void iohost_bind(struct pci_dev *pdev)
{
	struct device *dev = &pdev->dev;
	struct iohost *host = iohost_find(dev);
	bool wanted = iohost_chosen(pdev) &&
		      !to_pci_driver(dev->driver)->driver_managed_dma;
	const char *unfit;
	int ret;

	/* A module that is on its way out takes nothing any more. */
	wanted = wanted && try_module_get(THIS_MODULE);
	/* From here to the end of the driver the core moves the group no more. */
	if (host && !(wanted && iohost_attached(host))) {
		iohost_give_back(host);
		host = NULL;
	}
	if (host || !wanted)
		return;
	unfit = iohost_unfit(pdev);
	ret = unfit ? 0 : iohost_take(dev);
	if (!unfit && !ret)
		return;
	if (ret == -EINVAL)
		unfit = "it shares its group with others, or its IOMMU has no pages of the CPU's";
	if (unfit)
		dev_info(dev, "ioflush: it stays with mainline: %s\n", unfit);
	else
		dev_warn(dev, "ioflush: it stays with mainline: error %d\n", ret);
	module_put(THIS_MODULE);
}

/* Who holds a reference is a device with a driver. */
static void iohost_unbound(struct device *dev, bool gone)
{
	struct iohost *host = iohost_find(dev);

	if (!host)
		return;
	if (gone)
		iohost_give_back(host);
	module_put(THIS_MODULE);
}

static void iohost_removed(struct device *dev)
{
	struct iohost *host = iohost_find(dev);

	if (host)
		iohost_give_back(host);
}

static int iohost_notify(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct device *dev = data;

	mutex_lock(&iohost_lock);
	switch (action) {
	case BUS_NOTIFY_BIND_DRIVER:
		iohost_bind(to_pci_dev(dev));
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		iohost_unbound(dev, false);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		iohost_unbound(dev, true);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		if (!dev->driver)
			iohost_removed(dev);
		break;
	}
	mutex_unlock(&iohost_lock);
	return NOTIFY_DONE;
}

static struct notifier_block iohost_nb = {
	.notifier_call = iohost_notify,
};

/**
 * iodma_with_domain() - do something to the domain of a device's DMA API
 * @dev: the device
 * @fn: what; called with the mutex held under which a domain changes
 * @arg: for @fn
 *
 * Context: process context.
 * Return: what @fn returned, or -ENODEV if there is no such domain.
 */
ssize_t iodma_with_domain(struct device *dev,
			  ssize_t (*fn)(struct iodom *dom, struct device *dev,
					void *arg), void *arg)
{
	ssize_t ret = -ENODEV;
	struct iohost *host;

	mutex_lock(&iohost_lock);
	host = iohost_find(dev);
	if (host)
		ret = fn(&host->dom, dev, arg);
	mutex_unlock(&iohost_lock);
	return ret;
}

/**
 * iohost_takeover_setup() - watch drivers being bound and unbound
 *
 * Devices that have a driver already are named in the log.
 *
 * Context: process context, once.
 * Return: 0 or an error of bus_register_notifier().
 */
int iohost_takeover_setup(void)
{
	struct pci_dev *pdev = NULL;
	int ret = bus_register_notifier(&pci_bus_type, &iohost_nb);

	if (ret)
		return ret;
	for_each_pci_dev(pdev)
		if (iohost_chosen(pdev) && READ_ONCE(pdev->dev.driver))
			pci_info(pdev, "ioflush: it is taken over when its driver is bound anew\n");
	return 0;
}

/* The first one that there is, with a reference to its device. */
static struct device *iohost_first(void)
{
	struct device *dev = NULL;

	mutex_lock(&iohost_lock);
	if (!list_empty(&iohost_hosts))
		dev = get_device(list_first_entry(&iohost_hosts, struct iohost,
						  node)->dev);
	mutex_unlock(&iohost_lock);
	return dev;
}

/**
 * iohost_takeover_teardown() - undo iohost_takeover_setup()
 *
 * Devices whose last probe has failed are given back. None has a driver: each that has
 * one has a reference to the module. Who is bound meanwhile must not use what is about
 * to go: so binding is watched until nothing is left, and only gives back now, as there is no
 * reference to a module that goes.
 *
 * Context: process context; takes the locks of devices.
 */
void iohost_takeover_teardown(void)
{
	struct device *dev;

	while ((dev = iohost_first())) {
		/* A probe that has failed may be freeing what it had. */
		device_lock(dev);
		mutex_lock(&iohost_lock);
		iohost_removed(dev);
		mutex_unlock(&iohost_lock);
		device_unlock(dev);
		put_device(dev);
	}
	bus_unregister_notifier(&pci_bus_type, &iohost_nb);
}
