// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests that the right devices get these DMA operations
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <linux/delay.h>
#include <linux/ioflush/ioflush.h>

#include "mode.h"
#include "slot.h"
#include "test_util.h"

static void rebind(struct kunit *test, struct device *dev)
{
	device_release_driver(dev);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev));
}

static void expect_ours(struct kunit *test, struct device *dev)
{
	KUNIT_EXPECT_FALSE(test, dev_dma_iommu(dev));
	KUNIT_EXPECT_PTR_EQ(test, &iodma_ops, get_dma_ops(dev));
}

/* The core's paths are used where dma_iommu is set or there are no ops. */
static void expect_core(struct kunit *test, struct device *dev, bool dma)
{
	KUNIT_EXPECT_EQ(test, dma, dev_dma_iommu(dev));
	KUNIT_EXPECT_NULL(test, get_dma_ops(dev));
}

static void need_notifier(struct kunit *test)
{
	if (!ioflush_enabled())
		kunit_skip(test, "needs ioflush=on");
}

/* A device is ours while it has a driver, the core's while it has none. */
static void takeover_bind(struct kunit *test)
{
	struct device *dev;

	need_notifier(test);
	dev = dma_test_bound(test);
	expect_ours(test, dev);
	KUNIT_EXPECT_NOT_NULL(test, iodma_domain(dev)->space);
	device_release_driver(dev);
	expect_core(test, dev, true);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev));
	expect_ours(test, dev);
}

/* Trap 1: the core finds a device long before a driver does. */
static void takeover_no_driver(struct kunit *test)
{
	struct device *dev = dma_test_device(test, "ioflush-dma-nobody");

	expect_core(test, dev, true);
	iodma_take_over(dev);
	expect_core(test, dev, true);
	KUNIT_EXPECT_NULL(test, iodma_domain(dev)->space);
}

/*
 * Trap 2: a write to the group's type file makes the core set dma_iommu again
 * and tells nobody, whatever the operations are at that time.
 */
static void takeover_type_file(struct kunit *test)
{
	struct device *dev;

	need_notifier(test);
	dev = dma_test_bound(test);
	device_release_driver(dev);
	set_dma_ops(dev, &iodma_ops);
	dev_assign_dma_iommu(dev, true);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev));
	expect_ours(test, dev);
}

/* A group of another type, or of another driver, is left alone. */
static void takeover_identity(struct kunit *test)
{
	struct device *dev;

	dma_test_iommu.type = IOMMU_DOMAIN_IDENTITY;
	dev = dma_test_device(test, DMA_TEST_PLAIN);
	expect_core(test, dev, false);

	need_notifier(test);
	/* As it would be after a probe that failed, and a change of type. */
	set_dma_ops(dev, &iodma_ops);
	rebind(test, dev);
	expect_core(test, dev, false);
}

/* All of a group are asked what is reserved before the first of them gets addresses. */
static void takeover_asks_all(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);

	if (!dom->slots) {
		kunit_skip(test, "nothing is copied here");
		return;
	}
	need_notifier(test);
	device_release_driver(dev);
	ioslot_destroy(dom->slots);
	dom->slots = NULL;
	/* Where they would go if nobody minded. */
	dma_test_iommu.beside_first = dom->slot_base;
	dma_test_iommu.neighbour = dev;
	dma_test_device(test, DMA_TEST_BESIDE);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev));
	KUNIT_ASSERT_NOT_NULL(test, dom->slots);
	KUNIT_EXPECT_TRUE(test, dom->slots->last < dma_test_iommu.beside_first ||
			  dom->slots->base >= dma_test_iommu.beside_first +
					      DMA_TEST_BESIDE_BYTES);
}

