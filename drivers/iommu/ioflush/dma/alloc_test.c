// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of memory that CPU and device share
 */
#include <kunit/static_stub.h>
#include <linux/log2.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include "test_util.h"

static const size_t sizes[] = {
	1, 100, SZ_4K, SZ_4K + 1, 3 * SZ_4K, SZ_64K, SZ_1M + SZ_4K, SZ_2M,
};

static const unsigned long attr_sets[] = {
	0,
	DMA_ATTR_FORCE_CONTIGUOUS,
	DMA_ATTR_ALLOC_SINGLE_PAGES,
	DMA_ATTR_NO_KERNEL_MAPPING,
	DMA_ATTR_NO_KERNEL_MAPPING | DMA_ATTR_FORCE_CONTIGUOUS,
	DMA_ATTR_WRITE_COMBINE | DMA_ATTR_PRIVILEGED | DMA_ATTR_NO_WARN,
};

static phys_addr_t cpu_phys(const void *p)
{
	return is_vmalloc_addr(p) ?
	       page_to_phys(vmalloc_to_page(p)) + offset_in_page(p) :
	       virt_to_phys((void *)p);
}

static void check_cpu(struct kunit *test, struct device *dev, char *cpu,
		      dma_addr_t handle, size_t size)
{
	for (size_t i = 0; i < PAGE_ALIGN(size); i += SZ_4K) {
		dma_test_expect_mapped(test, dev, handle + i, cpu_phys(cpu + i),
				       SZ_4K);
		KUNIT_EXPECT_NULL(test, memchr_inv(cpu + i, 0, SZ_4K));
	}
	memset(cpu, 0xee, PAGE_ALIGN(size));
}

/* What other devices get to see is what this one sees. */
static void check_sgtable(struct kunit *test, struct device *dev, void *cpu,
			  dma_addr_t handle, size_t size, unsigned long attrs)
{
	struct scatterlist *s;
	struct sg_table sgt;
	size_t done = 0;
	int i;

	KUNIT_ASSERT_EQ(test, 0, dma_get_sgtable_attrs(dev, &sgt, cpu, handle,
						       size, attrs));
	for_each_sgtable_sg(&sgt, s, i) {
		dma_test_expect_mapped(test, dev, handle + done, sg_phys(s),
				       s->length);
		done += s->length;
	}
	KUNIT_EXPECT_GE(test, done, size);
	KUNIT_EXPECT_LE(test, done, PAGE_ALIGN(size));
	sg_free_table(&sgt);
}

static void check_alloc(struct kunit *test, struct device *dev, size_t size,
			gfp_t gfp, unsigned long attrs)
{
	dma_addr_t handle;
	void *cpu = dma_alloc_attrs(dev, size, &handle, gfp, attrs);

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(handle, roundup_pow_of_two(PAGE_ALIGN(size))));
	check_cpu(test, dev, cpu, handle, size);
	check_sgtable(test, dev, cpu, handle, size, attrs);
	dma_free_attrs(dev, size, cpu, handle, attrs);
	dma_test_expect_unmapped(test, dev, handle,
				 handle + PAGE_ALIGN(size) - 1);
}

/* All sizes and attributes: zeroed, aligned, the same for CPU and device. */
static void alloc_all(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned int a = 0; a < ARRAY_SIZE(attr_sets); a++)
			check_alloc(test, dev, sizes[i], GFP_KERNEL,
				    attr_sets[a]);
}

static void alloc_atomic(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);

	for (unsigned int i = 0; sizes[i] <= SZ_64K; i++)
		check_alloc(test, dev, sizes[i], GFP_ATOMIC, 0);
}

/* No bytes, no memory: quietly, whatever it should have been like. */
static void alloc_nothing(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t handle;

	for (unsigned int a = 0; a < ARRAY_SIZE(attr_sets); a++) {
		KUNIT_EXPECT_NULL(test, dma_alloc_attrs(dev, 0, &handle,
							GFP_KERNEL,
							attr_sets[a]));
		KUNIT_EXPECT_NULL(test, dma_alloc_attrs(dev, 0, &handle,
							GFP_ATOMIC,
							attr_sets[a]));
	}
}

