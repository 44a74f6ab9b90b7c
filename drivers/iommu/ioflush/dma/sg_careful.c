// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps a scatterlist for a device that is untrusted or not coherent
 */
#include "sg.h"

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

/* Nothing of it is to be read or maintained like the CPU's own before that is known. */
static bool iodma_sg_any_foreign(struct scatterlist *sgl, int nents)
{
	struct scatterlist *s;
	int i;

	if (!IS_ENABLED(CONFIG_PCI_P2PDMA))
		return false;
	for_each_sg(sgl, s, nents, i)
		if (s->length && iodma_sg_foreign(s))
			return true;
	return false;
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

	if (iodma_sg_any_foreign(sgl, nents))
		return iodma_sg_failed(sgl, -EREMOTEIO);
	if (iodma_sg_needs_bounce(dev, sgl, nents, dir))
		return iodma_map_sg_each(dev, sgl, nents, dir, attrs);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iodma_sync_sg_for_device(dev, sgl, nents, dir);
	return iodma_map_sg_unusual(dev, sgl, nents,
				    iodma_prot(dir, coherent, attrs));
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