/* Of what is reserved for a device one region is in use: the others are not handed out. */
static void takeover_reserves_rest(struct kunit *test)
{
	struct device *dev = dma_test_device(test, "ioflush-dma-nobody");
	struct iommu_domain_geometry geometry = {};
	/* Too small for anything but a tree, which is filled from the top. */
	struct iospace *space = iospace_create(SZ_64K, SZ_4M - 1);
	dma_addr_t iova[3];

	KUNIT_ASSERT_NOT_NULL(test, space);
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++) {
		iova[i] = iospace_alloc(space, SZ_1M, U64_MAX, IOSPACE_LASTING);
		KUNIT_EXPECT_EQ(test, (3 - i) * SZ_1M, iova[i]);
	}
	iospace_free(space, DMA_TEST_MSI_FIRST, SZ_1M);
	KUNIT_EXPECT_EQ(test, -EBUSY, iodma_reserve(space, dev, &geometry));
	KUNIT_EXPECT_EQ(test, 0, iospace_alloc(space, SZ_1M, U64_MAX, IOSPACE_LASTING));
	iospace_free(space, iova[2], SZ_1M);
	iospace_free(space, iova[1], SZ_1M);
	KUNIT_EXPECT_EQ(test, 0, iodma_reserve(space, dev, &geometry));
	iospace_destroy(space);
}

/* In the group of a device, with no driver yet */
static struct device *neighbour_of(struct kunit *test, struct device *dev)
{
	dma_test_iommu.neighbour = dev;
	return dma_test_device(test, DMA_TEST_BESIDE);
}

static int not_counted(struct device *dev)
{
	return -EBUSY;
}

/* one allocator: who shares a domain with devices of ours is ours, counted or not. */
static void takeover_not_counted(struct kunit *test)
{
	struct device *dev, *other;

	need_notifier(test);
	dev = dma_test_bound(test);
	other = neighbour_of(test, dev);
	kunit_activate_static_stub(test, iodma_count_driver, not_counted);
	KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(other));
	KUNIT_EXPECT_PTR_EQ(test, iodma_domain(dev), iodma_domain(other));
	expect_ours(test, other);
	kunit_deactivate_static_stub(test, iodma_count_driver);
	device_release_driver(other);
	expect_core(test, other, true);
	expect_ours(test, dev);
}

/* And with one that was left to the core all are, for as long as the domain lives. */
static void takeover_left(struct kunit *test)
{
	struct device *dev, *other;
	struct iodom *dom;

	need_notifier(test);
	dev = dma_test_device(test, "ioflush-dma-nobody");
	other = neighbour_of(test, dev);
	dom = iodma_domain(dev);
	KUNIT_ASSERT_PTR_EQ(test, dom, iodma_domain(other));
	/* No space for this one */
	dom->domain.pgsize_bitmap = SZ_2M;
	KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(dev));
	expect_core(test, dev, true);
	dom->domain.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;

	KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(other));
	expect_core(test, other, true);
	iodma_take_over(other);
	expect_core(test, other, true);
	KUNIT_EXPECT_NULL(test, dom->space);
	/* The core may have something there that nobody unmaps. */
	device_release_driver(dev);
	device_release_driver(other);
	KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(dev));
	expect_core(test, dev, true);
	KUNIT_EXPECT_NULL(test, dom->space);
}

/* Who gets no space leaves the core all addresses that there are. */
static void takeover_left_whole(struct kunit *test)
{
	struct iommu_domain_geometry was;
	struct device *dev;
	struct iodom *dom;

	need_notifier(test);
	dma_test_iommu.sw_msi = true;
	dev = dma_test_device(test, "ioflush-dma-nobody");
	dom = iodma_domain(dev);
	was = dom->domain.geometry;
	/* What the core has not been told of: the region of MSIs could be had, this not. */
	dma_test_iommu.odd_region = true;
	KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(dev));
	expect_core(test, dev, true);
	KUNIT_EXPECT_NULL(test, dom->space);
	KUNIT_EXPECT_MEMEQ(test, &was, &dom->domain.geometry, sizeof(was));
}

static unsigned int modes_begun;

static void mode_begins(struct iodom *dom, struct device *dev)
{
	modes_begun++;
}

/* The mode of the command line is set once, with the first that is really taken over. */
static void takeover_mode_once(struct kunit *test)
{
	struct iospace *space;
	struct device *dev;

	need_notifier(test);
	dev = dma_test_device(test, "ioflush-dma-nobody");
	space = iospace_create(PAGE_SIZE, SZ_4G - 1);
	KUNIT_ASSERT_NOT_NULL(test, space);
	/* Made for one that was not */
	iodom_set_space(iodma_domain(dev), space);
	modes_begun = 0;
	kunit_activate_static_stub(test, iodma_mode_boot, mode_begins);
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, 0, dma_test_bind_unsynced(dev));
		expect_ours(test, dev);
		KUNIT_EXPECT_EQ(test, 1, modes_begun);
	}
}

