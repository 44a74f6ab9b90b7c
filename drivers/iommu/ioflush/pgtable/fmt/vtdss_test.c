// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for the VT-d second-stage format
 *
 * Entries are compared bit by bit with values worked out by hand from section
 * 9.8 of the VT-d specification.
 */
#include "leaf_case.h"

#define RO	IOMMU_READ
#define RW	IOPGT_RW
#define SNOOP	IOMMU_CACHE

static const struct iopgt_leaf_case vtdss_cases[] = {
	{ "SS-PTE, R and W, 3 levels (9.8, bits 0, 1)", 39,
	  false, false, 0x1000, 0x12345000, SZ_4K, RW, 0,
	  { 0, 0, 1 }, 3, 0, 0x0000000012345003 },
	{ "SS-PTE, R only", 39,
	  false, false, 0x7ffffff000, 0x1000, SZ_4K, RO, 0,
	  { 511, 511, 511 }, 3, 0, 0x0000000000001001 },
	{ "SS-PTE, W only", 48,
	  false, false, 0x8040201000, 0x2000, SZ_4K, IOMMU_WRITE, 0,
	  { 1, 1, 1, 1 }, 4, 0, 0x0000000000002002 },
	{ "SS-PTE, SNP (bit 11)", 48,
	  true, false, 0xffffffe00000, 0xabcdef000, SZ_4K, RW | SNOOP, 0,
	  { 511, 511, 511, 0 }, 4, 0, 0x0000000abcdef803 },
	{ "SS-PTE, SNP not supported", 48,
	  false, false, 0x200000, 0xabcdef000, SZ_4K, RW | SNOOP, RW,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000abcdef003 },
	{ "SS-PTE, SNP not asked for", 48,
	  true, false, 0x200000, 0xabcdef000, SZ_4K, RW, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000abcdef003 },
	{ "SS-PTE, tracked: D (3.7.2, bit 9) is left to hardware", 48,
	  true, true, 0x200000, 0xabcdef000, SZ_4K, RW | SNOOP, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000abcdef803 },
	{ "SS-PTE, the highest address (bits 51:12), 5 levels", 57,
	  false, false, 0x01fffffffffff000, 0xffffffffff000, SZ_4K, RW, 0,
	  { 511, 511, 511, 511, 511 }, 5, 0, 0x000ffffffffff003 },
	{ "SS-PTE, bits without a meaning here are ignored", 57,
	  true, false, 0x0001008040201000, 0x1000, SZ_4K,
	  RO | IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV, RO,
	  { 1, 1, 1, 1, 1 }, 5, 0, 0x0000000000001001 },
	{ "SS-PTE, marked (bit 52)", 48,
	  true, false, 0x200000, 0xabcdef000, SZ_4K, RO | SNOOP | IOPGT_MARK, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0010000abcdef801 },
	{ "SS-PDE, PS, marked", 39,
	  false, false, 0x40200000, 0x7fe00000, SZ_2M, RO | IOPGT_MARK, 0,
	  { 1, 1 }, 2, 0, 0x001000007fe00081 },
	{ "SS-PDE, PS (bit 7)", 39,
	  false, false, 0x40200000, 0x7fe00000, SZ_2M, RW, 0,
	  { 1, 1 }, 2, 0, 0x000000007fe00083 },
	{ "SS-PDE, PS and SNP, R only", 48,
	  true, false, 0xff8000000000, 0x200000, SZ_2M, RO | SNOOP, 0,
	  { 511, 0, 0 }, 3, 0, 0x0000000000200881 },
	{ "SS-PDE, tracked, W only", 48,
	  false, true, 0xff8000000000, 0x200000, SZ_2M, IOMMU_WRITE, 0,
	  { 511, 0, 0 }, 3, 0, 0x0000000000200082 },
	{ "SS-PDPE, PS, 3 levels: in the root", 39,
	  false, false, 0x7fc0000000, 0x3fc0000000, SZ_1G, RW, 0,
	  { 511 }, 1, 0, 0x0000003fc0000083 },
	{ "SS-PDPE, PS and SNP, 5 levels", 57,
	  true, false, 0x0001008040000000, 0x40000000, SZ_1G,
	  IOMMU_WRITE | SNOOP, 0,
	  { 1, 1, 1 }, 3, 0, 0x0000000040000882 },
	{ "SS-PDPE, tracked", 39,
	  false, true, 0x7fc0000000, 0x3fc0000000, SZ_1G, RW, 0,
	  { 511 }, 1, 0, 0x0000003fc0000083 },
};

KUNIT_ARRAY_PARAM(vtdss, vtdss_cases, iopgt_leaf_case_name);

/* R, W, the ignored bit 10, the address, and nothing else. */
static phys_addr_t vtdss_test_table(struct kunit *test, u64 pte,
				    unsigned int level)
{
	KUNIT_ASSERT_EQ(test, pte & ~GENMASK_ULL(51, 12), 0x403);
	return pte & GENMASK_ULL(51, 12);
}

static const struct iopgt_leaf_fmt vtdss_leaves = {
	.ops = &iopgt_vtdss_ops,
	.oas_bits = 52,
	.accessed = BIT_ULL(8),
	.dirty = BIT_ULL(9),
	.table = vtdss_test_table,
};

static void vtdss_test_bits(struct kunit *test)
{
	iopgt_leaf_test(test, &vtdss_leaves, test->param_value);
}

/* Neither R nor W would be an absent entry. */
static void vtdss_test_no_permission(struct kunit *test)
{
	iopgt_prot_test(test, &vtdss_leaves, 48);
}

static const struct iopgt_cfg_case vtdss_cfg_cases[] = {
	{ 39, 39, SZ_4K, 0, 3, SZ_4K },
	{ 48, 46, SZ_4K | SZ_2M, 0, 4, SZ_4K | SZ_2M },
	{ 57, 52, SZ_4K | SZ_2M | SZ_1G, 0, 5, SZ_4K | SZ_2M | SZ_1G },
	{ 48, 46, ~0UL, 0, 4, SZ_4K | SZ_2M | SZ_1G },
	{ 48, 46, SZ_4K | SZ_64K, 0, 4, SZ_4K },
	{ 48, 46, SZ_2M | SZ_1G, -EINVAL },
	{ 48, 46, 0, -EINVAL },
	{ 30, 46, SZ_4K, -EINVAL },
	{ 40, 46, SZ_4K, -EINVAL },
	{ 64, 46, SZ_4K, -EINVAL },
	{ 0, 46, SZ_4K, -EINVAL },
	{ 48, 53, SZ_4K, -EINVAL },
	{ 48, 12, SZ_4K, -EINVAL },
	{ 48, 0, SZ_4K, -EINVAL },
};

static void vtdss_test_cfg(struct kunit *test)
{
	iopgt_cfg_test(test, &vtdss_leaves, vtdss_cfg_cases,
		       ARRAY_SIZE(vtdss_cfg_cases));
}

static struct kunit_case vtdss_test_cases[] = {
	KUNIT_CASE_PARAM(vtdss_test_bits, vtdss_gen_params),
	KUNIT_CASE(vtdss_test_no_permission),
	KUNIT_CASE(vtdss_test_cfg),
	{}
};

static struct kunit_suite vtdss_test_suite = {
	.name = "ioflush_pgtable_vtdss",
	.test_cases = vtdss_test_cases,
};

kunit_test_suite(vtdss_test_suite);
