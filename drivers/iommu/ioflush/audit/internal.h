/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the auditor share
 */
#ifndef _IOFLUSH_AUDIT_INTERNAL_H
#define _IOFLUSH_AUDIT_INTERNAL_H

#include <linux/atomic.h>
#include <linux/ioflush/audit.h>
#include <linux/mm_types.h>
#include <linux/stackdepot.h>

/** IOAUDIT_TICKETS - unmaps of a page that are remembered at once */
#define IOAUDIT_TICKETS 2

/** IOAUDIT_SLACK_NS - how late a ring may be before that is reported: timers may be */
#define IOAUDIT_SLACK_NS NSEC_PER_SEC

/**
 * struct ioaudit_page - what may reach a page
 * @live: mappings that tables have; fewer where some were not seen, never more
 * @mapped_at: stack of the newest map
 * @domain: where that was
 * @freed: it has gone back to the kernel since it was unmapped
 * @ticket: unmaps; those whose invalidation has finished are of no account
 */
struct ioaudit_page {
	atomic_t live;
	depot_stack_handle_t mapped_at;
	u32 domain;
	bool freed;
	u64 ticket[IOAUDIT_TICKETS];
};

/**
 * enum ioaudit_how - what an unmap has promised of its memory
 * @IOAUDIT_UNDERWAY: it has not returned
 * @IOAUDIT_WAITED: it has returned, so that nothing reaches the memory any more
 * @IOAUDIT_HELD: the memory is not freed before the invalidation has finished
 * @IOAUDIT_DEFERRED: the invalidation finishes within the window
 */
enum ioaudit_how {
	IOAUDIT_UNDERWAY,
	IOAUDIT_WAITED,
	IOAUDIT_HELD,
	IOAUDIT_DEFERRED,
};

/**
 * struct ioaudit_stale - an unmap whose invalidation has not finished
 * @how: what it has promised
 * @domain: whose
 * @unmapped_at: its stack
 * @age_ns: how long ago it was
 * @bound_ns: the window, if it was deferred
 */
struct ioaudit_stale {
	enum ioaudit_how how;
	u32 domain;
	depot_stack_handle_t unmapped_at;
	u64 age_ns;
	u64 bound_ns;
};

/**
 * enum ioaudit_defect - what is reported
 * @IOAUDIT_FREED_MAPPED: a page was freed that is mapped
 * @IOAUDIT_FREED_STALE: one was freed before its invalidation had finished, though
 *	it was not deferred, or the page was to be held
 * @IOAUDIT_MAPPED_STALE: one was mapped in another domain, though the unmap had not
 *	been invalidated when it returned
 * @IOAUDIT_REUSED_LATE: one was reused long after the end of the window
 * @IOAUDIT_DEFECTS: how many there are
 */
enum ioaudit_defect {
	IOAUDIT_FREED_MAPPED,
	IOAUDIT_FREED_STALE,
	IOAUDIT_MAPPED_STALE,
	IOAUDIT_REUSED_LATE,
	IOAUDIT_DEFECTS,
};

/**
 * struct ioaudit_counts - what has been seen
 * @freed: pages freed before an invalidation that was deferred
 * @reused: of those, pages reused before it
 * @shared: pages mapped in another domain before it
 * @late: of those that were reused, pages after the end of the window
 * @longest_ns: the longest time from an unmap to such a reuse
 * @blind: pages mapped that there was no memory to watch
 * @lost: tickets that were overwritten by newer ones
 * @defects: what has been reported, or would have been a second time
 */
struct ioaudit_counts {
	atomic_long_t freed;
	atomic_long_t reused;
	atomic_long_t shared;
	atomic_long_t late;
	atomic64_t longest_ns;
	atomic_long_t blind;
	atomic_long_t lost;
	atomic_long_t defects[IOAUDIT_DEFECTS];
};

extern struct ioaudit_counts ioaudit_counts;

/* All of it has been set up: before that, and without, no domain is watched. */
extern bool ioaudit_ready;

/* ticket.c */
int ioaudit_tickets_setup(void);
u64 ioaudit_ticket_new(u32 domain);
u64 ioaudit_tickets(void);
bool ioaudit_pending(u64 ticket);
bool ioaudit_stale(u64 ticket, struct ioaudit_stale *stale);
depot_stack_handle_t ioaudit_here(void);

/* page.c */
struct ioaudit_page *ioaudit_page(unsigned long pfn);
struct ioaudit_page *ioaudit_pages(unsigned long *pfn, unsigned long *left);
unsigned long ioaudit_watched(void);

/* judge.c */
void ioaudit_mapped(struct ioaudit_page *page, unsigned long pfn, u32 domain);
void ioaudit_freed(unsigned long pfn, unsigned long n);
void ioaudit_reused(unsigned long pfn, unsigned long n);

/* report.c */
void ioaudit_report(enum ioaudit_defect defect, const struct ioaudit_page *page,
		    unsigned long pfn, const struct ioaudit_stale *stale);

/**
 * struct ioaudit_test - pages of a test, of which nothing is printed
 * @pfn: the first one
 * @n: how many
 * @skew_ns: how much later it is for them
 * @counts: what is counted of them, and not of all others
 */
struct ioaudit_test {
	unsigned long pfn;
	unsigned long n;
	u64 skew_ns;
	struct ioaudit_counts counts;
};

#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
extern struct ioaudit_test *ioaudit_test;

static inline struct ioaudit_test *ioaudit_test_of(unsigned long pfn)
{
	struct ioaudit_test *test = READ_ONCE(ioaudit_test);

	return test && pfn - test->pfn < test->n ? test : NULL;
}
#else
static inline struct ioaudit_test *ioaudit_test_of(unsigned long pfn)
{
	return NULL;
}
#endif

/* What is counted of a page. */
static inline struct ioaudit_counts *ioaudit_counts_of(unsigned long pfn)
{
	struct ioaudit_test *test = ioaudit_test_of(pfn);

	return test ? &test->counts : &ioaudit_counts;
}

#endif /* _IOFLUSH_AUDIT_INTERNAL_H */
