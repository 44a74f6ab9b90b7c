// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite for cutting leaves
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "edit_case.h"
#include "test_snap.h"

/* Boundaries that a leaf is cut at: offsets into it. In a short run one of each size. */
static unsigned int cut_offsets(const struct iopgt_kunit *k,
				unsigned long size, unsigned long *offset)
{
	const unsigned long granule = iopgt_kunit_size(k, 0);
	unsigned int n = 0;

	offset[n++] = granule;
	offset[n++] = size - granule;
	offset[n++] = size / 2;
	if (size / 2 > granule)
		offset[n++] = size / 2 + granule;
	if (iopgt_kunit_ops < IOPGT_KUNIT_OPS) {
		offset[0] = offset[edit_level(k, size) % n];
		n = 1;
	}
	return n;
}

#define CUT_OFFSETS	4

/* log2 of the leaf that translates @iova after a cut of the whole at @at. */
static unsigned int cut_lg2(const struct edit *e, unsigned long at,
			    unsigned long iova)
{
	unsigned int level = edit_level(e->k, e->size);

	for (; level; level--) {
		unsigned long size = iopgt_kunit_size(e->k, level);

		if (!(at & (size - 1)) || (iova ^ at) >= size)
			break;
	}
	return iopgt_kunit_lg2(e->k, level);
}

/* Tables that a cut at @at needs: one a level at which it is inside. */
static unsigned int cut_tables(const struct edit *e, unsigned long at)
{
	unsigned int level = edit_level(e->k, e->size), n = 0;

	for (; level; level--)
		n += !!(at & (iopgt_kunit_size(e->k, level) - 1));
	return n;
}

/* Every entry of every table on the way to the boundary. */
static void cut_check(struct edit *e, unsigned long at, bool dirty, int prot)
{
	unsigned int level = edit_level(e->k, e->size);
	unsigned long span = e->size;
	struct kunit *test = e->k->test;
	unsigned int bad = 0;

	for (;; span = iopgt_kunit_size(e->k, level--)) {
		unsigned long step = iopgt_kunit_size(e->k, level);
		unsigned long iova = at & ~(span - 1), end = iova + (span - 1);

		for (; iova <= end && iova >= (at & ~(span - 1)); iova += step) {
			struct iopgt_hw_leaf hw = iopgt_kunit_hw(e->k, iova);

			bad += hw.lg2 != cut_lg2(e, at, iova) ||
			       hw.paddr != e->k->out + (iova - e->iova) ||
			       hw.readable != !!(prot & IOMMU_READ) ||
			       hw.writable != !!(prot & IOMMU_WRITE) ||
			       (e->k->pgt.dirty && hw.dirty != dirty);
		}
		if (!level)
			break;
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "size %lx cut at %lx", e->size,
			    at - e->iova);
}

/* The whole range was invalidated, once, and named as the leaf it was. */
static void cut_check_invalidated(struct edit *e)
{
	struct kunit *test = e->k->test;

	KUNIT_EXPECT_EQ(test, e->invalidations, 1);
	KUNIT_EXPECT_EQ(test, e->last.nr, 1);
	KUNIT_EXPECT_EQ(test, e->last.range[0].start, e->iova);
	KUNIT_EXPECT_EQ(test, e->last.range[0].last, e->iova + (e->size - 1));
	KUNIT_EXPECT_EQ(test, BIT(e->last.range[0].leaf_lg2), e->size);
	KUNIT_EXPECT_FALSE(test, e->last.tables_unlinked);
}

/* Split order: absent while the invalidation runs, or never absent. */
static void cut_during(struct edit *e, struct iopgt_gather *gather)
{
	const bool hitless = e->k->pgt.cfg.hitless;
	struct kunit *test = e->k->test;
	unsigned int i;

	for (i = 0; i < e->nr_probes; i++) {
		unsigned long iova = e->probe[i];
		struct iopgt_hw_leaf hw = iopgt_kunit_hw(e->k, iova);

		KUNIT_EXPECT_EQ(test, hw.lg2, hitless ?
				cut_lg2(e, e->write, iova) : 0);
	}
}

