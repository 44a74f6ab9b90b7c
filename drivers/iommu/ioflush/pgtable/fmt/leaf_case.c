// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: leaves bit by bit, for the suites of formats with 4 KiB granules
 *
 * A case has everything written out: the path through the tables and each bit
 * of the leaf, worked out from the manual by hand.
 */
#include <linux/io.h>
#include <linux/log2.h>

#include "../fmt.h"
#include "leaf_case.h"

/**
 * iopgt_leaf_case_name() - for KUNIT_ARRAY_PARAM()
 * @c: the case
 * @desc: receives its name
 *
 * Context: any context.
 */
void iopgt_leaf_case_name(const struct iopgt_leaf_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

static struct iopgt_kunit *leaf_case_new(struct kunit *test,
					 const struct iopgt_leaf_fmt *lf,
					 const struct iopgt_leaf_case *c)
{
	const struct iopgt_cfg cfg = {
		.ias_bits = c->ias_bits,
		.oas_bits = lf->oas_bits,
		.pgsize_bitmap = ~0UL,
		.coherent_walk = true,
		.snoop_ctl = c->snoop_ctl,
		.hw_dirty = true,
		.nid = NUMA_NO_NODE,
	};
	struct iopgt_kunit *k = iopgt_kunit_new(test,
						iopgt_kunit_format(lf->ops),
						&cfg);

	k->pgt.dirty = c->dirty;
	return k;
}

/* All bits of all entries from the root down to the leaf. */
static void leaf_case_bits(struct iopgt_kunit *k,
			   const struct iopgt_leaf_fmt *lf,
			   const struct iopgt_leaf_case *c)
{
	struct kunit *test = k->test;
	const u64 *table = k->pgt.root;
	unsigned int i, j, first, n = 1;

	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), c->depth);
	for (i = 0;; i++) {
		first = c->idx[i];
		if (i == c->depth - 1)
			n = c->n ?: 1;
		for (j = 0; j < PAGE_SIZE / sizeof(*table); j++)
			if (j < first || j >= first + n)
				KUNIT_ASSERT_EQ_MSG(test, table[j], 0,
						    "table %u, entry %u", i, j);
		if (i == c->depth - 1)
			break;
		table = phys_to_virt(lf->table(test, table[first],
					       k->pgt.levels - 1 - i));
	}
	for (j = first; j < first + n; j++)
		KUNIT_EXPECT_EQ_MSG(test, table[j], c->pte,
				    "entry %u: %llx, expected %llx", j,
				    table[j], c->pte);
}

/* What the model of the hardware and the table's reader make of it. */
static void leaf_case_found(struct iopgt_kunit *k,
			    const struct iopgt_leaf_case *c,
			    unsigned long offset)
{
	const int prot = c->shown ?: c->prot;
	struct iopgt_hw_leaf hw = iopgt_kunit_hw(k, c->iova + offset);

	iopgt_kunit_expect(k, c->iova + offset, c->paddr + offset,
			   ilog2(c->pgsize));
	KUNIT_EXPECT_EQ(k->test, hw.pte, c->pte);
	KUNIT_EXPECT_EQ(k->test, hw.readable, !!(prot & IOMMU_READ));
	KUNIT_EXPECT_EQ(k->test, hw.writable, !!(prot & IOMMU_WRITE));
	if (c->dirty)
		KUNIT_EXPECT_FALSE(k->test, hw.dirty);
}

/* The leaf is taken apart and put together again. */
static void leaf_case_again(struct iopgt_kunit *k,
			    const struct iopgt_leaf_fmt *lf,
			    const struct iopgt_leaf_case *c)
{
	const struct iopgt_fmt *fmt = k->pgt.fmt;
	const unsigned int level = k->pgt.levels - c->depth;
	const unsigned int run_lg2 = ilog2(c->n ?: 1);
	struct kunit *test = k->test;
	u64 attrs = fmt->leaf_attrs(c->pte, level);

	KUNIT_EXPECT_EQ(test, attrs, fmt->attrs(&k->pgt, c->prot));
	KUNIT_EXPECT_EQ(test, fmt->leaf(c->paddr, attrs, level, run_lg2),
			c->pte);
	KUNIT_EXPECT_EQ(test, iopgt_run_lg2(fmt, c->pte, level), run_lg2);
	KUNIT_EXPECT_FALSE(test, iopgt_pte_is_table(fmt, c->pte, level));
	KUNIT_EXPECT_FALSE(test, iopgt_pte_is_synced(fmt, c->pte));
	KUNIT_EXPECT_EQ(test, fmt->prot(c->pte, level), c->shown ?: c->prot);
	/* Of a run any address will do. */
	if (!run_lg2)
		KUNIT_EXPECT_EQ(test, fmt->to_phys(c->pte, level), c->paddr);
	/* What hardware recorded is not lost. */
	KUNIT_EXPECT_EQ(test, fmt->leaf_attrs(c->pte | lf->dirty, level),
			attrs | lf->dirty);
	/* A short way to tell, for a leaf at level 0 only. */
	if (!level)
		KUNIT_EXPECT_EQ(test, !!(c->pte & fmt->run), run_lg2 != 0);
}

/* What a scan has found. */
struct leaf_case_scan {
	unsigned long iova;
	size_t bytes;
	unsigned int calls;
};

static void leaf_case_scanned(unsigned long iova, size_t bytes, void *arg)
{
	struct leaf_case_scan *scan = arg;

	scan->iova = iova;
	scan->bytes = bytes;
	scan->calls++;
}

