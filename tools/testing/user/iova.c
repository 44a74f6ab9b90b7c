// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: a space of bus addresses that is short of memory or of room
 */
#include <stdio.h>
#include <string.h>

#include <linux/dma-mapping.h>
#include <linux/ioflush/iova.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "lib/case.h"

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s: %s: " fmt "\n", __func__, #good,		\
			 ##__VA_ARGS__);				\
} while (0)

static struct iospace *space_new(u64 last)
{
	struct iospace *space = iospace_create(PAGE_SHIFT, 0, last);

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
	static const size_t sizes[] = { SZ_4K, SZ_512K };
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
			stream_once(space, SZ_4K);
		user_fail_alloc(0);
		iospace_get_stats(space, &stats);
		EXPECT(stats.arena_bytes == SZ_512M, "allocation %u: %#llx", nth,
		       (unsigned long long)stats.arena_bytes);
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
	for (unsigned int n = 0; n < MAPS; n++)
		EXPECT(!stream_once(space, SZ_4K), "%u", n);
	allocs = user_allocs() - allocs;
	printf("# %lu allocations of memory in %u maps\n", allocs, MAPS);
	EXPECT(allocs < MAPS / 500, "%lu", allocs);
	iospace_destroy(space);
}

struct test {
	const char *name;
	void (*fn)(void *arg);
};

static const struct test tests[] = {
	{ "memory comes back", memory_comes_back },
	{ "memory fails once", memory_fails_once },
	{ "no room", no_room },
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
		snprintf(name, sizeof(name), "iova %s", tests[i].name);
		ok &= user_case(name, 60, tests[i].fn, NULL);
	}
	return !ok;
}