static void cut_one(struct edit *e, unsigned long at, int prot)
{
	const bool hitless = e->k->pgt.cfg.hitless;
	struct kunit *test = e->k->test;
	long live = iopgt_kunit_live(e->k);

	e->write = at;
	e->during = cut_during;
	KUNIT_ASSERT_EQ(test, iopgt_cut(&e->k->pgt, at, GFP_KERNEL), 0);
	cut_check_invalidated(e);
	KUNIT_EXPECT_EQ(test, e->faults, !hitless);
	KUNIT_EXPECT_EQ(test, e->remade, !hitless);
	if (!hitless) {
		KUNIT_EXPECT_EQ(test, e->remade_iova, e->iova);
		KUNIT_EXPECT_EQ(test, e->remade_bytes, e->size);
	}
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(e->k) - live,
			cut_tables(e, at));
	cut_check(e, at, false, prot);

	/* It is a boundary now. */
	KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt, at, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, e->invalidations, 1);
}

/* Every leaf size, at several boundaries, with every combination of prots. */
static void cut_sizes(struct kunit *test, unsigned int mode)
{
	static const int prots[] = {
		IOPGT_RW, IOMMU_READ, IOPGT_RW | IOMMU_CACHE,
		IOMMU_READ | IOMMU_NOEXEC,
	};
	struct edit *e = edit_new(test, mode);
	unsigned long size, offset[CUT_OFFSETS];
	unsigned int i, n;

	edit_for_each_size(e->k, size) {
		n = cut_offsets(e->k, size, offset);
		for (i = 0; i < n; i++) {
			edit_begin(e, size);
			edit_map(e, size, prots[i]);
			cut_one(e, e->iova + offset[i], prots[i]);
			e->nr_probes = 0;
			KUNIT_EXPECT_EQ(test,
					iopgt_kunit_unmap(e->k, e->iova, size),
					size);
		}
	}
}

static void cut_test_sizes(struct kunit *test)
{
	for (unsigned int mode = 0; mode < EDIT_MODES; mode++)
		cut_sizes(test, mode);
}

/* Whatever is synced when: hardware finds the right address, or nothing. */
static void cut_test_noncoherent(struct kunit *test)
{
	for (unsigned int mode = 0; mode < EDIT_MODES; mode++)
		cut_sizes(test, mode | EDIT_NONCOHERENT);
}

/* Attributes come through bit by bit, but for what says run, size or address. */
static int cut_prot_visit(const struct iopgt_entry *entry, void *arg)
{
	int *prot = arg;

	if (entry->table)
		return 0;
	if (*prot < 0)
		*prot = entry->prot;
	return entry->prot != *prot;
}

static void cut_test_prot(struct kunit *test)
{
	static const int prots[] = {
		IOMMU_READ, IOPGT_RW, IOPGT_RW | IOMMU_CACHE,
		IOPGT_RW | IOMMU_MMIO, IOMMU_READ | IOMMU_PRIV,
		IOPGT_RW | IOMMU_NOEXEC,
	};
	struct edit *e = edit_new(test, EDIT_HITLESS);
	unsigned long size, granule = iopgt_kunit_size(e->k, 0);

	edit_for_each_size(e->k, size) {
		for (unsigned int i = 0; i < ARRAY_SIZE(prots); i++) {
			int prot = -1;

			edit_begin(e, size);
			edit_map(e, size, prots[i]);
			e->nr_probes = 0;
			iopgt_visit(&e->k->pgt, e->iova, e->iova,
				    cut_prot_visit, &prot);
			KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt,
							e->iova + granule,
							GFP_KERNEL), 0);
			KUNIT_EXPECT_EQ(test,
					iopgt_visit(&e->k->pgt, e->iova,
						    e->iova + (size - 1),
						    cut_prot_visit, &prot), 0);
			iopgt_kunit_unmap(e->k, e->iova, size);
		}
	}
}

/* Where there is nothing to cut nothing happens, and no hook is needed. */
static void cut_test_nothing(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	struct iopgt *pgt = &e->k->pgt;
	unsigned long granule = iopgt_kunit_size(e->k, 0), size;

	pgt->invalidate = NULL;
	KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, 0, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, granule, GFP_KERNEL), 0);
	if (pgt->cfg.ias_bits < 64)
		KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, pgt->ias_last + 1,
						GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, granule / 2, GFP_KERNEL),
			-EINVAL);

	edit_for_each_size(e->k, size) {
		struct iopgt_snap *snap;

		edit_begin(e, size);
		edit_map(e, size, IOPGT_RW);
		snap = iopgt_snap(e->k);
		KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, e->iova, GFP_KERNEL), 0);
		KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, e->iova + size,
						GFP_KERNEL), 0);
		/* Here there would be, but nobody could invalidate. */
		KUNIT_EXPECT_EQ(test, iopgt_cut(pgt, e->iova + granule,
						GFP_KERNEL), -EOPNOTSUPP);
		iopgt_snap_same(e->k, snap, false);
		e->nr_probes = 0;
		iopgt_kunit_unmap(e->k, e->iova, size);
	}
}

