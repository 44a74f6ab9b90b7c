// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: many threads at work on one invalidation queue
 *
 * Each thread owns a page that the device may touch until the invalidation of
 * the page has been executed, and changes it once its wait is over. The device,
 * a thread too, looks at the page when it executes the invalidation. So a wait
 * that ends too early shows in what the device finds, and where nothing orders
 * the two ThreadSanitizer reports a race.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/ioflush/invq.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "lib/case.h"

#define THREADS_MAX	32
#define QUEUE_LG2	6
#define QUEUE_SLOTS	BIT(QUEUE_LG2)
#define BATCH_MAX	8

/* Low byte of a command's first word; the thread is in the next. */
enum { CMD_NOTHING, CMD_INVALIDATE, CMD_ALL, CMD_SYNC };

/**
 * struct scenario - what threads and device do
 * @name: of the test
 * @rounds: calls of each thread
 * @batch: commands of a call; a quarter of the calls waits, the others only
 *	queue, unless there is one command
 * @yields: how long a sync takes
 * @fail_every: refuse a command, refuse a sync and lose a sync in turns, once
 *	for as many commands
 * @posts: a third of the calls that only queue, and all that wait, have the
 *	device begin
 * @turns: those that wait know which slots are theirs, and those that only queue do
 *	not wait for them
 * @polled: the queue has a head to look at and no done word in hardware
 * @group: so many threads, each on a CPU of its own, reserve together; 0 for
 *	threads that have no CPU
 * @combines: with 16 threads or more there is at most half a sync for a call,
 *	and nobody waits for more than 4
 */
struct scenario {
	const char *name;
	unsigned int rounds;
	unsigned int batch;
	unsigned int yields;
	unsigned int fail_every;
	unsigned int group;
	bool posts;
	bool turns;
	bool polled;
	bool combines;
};

static const struct scenario scenarios[] = {
	{ "quick", .rounds = 4000, .batch = 1 },
	{ "slow", .rounds = 1000, .batch = 1, .yields = 40, .combines = true },
	{ "full", .rounds = 1000, .batch = BATCH_MAX },
	{ "failing", .rounds = 400, .batch = 3, .fail_every = 501 },
	{ "posting", .rounds = 1000, .batch = 3, .posts = true },
	{ "posting, failing", .rounds = 400, .batch = 3, .fail_every = 501,
	  .posts = true },
	{ "polled, posting", .rounds = 400, .batch = 3, .posts = true,
	  .polled = true },
	{ "polled", .rounds = 1000, .batch = 1, .yields = 40, .polled = true,
	  .combines = true },
	{ "polled, full", .rounds = 1000, .batch = BATCH_MAX, .polled = true },
	{ "turns", .rounds = 400, .batch = 3, .turns = true },
	{ "groups", .rounds = 1000, .batch = 1, .yields = 40, .group = 8,
	  .combines = true },
	{ "groups, full", .rounds = 400, .batch = BATCH_MAX, .group = 4 },
	{ "groups, failing", .rounds = 400, .batch = 3, .fail_every = 501,
	  .posts = true, .group = 16 },
};

/**
 * struct page_of - what the device and a thread must not touch at a time
 * @epoch: changed by the thread once its wait is over; no atomic type, so that
 *	ThreadSanitizer looks at it
 * @cover: number of the sync behind the newest command of the thread
 */
struct page_of {
	unsigned long epoch;
	unsigned long cover;
} ____cacheline_aligned_in_smp;

/**
 * struct race - one race; the second half belongs to the device
 * @s: what is done
 * @q: the queue
 * @slots: its ring
 * @done: its done word
 * @tail: last doorbell
 * @in_flight: syncs between doorbell and completion
 * @interrupts: invalidations from the middle of a recovery
 * @threads: how many
 * @page: one for each
 * @longest: by thread, syncs that had to finish before a wait did
 * @stopped: the device refuses the command at @head
 * @lost: it has lost a sync
 * @syncs: syncs finished
 * @head: next slot to consume, with a wrap bit
 * @commands: consumed
 * @torn: commands of a call that were not neighbours
 * @left: how many more of a call have to come
 */
