/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: where a page is
 */
#ifndef _USER_LINUX_MM_H
#define _USER_LINUX_MM_H

#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/sizes.h>

#ifndef PAGE_SHIFT
#define PAGE_SHIFT	12
#endif
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)
#define MAX_PAGE_ORDER	10

/* Where pages are in memory, how many bytes of them there may be ... */
extern char *user_arena;
#define USER_ARENA_BYTES	SZ_512M
/* ... and what their physical addresses begin with: not the same as virtual. */
#define USER_ARENA_PHYS		0x680000000ULL
extern struct page *user_pages;

/* An address that is in no page ends the process, but for the benchmark. */
static __always_inline void user_arena_check(unsigned long offset)
{
#ifndef USER_BENCH
	if (unlikely(offset >= USER_ARENA_BYTES))
		user_die("an address outside of all pages: %#lx\n", offset);
#endif
}

/*
 * Between reading an entry and following it: where a race is worth waiting
 * for. Does nothing until a program asks for it.
 */
extern bool user_jitter;
void user_jitter_now(void);

static __always_inline struct page *virt_to_page(const void *virt)
{
	unsigned long offset = (const char *)virt - user_arena;

	user_arena_check(offset);
	return &user_pages[offset >> PAGE_SHIFT];
}

static __always_inline void *page_address(const struct page *page)
{
	unsigned long offset = (page - user_pages) << PAGE_SHIFT;

	user_arena_check(offset);
	return user_arena + offset;
}

static __always_inline phys_addr_t virt_to_phys(const volatile void *virt)
{
	unsigned long offset = (const volatile char *)virt - user_arena;

	user_arena_check(offset);
	return USER_ARENA_PHYS + offset;
}

static __always_inline void *phys_to_virt(phys_addr_t phys)
{
	unsigned long offset = phys - USER_ARENA_PHYS;

	user_arena_check(offset);
#ifndef USER_BENCH
	if (unlikely(user_jitter))
		user_jitter_now();
#endif
	return user_arena + offset;
}

static inline unsigned int get_order(unsigned long bytes)
{
	return bytes <= PAGE_SIZE ? 0 : fls64((bytes - 1) >> PAGE_SHIFT);
}

/**
 * struct folio - memory with a count of those who use it
 * @refs: references
 * @bytes: how long it is
 * @release: called when the last reference goes
 */
struct folio {
	atomic_t refs;
	size_t bytes;
	void (*release)(struct folio *folio);
};

static inline size_t folio_size(const struct folio *folio)
{
	return folio->bytes;
}

static inline int folio_ref_count(const struct folio *folio)
{
	return atomic_read(&folio->refs);
}

static inline bool folio_try_get(struct folio *folio)
{
	int refs = atomic_read(&folio->refs);

	do {
		if (!refs)
			return false;
	} while (!atomic_try_cmpxchg_relaxed(&folio->refs, &refs, refs + 1));
	return true;
}

static inline void folio_get(struct folio *folio)
{
	user_refuse(!folio_try_get(folio));
}

static inline void folio_put(struct folio *folio)
{
	if (atomic_dec_and_test(&folio->refs))
		folio->release(folio);
}

struct folio *folio_alloc(gfp_t gfp, unsigned int order);

/* Zeroed whatever is asked for, as every user of ours wants it. */
void *user_alloc_pages(unsigned int order);
void user_free_pages(void *virt, unsigned int order);
/* Pages that were allocated and not freed. */
long user_pages_used(void);
/* The allocation of that number from now on fails, pages or not; 0: none. */
void user_fail_alloc(unsigned long nth);
/* All do from now on, or none but that one. */
void user_fail_all(bool all);
bool user_alloc_fails(void);
/* How many allocations there have been. */
unsigned long user_allocs(void);

#endif /* _USER_LINUX_MM_H */
