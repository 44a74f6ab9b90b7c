// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the paging domain that all drivers share
 */
#include <linux/ioflush/dma.h>
#include <linux/ioflush/iova.h>
#include <linux/log2.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "compat-iommu.h"
#include "internal.h"

/*
 * The table is about to make an entry anew that it has broken: wait. A unit that does
 * not read the table has nothing of it: what it was told stays as it is.
 */
static void iodom_pgt_invalidate(struct iopgt *pgt,
				 struct iopgt_gather *gather)
{
	struct iodom *dom = container_of(pgt, struct iodom, pgt);

	if (!dom->flush.exact)
		ioflush_sync(&dom->flush, gather);
}

/* What it broke translates again. */
static void iodom_pgt_remade(struct iopgt *pgt, unsigned long iova,
			     size_t bytes)
{
	struct iodom *dom = container_of(pgt, struct iodom, pgt);

	if (!dom->flush.exact)
		iodom_map_sync(dom, iova, bytes);
}

/* See &iodom.block_pages. */
static size_t iodom_block_pages(unsigned long sizes)
{
	const unsigned long larger = sizes & (sizes - 1);

	return larger ? BIT(__ffs(larger) - __ffs(sizes)) : BIT(BITS_PER_LONG - 1);
}

/**
 * iodom_create() - make a paging domain
 * @hw: the driver's part
 * @fmt: the format of the page table
 * @cfg: its configuration
 *
 * The core completes what it returns: type, owner, cookie.
 *
 * Context: process context.
 * Return: the domain or an ERR_PTR().
 */
struct iodom *iodom_create(const struct iodom_hw_ops *hw,
			   const struct iopgt_ops *fmt,
			   const struct iopgt_cfg *cfg)
{
	struct iodom *dom = kzalloc(sizeof(*dom), GFP_KERNEL);
	int ret;

	if (!dom)
		return ERR_PTR(-ENOMEM);
	dom->hw = hw;
	INIT_LIST_HEAD(&dom->links);
	INIT_LIST_HEAD(&dom->devices);
	INIT_LIST_HEAD(&dom->node);
	mutex_init(&dom->attach_lock);

	ret = iopgt_init(&dom->pgt, fmt, cfg);
	if (ret)
		goto err_free;
	ret = ioflush_init(&dom->flush, &iodom_flush_ops, &dom->pgt);
	if (ret)
		goto err_pgt;

	dom->flush.exact = !hw->encode_all;
	dom->pgt.invalidate = iodom_pgt_invalidate;
	dom->pgt.remade = iodom_pgt_remade;
	dom->domain.ops = &iodom_ops;
	if (dom->pgt.cfg.hw_dirty)
		dom->domain.dirty_ops = &iodom_dirty_ops;
	dom->domain.pgsize_bitmap = dom->pgt.cfg.pgsize_bitmap;
	dom->granule_lg2 = __ffs(dom->pgt.cfg.pgsize_bitmap);
	dom->slot_base = BIT_ULL(63);
	dom->block_pages = iodom_block_pages(dom->pgt.cfg.pgsize_bitmap);
	dom->domain.geometry.aperture_start = 0;
	dom->domain.geometry.aperture_end =
		GENMASK_ULL(dom->pgt.cfg.ias_bits - 1, 0);
	dom->domain.geometry.force_aperture = true;
	iodom_debugfs_add(dom);
	return dom;

err_pgt:
	iopgt_destroy(&dom->pgt);
err_free:
	kfree(dom);
	return ERR_PTR(ret);
}

/*
 * Where a device could not be attached to what came after the core goes on as if it had
 * been. It must not be left with a table that is freed.
 */
static void iodom_leave_all(struct iodom *dom)
{
	struct iodom_device *place;

	while ((place = list_first_entry_or_null(&dom->devices,
						 struct iodom_device, node))) {
		struct device *dev = place->dev;
		struct iommu_domain *blocked =
			dev->iommu->iommu_dev->ops->blocked_domain;

		dev_err(dev, "is blocked: it is still in a domain that goes\n");
		/* Which none of our drivers fails. */
		if (WARN_ON(ioflush_attach(blocked, dev)))
			break;
	}
}

static void iodom_free(struct iommu_domain *domain)
{
	struct iodom *dom = to_iodom(domain);

	iodom_leave_all(dom);
	WARN_ON(!list_empty(&dom->links));
	ioaudit_forget(&dom->audit, &dom->pgt);
	iodom_debugfs_remove(dom);
	/* Until then the shrinker may take pages from it. */
	ioslot_destroy(dom->slots);
	ioflush_exit(&dom->flush);
	if (dom->space)
		iospace_destroy(dom->space);
	iodma_guard_exit(dom);
	iopgt_destroy(&dom->pgt);
	kfree(dom);
}