/* Hardware writes by way of one entry, and the leaf is dirty, once. */
static void leaf_case_written(struct iopgt_kunit *k,
			      const struct iopgt_leaf_fmt *lf,
			      const struct iopgt_leaf_case *c, u64 *entry)
{
	struct kunit *test = k->test;
	struct leaf_case_scan scan = {};
	struct iopgt_gather gather;
	unsigned int i;

	*entry |= lf->accessed | lf->dirty;
	KUNIT_EXPECT_TRUE(test, iopgt_kunit_hw(k, c->iova).dirty);
	iopgt_gather_init(&gather, true);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, iopgt_read_dirty(&k->pgt, c->iova,
						       c->pgsize, true, &gather,
						       leaf_case_scanned,
						       &scan), 0);
	KUNIT_EXPECT_EQ(test, scan.calls, 1);
	KUNIT_EXPECT_EQ(test, scan.iova, c->iova);
	KUNIT_EXPECT_EQ(test, scan.bytes, c->pgsize);
	KUNIT_EXPECT_EQ(test, gather.nr, 1);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, ilog2(c->pgsize));
	KUNIT_EXPECT_EQ(test, *entry, c->pte | lf->accessed);
	*entry = c->pte;
}

/* Each entry of a tracked leaf may be the one that hardware comes across. */
static void leaf_case_dirty(struct iopgt_kunit *k,
			    const struct iopgt_leaf_fmt *lf,
			    const struct iopgt_leaf_case *c)
{
	u64 *entry = iopgt_kunit_hw(k, c->iova).entry;
	unsigned int i;

	for (i = 0; i < (c->n ?: 1); i++)
		leaf_case_written(k, lf, c, &entry[i]);
}

/**
 * iopgt_leaf_test() - map a leaf, look at every bit, unmap it
 * @test: the test
 * @lf: the format
 * @c: the case
 *
 * Context: may sleep.
 */
void iopgt_leaf_test(struct kunit *test, const struct iopgt_leaf_fmt *lf,
		     const struct iopgt_leaf_case *c)
{
	struct iopgt_kunit *k = leaf_case_new(test, lf, c);
	struct iopgt_gather gather;
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(test, iopgt_map_pages(&k->pgt, c->iova, c->paddr,
					      c->pgsize, 1, c->prot,
					      GFP_KERNEL, &mapped), 0);
	/* The table is there now, which is another way to the same answer. */
	KUNIT_EXPECT_EQ(test, iopgt_map_pages(&k->pgt, c->iova, c->paddr,
					      c->pgsize, 0, c->prot,
					      GFP_KERNEL, &mapped), -EINVAL);
	KUNIT_EXPECT_EQ(test, mapped, c->pgsize);
	leaf_case_bits(k, lf, c);
	leaf_case_found(k, c, 0);
	leaf_case_found(k, c, c->pgsize / 2 + 5);
	leaf_case_found(k, c, c->pgsize - 1);
	leaf_case_again(k, lf, c);
	if (c->dirty && (c->prot & IOMMU_WRITE))
		leaf_case_dirty(k, lf, c);

	iopgt_gather_init(&gather, true);
	KUNIT_EXPECT_EQ(test, iopgt_unmap_pages(&k->pgt, c->iova, c->pgsize,
						&gather), c->pgsize);
	KUNIT_EXPECT_EQ(test, gather.nr, 1);
	KUNIT_EXPECT_EQ(test, gather.range[0].start, c->iova);
	KUNIT_EXPECT_EQ(test, gather.range[0].last, c->iova + c->pgsize - 1);
	KUNIT_EXPECT_EQ(test, gather.range[0].leaf_lg2, ilog2(c->pgsize));
	KUNIT_EXPECT_FALSE(test, gather.tables_unlinked);
	iopgt_kunit_expect(k, c->iova, 0, 0);
	iopgt_kunit_expect(k, c->iova + c->pgsize - 1, 0, 0);
}

/**
 * iopgt_prot_test() - permissions that amount to none are refused
 * @test: the test
 * @lf: the format
 * @ias_bits: an input address width that it has
 *
 * Context: may sleep.
 */
void iopgt_prot_test(struct kunit *test, const struct iopgt_leaf_fmt *lf,
		     u8 ias_bits)
{
	static const int prots[] = {
		0, IOMMU_CACHE, IOMMU_NOEXEC, IOMMU_MMIO, IOMMU_PRIV,
	};
	const struct iopgt_leaf_case c = {
		.ias_bits = ias_bits,
		.snoop_ctl = true,
	};
	struct iopgt_kunit *k = leaf_case_new(test, lf, &c);
	size_t mapped = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++)
		KUNIT_EXPECT_EQ(test, iopgt_map_pages(&k->pgt, 0, 0, SZ_4K, 1,
						      prots[i], GFP_KERNEL,
						      &mapped), -EINVAL);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), 1);

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
 * iopgt_cfg_test() - configurations, also such as do not exist
 * @test: the test
 * @lf: the format
 * @cases: a table
 * @n: its length
 *
 * Context: may sleep.
 */
void iopgt_cfg_test(struct kunit *test, const struct iopgt_leaf_fmt *lf,
		    const struct iopgt_cfg_case *cases, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct iopgt_cfg_case *c = &cases[i];
		const struct iopgt_cfg cfg = {
			.ias_bits = c->ias_bits,
			.oas_bits = c->oas_bits,
			.pgsize_bitmap = c->pgsizes,
			.coherent_walk = true,
			.nid = NUMA_NO_NODE,
		};
		struct iopgt pgt;
		int ret = iopgt_init(&pgt, lf->ops, &cfg);

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
