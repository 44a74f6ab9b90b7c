// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for RISC-V's tables
 *
 * Entries are compared bit by bit with values worked out by hand from the
 * privileged architecture, sections "Sv39" and "Sv48", and the chapters
 * "Svnapot" and "Svpbmt". Of a leaf: V 1, R 2, W 4, X 8, U 10, A 40, D 80; the
 * address stands shifted right by 2; PBMT 2 is 4000000000000000, N is
 * 8000000000000000 and sets bit 13 of the shifted address, 2000.
 */
#include "leaf_case.h"

#define RO	IOMMU_READ
#define RW	IOPGT_RW

static const struct iopgt_leaf_case riscv_cases[] = {
	{ "page, V, R, W, X, U, A, D; Sv39", 38,
	  false, false, 0x1000, 0x12345000, SZ_4K, RW, 0,
	  { 0, 0, 1 }, 3, 0, 0x00000000048d14df },
	{ "page, R only; the last of Sv39's lower half", 38,
	  false, false, 0x3ffffff000, 0x1000, SZ_4K, RO, 0,
	  { 255, 511, 511 }, 3, 0, 0x000000000000045b },
	{ "page, W means R too; Sv48", 47,
	  false, false, 0x8040201000, 0x2000, SZ_4K, IOMMU_WRITE, RW,
	  { 1, 1, 1, 1 }, 4, 0, 0x00000000000008df },
	{ "page, privileged: no U", 47,
	  false, false, 0x200000, 0x3000, SZ_4K, RO | IOMMU_PRIV, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000000000c4b },
	{ "page, no X", 47,
	  false, false, 0x200000, 0x3000, SZ_4K, RW | IOMMU_NOEXEC, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000000000cd7 },
	{ "page, PBMT 2: I/O", 47,
	  false, false, 0, 0xfee00000, SZ_4K,
	  RW | IOMMU_NOEXEC | IOMMU_MMIO, 0,
	  { 0, 0, 0, 0 }, 4, 0, 0x400000003fb800d7 },
	{ "page, snooping is nothing that a leaf can say", 47,
	  true, false, 0, 0x1000, SZ_4K, RW | IOMMU_CACHE, RW,
	  { 0, 0, 0, 0 }, 4, 0, 0x00000000000004df },
	{ "page, marked (bit 9)", 47,
	  false, false, 0x200000, 0x3000, SZ_4K, RO | IOPGT_MARK, 0,
	  { 0, 0, 1, 0 }, 4, 0, 0x0000000000000e5b },
	{ "page, tracked: no D", 47,
	  false, true, 0, 0x1000, SZ_4K, RW, 0,
	  { 0, 0, 0, 0 }, 4, 0, 0x000000000000045f },
	{ "page, tracked, R only", 47,
	  false, true, 0, 0x1000, SZ_4K, RO, 0,
	  { 0, 0, 0, 0 }, 4, 0, 0x000000000000045b },
	{ "page, the highest addresses (bits 53:10); Sv57", 56,
	  false, false, 0x00fffffffffff000, 0xfffffffffff000, SZ_4K, RW, 0,
	  { 255, 511, 511, 511, 511 }, 5, 0, 0x003ffffffffffcdf },
	{ "64 KiB, N and 1000 below the address", 38,
	  false, false, 0x10000, 0x12340000, SZ_64K, RW, 0,
	  { 0, 0, 16 }, 3, 16, 0x80000000048d20df },
	{ "64 KiB, I/O; the last of a table", 47,
	  false, false, 0x1f0000, 0x10000, SZ_64K, RW | IOMMU_MMIO, 0,
	  { 0, 0, 0, 496 }, 4, 16, 0xc0000000000060df },
	{ "64 KiB, tracked", 56,
	  false, true, 0x10000, 0xfffffffff0000, SZ_64K, RW, 0,
	  { 0, 0, 0, 0, 16 }, 5, 16, 0x8003ffffffffe05f },
	{ "megapage", 38,
	  false, false, 0x40200000, 0x7fe00000, SZ_2M, RW, 0,
	  { 1, 1 }, 2, 0, 0x000000001ff800df },
	{ "gigapage, in the root of Sv39", 38,
	  false, false, 0x3fc0000000, 0x3fc0000000, SZ_1G, RW, 0,
	  { 255 }, 1, 0, 0x0000000ff00000df },
	{ "gigapage, R only, Sv57", 56,
	  false, false, 0x0001008040000000, 0x40000000, SZ_1G, RO, 0,
	  { 1, 1, 1 }, 3, 0, 0x000000001000005b },
	{ "terapage, in the root of Sv48", 47,
	  false, false, 0x7f8000000000, 0x8000000000, BIT(39), RW, 0,
	  { 255 }, 1, 0, 0x00000020000000df },
	{ "petapage, in the root of Sv57", 56,
	  false, false, 0x00ff000000000000, 0x1000000000000, BIT(48), RW, 0,
	  { 255 }, 1, 0, 0x00004000000000df },
};

