/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the DMA layer share
 *
 * There are two tables of operations, and one for who is still at work for another
 * kernel, see deferred.c. Most devices are trusted and coherent: iodma_ops asks them no
 * questions but whether a buffer is short enough to be copied. The others get
 * iodma_careful_ops, which bounces what must not be shown to the device and maintains
 * caches; its functions have "careful" in their names.
 */
#ifndef _IOFLUSH_DMA_INTERNAL_H
#define _IOFLUSH_DMA_INTERNAL_H

#include <linux/dma-map-ops.h>
#include <linux/ioflush/dma.h>
#include <linux/ioflush/domain.h>
#include <linux/ioflush/iova.h>
#include <linux/ioflush/place.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "compat-dma.h"
#include "compat-iommu.h"

struct scatterlist;

/* ops.c */
size_t iodma_max_mapping_size(struct device *dev);
size_t iodma_opt_mapping_size(void);

/* deferred.c */
const struct dma_map_ops *iodma_arrive(struct device *dev);

/* map.c */
dma_addr_t iodma_iova_retry(struct iodom *dom, size_t bytes, u64 limit,
			    enum iospace_kind kind);
dma_addr_t iodma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			  int prot, u64 mask, enum iospace_kind kind);
void iodma_unmap_any(struct device *dev, dma_addr_t iova, size_t size);
dma_addr_t iodma_map_precisely(struct device *dev, struct page *page,
			       unsigned long offset, size_t size,
			       enum dma_data_direction dir,
			       unsigned long attrs);
dma_addr_t iodma_map_page(struct device *dev, struct page *page,
			  unsigned long offset, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void iodma_unmap_page(struct device *dev, dma_addr_t iova, size_t size,
		      enum dma_data_direction dir, unsigned long attrs);
dma_addr_t iodma_map_resource(struct device *dev, phys_addr_t phys,
			      size_t size, enum dma_data_direction dir,
			      unsigned long attrs);
void iodma_unmap_resource(struct device *dev, dma_addr_t iova, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);

/* bounce.c */
bool iodma_sg_needs_bounce(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir);
dma_addr_t iodma_careful_map_page(struct device *dev, struct page *page,
				  unsigned long offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs);
void iodma_careful_unmap_page(struct device *dev, dma_addr_t iova, size_t size,
			      enum dma_data_direction dir,
			      unsigned long attrs);

/* sg.c */
int iodma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs);
void iodma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs);

/* sg_careful.c */
int iodma_careful_map_sg(struct device *dev, struct scatterlist *sgl,
			 int nents, enum dma_data_direction dir,
			 unsigned long attrs);
void iodma_careful_unmap_sg(struct device *dev, struct scatterlist *sgl,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs);

/* sync.c */
void iodma_sync_single_for_cpu(struct device *dev, dma_addr_t iova,
			       size_t size, enum dma_data_direction dir);
void iodma_sync_single_for_device(struct device *dev, dma_addr_t iova,
				  size_t size, enum dma_data_direction dir);
void iodma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir);
void iodma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl,
			      int nents, enum dma_data_direction dir);

/* block.c */
struct page *iodma_block_alloc(struct device *dev, size_t bytes, gfp_t gfp);
void iodma_block_free(struct device *dev, struct page *page, size_t bytes);
#if IS_ENABLED(CONFIG_KUNIT)
struct page *iodma_block_find(int nid, size_t bytes, gfp_t gfp);
#endif

/* pages.c */
struct page *iodma_alloc_pages(struct device *dev, size_t size,
			       dma_addr_t *handle, enum dma_data_direction dir,
			       gfp_t gfp);
void iodma_free_pages(struct device *dev, size_t size, struct page *page,
		      dma_addr_t handle, enum dma_data_direction dir);

/* alloc.c */
void *iodma_alloc(struct device *dev, size_t size, dma_addr_t *handle,
		  gfp_t gfp, unsigned long attrs);
void iodma_free(struct device *dev, size_t size, void *cpu_addr,
		dma_addr_t handle, unsigned long attrs);
#if IS_ENABLED(CONFIG_KUNIT)
struct page *iodma_pages_block(int nid, gfp_t gfp, unsigned int *order);
#endif
struct page **iodma_pages_of(void *cpu_addr);

/* mmap.c */
int iodma_mmap(struct device *dev, struct vm_area_struct *vma, void *cpu_addr,
	       dma_addr_t handle, size_t size, unsigned long attrs);
int iodma_get_sgtable(struct device *dev, struct sg_table *sgt, void *cpu_addr,
		      dma_addr_t handle, size_t size, unsigned long attrs);

/* knobs.c */
int iodma_knobs_setup(void);
void iodma_knobs_teardown(void);

/* copied.c */
void iodma_sync_each(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir,
		     void (*sync)(struct device *dev, dma_addr_t iova,
				  size_t size, enum dma_data_direction dir));
dma_addr_t iodma_map_small_slow(struct device *dev, struct page *page,
				unsigned long offset, size_t size,
				enum dma_data_direction dir,
				unsigned long attrs);
dma_addr_t iodma_map_copied(struct ioslot_pool *pool, struct device *dev,
			    struct page *page, unsigned long offset,
			    size_t size, enum dma_data_direction dir,
			    unsigned long attrs);
int iodma_map_sg_copied(struct ioslot_pool *pool, struct device *dev,
			struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs);
