// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what the kernel keeps to itself, for a module
 *
 * How dma-iommu remaps pages and gets contiguous memory above all. What the layers
 * call of that is here under the same names, for devices that see the CPU's caches,
 * which are all that a module takes over. Contiguous memory is the page allocator's and no
 * longer than its longest block; what is longer is scattered.
 */
#include <linux/gfp.h>
#include <linux/iova.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "../dma/internal.h"
#include "host.h"

/* The arrays of pages that were remapped, by the number of the page they begin at. */
static DEFINE_XARRAY(iohost_remapped);

static unsigned long iohost_index(const void *cpu_addr)
{
	return (unsigned long)cpu_addr >> PAGE_SHIFT;
}

pgprot_t dma_pgprot(struct device *dev, pgprot_t prot, unsigned long attrs)
{
	return prot;
}

struct page **dma_common_find_pages(void *cpu_addr)
{
	return xa_load(&iohost_remapped, iohost_index(cpu_addr));
}

void *dma_common_pages_remap(struct page **pages, size_t size, pgprot_t prot,
			     const void *caller)
{
	/*
	 * As the kernel's own are, and with their pages: where the group's type changes
	 * after a driver, and before its devres, dma-iommu is who frees this.
	 */
	void *cpu_addr = vmap(pages, PAGE_ALIGN(size) >> PAGE_SHIFT,
			      VM_DMA_COHERENT | VM_MAP_PUT_PAGES, prot);

	if (!cpu_addr)
		return NULL;
	if (!xa_err(xa_store(&iohost_remapped, iohost_index(cpu_addr), pages,
			     GFP_KERNEL)))
		return cpu_addr;
	vunmap(cpu_addr);
	return NULL;
}

/* For who does not see the CPU's caches: nobody here. */
void *dma_common_contiguous_remap(struct page *page, size_t size, pgprot_t prot,
				  const void *caller)
{
	return NULL;
}

void dma_common_free_remap(void *cpu_addr, size_t size)
{
	xa_erase(&iohost_remapped, iohost_index(cpu_addr));
	vunmap(cpu_addr);
}

/**
 * iodma_block_alloc() - allocate contiguous memory
 * @dev: for which device: its node is looked at first
 * @bytes: length, a multiple of the page size and not 0
 * @gfp: how to allocate
 *
 * Context: any context that @gfp allows.
 * Return: the first page, or NULL. The content is what was left there.
 */
struct page *iodma_block_alloc(struct device *dev, size_t bytes, gfp_t gfp)
{
	if (get_order(bytes) > MAX_PAGE_ORDER)
		return NULL;
	return alloc_pages_node(dev_to_node(dev), gfp, get_order(bytes));
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
	__free_pages(page, get_order(bytes));
}

/* Up to this length iova.c has caches; the number is not in a header. */
unsigned long iova_rcache_range(void)
{
	return PAGE_SIZE << 5;
}
