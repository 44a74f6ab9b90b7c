// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: slots that many threads take, pass on and give back, while others free
 * the pages that are idle
 *
 * Whoever has a slot writes all over its memory and finds that again, in memory that
 * is there. Slots change hands: what one CPU takes another gives back.
 */
#include <stdio.h>
#include <string.h>

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "lib/case.h"
#include "lib/thread.h"
#include "slot.h"

#define CPUS		4
#define THREADS		(2 * CPUS)
#define STEPS		60000
/* Slots that are about, in places where any thread may find them. */
#define PLACES		128
/* Few enough for either kind to be short of slots now and then. */
#define PAGES		64

#define EXPECT(good, fmt, ...)						\
do {									\
	if (!(good))							\
		user_die("%s: %s: " fmt "\n", __func__, #good,		\
			 ##__VA_ARGS__);				\
} while (0)

struct race {
	struct ioslot_pool pool;
	u32 place[PLACES];
	unsigned int pages;
	unsigned int pages_max;
	unsigned int running;
};

char *ioslot_mem_get(struct ioslot_pool *pool, u32 slot, unsigned int dir)
{
	struct race *r = container_of(pool, struct race, pool);
	unsigned int pages = __atomic_add_fetch(&r->pages, 1, __ATOMIC_RELAXED);

	if (pages > __atomic_load_n(&r->pages_max, __ATOMIC_RELAXED))
		__atomic_store_n(&r->pages_max, pages, __ATOMIC_RELAXED);
	return kzalloc(PAGE_SIZE, GFP_KERNEL);
}

/* It is the allocator's from here on: a sanitizer sees who writes there. */
bool ioslot_mem_put(struct ioslot_pool *pool, u32 slot, char *memory,
		    bool mapped)
{
	struct race *r = container_of(pool, struct race, pool);

	__atomic_sub_fetch(&r->pages, 1, __ATOMIC_RELAXED);
	kfree(memory);
	return true;
}

/* In the kernel a work item does what the races' own thread does here. */
static void tidy(struct work_struct *work)
{
}

static struct race *race_of(unsigned int nr_pages)
{
	struct race *r = calloc(1, sizeof(*r));

	EXPECT(!ioslot_pool_init(&r->pool, nr_pages), "no memory");
	INIT_DELAYED_WORK(&r->pool.tidy, tidy);
	return r;
}

static struct race *race_new(void)
{
	return race_of(PAGES);
}

static void race_free(struct race *r)
{
	cancel_delayed_work_sync(&r->pool.tidy);
	ioslot_pool_exit(&r->pool);
	free(r);
}

static char *memory_of(struct race *r, u32 slot)
{
	return ioslot_page_of(&r->pool, slot)->memory + offset_in_page(slot);
}

static size_t bytes_of(struct race *r, u32 slot)
{
	return BIT(ioslot_page_of(&r->pool, slot)->lg2);
}

/* A word of its own for each slot, larger than what links. */
static void *word_for(u32 nr)
{
	return (void *)(0x100000000UL + nr);
}

static u32 take(struct race *r, unsigned int kind, u32 nr)
{
	u32 slot = ioslot_take_fast(&r->pool, kind, word_for(nr), nr & 255) ?:
		   ioslot_take_slow(&r->pool, kind, word_for(nr), nr & 255);

	if (slot)
		memset(memory_of(r, slot), nr & 0xff, bytes_of(r, slot));
	return slot;
}

static void give(struct race *r, u32 slot)
{
	struct ioslot_page *page = ioslot_page_of(&r->pool, slot);
	unsigned long *word = ioslot_word(page, slot);
	const char *memory = memory_of(r, slot);

	EXPECT(*word >> 32 == 1, "slot %#x: %#lx", slot, *word);
	EXPECT(memory[0] == (char)*word &&
	       memory[bytes_of(r, slot) - 1] == (char)*word,
	       "slot %#x is somebody else's", slot);
	EXPECT(*ioslot_end(page, slot) == (*word & 255), "slot %#x", slot);
	ioslot_give(&r->pool, page, word, slot);
}

static int race_thread(void *arg)
{
	static unsigned int threads;
	const unsigned int nr = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
	struct race *r = arg;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, nr);
	user_cpu_enter(nr % CPUS);
	for (u32 i = 0; i < STEPS; i++) {
		u32 *place = &r->place[prandom_u32_state(&rnd) % PLACES];
		const unsigned int kind = prandom_u32_state(&rnd) % 2 ?
					  0 : IOSLOT_KINDS - 1;
		u32 slot = take(r, kind, nr * STEPS + i);

		/* Whose it was gives it to whoever looks there next. */
		slot = __atomic_exchange_n(place, slot, __ATOMIC_ACQ_REL);
		if (slot)
			give(r, slot);
	}
	__atomic_sub_fetch(&r->running, 1, __ATOMIC_RELEASE);
	return 0;
}

