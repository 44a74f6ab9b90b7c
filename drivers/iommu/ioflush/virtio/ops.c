// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: virtio-iommu under the kernel's IOMMU core
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/ioflush/dma.h>
#include <linux/minmax.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "virtio.h"

static bool vtiommu_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
	case IOMMU_CAP_DEFERRED_FLUSH:
		/*
		 * Of what goes to the core's flush queue the core says in parts, by
		 * size of page, and never again. The device takes no part of a MAP.
		 */
		iodma_ask_lazy(dev);
		return false;
	default:
		return false;
	}
}

/**
 * vtiommu_domain_create() - make a paging domain that suits a unit
 * @unit: the unit
 * @nid: NUMA node for the record
 *
 * The table is a record that nothing but this kernel reads; its format is the one that
 * has all that a MAP can say: a page that is only written, and memory of a device.
 *
 * Context: process context.
 * Return: the domain, or an ERR_PTR() of iodom_create().
 */
struct iodom *vtiommu_domain_create(const struct vtiommu_unit *unit, int nid)
{
	struct iopgt_cfg cfg;
	struct iodom *dom;

	vtiommu_record_cfg(unit, &cfg);
	cfg.nid = nid;
	dom = iodom_create(&vtiommu_hw_ops, &iopgt_arm_s2_ops, &cfg);
	if (IS_ERR(dom))
		return dom;
	dom->domain.geometry.aperture_start = unit->first;
	dom->domain.geometry.aperture_end =
		min(dom->domain.geometry.aperture_end, unit->last);
	return dom;
}

/* A caller that names no device gets what suits one unit; attaching checks. */
static struct iommu_domain *vtiommu_domain_alloc_paging(struct device *dev)
{
	struct vtiommu_dev *vdev = dev ? dev_iommu_priv_get(dev) : NULL;
	struct vtiommu_unit *unit = vdev ? vdev->unit : vtiommu_unit_of(NULL);
	struct iodom *dom;

	if (!unit)
		return ERR_PTR(-ENODEV);
	dom = vtiommu_domain_create(unit, dev ? dev_to_node(dev) : NUMA_NO_NODE);
	return IS_ERR(dom) ? ERR_CAST(dom) : &dom->domain;
}

static int vtiommu_probe_endpoints(struct vtiommu_dev *vdev,
				   const struct iommu_fwspec *fwspec)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < fwspec->num_ids; i++) {
		ret = vtiommu_probe_endpoint(vdev, fwspec->ids[i]);
		if (ret)
			dev_err(vdev->place.dev,
				"endpoint %#x is not known to %s: error %d\n",
				fwspec->ids[i], vdev->unit->name, ret);
	}
	return ret;
}

static struct iommu_device *vtiommu_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct vtiommu_unit *unit;
	struct vtiommu_dev *vdev;
	int ret;

	unit = fwspec ? vtiommu_unit_of(fwspec->iommu_fwnode) : NULL;
	if (!unit || !fwspec->num_ids)
		return ERR_PTR(-ENODEV);
	vdev = kzalloc(sizeof(*vdev), GFP_KERNEL);
	if (!vdev)
		return ERR_PTR(-ENOMEM);
	vdev->unit = unit;
	vdev->place = (struct iodom_device){ .dev = dev, .unit = unit };
	INIT_LIST_HEAD(&vdev->resv);

	ret = vtiommu_probe_endpoints(vdev, fwspec);
	if (!ret)
		ret = vtiommu_endpoints_add(vdev);
	if (ret) {
		iommu_put_resv_regions(dev, &vdev->resv);
		kfree(vdev);
		return ERR_PTR(ret);
	}
	dev_iommu_priv_set(dev, vdev);
	return &unit->iommu;
}

static void vtiommu_release_device(struct device *dev)
{
	struct vtiommu_dev *vdev = dev_iommu_priv_get(dev);

	vtiommu_dev_detach(vdev, dev->iommu->require_direct);
	vtiommu_endpoints_remove(vdev);
	iommu_put_resv_regions(dev, &vdev->resv);
	kfree(vdev);
}

/* Without a way around the unit, there is no identity domain. */
static int vtiommu_def_domain_type(struct device *dev)
{
	struct vtiommu_dev *vdev = dev_iommu_priv_get(dev);

	return vdev->unit->can_bypass ? 0 : IOMMU_DOMAIN_DMA;
}

static int vtiommu_of_xlate(struct device *dev,
			    const struct of_phandle_args *args)
{
	if (args->args_count != 1) {
		dev_err(dev, "%pOF wants %d cells for a virtio-iommu, not 1\n",
			args->np, args->args_count);
		return -EINVAL;
	}
	return iommu_fwspec_add_ids(dev, args->args, 1);
}

const struct iommu_ops vtiommu_ops = {
	.capable = vtiommu_capable,
	.domain_alloc_paging = vtiommu_domain_alloc_paging,
	.probe_device = vtiommu_probe_device,
	.release_device = vtiommu_release_device,
	.probe_finalize = iodma_take_over,
	.def_domain_type = vtiommu_def_domain_type,
	.device_group = iodom_device_group,
	.of_xlate = vtiommu_of_xlate,
	.get_resv_regions = vtiommu_get_resv_regions,
	.default_domain_ops = &iodom_ops,
	.identity_domain = &vtiommu_identity_domain,
	.blocked_domain = &vtiommu_blocked_domain,
	.owner = THIS_MODULE,
};
