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
 *
 * The core counts a driver out before devres is released, and with that what the driver
 * has mapped until then. So it is counted here once more, and given back by devres: what
 * is added before the driver's probe is released after all that the driver adds, whether
 * the driver was unbound or its probe has failed.
 *
 * In a domain addresses are handed out by one, by the core or by its space: neither
 * knows what the other has. So if there was no memory for the space as a driver was bound,
 * all of the group are left to the core for as long as the domain lives: when the driver
 * has gone, the core may still have a page there that MSIs are written to, or unmaps that
 * wait in a queue of its own.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/ioflush/ioflush.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>

#include "mode.h"
#include "slot.h"

/* Has it a driver, which leaves DMA to the core? One that is at its end may be gone next. */
static bool iodma_has_driver(struct device *dev)
{
	struct device_driver *driver = READ_ONCE(dev->driver);

	if (!driver)
		return false;
	if (IS_ENABLED(CONFIG_PCI) && dev_is_pci(dev))
		return !to_pci_driver(driver)->driver_managed_dma;
	if (dev->bus == &platform_bus_type)
		return !to_platform_driver(driver)->driver_managed_dma;
	return true;
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
	/* Without a space the aperture stays as it is. */
	struct iommu_domain_geometry geometry = dom->domain.geometry;
	struct iospace *space;

	/* A page of the CPU is what mappings are a multiple of. */
	if (1UL << __ffs(dom->domain.pgsize_bitmap) > PAGE_SIZE)
		return -EINVAL;
	space = iospace_create(max_t(u64, geometry.aperture_start, PAGE_SIZE),
			       geometry.aperture_end);
	if (!space)
		return -ENOMEM;
	if (iodma_reserve(space, dev, &geometry)) {
		iospace_destroy(space);
		return -ENOMEM;
	}
	dom->domain.geometry = geometry;
	/* Set by the core for PCI, unless iommu.forcedac= says otherwise. */
	if (!dev->iommu->pci_32bit_workaround)
		iospace_go_wide(space);
	iodom_set_space(dom, space);
	return 0;
}

/*
 * See to it that the domain has a space, and that this is clear of what a device of
 * the group cannot use. All of the group are asked before the first of them gets an
 * address: what firmware reserves for a device that gets its driver later is mapped
 * already.
 */
static int iodma_prepare_space(struct iodom *dom, struct device *member)
{
	int ret;

	if (dom->space) {
		ret = iodma_reserve(dom->space, member, &dom->domain.geometry);
		if (ret)
			dev_warn(member, "some of its reserved addresses are not kept for it: error %d\n",
				 ret);
		return 0;
	}
	ret = iodma_create_space(dom, member);
	if (ret)
		dev_err(member, "no bus addresses for its group: error %d\n",
			ret);
	return ret;
}

static bool iodma_wants(struct device *dev, struct iommu_domain *domain)
{
	return iodom_is(domain) && iommu_is_dma_domain(domain) &&
	       iodma_has_driver(dev);
}

/**
 * iodma_table_for() - the operations that suit a device
 * @dev: the device, attached to its domain
 *
 * Context: any context.
 * Return: the table.
 */
const struct dma_map_ops *iodma_table_for(struct device *dev)
{
	bool careful = iodma_untrusted(dev) || !dev_is_dma_coherent(dev);

	return careful ? &iodma_careful_ops : &iodma_ops;
}

static void iodma_set(struct device *dev, struct iodom *dom)
{
	iodma_place(dev)->dma = dom;
	set_dma_ops(dev, dev->iommu->attach_deferred ? &iodma_deferred_ops :
						       iodma_table_for(dev));
	dev_assign_dma_iommu(dev, false);
	/* A driver before may have been told that it need not synchronise. */
	dma_reset_need_sync(dev);
}

