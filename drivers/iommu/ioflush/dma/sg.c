// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps a scatterlist as one range of bus addresses
 *
 * Each entry takes the pages that it touches, one entry after the other. What
 * then is contiguous for the device is handed out as one segment, within what
 * the device says of segments. Since it is all one range, one unmap and one
 * invalidation take it away again.
 *
 * A range that crosses the device's segment boundary is laid out again at an
 * aligned address, with gaps in front of entries that would cross. The gaps
 * are mapped to the zero page, read-only, so that the range has no holes.
 */
#include <linux/scatterlist.h>

#include "internal.h"
#include "slot_copy.h"

/**
 * struct iodma_sg_out - the list as the device sees it, while it is filled in
 * @first: first entry of the list
 * @sg: the newest segment, NULL while there is none
 * @count: number of segments
 * @end: where @sg ends
 * @boundary: mask of what no segment may cross
 * @max_len: longest segment
 */
struct iodma_sg_out {
	struct scatterlist *first;
	struct scatterlist *sg;
	int count;
	dma_addr_t end;
	unsigned long boundary;
	size_t max_len;
};

/**
 * struct iodma_sg_run - contiguous memory that is mapped by one call
 * @dom: the domain
 * @prot: permissions
 * @iova: where it is mapped
 * @phys: first byte
 * @bytes: length
 */
struct iodma_sg_run {
	struct iodom *dom;
	int prot;
	dma_addr_t iova;
	phys_addr_t phys;
	size_t bytes;
};

/* Bytes of address space that an entry takes. */
static size_t iodma_sg_bytes(struct scatterlist *s)
{
	return PAGE_ALIGN((size_t)offset_in_page(s->offset) + s->length);
}

static bool iodma_sg_crosses(dma_addr_t start, size_t bytes,
			     unsigned long boundary)
{
	return (start ^ (start + bytes - 1)) & ~boundary;
}

/* The gap in front of an entry; none helps one that is longer than allowed. */
static size_t iodma_sg_gap(dma_addr_t start, size_t bytes,
			   unsigned long boundary)
{
	if (likely(!iodma_sg_crosses(start, bytes, boundary)))
		return 0;
	return start & boundary ? (~start & boundary) + 1 : 0;
}

/* The length of the range that a list takes; entries may be empty. */
static size_t iodma_sg_measure(struct scatterlist *sgl, int nents,
			       unsigned long boundary)
{
	struct scatterlist *s;
	size_t total = 0, bytes;
	int i;

	for_each_sg(sgl, s, nents, i) {
		if (unlikely(!s->length))
			continue;
		bytes = iodma_sg_bytes(s);
		total += iodma_sg_gap(total, bytes, boundary) + bytes;
	}
	return total;
}

static void iodma_sg_emit(struct iodma_sg_out *out, dma_addr_t addr,
			  unsigned int len)
{
	/* At an address that is a boundary a new segment has to begin. */
	if (out->sg && addr == out->end && addr & out->boundary &&
	    (size_t)sg_dma_len(out->sg) + len <= out->max_len) {
		sg_dma_len(out->sg) += len;
	} else {
		out->sg = out->sg ? sg_next(out->sg) : out->first;
		out->count++;
		sg_dma_address(out->sg) = addr;
		sg_dma_len(out->sg) = len;
	}
	out->end = addr + len;
}

static int iodma_sg_run_map(struct iodma_sg_run *run)
{
	int ret;

	if (!run->bytes)
		return 0;
	ret = iodom_map(run->dom, run->iova, run->phys, run->bytes, run->prot,
			GFP_ATOMIC);
	if (unlikely(ret))
		return ret;
	run->iova += run->bytes;
	run->bytes = 0;
	return 0;
}

static int iodma_sg_run_add(struct iodma_sg_run *run, phys_addr_t phys,
			    size_t bytes)
{
	if (phys != run->phys + run->bytes) {
		int ret = iodma_sg_run_map(run);

		if (unlikely(ret))
			return ret;
		run->phys = phys;
	}
	run->bytes += bytes;
	return 0;
}

static noinline int iodma_sg_run_add_gap(struct iodma_sg_run *run, size_t gap)
{
	const phys_addr_t zero = page_to_phys(ZERO_PAGE(0));
	int prot = run->prot;
	int ret = iodma_sg_run_map(run);

	run->prot = (prot & ~IOMMU_WRITE) | IOMMU_READ;
	while (!ret && gap) {
		run->phys = zero;
		run->bytes = PAGE_SIZE;
		ret = iodma_sg_run_map(run);
		gap -= PAGE_SIZE;
	}
	run->prot = prot;
	return ret;
}

