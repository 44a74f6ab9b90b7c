// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps and unmaps one contiguous buffer
 *
 * A buffer keeps its offset in the page: all of the pages that it touches are
 * mapped, and the device is told where in the first one it begins. That meets
 * any dma_set_min_align_mask() of up to a page; no driver asks for more.
 */
#include "copied.h"
#include "guard.h"

/**
 * iodma_iova_retry() - allocate addresses from a space that has run dry
 * @dom: the domain
 * @bytes: length
 * @limit: the last address that the device reaches
 * @kind: what for
 *
 * In lazy mode addresses wait in the rings until they have been flushed; that
 * is done now.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 * Return: the first address, or 0.
 */
noinline dma_addr_t iodma_iova_retry(struct iodom *dom, size_t bytes,
				     u64 limit, enum iospace_kind kind)
{
	ioflush_drain(&dom->flush, IOFLUSH_SPACE);
	return iospace_alloc(dom->space, bytes, limit, kind);
}

static noinline dma_addr_t iodma_map_failed(struct iodom *dom, dma_addr_t iova,
					    size_t bytes)
{
	iospace_free(dom->space, iova, bytes);
	return DMA_MAPPING_ERROR;
}

static __always_inline dma_addr_t
__iodma_map_phys(struct iodom *dom, struct device *dev, phys_addr_t phys,
		 size_t size, int prot, u64 mask, enum iospace_kind kind)
{
	size_t offset = offset_in_page(phys);
	size_t bytes = PAGE_ALIGN(size + offset);
	dma_addr_t iova;

	iova = iodma_iova_alloc(dom, bytes, iodma_limit(dev, mask), kind);
	if (unlikely(!iova))
		return DMA_MAPPING_ERROR;
	if (unlikely(iodom_map(dom, iova, phys - offset, bytes, prot,
			       GFP_ATOMIC) ||
		     iodma_map_sync_run(dom, iova, bytes, phys - offset, prot)))
		return iodma_map_failed(dom, iova, bytes);
	return iova + offset;
}

/**
 * iodma_map_phys() - map a physical range for a device
 * @dev: the device
 * @phys: first byte
 * @size: length
 * @prot: IOMMU_READ, IOMMU_WRITE and friends
 * @mask: which addresses the device can express
 * @kind: what for
 *
 * Where there are no bytes nothing is mapped: that succeeds, since drivers take
 * an error for a failure, at an address that translates to nothing.
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: the device's address of the first byte, IODMA_NOTHING for no bytes,
 *	or DMA_MAPPING_ERROR.
 */
dma_addr_t iodma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			  int prot, u64 mask, enum iospace_kind kind)
{
	struct iodom *dom;

	if (!size)
		return IODMA_NOTHING;
	dom = iodma_domain(dev);
	if (!dom)
		return DMA_MAPPING_ERROR;
	return __iodma_map_phys(dom, dev, phys, size, prot, mask, kind);
}

/**
 * iodma_unmap_any() - unmap a range of any device
 * @dev: the device
 * @iova: the device's address of the first byte
 * @size: length
 *
 * For an untrusted device it is strict, whatever the group's type says: the
 * type file lets a user make a group lazy that the core made strict for this
 * reason.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_unmap_any(struct device *dev, dma_addr_t iova, size_t size)
{
	const dma_addr_t first = iova & PAGE_MASK;
	const size_t bytes = PAGE_ALIGN(iova + size) - first;
	struct iodom *dom = iodma_domain(dev);

	/* Without a domain there was nothing to map in, see iodma_map_phys(). */
	if (!dom || !size)
		return;
	if (!iodma_untrusted(dev)) {
		/* Maybe a child unmaps what its parent has mapped. */
		if (iodma_holds(dom))
			iodma_unmap_guarded(dom, dev, iova, size);
		else
			iodma_unmap_in(dom, dev, first, bytes);
		return;
	}
	iodom_unmap_sync(dom, first, bytes);
	iospace_free(dom->space, first, bytes);
}

/* What a device is to read only, in a guarded domain: held, if it can be. */
static noinline dma_addr_t iodma_map_guarded(struct iodom *dom,
					     struct device *dev,
					     phys_addr_t phys, size_t size,
					     int prot)
{
	const struct iopgt_piece piece = {
		.paddr = phys & PAGE_MASK,
		.pages = PAGE_ALIGN(offset_in_page(phys) + size) >> dom->granule_lg2,
	};
	struct ioflush_hold hold __uninitialized;
	dma_addr_t iova;

	hold.n = 0;
	if (likely(iodma_hold(dom, &hold, &piece, 1)))
		prot |= IOPGT_MARK;
	iova = __iodma_map_phys(dom, dev, phys, size, prot, iodma_mask(dev),
				IOSPACE_STREAMING);
	if (unlikely(iova == DMA_MAPPING_ERROR))
		iodma_hold_undo(&hold);
	return iova;
}

