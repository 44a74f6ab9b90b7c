// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: maps and unmaps ranges of a domain
 *
 * By its page table and its flush state, whatever there is behind either: the hardware
 * of our drivers, or a domain of mainline's (host/).
 */
#include <linux/ioflush/domain.h>

/* The largest page that fits an address pair and what is left to map. */
static size_t iodom_pgsize(const struct iodom *dom, unsigned long addrs,
			   size_t bytes)
{
	unsigned long sizes = dom->domain.pgsize_bitmap;

	sizes &= GENMASK(__fls(bytes), 0);
	if (addrs)
		sizes &= GENMASK(__ffs(addrs), 0);
	return BIT(__fls(sizes));
}

/* How many pages of a size, before a larger size would fit. */
static size_t iodom_pgcount(const struct iodom *dom, unsigned long iova,
			    phys_addr_t paddr, size_t bytes, size_t pgsize)
{
	unsigned long larger = dom->domain.pgsize_bitmap &
			       ~GENMASK(__ffs(pgsize), 0);
	unsigned long next, offset;

	if (!larger)
		return bytes >> __ffs(pgsize);
	next = BIT(__ffs(larger));
	/* Where the two differ below the next size, that one never fits. */
	if (((unsigned long)paddr ^ iova) & (next - 1))
		return bytes >> __ffs(pgsize);
	offset = next - (iova & (next - 1));
	if (offset + next <= bytes)
		bytes = offset;
	return bytes >> __ffs(pgsize);
}

/**
 * iodom_map_undo() - clear what an unsuccessful iodom_map() has mapped
 * @dom: the domain
 * @iova: first byte
 * @bytes: how much was mapped, 0 for nothing
 * @error: why it failed
 *
 * Context: any context; waits for hardware.
 * Return: @error.
 */
int iodom_map_undo(struct iodom *dom, unsigned long iova, size_t bytes,
		   int error)
{
	if (bytes)
		iodom_unmap_sync(dom, iova, bytes);
	return error;
}

/**
 * iodom_map_mixed() - iodom_map() with every page size there is
 * @dom: the domain
 * @iova: see iodom_map(), as all that follow
 * @paddr: what
 * @bytes: how much
 * @prot: permissions
 * @gfp: for table pages
 *
 * Context: see iodom_map().
 * Return: see iodom_map().
 */
int iodom_map_mixed(struct iodom *dom, unsigned long iova, phys_addr_t paddr,
		    size_t bytes, int prot, gfp_t gfp)
{
	size_t done = 0, before, pgsize, count;
	int ret;

	while (done < bytes) {
		before = done;
		pgsize = iodom_pgsize(dom, (iova + done) | (paddr + done),
				      bytes - done);
		count = iodom_pgcount(dom, iova + done, paddr + done,
				      bytes - done, pgsize);
		ret = iopgt_map_pages(&dom->pgt, iova + done, paddr + done,
				      pgsize, count, prot, gfp, &done);
		ioaudit_map(&dom->audit, paddr + before, done - before);
		if (ret)
			return iodom_map_undo(dom, iova, done, ret);
	}
	return 0;
}

/* A list in which some piece has room for a larger page. */
static noinline int iodom_map_blocks(struct iodom *dom, unsigned long iova,
				     const struct iopgt_piece *piece,
				     unsigned int n, int prot, gfp_t gfp,
				     size_t *mapped)
{
	for (unsigned int i = 0; i < n; i++) {
		size_t bytes = piece[i].pages << dom->granule_lg2;
		int ret = iodom_map(dom, iova, piece[i].paddr, bytes, prot,
				    gfp);

		if (ret)
			return ret;
		iova += bytes;
		*mapped += bytes;
	}
	return 0;
}

/**
 * iodom_map_list() - map scattered memory to neighbouring addresses
 * @dom: the domain
 * @iova: where, a multiple of the smallest page
 * @piece: what
 * @n: how many pieces
 * @prot: IOMMU_READ, IOMMU_WRITE and friends
 * @gfp: for table pages
 * @mapped: raised by how much was mapped
 *
 * Unlike iodom_map(), a call that fails leaves mapped what @mapped says, for the caller
 * to unmap.
 *
 * Context: see iodom_map().
 * Return: 0 or an error of iopgt_map_pages().
 */
