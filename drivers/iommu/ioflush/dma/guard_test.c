// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of guarded domains
 *
 * A page that a test has allocated has one reference; a second one is that of a mapping,
 * and then of the unmap, that holds it.
 */
#include <kunit/static_stub.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <net/page_pool/helpers.h>

#include "mode.h"
#include "test_util.h"

/* One more than an unmap may hold, and each of them apart from the others. */
#define PAGES	(IOFLUSH_HOLD_MAX + 1)

static struct page *pages[PAGES];

static void put_pages(void *unused)
{
	for (unsigned int i = 0; i < PAGES && pages[i]; i++) {
		__free_page(pages[i]);
		pages[i] = NULL;
	}
}

static struct device *guarded_device(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_pages, NULL));
	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
	}
	dma_test_any_timer(test, dom);
	KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, dev, IODMA_GUARDED));
	KUNIT_ASSERT_STREQ(test, "guarded", iodma_mode_name(dom));
	return dev;
}

static unsigned long strict_unmaps(struct device *dev)
{
	return ioflush_count(&iodma_domain(dev)->flush, IOFLUSH_N_STRICT);
}

static unsigned long deferred_unmaps(struct device *dev)
{
	return ioflush_count(&iodma_domain(dev)->flush, IOFLUSH_N_DEFERRED);
}

static void drain(struct device *dev)
{
	ioflush_drain(&iodma_domain(dev)->flush, IOFLUSH_TIGHTEN);
}

static void map_and_unmap(struct kunit *test, struct device *dev,
			  struct page *page, size_t offset, size_t size,
			  enum dma_data_direction dir)
{
	dma_addr_t iova = dma_map_page(dev, page, offset, size, dir);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	dma_unmap_page(dev, iova, size, dir);
	/* Cleared it is in any case. */
	dma_test_expect_unmapped(test, dev, iova, iova + size - 1);
}

/* What a device could only read is held until it cannot. */
static void guarded_holds(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	unsigned long strict = strict_unmaps(dev);

	map_and_unmap(test, dev, pages[0], 100, 2000, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 2, page_count(pages[0]));
	KUNIT_EXPECT_EQ(test, 1, deferred_unmaps(dev));
	KUNIT_EXPECT_EQ(test, strict, strict_unmaps(dev));
	drain(dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
}

/* Who frees memory before it is unmapped has it back as late as others. */
static void guarded_freed_first(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct page *page = pages[0];
	dma_addr_t iova = dma_map_page(dev, page, 0, SZ_4K, DMA_TO_DEVICE);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	/* The timer may be quicker than a test that stands still, and the page must stay. */
	get_page(page);
	__free_page(page);
	dma_unmap_page(dev, iova, SZ_4K, DMA_TO_DEVICE);
	/* Of nobody else as yet. */
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	drain(dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(page));
}

/* In whichever direction the driver says that it unmaps, what counts is the map's. */
static void guarded_direction(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	unsigned long strict = strict_unmaps(dev);
	dma_addr_t iova;

	/* DMA_API_DEBUG is not to know. */
	iova = ioflush_op_map(&iodma_ops, dev, pages[0], 0, SZ_4K, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	ioflush_op_unmap(&iodma_ops, dev, iova, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, strict + 1, strict_unmaps(dev));
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));

	iova = ioflush_op_map(&iodma_ops, dev, pages[0], 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	ioflush_op_unmap(&iodma_ops, dev, iova, SZ_4K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 2, page_count(pages[0]));
	drain(dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
}

/* What it could write to is invalidated when the unmap returns. */
static void guarded_written(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = {
		DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	struct device *dev = guarded_device(test);
	struct scatterlist sg;

	for (unsigned int i = 0; i < ARRAY_SIZE(dirs); i++) {
		unsigned long strict = strict_unmaps(dev);

		map_and_unmap(test, dev, pages[0], 0, SZ_4K, dirs[i]);
		KUNIT_EXPECT_EQ(test, strict + 1, strict_unmaps(dev));
		sg_init_one(&sg, page_address(pages[1]), SZ_4K);
		KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev, &sg, 1, dirs[i]));
		dma_unmap_sg(dev, &sg, 1, dirs[i]);
		KUNIT_EXPECT_EQ(test, strict + 2, strict_unmaps(dev));
	}
	KUNIT_EXPECT_EQ(test, 0, deferred_unmaps(dev));
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
}

static void expect_refused(struct kunit *test, struct device *dev,
			   struct page *page, size_t offset)
{
	unsigned long strict = strict_unmaps(dev);
	int count = page_count(page);

	map_and_unmap(test, dev, page, offset, SZ_1K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, strict + 1, strict_unmaps(dev));
	KUNIT_EXPECT_EQ(test, 0, deferred_unmaps(dev));
	KUNIT_EXPECT_EQ(test, count, page_count(page));
}

/* What is not freed by its last reference cannot be held. */
static void guarded_refuses(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	void *object = kunit_kmalloc(test, SZ_1K, GFP_KERNEL);
	struct page *two = alloc_pages(GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_ASSERT_NOT_NULL(test, two);
	expect_refused(test, dev, virt_to_page(object), offset_in_page(object));

	/* Not a compound page: the first one has all references. */
	KUNIT_EXPECT_EQ(test, 0, page_count(two + 1));
	expect_refused(test, dev, two + 1, 0);
	__free_pages(two, 1);

	SetPageReserved(pages[0]);
	expect_refused(test, dev, pages[0], 0);
	ClearPageReserved(pages[0]);
}

static void destroy_pool(void *pool)
{
	page_pool_destroy(pool);
}

/* A page_pool has back only what nobody else has a reference to. */
static void guarded_pooled(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct page_pool_params params = {
		.pool_size = 2,
		.nid = NUMA_NO_NODE,
		.dev = dev,
		.dma_dir = DMA_FROM_DEVICE,
	};
	static const unsigned int flags[] = { 0, PP_FLAG_DMA_MAP };
	struct page_pool *pool;
	struct page *page;

	if (!IS_ENABLED(CONFIG_PAGE_POOL)) {
		kunit_skip(test, "no CONFIG_PAGE_POOL");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		params.flags = flags[i];
		pool = page_pool_create(&params);
		KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, destroy_pool, pool));
		page = page_pool_dev_alloc_pages(pool);
		KUNIT_ASSERT_NOT_NULL(test, page);
		expect_refused(test, dev, page, 0);
		page_pool_put_full_page(pool, page, false);
	}
}