static int shrink_thread(void *arg)
{
	struct race *r = arg;

	user_cpu_enter(0);
	while (__atomic_load_n(&r->running, __ATOMIC_ACQUIRE)) {
		ioslot_unstash(&r->pool);
		ioslot_shrink(&r->pool, 3);
	}
	return 0;
}

/* All that is free, on this CPU or on one that runs no more, to the pages. */
static void give_all(struct race *r)
{
	unsigned long flags;

	local_irq_save(flags);
	for (unsigned int cpu = 0; cpu < user_nr_cpus; cpu++)
		ioslot_give_all(&r->pool, per_cpu_ptr(r->pool.cpu, cpu));
	local_irq_restore(flags);
	ioslot_unstash(&r->pool);
}

static void race(void *arg)
{
	struct ioslot_stats stats;
	struct race *r;

	user_nr_cpus = CPUS;
	r = race_new();
	r->running = THREADS;
	kthread_run(shrink_thread, r, "shrink");
	for (unsigned int i = 0; i < THREADS; i++)
		kthread_run(race_thread, r, "race");
	user_threads_reap();

	for (unsigned int i = 0; i < PLACES; i++)
		if (r->place[i])
			give(r, r->place[i]);
	give_all(r);
	ioslot_get_stats(&r->pool, &stats);
	printf("# %lu and %lu taken, %lu not, %u pages at most\n",
	       stats.copied[0], stats.copied[2], stats.dry, r->pages_max);
	EXPECT(stats.copied[0] + stats.copied[2] + stats.dry ==
	       THREADS * STEPS, "taken and not");
	EXPECT(r->pages_max < PAGES, "%u", r->pages_max);
	EXPECT(stats.idle == stats.pages && stats.pages == r->pages, "%u, %u, %u",
	       stats.idle, stats.pages, r->pages);
	EXPECT(ioslot_shrink(&r->pool, UINT_MAX) == stats.pages, "%u",
	       stats.pages);
	EXPECT(!r->pages && !ioslot_idle(&r->pool), "%u", r->pages);
	race_free(r);
}

/* Without memory there is no slot, and nothing is left half-made. */
static void no_memory(void *arg)
{
	struct ioslot_stats stats;
	struct race *r = race_new();
	u32 slot;

	ioslot_pool_exit(&r->pool);
	memset(&r->pool, 0, sizeof(r->pool));
	user_fail_alloc(1);
	EXPECT(ioslot_pool_init(&r->pool, PAGES) == -ENOMEM, "a pool");
	free(r);
	r = race_new();
	for (unsigned int nth = 1; nth < 3; nth++) {
		user_fail_alloc(nth);
		EXPECT(!take(r, 0, 0), "allocation %u", nth);
	}
	user_fail_alloc(0);
	ioslot_get_stats(&r->pool, &stats);
	EXPECT(!stats.pages && stats.dry == 2, "%u, %lu", stats.pages, stats.dry);
	slot = take(r, 0, 1);
	EXPECT(slot, "none with memory");
	give(r, slot);
	race_free(r);
}

/* All of a kind, each once, and again after another kind had them. */
static void all_of_them(void *arg)
{
	const unsigned int count = (PAGES - 1) * (PAGE_SIZE >> IOSLOT_MIN_LG2);
	u32 *slot = calloc(count, sizeof(*slot));
	struct race *r = race_new();

	for (unsigned int round = 0; round < 3; round++) {
		/* The shortest of each direction. */
		const unsigned int kind = round * IOSLOT_CLASSES;

		for (unsigned int i = 0; i < count; i++) {
			slot[i] = take(r, kind, i);
			EXPECT(slot[i], "slot %u of %u", i, count);
		}
		EXPECT(!take(r, kind, 0), "one more than there are");
		for (unsigned int i = 0; i < count; i++)
			give(r, slot[i]);
		give_all(r);
		/* A page that is idle becomes one of longer slots. */
		slot[0] = take(r, kind + 2, 0);
		EXPECT(slot[0] && bytes_of(r, slot[0]) == 1024, "%#x", slot[0]);
		EXPECT(!take(r, (kind + IOSLOT_CLASSES) % IOSLOT_KINDS, 0),
		       "of another direction");
		give(r, slot[0]);
		give_all(r);
		EXPECT(ioslot_shrink(&r->pool, UINT_MAX) == PAGES - 1, "idle");
	}
	race_free(r);
	free(slot);
}

