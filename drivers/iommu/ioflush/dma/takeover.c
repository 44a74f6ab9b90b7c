// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which devices get these DMA operations, and when
 *
 * For a device whose group has a domain of the DMA API, the core sets
 * dev->dma_iommu, which takes precedence over dev->dma_ops. It does so when
 * it finds the device, and again for all devices of a group when the user
 * changes the group's type; of the latter the driver of the IOMMU is not told.
 * When it is told, in ->probe_finalize, it may be too early: the architecture
 * has not said yet whether the device is coherent.
 *
 * Neither matters to a device without a driver. So devices are taken over as
 * a driver is about to be bound to them, and are given back, as the core would
 * have them, when it is gone. In between, the core does not replace the
 * group's domain: it counts such drivers. It does not count those that
 * leave DMA to somebody else, as VFIO's do, and these are left out here, too.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/debugfs.h>
#include <linux/ioflush/ioflush.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>

#include "mode.h"
#include "slot.h"

/* Is the device using these operations? */
static bool iodma_in_charge(struct device *dev)
{
	return !dev->dma_iommu &&
	       (get_dma_ops(dev) == &iodma_ops ||
		get_dma_ops(dev) == &iodma_careful_ops);
}

static bool iodma_driver_manages_dma(struct device *dev)
{
	if (IS_ENABLED(CONFIG_PCI) && dev_is_pci(dev))
		return to_pci_driver(dev->driver)->driver_managed_dma;
	if (dev->bus == &platform_bus_type)
		return to_platform_driver(dev->driver)->driver_managed_dma;
	return false;
}

/**
 * iodma_watches() - is a device taken over when a driver is bound to it?
 * @dev: the device
 *
 * Context: any context.
 * Return: whether its bus is one that is watched.
 */
bool iodma_watches(struct device *dev)
{
	return (IS_ENABLED(CONFIG_PCI) && dev_is_pci(dev)) ||
	       dev->bus == &platform_bus_type;
}

/* Create and publish the space of a domain. */
static int iodma_create_space(struct iodom *dom, struct device *dev)
{
	u64 first = max_t(u64, dom->domain.geometry.aperture_start, PAGE_SIZE);
	struct iospace *space;

	/* A page of the CPU is what mappings are a multiple of. */
	if (1UL << __ffs(dom->domain.pgsize_bitmap) > PAGE_SIZE)
		return -EINVAL;
	space = iospace_create(first, dom->domain.geometry.aperture_end);
	if (!space)
		return -ENOMEM;
	if (iodma_reserve(space, dev, &dom->domain.geometry)) {
		iospace_destroy(space);
		return -ENOMEM;
	}
	/* Set by the core for PCI, unless iommu.forcedac= says otherwise. */
	if (!dev->iommu->pci_32bit_workaround)
		iospace_go_wide(space);
	iodom_set_space(dom, space);
	return 0;
}

/* Make a domain ready for a device's mappings. */
static int iodma_prepare(struct iodom *dom, struct device *dev)
{
	const bool new = !dom->space;

	if (new) {
		int ret = iodma_create_space(dom, dev);

		if (ret) {
			dev_err(dev, "no bus addresses for its group: error %d\n",
				ret);
			return ret;
		}
	} else if (iodma_reserve(dom->space, dev, &dom->domain.geometry)) {
		dev_warn(dev, "some of its reserved addresses are in use already\n");
	}
	iodma_lazy_enable(dom, dev);
	ioslot_enable(dom, dev);
	if (new)
		iodma_mode_boot(dom, dev);
	return 0;
}

static bool iodma_wants(struct device *dev, struct iommu_domain *domain)
{
	return iodom_is(domain) && iommu_is_dma_domain(domain) &&
	       dev->driver && !iodma_driver_manages_dma(dev);
}

static void iodma_set(struct device *dev, struct iodom *dom)
{
	bool careful = iodma_untrusted(dev) || !dev_is_dma_coherent(dev);

	iodma_place(dev)->dma = dom;
	set_dma_ops(dev, careful ? &iodma_careful_ops : &iodma_ops);
	dev->dma_iommu = false;
	/* A driver before may have been told that it need not synchronise. */
	dma_reset_need_sync(dev);
}

/* Leave a device as the core would have it. */
static void iodma_unset(struct device *dev, struct iommu_domain *domain)
{
	if (get_dma_ops(dev) != &iodma_ops &&
	    get_dma_ops(dev) != &iodma_careful_ops)
		return;
	dev->dma_iommu = domain && iommu_is_dma_domain(domain);
	set_dma_ops(dev, NULL);
	iodma_place(dev)->dma = NULL;
}

