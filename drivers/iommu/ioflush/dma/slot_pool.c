// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: who has which slots
 *
 * A CPU keeps a few free slots of each kind, and takes and gives them without a
 * lock. What it has too many of goes to the depot of the kind, and what it has not
 * comes from there, a batch at a time, in one piece and linked as it is. Of what is more
 * than some batches the depot knows by their page which slots are free: those of pages in use
 * are taken first, and what is left is pages without a slot in use. These go back to the kernel
 * when it asks for memory, and batches are taken apart then.
 *
 * A pool that has not what is wanted grows by a page, until the range of its domain
 * is full. Then a page that is idle is cut anew, if there is one of the same
 * direction; of another direction it has to be unmapped first, which is left to a work
 * item, and the map does without a slot.
 */
#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "slot.h"

/* A slot is no longer than a page, and its end fits. */
static_assert(IOSLOT_MAX_LG2 <= PAGE_SHIFT);
static_assert(IOSLOT_KINDS <= U8_MAX && IOSLOT_MAX_BYTES <= U16_MAX);

/* How long slots may be short before others' idle pages are freed for them. */
#define IOSLOT_TIDY_MS 1000

static unsigned int ioslot_per_page(const struct ioslot_page *page)
{
	return PAGE_SIZE >> page->lg2;
}

/* Take a page's first free slot; the caller sees to its place in the depot. */
static u32 ioslot_page_pop(struct ioslot_page *page)
{
	u32 slot = page->free;

	page->free = *ioslot_word(page, slot);
	page->nr_free--;
	return slot;
}

/* The newest page comes first, an idle one last. */
static void ioslot_depot_add(struct ioslot_depot *depot,
			     struct ioslot_page *page)
{
	bool idle = page->nr_free == ioslot_per_page(page);

	lockdep_assert_held(&depot->lock);
	if (idle) {
		list_add_tail(&page->node, &depot->pages);
		WRITE_ONCE(depot->nr_idle, depot->nr_idle + 1);
	} else {
		list_add(&page->node, &depot->pages);
	}
}

/* Give one slot to its page. */
static void ioslot_depot_give(struct ioslot_depot *depot,
			      struct ioslot_page *page, u32 slot)
{
	lockdep_assert_held(&depot->lock);
	*ioslot_word(page, slot) = page->free;
	page->free = slot;
	if (page->nr_free++ && page->nr_free < ioslot_per_page(page))
		return;
	if (page->nr_free > 1)
		list_del(&page->node);
	ioslot_depot_add(depot, page);
}

/* Take one slot, or 0. */
static u32 ioslot_depot_take(struct ioslot_depot *depot)
{
	struct ioslot_page *page;
	u32 slot;

	lockdep_assert_held(&depot->lock);
	if (list_empty(&depot->pages))
		return 0;
	page = list_first_entry(&depot->pages, struct ioslot_page, node);
	if (page->nr_free == ioslot_per_page(page))
		WRITE_ONCE(depot->nr_idle, depot->nr_idle - 1);
	slot = ioslot_page_pop(page);
	if (!page->nr_free)
		list_del(&page->node);
	return slot;
}

/* Give slots that are linked to their pages. */
static void ioslot_depot_break(struct ioslot_pool *pool,
			       struct ioslot_depot *depot, u32 slot)
{
	while (slot) {
		struct ioslot_page *page = ioslot_page_of(pool, slot);
		const u32 next = *ioslot_word(page, slot);

		ioslot_depot_give(depot, page, slot);
		slot = next;
	}
}

/* Take a batch, or what there is of one, for a list that is empty. */
static void ioslot_depot_batch(struct ioslot_pool *pool, unsigned int kind,
			       struct ioslot_list *list)
{
	struct ioslot_depot *depot = &pool->depot[kind];
	u32 slot;

	lockdep_assert_held(&depot->lock);
	if (depot->nr_batches) {
		WRITE_ONCE(depot->nr_batches, depot->nr_batches - 1);
		list->first = depot->batch[depot->nr_batches];
		list->room -= IOSLOT_BATCH(kind);
		return;
	}
	while (list->room > IOSLOT_BATCH(kind) &&
	       (slot = ioslot_depot_take(depot))) {
		*ioslot_word(ioslot_page_of(pool, slot), slot) = list->first;
		list->first = slot;
		list->room--;
	}
}

