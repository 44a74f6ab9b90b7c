// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: a space of bus addresses, short of memory or of room, on many CPUs,
 * and with many threads at once
 *
 * Built for pages of 64 KiB as well.
 */
#include <stdio.h>
#include <string.h>

#include <linux/bitops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/ioflush/iova.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "lib/case.h"
#include "lib/thread.h"

/* Lengths of both arenas, and of neither, whatever the page is. */
#define PAGES(n)	((size_t)(n) << PAGE_SHIFT)
#define SMALL		PAGES(1)
#define LARGE		PAGES(64)
#define LONG		PAGES(2048)

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s: %s: " fmt "\n", __func__, #good,		\
			 ##__VA_ARGS__);				\
} while (0)

static struct iospace *space_new(u64 last)
{
	struct iospace *space = iospace_create(0, last);

	EXPECT(space, "no memory");
	return space;
}

static dma_addr_t stream(struct iospace *space, size_t bytes)
{
	return iospace_alloc(space, bytes, U64_MAX, IOSPACE_STREAMING);
}

/* One map and unmap; whether it was the arena that served. */
static bool stream_once(struct iospace *space, size_t bytes)
{
	dma_addr_t iova = stream(space, bytes);
	bool arena = iova && iospace_mergeable(space, iova);

	if (iova)
		iospace_free(space, iova, bytes);
	return arena;
}

/* A part for which there was no memory is opened once there is some. */
static void memory_comes_back(void *arg)
{
	static const size_t sizes[] = { SMALL, LARGE };
	struct iospace *space = space_new(DMA_BIT_MASK(32));

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int n;

		user_fail_all(true);
		for (n = 0; n < 1000; n++)
			EXPECT(!stream_once(space, sizes[i]), "%u", n);
		user_fail_all(false);
		for (n = 0; n < 2000 && !stream_once(space, sizes[i]); n++)
			;
		EXPECT(n < 2000, "closed for good to %zu bytes", sizes[i]);
	}
	iospace_destroy(space);
}

/* What fails once for lack of memory does not make for a smaller part. */
static void memory_fails_once(void *arg)
{
	for (unsigned int nth = 1; nth < 4; nth++) {
		struct iospace *space = space_new(DMA_BIT_MASK(32));
		struct iospace_stats stats;

		user_fail_alloc(nth);
		for (unsigned int n = 0; n < 100; n++)
			stream_once(space, SMALL);
		user_fail_alloc(0);
		iospace_get_stats(space, &stats);
		EXPECT(stats.small.bytes == SZ_512M, "allocation %u: %#llx", nth,
		       (unsigned long long)stats.small.bytes);
		iospace_destroy(space);
	}
}

#define MAPS	200000

/* A part for which there is no room is not looked for on every map. */
static void no_room(void *arg)
{
	struct iospace *space = space_new(DMA_BIT_MASK(32));
	unsigned long allocs;

	for (u64 at = SZ_2M; at < SZ_4G; at += SZ_4M)
		EXPECT(!iospace_reserve(space, at, at), "%#llx",
		       (unsigned long long)at);
	allocs = user_allocs();
	for (unsigned int n = 0; n < MAPS; n++) {
		EXPECT(!stream_once(space, SMALL), "%u", n);
		/* By then the tree has asked for its caches. */
		if (n == 100)
			user_work_run();
	}
	allocs = user_allocs() - allocs;
	printf("# %lu allocations of memory in %u maps\n", allocs, MAPS);
	EXPECT(allocs < MAPS / 500, "%lu", allocs);
	iospace_destroy(space);
}

/* The most that a test has out. */
#define HELD_MAX	16384

struct held {
	struct iospace *space;
	dma_addr_t iova[HELD_MAX];
	size_t bytes[HELD_MAX];
	unsigned int n;
};

static struct held *held_new(u64 last)
{
	struct held *h = calloc(1, sizeof(*h));

	h->space = space_new(last);
	return h;
}

/* Returns the address, 0 if there was none. */
static dma_addr_t hold(struct held *h, size_t bytes, u64 limit,
		       enum iospace_kind kind)
{
	dma_addr_t iova = iospace_alloc(h->space, bytes, limit, kind);

	if (!iova)
		return 0;
	EXPECT(h->n < HELD_MAX, "%u", h->n);
	EXPECT(iova + bytes - 1 <= limit, "%#llx", (unsigned long long)iova);
	h->iova[h->n] = iova;
	h->bytes[h->n++] = bytes;
	return iova;
}

static void held_free(struct held *h)
{
	while (h->n--)
		iospace_free(h->space, h->iova[h->n], h->bytes[h->n]);
	iospace_destroy(h->space);
	free(h);
}

static struct iospace_stats stats_of(struct iospace *space)
{
	struct iospace_stats stats;

	iospace_get_stats(space, &stats);
	return stats;
}

