// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: many threads at work in one table
 *
 * Each of the ways in which a live table gives up a page, driven by threads that
 * own ranges of their own, as the contract wants it, while readers that own
 * nothing walk through all of it. A page that is freed too early is poisoned
 * when a reader gets to it.
 *
 * What is mapped at an address is always the same. So whatever a reader finds
 * is either that or nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "fmt.h"
#include "formats.h"
#include "leaves.h"
#include "lib/case.h"
#include "page.h"

#define THREADS_MAX	64
#define READERS		2
#define RW		(IOMMU_READ | IOMMU_WRITE)

struct race;

/**
 * struct scenario - what the threads do
 * @name: of the test
 * @work: one round of one thread
 * @before: before the first round, if there is something to do
 * @rounds: how many, of all threads together
 * @dirty: needs tables that record writes
 * @block: needs blocks at level 1
 * @always: what is mapped translates at any moment, where hardware is hitless
 */
struct scenario {
	const char *name;
	void (*work)(struct race *r, unsigned int id, unsigned int round,
		     struct rnd_state *rnd);
	void (*before)(struct race *r);
	unsigned int rounds;
	bool dirty;
	bool block;
	bool always;
};

/**
 * struct race - one race
 * @f: the format
 * @s: what is done
 * @pgt: the table
 * @hooks: its hooks for tests
 * @threads: how many work
 * @rounds: how many rounds each
 * @out: what is added to an input address to get its output address
 * @limit: input addresses below that have an output address
 * @arrived: threads that have come to the end of a round, counted up
 * @stop: readers shall end
 * @lost: tables that lost the race to be installed
 * @became_dirty: by page, how often hardware made it dirty
 * @reported: by page, how often a scan said so
 */
struct race {
	const struct user_format *f;
	const struct scenario *s;
	struct iopgt pgt;
	struct iopgt_test hooks;
	unsigned int threads;
	unsigned int rounds;
	phys_addr_t out;
	unsigned long limit;
	atomic_t arrived;
	bool stop;
	unsigned long lost;
	atomic_t became_dirty[THREADS_MAX];
	atomic_t reported[THREADS_MAX];
};

struct worker {
	struct race *race;
	unsigned int id;
};

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s: %s: " fmt "\n", __func__, #good,		\
			 ##__VA_ARGS__);				\
} while (0)

/* All threads of a round begin it together. */
static void meet(struct race *r, unsigned int round)
{
	atomic_inc_return(&r->arrived);
	while (atomic_read_acquire(&r->arrived) < (int)(r->threads * round))
		schedule();
}

static unsigned long granule(const struct race *r)
{
	return 1UL << r->f->granule_lg2;
}

static unsigned long span(const struct race *r, unsigned int level)
{
	return 1UL << user_lg2(r->f, level);
}

static void map(struct race *r, unsigned long iova, size_t pgsize, size_t n)
{
	const struct iopgt_piece piece[] = {
		{ iova + r->out, 1 }, { iova + r->out + pgsize, n - 1 },
	};
	size_t mapped = 0;
	int ret;

	/* Some pages by way of a list, which goes on in the table that it has found. */
	if (n > 1 && pgsize == 1UL << r->f->granule_lg2)
		ret = iopgt_map_list(&r->pgt, iova, piece, 2, RW, GFP_KERNEL,
				     &mapped);
	else
		ret = iopgt_map_pages(&r->pgt, iova, iova + r->out, pgsize, n,
				      RW, GFP_KERNEL, &mapped);
	EXPECT(!ret && mapped == n * pgsize, "%#lx, %#zx: %d, %#zx", iova,
	       pgsize, ret, mapped);
}

/* Returns how many tables went with it. */
static size_t unmap(struct race *r, unsigned long iova, size_t size)
{
	struct iopgt_gather gather;
	size_t done, tables;

	iopgt_gather_init(&gather, true);
	done = iopgt_unmap_pages(&r->pgt, iova, size, &gather);
	EXPECT(done == size, "%#lx, %#zx: %#zx", iova, size, done);
	tables = list_count_nodes(&gather.pages);
	iopgt_free_pages(&r->pgt, &gather.pages);
	return tables;
}

static void look(struct race *r, unsigned long iova, bool mapped)
{
	phys_addr_t paddr = iopgt_iova_to_phys(&r->pgt, iova);

	EXPECT(paddr == (mapped ? iova + r->out : 0), "%#lx: %#llx", iova,
	       paddr);
}

/* All want the same table, which is not there. */
static void work_raced(struct race *r, unsigned int id, unsigned int round,
		       struct rnd_state *rnd)
{
	unsigned long iova = round * span(r, 1) + id * granule(r);

