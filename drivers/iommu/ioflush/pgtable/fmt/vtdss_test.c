// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for the VT-d second-stage format
 *
 * Entries are compared bit by bit with values worked out by hand from section
 * 9.8 of the VT-d specification.
 */
#include <linux/io.h>

#include "../test_util.h"

#define SNOOP	IOMMU_CACHE

/* One leaf: where it has to be, and all of its 64 bits. */
struct vtdss_case {
	const char *name;
	u8 ias_bits;
	bool snoop_ctl;
	unsigned long iova;
	phys_addr_t paddr;
	size_t pgsize;
	int prot;
	u16 idx[5];		/* from the root down to the leaf */
	u8 depth;		/* how many of them */
	u64 pte;
};

static const struct vtdss_case vtdss_cases[] = {
	{ "SS-PTE, R and W, 3 levels (9.8, bits 0, 1)", 39, false,
	  0x1000, 0x12345000, SZ_4K, IOPGT_RW,
	  { 0, 0, 1 }, 3, 0x0000000012345003 },
	{ "SS-PTE, R only", 39, false,
	  0x7ffffff000, 0x1000, SZ_4K, IOMMU_READ,
	  { 511, 511, 511 }, 3, 0x0000000000001001 },
	{ "SS-PTE, W only", 48, false,
	  0x8040201000, 0x2000, SZ_4K, IOMMU_WRITE,
	  { 1, 1, 1, 1 }, 4, 0x0000000000002002 },
	{ "SS-PTE, SNP (bit 11)", 48, true,
	  0x0000ffffffe00000, 0xabcdef000, SZ_4K, IOPGT_RW | SNOOP,
	  { 511, 511, 511, 0 }, 4, 0x0000000abcdef803 },
	{ "SS-PTE, SNP not supported", 48, false,
	  0x200000, 0xabcdef000, SZ_4K, IOPGT_RW | SNOOP,
	  { 0, 0, 1, 0 }, 4, 0x0000000abcdef003 },
	{ "SS-PTE, SNP not asked for", 48, true,
	  0x200000, 0xabcdef000, SZ_4K, IOPGT_RW,
	  { 0, 0, 1, 0 }, 4, 0x0000000abcdef003 },
	{ "SS-PTE, the highest address (bits 51:12), 5 levels", 57, false,
	  0x01fffffffffff000, 0xffffffffff000, SZ_4K, IOPGT_RW,
	  { 511, 511, 511, 511, 511 }, 5, 0x000ffffffffff003 },
	{ "SS-PTE, bits without a meaning here are ignored", 57, true,
	  0x0001008040201000, 0x1000, SZ_4K,
	  IOMMU_READ | IOMMU_NOEXEC | IOMMU_MMIO | IOMMU_PRIV,
	  { 1, 1, 1, 1, 1 }, 5, 0x0000000000001001 },
	{ "SS-PDE, PS (bit 7)", 39, false,
	  0x40200000, 0x7fe00000, SZ_2M, IOPGT_RW,
	  { 1, 1 }, 2, 0x000000007fe00083 },
	{ "SS-PDE, PS and SNP, R only", 48, true,
	  0xff8000000000, 0x200000, SZ_2M, IOMMU_READ | SNOOP,
	  { 511, 0, 0 }, 3, 0x0000000000200881 },
	{ "SS-PDPE, PS, 3 levels: in the root", 39, false,
	  0x7fc0000000, 0x3fc0000000, SZ_1G, IOPGT_RW,
	  { 511 }, 1, 0x0000003fc0000083 },
	{ "SS-PDPE, PS and SNP, 5 levels", 57, true,
	  0x0001008040000000, 0x40000000, SZ_1G, IOMMU_WRITE | SNOOP,
	  { 1, 1, 1 }, 3, 0x0000000040000882 },
};

static void vtdss_case_name(const struct vtdss_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vtdss, vtdss_cases, vtdss_case_name);

