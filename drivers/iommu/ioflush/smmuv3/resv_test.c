// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of where MSI doorbells are mapped
 */
#include <kunit/test.h>
#include <linux/dma-direct.h>
#include <linux/iommu.h>
#include <linux/resource_ext.h>
#include <linux/sizes.h>

#include "resv.h"

#define USUAL	0x8000000ULL
#define SPANS	4

/**
 * struct span - a range of bus addresses
 * @first: first byte
 * @bytes: how many; 0 for no range
 * @offset: of a bridge: what CPUs add to it
 */
struct span {
	u64 first;
	u64 bytes;
	u64 offset;
};

struct resv_case {
	const char *name;
	struct span inbound[SPANS];
	struct span windows[SPANS];
	struct span regions[SPANS];
	u64 first;
};

#define VIRT_WINDOWS	{ { 0x10000000, 0x2eff0000 }, { 0x8000000000, 0x8000000000 } }

static const struct resv_case resv_cases[] = {
	{ "nothing is said", .first = USUAL },
	{ "virt", .windows = VIRT_WINDOWS, .first = USUAL },
	{ "all comes in", .inbound = { { 0, BIT(48) } }, .first = USUAL },
	{ "only memory comes in", .inbound = { { SZ_1G, SZ_1G } },
	  .windows = VIRT_WINDOWS, .first = SZ_1G },
	{ "it ends in the usual place", .inbound = { { 0, USUAL + SZ_1K } },
	  .first = SZ_1M },
	{ "it begins in the usual place",
	  .inbound = { { USUAL + SZ_64K, SZ_4M } }, .first = USUAL + SZ_1M },
	{ "the lowest of two, whatever their order",
	  .inbound = { { SZ_2G, SZ_1G }, { SZ_1G, SZ_1G } }, .first = SZ_1G },
	{ "usual, though there is a lower one",
	  .inbound = { { SZ_1M, SZ_2M }, { USUAL, SZ_1G } }, .first = USUAL },
	{ "CPUs see it elsewhere",
	  .inbound = { { SZ_512M, SZ_1G, SZ_2G } }, .first = SZ_512M },
	{ "a range too small for it",
	  .inbound = { { SZ_1G, SZ_512K }, { SZ_2G, SZ_2M } }, .first = SZ_2G },
	{ "not on a boundary", .inbound = { { SZ_1G + 1, SZ_2M } },
	  .first = SZ_1G + SZ_1M },
	{ "a window in the usual place",
	  .windows = { { USUAL + SZ_64K, SZ_4M } }, .first = SZ_1M },
	{ "windows one behind the other, and a region behind them",
	  .inbound = { { SZ_1G, SZ_1G } },
	  .windows = { { SZ_1G + SZ_2M, SZ_2M }, { SZ_1G, SZ_2M } },
	  .regions = { { SZ_1G + SZ_4M, SZ_4K } }, .first = SZ_1G + 5 * SZ_1M },
	{ "a window to the end", .inbound = { { SZ_1G, -SZ_1G } },
	  .windows = { { SZ_1G, -SZ_1G } }, .first = 0 },
	{ "page 0 is nobody's", .inbound = { { 0, SZ_4M } }, .first = SZ_1M },
	{ "at the very end", .inbound = { { -SZ_2M, SZ_2M } },
	  .windows = { { -SZ_1M, SZ_1M } }, .first = -SZ_2M },
};

static void resv_add(struct kunit *test, struct list_head *list,
		     const struct span *spans)
{
	for (unsigned int i = 0; i < SPANS && spans[i].bytes; i++) {
		struct resource_entry *entry =
			kunit_kzalloc(test, sizeof(*entry), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, entry);
		entry->res = &entry->__res;
		entry->offset = spans[i].offset;
		entry->res->flags = IORESOURCE_MEM;
		entry->res->start = spans[i].first + spans[i].offset;
		entry->res->end = entry->res->start + spans[i].bytes - 1;
		list_add_tail(&entry->node, list);
	}
}

static void resv_add_regions(struct kunit *test, struct list_head *list,
			     const struct span *spans)
{
	for (unsigned int i = 0; i < SPANS && spans[i].bytes; i++) {
		struct iommu_resv_region *region =
			kunit_kzalloc(test, sizeof(*region), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, region);
		region->start = spans[i].first;
		region->length = spans[i].bytes;
		list_add_tail(&region->list, list);
	}
}

/* 0 is for where there is none; then it stays in the usual place. */
static void resv_bridge(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(resv_cases); i++) {
		const struct resv_case *c = &resv_cases[i];
		LIST_HEAD(inbound);
		LIST_HEAD(windows);
		LIST_HEAD(regions);
		struct smmu3_resv resv = {
			.inbound = &inbound, .windows = &windows,
			.regions = &regions,
		};

		resv_add(test, &inbound, c->inbound);
		resv_add(test, &windows, c->windows);
		resv_add_regions(test, &regions, c->regions);
		KUNIT_EXPECT_EQ_MSG(test, smmu3_msi_first(&resv),
				    c->first ?: USUAL, "%s", c->name);
	}
}

/* A bus that is not PCI says it in another way. */
static void resv_bus(struct kunit *test)
{
	static const struct bus_dma_region map[] = {
		{ .dma_start = SZ_2G, .size = SZ_1G },
		{ .dma_start = SZ_1G, .size = SZ_16M },
		{}
	};
	LIST_HEAD(regions);
	struct smmu3_resv resv = { .map = map, .regions = &regions };

	KUNIT_EXPECT_EQ(test, smmu3_msi_first(&resv), SZ_1G);
	resv.map = NULL;
	KUNIT_EXPECT_EQ(test, smmu3_msi_first(&resv), USUAL);
}

static struct kunit_case resv_kunit_cases[] = {
	KUNIT_CASE(resv_bridge),
	KUNIT_CASE(resv_bus),
	{}
};

static struct kunit_suite resv_suite = {
	.name = "ioflush_smmu3_resv",
	.test_cases = resv_kunit_cases,
};

kunit_test_suite(resv_suite);

MODULE_DESCRIPTION("KUnit tests of where ioflush's SMMUv3 has MSI doorbells mapped");
MODULE_LICENSE("GPL");
