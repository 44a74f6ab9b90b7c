// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: cache lines
 *
 * A line is in caches that share it, or in one alone, which may write. To get it
 * takes @local or @remote nanoseconds by where the nearest copy is, or, to write,
 * the farthest one that has to go. A line is handed to one agent at a time: who
 * comes meanwhile queues. Readers of a line that nobody writes are served one in
 * @share nanoseconds, since they need not wait for one another's answers.
 *
 * Whoever gets a line to itself keeps it until the next one's request has come to
 * it, which takes @keep percent of that one's time: a compare-and-exchange that has
 * failed can be tried again.
 *
 * What this leaves out: stores are waited for, no two accesses of one CPU overlap,
 * caches are large enough for everything.
 */
#include <string.h>
#include <sys/mman.h>

#include <linux/bug.h>
#include <linux/minmax.h>

#include "sim.h"

#define LINE_LG2	6
#define LINES		(SIM_MEM_BYTES >> LINE_LG2)

/* Of what is allocated, and of variables. */
static struct sim_line *lines, *static_lines;
u64 sim_moves;
static u64 socket_mask[SIM_AGENTS][SIM_WORDS];

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	user_refuse(p == MAP_FAILED);
	return p;
}

static size_t static_n(void)
{
	return (_end - __data_start) / 64 + 2;
}

static void __attribute__((constructor)) lines_init(void)
{
	lines = reserve(LINES * sizeof(*lines));
	static_lines = reserve(static_n() * sizeof(*lines));
}

static struct sim_line *line_of(const void *p)
{
	unsigned long at = (unsigned long)p - (unsigned long)sim_mem;

	if (likely(at < SIM_MEM_BYTES))
		return &lines[at >> LINE_LG2];
	at = (unsigned long)p - ((unsigned long)__data_start & ~63UL);
	if (at < static_n() * 64)
		return &static_lines[at >> LINE_LG2];
	return NULL;
}

const void *sim_line_at(const struct sim_line *line)
{
	if (line >= lines && line < lines + LINES)
		return sim_mem + ((line - lines) << LINE_LG2);
	return (char *)((unsigned long)__data_start & ~63UL) +
	       ((line - static_lines) << LINE_LG2);
}

static bool test(const u64 *set, unsigned int n)
{
	return set[n / 64] >> n % 64 & 1;
}

static void set(u64 *words, unsigned int n)
{
	words[n / 64] |= 1ULL << n % 64;
}

static void fill_socket_masks(void)
{
	for (unsigned int i = 0; i < SIM_AGENTS; i++)
		set(socket_mask[i < SIM_CPUS ? i / sim.socket_cpus : 0], i);
}

/* Is a copy in the agent's socket, and is one in another? Its own do not count. */
static void copies(const struct sim_line *line, const struct sim_agent *me,
		   bool *near, bool *far)
{
	u64 here = 0, there = 0;

	if (unlikely(!socket_mask[0][0]))
		fill_socket_masks();
	for (unsigned int i = 0; i < SIM_WORDS; i++) {
		u64 others = line->sharers[i];

		if (i == me->id / 64)
			others &= ~(1ULL << me->id % 64);
		here |= others & socket_mask[me->socket][i];
		there |= others & ~socket_mask[me->socket][i];
	}
	*near = here;
	*far = there;
}

static struct sim_hold *hold_of(struct sim_agent *a, struct sim_line *line)
{
	for (unsigned int i = 0; i < SIM_HELD; i++)
		if (a->hold[i].line == line)
			return &a->hold[i];
	return NULL;
}

/* Somebody else gets it, and its request is here at that time. */
static void hold_ends(struct sim_line *line, u64 at)
{
	struct sim_hold *hold;

	if (line->owner < 0)
		return;
	hold = hold_of(&sim_agent[line->owner], line);
	if (hold && hold->until == SIM_NEVER)
		hold->until = at;
}

static void hold_begins(struct sim_agent *me, struct sim_line *line)
{
	struct sim_hold *hold = hold_of(me, line);

	if (!hold)
		hold = &me->hold[me->next_hold++ % SIM_HELD];
	hold->line = line;
	hold->until = SIM_NEVER;
}

static void wake_waiters(struct sim_line *line, u64 at)
{
	for (unsigned int i = 0; i < SIM_WORDS; i++) {
		u64 left = line->waiters[i];

		line->waiters[i] = 0;
		for (; left; left &= left - 1)
			sim_wake(&sim_agent[i * 64 + __builtin_ctzll(left)], at);
	}
}

/* The agent's own writes it does not wait for. */
static void note(struct sim_agent *me, struct sim_line *line)
{
	unsigned int i;

	for (i = 0; i < me->nr_watch; i++) {
		if (me->watch[i].line != line)
			continue;
		me->watch[i].version = line->version;
		return;
	}
	if (i == SIM_WATCHED) {
		me->blind = true;
		return;
	}
	me->watch[i].line = line;
	me->watch[i].version = line->version;
	me->nr_watch++;
}

