// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of memory that is allocated mapped and handed back and forth
 */
#include <kunit/static_stub.h>
#include <linux/scatterlist.h>

#include "test_util.h"

static void check_pages(struct kunit *test, struct device *dev, size_t size,
			gfp_t gfp)
{
	size_t bytes = PAGE_ALIGN(size);
	dma_addr_t handle;
	struct page *page = dma_alloc_pages(dev, size, &handle,
					    DMA_BIDIRECTIONAL, gfp);

	KUNIT_ASSERT_NOT_NULL(test, page);
	dma_test_expect_mapped(test, dev, handle, page_to_phys(page), bytes);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0, bytes));
	memset(page_address(page), 0xee, bytes);
	dma_free_pages(dev, size, page, handle, DMA_BIDIRECTIONAL);
	dma_test_expect_unmapped(test, dev, handle, handle + bytes - 1);
}

/* One entry, one segment, and what the kernel sees is what the device sees. */
static void check_noncontiguous(struct kunit *test, struct device *dev,
				size_t size)
{
	struct sg_table *sgt;
	dma_addr_t handle;
	char *cpu;

	/* As drivers have to that can take as much at a time. */
	dma_set_max_seg_size(dev, UINT_MAX);
	sgt = dma_alloc_noncontiguous(dev, size, DMA_TO_DEVICE, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL_MSG(test, sgt, "%zu bytes", size);
	KUNIT_EXPECT_EQ(test, 1, sgt->nents);
	KUNIT_EXPECT_EQ(test, size, sg_dma_len(sgt->sgl));
	handle = sg_dma_address(sgt->sgl);
	dma_test_expect_mapped(test, dev, handle, sg_phys(sgt->sgl), size);

	cpu = dma_vmap_noncontiguous(dev, size, sgt);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0, size));
	memset(cpu, 0xee, size);
	KUNIT_EXPECT_PTR_EQ(test, page_to_virt(sg_page(sgt->sgl)), (void *)cpu);
	dma_sync_sgtable_for_device(dev, sgt, DMA_TO_DEVICE);
	dma_vunmap_noncontiguous(dev, cpu);
	dma_free_noncontiguous(dev, size, sgt, DMA_TO_DEVICE);
	dma_test_expect_unmapped(test, dev, handle, handle + size - 1);
}

static void pages_small(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t handle;

	check_pages(test, dev, 1, GFP_KERNEL);
	check_pages(test, dev, SZ_4K, GFP_ATOMIC);
	check_pages(test, dev, SZ_16K, GFP_KERNEL);
	check_pages(test, dev, SZ_64K + SZ_4K, GFP_ATOMIC);
	check_noncontiguous(test, dev, SZ_4K);
	check_noncontiguous(test, dev, SZ_32K);
	KUNIT_EXPECT_NULL(test, dma_alloc_pages(dev, 0, &handle, DMA_TO_DEVICE,
						GFP_KERNEL));
}

/* Longer than any block of the page allocator: what cameras ask for. */
static void pages_long(struct kunit *test)
{
	static const size_t sizes[] = {
		SZ_8M, SZ_32M, 5 * SZ_1M + SZ_4K,
	};
	struct device *dev = dma_test_bound(test);

	if (!IS_ENABLED(CONFIG_CONTIG_ALLOC))
		kunit_skip(test, "needs CONFIG_CONTIG_ALLOC");
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(sizes); i++)
		check_noncontiguous(test, dev, sizes[i % ARRAY_SIZE(sizes)]);
	set_dma_ops(dev, &iodma_careful_ops);
	check_noncontiguous(test, dev, SZ_8M);
	set_dma_ops(dev, &iodma_ops);
}

static struct page *no_block(int nid, size_t bytes, gfp_t gfp)
{
	return NULL;
}

/* As where memory is fragmented; only who may sleep has others moved. */
static void pages_fragmented(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t handle;
	void *cpu;

	if (!IS_ENABLED(CONFIG_CONTIG_ALLOC))
		kunit_skip(test, "needs CONFIG_CONTIG_ALLOC");
	kunit_activate_static_stub(test, iodma_block_find, no_block);
	check_noncontiguous(test, dev, SZ_1M);
	check_pages(test, dev, SZ_64K, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, dma_alloc_pages(dev, SZ_64K, &handle,
						DMA_TO_DEVICE, GFP_ATOMIC));

	cpu = dma_alloc_attrs(dev, SZ_1M, &handle, GFP_KERNEL,
			      DMA_ATTR_FORCE_CONTIGUOUS);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0, SZ_1M));
	dma_test_expect_mapped(test, dev, handle, virt_to_phys(cpu), SZ_1M);
	dma_free_attrs(dev, SZ_1M, cpu, handle, DMA_ATTR_FORCE_CONTIGUOUS);
}

/* The device may do what it was said to do, within both of its masks. */
static void pages_limits(struct kunit *test)
{
	static const int prots[] = {
		[DMA_BIDIRECTIONAL] = IOMMU_READ | IOMMU_WRITE,
		[DMA_TO_DEVICE] = IOMMU_READ,
		[DMA_FROM_DEVICE] = IOMMU_WRITE,
	};
	struct device *dev = dma_test_bound(test);
	dma_addr_t handle;
	struct page *page;

	dma_test_watch_maps(iodma_domain(dev));
	for (unsigned int i = 0; i < ARRAY_SIZE(prots) * 2; i++) {
		unsigned int dir = i % ARRAY_SIZE(prots);
		bool odd = i & 1;

		KUNIT_ASSERT_EQ(test, 0,
				dma_set_mask(dev, DMA_BIT_MASK(odd ? 24 : 64)));
		KUNIT_ASSERT_EQ(test, 0,
				dma_set_coherent_mask(dev, DMA_BIT_MASK(odd ? 64 : 24)));
		page = dma_alloc_pages(dev, SZ_8K, &handle, dir, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, prots[dir] | IOMMU_CACHE,
				dma_test_iommu.map_prot);
		KUNIT_EXPECT_LT(test, handle, SZ_16M);
		dma_free_pages(dev, SZ_8K, page, handle, dir);
	}
}

/* unwind: a table without memory leaves neither pages nor addresses behind */
static void pages_fail(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t handle;

	dma_test_iommu.fail_at = 1;
	dma_test_watch_maps(dom);
	KUNIT_EXPECT_NULL(test, dma_alloc_pages(dev, SZ_16K, &handle,
						DMA_TO_DEVICE, GFP_KERNEL));
	dma_test_watch_maps(dom);
	KUNIT_EXPECT_NULL(test, dma_alloc_noncontiguous(dev, SZ_16K,
							DMA_TO_DEVICE,
							GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, 0, dma_test_ranges_out(dom));
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(pages_small),
	KUNIT_CASE(pages_long),
	KUNIT_CASE(pages_fragmented),
	KUNIT_CASE(pages_limits),
	KUNIT_CASE(pages_fail),
	{}
};

static struct kunit_suite pages_suite = {
	.name = "ioflush_dma_pages",
	.init = dma_test_init,
	.test_cases = pages_cases,
};

kunit_test_suite(pages_suite);

MODULE_DESCRIPTION("KUnit tests of pages that ioflush allocates mapped");
MODULE_LICENSE("GPL");
