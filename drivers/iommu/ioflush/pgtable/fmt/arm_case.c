// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what the KUnit suites of the two Arm stages share
 */
#include <linux/io.h>

#include "../fmt.h"
#include "arm_case.h"

/**
 * arm_case_name() - for KUNIT_ARRAY_PARAM()
 * @c: the case
 * @desc: receives its name
 *
 * Context: any context.
 */
void arm_case_name(const struct arm_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

/**
 * arm_case_new() - a table for a test
 * @test: the test
 * @ops: the stage
 * @sizes: leaf sizes; the lowest is the granule
 * @ias_bits: width of the input address
 * @oas_bits: width of the output address
 *
 * Context: may sleep.
 * Return: the table; a test that cannot have it ends here.
 */
struct iopgt_kunit *arm_case_new(struct kunit *test,
				 const struct iopgt_ops *ops,
				 unsigned long sizes, u8 ias_bits, u8 oas_bits)
{
	const struct iopgt_cfg cfg = {
		.ias_bits = ias_bits,
		.oas_bits = oas_bits,
		.pgsize_bitmap = sizes,
		.coherent_walk = true,
		.hw_dirty = true,
		.nid = NUMA_NO_NODE,
	};

	return iopgt_kunit_new(test, iopgt_kunit_format(ops), &cfg);
}

/* All entries of a table are 0 but for @n of them. */
static void arm_case_alone(struct kunit *test, const u64 *table,
			   unsigned int entries, unsigned int first,
			   unsigned int n)
{
	unsigned int i;

	for (i = 0; i < entries; i++)
		if (i < first || i >= first + n)
			KUNIT_ASSERT_EQ_MSG(test, table[i], 0, "entry %u", i);
}

/*
 * All bits of all entries from the root down to the leaf. In an entry that
 * refers to a table all bits but the address are @table_low.
 */
static void arm_case_bits(struct kunit *test, struct iopgt_kunit *k,
			  const struct arm_case *c, u64 table_low)
{
	const unsigned int granule_lg2 = __ffs(c->sizes);
	const unsigned int idx_lg2 = granule_lg2 - 3, run = c->run ?: 1;
	unsigned int lg2 = granule_lg2 + (k->pgt.levels - 1) * idx_lg2;
	unsigned int entries = 1U << (c->ias_bits - lg2);
	const u64 addr = GENMASK_ULL(47, granule_lg2);
	const u64 *table = k->pgt.root;
	unsigned int i;

	for (i = 0; i < c->depth - 1; i++) {
		const u64 pte = table[c->idx[i]];

		arm_case_alone(test, table, entries, c->idx[i], 1);
		KUNIT_ASSERT_EQ(test, pte & ~addr, table_low);
		table = phys_to_virt(pte & addr);
		entries = 1U << idx_lg2;
		lg2 -= idx_lg2;
	}
	arm_case_alone(test, table, entries, c->idx[i], run);
	for (i = 0; i < run; i++)
		KUNIT_EXPECT_EQ_MSG(test, table[c->idx[c->depth - 1] + i],
				    c->pte + ((u64)i << lg2), "entry %u", i);
}

/* What the format reads out of the entries that it wrote. */
static void arm_case_decode(struct kunit *test, const struct iopgt *pgt,
			    const struct arm_case *c)
{
	const struct iopgt_fmt *fmt = pgt->fmt;
	const unsigned int level = pgt->levels - c->depth;
	const unsigned int run_lg2 = c->run ? __ffs(c->run) : 0;
	const u64 attrs = fmt->leaf_attrs(c->pte, level);

	KUNIT_EXPECT_EQ(test, fmt->prot(c->pte, level), c->got);
	KUNIT_EXPECT_EQ(test, fmt->to_phys(c->pte, level), c->paddr);
	KUNIT_EXPECT_EQ(test, fmt->run_lg2(c->pte, level), run_lg2);
	KUNIT_EXPECT_EQ(test, fmt->leaf(c->paddr, attrs, level, run_lg2),
			c->pte);
	/* A block's attributes are also those of a page: bit 1 comes back. */
	KUNIT_EXPECT_EQ(test, fmt->leaf(0, attrs, 0, 0), attrs);
	KUNIT_EXPECT_EQ(test, attrs & 3, 3);
}

/**
 * arm_case_run() - map a case's leaf, look at every bit, and unmap it
 * @test: the test
 * @ops: the stage
 * @c: the case
 * @table_low: what entries that refer to tables are, but for the address
 *
 * Context: may sleep.
 */
void arm_case_run(struct kunit *test, const struct iopgt_ops *ops,
		  const struct arm_case *c, u64 table_low)
{
	struct iopgt_kunit *k = arm_case_new(test, ops, c->sizes, c->ias_bits,
					     c->oas_bits);
	const unsigned long last = c->pgsize - 1;
	struct iopgt_hw_leaf hw;
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(test, iopgt_map_pages(&k->pgt, c->iova, c->paddr,
					      c->pgsize, 1, c->prot,
					      GFP_KERNEL, &mapped), 0);
	KUNIT_EXPECT_EQ(test, mapped, c->pgsize);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&k->pgt.live_pages), c->depth);
	arm_case_bits(test, k, c, table_low);

	iopgt_kunit_expect(k, c->iova + 5, c->paddr + 5, __ffs(c->pgsize));
	iopgt_kunit_expect(k, c->iova + last, c->paddr + last,
			   __ffs(c->pgsize));
	hw = iopgt_kunit_hw(k, c->iova);
	KUNIT_EXPECT_EQ(test, hw.readable, !!(c->got & IOMMU_READ));
	KUNIT_EXPECT_EQ(test, hw.writable, !!(c->got & IOMMU_WRITE));
	arm_case_decode(test, &k->pgt, c);

	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(k, c->iova, c->pgsize),
			c->pgsize);
	iopgt_kunit_expect(k, c->iova, 0, 0);
	iopgt_kunit_expect(k, c->iova + last, 0, 0);
}

