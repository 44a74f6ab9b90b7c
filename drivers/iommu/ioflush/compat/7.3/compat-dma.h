/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the DMA API, on Linux 7.3
 *
 * It maps physical addresses, and says of what has no pages that it is MMIO.
 */
#ifndef _IOFLUSH_COMPAT_DMA_H
#define _IOFLUSH_COMPAT_DMA_H

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/swiotlb.h>

/* The operations that map single ranges, of a table with a prefix. */
#define IODMA_MAP_OPS(prefix)	.map_phys = prefix##_op_map_phys
#define IODMA_UNMAP_OPS(prefix)	.unmap_phys = prefix##_op_unmap_phys

/* Of a trusted, coherent device what is unmapped need not be told apart. */
#define iodma_op_unmap_phys	iodma_unmap_page

/* What of a page_pool's page says that it is one. */
#define IODMA_POOL_MASK		PP_MAGIC_MASK

/*
 * A dma-buf that is longer than an entry of a scatterlist can say is mapped at once, and
 * unmapped by entries, each of which would give back the addresses of all.
 */
#define IODMA_RESOURCE_MAX	ALIGN_DOWN(UINT_MAX, PAGE_SIZE)

/* Who asks for this shares the memory itself with the device. */
#define IODMA_ATTR_NO_COPY	DMA_ATTR_REQUIRE_COHERENT

/* dma.c */
dma_addr_t iodma_op_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			     enum dma_data_direction dir, unsigned long attrs);
dma_addr_t iodma_careful_op_map_phys(struct device *dev, phys_addr_t phys,
				     size_t size, enum dma_data_direction dir,
				     unsigned long attrs);
void iodma_careful_op_unmap_phys(struct device *dev, dma_addr_t iova,
				 size_t size, enum dma_data_direction dir,
				 unsigned long attrs);
dma_addr_t iodma_deferred_op_map_phys(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      unsigned long attrs);

/* From the pool for who cannot wait, wherever it lies. */
static inline struct page *ioflush_pool_alloc(struct device *dev, size_t bytes,
					      void **cpu_addr, gfp_t gfp,
					      unsigned long attrs)
{
	return dma_alloc_from_pool(dev, bytes, cpu_addr, gfp, attrs, NULL);
}

#ifdef CONFIG_SWIOTLB
static inline phys_addr_t
ioflush_swiotlb_map(struct device *dev, phys_addr_t phys, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	return swiotlb_tbl_map_single(dev, phys, size, ~PAGE_MASK, dir, &attrs);
}
#endif

/* A table's operations by themselves, as tests call them. */
static inline dma_addr_t ioflush_op_map(const struct dma_map_ops *ops,
					struct device *dev, struct page *page,
					unsigned long offset, size_t size,
					enum dma_data_direction dir)
{
	return ops->map_phys(dev, page_to_phys(page) + offset, size, dir, 0);
}

static inline void ioflush_op_unmap(const struct dma_map_ops *ops,
				    struct device *dev, dma_addr_t iova,
				    size_t size, enum dma_data_direction dir)
{
	ops->unmap_phys(dev, iova, size, dir, 0);
}

static inline dma_addr_t
ioflush_op_map_resource(const struct dma_map_ops *ops, struct device *dev,
			phys_addr_t phys, size_t size,
			enum dma_data_direction dir)
{
	return ops->map_phys(dev, phys, size, dir, DMA_ATTR_MMIO);
}

static inline void ioflush_op_unmap_resource(const struct dma_map_ops *ops,
					     struct device *dev,
					     dma_addr_t iova, size_t size,
					     enum dma_data_direction dir)
{
	ops->unmap_phys(dev, iova, size, dir, DMA_ATTR_MMIO);
}

#endif /* _IOFLUSH_COMPAT_DMA_H */
