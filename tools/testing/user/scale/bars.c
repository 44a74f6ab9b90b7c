// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: what has to be reached, and whether that can be missed
 */
#include <string.h>

#include <linux/bits.h>
#include <linux/kernel.h>

#include "bars.h"
#include "options.h"

#define SYNC_NS		1000

/**
 * enum bar - what has to be reached
 * @BAR_TIMES: strict, 96 CPUs: so many times the throughput of mainline's model
 * @BAR_SYNCS: strict, 256 CPUs: the p99.9 of an unmap, in syncs
 * @BAR_LAZY: lazy: what a map and unmap costs with 256 CPUs, over that with one
 * @BAR_WINDOW: lazy: the longest exposure, in windows
 * @BAR_TIMERS: lazy, 16 CPUs in 64 domains: timers of a CPU that fire in a window
 * @BARS: how many
 */
enum bar { BAR_TIMES, BAR_SYNCS, BAR_LAZY, BAR_WINDOW, BAR_TIMERS, BARS };

/**
 * struct bar_limit - a bar
 * @what: of it is measured
 * @least: it is a lower bound
 * @bound: the bar
 * @today: what is reached, and not to be lost; the bar, where that is reached
 */
static const struct bar_limit {
	const char *what;
	bool least;
	double bound;
	double today;
} bars[BARS] = {
	[BAR_TIMES] = { "strict, 96 CPUs, throughput over that of mainline's model",
			true, 8.0, 8.0 },
	[BAR_SYNCS] = { "strict, 256 CPUs, p99.9 of an unmap in syncs", false, 6.0,
			20.0 },
	[BAR_LAZY] = { "lazy, cost with 256 CPUs over that with one", false, 1.3,
		       1.3 },
	[BAR_WINDOW] = { "lazy, longest exposure in windows", false, 1.0, 1.0 },
	[BAR_TIMERS] = { "lazy, 16 CPUs, 64 domains, timers of a CPU in a window",
			 false, 8.0, 8.0 },
};

enum { STRICT_96, MODEL_96, STRICT_256, LAZY_1, LAZY_96, LAZY_256, MANY, RUNS };

/**
 * enum judgement - by what to judge, and how to say it
 * @BY_BAR: the bars
 * @BY_TODAY: what is reached today
 * @BY_BAR_QUIETLY: the bars, but it is no test
 */
enum judgement { BY_BAR, BY_TODAY, BY_BAR_QUIETLY };

/* Prints a line for each in the form of the other tests; returns what was missed. */
static unsigned long judge(const double *value, enum judgement by)
{
	unsigned long missed = 0;

	for (unsigned int i = 0; i < BARS; i++) {
		const struct bar_limit *b = &bars[i];
		double bound = by == BY_TODAY ? b->today : b->bound;
		bool good = b->least ? value[i] >= bound : value[i] <= bound;

		if (!good)
			missed |= BIT(i);
		printf("%s%s - scale: %s: %.2f, %s %s %.2f",
		       by == BY_BAR_QUIETLY ? "# " : "", good ? "ok" : "not ok",
		       b->what, value[i], by == BY_TODAY ? "today" : "bar",
		       b->least ? ">=" : "<=", bound);
		if (by == BY_TODAY && bound != b->bound)
			printf(", but the bar is %.2f", b->bound);
		printf("\n");
	}
	fflush(stdout);
	return missed;
}

/* With stacks of these names, and a unit whose sync takes that long. */
static unsigned long measure(const char *strict, const char *lazy,
			     const char *many, unsigned int sync_ns,
			     enum judgement by)
{
	const struct stack *s = options_stack(strict), *l = options_stack(lazy);
	struct run run[RUNS] = {
		[STRICT_96] = options_run(s, 96, sync_ns),
		[MODEL_96] = options_run(options_stack("smmuv3"), 96, SYNC_NS),
		[STRICT_256] = options_run(s, 256, sync_ns),
		[LAZY_1] = options_run(l, 1, sync_ns),
		[LAZY_96] = options_run(l, 96, sync_ns),
		[LAZY_256] = options_run(l, 256, sync_ns),
		[MANY] = options_run(options_stack(many), 16, sync_ns),
	};
	struct result r[RUNS];
	double value[BARS], exposed_ns = 0;

	run_all(run, r, RUNS);
	for (unsigned int i = 0; i < RUNS; i++) {
		if (!r[i].ok) {
			printf("not ok - scale: %s with %u CPUs ends well\n",
			       run[i].stack->name, run[i].params.cpus);
			return ~0UL;
		}
		if (i >= LAZY_1 && r[i].exposed_ns > exposed_ns)
			exposed_ns = r[i].exposed_ns;
	}
	value[BAR_TIMES] = r[STRICT_96].per_s / r[MODEL_96].per_s;
	value[BAR_SYNCS] = (double)r[STRICT_256].p999_ns / SYNC_NS;
	value[BAR_LAZY] = r[LAZY_256].cost_ns / r[LAZY_1].cost_ns;
	value[BAR_WINDOW] = exposed_ns / (LOAD_WINDOW_US * 1000.0);
	value[BAR_TIMERS] = r[MANY].timers;
	return judge(value, by);
}

bool bars_judge(bool today)
{
	return !measure("strict", "lazy", "lazy-many", SYNC_NS,
			today ? BY_TODAY : BY_BAR);
}

static bool test(bool good, const char *what)
{
	printf("%s - scale: %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
	return good;
}

static bool repeats(const char *name)
{
	const struct stack *stack = options_stack(name);
	struct run run[] = {
		options_run(stack, 64, SYNC_NS), options_run(stack, 64, SYNC_NS),
		options_run(stack, 64, SYNC_NS),
	};
	struct result r[ARRAY_SIZE(run)];
	char what[80];
	bool ok;

	run[2].params.seed++;
	run_all(run, r, ARRAY_SIZE(run));
	ok = r[0].ok && r[1].ok && r[2].ok;
	snprintf(what, sizeof(what), "%s: the same seed makes the same figures", name);
	ok = test(ok && !memcmp(&r[0], &r[1], sizeof(r[0])), what);
	snprintf(what, sizeof(what), "%s: another seed makes others", name);
	return ok & test(memcmp(&r[0], &r[2], sizeof(r[0])), what);
}

/* Each fault has to miss the bars that it is about, whatever else it does. */
bool bars_selftest(void)
{
	unsigned long locked, slow;
	bool ok = repeats("strict");

	ok &= repeats("lazy");
	locked = measure("strict-locked", "lazy-locked", "lazy-many", SYNC_NS,
			 BY_BAR_QUIETLY);
	slow = measure("strict", "lazy-late", "many-short", 8 * SYNC_NS,
		       BY_BAR_QUIETLY);
	ok &= test(locked != ~0UL && slow != ~0UL, "runs with faults end well");
	ok &= test(locked & BIT(BAR_TIMES), "a lock around submissions is seen");
	ok &= test(locked & BIT(BAR_LAZY), "a lock around lazy unmaps is seen");
	ok &= test(slow & BIT(BAR_SYNCS), "a slow unit is seen");
	ok &= test(slow & BIT(BAR_WINDOW), "a window that is not kept is seen");
	ok &= test(slow & BIT(BAR_TIMERS), "timers that fire too often are seen");
	return ok;
}
