/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the DMA API, on Linux 6.12
 *
 * It maps pages, and what has none by another operation.
 */
#ifndef _IOFLUSH_COMPAT_DMA_H
#define _IOFLUSH_COMPAT_DMA_H

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/swiotlb.h>

/* The operations that map single ranges, of a table with a prefix. */
#define IODMA_MAP_OPS(prefix)						\
	.map_page = prefix##_map_page,					\
	.map_resource = prefix##_map_resource
#define IODMA_UNMAP_OPS(prefix)						\
	.unmap_page = prefix##_unmap_page,				\
	.unmap_resource = iodma_unmap_resource

#define iodma_careful_map_resource	iodma_map_resource

/*
 * What of a page_pool's page says that it is one. Later releases of 6.12 have a number
 * beside it where the pool maps its pages.
 */
#ifdef PP_MAGIC_MASK
#define IODMA_POOL_MASK		PP_MAGIC_MASK
#else
#define IODMA_POOL_MASK		(~0x3UL)
#endif

/* What maps a resource unmaps it as a whole. */
#define IODMA_RESOURCE_MAX	SIZE_MAX

/* No driver can ask for more than a coherent device. */
#define IODMA_ATTR_NO_COPY	0

/* dma.c */
dma_addr_t iodma_deferred_map_page(struct device *dev, struct page *page,
				   unsigned long offset, size_t size,
				   enum dma_data_direction dir,
				   unsigned long attrs);
dma_addr_t iodma_deferred_map_resource(struct device *dev, phys_addr_t phys,
				       size_t size, enum dma_data_direction dir,
				       unsigned long attrs);

/* From the pool for who cannot wait, wherever it lies. */
static inline struct page *ioflush_pool_alloc(struct device *dev, size_t bytes,
					      void **cpu_addr, gfp_t gfp,
					      unsigned long attrs)
{
	return dma_alloc_from_pool(dev, bytes, cpu_addr, gfp, NULL);
}

#ifdef CONFIG_SWIOTLB
static inline phys_addr_t
ioflush_swiotlb_map(struct device *dev, phys_addr_t phys, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	return swiotlb_tbl_map_single(dev, phys, size, ~PAGE_MASK, dir, attrs);
}
#endif

/* A table's operations by themselves, as tests call them. */
static inline dma_addr_t ioflush_op_map(const struct dma_map_ops *ops,
					struct device *dev, struct page *page,
					unsigned long offset, size_t size,
					enum dma_data_direction dir)
{
	return ops->map_page(dev, page, offset, size, dir, 0);
}

static inline void ioflush_op_unmap(const struct dma_map_ops *ops,
				    struct device *dev, dma_addr_t iova,
				    size_t size, enum dma_data_direction dir)
{
	ops->unmap_page(dev, iova, size, dir, 0);
}

static inline dma_addr_t
ioflush_op_map_resource(const struct dma_map_ops *ops, struct device *dev,
			phys_addr_t phys, size_t size,
			enum dma_data_direction dir)
{
	return ops->map_resource(dev, phys, size, dir, 0);
}

static inline void ioflush_op_unmap_resource(const struct dma_map_ops *ops,
					     struct device *dev,
					     dma_addr_t iova, size_t size,
					     enum dma_data_direction dir)
{
	ops->unmap_resource(dev, iova, size, dir, 0);
}

static inline bool dev_dma_iommu(const struct device *dev)
{
	return dev->dma_iommu;
}

static inline void dev_assign_dma_iommu(struct device *dev, bool value)
{
	dev->dma_iommu = value;
}

#ifdef CONFIG_DMA_NEED_SYNC
static inline void dev_set_dma_skip_sync(struct device *dev)
{
	dev->dma_skip_sync = true;
}
#endif

#endif /* _IOFLUSH_COMPAT_DMA_H */
