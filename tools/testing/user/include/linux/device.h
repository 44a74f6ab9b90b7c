/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: devices that have a name
 */
#ifndef _USER_LINUX_DEVICE_H
#define _USER_LINUX_DEVICE_H

#include <linux/slab.h>

struct fwnode_handle;

/**
 * struct device - a device
 * @name: its name
 * @iommu_priv: what the driver of its IOMMU knows of it
 */
struct device {
	const char *name;
	void *iommu_priv;
};

static inline const char *dev_name(const struct device *dev)
{
	return dev->name;
}

static inline void *dev_iommu_priv_get(const struct device *dev)
{
	return dev->iommu_priv;
}

#define dev_err(dev, fmt, ...)	pr_err("%s: " fmt, dev_name(dev), ##__VA_ARGS__)
#define dev_warn(dev, fmt, ...)	dev_err(dev, fmt, ##__VA_ARGS__)
/* No device goes before the program does. */
#define devm_kcalloc(dev, n, bytes, gfp) ((void)(dev), kcalloc(n, bytes, gfp))

#endif /* _USER_LINUX_DEVICE_H */
