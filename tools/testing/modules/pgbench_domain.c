// SPDX-License-Identifier: GPL-2.0
/*
 * ioflush_pgbench: iommu_map() and iommu_unmap() of whichever stack was booted
 *
 * The domain is a paging domain of the caller's, as VFIO's are, attached to
 * QEMU's edu device: an unmap of it always waits for its invalidation.
 */
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include "pgbench.h"

static struct device *pgbench_dev;
static struct iommu_domain *domain;

static int pgbench_domain_open(const struct pgbench_target *target)
{
	int ret;

	if (!pgbench_dev || !device_iommu_mapped(pgbench_dev))
		return -ENODEV;
	domain = iommu_paging_domain_alloc(pgbench_dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	ret = iommu_attach_device(domain, pgbench_dev);
	if (ret)
		iommu_domain_free(domain);
	return ret;
}

static void pgbench_domain_close(void)
{
	iommu_detach_device(domain, pgbench_dev);
	iommu_domain_free(domain);
}

static int pgbench_domain_map(unsigned long iova, phys_addr_t paddr,
			      size_t pgsize, size_t count)
{
	return iommu_map(domain, iova, paddr, pgsize * count,
			 IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, GFP_KERNEL);
}

static bool pgbench_domain_unmap(unsigned long iova, size_t pgsize,
				 size_t count)
{
	return iommu_unmap(domain, iova, pgsize * count) == pgsize * count;
}

static phys_addr_t pgbench_domain_to_phys(unsigned long iova)
{
	return iommu_iova_to_phys(domain, iova);
}

const struct pgbench_target pgbench_domain[] = {
	{
		.format = "domain",
		.stack = "booted",
		.open = pgbench_domain_open,
		.close = pgbench_domain_close,
		.map = pgbench_domain_map,
		.unmap = pgbench_domain_unmap,
		.to_phys = pgbench_domain_to_phys,
	},
	{ }
};

static int pgbench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	if (pgbench_dev)
		return -EBUSY;
	pgbench_dev = &pdev->dev;
	return 0;
}

static void pgbench_remove(struct pci_dev *pdev)
{
	pgbench_dev = NULL;
}

static const struct pci_device_id pgbench_id_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },	/* QEMU's edu */
	{ }
};
MODULE_DEVICE_TABLE(pci, pgbench_id_table);

static struct pci_driver pgbench_driver = {
	.name			= "ioflush_pgbench",
	.id_table		= pgbench_id_table,
	.probe			= pgbench_probe,
	.remove			= pgbench_remove,
	.driver_managed_dma	= true,
};

int pgbench_domain_register(void)
{
	return pci_register_driver(&pgbench_driver);
}

void pgbench_domain_unregister(void)
{
	pci_unregister_driver(&pgbench_driver);
}
