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
 * The references are taken when the memory is mapped, since a driver may free it
 * before it unmaps it, as some do that send packets. From then on it cannot change
 * hands, nor the folio its shape. Which mappings have references the page table
 * knows: their leaves are marked. So an unmap asks neither the driver, whose word
 * may be wrong, nor what the memory looks like by then, and it does not matter which
 * mode the domain was in meanwhile.
 *
 * What the driver promises is what the DMA API asks of it: that what it unmaps is one
 * mapping, as a whole, and once.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/poison.h>

#include "guard.h"

/* Pieces of memory that are read from the page table at once. */
#define IODMA_HELD_PIECES	16

/* Of other pages that is where a list's pointer is, which is never the same. */
static __always_inline bool iodma_is_pooled(const struct folio *folio)
{
	return (READ_ONCE(folio->page.pp_magic) & IODMA_POOL_MASK) == PP_SIGNATURE;
}

static __always_inline bool iodma_may_hold(struct folio *folio)
{
	return !folio_test_slab(folio) && !folio_test_reserved(folio) &&
	       !folio_is_zone_device(folio) && !iodma_is_pooled(folio) &&
	       folio_is_longterm_pinnable(folio);
}

/*
 * A reference to the folio of @page, which is the one that was looked at: it may have
 * changed its shape meanwhile.
 */
static __always_inline bool iodma_hold_folio(struct folio *folio,
					     const struct page *page)
{
	/* Most of what cannot be held. */
	if (folio_test_slab(folio) || !folio_try_get(folio))
		return false;
	/* With a reference it stays what it is. */
	if (likely(page_folio(page) == folio && iodma_may_hold(folio)))
		return true;
	folio_put(folio);
	return false;
}

/*
 * The folios that a piece of memory is in, each once for pages that follow each
 * other. Whether @fresh: take a reference. False if not all are in @hold then: they
 * cannot be held, or there is no room.
 */
static __always_inline bool iodma_hold_piece(struct ioflush_hold *hold,
					     unsigned long pfn,
					     unsigned long pages, bool fresh)
{
	struct folio *last = hold->n ? hold->folio[hold->n - 1] : NULL;
	const unsigned long end = pfn + pages;

	do {
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = page_folio(page);

		if (folio != last) {
			if (unlikely(hold->n == IOFLUSH_HOLD_MAX ||
				     (fresh && !iodma_hold_folio(folio, page))))
				return false;
			hold->folio[hold->n++] = folio;
			last = folio;
		}
		pfn += likely(!folio_test_large(folio)) ? 1 :
			folio_nr_pages(folio) - folio_page_idx(folio, page);
	} while (pfn < end);
	return true;
}

static __always_inline unsigned long iodma_pages(const struct iodom *dom,
						 const struct iopgt_piece *piece)
{
	return PHYS_PFN(piece->pages << dom->granule_lg2);
}

/* Give back all references but the first @n. */
static __always_inline void iodma_unhold(struct ioflush_hold *hold,
					 unsigned int n)
{
	while (hold->n > n)
		folio_put(hold->folio[--hold->n]);
}

/**
 * iodma_hold() - take references to memory that is about to be mapped
 * @dom: a guarded domain
 * @hold: has those that the mapping has already; more are added
 * @piece: the memory, which a device is to read only; whole pages
 * @n: number of pieces
 *
 * Context: any context.
 * Return: whether all of it is held, and is to be mapped with IOPGT_MARK. If not,
 *	@hold is as it was, and nothing that follows in the mapping is to be marked.
 */
bool iodma_hold(const struct iodom *dom, struct ioflush_hold *hold,
		const struct iopgt_piece *piece, unsigned int n)
{
	const unsigned int had = hold->n;

	for (; n; n--, piece++) {
		if (likely(iodma_hold_piece(hold, PHYS_PFN(piece->paddr),
					    iodma_pages(dom, piece), true)))
			continue;
		iodma_unhold(hold, had);
		return false;
	}
	return true;
}

/**
 * iodma_hold_undo() - give back the references of a mapping that has failed
 * @hold: all of them
 *
 * Context: any context; the translations have been invalidated.
 */
void iodma_hold_undo(struct ioflush_hold *hold)
{
	iodma_unhold(hold, 0);
}

/* What was held when a range was mapped; false if that is not all of the range. */
static __always_inline bool iodma_held(struct iodom *dom, dma_addr_t iova,
				       size_t bytes, struct ioflush_hold *hold)
{
	struct iopgt_piece piece[IODMA_HELD_PIECES] __uninitialized;
	size_t done = 0, got;
	unsigned int n;

	hold->n = 0;
	do {
		n = ARRAY_SIZE(piece);
		got = iopgt_marked(&dom->pgt, iova + done, bytes - done, piece, &n);
		for (unsigned int i = 0; i < n; i++)
			/* More than one mapping: what is left over leaks. */
			if (WARN_ON_ONCE(!iodma_hold_piece(hold,
							   PHYS_PFN(piece[i].paddr),
							   iodma_pages(dom, &piece[i]),
							   false)))
				return false;
		done += got;
	} while (unlikely(got && done < bytes));
	return done == bytes;
}

/**
 * iodma_unmap_guarded() - unmap what may be held
 * @dom: a domain that is guarded, or was once
 * @dev: a device in it
 * @iova: the device's address of the first byte
 * @size: length, at least 1
 *
 * Context: any context; may wait for hardware. The caller should hold no lock.
 */
noinline void iodma_unmap_guarded(struct iodom *dom, struct device *dev,
				  dma_addr_t iova, size_t size)
{
	const dma_addr_t first = iova & PAGE_MASK;
	const size_t bytes = PAGE_ALIGN(iova + size) - first;
	struct ioflush_hold hold __uninitialized;

	if (likely(iodma_held(dom, first, bytes, &hold))) {
		iodom_unmap_held(dom, first, bytes, &hold);
		return;
	}
	iodma_unmap_in(dom, dev, first, bytes);
	iodma_unhold(&hold, 0);
}

/* The folio that is given back next, and the address behind what is known to be in it. */
struct iodma_leaked {
	struct folio *folio;
	unsigned long end;
};

static void iodma_put_pending(struct iodma_leaked *leaked, struct folio *next)
{
	if (leaked->folio)
		folio_put(leaked->folio);
	leaked->folio = next;
}

static int iodma_put_leaked(const struct iopgt_entry *entry, void *arg)
{
	struct iodma_leaked *leaked = arg;
	unsigned long pfn = PHYS_PFN(entry->paddr), n = PHYS_PFN(BIT(entry->lg2));

	if (entry->table || !(entry->prot & IOPGT_MARK))
		return 0;
	if (entry->iova != leaked->end)
		iodma_put_pending(leaked, NULL);
	leaked->end = entry->iova + BIT(entry->lg2);
	for (; n; n--, pfn++) {
		struct folio *folio = page_folio(pfn_to_page(pfn));

		/* It may be the last reference: not before all its pages are past. */
		if (folio != leaked->folio)
			iodma_put_pending(leaked, folio);
	}
	return 0;
}

/**
 * iodma_guard_exit() - give back what is held for mappings that nobody has unmapped
 * @dom: a domain without devices, which goes
 *
 * Of one folio in two mappings next to each other one reference is left: which
 * addresses were mapped together is not known.
 *
 * Context: process context.
 */
void iodma_guard_exit(struct iodom *dom)
{
	struct iodma_leaked leaked = {};

	if (!dom->held)
		return;
	iopgt_visit(&dom->pgt, 0, ULONG_MAX, iodma_put_leaked, &leaked);
	iodma_put_pending(&leaked, NULL);
}