	meet(r, round + 1);
	map(r, iova, granule(r), 1);
	look(r, iova, true);
	if (prandom_u32_state(rnd) & 1) {
		unmap(r, iova, granule(r));
		look(r, iova, false);
		map(r, iova, granule(r), 1);
	}
}

/* A table without leaves makes room for a block, one or two levels up. */
static void work_empty(struct race *r, unsigned int id, unsigned int round,
		       struct rnd_state *rnd)
{
	unsigned int level = 1, i, n = 1 + prandom_u32_state(rnd) % 4;
	unsigned long iova, page[4];

	if (user_leaf_at(&r->pgt, r->f, 2) && prandom_u32_state(rnd) & 1 &&
	    (id + 1) * span(r, 2) <= r->limit / 2)
		level = 2;
	/* Those of the second kind are where those of the first are not. */
	iova = id * span(r, level);
	if (level == 2)
		iova += r->limit / 2;

	for (i = 0; i < n; i++) {
		page[i] = iova + i * span(r, level) / n;
		page[i] &= ~(granule(r) - 1);
		map(r, page[i], granule(r), 1);
	}
	for (i = 0; i < n; i++)
		unmap(r, page[i], granule(r));
	map(r, iova, span(r, level), 1);
	look(r, iova + prandom_u32_state(rnd) % span(r, level), true);
	unmap(r, iova, span(r, level));
	look(r, iova, false);
}

/* One unmap finds a table, or two and something on both sides. */
static void work_covered(struct race *r, unsigned int id, unsigned int round,
			 struct rnd_state *rnd)
{
	const unsigned int n = 1U << r->f->idx_lg2;
	unsigned long iova = (4UL * id + 1) * span(r, 1);
	unsigned int edge = round & 1 ? prandom_u32_state(rnd) % n : 0;

	iova -= edge * granule(r);
	map(r, iova, granule(r), (1 + !!edge) * n + 2 * edge);
	EXPECT(unmap(r, iova, ((1 + !!edge) * n + 2 * edge) * granule(r)) ==
	       1 + !!edge, "%#lx, %u", iova, edge);
	look(r, iova, false);
}

/* Level 2 as well: blocks fill a table, and one unmap takes all. */
static void work_covered_blocks(struct race *r, unsigned int id,
				unsigned int round, struct rnd_state *rnd)
{
	const unsigned int n = 1U << r->f->idx_lg2;
	unsigned long iova = id * span(r, 2);

	if (iova + span(r, 2) > r->limit)
		return;
	map(r, iova, granule(r), n);
	map(r, iova + span(r, 1), span(r, 1), n - 1);
	look(r, iova + prandom_u32_state(rnd) % span(r, 2), true);
	/* A root that is so small has no table above it. */
	EXPECT(unmap(r, iova, span(r, 2)) == (r->pgt.levels > 2 ? 2 : 1),
	       "%#lx", iova);
}

static void before_cut(struct race *r)
{
	unsigned int i;

	for (i = 0; i < r->threads; i++)
		map(r, i * span(r, 1), span(r, 1), 1);
}

/* A block becomes a table and a block again; readers always find it. */
static void work_cut(struct race *r, unsigned int id, unsigned int round,
		     struct rnd_state *rnd)
{
	unsigned long iova = id * span(r, 1);
	unsigned long page = prandom_u32_state(rnd) % (1U << r->f->idx_lg2);

	EXPECT(!iopgt_cut(&r->pgt, iova + page * granule(r), GFP_KERNEL),
	       "%#lx", page);
	look(r, iova, true);
	look(r, iova + page * granule(r), true);
	EXPECT(!iopgt_collapse(&r->pgt, iova, span(r, 1)), "%#lx", iova);
	look(r, iova + page * granule(r), true);
}

/* A part of a block is unmapped, mapped again, and all of it unmapped. */
static void work_partial(struct race *r, unsigned int id, unsigned int round,
			 struct rnd_state *rnd)
{
	unsigned long iova = id * span(r, 1);
	unsigned int n = 1U << r->f->idx_lg2;
	unsigned int first = prandom_u32_state(rnd) % n;
	unsigned int count = 1 + prandom_u32_state(rnd) % (n - first);
	unsigned long part = iova + first * granule(r);

	map(r, iova, span(r, 1), 1);
	unmap(r, part, count * granule(r));
	look(r, part, false);
	look(r, iova, first);
	map(r, part, granule(r), count);
	look(r, part, true);
	unmap(r, iova, span(r, 1));
}

static void before_dirty(struct race *r)
{
	EXPECT(!iopgt_set_dirty_tracking(&r->pgt, true), "");
	map(r, 0, granule(r), THREADS_MAX);
}

