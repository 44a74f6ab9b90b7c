// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of mapping single buffers
 */
#include <kunit/device.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include "slot.h"
#include "test_util.h"

#define BUF_BYTES	SZ_64K

static void free_buf(void *buf)
{
	free_pages((unsigned long)buf, get_order(BUF_BYTES));
}

static char *new_buf(struct kunit *test)
{
	char *buf = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
					     get_order(BUF_BYTES));

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_buf, buf));
	return buf;
}

static const struct {
	size_t offset;
	size_t size;
} bufs[] = {
	{ 0, SZ_4K },
	{ 0, 1 },
	{ 4095, 1 },
	{ 4095, 2 },
	{ 64, 1500 },
	{ 100, SZ_4K },
	{ 0, SZ_32K },
	{ SZ_4K - 1, SZ_32K + 2 },
	{ SZ_16K, SZ_32K },
	{ 17, SZ_64K - 17 },
};

static void check_buf(struct kunit *test, struct device *dev, char *buf,
		      size_t size, enum dma_data_direction dir)
{
	dma_addr_t iova = dma_map_single(dev, buf, size, dir);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_EQ(test, offset_in_page(buf), offset_in_page(iova));
	dma_test_expect_mapped(test, dev, iova, virt_to_phys(buf), size);
	dma_unmap_single(dev, iova, size, dir);
	dma_test_expect_unmapped(test, dev, iova, iova + size - 1);
}

/* A mapping keeps the offset, translates all of it, and goes away whole. */
static void map_single(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	char *buf = new_buf(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(bufs); i++) {
		check_buf(test, dev, buf + bufs[i].offset, bufs[i].size,
			  DMA_TO_DEVICE);
		check_buf(test, dev, buf + bufs[i].offset, bufs[i].size,
			  DMA_BIDIRECTIONAL);
	}
}

/* Devices that need care map the same where they do not need it. */
static void map_careful(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	char *buf = new_buf(test);

	set_dma_ops(dev, &iodma_careful_ops);
	for (unsigned int i = 0; i < ARRAY_SIZE(bufs); i++)
		check_buf(test, dev, buf + bufs[i].offset, bufs[i].size,
			  DMA_FROM_DEVICE);
	set_dma_ops(dev, &iodma_ops);
}

/* A map of no bytes succeeds, maps nothing, and unmapping it does nothing. */
static void check_nothing(struct kunit *test, struct device *dev, char *buf)
{
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t iova;

	dma_test_watch_maps(dom);
	for (unsigned int i = 0; i < 2; i++) {
		iova = dma_map_single(dev, buf + i * 8, 0, DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, iova));
		dma_test_expect_unmapped(test, dev, iova, iova);
		dma_sync_single_for_cpu(dev, iova, 0, DMA_BIDIRECTIONAL);
		dma_sync_single_for_device(dev, iova, 0, DMA_BIDIRECTIONAL);
		dma_unmap_single(dev, iova, 0, DMA_BIDIRECTIONAL);
	}
	iova = dma_map_resource(dev, SZ_1G, 0, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, iova));
	dma_unmap_resource(dev, iova, 0, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, 0, dma_test_iommu.map_calls);
}

static void map_nothing(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	char *buf = new_buf(test);

	check_nothing(test, dev, buf);
	set_dma_ops(dev, &iodma_careful_ops);
	dma_test_set_coherent(dev, false);
	check_nothing(test, dev, buf);
	dma_test_set_coherent(dev, true);
	set_dma_ops(dev, &iodma_ops);
	/* What comes after it is not disturbed. */
	check_buf(test, dev, buf, SZ_4K, DMA_TO_DEVICE);
}

static void map_prot(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, IOMMU_READ | IOMMU_CACHE,
			iodma_prot(DMA_TO_DEVICE, true, 0));
	KUNIT_EXPECT_EQ(test, IOMMU_WRITE, iodma_prot(DMA_FROM_DEVICE, false, 0));
	KUNIT_EXPECT_EQ(test, IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE,
			iodma_prot(DMA_BIDIRECTIONAL, true, 0));
	KUNIT_EXPECT_EQ(test, IOMMU_READ | IOMMU_PRIV,
			iodma_prot(DMA_TO_DEVICE, false, DMA_ATTR_PRIVILEGED));
}

