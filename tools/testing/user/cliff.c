// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: does an allocation of bus addresses cost more after millions?
 *
 * Allocations and frees of mixed sizes, by several CPUs that take turns in one
 * thread. What an operation costs is counted in basic blocks of iova/, of the
 * kernel's allocator and of its tree, which the compiler has made to count
 * themselves: the same number for the same seed, however busy the machine is.
 * After each epoch the quantiles are printed, and what the caches hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "cliff.h"

#define CPUS		8
#define EPOCHS		10
#define HELD_MAX	16384
#define COST_MAX	65536
/*
 * Sizes that the kernel's allocator caches; of each, a CPU has two magazines of
 * addresses, and all share as many more as there are CPUs, once the work is done
 * that gives one back every 100 ms: here after so many operations.
 */
#define RCACHES		6
#define RCACHE_CPU	2
#define RCACHE_PFNS	127
#define WORK_EVERY	20000
/*
 * Arenas and long ranges, below and above 4 GiB, each of them one address in the
 * kernel's allocator.
 */
#define PARTS		6

/**
 * struct size - lengths in a mix
 * @weight: how often, as a share of the sum
 * @pages_min: the shortest
 * @pages_max: the longest
 */
struct size {
	unsigned int weight;
	unsigned int pages_min;
	unsigned int pages_max;
};

/**
 * struct mix - what is allocated
 * @name: of the test
 * @limit: last address of the device
 * @held: mappings that a CPU has at a time, on average
 * @wave: they rise to twice as many and fall to none again, in so many
 *	operations; 0 for no
 * @lag: frees wait for so many others, as for an invalidation
 * @lasting: one of so many allocations stays for long; 0 for none
 * @size: which lengths, and how often
 */
struct mix {
	const char *name;
	u64 limit;
	unsigned int held;
	unsigned int wave;
	unsigned int lag;
	unsigned int lasting;
	struct size size[6];
};

static const struct mix mixes[] = {
	{ "pages", DMA_BIT_MASK(48), 256, 0, 384, 0, { { 1, 1, 1 } } },
	{ "packets", DMA_BIT_MASK(48), 512, 0, 384, 64,
	  { { 12, 1, 1 }, { 3, 2, 4 }, { 1, 16, 16 } } },
	{ "storage", DMA_BIT_MASK(48), 256, 50000, 128, 256,
	  { { 8, 1, 8 }, { 4, 16, 32 }, { 2, 33, 128 }, { 1, 129, 256 } } },
	{ "all sizes", DMA_BIT_MASK(48), 128, 50000, 64, 128,
	  { { 4, 1, 4 }, { 4, 5, 32 }, { 2, 33, 64 }, { 2, 65, 300 }, { 1, 301, 1024 } } },
	{ "large", DMA_BIT_MASK(48), 64, 0, 32, 0, { { 3, 33, 64 }, { 1, 65, 512 } } },
	{ "32-bit", DMA_BIT_MASK(32), 256, 50000, 128, 256,
	  { { 8, 1, 8 }, { 4, 16, 32 }, { 2, 33, 128 }, { 1, 129, 256 } } },
	{ "narrow", DMA_BIT_MASK(30), 128, 50000, 64, 256,
	  { { 8, 1, 8 }, { 4, 16, 32 }, { 1, 33, 128 } } },
	{ "waves", DMA_BIT_MASK(48), 2048, 100000, 384, 0,
	  { { 8, 1, 1 }, { 2, 2, 32 }, { 1, 33, 64 } } },
};

/**
 * struct cpu - what a CPU has
 * @held: mappings
 * @nr: how many
 * @lag: what it has freed, but not given back
 * @nr_lag: how much
 */
struct cpu {
	struct mapping held[HELD_MAX];
	unsigned int nr;
	struct mapping lag[512];
	unsigned int nr_lag;
};

/**
 * struct costs - of one kind of operation in one epoch
 * @n: how many
 * @by_cost: how many of each cost, the dearest together
 * @max: the dearest
 */
struct costs {
	unsigned long n;
	unsigned int by_cost[COST_MAX];
	unsigned long max;
};

/**
 * struct cliff - a run of one mix
 * @m: the mix
 * @space: where from
 * @rnd: random numbers
 * @cpu: what each CPU has
 * @alloc: costs of allocations
 * @free: costs of giving back
 * @ops: operations so far
 * @failed: allocations that found no room
 * @p999: of allocations, by epoch
 */
struct cliff {
	const struct mix *m;
	struct iospace *space;
	struct rnd_state rnd;
	struct cpu cpu[CPUS];
	struct costs alloc;
	struct costs free;
	unsigned long ops;
	unsigned long failed;
	unsigned long p999[EPOCHS];
};

