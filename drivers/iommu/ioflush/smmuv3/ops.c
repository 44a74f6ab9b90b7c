// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: SMMUv3 under the kernel's IOMMU core
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/ioflush/dma.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "smmuv3.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush."

static unsigned int smmu3_stage;
module_param_named(smmuv3_stage, smmu3_stage, uint, 0444);
MODULE_PARM_DESC(smmuv3_stage,
		 "stage of translation that SMMUv3 units use if they have it: 1 or 2 (default: 1)");

/**
 * smmu3_uses_stage2() - which stage do the domains on a unit have?
 * @unit: a unit with decoded capabilities
 *
 * Context: any context.
 * Return: true for stage 2.
 */
bool smmu3_uses_stage2(const struct smmu3_unit *unit)
{
	return unit->caps.stage2 && (smmu3_stage == 2 || !unit->caps.stage1);
}

/**
 * smmu3_tracks_dirty() - can a unit record which pages are written to?
 * @unit: a unit with decoded capabilities
 *
 * Stage 2 entries say nothing of dirty state here. What a unit writes past the
 * caches of CPUs these would not see, nor would it see what they clear.
 *
 * Context: any context.
 * Return: whether it can.
 */
bool smmu3_tracks_dirty(const struct smmu3_unit *unit)
{
	return unit->caps.httu_dirty && unit->coherent &&
	       !smmu3_uses_stage2(unit);
}

static bool smmu3_capable(struct device *dev, enum iommu_cap cap)
{
	struct smmu3_dev *sdev = dev_iommu_priv_get(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return sdev->unit->coherent;
	case IOMMU_CAP_NOEXEC:
		return true;
	case IOMMU_CAP_DEFERRED_FLUSH:
		return iodma_ask_lazy(dev);
	case IOMMU_CAP_DIRTY_TRACKING:
		return smmu3_tracks_dirty(sdev->unit);
	default:
		return false;
	}
}

/**
 * smmu3_domain_create() - make a paging domain that suits a unit
 * @unit: the unit
 * @dirty: hardware is to record which pages are written to
 *
 * Context: process context.
 * Return: the domain, or an ERR_PTR() of iodom_create() or -EOPNOTSUPP.
 */
struct iodom *smmu3_domain_create(struct smmu3_unit *unit, bool dirty)
{
	const bool stage2 = smmu3_uses_stage2(unit);
	struct iopgt_cfg cfg;
	int ret;

	if (dirty && !smmu3_tracks_dirty(unit))
		return ERR_PTR(-EOPNOTSUPP);
	ret = smmu3_caps_pgt_cfg(&unit->caps, stage2, unit->coherent, &cfg);
	if (ret)
		return ERR_PTR(ret);
	cfg.hw_dirty = dirty;
	cfg.nid = dev_to_node(unit->dev);
	return iodom_create(&smmu3_iodom_hw_ops,
			    stage2 ? &iopgt_arm_s2_ops : &iopgt_arm_s1_ops,
			    &cfg);
}

/* A caller that names no device gets what suits one unit; attaching checks. */
static struct iommu_domain *smmu3_domain_alloc_paging(struct device *dev)
{
	struct smmu3_dev *sdev = dev ? dev_iommu_priv_get(dev) : NULL;
	struct smmu3_unit *unit = sdev ? sdev->unit : smmu3_unit_of(NULL);
	struct iodom *dom;

	if (!unit)
		return ERR_PTR(-ENODEV);
	dom = smmu3_domain_create(unit, false);
	return IS_ERR(dom) ? ERR_CAST(dom) : &dom->domain;
}

