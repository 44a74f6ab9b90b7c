// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of devices that are in no group
 */
#include <kunit/device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "test_util.h"

static const struct dma_map_ops *const tables[] = {
	&iodma_ops, &iodma_careful_ops,
};

static void unregister_child(void *pdev)
{
	platform_device_unregister(pdev);
}

/* As remoteproc makes its virtio devices. */
static struct device *new_child(struct kunit *test, struct device *parent,
				const struct dma_map_ops *ops)
{
	struct platform_device *pdev = platform_device_alloc("ioflush-dma-child",
							    PLATFORM_DEVID_AUTO);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	pdev->dev.parent = parent;
	ret = platform_device_add(pdev);
	if (ret)
		platform_device_put(pdev);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, unregister_child, pdev));
	KUNIT_ASSERT_NULL(test, pdev->dev.iommu_group);
	dma_test_set_coherent(&pdev->dev, true);
	set_dma_ops(&pdev->dev, ops);
	return &pdev->dev;
}

static void child_list(struct scatterlist *sgl, char *buf)
{
	sg_init_table(sgl, 2);
	sg_set_buf(&sgl[0], buf, SZ_4K);
	sg_set_buf(&sgl[1], buf + SZ_8K, SZ_4K);
}

static void check_maps(struct kunit *test, struct device *parent,
		       struct device *dev, char *buf)
{
	const phys_addr_t mmio = 0xfd00000000ULL;
	struct scatterlist sgl[2];
	dma_addr_t iova;

	iova = dma_map_single(dev, buf + 8, 100, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	dma_test_expect_mapped(test, parent, iova, virt_to_phys(buf + 8), 100);
	dma_sync_single_for_cpu(dev, iova, 100, DMA_BIDIRECTIONAL);
	dma_sync_single_for_device(dev, iova, 100, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, iova, 100, DMA_BIDIRECTIONAL);
	dma_test_expect_unmapped(test, parent, iova, iova + 99);

	child_list(sgl, buf);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev, sgl, 2, DMA_TO_DEVICE));
	iova = sg_dma_address(sgl);
	dma_test_expect_mapped(test, parent, iova, virt_to_phys(buf), SZ_4K);
	dma_test_expect_mapped(test, parent, iova + SZ_4K,
			       virt_to_phys(buf + SZ_8K), SZ_4K);
	dma_sync_sg_for_cpu(dev, sgl, 2, DMA_TO_DEVICE);
	dma_sync_sg_for_device(dev, sgl, 2, DMA_TO_DEVICE);
	dma_unmap_sg(dev, sgl, 2, DMA_TO_DEVICE);
	dma_test_expect_unmapped(test, parent, iova, iova + SZ_8K - 1);

	iova = dma_map_resource(dev, mmio, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	dma_test_expect_mapped(test, parent, iova, mmio, SZ_4K);
	dma_unmap_resource(dev, iova, SZ_4K, DMA_TO_DEVICE, 0);
	dma_test_expect_unmapped(test, parent, iova, iova);
}

static void check_allocs(struct kunit *test, struct device *parent,
			 struct device *dev)
{
	struct sg_table sgt;
	struct page *page;
	dma_addr_t iova;
	void *cpu;

	cpu = dma_alloc_coherent(dev, SZ_16K, &iova, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_ASSERT_EQ(test, 0, dma_get_sgtable(dev, &sgt, cpu, iova, SZ_16K));
	dma_test_expect_mapped(test, parent, iova, sg_phys(sgt.sgl), SZ_4K);
	sg_free_table(&sgt);
	dma_free_coherent(dev, SZ_16K, cpu, iova);
	dma_test_expect_unmapped(test, parent, iova, iova + SZ_16K - 1);

	page = dma_alloc_pages(dev, SZ_8K, &iova, DMA_TO_DEVICE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	dma_test_expect_mapped(test, parent, iova, page_to_phys(page), SZ_8K);
	dma_free_pages(dev, SZ_8K, page, iova, DMA_TO_DEVICE);
	dma_test_expect_unmapped(test, parent, iova, iova + SZ_8K - 1);
}

/* It maps where its parent does, at any depth, within its own mask. */
static void child_of_ours(struct kunit *test)
{
	struct device *parent = dma_test_bound(test);
	char *buf = kunit_kmalloc(test, SZ_16K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		struct device *dev = new_child(test, parent, tables[i]);
		struct device *below = new_child(test, dev, tables[i]);
		dma_addr_t iova;

		KUNIT_ASSERT_EQ(test, 0,
				dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
		KUNIT_ASSERT_EQ(test, 0,
				dma_set_mask_and_coherent(below,
							  DMA_BIT_MASK(24)));
		check_maps(test, parent, dev, buf);
		check_allocs(test, parent, dev);
		check_maps(test, parent, below, buf);
		iova = dma_map_single(below, buf, SZ_4K, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(below, iova));
		KUNIT_EXPECT_LT(test, iova, SZ_16M);
		dma_unmap_single(below, iova, SZ_4K, DMA_TO_DEVICE);
	}
}

/* Its unmaps are deferred where its parent's are, and it may ask for rings. */
static void child_lazy(struct kunit *test)
{
	struct device *parent = dma_test_bound(test);
	struct device *dev = new_child(test, parent, &iodma_ops);
	char *buf = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);
	struct iodom *dom = iodma_domain(parent);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	dma_test_any_timer(test, dom);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
	for (unsigned int i = 0; i < 2; i++) {
		dma_addr_t iova = dma_map_single(dev, buf, SZ_4K, DMA_TO_DEVICE);

		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
		dma_unmap_single(dev, iova, SZ_4K, DMA_TO_DEVICE);
		if (!i)
			dma_test_expect_rings(test, dom);
	}
	KUNIT_EXPECT_LE(test, 1,
			ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED));
}

static void orphan_maps(struct kunit *test, const struct dma_map_ops *ops,
			struct device *dev, char *buf)
{
	struct scatterlist sgl[2];

