// SPDX-License-Identifier: GPL-2.0
/*
 * Allocates and frees 4 MiB of single pages for a device, again and again.
 *
 * To unmap so much at once takes whole tables out of the page table, which whoever they
 * belong to has to get back after their invalidation. It binds to QEMU's edu device, does
 * that as it is bound, and fails if something was not mapped as it should be.
 */

#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vmalloc.h>

#define LARGE_BYTES	SZ_4M
#define LARGE_TIMES	200

static int large_check(struct device *dev, void *buf, dma_addr_t addr)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	for (size_t off = 0; off < LARGE_BYTES; off += SZ_4K)
		if (iommu_iova_to_phys(domain, addr + off) !=
		    PFN_PHYS(vmalloc_to_pfn(buf + off)))
			return -EFAULT;
	return 0;
}

static int large_once(struct device *dev)
{
	dma_addr_t addr;
	int ret;
	void *buf = dma_alloc_attrs(dev, LARGE_BYTES, &addr, GFP_KERNEL,
				    DMA_ATTR_ALLOC_SINGLE_PAGES);

	if (!buf)
		return -ENOMEM;
	ret = large_check(dev, buf, addr);
	dma_free_attrs(dev, LARGE_BYTES, buf, addr, DMA_ATTR_ALLOC_SINGLE_PAGES);
	return ret;
}

static int large_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));

	for (unsigned int i = 0; !ret && i < LARGE_TIMES; i++)
		ret = large_once(&pdev->dev);
	return ret;
}

static const struct pci_device_id large_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{},
};

static struct pci_driver large_driver = {
	.name		= "ioflush_large",
	.id_table	= large_ids,
	.probe		= large_probe,
};
module_pci_driver(large_driver);

MODULE_DESCRIPTION("large allocations through the DMA API");
MODULE_LICENSE("GPL");