/* Nor is memory for more chunks asked for on every map that could use it. */
static void memory_for_more(void *arg)
{
	struct held *h = held_new(DMA_BIT_MASK(48));
	unsigned long first, allocs, n;

	iospace_go_wide(h->space);
	EXPECT(hold(h, PAGES(32), U64_MAX, IOSPACE_STREAMING) >= SZ_4G, "low");
	user_fail_all(true);
	while (hold(h, PAGES(32), U64_MAX, IOSPACE_STREAMING))
		;
	/* What the tree asks for it asks for every time. */
	first = user_allocs();
	EXPECT(!hold(h, PAGES(32), U64_MAX, IOSPACE_LASTING), "%u", h->n);
	first = user_allocs() - first;
	allocs = user_allocs();
	for (n = 0; n < 10000; n++)
		EXPECT(!hold(h, PAGES(32), U64_MAX, IOSPACE_STREAMING), "%lu", n);
	allocs = user_allocs() - allocs - n * first;
	printf("# %lu other allocations of memory in %lu maps\n", allocs, n);
	EXPECT(allocs && allocs < n / 20, "%lu", allocs);

	user_fail_all(false);
	for (n = 0; n < 100; n++)
		if (hold(h, PAGES(32), U64_MAX, IOSPACE_STREAMING) >= SZ_4G &&
		    iospace_mergeable(h->space, h->iova[h->n - 1]))
			break;
	EXPECT(n < 100, "no more chunks for good");
	held_free(h);
}

#define MANY_CPUS	256

/* Each CPU has chunks of its own, and there is room for those of 256. */
static void many_cpus(void *arg)
{
	struct held *h;
	struct iospace_stats stats;

	user_nr_cpus = MANY_CPUS;
	h = held_new(DMA_BIT_MASK(39));
	for (unsigned int cpu = 0; cpu < MANY_CPUS; cpu++) {
		user_cpu_enter(cpu);
		for (unsigned int i = 0; i < 16; i++) {
			EXPECT(hold(h, SMALL, U64_MAX, IOSPACE_STREAMING), "%u", cpu);
			EXPECT(hold(h, LARGE, U64_MAX, IOSPACE_STREAMING), "%u", cpu);
		}
	}
	stats = stats_of(h->space);
	printf("# %u and %u chunks below, %u and %u above\n",
	       stats.small.chunks_used, stats.large.chunks_used,
	       stats.high_small.chunks_used, stats.high_large.chunks_used);
	EXPECT(!stats.arena_misses && !stats.tree_allocs, "%lu", stats.arena_misses);
	held_free(h);
}

/* Each part opens, for devices of 32 bits too. */
static void all_parts(void *arg)
{
	struct held *h = held_new(DMA_BIT_MASK(39));
	struct iospace_stats stats;
	unsigned int n;

	EXPECT(hold(h, SMALL, DMA_BIT_MASK(32), IOSPACE_STREAMING), "small");
	EXPECT(hold(h, LARGE, DMA_BIT_MASK(32), IOSPACE_STREAMING), "large");
	iospace_go_wide(h->space);
	/* Once a CPU has handed out what it has below. */
	for (n = 0; hold(h, SMALL, U64_MAX, IOSPACE_STREAMING) < SZ_4G; n++)
		EXPECT(n < 128, "small");
	EXPECT(hold(h, LARGE, U64_MAX, IOSPACE_STREAMING) >= SZ_4G, "large");
	EXPECT(hold(h, LONG, U64_MAX, IOSPACE_LASTING) >= SZ_4G, "long");
	EXPECT(hold(h, LONG, DMA_BIT_MASK(32), IOSPACE_LASTING), "long");
	EXPECT(hold(h, SMALL, U64_MAX, IOSPACE_LASTING) >= SZ_4G, "lasting");
	EXPECT(hold(h, SMALL, DMA_BIT_MASK(32), IOSPACE_LASTING), "lasting");
	EXPECT(hold(h, SMALL, DMA_BIT_MASK(32), IOSPACE_STREAMING), "small");
	stats = stats_of(h->space);
	EXPECT(!stats.arena_misses, "%lu", stats.arena_misses);
	EXPECT(stats.small.allocs == n + 2 && stats.large.allocs == 1 &&
	       stats.high_small.allocs == 1 && stats.high_large.allocs == 1,
	       "%lu %lu %lu %lu", stats.small.allocs, stats.large.allocs,
	       stats.high_small.allocs, stats.high_large.allocs);
	held_free(h);
}

