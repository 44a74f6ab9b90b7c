// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which leaves has hardware written through?
 *
 * A scan takes no lock and leaves interrupts alone. It is in an RCU read section
 * while it goes through one table and yields between two. All that it alters is
 * the state of a leaf, by cmpxchg, which fails if the leaf is no longer what
 * was read:
 *
 *	CPU 0 (scan)		CPU 1 (owner)		hardware
 *	read a dirty leaf
 *				unmap it
 *	cmpxchg: fails
 *
 *	read a clean leaf
 *							make it dirty
 *	leave it alone: the next scan finds it
 *
 * In between nothing can get lost: what hardware writes through an entry that
 * it holds as dirty comes before the end of the invalidation that the gather
 * asks for, and the page is read after that.
 */
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "leaf.h"

/* Ranges that a scan keeps until it has left the read section. */
#define IOPGT_DIRTY_RANGES	16

/**
 * struct iopgt_dirty_range - neighbouring leaves of one size that were dirty
 * @start: first byte, inside of what was asked for
 * @last: last byte, inclusive
 * @leaf_lg2: log2 of the leaves' size
 * @altered: their state was altered
 */
struct iopgt_dirty_range {
	unsigned long start;
	unsigned long last;
	u8 leaf_lg2;
	bool altered;
};

/**
 * struct iopgt_dirty - one scan
 * @pgt: the table
 * @fmt: its format
 * @start: first byte that was asked for
 * @last: last byte
 * @state: leaves in this state are looked for, under the format's dirty_mask
 * @other: and in this one
 * @to: the state that they get
 * @alter: they get it
 * @nr: how many of @range are in use
 * @range: what was found
 */
struct iopgt_dirty {
	struct iopgt *pgt;
	const struct iopgt_fmt *fmt;
	unsigned long start;
	unsigned long last;
	u64 state;
	u64 other;
	u64 to;
	bool alter;
	unsigned int nr;
	struct iopgt_dirty_range range[IOPGT_DIRTY_RANGES];
};

static bool iopgt_dirty_match(const struct iopgt_dirty *s, u64 pte)
{
	const u64 state = pte & s->fmt->dirty_mask;

	return state == s->state || state == s->other;
}

/*
 * A writable leaf in a state that is looked for? In some formats the masks tell
 * neither an absent entry nor one that cannot be written.
 */
static bool iopgt_dirty_leaf_match(const struct iopgt_dirty *s, u64 pte,
				   unsigned int level)
{
	return iopgt_dirty_match(s, pte) && iopgt_pte_present(s->fmt, pte) &&
	       !iopgt_pte_is_table(s->fmt, pte, level) &&
	       (s->fmt->prot(pte, level) & IOMMU_WRITE);
}

/* Alter one entry, unless it is unmapped or replaced meanwhile. */
static void iopgt_dirty_alter(struct iopgt_dirty *s, u64 *entry,
			      unsigned int level)
{
	u64 pte = READ_ONCE(*entry);

	while (iopgt_dirty_leaf_match(s, pte, level)) {
		iopgt_leaf_replacing(s->pgt, entry);
		if (try_cmpxchg(entry, &pte,
				(pte & ~s->fmt->dirty_mask) | s->to))
			return;
	}
}

static void iopgt_dirty_add(struct iopgt_dirty *s, unsigned long start,
			    unsigned long last, u8 leaf_lg2, bool altered)
{
	struct iopgt_dirty_range *r;

	if (s->nr) {
		r = &s->range[s->nr - 1];
		if (r->last + 1 == start && r->leaf_lg2 == leaf_lg2 &&
		    r->altered == altered) {
			r->last = last;
			return;
		}
	}
	s->range[s->nr++] = (struct iopgt_dirty_range){
		.start = start,
		.last = last,
		.leaf_lg2 = leaf_lg2,
		.altered = altered,
	};
}

/*
 * Note the leaf that @entry, which translates @iova, is part of. Any entry of a
 * run speaks for all of it. Where a leaf reaches out of what was asked for, the
 * caller does not learn of all of it, so it stays dirty. Returns the last
 * address of the leaf.
 */
