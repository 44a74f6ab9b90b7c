// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: pages
 *
 * All pages lie in one arena, so that an address tells whether it is one. A
 * page that was freed is poisoned, its descriptor too: reads by somebody who
 * should not read it any more find rubbish, which leads out of the arena, or end
 * in a report by ASan or TSan. It comes back as late as may be: lists of free
 * pages are first in, first out.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/cacheflush.h>
#include <linux/mm.h>
#include <linux/slab.h>

#ifdef USER_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(addr, bytes)
#endif

#define ARENA_PAGES	(USER_ARENA_BYTES / PAGE_SIZE)
#define PAGE_POISON	0x6b
/* What the allocator gives a page to begin with, and wants back. */
#define FRESH_FLAGS	0x2ffff0000000000UL
#define FRESH_TYPE	0xffffffffu

/**
 * struct block - what the allocator knows of 2^order pages, by the first one
 * @next: page number of the next free block; 0 at the end, since page 0 is
 *	never given out
 * @order: its size
 * @used: it is not free
 */
struct block {
	unsigned int next;
	u8 order;
	bool used;
};

struct free_list {
	unsigned int first;
	unsigned int last;
};

char *user_arena;
struct page *user_pages;
atomic_long_t user_lines_flushed;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below */
static struct block blocks[ARENA_PAGES];
static struct free_list free_lists[MAX_PAGE_ORDER + 1];
static unsigned int never_used = 1U << MAX_PAGE_ORDER;
static long used;
static unsigned long allocs, fail_at;
static bool fail_all;

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		user_die("no room for pages\n");
	return p;
}

/* Page 0 is where the physical address that the arena begins with points. */
static void __attribute__((constructor(101))) arena_init(void)
{
	const size_t align = PAGE_SIZE << MAX_PAGE_ORDER;
	unsigned long start = (unsigned long)reserve(USER_ARENA_BYTES + align);

	user_arena = (char *)ALIGN(start, align);
	user_pages = reserve(ARENA_PAGES * sizeof(struct page));
}

/* With @lock held. The number of a block's first page, or 0. */
static unsigned int block_get(unsigned int order)
{
	struct free_list *list = &free_lists[order];
	unsigned int pfn = list->first;

	if (pfn) {
		list->first = blocks[pfn].next;
	} else {
		pfn = ALIGN(never_used, 1U << order);
		if (pfn + (1U << order) > ARENA_PAGES)
			return 0;
		never_used = pfn + (1U << order);
	}
	blocks[pfn] = (struct block){ .order = order, .used = true };
	used += 1L << order;
	return pfn;
}

/* With @lock held. */
static void block_put(unsigned int pfn, unsigned int order)
{
	struct free_list *list = &free_lists[order];

	if (!blocks[pfn].used || blocks[pfn].order != order)
		user_die("page %#x is freed twice, or as what it is not\n",
			 pfn);
	blocks[pfn] = (struct block){ .order = order };
	if (list->first)
		blocks[list->last].next = pfn;
	else
		list->first = pfn;
	list->last = pfn;
	used -= 1L << order;
}

bool user_alloc_fails(void)
{
	unsigned long nth = __atomic_add_fetch(&allocs, 1, __ATOMIC_RELAXED);

	return nth == __atomic_load_n(&fail_at, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&fail_all, __ATOMIC_RELAXED);
}

void user_fail_alloc(unsigned long nth)
{
	__atomic_store_n(&fail_at, nth ? user_allocs() + nth : 0,
			 __ATOMIC_RELAXED);
}

void user_fail_all(bool all)
{
	__atomic_store_n(&fail_all, all, __ATOMIC_RELAXED);
}

unsigned long user_allocs(void)
{
	return __atomic_load_n(&allocs, __ATOMIC_RELAXED);
}

long user_pages_used(void)
{
	return __atomic_load_n(&used, __ATOMIC_RELAXED);
}

void *user_alloc_pages(unsigned int order)
{
	unsigned int pfn, i;
	char *virt;

	if (user_alloc_fails())
		return NULL;
	pthread_mutex_lock(&lock);
	pfn = block_get(order);
	pthread_mutex_unlock(&lock);
	if (!pfn)
		user_die("all %llu pages are in use\n",
			 (unsigned long long)ARENA_PAGES);

	virt = user_arena + ((size_t)pfn << PAGE_SHIFT);
	ASAN_UNPOISON_MEMORY_REGION(virt, PAGE_SIZE << order);
	ASAN_UNPOISON_MEMORY_REGION(&user_pages[pfn],
				    sizeof(struct page) << order);
	memset(virt, 0, PAGE_SIZE << order);
	for (i = 0; i < 1U << order; i++)
		user_pages[pfn + i] = (struct page){
			.flags = FRESH_FLAGS,
			.page_type = FRESH_TYPE,
			._refcount = ATOMIC_INIT(!i),
		};
	return virt;
}

/* What the kernel's allocator would call a bad page. */
static void check_page(const struct page *page)
{
	WARN_ON(page->flags != FRESH_FLAGS);
	WARN_ON(page->mapping);
	WARN_ON(page->page_type != FRESH_TYPE);
	WARN_ON(page->memcg_data);
	WARN_ON(page->compound_head & 1);
}

void user_free_pages(void *virt, unsigned int order)
{
	unsigned int pfn = ((char *)virt - user_arena) >> PAGE_SHIFT, i;

	if (offset_in_page(virt) || pfn >= ARENA_PAGES)
		user_die("this is no page: %p\n", virt);
	for (i = 0; i < 1U << order; i++)
		check_page(&user_pages[pfn + i]);
	WARN_ON(atomic_read(&user_pages[pfn]._refcount) != 1);
#ifndef USER_BENCH
	memset(&user_pages[pfn], PAGE_POISON, sizeof(struct page) << order);
	memset(virt, PAGE_POISON, PAGE_SIZE << order);
#endif
	ASAN_POISON_MEMORY_REGION(&user_pages[pfn],
				  sizeof(struct page) << order);
	ASAN_POISON_MEMORY_REGION(virt, PAGE_SIZE << order);

	pthread_mutex_lock(&lock);
	block_put(pfn, order);
	pthread_mutex_unlock(&lock);
}

static void folio_free(struct folio *folio)
{
	kfree(folio);
}

struct folio *folio_alloc(gfp_t gfp, unsigned int order)
{
	struct folio *folio = kzalloc(sizeof(*folio), gfp);

	if (folio) {
		atomic_set(&folio->refs, 1);
		folio->bytes = PAGE_SIZE << order;
		folio->release = folio_free;
	}
	return folio;
}
