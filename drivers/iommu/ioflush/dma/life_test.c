// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what drivers unmap when it is late, and of who may change what then
 *
 * The core counts a driver out before what devres has of it is released, and with it
 * mappings and memory for DMA. All types are written as by a user.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/ioflush/ioflush.h>

#include "mode.h"
#include "test_util.h"

/**
 * struct life - a driver's last unmaps
 * @test: the test
 * @dev: its device
 * @dom: in which domain that mapped
 * @buf: what is mapped, two pages
 * @iova: where
 * @small: and where a part that is copied
 * @type: what a user writes to the type file before these are unmapped
 * @written: what came of it
 * @left: what the first page still translates to when all is unmapped
 */
struct life {
	struct kunit *test;
	struct device *dev;
	struct iodom *dom;
	void *buf;
	dma_addr_t iova;
	dma_addr_t small;
	const char *type;
	ssize_t written;
	phys_addr_t left;
};

/* Of the probe that is under way */
static struct life *life_probing;

static struct life *life_new(struct kunit *test, const char *type)
{
	struct life *life = kunit_kzalloc(test, sizeof(*life), GFP_KERNEL);

	/* The drivers of the tests are not announced without. */
	if (!ioflush_enabled())
		kunit_skip(test, "needs ioflush=on");
	KUNIT_ASSERT_NOT_NULL(test, life);
	life->test = test;
	life->type = type;
	life->buf = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, life->buf);
	/* Whatever is written */
	dma_test_iommu.type = 0;
	return life;
}

static void life_map(struct life *life)
{
	struct kunit *test = life->test;
	struct device *dev = life->dev;

	life->dom = iodma_domain(dev);
	life->iova = dma_map_single(dev, life->buf, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, life->iova));
	dma_test_copies(dev, 512);
	life->small = dma_map_single(dev, life->buf, 256, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, life->small));
}

