// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps a scatterlist of which no segment may cross a boundary
 *
 * Most boundaries are so far apart that few ranges have one inside. Such a one is laid
 * out at an aligned address, with gaps in front of entries that would cross. The
 * gaps are mapped to the zero page, read-only, so that the range has no holes.
 */
#include "sg.h"

/* The gap in front of an entry; none helps one that is longer than allowed. */
static size_t iodma_sg_gap(dma_addr_t start, size_t bytes,
			   unsigned long boundary)
{
	if (!iodma_sg_crosses(start, bytes, boundary))
		return 0;
	return start & boundary ? (~start & boundary) + 1 : 0;
}

/* The length of the range that a list takes, gaps included. */
static size_t iodma_sg_measure(struct scatterlist *sgl, int nents,
			       unsigned long boundary)
{
	struct scatterlist *s;
	size_t total = 0, bytes;
	int left;

	for (s = sgl, left = nents; left > 0; s = iodma_sg_step(s, &left)) {
		if (!s->length)
			continue;
		bytes = iodma_sg_bytes(s);
		total += iodma_sg_gap(total, bytes, boundary) + bytes;
	}
	return total;
}

/* Map a gap at @at, which moves to its end. */
static int iodma_sg_map_gap(struct iodom *dom, dma_addr_t *at, size_t gap,
			    int prot)
{
	const phys_addr_t zero = page_to_phys(ZERO_PAGE(0));
	int ret;

	prot = (prot & ~IOMMU_WRITE) | IOMMU_READ;
	for (; gap; gap -= PAGE_SIZE) {
		ret = iodom_map(dom, *at, zero, PAGE_SIZE, prot, GFP_ATOMIC);
		if (ret)
			return ret;
		*at += PAGE_SIZE;
	}
	return 0;
}

/* Map contiguous memory at @at, which moves to its end. */
static int iodma_sg_map_bytes(struct iodom *dom, dma_addr_t *at,
			      phys_addr_t phys, size_t bytes, int prot)
{
	int ret = bytes ? iodom_map(dom, *at, phys, bytes, prot, GFP_ATOMIC) : 0;

	if (!ret)
		*at += bytes;
	return ret;
}

/* Map a list at @at, which moves to the end of what was mapped. */
static int iodma_sg_map_entries(struct iodom *dom, struct iodma_sg_out *out,
				dma_addr_t *at, int nents, int prot,
				unsigned long boundary)
{
	dma_addr_t addr = *at;
	struct scatterlist *s;
	phys_addr_t phys = 0;
	size_t bytes = 0;
	int left, ret;

	for (s = out->first, left = nents; left > 0; s = iodma_sg_step(s, &left)) {
		size_t here = iodma_sg_bytes(s), gap;

		if (!s->length)
			continue;
		gap = iodma_sg_gap(addr, here, boundary);
		/* Memory that goes on, at an address that does, is mapped as one. */
		if (gap || iodma_sg_pages(s) != phys + bytes) {
			ret = iodma_sg_map_bytes(dom, at, phys, bytes, prot);
			if (!ret)
				ret = iodma_sg_map_gap(dom, at, gap, prot);
			if (ret)
				return ret;
			phys = iodma_sg_pages(s);
			bytes = 0;
		}
		addr += gap;
		iodma_sg_emit(out, addr + offset_in_page(s->offset), s->length,
			      boundary);
		bytes += here;
		addr += here;
	}
	return iodma_sg_map_bytes(dom, at, phys, bytes, prot);
}

/**
 * iodma_sg_undo() - a list could not be mapped: its range goes again
 * @dom: the domain
 * @iova: where it begins
 * @mapped: how much of it has been mapped
 * @total: its length
 *
 * Context: any context; waits for hardware.
 */
void iodma_sg_undo(struct iodom *dom, dma_addr_t iova, size_t mapped,
		   size_t total)
{
	if (mapped)
		iodom_unmap_sync(dom, iova, mapped);
	iospace_free(dom->space, iova, total);
}

/**
 * iodma_sg_map_apart() - map a list with no segment across a boundary
 * @dev: the device
 * @dom: its domain
 * @sgl: the list; some entry is not empty
 * @nents: its length
 * @prot: permissions
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: number of segments for the device; -EINVAL or -ENOMEM.
 */
int iodma_sg_map_apart(struct device *dev, struct iodom *dom,
		       struct scatterlist *sgl, int nents, int prot)
{
	const unsigned long boundary = dma_get_seg_boundary(dev);
	const size_t total = iodma_sg_measure(sgl, nents, boundary);
	struct iodma_sg_out out = {
		.first = sgl,
		.max_len = dma_get_max_seg_size(dev),
	};
	dma_addr_t iova, at;
	int ret;

	/*
	 * Aligned to its length: it either begins at a boundary, so that gaps
	 * can be counted from there, or has no boundary inside.
	 */
	iova = iodma_iova_alloc(dom, total, iodma_limit(dev, iodma_mask(dev)),
				IOSPACE_LASTING);
	if (!iova)
		return iodma_sg_failed(sgl, -ENOMEM);
	at = iova;
	ret = iodma_sg_map_entries(dom, &out, &at, nents, prot, boundary);
	if (ret) {
		iodma_sg_undo(dom, iova, at - iova, total);
		return iodma_sg_failed(sgl, ret);
	}
	ret = iodma_map_sync(dom, iova, total);
	if (ret) {
		iodma_sg_undo(dom, iova, 0, total);
		return iodma_sg_failed(sgl, ret);
	}
	iodma_sg_end(&out, nents);
	return out.count;
}