/* Once below 4 GiB there is nothing left, those who reach farther go there. */
static void grows_wide(void *arg)
{
	struct held *h = held_new(DMA_BIT_MASK(48));
	struct iospace_stats stats;
	dma_addr_t iova;

	do {
		EXPECT(!stats_of(h->space).wide, "%u", h->n);
		iova = hold(h, PAGES(256) / 2, U64_MAX, IOSPACE_STREAMING);
		EXPECT(iova, "%u", h->n);
	} while (iova < SZ_4G);
	stats = stats_of(h->space);
	EXPECT(stats.wide, "not wide");
	EXPECT(!stats.arena_misses, "%lu", stats.arena_misses);
	/* For everything, but not for others. */
	EXPECT(hold(h, SMALL, U64_MAX, IOSPACE_STREAMING) >= SZ_4G, "small");
	EXPECT(hold(h, SMALL, U64_MAX, IOSPACE_LASTING) >= SZ_4G, "lasting");
	EXPECT(hold(h, SMALL, DMA_BIT_MASK(32), IOSPACE_STREAMING), "32 bits");
	held_free(h);
}

/* Addresses above 4 GiB can be reserved, as long as nobody has used them. */
static void reserve_high(void *arg)
{
	struct held *h = held_new(DMA_BIT_MASK(39));
	struct iospace_stats stats;
	u64 chunk, from, last;

	iospace_go_wide(h->space);
	EXPECT(hold(h, SMALL, U64_MAX, IOSPACE_STREAMING), "small");
	stats = stats_of(h->space);
	chunk = stats.high_small.chunk_bytes;
	from = stats.high_small.base + 8 * chunk;
	last = stats.high_small.base + stats.high_small.bytes - 1;
	EXPECT(iospace_reserve(h->space, h->iova[0], h->iova[0]), "in use");
	EXPECT(!iospace_reserve(h->space, from, from + chunk), "two chunks");
	/* Without memory for what is never used. */
	EXPECT(!iospace_reserve(h->space, from + 8 * chunk, last), "all the rest");
	for (unsigned int i = 0; i < 64; i++) {
		dma_addr_t iova = hold(h, PAGES(32), U64_MAX, IOSPACE_STREAMING);

		EXPECT(iova, "%u", i);
		EXPECT(iova < from || iova >= from + 2 * chunk, "barred");
		EXPECT(iova < from + 8 * chunk || iova > last, "beyond");
	}
	EXPECT(stats_of(h->space).high_small.chunks == 15, "chunks");
	held_free(h);
}

#define RACE_THREADS	8
#define RACE_SLOTS	512
#define RACE_STEPS	20000
#define RACE_PAGES	131072

/**
 * struct race - threads that give back what others have allocated
 * @space: where from
 * @slot: ranges that are out, address and number of pages
 * @owner: of each page, by plain accesses: whoever has it
 * @threads: how many have been started
 * @lasting: half of the ranges are to last, and are the tree's
 * @refused: reservations that were
 */
struct race {
	struct iospace *space;
	u64 slot[RACE_SLOTS];
	unsigned int owner[RACE_PAGES];
	unsigned int threads;
	bool lasting;
	unsigned int refused;
};

static void race_put(struct race *r, u64 slot)
{
	u64 page = slot >> PAGE_SHIFT, n = slot & 0xff;

	if (!slot)
		return;
	for (u64 i = 0; i < n; i++) {
		EXPECT(r->owner[page + i] == n, "%llx", (unsigned long long)slot);
		r->owner[page + i] = 0;
	}
	iospace_free(r->space, page << PAGE_SHIFT, PAGES(n));
}

static void race_get(struct race *r, u32 rnd)
{
	unsigned int n = rnd % 64 ? 1 + (rnd >> 8) % 8 : 1 + (rnd >> 8) % 64;
	dma_addr_t iova = iospace_alloc(r->space, PAGES(n), U64_MAX,
					r->lasting && rnd & 0x80 ? IOSPACE_LASTING :
								   IOSPACE_STREAMING);

	if (!iova)
		return;
	EXPECT((iova >> PAGE_SHIFT) + n <= RACE_PAGES, "too far");
	for (u64 i = iova >> PAGE_SHIFT; i < (iova >> PAGE_SHIFT) + n; i++) {
		EXPECT(!r->owner[i], "page %#llx is not free", (unsigned long long)i);
		r->owner[i] = n;
	}
	/* Some stay for long, and their chunks are used around them. */
	race_put(r, xchg(&r->slot[(rnd >> 16) % (rnd % 16 ? 64 : RACE_SLOTS)],
			 iova | n));
}

static int race_thread(void *arg)
{
	struct race *r = arg;
	unsigned int nr = __atomic_fetch_add(&r->threads, 1, __ATOMIC_RELAXED);
	struct rnd_state rnd;

	/* Of two on a CPU one is the other's interrupt. */
	user_cpu_enter(nr / 2);
	prandom_seed_state(&rnd, nr);
	for (unsigned int i = 0; i < RACE_STEPS; i++)
		race_get(r, prandom_u32_state(&rnd));
	return 0;
}

