// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what a virtio-iommu has to say of endpoints
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/sizes.h>

#include "virtio.h"

#define PROPS_BYTES	256

/**
 * struct props - properties as a device writes them
 * @bytes: so many are written
 * @buf: the room there is
 */
struct props {
	size_t bytes;
	u8 buf[PROPS_BYTES];
};

static void props_resv(struct props *p, u16 type, u8 subtype, u64 start, u64 end)
{
	struct virtio_iommu_probe_resv_mem mem = {
		.head.type = cpu_to_le16(type),
		.head.length = cpu_to_le16(sizeof(mem) - sizeof(mem.head)),
		.subtype = subtype,
		.start = cpu_to_le64(start),
		.end = cpu_to_le64(end),
	};

	memcpy(p->buf + p->bytes, &mem, sizeof(mem));
	p->bytes += sizeof(mem);
}

static unsigned int props_count(struct kunit *test, const struct props *p,
				size_t bytes, struct list_head *resv)
{
	struct device *dev = kunit_device_register(test, "endpoint");

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	INIT_LIST_HEAD(resv);
	KUNIT_EXPECT_EQ(test, 0, vtiommu_parse_properties(dev, p->buf, bytes, resv));
	kunit_device_unregister(test, dev);
	return list_count_nodes(resv);
}

static void resv_free(struct list_head *resv)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, resv, list)
		kfree(region);
}

/* Virtio 1.2, section 5.13.6.7 */
static void resv_regions(struct kunit *test)
{
	struct props *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct iommu_resv_region *region;
	LIST_HEAD(resv);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, 0, props_count(test, p, PROPS_BYTES, &resv));
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM,
		   VIRTIO_IOMMU_RESV_MEM_T_MSI, 0xfee00000, 0xfeefffff);
	props_resv(p, 0x77, 0, 1, 2);
	/* The other way round, all there is, and one that is of no known kind. */
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM, 0, 2, 1);
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM, 0, 0, U64_MAX);
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM, 9, 0x1000, 0x1fff);
	KUNIT_ASSERT_EQ(test, 2, props_count(test, p, PROPS_BYTES, &resv));

	region = list_first_entry(&resv, struct iommu_resv_region, list);
	KUNIT_EXPECT_EQ(test, region->start, 0xfee00000);
	KUNIT_EXPECT_EQ(test, region->length, 0x100000);
	KUNIT_EXPECT_EQ(test, region->type, IOMMU_RESV_MSI);
	region = list_next_entry(region, list);
	KUNIT_EXPECT_EQ(test, region->start, 0x1000);
	KUNIT_EXPECT_EQ(test, region->length, 0x1000);
	KUNIT_EXPECT_EQ(test, region->type, IOMMU_RESV_RESERVED);
	resv_free(&resv);
}

/*
 * A place for messages is small: the core remembers each page of it. And a property may
 * begin anywhere.
 */
static void resv_odd(struct kunit *test)
{
	struct props *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct iommu_resv_region *region;
	LIST_HEAD(resv);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->buf[0] = 0x77;
	p->buf[2] = 3;
	p->bytes = 7;
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM,
		   VIRTIO_IOMMU_RESV_MEM_T_MSI, 0x1000, 0x1000ffe);
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM,
		   VIRTIO_IOMMU_RESV_MEM_T_MSI, 0x1000, 0x1000fff);
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM,
		   VIRTIO_IOMMU_RESV_MEM_T_MSI, 0, U64_MAX - 1);
	KUNIT_ASSERT_EQ(test, 3, props_count(test, p, PROPS_BYTES, &resv));

	region = list_first_entry(&resv, struct iommu_resv_region, list);
	KUNIT_EXPECT_EQ(test, region->start, 0x1000);
	KUNIT_EXPECT_EQ(test, region->length, SZ_16M - 1);
	KUNIT_EXPECT_EQ(test, region->type, IOMMU_RESV_MSI);
	region = list_next_entry(region, list);
	KUNIT_EXPECT_EQ(test, region->type, IOMMU_RESV_MSI);
	region = list_next_entry(region, list);
	KUNIT_EXPECT_EQ(test, region->length, U64_MAX);
	KUNIT_EXPECT_EQ(test, region->type, IOMMU_RESV_RESERVED);
	resv_free(&resv);
}

/* A property that is longer than the room, or has none for its head, ends the list. */
static void resv_too_long(struct kunit *test)
{
	struct props *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	LIST_HEAD(resv);

	KUNIT_ASSERT_NOT_NULL(test, p);
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM, 0, 0, 0xfff);
	props_resv(p, VIRTIO_IOMMU_PROBE_T_RESV_MEM, 0, 0x1000, 0x1fff);
	for (size_t bytes = 0; bytes <= p->bytes; bytes++) {
		KUNIT_EXPECT_EQ(test, bytes * 2 / p->bytes,
				props_count(test, p, bytes, &resv));
		resv_free(&resv);
	}
}

static void event_text(struct kunit *test)
{
	const struct virtio_iommu_fault fault = {
		.reason = VIRTIO_IOMMU_FAULT_R_MAPPING,
		.flags = cpu_to_le32(VIRTIO_IOMMU_FAULT_F_WRITE |
				     VIRTIO_IOMMU_FAULT_F_ADDRESS),
		.endpoint = cpu_to_le32(0x18),
		.address = cpu_to_le64(0x40400000),
	};
	const struct virtio_iommu_fault bare = {
		.reason = VIRTIO_IOMMU_FAULT_R_DOMAIN,
		.endpoint = cpu_to_le32(0x20),
	};
	char text[160];

	vtiommu_event_text(text, sizeof(text), &fault, "0000:00:03.0");
	KUNIT_EXPECT_STREQ(test, text,
			   "write at 0x40400000 by 0000:00:03.0 (endpoint 0x18) blocked: not mapped for this kind of access (fault 2)");
	vtiommu_event_text(text, sizeof(text), &bare, NULL);
	KUNIT_EXPECT_STREQ(test, text,
			   "request by an unknown device (endpoint 0x20) blocked: attached to no domain (fault 1)");
}

/* precision: the core has no flush queue of its own, also where nobody is taken over */
static void no_core_queue(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "ioflush-virtio-other");

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_EXPECT_TRUE(test, vtiommu_ops.capable(dev, IOMMU_CAP_CACHE_COHERENCY));
	KUNIT_EXPECT_FALSE(test, vtiommu_ops.capable(dev, IOMMU_CAP_DEFERRED_FLUSH));
}

static struct kunit_case vtiommu_resv_cases[] = {
	KUNIT_CASE(resv_regions),
	KUNIT_CASE(resv_odd),
	KUNIT_CASE(resv_too_long),
	KUNIT_CASE(event_text),
	KUNIT_CASE(no_core_queue),
	{}
};

static struct kunit_suite vtiommu_resv_suite = {
	.name = "ioflush_virtio_resv",
	.test_cases = vtiommu_resv_cases,
};

kunit_test_suite(vtiommu_resv_suite);