/* Of two pages one becomes idle, before or after some of the other's slots are free. */
static void idle_only(void *arg)
{
	const unsigned int count = PAGE_SIZE >> IOSLOT_MIN_LG2;
	u32 *slot = calloc(2 * count, sizeof(*slot));
	struct race *r = race_new();

	for (unsigned int round = 0; round < 4; round++) {
		const unsigned int when = round / 2;
		u32 busy;

		for (unsigned int i = 0; i < 2 * count; i++)
			slot[i] = take(r, 0, i);
		EXPECT(r->pages == 2, "%u", r->pages);
		/* One's first slot is taken first, the other's is the last of all. */
		busy = slot[round % 2 ? 0 : 2 * count - 1] >> PAGE_SHIFT;
		for (unsigned int step = 0; step < 2; step++) {
			for (unsigned int i = 0; i < 2 * count; i++) {
				bool mine = slot[i] >> PAGE_SHIFT == busy;
				bool now = step == when ? mine : !mine;

				if (now && (!mine || i % 2))
					give(r, slot[i]);
			}
			give_all(r);
		}
		EXPECT(ioslot_idle(&r->pool) == 1, "round %u", round);
		EXPECT(ioslot_shrink(&r->pool, UINT_MAX) == 1, "round %u", round);
		for (unsigned int i = 0; i < 2 * count; i += 2)
			if (slot[i] >> PAGE_SHIFT == busy)
				give(r, slot[i]);
		give_all(r);
		EXPECT(ioslot_shrink(&r->pool, UINT_MAX) == 1, "round %u", round);
		EXPECT(!r->pages, "%u", r->pages);
	}
	race_free(r);
	free(slot);
}

/* Of so many pages all shortest slots are free, on this CPU and in batches. */
static struct race *all_given(unsigned int nr_pages)
{
	const unsigned int count = (nr_pages - 1) * (PAGE_SIZE >> IOSLOT_MIN_LG2);
	u32 *slot = calloc(count, sizeof(*slot));
	struct race *r = race_of(nr_pages);

	for (unsigned int i = 0; i < count; i++) {
		slot[i] = take(r, 0, i);
		EXPECT(slot[i], "slot %u of %u", i, count);
	}
	for (unsigned int i = 0; i < count; i++)
		give(r, slot[i]);
	free(slot);
	return r;
}

/* No page is known to be idle, but where slots of another length are wanted they are. */
static void batches(void *arg)
{
	const unsigned int per_page = PAGE_SIZE >> IOSLOT_MIN_LG2;
	struct ioslot_depot *depot;
	struct race *r;
	u32 slot;

	r = all_given(IOSLOT_STASH * IOSLOT_BATCH(0) / per_page / 2);
	EXPECT(!ioslot_idle(&r->pool), "%u", ioslot_idle(&r->pool));
	slot = take(r, 2, 0);
	EXPECT(slot && bytes_of(r, slot) == 1024, "%#x", slot);
	give(r, slot);
	race_free(r);

	/* And no more of them than there is room for. */
	r = all_given(PAGES);
	depot = &r->pool.depot[0];
	EXPECT(depot->nr_batches == IOSLOT_STASH, "%u", depot->nr_batches);
	EXPECT(ioslot_idle(&r->pool) >= PAGES / 2, "%u", ioslot_idle(&r->pool));
	for (unsigned int i = 0; i < (PAGES - 1) * per_page; i++)
		EXPECT(take(r, 0, i), "slot %u", i);
	race_free(r);
}

struct test {
	const char *name;
	void (*fn)(void *arg);
};

static const struct test tests[] = {
	{ "all of them", all_of_them },
	{ "no memory", no_memory },
	{ "idle only", idle_only },
	{ "batches", batches },
	{ "race", race },
};

static int usage(FILE *to)
{
	fprintf(to, "usage: slot [TEST]\n\nTests:");
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
		snprintf(name, sizeof(name), "slot %s", tests[i].name);
		ok &= user_case(name, 120, tests[i].fn, NULL);
	}
	return !ok;
}
