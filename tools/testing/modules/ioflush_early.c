// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that frees pages too early: while they are mapped.
 *
 * It binds to QEMU's edu device, and does that twice as it is bound, from the same place. The
 * device is told of none of them. The kernel's auditor has to say so.
 */

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/pci.h>

static noinline int early_once(struct device *dev)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t addr;

	if (!page)
		return -ENOMEM;
	addr = dma_map_page(dev, page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	__free_page(page);
	if (dma_mapping_error(dev, addr))
		return -EIO;
	dma_unmap_page(dev, addr, PAGE_SIZE, DMA_FROM_DEVICE);
	return 0;
}

static int early_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));

	for (unsigned int i = 0; !ret && i < 2; i++)
		ret = early_once(&pdev->dev);
	return ret;
}

static const struct pci_device_id early_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{},
};

static struct pci_driver early_driver = {
	.name		= "ioflush_early",
	.id_table	= early_ids,
	.probe		= early_probe,
};
module_pci_driver(early_driver);

MODULE_DESCRIPTION("frees pages while they are mapped");
MODULE_LICENSE("GPL");