static void life_unmap(struct life *life)
{
	struct device *dev = life->dev;

	dma_sync_single_for_cpu(dev, life->small, 256, DMA_TO_DEVICE);
	dma_unmap_single(dev, life->small, 256, DMA_TO_DEVICE);
	dma_unmap_single(dev, life->iova, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
}

/* What a driver has devres do: the domain has to be that which it has mapped in. */
static void life_end(void *data)
{
	struct life *life = data;

	life->written = dma_test_write_type(life->test, life->dev, life->type);
	if (life->written < 0) {
		life_unmap(life);
		life->left = iopgt_iova_to_phys(&life->dom->pgt, life->iova);
	}
}

static void life_expect_kept(struct life *life)
{
	struct kunit *test = life->test;

	KUNIT_EXPECT_EQ(test, -EPERM, life->written);
	KUNIT_EXPECT_EQ(test, 0, life->left);
	/* But not for longer */
	KUNIT_EXPECT_EQ(test, strlen(life->type),
			dma_test_write_type(test, life->dev, life->type));
}

static void life_type_param(const char *const *type, char *desc)
{
	strscpy(desc, *type, KUNIT_PARAM_DESC_SIZE);
}

/* Each of them is another domain than the one of a driver. */
static const char *const life_types[] = { "identity", "DMA", "auto" };

KUNIT_ARRAY_PARAM(life_type, life_types, life_type_param);

/* unbound: the type stays until all is unmapped that devres has of a driver. */
static void life_unbound(struct kunit *test)
{
	struct life *life = life_new(test, *(const char *const *)test->param_value);

	life->dev = dma_test_bound(test);
	life_map(life);
	KUNIT_ASSERT_EQ(test, 0, devm_add_action(life->dev, life_end, life));
	KUNIT_EXPECT_EQ(test, -EPERM,
			dma_test_write_type(test, life->dev, life->type));
	device_release_driver(life->dev);
	life_expect_kept(life);
}

static int life_probe(struct device *dev)
{
	struct life *life = life_probing;

	life->dev = dev;
	life_map(life);
	return devm_add_action(dev, life_end, life) ?: -ENODEV;
}

/* The same of a driver whose probe has failed. */
static void life_probe_fails(struct kunit *test)
{
	struct life *life = life_new(test, *(const char *const *)test->param_value);
	struct device *dev;

	life_probing = life;
	dma_test_iommu.probe = life_probe;
	dev = dma_test_device(test, DMA_TEST_PLAIN);
	dma_test_iommu.probe = NULL;
	KUNIT_ASSERT_PTR_EQ(test, dev, life->dev);
	KUNIT_EXPECT_NULL(test, dev->driver);
	KUNIT_EXPECT_FALSE(test, iodma_in_charge(dev));
	life_expect_kept(life);
}

/* And nobody in user space gets the group before. */
static void life_claim(void *data)
{
	struct life *life = data;

	life->written = iommu_device_claim_dma_owner(life->dev, life);
	if (!life->written)
		iommu_device_release_dma_owner(life->dev);
	else
		life_unmap(life);
}

static void life_claimed(struct kunit *test)
{
	struct life *life = life_new(test, NULL);

	/* With such a region nobody may have it at all. */
	dma_test_iommu.no_direct = true;
	life->dev = dma_test_bound(test);
	life_map(life);
	KUNIT_ASSERT_EQ(test, 0, devm_add_action(life->dev, life_claim, life));
	device_release_driver(life->dev);
	KUNIT_EXPECT_EQ(test, -EPERM, life->written);
	KUNIT_ASSERT_EQ(test, 0, iommu_device_claim_dma_owner(life->dev, life));
	iommu_device_release_dma_owner(life->dev);
}

/* A device may have several drivers, one after the other, and be removed with one. */
static void life_counts(struct kunit *test)
{
	struct life *life = life_new(test, NULL);
	struct device *dev = dma_test_bound(test);

	life->dev = dev;
	for (unsigned int i = 0; i < 3; i++) {
		life_map(life);
		/* As ->probe_finalize may be called once more */
		iodma_take_over(dev);
		life_unmap(life);
		KUNIT_EXPECT_EQ(test, -EPERM,
				dma_test_write_type(test, dev, "identity"));
		device_release_driver(dev);
		KUNIT_EXPECT_EQ(test, strlen("DMA"),
				dma_test_write_type(test, dev, "DMA"));
		KUNIT_ASSERT_EQ(test, 1, device_attach(dev));
	}
	/* The core complains of what is still counted then. */
	dma_test_remove(test, dev);
}

/*
 * A driver may attach its device elsewhere for some time, as 7.3 does while it is reset.
 * What it unmaps meanwhile was mapped where it came from.
 */
static void life_elsewhere(struct kunit *test)
{
	struct life *life = life_new(test, NULL);
	struct iommu_domain *other;

	life->dev = dma_test_bound(test);
	other = iommu_paging_domain_alloc(life->dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	life_map(life);
	KUNIT_ASSERT_EQ(test, 0, iommu_attach_device(other, life->dev));
	KUNIT_EXPECT_EQ(test, 0, iommu_map(other, life->iova & PAGE_MASK,
					   virt_to_phys(life->buf), PAGE_SIZE,
					   IOMMU_READ, GFP_KERNEL));
	life_unmap(life);
	KUNIT_EXPECT_EQ(test, 0, iopgt_iova_to_phys(&life->dom->pgt, life->iova));
	KUNIT_EXPECT_NE(test, 0, iommu_iova_to_phys(other, life->iova));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, iommu_unmap(other, life->iova & PAGE_MASK,
						     PAGE_SIZE));
	iommu_detach_device(other, life->dev);
	iommu_domain_free(other);

	life_map(life);
	KUNIT_ASSERT_EQ(test, 0, iommu_attach_device(&dma_test_identity, life->dev));
	life_unmap(life);
	KUNIT_EXPECT_EQ(test, 0, iopgt_iova_to_phys(&life->dom->pgt, life->iova));
	iommu_detach_device(&dma_test_identity, life->dev);
	life_map(life);
	life_unmap(life);
}

static ssize_t life_strict(struct iodom *dom, struct device *dev, void *unused)
{
	return iodma_mode_set(dom, dev, IODMA_STRICT) ?: 1;
}

static void life_expect_strict(struct life *life)
{
	struct ioflush *flush = &life->dom->flush;
	u64 deferred = ioflush_count(flush, IOFLUSH_N_DEFERRED);
	u64 strict = ioflush_count(flush, IOFLUSH_N_STRICT);

	life_map(life);
	life_unmap(life);
	KUNIT_EXPECT_EQ(life->test, deferred,
			ioflush_count(flush, IOFLUSH_N_DEFERRED));
	KUNIT_EXPECT_EQ(life->test, strict + 1,
			ioflush_count(flush, IOFLUSH_N_STRICT));
	KUNIT_EXPECT_FALSE(life->test, life->dom->flush.rings);
}

/*
 * The type file makes a domain only lazier under a driver. That is noticed late, but what
 * makes it strict again counts at once, and also after that, whether or not it was noticed.
 */
static void life_stricter(struct kunit *test)
{
	struct life *life = life_new(test, NULL);

	dma_test_iommu.type = IOMMU_DOMAIN_DMA;
	life->dev = dma_test_bound(test);
	life->dom = iodma_domain(life->dev);
	dma_test_any_timer(test, life->dom);
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, strlen("DMA-FQ"),
				dma_test_write_type(test, life->dev, "DMA-FQ"));
		life_map(life);
		life_unmap(life);
		/* In the other round its worker may come to it later. */
		if (!i)
			dma_test_expect_rings(test, life->dom);
		KUNIT_EXPECT_EQ(test, -EPERM,
				dma_test_write_type(test, life->dev, "DMA"));
		KUNIT_ASSERT_EQ(test, 1, iodma_with_domain(life->dev, life_strict,
							   NULL));
		life_expect_strict(life);
		msleep(100);
		life_expect_strict(life);
	}
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE_PARAM(life_unbound, life_type_gen_params),
	KUNIT_CASE_PARAM(life_probe_fails, life_type_gen_params),
	KUNIT_CASE(life_claimed),
	KUNIT_CASE(life_counts),
	KUNIT_CASE(life_elsewhere),
	KUNIT_CASE(life_stricter),
	{}
};

static struct kunit_suite life_suite = {
	.name = "ioflush_dma_life",
	.init = dma_test_init,
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);

MODULE_DESCRIPTION("KUnit tests of the end of drivers whose DMA is ioflush's");
MODULE_LICENSE("GPL");
