// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for the visitor
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "edit_case.h"

#define VISIT_SEEN	64

/**
 * struct visit_seen - what a visitor was shown
 * @k: the table
 * @nr: entries
 * @tables: of which refer to tables
 * @stop: return 1 at the entry of this number
 * @next: where the first leaf after those that were shown may begin
 * @entry: the first of them
 * @at: called for each leaf
 */
struct visit_seen {
	struct iopgt_kunit *k;
	unsigned int nr;
	unsigned int tables;
	unsigned int stop;
	unsigned long next;
	struct iopgt_entry entry[VISIT_SEEN];
	void (*at)(struct visit_seen *seen, const struct iopgt_entry *entry);
};

/* Tables above the entry that were shown, by the bytes that they translate. */
static bool visit_has_table(const struct visit_seen *seen,
			    const struct iopgt_entry *entry)
{
	const unsigned int lg2 = iopgt_kunit_lg2(seen->k, entry->level + 1);

	if (entry->level + 1 == seen->k->f->levels)
		return true;
	for (unsigned int i = 0; i < min(seen->nr, VISIT_SEEN); i++)
		if (seen->entry[i].table && seen->entry[i].lg2 == lg2 &&
		    seen->entry[i].iova == (entry->iova & ~(BIT(lg2) - 1)))
			return true;
	return seen->nr >= VISIT_SEEN;
}

static int visit_note(const struct iopgt_entry *entry, void *arg)
{
	struct visit_seen *seen = arg;
	struct kunit *test = seen->k->test;

	KUNIT_EXPECT_TRUE(test, rcu_read_lock_held());
	KUNIT_EXPECT_EQ(test, entry->iova & (BIT(entry->lg2) - 1), 0);
	KUNIT_EXPECT_TRUE(test, visit_has_table(seen, entry));
	if (!entry->table) {
		KUNIT_EXPECT_GE(test, entry->iova, seen->next);
		seen->next = entry->iova + BIT(entry->lg2);
	}
	if (seen->nr < VISIT_SEEN)
		seen->entry[seen->nr] = *entry;
	seen->nr++;
	seen->tables += entry->table;
	if (seen->at && !entry->table)
		seen->at(seen, entry);
	return seen->nr == seen->stop;
}

