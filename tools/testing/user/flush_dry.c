// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: a space that is dry, of which all is in a ring
 *
 * A CPU takes all pages, unmaps them and drains: all of them are there again, though
 * another CPU drains the same rings at the same time, and takes entries out of them.
 */
#include <linux/kthread.h>
#include <linux/random.h>

#include "flush_hw.h"
#include "lib/case.h"
#include "ring.h"

/* No arena fits in so few: they are the tree's. */
#define PAGES	40
#define ROUNDS	5000

struct dry {
	struct hw_domain *d;
	unsigned int rounds;
	u64 seed;
};

static int drain_thread(void *arg)
{
	struct dry *dry = arg;

	hw_seed(dry->seed);
	user_cpu_enter(1);
	while (!kthread_should_stop())
		ioflush_drain(&dry->d->flush, IOFLUSH_TIGHTEN);
	return 0;
}

static unsigned int take_all(struct hw_domain *d, dma_addr_t *iova)
{
	unsigned int n = 0;

	while (n < PAGES && (iova[n] = hw_map(d, 1, IOSPACE_LASTING)))
		n++;
	return n;
}

static void unmap(struct hw_domain *d, dma_addr_t iova)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	hw_clear(d, iova, 1, &gather, false);
	ioflush_unmapped(&d->flush, &gather, iova, HW_BYTES(1));
}

static void run(void *arg)
{
	struct dry *dry = arg;
	dma_addr_t iova[PAGES];
	struct task_struct *task;
	unsigned int all = 0, n;

	ioflush_engine_rcu = false;
	/* None of it is strict, and no mark is reached. */
	ioflush_pending_entries = 4 * PAGES;
	ioflush_lone_unmaps = 0;
	user_nr_cpus = 2;
	user_jitter = true;
	user_refuse(ioflush_setup());
	dry->d = hw_create(PAGES);
	hw_seed(dry->seed + 1);
	user_cpu_enter(0);
	task = kthread_run(drain_thread, dry, "drain");
	for (unsigned int i = 0; i < dry->rounds; i++) {
		n = take_all(dry->d, iova);
		if (i && n != all)
			user_die("%u pages are there of %u, after a drain\n", n, all);
		all = n;
		while (n)
			unmap(dry->d, iova[--n]);
		ioflush_drain(&dry->d->flush, IOFLUSH_SPACE);
	}
	kthread_stop(task);
	ioflush_disable_deferred(&dry->d->flush);
	hw_destroy(dry->d);
}

bool flush_dry(unsigned int percent, u64 seed)
{
	struct dry dry = {
		.rounds = max(1U, ROUNDS / 100 * percent),
		.seed = seed,
	};

	return user_case("flush dry", 120, run, &dry);
}