/* Each basic block that is looked at calls this. */
void __sanitizer_cov_trace_pc(void);
unsigned long cliff_blocks;

void __sanitizer_cov_trace_pc(void)
{
	cliff_blocks++;
}

static unsigned int pick(struct cliff *c, unsigned int n)
{
	return prandom_u32_state(&c->rnd) % n;
}

static void costs_add(struct costs *costs, unsigned long cost)
{
	costs->n++;
	costs->by_cost[min_t(unsigned long, cost, COST_MAX - 1)]++;
	costs->max = max(costs->max, cost);
}

static unsigned long costs_quantile(const struct costs *costs, double share)
{
	unsigned long left = (unsigned long)((double)costs->n * (1 - share));
	unsigned long cost = COST_MAX - 1;

	/* From above, until more than the rest is there. */
	for (unsigned long n = 0; cost; cost--) {
		n += costs->by_cost[cost];
		if (n > left)
			break;
	}
	return cost;
}

static u32 pick_pages(struct cliff *c)
{
	const struct size *size = c->m->size;
	unsigned int sum = 0, n;

	for (unsigned int i = 0; i < ARRAY_SIZE(c->m->size); i++)
		sum += size[i].weight;
	for (n = pick(c, sum); n >= size->weight; size++)
		n -= size->weight;
	return size->pages_min + pick(c, size->pages_max - size->pages_min + 1);
}

static void cliff_alloc(struct cliff *c, struct cpu *cpu)
{
	bool lasting = c->m->lasting && !pick(c, c->m->lasting);
	struct mapping *m = &cpu->held[cpu->nr];
	unsigned long before;

	m->pages = pick_pages(c);
	before = cliff_blocks;
	m->iova = iospace_alloc(c->space, (size_t)m->pages << PAGE_SHIFT,
				c->m->limit, lasting ? IOSPACE_LASTING :
				IOSPACE_STREAMING);
	costs_add(&c->alloc, cliff_blocks - before);
	if (!m->iova)
		c->failed++;
	else
		cpu->nr++;
}

static void cliff_give_back(struct cliff *c, struct cpu *cpu)
{
	for (unsigned int i = 0; i < cpu->nr_lag; i++) {
		unsigned long before = cliff_blocks;

		iospace_free(c->space, cpu->lag[i].iova,
			     (size_t)cpu->lag[i].pages << PAGE_SHIFT);
		costs_add(&c->free, cliff_blocks - before);
	}
	cpu->nr_lag = 0;
}

/* Mostly what is old, and some of it mapped by another CPU. */
static void cliff_free(struct cliff *c, struct cpu *cpu)
{
	struct cpu *from = pick(c, 4) ? cpu : &c->cpu[pick(c, CPUS)];
	unsigned int i;

	if (!from->nr)
		return;
	i = pick(c, pick(c, 4) ? min(from->nr, 64U) : from->nr);
	cpu->lag[cpu->nr_lag++] = from->held[i];
	memmove(&from->held[i], &from->held[i + 1],
		(--from->nr - i) * sizeof(from->held[0]));
	if (cpu->nr_lag >= max(1U, c->m->lag))
		cliff_give_back(c, cpu);
}

/* How many mappings a CPU is to have now. */
static unsigned int cliff_level(const struct cliff *c)
{
	unsigned int at;

	if (!c->m->wave)
		return c->m->held;
	at = c->ops % c->m->wave * 4 * c->m->held / c->m->wave;
	return at < 2 * c->m->held ? at : 4 * c->m->held - at;
}

static void cliff_step(struct cliff *c)
{
	unsigned int nr = pick(c, CPUS), level = cliff_level(c);
	struct cpu *cpu = &c->cpu[nr];

	user_cpu_enter(nr);
	/* A burst, which a driver's loop makes. */
	for (unsigned int n = 1 + pick(c, 16); n; n--) {
		c->ops++;
		if (c->ops % WORK_EVERY == 0)
			user_work_run();
		if (cpu->nr < HELD_MAX && pick(c, 2 * level + 1) >= cpu->nr)
			cliff_alloc(c, cpu);
		else
			cliff_free(c, cpu);
	}
}