/* The line is not here, or not alone. Returns when it is. */
static u64 fetch(struct sim_line *line, struct sim_agent *me, bool write)
{
	u64 start = max(me->now, line->free_at), ns;
	bool near, far;

	copies(line, me, &near, &far);
	if (write)
		ns = far ? sim.remote : near ? sim.local : sim.memory;
	else
		ns = near ? sim.local : far ? sim.remote : sim.memory;
	hold_ends(line, start + ns * sim.keep / 100);
	if (write || line->owner >= 0)
		line->free_at = start + ns;
	else
		line->free_at = start + sim.share;
	if (write) {
		memset(line->sharers, 0, sizeof(line->sharers));
		line->owner = me->id;
		hold_begins(me, line);
	} else {
		line->owner = -1;
	}
	set(line->sharers, me->id);
	line->moves++;
	sim_moves++;
	line->cost += start + ns - me->now;
	line->queued += start - me->now;
	return start + ns;
}

/* What no other has touched is in memory, or here and nowhere else. */
static void touch(struct sim_line *line, struct sim_agent *me)
{
	line->touched = true;
	line->owner = me->id;
	set(line->sharers, me->id);
	hold_begins(me, line);
	me->now += sim.memory;
}

static bool has(struct sim_line *line, struct sim_agent *me, bool write)
{
	struct sim_hold *hold;

	if (line->owner == (int)me->id ||
	    (!write && test(line->sharers, me->id)))
		return true;
	hold = hold_of(me, line);
	return hold && me->now < hold->until;
}

static void access_line(struct sim_line *line, struct sim_agent *me,
			enum sim_kind kind, unsigned long site)
{
	bool write = kind != SIM_READ;
	u64 was;

	if (unlikely(!line->touched)) {
		touch(line, me);
	} else if (line->shared || line->owner != (int)me->id) {
		line->shared = true;
		sim_turn();
		was = me->now;
		if (!has(line, me, write)) {
			me->now = fetch(line, me, write);
			sim_site_add(site, me->now - was);
			/* It is made when the line is here. */
			sim_turn();
		}
	}
	me->now += kind == SIM_ATOMIC ? sim.atomic : sim.hit;
	if (write) {
		line->version++;
		if (line->shared)
			wake_waiters(line, me->now);
	}
	if (me->watching)
		note(me, line);
}

void sim_access(const void *p, size_t bytes, enum sim_kind kind,
		unsigned long site)
{
	struct sim_agent *me = sim_me;
	unsigned long at = (unsigned long)p, end = at + bytes;

	if (!me)
		return;
	sim_poll_interrupts();
	for (; at < end; at = (at | 63) + 1) {
		struct sim_line *line = line_of((void *)at);

		/* On a stack. */
		if (!line) {
			me->now += sim.hit;
			return;
		}
		access_line(line, me, kind, site);
	}
}

void sim_fence(void)
{
	if (sim_me)
		sim_me->now += sim.fence;
}

/* The unit reads: writers lose the line, but nobody waits. */
void sim_snoop(const void *p, size_t bytes)
{
	struct sim_line *line = line_of(p);

	line->touched = true;
	line->shared = true;
	hold_ends(line, sim_me->now);
	line->owner = -1;
	set(line->sharers, sim_me->id);
}

/* The unit writes, to the cache that is common to the first socket. */
void sim_dma_write(void *p)
{
	struct sim_line *line = line_of(p);

	line->touched = true;
	line->shared = true;
	hold_ends(line, sim_me->now);
	memset(line->sharers, 0, sizeof(line->sharers));
	line->owner = -1;
	set(line->sharers, sim_me->id);
	line->version++;
	wake_waiters(line, sim_me->now);
}

/*
 * A loop that polls: until something that it has looked at since it was here last
 * is written, each of its rounds is the same. Not if it looked at a register, or
 * at too much.
 */
void sim_relax(void)
{
	struct sim_agent *me = sim_me;
	bool sleep = me->watching && !me->blind;
	u64 until;

	me->now += sim.relax;
	sim_turn();
	sim_poll_interrupts();
	for (unsigned int i = 0; i < me->nr_watch; i++)
		if (me->watch[i].line->version != me->watch[i].version)
			sleep = false;
	if (sleep) {
		for (unsigned int i = 0; i < me->nr_watch; i++)
			set(me->watch[i].line->waiters, me->id);
		until = me->now + 100000;
		if (!me->irqs_off)
			until = min(until, me->irq_at);
		sim_sleep(until);
		for (unsigned int i = 0; i < me->nr_watch; i++)
			me->watch[i].line->waiters[me->id / 64] &=
				~(1ULL << me->id % 64);
		sim_poll_interrupts();
	}
	me->watching = true;
	me->blind = false;
	me->nr_watch = 0;
}

/* Of what is allocated, or of variables: those that may have been touched. */
struct sim_line *sim_lines(bool statics, size_t *n)
{
	if (statics) {
		*n = static_n();
		return static_lines;
	}
	*n = sim_mem_used() >> LINE_LG2;
	return lines;
}
