// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: unmaps whose invalidation has not finished
 *
 * Each unmap has a number, and a slot that has the number for as long as the
 * invalidation has not finished. Pages have the number only: when it finishes, nobody
 * has to find the pages of the unmap. An entry of a ring has the number of the
 * newest unmap that went into it, whose slot has that of the one before.
 *
 * A slot is used again by the unmap that comes so many later, whether or not the older
 * one has finished: that is counted, and nothing is known of it any more.
 */
#include <linux/ioflush/flush.h>
#include <linux/ioflush/params.h>
#include <linux/stacktrace.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* What five rings hold that are full to the brim; most are not. */
#define IOAUDIT_SLOTS	BIT(15)

/* Frames of a stack: enough for a driver and its caller. They are what is dear. */
#define IOAUDIT_FRAMES	8

static unsigned int ioaudit_frames = IOAUDIT_FRAMES;

static int ioaudit_frames_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, IOAUDIT_FRAMES);
}

static const struct kernel_param_ops ioaudit_frames_ops = {
	.set = ioaudit_frames_set,
	.get = param_get_uint,
};

module_param_cb(audit_frames, &ioaudit_frames_ops, &ioaudit_frames, 0644);
MODULE_PARM_DESC(audit_frames,
		 "Auditor: how much of the stacks of maps and unmaps is kept for its reports, 0 to 8 calls (default 8)");

/**
 * struct ioaudit_slot - an unmap
 * @ticket: its number; 0 when its invalidation has finished
 * @older: the one before in the entry of a ring, or 0
 * @ns: when it was
 * @bound_ns: the window, if it was deferred
 * @domain: whose
 * @unmapped_at: its stack
 * @how: enum ioaudit_how
 *
 * Who reads the others looks at @ticket before and after.
 */
struct ioaudit_slot {
	u64 ticket;
	u64 older;
	u64 ns;
	u64 bound_ns;
	u32 domain;
	depot_stack_handle_t unmapped_at;
	u8 how;
};

static struct ioaudit_slot *ioaudit_slots;
static atomic64_t ioaudit_last;

static struct ioaudit_slot *ioaudit_slot(u64 ticket)
{
	return &ioaudit_slots[ticket & (IOAUDIT_SLOTS - 1)];
}

/**
 * ioaudit_tickets_setup() - allocate the slots
 *
 * Context: process context, once.
 * Return: 0 or -ENOMEM.
 */
int ioaudit_tickets_setup(void)
{
	ioaudit_slots = vzalloc(array_size(IOAUDIT_SLOTS, sizeof(*ioaudit_slots)));
	return ioaudit_slots ? 0 : -ENOMEM;
}

/**
 * ioaudit_tickets() - how many unmaps there have been
 *
 * Context: any context.
 * Return: their number.
 */
u64 ioaudit_tickets(void)
{
	return atomic64_read(&ioaudit_last);
}

/**
 * ioaudit_here() - remember who is calling
 *
 * Context: any context.
 * Return: the stack, or 0.
 */
noinline depot_stack_handle_t ioaudit_here(void)
{
	const unsigned int frames = READ_ONCE(ioaudit_frames);
	unsigned long entries[IOAUDIT_FRAMES];
	unsigned int n;

	if (!frames)
		return 0;
	n = stack_trace_save(entries, frames, 2);
	n = filter_irq_stacks(entries, n);
	return stack_depot_save_flags(entries, n, GFP_NOWAIT | __GFP_NOWARN,
				      STACK_DEPOT_FLAG_CAN_ALLOC);
}

/**
 * ioaudit_ticket_new() - number an unmap
 * @domain: whose
 *
 * Context: any context.
 * Return: its number.
 */