/* Invariant "unwind", for each table that a cut needs. */
static void cut_test_no_memory(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size, at;
	unsigned int fail, tables;

	edit_for_each_size(e->k, size) {
		struct iopgt_snap *snap;
		int pages;

		edit_begin(e, size);
		edit_map(e, size, IOPGT_RW);
		at = e->iova + iopgt_kunit_size(e->k, 0);
		tables = cut_tables(e, at);
		snap = iopgt_snap(e->k);
		/* Those of the last size are on their way back. */
		rcu_barrier();
		pages = atomic_read(&e->k->hooks.pages);
		for (fail = 1; fail <= tables; fail++) {
			e->k->hooks.fail_alloc = fail;
			KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt, at,
							GFP_KERNEL), -ENOMEM);
			KUNIT_EXPECT_EQ(test, e->k->hooks.fail_alloc, 0);
			KUNIT_EXPECT_EQ(test, e->invalidations, 0);
			KUNIT_EXPECT_EQ(test, atomic_read(&e->k->hooks.pages),
					pages);
			iopgt_snap_same(e->k, snap, false);
		}
		KUNIT_EXPECT_FALSE(test, e->faults);
		KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt, at, GFP_KERNEL),
				0);
		e->nr_probes = 0;
		iopgt_kunit_unmap(e->k, e->iova, size);
	}
}

/* Dirty comes out dirty, in all of it, and clean comes out clean. */
static void cut_test_dirty(struct kunit *test)
{
	unsigned long size, offset[CUT_OFFSETS];
	struct edit *e;

	for (unsigned int mode = 0; mode < EDIT_MODES; mode++) {
		e = edit_new(test, mode);
		KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&e->k->pgt,
							       true), 0);
		edit_for_each_size(e->k, size) {
			unsigned int n = cut_offsets(e->k, size, offset);

			for (unsigned int i = 0; i < 2 * n; i++) {
				unsigned long at;

				edit_begin(e, size);
				edit_map(e, size, IOPGT_RW);
				at = e->iova + offset[i / 2];
				if (i & 1)
					iopgt_kunit_write(e->k, at);
				KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt, at,
								GFP_KERNEL),
						0);
				cut_check(e, at, i & 1, IOPGT_RW);
				e->nr_probes = 0;
				iopgt_kunit_unmap(e->k, e->iova, size);
			}
		}
	}
}

/* Hardware writes at each instant of a cut: what went through is recorded. */
static void cut_instants(struct edit *e, unsigned long size,
			 unsigned long offset)
{
	struct kunit *test = e->k->test;
	unsigned int at, wrote = 0;

	for (at = 1;; at++) {
		edit_begin(e, size);
		edit_map(e, size, IOPGT_RW);
		edit_write_at(e, at, size - 1);
		KUNIT_ASSERT_EQ(test, iopgt_cut(&e->k->pgt, e->iova + offset,
						GFP_KERNEL), 0);
		if (e->wrote)
			KUNIT_EXPECT_TRUE_MSG(test,
					      iopgt_kunit_hw(e->k,
							     e->write).dirty,
					      "size %lx cut at %lx, instant %u",
					      size, offset, at);
		wrote += e->wrote;
		e->nr_probes = 0;
		iopgt_kunit_unmap(e->k, e->iova, size);
		if (e->instant < at)
			break;
	}
	/* In hitless mode no request faults; else all but two go through. */
	KUNIT_EXPECT_GT(test, at, 2);
	if (e->k->pgt.cfg.hitless)
		KUNIT_EXPECT_EQ(test, wrote, at - 1);
	else
		KUNIT_EXPECT_GE(test, wrote, 2);
}

static void cut_test_dirty_instants(struct kunit *test)
{
	unsigned long size, offset[CUT_OFFSETS];
	struct edit *e;

	for (unsigned int mode = 0; mode < EDIT_MODES; mode++) {
		e = edit_new(test, mode);
		KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&e->k->pgt,
							       true), 0);
		edit_for_each_size(e->k, size) {
			unsigned int n;

			/* An instant for each entry of a run. */
			if (size / iopgt_kunit_size(e->k, edit_level(e->k, size)) > 32)
				continue;
			n = cut_offsets(e->k, size, offset);
			for (unsigned int i = 0; i < n; i++)
				cut_instants(e, size, offset[i]);
		}
	}
}

