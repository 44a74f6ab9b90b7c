// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d under the kernel's IOMMU core
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/ioflush/dma.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "quirk.h"
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
 * For callers that name no device: a table that all units can walk which have the
 * format of the first one. Others refuse it. Returns that one.
 */
static struct vtd_unit *vtd_common_cfg(struct iopgt_cfg *common, u64 *last)
{
	struct vtd_unit *first = vtd_unit_next(NULL), *unit = first;
	struct iopgt_cfg cfg;

	vtd_caps_pgt_cfg(&unit->caps, unit->haw_bits, common);
	*last = vtd_caps_last(&unit->caps);
	while ((unit = vtd_unit_next(unit))) {
		if (unit->caps.first_stage != first->caps.first_stage)
			continue;
		vtd_caps_pgt_cfg(&unit->caps, unit->haw_bits, &cfg);
		common->ias_bits = min(common->ias_bits, cfg.ias_bits);
		common->pgsize_bitmap &= cfg.pgsize_bitmap;
		common->coherent_walk &= cfg.coherent_walk;
		*last = min(*last, vtd_caps_last(&unit->caps));
	}
	return first;
}

static struct iommu_domain *vtd_domain_alloc_paging(struct device *dev)
{
	struct vtd_unit *unit;
	struct iopgt_cfg cfg;
	struct iodom *dom;
	u64 last;

	if (dev) {
		struct vtd_dev *vdev = dev_iommu_priv_get(dev);

		unit = vdev->unit;
		vtd_caps_pgt_cfg(&unit->caps, unit->haw_bits, &cfg);
		cfg.nid = dev_to_node(dev);
		if (cfg.nid == NUMA_NO_NODE)
			cfg.nid = unit->nid;
		last = vtd_caps_last(&unit->caps);
	} else {
		unit = vtd_common_cfg(&cfg, &last);
	}

	dom = iodom_create(unit->caps.first_stage ? &vtd_first_hw_ops :
						    &vtd_iodom_hw_ops,
			   vtd_caps_format(&unit->caps), &cfg);
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

static struct vtd_dev *vtd_dev_create(struct device *dev,
				      struct vtd_unit *unit, unsigned int nrids)
{
	struct vtd_dev *vdev = kzalloc(struct_size(vdev, rids, nrids),
				       GFP_KERNEL);

	if (!vdev)
		return NULL;
	vdev->dev = dev;
	vdev->unit = unit;
	vdev->place = (struct iodom_device){ .dev = dev, .unit = unit };
	return vdev;
}

static struct vtd_dev *vtd_pci_create(struct pci_dev *pdev,
				      struct vtd_unit *unit)
{
	struct vtd_dev *vdev;
	unsigned int n = 0;

	pci_for_each_dma_alias(pdev, vtd_count_rid, &n);
	vdev = vtd_dev_create(&pdev->dev, unit, n);
	if (!vdev)
		return ERR_PTR(-ENOMEM);
	pci_for_each_dma_alias(pdev, vtd_add_rid, vdev);
	return vdev;
}

static struct vtd_dev *vtd_named_create(struct device *dev,
					struct vtd_unit *unit, int number)
{
	int rid = vtd_scopes_source(&unit->drhd->scopes, number);
	struct vtd_dev *vdev;

	if (rid < 0) {
		dev_warn(dev, FW_BUG "the DMAR table gives no source id that is certain\n");
		return ERR_PTR(rid);
	}
	vdev = vtd_dev_create(dev, unit, 1);
	if (!vdev)
		return ERR_PTR(-ENOMEM);
	vdev->rids[vdev->nrids++] = rid;
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
	struct vtd_way way;

	if (vtd_way_to(dev, &way))
		return ERR_PTR(-ENODEV);
	unit = vtd_unit_of(&way);
	if (!unit || !unit->iommu.ops)
		return ERR_PTR(-ENODEV);

	vdev = dev_is_pci(dev) ? vtd_pci_create(to_pci_dev(dev), unit) :
				 vtd_named_create(dev, unit, way.named);
	if (IS_ERR(vdev))
		return ERR_CAST(vdev);
	vtd_ats_probe(vdev, &way);
	dev_iommu_priv_set(dev, vdev);