/* A slot for the caller that is free already, and more of them for this CPU; or 0. */
static u32 ioslot_refill(struct ioslot_pool *pool, unsigned int kind)
{
	struct ioslot_list *list;
	unsigned long flags;
	u32 slot;

	local_irq_save(flags);
	list = &this_cpu_ptr(pool->cpu)->list[kind];
	/* An interrupt may have given it some since it was empty. */
	if (!list->first) {
		raw_spin_lock(&pool->depot[kind].lock);
		ioslot_depot_batch(pool, kind, list);
		raw_spin_unlock(&pool->depot[kind].lock);
	}
	slot = list->first;
	if (slot) {
		list->first = *ioslot_word(ioslot_page_of(pool, slot), slot);
		list->room++;
		list->taken++;
	}
	local_irq_restore(flags);
	return slot;
}

/* A number in the range for one more page, or 0. */
static unsigned int ioslot_number_get(struct ioslot_pool *pool)
{
	const unsigned int nr_pages = pool->bytes >> PAGE_SHIFT;
	unsigned long flags;
	unsigned int nr;

	/* Once it is full, all that are short of slots come here. */
	if (READ_ONCE(pool->nr_used) == nr_pages)
		return 0;
	raw_spin_lock_irqsave(&pool->lock, flags);
	nr = find_next_zero_bit(pool->used, nr_pages, pool->hint);
	if (nr >= nr_pages)
		nr = find_next_zero_bit(pool->used, nr_pages, 0);
	if (nr < nr_pages) {
		__set_bit(nr, pool->used);
		pool->hint = nr + 1;
		WRITE_ONCE(pool->nr_used, pool->nr_used + 1);
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return nr < nr_pages ? nr : 0;
}

static void ioslot_number_put(struct ioslot_pool *pool, unsigned int nr)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pool->lock, flags);
	__clear_bit(nr, pool->used);
	WRITE_ONCE(pool->nr_used, pool->nr_used - 1);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
}

/* Cut a page that nobody uses into slots of a kind, all of them free, in order. */
static void ioslot_page_cut(struct ioslot_page *page, unsigned int kind,
			    u32 first)
{
	const unsigned int lg2 = IOSLOT_MIN_LG2 + kind % IOSLOT_CLASSES;
	const unsigned int count = PAGE_SIZE >> lg2;

	page->lg2 = lg2;
	page->kind = kind;
	page->dir = kind / IOSLOT_CLASSES;
	page->free = first;
	page->nr_free = count;
	for (unsigned int i = 0; i < count; i++)
		page->word[i] = i + 1 < count ? first + ((i + 1) << lg2) : 0;
}

/* An idle page, which nobody finds any more, or NULL. */
static struct ioslot_page *ioslot_depot_idle(struct ioslot_depot *depot)
{
	struct ioslot_page *page = NULL;
	unsigned long flags;

	if (!READ_ONCE(depot->nr_idle))
		return NULL;
	raw_spin_lock_irqsave(&depot->lock, flags);
	if (depot->nr_idle) {
		page = list_last_entry(&depot->pages, struct ioslot_page, node);
		list_del(&page->node);
		WRITE_ONCE(depot->nr_idle, depot->nr_idle - 1);
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return page;
}

/* Take a depot's batches apart, one each time that the lock is taken. */
static void ioslot_depot_unstash(struct ioslot_pool *pool,
				 struct ioslot_depot *depot)
{
	unsigned long flags;

