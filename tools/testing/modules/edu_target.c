// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is mapped for the device, unmapped, and looked at afterwards
 */

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "edu.h"

/* Pages of a target, by shape. */
static const unsigned int edu_shape_pages[EDU_SHAPES] = {
	[EDU_4K]	= 1,
	[EDU_PART]	= 1,
	[EDU_64K]	= SZ_64K / SZ_4K,
	[EDU_SG]	= 4,
	[EDU_COHERENT]	= 1,
};

const char * const edu_shape_name[EDU_SHAPES] = {
	[EDU_4K]	= "4k",
	[EDU_PART]	= "part",
	[EDU_64K]	= "64k",
	[EDU_SG]	= "sg",
	[EDU_COHERENT]	= "coherent",
};

/* Bytes of those that are one mapping. */
static size_t edu_target_bytes(const struct edu_target *t)
{
	return t->shape == EDU_PART ? EDU_BYTES : t->nr_pages * PAGE_SIZE;
}

static int edu_map_single(struct edu_target *t)
{
	dma_addr_t addr = dma_map_page(t->edu->dev, t->buf, 0,
				       edu_target_bytes(t), t->dir);
	unsigned int i;

	if (dma_mapping_error(t->edu->dev, addr))
		return -EIO;
	for (i = 0; i < t->nr_pages; i++)
		t->addr[i] = addr + i * PAGE_SIZE;
	return 0;
}

/* Entries may have been merged: walk the bus addresses, page by page. */
static int edu_map_sg(struct edu_target *t)
{
	unsigned int i, page = 0;
	struct scatterlist *s;
	int n;

	sg_init_table(t->sg, t->nr_pages);
	for (i = 0; i < t->nr_pages; i++)
		sg_set_page(&t->sg[i], t->pages[i], PAGE_SIZE, 0);

	n = dma_map_sg(t->edu->dev, t->sg, t->nr_pages, t->dir);
	if (n <= 0)
		return -EIO;
	for_each_sg(t->sg, s, n, i) {
		unsigned int at;

		for (at = 0; at < sg_dma_len(s); at += PAGE_SIZE)
			t->addr[page++] = sg_dma_address(s) + at;
	}
	return 0;
}

/* The page is ours beyond dma_free_coherent(), by a reference of our own. */
static int edu_map_coherent(struct edu_target *t)
{
	struct edu *edu = t->edu;
	phys_addr_t phys;

	t->virt = dma_alloc_coherent(edu->dev, PAGE_SIZE, &t->addr[0],
				     GFP_KERNEL);
	if (!t->virt)
		return -ENOMEM;

	phys = edu->domain ? iommu_iova_to_phys(edu->domain, t->addr[0]) :
			     t->addr[0];
	t->pages[0] = pfn_to_page(PHYS_PFN(phys));
	get_page(t->pages[0]);
	return 0;
}

/* Make the memory visible to the device. */
int edu_target_map(struct edu_target *t)
{
	switch (t->shape) {
	case EDU_SG:
		return edu_map_sg(t);
	case EDU_COHERENT:
		return edu_map_coherent(t);
	default:
		return edu_map_single(t);
	}
}

/* What is measured: the device must not reach the memory after this. */
void edu_target_unmap(struct edu_target *t)
{
	struct device *dev = t->edu->dev;

	switch (t->shape) {
	case EDU_SG:
		dma_unmap_sg(dev, t->sg, t->nr_pages, t->dir);
		break;
	case EDU_COHERENT:
		dma_free_coherent(dev, PAGE_SIZE, t->virt, t->addr[0]);
		t->virt = NULL;
		break;
	default:
		dma_unmap_page(dev, t->addr[0], edu_target_bytes(t), t->dir);
	}
}

void edu_target_poison(struct edu_target *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_pages; i++)
		memset(page_address(t->pages[i]), EDU_POISON, PAGE_SIZE);
}

/* What the device may have is a copy: show it what is in the memory. */
void edu_target_to_device(struct edu_target *t)
{
	struct device *dev = t->edu->dev;

	if (t->shape == EDU_SG)
		dma_sync_sg_for_device(dev, t->sg, t->nr_pages, t->dir);
	else if (t->shape != EDU_COHERENT)
		dma_sync_single_for_device(dev, t->addr[0], edu_target_bytes(t),
					   t->dir);
}

/* And have the memory show what the device has written. */
void edu_target_to_cpu(struct edu_target *t)
{
	struct device *dev = t->edu->dev;

	if (t->shape == EDU_SG)
		dma_sync_sg_for_cpu(dev, t->sg, t->nr_pages, t->dir);
	else if (t->shape != EDU_COHERENT)
		dma_sync_single_for_cpu(dev, t->addr[0], edu_target_bytes(t),
					t->dir);
}

/* Does all of the memory hold what edu_target_poison() put there? */
bool edu_target_untouched(struct edu_target *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_pages; i++)
		if (memchr_inv(page_address(t->pages[i]), EDU_POISON,
			       PAGE_SIZE))
			return false;
	return true;
}

/* Is the device's buffer in this page, and no other byte changed? */
bool edu_target_landed(struct edu_target *t, unsigned int page)
{
	unsigned int i;

	for (i = 0; i < t->nr_pages; i++) {
		u8 *virt = page_address(t->pages[i]);
		size_t from = i == page ? EDU_BYTES : 0;

		if (i == page && memcmp(virt, t->edu->payload, EDU_BYTES))
			return false;
		if (memchr_inv(virt + from, EDU_POISON, PAGE_SIZE - from))
			return false;
	}
	return true;
}

/* Get memory that a later edu_target_map() maps. */
int edu_target_init(struct edu_target *t, struct edu *edu, enum edu_shape shape,
		    enum dma_data_direction dir)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	t->edu = edu;
	t->shape = shape;
	t->dir = dir;
	t->nr_pages = edu_shape_pages[shape];
	if (shape == EDU_COHERENT)
		return 0;

	if (shape != EDU_SG) {
		t->buf = alloc_pages(GFP_KERNEL | __GFP_COMP,
				     get_order(t->nr_pages * PAGE_SIZE));
		if (!t->buf)
			return -ENOMEM;
	}
	for (i = 0; i < t->nr_pages; i++) {
		t->pages[i] = t->buf ? t->buf + i : alloc_page(GFP_KERNEL);
		if (!t->pages[i]) {
			edu_target_exit(t);
			return -ENOMEM;
		}
	}
	return 0;
}

void edu_target_exit(struct edu_target *t)
{
	unsigned int i;

	if (t->buf) {
		__free_pages(t->buf, get_order(t->nr_pages * PAGE_SIZE));
		return;
	}
	for (i = 0; i < t->nr_pages; i++)
		if (t->pages[i])
			put_page(t->pages[i]);
}