static __always_inline dma_addr_t
__iodma_map_precisely(struct iodom *dom, struct device *dev, struct page *page,
		      unsigned long offset, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	const phys_addr_t phys = page_to_phys(page) + offset;
	const int prot = iodma_prot(dir, true, attrs);

	if (iodma_guards(dom, dir))
		return iodma_map_guarded(dom, dev, phys, size, prot);
	return __iodma_map_phys(dom, dev, phys, size, prot, iodma_mask(dev),
				IOSPACE_STREAMING);
}

/**
 * iodma_map_precisely() - map the pages of a buffer, whatever its length
 * @dev: a device in a group, trusted and coherent
 * @page: first page
 * @offset: where the buffer begins in it
 * @size: length, at least 1
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: the device's address, or DMA_MAPPING_ERROR.
 */
noinline dma_addr_t iodma_map_precisely(struct device *dev, struct page *page,
					unsigned long offset, size_t size,
					enum dma_data_direction dir,
					unsigned long attrs)
{
	return __iodma_map_precisely(iodma_own_domain(dev), dev, page, offset,
				     size, dir, attrs);
}

/* For a device without a group. */
static noinline dma_addr_t
iodma_map_unusual(struct device *dev, struct page *page, unsigned long offset,
		  size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return iodma_map_phys(dev, page_to_phys(page) + offset, size,
			      iodma_prot(dir, true, attrs), iodma_mask(dev),
			      IOSPACE_STREAMING);
}

/**
 * iodma_map_page() - &dma_map_ops.map_page of a trusted, coherent device
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
dma_addr_t iodma_map_page(struct device *dev, struct page *page,
			  unsigned long offset, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	struct ioslot_pool *pool;
	struct iodom *dom;

	if (unlikely(!dev->iommu_group))
		return iodma_map_unusual(dev, page, offset, size, dir, attrs);
	dom = iodma_own_domain(dev);
	if (offset_in_page(offset | size)) {
		pool = iodma_pool(dom);
		if (ioslot_wants(pool, size, dir))
			return iodma_map_small(pool, dev, page, offset, size,
					       dir, attrs);
	}
	if (unlikely(!size))
		return IODMA_NOTHING;
	return __iodma_map_precisely(dom, dev, page, offset, size, dir, attrs);
}

/**
 * iodma_unmap_page() - &dma_map_ops.unmap_page of a trusted, coherent device
 * @dev: the device
 * @iova: as returned by iodma_map_page()
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_unmap_page(struct device *dev, dma_addr_t iova, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	struct iodom *dom;

	if (unlikely(!dev->iommu_group)) {
		iodma_unmap_any(dev, iova, size);
		return;
	}
	dom = iodma_own_domain(dev);
	if (iodma_in_slot(dom, iova))
		__ioslot_unmap(iodma_pool(dom), iova, size, attrs);
	else if (iodma_holds(dom) && size)
		iodma_unmap_guarded(dom, dev, iova, size);
	else
		iodma_unmap_own(dev, iova, size);
}

/**
 * iodma_map_resource() - &dma_map_ops.map_resource
 * @dev: the device
 * @phys: first byte of device memory
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: the device's address, IODMA_NOTHING for no bytes, or DMA_MAPPING_ERROR, also for
 *	more than IODMA_RESOURCE_MAX.
 */
dma_addr_t iodma_map_resource(struct device *dev, phys_addr_t phys,
			      size_t size, enum dma_data_direction dir,
			      unsigned long attrs)
{
	if (unlikely(size > IODMA_RESOURCE_MAX))
		return DMA_MAPPING_ERROR;
	return iodma_map_phys(dev, phys, size,
			      iodma_prot(dir, false, attrs) | IOMMU_MMIO,
			      iodma_mask(dev), IOSPACE_LASTING);
}

/**
 * iodma_unmap_resource() - &dma_map_ops.unmap_resource
 * @dev: the device
 * @iova: as returned by iodma_map_resource()
 * @size: length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_unmap_resource(struct device *dev, dma_addr_t iova, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	iodma_unmap_any(dev, iova, size);
}
