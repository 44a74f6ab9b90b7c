// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what may reach each page
 *
 * By number of the page frame, in pieces of a page that are allocated when something of
 * them is mapped, and stay. No lock is taken to map or to unmap, but for a new piece.
 * Where there is no memory for that, pages are not watched: their unmap finds nothing
 * to take back.
 */
#include <linux/gfp.h>
#include <linux/ioflush/pgtable.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "internal.h"

#define IOAUDIT_PIECE_LG2	7

/* struct ioaudit_page of so many pages in a row */
struct ioaudit_piece {
	struct ioaudit_page page[BIT(IOAUDIT_PIECE_LG2)];
};

static DEFINE_XARRAY_FLAGS(ioaudit_pieces, XA_FLAGS_LOCK_IRQ);
static atomic_long_t ioaudit_nr_pieces;

/* Pieces stay: not of what is kept for those who free memory. */
#define IOAUDIT_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC)

/*
 * This CPU has the lock of ioaudit_pieces. Memory for a node may be what something is to be
 * said of, and who says it may map, see netconsole.
 */
static DEFINE_PER_CPU(bool, ioaudit_growing);

/* Returns the piece that is there now, maybe another one, or an error of the xarray. */
static struct ioaudit_piece *ioaudit_piece_add(struct ioaudit_piece *piece,
					       unsigned long index)
{
	struct ioaudit_piece *there = xa_mk_internal(-EDEADLK);
	unsigned long flags;

	local_irq_save(flags);
	if (!__this_cpu_read(ioaudit_growing)) {
		__this_cpu_write(ioaudit_growing, true);
		xa_lock(&ioaudit_pieces);
		there = __xa_cmpxchg(&ioaudit_pieces, index, NULL, piece,
				     IOAUDIT_GFP);
		xa_unlock(&ioaudit_pieces);
		__this_cpu_write(ioaudit_growing, false);
	}
	local_irq_restore(flags);
	return there;
}

/* What is not memory nobody frees. */
static noinline struct ioaudit_piece *ioaudit_piece_new(unsigned long pfn)
{
	struct ioaudit_piece *piece, *there;

	if (!pfn_valid(pfn))
		return NULL;
	piece = kzalloc(sizeof(*piece), IOAUDIT_GFP);
	if (!piece)
		goto err_blind;
	there = ioaudit_piece_add(piece, pfn >> IOAUDIT_PIECE_LG2);
	if (!there) {
		atomic_long_inc(&ioaudit_nr_pieces);
		return piece;
	}
	kfree(piece);
	if (!xa_is_err(there))
		return there;
err_blind:
	atomic_long_inc(&ioaudit_counts.blind);
	return NULL;
}

static struct ioaudit_page *ioaudit_page_in(struct ioaudit_piece *piece,
					    unsigned long pfn)
{
	return &piece->page[pfn & (BIT(IOAUDIT_PIECE_LG2) - 1)];
}

/**
 * ioaudit_page() - what is known of a page
 * @pfn: the number of its frame
 *
 * Context: any context.
 * Return: that, or NULL if nothing near has ever been mapped.
 */
struct ioaudit_page *ioaudit_page(unsigned long pfn)
{
	struct ioaudit_piece *piece = xa_load(&ioaudit_pieces,
					      pfn >> IOAUDIT_PIECE_LG2);

	return piece ? ioaudit_page_in(piece, pfn) : NULL;
}

/**
 * ioaudit_pages() - what is known of the first pages of a range
 * @pfn: the number of the first frame; moved behind what was looked at
 * @left: pages in the range; 1 or more, and lowered by as many
 *
 * Context: any context.
 * Return: that of neighbours as far as the move says, or NULL if nothing is known of them.
 */
struct ioaudit_page *ioaudit_pages(unsigned long *pfn, unsigned long *left)
{
	struct ioaudit_page *page = ioaudit_page(*pfn);
	unsigned long n = BIT(IOAUDIT_PIECE_LG2) -
			  (*pfn & (BIT(IOAUDIT_PIECE_LG2) - 1));

	n = min(n, *left);
	*pfn += n;
	*left -= n;
	return page;
}

/**
 * ioaudit_watched() - how many pages there is memory for
 *
 * Context: any context.
 * Return: their number.
 */
unsigned long ioaudit_watched(void)
{
	return atomic_long_read(&ioaudit_nr_pieces) << IOAUDIT_PIECE_LG2;
}