/* A driver that leaves DMA to somebody else, as VFIO's: so do we. */
static void takeover_managed(struct kunit *test)
{
	struct device *dev = dma_test_device(test, DMA_TEST_MANAGED);

	expect_core(test, dev, true);
	need_notifier(test);
	set_dma_ops(dev, &iodma_ops);
	dev_assign_dma_iommu(dev, false);
	rebind(test, dev);
	expect_core(test, dev, true);
}

/* A device that is not coherent or not trusted gets the other table. */
static void takeover_careful(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);

	if (!IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE))
		kunit_skip(test, "all devices are coherent");
	dma_test_set_coherent(dev, false);
	iodma_take_over(dev);
	KUNIT_EXPECT_PTR_EQ(test, &iodma_careful_ops, get_dma_ops(dev));
}

/*
 * DMA-FQ, written to the type file under a bound driver, makes it lazy. The
 * unmap that asks for rings may find them there already: the worker has a CPU
 * of its own.
 */
static void takeover_becomes_lazy(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);
	char *buf = kunit_kmalloc(test, SZ_1K, GFP_KERNEL);
	unsigned long strict, deferred;
	dma_addr_t iova;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_FALSE(test, dom->flush.rings);
	dma_test_any_timer(test, dom);
	/* Those that have measured what copies are worth. */
	strict = ioflush_count(&dom->flush, IOFLUSH_N_STRICT);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);

	iova = dma_map_single(dev, buf, SZ_1K, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	dma_unmap_single(dev, iova, SZ_1K, DMA_TO_DEVICE);
	deferred = ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED);
	KUNIT_EXPECT_EQ(test, strict + 1 - deferred,
			ioflush_count(&dom->flush, IOFLUSH_N_STRICT));
	dma_test_expect_rings(test, dom);

	iova = dma_map_single(dev, buf, SZ_1K, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	dma_unmap_single(dev, iova, SZ_1K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, deferred + 1,
			ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED));
	KUNIT_EXPECT_EQ(test, IOMMU_DOMAIN_DMA_FQ, dom->domain.type);
}

/* A domain that is lazy from the start has its rings from the start. */
static void takeover_lazy(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);

	KUNIT_EXPECT_FALSE(test, dom->flush.rings);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
	iodma_take_over(dev);
	KUNIT_EXPECT_TRUE(test, dom->flush.rings);
}

/*
 * The core wants a lazy domain, and is told that there is no need for a flush queue
 * of its own. The type file says DMA-FQ all the same, also without a driver.
 */
static void takeover_lazy_default(struct kunit *test)
{
	struct device *dev, *nobody;
	struct iodom *dom;

	dma_test_iommu.type = IOMMU_DOMAIN_DMA_FQ;
	dev = dma_test_bound(test);
	dom = iodma_domain(dev);
	KUNIT_EXPECT_FALSE(test, device_iommu_capable(dev, IOMMU_CAP_DEFERRED_FLUSH));
	KUNIT_EXPECT_EQ(test, IOMMU_DOMAIN_DMA_FQ, dom->domain.type);
	KUNIT_EXPECT_TRUE(test, dom->flush.rings);

	nobody = dma_test_device(test, "ioflush-dma-nobody");
	KUNIT_EXPECT_EQ(test, IOMMU_DOMAIN_DMA_FQ, iodma_domain(nobody)->domain.type);
	KUNIT_EXPECT_FALSE(test, iodma_domain(nobody)->flush.rings);
}

/* A domain that was made strict since stays so when the next driver is bound. */
static void takeover_lazy_once(struct kunit *test)
{
	struct device *dev;
	struct iodom *dom;

	dma_test_iommu.type = IOMMU_DOMAIN_DMA_FQ;
	dev = dma_test_bound(test);
	dom = iodma_domain(dev);
	KUNIT_EXPECT_FALSE(test, dom->lazy_asked);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA);
	ioflush_disable_deferred(&dom->flush);
	iodma_take_over(dev);
	KUNIT_EXPECT_EQ(test, IOMMU_DOMAIN_DMA, dom->domain.type);
	KUNIT_EXPECT_FALSE(test, dom->flush.rings);
}