/* One reference holds all of a large folio. */
static void guarded_large(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);

	KUNIT_ASSERT_NOT_NULL(test, large);
	/* On one CPU, whose ring that is. */
	migrate_disable();
	map_and_unmap(test, dev, large + 2, 10, 3 * SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 2, page_count(large));
	map_and_unmap(test, dev, large + 7, 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 2, page_count(large));
	migrate_enable();
	drain(dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(large));
	__free_pages(large, 3);
}

static struct page *no_block(int nid, size_t bytes, gfp_t gfp)
{
	return NULL;
}

/* A block that had to be made is freed under what is held of it, and nobody is warned. */
static void guarded_block(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	const bool warned = test_taint(TAINT_WARN);
	dma_addr_t handle;
	struct page *page;

	if (!IS_ENABLED(CONFIG_CONTIG_ALLOC)) {
		kunit_skip(test, "needs CONFIG_CONTIG_ALLOC");
		return;
	}
	kunit_activate_static_stub(test, iodma_block_find, no_block);
	page = dma_alloc_pages(dev, SZ_64K, &handle, DMA_TO_DEVICE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	map_and_unmap(test, dev, page + 3, 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 2, page_count(page + 3));
	/* See guarded_freed_first(). */
	get_page(page + 3);
	dma_free_pages(dev, SZ_64K, page, handle, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, warned, test_taint(TAINT_WARN));
	KUNIT_EXPECT_EQ(test, 2, page_count(page + 3));
	drain(dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(page + 3));
	__free_page(page + 3);
}

static void map_and_unmap_list(struct kunit *test, struct device *dev,
			       unsigned int n)
{
	struct scatterlist *sgl = kunit_kcalloc(test, n, sizeof(*sgl), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sgl);
	sg_init_table(sgl, n);
	/* So that neighbours in memory are not neighbours in the list. */
	for (unsigned int i = 0; i < n; i++)
		sg_set_page(&sgl[i], pages[n - 1 - i], SZ_4K, 0);
	KUNIT_ASSERT_NE(test, 0, dma_map_sg(dev, sgl, n, DMA_TO_DEVICE));
	dma_unmap_sg(dev, sgl, n, DMA_TO_DEVICE);
}

/* The list is the driver's, and need not be what it was: the page table is asked. */
static void guarded_list_changed(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct scatterlist sgl[3];

	sg_init_table(sgl, 3);
	for (unsigned int i = 0; i < 3; i++)
		sg_set_page(&sgl[i], pages[2 * i], SZ_4K, 0);
	/* DMA_API_DEBUG is not to know. */
	KUNIT_ASSERT_LT(test, 0, iodma_ops.map_sg(dev, sgl, 3, DMA_TO_DEVICE, 0));
	sg_set_page(&sgl[1], pages[1], SZ_4K, 0);
	/* One segment, where there were three entries, as some drivers have it. */
	iodma_ops.unmap_sg(dev, sgl, 1, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, 1, deferred_unmaps(dev));
	for (unsigned int i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, 2, page_count(pages[2 * i]));
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[1]));
	drain(dev);
	for (unsigned int i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, 1, page_count(pages[i]));
}