/* Leave a device as the core would have it. */
static void iodma_unset(struct device *dev, struct iommu_domain *domain)
{
	if (!iodma_is_table(get_dma_ops(dev)))
		return;
	dev_assign_dma_iommu(dev, domain && iommu_is_dma_domain(domain));
	set_dma_ops(dev, NULL);
	iodma_place(dev)->dma = NULL;
}

/**
 * struct iodma_taking - a device that is being taken over
 * @dev: the device
 * @wanted: it has a driver, and a domain that a space was asked for
 */
struct iodma_taking {
	struct device *dev;
	bool wanted;
};

/* For each device of a group, with the group's mutex held. */
static int iodma_prepare_one(struct device *member, void *data)
{
	struct iodma_taking *taking = data;
	struct iommu_domain *domain = iommu_get_dma_domain(taking->dev);

	if (!iodma_wants(taking->dev, domain))
		return 1;
	taking->wanted = true;
	if (!to_iodom(domain)->left)
		return iodma_prepare_space(to_iodom(domain), member);
	dev_warn(taking->dev, "is left to the core, as another of its group was\n");
	return -EBUSY;
}

static void iodma_take(struct iodma_taking *taking, struct iodom *dom)
{
	iodma_lazy_enable(dom, taking->dev);
	ioslot_enable(dom, taking->dev);
	if (!dom->mode_begun) {
		dom->mode_begun = true;
		iodma_mode_boot(dom, taking->dev);
	}
	iodma_set(taking->dev, dom);
}

/*
 * The same, later: the domain may have become another one, and others of the group may have
 * been taken over or left since. What counts is what is there now: a domain that is left
 * gets no space.
 */
static int iodma_take_one(struct device *dev, void *data)
{
	struct iodma_taking *taking = data;
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iodom *dom = iodom_is(domain) ? to_iodom(domain) : NULL;
	bool wants;

	if (dev != taking->dev)
		return 0;
	if (dom)
		iodma_lazy_restore(dom);
	wants = iodma_wants(dev, domain);
	if (wants && dom->space) {
		iodma_take(taking, dom);
	} else {
		iodma_unset(dev, domain);
		if (wants)
			dom->left = true;
	}
	return 1;
}

static void iodma_for_group(struct device *dev, void *data,
			    int (*fn)(struct device *dev, void *data))
{
	struct iommu_group *group = iommu_group_get(dev);

	if (!group)
		return;
	iommu_group_for_each_dev(group, data, fn);
	iommu_group_put(group);
}

static int iodma_give_back_one(struct device *dev, void *data)
{
	if (dev != data)
		return 0;
	iodma_unset(dev, iommu_get_dma_domain(dev));
	return 1;
}

/* Nothing is mapped any more: the group may get another domain, or another owner. */
static void iodma_give_back(struct device *dev, void *unused)
{
	iodma_for_group(dev, dev, iodma_give_back_one);
	iommu_device_unuse_default_domain(dev);
}

/**
 * iodma_count_driver() - count a driver that is about to be bound once more
 * @dev: its device
 *
 * Tests have it fail in its place.
 *
 * Context: process context; takes the mutex of the device's group.
 * Return: 0 or an error of the core.
 */
VISIBLE_IF_KUNIT int iodma_count_driver(struct device *dev)
{
	KUNIT_STATIC_STUB_REDIRECT(iodma_count_driver, dev);
	return iommu_device_use_default_domain(dev);
}

/*
 * The domain stays until devres has been released. Once for each driver. There is nothing
 * better to do without memory for it: a device that was left to the core for that would
 * get addresses that others of its group, or slots, have. The core has just counted the
 * driver itself, so that it does so again, unless another driver of the group has taken
 * the group elsewhere meanwhile.
 */
static void iodma_keep_domain(struct device *dev)
{
	void *res;
	int ret;

	if (devres_find(dev, iodma_give_back, NULL, NULL))
		return;
	res = devres_alloc(iodma_give_back, 0, GFP_KERNEL | __GFP_NOFAIL);
	ret = iodma_count_driver(dev);
	if (ret) {
		dev_err(dev, "its group does not stay as it is: error %d\n", ret);
		devres_free(res);
	} else {
		devres_add(dev, res);
	}
}