/* For each device of a group, with the group's mutex held. */
static int iodma_take_over_one(struct device *dev, void *data)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);

	if (dev != data)
		return 0;
	if (iodom_is(domain))
		iodma_lazy_restore(to_iodom(domain));
	if (iodma_wants(dev, domain) && !iodma_prepare(to_iodom(domain), dev))
		iodma_set(dev, to_iodom(domain));
	else
		iodma_unset(dev, domain);
	return 1;
}

static int iodma_give_back_one(struct device *dev, void *data)
{
	if (dev != data)
		return 0;
	iodma_unset(dev, iommu_get_dma_domain(dev));
	return 1;
}

static void iodma_for_dev(struct device *dev,
			  int (*fn)(struct device *dev, void *data))
{
	struct iommu_group *group = iommu_group_get(dev);

	if (!group)
		return;
	iommu_group_for_each_dev(group, dev, fn);
	iommu_group_put(group);
}

/**
 * iodma_take_over() - let a device use these DMA operations, if it should
 * @dev: a device in a group
 *
 * Does nothing to devices whose domain is not one of ours, or that have no
 * driver yet: the latter are taken over when they get one. A hardware driver
 * calls it in its ->probe_finalize, for devices that have got theirs before.
 *
 * The default domain counts, not the one that is attached: a group that user
 * space owns at the moment comes back to it.
 *
 * Context: process context; takes the mutex of the device's group.
 */
void iodma_take_over(struct device *dev)
{
	iodma_for_dev(dev, iodma_take_over_one);
}

/*
 * BUS_NOTIFY_DRIVER_NOT_BOUND is not of use: a probe that failed frees what it
 * has allocated later than that. The next driver to be bound sorts it out.
 */
static int iodma_bus_notify(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	struct device *dev = data;

	if (action == BUS_NOTIFY_BIND_DRIVER)
		iodma_for_dev(dev, iodma_take_over_one);
	else if (action == BUS_NOTIFY_UNBOUND_DRIVER)
		iodma_for_dev(dev, iodma_give_back_one);
	return NOTIFY_DONE;
}

static struct notifier_block iodma_pci_nb = {
	.notifier_call = iodma_bus_notify,
};

static struct notifier_block iodma_platform_nb = {
	.notifier_call = iodma_bus_notify,
};

/**
 * struct iodma_show - what iodma_show_one() prints, and where to
 * @dev: the device
 * @m: the file
 */
struct iodma_show {
	struct device *dev;
	struct seq_file *m;
};

/* With the group's mutex held, so that the domain stays. */
static int iodma_show_one(struct device *dev, void *data)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iodma_show *show = data;
	bool rings;

	if (dev != show->dev)
		return 0;
	if (iodma_in_charge(dev) && iodom_is(domain)) {
		rings = READ_ONCE(to_iodom(domain)->flush.rings) ||
			READ_ONCE(to_iodom(domain)->flush.held_rings);
		seq_printf(show->m, "%s %s %s rings %s\n", dev_name(dev),
			   get_dma_ops(dev) == &iodma_ops ? "plain" : "careful",
			   iodom_deferred(to_iodom(domain)) ? "DMA-FQ" : "DMA",
			   rings ? "yes" : "no");
	}
	return 1;
}

static int iodma_show_dev(struct device *dev, void *m)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iodma_show show = { .dev = dev, .m = m };

	if (group) {
		iommu_group_for_each_dev(group, &show, iodma_show_one);
		iommu_group_put(group);
	}
	return 0;
}

static int iodma_devices_show(struct seq_file *m, void *unused)
{
	if (IS_ENABLED(CONFIG_PCI))
		bus_for_each_dev(&pci_bus_type, NULL, m, iodma_show_dev);
	return bus_for_each_dev(&platform_bus_type, NULL, m, iodma_show_dev);
}
DEFINE_SHOW_ATTRIBUTE(iodma_devices);

/**
 * iodma_setup() - watch drivers being bound and unbound
 *
 * Context: process context, once, before the first IOMMU is registered.
 * Return: 0 or an error of bus_register_notifier().
 */
int __init iodma_setup(void)
{
	int ret = 0;

	if (IS_ENABLED(CONFIG_PCI))
		ret = bus_register_notifier(&pci_bus_type, &iodma_pci_nb);
	if (ret)
		return ret;
	ret = bus_register_notifier(&platform_bus_type, &iodma_platform_nb);
	if (ret) {
		if (IS_ENABLED(CONFIG_PCI))
			bus_unregister_notifier(&pci_bus_type, &iodma_pci_nb);
		return ret;
	}
	if (IS_ENABLED(CONFIG_IOFLUSH_DEBUGFS))
		debugfs_create_file("devices", 0400, ioflush_debugfs_root(),
				    NULL, &iodma_devices_fops);
	return 0;
}
