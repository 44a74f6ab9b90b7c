// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: says what the auditor has found
 *
 * Once for each cause, which is a defect with the places where the page was mapped and
 * unmapped. What looks at logs for "WARNING: " finds it.
 */
#define pr_fmt(fmt) "ioflush: audit: " fmt

#include <linux/array_size.h>
#include <linux/hash.h>
#include <linux/printk.h>

#include "internal.h"

/* Causes that are told apart; of more nothing is printed, only counted. */
static atomic64_t ioaudit_said[64];

#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
struct ioaudit_test *ioaudit_test;
#endif

static bool ioaudit_is_new(u64 cause)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ioaudit_said); i++) {
		s64 old = 0;

		if (atomic64_try_cmpxchg(&ioaudit_said[i], &old, cause))
			return true;
		if (old == cause)
			return false;
	}
	return false;
}

static const char *ioaudit_defect_name(enum ioaudit_defect defect)
{
	switch (defect) {
	case IOAUDIT_FREED_MAPPED:
		return "was freed while it is mapped for a device";
	case IOAUDIT_FREED_STALE:
		return "was freed before its invalidation had finished";
	case IOAUDIT_MAPPED_STALE:
		return "was mapped for another device before its invalidation had finished";
	default:
		return "was reused long after the window, before its invalidation had finished";
	}
}

static void ioaudit_print_stack(const char *what, u32 domain,
				depot_stack_handle_t stack)
{
	pr_err("%s domain %u by:\n", what, domain);
	if (stack)
		stack_depot_print(stack);
}

/**
 * ioaudit_report() - say that a page is where it should not be
 * @defect: how
 * @page: what is known of it
 * @pfn: the number of its frame
 * @stale: the unmap, or NULL if it is mapped
 *
 * Context: any context.
 */
void ioaudit_report(enum ioaudit_defect defect, const struct ioaudit_page *page,
		    unsigned long pfn, const struct ioaudit_stale *stale)
{
	depot_stack_handle_t mapped_at = READ_ONCE(page->mapped_at);
	u32 unmapped_at = stale ? stale->unmapped_at : 0;
	/* Never 0. */
	u64 cause = ((u64)mapped_at << 32 | unmapped_at) * 4 + defect + 1;

	atomic_long_inc(&ioaudit_counts_of(pfn)->defects[defect]);
	if (ioaudit_test_of(pfn) || !ioaudit_is_new(cause))
		return;
	pr_err("WARNING: page %#lx %s\n", pfn, ioaudit_defect_name(defect));
	ioaudit_print_stack("it was mapped in", READ_ONCE(page->domain), mapped_at);
	if (stale) {
		pr_err("%llu ns ago it was unmapped\n", stale->age_ns);
		ioaudit_print_stack("it was unmapped in", stale->domain,
				    unmapped_at);
	}
	pr_err("now, by:\n");
	dump_stack();
}
