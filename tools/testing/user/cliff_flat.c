// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: does a map and unmap cost more with what else is held, or with CPUs?
 *
 * In basic blocks, as in cliff.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "cliff.h"

#define MANY_CPUS	256
#define MANY_OPS	400000
#define MANY_HELD	64

/* What a map and unmap costs, where CPUs have some mappings each. */
static unsigned long many_cost(struct iospace *space, unsigned int cpus,
			       struct mapping (*held)[MANY_HELD])
{
	unsigned long before = cliff_blocks;

	for (unsigned int i = 0; i < MANY_OPS; i++) {
		unsigned int cpu = i / 16 % cpus, at = i / 16 / cpus * 16 + i % 16;
		struct mapping *m = &held[cpu][at % MANY_HELD];

		user_cpu_enter(cpu);
		if (m->iova)
			iospace_free(space, m->iova, (size_t)m->pages << PAGE_SHIFT);
		m->pages = at % 16 ? 1 : 64;
		m->iova = iospace_alloc(space, (size_t)m->pages << PAGE_SHIFT,
					DMA_BIT_MASK(48), IOSPACE_STREAMING);
	}
	return (cliff_blocks - before) * 1000 / MANY_OPS;
}

static unsigned long many_run(unsigned int cpus, unsigned long *misses)
{
	struct mapping (*held)[MANY_HELD] = calloc(cpus, sizeof(*held));
	struct iospace_stats stats;
	struct iospace *space;
	unsigned long cost;

	user_nr_cpus = cpus;
	space = iospace_create(0, DMA_BIT_MASK(48));
	many_cost(space, cpus, held);
	cost = many_cost(space, cpus, held);
	iospace_get_stats(space, &stats);
	*misses = stats.arena_misses;
	for (unsigned int i = 0; i < cpus * MANY_HELD; i++)
		if (held[0][i].iova)
			iospace_free(space, held[0][i].iova,
				     (size_t)held[0][i].pages << PAGE_SHIFT);
	iospace_destroy(space);
	free(held);
	return cost;
}

/* Nor does it grow with the number of CPUs. */
static bool run_many(void)
{
	unsigned long misses, one = many_run(1, &misses);
	unsigned long many = many_run(MANY_CPUS, &misses);
	bool ok = !misses && 10 * many <= 11 * one;

	printf("# %u CPUs: blocks a map and unmap: %.3f, with one %.3f; misses: %lu\n",
	       MANY_CPUS, many / 1e3, one / 1e3, misses);
	printf("%s - cliff CPUs: no dearer with many\n", ok ? "ok" : "not ok");
	return ok;
}

#define WIDE_BYTES	SZ_128K
#define WIDE_HELD	49152
#define WIDE_OPS	10000

/* The average of lasting mappings that do not go back, in thousandths. */
static unsigned long wide_cost(struct iospace *space, dma_addr_t *iova,
			       unsigned int n)
{
	unsigned long before = cliff_blocks;

	for (unsigned int i = 0; i < n; i++)
		iova[i] = iospace_alloc(space, WIDE_BYTES, DMA_BIT_MASK(48),
					IOSPACE_LASTING);
	return (cliff_blocks - before) * 1000 / n;
}

/*
 * What is used up below 4 GiB is not searched again on every map: it is all the
 * same whether the space is told not to.
 */
static bool run_wide(void)
{
	dma_addr_t *iova = calloc(WIDE_HELD + 2 * WIDE_OPS, sizeof(*iova));
	unsigned long full, told;
	struct iospace *space;
	bool ok;

	user_nr_cpus = 1;
	user_cpu_enter(0);
	space = iospace_create(0, DMA_BIT_MASK(48));
	wide_cost(space, iova, WIDE_HELD);
	full = wide_cost(space, iova + WIDE_HELD, WIDE_OPS);
	iospace_go_wide(space);
	told = wide_cost(space, iova + WIDE_HELD + WIDE_OPS, WIDE_OPS);
	ok = iova[WIDE_HELD] >= SZ_4G && 10 * full <= 11 * told;
	printf("# wide: blocks a lasting map: %.3f once it is full below, ",
	       full / 1e3);
	printf("%.3f where nobody looks there\n", told / 1e3);
	printf("%s - cliff wide: no dearer once it is full below\n",
	       ok ? "ok" : "not ok");
	for (unsigned int i = 0; i < WIDE_HELD + 2 * WIDE_OPS; i++)
		if (iova[i])
			iospace_free(space, iova[i], WIDE_BYTES);
	iospace_destroy(space);
	free(iova);
	return ok;
}

/**
 * struct keep - one of KEEP_EVERY mappings stays
 * @name: of the test
 * @limit: last address of the device
 * @kept: how many there are in the end
 * @lag: frees wait for so many others, as for an invalidation, and neighbours go
 *	together
 */
struct keep {
	const char *name;
	u64 limit;
	unsigned int kept;
	unsigned int lag;
};

static const struct keep keeps[] = {
	{ "keep 1100", DMA_BIT_MASK(32), 1100, 0 },
	{ "keep 1100 lazy", DMA_BIT_MASK(32), 1100, 300 },
	{ "keep 100000", DMA_BIT_MASK(48), 100000, 0 },
	{ "keep 100000 lazy", DMA_BIT_MASK(48), 100000, 300 },
};