/*
 * Map the list at run->iova, which moves to the end of what has been mapped,
 * and fill in its addresses.
 */
static int iodma_sg_fill(struct iodma_sg_out *out, struct iodma_sg_run *run,
			 int nents, unsigned long boundary)
{
	dma_addr_t addr = run->iova;
	struct scatterlist *s;
	size_t bytes, gap;
	int i, ret;

	for_each_sg(out->first, s, nents, i) {
		if (unlikely(!s->length))
			continue;
		bytes = iodma_sg_bytes(s);
		gap = iodma_sg_gap(addr, bytes, boundary);
		if (unlikely(gap)) {
			ret = iodma_sg_run_add_gap(run, gap);
			if (ret)
				return ret;
			addr += gap;
		}
		ret = iodma_sg_run_add(run, sg_phys(s) & PAGE_MASK, bytes);
		if (unlikely(ret))
			return ret;
		iodma_sg_emit(out, addr + offset_in_page(s->offset),
			      s->length);
		addr += bytes;
	}
	ret = iodma_sg_run_map(run);
	if (!ret && out->count < nents)
		sg_dma_len(sg_next(out->sg)) = 0;
	return ret;
}

/* Addresses for a list that must not cross the boundary anywhere. */
static noinline dma_addr_t
iodma_sg_alloc_aligned(struct device *dev, struct iodom *dom,
		       struct scatterlist *sgl, int nents,
		       unsigned long boundary, size_t *total)
{
	/*
	 * Aligned to its length: it either begins at a boundary, so that gaps
	 * can be counted from there, or has no boundary inside.
	 */
	*total = iodma_sg_measure(sgl, nents, boundary);
	return iodma_iova_alloc(dom, *total, iodma_limit(dev, iodma_mask(dev)),
				IOSPACE_LASTING);
}

static dma_addr_t iodma_sg_alloc(struct device *dev, struct iodom *dom,
				 struct scatterlist *sgl, int nents,
				 unsigned long boundary, size_t *total)
{
	dma_addr_t iova = iodma_iova_alloc(dom, *total,
					   iodma_limit(dev, iodma_mask(dev)),
					   IOSPACE_STREAMING);

	if (likely(!iova || !iodma_sg_crosses(iova, *total, boundary)))
		return iova;
	iospace_free(dom->space, iova, *total);
	return iodma_sg_alloc_aligned(dev, dom, sgl, nents, boundary, total);
}

/* One segment without a length: to return none would be an error. */
static int iodma_sg_map_nothing(struct scatterlist *sgl, int nents)
{
	if (!nents)
		return -EINVAL;
	sg_dma_address(sgl) = IODMA_NOTHING;
	sg_dma_len(sgl) = 0;
	return 1;
}

static int __iodma_map_sg(struct device *dev, struct scatterlist *sgl,
			  int nents, int prot)
{
	struct iodom *dom = iodma_domain(dev);
	struct iodma_sg_run run = { .dom = dom, .prot = prot };
	struct iodma_sg_out out = {
		.first = sgl,
		.end = DMA_MAPPING_ERROR,
		.boundary = dma_get_seg_boundary(dev),
		.max_len = dma_get_max_seg_size(dev),
	};
	size_t total = iodma_sg_measure(sgl, nents, ULONG_MAX);
	dma_addr_t iova;
	int ret;

	if (unlikely(!dom))
		return -EIO;
	if (unlikely(!total))
		return iodma_sg_map_nothing(sgl, nents);
	iova = iodma_sg_alloc(dev, dom, sgl, nents, out.boundary, &total);
	if (unlikely(!iova))
		return -ENOMEM;

	run.iova = iova;
	ret = iodma_sg_fill(&out, &run, nents, out.boundary);
	if (unlikely(ret))
		goto err_unmap;
	iodma_map_sync(dom, iova, total);
	return out.count;

err_unmap:
	if (run.iova != iova)
		iodom_unmap_sync(dom, iova, run.iova - iova);
	iospace_free(dom->space, iova, total);
	return ret == -ENOMEM ? ret : -EINVAL;
}

/* The range that a mapped list takes; its length is 0 if the list is empty. */
static size_t iodma_sg_range(struct scatterlist *sgl, int nents,
			     dma_addr_t *start)
{
	dma_addr_t end = 0;
	struct scatterlist *s;
	int i;

	for_each_sg(sgl, s, nents, i) {
		if (!sg_dma_len(s))
			break;
		end = sg_dma_address(s) + sg_dma_len(s);
	}
	if (unlikely(!end))
		return 0;
	*start = sg_dma_address(sgl);
	return end - *start;
}

