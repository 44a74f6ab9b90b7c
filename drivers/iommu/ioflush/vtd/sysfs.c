// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what user space reads of a VT-d unit
 *
 * Programs that drive devices from user space choose the kind and the width of I/O
 * addresses by these files. Names and formats are those of mainline's driver.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "vtd.h"

static const struct vtd_unit *vtd_sysfs_unit(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct vtd_unit, iommu);
}

static ssize_t version_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	const struct vtd_unit *unit = vtd_sysfs_unit(dev);

	return sysfs_emit(buf, "%u:%u\n", unit->version >> 4,
			  unit->version & 0xf);
}
static DEVICE_ATTR_RO(version);

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llx\n", vtd_sysfs_unit(dev)->drhd->base);
}
static DEVICE_ATTR_RO(address);

static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%llx\n", vtd_sysfs_unit(dev)->caps.cap);
}
static DEVICE_ATTR_RO(cap);

static ssize_t ecap_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llx\n", vtd_sysfs_unit(dev)->caps.ecap);
}
static DEVICE_ATTR_RO(ecap);

static ssize_t domains_supported_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", vtd_sysfs_unit(dev)->caps.domains);
}
static DEVICE_ATTR_RO(domains_supported);

static ssize_t domains_used_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  atomic_read(&vtd_sysfs_unit(dev)->dids_used));
}
static DEVICE_ATTR_RO(domains_used);

static struct attribute *vtd_attrs[] = {
	&dev_attr_version.attr,
	&dev_attr_address.attr,
	&dev_attr_cap.attr,
	&dev_attr_ecap.attr,
	&dev_attr_domains_supported.attr,
	&dev_attr_domains_used.attr,
	NULL,
};

static const struct attribute_group vtd_group = {
	.name = "intel-iommu",
	.attrs = vtd_attrs,
};

const struct attribute_group *vtd_groups[] = { &vtd_group, NULL };