/* Who may never be taken over is left the core's flush queue. */
static void takeover_lazy_other_bus(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "ioflush-dma-other");

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_EXPECT_TRUE(test, iodma_ask_lazy(dev));
}

/*
 * The core sets up a domain for a group whose type was changed, and no driver of an
 * IOMMU is told: the worker puts the type right.
 */
static void takeover_lazy_late(struct kunit *test)
{
	struct device *dev = dma_test_device(test, "ioflush-dma-nobody");
	struct iodom *dom = iodma_domain(dev);

	/* The worker may be at another domain still, and then is to be asked again. */
	for (unsigned int ms = 0; ms < 10000; ms += 20) {
		WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
		KUNIT_EXPECT_FALSE(test, device_iommu_capable(dev, IOMMU_CAP_DEFERRED_FLUSH));
		WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA);
		msleep(20);
		if (READ_ONCE(dom->domain.type) == IOMMU_DOMAIN_DMA_FQ)
			break;
	}
	KUNIT_EXPECT_EQ(test, IOMMU_DOMAIN_DMA_FQ, dom->domain.type);
}

/* The core takes addresses for MSI doorbells from where we take none. */
static void takeover_sw_msi(struct kunit *test)
{
	const dma_addr_t first = DMA_TEST_SW_MSI_FIRST;
	const dma_addr_t last = first + DMA_TEST_SW_MSI_BYTES - 1;
	struct device *dev;
	struct iodom *dom;

	dma_test_iommu.sw_msi = true;
	dev = dma_test_bound(test);
	dom = iodma_domain(dev);
	KUNIT_EXPECT_EQ(test, last, dom->domain.geometry.aperture_end);

	/*
	 * What lies above the region can be had; first, as the tree goes on
	 * downwards from where it was last successful.
	 */
	for (unsigned int i = 0; i < 2; i++) {
		dma_addr_t iova = iospace_alloc(dom->space, SZ_1M, U64_MAX,
						IOSPACE_LASTING);

		KUNIT_EXPECT_GT(test, iova, last);
		iospace_free(dom->space, iova, SZ_1M);
	}
	/* So can what lies below, but nothing in it. */
	for (unsigned int i = 0; i < 2 * SZ_1M / SZ_64K; i++) {
		dma_addr_t iova = iospace_alloc(dom->space, SZ_64K, last,
						IOSPACE_LASTING);

		KUNIT_EXPECT_NE(test, 0, iova);
		KUNIT_EXPECT_LE(test, iova + SZ_64K, first);
		iospace_free(dom->space, iova, SZ_64K);
	}
}

/* Left at work until its driver is through with its probe, at the latest. */
static void takeover_deferred(struct kunit *test)
{
	struct device *dev;

	need_notifier(test);
	dma_test_iommu.deferred = true;
	dev = dma_test_device(test, "ioflush-dma-nobody");
	KUNIT_EXPECT_EQ(test, 0, dma_test_iommu.attached);
	dev = dma_test_bound(test);
	KUNIT_EXPECT_EQ(test, 1, dma_test_iommu.attached);
	expect_ours(test, dev);
	rebind(test, dev);
	KUNIT_EXPECT_EQ(test, 1, dma_test_iommu.attached);
}

/* As in its driver's probe */
static void defer(struct device *dev)
{
	dma_test_iommu.attached = 0;
	dev->iommu->attach_deferred = 1;
	set_dma_ops(dev, &iodma_deferred_ops);
}

static void expect_arrived(struct kunit *test, struct device *dev)
{
	expect_ours(test, dev);
	KUNIT_EXPECT_EQ(test, 1, dma_test_iommu.attached);
	KUNIT_EXPECT_FALSE(test, dev->iommu->attach_deferred);
}