/* Contiguous means contiguous; single pages are for those who ask for them. */
static void alloc_contiguous(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t handle;
	void *cpu = dma_alloc_attrs(dev, SZ_256K, &handle, GFP_KERNEL,
				    DMA_ATTR_FORCE_CONTIGUOUS);

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	dma_test_expect_mapped(test, dev, handle, cpu_phys(cpu), SZ_256K);
	dma_free_attrs(dev, SZ_256K, cpu, handle, DMA_ATTR_FORCE_CONTIGUOUS);
}

/* The coherent mask counts, not the one of streaming mappings. */
static void alloc_mask(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t handle;
	void *cpu;

	KUNIT_ASSERT_EQ(test, 0, dma_set_coherent_mask(dev, DMA_BIT_MASK(24)));
	for (unsigned int i = 0; i < 3; i++) {
		cpu = dma_alloc_coherent(dev, i * SZ_8K + 1, &handle,
					 GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, cpu);
		KUNIT_EXPECT_LT(test, handle + i * SZ_8K, SZ_16M);
		dma_free_coherent(dev, i * SZ_8K + 1, cpu, handle);
	}
	KUNIT_EXPECT_NULL(test, dma_alloc_coherent(dev, SZ_16M, &handle,
						   GFP_KERNEL | __GFP_NOWARN));
}

/* Pages of which the neighbours are held, so that none are contiguous. */
static struct page *held[200];
static unsigned int nr_held;

static struct page *scattered_block(int nid, gfp_t gfp, unsigned int *order)
{
	struct page *page = NULL;

	*order = 0;
	if (nr_held < ARRAY_SIZE(held))
		page = alloc_pages(gfp, 1);
	if (page) {
		split_page(page, 1);
		held[nr_held++] = page + 1;
	}
	return page;
}

static void free_held(void *unused)
{
	while (nr_held)
		__free_page(held[--nr_held]);
}

/* An array of pages from all over, and a failure to map any one of them. */
static void alloc_scattered(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t handle;

	nr_held = 0;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_held, NULL));
	kunit_activate_static_stub(test, iodma_pages_block, scattered_block);
	for (unsigned int at = 1; at <= 8; at++) {
		dma_test_iommu.fail_at = at;
		dma_test_watch_maps(dom);
		KUNIT_ASSERT_NULL(test, dma_alloc_coherent(dev, SZ_32K, &handle,
							   GFP_KERNEL));
		if (at > 1)
			dma_test_expect_unmapped(test, dev,
						 dma_test_iommu.map_first,
						 dma_test_iommu.map_last);
		KUNIT_EXPECT_EQ(test, 0, dma_test_ranges_out(dom));
	}
	dma_test_iommu.fail_at = 0;
	check_alloc(test, dev, SZ_32K, GFP_KERNEL, 0);
	check_alloc(test, dev, SZ_32K - 1, GFP_KERNEL,
		    DMA_ATTR_NO_KERNEL_MAPPING);
}

/* unwind: wherever it fails, nothing stays mapped, and all is given back */
static void alloc_fails(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t handle;

	for (unsigned int a = 0; a < ARRAY_SIZE(attr_sets); a++) {
		void *cpu = NULL;

		for (unsigned int at = 1; !cpu; at++) {
			dma_test_iommu.fail_at = at;
			dma_test_watch_maps(dom);
			cpu = dma_alloc_attrs(dev, SZ_128K, &handle, GFP_KERNEL,
					      attr_sets[a]);
			if (cpu)
				break;
			if (dma_test_iommu.map_last)
				dma_test_expect_unmapped(test, dev,
							 dma_test_iommu.map_first,
							 dma_test_iommu.map_last);
			KUNIT_EXPECT_EQ(test, 0, dma_test_ranges_out(dom));
		}
		dma_free_attrs(dev, SZ_128K, cpu, handle, attr_sets[a]);
	}
	KUNIT_EXPECT_EQ(test, 0, dma_test_ranges_out(dom));
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE(alloc_all),
	KUNIT_CASE(alloc_atomic),
	KUNIT_CASE(alloc_contiguous),
	KUNIT_CASE(alloc_nothing),
	KUNIT_CASE(alloc_mask),
	KUNIT_CASE(alloc_scattered),
	KUNIT_CASE(alloc_fails),
	{}
};

static struct kunit_suite alloc_suite = {
	.name = "ioflush_dma_alloc",
	.init = dma_test_init,
	.test_cases = alloc_cases,
};

kunit_test_suite(alloc_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's coherent allocations");
MODULE_LICENSE("GPL");