/* No address is past what mask and bus allow. */
static void map_limits(struct kunit *test)
{
	static const u64 limits[] = {
		DMA_BIT_MASK(24), DMA_BIT_MASK(31), DMA_BIT_MASK(32),
		DMA_BIT_MASK(40), DMA_BIT_MASK(64),
	};
	struct device *dev = dma_test_bound(test);
	char *buf = new_buf(test);
	dma_addr_t iova;

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(limits); i++) {
		u64 limit = limits[i / 2];

		KUNIT_ASSERT_EQ(test, 0,
				dma_set_mask(dev, i % 2 ? limit :
						  DMA_BIT_MASK(64)));
		dev->bus_dma_limit = i % 2 ? 0 : limit;
		iova = dma_map_single(dev, buf, BUF_BYTES, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
		KUNIT_EXPECT_LE(test, iova + BUF_BYTES - 1, limit);
		KUNIT_EXPECT_LE(test, iova + BUF_BYTES - 1,
				iodma_domain(dev)->domain.geometry.aperture_end);
		dma_unmap_single(dev, iova, BUF_BYTES, DMA_TO_DEVICE);
	}
	dev->bus_dma_limit = 0;
	KUNIT_EXPECT_EQ(test, -EIO, dma_set_mask(dev, SZ_4K - 1));
	KUNIT_EXPECT_EQ(test, 0, dma_set_mask(dev, SZ_8K - 1));
	KUNIT_EXPECT_EQ(test, DMA_BIT_MASK(32), dma_get_required_mask(dev));
	KUNIT_EXPECT_EQ(test, SIZE_MAX, dma_max_mapping_size(dev));
	KUNIT_EXPECT_EQ(test, SZ_4K - 1, dma_get_merge_boundary(dev));
}

/* Fill all that a mask of 22 bits reaches; returns how many pages that is. */
static unsigned int map_all(struct kunit *test, struct device *dev, char *buf,
			    dma_addr_t *iovas, unsigned int max)
{
	unsigned int n;

	for (n = 0; n < max; n++) {
		iovas[n] = dma_map_single(dev, buf, SZ_4K, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, iovas[n]))
			break;
	}
	return n;
}

static bool overlaps(dma_addr_t iova, u64 first, u64 bytes)
{
	return iova < first + bytes && iova + SZ_4K > first;
}

#define TINY_PAGES	(SZ_4M / SZ_4K)

static dma_addr_t *tiny_space(struct kunit *test, struct device *dev)
{
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, SZ_4M - 1));
	return kunit_kcalloc(test, TINY_PAGES + 1, sizeof(dma_addr_t),
			     GFP_KERNEL);
}

static void expect_clear_of(struct kunit *test, const dma_addr_t *iovas,
			    unsigned int n, u64 first, u64 bytes)
{
	for (unsigned int i = 0; i < n; i++)
		KUNIT_EXPECT_FALSE(test, overlaps(iovas[i], first, bytes));
}

static void unmap_all(struct device *dev, const dma_addr_t *iovas,
		      unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		dma_unmap_single(dev, iovas[i], SZ_4K, DMA_TO_DEVICE);
}

/* What is reserved is not handed out, all else is, and a full space is full. */
static void map_reserved(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t *iovas = tiny_space(test, dev);
	char *buf = new_buf(test);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, iovas);
	n = map_all(test, dev, buf, iovas, TINY_PAGES + 1);
	KUNIT_EXPECT_EQ(test, n, TINY_PAGES - 1 -
		(DMA_TEST_DIRECT_BYTES + DMA_TEST_MSI_BYTES) / SZ_4K);
	expect_clear_of(test, iovas, n, 0, SZ_4K);
	expect_clear_of(test, iovas, n, DMA_TEST_DIRECT_FIRST,
			DMA_TEST_DIRECT_BYTES);
	expect_clear_of(test, iovas, n, DMA_TEST_MSI_FIRST, DMA_TEST_MSI_BYTES);
	unmap_all(dev, iovas, n);
}

