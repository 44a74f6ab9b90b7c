// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: memory that CPU and device share
 *
 * It comes in three shapes, told apart by the address that the driver has:
 *
 *	a block		physically contiguous, in the linear map; or, for a
 *			device that is not coherent, remapped
 *	from the pool	the same, for atomic contexts that cannot remap
 *	an array	single pages in an array, mapped to be contiguous for
 *			the kernel
 *
 * The device sees one contiguous range in all cases.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "internal.h"

static void iodma_pages_free(struct page **pages, size_t count)
{
	while (count--)
		__free_page(pages[count]);
	kvfree(pages);
}

/**
 * iodma_pages_block() - one block of pages for an array
 * @nid: NUMA node
 * @gfp: how to allocate
 * @order: log2 of the largest block that is of use; becomes what it was
 *
 * Large blocks make large translations, but are not worth reclaiming memory
 * for. Tests put theirs in its place.
 *
 * Context: any context that @gfp allows.
 * Return: the first page, or NULL. They are freed one by one.
 */
VISIBLE_IF_KUNIT struct page *iodma_pages_block(int nid, gfp_t gfp,
						unsigned int *order)
{
	struct page *page;

	KUNIT_STATIC_STUB_REDIRECT(iodma_pages_block, nid, gfp, order);
	for (; *order; --*order) {
		page = alloc_pages_node(nid, gfp | __GFP_NORETRY | __GFP_NOWARN,
					*order);
		if (page) {
			split_page(page, *order);
			return page;
		}
	}
	return alloc_pages_node(nid, gfp, 0);
}

static struct page **iodma_pages_alloc(struct device *dev, size_t count,
				       gfp_t gfp, unsigned long attrs)
{
	struct page **pages = kvcalloc(count, sizeof(*pages), GFP_KERNEL);
	unsigned int order = MAX_PAGE_ORDER;
	size_t have = 0;

	if (!pages)
		return NULL;
	if (attrs & DMA_ATTR_ALLOC_SINGLE_PAGES)
		order = 0;

	while (have < count) {
		struct page *page;

		/* A size that was not to be had is not tried again. */
		order = min_t(unsigned int, order, ilog2(count - have));
		page = iodma_pages_block(dev_to_node(dev), gfp, &order);
		if (!page) {
			iodma_pages_free(pages, have);
			return NULL;
		}
		for (size_t i = 0; i < 1UL << order; i++)
			pages[have++] = page + i;
	}
	return pages;
}

/* Number of physically contiguous pages that an array begins with. */
static size_t iodma_pages_run(struct page **pages, size_t count)
{
	size_t n = 1;

	while (n < count && page_to_pfn(pages[n]) == page_to_pfn(pages[0]) + n)
		n++;
	return n;
}

static int iodma_pages_map_at(struct device *dev, dma_addr_t iova,
			      struct page **pages, size_t count, gfp_t gfp,
			      int prot)
{
	struct iodom *dom = iodma_domain(dev);
	size_t done = 0, n;

	for (; done < count; done += n) {
		n = iodma_pages_run(pages + done, count - done);
		if (!dev_is_dma_coherent(dev))
			arch_dma_prep_coherent(pages[done], n << PAGE_SHIFT);
		if (iodom_map(dom, iova + (done << PAGE_SHIFT),
			      page_to_phys(pages[done]), n << PAGE_SHIFT, prot,
			      gfp)) {
			if (done)
				iodom_unmap_sync(dom, iova, done << PAGE_SHIFT);
			return -ENOMEM;
		}
	}
	return iodma_map_sync(dom, iova, count << PAGE_SHIFT);
}

static dma_addr_t iodma_pages_map(struct device *dev, struct page **pages,
				  size_t count, gfp_t gfp, int prot)
{
	u64 limit = iodma_limit(dev, dev->coherent_dma_mask);
	struct iodom *dom = iodma_domain(dev);
	dma_addr_t iova;

	iova = iodma_iova_alloc(dom, count << PAGE_SHIFT, limit,
				IOSPACE_LASTING);
	if (!iova)
		return DMA_MAPPING_ERROR;
	if (iodma_pages_map_at(dev, iova, pages, count, gfp, prot)) {
		iospace_free(dom->space, iova, count << PAGE_SHIFT);
		return DMA_MAPPING_ERROR;
	}
	return iova;
}

static int iodma_alloc_prot(struct device *dev, unsigned long attrs)
{
	return iodma_prot(DMA_BIDIRECTIONAL, dev_is_dma_coherent(dev), attrs);
}

static void *iodma_alloc_array(struct device *dev, size_t size,
			       dma_addr_t *handle, gfp_t gfp,
			       unsigned long attrs)
{
	pgprot_t pgprot = dma_pgprot(dev, PAGE_KERNEL, attrs);
	size_t count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct page **pages;
	void *cpu_addr;

	pages = iodma_pages_alloc(dev, count, gfp | __GFP_ZERO, attrs);
	if (!pages)
		return NULL;
	*handle = iodma_pages_map(dev, pages, count, gfp,
				  iodma_alloc_prot(dev, attrs));
	if (*handle == DMA_MAPPING_ERROR)
		goto err_free;
	cpu_addr = dma_common_pages_remap(pages, size, pgprot,
					  __builtin_return_address(0));
	if (cpu_addr)
		return cpu_addr;
	iodma_unmap_any(dev, *handle, count << PAGE_SHIFT);
err_free:
	iodma_pages_free(pages, count);
	return NULL;
}