static unsigned long iopgt_dirty_leaf(struct iopgt_dirty *s, u64 *entry,
				      u64 pte, unsigned int level,
				      unsigned long iova)
{
	const unsigned int run_lg2 = iopgt_run_lg2(s->fmt, pte, level);
	const unsigned int lg2 = iopgt_lg2(s->fmt, level) + run_lg2;
	const unsigned long start = iova & ~(BIT(lg2) - 1);
	const unsigned long last = start + (BIT(lg2) - 1);
	const bool alter = s->alter && start >= s->start && last <= s->last;
	unsigned int i;

	if (alter) {
		entry -= (iova - start) >> iopgt_lg2(s->fmt, level);
		for (i = 0; i < BIT(run_lg2); i++)
			iopgt_dirty_alter(s, &entry[i], level);
	}
	iopgt_dirty_add(s, max(start, s->start), min(last, s->last), lg2,
			alter);
	return last;
}

/* How many entries is the leaf long that @entry is part of? 1 for no leaf. */
static unsigned int iopgt_dirty_run(const struct iopgt_dirty *s,
				    const u64 *entry, unsigned int level)
{
	u64 pte = READ_ONCE(*entry);

	if (!iopgt_pte_present(s->fmt, pte) ||
	    iopgt_pte_is_table(s->fmt, pte, level))
		return 1;
	return BIT(iopgt_run_lg2(s->fmt, pte, level));
}

/*
 * Look through the table that decides about @iova, from there up to its end, an
 * entry that refers to a table, or the end of the scan; or until there is no
 * room for more. A run is looked through as a whole, also where the scan begins
 * or ends inside of it. Moves @iova on. Returns whether anything is left.
 */
static bool iopgt_dirty_table(struct iopgt_dirty *s, unsigned long *iova)
{
	const struct iopgt_fmt *fmt = s->fmt;
	unsigned int level = 0, lg2, back, idx, n, i;
	u64 *entry = iopgt_entry(s->pgt, *iova, &level);
	unsigned long first, last;

	lg2 = iopgt_lg2(fmt, level);
	idx = iopgt_level_idx(fmt, s->pgt, *iova, level);
	back = idx & (iopgt_dirty_run(s, entry, level) - 1);
	n = min_t(unsigned long, (s->last >> lg2) - (*iova >> lg2) + 1,
		  iopgt_level_entries(fmt, s->pgt, level) - idx);
	n = round_up(idx + n, iopgt_dirty_run(s, &entry[n - 1], level)) - idx;

	entry -= back;
	n += back;
	first = (*iova & ~(BIT(lg2) - 1)) - ((unsigned long)back << lg2);
	for (i = 0; i < n && s->nr < IOPGT_DIRTY_RANGES; i++) {
		u64 pte = READ_ONCE(entry[i]);

		if (iopgt_pte_is_table(fmt, pte, level))
			break;
		if (unlikely(iopgt_dirty_match(s, pte)) &&
		    iopgt_dirty_leaf_match(s, pte, level)) {
			const unsigned long at = first +
						 ((unsigned long)i << lg2);

			last = iopgt_dirty_leaf(s, &entry[i], pte, level, at);
			i += (last - at) >> lg2;
		}
	}
	/* No way if somebody has just linked a table here, or cut the run. */
	if (i <= back)
		return true;
	last = first + ((unsigned long)i << lg2) - 1;
	*iova = last + 1;
	return last < s->last;
}

/*
 * Tell the caller of all ranges but @keep; outside of the read section, since
 * that may sleep.
 */
static void iopgt_dirty_report(struct iopgt_dirty *s, unsigned int keep,
			       struct iopgt_gather *gather,
			       iopgt_dirty_fn dirty, void *arg)
{
	const unsigned int n = s->nr - keep;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct iopgt_dirty_range *r = &s->range[i];
		const size_t bytes = r->last - r->start + 1;

		if (r->altered)
			iopgt_gather_add(gather, r->start, bytes, r->leaf_lg2);
		if (dirty)
			dirty(r->start, bytes, arg);
	}
	if (keep)
		s->range[0] = s->range[n];
	s->nr = keep;
}

static void iopgt_dirty_scan(struct iopgt_dirty *s,
			     struct iopgt_gather *gather, iopgt_dirty_fn dirty,
			     void *arg)
{
	unsigned long iova = s->start;
	bool more;

	do {
		/* Pairs with call_rcu() in iopgt_page_free_rcu(). */
		rcu_read_lock();
		more = iopgt_dirty_table(s, &iova);
		rcu_read_unlock();

		/* The last of many may have a neighbour yet. */
		if (!more)
			iopgt_dirty_report(s, 0, gather, dirty, arg);
		else if (s->nr == IOPGT_DIRTY_RANGES)
			iopgt_dirty_report(s, 1, gather, dirty, arg);
		cond_resched();
	} while (more);
}

