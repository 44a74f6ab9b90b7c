// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: one run, in a process of its own
 *
 * A process, so that it begins as all do, and that several can run at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "run.h"
#include "unit.h"

struct sim_params sim;

static const struct run *run;
/* How long each unmap took, that was looked at. */
static u32 *samples;
static u64 nr_samples, room_samples;
static u64 sum_ns, busy_ns;
static unsigned int running, cold;
/* From when on it is looked at; and when that was over. */
static u64 warm_at, ended_at;
static struct unit_stats at_warm;
static u64 moves_at_warm, timers_at_warm, unmaps;

static void sample(u64 ns)
{
	if (nr_samples == room_samples) {
		room_samples = room_samples * 2 ?: 4096;
		samples = realloc(samples, room_samples * sizeof(*samples));
		user_refuse(!samples);
	}
	samples[nr_samples++] = ns > U32_MAX ? U32_MAX : ns;
	sum_ns += ns;
}

/* The first to come here draws the line below what came before. */
static void warm(void)
{
	if (at_warm.syncs || moves_at_warm)
		return;
	at_warm = unit_stats;
	moves_at_warm = sim_moves ?: 1;
	timers_at_warm = sim_timers;
}

/* Between three quarters and five quarters of what was asked for. */
static u64 think(void)
{
	u64 ns = run->think_ns;

	return ns - ns / 4 + sim_random() % (ns / 2 + 1);
}

/**
 * struct busy - a CPU's own
 * @held: what it has mapped, in a ring: the oldest is unmapped first
 * @n: how often it has
 * @idle_ns: what of its time was not spent on mappings
 */
struct busy {
	u64 held[RUN_HELD_MAX];
	u64 n;
	u64 idle_ns;
};

static void busy_once(struct busy *b, bool count)
{
	u64 *slot = &b->held[b->n++ % run->held];
	u64 ns = think(), start;

	if (*slot) {
		start = sim_now();
		sim_pass(run->work_ns);
		unit_cleared(*slot, LOAD_BYTES);
		run->stack->unmap(*slot);
		if (!run->stack->lazy)
			unit_check(*slot, LOAD_BYTES, "after its unmap");
		if (count) {
			sample(sim_now() - start);
			unmaps++;
		}
	}
	sim_pass(run->work_ns);
	*slot = run->stack->map();
	user_refuse(!*slot);
	unit_check(*slot, LOAD_BYTES, "when it is handed out");
	sim_pass(ns);
	b->idle_ns += ns;
}

static void cpu_run(void *arg)
{
	static struct busy all[SIM_CPUS];
	struct busy *b = &all[sim_me->id];
	u64 start;

	sim_pass(sim_random() % (2 * run->think_ns + 1000));
	while (cold || sim_now() < warm_at) {
		busy_once(b, false);
		if (b->n == run->held + run->warm_unmaps && !--cold)
			warm_at = max(warm_at, sim_now());
	}
	warm();
	start = sim_now();
	b->idle_ns = 0;
	while (sim_now() < warm_at + run->ns)
		busy_once(b, true);
	busy_ns += sim_now() - start - b->idle_ns;
	ended_at = max(ended_at, sim_now());
	if (!--running)
		sim_stop();
	/* Others unmap on; this one is there for its interrupts. */
	for (;;)
		sim_pass(1000000);
}

static int by_length(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

static void judge(struct result *r)
{
	double n = unmaps ?: 1;

	qsort(samples, nr_samples, sizeof(*samples), by_length);
	*r = (struct result){
		.ok = nr_samples && !user_warnings(),
		.unmaps = unmaps,
		.per_s = n / run->ns * 1e9,
		.cost_ns = busy_ns / n,
		.mean_ns = sum_ns / n,
		.exposed_ns = unit_exposed(ended_at),
		.commands = (unit_stats.commands - at_warm.commands) / n,
		.syncs = (unit_stats.syncs - at_warm.syncs) / n,
		.doorbells = (unit_stats.doorbells - at_warm.doorbells) / n,
		.moves = (sim_moves - moves_at_warm) / n,
		.timers = (double)(sim_timers - timers_at_warm) / sim.cpus *
			  (LOAD_WINDOW_US * 1000.0) / (ended_at - warm_at),
	};
	if (!nr_samples)
		return;
	r->p50_ns = samples[nr_samples / 2];
	r->p999_ns = samples[nr_samples - 1 - nr_samples / 1000];
	r->max_ns = samples[nr_samples - 1];
}

static void run_here(const struct run *what, struct result *r)
{
	run = what;
	sim = what->params;
	user_refuse(sim.cpus > SIM_CPUS || run->held > RUN_HELD_MAX);
	user_nr_cpus = sim.cpus;
	running = sim.cpus;
	cold = sim.cpus;
	/* The first part is not looked at, until all caches are filled. */
	warm_at = run->ns / 4 + 10 * (sim.sync + sim.command * sim.cpus);
	run->stack->setup();
	for (unsigned int i = 0; i < sim.cpus; i++)
		sim_start(i, cpu_run, NULL);
	sim_run();
	judge(r);
	if (run->lines) {
		printf("# %s, %u CPUs, sync %u ns\n", run->stack->name, sim.cpus,
		       sim.sync);
		lines_print(run->lines, unmaps);
	}
}

static void start(const struct run *what, struct result *r)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	user_refuse(pid < 0);
	if (pid)
		return;
	run_here(what, r);
	fflush(stdout);
	_exit(0);
}

static void wait_for_one(void)
{
	int status;

	while (wait(&status) < 0)
		user_refuse(errno != EINTR);
}

void run_all(const struct run *runs, struct result *results, unsigned int n)
{
	long host_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t bytes = n * sizeof(*results);
	struct result *shared;
	unsigned int going = 0;

	shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	user_refuse(shared == MAP_FAILED);
	for (unsigned int i = 0; i < n; i++, going++) {
		if (going >= host_cpus) {
			wait_for_one();
			going--;
		}
		start(&runs[i], &shared[i]);
	}
	for (; going; going--)
		wait_for_one();
	memcpy(results, shared, bytes);
	munmap(shared, bytes);
}

u64 load_page(void)
{
	return (u64)(sim_me->id + 1) << UNIT_PAGE_LG2;
}
