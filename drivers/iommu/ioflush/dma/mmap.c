// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: shows allocated memory to user space and to other devices
 */
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include "internal.h"

static struct page *iodma_first_page(void *cpu_addr)
{
	return is_vmalloc_addr(cpu_addr) ? vmalloc_to_page(cpu_addr) :
					   virt_to_page(cpu_addr);
}

/**
 * iodma_mmap() - &dma_map_ops.mmap
 * @dev: the device
 * @vma: where to
 * @cpu_addr: as returned by iodma_alloc()
 * @handle: as set by it
 * @size: as given to it
 * @attrs: as given to it
 *
 * Context: process context, in a file's mmap().
 * Return: 0; -ENXIO for a range outside the allocation; an error of mapping.
 */
int iodma_mmap(struct device *dev, struct vm_area_struct *vma, void *cpu_addr,
	       dma_addr_t handle, size_t size, unsigned long attrs)
{
	unsigned long count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	unsigned long offset = vma->vm_pgoff;
	struct page **pages;
	int ret;

	vma->vm_page_prot = dma_pgprot(dev, vma->vm_page_prot, attrs);
	if (dma_mmap_from_dev_coherent(dev, vma, cpu_addr, size, &ret))
		return ret;
	if (offset >= count || vma_pages(vma) > count - offset)
		return -ENXIO;

	pages = iodma_pages_of(cpu_addr);
	if (pages)
		return vm_map_pages(vma, pages, count);
	return remap_pfn_range(vma, vma->vm_start,
			       page_to_pfn(iodma_first_page(cpu_addr)) + offset,
			       vma_pages(vma) << PAGE_SHIFT, vma->vm_page_prot);
}

/**
 * iodma_get_sgtable() - &dma_map_ops.get_sgtable
 * @dev: the device
 * @sgt: an empty table, to be filled with the memory's pages
 * @cpu_addr: as returned by iodma_alloc()
 * @handle: as set by it
 * @size: as given to it
 * @attrs: as given to it
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int iodma_get_sgtable(struct device *dev, struct sg_table *sgt, void *cpu_addr,
		      dma_addr_t handle, size_t size, unsigned long attrs)
{
	struct page **pages = iodma_pages_of(cpu_addr);
	int ret;

	if (pages)
		return sg_alloc_table_from_pages(sgt, pages,
						 PAGE_ALIGN(size) >> PAGE_SHIFT,
						 0, size, GFP_KERNEL);
	ret = sg_alloc_table(sgt, 1, GFP_KERNEL);
	if (!ret)
		sg_set_page(sgt->sgl, iodma_first_page(cpu_addr),
			    PAGE_ALIGN(size), 0);
	return ret;
}