static void cliff_epoch(struct cliff *c, unsigned int epoch, unsigned long ops)
{
	unsigned long end = c->ops + ops;
	struct iospace_stats stats;
	struct timespec a, b;

	memset(&c->alloc, 0, sizeof(c->alloc));
	memset(&c->free, 0, sizeof(c->free));
	clock_gettime(CLOCK_MONOTONIC, &a);
	while (c->ops < end)
		cliff_step(c);
	clock_gettime(CLOCK_MONOTONIC, &b);

	iospace_get_stats(c->space, &stats);
	c->p999[epoch] = costs_quantile(&c->alloc, .999);
	printf("# %-10s %2u %5lu %5lu %6lu %6lu ", c->m->name, epoch + 1,
	       costs_quantile(&c->alloc, .5), costs_quantile(&c->alloc, .99),
	       c->p999[epoch], c->alloc.max);
	printf("%5lu %6lu %6lu ", costs_quantile(&c->free, .5),
	       costs_quantile(&c->free, .999), c->free.max);
	printf("%6u %6u %5lu %6ld %5ld %5ld\n", stats.small.chunks_used,
	       stats.large.chunks_used, stats.tree_out,
	       user_cache_used("iommu_iova"),
	       user_cache_used("iommu_iova_magazine"),
	       ((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec) /
	       (long)ops);
	fflush(stdout);
}

static bool test(bool ok, const struct mix *m, const char *what)
{
	printf("%s - cliff %s: %s\n", ok ? "ok" : "not ok", m->name, what);
	return ok;
}

static void cliff_empty(struct cliff *c)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		struct cpu *cpu = &c->cpu[i];

		user_cpu_enter(i);
		do {
			cliff_give_back(c, cpu);
			while (cpu->nr && cpu->nr_lag < ARRAY_SIZE(cpu->lag))
				cpu->lag[cpu->nr_lag++] = cpu->held[--cpu->nr];
		} while (cpu->nr_lag);
	}
}

/* All is given back, and the work done that keeps caches small. */
static bool cliff_end(struct cliff *c)
{
	long bound = RCACHES * (RCACHE_CPU + 1) * CPUS, magazines, cached;
	struct iospace_stats stats;
	bool ok;

	cliff_empty(c);
	/* Each does a little, and asks for more where there is. */
	for (unsigned int i = 0; i < 10000; i++)
		user_work_run();
	iospace_get_stats(c->space, &stats);
	magazines = user_cache_used("iommu_iova_magazine");
	cached = user_cache_used("iommu_iova");
	printf("# %-10s at rest: %u and %u chunks, %ld addresses in %ld magazines\n",
	       c->m->name, stats.small.chunks_used, stats.large.chunks_used, cached,
	       magazines);
	ok = test(!stats.tree_out && stats.small.chunks_used <= CPUS &&
		  stats.large.chunks_used <= CPUS, c->m, "all comes back");
	ok &= test(magazines <= bound && cached <= RCACHE_PFNS * magazines + PARTS,
		   c->m, "caches are bounded");
	return ok;
}

static bool run(const struct mix *m, unsigned long ops, u64 seed)
{
	struct cliff *c = calloc(1, sizeof(*c));
	unsigned long worst = 0;
	bool ok;

	c->m = m;
	prandom_seed_state(&c->rnd, seed);
	c->space = iospace_create(0, DMA_BIT_MASK(48));
	for (unsigned int i = 0; i < EPOCHS; i++) {
		cliff_epoch(c, i, ops / EPOCHS);
		if (i >= EPOCHS - 3)
			worst = max(worst, c->p999[i]);
	}
	ok = test(4 * worst <= 5 * c->p999[1], m, "p99.9 stays flat");
	ok &= test(!c->failed, m, "there is room");
	ok &= cliff_end(c);
	iospace_destroy(c->space);
	free(c);
	return ok;
}

static int usage(FILE *to)
{
	fprintf(to, "usage: cliff [--ops=N] [--seed=N] [MIX]\n\n"
		"N operations, ten million if not said, on addresses of mixed sizes. Mixes:");
	for (unsigned int i = 0; i < ARRAY_SIZE(mixes); i++)
		fprintf(to, "%s \"%s\"", i ? "," : "", mixes[i].name);
	cliff_flat_usage(to);
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	unsigned long ops = 10000000;
	const char *mix = NULL;
	u64 seed = 1;
	bool ok = true;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			return usage(stdout);
		if (!strncmp(argv[i], "--ops=", 6))
			ops = strtoul(argv[i] + 6, NULL, 0);
		else if (!strncmp(argv[i], "--seed=", 7))
			seed = strtoul(argv[i] + 7, NULL, 0);
		else if (argv[i][0] != '-' && !mix)
			mix = argv[i];
		else
			return usage(stderr);
	}
	user_nr_cpus = CPUS;
	printf("# %-10s    %-26s %-19s %-13s %-18s\n", "", "allocation",
	       "giving back", "chunks", "tree, of which");
	printf("# %-10s ep   p50   p99  p99.9    max   p50  p99.9    max ", "mix");
	printf(" small  large   out  nodes  mags    ns\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(mixes); i++)
		if (!mix || !strcmp(mix, mixes[i].name))
			ok &= run(&mixes[i], ops, seed);
	ok &= cliff_flat(mix);
	return !ok || user_warnings();
}
