// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: how many nanoseconds an operation takes, natively
 *
 * Each thread works on ranges of its own in one table, as a driver's CPUs do,
 * and the time of an operation is that of one thread. Of several tries the
 * fastest counts: everything else that runs on the machine only adds.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>

#include "formats.h"

#define THREADS_MAX	256
#define RW		(IOMMU_READ | IOMMU_WRITE)
#define NO_RESULT	(-1.0)

/**
 * struct bench_case - what is mapped and unmapped
 * @name: column of the table
 * @level: of its leaves
 * @count: how many; 0 for a lookup or a scan, see @scan
 * @scan: a scan for dirty leaves over as much as a level 2 entry translates
 */
struct bench_case {
	const char *name;
	unsigned int level;
	unsigned int count;
	bool scan;
};

static const struct bench_case cases[] = {
	{ "1 page", 0, 1 },
	{ "256 pages", 0, 256 },
	{ "1 block", 1, 1 },
	{ "256 blocks", 1, 256 },
	{ "1 large block", 2, 1 },
	{ "lookup", 0, 0 },
	{ "scan pages", 0, 0, true },
	{ "scan blocks", 1, 0, true },
};

/**
 * struct job - one thread's part of a measurement
 * @thread: the thread
 * @pgt: the table
 * @f: its format
 * @c: what is measured
 * @iova: where
 * @ops: how many operations a try has
 * @per_table: how many of them in one table
 * @tries: how many tries
 * @start: where all threads meet before each try
 * @ns: the fastest: of the first and of the second kind of operation
 */
struct job {
	pthread_t thread;
	struct iopgt *pgt;
	const struct user_format *f;
	const struct bench_case *c;
	unsigned long iova;
	unsigned int ops;
	unsigned int per_table;
	unsigned int tries;
	pthread_barrier_t *start;
	double ns[2];
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void keep_least(double *least, double ns)
{
	if (*least < 0 || ns < *least)
		*least = ns;
}

static void map(struct job *j, unsigned long iova, unsigned int level,
		size_t count)
{
	phys_addr_t paddr = iova & (j->pgt->oas_last >> 1);
	size_t mapped = 0;

	if (iopgt_map_pages(j->pgt, iova, paddr, 1UL << user_lg2(j->f, level),
			    count, RW, GFP_KERNEL, &mapped))
		user_die("bench: %s: %#lx cannot be mapped\n", j->f->name, iova);
}

static void unmap(struct job *j, unsigned long iova, size_t size)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	if (iopgt_unmap_pages(j->pgt, iova, size, &gather) != size)
		user_die("bench: %s: %#lx is not mapped\n", j->f->name, iova);
	iopgt_free_pages(j->pgt, &gather.pages);
}

/* Where the range of an operation is. */
static unsigned long piece(const struct job *j, unsigned int i)
{
	return j->iova +
	       ((unsigned long)(i / j->per_table)
		<< user_lg2(j->f, j->c->level + 1)) +
	       ((unsigned long)(i % j->per_table) * j->c->count
		<< user_lg2(j->f, j->c->level));
}

/*
 * Many ranges are mapped, then all are unmapped, so that the clock is read
 * seldom. The tables stay: there is a leaf at the end of each.
 */
static void bench_map(struct job *j)
{
	const size_t bytes = (size_t)j->c->count <<
			     user_lg2(j->f, j->c->level);
	double t0, t1, t2;
	unsigned int i;

	t0 = now_ns();
	for (i = 0; i < j->ops; i++)
		map(j, piece(j, i), j->c->level, j->c->count);
	t1 = now_ns();
	for (i = 0; i < j->ops; i++)
		unmap(j, piece(j, i), bytes);
	t2 = now_ns();
	keep_least(&j->ns[0], (t1 - t0) / j->ops);
	keep_least(&j->ns[1], (t2 - t1) / j->ops);
}

