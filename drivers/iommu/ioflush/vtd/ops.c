// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d under the kernel's IOMMU core
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/ioflush/dma.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "vtd.h"

/* Section 3.14: requests to here are interrupts and are never translated. */
#define VTD_MSI_FIRST	0xfee00000UL
#define VTD_MSI_BYTES	SZ_1M

/* Section 8.1: firmware used the unit for protection and asks us to go on. */
#define VTD_DMAR_OPT_IN	BIT(2)

static bool vtd_capable(struct device *dev, enum iommu_cap cap)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
	case IOMMU_CAP_DEFERRED_FLUSH:
		return iodma_ask_lazy(dev);
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return vdev->unit->caps.snoop_control;
	case IOMMU_CAP_PRE_BOOT_PROTECTION:
		return vtd_dmar_table()->flags & VTD_DMAR_OPT_IN;
	default:
		return false;
	}
}

/*
 * For callers that name no device: a table that all units can walk.
 */
static void vtd_common_cfg(struct iopgt_cfg *common, u64 *last)
{
	struct vtd_unit *unit = vtd_unit_next(NULL);
	struct iopgt_cfg cfg;

	vtd_caps_pgt_cfg(&unit->caps, unit->haw_bits, common);
	*last = vtd_caps_last(&unit->caps);
	while ((unit = vtd_unit_next(unit))) {
		vtd_caps_pgt_cfg(&unit->caps, unit->haw_bits, &cfg);
		common->ias_bits = min(common->ias_bits, cfg.ias_bits);
		common->pgsize_bitmap &= cfg.pgsize_bitmap;
		common->coherent_walk &= cfg.coherent_walk;
		*last = min(*last, vtd_caps_last(&unit->caps));
	}
}

static struct iommu_domain *vtd_domain_alloc_paging(struct device *dev)
{
	struct iopgt_cfg cfg;
	struct iodom *dom;
	u64 last;

	if (dev) {
		struct vtd_dev *vdev = dev_iommu_priv_get(dev);

		vtd_caps_pgt_cfg(&vdev->unit->caps, vdev->unit->haw_bits, &cfg);
		cfg.nid = dev_to_node(dev);
		last = vtd_caps_last(&vdev->unit->caps);
	} else {
		vtd_common_cfg(&cfg, &last);
	}

	dom = iodom_create(&vtd_iodom_hw_ops, &iopgt_vtdss_ops, &cfg);
	if (IS_ERR(dom))
		return ERR_CAST(dom);
	dom->domain.geometry.aperture_end = last;
	return &dom->domain;
}

static int vtd_count_rid(struct pci_dev *pdev, u16 rid, void *data)
{
	unsigned int *n = data;

	(*n)++;
	return 0;
}

static int vtd_add_rid(struct pci_dev *pdev, u16 rid, void *data)
{
	struct vtd_dev *vdev = data;

	vdev->rids[vdev->nrids++] = rid;
	return 0;
}

static struct vtd_dev *vtd_dev_create(struct pci_dev *pdev,
				      struct vtd_unit *unit)
{
	struct vtd_dev *vdev;
	unsigned int n = 0;

	pci_for_each_dma_alias(pdev, vtd_count_rid, &n);
	vdev = kzalloc(struct_size(vdev, rids, n), GFP_KERNEL);
	if (!vdev)
		return NULL;
	vdev->dev = &pdev->dev;
	vdev->unit = unit;
	vdev->place = (struct iodom_device){ .dev = vdev->dev, .unit = unit };
	pci_for_each_dma_alias(pdev, vtd_add_rid, vdev);
	return vdev;
}

/*
 * Units are registered one after the other, and each time the core tries all
 * devices: those of a unit that is still to come are left for then.
 */
static struct iommu_device *vtd_probe_device(struct device *dev)
{
	struct vtd_unit *unit;
	struct vtd_dev *vdev;

	if (!dev_is_pci(dev))
		return ERR_PTR(-ENODEV);
	unit = vtd_unit_of(to_pci_dev(dev));
	if (!unit || !unit->iommu.ops)
		return ERR_PTR(-ENODEV);

	vdev = vtd_dev_create(to_pci_dev(dev), unit);
	if (!vdev)
		return ERR_PTR(-ENOMEM);
	dev_iommu_priv_set(dev, vdev);

	spin_lock(&unit->lock);
	list_add_tail(&vdev->node, &unit->devs);
	spin_unlock(&unit->lock);
	return &unit->iommu;
}

static void vtd_release_device(struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);
	struct vtd_unit *unit = vdev->unit;

	vtd_dev_detach(vdev);
	spin_lock(&unit->lock);
	list_del(&vdev->node);
	spin_unlock(&unit->lock);
	kfree(vdev);
}

static void vtd_probe_finalize(struct device *dev)
{
	iodma_take_over(dev);
}

static struct iommu_group *vtd_device_group(struct device *dev)
{
	return pci_device_group(dev);
}

static void vtd_add_resv(struct list_head *list, phys_addr_t start,
			 size_t bytes, int prot, enum iommu_resv_type type)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(start, bytes, prot, type, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, list);
}

/*
 * USB controllers and graphics use such memory only until their driver takes
 * over; it need not be there when the device is handed to somebody else.
 */
static enum iommu_resv_type vtd_rmrr_type(struct pci_dev *pdev)
{
	bool usb = pdev->class >> 8 == PCI_CLASS_SERIAL_USB;
	bool graphics = pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;

	return usb || graphics ? IOMMU_RESV_DIRECT_RELAXABLE :
				 IOMMU_RESV_DIRECT;
}

static void vtd_add_rmrrs(struct pci_dev *pdev, struct list_head *list)
{
	struct vtd_hop hops[VTD_HOPS_MAX];
	const struct vtd_rmrr *rmrr;
	int n = vtd_pci_hops(pdev, hops);

	if (n < 0)
		return;
	list_for_each_entry(rmrr, &vtd_dmar_table()->rmrrs, node)
		if (rmrr->segment == vtd_pci_segment(pdev) &&
		    vtd_scopes_cover(&rmrr->scopes, hops, n))
			vtd_add_resv(list, rmrr->base,
				     rmrr->last - rmrr->base + 1,
				     IOMMU_READ | IOMMU_WRITE,
				     vtd_rmrr_type(pdev));
}

static void vtd_get_resv_regions(struct device *dev, struct list_head *list)
{
	vtd_add_rmrrs(to_pci_dev(dev), list);
	vtd_add_resv(list, VTD_MSI_FIRST, VTD_MSI_BYTES, 0, IOMMU_RESV_MSI);
}

const struct iommu_ops vtd_ops = {
	.capable = vtd_capable,
	.domain_alloc_paging = vtd_domain_alloc_paging,
	.probe_device = vtd_probe_device,
	.release_device = vtd_release_device,
	.probe_finalize = vtd_probe_finalize,
	.device_group = vtd_device_group,
	.get_resv_regions = vtd_get_resv_regions,
	.default_domain_ops = &iodom_ops,
	.identity_domain = &vtd_identity_domain,
	.blocked_domain = &vtd_blocked_domain,
	.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
};
