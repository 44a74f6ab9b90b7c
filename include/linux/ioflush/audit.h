/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: which pages a device may still reach
 *
 * What the layers tell the auditor. Without CONFIG_IOFLUSH_AUDIT the structures are
 * empty and so are the functions.
 */
#ifndef _LINUX_IOFLUSH_AUDIT_H
#define _LINUX_IOFLUSH_AUDIT_H

#include <linux/compiler.h>
#include <linux/types.h>

struct ioflush;
struct iopgt;
struct iopgt_piece;

#ifdef CONFIG_IOFLUSH_AUDIT

/**
 * struct ioaudit_ticket - unmaps whose invalidation has not finished
 * @newest: number of the newest of them, which knows the one before; 0 for none
 *
 * It goes with the gather of an unmap, and from there to the ring's entry that
 * takes the range.
 */
struct ioaudit_ticket {
	u64 newest;
};

/**
 * struct ioaudit_domain - what the auditor knows of a domain
 * @on: what is mapped there can be reached by a device
 * @id: tells domains apart in what users see
 */
struct ioaudit_domain {
	bool on;
	u32 id;
};

void ioaudit_watch_domain(struct ioaudit_domain *domain, u32 id);
void ioaudit_forget(struct ioaudit_domain *domain, struct iopgt *pgt);
void __ioaudit_map(const struct ioaudit_domain *domain, phys_addr_t paddr,
		   size_t bytes);
void __ioaudit_map_list(const struct ioaudit_domain *domain,
			const struct iopgt_piece *piece, u8 granule_lg2,
			size_t bytes);
void __ioaudit_unmap(const struct ioaudit_domain *domain, struct iopgt *pgt,
		     unsigned long iova, size_t bytes,
		     struct ioaudit_ticket *ticket);
void __ioaudit_defer(const struct ioaudit_ticket *ticket,
		     const struct ioflush *flush, bool held);
void __ioaudit_join(struct ioaudit_ticket *entry,
		    const struct ioaudit_ticket *ticket);
void __ioaudit_done(struct ioaudit_ticket *ticket);
void __ioaudit_returned(const struct ioaudit_ticket *ticket);

/**
 * ioaudit_ticket_init() - there has been no unmap
 * @ticket: what to initialise
 *
 * Context: any context.
 */
static inline void ioaudit_ticket_init(struct ioaudit_ticket *ticket)
{
	ticket->newest = 0;
}

/**
 * ioaudit_map() - contiguous memory has been mapped
 * @domain: where
 * @paddr: its first byte
 * @bytes: its length; 0 for nothing
 *
 * Before the address is handed to anybody, who could unmap it.
 *
 * Context: any context.
 */
static inline void ioaudit_map(const struct ioaudit_domain *domain,
			       phys_addr_t paddr, size_t bytes)
{
	if (READ_ONCE(domain->on))
		__ioaudit_map(domain, paddr, bytes);
}

/**
 * ioaudit_map_list() - scattered memory has been mapped
 * @domain: where
 * @piece: what
 * @granule_lg2: log2 of the smallest page
 * @bytes: how much of it was mapped
 *
 * Context: any context.
 */
static inline void ioaudit_map_list(const struct ioaudit_domain *domain,
				    const struct iopgt_piece *piece,
				    u8 granule_lg2, size_t bytes)
{
	if (READ_ONCE(domain->on))
		__ioaudit_map_list(domain, piece, granule_lg2, bytes);
}

/**
 * ioaudit_unmap() - a range is about to be cleared
 * @domain: whose
 * @pgt: the table, in which it still is
 * @iova: first byte
 * @bytes: length
 * @ticket: of the unmap; NULL if nobody says when its invalidation has finished
 *
 * Context: any context.
 */
static inline void ioaudit_unmap(const struct ioaudit_domain *domain,
				 struct iopgt *pgt, unsigned long iova,
				 size_t bytes, struct ioaudit_ticket *ticket)
{
	if (READ_ONCE(domain->on))
		__ioaudit_unmap(domain, pgt, iova, bytes, ticket);
}

/**
 * ioaudit_defer() - an unmap has been put on a ring
 * @ticket: of the unmap
 * @flush: the flush state
 * @held: its memory is held, so that it must not be freed meanwhile
 *
 * Context: any context, with the ring's lock held.
 */
static inline void ioaudit_defer(const struct ioaudit_ticket *ticket,
				 const struct ioflush *flush, bool held)
{
	if (ticket->newest)
		__ioaudit_defer(ticket, flush, held);
}

/**
 * ioaudit_join() - an unmap has extended an entry of a ring
 * @entry: the ticket of the entry, which is that of the unmap, too, from now on
 * @ticket: of the unmap
 *
 * Context: any context, with the ring's lock held.
 */
static inline void ioaudit_join(struct ioaudit_ticket *entry,
				const struct ioaudit_ticket *ticket)
{
	if (ticket->newest)
		__ioaudit_join(entry, ticket);
}

/**
 * ioaudit_done() - an invalidation has finished
 * @ticket: of all unmaps that it was for
 *
 * Context: any context.
 */
static inline void ioaudit_done(struct ioaudit_ticket *ticket)
{
	if (ticket->newest)
		__ioaudit_done(ticket);
}

/**
 * ioaudit_returned() - an unmap returns: the memory is its owner's again
 * @ticket: of the unmap
 *
 * Context: any context.
 */
static inline void ioaudit_returned(const struct ioaudit_ticket *ticket)
{
	if (ticket->newest)
		__ioaudit_returned(ticket);
}

#else /* CONFIG_IOFLUSH_AUDIT */

struct ioaudit_ticket {
};

struct ioaudit_domain {
};

static inline void ioaudit_watch_domain(struct ioaudit_domain *domain, u32 id)
{
}

static inline void ioaudit_forget(struct ioaudit_domain *domain,
				  struct iopgt *pgt)
{
}

static inline void ioaudit_ticket_init(struct ioaudit_ticket *ticket)
{
}

static inline void ioaudit_map(const struct ioaudit_domain *domain,
			       phys_addr_t paddr, size_t bytes)
{
}

static inline void ioaudit_map_list(const struct ioaudit_domain *domain,
				    const struct iopgt_piece *piece,
				    u8 granule_lg2, size_t bytes)
{
}

static inline void ioaudit_unmap(const struct ioaudit_domain *domain,
				 struct iopgt *pgt, unsigned long iova,
				 size_t bytes, struct ioaudit_ticket *ticket)
{
}

static inline void ioaudit_defer(const struct ioaudit_ticket *ticket,
				 const struct ioflush *flush, bool held)
{
}

static inline void ioaudit_join(struct ioaudit_ticket *entry,
				const struct ioaudit_ticket *ticket)
{
}

static inline void ioaudit_done(struct ioaudit_ticket *ticket)
{
}

static inline void ioaudit_returned(const struct ioaudit_ticket *ticket)
{
}

#endif /* CONFIG_IOFLUSH_AUDIT */

#endif /* _LINUX_IOFLUSH_AUDIT_H */