/**
 * arm_case_cfg() - configs, good and bad
 * @test: the test
 * @ops: the stage
 * @c: the cases
 * @n: how many
 *
 * Context: may sleep.
 */
void arm_case_cfg(struct kunit *test, const struct iopgt_ops *ops,
		  const struct arm_cfg_case *c, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++, c++) {
		const struct iopgt_cfg cfg = {
			.ias_bits = c->ias_bits,
			.oas_bits = c->oas_bits,
			.pgsize_bitmap = c->sizes,
			.coherent_walk = true,
			.nid = NUMA_NO_NODE,
		};
		struct iopgt pgt;
		int ret = iopgt_init(&pgt, ops, &cfg);

		KUNIT_EXPECT_EQ_MSG(test, ret, c->ret, "case %u", i);
		if (ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, pgt.levels, c->levels, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pgt.cfg.pgsize_bitmap, c->kept,
				    "case %u", i);
		iopgt_destroy(&pgt);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pgt.live_pages), 0);
	}
}

/**
 * arm_case_refused() - neither read nor write is no permission at all
 * @test: the test
 * @ops: the stage
 *
 * Context: may sleep.
 */
void arm_case_refused(struct kunit *test, const struct iopgt_ops *ops)
{
	static const int prots[] = {
		0, IOMMU_CACHE, IOMMU_NOEXEC, IOMMU_MMIO, IOMMU_PRIV,
	};
	struct iopgt_kunit *k = arm_case_new(test, ops, ARM_4K_SIZES, 48, 48);
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

/**
 * arm_case_regs() - what a driver programs beside a table
 * @test: the test
 * @ops: the stage
 * @c: the cases
 * @n: how many
 * @get: the stage's function
 *
 * Context: may sleep.
 */
void arm_case_regs(struct kunit *test, const struct iopgt_ops *ops,
		   const struct arm_regs_case *c, unsigned int n,
		   void (*get)(const struct iopgt *pgt,
			       struct iopgt_arm_regs *regs))
{
	struct iopgt_arm_regs regs;
	unsigned int i;

	for (i = 0; i < 2 * n; i++) {
		const struct arm_regs_case *e = &c[i / 2];
		const bool snoops = i % 2;
		const struct iopgt_cfg cfg = {
			.ias_bits = e->ias_bits,
			.oas_bits = e->oas_bits,
			.pgsize_bitmap = e->sizes,
			.coherent_walk = snoops,
			.nid = NUMA_NO_NODE,
		};
		struct iopgt pgt;

		KUNIT_ASSERT_EQ(test, iopgt_init(&pgt, ops, &cfg), 0);
		get(&pgt, &regs);
		KUNIT_EXPECT_EQ(test, regs.base, virt_to_phys(pgt.root));
		KUNIT_EXPECT_EQ_MSG(test, regs.tsz, e->tsz, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, regs.tg, e->tg, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, regs.ps, e->ps, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, regs.sl, e->sl, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, regs.start_level, e->start_level,
				    "case %u", i);
		/* Inner shareable, write-back; or outer, non-cacheable. */
		KUNIT_EXPECT_EQ(test, regs.sh, snoops ? 3 : 2);
		KUNIT_EXPECT_EQ(test, regs.orgn, snoops ? 1 : 0);
		KUNIT_EXPECT_EQ(test, regs.irgn, snoops ? 1 : 0);
		iopgt_destroy(&pgt);
	}
}

/**
 * arm_case_split() - the contiguous hint goes when a part of a group does
 * @test: the test
 * @ops: the stage
 * @c: the group
 *
 * Maps the group, with another on either side, and unmaps one of its entries:
 * all others stay and none of them has the hint, D8.7.1. The neighbours keep
 * theirs. Then the entry comes back, which does not bring the hint back; and
 * the group, which does.
 *
 * Context: may sleep.
 */
void arm_case_split(struct kunit *test, const struct iopgt_ops *ops,
		    const struct arm_split_case *c)
{
	struct iopgt_kunit *k = arm_case_new(test, ops, c->sizes, 48, 48);
	const unsigned int n = c->pgsize / c->entry, hole = n / 2 + 1;
	const unsigned long iova = c->pgsize, out = 8 * c->pgsize;
	struct iopgt_hw_leaf hw;
	unsigned int i;

	iopgt_kunit_map(k, 0, out - c->pgsize, c->pgsize, 3);
	KUNIT_ASSERT_EQ(test, iopgt_kunit_unmap(k, iova + hole * c->entry,
						c->entry), c->entry);
	for (i = 0; i < n; i++) {
		if (i == hole) {
			iopgt_kunit_expect(k, iova + i * c->entry, 0, 0);
			continue;
		}
		iopgt_kunit_expect(k, iova + i * c->entry, out + i * c->entry,
				   __ffs(c->entry));
		hw = iopgt_kunit_hw(k, iova + i * c->entry);
		KUNIT_EXPECT_EQ(test, hw.pte & BIT_ULL(52), 0);
	}
	iopgt_kunit_expect(k, iova - 1, out - 1, __ffs(c->pgsize));
	iopgt_kunit_expect(k, iova + c->pgsize, out + c->pgsize,
			   __ffs(c->pgsize));

	iopgt_kunit_map(k, iova + hole * c->entry, out + hole * c->entry,
			c->entry, 1);
	iopgt_kunit_expect(k, iova + hole * c->entry, out + hole * c->entry,
			   __ffs(c->entry));

	KUNIT_ASSERT_EQ(test, iopgt_kunit_unmap(k, iova, c->pgsize),
			c->pgsize);
	iopgt_kunit_map(k, iova, out, c->pgsize, 1);
	iopgt_kunit_expect(k, iova, out, __ffs(c->pgsize));
	hw = iopgt_kunit_hw(k, iova);
	KUNIT_EXPECT_EQ(test, hw.pte & BIT_ULL(52), BIT_ULL(52));
}