static struct visit_seen *visit_new(struct kunit *test)
{
	struct visit_seen *seen = kunit_kzalloc(test, sizeof(*seen),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	seen->k = iopgt_kunit_param(test);
	return seen;
}

static int visit(struct visit_seen *seen, unsigned long start,
		 unsigned long last)
{
	seen->nr = 0;
	seen->tables = 0;
	seen->next = 0;
	return iopgt_visit(&seen->k->pgt, start, last, visit_note, seen);
}

/* Each leaf size: shown once, after its tables, with all there is to say. */
static void visit_test_sizes(struct kunit *test)
{
	static const int prots[] = { IOPGT_RW, IOMMU_READ };
	struct visit_seen *seen = visit_new(test);
	struct iopgt_kunit *k = seen->k;
	unsigned long sizes = k->pgt.cfg.pgsize_bitmap, size, iova;

	for (unsigned int i = 0; sizes; sizes &= sizes - 1, i++) {
		const struct iopgt_entry *leaf;
		size_t mapped = 0;

		size = sizes & -sizes;
		iova = size <= iopgt_kunit_last(k) / 2 ? size : 0;
		KUNIT_ASSERT_EQ(test, iopgt_map_pages(&k->pgt, iova, k->out,
						      size, 1, prots[i % 2],
						      GFP_KERNEL, &mapped), 0);
		KUNIT_EXPECT_EQ(test, visit(seen, 0, ~0UL), 0);
		/* Others are left over from before, without leaves. */
		KUNIT_EXPECT_EQ(test, seen->tables, iopgt_kunit_live(k) - 1);
		KUNIT_ASSERT_EQ(test, seen->nr, seen->tables + 1);
		/* From the middle: only the way there. */
		KUNIT_EXPECT_EQ(test, visit(seen, iova + size / 2,
					    iova + size / 2), 0);
		KUNIT_ASSERT_EQ(test, seen->nr, k->f->levels -
				edit_level(k, size));
		leaf = &seen->entry[seen->nr - 1];
		KUNIT_EXPECT_EQ(test, leaf->iova, iova);
		KUNIT_EXPECT_EQ(test, leaf->paddr, k->out);
		KUNIT_EXPECT_EQ(test, BIT(leaf->lg2), size);
		KUNIT_EXPECT_EQ(test, leaf->level, edit_level(k, size));
		KUNIT_EXPECT_EQ(test, leaf->pte, iopgt_kunit_hw(k, iova).pte);
		KUNIT_EXPECT_FALSE(test, leaf->table);
		KUNIT_EXPECT_EQ(test, leaf->prot & IOPGT_RW, prots[i % 2]);
		iopgt_kunit_unmap(k, iova, size);
	}
}

/* Where one table ends and the next begins, at all levels; and nothing else. */
static void visit_test_edges(struct kunit *test)
{
	struct visit_seen *seen = visit_new(test);
	struct iopgt_kunit *k = seen->k;
	const unsigned long granule = iopgt_kunit_size(k, 0);
	const unsigned long last = iopgt_kunit_last(k) & ~(granule - 1);
	unsigned int leaves = 2;

	iopgt_kunit_map(k, 0, k->out, granule, 1);
	iopgt_kunit_map(k, last, k->out, granule, 1);
	for (unsigned int level = 1; level < k->f->levels; level++) {
		unsigned long edge = iopgt_kunit_size(k, level);

		iopgt_kunit_map(k, edge - granule, k->out, granule, 1);
		/* A root may have one entry for each half. */
		if (edge < last) {
			iopgt_kunit_map(k, edge, k->out, granule, 1);
			leaves++;
		}
		leaves++;
	}
	KUNIT_EXPECT_EQ(test, visit(seen, 0, ~0UL), 0);
	KUNIT_EXPECT_EQ(test, seen->tables, iopgt_kunit_live(k) - 1);
	KUNIT_EXPECT_EQ(test, seen->nr - seen->tables, leaves);

	/* From after the first to before the last. */
	KUNIT_EXPECT_EQ(test, visit(seen, granule, last - 1), 0);
	KUNIT_EXPECT_EQ(test, seen->nr - seen->tables, leaves - 2);
	KUNIT_EXPECT_EQ(test, visit(seen, granule, granule), 0);
	KUNIT_EXPECT_EQ(test, seen->nr, seen->tables);
}

/* It ends when the visitor says so. */
static void visit_test_stop(struct kunit *test)
{
	struct visit_seen *seen = visit_new(test);
	struct iopgt_kunit *k = seen->k;

	iopgt_kunit_map(k, 0, k->out, iopgt_kunit_size(k, 0), 8);
	for (unsigned int i = 1; i <= k->f->levels - 1 + 8; i++) {
		seen->stop = i;
		KUNIT_EXPECT_EQ(test, visit(seen, 0, ~0UL), 1);
		KUNIT_EXPECT_EQ(test, seen->nr, i);
	}
	seen->stop++;
	KUNIT_EXPECT_EQ(test, visit(seen, 0, ~0UL), 0);
}

static void visit_test_empty(struct kunit *test)
{
	struct visit_seen *seen = visit_new(test);

	KUNIT_EXPECT_EQ(test, visit(seen, 0, ~0UL), 0);
	KUNIT_EXPECT_EQ(test, visit(seen, iopgt_kunit_last(seen->k), ~0UL), 0);
	KUNIT_EXPECT_EQ(test, visit(seen, 1, 0), 0);
	if (iopgt_kunit_last(seen->k) != ~0UL)
		KUNIT_EXPECT_EQ(test, visit(seen, iopgt_kunit_last(seen->k) + 1,
					    ~0UL), 0);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
}

/* The leaf that is shown is cut: what it was cut into is not shown again. */
static void visit_cuts(struct visit_seen *seen, const struct iopgt_entry *entry)
{
	seen->at = NULL;
	KUNIT_EXPECT_EQ(seen->k->test,
			iopgt_cut(&seen->k->pgt, entry->iova +
				  iopgt_kunit_size(seen->k, 0), GFP_ATOMIC), 0);
}

static void visit_test_cut(struct kunit *test)
{
	struct visit_seen *seen = visit_new(test);
	struct iopgt_kunit *k = seen->k;
	const unsigned long block = iopgt_kunit_size(k, 1);

	iopgt_kunit_map(k, 0, k->out, block, 3);
	seen->at = visit_cuts;
	KUNIT_EXPECT_EQ(test, visit(seen, 0, 3 * block - 1), 0);
	KUNIT_EXPECT_EQ(test, seen->nr - seen->tables, 3);
	KUNIT_EXPECT_EQ(test, visit(seen, 0, 3 * block - 1), 0);
	KUNIT_EXPECT_EQ(test, seen->nr - seen->tables,
			2 + BIT(k->f->idx_lg2));
}

/*
 * Invariant "walkers": the table that the visitor is in is unlinked and given
 * up. It can go on to the end of it, where nothing is left.
 */
static void visit_unmaps(struct visit_seen *seen,
			 const struct iopgt_entry *entry)
{
	struct iopgt_kunit *k = seen->k;

	seen->at = NULL;
	KUNIT_EXPECT_EQ(k->test, iopgt_kunit_unmap(k, 0, iopgt_kunit_size(k, 1)),
			iopgt_kunit_size(k, 1));
	KUNIT_EXPECT_EQ(k->test, iopgt_kunit_pending(k), 1);
}

static void visit_test_unmap(struct kunit *test)
{
	struct visit_seen *seen = visit_new(test);
	struct iopgt_kunit *k = seen->k;
	const unsigned long granule = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);

