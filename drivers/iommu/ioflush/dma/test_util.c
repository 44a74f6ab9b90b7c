// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an IOMMU of memory only, and a device behind it, for tests
 *
 * It is registered with the core like a real one, for platform devices that
 * name it, so that tests go through groups, default domains, the driver core
 * and the DMA API as everybody does. It has page tables but no queue.
 */
#include <linux/delay.h>
#include <linux/ioflush/ioflush.h>
#include <linux/ioport.h>
#include <linux/kernfs.h>
#include <linux/memremap.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "slot_copy.h"
#include "test_util.h"

struct dma_test_iommu dma_test_iommu;

static struct iommu_device dma_test_iommu_dev;

/**
 * struct dma_test_dev - what the IOMMU knows of a device
 * @place: for its domain; first
 * @dom: the domain that it is in, if that has a table
 */
struct dma_test_dev {
	struct iodom_device place;
	struct iodom *dom;
};

static void dma_test_move(struct device *dev, struct iodom *dom)
{
	struct dma_test_dev *tdev = dev_iommu_priv_get(dev);

	iodom_device_move(&tdev->place, tdev->dom, dom);
	tdev->dom = dom;
}

static unsigned int dma_test_encode_range(struct iodom *dom,
					  struct iodom_link *link,
					  const struct ioflush_range *range,
					  struct invq_cmd *cmds)
{
	return 0;
}

static unsigned int dma_test_encode_all(struct iodom *dom,
					struct iodom_link *link,
					struct invq_cmd *cmds)
{
	return 0;
}

static int dma_test_attach(struct iodom *dom, struct device *dev)
{
	dma_test_iommu.attached++;
	dma_test_move(dev, dom);
	return 0;
}

static const struct iodom_hw_ops dma_test_hw_ops = {
	.attach = dma_test_attach,
	.encode_range = dma_test_encode_range,
	.encode_all = dma_test_encode_all,
};

static struct iommu_domain *dma_test_domain_alloc(struct device *dev)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct iodom *dom;

	dom = iodom_create(&dma_test_hw_ops, &iopgt_vtdss_ops, &cfg);
	return IS_ERR(dom) ? ERR_CAST(dom) : &dom->domain;
}

static int dma_test_attach_static(IOFLUSH_ATTACH_ARGS)
{
	dma_test_move(dev, NULL);
	return 0;
}

static const struct iommu_domain_ops dma_test_static_ops = {
	.attach_dev = dma_test_attach_static,
};

static const struct iommu_ops dma_test_iommu_ops;

struct iommu_domain dma_test_identity = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &dma_test_static_ops,
	.owner = &dma_test_iommu_ops,
};

static bool dma_test_capable(struct device *dev, enum iommu_cap cap)
{
	return cap == IOMMU_CAP_DEFERRED_FLUSH && iodma_ask_lazy(dev);
}

static struct iommu_device *dma_test_probe_device(struct device *dev)
{
	struct dma_test_dev *tdev = kzalloc(sizeof(*tdev), GFP_KERNEL);

	if (!tdev)
		return ERR_PTR(-ENOMEM);
	tdev->place.dev = dev;
	dev_iommu_priv_set(dev, tdev);
	return &dma_test_iommu_dev;
}

static void dma_test_release_device(struct device *dev)
{
	dma_test_move(dev, NULL);
	kfree(dev_iommu_priv_get(dev));
}

static bool dma_test_is_attach_deferred(struct device *dev)
{
	return dma_test_iommu.deferred;
}

static int dma_test_def_domain_type(struct device *dev)
{
	return dma_test_iommu.type;
}

static bool dma_test_beside(struct device *dev)
{
	return strstarts(dev_name(dev), DMA_TEST_BESIDE);
}

static struct iommu_group *dma_test_device_group(struct device *dev)
{
	return dma_test_beside(dev) ? iommu_group_get(dma_test_iommu.neighbour) :
				      generic_device_group(dev);
}

static void dma_test_add_region(struct list_head *list, phys_addr_t start,
				size_t bytes, enum iommu_resv_type type)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(start, bytes, IOMMU_READ | IOMMU_WRITE,
					 type, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, list);
}

