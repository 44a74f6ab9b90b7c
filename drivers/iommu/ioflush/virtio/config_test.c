// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of what is made of a virtio-iommu's configuration
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "virtio.h"

/* What QEMU says, Virtio 1.2, section 5.13.4 */
static const struct vtiommu_config qemu = {
	.pgsizes = ~(u64)(SZ_4K - 1),
	.last = U64_MAX,
	.last_domain = U32_MAX,
	.probe_bytes = 512,
};

static struct vtiommu_unit *unit_new(struct kunit *test)
{
	struct vtiommu_unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, unit);
	return unit;
}

static void config_whole(struct kunit *test)
{
	struct vtiommu_unit *unit = unit_new(test);
	struct vtiommu_config config = qemu;

	KUNIT_EXPECT_STREQ(test, vtiommu_config_decode(unit, &config) ?: "", "");
	KUNIT_EXPECT_EQ(test, unit->pgsize_bitmap, ~(u64)(SZ_4K - 1));
	KUNIT_EXPECT_EQ(test, unit->first, 0);
	KUNIT_EXPECT_EQ(test, unit->last, U64_MAX);
	KUNIT_EXPECT_EQ(test, unit->probe_bytes, 512);
	KUNIT_EXPECT_EQ(test, unit->domains, VTIOMMU_DOMAINS_MAX);

	config.first_domain = 7;
	config.last_domain = 9;
	KUNIT_EXPECT_NULL(test, vtiommu_config_decode(unit, &config));
	KUNIT_EXPECT_EQ(test, unit->queue.first_domain, 7);
	KUNIT_EXPECT_EQ(test, unit->domains, 3);
	config.last_domain = 6;
	KUNIT_EXPECT_NOT_NULL(test, vtiommu_config_decode(unit, &config));
}

static void config_pages(struct kunit *test)
{
	struct vtiommu_unit *unit = unit_new(test);
	struct vtiommu_config config = qemu;

	config.pgsizes = SZ_1K | PAGE_SIZE | SZ_1G;
	KUNIT_EXPECT_NULL(test, vtiommu_config_decode(unit, &config));
	KUNIT_EXPECT_EQ(test, unit->pgsize_bitmap, PAGE_SIZE | SZ_1G);
	config.pgsizes = SZ_1K;
	KUNIT_EXPECT_NOT_NULL(test, vtiommu_config_decode(unit, &config));
	config.pgsizes = PAGE_SIZE * 2;
	KUNIT_EXPECT_NOT_NULL(test, vtiommu_config_decode(unit, &config));
}

/* Without an address for a page there is nothing to translate. */
static void config_addresses(struct kunit *test)
{
	static const struct {
		u64 first;
		u64 last;
		bool good;
	} ranges[] = {
		{ 0, 2 * PAGE_SIZE - 1, true },
		{ 3 * PAGE_SIZE, 4 * PAGE_SIZE - 1, true },
		{ PAGE_SIZE, U64_MAX, true },
		{ BIT_ULL(48) - PAGE_SIZE, U64_MAX, true },
		{ 0, 0, false },
		{ 0, PAGE_SIZE - 1, false },
		{ 0, 2 * PAGE_SIZE - 2, false },
		{ 3 * PAGE_SIZE + 1, 5 * PAGE_SIZE - 2, false },
		{ 4 * PAGE_SIZE, 3 * PAGE_SIZE, false },
		{ BIT_ULL(48), U64_MAX, false },
		{ U64_MAX, U64_MAX, false },
		{ U64_MAX, 0, false },
	};
	struct vtiommu_unit *unit = unit_new(test);
	struct vtiommu_config config = qemu;

	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
		config.first = ranges[i].first;
		config.last = ranges[i].last;
		KUNIT_EXPECT_EQ_MSG(test, !vtiommu_config_decode(unit, &config),
				    ranges[i].good, "%#llx to %#llx",
				    config.first, config.last);
	}
}

/* There is a record for all that is accepted, also where few addresses are. */
static void config_record(struct kunit *test)
{
	static const u64 lasts[] = {
		2 * PAGE_SIZE - 1, SZ_2M - 1, SZ_1G - 1, U32_MAX, BIT_ULL(39) - 1,
		BIT_ULL(48) - 1, U64_MAX,
	};
	struct vtiommu_unit *unit = unit_new(test);
	struct vtiommu_config config = qemu;

	for (unsigned int i = 0; i < ARRAY_SIZE(lasts); i++) {
		struct iopgt *pgt = kunit_kzalloc(test, sizeof(*pgt), GFP_KERNEL);
		struct iopgt_cfg cfg;
		int ret;

		KUNIT_ASSERT_NOT_NULL(test, pgt);
		config.last = lasts[i];
		KUNIT_ASSERT_NULL(test, vtiommu_config_decode(unit, &config));
		vtiommu_record_cfg(unit, &cfg);
		ret = iopgt_init(pgt, &iopgt_arm_s2_ops, &cfg);
		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%#llx", lasts[i]);
		if (!ret)
			iopgt_destroy(pgt);
	}
}

/* The answer to a PROBE is in one piece of memory, of which there is not any size. */
static void config_probe(struct kunit *test)
{
	struct vtiommu_unit *unit = unit_new(test);
	struct vtiommu_config config = qemu;

	config.probe_bytes = SZ_64K;
	KUNIT_EXPECT_NULL(test, vtiommu_config_decode(unit, &config));
	config.probe_bytes = SZ_64K + 1;
	KUNIT_EXPECT_NOT_NULL(test, vtiommu_config_decode(unit, &config));
	config.probe_bytes = U32_MAX;
	KUNIT_EXPECT_NOT_NULL(test, vtiommu_config_decode(unit, &config));
}

static struct kunit_case vtiommu_config_cases[] = {
	KUNIT_CASE(config_whole),
	KUNIT_CASE(config_pages),
	KUNIT_CASE(config_addresses),
	KUNIT_CASE(config_record),
	KUNIT_CASE(config_probe),
	{}
};

static struct kunit_suite vtiommu_config_suite = {
	.name = "ioflush_virtio_config",
	.test_cases = vtiommu_config_cases,
};

kunit_test_suite(vtiommu_config_suite);