	iopgt_kunit_map(k, 0, k->out, granule, block / granule);
	iopgt_kunit_map(k, block, k->out, granule, 1);
	seen->at = visit_unmaps;
	KUNIT_EXPECT_EQ(test, visit(seen, 0, 2 * block - 1), 0);
	KUNIT_EXPECT_EQ(test, seen->nr - seen->tables, 2);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(k), 0);
}

/* It takes no lock, leaves interrupts alone, and yields between tables. */
static void visit_busy(struct visit_seen *seen, const struct iopgt_entry *entry)
{
	KUNIT_EXPECT_FALSE(seen->k->test, irqs_disabled());
#ifdef CONFIG_LOCKDEP
	/* All it holds is RCU, which lockdep counts as a lock. */
	KUNIT_EXPECT_LE(seen->k->test, current->lockdep_depth, 1);
#endif
	/* From here on somebody else waits for this CPU. */
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

static void visit_test_yields(struct kunit *test)
{
	struct visit_seen *seen = visit_new(test);
	struct iopgt_kunit *k = seen->k;

	iopgt_kunit_map(k, 0, k->out, iopgt_kunit_size(k, 0), 4);
	seen->at = visit_busy;
	/* Somebody may really wait for the CPU by the time that it is looked at. */
	for (unsigned int i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, visit(seen, 0, iopgt_kunit_size(k, 1)), 0);
		if (!test_tsk_need_resched(current))
			return;
	}
	KUNIT_FAIL(test, "it does not yield");
}

static struct kunit_case visit_test_cases[] = {
	KUNIT_CASE_PARAM(visit_test_sizes, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(visit_test_edges, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(visit_test_stop, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(visit_test_empty, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(visit_test_cut, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(visit_test_unmap, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(visit_test_yields, iopgt_kunit_formats),
	{}
};

static struct kunit_suite visit_test_suite = {
	.name = "ioflush_pgtable_visit",
	.test_cases = visit_test_cases,
};

kunit_test_suite(visit_test_suite);