	/* Others may bring new ones: this is not to go on for good. */
	for (unsigned int i = 0; i < IOSLOT_STASH; i++) {
		if (!READ_ONCE(depot->nr_batches))
			break;
		raw_spin_lock_irqsave(&depot->lock, flags);
		if (depot->nr_batches) {
			WRITE_ONCE(depot->nr_batches, depot->nr_batches - 1);
			ioslot_depot_break(pool, depot,
					   depot->batch[depot->nr_batches]);
		}
		raw_spin_unlock_irqrestore(&depot->lock, flags);
	}
}

/* A new page cut for a kind, or NULL. */
static struct ioslot_page *ioslot_page_create(struct ioslot_pool *pool,
					      unsigned int kind)
{
	unsigned int nr = ioslot_number_get(pool);
	struct ioslot_page *page;

	if (!nr)
		return NULL;
	page = kzalloc(sizeof(*page), GFP_NOWAIT | __GFP_NOWARN);
	if (!page)
		goto err_number;
	page->memory = ioslot_mem_get(pool, nr << PAGE_SHIFT,
				      kind / IOSLOT_CLASSES);
	if (!page->memory)
		goto err_page;
	INIT_LIST_HEAD(&page->node);
	ioslot_page_cut(page, kind, nr << PAGE_SHIFT);
	pool->pages[nr] = page;
	return page;

err_page:
	kfree(page);
err_number:
	ioslot_number_put(pool, nr);
	return NULL;
}

/* One that is idle, cut anew, or NULL. The device may do the same to it as before. */
static struct ioslot_page *ioslot_page_recut(struct ioslot_pool *pool,
					     unsigned int kind)
{
	const unsigned int first = kind - kind % IOSLOT_CLASSES;
	struct ioslot_page *page = NULL;

	for (unsigned int k = first; !page && k < first + IOSLOT_CLASSES; k++) {
		ioslot_depot_unstash(pool, &pool->depot[k]);
		page = ioslot_depot_idle(&pool->depot[k]);
	}
	if (page)
		ioslot_page_cut(page, kind, round_down(page->free, PAGE_SIZE));
	return page;
}

/* Have one more page of a kind; its first slot is the caller's. 0 if there is none. */
static u32 ioslot_grow(struct ioslot_pool *pool, unsigned int kind)
{
	struct ioslot_depot *depot = &pool->depot[kind];
	struct ioslot_page *page;
	unsigned long flags;
	u32 mine;

	page = ioslot_page_create(pool, kind) ?: ioslot_page_recut(pool, kind);
	if (!page)
		return 0;
	raw_spin_lock_irqsave(&depot->lock, flags);
	mine = ioslot_page_pop(page);
	if (page->nr_free)
		ioslot_depot_add(depot, page);
	this_cpu_ptr(pool->cpu)->list[kind].taken++;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return mine;
}

/* Slots of another kind may be all that there are: that is not to last. */
static void ioslot_dry(struct ioslot_pool *pool)
{
	this_cpu_inc(pool->cpu->dry);
	if (!delayed_work_pending(&pool->tidy))
		schedule_delayed_work(&pool->tidy,
				      msecs_to_jiffies(IOSLOT_TIDY_MS));
}

/**
 * ioslot_take_slow() - take a slot when this CPU has none
 * @pool: the pool
 * @kind: its kind
 * @buf: what the slot's word is to say
 * @end: where in the slot the copy is to end
 *
 * Context: any context.
 * Return: the slot, or 0.
 */
noinline u32 ioslot_take_slow(struct ioslot_pool *pool, unsigned int kind,
			      const void *buf, unsigned int end)
{
	u32 slot = ioslot_refill(pool, kind);
	struct ioslot_page *page;

	if (!slot)
		slot = ioslot_grow(pool, kind);
	if (!slot) {
		ioslot_dry(pool);
		return 0;
	}
	page = ioslot_page_of(pool, slot);
	*ioslot_word(page, slot) = (unsigned long)buf;
	*ioslot_end(page, slot) = end;
	return slot;
}

/* Cut so many of the free slots that a list has off; it has more. */
static u32 ioslot_list_cut(struct ioslot_pool *pool, struct ioslot_list *list,
			   unsigned int count)
{
	const u32 first = list->first;
	unsigned long *word;
	u32 slot = first;

	for (list->room += count; --count; slot = *word)
		word = ioslot_word(ioslot_page_of(pool, slot), slot);
	word = ioslot_word(ioslot_page_of(pool, slot), slot);
	list->first = *word;
	*word = 0;
	return first;
}

/**
 * ioslot_give_batch() - give a batch of a CPU's free slots to the depot
 * @pool: the pool
 * @list: what the CPU has of that kind, more than a batch
 * @kind: which slots
 *
 * Context: interrupts are off, on that CPU.
 */
noinline void ioslot_give_batch(struct ioslot_pool *pool,
				struct ioslot_list *list, unsigned int kind)
{
	const u32 batch = ioslot_list_cut(pool, list, IOSLOT_BATCH(kind));
	struct ioslot_depot *depot = &pool->depot[kind];

	raw_spin_lock(&depot->lock);
	if (likely(depot->nr_batches < IOSLOT_STASH)) {
		depot->batch[depot->nr_batches] = batch;
		WRITE_ONCE(depot->nr_batches, depot->nr_batches + 1);
	} else {
		ioslot_depot_break(pool, depot, batch);
	}
	raw_spin_unlock(&depot->lock);
}

/**
 * ioslot_give_all() - give all of a CPU's slots to the depot
 * @pool: the pool
 * @cpu: what the CPU has of it
 *
 * Context: interrupts are off, on that CPU, or it is dead.
 */
void ioslot_give_all(struct ioslot_pool *pool, struct ioslot_cpu *cpu)
{
	for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++) {
		struct ioslot_depot *depot = &pool->depot[kind];
		struct ioslot_list *list = &cpu->list[kind];

		raw_spin_lock(&depot->lock);
		ioslot_depot_break(pool, depot, list->first);
		raw_spin_unlock(&depot->lock);
		list->first = 0;
		list->room = IOSLOT_KEEP(kind);
	}
}

