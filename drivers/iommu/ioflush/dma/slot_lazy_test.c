// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of copies in lazy domains, and of what becomes of them with the mode
 */
#include <linux/delay.h>
#include <linux/scatterlist.h>

#include "mode.h"
#include "slot_copy.h"
#include "test_util.h"

/**
 * struct lazy_test - what a test works with
 * @dev: the device
 * @pool: slots of its domain, which is strict at first
 * @mem: memory for buffers, a page
 */
struct lazy_test {
	struct device *dev;
	struct ioslot_pool *pool;
	char *mem;
};

static void free_mem(void *mem)
{
	free_page((unsigned long)mem);
}

static struct lazy_test lazy_test(struct kunit *test)
{
	struct lazy_test t = { .dev = dma_test_bound(test) };

	t.pool = iodma_domain(t.dev)->slots;
	KUNIT_ASSERT_NOT_NULL(test, t.pool);
	KUNIT_ASSERT_EQ(test, 0, dma_test_copies(t.dev, IOSLOT_MAX_BYTES));
	t.mem = (char *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t.mem);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_mem, t.mem));
	return t;
}

/* What the device sees at an address. */
static char *seen_at(struct device *dev, dma_addr_t iova)
{
	return phys_to_virt(iopgt_iova_to_phys(&iodma_domain(dev)->pgt, iova));
}

static dma_addr_t map(struct kunit *test, struct lazy_test *t, void *buf,
		      size_t size, bool copied)
{
	dma_addr_t iova = dma_map_single(t->dev, buf, size, DMA_FROM_DEVICE);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, iova));
	KUNIT_ASSERT_EQ(test, copied, ioslot_holds(t->pool, iova));
	return iova;
}

static int map_sg(struct lazy_test *t, struct scatterlist *sgl, int nents)
{
	sg_init_table(sgl, nents);
	for (int i = 0; i < nents; i++)
		sg_set_buf(&sgl[i], t->mem + 1000 * i, 100);
	return dma_map_sg(t->dev, sgl, nents, DMA_TO_DEVICE);
}

/* The domain of a test is lazy from here on. */
static struct iodom *lazy_domain(struct kunit *test, struct lazy_test *t)
{
	struct iodom *dom = iodma_domain(t->dev);

	dma_test_any_timer(test, dom);
	KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, t->dev, IODMA_LAZY));
	return dom;
}

/* How many unmaps of a domain wait for their invalidation, or have. */
static unsigned long unmaps(struct iodom *dom)
{
	return ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED) +
	       ioflush_count(&dom->flush, IOFLUSH_N_STRICT);
}

/* A lazy domain copies, too; what was copied in strict mode is unmapped as such. */
static void slot_lazy(struct kunit *test)
{
	struct lazy_test t = lazy_test(test);
	dma_addr_t before = map(test, &t, t.mem, 100, true);
	struct iodom *dom = lazy_domain(test, &t);
	unsigned long unmapped = unmaps(dom);
	dma_addr_t iova;

	iova = map(test, &t, t.mem + 256, 100, true);
	*seen_at(t.dev, iova) = 'e';
	dma_sync_single_for_cpu(t.dev, iova, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 'e', t.mem[256]);
	dma_unmap_single(t.dev, iova, 100, DMA_FROM_DEVICE);
	*seen_at(t.dev, before) = 'd';
	dma_unmap_single(t.dev, before, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 'd', t.mem[0]);
	KUNIT_EXPECT_EQ(test, unmapped, unmaps(dom));

	iova = map(test, &t, t.mem, PAGE_SIZE, false);
	dma_unmap_single(t.dev, iova, PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, unmapped + 1, unmaps(dom));
}

/* Of a lazy domain's lists only those of one entry are copied: more do not pay. */
static void slot_lazy_sg(struct kunit *test)
{
	struct lazy_test t = lazy_test(test);
	struct scatterlist sgl[2];

	for (int nents = 1; nents <= 2; nents++) {
		KUNIT_ASSERT_EQ(test, nents, map_sg(&t, sgl, nents));
		KUNIT_EXPECT_TRUE(test, ioslot_holds(t.pool,
						     sg_dma_address(sgl)));
		dma_unmap_sg(t.dev, sgl, nents, DMA_TO_DEVICE);
	}
	lazy_domain(test, &t);
	for (int nents = 1; nents <= 2; nents++) {
		KUNIT_ASSERT_EQ(test, nents, map_sg(&t, sgl, nents));
		KUNIT_EXPECT_EQ(test, nents == 1,
				ioslot_holds(t.pool, sg_dma_address(sgl)));
		dma_unmap_sg(t.dev, sgl, nents, DMA_TO_DEVICE);
	}
}

/* What pays in a mode is measured as it begins, unless the user has said what to copy. */
static void slot_modes(struct kunit *test)
{
	static const enum iodma_mode modes[] = {
		IODMA_LAZY, IODMA_STRICT, IODMA_LAZY, IODMA_GUARDED, IODMA_LAZY,
	};
	struct lazy_test t = lazy_test(test);
	struct iodom *dom = iodma_domain(t.dev);

	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		KUNIT_ASSERT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, 77));
		KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, t.dev, modes[i]));
		KUNIT_EXPECT_EQ(test, 77, t.pool->limit[DMA_TO_DEVICE]);
	}
	KUNIT_ASSERT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, -1));
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		/* No measured limit is odd. */
		WRITE_ONCE(t.pool->limit[DMA_TO_DEVICE], 77);
		KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, t.dev, modes[i]));
		KUNIT_EXPECT_EQ(test, 0, t.pool->limit[DMA_TO_DEVICE] % 2);
	}
}

