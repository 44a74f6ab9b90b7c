// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: many CPUs that unmap, and all that drains their rings
 *
 * Each CPU has a thread that maps and unmaps in two domains, some of it what
 * another CPU has mapped, some of it with interrupts off. Timers fire when they
 * are due and also when they are not; work and RCU have threads of their own;
 * and one more thread changes mode and window, flushes whole domains, and asks
 * for drains. What must hold is checked by the hardware, in flush_hw.c.
 *
 * The seed decides what each thread does, not who comes first.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/random.h>

#include "flush_hw.h"
#include "lib/case.h"
#include "ring.h"

#define THREADS_MAX	32
#define DOMAINS		2
#define HELD		48
#define MAILBOXES	8
/* Times the rounds, at most, until something of each kind has happened. */
#define ROUNDS_MORE	50

/* What params.c has, as small as makes for many drains. */
unsigned int ioflush_window_us = 400;
unsigned int ioflush_pending_entries = 16;
unsigned int ioflush_pending_tables = 4;
unsigned int ioflush_lone_unmaps = 2;
unsigned long ioflush_pending_bytes_max = HW_BYTES(64);
unsigned long ioflush_held_bytes_max = HW_BYTES(32);
bool ioflush_engine_rcu;

/**
 * struct scenario - what happens besides unmaps
 * @name: of the test
 * @rounds: unmaps, of all threads together
 * @pages: of a mapping, at most
 * @run: of a row of mappings that are unmapped in their order, at most
 * @entries: of a ring; 0 for few
 * @engine_rcu: callbacks of RCU drain
 * @changes: the mode changes, and so does the window
 */
struct scenario {
	const char *name;
	unsigned int rounds;
	unsigned int pages;
	unsigned int run;
	unsigned int entries;
	bool engine_rcu;
	bool changes;
};

static const struct scenario scenarios[] = {
	{ "ring", .rounds = 60000, .pages = 4, .run = 16, .entries = 64 },
	{ "rcu", .rounds = 60000, .pages = 4, .run = 16, .entries = 64,
	  .engine_rcu = true },
	{ "full", .rounds = 60000, .pages = 40, .run = 2 },
	{ "modes", .rounds = 40000, .pages = 8, .run = 4, .changes = true },
	{ "modes, rcu", .rounds = 40000, .pages = 8, .run = 4, .changes = true,
	  .engine_rcu = true },
};

/**
 * struct mapping - a mapping of a domain
 * @d: the domain
 * @iova: its address
 * @pages: its length
 * @folio: the memory if devices can only read it, with a reference; or NULL
 */
struct mapping {
	struct hw_domain *d;
	dma_addr_t iova;
	unsigned int pages;
	struct hw_folio *folio;
};

/**
 * struct race - one race
 * @s: what is done
 * @threads: CPUs that unmap
 * @rounds: unmaps of each, or more until something of each kind has happened
 * @seed: what all threads' random numbers begin with
 * @domain: the domains
 * @mailbox: mappings that another CPU may unmap
 * @unmaps: done
 * @strict: @unmaps of a caller that cannot be deferred
 * @has_all: something of each kind has happened
 */
struct race {
	const struct scenario *s;
	unsigned int threads;
	unsigned int rounds;
	u64 seed;
	struct hw_domain *domain[DOMAINS];
	struct mapping *mailbox[MAILBOXES];
	atomic_long_t unmaps;
	atomic_long_t strict;
	atomic_t has_all;
};

/**
 * struct member - a thread
 * @r: the race
 * @id: its number; below the number of CPUs that unmap, its CPU's too
 * @rnd: its random numbers
 * @held: what it has mapped, oldest first
 * @nr: how much
 * @folio: the memory that it maps parts of now, or NULL
 */
struct member {
	struct race *r;
	unsigned int id;
	struct rnd_state rnd;
	struct mapping *held[HELD];
	unsigned int nr;
	struct hw_folio *folio;
};

static unsigned int pick(struct member *m, unsigned int n)
{
	return prandom_u32_state(&m->rnd) % n;
}

static void member_start(struct member *m)
{
	prandom_seed_state(&m->rnd, m->r->seed * 64 + m->id);
	hw_seed(m->r->seed * 64 + m->id + 1000);
	user_cpu_enter(min(m->id, m->r->threads));
}

/* It is done with the memory: others have what is left of it. */
static void member_put(struct member *m)
{
	if (m->folio)
		folio_put(&m->folio->folio);
	m->folio = NULL;
}

/* Memory of which there are a few mappings, one after the other. */
static struct hw_folio *member_get(struct member *m, struct mapping *map)
{
	if (m->folio && (m->folio->d != map->d || m->folio->n == HW_FOLIO_MAPS))
		member_put(m);
	if (!m->folio)
		m->folio = hw_folio_alloc(map->d);
	hw_folio_map(m->folio, map->iova, map->pages);
	folio_get(&m->folio->folio);
	return m->folio;
}

