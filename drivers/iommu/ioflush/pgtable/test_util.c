// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what the KUnit suites of pgtable/ share
 *
 * Above all a model of the hardware that walks VT-d second-stage tables. It is
 * written from section 9.8 of the specification and shares nothing with the
 * code under test, so that it can disagree.
 */
#include <linux/io.h>
#include <linux/slab.h>

#include "test_util.h"

static void iopgt_kunit_gone(void *arg)
{
	struct iopgt_kunit *k = arg;

	iopgt_destroy(&k->pgt);
	KUNIT_EXPECT_EQ(k->test, atomic_long_read(&k->pgt.live_pages), 0);
	KUNIT_EXPECT_EQ(k->test, atomic_long_read(&k->pgt.pending_pages), 0);
	/* The root came before the hooks: one more freed than seen to come. */
	KUNIT_EXPECT_EQ(k->test, atomic_read(&k->hooks.pages), -1);
	xa_destroy(&k->mem);
}

/**
 * iopgt_kunit_new() - a table for a test, destroyed and checked at its end
 * @test: the test
 * @cfg: its configuration
 *
 * Context: may sleep.
 * Return: the table; a test that cannot have it ends here.
 */
struct iopgt_kunit *iopgt_kunit_new(struct kunit *test,
				    const struct iopgt_cfg *cfg)
{
	struct iopgt_kunit *k = kunit_kzalloc(test, sizeof(*k), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, k);
	k->test = test;
	xa_init(&k->mem);
	KUNIT_ASSERT_EQ(test, iopgt_init(&k->pgt, &iopgt_vtdss_ops, cfg), 0);
	k->pgt.test = &k->hooks;
	k->pgt.invalidate = iopgt_kunit_unlinked;
	if (!cfg->coherent_walk) {
		k->hooks.synced = iopgt_kunit_synced;
		iopgt_kunit_synced(&k->pgt, k->pgt.root, PAGE_SIZE);
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test,
							iopgt_kunit_gone,
							k), 0);
	return k;
}

/**
 * iopgt_kunit_destroy() - destroy and check a table now
 * @k: the table
 *
 * Context: may sleep.
 */
void iopgt_kunit_destroy(struct iopgt_kunit *k)
{
	kunit_release_action(k->test, iopgt_kunit_gone, k);
}

/**
 * iopgt_kunit_default() - a table with four levels and all leaf sizes
 * @test: the test
 *
 * Context: may sleep.
 * Return: the table.
 */
struct iopgt_kunit *iopgt_kunit_default(struct kunit *test)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 48,
		.oas_bits = 46,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};

	return iopgt_kunit_new(test, &cfg);
}

/*
 * From now on somebody else may own these pages: the hardware must not load
 * from them any more. A load that does finds no memory and ends the test.
 */
static void iopgt_kunit_forget(struct iopgt_kunit *k,
			       struct iopgt_gather *gather)
{
	struct iopgt_page *page;

	list_for_each_entry(page, &gather->pages, node)
		xa_erase(&k->mem, (unsigned long)iopgt_page_table(page) >>
			 PAGE_SHIFT);
}

/**
 * iopgt_kunit_unlinked() - a hook that notes what it was called with
 * @pgt: the table
 * @gather: what would be invalidated
 *
 * Context: any context.
 */
void iopgt_kunit_unlinked(struct iopgt *pgt, struct iopgt_gather *gather)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);
	struct iopgt_hw_leaf hw;

	k->unlinked++;
	k->start = gather->range[0].start;
	k->last = gather->range[0].last;
	KUNIT_EXPECT_TRUE(k->test, gather->tables_unlinked);
	KUNIT_EXPECT_FALSE(k->test, gather->may_defer);
	KUNIT_EXPECT_FALSE(k->test, list_empty(&gather->pages));
	iopgt_kunit_forget(k, gather);
	/* Break before make: the entry is absent at this moment. */
	hw = iopgt_kunit_hw(k, gather->range[0].start);
	KUNIT_EXPECT_EQ(k->test, BIT(hw.hole_lg2),
			gather->range[0].last - gather->range[0].start + 1);
}

/**
 * iopgt_kunit_synced() - a hook that moves bytes from the cache to memory
 * @pgt: the table
 * @first: first byte
 * @bytes: length
 *
 * Context: may sleep.
 */
void iopgt_kunit_synced(struct iopgt *pgt, const void *first, size_t bytes)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);
	unsigned long pfn = (unsigned long)first >> PAGE_SHIFT;
	void *copy = xa_load(&k->mem, pfn);

	KUNIT_ASSERT_LE(k->test, offset_in_page(first) + bytes, PAGE_SIZE);
	if (!copy) {
		copy = kunit_kmalloc(k->test, PAGE_SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(k->test, copy);
		/* What was in memory before looks like a writable leaf. */
		memset(copy, 0xff, PAGE_SIZE);
		xa_store(&k->mem, pfn, copy, GFP_KERNEL);
	}
	memcpy(copy + offset_in_page(first), first, bytes);
}

/* One load by the hardware, from memory if it does not snoop the cache. */
static u64 iopgt_kunit_load(struct iopgt_kunit *k, const u64 *entry)
{
	unsigned long pfn = (unsigned long)entry >> PAGE_SHIFT;
	const void *copy;

	if (k->pgt.cfg.coherent_walk)
		return READ_ONCE(*entry);
	copy = xa_load(&k->mem, pfn);
	KUNIT_ASSERT_NOT_NULL(k->test, copy);
	return *(const u64 *)(copy + offset_in_page(entry));
}