static void expect_no_copies(struct kunit *test, struct device *dev)
{
	struct iodom *dom = iodma_domain(dev);

	for (unsigned int mode = IODMA_STRICT; mode <= IODMA_LAZY; mode++) {
		KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, dev, mode));
		if (!dom->slots)
			continue;
		KUNIT_EXPECT_EQ(test, 0, dom->slots->limit[DMA_TO_DEVICE]);
		KUNIT_EXPECT_EQ(test, 0, dom->slots->limit[DMA_FROM_DEVICE]);
	}
}

/* A driver that would not find what was copied: no slots are made for it, in any mode. */
static void slot_unsynced(struct kunit *test)
{
	struct device *dev = dma_test_device(test, DMA_TEST_UNSYNCED);

	expect_no_copies(test, dev);
	KUNIT_EXPECT_NULL(test, iodma_domain(dev)->slots);
}

/* Those that there are take nothing any more, also for the driver after it; but if asked. */
static void slot_unsynced_later(struct kunit *test)
{
	struct lazy_test t = lazy_test(test);

	KUNIT_ASSERT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, -1));
	KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(t.dev));
	KUNIT_ASSERT_PTR_EQ(test, t.pool, iodma_domain(t.dev)->slots);
	expect_no_copies(test, t.dev);
	device_release_driver(t.dev);
	KUNIT_ASSERT_EQ(test, 1, device_attach(t.dev));
	expect_no_copies(test, t.dev);
	KUNIT_EXPECT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, 77));
	KUNIT_EXPECT_EQ(test, 77, t.pool->limit[DMA_TO_DEVICE]);
}

/* The same where the core makes a domain lazy, and tells nobody. */
static void slot_type_written(struct kunit *test)
{
	struct lazy_test t = lazy_test(test);
	struct iodom *dom = iodma_domain(t.dev);
	dma_addr_t iova;

	KUNIT_ASSERT_EQ(test, 0, ioslot_set_limit(t.pool, t.dev, -1));
	WRITE_ONCE(t.pool->limit[DMA_TO_DEVICE], 77);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
	iova = map(test, &t, t.mem, PAGE_SIZE, false);
	dma_unmap_single(t.dev, iova, PAGE_SIZE, DMA_FROM_DEVICE);
	dma_test_expect_rings(test, dom);
	for (unsigned int ms = 0; ms < 10000; ms += 20) {
		if (READ_ONCE(t.pool->limit[DMA_TO_DEVICE]) != 77)
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, 0, t.pool->limit[DMA_TO_DEVICE] % 2);
}

/* What a page takes in lazy mode is a share of many, and in strict mode it is alone. */
static void slot_shared(struct kunit *test)
{
	struct lazy_test t = lazy_test(test);
	struct iodom *dom = iodma_domain(t.dev);
	unsigned int alone;

	dma_test_watch_maps(dom);
	ioslot_measure(t.pool, t.dev);
	alone = dma_test_iommu.map_calls;
	lazy_domain(test, &t);
	dma_test_watch_maps(dom);
	ioslot_measure(t.pool, t.dev);
	KUNIT_EXPECT_GT(test, dma_test_iommu.map_calls, 4 * alone);
}

/*
 * To measure leaves nothing mapped, nor if one of the first maps fails; then nothing is
 * copied.
 */
static void measure_in(struct kunit *test, enum iodma_mode mode,
		       unsigned int maps)
{
	struct lazy_test t = lazy_test(test);
	struct iodom *dom = iodma_domain(t.dev);
	unsigned long out = dma_test_ranges_out(dom);

	dma_test_any_timer(test, dom);
	KUNIT_ASSERT_EQ(test, 0, iodma_mode_set(dom, t.dev, mode));
	for (unsigned int fail_at = 0; fail_at <= maps; fail_at++) {
		WRITE_ONCE(t.pool->limit[DMA_TO_DEVICE], 77);
		dma_test_iommu.fail_at = fail_at;
		dma_test_watch_maps(dom);
		ioslot_measure(t.pool, t.dev);
		KUNIT_EXPECT_NE(test, 77, t.pool->limit[DMA_TO_DEVICE]);
		if (fail_at)
			KUNIT_EXPECT_EQ(test, 0, t.pool->limit[DMA_TO_DEVICE]);
		dma_test_expect_unmapped(test, t.dev, dma_test_iommu.map_first,
					 dma_test_iommu.map_last);
		KUNIT_EXPECT_EQ(test, out, dma_test_ranges_out(dom));
	}
	dma_test_iommu.fail_at = 0;
}

static void slot_measured(struct kunit *test)
{
	measure_in(test, IODMA_LAZY, 7);
}

/* There it is looked up whether the page is held, which is not so. */
static void slot_measured_guarded(struct kunit *test)
{
	measure_in(test, IODMA_GUARDED, 1);
}

static struct kunit_case lazy_cases[] = {
	KUNIT_CASE(slot_lazy),
	KUNIT_CASE(slot_lazy_sg),
	KUNIT_CASE(slot_modes),
	KUNIT_CASE(slot_unsynced),
	KUNIT_CASE(slot_unsynced_later),
	KUNIT_CASE(slot_type_written),
	KUNIT_CASE(slot_shared),
	KUNIT_CASE(slot_measured),
	KUNIT_CASE(slot_measured_guarded),
	{}
};

static struct kunit_suite lazy_suite = {
	.name = "ioflush_dma_slot_lazy",
	.init = dma_test_init,
	.test_cases = lazy_cases,
};

kunit_test_suite(lazy_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's copies of small buffers in lazy mode");
MODULE_LICENSE("GPL");