static void member_map(struct member *m)
{
	struct mapping *map = kzalloc(sizeof(*map), GFP_KERNEL);

	map->d = m->r->domain[pick(m, DOMAINS)];
	map->pages = 1 + pick(m, m->r->s->pages);
	map->iova = hw_map(map->d, map->pages, pick(m, 16) ?
			   IOSPACE_STREAMING : IOSPACE_LASTING);
	if (!map->iova) {
		kfree(map);
		return;
	}
	if (pick(m, 2))
		map->folio = member_get(m, map);
	m->held[m->nr++] = map;
}

/* The owner lets go of the memory as soon as it may. */
static void member_unmapped(struct mapping *map, struct iopgt_gather *gather)
{
	struct ioflush_hold hold = { .n = 1 };

	if (map->folio && gather->may_defer) {
		hold.folio[0] = &map->folio->folio;
		folio_get(hold.folio[0]);
		ioflush_unmapped_held(&map->d->flush, gather, map->iova,
				      HW_BYTES(map->pages), &hold);
	} else {
		ioflush_unmapped(&map->d->flush, gather, map->iova,
				 HW_BYTES(map->pages));
	}
	if (map->folio)
		folio_put(&map->folio->folio);
}

static void member_unmap(struct member *m, struct mapping *map)
{
	bool irqs_off = !pick(m, 4), table = !pick(m, 64);
	struct iopgt_gather gather;
	unsigned long flags = 0;

	iopgt_gather_init(&gather, pick(m, 32));
	hw_clear(map->d, map->iova, map->pages, &gather, table);
	if (!gather.may_defer)
		atomic_long_inc(&m->r->strict);
	atomic_long_inc(&m->r->unmaps);
	if (irqs_off)
		local_irq_save(flags);
	member_unmapped(map, &gather);
	if (irqs_off)
		local_irq_restore(flags);
	kfree(map);
}

/* From the middle, in the order in which they were mapped. */
static void member_unmap_run(struct member *m)
{
	unsigned int n = min(m->nr, 1 + pick(m, m->r->s->run));
	unsigned int first = pick(m, m->nr - n + 1);

	for (unsigned int i = 0; i < n; i++)
		member_unmap(m, m->held[first + i]);
	m->nr -= n;
	memmove(&m->held[first], &m->held[first + n],
		(m->nr - first) * sizeof(m->held[0]));
}

/* Leave a mapping to others, and take what lies there. */
static void member_exchange(struct member *m)
{
	struct mapping **box = &m->r->mailbox[pick(m, MAILBOXES)];
	struct mapping *map = xchg(box, m->held[--m->nr]);

	if (map)
		m->held[m->nr++] = map;
}

/* As far as others can see: nothing runs on a CPU whose interrupts are off. */
static void member_dies(struct member *m)
{
	unsigned long flags;

	local_irq_save(flags);
	user_cpu_dies(m->id);
	local_irq_restore(flags);
}

/* Counted in the rings, in passing, by whoever has their locks. */
static bool has_merged(struct ioflush *flush)
{
	unsigned long flags, n = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(flush->all_rings, cpu);

		ioflush_ring_lock(ring, &flags);
		n += ring->unmaps - ring->appended;
		ioflush_ring_unlock(ring, flags);
	}
	return n;
}

/* Has something of each kind happened? When it does depends on who comes first. */
static bool race_has_all(struct race *r)
{
	bool merged = false, covered = false, all = false, ranges = false;

	for (unsigned int i = 0; i < DOMAINS; i++) {
		struct ioflush *flush = &r->domain[i]->flush;

		merged |= has_merged(flush);
		covered |= !!ioflush_count(flush, IOFLUSH_N_COVERED);
		all |= !!ioflush_count(flush, IOFLUSH_N_ALL);
		ranges |= !!ioflush_count(flush, IOFLUSH_N_RANGES);
	}
	return merged && covered && all && ranges;
}

static bool member_goes_on(struct member *m, unsigned int done)
{
	unsigned int rounds = m->r->rounds;

	return done < rounds ||
	       (done < rounds * ROUNDS_MORE && !atomic_read(&m->r->has_all));
}

static int member_thread(void *arg)
{
	struct member *m = arg;
	unsigned int done = 0;

	member_start(m);
	while (member_goes_on(m, done)) {
		unsigned int before = m->nr;

		hw_access(m->r->domain[pick(m, DOMAINS)], pick(m, HW_PAGES));
		if (!pick(m, 1000))
			member_dies(m);
		if (!pick(m, 1000))
			ioflush_all(&m->r->domain[pick(m, DOMAINS)]->flush);
		if (m->nr < HELD && (!m->nr || pick(m, 8))) {
			member_map(m);
		} else if (pick(m, 2)) {
			member_exchange(m);
		} else {
			member_unmap_run(m);
			done += before - m->nr;
		}
	}
	while (m->nr)
		member_unmap_run(m);
	member_put(m);
	return 0;
}

