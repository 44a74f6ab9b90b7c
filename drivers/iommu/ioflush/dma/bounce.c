// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps pages for devices that are untrusted or not coherent
 *
 * Translation works on whole pages. What else lies in the page of a buffer is
 * nothing that an untrusted device may see or change, so a buffer that does
 * not fill its pages goes through a bounce buffer. So does one for a device
 * that is not coherent, if it may share a cache line with something else.
 */
#include <linux/swiotlb.h>
#include <trace/events/swiotlb.h>

#include "compat-cache.h"
#include "internal.h"
#include "slot_copy.h"

static bool iodma_needs_bounce(struct device *dev, phys_addr_t phys,
			       size_t size, enum dma_data_direction dir)
{
	if (!IS_ENABLED(CONFIG_SWIOTLB) || !offset_in_page(phys | size))
		return false;
	return iodma_untrusted(dev) || dma_kmalloc_needs_bounce(dev, size, dir);
}

/**
 * iodma_sg_needs_bounce() - does a scatterlist have to be mapped piecemeal?
 * @dev: the device
 * @sgl: the list
 * @nents: its length
 * @dir: direction
 *
 * Context: any context.
 * Return: true if some entry needs a bounce buffer. The entries are then
 *	mapped one by one.
 */
bool iodma_sg_needs_bounce(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sgl, s, nents, i)
		if (s->length &&
		    iodma_needs_bounce(dev, sg_phys(s), s->length, dir))
			return true;
	return false;
}

/* The tracepoint is there only with the buffers. */
#ifdef CONFIG_SWIOTLB
/* What surrounds the bounced bytes in their pages is left of somebody else. */
static void iodma_clear_around(phys_addr_t phys, size_t size)
{
	void *start = phys_to_virt(phys);
	void *end = start + size;

	memset(start - offset_in_page(start), 0, offset_in_page(start));
	memset(end, 0, PAGE_ALIGN((unsigned long)end) - (unsigned long)end);
}

static phys_addr_t iodma_bounce(struct device *dev, phys_addr_t phys,
				size_t size, enum dma_data_direction dir,
				unsigned long attrs)
{
	phys_addr_t bounced;

	if (!is_swiotlb_active(dev)) {
		dev_warn_once(dev, "there are no bounce buffers, which an unaligned mapping needs\n");
		return DMA_MAPPING_ERROR;
	}
	trace_swiotlb_bounced(dev, phys, size);
	bounced = ioflush_swiotlb_map(dev, phys, size, dir, attrs);
	if (bounced != DMA_MAPPING_ERROR && iodma_untrusted(dev))
		iodma_clear_around(bounced, size);
	return bounced;
}
#else
static phys_addr_t iodma_bounce(struct device *dev, phys_addr_t phys,
				size_t size, enum dma_data_direction dir,
				unsigned long attrs)
{
	return DMA_MAPPING_ERROR;
}
#endif

/* Slots are for devices that see the CPU's caches. */
static struct ioslot_pool *iodma_careful_pool(struct device *dev)
{
	struct iodom *dom = iodma_domain(dev);

	return dom && dev_is_dma_coherent(dev) ? iodma_pool(dom) : NULL;
}

/**
 * iodma_careful_map_page() - &dma_map_ops.map_page of any device
 * @dev: the device
 * @page: first page
 * @offset: where the buffer begins in it
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: the device's address, IODMA_NOTHING for no bytes, or DMA_MAPPING_ERROR.
 */
dma_addr_t iodma_careful_map_page(struct device *dev, struct page *page,
				  unsigned long offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs)
{
	phys_addr_t phys = page_to_phys(page) + offset;
	bool coherent = dev_is_dma_coherent(dev);
	struct ioslot_pool *pool;
	dma_addr_t iova;

	/* No bytes, no bounce buffer, and no page that the device would see. */
	if (!size)
		return IODMA_NOTHING;
	pool = iodma_careful_pool(dev);
	if (ioslot_wants(pool, size, dir)) {
		iova = iodma_map_copied(pool, dev, page, offset, size, dir,
					attrs);
		if (iova != DMA_MAPPING_ERROR)
			return iova;
	}
	if (iodma_needs_bounce(dev, phys, size, dir)) {
		if (attrs & IODMA_ATTR_NO_COPY)
			return DMA_MAPPING_ERROR;
		phys = iodma_bounce(dev, phys, size, dir, attrs);
		/* What is copied elsewhere for speed is here for want of buffers. */
		if (phys == DMA_MAPPING_ERROR)
			return pool && size <= IOSLOT_MAX_BYTES ?
			       iodma_map_copied(pool, dev, page, offset, size,
						dir, attrs) :
			       DMA_MAPPING_ERROR;
	}
	if (!coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		arch_sync_dma_for_device(phys, size, dir);
		ioflush_cache_done();
	}

	iova = iodma_map_phys(dev, phys, size, iodma_prot(dir, coherent, attrs),
			      iodma_mask(dev), IOSPACE_STREAMING);
	if (iova == DMA_MAPPING_ERROR)
		swiotlb_tbl_unmap_single(dev, phys, size, dir,
					 attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return iova;
}

/**
 * iodma_careful_unmap_page() - &dma_map_ops.unmap_page of any device
 * @dev: the device
 * @iova: as returned by iodma_careful_map_page()
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * A bounce buffer is copied back and returned after the device has lost
 * access to it.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_careful_unmap_page(struct device *dev, dma_addr_t iova, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct iodom *dom = iodma_domain(dev);
	phys_addr_t phys;

	if (!dom || !size)
		return;
	if (ioslot_holds(iodma_pool(dom), iova)) {
		ioslot_unmap(iodma_pool(dom), iova, size, attrs);
		return;
	}
	phys = iopgt_iova_to_phys(&dom->pgt, iova);
	if (WARN_ON(!phys))
		return;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		arch_sync_dma_for_cpu(phys, size, dir);
		ioflush_cache_done();
	}
	iodma_unmap_any(dev, iova, size);
	swiotlb_tbl_unmap_single(dev, phys, size, dir, attrs);
}
