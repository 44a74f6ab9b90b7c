// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for VT-d's first-stage format
 *
 * Entries are compared bit by bit with values worked out by hand from section
 * 9.7 of the VT-d specification. Of a leaf: P 1, R/W 2, U/S 4, PWT 8, PCD 10,
 * A 20, D 40, PS 80, XD 8000000000000000.
 */
#include "leaf_case.h"

#define RO	IOMMU_READ
#define RW	IOPGT_RW

static const struct iopgt_leaf_case x86_64_cases[] = {
	{ "FS-PTE, P, R/W, U/S, A, D (9.7, bits 0, 1, 2, 5, 6)", 47,
	  false, false, 0x1000, 0x12345000, SZ_4K, RW, 0,
	  { 0, 0, 0, 1 }, 4, 0, 0x0000000012345067 },
	{ "FS-PTE, R only; the last of the lower half", 47,
	  false, false, 0x7ffffffff000, 0x1000, SZ_4K, RO, 0,
	  { 255, 511, 511, 511 }, 4, 0, 0x0000000000001025 },
	{ "FS-PTE, W means R too", 47,
	  false, false, 0x8040201000, 0x2000, SZ_4K, IOMMU_WRITE, RW,
	  { 1, 1, 1, 1 }, 4, 0, 0x0000000000002067 },
	{ "FS-PTE, privileged: no U/S", 47,
	  false, false, 0x200000, 0x3000, SZ_4K, RO | IOMMU_PRIV, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000000003021 },
	{ "FS-PTE, uncacheable: PWT, PCD (bits 3, 4)", 47,
	  false, false, 0xfee00000, 0xfee00000, SZ_4K, RW | IOMMU_MMIO, 0,
	  { 0, 3, 503, 0 }, 4, 0, 0x00000000fee0007f },
	{ "FS-PTE, XD (bit 63)", 47,
	  false, false, 0, 0x1000, SZ_4K, RO | IOMMU_NOEXEC, 0,
	  { 0, 0, 0, 0 }, 4, 0, 0x8000000000001025 },
	{ "FS-PTE, all that can be asked for", 47,
	  false, false, 0, 0x1000, SZ_4K,
	  RW | IOMMU_PRIV | IOMMU_MMIO | IOMMU_NOEXEC, 0,
	  { 0, 0, 0, 0 }, 4, 0, 0x800000000000107b },
	{ "FS-PTE, snooping is nothing that a leaf can say", 47,
	  true, false, 0, 0x1000, SZ_4K, RW | IOMMU_CACHE, RW,
	  { 0, 0, 0, 0 }, 4, 0, 0x0000000000001067 },
	{ "FS-PTE, tracked: no D (3.6.2)", 47,
	  false, true, 0x1000, 0x12345000, SZ_4K, RW, 0,
	  { 0, 0, 0, 1 }, 4, 0, 0x0000000012345027 },
	{ "FS-PTE, tracked, R only", 47,
	  false, true, 0x1000, 0x12345000, SZ_4K, RO, 0,
	  { 0, 0, 0, 1 }, 4, 0, 0x0000000012345025 },
	{ "FS-PTE, 5 levels, the highest addresses (bits 51:12)", 56,
	  false, false, 0x00fffffffffff000, 0xffffffffff000, SZ_4K, RW, 0,
	  { 255, 511, 511, 511, 511 }, 5, 0, 0x000ffffffffff067 },
	{ "FS-PTE, marked (bit 52)", 47,
	  false, false, 0, 0x1000, SZ_4K, RO | IOPGT_MARK, 0,
	  { 0, 0, 0, 0 }, 4, 0, 0x0010000000001025 },
	{ "FS-PDE, PS (bit 7)", 47,
	  false, false, 0x40200000, 0x7fe00000, SZ_2M, RW, 0,
	  { 0, 1, 1 }, 3, 0, 0x000000007fe000e7 },
	{ "FS-PDE, XD and R only", 56,
	  false, false, 0x0001008040200000, 0x200000, SZ_2M,
	  RO | IOMMU_NOEXEC, 0,
	  { 1, 1, 1, 1 }, 4, 0, 0x80000000002000a5 },
	{ "FS-PDPE, PS", 47,
	  false, false, 0x7fffc0000000, 0x3fc0000000, SZ_1G, RW, 0,
	  { 255, 511 }, 2, 0, 0x0000003fc00000e7 },
	{ "FS-PDPE, PS, tracked, 5 levels", 56,
	  false, true, 0x0001008040000000, 0x40000000, SZ_1G, RW, 0,
	  { 1, 1, 1 }, 3, 0, 0x00000000400000a7 },
};