static void dma_test_get_resv_regions(struct device *dev,
				      struct list_head *list)
{
	if (!dma_test_iommu.no_direct)
		dma_test_add_region(list, DMA_TEST_DIRECT_FIRST,
				    DMA_TEST_DIRECT_BYTES, IOMMU_RESV_DIRECT);
	dma_test_add_region(list, DMA_TEST_MSI_FIRST, DMA_TEST_MSI_BYTES,
			    IOMMU_RESV_MSI);
	if (dma_test_beside(dev))
		dma_test_add_region(list, dma_test_iommu.beside_first,
				    DMA_TEST_BESIDE_BYTES, IOMMU_RESV_DIRECT);
	/* Its end is below its beginning. */
	if (dma_test_iommu.odd_region)
		dma_test_add_region(list, SZ_4K, SIZE_MAX, IOMMU_RESV_RESERVED);
	if (dma_test_iommu.sw_msi)
		dma_test_add_region(list, DMA_TEST_SW_MSI_FIRST,
				    DMA_TEST_SW_MSI_BYTES, IOMMU_RESV_SW_MSI);
}

static const struct iommu_ops dma_test_iommu_ops = {
	.capable = dma_test_capable,
	.domain_alloc_paging = dma_test_domain_alloc,
	.probe_device = dma_test_probe_device,
	.release_device = dma_test_release_device,
	.probe_finalize = iodma_take_over,
	.device_group = dma_test_device_group,
	.is_attach_deferred = dma_test_is_attach_deferred,
	.get_resv_regions = dma_test_get_resv_regions,
	.def_domain_type = dma_test_def_domain_type,
	.identity_domain = &dma_test_identity,
	.blocked_domain = &dma_test_identity,
};

static int dma_test_driver_probe(struct platform_device *pdev)
{
	/* With ioflush=off nobody watches drivers being bound. */
	if (!ioflush_enabled())
		iodma_take_over(&pdev->dev);
	return dma_test_iommu.probe ? dma_test_iommu.probe(&pdev->dev) : 0;
}

static struct platform_driver dma_test_driver = {
	.probe = dma_test_driver_probe,
	.driver.name = DMA_TEST_PLAIN,
};

static struct platform_driver dma_test_managed_driver = {
	.probe = dma_test_driver_probe,
	.driver.name = DMA_TEST_MANAGED,
	.driver_managed_dma = true,
};

static struct platform_driver dma_test_unsynced_driver = {
	.probe = dma_test_driver_probe,
	.driver.name = DMA_TEST_UNSYNCED,
};

static void dma_test_remove_node(void *node)
{
	fwnode_remove_software_node(node);
}

static void dma_test_remove_sysfs(void *unused)
{
	iommu_device_sysfs_remove(&dma_test_iommu_dev);
}

static void dma_test_remove_iommu(void *unused)
{
	iommu_device_unregister(&dma_test_iommu_dev);
}

static void dma_test_remove_driver(void *driver)
{
	platform_driver_unregister(driver);
}

static void dma_test_add_driver(struct kunit *test,
				struct platform_driver *driver)
{
	KUNIT_ASSERT_EQ(test, 0, platform_driver_register(driver));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dma_test_remove_driver,
						  driver));
}

/**
 * dma_test_init() - register the IOMMU and the drivers for one test
 * @test: the test; cleans up after itself
 *
 * Context: process context.
 * Return: 0, or an error: the test cannot run.
 */
int dma_test_init(struct kunit *test)
{
	struct fwnode_handle *node = fwnode_create_software_node(NULL, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(node));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dma_test_remove_node,
						  node));

	dma_test_iommu = (struct dma_test_iommu) {
		.type = IOMMU_DOMAIN_DMA,
		.beside_first = DMA_TEST_BESIDE_FIRST,
	};
	memset(&dma_test_iommu_dev, 0, sizeof(dma_test_iommu_dev));
	dma_test_iommu_dev.fwnode = node;
	KUNIT_ASSERT_EQ(test, 0,
			iommu_device_sysfs_add(&dma_test_iommu_dev, NULL, NULL,
					       "ioflush-test"));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dma_test_remove_sysfs,
						  NULL));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_device_register(&dma_test_iommu_dev,
					      &dma_test_iommu_ops, NULL));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dma_test_remove_iommu,
						  NULL));
	dma_test_add_driver(test, &dma_test_driver);
	dma_test_add_driver(test, &dma_test_managed_driver);
	dma_test_add_driver(test, &dma_test_unsynced_driver);
	return 0;
}

static void dma_test_unregister(void *data)
{
	platform_device_unregister(data);
}

/**
 * dma_test_device() - add a device behind the IOMMU
 * @test: the test
 * @name: the device's name, which chooses its driver
 *
 * Context: process context.
 * Return: the device, bound to the driver if there is one of that name.
 */
struct device *dma_test_device(struct kunit *test, const char *name)
{
	struct platform_device *pdev = platform_device_alloc(name,
							    PLATFORM_DEVID_AUTO);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	dma_test_set_coherent(&pdev->dev, true);
	mutex_lock(&iommu_probe_device_lock);
	ret = iommu_fwspec_init(&pdev->dev, dma_test_iommu_dev.fwnode);
	mutex_unlock(&iommu_probe_device_lock);
	if (!ret)
		ret = platform_device_add(pdev);
	if (ret)
		platform_device_put(pdev);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, dma_test_unregister,
						  pdev));
	return &pdev->dev;
}