/* Hardware: makes a leaf dirty that is clean, by one atomic access. */
static void write_through(struct race *r, unsigned int page)
{
	const struct iopgt_fmt *fmt = r->pgt.fmt;
	u64 *entry = user_leaf_entry(&r->pgt, page * granule(r));
	u64 pte = READ_ONCE(*entry);

	if ((pte & fmt->dirty_mask) != (fmt->dirty_bits ^ fmt->dirty_flip))
		return;
	if (try_cmpxchg(entry, &pte,
			(pte & ~fmt->dirty_mask) | fmt->dirty_bits))
		atomic_inc(&r->became_dirty[page]);
}

static void saw_dirty(unsigned long iova, size_t bytes, void *arg)
{
	struct race *r = arg;

	for (; bytes; bytes -= granule(r), iova += granule(r))
		atomic_inc(&r->reported[iova / granule(r)]);
}

static void scan(struct race *r)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	EXPECT(!iopgt_read_dirty(&r->pgt, 0, THREADS_MAX * granule(r), true,
				 &gather, saw_dirty, r), "");
}

/* The first thread scans, the others are hardware. */
static void work_dirty(struct race *r, unsigned int id, unsigned int round,
		       struct rnd_state *rnd)
{
	unsigned int i;

	if (!id) {
		scan(r);
		return;
	}
	for (i = 0; i < 20; i++)
		write_through(r, prandom_u32_state(rnd) % THREADS_MAX);
}

/* Tracking goes on and off while others map: nothing to expect, but races. */
static void work_switch(struct race *r, unsigned int id, unsigned int round,
			struct rnd_state *rnd)
{
	unsigned long iova = id * span(r, 1);

	if (!id) {
		EXPECT(!iopgt_set_dirty_tracking(&r->pgt, !(round & 1)), "");
		return;
	}
	map(r, iova, granule(r), 16);
	unmap(r, iova, 16 * granule(r));
}

static const struct scenario scenarios[] = {
	{ .name = "raced", .work = work_raced, .rounds = 600 },
	{ .name = "empty", .work = work_empty, .rounds = 1000, .block = true },
	{ .name = "covered", .work = work_covered, .rounds = 400 },
	{ .name = "covered blocks", .work = work_covered_blocks, .rounds = 100,
	  .block = true },
	{ .name = "cut and collapse", .work = work_cut, .before = before_cut,
	  .rounds = 400, .block = true, .always = true },
	{ .name = "partial unmap", .work = work_partial, .rounds = 400,
	  .block = true },
	{ .name = "dirty", .work = work_dirty, .before = before_dirty,
	  .rounds = 2000, .dirty = true, .always = true },
	{ .name = "tracking", .work = work_switch, .rounds = 1000,
	  .dirty = true },
};

/* A reader that walks all there is. */
static int visit(const struct iopgt_entry *entry, void *arg)
{
	const struct race *r = arg;

	if (!entry->table)
		EXPECT(entry->paddr == entry->iova + r->out, "%#lx: %#llx",
		       entry->iova, entry->paddr);
	return READ_ONCE(r->stop);
}

static int reader(void *arg)
{
	struct worker *w = arg;
	struct race *r = w->race;
	bool always = r->s->always && (r->pgt.cfg.hitless || r->s->dirty);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 1000 + w->id);
	while (!READ_ONCE(r->stop)) {
		for (i = 0; i < 64; i++) {
			unsigned long iova = prandom_u32_state(&rnd) %
					     (4 * r->threads * span(r, 1));
			phys_addr_t paddr = iopgt_iova_to_phys(&r->pgt, iova);

			EXPECT(!paddr || paddr == iova + r->out, "%#lx: %#llx",
			       iova, paddr);
			iova = prandom_u32_state(&rnd) %
			       (r->s->dirty ? granule(r) :
				r->threads * span(r, 1));
			if (always)
				look(r, iova, true);
		}
		if (w->id & 1)
			iopgt_visit(&r->pgt, 0, r->pgt.ias_last, visit, r);
		schedule();
	}
	return 0;
}

static int worker(void *arg)
{
	struct worker *w = arg;
	struct race *r = w->race;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, w->id);
	for (i = 0; i < r->rounds; i++)
		r->s->work(r, w->id, i, &rnd);
	return 0;
}

static void run_threads(struct race *r)
{
	struct task_struct *work[THREADS_MAX], *read[READERS];
	struct worker w[THREADS_MAX + READERS];
	unsigned int i;

	for (i = 0; i < READERS; i++) {
		w[i] = (struct worker){ r, i };
		read[i] = kthread_run(reader, &w[i], "reader%u", i);
	}
	for (i = 0; i < r->threads; i++) {
		w[READERS + i] = (struct worker){ r, i };
		work[i] = kthread_run(worker, &w[READERS + i], "worker%u", i);
	}
	for (i = 0; i < r->threads; i++)
		kthread_stop(work[i]);
	WRITE_ONCE(r->stop, true);
	for (i = 0; i < READERS; i++)
		kthread_stop(read[i]);
}