/* Nobody gets what somebody has, and all comes back. */
static void race(void *arg)
{
	struct race *r = calloc(1, sizeof(*r));
	struct iospace_stats stats;

	user_nr_cpus = RACE_THREADS / 2;
	r->space = space_new(PAGES(RACE_PAGES) - 1);
	for (unsigned int i = 0; i < RACE_THREADS; i++)
		EXPECT(!IS_ERR(kthread_run(race_thread, r, "race")), "%u", i);
	user_threads_reap();
	for (unsigned int i = 0; i < RACE_SLOTS; i++)
		race_put(r, r->slot[i]);
	stats = stats_of(r->space);
	printf("# %lu and %lu from the arenas, %lu not\n",
	       stats.small.allocs + stats.high_small.allocs,
	       stats.large.allocs + stats.high_large.allocs, stats.tree_allocs);
	/* What is free is found. */
	EXPECT(stats.tree_allocs < RACE_THREADS * RACE_STEPS / 4, "%lu",
	       stats.tree_allocs);
	EXPECT(!stats.tree_out && stats.small.chunks_used <= RACE_THREADS / 2,
	       "%lu, %u", stats.tree_out, stats.small.chunks_used);
	iospace_destroy(r->space);
	free(r);
}

/* No thread has that many pages. */
#define RACE_RESERVED	1000
#define RACE_RESERVES	2000

static void reserve_some(struct race *r, u32 rnd)
{
	/* Anywhere, or where somebody has something, or had it a moment ago. */
	u64 slot = READ_ONCE(r->slot[rnd % RACE_SLOTS]), n = 1 + (rnd >> 9) % 16;
	u64 page = slot && rnd >> 31 ? (slot >> PAGE_SHIFT) - n / 2 :
				       (rnd >> 13) % (RACE_PAGES - 16);

	if (page + n > RACE_PAGES)
		return;
	if (iospace_reserve(r->space, page << PAGE_SHIFT, ((page + n) << PAGE_SHIFT) - 1)) {
		r->refused++;
		return;
	}
	for (u64 i = page; i < page + n; i++) {
		EXPECT(!r->owner[i] || r->owner[i] == RACE_RESERVED,
		       "page %#llx is not free", (unsigned long long)i);
		r->owner[i] = RACE_RESERVED;
	}
}

static int reserve_thread(void *arg)
{
	struct race *r = arg;
	struct rnd_state rnd;

	user_cpu_enter(RACE_THREADS / 2);
	prandom_seed_state(&rnd, RACE_THREADS);
	for (unsigned int i = 0; i < RACE_RESERVES; i++)
		reserve_some(r, prandom_u32_state(&rnd));
	return 0;
}

/* What is reserved nobody has, then or later, while threads allocate and give back. */
static void reserve_race(void *arg)
{
	struct race *r = calloc(1, sizeof(*r));

	user_nr_cpus = RACE_THREADS / 2 + 1;
	r->lasting = true;
	r->space = space_new(PAGES(RACE_PAGES) - 1);
	for (unsigned int i = 0; i < RACE_THREADS; i++)
		EXPECT(!IS_ERR(kthread_run(race_thread, r, "race")), "%u", i);
	EXPECT(!IS_ERR(kthread_run(reserve_thread, r, "reserve")), "no thread");
	user_threads_reap();
	for (unsigned int i = 0; i < RACE_SLOTS; i++)
		race_put(r, r->slot[i]);
	printf("# %u of %u reservations were refused\n", r->refused, RACE_RESERVES);
	iospace_destroy(r->space);
	free(r);
}

struct test {
	const char *name;
	void (*fn)(void *arg);
};

static const struct test tests[] = {
	{ "memory comes back", memory_comes_back },
	{ "memory fails once", memory_fails_once },
	{ "no room", no_room },
	{ "memory for more", memory_for_more },
	{ "many CPUs", many_cpus },
	{ "all parts", all_parts },
	{ "grows wide", grows_wide },
	{ "reserve high", reserve_high },
	{ "race", race },
	{ "reserve race", reserve_race },
};

static int usage(FILE *to)
{
	fprintf(to, "usage: iova [TEST]\n\nTests:");
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++)
		fprintf(to, "%s \"%s\"", i ? "," : "", tests[i].name);
	fprintf(to, "\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	bool ok = true;

	if (only && !strcmp(only, "--help"))
		return usage(stdout);
	if (argc > 2 || (only && only[0] == '-'))
		return usage(stderr);
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++) {
		char name[64];

		if (only && strcmp(only, tests[i].name))
			continue;
		snprintf(name, sizeof(name), "iova %s%s", tests[i].name,
			 PAGE_SHIFT > 12 ? ", 64 KiB pages" : "");
		ok &= user_case(name, 60, tests[i].fn, NULL);
	}
	return !ok;
}