int iodom_map_list(struct iodom *dom, unsigned long iova,
		   const struct iopgt_piece *piece, unsigned int n, int prot,
		   gfp_t gfp, size_t *mapped)
{
	const size_t before = *mapped;
	size_t longest = 0;
	int ret;

	/* Like a page size block_pages is a power of two: that may be ored. */
	for (unsigned int i = 0; i < n; i++)
		longest |= piece[i].pages;
	if (unlikely(longest >= dom->block_pages))
		return iodom_map_blocks(dom, iova, piece, n, prot, gfp, mapped);
	ret = iopgt_map_list(&dom->pgt, iova, piece, n, prot, gfp, mapped);
	ioaudit_map_list(&dom->audit, piece, dom->granule_lg2, *mapped - before);
	return ret;
}

/**
 * iodom_unmap() - clear a mapping of the DMA API and give its IOVAs back
 * @dom: the domain
 * @iova: first byte, as allocated
 * @bytes: length, as allocated
 *
 * In strict mode no access through the range succeeds when this returns; in
 * lazy mode none does after the window.
 *
 * Context: any context; waits for hardware in strict mode, and in lazy mode if
 *	there is no room. The caller should hold no lock.
 */
void iodom_unmap(struct iodom *dom, dma_addr_t iova, size_t bytes)
{
	/* Of its ranges only those are read that there are. */
	struct iopgt_gather gather __uninitialized;

	iopgt_gather_init(&gather, iodom_deferred(dom));
	ioaudit_unmap(&dom->audit, &dom->pgt, iova, bytes, &gather.audit);
	WARN_ON_ONCE(iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather) !=
		     bytes);
	ioflush_unmapped(&dom->flush, &gather, iova, bytes);
	ioaudit_returned(&gather.audit);
}

/**
 * iodom_unmap_held() - clear a mapping of memory that is held as long as it is read
 * @dom: a guarded domain
 * @iova: first byte, as allocated
 * @bytes: length, as allocated
 * @hold: all of the memory, with references that are given back in the end
 *
 * The device could not write to it.
 *
 * Context: any context; waits for hardware if there is no room. The caller should
 *	hold no lock.
 */
void iodom_unmap_held(struct iodom *dom, dma_addr_t iova, size_t bytes,
		      struct ioflush_hold *hold)
{
	struct iopgt_gather gather __uninitialized;

	iopgt_gather_init(&gather, true);
	ioaudit_unmap(&dom->audit, &dom->pgt, iova, bytes, &gather.audit);
	WARN_ON_ONCE(iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather) !=
		     bytes);
	ioflush_unmapped_held(&dom->flush, &gather, iova, bytes, hold);
	ioaudit_returned(&gather.audit);
}

/**
 * iodom_unmap_sync() - clear a range and wait for its invalidation
 * @dom: the domain
 * @iova: first byte
 * @bytes: length
 *
 * The IOVAs stay with the caller.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void iodom_unmap_sync(struct iodom *dom, unsigned long iova, size_t bytes)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	ioaudit_unmap(&dom->audit, &dom->pgt, iova, bytes, &gather.audit);
	WARN_ON_ONCE(iopgt_unmap_pages(&dom->pgt, iova, bytes, &gather) !=
		     bytes);
	ioflush_sync(&dom->flush, &gather);
	ioaudit_returned(&gather.audit);
}

/**
 * iodom_set_space() - give a domain of the DMA API its bus addresses
 * @dom: the domain
 * @space: the addresses; the domain destroys them when it goes
 *
 * Context: process context, once, before the first device uses the DMA API.
 */
void iodom_set_space(struct iodom *dom, struct iospace *space)
{
	dom->flush.space = space;
	/* Pairs with the acquire or the dependency of who finds it set. */
	smp_store_release(&dom->space, space);
}
