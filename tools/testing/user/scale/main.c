// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: maps and unmaps on 1 to 256 simulated CPUs
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>

#include "bars.h"
#include "options.h"

static void print_head(FILE *to)
{
	fprintf(to, "# %-12s\tcpus\tsync\tunmaps_per_s\tcost_ns\tmean_ns\tp50_ns\t"
		"p999_ns\tmax_ns\texposed_us\tcommands\tsyncs\tdoorbells\tmoves\ttimers\n",
		"stack");
}

static void print(FILE *to, const struct run *run, const struct result *r)
{
	fprintf(to, "%-14s\t%u\t%u\t%.0f\t%.1f\t%.1f\t%llu\t%llu\t%llu\t",
		run->stack->name, run->params.cpus, run->params.sync, r->per_s,
		r->cost_ns, r->mean_ns, r->p50_ns, r->p999_ns, r->max_ns);
	fprintf(to, "%.1f\t%.4f\t%.4f\t%.4f\t%.3f\t%.2f\n", r->exposed_ns / 1000.0,
		r->commands, r->syncs, r->doorbells, r->moves, r->timers);
}

static bool print_all(const struct options *o, const struct run *runs,
		      const struct result *results, unsigned int n)
{
	FILE *tsv = o->tsv ? fopen(o->tsv, "w") : NULL;
	bool ok = true;

	if (o->tsv && !tsv)
		user_die("%s: %s\n", o->tsv, strerror(errno));
	print_head(stdout);
	if (tsv)
		print_head(tsv);
	for (unsigned int i = 0; i < n; i++) {
		ok &= results[i].ok;
		print(stdout, &runs[i], &results[i]);
		if (tsv)
			print(tsv, &runs[i], &results[i]);
	}
	if (tsv)
		fclose(tsv);
	return ok;
}

static bool measure(const struct options *o)
{
	unsigned int n = 0, max = o->nr_stacks * o->nr_sync * o->nr_cpus;
	struct result *results = calloc(max, sizeof(*results));
	struct run *runs = calloc(max, sizeof(*runs));
	bool ok;

	user_refuse(!results || !runs);
	for (unsigned int i = 0; i < o->nr_stacks; i++)
		for (unsigned int j = 0; j < o->nr_sync; j++)
			for (unsigned int k = 0; k < o->nr_cpus; k++, n++) {
				runs[n] = options_run(o->stack[i], o->cpus[k],
						      o->sync[j]);
				runs[n].lines = o->lines;
			}
	run_all(runs, results, n);
	ok = print_all(o, runs, results, n);
	free(results);
	free(runs);
	return ok;
}

int main(int argc, char **argv)
{
	struct options o;
	int end = options_parse(&o, argc, argv);

	if (end)
		return end - 1;
	if (o.selftest)
		return !bars_selftest();
	if (o.bars || o.today)
		return !bars_judge(o.today);
	return !measure(&o);
}
