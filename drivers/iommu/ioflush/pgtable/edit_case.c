// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what the KUnit suites of cut.c and collapse.c share
 */
#include "edit_case.h"

/*
 * A write through what hardware has cached: it makes the leaf dirty by an atomic
 * access to the entry it had read, wherever that was. If it finds another one
 * there, it walks anew.
 */
static void edit_write(struct edit *e)
{
	const struct iopgt_kunit_format *f = e->k->f;
	u64 old = e->pte;

	if (e->entry && try_cmpxchg(e->entry, &old, (old & ~f->written_mask) |
						    f->written_bits))
		e->wrote = true;
	else
		e->wrote = iopgt_kunit_write(e->k, e->write);
}

/**
 * edit_probe() - what does hardware find now?
 * @e: the edit
 *
 * The right address, or nothing; that only while an entry is broken.
 *
 * Context: any context.
 */
void edit_probe(struct edit *e)
{
	struct kunit *test = e->k->test;
	unsigned int i;

	for (i = 0; i < e->nr_probes; i++) {
		struct iopgt_hw_leaf hw = iopgt_kunit_hw(e->k, e->probe[i]);

		if (!hw.lg2) {
			e->faults = true;
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, hw.paddr, e->k->out +
				    (e->probe[i] - e->iova),
				    "iova %lx at instant %u", e->probe[i],
				    e->instant);
	}
}

static struct edit *edit_instant(struct iopgt *pgt)
{
	struct edit *e = to_iopgt_kunit(pgt)->test->priv;

	e->k->editing = true;
	edit_probe(e);
	if (++e->instant == e->at)
		edit_write(e);
	e->k->editing = false;
	return e;
}

static void edit_allocated(struct iopgt *pgt)
{
	edit_instant(pgt);
}

static void edit_replacing(struct iopgt *pgt, u64 *entry)
{
	edit_instant(pgt);
}

static void edit_synced(struct iopgt *pgt, const void *first, size_t bytes)
{
	iopgt_kunit_synced(pgt, first, bytes);
	edit_instant(pgt);
}

/* Once it returns no cache of the hardware holds anything of what was there. */
static void edit_invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
	struct edit *e = edit_instant(pgt);

	e->invalidations++;
	e->last = *gather;
	INIT_LIST_HEAD(&e->last.pages);
	KUNIT_EXPECT_FALSE(e->k->test, gather->may_defer);
	e->k->editing = true;
	if (e->during)
		e->during(e, gather);
	e->k->editing = false;
	e->entry = NULL;
}

static void edit_remade(struct iopgt *pgt, unsigned long iova, size_t bytes)
{
	struct edit *e = edit_instant(pgt);
	unsigned int i;

	e->remade++;
	e->remade_iova = iova;
	e->remade_bytes = bytes;
	for (i = 0; i < e->nr_probes; i++)
		KUNIT_EXPECT_NE(e->k->test,
				iopgt_kunit_hw(e->k, e->probe[i]).lg2, 0);
}

/**
 * edit_new() - a table of the test's parameter, with all hooks set
 * @test: the test
 * @mode: one of the first modes, maybe with EDIT_NONCOHERENT
 *
 * Context: may sleep.
 * Return: the edit, which is @test->priv too.
 */
struct edit *edit_new(struct kunit *test, unsigned int mode)
{
	const struct iopgt_kunit_format *f = test->param_value;
	struct edit *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct iopgt_cfg cfg = f->cfg;

	KUNIT_ASSERT_NOT_NULL(test, e);
	cfg.hitless = mode & EDIT_HITLESS;
	if (mode & EDIT_NONCOHERENT)
		cfg.coherent_walk = false;
	e->k = iopgt_kunit_new(test, f, &cfg);
	test->priv = e;
	e->k->pgt.invalidate = edit_invalidate;
	e->k->pgt.remade = edit_remade;
	e->k->hooks.allocated = edit_allocated;
	e->k->hooks.replacing = edit_replacing;
	e->k->hooks.synced = edit_synced;
	return e;
}

/**
 * edit_begin() - choose a range, and forget what was observed
 * @e: the edit
 * @size: of the range, one of the leaf sizes
 *
 * Context: any context.
 */
void edit_begin(struct edit *e, unsigned long size)
{
	const unsigned long granule = iopgt_kunit_size(e->k, 0);

	e->size = size;
	/* Not where the table begins, if it has room for more than one. */
	e->iova = size <= iopgt_kunit_last(e->k) / 2 ? size : 0;
	e->probe[0] = e->iova;
	e->probe[1] = e->iova + granule;
	e->probe[2] = e->iova + size / 2 - 1;
	e->probe[3] = e->iova + size / 2;
	e->probe[4] = e->iova + size - 1;
	e->nr_probes = 0;
	e->faults = false;
	e->instant = 0;
	e->at = 0;
	e->entry = NULL;
	e->wrote = false;
	e->invalidations = 0;
	e->remade = 0;
	e->during = NULL;
}

/**
 * edit_map() - map the range, and begin to observe it
 * @e: the edit
 * @leaf: size of the leaves
 * @prot: permissions
 *
 * Context: may sleep.
 */
void edit_map(struct edit *e, unsigned long leaf, int prot)
{
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(e->k->test,
			iopgt_map_pages(&e->k->pgt, e->iova, e->k->out, leaf,
					e->size / leaf, prot, GFP_KERNEL,
					&mapped), 0);
	e->instant = 0;
	e->nr_probes = 5;
}

/**
 * edit_write_at() - hardware is going to write at an instant
 * @e: the edit; the range is mapped
 * @at: the number of the instant, from 1
 * @offset: into the range
 *
 * It has cached the leaf that is there now.
 *
 * Context: any context.
 */
void edit_write_at(struct edit *e, unsigned int at, unsigned long offset)
{
	struct iopgt_hw_leaf hw = iopgt_kunit_hw(e->k, e->iova + offset);

	e->at = at;
	e->write = e->iova + offset;
	e->entry = hw.entry;
	e->pte = hw.pte;
}

/**
 * edit_level() - at which level is a leaf of a size?
 * @k: the table
 * @size: the size
 *
 * Context: any context.
 * Return: the level, 0 is the lowest.
 */
unsigned int edit_level(const struct iopgt_kunit *k, unsigned long size)
{
	unsigned int level = 0;

	while (level + 1 < k->f->leaf_levels &&
	       size >= iopgt_kunit_size(k, level + 1))
		level++;
	return level;
}