/*
 * A scan clears what a hitless cut has made, while hardware still has the old
 * leaf in its cache as dirty, and so records nothing when it writes through it.
 */
static void cut_scan(struct edit *e, struct iopgt_gather *gather)
{
	struct iopgt_gather mine;

	iopgt_gather_init(&mine, false);
	KUNIT_EXPECT_EQ(e->k->test,
			iopgt_read_dirty(&e->k->pgt, e->iova, e->size, true,
					 &mine, NULL, NULL), 0);
	KUNIT_EXPECT_FALSE(e->k->test, iopgt_gather_empty(&mine));
}

static void cut_test_dirty_scan(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_HITLESS);
	unsigned long size, offset[CUT_OFFSETS];

	KUNIT_ASSERT_EQ(test, iopgt_set_dirty_tracking(&e->k->pgt, true), 0);
	edit_for_each_size(e->k, size) {
		unsigned int n = cut_offsets(e->k, size, offset);

		for (unsigned int i = 0; i < n; i++) {
			unsigned long at;

			edit_begin(e, size);
			edit_map(e, size, IOPGT_RW);
			at = e->iova + offset[i];
			iopgt_kunit_write(e->k, at);
			e->during = cut_scan;
			KUNIT_EXPECT_EQ(test, iopgt_cut(&e->k->pgt, at,
							GFP_KERNEL), 0);
			cut_check(e, at, true, IOPGT_RW);
			e->nr_probes = 0;
			iopgt_kunit_unmap(e->k, e->iova, size);
		}
	}
}

/* An unmap of a part of a leaf: the rest stays, with the same permissions. */
static void cut_unmap(struct edit *e, unsigned long size, unsigned long from,
		      unsigned long bytes, int prot)
{
	const unsigned long granule = iopgt_kunit_size(e->k, 0);
	struct kunit *test = e->k->test;
	unsigned long at[6] = { 0, from - granule, from, from + bytes - granule,
				from + bytes, size - granule };

	edit_begin(e, size);
	edit_map(e, size, prot);
	e->nr_probes = 0;
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(e->k, e->iova + from, bytes),
			bytes);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		struct iopgt_hw_leaf hw;
		bool gone = at[i] >= from && at[i] < from + bytes;

		if (at[i] >= size)
			continue;
		hw = iopgt_kunit_hw(e->k, e->iova + at[i]);
		KUNIT_EXPECT_EQ_MSG(test, !hw.lg2, gone, "%lx of %lx", at[i],
				    size);
		if (!hw.lg2 || gone)
			continue;
		KUNIT_EXPECT_EQ(test, hw.paddr, e->k->out + at[i]);
		KUNIT_EXPECT_EQ(test, hw.readable, !!(prot & IOMMU_READ));
		KUNIT_EXPECT_EQ(test, hw.writable, !!(prot & IOMMU_WRITE));
	}
	KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(e->k, e->iova, from), from);
	if (from + bytes < size)
		KUNIT_EXPECT_EQ(test,
				iopgt_kunit_unmap(e->k, e->iova + from + bytes,
						  size - from - bytes),
				size - from - bytes);
}

static void cut_test_unmap(struct kunit *test)
{
	for (unsigned int mode = 0; mode < EDIT_MODES; mode++) {
		struct edit *e = edit_new(test, mode);
		unsigned long size, granule = iopgt_kunit_size(e->k, 0);

		edit_for_each_size(e->k, size) {
			cut_unmap(e, size, 0, granule, IOPGT_RW);
			cut_unmap(e, size, 0, size / 2, IOMMU_READ);
			cut_unmap(e, size, granule, size - granule, IOPGT_RW);
			cut_unmap(e, size, size / 2, size / 2, IOMMU_READ);
			if (size >= 4 * granule)
				cut_unmap(e, size, granule,
					  size - 2 * granule, IOPGT_RW);
		}
	}
}

/* An unmap whose cut cannot be had stops in front of the leaf. */
static void cut_test_unmap_fails(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_BROKEN);
	unsigned long size, granule = iopgt_kunit_size(e->k, 0);
	struct iopgt_snap *snap;

	edit_for_each_size(e->k, size) {
		edit_begin(e, size);
		edit_map(e, size, IOPGT_RW);
		snap = iopgt_snap(e->k);
		e->k->hooks.fail_alloc = 1;
		if (cut_tables(e, e->iova + granule))
			KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(e->k, e->iova,
								granule), 0);
		e->k->hooks.fail_alloc = 0;
		e->k->pgt.invalidate = NULL;
		KUNIT_EXPECT_EQ(test, iopgt_kunit_unmap(e->k, e->iova,
							granule), 0);
		iopgt_snap_same(e->k, snap, false);
		e->nr_probes = 0;
		iopgt_kunit_unmap(e->k, e->iova, size);
		e->k->pgt.invalidate = iopgt_kunit_invalidate;
	}
}

