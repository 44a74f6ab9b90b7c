// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: going through all that is mapped
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "leaf.h"

/**
 * struct iopgt_visit - where a visit is
 * @pgt: the table
 * @fmt: its format
 * @start: where it began
 * @last: last address
 * @iova: what has not been shown yet begins here
 * @visit: the visitor
 * @arg: what it wants
 */
struct iopgt_visit {
	struct iopgt *pgt;
	const struct iopgt_fmt *fmt;
	unsigned long start;
	unsigned long last;
	unsigned long iova;
	iopgt_visit_fn visit;
	void *arg;
};

static int iopgt_visit_table(struct iopgt_visit *v, u64 pte, unsigned int level)
{
	const struct iopgt_entry entry = {
		.iova = v->iova & ~(BIT(iopgt_lg2(v->fmt, level)) - 1),
		.paddr = v->fmt->table_phys(pte),
		.pte = pte,
		.lg2 = iopgt_lg2(v->fmt, level),
		.level = level,
		.table = true,
	};

	return v->visit(&entry, v->arg);
}

/* Show the leaf that @entry is part of. Returns its last address in @last. */
static int iopgt_visit_leaf(struct iopgt_visit *v, const u64 *entry, u64 pte,
			    unsigned int level, unsigned long *last)
{
	const unsigned int lg2 = iopgt_leaf_lg2(v->fmt, pte, level);
	const unsigned long iova = v->iova & ~(BIT(lg2) - 1);
	const struct iopgt_entry leaf = {
		.iova = iova,
		.paddr = iopgt_leaf_phys(v->fmt, pte, level, iova),
		.pte = iova == v->iova ? pte :
		       READ_ONCE(entry[-(long)((v->iova - iova) >>
					       iopgt_lg2(v->fmt, level))]),
		.lg2 = lg2,
		.level = level,
		.prot = v->fmt->prot(pte, level),
	};

	*last = iova + (BIT(lg2) - 1);
	return v->visit(&leaf, v->arg);
}

/*
 * Show the tables that begin at v->iova, from the root down, and step into the
 * last. Those that v->iova is further inside of were shown before, but for
 * the first call. Returns the entry at which there is no way further down, and
 * in @pte what it was.
 */
static u64 *iopgt_visit_down(struct iopgt_visit *v, u64 *pte,
			     unsigned int *level, int *ret)
{
	u64 *table = v->pgt->root, *entry;
	unsigned int l = v->pgt->levels - 1;

	for (;; l--) {
		entry = &table[iopgt_level_idx(v->fmt, v->pgt, v->iova, l)];
		*pte = READ_ONCE(*entry);
		*level = l;
		if (!iopgt_pte_is_table(v->fmt, *pte, l))
			return entry;
		if (v->iova == v->start ||
		    !(v->iova & (BIT(iopgt_lg2(v->fmt, l)) - 1)))
			*ret = iopgt_visit_table(v, *pte, l);
		if (*ret)
			return entry;
		table = iopgt_pte_table(v->fmt, *pte);
	}
}

/*
 * Go through one table, up to its end or to an entry that refers to another.
 * The first entry is used as it was read on the way down: if it has become a
 * table meanwhile, then after it was passed. So each step moves on, and shows
 * no entry twice.
 */
static int iopgt_visit_step(struct iopgt_visit *v, bool *more)
{
	const struct iopgt_fmt *fmt = v->fmt;
	unsigned int level, n;
	unsigned long last;
	int ret = 0;
	u64 *entry, pte;

	entry = iopgt_visit_down(v, &pte, &level, &ret);
	if (ret)
		return ret;
	n = iopgt_level_entries(fmt, v->pgt, level) -
	    iopgt_level_idx(fmt, v->pgt, v->iova, level);
	do {
		unsigned long step;

		last = v->iova | (BIT(iopgt_lg2(fmt, level)) - 1);
		if (iopgt_pte_present(fmt, pte)) {
			ret = iopgt_visit_leaf(v, entry, pte, level, &last);
			if (ret)
				return ret;
		}
		*more = last < v->last;
		if (!*more)
			return 0;
		step = (last >> iopgt_lg2(fmt, level)) -
		       (v->iova >> iopgt_lg2(fmt, level)) + 1;
		v->iova = last + 1;
		if (step >= n)
			return 0;
		n -= step;
		entry += step;
		pte = READ_ONCE(*entry);
	} while (!iopgt_pte_is_table(fmt, pte, level));
	return 0;
}

/**
 * iopgt_visit() - show a visitor what is mapped
 * @pgt: the table
 * @start: first address; what reaches into the range is shown as a whole
 * @last: last address, inclusive; may be beyond the end of the table
 * @visit: called for each entry that is present, in the order of addresses, and
 *	for one that refers to a table before those in that. It must not sleep.
 *	The visit ends when it returns something else than 0
 * @arg: for @visit
 *
 * The visitor sees each entry as it was at some instant; those who map, unmap,
 * cut and collapse are not held up, so it does not see all as of one instant.
 *
 * Context: may sleep; takes no lock. Nobody has to own the range.
 * Return: what the visitor returned last; 0 if there was nothing.
 */
int iopgt_visit(struct iopgt *pgt, unsigned long start, unsigned long last,
		iopgt_visit_fn visit, void *arg)
{
	struct iopgt_visit v = {
		.pgt = pgt,
		.fmt = pgt->fmt,
		.start = start,
		.last = min(last, pgt->ias_last),
		.iova = start,
		.visit = visit,
		.arg = arg,
	};
	bool more = true;
	int ret;

	if (start > v.last)
		return 0;
	do {
		/* Pairs with call_rcu() in iopgt_page_free_rcu(). */
		rcu_read_lock();
		ret = iopgt_visit_step(&v, &more);
		rcu_read_unlock();
		if (ret)
			return ret;
		cond_resched();
	} while (more);
	return 0;
}
