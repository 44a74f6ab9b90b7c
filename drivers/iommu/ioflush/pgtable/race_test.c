// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: KUnit suite that has the three frees of tables race
 *
 * Two threads work on neighbouring blocks, whose tables hang in the same table
 * or are the same table, while a third one looks on as lockless readers do. It
 * is for kernels with KCSAN and KASAN above all; what is left behind is checked
 * in any.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "test_util.h"

#define RACE_THREADS	2

struct race;

/**
 * struct race_thread - one of the threads
 * @race: what it takes part in
 * @id: 0 or 1; RACE_THREADS for the reader
 * @bad: things that were not as they have to be
 * @done: it has ended
 */
struct race_thread {
	struct race *race;
	unsigned int id;
	unsigned int bad;
	struct completion done;
};

/**
 * struct race - a race
 * @k: the table
 * @round: one round of one thread; returns how much went wrong
 * @rounds: how many
 * @iova: where the reader looks, @bytes from there on
 * @bytes: how far
 * @arrived: threads that came to the start of a round, over all rounds
 * @stop: tells the reader to end
 * @thread: the threads, the reader last
 */
struct race {
	struct iopgt_kunit *k;
	unsigned int (*round)(struct race_thread *t, unsigned int i);
	unsigned int rounds;
	unsigned long iova;
	unsigned long bytes;
	atomic_t arrived;
	bool stop;
	struct race_thread thread[RACE_THREADS + 1];
};

/* They start each round together, where there is more than one CPU. */
static void race_meet(struct race *race, unsigned int i)
{
	atomic_inc(&race->arrived);
	while (num_online_cpus() > 1 &&
	       atomic_read(&race->arrived) < RACE_THREADS * (i + 1))
		cond_resched();
}

static int race_worker(void *arg)
{
	struct race_thread *t = arg;
	unsigned int i;

	for (i = 0; i < t->race->rounds; i++) {
		race_meet(t->race, i);
		t->bad += t->race->round(t, i);
		cond_resched();
	}
	complete(&t->done);
	return 0;
}

static int race_visit(const struct iopgt_entry *entry, void *arg)
{
	unsigned int *bad = arg;

	/* All that is mapped here leads to itself. */
	*bad += !entry->table && entry->paddr != entry->iova;
	return 0;
}

/* Any address is mapped to itself, or not at all. */
static int race_reader(void *arg)
{
	struct race_thread *t = arg;
	struct race *race = t->race;
	struct iopgt_kunit *k = race->k;
	const unsigned long step = iopgt_kunit_size(k, 0) * 3 + 1;
	unsigned long at = 0;

	while (!READ_ONCE(race->stop)) {
		unsigned int i;

		for (i = 0; i < 64; i++) {
			unsigned long iova = race->iova + at;
			phys_addr_t paddr;

			paddr = iopgt_iova_to_phys(&k->pgt, iova);
			t->bad += paddr && paddr != iova;
			at = (at + step) % race->bytes;
		}
		iopgt_visit(&k->pgt, race->iova, race->iova + race->bytes - 1,
			    race_visit, &t->bad);
		cond_resched();
	}
	complete(&t->done);
	return 0;
}

static struct task_struct *race_thread(struct race *race, unsigned int id)
{
	struct race_thread *t = &race->thread[id];
	struct task_struct *task;

	t->race = race;
	t->id = id;
	init_completion(&t->done);
	task = kthread_create(id < RACE_THREADS ? race_worker : race_reader, t,
			      "iopgt_race%u", id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(race->k->test, task);
	return task;
}

/* The hardware of a race caches nothing. */
static void race_invalidate(struct iopgt *pgt, struct iopgt_gather *gather)
{
}

static void race_run(struct race *race)
{
	struct task_struct *task[RACE_THREADS + 1];
	struct kunit *test = race->k->test;
	unsigned int i;

	race->k->pgt.invalidate = race_invalidate;
	for (i = 0; i <= RACE_THREADS; i++)
		task[i] = race_thread(race, i);
	for (i = 0; i <= RACE_THREADS; i++)
		wake_up_process(task[i]);
	for (i = 0; i < RACE_THREADS; i++)
		wait_for_completion(&race->thread[i].done);
	WRITE_ONCE(race->stop, true);
	wait_for_completion(&race->thread[RACE_THREADS].done);
	for (i = 0; i <= RACE_THREADS; i++)
		KUNIT_EXPECT_EQ(test, race->thread[i].bad, 0);

	rcu_barrier();
	KUNIT_EXPECT_EQ(test, iopgt_kunit_pending(race->k), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->k->hooks.pages) + 1,
			iopgt_kunit_live(race->k));
}

