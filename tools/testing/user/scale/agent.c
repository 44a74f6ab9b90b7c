// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: coroutines, of which the one whose clock is behind runs
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <linux/bug.h>

#include "sim.h"

#define STACK_BYTES	(256UL << 10)

struct sim_agent *sim_me;
struct sim_agent sim_agent[SIM_AGENTS];

static jmp_buf host;
static ucontext_t host_context, first_context;
static u64 random_state;

/* Those that wait for their turn: a heap, the earliest on top. */
static struct sim_agent *heap[SIM_AGENTS];
static int heap_n;

static bool before(const struct sim_agent *a, const struct sim_agent *b)
{
	return a->now < b->now || (a->now == b->now && a->id < b->id);
}

static void heap_put(int pos, struct sim_agent *a)
{
	heap[pos] = a;
	a->pos = pos;
}

static void heap_up(int pos)
{
	struct sim_agent *a = heap[pos];

	for (; pos && before(a, heap[(pos - 1) / 2]); pos = (pos - 1) / 2)
		heap_put(pos, heap[(pos - 1) / 2]);
	heap_put(pos, a);
}

static void heap_down(int pos)
{
	struct sim_agent *a = heap[pos];
	int child;

	while ((child = 2 * pos + 1) < heap_n) {
		if (child + 1 < heap_n && before(heap[child + 1], heap[child]))
			child++;
		if (!before(heap[child], a))
			break;
		heap_put(pos, heap[child]);
		pos = child;
	}
	heap_put(pos, a);
}

static void heap_push(struct sim_agent *a)
{
	heap[heap_n++] = a;
	heap_up(heap_n - 1);
}

static struct sim_agent *heap_pop(void)
{
	struct sim_agent *a = heap[0];

	user_refuse(!heap_n);
	a->pos = -1;
	if (--heap_n) {
		heap[0] = heap[heap_n];
		heap_down(0);
	}
	return a;
}

static void switch_to(struct sim_agent *to)
{
	struct sim_agent *from = sim_me;

	sim_me = to;
	if (to != from && !_setjmp(from->env))
		_longjmp(to->env, 1);
}

/* Others whose clock is behind go first. */
void sim_turn(void)
{
	if (!heap_n || !before(heap[0], sim_me))
		return;
	heap_push(sim_me);
	switch_to(heap_pop());
}

/* Until that time, or until somebody wakes this agent. */
void sim_sleep(u64 until)
{
	struct sim_agent *me = sim_me;

	if (until > me->now)
		me->now = until;
	heap_push(me);
	switch_to(heap_pop());
	if (me->now == SIM_NEVER)
		user_die("all sleep, and nobody is left to wake them\n");
}

/* Of one that sleeps; it may wake earlier than it wanted, not later. */
void sim_wake(struct sim_agent *agent, u64 at)
{
	if (agent->pos < 0 || agent->now <= at)
		return;
	agent->now = at;
	heap_up(agent->pos);
}

/* The agent is busy with something that touches no memory. */
void sim_pass(u64 ns)
{
	u64 until = sim_me->now + ns;

	sim_turn();
	while (sim_me->now < until) {
		u64 irq_at = sim_me->irqs_off ? SIM_NEVER : sim_me->irq_at;

		if (irq_at <= sim_me->now) {
			u64 was = sim_me->now;

			sim_interrupts();
			until += sim_me->now - was;
			continue;
		}
		sim_me->now = irq_at < until ? irq_at : until;
		sim_turn();
	}
}

/* The run is over. */
void sim_stop(void)
{
	sim_me = NULL;
	_longjmp(host, 1);
}

static void first(void)
{
	struct sim_agent *me = sim_me;

	if (!_setjmp(me->env))
		swapcontext(&first_context, &host_context);
	me->fn(me->arg);
	me->ended = true;
	sim_sleep(SIM_NEVER);
	user_die("an agent that has ended is woken: there is nothing to do\n");
}

static char *stack_alloc(void)
{
	char *p = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	user_refuse(p == MAP_FAILED);
	return p;
}

void sim_start(unsigned int id, void (*fn)(void *arg), void *arg)
{
	struct sim_agent *a = &sim_agent[id];

	user_refuse(id >= SIM_AGENTS || sim_me);
	memset(a, 0, sizeof(*a));
	a->id = id;
	a->socket = id < SIM_CPUS ? id / sim.socket_cpus : 0;
	a->fn = fn;
	a->arg = arg;
	a->irq_at = SIM_NEVER;
	a->stack = stack_alloc();
	getcontext(&first_context);
	first_context.uc_stack.ss_sp = a->stack;
	first_context.uc_stack.ss_size = STACK_BYTES;
	first_context.uc_link = NULL;
	makecontext(&first_context, first, 0);
	sim_me = a;
	swapcontext(&host_context, &first_context);
	sim_me = NULL;
	heap_push(a);
}

void sim_run(void)
{
	random_state = sim.seed * 2654435761ULL + 88172645463325252ULL;
	if (_setjmp(host))
		return;
	sim_me = heap_pop();
	_longjmp(sim_me->env, 1);
}

/* xorshift64* */
u64 sim_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 2685821657736338717ULL >> 16;
}
