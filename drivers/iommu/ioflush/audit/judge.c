// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what becomes of pages that a device may still reach
 *
 * The kernel's tracepoints say which pages are freed and allocated. To free a page
 * that is mapped is wrong in any mode, and so is to free one while an unmap has not
 * returned, or has promised more than the window.
 *
 * What is not wrong: two devices may have a page at once, one may have it while the
 * unmap of the other is under way or its memory is held, and what is deferred may
 * be freed and reused within the window. That is what lazy mode costs, so it is
 * counted.
 *
 * Pages that are allocated in bulk have no event on Linux 6.12. They are found when they
 * are mapped.
 */
#include <linux/init.h>
#include <linux/ioflush/ioflush.h>
#include <linux/mm.h>
#include <linux/time64.h>
#include <trace/events/kmem.h>

#include "internal.h"

struct ioaudit_counts ioaudit_counts;

bool ioaudit_ready __ro_after_init;

static bool ioaudit_page_is_idle(const struct ioaudit_page *page)
{
	return !READ_ONCE(page->ticket[0]) && !READ_ONCE(page->ticket[1]) &&
	       !atomic_read(&page->live);
}

static bool ioaudit_page_stale(const struct ioaudit_page *page,
			       unsigned long pfn, unsigned int i,
			       struct ioaudit_stale *stale)
{
	struct ioaudit_test *test = ioaudit_test_of(pfn);

	if (!ioaudit_stale(READ_ONCE(page->ticket[i]), stale))
		return false;
	if (test)
		stale->age_ns += test->skew_ns;
	return true;
}

/* Somebody else has memory that was unmapped in lazy mode. */
static void ioaudit_exposed(struct ioaudit_page *page, unsigned long pfn,
			    const struct ioaudit_stale *stale)
{
	struct ioaudit_counts *counts = ioaudit_counts_of(pfn);
	s64 longest = atomic64_read(&counts->longest_ns);

	atomic_long_inc(&counts->reused);
	while (longest < (s64)stale->age_ns &&
	       !atomic64_try_cmpxchg(&counts->longest_ns, &longest, stale->age_ns))
		;
	if (stale->age_ns <= stale->bound_ns)
		return;
	atomic_long_inc(&counts->late);
	if (stale->age_ns > stale->bound_ns + IOAUDIT_SLACK_NS)
		ioaudit_report(IOAUDIT_REUSED_LATE, page, pfn, stale);
}

static void ioaudit_freed_page(struct ioaudit_page *page, unsigned long pfn)
{
	struct ioaudit_stale stale;
	bool freed = false;

	/* Said once: its unmap, if there is one, finds nothing to take back. */
	if (unlikely(atomic_xchg(&page->live, 0)))
		ioaudit_report(IOAUDIT_FREED_MAPPED, page, pfn, NULL);
	for (unsigned int i = 0; i < IOAUDIT_TICKETS; i++) {
		if (!ioaudit_page_stale(page, pfn, i, &stale))
			continue;
		if (stale.how == IOAUDIT_DEFERRED) {
			freed = true;
			continue;
		}
		ioaudit_report(IOAUDIT_FREED_STALE, page, pfn, &stale);
		WRITE_ONCE(page->ticket[i], 0);
	}
	if (freed)
		atomic_long_inc(&ioaudit_counts_of(pfn)->freed);
	WRITE_ONCE(page->freed, freed);
}

/**
 * ioaudit_freed() - pages have gone back to the kernel
 * @pfn: the number of the first frame
 * @n: how many
 *
 * Context: any context.
 */
void ioaudit_freed(unsigned long pfn, unsigned long n)
{
	while (n) {
		unsigned long at = pfn;
		struct ioaudit_page *page = ioaudit_pages(&pfn, &n);

		for (; page && at < pfn; page++, at++)
			if (unlikely(!ioaudit_page_is_idle(page)))
				ioaudit_freed_page(page, at);
	}
}

static void ioaudit_reused_page(struct ioaudit_page *page, unsigned long pfn)
{
	struct ioaudit_stale stale;

	if (!READ_ONCE(page->freed))
		return;
	WRITE_ONCE(page->freed, false);
	for (unsigned int i = 0; i < IOAUDIT_TICKETS; i++) {
		if (ioaudit_page_stale(page, pfn, i, &stale)) {
			ioaudit_exposed(page, pfn, &stale);
			return;
		}
	}
}

/**
 * ioaudit_reused() - the kernel has given pages to somebody
 * @pfn: the number of the first frame
 * @n: how many
 *
 * Context: any context.
 */
void ioaudit_reused(unsigned long pfn, unsigned long n)
{
	while (n) {
		unsigned long at = pfn;
		struct ioaudit_page *page = ioaudit_pages(&pfn, &n);

		for (; page && at < pfn; page++, at++)
			ioaudit_reused_page(page, at);
	}
}

/**
 * ioaudit_mapped() - a page is about to be counted as mapped
 * @page: what is known of it
 * @pfn: the number of its frame
 * @domain: where
 *
 * Context: any context.
 */
void ioaudit_mapped(struct ioaudit_page *page, unsigned long pfn, u32 domain)
{
	struct ioaudit_stale stale;

	ioaudit_reused_page(page, pfn);
	for (unsigned int i = 0; i < IOAUDIT_TICKETS; i++) {
		if (!ioaudit_page_stale(page, pfn, i, &stale) ||
		    stale.domain == domain)
			continue;
		if (stale.how == IOAUDIT_DEFERRED) {
			atomic_long_inc(&ioaudit_counts_of(pfn)->shared);
		} else if (stale.how == IOAUDIT_WAITED) {
			ioaudit_report(IOAUDIT_MAPPED_STALE, page, pfn, &stale);
			WRITE_ONCE(page->ticket[i], 0);
		}
	}
}

static void ioaudit_on_free(void *unused, struct page *page, unsigned int order)
{
	ioaudit_freed(page_to_pfn(page), BIT(order));
}

static void ioaudit_on_alloc(void *unused, struct page *page, unsigned int order,
			     gfp_t gfp, int migratetype)
{
	if (page)
		ioaudit_reused(page_to_pfn(page), BIT(order));
}

static int __init ioaudit_setup(void)
{
	int ret;

	/* With mainline's drivers there is nothing to hear but of tests. */
	if (!ioflush_enabled() && !IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST))
		return 0;
	ret = stack_depot_init() ?: ioaudit_tickets_setup();
	if (ret)
		goto err;
	ret = register_trace_mm_page_free(ioaudit_on_free, NULL);
	if (ret)
		goto err;
	ret = register_trace_mm_page_alloc(ioaudit_on_alloc, NULL);
	if (!ret) {
		ioaudit_ready = true;
		return 0;
	}
	unregister_trace_mm_page_free(ioaudit_on_free, NULL);
err:
	pr_err("ioflush: audit: cannot be set up: error %d\n", ret);
	return ret;
}
subsys_initcall(ioaudit_setup);