/* A list that cannot be mapped, to its end, leaves no references. */
static void guarded_list_failed(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct iodom *dom = iodma_domain(dev);
	const struct iopgt_ops *ops = dom->pgt.ops;
	struct scatterlist sgl[20];
	unsigned int at = 0;
	int mapped;

	sg_init_table(sgl, ARRAY_SIZE(sgl));
	for (unsigned int i = 0; i < ARRAY_SIZE(sgl); i++)
		sg_set_page(&sgl[i], pages[ARRAY_SIZE(sgl) - 1 - i], SZ_4K, 0);
	do {
		dma_test_iommu.fail_at = ++at;
		dma_test_watch_maps(dom);
		mapped = iodma_ops.map_sg(dev, sgl, ARRAY_SIZE(sgl), DMA_TO_DEVICE, 0);
		dom->pgt.ops = ops;
		for (unsigned int i = 0; i < ARRAY_SIZE(sgl); i++)
			KUNIT_EXPECT_EQ(test, mapped > 0 ? 2 : 1, page_count(pages[i]));
	} while (mapped < 0);
	dma_test_iommu.fail_at = 0;
	KUNIT_EXPECT_GT(test, at, 1);
	iodma_ops.unmap_sg(dev, sgl, ARRAY_SIZE(sgl), DMA_TO_DEVICE, 0);
	drain(dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
}

/* What a driver leaves mapped goes with the domain. */
static void guarded_left(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	dma_addr_t iova;

	KUNIT_ASSERT_NOT_NULL(test, large);
	/* DMA_API_DEBUG is not to know, nor is the space, which would complain. */
	iova = ioflush_op_map(&iodma_ops, dev, pages[0], 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_NE(test, DMA_MAPPING_ERROR, iova);
	iospace_free(iodma_domain(dev)->space, iova, SZ_4K);
	iova = ioflush_op_map(&iodma_ops, dev, large + 1, 0, 2 * SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_NE(test, DMA_MAPPING_ERROR, iova);
	iospace_free(iodma_domain(dev)->space, iova, 2 * SZ_4K);
	KUNIT_EXPECT_EQ(test, 2, page_count(pages[0]));
	KUNIT_EXPECT_EQ(test, 2, page_count(large));
	/* Of this one nobody else has a reference then. */
	__free_pages(large, 2);
	KUNIT_EXPECT_EQ(test, 1, page_count(large));
	/* It may be somebody else's at once: then DEBUG_VM tells of one put too many. */
	dma_test_remove(test, dev);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
}

/* All of a list is held, or nothing of it. */
static void guarded_list(struct kunit *test)
{
	struct device *dev = guarded_device(test);

	map_and_unmap_list(test, dev, PAGES - 1);
	KUNIT_EXPECT_EQ(test, 1, deferred_unmaps(dev));
	for (unsigned int i = 0; i < PAGES - 1; i++)
		KUNIT_EXPECT_EQ(test, 2, page_count(pages[i]));
	drain(dev);

	/* It is too long, or one of it cannot be. */
	map_and_unmap_list(test, dev, PAGES);
	SetPageReserved(pages[1]);
	map_and_unmap_list(test, dev, 3);
	ClearPageReserved(pages[1]);
	/* The first one cannot be: then those that follow are not, however many. */
	SetPageReserved(pages[PAGES - 2]);
	map_and_unmap_list(test, dev, PAGES - 1);
	ClearPageReserved(pages[PAGES - 2]);
	KUNIT_EXPECT_EQ(test, 1, deferred_unmaps(dev));
	for (unsigned int i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test, 1, page_count(pages[i]));
}

/* A mode that is stricter holds for what was unmapped before, too. */
static void guarded_modes(struct kunit *test)
{
	struct device *dev = guarded_device(test);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t iova = dma_map_page(dev, pages[1], 0, SZ_4K, DMA_TO_DEVICE);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	map_and_unmap(test, dev, pages[0], 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, iodma_mode_set(dom, dev, IODMA_STRICT));
	KUNIT_EXPECT_STREQ(test, "strict", iodma_mode_name(dom));
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
	/* What was held when it was mapped is until it is unmapped, and no longer. */
	KUNIT_EXPECT_EQ(test, 2, page_count(pages[1]));
	dma_unmap_page(dev, iova, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[1]));
	map_and_unmap(test, dev, pages[0], 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
	KUNIT_EXPECT_EQ(test, 1, deferred_unmaps(dev));

	KUNIT_EXPECT_EQ(test, 0, iodma_mode_set(dom, dev, IODMA_LAZY));
	KUNIT_EXPECT_STREQ(test, "lazy", iodma_mode_name(dom));
	map_and_unmap(test, dev, pages[0], 0, SZ_4K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
	KUNIT_EXPECT_NE(test, 0, ioflush_pending_bytes(&dom->flush));

	KUNIT_EXPECT_EQ(test, 0, iodma_mode_set(dom, dev, IODMA_GUARDED));
	KUNIT_EXPECT_STREQ(test, "guarded", iodma_mode_name(dom));
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&dom->flush));
	map_and_unmap(test, dev, pages[0], 0, SZ_4K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&dom->flush));
}

static void guarded_names(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, IODMA_STRICT, iodma_mode_parse("strict"));
	KUNIT_EXPECT_EQ(test, IODMA_GUARDED, iodma_mode_parse("guarded\n"));
	KUNIT_EXPECT_EQ(test, IODMA_LAZY, iodma_mode_parse("lazy"));
	KUNIT_EXPECT_GT(test, 0, iodma_mode_parse("lazily"));
	KUNIT_EXPECT_GT(test, 0, iodma_mode_parse(""));
}

