// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which calls of the DMA API are answered with a copy
 *
 * Buffers up to the limit of their domain are copied, see slot.c, of devices that see
 * the CPU's caches and whose masks reach the slots. These are not:
 *
 * - of a map with DMA_ATTR_SKIP_CPU_SYNC: it is of memory that stays mapped for
 *   longer, and the driver says itself which part it wants when;
 * - whole pages. That is how memory is mapped that CPU and device share for longer, and
 *   who does so, as RDMA and graphics do with pages of processes, counts on it
 *   that nothing has to be synchronised. Of them a device sees no more than it should;
 * - memory of a device, which may not be read like the CPU's own;
 * - scatterlists that would be merged: drivers that can express few segments count
 *   on it; or that are longer in all than one buffer may be, since without all of
 *   its entries copied there is an invalidation to be waited for anyway.
 */
#include <linux/scatterlist.h>

#include "copied.h"

/**
 * iodma_map_copied() - map a buffer by a copy
 * @pool: slots of the device's domain
 * @dev: the device
 * @page: first page
 * @offset: where the buffer begins in it
 * @size: length, at least 1
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context.
 * Return: the device's address, or DMA_MAPPING_ERROR: map it otherwise.
 */
noinline dma_addr_t iodma_map_copied(struct ioslot_pool *pool,
				     struct device *dev, struct page *page,
				     unsigned long offset, size_t size,
				     enum dma_data_direction dir,
				     unsigned long attrs)
{
	if (unlikely(!offset_in_page(offset | size) ||
		     !ioslot_may(pool, dev, page, attrs)))
		return DMA_MAPPING_ERROR;
	return ioslot_map(pool, page_address(page) + offset, size,
			  iodma_align_mask(dev), dir);
}

/**
 * iodma_map_small_slow() - what iodma_map_small() leaves to others
 * @dev: a device in a group, trusted and coherent, whose domain has slots
 * @page: first page
 * @offset: where the buffer begins in it
 * @size: length, at least 1
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; waits for hardware as iodma_map_page() does.
 * Return: the device's address, or DMA_MAPPING_ERROR.
 */
noinline dma_addr_t iodma_map_small_slow(struct device *dev, struct page *page,
					 unsigned long offset, size_t size,
					 enum dma_data_direction dir,
					 unsigned long attrs)
{
	dma_addr_t iova;

	iova = iodma_map_copied(iodma_pool(iodma_own_domain(dev)), dev, page,
				offset, size, dir, attrs);
	if (iova != DMA_MAPPING_ERROR)
		return iova;
	return iodma_map_precisely(dev, page, offset, size, dir, attrs);
}

/* Would the two be neighbours for the device, too? */
static bool iodma_sg_joins(const struct scatterlist *prev,
			   const struct scatterlist *s)
{
	return prev && !offset_in_page(prev->offset + prev->length) &&
	       !offset_in_page(s->offset);
}

/* Is a list short enough, and is nothing lost if each entry is copied? */
static bool iodma_sg_may_copy(const struct ioslot_pool *pool,
			      struct device *dev, struct scatterlist *sgl,
			      int nents, enum dma_data_direction dir)
{
	const size_t limit = READ_ONCE(pool->limit[dir]);
	struct scatterlist *s, *prev = NULL;
	size_t total = 0;
	int i;

	for_each_sg(sgl, s, nents, i) {
		if (!s->length)
			continue;
		total += s->length;
		if (total > limit || iodma_sg_joins(prev, s))
			return false;
		prev = s;
	}
	/* A slot crosses no boundary that is at least as far away as it is long. */
	return total && dma_get_seg_boundary(dev) >= IOSLOT_MAX_BYTES - 1;
}

/**
 * iodma_map_sg_copied() - map a scatterlist by copies of all its entries
 * @pool: slots of the device's domain
 * @dev: the device
 * @sgl: the list
 * @nents: its length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context.
 * Return: number of segments for the device, or 0: map it otherwise.
 */
