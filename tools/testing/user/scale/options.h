/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: what the command line says
 */
#ifndef _SCALE_OPTIONS_H
#define _SCALE_OPTIONS_H

#include <stdio.h>

#include "run.h"

#define OPTIONS_MAX	32

/**
 * struct options - what is to be done
 * @cpus: numbers of CPUs
 * @nr_cpus: how many of them
 * @sync: lengths of a sync
 * @nr_sync: how many of them
 * @stack: which stacks
 * @nr_stacks: how many of them
 * @tsv: a file for the figures, or NULL
 * @lines: cache lines to print
 * @bars: judge
 * @today: the same by what is reached today
 * @selftest: see whether that can fail
 */
struct options {
	unsigned int cpus[OPTIONS_MAX];
	unsigned int nr_cpus;
	unsigned int sync[OPTIONS_MAX];
	unsigned int nr_sync;
	const struct stack *stack[OPTIONS_MAX];
	unsigned int nr_stacks;
	const char *tsv;
	unsigned int lines;
	bool bars;
	bool today;
	bool selftest;
};

/* 0, or what the program ends with, plus 1. */
int options_parse(struct options *o, int argc, char **argv);
const struct stack *options_stack(const char *name);
struct run options_run(const struct stack *stack, unsigned int cpus,
		       unsigned int sync);

#endif /* _SCALE_OPTIONS_H */