/* The largest block that is not above 1 GiB. */
static unsigned int cut_block_level(const struct iopgt_kunit *k)
{
	unsigned int level = 1;

	while (iopgt_kunit_leaf_at(k, level + 1) &&
	       iopgt_kunit_size(k, level + 1) <= SZ_1G)
		level++;
	return level;
}

struct cut_reader {
	struct edit *e;
	bool stop;
	unsigned long looks;
	unsigned long wrong;
	struct completion done;
};

/* Looks up addresses as fast as it can, as software and as hardware does. */
static int cut_reader_fn(void *arg)
{
	struct cut_reader *r = arg;
	struct edit *e = r->e;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 1);
	while (!READ_ONCE(r->stop)) {
		unsigned long offset = prandom_u32_state(&rnd) % e->size;
		phys_addr_t paddr;

		paddr = iopgt_iova_to_phys(&e->k->pgt, e->iova + offset);
		r->wrong += paddr != e->k->out + offset;
		rcu_read_lock();
		paddr = iopgt_kunit_hw(e->k, e->iova + offset).paddr;
		rcu_read_unlock();
		r->wrong += paddr != e->k->out + offset;
		WRITE_ONCE(r->looks, r->looks + 1);
		cond_resched();
	}
	complete(&r->done);
	return 0;
}

/* Down to the smallest leaves, each block on the way, and back. */
static void cut_and_back(struct edit *e, unsigned int level)
{
	const unsigned long granule = iopgt_kunit_size(e->k, 0);
	struct kunit *test = e->k->test;
	unsigned long step, iova;
	unsigned int l, bad = 0;

	for (l = level; l; l--) {
		step = iopgt_kunit_size(e->k, l);
		for (iova = e->iova; iova < e->iova + e->size; iova += step) {
			bad += !!iopgt_cut(&e->k->pgt, iova + granule,
					   GFP_KERNEL);
			bad += !!iopgt_cut(&e->k->pgt, iova + step / 2,
					   GFP_KERNEL);
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, iopgt_kunit_hw(e->k, e->iova + e->size / 2).lg2,
			e->k->f->granule_lg2);
	for (l = 1; l <= level; l++) {
		step = iopgt_kunit_size(e->k, l);
		for (iova = e->iova; iova < e->iova + e->size; iova += step) {
			bad += !!iopgt_collapse(&e->k->pgt, iova, step);
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, BIT(iopgt_kunit_hw(e->k, e->iova).lg2), e->size);
}

static void cut_hitless_invalidate(struct iopgt *pgt,
				   struct iopgt_gather *gather)
{
}

/* Invariant "split", hitless: no mapping is lost at any instant. */
static void cut_test_reader(struct kunit *test)
{
	struct edit *e = edit_new(test, EDIT_HITLESS);
	unsigned int level = cut_block_level(e->k);
	struct cut_reader r = { .e = e };
	struct task_struct *task;

	edit_begin(e, iopgt_kunit_size(e->k, level));
	edit_map(e, e->size, IOPGT_RW);
	e->nr_probes = 0;
	init_completion(&r.done);
	/* For as long as somebody looks. */
	e->k->hooks.allocated = NULL;
	e->k->hooks.replacing = NULL;
	e->k->pgt.invalidate = cut_hitless_invalidate;
	e->k->editing = true;
	task = kthread_create(cut_reader_fn, &r, "iopgt_reader");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wake_up_process(task);
	do {
		cut_and_back(e, level);
	} while (READ_ONCE(r.looks) < 1000);
	WRITE_ONCE(r.stop, true);
	wait_for_completion(&r.done);
	e->k->editing = false;
	KUNIT_EXPECT_EQ(test, r.wrong, 0);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(e->k), 0);
}

static struct kunit_case cut_test_cases[] = {
	KUNIT_CASE_PARAM(cut_test_sizes, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_noncoherent, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_prot, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_nothing, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_no_memory, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_dirty, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_dirty_instants, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_dirty_scan, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_unmap, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_unmap_fails, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(cut_test_reader, iopgt_kunit_formats),
	{}
};

static struct kunit_suite cut_test_suite = {
	.name = "ioflush_pgtable_cut",
	.test_cases = cut_test_cases,
};

kunit_test_suite(cut_test_suite);