	child_list(sgl, buf);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			ioflush_op_map(ops, dev, virt_to_page(buf), 0, SZ_4K,
				       DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			ioflush_op_map(ops, dev, virt_to_page(buf), 8, 8,
				       DMA_TO_DEVICE));
	ioflush_op_unmap(ops, dev, SZ_1M, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, -EIO,
			ops->map_sg(dev, sgl, 2, DMA_TO_DEVICE, 0));
	sg_dma_address(sgl) = SZ_1M;
	sg_dma_len(sgl) = SZ_8K;
	sg_dma_len(&sgl[1]) = 0;
	if (ops->sync_sg_for_cpu) {
		ops->sync_single_for_cpu(dev, SZ_1M, SZ_4K, DMA_TO_DEVICE);
		ops->sync_single_for_device(dev, SZ_1M, SZ_4K, DMA_TO_DEVICE);
		ops->sync_sg_for_cpu(dev, sgl, 2, DMA_TO_DEVICE);
		ops->sync_sg_for_device(dev, sgl, 2, DMA_TO_DEVICE);
	}
	ops->unmap_sg(dev, sgl, 2, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			ioflush_op_map_resource(ops, dev, SZ_1G, SZ_4K,
						DMA_TO_DEVICE));
	ioflush_op_unmap_resource(ops, dev, SZ_1M, SZ_4K, DMA_TO_DEVICE);
}

/* free frees the memory, even if there is nothing to unmap it from. */
static void orphan_allocs(struct kunit *test, const struct dma_map_ops *ops,
			  struct device *dev)
{
	char *mem = (char *)__get_free_pages(GFP_KERNEL, 1);
	struct vm_area_struct vma = { .vm_pgoff = 3 };
	struct sg_table sgt;
	dma_addr_t iova;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_EXPECT_NULL(test, ops->alloc(dev, SZ_8K, &iova, GFP_KERNEL, 0));
	KUNIT_EXPECT_NULL(test, ops->alloc(dev, SZ_8K, &iova, GFP_ATOMIC, 0));
	KUNIT_EXPECT_NULL(test, ops->alloc_pages_op(dev, SZ_8K, &iova,
						    DMA_TO_DEVICE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -ENXIO, ops->mmap(dev, &vma, mem, SZ_1M, SZ_8K, 0));
	KUNIT_ASSERT_EQ(test, 0,
			ops->get_sgtable(dev, &sgt, mem, SZ_1M, SZ_8K, 0));
	sg_free_table(&sgt);
	ops->free(dev, SZ_8K, mem, SZ_1M, 0);

	mem = (char *)__get_free_pages(GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	ops->free_pages(dev, SZ_8K, virt_to_page(mem), SZ_1M, DMA_TO_DEVICE);
}

/* Without a group anywhere above it every operation fails, and none crashes. */
static void child_orphan(struct kunit *test)
{
	char *buf = kunit_kmalloc(test, SZ_16K, GFP_KERNEL);
	struct device *dev = kunit_device_register(test, "ioflush-dma-orphan");

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	dma_test_set_coherent(dev, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct dma_map_ops *ops = tables[i];

		KUNIT_EXPECT_FALSE(test, ops->dma_supported(dev, DMA_BIT_MASK(64)));
		KUNIT_EXPECT_EQ(test, DMA_BIT_MASK(32),
				ops->get_required_mask(dev));
		KUNIT_EXPECT_EQ(test, SIZE_MAX, ops->max_mapping_size(dev));
		KUNIT_EXPECT_GE(test, ops->opt_mapping_size(), SZ_64K);
		KUNIT_EXPECT_EQ(test, PAGE_SIZE - 1, ops->get_merge_boundary(dev));
		orphan_maps(test, ops, dev, buf);
		orphan_allocs(test, ops, dev);
	}
}

static struct kunit_case child_cases[] = {
	KUNIT_CASE(child_of_ours),
	KUNIT_CASE(child_lazy),
	KUNIT_CASE(child_orphan),
	{}
};

static struct kunit_suite child_suite = {
	.name = "ioflush_dma_child",
	.init = dma_test_init,
	.test_cases = child_cases,
};

kunit_test_suite(child_suite);

MODULE_DESCRIPTION("KUnit tests of devices that do DMA through their parent");
MODULE_LICENSE("GPL");