static void bench_lookup(struct job *j)
{
	const unsigned int lg2 = j->f->granule_lg2;
	unsigned long sum = 0;
	unsigned int i;
	double t0;

	map(j, j->iova, 0, j->ops);
	t0 = now_ns();
	for (i = 0; i < j->ops; i++) {
		sum += iopgt_iova_to_phys(j->pgt,
					  j->iova + ((unsigned long)i << lg2));
		user_rcu_quiescent();
	}
	keep_least(&j->ns[0], (now_ns() - t0) / j->ops);
	unmap(j, j->iova, (size_t)j->ops << lg2);
	if (!sum)
		user_die("bench: nothing was found\n");
}

/* For 1 GiB, all of which is clean. */
static void bench_scan(struct job *j)
{
	const unsigned int lg2 = user_lg2(j->f, j->c->level);
	const size_t bytes = max((size_t)SZ_1G, (size_t)1 << lg2);
	struct iopgt_gather gather;
	unsigned int i;
	double t0;

	iopgt_gather_init(&gather, false);
	for (i = 0; i < j->ops; i++) {
		t0 = now_ns();
		if (iopgt_read_dirty(j->pgt, j->iova, bytes, true, &gather,
				     NULL, NULL))
			user_die("bench: no scan\n");
		keep_least(&j->ns[0], (now_ns() - t0) * SZ_1G / bytes);
	}
	if (!iopgt_gather_empty(&gather))
		user_die("bench: something was dirty\n");
}

static void *job_fn(void *arg)
{
	struct job *j = arg;
	unsigned int try;

	user_rcu_register();
	for (try = 0; try < j->tries; try++) {
		pthread_barrier_wait(j->start);
		if (j->c->scan)
			bench_scan(j);
		else if (j->c->count)
			bench_map(j);
		else
			bench_lookup(j);
		user_rcu_quiescent();
	}
	user_rcu_unregister();
	return NULL;
}

/* Tables that a thread works in, where a range is most of one. */
#define TABLES	8

/* Where a thread works. */
static unsigned long place(const struct user_format *f, unsigned int thread)
{
	return (unsigned long)thread * 2 * TABLES << user_lg2(f, 2);
}

static void prepare(struct job *j)
{
	const unsigned int n = 1U << j->f->idx_lg2;
	const unsigned int lg2 = user_lg2(j->f, j->c->level);
	unsigned int i;

	if (j->c->scan) {
		j->ops = 3;
		map(j, j->iova, j->c->level,
		    max((size_t)SZ_1G, (size_t)1 << lg2) >> lg2);
		return;
	}
	if (!j->c->count) {
		j->ops = n - 1;
		return;
	}
	j->per_table = min((n - 1) / j->c->count, 256U);
	j->ops = j->per_table * (j->per_table > TABLES ? 1 : TABLES);
	if (j->c->level == 2) {
		j->per_table = TABLES;
		j->ops = TABLES;
	}
	for (i = 0; j->c->level < 2 && i < j->ops; i += j->per_table)
		map(j, piece(j, i) + ((unsigned long)(n - 1) << lg2),
		    j->c->level, 1);
}

/* Is it there, and is there room for it? */
static bool suits(const struct iopgt *pgt, const struct user_format *f,
		  const struct bench_case *c, unsigned int threads)
{
	if (place(f, threads) - 1 > pgt->ias_last)
		return false;
	if (c->scan && (!pgt->cfg.coherent_walk || !pgt->dirty))
		return false;
	return !c->level || user_leaf_at(pgt, f, c->level);
}

static void invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
}

