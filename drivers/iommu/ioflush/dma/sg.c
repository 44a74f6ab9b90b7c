// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps a scatterlist as one range of bus addresses
 *
 * Each entry takes the pages that it touches, one entry after the other. What
 * then is contiguous for the device is handed out as one segment, within what
 * the device says of segments. Since it is all one range, one unmap and one
 * invalidation take it away again.
 *
 * The list is read once, which lays it out for the device as if the range began at
 * address 0, and collects the memory; once the range is known its start is added
 * to each segment, of which there are few. If the range crosses a boundary of the
 * device there, see sg_apart.c.
 */
#include "guard.h"
#include "sg.h"
#include "slot_copy.h"

/* Pieces of memory that are mapped by one call. */
#define IODMA_SG_PIECES	16

/**
 * struct iodma_sg_run - memory that is about to be mapped
 * @dom: the domain
 * @prot: permissions
 * @iova: where the first piece goes
 * @end: where the memory of the newest piece ends
 * @rest: the first entry that there was no room for, or NULL
 * @left: number of entries from @rest on
 * @n: number of pieces
 * @hold: where to hold the memory, as long as all that came before it is held; or NULL
 * @piece: the pieces
 */
struct iodma_sg_run {
	struct iodom *dom;
	int prot;
	dma_addr_t iova;
	phys_addr_t end;
	struct scatterlist *rest;
	int left;
	unsigned int n;
	struct ioflush_hold *hold;
	struct iopgt_piece piece[IODMA_SG_PIECES];
};

/* False if there is no room for an entry. */
static __always_inline bool iodma_sg_run_add(struct iodma_sg_run *run,
					     phys_addr_t phys, size_t bytes)
{
	return iopgt_piece_add(run->piece, &run->n, IODMA_SG_PIECES, &run->end,
			       phys, bytes, run->dom->granule_lg2);
}

static int iodma_sg_run_map(struct iodma_sg_run *run)
{
	int prot = run->prot, ret;
	size_t mapped = 0;

	if (unlikely(run->hold)) {
		if (iodma_hold(run->dom, run->hold, run->piece, run->n))
			prot |= IOPGT_MARK;
		else
			run->hold = NULL;
	}
	ret = iodom_map_list(run->dom, run->iova, run->piece, run->n, prot,
			     GFP_ATOMIC, &mapped);
	run->iova += mapped;
	run->n = 0;
	return ret;
}

/*
 * Fill in segments as if the range began at 0, collect memory as far as there is
 * room, and return the length of the range. Entries may be empty. Of a list with memory
 * of another device the length is 0.
 */
static __always_inline size_t iodma_sg_lay(struct iodma_sg_out *out,
					   struct iodma_sg_run *run, int nents)
{
	struct scatterlist *s;
	size_t total = 0;
	int left;

	for (s = out->first, left = nents; left > 0; s = iodma_sg_step(s, &left)) {
		const size_t bytes = iodma_sg_bytes(s);

		if (unlikely(!s->length))
			continue;
		if (unlikely(iodma_sg_foreign(s))) {
			out->foreign = true;
			return 0;
		}
		if (likely(!run->rest) &&
		    unlikely(!iodma_sg_run_add(run, iodma_sg_pages(s), bytes))) {
			run->rest = s;
			run->left = left;
		}
		iodma_sg_emit(out, total + offset_in_page(s->offset), s->length,
			      ULONG_MAX);
		total += bytes;
	}
	return total;
}

/* Map what has been collected, and then the rest of the list. */
static __always_inline int iodma_sg_fill(struct iodma_sg_run *run)
{
	int ret = iodma_sg_run_map(run), left;
	struct scatterlist *s;

	if (likely(!run->rest) || ret)
		return ret;
	for (s = run->rest, left = run->left; left > 0; s = iodma_sg_step(s, &left)) {
		const size_t bytes = iodma_sg_bytes(s);

		if (!s->length ||
		    iodma_sg_run_add(run, iodma_sg_pages(s), bytes))
			continue;
		ret = iodma_sg_run_map(run);
		if (unlikely(ret))
			return ret;
		iodma_sg_run_add(run, iodma_sg_pages(s), bytes);
	}
	return iodma_sg_run_map(run);
}

