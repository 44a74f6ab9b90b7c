// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: what has to be reached, and whether that can be missed
 */
#include <string.h>

#include <linux/kernel.h>

#include "bars.h"
#include "options.h"

#define SYNC_NS		1000
#define TIMES		8.0
#define SYNCS		6.0

enum { OURS_96, MODEL_96, OURS_256, RUNS };

/* A fault has been planted: a bar that is missed is no failure. */
static bool planted;

/* Prints a line in the form of the other tests, and says whether it is good. */
static bool bar(bool good, const char *what, double value, const char *limit,
		double bound)
{
	printf("%s%s - scale: %s: %.2f, bar %s %.2f\n", planted ? "# " : "",
	       good ? "ok" : "not ok", what, value, limit, bound);
	fflush(stdout);
	return good;
}

/* With the strict stack of that name and a unit whose sync takes that long. */
static bool strict(const char *name, unsigned int sync_ns)
{
	const struct stack *stack = options_stack(name);
	struct run run[RUNS] = {
		[OURS_96] = options_run(stack, 96, sync_ns),
		[MODEL_96] = options_run(options_stack("smmuv3"), 96, SYNC_NS),
		[OURS_256] = options_run(stack, 256, sync_ns),
	};
	struct result r[RUNS];
	double times, syncs;
	bool ok = true;

	run_all(run, r, RUNS);
	for (unsigned int i = 0; i < RUNS; i++)
		ok &= r[i].ok;
	times = r[OURS_96].per_s / r[MODEL_96].per_s;
	syncs = (double)r[OURS_256].p999_ns / SYNC_NS;
	ok &= bar(times >= TIMES, "strict, 96 CPUs, times mainline's model", times,
		  ">=", TIMES);
	ok &= bar(syncs <= SYNCS, "strict, 256 CPUs, p99.9 in syncs", syncs, "<=",
		  SYNCS);
	return ok;
}

bool bars_judge(void)
{
	return strict("invq", SYNC_NS);
}

static bool test(bool good, const char *what)
{
	printf("%s - scale: %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
	return good;
}

static bool repeats(void)
{
	const struct stack *stack = options_stack("invq");
	struct run run[] = {
		options_run(stack, 64, SYNC_NS), options_run(stack, 64, SYNC_NS),
		options_run(stack, 64, SYNC_NS),
	};
	struct result r[ARRAY_SIZE(run)];

	run[2].params.seed++;
	run_all(run, r, ARRAY_SIZE(run));
	return test(!memcmp(&r[0], &r[1], sizeof(r[0])),
		    "the same seed makes the same figures") &
	       test(memcmp(&r[0], &r[2], sizeof(r[0])),
		    "another seed makes others");
}

bool bars_selftest(void)
{
	bool ok = repeats();

	planted = true;
	ok &= test(!strict("invq-locked", SYNC_NS),
		   "a lock around submissions misses a bar");
	ok &= test(!strict("invq", 4 * SYNC_NS),
		   "a unit that is slow misses a bar");
	return ok;
}
