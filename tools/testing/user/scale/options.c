// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: what the command line says
 */
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/kernel.h>

#include "options.h"

/* Those that are no faults come first. */
static const struct stack *const stacks[] = {
	&stack_strict, &stack_smmu, &stack_vtd, &stack_lazy, &stack_fq_smmu,
	&stack_fq_vtd, &stack_invq, &stack_lazy_many, &stack_strict_locked, &stack_lazy_locked,
	&stack_lazy_late, &stack_many_short,
};

/* All but the faults. */
#define USUAL_STACKS	6

static struct {
	struct sim_params params;
	unsigned int think;
	unsigned int work;
	unsigned int held;
	unsigned int us;
} set = {
	.params = {
		.socket_cpus = 48,
		.seed = 1,
		.hit = 1,
		.atomic = 6,
		.fence = 5,
		.local = 50,
		.remote = 120,
		.memory = 80,
		.share = 5,
		.keep = 50,
		.relax = 10,
		.irq = 300,
		.mmio_write = 100,
		.mmio_read = 300,
		.command = 10,
	},
	.think = 500,
	.work = 85,
	.held = 32,
};

static const struct {
	const char *name;
	unsigned int *value;
	const char *what;
} names[] = {
	{ "hit", &set.params.hit, "ns, an access to a line that is in the cache" },
	{ "atomic", &set.params.atomic, "ns, an atomic one" },
	{ "fence", &set.params.fence, "ns, a full barrier" },
	{ "local", &set.params.local, "ns, a line from another cache of the socket" },
	{ "remote", &set.params.remote, "ns, a line from another socket" },
	{ "memory", &set.params.memory, "ns, a line from memory" },
	{ "share", &set.params.share, "ns between two that are given one line to read" },
	{ "keep", &set.params.keep, "% of a move, until the one that has the line loses it" },
	{ "relax", &set.params.relax, "ns, a round of a loop that polls" },
	{ "irq", &set.params.irq, "ns, an interrupt" },
	{ "doorbell", &set.params.mmio_write, "ns, a write to a register" },
	{ "mmio-read", &set.params.mmio_read, "ns, a read of one" },
	{ "command", &set.params.command, "ns, the unit does a command" },
	{ "socket", &set.params.socket_cpus, "CPUs in a socket" },
	{ "think", &set.think, "ns between a map and the next unmap" },
	{ "work", &set.work, "ns of a map, and of an unmap, that are not simulated" },
	{ "held", &set.held, "mappings that a CPU has at a time" },
	{ "us", &set.us, "microseconds that are looked at, or 0 for what is usual" },
};

static int usage(FILE *to)
{
	fprintf(to, "usage: scale [--stack=NAME,...] [--cpus=N,...] [--sync=NS,...] [--seed=N]\n"
		"             [--NAME=N...] [--tsv=FILE] [--lines=N] [--bars | --today | --selftest]\n\n"
		"Maps and unmaps on many simulated CPUs, and says what that costs. --lines=N prints\n"
		"the N cache lines and places in the code that cost most. --bars judges, with status\n"
		"1 where a bar is missed, --today by what has been reached; --selftest shows that a\n"
		"run repeats itself and that each bar can be missed.\n\nStacks:\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(stacks); i++)
		fprintf(to, "  %-12s %s\n", stacks[i]->name, stacks[i]->what);
	fprintf(to, "Names:\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		fprintf(to, "  %-12s %s; %u\n", names[i].name, names[i].what,
			*names[i].value);
	return to == stdout ? 1 : 3;
}

static bool numbers(const char *text, unsigned int *at, unsigned int *n)
{
	char *end;

	for (*n = 0; *n < OPTIONS_MAX; text = end + 1) {
		at[(*n)++] = strtoul(text, &end, 0);
		if (end == text || (*end && *end != ','))
			return false;
		if (!*end)
			return true;
	}
	return false;
}

const struct stack *options_stack(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(stacks); i++)
		if (!strcmp(stacks[i]->name, name))
			return stacks[i];
	return NULL;
}

static bool choose(char *text, struct options *o)
{
	char *name;

	o->nr_stacks = 0;
	while ((name = strsep(&text, ","))) {
		const struct stack *stack = options_stack(name);

		if (!stack || o->nr_stacks == OPTIONS_MAX)
			return false;
		o->stack[o->nr_stacks++] = stack;
	}
	return true;
}

/* NAME=N */
static bool name_value(const char *text)
{
	const char *value = strchr(text, '=');
	char *end;

	for (unsigned int i = 0; value && i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i].name) != (size_t)(value - text) ||
		    memcmp(names[i].name, text, value - text))
			continue;
		*names[i].value = strtoul(value + 1, &end, 0);
		return !*end && value[1];
	}
	return false;
}

static bool one(struct options *o, char *arg)
{
	unsigned int n, value;

	if (!strncmp(arg, "--stack=", 8))
		return choose(arg + 8, o);
	if (!strncmp(arg, "--cpus=", 7))
		return numbers(arg + 7, o->cpus, &o->nr_cpus);
	if (!strncmp(arg, "--sync=", 7))
		return numbers(arg + 7, o->sync, &o->nr_sync);
	if (!strncmp(arg, "--lines=", 8))
		return numbers(arg + 8, &o->lines, &n) && n == 1;
	if (!strncmp(arg, "--tsv=", 6))
		o->tsv = arg + 6;
	else if (!strcmp(arg, "--bars"))
		o->bars = true;
	else if (!strcmp(arg, "--today"))
		o->today = true;
	else if (!strcmp(arg, "--selftest"))
		o->selftest = true;
	else if (!strncmp(arg, "--seed=", 7) && numbers(arg + 7, &value, &n))
		set.params.seed = value;
	else
		return !strncmp(arg, "--", 2) && name_value(arg + 2);
	return true;
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const unsigned int cpus[] = { 1, 2, 4, 8, 16, 32, 64, 96, 128, 256 };

	*o = (struct options){ .sync = { 1000 }, .nr_sync = 1,
			       .nr_cpus = ARRAY_SIZE(cpus), };
	memcpy(o->cpus, cpus, sizeof(cpus));
	while (o->nr_stacks < USUAL_STACKS) {
		o->stack[o->nr_stacks] = stacks[o->nr_stacks];
		o->nr_stacks++;
	}
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			return usage(stdout);
		if (!one(o, argv[i]))
			return usage(stderr);
	}
	for (unsigned int i = 0; i < o->nr_cpus; i++)
		if (!o->cpus[i] || o->cpus[i] > SIM_CPUS)
			return usage(stderr);
	if (!set.params.socket_cpus || !set.held || set.held > RUN_HELD_MAX)
		return usage(stderr);
	return 0;
}

struct run options_run(const struct stack *stack, unsigned int cpus,
		       unsigned int sync)
{
	struct run run = {
		.stack = stack,
		.params = set.params,
		.ns = (set.us ?: stack->ms * 1000) * 1000ULL,
		.warm_unmaps = stack->warm,
		.think_ns = set.think,
		.work_ns = set.work,
		.held = set.held,
	};

	run.params.cpus = cpus;
	run.params.sync = sync;
	return run;
}