/* The range is at @iova: say so in each segment. */
static __always_inline void iodma_sg_move(struct iodma_sg_out *out,
					  dma_addr_t iova)
{
	struct scatterlist *s;
	int left;

	for (s = out->first, left = out->count; left > 0; s = iodma_sg_step(s, &left))
		sg_dma_address(s) += iova;
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

/* @dir: DMA_NONE for one that no device of a guarded domain maps. */
static __always_inline int __iodma_map_sg(struct device *dev, struct iodom *dom,
					  struct scatterlist *sgl, int nents,
					  enum dma_data_direction dir, int prot)
{
	struct iodma_sg_out out = {
		.first = sgl,
		.max_len = dma_get_max_seg_size(dev),
	};
	/* To clear all of its pieces first would take longer than most lists. */
	struct iodma_sg_run run __uninitialized;
	struct ioflush_hold hold __uninitialized;
	dma_addr_t iova;
	size_t total;
	int ret;

	if (unlikely(!dom))
		return -EIO;
	run.dom = dom;
	run.prot = prot;
	run.rest = NULL;
	run.n = 0;
	run.hold = NULL;
	hold.n = 0;
	if (iodma_guards(dom, dir))
		run.hold = &hold;
	total = iodma_sg_lay(&out, &run, nents);
	/* Of one that is too long, all that is taken for nothing. */
	if (unlikely(run.rest) && run.left > IOFLUSH_HOLD_MAX - IODMA_SG_PIECES)
		run.hold = NULL;
	if (unlikely(!total))
		return out.foreign ? iodma_sg_failed(sgl, -EREMOTEIO) :
				     iodma_sg_map_nothing(sgl, nents);
	iova = iodma_iova_alloc(dom, total, iodma_limit(dev, iodma_mask(dev)),
				IOSPACE_STREAMING);
	if (unlikely(!iova))
		return iodma_sg_failed(sgl, -ENOMEM);
	if (unlikely(iodma_sg_crosses(iova, total, dma_get_seg_boundary(dev)))) {
		iospace_free(dom->space, iova, total);
		return iodma_sg_map_apart(dev, dom, sgl, nents, prot);
	}

	run.iova = iova;
	ret = iodma_sg_fill(&run);
	if (likely(!ret)) {
		/* Of what hardware is not told nothing is left to undo. */
		run.iova = iova;
		ret = iodma_map_sync(dom, iova, total);
	}
	if (unlikely(ret)) {
		iodma_sg_undo(dom, iova, run.iova - iova, total);
		iodma_hold_undo(&hold);
		return iodma_sg_failed(sgl, ret);
	}

	iodma_sg_move(&out, iova);
	iodma_sg_end(&out, nents);
	return out.count;
}

/**
 * iodma_map_sg_unusual() - map a list for any device, whatever its length
 * @dev: the device: maybe without a group, not trusted or not coherent
 * @sgl: the list
 * @nents: its length
 * @prot: permissions
 *
 * Context: any context; waits for hardware if the space has run dry or the map
 *	fails.
 * Return: as iodma_map_sg().
 */
noinline int iodma_map_sg_unusual(struct device *dev, struct scatterlist *sgl,
				  int nents, int prot)
{
	return __iodma_map_sg(dev, iodma_domain(dev), sgl, nents, DMA_NONE, prot);
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
 * Return: number of segments for the device; -EINVAL, -ENOMEM; -EREMOTEIO if some entry
 *	is memory of another device; -EIO if it has no domain.
 */
int iodma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs)
{
	const int prot = iodma_prot(dir, true, attrs);
	struct ioslot_pool *pool;
	struct iodom *dom;
	int count = 0;

	if (unlikely(!dev->iommu_group))
		return iodma_map_sg_unusual(dev, sgl, nents, prot);
	dom = iodma_own_domain(dev);
	pool = iodma_pool(dom);
	/*
	 * All of them may be too long; the first says so for most. One more entry
	 * takes a lazy map less than it takes a copy.
	 */
	if (pool && sgl->length <= READ_ONCE(pool->limit[dir]) &&
	    (nents == 1 || !iodom_deferred(dom)))
		count = iodma_map_sg_copied(pool, dev, sgl, nents, dir, attrs);
	return count ?: __iodma_map_sg(dev, dom, sgl, nents, dir, prot);
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
	dma_addr_t start = 0;
	struct iodom *dom;
	size_t size;

	if (unlikely(!dev->iommu_group)) {
		size = iodma_sg_range(sgl, nents, &start);
		iodma_unmap_any(dev, start, size);
		return;
	}
	dom = iodma_own_domain(dev);
	if (iodma_in_slot(dom, sg_dma_address(sgl))) {
		iodma_unmap_sg_copied(iodma_pool(dom), sgl, nents, attrs);
		return;
	}
	size = iodma_sg_range(sgl, nents, &start);
	if (iodma_holds(dom) && size)
		iodma_unmap_guarded(dom, dev, start, size);
	else
		iodma_unmap_own(dev, start, size);
}