/* Takes from the pool what it must: remapping sleeps. */
static bool iodma_use_pool(struct device *dev, gfp_t gfp)
{
	return IS_ENABLED(CONFIG_DMA_DIRECT_REMAP) &&
	       !gfpflags_allow_blocking(gfp) && !dev_is_dma_coherent(dev);
}

static void *iodma_block_get(struct device *dev, size_t bytes,
			     struct page **pagep, gfp_t gfp,
			     unsigned long attrs)
{
	pgprot_t pgprot = dma_pgprot(dev, PAGE_KERNEL, attrs);
	struct page *page;
	void *cpu_addr;

	page = iodma_block_alloc(dev, bytes, gfp);
	if (!page)
		return NULL;

	cpu_addr = page_address(page);
	if (!dev_is_dma_coherent(dev)) {
		cpu_addr = dma_common_contiguous_remap(page, bytes, pgprot,
						       __builtin_return_address(0));
		if (!cpu_addr) {
			iodma_block_free(dev, page, bytes);
			return NULL;
		}
		arch_dma_prep_coherent(page, bytes);
	}
	/* Such pages come as they were left. */
	memset(cpu_addr, 0, bytes);
	*pagep = page;
	return cpu_addr;
}

static void iodma_mem_put(struct device *dev, size_t bytes, void *cpu_addr)
{
	struct page **pages = iodma_pages_of(cpu_addr);
	struct page *page = NULL;

	if (IS_ENABLED(CONFIG_DMA_DIRECT_REMAP) && !pages &&
	    dma_free_from_pool(dev, cpu_addr, bytes))
		return;

	if (!pages)
		page = is_vmalloc_addr(cpu_addr) ? vmalloc_to_page(cpu_addr) :
						   virt_to_page(cpu_addr);
	if (is_vmalloc_addr(cpu_addr))
		dma_common_free_remap(cpu_addr, bytes);
	if (pages)
		iodma_pages_free(pages, bytes >> PAGE_SHIFT);
	else
		iodma_block_free(dev, page, bytes);
}

static void *iodma_alloc_block(struct device *dev, size_t size,
			       dma_addr_t *handle, gfp_t gfp,
			       unsigned long attrs)
{
	size_t bytes = PAGE_ALIGN(size);
	struct page *page = NULL;
	void *cpu_addr;

	if (iodma_use_pool(dev, gfp))
		page = ioflush_pool_alloc(dev, bytes, &cpu_addr, gfp, attrs);
	else
		cpu_addr = iodma_block_get(dev, bytes, &page, gfp, attrs);
	if (!page)
		return NULL;

	*handle = iodma_map_phys(dev, page_to_phys(page), bytes,
				 iodma_alloc_prot(dev, attrs),
				 dev->coherent_dma_mask, IOSPACE_LASTING);
	if (*handle == DMA_MAPPING_ERROR) {
		iodma_mem_put(dev, bytes, cpu_addr);
		return NULL;
	}
	return cpu_addr;
}

/**
 * iodma_pages_of() - the page array of an allocation
 * @cpu_addr: as returned by iodma_alloc()
 *
 * Context: any context.
 * Return: the array, NULL if the allocation is contiguous.
 */
struct page **iodma_pages_of(void *cpu_addr)
{
	return is_vmalloc_addr(cpu_addr) ? dma_common_find_pages(cpu_addr) :
					   NULL;
}

/**
 * iodma_alloc() - &dma_map_ops.alloc
 * @dev: the device
 * @size: length
 * @handle: set to the device's address
 * @gfp: how to allocate
 * @attrs: DMA_ATTR_*
 *
 * A single page needs neither an array nor a mapping of its own. As in
 * mainline, DMA_ATTR_NO_KERNEL_MAPPING changes nothing: the kernel's mapping
 * is what the array is found by.
 *
 * Context: any context that @gfp allows; may wait for hardware.
 * Return: zeroed memory, or NULL.
 */
void *iodma_alloc(struct device *dev, size_t size, dma_addr_t *handle,
		  gfp_t gfp, unsigned long attrs)
{
	if (attrs & DMA_ATTR_NO_WARN)
		gfp |= __GFP_NOWARN;
	if (!size || !iodma_domain(dev))
		return NULL;
	if (size > PAGE_SIZE && gfpflags_allow_blocking(gfp) &&
	    !(attrs & DMA_ATTR_FORCE_CONTIGUOUS))
		return iodma_alloc_array(dev, size, handle, gfp, attrs);
	return iodma_alloc_block(dev, size, handle, gfp, attrs);
}

/**
 * iodma_free() - &dma_map_ops.free
 * @dev: the device
 * @size: as given to iodma_alloc()
 * @cpu_addr: as returned by it
 * @handle: as set by it
 * @attrs: as given to it
 *
 * Context: process context where remapped memory is freed, otherwise any
 *	context; may wait for hardware. The caller should hold no lock.
 */
void iodma_free(struct device *dev, size_t size, void *cpu_addr,
		dma_addr_t handle, unsigned long attrs)
{
	iodma_unmap_any(dev, handle, PAGE_ALIGN(size));
	iodma_mem_put(dev, PAGE_ALIGN(size), cpu_addr);
}
