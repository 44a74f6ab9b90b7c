// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: physically contiguous memory of any length
 *
 * The page allocator has no blocks above MAX_PAGE_ORDER, and few large ones
 * once memory is fragmented. 6.12 asks for such blocks all the same: for
 * dma_alloc_noncontiguous() it collects pages from all over only where
 * dev->dma_iommu is set, and wants one block of anybody else. What the page
 * allocator does not have is therefore made by moving away what is in the way.
 * That needs CONFIG_CONTIG_ALLOC, a context that can sleep, and a stretch of
 * memory with nothing in it that cannot be moved.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/topology.h>
#include <linux/xarray.h>

#include "internal.h"

/*
 * The first pages of blocks that were made: those are freed page by page. The
 * lock is taken with interrupts off, since blocks may be freed in interrupts.
 */
static DEFINE_XARRAY_FLAGS(iodma_blocks_made, XA_FLAGS_LOCK_IRQ);

/**
 * iodma_block_find() - a block of the page allocator
 * @nid: NUMA node
 * @bytes: length, a multiple of the page size
 * @gfp: how to allocate
 *
 * Tests put theirs in its place, which has none.
 *
 * Context: any context that @gfp allows.
 * Return: the first page, or NULL.
 */
VISIBLE_IF_KUNIT struct page *iodma_block_find(int nid, size_t bytes, gfp_t gfp)
{
	KUNIT_STATIC_STUB_REDIRECT(iodma_block_find, nid, bytes, gfp);
	if (get_order(bytes) > MAX_PAGE_ORDER)
		return NULL;
	return alloc_pages_node(nid, gfp, get_order(bytes));
}

/*
 * Not free_contig_range(), which warns of pages that others still have a reference to:
 * they may. A guarded unmap has, and so has a process that the memory was mapped for.
 */
static void iodma_block_unmake(struct page *page, size_t count)
{
	unsigned long pfn = page_to_pfn(page);

	while (count--)
		__free_page(pfn_to_page(pfn++));
}

#ifdef CONFIG_CONTIG_ALLOC
static bool iodma_block_may_make(size_t bytes, gfp_t gfp)
{
	return bytes > PAGE_SIZE && gfpflags_allow_blocking(gfp);
}

static struct page *iodma_block_make(int nid, size_t bytes, gfp_t gfp)
{
	unsigned long count = bytes >> PAGE_SHIFT;
	struct page *page;

	if (nid == NUMA_NO_NODE)
		nid = numa_mem_id();
	page = alloc_contig_pages(count, (gfp & GFP_KERNEL) | __GFP_NOWARN, nid,
				  NULL);
	if (!page)
		return NULL;
	if (!xa_err(xa_store_irq(&iodma_blocks_made, page_to_pfn(page),
				 xa_mk_value(count), GFP_KERNEL)))
		return page;
	iodma_block_unmake(page, count);
	return NULL;
}
#else
static bool iodma_block_may_make(size_t bytes, gfp_t gfp)
{
	return false;
}

static struct page *iodma_block_make(int nid, size_t bytes, gfp_t gfp)
{
	return NULL;
}
#endif

static bool iodma_block_was_made(struct page *page)
{
	unsigned long flags;
	void *entry;

	/* Nobody else knows of this block yet or still: no race about it. */
	if (xa_empty(&iodma_blocks_made))
		return false;
	xa_lock_irqsave(&iodma_blocks_made, flags);
	entry = __xa_erase(&iodma_blocks_made, page_to_pfn(page));
	xa_unlock_irqrestore(&iodma_blocks_made, flags);
	return entry;
}

/**
 * iodma_block_alloc() - allocate contiguous memory
 * @dev: for which device: its own area and its node are looked at first
 * @bytes: length, a multiple of the page size and not 0
 * @gfp: how to allocate
 *
 * Context: any context that @gfp allows. Where that is one that can sleep, it
 *	may take long: other memory is moved.
 * Return: the first page, or NULL. The content is what was left there.
 */
struct page *iodma_block_alloc(struct device *dev, size_t bytes, gfp_t gfp)
{
	bool may_make = iodma_block_may_make(bytes, gfp);
	struct page *page;

	page = dma_alloc_contiguous(dev, bytes, gfp);
	if (!page)
		page = iodma_block_find(dev_to_node(dev), bytes,
					may_make ? gfp | __GFP_NOWARN : gfp);
	if (!page && may_make)
		page = iodma_block_make(dev_to_node(dev), bytes, gfp);
	return page;
}

/**
 * iodma_block_free() - free what iodma_block_alloc() has returned
 * @dev: as given to it
 * @page: as returned
 * @bytes: as given to it
 *
 * Context: any context.
 */
void iodma_block_free(struct device *dev, struct page *page, size_t bytes)
{
	if (iodma_block_was_made(page))
		iodma_block_unmake(page, bytes >> PAGE_SHIFT);
	else
		dma_free_contiguous(dev, page, bytes);
}
