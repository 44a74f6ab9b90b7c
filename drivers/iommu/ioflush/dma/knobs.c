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
#include <linux/kstrtox.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mode.h"
#include "slot_copy.h"

static ssize_t iodma_window_get(struct iodom *dom, struct device *dev,
				void *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  ioflush_window_ns(&dom->flush) / NSEC_PER_USEC);
}

static ssize_t window_us_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return iodma_with_domain(dev, iodma_window_get, buf);
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
	ret = iodma_with_domain(dev, iodma_window_set, &us);
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
	return iodma_with_domain(dev, iodma_mode_get, buf);
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
	ret = iodma_with_domain(dev, iodma_mode_change, &mode);
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
	return iodma_with_domain(dev, iodma_copy_get, buf);
}

/* A domain that has no slots gets none: they were off at boot. */
static ssize_t iodma_copy_set(struct iodom *dom, struct device *dev, void *arg)
{
	const int *bytes = arg;

	if (!iodma_pool(dom))
		return *bytes ? -ENODEV : 1;
	return ioslot_set_limit(iodma_pool(dom), dev, *bytes) ?: 1;
}

static ssize_t copy_bytes_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	int bytes = -1;
	ssize_t ret = sysfs_streq(buf, "auto") ? 0 : kstrtoint(buf, 0, &bytes);

	if (ret)
		return ret;
	ret = iodma_with_domain(dev, iodma_copy_set, &bytes);
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

	if (!iodma_in_charge(dev))
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

/**
 * iodma_knobs_setup() - give devices their attributes as drivers are bound to them
 *
 * Context: process context, once.
 * Return: 0 or an error of bus_register_notifier().
 */
int iodma_knobs_setup(void)
{
	int ret = 0;

	if (IS_ENABLED(CONFIG_PCI))
		ret = bus_register_notifier(&pci_bus_type, &iodma_knobs_pci_nb);
	return ret ?: bus_register_notifier(&platform_bus_type,
					    &iodma_knobs_platform_nb);
}

/**
 * iodma_knobs_teardown() - undo iodma_knobs_setup()
 *
 * Context: process context; no device has attributes any more.
 */
void __exit iodma_knobs_teardown(void)
{
	bus_unregister_notifier(&platform_bus_type, &iodma_knobs_platform_nb);
	if (IS_ENABLED(CONFIG_PCI))
		bus_unregister_notifier(&pci_bus_type, &iodma_knobs_pci_nb);
}
