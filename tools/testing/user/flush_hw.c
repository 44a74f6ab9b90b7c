// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: hardware that knows what it still has cached
 *
 * It fills its cache from whatever is mapped, at any time; right before a page
 * is cleared always. What is posted takes effect at some time until a wait for
 * it is over, which is all that hardware promises: some of it at once, the rest
 * at the very end. So an invalidation that comes before the clearing, and one
 * that nobody waits for, both leave something in the cache; and when an IOVA, a
 * table or memory that was held is given back, that is looked for. Who waits may
 * be another than who has posted. Now and then a queue is full.
 */
#include <sched.h>

#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "flush_hw.h"

#define LOAD(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define STORE(x, n)	__atomic_store_n(&(x), n, __ATOMIC_RELAXED)

static __thread struct rnd_state rnd;

void hw_seed(u64 seed)
{
	prandom_seed_state(&rnd, seed);
}

static struct hw_domain *to_domain(struct ioflush *flush)
{
	return container_of(flush, struct hw_domain, flush);
}

static bool cached(const struct hw_domain *d, unsigned int entry)
{
	return entry > LOAD(d->all);
}

/* The hardware's own, which no kernel sees: without a bit_spin_lock()'s jitter. */
static void page_lock(struct hw_page *page)
{
	while (__atomic_exchange_n(&page->lock, true, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void page_unlock(struct hw_page *page)
{
	__atomic_store_n(&page->lock, false, __ATOMIC_RELEASE);
}

/* A device reads a page; the hardware walks the table if it has to. */
void hw_access(struct hw_domain *d, unsigned long nr)
{
	struct hw_page *page = &d->page[nr];
	/* First: what is found later may be older than the next invalidation. */
	unsigned int entry = __atomic_load_n(&d->all, __ATOMIC_ACQUIRE) + 1;

	page_lock(page);
	if (LOAD(page->pte)) {
		STORE(page->iotlb, entry);
		page->iotlb_map = LOAD(page->map);
	}
	page_unlock(page);
}

static void invalidate_page(struct hw_page *page, bool leaf_only)
{
	page_lock(page);
	STORE(page->iotlb, 0);
	if (!leaf_only && page->table)
		page->table->walk = 0;
	page_unlock(page);
}

static void execute(struct hw_domain *d, const struct hw_cmd *q)
{
	if (q->all) {
		__atomic_fetch_add(&d->all, 1, __ATOMIC_SEQ_CST);
		return;
	}
	user_refuse(q->range.last >= HW_BYTES(HW_PAGES));
	for (unsigned long nr = q->range.start >> HW_PAGE_LG2;
	     nr <= q->range.last >> HW_PAGE_LG2; nr++)
		invalidate_page(&d->page[nr], q->range.leaf_only);
}

static void queue_lock(struct hw_domain *d)
{
	while (__atomic_exchange_n(&d->locked, true, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void queue_unlock(struct hw_domain *d)
{
	__atomic_store_n(&d->locked, false, __ATOMIC_RELEASE);
}

/* Hardware gets to it at once, or when somebody waits for it. */
static void put(struct hw_domain *d, const struct hw_cmd *cmd)
{
	if (prandom_u32_state(&rnd) % 2) {
		execute(d, cmd);
	} else {
		user_refuse(d->nr_cmds == HW_CMDS);
		d->cmd[d->nr_cmds++] = *cmd;
	}
}

/* A step of at most three ranges. */
static bool hw_post(struct ioflush *flush, struct ioflush_post *post)
{
	struct hw_domain *d = to_domain(flush);
	struct hw_cmd cmd = { .all = !post->range };
	unsigned int n = cmd.all ? 1 : min(post->n, 3U);
	bool room;

	if (!irqs_disabled())
		user_die("posted with interrupts on\n");
	queue_lock(d);
	post->token->n = 1;
	room = d->nr_cmds + n <= HW_CMDS && prandom_u32_state(&rnd) % 32;
	for (unsigned int i = 0; room && i < n; i++) {
		cmd.seq = ++d->seq;
		if (!cmd.all)
			cmd.range = post->range[i];
		put(d, &cmd);
	}
	/* Without room, what was there before is to be waited for. */
	post->token->at[0].seq = d->seq;
	queue_unlock(d);
	post->n = n;
	post->commands += n;
	return room;
}

static void hw_wait(struct ioflush *flush, const struct ioflush_token *token)
{
	struct hw_domain *d = to_domain(flush);
	unsigned int left = 0;

	/* A reader of RCU may not let the program schedule, but it may wait. */
	for (unsigned int n = prandom_u32_state(&rnd) % 4; n; n--)
		sched_yield();
	queue_lock(d);
	for (unsigned int i = 0; i < d->nr_cmds; i++) {
		if ((s32)(token->at[0].seq - d->cmd[i].seq) >= 0)
			execute(d, &d->cmd[i]);
		else
			d->cmd[left++] = d->cmd[i];
	}
	d->nr_cmds = left;
	queue_unlock(d);
}

static bool hw_finished(struct ioflush *flush,
			const struct ioflush_token *token)
{
	if (prandom_u32_state(&rnd) % 8)
		return false;
	hw_wait(flush, token);
	return true;
}

static void hw_ranges(struct ioflush *flush, const struct ioflush_range *range,
		      unsigned int n)
{
	ioflush_ranges(flush, range, n, false);
}

static const struct ioflush_ops hw_ops = {
	.ranges = hw_ranges,
	.post = hw_post,
	.wait = hw_wait,
	.finished = hw_finished,
};

static void change_owner(struct hw_page *page, enum hw_owner from,
			 enum hw_owner to, const char *what)
{
	unsigned int was = __atomic_exchange_n(&page->owner, to, __ATOMIC_RELAXED);

	if (was != from)
		user_die("%s: owner %u\n", what, was);
}

static void check_stale(const struct hw_domain *d, const struct hw_page *page,
			const char *what)
{
	if (LOAD(page->pte) || cached(d, LOAD(page->iotlb)))
		user_die("%s before its invalidation: page %#zx\n", what,
			 page - d->page);
}

static unsigned long maps;

/* A mapping of the DMA API, or 0. */
dma_addr_t hw_map(struct hw_domain *d, unsigned int pages,
		  enum iospace_kind kind)
{
	dma_addr_t iova = iospace_alloc(d->flush.space, HW_BYTES(pages),
					HW_BYTES(HW_PAGES) - 1, kind);
	struct hw_page *page = &d->page[iova >> HW_PAGE_LG2];
	unsigned long map = __atomic_add_fetch(&maps, 1, __ATOMIC_RELAXED);

	for (unsigned int i = 0; iova && i < pages; i++) {
		change_owner(page + i, HW_FREE, HW_TAKEN, "handed out twice");
		check_stale(d, page + i, "handed out");
		page[i].data++;
		STORE(page[i].map, map);
		STORE(page[i].pte, 1);
	}
	return iova;
}

/* What unmapping it leaves to the flush layer; with @table, a table page too. */
void hw_clear(struct hw_domain *d, dma_addr_t iova, unsigned int pages,
	      struct iopgt_gather *gather, bool unlink)
{
	struct hw_page *page = &d->page[iova >> HW_PAGE_LG2];
	struct hw_table *table;

	for (unsigned int i = 0; i < pages; i++) {
		page[i].data++;
		hw_access(d, page + i - d->page);
		STORE(page[i].pte, 0);
		change_owner(page + i, HW_TAKEN, HW_CLEARED, "cleared twice");
	}
	iopgt_gather_add(gather, iova, HW_BYTES(pages), HW_PAGE_LG2);
	if (!unlink)
		return;
	table = kzalloc(sizeof(*table), GFP_KERNEL);
	user_refuse(!table);
	table->page = page;
	page_lock(page);
	table->walk = LOAD(d->all) + 1;
	page->table = table;
	page_unlock(page);
	__atomic_fetch_add(&d->tables, 1, __ATOMIC_RELAXED);
	list_add(&table->node, &gather->pages);
	gather->tables_unlinked = true;
}

void iopgt_gather_more(struct iopgt_gather *gather, unsigned long iova,
		       size_t bytes, u8 leaf_lg2)
{
	user_die("a gather of two ranges\n");
}

/* The memory has another owner next: is there a way for hardware to read it? */
static void folio_free(struct folio *folio)
{
	struct hw_folio *f = container_of(folio, struct hw_folio, folio);

	for (unsigned int i = 0; i < f->n; i++) {
		for (unsigned int j = 0; j < f->map[i].pages; j++) {
			struct hw_page *page = f->map[i].page + j;

			page_lock(page);
			if ((cached(f->d, LOAD(page->iotlb)) &&
			     page->iotlb_map == f->map[i].map) ||
			    (LOAD(page->pte) && LOAD(page->map) == f->map[i].map))
				user_die("memory is freed before its invalidation\n");
			page_unlock(page);
		}
	}
	__atomic_fetch_sub(&f->d->folios, 1, __ATOMIC_RELAXED);
	kfree(f);
}

/* Memory with one reference, of which parts can be mapped. */
struct hw_folio *hw_folio_alloc(struct hw_domain *d)
{
	struct hw_folio *f = kzalloc(sizeof(*f), GFP_KERNEL);

	user_refuse(!f);
	atomic_set(&f->folio.refs, 1);
	f->folio.bytes = HW_BYTES(1);
	f->folio.release = folio_free;
	f->d = d;
	__atomic_fetch_add(&d->folios, 1, __ATOMIC_RELAXED);
	return f;
}

/* A mapping is of this memory. */
void hw_folio_map(struct hw_folio *f, dma_addr_t iova, unsigned int pages)
{
	user_refuse(f->n == HW_FOLIO_MAPS);
	f->map[f->n].page = &f->d->page[iova >> HW_PAGE_LG2];
	f->map[f->n].pages = pages;
	f->map[f->n].map = LOAD(f->map[f->n].page->map);
	f->n++;
}

static void table_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct hw_table, rcu));
}

void iopgt_free_pages(struct iopgt *pgt, struct list_head *pages)
{
	struct hw_domain *d = container_of(pgt, struct hw_domain, pgt);
	struct hw_table *table, *next;

	list_for_each_entry_safe(table, next, pages, node) {
		struct hw_page *page = table->page;

		page_lock(page);
		if (cached(d, table->walk))
			user_die("a table is freed before its invalidation\n");
		/* The page may have a new owner, who may have unlinked one. */
		if (page->table == table)
			page->table = NULL;
		page_unlock(page);
		list_del(&table->node);
		__atomic_fetch_sub(&d->tables, 1, __ATOMIC_RELAXED);
		call_rcu(&table->rcu, table_free);
	}
}

static struct hw_domain *domains;

static struct hw_domain *domain_of(const struct iospace *space)
{
	struct hw_domain *d = domains;

	while (d->flush.space != space)
		d = d->next;
	return d;
}

/* The linker has the kernel's code call this first. */
void __real_iospace_free(struct iospace *space, dma_addr_t iova, size_t bytes);
void __wrap_iospace_free(struct iospace *space, dma_addr_t iova, size_t bytes);
void __wrap_iospace_free(struct iospace *space, dma_addr_t iova, size_t bytes)
{
	struct hw_domain *d = domain_of(space);
	struct hw_page *page = &d->page[iova >> HW_PAGE_LG2];

	user_refuse(iova + bytes > HW_BYTES(HW_PAGES));
	for (size_t i = 0; i < bytes >> HW_PAGE_LG2; i++) {
		check_stale(d, page + i, "given back");
		change_owner(page + i, HW_CLEARED, HW_FREE, "given back twice");
	}
	__real_iospace_free(space, iova, bytes);
}

/* A domain in lazy mode, of so many pages. Before there are threads. */
struct hw_domain *hw_create(unsigned long pages)
{
	struct hw_domain *d = vzalloc(sizeof(*d));

	user_refuse(!d);
	user_refuse(ioflush_init(&d->flush, &hw_ops, &d->pgt));
	d->flush.space = iospace_create(0, HW_BYTES(pages) - 1);
	user_refuse(!d->flush.space);
	user_refuse(ioflush_enable_deferred(&d->flush));
	user_refuse(ioflush_enable_holds(&d->flush));
	d->next = domains;
	domains = d;
	return d;
}

/* Nothing is lost: whatever was cleared is given back by now. */
void hw_destroy(struct hw_domain *d)
{
	ioflush_exit(&d->flush);
	for (unsigned long i = 0; i < HW_PAGES; i++)
		if (LOAD(d->page[i].owner) != HW_FREE)
			user_die("page %#lx was never given back: owner %u\n",
				 i, LOAD(d->page[i].owner));
	if (LOAD(d->tables))
		user_die("%ld tables were never freed\n", d->tables);
	if (LOAD(d->folios))
		user_die("%ld folios were never freed\n", d->folios);
	iospace_destroy(d->flush.space);
	rcu_barrier();
	vfree(d);
}
