/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: hardware that knows what it still has cached
 */
#ifndef _USER_FLUSH_HW_H
#define _USER_FLUSH_HW_H

#include <linux/ioflush/flush.h>
#include <linux/ioflush/iova.h>
#include <linux/mm.h>
#include <linux/prandom.h>

/* Enough for each part that a space has. */
#define HW_PAGES	262144UL
#define HW_PAGE_LG2	12
#define HW_BYTES(pages)	((size_t)(pages) << HW_PAGE_LG2)

/**
 * enum hw_owner - whose an IOVA is
 * @HW_FREE: the space's
 * @HW_TAKEN: somebody's, who may map it
 * @HW_CLEARED: the flush layer's, which has to give it back once
 */
enum hw_owner { HW_FREE, HW_TAKEN, HW_CLEARED };

struct hw_table;

/**
 * struct hw_page - what there is for a page of IOVAs
 * @owner: enum hw_owner
 * @pte: it is mapped
 * @iotlb: it was when the hardware looked: one more than the invalidations of
 *	the whole domain that there had been by then; or 0
 * @map: number of the newest mapping
 * @iotlb_map: of the one that @iotlb is of
 * @lock: held where the hardware looks and fills its cache
 * @table: a table page that an unmap of this page has unlinked, or NULL
 * @data: changed by whoever owns the page; no atomic type, so that
 *	ThreadSanitizer looks whether owners are ordered
 */
struct hw_page {
	unsigned int owner;
	unsigned int pte;
	unsigned int iotlb;
	unsigned long map;
	unsigned long iotlb_map;
	bool lock;
	struct hw_table *table;
	unsigned long data;
};

/**
 * struct hw_table - a table page that an unmap has unlinked
 * @node: on the gather's list, and then on the ring's
 * @rcu: to free it
 * @page: what it translated
 * @walk: it is in the hardware's cache of tables; as @iotlb of a page
 */
struct hw_table {
	struct list_head node;
	struct rcu_head rcu;
	struct hw_page *page;
	unsigned int walk;
};

/** HW_FOLIO_MAPS - mappings of one folio */
#define HW_FOLIO_MAPS	8

/**
 * struct hw_folio - memory that devices read, and nobody may have once it is freed
 * @folio: its count of references
 * @d: the domain that it is mapped in
 * @n: mappings that there have been
 * @map: where each of them was: its first page, its length and its number
 */
struct hw_folio {
	struct folio folio;
	struct hw_domain *d;
	unsigned int n;
	struct {
		struct hw_page *page;
		unsigned int pages;
		unsigned long map;
	} map[HW_FOLIO_MAPS];
};

/* Invalidations that hardware has been told of and has not come to */
#define HW_CMDS		64

/**
 * struct hw_cmd - an invalidation
 * @seq: its number
 * @all: it is of the whole domain
 * @range: else, of what
 */
struct hw_cmd {
	u32 seq;
	bool all;
	struct ioflush_range range;
};

/**
 * struct hw_domain - a domain, and what the hardware has of it
 * @flush: the flush state under test
 * @pgt: stands for its table
 * @all: invalidations of the whole domain
 * @locked: held where the queue changes, which is @cmd, @nr_cmds and @seq
 * @cmd: the queue
 * @nr_cmds: how many there are
 * @seq: of the newest
 * @tables: unlinked table pages that have not been freed
 * @folios: folios that have not been freed
 * @next: all domains
 * @page: by IOVA
 */
struct hw_domain {
	struct ioflush flush;
	struct iopgt pgt;
	unsigned int all;
	bool locked;
	struct hw_cmd cmd[HW_CMDS];
	unsigned int nr_cmds;
	u32 seq;
	long tables;
	long folios;
	struct hw_domain *next;
	struct hw_page page[HW_PAGES];
};

/* Each thread that may get to the hardware seeds its own choices. */
void hw_seed(u64 seed);

struct hw_domain *hw_create(unsigned long pages);
void hw_destroy(struct hw_domain *d);
dma_addr_t hw_map(struct hw_domain *d, unsigned int pages,
		  enum iospace_kind kind);
void hw_clear(struct hw_domain *d, dma_addr_t iova, unsigned int pages,
	      struct iopgt_gather *gather, bool table);
struct hw_folio *hw_folio_alloc(struct hw_domain *d);
void hw_folio_map(struct hw_folio *f, dma_addr_t iova, unsigned int pages);
void hw_access(struct hw_domain *d, unsigned long nr);

/* flush_dry.c */
bool flush_dry(unsigned int percent, u64 seed);

#endif /* _USER_FLUSH_HW_H */