/*
 * A device of the group that has no driver yet has memory that firmware reserved for
 * it, and that is mapped: nobody else is given its addresses.
 */
static void map_reserved_beside(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t *iovas = tiny_space(test, dev);
	char *buf = new_buf(test);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, iovas);
	device_release_driver(dev);
	dma_test_iommu.neighbour = dev;
	dma_test_device(test, DMA_TEST_BESIDE);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, SZ_4M - 1));
	n = map_all(test, dev, buf, iovas, TINY_PAGES + 1);
	/* Else the core's mapping there is in the way of one of ours. */
	KUNIT_EXPECT_EQ(test, n, TINY_PAGES - 1 -
		(DMA_TEST_DIRECT_BYTES + DMA_TEST_MSI_BYTES +
		 DMA_TEST_BESIDE_BYTES) / SZ_4K);
	expect_clear_of(test, iovas, n, DMA_TEST_BESIDE_FIRST,
			DMA_TEST_BESIDE_BYTES);
	unmap_all(dev, iovas, n);
}

/* Addresses that wait for a flush are got back when there are no others. */
static void map_space_dry(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t *iovas = tiny_space(test, dev);
	struct iodom *dom = iodma_domain(dev);
	char *buf = new_buf(test);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, iovas);
	dom->flush.lone = 0;
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
	iodma_take_over(dev);
	n = map_all(test, dev, buf, iovas, TINY_PAGES + 1);
	/* Fewer than bring a ring to its high-water mark. */
	for (unsigned int i = n - 8; i < n; i++)
		dma_unmap_single(dev, iovas[i], SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, 8, map_all(test, dev, buf, iovas + n - 8, 9));
	unmap_all(dev, iovas, n);
}

/* unwind: a page table without memory leaves no address behind */
static void map_fails(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	dma_addr_t *iovas = tiny_space(test, dev);
	struct iodom *dom = iodma_domain(dev);
	char *buf = new_buf(test);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, iovas);
	for (unsigned int i = 0; i < TINY_PAGES; i++) {
		dma_addr_t iova;

		dma_test_iommu.fail_at = 1;
		dma_test_watch_maps(dom);
		iova = dma_map_single(dev, buf, SZ_4K, DMA_TO_DEVICE);
		KUNIT_ASSERT_TRUE(test, dma_mapping_error(dev, iova));
	}
	dma_test_iommu.fail_at = 0;
	n = map_all(test, dev, buf, iovas, TINY_PAGES + 1);
	KUNIT_EXPECT_EQ(test, n, TINY_PAGES - 1 -
		(DMA_TEST_DIRECT_BYTES + DMA_TEST_MSI_BYTES) / SZ_4K);
	while (n--)
		dma_unmap_single(dev, iovas[n], SZ_4K, DMA_TO_DEVICE);
}

/* Memory of a device has no struct page. */
static void map_resource(struct kunit *test)
{
	const phys_addr_t phys = 0xfd00000400ULL;
	struct device *dev = dma_test_bound(test);
	dma_addr_t iova;

	iova = dma_map_resource(dev, phys, SZ_16K, DMA_BIDIRECTIONAL, 0);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	dma_test_expect_mapped(test, dev, iova, phys, SZ_16K);
	dma_unmap_resource(dev, iova, SZ_16K, DMA_BIDIRECTIONAL, 0);
	dma_test_expect_unmapped(test, dev, iova, iova + SZ_16K - 1);
}

/* Of what may be unmapped in parts nothing is mapped, and nothing is taken for it. */
static void map_resource_long(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	struct iodom *dom = iodma_domain(dev);
	unsigned long out = dma_test_ranges_out(dom);
	dma_addr_t iova;

	if (IODMA_RESOURCE_MAX == SIZE_MAX) {
		kunit_skip(test, "all is unmapped as a whole");
		return;
	}
	iova = ioflush_op_map_resource(&iodma_ops, dev, SZ_8G, SZ_8G,
				       DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR, iova);
	KUNIT_EXPECT_EQ(test, out, dma_test_ranges_out(dom));
}