static struct ioslot_pool *iodma_sg_pool(struct device *dev)
{
	return likely(dev->iommu_group) ? iodma_pool(iodma_own_domain(dev)) :
					  NULL;
}

/**
 * iodma_map_sg() - &dma_map_ops.map_sg of a trusted, coherent device
 * @dev: the device
 * @sgl: the list
 * @nents: its length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Entries may be empty: they become no segment, and a list of nothing else
 * becomes one that is empty. A call that fails leaves nothing mapped.
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: number of segments for the device; -EINVAL, -ENOMEM, or -EIO if it
 *	has no domain.
 */
int iodma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs)
{
	struct ioslot_pool *pool = iodma_sg_pool(dev);
	int count = 0;

	/* All of them may be too long; the first says so for most. */
	if (pool && sgl->length <= READ_ONCE(pool->limit[dir]) &&
	    !iodom_deferred(iodma_own_domain(dev)))
		count = iodma_map_sg_copied(pool, dev, sgl, nents, dir, attrs);
	return count ?: __iodma_map_sg(dev, sgl, nents,
				       iodma_prot(dir, true, attrs));
}

/**
 * iodma_unmap_sg() - &dma_map_ops.unmap_sg of a trusted, coherent device
 * @dev: the device
 * @sgl: the list
 * @nents: its length when it was mapped
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs)
{
	struct ioslot_pool *pool = iodma_sg_pool(dev);
	dma_addr_t start = 0;
	size_t size;

	if (ioslot_holds(pool, sg_dma_address(sgl))) {
		iodma_unmap_sg_copied(pool, sgl, nents, attrs);
		return;
	}
	size = iodma_sg_range(sgl, nents, &start);
	if (unlikely(!dev->iommu_group))
		iodma_unmap_any(dev, start, size);
	else
		iodma_unmap_own(dev, start, size);
}

static void iodma_unmap_sg_each(struct device *dev, struct scatterlist *sgl,
				int nents, enum dma_data_direction dir,
				unsigned long attrs)
{
	struct scatterlist *s;
	int i;

	for_each_sg(sgl, s, nents, i) {
		if (!sg_dma_len(s))
			break;
		iodma_careful_unmap_page(dev, sg_dma_address(s), sg_dma_len(s),
					 dir, attrs);
	}
#ifdef CONFIG_NEED_SG_DMA_FLAGS
	/* The list may be mapped again, and not be bounced then. */
	sgl->dma_flags &= ~SG_DMA_SWIOTLB;
#endif
}

/* Some entry is not empty, since one needs a bounce buffer. */
static int iodma_map_sg_each(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir,
			     unsigned long attrs)
{
	struct scatterlist *s, *out = sgl;
	int i, count = 0;

	sg_dma_mark_swiotlb(sgl);
	for_each_sg(sgl, s, nents, i) {
		dma_addr_t addr;

		if (!s->length)
			continue;
		addr = iodma_careful_map_page(dev, sg_page(s), s->offset,
					      s->length, dir, attrs);
		if (addr == DMA_MAPPING_ERROR) {
			iodma_unmap_sg_each(dev, sgl, count, dir,
					    attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return -EIO;
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
 * iodma_careful_map_sg() - &dma_map_ops.map_sg of any device
 * @dev: the device
 * @sgl: the list
 * @nents: its length
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: as iodma_map_sg(); -EIO also if bounce buffers have run out.
 */
int iodma_careful_map_sg(struct device *dev, struct scatterlist *sgl,
			 int nents, enum dma_data_direction dir,
			 unsigned long attrs)
{
	bool coherent = dev_is_dma_coherent(dev);

	if (iodma_sg_needs_bounce(dev, sgl, nents, dir))
		return iodma_map_sg_each(dev, sgl, nents, dir, attrs);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iodma_sync_sg_for_device(dev, sgl, nents, dir);
	return __iodma_map_sg(dev, sgl, nents, iodma_prot(dir, coherent, attrs));
}

/**
 * iodma_careful_unmap_sg() - &dma_map_ops.unmap_sg of any device
 * @dev: the device
 * @sgl: the list
 * @nents: its length when it was mapped
 * @dir: direction
 * @attrs: DMA_ATTR_*
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
void iodma_careful_unmap_sg(struct device *dev, struct scatterlist *sgl,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs)
{
	dma_addr_t start = 0;
	size_t size;

	if (sg_dma_is_swiotlb(sgl)) {
		iodma_unmap_sg_each(dev, sgl, nents, dir, attrs);
		return;
	}
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iodma_sync_sg_for_cpu(dev, sgl, nents, dir);
	size = iodma_sg_range(sgl, nents, &start);
	iodma_unmap_any(dev, start, size);
}