#define KEEP_EVERY	128
#define KEEP_OPS	100000
#define KEEP_LAG_MAX	512

/**
 * struct keeper - a run of one of them, on one CPU
 * @space: where from
 * @limit: last address of the device
 * @lag: what is freed, but not given back
 * @nr_lag: in how many ranges
 * @pages: how much
 * @lag_max: how much that may be
 * @failed: allocations that found no room
 */
struct keeper {
	struct iospace *space;
	u64 limit;
	struct mapping lag[KEEP_LAG_MAX];
	unsigned int nr_lag;
	unsigned int pages;
	unsigned int lag_max;
	unsigned int failed;
};

static dma_addr_t keep_alloc(struct keeper *k)
{
	dma_addr_t iova = iospace_alloc(k->space, PAGE_SIZE, k->limit,
					IOSPACE_STREAMING);

	k->failed += !iova;
	return iova;
}

static void keep_give_back(struct keeper *k)
{
	for (unsigned int i = 0; i < k->nr_lag; i++)
		iospace_free(k->space, k->lag[i].iova,
			     (size_t)k->lag[i].pages << PAGE_SHIFT);
	k->nr_lag = 0;
	k->pages = 0;
}

static void keep_free(struct keeper *k, dma_addr_t iova)
{
	struct mapping *last = &k->lag[max(k->nr_lag, 1U) - 1];

	if (k->nr_lag && iova == last->iova + ((u64)last->pages << PAGE_SHIFT))
		last->pages++;
	else
		k->lag[k->nr_lag++] = (struct mapping){ iova, 1 };
	if (k->pages++ == k->lag_max)
		keep_give_back(k);
}

/* What a map and unmap costs on average, in a thousandth of a basic block. */
static unsigned long keep_cost(struct keeper *k)
{
	unsigned long before = cliff_blocks;

	for (unsigned int i = 0; i < KEEP_OPS; i++)
		keep_free(k, keep_alloc(k));
	return (cliff_blocks - before) * 1000 / KEEP_OPS;
}

/* The same of one that is kept of each KEEP_EVERY and those around it. */
static unsigned long keep_more(struct keeper *k, dma_addr_t *kept,
			       unsigned int n)
{
	unsigned long before = cliff_blocks;

	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int j = 1; j < KEEP_EVERY; j++)
			keep_free(k, keep_alloc(k));
		kept[i] = keep_alloc(k);
	}
	return (cliff_blocks - before) * 1000 / n / KEEP_EVERY;
}

static bool keep_test(bool ok, const struct keep *keep, const char *what)
{
	printf("%s - cliff %s: %s\n", ok ? "ok" : "not ok", keep->name, what);
	return ok;
}

/* The cost of a map and unmap does not grow with what else is held. */
static bool run_keep(const struct keep *keep)
{
	dma_addr_t *kept = calloc(keep->kept, sizeof(*kept));
	struct keeper *k = calloc(1, sizeof(*k));
	unsigned int most = keep->kept / 10 * 9;
	unsigned long none, more, held;
	struct iospace_stats stats;
	bool ok;

	k->limit = keep->limit;
	k->lag_max = keep->lag;
	user_nr_cpus = 1;
	user_cpu_enter(0);
	k->space = iospace_create(0, DMA_BIT_MASK(48));
	keep_cost(k);
	none = keep_cost(k);
	keep_more(k, kept, most);
	more = keep_more(k, kept + most, keep->kept - most);
	held = keep_cost(k);
	iospace_get_stats(k->space, &stats);
	printf("# %-16s blocks a map and unmap: %.3f with nothing held, ",
	       keep->name, none / 1e3);
	printf("%.3f while the last tenth comes, %.3f with all held\n",
	       more / 1e3, held / 1e3);
	printf("# %-16s chunks in use: %u below 4 GiB, %u above; misses: %lu\n",
	       keep->name, stats.small.chunks_used, stats.high_small.chunks_used,
	       stats.arena_misses);
	ok = keep_test(10 * more <= 11 * none, keep, "no dearer while more are kept");
	ok &= keep_test(10 * held <= 11 * none, keep, "no dearer with all kept");
	ok &= keep_test(!k->failed, keep, "there is room");

	keep_give_back(k);
	for (unsigned int i = 0; i < keep->kept; i++)
		iospace_free(k->space, kept[i], PAGE_SIZE);
	iospace_destroy(k->space);
	free(k);
	free(kept);
	return ok;
}

/* The tests' names, as part of a list. */
void cliff_flat_usage(FILE *to)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(keeps); i++)
		fprintf(to, ", \"%s\"", keeps[i].name);
	fprintf(to, ", \"CPUs\", \"wide\"\n");
}

/* All of them, or the one of that name; false if one failed. */
bool cliff_flat(const char *only)
{
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(keeps); i++)
		if (!only || !strcmp(only, keeps[i].name))
			ok &= run_keep(&keeps[i]);
	if (!only || !strcmp(only, "CPUs"))
		ok &= run_many();
	if (!only || !strcmp(only, "wide"))
		ok &= run_wide();
	return ok;
}