/* A PCI device that was plugged in from outside, in the group of @dev. */
static struct device *new_untrusted(struct kunit *test, struct device *dev)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	if (!IS_ENABLED(CONFIG_SWIOTLB) || swiotlb_init_late(SZ_4M, GFP_KERNEL,
							     NULL))
		kunit_skip(test, "no bounce buffers");
	pdev->untrusted = true;
	pdev->dma_mask = DMA_BIT_MASK(64);
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.dma_mask = &pdev->dma_mask;
	pdev->dev.coherent_dma_mask = DMA_BIT_MASK(64);
	pdev->dev.iommu_group = dev->iommu_group;
	dma_test_set_coherent(&pdev->dev, true);
	swiotlb_dev_init(&pdev->dev);
	if (!is_swiotlb_active(&pdev->dev))
		kunit_skip(test, "bounce buffers are disabled");
	set_dma_ops(&pdev->dev, &iodma_careful_ops);
	return &pdev->dev;
}

static char *seen_at(struct device *dev, dma_addr_t iova)
{
	return phys_to_virt(iopgt_iova_to_phys(&iodma_domain(dev)->pgt, iova));
}

/* Leave all bounce buffers full of what was once in @buf. */
static void use_up_bounces(struct kunit *test, struct device *dev, char *buf)
{
	dma_addr_t iovas[80];
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(iovas); n++) {
		iovas[n] = dma_map_single_attrs(dev, buf + 1, BUF_BYTES - 1,
						DMA_TO_DEVICE,
						DMA_ATTR_NO_WARN);
		if (dma_mapping_error(dev, iovas[n]))
			break;
	}
	KUNIT_EXPECT_GT(test, n, 0);
	while (n--)
		dma_unmap_single(dev, iovas[n], BUF_BYTES - 1, DMA_TO_DEVICE);
}