/**
 * dma_test_copies() - say what is copied for a device
 * @dev: a device that has been taken over
 * @bytes: the longest buffer to be copied
 *
 * Context: process context.
 * Return: 0 or an error.
 */
int dma_test_copies(struct device *dev, int bytes)
{
	struct ioslot_pool *pool = iodma_domain(dev)->slots;

	/* Where devices do not see the CPU's caches there are none. */
	if (!pool)
		return bytes ? -ENODEV : 0;
	return ioslot_set_limit(pool, dev, bytes);
}

/**
 * dma_test_ranges_out() - how many ranges are out of a domain's tree
 * @dom: the domain
 *
 * Context: process context.
 * Return: their number, without that of the domain's slots.
 */
unsigned long dma_test_ranges_out(struct iodom *dom)
{
	struct iospace_stats stats;

	iospace_get_stats(dom->space, &stats);
	return stats.tree_out - !!dom->slots;
}

/**
 * dma_test_bound() - add a device that has been taken over
 * @test: the test
 *
 * Context: process context.
 * Return: the device, with a mask of 64 bits.
 */
struct device *dma_test_bound(struct kunit *test)
{
	struct device *dev = dma_test_device(test, DMA_TEST_PLAIN);

	KUNIT_ASSERT_NOT_NULL(test, dev->iommu_group);
	KUNIT_ASSERT_FALSE(test, dev_dma_iommu(dev));
	KUNIT_ASSERT_PTR_EQ(test, &iodma_ops, get_dma_ops(dev));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	/* Who tests copies asks for them. */
	KUNIT_ASSERT_EQ(test, 0, dma_test_copies(dev, 0));
	return dev;
}

/**
 * dma_test_bind_unsynced() - bind another driver, for which nothing must be copied
 * @dev: a device that has one
 *
 * Context: process context.
 * Return: 0 or an error.
 */
int dma_test_bind_unsynced(struct device *dev)
{
	device_release_driver(dev);
	return device_driver_attach(&dma_test_unsynced_driver.driver, dev);
}

/**
 * dma_test_remove() - remove a device before the test ends
 * @test: the test
 * @dev: from dma_test_device()
 *
 * Context: process context.
 */
void dma_test_remove(struct kunit *test, struct device *dev)
{
	kunit_release_action(test, dma_test_unregister, to_platform_device(dev));
}

/**
 * dma_test_write_type() - write to the type file of a device's group, as a user does
 * @test: the test
 * @dev: the device
 * @type: what to write
 *
 * The files are there, though nothing is mounted yet.
 *
 * Context: process context; takes the mutex of the group.
 * Return: the number of bytes, or an error.
 */
ssize_t dma_test_write_type(struct kunit *test, struct device *dev,
			    const char *type)
{
	struct kernfs_node *link, *file;
	struct kobject *group;
	ssize_t ret;

	link = kernfs_find_and_get(dev->kobj.sd, "iommu_group");
	KUNIT_ASSERT_NOT_NULL(test, link);
	group = link->symlink.target_kn->priv;
	file = kernfs_find_and_get(group->sd, "type");
	KUNIT_ASSERT_NOT_NULL(test, file);
	ret = group->ktype->sysfs_ops->store(group, file->priv, type, strlen(type));
	kernfs_put(file);
	kernfs_put(link);
	return ret;
}

static int dma_test_map_pages(struct iopgt *pgt, unsigned long iova,
			      phys_addr_t paddr, size_t pgsize, size_t pgcount,
			      int prot, gfp_t gfp, size_t *mapped)
{
	if (++dma_test_iommu.map_calls == dma_test_iommu.fail_at)
		return -ENOMEM;
	dma_test_iommu.map_first = min(dma_test_iommu.map_first, iova);
	dma_test_iommu.map_last = max(dma_test_iommu.map_last,
				      iova + pgsize * pgcount - 1);
	dma_test_iommu.map_prot = prot;
	return iopgt_vtdss_ops.map_pages(pgt, iova, paddr, pgsize, pgcount,
					 prot, gfp, mapped);
}

/* Piece by piece, so that each of them is counted and may fail. */
static int dma_test_map_list(struct iopgt *pgt, unsigned long iova,
			     const struct iopgt_piece *piece, unsigned int n,
			     int prot, gfp_t gfp, size_t *mapped)
{
	size_t done = 0;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < n; i++)
		ret = dma_test_map_pages(pgt, iova + done, piece[i].paddr,
					 SZ_4K, piece[i].pages, prot, gfp,
					 &done);
	*mapped += done;
	return ret;
}

