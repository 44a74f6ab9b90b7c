// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a page table that is walked by a driver of mainline's
 *
 * For the layers above, one more format of the page-table library, whose entries the core
 * writes. What differs:
 *
 * - Of a list each piece is mapped by a call of its own.
 * - Which sizes the leaves have is not known: an invalidation is told the smallest.
 * - The pages of a table that was unlinked are the driver's, and only its invalidation
 *	frees them. They wait in the gather, as ours would.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>

#include "host.h"

static struct iohost *iohost_of(struct iopgt *pgt)
{
	return to_iohost(container_of(pgt, struct iodom, pgt));
}

/* What drivers ask of memory that they allocate is not for tables. */
static gfp_t iohost_gfp(gfp_t gfp)
{
	return gfp & ~(__GFP_COMP | __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);
}

static int iohost_map(struct iohost *host, unsigned long iova,
		      phys_addr_t paddr, size_t bytes, int prot, gfp_t gfp)
{
	int ret;

	gfp = iohost_gfp(gfp);
	if (prot & IOPGT_MARK) {
		ret = iohost_mark(host, iova, bytes, gfp);
		if (ret)
			return ret;
	}
	ret = iommu_map(host->core, iova, paddr, bytes, prot & ~IOPGT_MARK, gfp);
	/* The core has unmapped what it had mapped, and waited. */
	if (unlikely(ret) && prot & IOPGT_MARK)
		iohost_unmark(host, iova, bytes);
	return ret;
}

static int iohost_map_pages(struct iopgt *pgt, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	const size_t bytes = pgsize * pgcount;
	int ret = iohost_map(iohost_of(pgt), iova, paddr, bytes, prot, gfp);

	if (!ret)
		*mapped += bytes;
	return ret;
}

static int iohost_map_list(struct iopgt *pgt, unsigned long iova,
			   const struct iopgt_piece *piece, unsigned int n,
			   int prot, gfp_t gfp, size_t *mapped)
{
	for (; n; n--, piece++) {
		size_t bytes = piece->pages << PAGE_SHIFT;
		int ret = iohost_map(iohost_of(pgt), iova, piece->paddr, bytes,
				     prot, gfp);

		if (ret)
			return ret;
		iova += bytes;
		*mapped += bytes;
	}
	return 0;
}

static size_t iohost_unmap_pages(struct iopgt *pgt, unsigned long iova,
				 size_t size, struct iopgt_gather *gather)
{
	struct iohost *host = iohost_of(pgt);
	struct iommu_iotlb_gather core;
	size_t done;

	/* Nothing is invalidated before it is asked for. */
	iommu_iotlb_gather_init(&core);
	core.queued = true;
	done = iommu_unmap_fast(host->core, iova, size, &core);
	if (unlikely(!done))
		return 0;
	if (unlikely(READ_ONCE(host->dom.held)))
		iohost_unmark(host, iova, done);
	iopgt_gather_add(gather, iova, done, PAGE_SHIFT);
	if (unlikely(!list_empty(&core.freelist))) {
		gather->tables_unlinked = true;
		list_splice_tail(&core.freelist, &gather->pages);
	}
	return done;
}

static phys_addr_t iohost_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	return iommu_iova_to_phys(iohost_of(pgt)->core, iova);
}

static size_t iohost_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			    struct iopgt_piece *piece, unsigned int *n)
{
	struct iohost *host = iohost_of(pgt);
	const unsigned int room = *n;
	phys_addr_t end = 0;
	size_t done;

	*n = 0;
	for (done = 0; done < size; done += PAGE_SIZE) {
		if (!iohost_is_marked(host, iova + done))
			break;
		if (!iopgt_piece_add(piece, n, room, &end,
				     iommu_iova_to_phys(host->core, iova + done),
				     PAGE_SIZE, PAGE_SHIFT))
			break;
	}
	return done;
}

const struct iopgt_ops iohost_table_ops = {
	.name = "mainline",
	.map_pages = iohost_map_pages,
	.unmap_pages = iohost_unmap_pages,
	.map_list = iohost_map_list,
	.iova_to_phys = iohost_iova_to_phys,
	.marked = iohost_marked,
};

/**
 * iopgt_free_pages() - free unlinked table pages
 * @pgt: the table they belong to
 * @pages: pages of a gather whose invalidation has finished; empty afterwards
 *
 * The driver that has allocated them frees them after an invalidation: of any page,
 * since the one that was needed has been done, see iohost_invalidate().
 *
 * Context: any context; waits for hardware.
 */
void iopgt_free_pages(struct iopgt *pgt, struct list_head *pages)
{
	struct iommu_iotlb_gather core;

	iommu_iotlb_gather_init(&core);
	core.start = 0;
	core.end = PAGE_SIZE - 1;
	core.pgsize = PAGE_SIZE;
	list_splice_init(pages, &core.freelist);
	iommu_iotlb_sync(iohost_of(pgt)->core, &core);
}

/**
 * iopgt_gather_more() - add a range to a gather that has some already
 * @gather: the gather
 * @iova: first byte of the range
 * @bytes: length of the range, not 0
 * @leaf_lg2: log2 of the size of its leaves
 *
 * All leaves pass for the smallest here, and who adds twice adds neighbours.
 *
 * Context: any context.
 */
void iopgt_gather_more(struct iopgt_gather *gather, unsigned long iova,
		       size_t bytes, u8 leaf_lg2)
{
	struct iopgt_range *r = &gather->range[0];

	r->start = min(r->start, iova);
	r->last = max(r->last, iova + bytes - 1);
}

/**
 * iopgt_visit() - show a visitor the leaves that are marked
 * @pgt: the table
 * @start: not used: all are shown
 * @last: not used
 * @visit: the visitor
 * @arg: for it
 *
 * Nobody maps or unmaps any more.
 *
 * Context: process context.
 * Return: what @visit returned if not 0, or 0.
 */
int iopgt_visit(struct iopgt *pgt, unsigned long start, unsigned long last,
		iopgt_visit_fn visit, void *arg)
{
	struct iohost *host = iohost_of(pgt);
	unsigned long *bits, index, bit;
	int ret;

	xa_for_each(&host->marks, index, bits) {
		for_each_set_bit(bit, bits, BITS_PER_BYTE * PAGE_SIZE) {
			struct iopgt_entry entry = {
				.iova = (index * BITS_PER_BYTE * PAGE_SIZE + bit)
					<< PAGE_SHIFT,
				.lg2 = PAGE_SHIFT,
				.prot = IOMMU_READ | IOPGT_MARK,
			};

			entry.paddr = iommu_iova_to_phys(host->core, entry.iova);
			ret = visit(&entry, arg);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* The core has told hardware as it mapped. */
int iodom_map_sync(struct iodom *dom, unsigned long iova, size_t bytes)
{
	return 0;
}

int iodom_map_sync_run(struct iodom *dom, unsigned long iova, size_t bytes,
		       phys_addr_t paddr, int prot)
{
	return 0;
}
