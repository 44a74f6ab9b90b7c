// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: unmaps of guarded domains, which hold what a device can still read
 *
 * No write by a device succeeds through an address that was unmapped: what it may have
 * written to is copied, or the unmap waits. What it could only read may be read for
 * a window longer, but is held meanwhile, so that it reads its owner's memory and
 * nobody else's.
 *
 * To hold memory is to have a reference to its folio. That keeps only what is freed
 * by its last reference. These unmaps wait instead:
 *
 * - of objects in a slab: the next object there has another owner, and nobody
 *	frees the page in between;
 * - of memory that has no reference count, or one that is set anew when it is freed:
 *	pages behind the first one of a block without __GFP_COMP, reserved pages,
 *	those of a device;
 * - of pages that must be movable at any time, which are those of the CMA and of
 *	ZONE_MOVABLE: who has one in the way counts its references, and may give up;
 * - of pages that belong to a page_pool: to have one back it asks for a count of one,
 *	and would lose all of them.
 *
 * Two things are the driver's word. That an unmap names the direction and the list of
 * the map is demanded by the DMA API; DMA_API_DEBUG tells who does not. And the memory
 * is the buffer's owner's as long as it is mapped: of a driver that frees it first
 * and unmaps it then, what is held may be the next owner's, and is open to
 * the device for the window, where it is until the end of the unmap in strict mode.
 */
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/poison.h>
#include <linux/sizes.h>

#include "guard.h"
#include "sg.h"

/* Of other pages that is where a list's pointer is, which is never the same. */
static __always_inline bool iodma_is_pooled(const struct folio *folio)
{
	/* What the low bits say of a page is not of its pool. */
	return (READ_ONCE(folio->page.pp_magic) & ~0x3UL) == PP_SIGNATURE;
}

static __always_inline bool iodma_may_hold(struct folio *folio)
{
	return !folio_test_slab(folio) && !folio_test_reserved(folio) &&
	       !folio_is_zone_device(folio) && !iodma_is_pooled(folio) &&
	       folio_is_longterm_pinnable(folio);
}

/*
 * A reference to the folio of @page, which is the one that was looked at: who frees
 * what is mapped may have it change its shape meanwhile.
 */
static __always_inline bool iodma_hold_folio(struct ioflush_hold *hold,
					     struct folio *folio,
					     const struct page *page)
{
	if (hold->n && hold->folio[hold->n - 1] == folio)
		return true;
	if (hold->n == IOFLUSH_HOLD_MAX || !iodma_may_hold(folio) ||
	    !folio_try_get(folio))
		return false;
	/* Whoever looks next puts it, too. */
	hold->folio[hold->n++] = folio;
	return page_folio(page) == folio;
}

/* The folios that a range of memory is in; false if not all of them can be held. */
static bool iodma_hold(struct ioflush_hold *hold, phys_addr_t phys, size_t bytes)
{
	const unsigned long last = PHYS_PFN(phys + bytes - 1);
	unsigned long pfn = PHYS_PFN(phys), valid = pfn;

	while (pfn <= last) {
		struct folio *folio;
		struct page *page;

		/* Where there is memory does not change within 2 MiB. */
		if (pfn >= valid) {
			if (unlikely(!pfn_valid(pfn)))
				return false;
			valid = ALIGN(pfn + 1, PHYS_PFN(SZ_2M));
		}
		page = pfn_to_page(pfn);
		folio = page_folio(page);
		if (!iodma_hold_folio(hold, folio, page))
			return false;
		pfn += likely(!folio_test_large(folio)) ? 1 :
			folio_nr_pages(folio) - folio_page_idx(folio, page);
	}
	return true;
}

/* Defer the unmap if all of its memory is held; else it is held until it is over. */
static void iodma_unmap_held(struct iodom *dom, dma_addr_t first, size_t bytes,
			     struct ioflush_hold *hold, bool all)
{
	if (likely(all)) {
		iodom_unmap_held(dom, first, bytes, hold);
		return;
	}
	iodom_unmap(dom, first, bytes);
	while (hold->n)
		folio_put(hold->folio[--hold->n]);
}

/**
 * iodma_unmap_guarded() - unmap a buffer that a device could only read
 * @dom: a guarded domain
 * @iova: the device's address of the first byte
 * @size: length, at least 1; contiguous in memory
 *
 * Where the memory is the page table knows, which says what a device can reach.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
noinline void iodma_unmap_guarded(struct iodom *dom, dma_addr_t iova,
				  size_t size)
{
	struct ioflush_hold hold __uninitialized;
	phys_addr_t phys = iopgt_iova_to_phys(&dom->pgt, iova);
	bool all;

	hold.n = 0;
	all = phys && iodma_hold(&hold, phys, size);
	iodma_unmap_held(dom, iova & PAGE_MASK,
			 PAGE_ALIGN(iova + size) - (iova & PAGE_MASK), &hold, all);
}

/**
 * iodma_unmap_sg_guarded() - unmap a list of memory that a device could only read
 * @dom: a guarded domain
 * @sgl: the list, as it was mapped
 * @nents: its length then
 * @iova: the device's address of its first byte
 * @size: length of the range that it takes, at least 1
 *
 * The range is that of all segments, whatever @nents says: a driver that names the
 * number of those, as some do, has only a part of its memory looked at, and waits. So
 * does one with gaps between the segments.
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
noinline void iodma_unmap_sg_guarded(struct iodom *dom, struct scatterlist *sgl,
				     int nents, dma_addr_t iova, size_t size)
{
	const dma_addr_t first = iova & PAGE_MASK;
	const size_t bytes = PAGE_ALIGN(iova + size) - first;
	struct ioflush_hold hold __uninitialized;
	struct scatterlist *s;
	bool held = true;
	size_t seen = 0;
	int left;

	hold.n = 0;
	for (s = sgl, left = nents; held && left > 0; s = iodma_sg_step(s, &left)) {
		if (!s->length)
			continue;
		held = iodma_hold(&hold, sg_phys(s), s->length);
		seen += iodma_sg_bytes(s);
	}
	iodma_unmap_held(dom, first, bytes, &hold, held && seen == bytes);
}
