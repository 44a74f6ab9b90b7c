// SPDX-License-Identifier: GPL-2.0
/*
 * Memory in physically contiguous blocks for a program
 *
 * What mmap() of /dev/ioflush_blocks gives lies in blocks of the largest size
 * that the page allocator has, naturally aligned, as a hugepage does; the test
 * kernels have no hugepages. A program that maps it for a device through VFIO
 * gets large leaves in the IOMMU's page table.
 */

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define BLOCK_BYTES	(PAGE_SIZE << MAX_PAGE_ORDER)

/* Pages of their own from here on; the mapping has a reference to each. */
static int blocks_map_one(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_ZERO,
					 MAX_PAGE_ORDER);
	int ret = 0;

	if (!block)
		return -ENOMEM;
	split_page(block, MAX_PAGE_ORDER);
	for (unsigned int i = 0; i < MAX_ORDER_NR_PAGES; i++) {
		if (!ret)
			ret = vm_insert_page(vma, addr + i * PAGE_SIZE,
					     block + i);
		put_page(block + i);
	}
	return ret;
}

static int blocks_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long addr;
	int ret = 0;

	if (!IS_ALIGNED(vma->vm_end - vma->vm_start, BLOCK_BYTES))
		return -EINVAL;
	vm_flags_set(vma, VM_DONTEXPAND);
	for (addr = vma->vm_start; addr < vma->vm_end && !ret; addr += BLOCK_BYTES)
		ret = blocks_map_one(vma, addr);
	return ret;
}

static const struct file_operations blocks_fops = {
	.owner	= THIS_MODULE,
	.mmap	= blocks_mmap,
};

static struct miscdevice blocks_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "ioflush_blocks",
	.fops	= &blocks_fops,
};
module_misc_device(blocks_device);

MODULE_DESCRIPTION("Physically contiguous memory for the tests of ioflush");
MODULE_LICENSE("GPL");