static int timer_thread(void *arg)
{
	struct member *m = arg;

	member_start(m);
	while (!kthread_should_stop()) {
		user_timers_fire(&m->rnd, 8);
		usleep_range(20, 40);
	}
	return 0;
}

static int work_thread(void *arg)
{
	struct member *m = arg;

	member_start(m);
	while (!kthread_should_stop()) {
		user_work_run();
		usleep_range(pick(m, 200), 200);
	}
	return 0;
}

static void check_bounds(struct race *r, struct ioflush *flush, bool none)
{
	unsigned long rings = user_nr_cpus * (flush->ring_mask + 1);
	struct ioflush_pending pending;

	ioflush_get_pending(flush, &pending);
	if (none)
		rings = 0;
	if (pending.entries > rings ||
	    pending.bytes > (none ? 0 : user_nr_cpus * ioflush_pending_bytes_max))
		user_die("%lu entries, %lu bytes are pending\n",
			 pending.entries, pending.bytes);
	if (pending.held > (none ? 0 : user_nr_cpus * ioflush_held_bytes_max))
		user_die("%lu bytes are held\n", pending.held);
	if (none && pending.tables)
		user_die("%lu tables are pending\n", pending.tables);
}

/* What is in the rings before is in none of them afterwards. */
static void check_tighten(struct member *m, struct ioflush *flush)
{
	unsigned int us = pick(m, 1000), cpu;
	u32 tail[USER_CPUS];
	unsigned long flags;

	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(flush->all_rings, cpu);

		ioflush_ring_lock(ring, &flags);
		tail[cpu] = ring->tail;
		ioflush_ring_unlock(ring, flags);
	}
	if (us % 2)
		user_refuse(ioflush_set_window(flush, IOFLUSH_WINDOW_MIN_US + us));
	else
		ioflush_drain(flush, IOFLUSH_TIGHTEN);
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(flush->all_rings, cpu);

		ioflush_ring_lock(ring, &flags);
		if ((s32)(ring->head - tail[cpu]) < 0)
			user_die("pending from before a drain of all\n");
		ioflush_ring_unlock(ring, flags);
	}
}

static void change(struct member *m, struct ioflush *flush)
{
	switch (pick(m, m->r->s->changes ? 6 : 3)) {
	case 0:
		ioflush_all(flush);
		break;
	case 1:
		ioflush_drain(flush, IOFLUSH_SPACE);
		break;
	case 2:
		WRITE_ONCE(flush->costs.all_ns, 1000);
		WRITE_ONCE(flush->costs.cmd_ns, pick(m, 3) * 50);
		break;
	case 3:
	case 4:
		check_tighten(m, flush);
		break;
	case 5:
		ioflush_disable_deferred(flush);
		check_bounds(m->r, flush, true);
		usleep_range(pick(m, 300), 300);
		if (pick(m, 2))
			user_refuse(ioflush_enable_deferred(flush));
		user_refuse(ioflush_enable_holds(flush));
		break;
	}
}

static int change_thread(void *arg)
{
	struct member *m = arg;
	struct ioflush *flush;

	member_start(m);
	while (!kthread_should_stop()) {
		flush = &m->r->domain[pick(m, DOMAINS)]->flush;
		change(m, flush);
		check_bounds(m->r, flush, false);
		if (!atomic_read(&m->r->has_all))
			atomic_set(&m->r->has_all, race_has_all(m->r));
		usleep_range(pick(m, 500), 500);
	}
	return 0;
}

static void finish(struct race *r)
{
	unsigned long drains[IOFLUSH_REASONS] = {}, n[IOFLUSH_N_DRAIN] = {};

	for (unsigned int i = 0; i < DOMAINS; i++) {
		struct ioflush *flush = &r->domain[i]->flush;

		ioflush_disable_deferred(flush);
		check_bounds(r, flush, true);
		for (unsigned int j = 0; j < IOFLUSH_N_DRAIN; j++)
			n[j] += ioflush_count(flush, j);
		for (unsigned int j = 0; j < IOFLUSH_REASONS; j++)
			drains[j] += ioflush_count(flush, IOFLUSH_N_DRAIN + j);
	}
	printf("# %ld unmaps: %lu deferred, %lu merged, %lu full, %lu covered; ",
	       atomic_long_read(&r->unmaps), n[IOFLUSH_N_DEFERRED],
	       n[IOFLUSH_N_MERGED], n[IOFLUSH_N_FULL], n[IOFLUSH_N_COVERED]);
	printf("ranges %lu, domains %lu; drains", n[IOFLUSH_N_RANGES],
	       n[IOFLUSH_N_ALL]);
	for (unsigned int j = 0; j < IOFLUSH_REASONS; j++)
		printf(" %lu", drains[j]);
	printf("\n");
	fflush(stdout);
	if (n[IOFLUSH_N_STRICT] + n[IOFLUSH_N_DEFERRED] !=
	    (unsigned long)atomic_long_read(&r->unmaps))
		user_die("unmaps are lost\n");
	if (!race_has_all(r))
		user_die("nothing of a kind happened\n");
}

