// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: all that an unmap goes through behind the page tables: flush/, invq/ and
 * iova/, strict and lazy
 *
 * The glue is what a domain of one unit would be, or as many as a CPU may come to
 * use that has a queue of each of many devices.
 */
#include <linux/ioflush/flush.h>
#include <linux/ioflush/invq.h>
#include <linux/ioflush/iova.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "load.h"
#include "ours.h"
#include "sim.h"
#include "unit.h"

/* What params.c has. */
unsigned int ioflush_window_us = LOAD_WINDOW_US;
unsigned int ioflush_pending_entries = 512;
unsigned int ioflush_pending_tables = 64;
unsigned int ioflush_lone_unmaps;	/* no CPU is idle */
unsigned long ioflush_pending_bytes_max = SZ_32M;
unsigned long ioflush_held_bytes_max = SZ_16M;
bool ioflush_engine_rcu;

#define MANY		64
/* Addresses of one of them. */
#define MANY_LG2	34

static struct ioflush *domain[MANY];
static unsigned int domains;

/* Which domain a CPU maps in next. */
static struct {
	unsigned int n;
} __aligned(64) turn[SIM_CPUS];

static unsigned int encode(const struct ioflush_range *range, unsigned int n,
			   struct invq_cmd *cmds)
{
	if (!n)
		cmds[0] = ours_all();
	for (unsigned int i = 0; i < n; i++)
		cmds[i] = ours_range(range[i].start, range[i].last);
	return n ?: 1;
}

static void flush_ranges(struct ioflush *unused, const struct ioflush_range *range,
			 unsigned int n)
{
	struct invq_cmd cmds[IOFLUSH_RANGES_MAX];

	n = encode(range, n, cmds);
	invq_submit_wait(ours_queue, cmds, n);
}

static bool flush_post(struct ioflush *unused, struct ioflush_post *post)
{
	struct invq_cmd cmds[IOFLUSH_RANGES_MAX];
	unsigned int n = encode(post->range, post->range ? post->n : 0, cmds);
	u32 seq;
	bool room = invq_post(ours_queue, cmds, n, &seq);

	post->token->n = 1;
	post->token->at[0].q = ours_queue;
	post->token->at[0].seq = room ? seq : invq_newest(ours_queue);
	post->commands += n;
	return room;
}

static void flush_wait(struct ioflush *unused, const struct ioflush_token *token)
{
	if (token->n)
		invq_wait(ours_queue, token->at[0].seq);
}

static bool flush_finished(struct ioflush *unused,
			   const struct ioflush_token *token)
{
	return !token->n || invq_finished(ours_queue, token->at[0].seq);
}

static const struct ioflush_ops ops = {
	.ranges = flush_ranges,
	.post = flush_post,
	.wait = flush_wait,
	.finished = flush_finished,
};

void user_cpu_enter(unsigned int cpu)
{
	user_die("an interrupt of another CPU, which nobody asks for\n");
}

void iopgt_gather_more(struct iopgt_gather *gather, unsigned long iova,
		       size_t bytes, u8 leaf_lg2)
{
	user_die("a gather of two ranges\n");
}

void iopgt_free_pages(struct iopgt *pgt, struct list_head *pages)
{
	user_die("a table page, which nobody has unlinked\n");
}

static void add_domain(u64 first, u64 last)
{
	struct ioflush *flush = sim_alloc(sizeof(*flush), "struct ioflush", 0);

	domain[domains++] = flush;
	user_refuse(ioflush_init(flush, &ops, NULL));
	flush->space = iospace_create(first, last);
	user_refuse(!flush->space);
	flush->costs.cmd_ns = sim.command + 10;
	/* As domain/cost.c takes it: 64 walks of four levels. */
	flush->costs.all_ns = sim.sync + 64 * 4 * sim.memory;
}

static void setup_queue(void)
{
	ours_setup_queue();
	user_refuse(ioflush_setup());
}