/* Between the allocation of a table and its use: somebody else may be faster. */
static void allocated(struct iopgt *pgt)
{
	schedule();
}

static void invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
	EXPECT(!iopgt_gather_empty(gather) && !gather->may_defer, "");
	schedule();
}

/* No dirty bit got lost, and none was seen twice. */
static void check_dirty(struct race *r)
{
	unsigned int i, n = 0;

	if (r->s->work != work_dirty)
		return;
	scan(r);
	for (i = 0; i < THREADS_MAX; i++) {
		int dirty = atomic_read(&r->became_dirty[i]);

		EXPECT(atomic_read(&r->reported[i]) == dirty, "%u: %d, %d", i,
		       atomic_read(&r->reported[i]), dirty);
		n += dirty;
	}
	EXPECT(n, "");
}

static void run(void *arg)
{
	struct race *r = arg;
	struct user_leaves leaves = {};
	unsigned long tables;

	EXPECT(!iopgt_init(&r->pgt, r->f->ops, &r->f->cfg), "");
	r->pgt.invalidate = invalidate;
	r->pgt.test = &r->hooks;
	r->hooks.allocated = allocated;
	r->out = (r->pgt.oas_last >> 1) + 1;
	r->limit = (min_t(unsigned long, r->pgt.ias_last, r->pgt.oas_last) >>
		    1) + 1;
	user_jitter = true;
	if (r->s->before)
		r->s->before(r);
	run_threads(r);
	check_dirty(r);
	tables = user_dump(&r->pgt, &leaves);
	EXPECT(atomic_long_read(&r->pgt.live_pages) == (long)tables,
	       "%ld, %lu", atomic_long_read(&r->pgt.live_pages), tables);
	user_leaves_free(&leaves);
	iopgt_destroy(&r->pgt);
}

static bool race(const struct user_format *f, const struct scenario *s,
		 unsigned int threads, unsigned int percent)
{
	struct race *r = calloc(1, sizeof(*r));
	char name[128];
	bool ok;

	r->f = f;
	r->s = s;
	r->threads = threads;
	r->rounds = max(2U, s->rounds * percent / 100 / threads);
	/* As many as have room side by side. */
	while (r->rounds * span(r, 1) >
	       1UL << (min(f->cfg.ias_bits, f->cfg.oas_bits) - 1))
		r->rounds /= 2;
	snprintf(name, sizeof(name), "%s, %s, %u threads", s->name, f->name,
		 threads);
	ok = user_case(name, 120, run, r);
	free(r);
	return ok;
}

static int usage(FILE *to)
{
	unsigned int i;

	fprintf(to, "usage: race [--threads=N] [--percent=N] [--format=NAME] [SCENARIO]\n\n"
		"Runs each scenario on each format with N threads, or with 2 and with 32, with\n"
		"this percentage of the usual rounds. Scenarios:");
	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		fprintf(to, "%s %s", i ? "," : "", scenarios[i].name);
	fprintf(to, "\n");
	return to == stdout ? 0 : 2;
}

/* Whether hardware could record writes in the format's tables. */
static bool suits(const struct user_format *f, const struct scenario *s)
{
	return !s->dirty || f->cfg.coherent_walk;
}

int main(int argc, char **argv)
{
	unsigned long threads = 0, percent = 100;
	const char *format = NULL, *scenario = NULL;
	const struct user_format *f;
	bool ok = true;
	unsigned int i;
	int arg;

	for (arg = 1; arg < argc; arg++) {
		if (!strcmp(argv[arg], "--help"))
			return usage(stdout);
		if (!strncmp(argv[arg], "--threads=", 10))
			threads = strtoul(argv[arg] + 10, NULL, 0);
		else if (!strncmp(argv[arg], "--percent=", 10))
			percent = strtoul(argv[arg] + 10, NULL, 0);
		else if (!strncmp(argv[arg], "--format=", 9))
			format = user_format(argv[arg] + 9)->name;
		else if (argv[arg][0] != '-' && !scenario)
			scenario = argv[arg];
		else
			return usage(stderr);
	}
	if (threads > THREADS_MAX)
		return usage(stderr);

	for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *s = &scenarios[i];

		if (scenario && strcmp(scenario, s->name))
			continue;
		for (f = user_formats; f->name; f++) {
			if ((format && strcmp(format, f->name)) || !suits(f, s))
				continue;
			if (threads) {
				ok &= race(f, s, threads, percent);
				continue;
			}
			ok &= race(f, s, 2, percent);
			ok &= race(f, s, 32, percent);
		}
	}
	return !ok;
}