static struct iommu_domain *
smmu3_domain_alloc_paging_flags(IOFLUSH_ALLOC_FLAGS_ARGS)
{
	struct smmu3_dev *sdev = dev_iommu_priv_get(dev);
	struct iodom *dom;

	if (flags & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING || user_data)
		return ERR_PTR(-EOPNOTSUPP);
	dom = smmu3_domain_create(sdev->unit,
				  flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	if (IS_ERR(dom))
		return ERR_CAST(dom);
	dom->domain.type = IOMMU_DOMAIN_UNMANAGED;
	return &dom->domain;
}

/* Behind a bridge a device may have the same StreamID twice: by its aliases. */
static void smmu3_dev_add_sid(struct smmu3_dev *sdev, u32 sid)
{
	for (unsigned int i = 0; i < sdev->nsids; i++)
		if (sdev->sids[i] == sid)
			return;
	sdev->sids[sdev->nsids++] = sid;
}

static bool smmu3_dev_may_cache(struct device *dev,
				const struct smmu3_unit *unit,
				const struct iommu_fwspec *fwspec)
{
	return dev_is_pci(dev) && unit->caps.ats &&
	       fwspec->flags & IOMMU_FWSPEC_PCI_RC_ATS &&
	       pci_ats_supported(to_pci_dev(dev));
}

static struct smmu3_dev *smmu3_dev_create(struct device *dev,
					  struct smmu3_unit *unit,
					  const struct iommu_fwspec *fwspec)
{
	struct smmu3_dev *sdev;

	sdev = kzalloc(struct_size(sdev, sids, fwspec->num_ids), GFP_KERNEL);
	if (!sdev)
		return NULL;
	sdev->dev = dev;
	sdev->unit = unit;
	sdev->place = (struct iodom_device){ .dev = dev, .unit = unit };
	for (unsigned int i = 0; i < fwspec->num_ids; i++)
		smmu3_dev_add_sid(sdev, fwspec->ids[i]);
	sdev->ats_able = smmu3_dev_may_cache(dev, unit, fwspec);
	if (sdev->ats_able)
		pci_prepare_ats(to_pci_dev(dev),
				__ffs(unit->caps.pgsize_bitmap));
	return sdev;
}

static struct iommu_device *smmu3_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct smmu3_unit *unit;
	struct smmu3_dev *sdev;
	int ret;

	unit = fwspec ? smmu3_unit_of(fwspec->iommu_fwnode) : NULL;
	if (!unit)
		return ERR_PTR(-ENODEV);
	if (!fwspec->num_ids) {
		dev_err(dev, "firmware gives it no StreamID of %s\n",
			unit->name);
		return ERR_PTR(-EINVAL);
	}

	sdev = smmu3_dev_create(dev, unit, fwspec);
	if (!sdev)
		return ERR_PTR(-ENOMEM);
	ret = smmu3_sids_add(unit, sdev);
	if (ret) {
		kfree_rcu(sdev, rcu);
		return ERR_PTR(ret);
	}
	dev_iommu_priv_set(dev, sdev);
	smmu3_debugfs_add_dev(sdev);
	return &unit->iommu;
}

static void smmu3_release_device(struct device *dev)
{
	struct smmu3_dev *sdev = dev_iommu_priv_get(dev);

	smmu3_debugfs_remove_dev(sdev);
	smmu3_dev_detach(sdev, dev->iommu->require_direct);
	smmu3_sids_remove(sdev->unit, sdev);
	/*
	 * Who reports an event of this stream looks at the device itself. And what
	 * was queued for it is not to be taken for the next one's that has the stream.
	 */
	iodom_settle(&sdev->unit->q);
	kfree(sdev);
}

/* It traces PCIe, into memory that it is given physical addresses of. */
#define SMMU3_PCI_HISI_PTT	0xa12e

static int smmu3_def_domain_type(struct device *dev)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return 0;
	pdev = to_pci_dev(dev);
	return pdev->vendor == PCI_VENDOR_ID_HUAWEI &&
	       pdev->device == SMMU3_PCI_HISI_PTT ? IOMMU_DOMAIN_IDENTITY : 0;
}

/* Requests with one StreamID go one way: its devices have to be one group. */
static bool smmu3_group_is_sound(struct smmu3_dev *sdev,
				 struct iommu_group *group)
{
	bool sound = true;

	mutex_lock(&sdev->unit->mutex);
	for (unsigned int i = 0; i < sdev->nsids; i++) {
		struct smmu3_dev *other = smmu3_sid_other(sdev, sdev->sids[i]);

		if (!other || other->dev->iommu_group == group)
			continue;
		dev_err(sdev->dev,
			"firmware gives it StreamID %#x, which %s has\n",
			sdev->sids[i], dev_name(other->dev));
		sound = false;
	}
	mutex_unlock(&sdev->unit->mutex);
	return sound;
}

static struct iommu_group *smmu3_device_group(struct device *dev)
{
	struct smmu3_dev *sdev = dev_iommu_priv_get(dev);
	struct iommu_group *group = iodom_device_group(dev);

	if (IS_ERR(group) || smmu3_group_is_sound(sdev, group))
		return group;
	iommu_group_put(group);
	return ERR_PTR(-EINVAL);
}

static int smmu3_of_xlate(struct device *dev,
			  const struct of_phandle_args *args)
{
	if (args->args_count != 1) {
		dev_err(dev, "%pOF wants %d cells for an SMMUv3, not 1\n",
			args->np, args->args_count);
		return -EINVAL;
	}
	return iommu_fwspec_add_ids(dev, args->args, 1);
}

const struct iommu_ops smmu3_ops = {
	.capable = smmu3_capable,
	.domain_alloc_paging = smmu3_domain_alloc_paging,
	.domain_alloc_paging_flags = smmu3_domain_alloc_paging_flags,
	.probe_device = smmu3_probe_device,
	.release_device = smmu3_release_device,
	.probe_finalize = iodma_take_over,
	.def_domain_type = smmu3_def_domain_type,
	.device_group = smmu3_device_group,
	.of_xlate = smmu3_of_xlate,
	.get_resv_regions = smmu3_get_resv_regions,
	.default_domain_ops = &iodom_ops,
	.identity_domain = &smmu3_identity_domain,
	.blocked_domain = &smmu3_blocked_domain,
	/* All that some unit may have; a domain says what it has. */
	.owner = THIS_MODULE,
};