static void setup(void)
{
	setup_queue();
	add_domain(0, UNIT_LAST);
}

static void setup_lazy(void)
{
	setup();
	user_refuse(ioflush_enable_deferred(domain[0]));
}

static void setup_many(void)
{
	setup_queue();
	for (u64 i = 0; i < MANY; i++) {
		add_domain(i << MANY_LG2, ((i + 1) << MANY_LG2) - 1);
		user_refuse(ioflush_enable_deferred(domain[i]));
	}
}

static u64 map(void)
{
	struct ioflush *flush = domain[0];

	if (domains > 1)
		flush = domain[turn[sim_me->id].n++ % domains];
	return iospace_alloc(flush->space, LOAD_BYTES, UNIT_LAST,
			     IOSPACE_STREAMING);
}

static void unmap(u64 iova, bool lazy)
{
	struct ioflush *flush = domain[domains > 1 ? iova >> MANY_LG2 : 0];
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, lazy);
	iopgt_gather_add(&gather, iova, LOAD_BYTES, UNIT_PAGE_LG2);
	ioflush_unmapped(flush, &gather, iova, LOAD_BYTES);
}

static void unmap_strict(u64 iova)
{
	unmap(iova, false);
}

static void unmap_lazy(u64 iova)
{
	unmap(iova, true);
}

/* Faults, for the test of the bars. */
static DEFINE_SPINLOCK(lock);

static void unmap_strict_locked(u64 iova)
{
	spin_lock(&lock);
	unmap(iova, false);
	spin_unlock(&lock);
}

static void unmap_lazy_locked(u64 iova)
{
	spin_lock(&lock);
	unmap(iova, true);
	spin_unlock(&lock);
}

static void setup_late(void)
{
	ioflush_window_us = 2 * LOAD_WINDOW_US;
	setup_lazy();
}

const struct stack stack_strict = {
	.name = "strict",
	.what = "ours, strict: flush/, invq/ and iova/",
	.ms = 2,
	.warm = 64,
	.setup = setup,
	.map = map,
	.unmap = unmap_strict,
};

const struct stack stack_lazy = {
	.name = "lazy",
	.what = "ours, lazy",
	.lazy = true,
	.ms = 5,
	.warm = 600,
	.setup = setup_lazy,
	.map = map,
	.unmap = unmap_lazy,
};

const struct stack stack_lazy_many = {
	.name = "lazy-many",
	.what = "ours, lazy, each CPU in 64 domains by turns",
	.lazy = true,
	.ms = 10,
	.warm = 600,
	.setup = setup_many,
	.map = map,
	.unmap = unmap_lazy,
};

static void setup_many_short(void)
{
	ioflush_window_us = LOAD_WINDOW_US / 20;
	setup_many();
}

const struct stack stack_many_short = {
	.name = "many-short",
	.what = "a fault: as lazy-many, with a short window",
	.lazy = true,
	.ms = 2,
	.warm = 8,
	.setup = setup_many_short,
	.map = map,
	.unmap = unmap_lazy,
};

const struct stack stack_strict_locked = {
	.name = "strict-locked",
	.what = "a fault: ours, strict, under a lock",
	.ms = 1,
	.warm = 8,
	.setup = setup,
	.map = map,
	.unmap = unmap_strict_locked,
};

const struct stack stack_lazy_locked = {
	.name = "lazy-locked",
	.what = "a fault: ours, lazy, under a lock",
	.lazy = true,
	.ms = 1,
	.warm = 8,
	.setup = setup_lazy,
	.map = map,
	.unmap = unmap_lazy_locked,
};

const struct stack stack_lazy_late = {
	.name = "lazy-late",
	.what = "a fault: ours, lazy, with twice the window",
	.lazy = true,
	.ms = 4,
	.warm = 8,
	.setup = setup_late,
	.map = map,
	.unmap = unmap_lazy,
};