noinline u64 ioaudit_ticket_new(u32 domain)
{
	u64 ticket = atomic64_inc_return_relaxed(&ioaudit_last);
	struct ioaudit_slot *slot = ioaudit_slot(ticket);

	if (unlikely(READ_ONCE(slot->ticket)))
		atomic_long_inc(&ioaudit_counts.lost);
	WRITE_ONCE(slot->ticket, 0);
	/* Who reads a mixture sees that the number has changed. */
	smp_wmb();
	WRITE_ONCE(slot->older, 0);
	WRITE_ONCE(slot->ns, ktime_get_mono_fast_ns());
	WRITE_ONCE(slot->bound_ns, 0);
	WRITE_ONCE(slot->domain, domain);
	WRITE_ONCE(slot->unmapped_at, ioaudit_here());
	WRITE_ONCE(slot->how, IOAUDIT_UNDERWAY);
	/* Pairs with the acquire in ioaudit_stale(). */
	smp_store_release(&slot->ticket, ticket);
	return ticket;
}

/**
 * ioaudit_pending() - has the invalidation of an unmap not finished?
 * @ticket: its number, or 0 for none
 *
 * Context: any context.
 * Return: true if it is known that it has not.
 */
bool ioaudit_pending(u64 ticket)
{
	return ticket && READ_ONCE(ioaudit_slot(ticket)->ticket) == ticket;
}

/**
 * ioaudit_stale() - what is known of an unmap whose invalidation has not finished
 * @ticket: its number, or 0 for none
 * @stale: filled in
 *
 * Context: any context.
 * Return: false if it has finished.
 */
bool ioaudit_stale(u64 ticket, struct ioaudit_stale *stale)
{
	struct ioaudit_slot *slot = ioaudit_slot(ticket);
	u64 ns;

	/* Acquire: pairs with the release in ioaudit_ticket_new(). */
	if (!ticket || smp_load_acquire(&slot->ticket) != ticket)
		return false;
	stale->how = READ_ONCE(slot->how);
	stale->domain = READ_ONCE(slot->domain);
	stale->unmapped_at = READ_ONCE(slot->unmapped_at);
	stale->bound_ns = READ_ONCE(slot->bound_ns);
	ns = READ_ONCE(slot->ns);
	stale->age_ns = max_t(s64, ktime_get_mono_fast_ns() - ns, 0);
	/* Pairs with the smp_wmb() in ioaudit_ticket_new(). */
	smp_rmb();
	return READ_ONCE(slot->ticket) == ticket;
}

/* What @how was, it is @to from now on, if it has not finished. */
static void ioaudit_now(u64 ticket, enum ioaudit_how from, enum ioaudit_how to)
{
	struct ioaudit_slot *slot = ioaudit_slot(ticket);

	if (ioaudit_pending(ticket) && READ_ONCE(slot->how) == from)
		WRITE_ONCE(slot->how, to);
}

void __ioaudit_returned(const struct ioaudit_ticket *ticket)
{
	ioaudit_now(ticket->newest, IOAUDIT_UNDERWAY, IOAUDIT_WAITED);
}

void __ioaudit_defer(const struct ioaudit_ticket *ticket,
		     const struct ioflush *flush, bool held)
{
	WRITE_ONCE(ioaudit_slot(ticket->newest)->bound_ns,
		   ioflush_window_ns(flush));
	ioaudit_now(ticket->newest, IOAUDIT_UNDERWAY,
		    held ? IOAUDIT_HELD : IOAUDIT_DEFERRED);
}

void __ioaudit_join(struct ioaudit_ticket *entry,
		    const struct ioaudit_ticket *ticket)
{
	if (ioaudit_pending(ticket->newest))
		WRITE_ONCE(ioaudit_slot(ticket->newest)->older, entry->newest);
	entry->newest = ticket->newest;
}

void __ioaudit_done(struct ioaudit_ticket *ticket)
{
	u64 next = ticket->newest, older, old;

	/* If one has been overwritten, those before have been, too. */
	while (ioaudit_pending(next)) {
		older = READ_ONCE(ioaudit_slot(next)->older);
		old = next;
		/* Release: the invalidation has finished before the ticket has. */
		if (!try_cmpxchg_release(&ioaudit_slot(next)->ticket, &old, 0))
			break;
		next = older;
	}
	ticket->newest = 0;
}