	spin_lock(&unit->lock);
	list_add_tail_rcu(&vdev->node, &unit->devs);
	spin_unlock(&unit->lock);
	vtd_debugfs_add_dev(vdev);
	return &unit->iommu;
}

static void vtd_release_device(struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);
	struct vtd_unit *unit = vdev->unit;

	vtd_debugfs_remove_dev(vdev);
	vtd_dev_detach(vdev);
	spin_lock(&unit->lock);
	list_del_rcu(&vdev->node);
	spin_unlock(&unit->lock);
	/* Encoders and who cuts it off may still look at it. */
	kfree_rcu(vdev, rcu);
}

/* Left to go on by what the kernel before has told it, until somebody maps for it? */
static bool vtd_is_attach_deferred(struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);

	for (unsigned int i = 0; i < vdev->nrids; i++)
		if (vtd_inherits(vdev->unit, vdev->rids[i]))
			return true;
	return false;
}

/* See quirk.c */
static bool vtd_is_bad_sound(struct device *dev)
{
	struct pci_dev *pdev = dev_is_pci(dev) ? to_pci_dev(dev) : NULL;

	return pdev && pdev->vendor == PCI_VENDOR_ID_INTEL &&
	       pdev->device == VTD_QUIRK_SOUND &&
	       vtd_has_quirk(VTD_QUIRK_SOUND_IDENTITY);
}

/*
 * Who passes through untranslated maps nothing. But a device that still uses the
 * addresses of the kernel before must not pass through before it was reset.
 */
static int vtd_def_domain_type(struct device *dev)
{
	struct vtd_dev *vdev = dev_iommu_priv_get(dev);

	if (vdev->unit->old_dids)
		return iommu_default_passthrough() ? IOMMU_DOMAIN_DMA : 0;
	return vtd_is_bad_sound(dev) ? IOMMU_DOMAIN_IDENTITY : 0;
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
static enum iommu_resv_type vtd_rmrr_type(struct device *dev)
{
	u32 class = dev_is_pci(dev) ? to_pci_dev(dev)->class : 0;
	bool usb = class >> 8 == PCI_CLASS_SERIAL_USB;
	bool graphics = class >> 16 == PCI_BASE_CLASS_DISPLAY;

	return usb || graphics ? IOMMU_RESV_DIRECT_RELAXABLE :
				 IOMMU_RESV_DIRECT;
}

static void vtd_add_rmrrs(struct device *dev, struct list_head *list)
{
	const struct vtd_rmrr *rmrr;
	struct vtd_way way;

	if (vtd_way_to(dev, &way))
		return;
	list_for_each_entry(rmrr, &vtd_dmar_table()->rmrrs, node)
		if ((rmrr->segment == way.segment || !dev_is_pci(dev)) &&
		    vtd_scopes_cover(&rmrr->scopes, &way))
			vtd_add_resv(list, rmrr->base,
				     rmrr->last - rmrr->base + 1,
				     IOMMU_READ | IOMMU_WRITE,
				     vtd_rmrr_type(dev));
}

static void vtd_get_resv_regions(struct device *dev, struct list_head *list)
{
	vtd_add_rmrrs(dev, list);
	vtd_add_resv(list, VTD_MSI_FIRST, VTD_MSI_BYTES, 0, IOMMU_RESV_MSI);
}

const struct iommu_ops vtd_ops = {
	.capable = vtd_capable,
	.domain_alloc_paging = vtd_domain_alloc_paging,
	.probe_device = vtd_probe_device,
	.release_device = vtd_release_device,
	.probe_finalize = iodma_take_over,
	.is_attach_deferred = vtd_is_attach_deferred,
	.def_domain_type = vtd_def_domain_type,
	.device_group = iodom_device_group,
	.get_resv_regions = vtd_get_resv_regions,
	.default_domain_ops = &iodom_ops,
	.identity_domain = &vtd_identity_domain,
	.blocked_domain = &vtd_blocked_domain,
};
