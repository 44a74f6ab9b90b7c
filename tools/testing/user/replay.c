// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: the fuzz target without libFuzzer
 *
 * Runs inputs from files, and ones that follow from a seed, in any build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/prandom.h>

#include "formats.h"
#include "fuzz.h"

#define INPUT_MAX	4096

static u8 input[INPUT_MAX];

static void run_file(const char *name)
{
	FILE *file = fopen(name, "rb");
	size_t n;

	if (!file)
		user_die("%s: cannot be read\n", name);
	n = fread(input, 1, sizeof(input), file);
	fclose(file);
	LLVMFuzzerTestOneInput(input, n);
}

static void run_random(struct rnd_state *rnd)
{
	size_t n = 16 + prandom_u32_state(rnd) % 1024, i;

	for (i = 0; i < n; i++)
		input[i] = prandom_u32_state(rnd);
	LLVMFuzzerTestOneInput(input, n);
}

static int usage(FILE *to)
{
	fprintf(to, "usage: replay --list\n"
		"       replay [--runs=N] [--seed=S] [--format=NAME [FILE...]]\n\n"
		"Runs each FILE, then N inputs made up from the seed; of all formats if none\n"
		"is named.\n");
	return to == stdout ? 0 : 2;
}

static int list(void)
{
	const struct user_format *f;

	for (f = user_formats; f->name; f++)
		printf("%s\n", f->name);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long runs = 0, seed = 1, n;
	const char *chosen = NULL;
	const struct user_format *f;
	struct rnd_state rnd;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--help"))
			return usage(stdout);
		if (!strcmp(argv[i], "--list"))
			return list();
		if (!strncmp(argv[i], "--runs=", 7))
			runs = strtoul(argv[i] + 7, NULL, 0);
		else if (!strncmp(argv[i], "--seed=", 7))
			seed = strtoul(argv[i] + 7, NULL, 0);
		else if (!strncmp(argv[i], "--format=", 9))
			chosen = argv[i] + 9;
		else
			return usage(stderr);
	}
	if (i < argc && !chosen)
		return usage(stderr);

	for (f = chosen ? user_format(chosen) : user_formats; f->name; f++) {
		int file;

		fuzz_format(f->name);
		for (file = i; file < argc; file++)
			run_file(argv[file]);
		prandom_seed_state(&rnd, seed);
		for (n = 0; n < runs; n++)
			run_random(&rnd);
		printf("%s: %d files, %lu inputs from seed %lu\n", f->name,
		       argc - i, runs, seed);
		if (chosen)
			break;
	}
	return !!user_warnings();
}
