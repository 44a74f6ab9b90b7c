// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what the KUnit suites of pgtable/ share
 *
 * A table of any format, a hook that stands for the invalidation, memory for
 * walkers that do not snoop, and maps and unmaps that have to succeed. What the
 * hardware finds in a table is asked of a model that each format has, written
 * from its manual; it shares nothing with the code under test, so that it can
 * disagree.
 */
#include <linux/io.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "test_util.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"ioflush_pgtable."

unsigned int iopgt_kunit_ops = IOPGT_KUNIT_OPS;
module_param_named(ops, iopgt_kunit_ops, uint, 0444);
MODULE_PARM_DESC(ops, "Operations of the random tests on each page-table format; less than its default, and leaves are cut at one place each");

static void iopgt_kunit_gone(void *arg)
{
	struct iopgt_kunit *k = arg;

	iopgt_destroy(&k->pgt);
	KUNIT_EXPECT_EQ(k->test, iopgt_kunit_live(k), 0);
	KUNIT_EXPECT_EQ(k->test, iopgt_kunit_pending(k), 0);
	/* The root came before the hooks: one more freed than seen to come. */
	KUNIT_EXPECT_EQ(k->test, atomic_read(&k->hooks.pages), -1);
	if (k->pgt.cfg.coherent_walk)
		KUNIT_EXPECT_EQ(k->test, atomic_read(&k->syncs), 0);
	xa_destroy(&k->mem);
}

/**
 * iopgt_kunit_new() - a table for a test, destroyed and checked at its end
 * @test: the test
 * @f: its format
 * @cfg: its configuration; NULL for the format's own
 *
 * Context: may sleep.
 * Return: the table; a test that cannot have it ends here.
 */
struct iopgt_kunit *iopgt_kunit_new(struct kunit *test,
				    const struct iopgt_kunit_format *f,
				    const struct iopgt_cfg *cfg)
{
	struct iopgt_kunit *k = kunit_kzalloc(test, sizeof(*k), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, k);
	k->test = test;
	k->f = f;
	xa_init(&k->mem);
	cfg = cfg ?: &f->cfg;
	k->out = BIT_ULL(cfg->oas_bits - 1);
	KUNIT_ASSERT_EQ(test, iopgt_init(&k->pgt, f->ops, cfg), 0);
	k->pgt.test = &k->hooks;
	k->pgt.invalidate = iopgt_kunit_invalidate;
	k->hooks.synced = iopgt_kunit_synced;
	if (!cfg->coherent_walk)
		iopgt_kunit_synced(&k->pgt, k->pgt.root,
				   PAGE_SIZE << k->pgt.root_order);
	atomic_set(&k->syncs, 0);
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
 * iopgt_kunit_param() - a table as iopgt_kunit_formats() has it
 * @test: a test whose parameter is one of these
 *
 * Context: may sleep.
 * Return: the table.
 */
struct iopgt_kunit *iopgt_kunit_param(struct kunit *test)
{
	return iopgt_kunit_new(test, test->param_value, NULL);
}

/**
 * iopgt_kunit_noncoherent() - the same, for a walker that does not snoop
 * @test: a test whose parameter is one of iopgt_kunit_formats()
 *
 * Context: may sleep.
 * Return: the table.
 */
struct iopgt_kunit *iopgt_kunit_noncoherent(struct kunit *test)
{
	const struct iopgt_kunit_format *f = test->param_value;
	struct iopgt_cfg cfg = f->cfg;

	cfg.coherent_walk = false;
	return iopgt_kunit_new(test, f, &cfg);
}

/**
 * iopgt_kunit_forget() - give up what memory holds of unlinked pages
 * @k: the table
 * @gather: with the pages
 *
 * From now on somebody else may own them: the hardware must not load from them
 * any more. A load that does finds no memory and ends the test.
 *
 * Context: any context.
 */
void iopgt_kunit_forget(struct iopgt_kunit *k, struct iopgt_gather *gather)
{
	struct iopgt_page *page;
	unsigned long pfn, i;

	if (k->pgt.cfg.coherent_walk)
		return;
	list_for_each_entry(page, &gather->pages, node) {
		pfn = (unsigned long)iopgt_page_table(page) >> PAGE_SHIFT;
		for (i = 0; i < BIT(k->pgt.table_order); i++)
			xa_erase(&k->mem, pfn + i);
	}
}

/**
 * iopgt_kunit_invalidate() - a hook that notes what it was called with
 * @pgt: the table
 * @gather: what would be invalidated
 *
 * Context: any context.
 */
void iopgt_kunit_invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
	struct iopgt_kunit *k = to_iopgt_kunit(pgt);
	struct iopgt_hw_leaf hw;
	unsigned int i;

	k->invalidations++;
	k->last = *gather;
	INIT_LIST_HEAD(&k->last.pages);
	KUNIT_EXPECT_FALSE(k->test, iopgt_gather_empty(gather));
	KUNIT_EXPECT_FALSE(k->test, gather->may_defer);
	/* Pages may be missing that the caller goes on to look at. */
	if (!list_empty(&gather->pages))
		KUNIT_EXPECT_TRUE(k->test, gather->tables_unlinked);
	iopgt_kunit_forget(k, gather);
	if (pgt->cfg.hitless)
		return;
	/* Break before make: the entry is absent at this moment. */
	for (i = 0; i < gather->nr; i++) {
		hw = iopgt_kunit_hw(k, gather->range[i].start);
		KUNIT_EXPECT_EQ(k->test, hw.lg2, 0);
		hw = iopgt_kunit_hw(k, gather->range[i].last);
		KUNIT_EXPECT_EQ(k->test, hw.lg2, 0);
	}
}

