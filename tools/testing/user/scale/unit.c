// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: a unit that does what is in a queue, in order
 *
 * It knows which pages were cleared, and when; an invalidation has taken effect
 * when the sync behind it is done. So it sees how long each was exposed, whatever
 * the code under test believes.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/bug.h>
#include <linux/minmax.h>

#include "sim.h"
#include "unit.h"

/* Commands whose sync has not come yet. */
#define DONE_MAX	65536

struct done {
	u64 first;
	u64 pages;
	u64 at;
};

struct unit_stats unit_stats;

static struct unit_cmd *slots;
static u32 mask, head, tail;
static struct done *done;
static unsigned int nr_done;
/* When it was cleared, and has not been invalidated since; by page. */
static u64 *cleared_at;

static void expose(u64 page, u64 until, u64 now)
{
	u64 at = cleared_at[page];

	if (!at || at > until)
		return;
	unit_stats.exposed_ns = max(unit_stats.exposed_ns, now - at);
	cleared_at[page] = 0;
}

/* In what order they were cleared: for invalidations of all. */
static u64 *order;
static size_t nr_order, first_order;
#define ORDER_MAX	BIT(26)

static void expose_all(u64 until, u64 now)
{
	size_t left = first_order;

	/* Later ones stay, in their order. */
	for (size_t i = first_order; i < nr_order; i++) {
		expose(order[i], until, now);
		if (cleared_at[order[i]])
			order[left++] = order[i];
	}
	nr_order = left;
}

static void take_effect(u64 now)
{
	for (unsigned int i = 0; i < nr_done; i++) {
		const struct done *d = &done[i];

		if (!d->pages)
			expose_all(d->at, now);
		for (u64 page = d->first; page < d->first + d->pages; page++)
			expose(page, d->at, now);
	}
	nr_done = 0;
}

static void execute(const struct unit_cmd *cmd)
{
	u64 pages = cmd->word[0] >> UNIT_WHAT_BITS;
	unsigned int what = cmd->word[0] & ((1 << UNIT_WHAT_BITS) - 1);
	u32 *word = (u32 *)(unsigned long)cmd->word[1];

	if (what != UNIT_SYNC) {
		unit_stats.commands += what != UNIT_NOP;
		sim_pass(sim.command);
		user_refuse(nr_done == DONE_MAX);
		user_refuse(what == UNIT_RANGE && !pages);
		if (what != UNIT_NOP)
			done[nr_done++] = (struct done){
				cmd->word[1] >> UNIT_PAGE_LG2,
				what == UNIT_ALL ? 0 : pages, sim_now() };
		return;
	}
	sim_pass(sim.sync);
	unit_stats.syncs++;
	take_effect(sim_now());
	if (!word)
		return;
	sim_dma_write(word);
	*word = cmd->word[0] >> 32;
}

static void unit_run(void *unused)
{
	for (;;) {
		struct unit_cmd cmd;

		while (head == tail)
			sim_sleep(SIM_NEVER);
		/* What was cleared by now is what its commands are about. */
		sim_turn();
		sim_snoop(&slots[head & mask], sizeof(cmd));
		cmd = slots[head & mask];
		execute(&cmd);
		head++;
	}
}

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	user_refuse(p == MAP_FAILED);
	return p;
}

void unit_start(struct unit_cmd *at, unsigned int size_lg2)
{
	slots = at;
	mask = (1U << size_lg2) - 1;
	done = reserve(DONE_MAX * sizeof(*done));
	cleared_at = reserve(UNIT_PAGES * sizeof(*cleared_at));
	order = reserve(ORDER_MAX * sizeof(*order));
	sim_start(SIM_CPUS, unit_run, NULL);
}

void unit_begin_at(u32 number)
{
	head = number;
	tail = number;
}

void unit_doorbell(u32 new_tail)
{
	unit_stats.doorbells++;
	sim_pass(sim.mmio_write);
	user_refuse((s32)(new_tail - tail) < 0 && new_tail - head > mask + 1);
	tail = new_tail;
	sim_wake(&sim_agent[SIM_CPUS], sim_now());
}

u32 unit_read_head(void)
{
	sim_mmio_read();
	return head;
}

void unit_cleared(u64 iova, u64 bytes)
{
	u64 page = iova >> UNIT_PAGE_LG2;

	user_refuse(iova + bytes - 1 > UNIT_LAST);
	for (; page <= (iova + bytes - 1) >> UNIT_PAGE_LG2; page++) {
		cleared_at[page] = sim_now() ?: 1;
		user_refuse(nr_order == ORDER_MAX);
		order[nr_order++] = page;
	}
}

void unit_check(u64 iova, u64 bytes, const char *when)
{
	u64 page = iova >> UNIT_PAGE_LG2;

	for (; page <= (iova + bytes - 1) >> UNIT_PAGE_LG2; page++)
		if (cleared_at[page])
			user_die("page %#llx: stale %s\n", page, when);
}

u64 unit_exposed(u64 now)
{
	u64 longest = unit_stats.exposed_ns;

	for (size_t i = first_order; i < nr_order; i++)
		if (cleared_at[order[i]] && cleared_at[order[i]] < now)
			longest = max(longest, now - cleared_at[order[i]]);
	return longest;
}