/**
 * dma_test_any_timer() - let a domain defer unmaps however coarse timers are
 * @test: the test
 * @dom: the domain
 *
 * The widest window is one that even the tick can hold.
 *
 * Context: process context.
 */
void dma_test_any_timer(struct kunit *test, struct iodom *dom)
{
	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window(&dom->flush,
						    IOFLUSH_WINDOW_MAX_US));
	dom->flush.lone = 0;
}

/**
 * dma_test_expect_rings() - expect that a domain gets its rings soon
 * @test: the test
 * @dom: the domain, which has asked for them
 *
 * Context: process context.
 */
void dma_test_expect_rings(struct kunit *test, struct iodom *dom)
{
	for (unsigned int ms = 0; ms < 10000 && !dom->flush.rings; ms += 20)
		msleep(20);
	KUNIT_EXPECT_TRUE(test, dom->flush.rings);
}

/**
 * dma_test_watch_maps() - count and note maps in the page table, of a list each piece
 * @dom: the domain; its page table is that of the test IOMMU
 *
 * Starts anew each time, with @fail_at as it is.
 *
 * Context: process context.
 */
void dma_test_watch_maps(struct iodom *dom)
{
	static struct iopgt_ops ops;

	ops = iopgt_vtdss_ops;
	ops.map_pages = dma_test_map_pages;
	ops.map_list = dma_test_map_list;
	dma_test_iommu.map_calls = 0;
	dma_test_iommu.map_first = ULONG_MAX;
	dma_test_iommu.map_last = 0;
	dom->pgt.ops = &ops;
}

/**
 * dma_test_expect_mapped() - expect that a range translates to memory
 * @test: the test
 * @dev: the device
 * @iova: first byte
 * @phys: what it should translate to
 * @size: length
 *
 * Context: process context.
 */
void dma_test_expect_mapped(struct kunit *test, struct device *dev,
			    dma_addr_t iova, phys_addr_t phys, size_t size)
{
	struct iopgt *pgt = &iodma_domain(dev)->pgt;

	for (size_t i = 0; i < size; i += SZ_4K - offset_in_page(iova + i))
		KUNIT_EXPECT_EQ(test, phys + i,
				iopgt_iova_to_phys(pgt, iova + i));
	KUNIT_EXPECT_EQ(test, phys + size - 1,
			iopgt_iova_to_phys(pgt, iova + size - 1));
}

/**
 * dma_test_expect_unmapped() - expect that a range translates to nothing
 * @test: the test
 * @dev: the device
 * @first: first byte
 * @last: last byte
 *
 * Context: process context.
 */
void dma_test_expect_unmapped(struct kunit *test, struct device *dev,
			      dma_addr_t first, dma_addr_t last)
{
	struct iopgt *pgt = &iodma_domain(dev)->pgt;

	for (dma_addr_t a = first & PAGE_MASK; a <= last; a += SZ_4K)
		KUNIT_EXPECT_EQ(test, 0, iopgt_iova_to_phys(pgt, a));
}

static void dma_test_free_region(void *region)
{
	release_resource(region);
}

/**
 * dma_test_foreign_page() - a page as of a PCI device's memory
 * @test: the test, of a kernel with CONFIG_PCI_P2PDMA
 * @dev: a device with a driver, until whose end the page is there
 *
 * At its addresses there is nothing.
 *
 * Context: process context.
 * Return: the page.
 */
struct page *dma_test_foreign_page(struct kunit *test, struct device *dev)
{
	struct dev_pagemap *map = devm_kzalloc(dev, sizeof(*map), GFP_KERNEL);
	struct resource *region = devm_kzalloc(dev, sizeof(*region), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, map);
	KUNIT_ASSERT_NOT_NULL(test, region);
	region->name = "ioflush-dma-foreign";
	KUNIT_ASSERT_EQ(test, 0,
			allocate_resource(&iomem_resource, region, SZ_2M, SZ_4G,
					  iomem_resource.end >> 1, SZ_128M,
					  NULL, NULL));
	KUNIT_ASSERT_EQ(test, 0,
			devm_add_action_or_reset(dev, dma_test_free_region,
						 region));
	map->type = MEMORY_DEVICE_PCI_P2PDMA;
	map->range.start = region->start;
	map->range.end = region->end;
	map->nr_range = 1;
	KUNIT_ASSERT_FALSE(test, IS_ERR(devm_memremap_pages(dev, map)));
	return pfn_to_page(PHYS_PFN(region->start));
}