/* An untrusted device sees its buffer and nothing else. */
static void bounce_to_device(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	char *buf = new_buf(test), *seen;
	dma_addr_t iova;

	memset(buf, 0x5a, BUF_BYTES);
	use_up_bounces(test, dev, buf);
	memset(buf + 300, 0xa5, 4000);
	iova = dma_map_single(dev, buf + 300, 4000, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	for (dma_addr_t a = iova & PAGE_MASK; a < PAGE_ALIGN(iova + 4000); a++) {
		char want = a >= iova && a < iova + 4000 ? 0xa5 : 0;

		seen = seen_at(dev, a);
		KUNIT_ASSERT_EQ(test, want, *seen);
		KUNIT_ASSERT_FALSE(test, seen >= buf && seen < buf + BUF_BYTES);
	}
	dma_unmap_single(dev, iova, 4000, DMA_TO_DEVICE);
	dma_test_expect_unmapped(test, dev, iova, iova + 4000 - 1);
}

/* What it writes arrives when it is asked for, and when it is unmapped. */
static void bounce_from_device(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	char *buf = new_buf(test);
	dma_addr_t iova;

	iova = dma_map_single(dev, buf + 4000, 200, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	memset(seen_at(dev, iova), 1, 200);
	KUNIT_EXPECT_EQ(test, 0, buf[4000]);
	dma_sync_single_for_cpu(dev, iova, 200, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 1, buf[4000]);
	KUNIT_EXPECT_EQ(test, 1, buf[4199]);

	memset(seen_at(dev, iova), 2, 200);
	dma_unmap_single(dev, iova, 200, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, buf[3999]);
	KUNIT_EXPECT_EQ(test, 2, buf[4000]);
	KUNIT_EXPECT_EQ(test, 2, buf[4199]);
	KUNIT_EXPECT_EQ(test, 0, buf[4200]);

	/* Whole pages are its own. */
	check_buf(test, dev, buf + SZ_4K, SZ_8K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_LT(test, dma_max_mapping_size(dev), SZ_1M);
}

/* A list with one partial page is mapped entry by entry. */
static void bounce_sg(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	char *buf = new_buf(test);
	struct scatterlist sgl[3], *s;
	dma_addr_t at[3];
	int i;

	sg_init_table(sgl, 3);
	sg_set_buf(&sgl[0], buf, SZ_4K);
	sg_set_buf(&sgl[1], buf + SZ_4K + 8, 100);
	sg_set_buf(&sgl[2], buf + SZ_16K, SZ_8K);
	KUNIT_ASSERT_EQ(test, 3, dma_map_sg(dev, sgl, 3, DMA_BIDIRECTIONAL));
	for_each_sg(sgl, s, 3, i) {
		at[i] = sg_dma_address(s);
		KUNIT_EXPECT_EQ(test, s->length, sg_dma_len(s));
		memset(seen_at(dev, at[i]), i + 1, s->length);
	}
	dma_sync_sg_for_cpu(dev, sgl, 3, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, 2, buf[SZ_4K + 8]);
	buf[SZ_4K + 9] = 7;
	dma_sync_sg_for_device(dev, sgl, 3, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, 7, *seen_at(dev, at[1] + 1));
	dma_unmap_sg(dev, sgl, 3, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, 1, buf[0]);
	KUNIT_EXPECT_EQ(test, 0, buf[SZ_4K + 7]);
	KUNIT_EXPECT_EQ(test, 3, buf[SZ_16K]);
	for (i = 0; i < 3; i++)
		dma_test_expect_unmapped(test, dev, at[i], at[i]);

	/* The same list without the partial page is one range again. */
	sg_set_buf(&sgl[1], buf + SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 1, dma_map_sg(dev, sgl, 3, DMA_BIDIRECTIONAL));
	dma_unmap_sg(dev, sgl, 3, DMA_BIDIRECTIONAL);
}

/* Entries without a length have no bounce buffer, wherever they stand. */
static void bounce_sg_empty(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	char *buf = new_buf(test);
	struct scatterlist sgl[4];
	dma_addr_t at[2];

	sg_init_table(sgl, 4);
	sg_set_buf(&sgl[0], buf + 8, 0);
	sg_set_buf(&sgl[1], buf + SZ_4K + 8, 100);
	sg_set_buf(&sgl[2], buf + SZ_8K + 8, 0);
	sg_set_buf(&sgl[3], buf + SZ_16K + 8, 200);
	KUNIT_ASSERT_EQ(test, 2, dma_map_sg(dev, sgl, 4, DMA_FROM_DEVICE));
	for (unsigned int i = 0; i < 2; i++) {
		at[i] = sg_dma_address(&sgl[i]);
		KUNIT_EXPECT_EQ(test, 100 + 100 * i, sg_dma_len(&sgl[i]));
		memset(seen_at(dev, at[i]), 1 + i, sg_dma_len(&sgl[i]));
	}
	dma_sync_sg_for_cpu(dev, sgl, 4, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 2, buf[SZ_16K + 8 + 199]);
	dma_sync_sg_for_device(dev, sgl, 4, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, sgl, 4, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, buf[8]);
	KUNIT_EXPECT_EQ(test, 1, buf[SZ_4K + 8]);
	for (unsigned int i = 0; i < 2; i++)
		dma_test_expect_unmapped(test, dev, at[i], at[i]);

	/* Nothing but empty ones: there is nothing to bounce. */
	sg_set_buf(&sgl[0], buf + 8, 0);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev, sgl, 1, DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, 0, sg_dma_len(&sgl[0]));
	dma_unmap_sg(dev, sgl, 1, DMA_TO_DEVICE);
	check_nothing(test, dev, buf);
}

/* A child of an untrusted device is bounced as its parent is, and strict. */
static void bounce_child(struct kunit *test)
{
	struct device *parent = new_untrusted(test, dma_test_bound(test));
	struct device *dev = kunit_device_register(test, "ioflush-dma-child");
	struct iodom *dom = iodma_domain(parent);
	char *buf = new_buf(test);
	struct device *own;
	dma_addr_t iova;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	own = dev->parent;
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	dma_test_set_coherent(dev, true);
	dev->parent = parent;
	set_dma_ops(dev, &iodma_careful_ops);
	dma_test_any_timer(test, dom);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);

	iova = dma_map_single(dev, buf + 8, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_PTR_NE(test, buf + 8, seen_at(parent, iova));
	dma_unmap_single(dev, iova, 100, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0,
			ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED));
	dev->parent = own;
}

/* Only what was asked for is copied: with the attribute nothing is. */
static void bounce_skip_sync(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	char *buf = new_buf(test);
	dma_addr_t iova;

	iova = dma_map_single_attrs(dev, buf + 8, 100, DMA_FROM_DEVICE,
				    DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	memset(seen_at(dev, iova), 1, 100);
	dma_unmap_single_attrs(dev, iova, 100, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_EXPECT_EQ(test, 0, buf[8]);
}

/* Who wants to share the memory itself does not get a copy of it, but an error. */
static void bounce_not_asked(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	char *buf = new_buf(test);
	struct scatterlist sg;
	struct sg_table sgt = { .sgl = &sg, .nents = 1, .orig_nents = 1 };
	dma_addr_t iova;

	if (!IODMA_ATTR_NO_COPY) {
		kunit_skip(test, "no driver can ask for that");
		return;
	}
	iova = dma_map_single_attrs(dev, buf + 8, 100, DMA_FROM_DEVICE,
				    IODMA_ATTR_NO_COPY);
	KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, iova));
	sg_init_one(&sg, buf + 8, 100);
	KUNIT_EXPECT_EQ(test, -EIO, dma_map_sgtable(dev, &sgt, DMA_FROM_DEVICE,
						    IODMA_ATTR_NO_COPY));
	/* Of whole pages it sees no more than it should. */
	iova = dma_map_single_attrs(dev, buf, PAGE_SIZE, DMA_FROM_DEVICE,
				    IODMA_ATTR_NO_COPY);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_PTR_EQ(test, buf, seen_at(dev, iova));
	dma_unmap_single_attrs(dev, iova, PAGE_SIZE, DMA_FROM_DEVICE,
			       IODMA_ATTR_NO_COPY);
}

/* Memory of another device is not to be read by the CPU: it is refused. */
static void bounce_foreign(struct kunit *test)
{
	struct device *bound = dma_test_bound(test);
	struct device *dev = new_untrusted(test, bound);
	struct scatterlist sg;
	struct sg_table sgt = { .sgl = &sg, .nents = 1, .orig_nents = 1 };
	struct page *foreign;

	if (!IS_ENABLED(CONFIG_PCI_P2PDMA)) {
		kunit_skip(test, "needs CONFIG_PCI_P2PDMA");
		return;
	}
	foreign = dma_test_foreign_page(test, bound);
	sg_init_table(&sg, 1);
	for (unsigned int i = 0; i < 2; i++) {
		sg_set_page(&sg, foreign, i ? PAGE_SIZE : 100, 0);
		KUNIT_EXPECT_EQ(test, -EREMOTEIO,
				dma_map_sgtable(dev, &sgt, DMA_TO_DEVICE, 0));
		KUNIT_EXPECT_EQ(test, 0, sg_dma_len(&sg));
	}
}

/* Where there is no bounce buffer a small one is copied, to read and to write. */
static void bounce_without_buffers(struct kunit *test)
{
	struct device *dev = new_untrusted(test, dma_test_bound(test));
	struct ioslot_pool *pool = iodma_domain(dev)->slots;
	char *buf = new_buf(test);
	dma_addr_t iova;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	dev->dma_io_tlb_mem = NULL;
	memset(buf, 0xa5, BUF_BYTES);
	for (int dir = DMA_BIDIRECTIONAL; dir <= DMA_FROM_DEVICE; dir++) {
		iova = dma_map_single(dev, buf + 300, 1000, dir);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
		KUNIT_ASSERT_TRUE(test, ioslot_holds(pool, iova));
		for (dma_addr_t a = iova & PAGE_MASK;
		     a < PAGE_ALIGN(iova + 1000); a++)
			KUNIT_ASSERT_EQ(test, a >= iova && a < iova + 1000 ?
					      0xa5 : 0, *seen_at(dev, a));
		memset(seen_at(dev, iova), 1, 1000);
		dma_sync_single_for_cpu(dev, iova, 1, dir);
		KUNIT_EXPECT_EQ(test, dir == DMA_TO_DEVICE ? 0xa5 : 1, buf[300]);
		dma_unmap_single(dev, iova, 1000, dir);
		KUNIT_EXPECT_EQ(test, dir == DMA_TO_DEVICE ? 0xa5 : 1,
				buf[1299]);
		KUNIT_EXPECT_EQ(test, 0xa5, buf[1300]);
		memset(buf, 0xa5, BUF_BYTES);
	}
	/* What is longer than a slot cannot be mapped, as before. */
	iova = dma_map_single(dev, buf + 300, 5000, DMA_TO_DEVICE);
	KUNIT_EXPECT_TRUE(test, dma_mapping_error(dev, iova));
}

/* Memory that shares a cache line is bounced for a device that snoops none. */
static void bounce_kmalloc(struct kunit *test)
{
	struct device *dev = dma_test_bound(test);
	char *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	dma_addr_t iova;

	if (!IS_ENABLED(CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC) ||
	    !IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) ||
	    dma_get_cache_alignment() <= 8)
		kunit_skip(test, "all of kmalloc() is safe for DMA");
	if (swiotlb_init_late(SZ_4M, GFP_KERNEL, NULL) ||
	    !is_swiotlb_active(dev))
		kunit_skip(test, "no bounce buffers");
	KUNIT_ASSERT_NOT_NULL(test, buf);
	dma_test_set_coherent(dev, false);
	set_dma_ops(dev, &iodma_careful_ops);
	iova = dma_map_single(dev, buf, 8, DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, iova));
	KUNIT_EXPECT_PTR_NE(test, buf, seen_at(dev, iova));
	dma_unmap_single(dev, iova, 8, DMA_FROM_DEVICE);
	dma_test_set_coherent(dev, true);
	set_dma_ops(dev, &iodma_ops);
}