static void ioaudit_map_page(unsigned long pfn, u32 domain,
			     depot_stack_handle_t here)
{
	struct ioaudit_page *page = ioaudit_page(pfn);

	if (unlikely(!page)) {
		struct ioaudit_piece *piece = ioaudit_piece_new(pfn);

		if (!piece)
			return;
		page = ioaudit_page_in(piece, pfn);
	}
	ioaudit_mapped(page, pfn, domain);
	WRITE_ONCE(page->mapped_at, here);
	WRITE_ONCE(page->domain, domain);
	atomic_inc(&page->live);
}

static void ioaudit_map_range(const struct ioaudit_domain *domain,
			      phys_addr_t paddr, size_t bytes,
			      depot_stack_handle_t here)
{
	const unsigned long end = PHYS_PFN(paddr + bytes - 1) + 1;

	for (unsigned long pfn = PHYS_PFN(paddr); pfn < end; pfn++)
		ioaudit_map_page(pfn, domain->id, here);
}

void __ioaudit_map(const struct ioaudit_domain *domain, phys_addr_t paddr,
		   size_t bytes)
{
	if (bytes)
		ioaudit_map_range(domain, paddr, bytes, ioaudit_here());
}

void __ioaudit_map_list(const struct ioaudit_domain *domain,
			const struct iopgt_piece *piece, u8 granule_lg2,
			size_t bytes)
{
	depot_stack_handle_t here = ioaudit_here();

	for (; bytes; piece++) {
		size_t n = min_t(size_t, bytes, piece->pages << granule_lg2);

		ioaudit_map_range(domain, piece->paddr, n, here);
		bytes -= n;
	}
}

/* The other of two that have not finished stays, and one of three is forgotten. */
static void ioaudit_page_stale(struct ioaudit_page *page, u64 ticket)
{
	unsigned int i = ioaudit_pending(READ_ONCE(page->ticket[0]));

	WRITE_ONCE(page->freed, false);
	WRITE_ONCE(page->ticket[i], ticket);
}

static void ioaudit_unmap_page(struct ioaudit_page *page, u64 ticket)
{
	atomic_dec_if_positive(&page->live);
	if (ticket)
		ioaudit_page_stale(page, ticket);
}

void __ioaudit_unmap(const struct ioaudit_domain *domain, struct iopgt *pgt,
		     unsigned long iova, size_t bytes,
		     struct ioaudit_ticket *ticket)
{
	struct ioaudit_page *page;
	phys_addr_t paddr;

	if (ticket && bytes && !ticket->newest)
		ticket->newest = ioaudit_ticket_new(domain->id);
	for (size_t done = 0; done < bytes; done += PAGE_SIZE) {
		paddr = iopgt_iova_to_phys(pgt, iova + done);
		page = paddr ? ioaudit_page(PHYS_PFN(paddr)) : NULL;
		if (page)
			ioaudit_unmap_page(page, ticket ? ticket->newest : 0);
	}
}

static int ioaudit_forget_leaf(const struct iopgt_entry *entry, void *unused)
{
	unsigned long pfn = PHYS_PFN(entry->paddr);
	unsigned long n = max(BIT(entry->lg2) >> PAGE_SHIFT, 1UL);
	struct ioaudit_page *page;

	if (entry->table)
		return 0;
	for (; n; n--, pfn++) {
		page = ioaudit_page(pfn);
		if (page)
			ioaudit_unmap_page(page, 0);
	}
	return 0;
}

/**
 * ioaudit_watch_domain() - a device can reach what is mapped in a domain from now on
 * @domain: the domain
 * @id: tells it apart in what users see
 *
 * Context: any context.
 */
void ioaudit_watch_domain(struct ioaudit_domain *domain, u32 id)
{
	if (!ioaudit_ready)
		return;
	domain->id = id;
	WRITE_ONCE(domain->on, true);
}

/**
 * ioaudit_forget() - no device can reach what is mapped in a domain any more
 * @domain: the domain
 * @pgt: its table
 *
 * Context: process context.
 */
void ioaudit_forget(struct ioaudit_domain *domain, struct iopgt *pgt)
{
	if (!domain->on)
		return;
	iopgt_visit(pgt, 0, ULONG_MAX, ioaudit_forget_leaf, NULL);
	WRITE_ONCE(domain->on, false);
}
