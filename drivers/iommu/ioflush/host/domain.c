// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a domain of mainline's for one device
 *
 * It is one of its own, beside the default domain of the device's group. So its addresses
 * are all ours: what the core or dma-iommu map for themselves is elsewhere. And it lives
 * as long as we say: the core frees default domains when the group's type changes.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../dma/mode.h"
#include "host.h"

/*
 * 512 GiB of addresses: all units translate as many, and not every driver says in the
 * geometry of a domain how many its unit does.
 */
#define IOHOST_LAST	DMA_BIT_MASK(39)

/* Where the core maps MSI doorbells, it does so at the addresses that the unit says. */
static int iohost_msi(struct iohost *host)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int ret = 0;

	iommu_get_resv_regions(host->dev, &regions);
	list_for_each_entry(region, &regions, list)
		if (!ret && region->type == IOMMU_RESV_SW_MSI)
			ret = iommu_get_msi_cookie(host->core, region->start);
	iommu_put_resv_regions(host->dev, &regions);
	return ret;
}

static int iohost_space(struct iohost *host)
{
	struct iommu_domain_geometry *geometry = &host->dom.domain.geometry;
	struct iospace *space;

	*geometry = host->core->geometry;
	space = iospace_create(max_t(u64, geometry->aperture_start, PAGE_SIZE),
			       min_t(u64, geometry->aperture_end, IOHOST_LAST));
	if (!space)
		return -ENOMEM;
	if (iodma_reserve(space, host->dev, geometry)) {
		iospace_destroy(space);
		return -ENOMEM;
	}
	/* Set by the core for PCI, unless iommu.forcedac= says otherwise. */
	if (!host->dev->iommu->pci_32bit_workaround)
		iospace_go_wide(space);
	iodom_set_space(&host->dom, space);
	return 0;
}

static int iohost_init(struct iohost *host)
{
	struct iodom *dom = &host->dom;
	int ret;

	xa_init_flags(&host->marks, XA_FLAGS_LOCK_IRQ);
	dom->pgt.ops = &iohost_table_ops;
	dom->domain.type = IOMMU_DOMAIN_DMA;
	dom->domain.pgsize_bitmap = PAGE_SIZE;
	dom->granule_lg2 = PAGE_SHIFT;
	/* Until there are slots no address is in one, whichever half is seen first. */
	dom->slot_base = BIT_ULL(63);
	/* Of larger pages the core knows more. */
	dom->block_pages = BIT(BITS_PER_LONG - 1);
	host->core = iommu_paging_domain_alloc(host->dev);
	if (IS_ERR(host->core))
		return PTR_ERR(host->core);
	ret = 1UL << __ffs(host->core->pgsize_bitmap) > PAGE_SIZE ? -EINVAL :
	      iohost_msi(host);
	if (ret)
		goto err_core;
	ret = ioflush_init(&dom->flush, &iohost_flush_ops, &dom->pgt);
	if (ret)
		goto err_core;
	ret = iohost_space(host);
	if (!ret)
		return 0;
	ioflush_exit(&dom->flush);
err_core:
	iommu_domain_free(host->core);
	return ret;
}

/**
 * iohost_create() - make a domain for a device
 * @dev: the device, which no driver is using
 *
 * Context: process context.
 * Return: the domain, to which the device is not attached yet, or an ERR_PTR().
 */
struct iohost *iohost_create(struct device *dev)
{
	struct iohost *host = kmemdup(&iohost_template, sizeof(*host), GFP_KERNEL);
	int ret;

	if (!host)
		return ERR_PTR(-ENOMEM);
	host->dev = dev;
	ret = iohost_init(host);
	if (ret) {
		kfree(host);
		return ERR_PTR(ret);
	}
	get_device(dev);
	return host;
}

/**
 * iohost_destroy() - free a domain
 * @host: the domain; its device is not attached to it any more
 *
 * Context: process context; waits for hardware and for RCU.
 */
void iohost_destroy(struct iohost *host)
{
	struct iodom *dom = &host->dom;

	ioslot_destroy(dom->slots);
	ioflush_exit(&dom->flush);
	iospace_destroy(dom->space);
	iodma_guard_exit(dom);
	iohost_marks_free(host);
	iommu_domain_free(host->core);
	put_device(host->dev);
	kfree(host);
}