struct race {
	const struct scenario *s;
	struct invq q;
	struct invq_cmd slots[QUEUE_SLOTS];
	__le32 done;
	u32 tail;
	atomic_t in_flight;
	atomic_t interrupts;
	unsigned int threads;
	struct page_of page[THREADS_MAX];
	unsigned long longest[THREADS_MAX];
	bool stopped;
	bool lost;
	unsigned long syncs;

	u32 head;
	unsigned long commands;
	unsigned long torn;
	unsigned int left;
};

/* The page that belongs to this thread */
static __thread unsigned int self;

static struct invq_cmd command(unsigned int what, unsigned int thread,
			       unsigned int left, unsigned long epoch)
{
	return (struct invq_cmd) {
		.u64s = { cpu_to_le64(what | thread << 8 | left << 16),
			  cpu_to_le64(epoch) },
	};
}

static void die_if(bool condition, const char *what)
{
	if (condition) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

static void device_invalidate(struct race *r, u64 word, u64 epoch)
{
	struct page_of *page = &r->page[word >> 8 & 0xff];
	unsigned int left = word >> 16 & 0xff;

	die_if(page->epoch != epoch, "a wait was over before its invalidation");
	WRITE_ONCE(page->cover, READ_ONCE(r->syncs) + 1);
	if (r->left && r->left != left + 1)
		r->torn++;
	r->left = left;
}

/* Pairs with the acquire in device_head(): what was done before is seen. */
static void device_advance(struct race *r)
{
	smp_store_release(&r->head, (r->head + 1) % (2 * QUEUE_SLOTS));
}

/* Refuses or loses the command; true if the device does not execute it. */
static bool device_fails(struct race *r, u64 what)
{
	unsigned int every = r->s->fail_every;
	bool sync = what == CMD_SYNC;

	if (!every || r->commands % every > 2)
		return false;
	if (sync && r->commands % every == 2) {
		r->commands++;
		r->slots[r->head % QUEUE_SLOTS].u64s[0] = CMD_NOTHING;
		device_advance(r);
		atomic_dec(&r->in_flight);
		smp_store_release(&r->lost, true);
		return true;
	}
	if (what == CMD_ALL || sync != (r->commands % every == 1))
		return false;
	r->commands++;
	smp_store_release(&r->stopped, true);
	return true;
}

/* One command; false if the device stays where it is. */
static bool device_execute(struct race *r)
{
	struct invq_cmd *c = &r->slots[r->head % QUEUE_SLOTS];
	u64 word = le64_to_cpu(c->u64s[0]);
	u64 what = word & 0xff, epoch = le64_to_cpu(c->u64s[1]);

	die_if(what < CMD_INVALIDATE || what > CMD_SYNC,
	       "a slot before the tail is empty");
	if (device_fails(r, what))
		return false;
	c->u64s[0] = CMD_NOTHING;
	r->commands++;
	if (what != CMD_SYNC) {
		device_invalidate(r, word, epoch);
		device_advance(r);
		return true;
	}
	for (unsigned int i = 0; i < r->s->yields; i++)
		schedule();
	WRITE_ONCE(r->syncs, r->syncs + 1);
	atomic_dec(&r->in_flight);
	device_advance(r);
	if (!r->s->polled)
		smp_store_release(&r->done, cpu_to_le32(word >> 32));
	return true;
}

static int device_thread(void *arg)
{
	struct race *r = arg;

	while (!kthread_should_stop()) {
		u32 tail = smp_load_acquire(&r->tail);

		while (r->head % QUEUE_SLOTS != tail && !smp_load_acquire(&r->stopped) &&
		       !smp_load_acquire(&r->lost) && device_execute(r))
			;
		schedule();
	}
	return 0;
}

static void device_sync(struct invq *q, struct invq_cmd *cmd)
{
	*cmd = command(CMD_SYNC, 0, 0, 0);
}

static void device_doorbell(struct invq *q, u32 seq)
{
	struct race *r = container_of(q, struct race, q);
	unsigned int syncs = 0;

	for (u32 i = r->tail; i != seq % QUEUE_SLOTS; i = (i + 1) % QUEUE_SLOTS) {
		if ((le64_to_cpu(READ_ONCE(r->slots[i].u64s[0])) & 0xff) == CMD_SYNC) {
			syncs++;
			die_if(atomic_inc_return(&r->in_flight) > 1,
			       "two syncs in flight");
		}
	}
	/* Else it has to be a post, behind a sync in flight. */
	die_if(!syncs && !r->s->posts, "a doorbell without a sync");
	smp_store_release(&r->tail, seq % QUEUE_SLOTS);
}

/* What it returns may be old by the time that the reader has it. */
static u32 device_head(struct invq *q)
{
	struct race *r = container_of(q, struct race, q);
	u32 head = smp_load_acquire(&r->head);

	for (unsigned int i = head % 8 ? 0 : 10; i; i--)
		schedule();
	return head;
}

static enum invq_fault device_fault(struct invq *q, struct invq_error *err)
{
	struct race *r = container_of(q, struct race, q);

	err->slot = 0;
	if (smp_load_acquire(&r->stopped)) {
		err->slot = r->head % QUEUE_SLOTS;
		return INVQ_FAULT_COMMAND;
	}
	return smp_load_acquire(&r->lost) ? INVQ_FAULT_SYNC : INVQ_FAULT_NONE;
}

/*
 * Whoever tells of an error is interrupted by an invalidation of its own page,
 * which may meet the next error. One interrupt at a time.
 */
static void device_tell(struct invq *q, const struct invq_error *err)
{
	struct race *r = container_of(q, struct race, q);
	static __thread bool interrupted;
	struct invq_cmd cmd;

	if (interrupted)
		return;
	interrupted = true;
	cmd = command(CMD_INVALIDATE, self, 0, r->page[self].epoch);
	invq_submit_wait(q, &cmd, 1);
	interrupted = false;
	atomic_inc(&r->interrupts);
}

static void device_substitute(struct invq *q, const struct invq_cmd *bad,
			      struct invq_cmd *cmd)
{
	*cmd = *bad;
	cmd->u64s[0] = (bad->u64s[0] & ~cpu_to_le64(0xff)) | CMD_ALL;
}

static void device_resume(struct invq *q, enum invq_fault fault)
{
	struct race *r = container_of(q, struct race, q);

	smp_store_release(&r->lost, false);
	smp_store_release(&r->stopped, false);
}

static const struct invq_ops device_ops = {
	.sync = device_sync,
	.doorbell = device_doorbell,
	.fault = device_fault,
	.substitute = device_substitute,
	.resume = device_resume,
	.tell = device_tell,
};

static const struct invq_ops polled_ops = {
	.sync = device_sync,
	.doorbell = device_doorbell,
	.head = device_head,
};

struct member {
	struct race *r;
	unsigned int id;
};

static void member_wait(struct race *r, unsigned int id, u32 seq)
{
	unsigned long before = READ_ONCE(r->syncs), cover;

	invq_wait(&r->q, seq);
	cover = READ_ONCE(r->page[id].cover);
	if (cover > before && cover - before > r->longest[id])
		r->longest[id] = cover - before;
}

static bool member_post(struct race *r, const struct invq_cmd *cmds,
			unsigned int n, u32 *seq)
{
	unsigned long flags;
	bool posted;

	local_irq_save(flags);
	posted = invq_post(&r->q, cmds, n, seq);
	local_irq_restore(flags);
	return posted;
}

static int member_thread(void *arg)
{
	const struct member *m = arg;
	struct race *r = m->r;
	struct invq_cmd cmds[BATCH_MAX];
	u32 seq;

	self = m->id;
	if (r->s->group)
		user_cpu_enter(m->id);
	for (unsigned int i = 0; i < r->s->rounds; i++) {
		struct page_of *page = &r->page[m->id];
		unsigned int n = r->s->batch;

		for (unsigned int j = 0; j < n; j++)
			cmds[j] = command(CMD_INVALIDATE, m->id, n - 1 - j,
					  page->epoch);
		if (n > 1 && i % 4 && i != r->s->rounds - 1) {
			if (!r->s->posts || i % 4 != 3 ||
			    !member_post(r, cmds, n, &seq))
				invq_submit(&r->q, cmds, n);
			continue;
		}
		if (r->s->posts && member_post(r, cmds, n, &seq)) {
			member_wait(r, m->id, seq);
		} else if (r->s->turns || i % 8 == 4) {
			invq_submit_wait(&r->q, cmds, n);
		} else {
			seq = invq_submit(&r->q, cmds, n);
			member_wait(r, m->id, seq);
		}
		page->epoch++;
	}
	return 0;
}

static void judge(const struct race *r)
{
	unsigned long calls = (unsigned long)r->threads * r->s->rounds;
	const struct invq_stats *s = &r->q.stats;
	unsigned long longest = 0;

	for (unsigned int i = 0; i < r->threads; i++)
		longest = max(longest, r->longest[i]);
	printf("# %lu calls: %.3f syncs a call, full %ld, recoveries %ld, longest wait %lu syncs\n",
	       calls, (double)s->syncs / calls, atomic_long_read(&s->full),
	       atomic_long_read(&s->recoveries), longest);
	die_if(invq_commands(&r->q) != calls * r->s->batch + atomic_read(&r->interrupts),
	       "commands are lost");
	die_if(r->torn, "commands of a call are not neighbours");
	die_if(r->s->fail_every && !atomic_long_read(&s->recoveries),
	       "nothing failed");
	die_if(r->s->fail_every && !atomic_read(&r->interrupts),
	       "nothing was interrupted");
	if (!r->s->combines || r->threads < 16)
		return;
	die_if(2 * s->syncs > calls, "syncs do not combine");
	die_if(longest > 4, "a wait takes too long");
}

static void race_run(void *arg)
{
	struct member member[THREADS_MAX];
	struct task_struct *device, *task[THREADS_MAX];
	struct race *r = arg;

	user_nr_cpus = r->s->group ? r->threads : 1;
	die_if(invq_init(&r->q, r->s->polled ? &polled_ops : &device_ops,
			 "race", r->slots, &r->done, QUEUE_LG2), "no queue");
	die_if(r->s->group && invq_set_groups(&r->q, r->s->group), "no groups");
	device = kthread_run(device_thread, r, "device");
	for (unsigned int i = 0; i < r->threads; i++) {
		member[i] = (struct member) { r, i };
		task[i] = kthread_run(member_thread, &member[i], "member");
	}
	for (unsigned int i = 0; i < r->threads; i++)
		kthread_stop(task[i]);
	kthread_stop(device);
	judge(r);
	invq_exit(&r->q);
}

static int usage(FILE *to)
{
	fprintf(to, "usage: invq [--help] [SCENARIO]\n\n"
		"Threads, 2 to 32 of them, invalidate on one queue. The scenarios:");
	for (unsigned int i = 0; i < ARRAY_SIZE(scenarios); i++)
		fprintf(to, " %s", scenarios[i].name);
	fprintf(to, "\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const unsigned int threads[] = { 2, 16, 32 };
	static struct race r;
	char name[64];
	bool ok = true;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc > 2 || (argc > 1 && argv[1][0] == '-'))
		return usage(stderr);

	for (unsigned int i = 0; i < ARRAY_SIZE(scenarios); i++) {
		if (argc > 1 && strcmp(argv[1], scenarios[i].name))
			continue;
		for (unsigned int j = 0; j < ARRAY_SIZE(threads); j++) {
			r.s = &scenarios[i];
			r.threads = threads[j];
			snprintf(name, sizeof(name), "invq %s, %u threads",
				 r.s->name, r.threads);
			ok &= user_case(name, 120, race_run, &r);
		}
	}
	return !ok;
}