KUNIT_ARRAY_PARAM(riscv, riscv_cases, iopgt_leaf_case_name);

/* V, the software's bit 8, the page number, and nothing else. */
static phys_addr_t riscv_test_table(struct kunit *test, u64 pte,
				    unsigned int level)
{
	KUNIT_ASSERT_EQ(test, pte & ~GENMASK_ULL(53, 10), 0x101);
	return (pte & GENMASK_ULL(53, 10)) << 2;
}

static const struct iopgt_leaf_fmt riscv_leaves = {
	.ops = &iopgt_riscv_ops,
	.oas_bits = 56,
	.accessed = BIT_ULL(6),
	.dirty = BIT_ULL(7),
	.table = riscv_test_table,
};

static void riscv_test_bits(struct kunit *test)
{
	iopgt_leaf_test(test, &riscv_leaves, test->param_value);
}

static void riscv_test_no_permission(struct kunit *test)
{
	iopgt_prot_test(test, &riscv_leaves, 47);
}

static const struct iopgt_cfg_case riscv_cfg_cases[] = {
	{ 38, 56, SZ_4K, 0, 3, SZ_4K },
	{ 38, 56, ~0UL, 0, 3, SZ_4K | SZ_64K | SZ_2M | SZ_1G },
	{ 47, 56, ~0UL, 0, 4, SZ_4K | SZ_64K | SZ_2M | SZ_1G | BIT(39) },
	{ 56, 56, ~0UL, 0, 5,
	  SZ_4K | SZ_64K | SZ_2M | SZ_1G | BIT(39) | BIT(48) },
	/* Without Svnapot. */
	{ 47, 56, SZ_4K | SZ_2M | SZ_1G, 0, 4, SZ_4K | SZ_2M | SZ_1G },
	{ 47, 56, SZ_64K | SZ_2M, -EINVAL },
	{ 47, 56, 0, -EINVAL },
	/* Both halves; 32-bit; what is no mode. */
	{ 39, 56, SZ_4K, -EINVAL },
	{ 48, 56, SZ_4K, -EINVAL },
	{ 57, 56, SZ_4K, -EINVAL },
	{ 32, 34, SZ_4K, -EINVAL },
	{ 64, 56, SZ_4K, -EINVAL },
	{ 0, 56, SZ_4K, -EINVAL },
	{ 47, 57, SZ_4K, -EINVAL },
	{ 47, 12, SZ_4K, -EINVAL },
	{ 47, 0, SZ_4K, -EINVAL },
};

static void riscv_test_cfg(struct kunit *test)
{
	iopgt_cfg_test(test, &riscv_leaves, riscv_cfg_cases,
		       ARRAY_SIZE(riscv_cfg_cases));
}

static struct kunit_case riscv_test_cases[] = {
	KUNIT_CASE_PARAM(riscv_test_bits, riscv_gen_params),
	KUNIT_CASE(riscv_test_no_permission),
	KUNIT_CASE(riscv_test_cfg),
	{}
};

static struct kunit_suite riscv_test_suite = {
	.name = "ioflush_pgtable_riscv",
	.test_cases = riscv_test_cases,
};

kunit_test_suite(riscv_test_suite);