KUNIT_ARRAY_PARAM(x86_64, x86_64_cases, iopgt_leaf_case_name);

/* P, R/W, U/S, A, the ignored bit 9, the address, and nothing else. */
static phys_addr_t x86_64_test_table(struct kunit *test, u64 pte,
				     unsigned int level)
{
	KUNIT_ASSERT_EQ(test, pte & ~GENMASK_ULL(51, 12), 0x227);
	return pte & GENMASK_ULL(51, 12);
}

static const struct iopgt_leaf_fmt x86_64_leaves = {
	.ops = &iopgt_x86_64_ops,
	.oas_bits = 52,
	.accessed = BIT_ULL(5),
	.dirty = BIT_ULL(6),
	.table = x86_64_test_table,
};

static void x86_64_test_bits(struct kunit *test)
{
	iopgt_leaf_test(test, &x86_64_leaves, test->param_value);
}

static void x86_64_test_no_permission(struct kunit *test)
{
	iopgt_prot_test(test, &x86_64_leaves, 47);
}

static const struct iopgt_cfg_case x86_64_cfg_cases[] = {
	{ 47, 46, SZ_4K, 0, 4, SZ_4K },
	{ 47, 46, SZ_4K | SZ_2M, 0, 4, SZ_4K | SZ_2M },
	{ 56, 52, ~0UL, 0, 5, SZ_4K | SZ_2M | SZ_1G },
	{ 47, 46, SZ_4K | SZ_64K | SZ_1G, 0, 4, SZ_4K },
	{ 47, 46, SZ_2M | SZ_1G, -EINVAL },
	{ 47, 46, 0, -EINVAL },
	/* Both halves; fewer levels; what no number of levels comes to. */
	{ 48, 46, SZ_4K, -EINVAL },
	{ 57, 46, SZ_4K, -EINVAL },
	{ 38, 46, SZ_4K, -EINVAL },
	{ 40, 46, SZ_4K, -EINVAL },
	{ 64, 46, SZ_4K, -EINVAL },
	{ 0, 46, SZ_4K, -EINVAL },
	{ 47, 53, SZ_4K, -EINVAL },
	{ 47, 12, SZ_4K, -EINVAL },
	{ 47, 0, SZ_4K, -EINVAL },
};

static void x86_64_test_cfg(struct kunit *test)
{
	iopgt_cfg_test(test, &x86_64_leaves, x86_64_cfg_cases,
		       ARRAY_SIZE(x86_64_cfg_cases));
}

/* The upper half is not a second place for the same entries. */
static void x86_64_test_upper_half(struct kunit *test)
{
	struct iopgt_kunit *k =
		iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_x86_64_ops),
				NULL);
	const unsigned long upper = iopgt_kunit_last(k) + 1;
	struct iopgt_gather gather;
	size_t mapped;

	iopgt_kunit_map(k, 0, k->out, SZ_4K, 1);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, upper, SZ_4K, 1, &mapped),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_try(k, -SZ_4K, SZ_4K, 1, &mapped),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, upper), 0);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, -SZ_4K), 0);
	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, upper, SZ_4K,
						&gather), 0);
	KUNIT_EXPECT_TRUE(test, iopgt_gather_empty(&gather));
	iopgt_kunit_expect(k, 0, k->out, 12);
}

static struct kunit_case x86_64_test_cases[] = {
	KUNIT_CASE_PARAM(x86_64_test_bits, x86_64_gen_params),
	KUNIT_CASE(x86_64_test_no_permission),
	KUNIT_CASE(x86_64_test_cfg),
	KUNIT_CASE(x86_64_test_upper_half),
	{}
};

static struct kunit_suite x86_64_test_suite = {
	.name = "ioflush_pgtable_x86_64",
	.test_cases = x86_64_test_cases,
};

kunit_test_suite(x86_64_test_suite);