static int iodom_attach_dev(IOFLUSH_ATTACH_ARGS)
{
	struct iodom *dom = to_iodom(domain);
	int ret = dom->hw->attach(dom, dev);

	/* On no unit nothing reaches what is mapped, nor need it be memory. */
	if (!ret && !list_empty(&dom->links))
		ioaudit_watch_domain(&dom->audit, dom->flush.id);
	return ret;
}

static int iodom_map_pages(struct iommu_domain *domain, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	struct iodom *dom = to_iodom(domain);
	size_t before = *mapped;
	int ret;

	ret = iopgt_map_pages(&dom->pgt, iova, paddr, pgsize, pgcount, prot,
			      gfp, mapped);
	ioaudit_map(&dom->audit, paddr, *mapped - before);
	return ret;
}

static int iodom_iotlb_sync_map(struct iommu_domain *domain,
				unsigned long iova, size_t size)
{
	/* Where that fails the core unmaps. */
	return __iodom_map_sync(to_iodom(domain), iova, size);
}

/*
 * The core's gather keeps one range. Its list of pages is ours to fill: the
 * core only passes it on. A range that does not touch what is gathered already
 * is invalidated on its own, so that the two do not become one over all that
 * lies between.
 *
 * But what goes through the core's own flush queue, as for a device that is not
 * ours, the core frees itself as soon as that has been flushed, under the feet of
 * readers of RCU. So table pages never get there; that they are unlinked is rare.
 */
static size_t iodom_unmap_pages(struct iommu_domain *domain,
				unsigned long iova, size_t pgsize,
				size_t pgcount,
				struct iommu_iotlb_gather *core)
{
	struct iodom *dom = to_iodom(domain);
	struct iopgt_gather gather;
	size_t leaf, done;

	iopgt_gather_init(&gather, false);
	/* When the core's gather is invalidated it no longer knows what was in it. */
	ioaudit_unmap(&dom->audit, &dom->pgt, iova, pgsize * pgcount, NULL);
	done = iopgt_unmap_pages(&dom->pgt, iova, pgsize * pgcount, &gather);
	if (!done)
		return 0;

	/* What is queued is invalidated by one of the whole domain, later. */
	if (iommu_iotlb_gather_queued(core)) {
		if (gather.tables_unlinked || dom->flush.exact)
			ioflush_sync(&dom->flush, &gather);
		return done;
	}
	if (iommu_iotlb_gather_is_disjoint(core, iova, done))
		iommu_iotlb_sync(domain, core);
	leaf = BIT(iopgt_gather_leaf_lg2(&gather));
	if (!core->pgsize || leaf < core->pgsize)
		core->pgsize = leaf;
	iommu_iotlb_gather_add_range(core, iova, done);
	list_splice_tail(&gather.pages, ioflush_freelist(core));
	return done;
}

static void iodom_iotlb_sync(struct iommu_domain *domain,
			     struct iommu_iotlb_gather *core)
{
	struct iodom *dom = to_iodom(domain);
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	if (core->end)
		iopgt_gather_add(&gather, core->start,
				 core->end - core->start + 1,
				 __ffs(core->pgsize));
	gather.tables_unlinked = !list_empty(ioflush_freelist(core));
	list_splice_init(ioflush_freelist(core), &gather.pages);
	ioflush_sync(&dom->flush, &gather);
}

static void iodom_flush_iotlb_all(struct iommu_domain *domain)
{
	ioflush_all(&to_iodom(domain)->flush);
}

static phys_addr_t iodom_iova_to_phys(struct iommu_domain *domain,
				      dma_addr_t iova)
{
	return iopgt_iova_to_phys(&to_iodom(domain)->pgt, iova);
}

static bool iodom_enforce_cache_coherency(struct iommu_domain *domain)
{
	struct iodom *dom = to_iodom(domain);

	return dom->hw->enforce_coherency && dom->hw->enforce_coherency(dom);
}

const struct iommu_domain_ops iodom_ops = {
	.attach_dev = iodom_attach_dev,
	.map_pages = iodom_map_pages,
	.unmap_pages = iodom_unmap_pages,
	.flush_iotlb_all = iodom_flush_iotlb_all,
	.iotlb_sync_map = iodom_iotlb_sync_map,
	.iotlb_sync = iodom_iotlb_sync,
	.iova_to_phys = iodom_iova_to_phys,
	.enforce_cache_coherency = iodom_enforce_cache_coherency,
	.free = iodom_free,
};

/**
 * iodom_is() - is this domain one of ours?
 * @domain: any domain, or NULL
 *
 * Context: any context.
 * Return: whether to_iodom() may be used on it.
 */
bool iodom_is(struct iommu_domain *domain)
{
	return domain && domain->ops == &iodom_ops;
}

/**
 * iodom_device_group() - the group that a device belongs to by its bus
 * @dev: the device
 *
 * Context: process context.
 * Return: the group, with a reference, or an ERR_PTR().
 */
struct iommu_group *iodom_device_group(struct device *dev)
{
	return dev_is_pci(dev) ? pci_device_group(dev) :
				 generic_device_group(dev);
}