/* Whatever maps first has the device attached before. */
static void takeover_arrives(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct page *page;
	struct scatterlist sg;
	dma_addr_t iova;
	void *cpu;

	defer(dev);
	cpu = dma_alloc_coherent(dev, SZ_4K, &iova, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	expect_arrived(test, dev);
	dma_free_coherent(dev, SZ_4K, cpu, iova);

	defer(dev);
	page = dma_alloc_pages(dev, SZ_4K, &iova, DMA_BIDIRECTIONAL, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	expect_arrived(test, dev);
	dma_free_pages(dev, SZ_4K, page, iova, DMA_BIDIRECTIONAL);

	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	defer(dev);
	iova = dma_map_page(dev, page, 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, iova));
	expect_arrived(test, dev);
	dma_unmap_page(dev, iova, SZ_4K, DMA_TO_DEVICE);

	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, SZ_4K, 0);
	defer(dev);
	KUNIT_EXPECT_EQ(test, 1, dma_map_sg(dev, &sg, 1, DMA_TO_DEVICE));
	expect_arrived(test, dev);
	dma_unmap_sg(dev, &sg, 1, DMA_TO_DEVICE);
	__free_page(page);

	defer(dev);
	iova = dma_map_resource(dev, 0xfd00000000ULL, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, iova));
	expect_arrived(test, dev);
	dma_unmap_resource(dev, iova, SZ_4K, DMA_TO_DEVICE, 0);
}

/* A driver that asks before it maps is told what will be true then. */
static void takeover_deferred_syncs(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);

	defer(dev);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	KUNIT_EXPECT_TRUE(test, dma_dev_need_sync(dev));
	KUNIT_EXPECT_EQ(test, 0, dma_test_iommu.attached);
	KUNIT_EXPECT_NOT_NULL(test, iodma_arrive(dev));
}

/* Where one cannot sleep nothing is mapped, and the device stays as it was. */
static void takeover_deferred_atomic(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	char *buf = kunit_kmalloc(test, SZ_1K, GFP_KERNEL);
	dma_addr_t iova;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	defer(dev);
	local_irq_disable();
	iova = dma_map_single(dev, buf, SZ_1K, DMA_TO_DEVICE);
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, iova));
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		preempt_disable();
		iova = dma_map_single(dev, buf, SZ_1K, DMA_TO_DEVICE);
		preempt_enable();
		KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, iova));
	}
	KUNIT_EXPECT_EQ(test, 0, dma_test_iommu.attached);
	KUNIT_EXPECT_PTR_EQ(test, &iodma_deferred_ops, get_dma_ops(dev));
	KUNIT_EXPECT_NOT_NULL(test, iodma_arrive(dev));
	expect_arrived(test, dev);
}

static struct kunit_case takeover_cases[] = {
	KUNIT_CASE(takeover_bind),
	KUNIT_CASE(takeover_no_driver),
	KUNIT_CASE(takeover_type_file),
	KUNIT_CASE(takeover_identity),
	KUNIT_CASE(takeover_asks_all),
	KUNIT_CASE(takeover_reserves_rest),
	KUNIT_CASE(takeover_not_counted),
	KUNIT_CASE(takeover_left),
	KUNIT_CASE(takeover_left_whole),
	KUNIT_CASE(takeover_mode_once),
	KUNIT_CASE(takeover_managed),
	KUNIT_CASE(takeover_careful),
	KUNIT_CASE(takeover_becomes_lazy),
	KUNIT_CASE(takeover_lazy),
	KUNIT_CASE(takeover_lazy_default),
	KUNIT_CASE(takeover_lazy_once),
	KUNIT_CASE(takeover_lazy_other_bus),
	KUNIT_CASE(takeover_lazy_late),
	KUNIT_CASE(takeover_sw_msi),
	KUNIT_CASE(takeover_deferred),
	KUNIT_CASE(takeover_arrives),
	KUNIT_CASE(takeover_deferred_syncs),
	KUNIT_CASE(takeover_deferred_atomic),
	{}
};

static struct kunit_suite takeover_suite = {
	.name = "ioflush_dma_takeover",
	.init = dma_test_init,
	.test_cases = takeover_cases,
};

kunit_test_suite(takeover_suite);

MODULE_DESCRIPTION("KUnit tests of which devices ioflush takes over");
MODULE_LICENSE("GPL");