static struct iopgt_kunit *vtdss_new(struct kunit *test, u8 ias_bits,
				     bool snoop_ctl)
{
	struct iopgt_cfg cfg = {
		.ias_bits = ias_bits,
		.oas_bits = 52,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.coherent_walk = true,
		.snoop_ctl = snoop_ctl,
		.nid = NUMA_NO_NODE,
	};

	return iopgt_kunit_new(test, iopgt_kunit_format(&iopgt_vtdss_ops), &cfg);
}

/* All bits of all entries from the root down to the leaf. */
static void vtdss_test_bits(struct kunit *test)
{
	const struct vtdss_case *c = test->param_value;
	struct iopgt_kunit *k = vtdss_new(test, c->ias_bits, c->snoop_ctl);
	const u64 *table = k->pgt.root;
	size_t mapped = 0;
	unsigned int i, j;

	KUNIT_ASSERT_EQ(test, iopgt_map_pages(&k->pgt, c->iova, c->paddr,
					      c->pgsize, 1, c->prot,
					      GFP_KERNEL, &mapped), 0);
	KUNIT_EXPECT_EQ(test, mapped, c->pgsize);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&k->pgt.live_pages), c->depth);

	for (i = 0; i < c->depth; i++) {
		u64 pte = table[c->idx[i]];

		for (j = 0; j < 512; j++)
			if (j != c->idx[i])
				KUNIT_ASSERT_EQ(test, table[j], 0);
		if (i == c->depth - 1) {
			KUNIT_EXPECT_EQ(test, pte, c->pte);
			break;
		}
		/* R, W, the ignored bit 10, the address, and nothing else. */
		KUNIT_ASSERT_EQ(test, pte & ~GENMASK_ULL(51, 12), 0x403);
		table = phys_to_virt(pte & GENMASK_ULL(51, 12));
	}
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&k->pgt, c->iova + 5),
			c->paddr + 5);
}

/* Neither R nor W would be an absent entry. */
static void vtdss_test_no_permission(struct kunit *test)
{
	static const int prots[] = {
		0, IOMMU_CACHE, IOMMU_NOEXEC, IOMMU_MMIO, IOMMU_PRIV,
	};
	struct iopgt_kunit *k = vtdss_new(test, 48, true);
	size_t mapped = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++)
		KUNIT_EXPECT_EQ(test, iopgt_map_pages(&k->pgt, 0, 0, SZ_4K, 1,
						      prots[i], GFP_KERNEL,
						      &mapped), -EINVAL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&k->pgt.live_pages), 1);

	/* The same with a table there, which is another way through. */
	iopgt_kunit_map(k, SZ_4K, 0, SZ_4K, 1);
	for (i = 0; i < ARRAY_SIZE(prots); i++)
		KUNIT_EXPECT_EQ(test, iopgt_map_pages(&k->pgt, 0, 0, SZ_4K, 1,
						      prots[i], GFP_KERNEL,
						      &mapped), -EINVAL);
	KUNIT_EXPECT_EQ(test, mapped, 0);
	iopgt_kunit_expect(k, 0, 0, 0);
}

struct vtdss_cfg_case {
	u8 ias_bits;
	u8 oas_bits;
	unsigned long pgsizes;
	int ret;
	u8 levels;
	unsigned long kept;
};

static const struct vtdss_cfg_case vtdss_cfg_cases[] = {
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
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vtdss_cfg_cases); i++) {
		const struct vtdss_cfg_case *c = &vtdss_cfg_cases[i];
		const struct iopgt_cfg cfg = {
			.ias_bits = c->ias_bits,
			.oas_bits = c->oas_bits,
			.pgsize_bitmap = c->pgsizes,
			.coherent_walk = true,
			.nid = NUMA_NO_NODE,
		};
		struct iopgt pgt;
		int ret = iopgt_init(&pgt, &iopgt_vtdss_ops, &cfg);

		KUNIT_EXPECT_EQ_MSG(test, ret, c->ret, "case %u", i);
		if (ret)
			continue;
		KUNIT_EXPECT_EQ(test, pgt.levels, c->levels);
		KUNIT_EXPECT_EQ(test, pgt.cfg.pgsize_bitmap, c->kept);
		iopgt_destroy(&pgt);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pgt.live_pages), 0);
	}
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