/* strict: an untrusted device's unmaps are, in a lazy group as well */
static void bounce_strict(struct kunit *test)
{
	struct device *group = dma_test_bound(test);
	struct device *dev = new_untrusted(test, group);
	struct iodom *dom = iodma_domain(dev);
	char *buf = new_buf(test);

	dma_test_any_timer(test, dom);
	WRITE_ONCE(dom->domain.type, IOMMU_DOMAIN_DMA_FQ);
	iodma_take_over(group);
	check_buf(test, dev, buf, SZ_4K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0,
			ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED));
	check_buf(test, group, buf, SZ_4K, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 1,
			ioflush_count(&dom->flush, IOFLUSH_N_DEFERRED));
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(map_single),
	KUNIT_CASE(map_careful),
	KUNIT_CASE(map_nothing),
	KUNIT_CASE(map_prot),
	KUNIT_CASE(map_limits),
	KUNIT_CASE(map_reserved),
	KUNIT_CASE(map_reserved_beside),
	KUNIT_CASE(map_space_dry),
	KUNIT_CASE(map_fails),
	KUNIT_CASE(map_resource),
	KUNIT_CASE(map_resource_long),
	KUNIT_CASE(bounce_to_device),
	KUNIT_CASE(bounce_from_device),
	KUNIT_CASE(bounce_sg),
	KUNIT_CASE(bounce_sg_empty),
	KUNIT_CASE(bounce_child),
	KUNIT_CASE(bounce_skip_sync),
	KUNIT_CASE(bounce_not_asked),
	KUNIT_CASE(bounce_foreign),
	KUNIT_CASE(bounce_without_buffers),
	KUNIT_CASE(bounce_kmalloc),
	KUNIT_CASE(bounce_strict),
	{}
};

static struct kunit_suite map_suite = {
	.name = "ioflush_dma_map",
	.init = dma_test_init,
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's mappings of single buffers");
MODULE_LICENSE("GPL");