/* Who wants memory has what is held. */
static void guarded_pressure(struct kunit *test)
{
	struct device *dev = guarded_device(test);

	map_and_unmap(test, dev, pages[0], 0, SZ_4K, DMA_TO_DEVICE);
	/* The kernel may be at it by itself: then there is nothing left, or to wait for. */
	for (unsigned int ms = 0; ms < 10000 && page_count(pages[0]) != 1; ms += 20) {
		ioflush_release_held();
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, 1, page_count(pages[0]));
	KUNIT_EXPECT_LE(test, 1, ioflush_count(&iodma_domain(dev)->flush,
					       IOFLUSH_N_DRAIN + IOFLUSH_PRESSURE));
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE(guarded_holds),
	KUNIT_CASE(guarded_freed_first),
	KUNIT_CASE(guarded_direction),
	KUNIT_CASE(guarded_written),
	KUNIT_CASE(guarded_refuses),
	KUNIT_CASE(guarded_pooled),
	KUNIT_CASE(guarded_large),
	KUNIT_CASE(guarded_block),
	KUNIT_CASE(guarded_list),
	KUNIT_CASE(guarded_list_changed),
	KUNIT_CASE(guarded_list_failed),
	KUNIT_CASE(guarded_left),
	KUNIT_CASE(guarded_modes),
	KUNIT_CASE(guarded_names),
	KUNIT_CASE(guarded_pressure),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "ioflush_dma_guard",
	.init = dma_test_init,
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's guarded domains");
MODULE_LICENSE("GPL");