static void measure(const struct user_format *f, const struct bench_case *c,
		    unsigned int threads, double *ns)
{
	struct job *jobs = calloc(threads, sizeof(*jobs));
	pthread_barrier_t start;
	struct iopgt pgt;
	unsigned int i;

	ns[0] = NO_RESULT;
	ns[1] = NO_RESULT;
	if (!jobs || iopgt_init(&pgt, f->ops, &f->cfg))
		user_die("bench: no table of format %s\n", f->name);
	pgt.invalidate = invalidate;
	if (c->scan)
		iopgt_set_dirty_tracking(&pgt, true);
	if (!suits(&pgt, f, c, threads))
		goto out;

	pthread_barrier_init(&start, NULL, threads);
	for (i = 0; i < threads; i++) {
		jobs[i] = (struct job){
			.pgt = &pgt, .f = f, .c = c, .iova = place(f, i),
			.tries = c->scan ? 3 : 300, .start = &start,
			.ns = { NO_RESULT, NO_RESULT },
		};
		prepare(&jobs[i]);
	}
	/* Until they are through: nobody reads or frees here. */
	for (i = 0; i < threads; i++)
		pthread_create(&jobs[i].thread, NULL, job_fn, &jobs[i]);
	user_rcu_unregister();
	for (i = 0; i < threads; i++)
		pthread_join(jobs[i].thread, NULL);
	user_rcu_register();
	for (i = 0; i < threads; i++) {
		ns[0] = max(ns[0], jobs[i].ns[0]);
		ns[1] = max(ns[1], jobs[i].ns[1]);
	}
	pthread_barrier_destroy(&start);
out:
	iopgt_destroy(&pgt);
	free(jobs);
}

static void print_cell(const double *ns, bool pair)
{
	char text[32] = "-";

	if (ns[0] >= 0 && pair)
		snprintf(text, sizeof(text), "%.0f / %.0f", ns[0], ns[1]);
	else if (ns[0] >= 0)
		snprintf(text, sizeof(text), "%.0f", ns[0]);
	printf(" %14s", text);
	fflush(stdout);
}

static void print_json(FILE *json, const char *format, unsigned int threads,
		       const struct bench_case *c, const double *ns)
{
	static bool comma;

	if (ns[0] < 0)
		return;
	fprintf(json, "%s\n\t{\"format\": \"%s\", \"threads\": %u, \"case\": \"%s\", ",
		comma ? "," : "", format, threads, c->name);
	if (c->count)
		fprintf(json, "\"map_ns\": %.1f, \"unmap_ns\": %.1f}", ns[0],
			ns[1]);
	else
		fprintf(json, "\"%s\": %.1f}",
			c->scan ? "ns_per_gib" : "lookup_ns", ns[0]);
	comma = true;
}

static void run(const char *chosen, unsigned int threads, FILE *json)
{
	const struct user_format *f;
	unsigned int i;
	double ns[2];

	printf("ns, map / unmap, a lookup, a scan of 1 GiB; %u thread%s\n%-11s",
	       threads, threads == 1 ? "" : "s", "");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		printf(" %14s", cases[i].name);
	printf("\n");
	for (f = user_formats; f->name; f++) {
		if (chosen && strcmp(chosen, f->name))
			continue;
		printf("%-11s", f->name);
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			measure(f, &cases[i], threads, ns);
			print_cell(ns, cases[i].count);
			if (json)
				print_json(json, f->name, threads, &cases[i],
					   ns);
		}
		printf("\n");
	}
}

static int usage(FILE *to)
{
	fprintf(to, "usage: bench [--json=FILE] [--format=NAME] [THREADS...]\n\n"
		"Measures with 1 and with 2 threads, or with as many as are asked for. A page is\n"
		"a leaf of the smallest size, a block one a level up, a large block one two.\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	unsigned int threads[16] = { 1, 2 }, n = 0, i;
	const char *format = NULL;
	FILE *json = NULL;
	int arg;

	for (arg = 1; arg < argc; arg++) {
		if (!strcmp(argv[arg], "--help"))
			return usage(stdout);
		if (!strncmp(argv[arg], "--json=", 7))
			json = fopen(argv[arg] + 7, "w");
		else if (!strncmp(argv[arg], "--format=", 9))
			format = user_format(argv[arg] + 9)->name;
		else if (n < ARRAY_SIZE(threads) && atoi(argv[arg]) > 0 &&
			 atoi(argv[arg]) <= THREADS_MAX)
			threads[n++] = atoi(argv[arg]);
		else
			return usage(stderr);
	}
	if (json)
		fprintf(json, "[");
	for (i = 0; i < (n ?: 2); i++)
		run(format, threads[i], json);
	if (json)
		fprintf(json, "\n]\n");
	if (json && fclose(json))
		user_die("bench: the file was not written\n");
	return !!user_warnings();
}