/**
 * ioslot_unstash() - let the depot know which pages are idle
 * @pool: the pool
 *
 * Takes all batches apart that no CPU has.
 *
 * Context: any context.
 */
void ioslot_unstash(struct ioslot_pool *pool)
{
	for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++)
		ioslot_depot_unstash(pool, &pool->depot[kind]);
}

/* The device has lost access to it before its memory goes; or it stays, with its number. */
static void ioslot_page_free(struct ioslot_pool *pool, struct ioslot_page *page)
{
	const unsigned int nr = page->free >> PAGE_SHIFT;

	const bool gone = ioslot_mem_put(pool, nr << PAGE_SHIFT, page->memory,
					 true);

	pool->pages[nr] = NULL;
	if (gone)
		ioslot_number_put(pool, nr);
	kfree(page);
}

/**
 * ioslot_shrink() - free idle pages
 * @pool: the pool
 * @nr_pages: at most so many
 *
 * Context: process context; waits for hardware for each page.
 * Return: how many were freed.
 */
unsigned int ioslot_shrink(struct ioslot_pool *pool, unsigned int nr_pages)
{
	unsigned int done = 0;

	for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++) {
		while (done < nr_pages) {
			struct ioslot_page *page;

			page = ioslot_depot_idle(&pool->depot[kind]);
			if (!page)
				break;
			ioslot_page_free(pool, page);
			done++;
		}
	}
	return done;
}

/**
 * ioslot_idle() - how many pages could be freed now
 * @pool: the pool
 *
 * Context: any context.
 * Return: their number, which may change at once.
 */
unsigned int ioslot_idle(struct ioslot_pool *pool)
{
	unsigned int idle = 0;

	for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++)
		idle += READ_ONCE(pool->depot[kind].nr_idle);
	return idle;
}

/**
 * ioslot_get_stats() - what a pool has done
 * @pool: the pool
 * @stats: to be filled in
 *
 * Context: any context.
 */
void ioslot_get_stats(struct ioslot_pool *pool, struct ioslot_stats *stats)
{
	int cpu;

	memset(stats, 0, sizeof(*stats));
	for_each_possible_cpu(cpu) {
		const struct ioslot_cpu *c = per_cpu_ptr(pool->cpu, cpu);

		for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++)
			stats->copied[kind / IOSLOT_CLASSES] +=
				READ_ONCE(c->list[kind].taken);
		stats->dry += READ_ONCE(c->dry);
	}
	stats->pages_max = (pool->bytes >> PAGE_SHIFT) - 1;
	stats->pages = READ_ONCE(pool->nr_used) - 1;
	stats->idle = ioslot_idle(pool);
}

/**
 * ioslot_pool_init() - make an empty pool
 * @pool: zeroed memory for it
 * @nr_pages: of its range, a power of two
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int ioslot_pool_init(struct ioslot_pool *pool, unsigned int nr_pages)
{
	int cpu;

	pool->bytes = nr_pages << PAGE_SHIFT;
	raw_spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->node);
	for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++) {
		raw_spin_lock_init(&pool->depot[kind].lock);
		INIT_LIST_HEAD(&pool->depot[kind].pages);
	}
	pool->cpu = alloc_percpu(struct ioslot_cpu);
	pool->used = bitmap_zalloc(nr_pages, GFP_KERNEL);
	pool->pages = kvcalloc(nr_pages, sizeof(*pool->pages), GFP_KERNEL);
	if (!pool->cpu || !pool->used || !pool->pages) {
		kvfree(pool->pages);
		bitmap_free(pool->used);
		free_percpu(pool->cpu);
		return -ENOMEM;
	}
	__set_bit(0, pool->used);
	pool->nr_used = 1;
	for_each_possible_cpu(cpu)
		for (unsigned int kind = 0; kind < IOSLOT_KINDS; kind++)
			per_cpu_ptr(pool->cpu, cpu)->list[kind].room =
				IOSLOT_KEEP(kind);
	return 0;
}

/**
 * ioslot_pool_exit() - free a pool's pages and what it is made of
 * @pool: the pool; the device translates through its domain no more
 *
 * Slots that a driver has never unmapped go, too.
 *
 * Context: process context.
 */
void ioslot_pool_exit(struct ioslot_pool *pool)
{
	const unsigned int nr_pages = pool->bytes >> PAGE_SHIFT;

	for (unsigned int nr = 1; nr < nr_pages; nr++) {
		struct ioslot_page *page = pool->pages[nr];

		if (!page)
			continue;
		ioslot_mem_put(pool, nr << PAGE_SHIFT, page->memory, false);
		kfree(page);
	}
	kvfree(pool->pages);
	bitmap_free(pool->used);
	free_percpu(pool->cpu);
}
