/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: slots, memory that stays mapped for small buffers to be copied to
 *
 * A slot is a power of two of bytes, aligned to its length. Its page belongs to
 * one kind: one length and one direction, since a page is mapped with the
 * permissions of its direction. A domain has one range of bus addresses for all
 * of its slots, so that whether an address is in one is a comparison.
 *
 * Each page has a word for each of its slots. It belongs to whoever has the slot.
 * In use it says where the CPU's buffer is; otherwise it links the slot to the next
 * one in the list that it is in: a CPU's list of that kind, a batch, or that of the
 * free slots of the page. In such lists a slot is its offset in the range; there is
 * none at 0.
 */
#ifndef _IOFLUSH_DMA_SLOT_H
#define _IOFLUSH_DMA_SLOT_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/ioflush/dma.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct device;
struct iodom;

/** IOSLOT_MIN_LG2 - log2 of the shortest slot */
#define IOSLOT_MIN_LG2 8

/** IOSLOT_MAX_LG2 - log2 of the longest slot */
#define IOSLOT_MAX_LG2 12

/** IOSLOT_MAX_BYTES - length of the longest slot */
#define IOSLOT_MAX_BYTES BIT(IOSLOT_MAX_LG2)

/** IOSLOT_CLASSES - lengths of slots */
#define IOSLOT_CLASSES (IOSLOT_MAX_LG2 - IOSLOT_MIN_LG2 + 1)

/** IOSLOT_PER_PAGE - the most slots that a page may have */
#define IOSLOT_PER_PAGE (PAGE_SIZE >> IOSLOT_MIN_LG2)

/** IOSLOT_DIRS - DMA_BIDIRECTIONAL, DMA_TO_DEVICE and DMA_FROM_DEVICE */
#define IOSLOT_DIRS 3

/** IOSLOT_KINDS - a length and a direction each */
#define IOSLOT_KINDS (IOSLOT_DIRS * IOSLOT_CLASSES)

/**
 * IOSLOT_BATCH() - slots that go between a CPU and the depot at a time
 * @kind: of that kind
 *
 * Of the longest ones a CPU keeps fewer, so that it has less than 70 KiB a direction.
 */
#define IOSLOT_BATCH(kind) ((kind) % IOSLOT_CLASSES < 4 ? 8U : 2U)

/** IOSLOT_KEEP() - free slots of a kind of which a CPU gives a batch back */
#define IOSLOT_KEEP(kind) (2 * IOSLOT_BATCH(kind))

/**
 * IOSLOT_STASH - batches of a kind that the depot keeps as they are
 *
 * Network drivers map and unmap a whole queue of packets at a time. This is 256 slots.
 */
#define IOSLOT_STASH 32

/** IOSLOT_ALIGN_MASK - bits of a buffer's address that its copy keeps */
#define IOSLOT_ALIGN_MASK 63

/**
 * struct ioslot_page - a page of slots
 * @node: in the depot of its kind, if @nr_free is not 0. The first of these are in
 *	use, the last may not be
 * @memory: what is mapped
 * @free: first of the free slots that the depot has of it
 * @nr_free: how many
 * @lg2: log2 of the length of its slots
 * @kind: what they are for
 * @dir: the direction of that
 * @end: of each slot, where in it the copy ends; belongs to whoever has the slot
 * @word: of each slot, see above
 *
 * The depot's lock protects @node, @free and @nr_free. @lg2 and @kind change only
 * while nobody has a slot of the page and it is in no depot.
 */
struct ioslot_page {
	struct list_head node;
	char *memory;
	u32 free;
	u16 nr_free;
	u8 lg2;
	u8 kind;
	u8 dir;
	u16 end[IOSLOT_PER_PAGE];
	unsigned long word[IOSLOT_PER_PAGE];
};

/**
 * struct ioslot_list - free slots of a kind that a CPU has
 * @first: the first
 * @room: how many more it would keep; IOSLOT_KEEP() if it has none
 * @taken: maps that got a slot of this kind here
 */
struct ioslot_list {
	u32 first;
	u32 room;
	unsigned long taken;
};

/**
 * struct ioslot_cpu - what a CPU has of a pool, used with interrupts off
 * @list: free slots of each kind
 * @dry: maps that got none, since the pool was not to grow or there was no memory
 */
struct ioslot_cpu {
	struct ioslot_list list[IOSLOT_KINDS];
	unsigned long dry;
};

/**
 * struct ioslot_depot - free slots of a kind that no CPU has
 * @lock: protects the rest, and what struct ioslot_page says
 * @pages: pages with such slots
 * @nr_idle: how many of them have no other slots
 * @nr_batches: how many batches there are beside these
 * @batch: the first slot of each. Their pages do not know that they are free
 */
struct ioslot_depot {
	raw_spinlock_t lock; /* innermost; taken with interrupts off */
	struct list_head pages;
	unsigned int nr_idle;
	unsigned int nr_batches;
	u32 batch[IOSLOT_STASH];
} ____cacheline_aligned_in_smp;

/**
 * struct ioslot_pool - slots of a domain
 * @base: first bus address of their range
 * @last: last address of the range
 * @bytes: length of the range, a power of two
 * @limit: longest buffer that is copied, by direction
 * @asked: what the user wants that to be, or -1: what is measured for the domain's
 *	mode. Protected by the mutex of the domain's group
 * @pages: by number in the range; NULL where there is none. Written by who has the
 *	page's bit in @used, before anybody else has one of its slots
 * @cpu: what each CPU has
 * @dom: the domain
 * @lock: protects @used and @nr_used
 * @used: which numbers are taken. Of page 0 there are no slots
 * @nr_used: how many. Read without the lock, too
 * @hint: where a free one may be
 * @tidy: frees what is idle, some time after a map found no slot
 * @node: on the list of all pools
 * @cpuhp: instance of the CPU hotplug state
 * @depot: what no CPU has
 */
