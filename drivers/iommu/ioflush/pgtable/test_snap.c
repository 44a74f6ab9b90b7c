// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what is in a table, to compare it with later
 *
 * For calls that fail: they have to leave the table as it was, entry by entry.
 * Hardware's view alone would not do, since it says nothing of empty tables.
 */
#include <linux/io.h>
#include <linux/slab.h>

#include "fmt.h"
#include "test_snap.h"

/* One entry that is not absent. */
struct iopgt_snap_entry {
	unsigned long iova;
	u64 pte;
	u8 level;
	bool table;
};

/**
 * struct iopgt_snap - all of a table's entries that are not absent
 * @live: tables
 * @nr: entries in use
 * @max: entries there is room for
 * @entry: they, in the order of their addresses; tables before what they hold
 */
struct iopgt_snap {
	long live;
	unsigned int nr;
	unsigned int max;
	struct iopgt_snap_entry *entry;
};

static void snap_free(void *arg)
{
	struct iopgt_snap *snap = arg;

	kvfree(snap->entry);
}

static void snap_add(struct iopgt_kunit *k, struct iopgt_snap *snap,
		     struct iopgt_snap_entry entry)
{
	if (snap->nr == snap->max) {
		unsigned int max = max(64U, snap->max * 2);
		struct iopgt_snap_entry *more;

		more = kvmalloc_array(max, sizeof(*more), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(k->test, more);
		if (snap->nr)
			memcpy(more, snap->entry, snap->nr * sizeof(*more));
		kvfree(snap->entry);
		snap->entry = more;
		snap->max = max;
	}
	snap->entry[snap->nr++] = entry;
}

/* All entries in order: down where there is a table, else to the right. */
static void snap_walk(struct iopgt_kunit *k, struct iopgt_snap *snap)
{
	const struct iopgt_fmt *fmt = k->pgt.fmt;
	unsigned int idx[IOPGT_LEVELS_MAX] = {}, level = k->pgt.levels - 1;
	const u64 *table[IOPGT_LEVELS_MAX];
	unsigned long iova[IOPGT_LEVELS_MAX] = {};

	table[level] = k->pgt.root;
	for (;;) {
		struct iopgt_snap_entry entry = { .level = level };

		if (idx[level] == iopgt_level_entries(fmt, &k->pgt, level)) {
			if (++level == k->pgt.levels)
				return;
			continue;
		}
		entry.iova = iova[level] +
			     ((unsigned long)idx[level] << iopgt_lg2(fmt, level));
		entry.pte = READ_ONCE(table[level][idx[level]++]);
		entry.table = iopgt_pte_is_table(fmt, entry.pte, level);
		if (entry.pte)
			snap_add(k, snap, entry);
		if (entry.table) {
			level--;
			table[level] = iopgt_pte_table(fmt, entry.pte);
			iova[level] = entry.iova;
			idx[level] = 0;
		}
	}
}

/**
 * iopgt_snap() - note what is in a table
 * @k: the table; nobody else is at work in it
 *
 * Context: may sleep.
 * Return: all of it, freed when the test ends.
 */
struct iopgt_snap *iopgt_snap(struct iopgt_kunit *k)
{
	struct iopgt_snap *snap;

	snap = kunit_kzalloc(k->test, sizeof(*snap), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(k->test, snap);
	KUNIT_ASSERT_EQ(k->test,
			kunit_add_action_or_reset(k->test, snap_free, snap), 0);
	snap->live = iopgt_kunit_live(k);
	snap_walk(k, snap);
	return snap;
}

/* The next entry from @i on; with @leaves the next that is a leaf. */
static unsigned int snap_next(const struct iopgt_snap *snap, unsigned int i,
			      bool leaves)
{
	while (i < snap->nr && leaves && snap->entry[i].table)
		i++;
	return i;
}

/**
 * iopgt_snap_same() - is a table as it was?
 * @k: the table; nobody else is at work in it
 * @was: what was noted
 * @leaves: tables may have come or gone
 *
 * Every difference fails the test, up to the first few.
 *
 * Context: may sleep.
 */
void iopgt_snap_same(struct iopgt_kunit *k, const struct iopgt_snap *was,
		     bool leaves)
{
	const struct iopgt_snap *is = iopgt_snap(k);
	unsigned int i = 0, j = 0;

	if (!leaves)
		KUNIT_EXPECT_EQ(k->test, is->live, was->live);
	for (;; i++, j++) {
		const struct iopgt_snap_entry *a, *b;

		i = snap_next(was, i, leaves);
		j = snap_next(is, j, leaves);
		if (i == was->nr || j == is->nr)
			break;
		a = &was->entry[i];
		b = &is->entry[j];
		if (a->iova == b->iova && a->level == b->level &&
		    a->pte == b->pte)
			continue;
		KUNIT_FAIL(k->test,
			   "was %llx at %lx, level %u; is %llx at %lx, level %u",
			   a->pte, a->iova, a->level, b->pte, b->iova, b->level);
		return;
	}
	KUNIT_EXPECT_EQ(k->test, i, was->nr);
	KUNIT_EXPECT_EQ(k->test, j, is->nr);
}