void iodma_unmap_sg_copied(struct ioslot_pool *pool, struct scatterlist *sgl,
			   int nents, unsigned long attrs);
void iodma_copied_for_cpu(struct device *dev, dma_addr_t iova, size_t size,
			  enum dma_data_direction dir);
void iodma_copied_for_device(struct device *dev, dma_addr_t iova, size_t size,
			     enum dma_data_direction dir);
void iodma_copied_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir);
void iodma_copied_sg_for_device(struct device *dev, struct scatterlist *sgl,
				int nents, enum dma_data_direction dir);

/* limits.c */
int iodma_supported(struct device *dev, u64 mask);
u64 iodma_get_required_mask(struct device *dev);
unsigned long iodma_get_merge_boundary(struct device *dev);

/* takeover.c */
const struct dma_map_ops *iodma_table_for(struct device *dev);
bool iodma_watches(struct device *dev);
#if IS_ENABLED(CONFIG_KUNIT)
int iodma_count_driver(struct device *dev);
#endif
ssize_t iodma_with_domain(struct device *dev,
			  ssize_t (*fn)(struct iodom *dom, struct device *dev,
					void *arg), void *arg);

/* mode.c */
void iodma_lazy_enable(struct iodom *dom, struct device *dev);

/* lazy.c */
void iodma_lazy_wanted(struct device *dev);
void iodma_lazy_restore(struct iodom *dom);

/* reserve.c */
int iodma_reserve(struct iospace *space, struct device *dev,
		  struct iommu_domain_geometry *geometry);

/*
 * Where a map of no bytes is: page 0 is in no space, so nothing is mapped there.
 * To unmap nothing there does nothing.
 */
#define IODMA_NOTHING ((dma_addr_t)0)

/* Slots of a domain, or NULL. What they are is behind the pointer. */
static __always_inline struct ioslot_pool *iodma_pool(const struct iodom *dom)
{
	return READ_ONCE(dom->slots);
}

/*
 * Is an address in one of these? Whoever has one in a slot has got it from who saw
 * the pool, and so sees its range; from nobody else does it matter. Half of the two, as they
 * are set, holds no address.
 */
static __always_inline bool iodma_in_slot(const struct iodom *dom,
					  dma_addr_t iova)
{
	/* What has not been handed over is in neither half of a range. */
	return data_race(iova - dom->slot_base < dom->slot_bytes);
}

/* Which addresses it can express; the DMA API has seen that it has a mask. */
static __always_inline u64 iodma_mask(struct device *dev)
{
	return *dev->dma_mask;
}

/* The last address that a device reaches; the space has a limit of its own. */
static __always_inline u64 iodma_limit(struct device *dev, u64 mask)
{
	if (likely(!dev->bus_dma_limit))
		return mask;
	return min_not_zero(mask, dev->bus_dma_limit);
}

static_assert(DMA_BIDIRECTIONAL == 0);
static_assert(DMA_TO_DEVICE == IOMMU_READ);
static_assert(DMA_FROM_DEVICE == IOMMU_WRITE);

static __always_inline int iodma_prot(enum dma_data_direction dir,
				      bool coherent, unsigned long attrs)
{
	int prot = (int)dir ?: IOMMU_READ | IOMMU_WRITE;

	if (coherent)
		prot |= IOMMU_CACHE;
	if (unlikely(attrs & DMA_ATTR_PRIVILEGED))
		prot |= IOMMU_PRIV;
	return prot;
}

static __always_inline dma_addr_t iodma_iova_alloc(struct iodom *dom,
						   size_t bytes, u64 limit,
						   enum iospace_kind kind)
{
	dma_addr_t iova = iospace_alloc(dom->space, bytes, limit, kind);

	if (unlikely(!iova))
		return iodma_iova_retry(dom, bytes, limit, kind);
	return iova;
}

/* What fails leaves nothing mapped. */
static __always_inline int iodma_map_sync(struct iodom *dom, dma_addr_t iova,
					  size_t bytes)
{
	if (unlikely(READ_ONCE(dom->map_needs_flush)))
		return iodom_map_sync(dom, iova, bytes);
	return 0;
}

/* The same of what was mapped by one call, to contiguous memory. */
static __always_inline int iodma_map_sync_run(struct iodom *dom,
					      dma_addr_t iova, size_t bytes,
					      phys_addr_t paddr, int prot)
{
	if (unlikely(READ_ONCE(dom->map_needs_flush)))
		return iodom_map_sync_run(dom, iova, bytes, paddr, prot);
	return 0;
}

/* Strict or deferred, as the domain's mode is. */
static __always_inline void iodma_unmap_in(struct iodom *dom,
					   struct device *dev, dma_addr_t first,
					   size_t bytes)
{
	/* The mode changes under a bound driver, see lazy.c. */
	if (unlikely(!READ_ONCE(dom->flush.rings)) && iodom_deferred(dom))
		iodma_lazy_wanted(dev);
	iodom_unmap(dom, first, bytes);
}

/* For a device in a group. Of no bytes see IODMA_NOTHING. */
static __always_inline void iodma_unmap_own(struct device *dev,
					    dma_addr_t iova, size_t size)
{
	const dma_addr_t first = iova & PAGE_MASK;
	const size_t bytes = PAGE_ALIGN(iova + size) - first;

	if (unlikely(!bytes))
		return;
	iodma_unmap_in(iodma_own_domain(dev), dev, first, bytes);
}

#endif /* _IOFLUSH_DMA_INTERNAL_H */