/* Looks for written leaves, and makes them clean. */
static void iopgt_dirty_init(struct iopgt_dirty *s, struct iopgt *pgt,
			     unsigned long start, unsigned long last,
			     bool clear)
{
	const struct iopgt_fmt *fmt = pgt->fmt;

	*s = (struct iopgt_dirty){
		.pgt = pgt,
		.fmt = fmt,
		.start = start,
		.last = last,
		.state = fmt->dirty_bits,
		.other = fmt->dirty_bits & fmt->dirty_flip,
		.to = fmt->dirty_bits ^ fmt->dirty_flip,
		.alter = clear,
	};
}

/* Can hardware, walking these tables, record what it writes? */
static bool iopgt_dirty_able(const struct iopgt *pgt)
{
	/* One that does not snoop would write behind the back of the cache. */
	return pgt->cfg.hw_dirty && pgt->cfg.coherent_walk &&
	       pgt->fmt->dirty_mask;
}

/**
 * iopgt_read_dirty() - what was written through, since it was last cleared?
 * @pgt: a table with dirty tracking on
 * @iova: first address
 * @size: bytes, not 0
 * @clear: make leaves clean that lie in the range as a whole
 * @gather: where @clear is set, receives what has to be invalidated before the
 *	pages are read; else it may be NULL
 * @dirty: called in order for each dirty range inside of the one that was asked
 *	for, neighbouring leaves of one size together; may sleep, may be NULL
 * @arg: for @dirty
 *
 * A page may be reported more often than it was written: if it was mapped just
 * when the tracking was switched on, or is cut or collapsed meanwhile.
 *
 * Context: may sleep; takes no lock. Nobody has to own the range.
 * Return: 0; -EOPNOTSUPP where hardware does not record writes; -EINVAL while
 * tracking is off, or for @clear without a gather; -ERANGE for a range that is
 * not inside of the table.
 */
int iopgt_read_dirty(struct iopgt *pgt, unsigned long iova, size_t size,
		     bool clear, struct iopgt_gather *gather,
		     iopgt_dirty_fn dirty, void *arg)
{
	struct iopgt_dirty s;

	if (!iopgt_dirty_able(pgt))
		return -EOPNOTSUPP;
	if (!READ_ONCE(pgt->dirty) || !size || (clear && !gather))
		return -EINVAL;
	if (iova > pgt->ias_last || size - 1 > pgt->ias_last - iova)
		return -ERANGE;

	iopgt_dirty_init(&s, pgt, iova, iova + (size - 1), clear);
	iopgt_dirty_scan(&s, gather, dirty, arg);
	return 0;
}
EXPORT_SYMBOL_GPL(iopgt_read_dirty);

/**
 * iopgt_set_dirty_tracking() - record writes by hardware, or do so no longer
 * @pgt: the table
 * @on: whether to
 *
 * What is mapped when it is switched on becomes clean. A map that is under way
 * may have looked at the switch before, and write its leaf after the scan below
 * went by. That leaf is not clean either, so the next iopgt_read_dirty() takes
 * it as written:
 *
 *	CPU 0 (map)			CPU 1
 *	not tracked: attributes
 *					tracked
 *					make all leaves clean
 *	write an untracked leaf
 *					next scan: reports it, makes it clean
 *
 * Context: may sleep; waits for hardware. Calls for one table take turns.
 * Return: 0, also if it is so already; -EOPNOTSUPP where hardware does not
 * record writes, or the table has no invalidate hook.
 */
int iopgt_set_dirty_tracking(struct iopgt *pgt, bool on)
{
	struct iopgt_gather gather;
	struct iopgt_dirty s;

	if (on == pgt->dirty)
		return 0;
	if (!iopgt_dirty_able(pgt) || !pgt->invalidate)
		return -EOPNOTSUPP;

	WRITE_ONCE(pgt->dirty, on);
	iopgt_dirty_init(&s, pgt, 0, pgt->ias_last, true);
	if (!on) {
		s.to = s.other;
		s.state = pgt->fmt->dirty_bits ^ pgt->fmt->dirty_flip;
		s.other = s.state;
	}
	iopgt_gather_init(&gather, false);
	iopgt_dirty_scan(&s, &gather, NULL, NULL);
	if (!iopgt_gather_empty(&gather))
		pgt->invalidate(pgt, &gather);
	return 0;
}
EXPORT_SYMBOL_GPL(iopgt_set_dirty_tracking);