static void empty_mailboxes(struct race *r, struct member *m)
{
	for (unsigned int i = 0; i < MAILBOXES; i++)
		if (r->mailbox[i])
			member_unmap(m, r->mailbox[i]);
}

static void run(void *arg)
{
	static int (*const helpers[])(void *arg) = {
		timer_thread, work_thread, change_thread,
	};
	struct task_struct *task[THREADS_MAX + ARRAY_SIZE(helpers)];
	struct member member[THREADS_MAX + ARRAY_SIZE(helpers)] = {};
	struct race *r = arg;
	unsigned int i, all = r->threads + ARRAY_SIZE(helpers);

	ioflush_engine_rcu = r->s->engine_rcu;
	ioflush_pending_entries = r->s->entries ?: ioflush_pending_entries;
	user_nr_cpus = r->threads + 1;
	user_jitter = true;
	user_refuse(ioflush_setup());
	for (i = 0; i < DOMAINS; i++)
		r->domain[i] = hw_create(HW_PAGES);
	user_cpu_enter(r->threads);
	for (i = 0; i < all; i++) {
		member[i].r = r;
		member[i].id = i;
		task[i] = kthread_run(i < r->threads ? member_thread :
				      helpers[i - r->threads], &member[i], "race");
	}
	for (i = 0; i < r->threads; i++)
		kthread_stop(task[i]);
	kthread_stop(task[all - 1]);
	empty_mailboxes(r, &member[0]);
	finish(r);
	/* Timers and work are still about: they have to be cancelled. */
	for (i = 0; i < DOMAINS; i++)
		hw_destroy(r->domain[i]);
	for (i = r->threads; i < all - 1; i++)
		kthread_stop(task[i]);
}

static bool race(const struct scenario *s, unsigned int threads,
		 unsigned int percent, u64 seed)
{
	struct race r = {
		.s = s,
		.threads = threads,
		.rounds = max(1U, s->rounds / 100 * percent / threads),
		.seed = seed,
	};
	char name[64];

	snprintf(name, sizeof(name), "flush %s, %u threads", s->name, threads);
	return user_case(name, 120, run, &r);
}

static int usage(FILE *to)
{
	fprintf(to, "usage: flush [--threads=N] [--percent=N] [--seed=N] [SCENARIO]\n\n"
		"Runs each scenario with N CPUs that unmap, or with 2, 8 and 32, and this\n"
		"percentage of the usual unmaps. Scenarios:");
	for (unsigned int i = 0; i < ARRAY_SIZE(scenarios); i++)
		fprintf(to, "%s \"%s\"", i ? "," : "", scenarios[i].name);
	fprintf(to, ", \"dry\"\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const unsigned int usual[] = { 2, 8, 32 };
	unsigned long threads = 0, percent = 100;
	u64 seed = get_random_u64() % 1000000;
	const char *scenario = NULL;
	bool ok = true;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			return usage(stdout);
		if (!strncmp(argv[i], "--threads=", 10))
			threads = strtoul(argv[i] + 10, NULL, 0);
		else if (!strncmp(argv[i], "--percent=", 10))
			percent = strtoul(argv[i] + 10, NULL, 0);
		else if (!strncmp(argv[i], "--seed=", 7))
			seed = strtoul(argv[i] + 7, NULL, 0);
		else if (argv[i][0] != '-' && !scenario)
			scenario = argv[i];
		else
			return usage(stderr);
	}
	if (threads > THREADS_MAX)
		return usage(stderr);

	printf("# --seed=%llu\n", seed);
	for (unsigned int i = 0; i < ARRAY_SIZE(scenarios); i++) {
		if (scenario && strcmp(scenario, scenarios[i].name))
			continue;
		for (unsigned int j = 0; j < ARRAY_SIZE(usual); j++)
			if (!threads || !j)
				ok &= race(&scenarios[i], threads ?: usual[j],
					   percent, seed);
	}
	if (!scenario || !strcmp(scenario, "dry"))
		ok &= flush_dry(percent, seed);
	return !ok;
}
