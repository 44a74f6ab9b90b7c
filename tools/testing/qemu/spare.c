// SPDX-License-Identifier: GPL-2.0
/*
 * spare FILE: takes all time of a CPU that nobody else wants, and keeps in FILE how
 * much that was, in ns.
 *
 * It counts rounds of a loop, each of them the same instructions, whose duration it
 * has measured before. So time that interrupts take from it is not in the figure, as
 * it would be in the CPU time of a task; and a CPU on the instruction counter, whose
 * clock would jump to the next timer, is never idle.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DIGITS 20
#define TRIALS 256
#define ROUNDS 32

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Nothing of the loop goes, and all that was written is there. */
static inline void barrier(void)
{
	asm volatile("" ::: "memory");
}

/* A shell reads it: as many digits each time, so that each round is as long. */
static void write_down(char *at, uint64_t value)
{
	for (int i = DIGITS - 1; i >= 0; i--, value /= 10)
		at[i] = '0' + value % 10;
	barrier();
}

/*
 * Compiled once, and not for a value that is known: a round that is measured and one that
 * is counted have to be the same instructions.
 */
static __attribute__((noipa)) void round_of(char *at, uint64_t value)
{
	for (int i = 0; i < 1000; i++)
		barrier();
	write_down(at, value);
}

/* The shortest of many: no interrupt was in it. */
static uint64_t measure(char *at)
{
	uint64_t best = UINT64_MAX;

	for (int trial = 0; trial < TRIALS; trial++) {
		uint64_t start = now_ns(), taken;

		for (int i = 0; i < ROUNDS; i++)
			round_of(at, 0);
		taken = now_ns() - start;
		if (taken < best)
			best = taken;
	}
	return best;
}

int main(int argc, char **argv)
{
	struct sched_param none = { 0 };
	uint64_t rounds = 0, each;
	char *at;
	int fd;

	if (argc != 2)
		return 1;
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || ftruncate(fd, DIGITS + 1))
		return 1;
	at = mmap(NULL, DIGITS + 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return 1;
	memset(at, '0', DIGITS);
	at[DIGITS] = '\n';
	each = measure(at);
	if (sched_setscheduler(0, SCHED_IDLE, &none))
		return 1;
	for (;;)
		round_of(at, ++rounds * each / ROUNDS);
}