struct ioslot_pool {
	dma_addr_t base;
	dma_addr_t last;
	u32 bytes;
	u32 limit[IOSLOT_DIRS];
	int asked;
	struct ioslot_page **pages;
	struct ioslot_cpu __percpu *cpu;
	struct iodom *dom;
	raw_spinlock_t lock ____cacheline_aligned_in_smp; /* protects @used */
	unsigned long *used;
	unsigned int nr_used;
	unsigned int hint;
	struct delayed_work tidy;
	struct list_head node;
	struct hlist_node cpuhp;
	struct ioslot_depot depot[IOSLOT_KINDS];
};

/**
 * struct ioslot_stats - what a pool has done
 * @copied: maps that were copied, by direction
 * @dry: maps that were not, for want of a slot
 * @pages: pages that it has
 * @pages_max: how many it may have
 * @idle: pages of which the depot has all slots
 */
struct ioslot_stats {
	unsigned long copied[IOSLOT_DIRS];
	unsigned long dry;
	unsigned int pages;
	unsigned int pages_max;
	unsigned int idle;
};

/* Is an address in a slot? @pool may be NULL. */
static __always_inline bool ioslot_holds(const struct ioslot_pool *pool,
					 dma_addr_t iova)
{
	return pool && iova - pool->base < pool->bytes;
}

static __always_inline struct ioslot_page *
ioslot_page_of(const struct ioslot_pool *pool, u32 slot)
{
	return pool->pages[slot >> PAGE_SHIFT];
}

static __always_inline unsigned long *ioslot_word(struct ioslot_page *page,
						  u32 slot)
{
	return &page->word[offset_in_page(slot) >> page->lg2];
}

/* Where in the slot the copy ends, for as long as there is one. */
static __always_inline u16 *ioslot_end(struct ioslot_page *page, u32 slot)
{
	return &page->end[offset_in_page(slot) >> page->lg2];
}

/* The kind of slot for a length, which is at most that of the longest. */
static __always_inline unsigned int ioslot_kind(unsigned int bytes,
						unsigned int dir)
{
	return dir * IOSLOT_CLASSES + fls((bytes - 1) >> IOSLOT_MIN_LG2);
}

/* slot_pool.c */
int ioslot_pool_init(struct ioslot_pool *pool, unsigned int nr_pages);
void ioslot_pool_exit(struct ioslot_pool *pool);
u32 ioslot_take_slow(struct ioslot_pool *pool, unsigned int kind,
		     const void *buf, unsigned int end);
void ioslot_give_batch(struct ioslot_pool *pool, struct ioslot_list *list,
		       unsigned int kind);
void ioslot_give_all(struct ioslot_pool *pool, struct ioslot_cpu *cpu);
void ioslot_unstash(struct ioslot_pool *pool);
unsigned int ioslot_shrink(struct ioslot_pool *pool, unsigned int nr_pages);
unsigned int ioslot_idle(struct ioslot_pool *pool);
void ioslot_get_stats(struct ioslot_pool *pool, struct ioslot_stats *stats);

/* slot_mem.c */
char *ioslot_mem_get(struct ioslot_pool *pool, u32 slot, unsigned int dir);
bool ioslot_mem_put(struct ioslot_pool *pool, u32 slot, char *memory,
		    bool mapped);
void ioslot_release(struct ioslot_pool *pool);
void ioslot_enable(struct iodom *dom, struct device *dev);
void ioslot_follow_mode(struct iodom *dom, struct device *dev);

/* Bytes of a slot that a copy needs which has a part of the buffer's address. */
static __always_inline size_t ioslot_bytes(u32 part, size_t size,
					   unsigned int align_mask)
{
	/* A slot is aligned to its length, which has to do for the mask. */
	return max_t(size_t, part + size, align_mask + 1UL);
}

/**
 * ioslot_take_fast() - take a slot that this CPU has
 * @pool: the pool
 * @kind: its kind
 * @buf: what the slot's word is to say: where in memory its first byte comes from
 * @end: where in the slot the copy is to end
 *
 * Context: any context.
 * Return: the slot, or 0: this CPU has none.
 */
static __always_inline u32 ioslot_take_fast(struct ioslot_pool *pool,
					    unsigned int kind, const void *buf,
					    unsigned int end)
{
	struct ioslot_list *list;
	struct ioslot_page *page;
	unsigned long flags;
	unsigned int i;
	u32 slot;

	local_irq_save(flags);
	list = &this_cpu_ptr(pool->cpu)->list[kind];
	slot = list->first;
	if (likely(slot)) {
		page = ioslot_page_of(pool, slot);
		i = offset_in_page(slot) >> page->lg2;
		list->first = page->word[i];
		list->room++;
		list->taken++;
		page->word[i] = (unsigned long)buf;
		page->end[i] = end;
	}
	local_irq_restore(flags);
	return slot;
}

/**
 * ioslot_give() - give a slot back
 * @pool: the pool
 * @page: the slot's page
 * @word: the slot's word
 * @slot: the slot
 *
 * Context: any context.
 */
static __always_inline void ioslot_give(struct ioslot_pool *pool,
					struct ioslot_page *page,
					unsigned long *word, u32 slot)
{
	struct ioslot_list *list;
	unsigned long flags;

	local_irq_save(flags);
	list = &this_cpu_ptr(pool->cpu)->list[page->kind];
	*word = list->first;
	list->first = slot;
	if (unlikely(!--list->room))
		ioslot_give_batch(pool, list, page->kind);
	local_irq_restore(flags);
}

#endif /* _IOFLUSH_DMA_SLOT_H */
