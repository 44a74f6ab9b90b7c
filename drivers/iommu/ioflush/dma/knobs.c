// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: attributes of devices whose DMA API this is
 *
 * What they set holds for the whole group, that is for its domain. They are
 * with the device all the same: the core keeps the groups' directories to
 * itself. From a group they are found through its devices/.
 *
 * They are there while a driver is bound, and come and go outside the mutex of
 * the group, which their functions take.
 */
#include <linux/init.h>
#include <linux/ioflush/ioflush.h>
#include <linux/kstrtox.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mode.h"
#include "slot_copy.h"

/**
 * struct iodma_knob - what is to be done to a device's domain
 * @dev: the device
 * @fn: what; called with the mutex of the group held
 * @arg: for @fn
 */
struct iodma_knob {
	struct device *dev;
	ssize_t (*fn)(struct iodom *dom, struct device *dev, void *arg);
	void *arg;
};

static int iodma_knob_one(struct device *dev, void *data)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iodma_knob *knob = data;
	ssize_t ret;

	if (dev != knob->dev)
		return 0;
	if (!iodom_is(domain) || !iommu_is_dma_domain(domain))
		return -ENODEV;
	ret = knob->fn(to_iodom(domain), dev, knob->arg);
	/* 0 would go on to the next device. */
	return ret ?: -ENODATA;
}

static ssize_t iodma_knob(struct device *dev,
			  ssize_t (*fn)(struct iodom *dom, struct device *dev,
					void *arg), void *arg)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iodma_knob knob = { .dev = dev, .fn = fn, .arg = arg };
	ssize_t ret;

	if (!group)
		return -ENODEV;
	ret = iommu_group_for_each_dev(group, &knob, iodma_knob_one);
	iommu_group_put(group);
	return ret;
}

static ssize_t iodma_window_get(struct iodom *dom, struct device *dev,
				void *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  ioflush_window_ns(&dom->flush) / NSEC_PER_USEC);
}

static ssize_t window_us_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return iodma_knob(dev, iodma_window_get, buf);
}

static ssize_t iodma_window_set(struct iodom *dom, struct device *dev,
				void *arg)
{
	unsigned int *us = arg;

	return ioflush_set_window(&dom->flush, *us) ?: 1;
}

static ssize_t window_us_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	unsigned int us;
	ssize_t ret;

	ret = kstrtouint(buf, 0, &us);
	if (ret)
		return ret;
	ret = iodma_knob(dev, iodma_window_set, &us);
	return ret < 0 ? ret : count;
}
static DEVICE_ATTR_RW(window_us);

static ssize_t iodma_mode_get(struct iodom *dom, struct device *dev, void *buf)
{
	return sysfs_emit(buf, "%s\n", iodma_mode_name(dom));
}

static ssize_t mode_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return iodma_knob(dev, iodma_mode_get, buf);
}

static ssize_t iodma_mode_change(struct iodom *dom, struct device *dev,
				 void *mode)
{
	if (!dom->space)
		return -ENODEV;
	return iodma_mode_set(dom, dev, *(int *)mode) ?: 1;
}

static ssize_t mode_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	int mode = iodma_mode_parse(buf);
	ssize_t ret;

	if (mode < 0)
		return mode;
	ret = iodma_knob(dev, iodma_mode_change, &mode);
	return ret < 0 ? ret : count;
}
static DEVICE_ATTR_RW(mode);

static ssize_t iodma_copy_get(struct iodom *dom, struct device *dev, void *buf)
{
	const struct ioslot_pool *pool = iodma_pool(dom);

	if (!pool)
		return sysfs_emit(buf, "0 0 0\n");
	return sysfs_emit(buf, "%u %u %u\n",
			  READ_ONCE(pool->limit[DMA_TO_DEVICE]),
			  READ_ONCE(pool->limit[DMA_FROM_DEVICE]),
			  READ_ONCE(pool->limit[DMA_BIDIRECTIONAL]));
}

static ssize_t copy_bytes_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return iodma_knob(dev, iodma_copy_get, buf);
}

/* A domain that has no slots gets none: it was lazy, or they were off at boot. */
static ssize_t iodma_copy_set(struct iodom *dom, struct device *dev, void *arg)
{
	const int *bytes = arg;

	if (!iodma_pool(dom))
		return *bytes ? -ENODEV : 1;
	return ioslot_set_limit(iodma_pool(dom), *bytes) ?: 1;
}

static ssize_t copy_bytes_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	int bytes = -1;
	ssize_t ret = sysfs_streq(buf, "auto") ? 0 : kstrtoint(buf, 0, &bytes);

	if (ret)
		return ret;
	ret = iodma_knob(dev, iodma_copy_set, &bytes);
	return ret < 0 ? ret : count;
}
static DEVICE_ATTR_RW(copy_bytes);

static struct attribute *iodma_attrs[] = {
	&dev_attr_window_us.attr,
	&dev_attr_mode.attr,
	&dev_attr_copy_bytes.attr,
	NULL,
};

static const struct attribute_group iodma_attr_group = {
	.name = "ioflush",
	.attrs = iodma_attrs,
};

/*
 * A device is ours or not from BIND_DRIVER on, see takeover.c. A probe that
 * fails leaves no attributes behind: BOUND_DRIVER comes after it.
 */
static int iodma_knobs_notify(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct device *dev = data;
	const struct dma_map_ops *ops = get_dma_ops(dev);

	if (dev->dma_iommu || (ops != &iodma_ops && ops != &iodma_careful_ops))
		return NOTIFY_DONE;
	if (action == BUS_NOTIFY_BOUND_DRIVER) {
		if (sysfs_create_group(&dev->kobj, &iodma_attr_group))
			dev_warn(dev, "no attributes of its lazy mode\n");
	} else if (action == BUS_NOTIFY_UNBIND_DRIVER) {
		sysfs_remove_group(&dev->kobj, &iodma_attr_group);
	}
	return NOTIFY_DONE;
}

static struct notifier_block iodma_knobs_pci_nb = {
	.notifier_call = iodma_knobs_notify,
};

static struct notifier_block iodma_knobs_platform_nb = {
	.notifier_call = iodma_knobs_notify,
};

static int __init iodma_knobs_init(void)
{
	int ret = 0;

	if (!ioflush_enabled())
		return 0;
	if (IS_ENABLED(CONFIG_PCI))
		ret = bus_register_notifier(&pci_bus_type, &iodma_knobs_pci_nb);
	return ret ?: bus_register_notifier(&platform_bus_type,
					    &iodma_knobs_platform_nb);
}
fs_initcall(iodma_knobs_init);