/* Map something to itself; returns how much went wrong. */
static unsigned int race_map(struct race_thread *t, unsigned long iova,
			     unsigned int level, size_t n)
{
	struct iopgt_kunit *k = t->race->k;
	size_t size = iopgt_kunit_size(k, level), mapped = 0;
	int ret;

	/* Pages by the way of lists, which go on in the table that they have found. */
	if (!level && n > 1) {
		const struct iopgt_piece piece[] = {
			{ iova, 1 }, { iova + size, n - 1 },
		};

		ret = iopgt_map_list(&k->pgt, iova, piece, 2, IOPGT_RW,
				     GFP_KERNEL, &mapped);
	} else {
		ret = iopgt_map_pages(&k->pgt, iova, iova, size, n, IOPGT_RW,
				      GFP_KERNEL, &mapped);
	}
	return ret || mapped != n * size;
}

static unsigned int race_unmap(struct race_thread *t, unsigned long iova,
			       size_t size)
{
	return iopgt_kunit_unmap(t->race->k, iova, size) != size;
}

/* iopgt_give_up_raced(): both map a page in the same table, which is not yet. */
static unsigned int race_install(struct race_thread *t, unsigned int i)
{
	struct iopgt_kunit *k = t->race->k;

	return race_map(t, i * iopgt_kunit_size(k, 1) +
			(t->id + 1) * iopgt_kunit_size(k, 0), 0, 1);
}

static void race_test_install(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	struct race race = {
		.k = k,
		.round = race_install,
		.rounds = 100,
	};
	unsigned int level, i, id;
	long tables = 1;

	race.bytes = race.rounds * iopgt_kunit_size(k, 1);
	race_run(&race);
	for (i = 0; i < race.rounds; i++)
		for (id = 1; id <= RACE_THREADS; id++) {
			unsigned long iova = i * iopgt_kunit_size(k, 1) +
					     id * iopgt_kunit_size(k, 0);

			iopgt_kunit_expect(k, iova, iova, k->f->granule_lg2);
		}
	for (level = 1; level < k->f->levels; level++)
		tables += ((race.bytes - 1) >> iopgt_kunit_lg2(k, level)) + 1;
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), tables);
}

/* iopgt_give_up_covered(): each fills a table and unmaps it in one go. */
static unsigned int race_covered(struct race_thread *t, unsigned int i)
{
	struct iopgt_kunit *k = t->race->k;
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long iova = (t->id + 1) * block;

	return race_map(t, iova, 0, BIT(k->f->idx_lg2)) +
	       race_unmap(t, iova, block);
}

static void race_test_covered(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	struct race race = {
		.k = k,
		.round = race_covered,
		.rounds = 20,
		.iova = iopgt_kunit_size(k, 1),
		.bytes = RACE_THREADS * iopgt_kunit_size(k, 1),
	};

	race_run(&race);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels - 1);
}

/* iopgt_give_up_empty(): a page comes and goes, then a block. */
static unsigned int race_empty(struct race_thread *t, unsigned int i)
{
	struct iopgt_kunit *k = t->race->k;
	const unsigned long page = iopgt_kunit_size(k, 0);
	const unsigned long block = iopgt_kunit_size(k, 1);
	const unsigned long iova = (t->id + 1) * block;

	return race_map(t, iova + 3 * page, 0, 1) +
	       race_unmap(t, iova + 3 * page, page) +
	       race_map(t, iova, 1, 1) +
	       race_unmap(t, iova, block);
}

static void race_test_empty(struct kunit *test)
{
	struct iopgt_kunit *k = iopgt_kunit_param(test);
	struct race race = {
		.k = k,
		.round = race_empty,
		.rounds = 50,
		.iova = iopgt_kunit_size(k, 1),
		.bytes = RACE_THREADS * iopgt_kunit_size(k, 1),
	};

	race_run(&race);
	KUNIT_EXPECT_EQ(test, iopgt_kunit_live(k), k->f->levels - 1);
}

static struct kunit_case race_test_cases[] = {
	KUNIT_CASE_PARAM(race_test_install, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(race_test_covered, iopgt_kunit_formats),
	KUNIT_CASE_PARAM(race_test_empty, iopgt_kunit_formats),
	{}
};

static struct kunit_suite race_test_suite = {
	.name = "ioflush_pgtable_race",
	.test_cases = race_test_cases,
};

kunit_test_suite(race_test_suite);