/* Bits that have to be 0, section 9.8; X and the memory type are not used. */
static bool iopgt_kunit_reserved(struct iopgt_kunit *k, u64 pte, bool leaf,
				 u8 lg2)
{
	u64 addr = GENMASK_ULL(k->pgt.cfg.oas_bits - 1, leaf ? lg2 : 12);
	u64 flags = BIT_ULL(0) | BIT_ULL(1);

	if (leaf && lg2 > 12)
		flags |= BIT_ULL(7);
	if (leaf && k->pgt.cfg.snoop_ctl)
		flags |= BIT_ULL(11);
	/* Ignored by hardware; leaves have no use for it. */
	if (!leaf)
		flags |= BIT_ULL(10);
	return pte & ~(addr | flags);
}

/**
 * iopgt_kunit_hw() - walk as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_kunit_hw(struct iopgt_kunit *k, unsigned long iova)
{
	struct iopgt_hw_leaf found = {};
	int lg2 = k->pgt.cfg.ias_bits - 9;
	const u64 *table = k->pgt.root;

	for (; lg2 >= 12; lg2 -= 9) {
		u64 pte = iopgt_kunit_load(k, &table[iova >> lg2 & 511]);
		bool leaf = lg2 == 12 || (pte & BIT_ULL(7));

		if (!(pte & 3)) {
			found.hole_lg2 = lg2;
			break;
		}
		KUNIT_EXPECT_FALSE_MSG(k->test,
				       iopgt_kunit_reserved(k, pte, leaf, lg2),
				       "iova %lx, 2^%d: %llx", iova, lg2, pte);
		if (leaf) {
			KUNIT_EXPECT_LE(k->test, lg2, 30);
			found.paddr = pte & GENMASK_ULL(51, lg2);
			found.paddr |= iova & (BIT(lg2) - 1);
			found.pte = pte;
			found.lg2 = lg2;
			break;
		}
		/* Permissions of all levels are combined: it must grant both. */
		KUNIT_EXPECT_EQ(k->test, pte & 3, 3);
		table = phys_to_virt(pte & GENMASK_ULL(51, 12));
	}
	return found;
}

/**
 * iopgt_kunit_map() - a map that has to succeed
 * @k: the table
 * @iova: input address
 * @paddr: output address
 * @pgsize: leaf size
 * @pgcount: number of leaves
 *
 * Context: may sleep.
 */
void iopgt_kunit_map(struct iopgt_kunit *k, unsigned long iova,
		     phys_addr_t paddr, size_t pgsize, size_t pgcount)
{
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(k->test,
			iopgt_map_pages(&k->pgt, iova, paddr, pgsize, pgcount,
					IOPGT_RW, GFP_KERNEL, &mapped), 0);
	KUNIT_ASSERT_EQ(k->test, mapped, pgsize * pgcount);
}

/**
 * iopgt_kunit_try() - a map that may fail; output address 0x100000000
 * @k: the table
 * @iova: input address
 * @pgsize: leaf size
 * @pgcount: number of leaves
 * @mapped: set to the bytes mapped
 *
 * Context: may sleep.
 * Return: what the map returns.
 */
int iopgt_kunit_try(struct iopgt_kunit *k, unsigned long iova, size_t pgsize,
		    size_t pgcount, size_t *mapped)
{
	*mapped = 0;
	return iopgt_map_pages(&k->pgt, iova, SZ_4G, pgsize, pgcount, IOPGT_RW,
			       GFP_KERNEL, mapped);
}

/**
 * iopgt_kunit_expect() - the hardware and iova_to_phys have to find this
 * @k: the table
 * @iova: input address
 * @paddr: output address
 * @lg2: log2 of the leaf's size; 0 for none
 *
 * Context: any context.
 */
void iopgt_kunit_expect(struct iopgt_kunit *k, unsigned long iova,
			phys_addr_t paddr, u8 lg2)
{
	struct iopgt_hw_leaf hw = iopgt_kunit_hw(k, iova);

	if (!lg2)
		paddr = 0;
	KUNIT_EXPECT_EQ_MSG(k->test, hw.lg2, lg2, "iova %lx", iova);
	KUNIT_EXPECT_EQ_MSG(k->test, hw.paddr, paddr, "iova %lx", iova);
	KUNIT_EXPECT_EQ_MSG(k->test, iopgt_iova_to_phys(&k->pgt, iova), paddr,
			    "iova %lx", iova);
}

/**
 * iopgt_kunit_unmap() - an unmap whose pages are freed at once
 * @k: the table
 * @iova: input address
 * @size: bytes
 *
 * Context: any context.
 * Return: bytes unmapped.
 */
size_t iopgt_kunit_unmap(struct iopgt_kunit *k, unsigned long iova,
			 size_t size)
{
	struct iopgt_gather gather;
	size_t unmapped;

	iopgt_gather_init(&gather, true);
	unmapped = iopgt_unmap_pages(&k->pgt, iova, size, &gather);
	iopgt_kunit_forget(k, &gather);
	iopgt_free_pages(&k->pgt, &gather.pages);
	return unmapped;
}