/* Move what lies in one page from the cache to memory. */
static void iopgt_kunit_sync_page(struct iopgt_kunit *k, const void *first,
				  size_t bytes)
{
	unsigned long pfn = (unsigned long)first >> PAGE_SHIFT;
	void *copy = xa_load(&k->mem, pfn);

	if (!copy) {
		copy = kunit_kmalloc(k->test, PAGE_SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(k->test, copy);
		/* What was in memory before looks like a writable leaf. */
		memset(copy, 0xff, PAGE_SIZE);
		xa_store(&k->mem, pfn, copy, GFP_KERNEL);
	}
	memcpy(copy + offset_in_page(first), first, bytes);
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

	atomic_inc(&k->syncs);
	while (bytes) {
		size_t n = min(bytes, PAGE_SIZE - offset_in_page(first));

		iopgt_kunit_sync_page(k, first, n);
		first += n;
		bytes -= n;
	}
}

/**
 * iopgt_kunit_load() - one load by the hardware
 * @k: the table
 * @entry: what it loads; from memory if it does not snoop the cache
 *
 * Context: any context.
 * Return: the entry.
 */
u64 iopgt_kunit_load(struct iopgt_kunit *k, const u64 *entry)
{
	unsigned long pfn = (unsigned long)entry >> PAGE_SHIFT;
	const void *copy;

	if (k->pgt.cfg.coherent_walk)
		return READ_ONCE(*entry);
	copy = xa_load(&k->mem, pfn);
	KUNIT_ASSERT_NOT_NULL(k->test, copy);
	return *(const u64 *)(copy + offset_in_page(entry));
}

/**
 * iopgt_kunit_write() - a write request, which marks what it goes through
 * @k: a table whose walker is coherent and that tracks writes
 * @iova: the address in the request
 *
 * Context: any context.
 * Return: false if the request faults.
 */
bool iopgt_kunit_write(struct iopgt_kunit *k, unsigned long iova)
{
	struct iopgt_hw_leaf hw = iopgt_kunit_hw(k, iova);
	u64 old = hw.pte;

	while (hw.lg2 && hw.writable) {
		u64 pte = (old & ~k->f->written_mask) | k->f->written_bits;

		if (try_cmpxchg(hw.entry, &old, pte))
			return true;
		hw = iopgt_kunit_hw(k, iova);
		old = hw.pte;
	}
	return false;
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
 * iopgt_kunit_try() - a map that may fail; to the output address @k->out
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
	return iopgt_map_pages(&k->pgt, iova, k->out, pgsize, pgcount,
			       IOPGT_RW, GFP_KERNEL, mapped);
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