int iodma_map_sg_copied(struct ioslot_pool *pool, struct device *dev,
			struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *s, *out = sgl;
	int i, count = 0;

	if (!iodma_sg_may_copy(pool, dev, sgl, nents, dir))
		return 0;
	for_each_sg(sgl, s, nents, i) {
		dma_addr_t addr;

		if (!s->length)
			continue;
		addr = iodma_map_copied(pool, dev, sg_page(s), s->offset,
					s->length, dir, attrs);
		if (unlikely(addr == DMA_MAPPING_ERROR)) {
			iodma_unmap_sg_copied(pool, sgl, count,
					      DMA_ATTR_SKIP_CPU_SYNC);
			return 0;
		}
		sg_dma_address(out) = addr;
		sg_dma_len(out) = s->length;
		out = sg_next(out);
		count++;
	}
	if (count < nents)
		sg_dma_len(out) = 0;
	return count;
}

/**
 * iodma_unmap_sg_copied() - undo iodma_map_sg_copied()
 * @pool: slots of the device's domain
 * @sgl: the list
 * @nents: its length when it was mapped
 * @attrs: DMA_ATTR_*
 *
 * Context: any context.
 */
void iodma_unmap_sg_copied(struct ioslot_pool *pool, struct scatterlist *sgl,
			   int nents, unsigned long attrs)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sgl, s, nents, i) {
		if (!sg_dma_len(s))
			break;
		ioslot_unmap(pool, sg_dma_address(s), sg_dma_len(s), attrs);
	}
}

/* The pool that an address is in, or NULL. */
static struct ioslot_pool *iodma_pool_of(struct device *dev, dma_addr_t iova)
{
	struct iodom *dom = iodma_domain(dev);
	struct ioslot_pool *pool = dom ? iodma_pool(dom) : NULL;

	return ioslot_holds(pool, iova) ? pool : NULL;
}

/**
 * iodma_copied_for_cpu() - &dma_map_ops.sync_single_for_cpu of copies
 * @dev: the device
 * @iova: first byte, anywhere in a mapping
 * @size: length
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_copied_for_cpu(struct device *dev, dma_addr_t iova, size_t size,
			  enum dma_data_direction dir)
{
	struct ioslot_pool *pool = iodma_pool_of(dev, iova);

	if (pool && size)
		ioslot_sync_for_cpu(pool, iova, size, dir);
}

/**
 * iodma_copied_for_device() - &dma_map_ops.sync_single_for_device of copies
 * @dev: the device
 * @iova: first byte, anywhere in a mapping
 * @size: length
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_copied_for_device(struct device *dev, dma_addr_t iova, size_t size,
			     enum dma_data_direction dir)
{
	struct ioslot_pool *pool = iodma_pool_of(dev, iova);

	if (pool && size)
		ioslot_sync_for_device(pool, iova, size, dir);
}

/**
 * iodma_sync_each() - synchronise the segments of a list one by one
 * @dev: the device
 * @sgl: a mapped list, of which each segment is a mapping of its own
 * @nents: its length when it was mapped
 * @dir: direction of the mapping
 * @sync: does it for one
 *
 * Context: any context.
 */
void iodma_sync_each(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir,
		     void (*sync)(struct device *dev, dma_addr_t iova,
				  size_t size, enum dma_data_direction dir))
{
	struct scatterlist *s;
	int i;

	/* There is no length after the last. */
	for_each_sg(sgl, s, nents, i) {
		if (!sg_dma_len(s))
			break;
		sync(dev, sg_dma_address(s), sg_dma_len(s), dir);
	}
}

/**
 * iodma_copied_sg_for_cpu() - &dma_map_ops.sync_sg_for_cpu of copies
 * @dev: the device
 * @sgl: a mapped list; all of it is copied, or nothing
 * @nents: its length when it was mapped
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_copied_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir)
{
	if (iodma_pool_of(dev, sg_dma_address(sgl)))
		iodma_sync_each(dev, sgl, nents, dir, iodma_copied_for_cpu);
}

/**
 * iodma_copied_sg_for_device() - &dma_map_ops.sync_sg_for_device of copies
 * @dev: the device
 * @sgl: a mapped list; all of it is copied, or nothing
 * @nents: its length when it was mapped
 * @dir: direction of the mapping
 *
 * Context: any context.
 */
void iodma_copied_sg_for_device(struct device *dev, struct scatterlist *sgl,
				int nents, enum dma_data_direction dir)
{
	if (iodma_pool_of(dev, sg_dma_address(sgl)))
		iodma_sync_each(dev, sgl, nents, dir, iodma_copied_for_device);
}