/* As a driver is about to be bound, with the device's lock held, or earlier. */
static void __iodma_take_over(struct device *dev, bool binding)
{
	struct iodma_taking taking = { .dev = dev };

	iodma_for_group(dev, &taking, iodma_prepare_one);
	if (binding && taking.wanted)
		iodma_keep_domain(dev);
	iodma_for_group(dev, &taking, iodma_take_one);
}

/**
 * iodma_take_over() - let a device use these DMA operations, if it should
 * @dev: a device in a group
 *
 * Does nothing to devices whose domain is not one of ours, or whose bus is not watched,
 * or that have no driver yet: the last are taken over when they get one. A hardware driver
 * calls it in its ->probe_finalize, for devices that have got theirs before.
 *
 * The default domain counts, not the one that is attached: a group that user
 * space owns at the moment comes back to it.
 *
 * Context: process context; takes the mutex of the device's group.
 */
void iodma_take_over(struct device *dev)
{
	/* Elsewhere nobody would tell of the end of a driver. */
	if (iodma_watches(dev))
		__iodma_take_over(dev, false);
}

/**
 * struct iodma_with - what is to be done to a device's domain
 * @dev: the device
 * @fn: what; called with the mutex of the group held
 * @arg: for @fn
 */
struct iodma_with {
	struct device *dev;
	ssize_t (*fn)(struct iodom *dom, struct device *dev, void *arg);
	void *arg;
};

static int iodma_with_one(struct device *dev, void *data)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iodma_with *with = data;
	ssize_t ret;

	if (dev != with->dev)
		return 0;
	if (!iodom_is(domain) || !iommu_is_dma_domain(domain))
		return -ENODEV;
	ret = with->fn(to_iodom(domain), dev, with->arg);
	/* 0 would go on to the next device. */
	return ret ?: -ENODATA;
}

/**
 * iodma_with_domain() - do something to the domain of a device's DMA API
 * @dev: the device
 * @fn: what; called with the mutex held under which a domain changes
 * @arg: for @fn
 *
 * Context: process context; takes the mutex of the device's group.
 * Return: what @fn returned, -ENODATA for 0; -ENODEV if there is no such domain.
 */
ssize_t iodma_with_domain(struct device *dev,
			  ssize_t (*fn)(struct iodom *dom, struct device *dev,
					void *arg), void *arg)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iodma_with with = { .dev = dev, .fn = fn, .arg = arg };
	ssize_t ret;

	if (!group)
		return -ENODEV;
	ret = iommu_group_for_each_dev(group, &with, iodma_with_one);
	iommu_group_put(group);
	return ret;
}

/*
 * Of the end of a driver devres tells, see iodma_give_back(); here it is only that of one
 * that was bound before its IOMMU came, which the core does not count either.
 */
static int iodma_bus_notify(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	struct device *dev = data;

	if (action == BUS_NOTIFY_BIND_DRIVER)
		__iodma_take_over(dev, true);
	else if (action == BUS_NOTIFY_BOUND_DRIVER &&
		 get_dma_ops(dev) == &iodma_deferred_ops)
		iodma_arrive(dev);
	else if (action == BUS_NOTIFY_UNBOUND_DRIVER)
		iodma_for_group(dev, dev, iodma_give_back_one);
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
			   get_dma_ops(dev) == &iodma_ops ? "plain" :
			   get_dma_ops(dev) == &iodma_deferred_ops ? "deferred" :
			   "careful",
			   iodom_deferred(to_iodom(domain)) ? "DMA-FQ" : "DMA",
			   rings ? "yes" : "no");
	}
	return 1;
}

static int iodma_show_dev(struct device *dev, void *m)
{
	struct iodma_show show = { .dev = dev, .m = m };

	iodma_for_group(dev, &show, iodma_show_one);
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
	return iodma_knobs_setup();
}
