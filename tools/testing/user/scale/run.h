/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: one run, in a process of its own
 */
#ifndef _SCALE_RUN_H
#define _SCALE_RUN_H

#include "load.h"
#include "sim.h"

/* Mappings that a CPU may have at a time. */
#define RUN_HELD_MAX	256

/**
 * struct run - what is to be done
 * @stack: by what
 * @params: on which machine
 * @ns: for how long
 * @warm_unmaps: of each CPU, before that
 * @think_ns: between an unmap and the next, on average
 * @work_ns: in an unmap, and in a map, what is not simulated
 * @held: mappings of a CPU
 * @lines: print as many of the lines and sites that cost most
 */
struct run {
	const struct stack *stack;
	struct sim_params params;
	u64 ns;
	unsigned int warm_unmaps;
	unsigned int think_ns;
	unsigned int work_ns;
	unsigned int held;
	unsigned int lines;
};

/**
 * struct result - what came out
 * @ok: the run has ended as it should
 * @unmaps: that were looked at
 * @per_s: unmaps a second, of all CPUs
 * @cost_ns: of a CPU's time, for a map and an unmap, interrupts included
 * @mean_ns: of an unmap
 * @p50_ns: half of the unmaps are quicker
 * @p999_ns: all but one in a thousand
 * @max_ns: the longest
 * @exposed_ns: the longest time from the clearing to the end of the invalidation
 * @commands: for each unmap
 * @syncs: for each unmap
 * @doorbells: for each unmap
 * @moves: of cache lines, for each unmap
 * @timers: that fired on a CPU in what is our window
 */
struct result {
	bool ok;
	u64 unmaps;
	double per_s;
	double cost_ns;
	double mean_ns;
	u64 p50_ns;
	u64 p999_ns;
	u64 max_ns;
	u64 exposed_ns;
	double commands;
	double syncs;
	double doorbells;
	double moves;
	double timers;
};

/* Do all of them, as many at once as there are host CPUs. */
void run_all(const struct run *runs, struct result *results, unsigned int n);

/* lines.c */
void lines_print(unsigned int n, u64 unmaps);

#endif /* _SCALE_RUN_H */
