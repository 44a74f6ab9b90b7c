/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: simulated CPUs, their clock and their caches
 *
 * An agent is what runs by itself: a CPU, or the unit. Each is a coroutine with a
 * clock of its own; the one whose clock is behind all others' runs. All is in one
 * thread, and what happens is decided by the seed.
 *
 * The kernel's code is compiled as for ThreadSanitizer, which has the compiler call
 * a function at each access to memory. Here those are ours: they look up the
 * cache line, let the clock go on by what the access costs, and then make it.
 */
#ifndef _SCALE_SIM_H
#define _SCALE_SIM_H

#include <setjmp.h>

#include <linux/sizes.h>
#include <linux/types.h>

#define SIM_CPUS	256
/* The units, behind the CPUs. */
#define SIM_UNITS	1
#define SIM_AGENTS	(SIM_CPUS + SIM_UNITS)
#define SIM_WORDS	((SIM_AGENTS + 63) / 64)
#define SIM_WATCHED	24
#define SIM_HELD	4
#define SIM_NEVER	(~0ULL)

/**
 * struct sim_params - what things cost, in nanoseconds, and how many there are
 * @cpus: CPUs
 * @socket_cpus: of these, in one socket
 * @seed: of all random numbers
 * @hit: an access to a line that the CPU's cache has; stands for the other
 *	instructions around it, too
 * @atomic: the same, atomic
 * @fence: a full barrier
 * @local: a line comes from another cache in the socket
 * @remote: from another socket
 * @memory: from memory
 * @share: a line that many read is handed to one after the other in this time
 * @keep: percent of that time for which who has it can still use it
 * @relax: a round of a loop that polls
 * @irq: to enter and leave an interrupt
 * @mmio_write: writing a register: the CPU goes on, and the unit has it, after this
 * @mmio_read: reading one
 * @command: the unit does a command
 * @sync: it does a sync
 */
struct sim_params {
	unsigned int cpus;
	unsigned int socket_cpus;
	u64 seed;
	unsigned int hit;
	unsigned int atomic;
	unsigned int fence;
	unsigned int local;
	unsigned int remote;
	unsigned int memory;
	unsigned int share;
	unsigned int keep;
	unsigned int relax;
	unsigned int irq;
	unsigned int mmio_write;
	unsigned int mmio_read;
	unsigned int command;
	unsigned int sync;
};

extern struct sim_params sim;

/**
 * struct sim_line - a cache line
 * @sharers: agents that have a copy
 * @waiters: agents that sleep until it is written
 * @free_at: when it can next be handed on
 * @owner: who has the only copy and may write, or -1
 * @version: how often it was written
 * @shared: more than one agent has touched it
 * @moves: how often it was handed on
 * @cost: what agents spent on that
 * @queued: of this, for others that came first
 */
struct sim_line {
	u64 sharers[SIM_WORDS];
	u64 waiters[SIM_WORDS];
	u64 free_at;
	s16 owner;
	bool touched;
	bool shared;
	u32 version;
	u32 moves;
	u64 cost;
	u64 queued;
};

/**
 * struct sim_hold - a line that an agent had to itself
 * @line: which
 * @until: when the next one takes it away
 */
struct sim_hold {
	struct sim_line *line;
	u64 until;
};

struct sim_watch {
	struct sim_line *line;
	u32 version;
};

struct hrtimer;
struct work_struct;

/**
 * struct sim_agent - a CPU or a unit
 * @now: its clock
 * @id: its number; a CPU's is that of the CPU
 * @socket: where it is
 * @ended: it has no more to do
 * @pos: where it is among those that wait for their turn, or -1
 * @env: where it goes on
 * @fn: what it does
 * @arg: with this
 * @stack: its lowest address
 * @irqs_off: depth
 * @in_irq: in a hard interrupt
 * @in_softirq: in a softirq
 * @irq_at: when the next interrupt comes
 * @timers: that are going to fire
 * @work: first of a list
 * @watching: what it reads is noted
 * @blind: it looked at what nobody can watch
 * @nr_watch: how much is noted
 * @watch: lines, and what they were when they were looked at
 * @hold: lines that it has, or has had to itself until the next one got them
 * @next_hold: where the next one goes
 * @idle: time it had nothing to do
 */
struct sim_agent {
	u64 now;
	unsigned int id;
	unsigned int socket;
	bool ended;
	int pos;
	jmp_buf env;
	void (*fn)(void *arg);
	void *arg;
	char *stack;
	unsigned int irqs_off;
	bool in_irq;
	bool in_softirq;
	u64 irq_at;
	struct hrtimer *timers;
	struct work_struct *work;
	bool watching;
	bool blind;
	unsigned int nr_watch;
	struct sim_watch watch[SIM_WATCHED];
	struct sim_hold hold[SIM_HELD];
	unsigned int next_hold;
	u64 idle;
};

/* Who runs; NULL while a run is set up, when nothing takes time. */
extern struct sim_agent *sim_me;
extern struct sim_agent sim_agent[SIM_AGENTS];

static inline u64 sim_now(void)
{
	return sim_me ? sim_me->now : 0;
}

/* agent.c */
void sim_start(unsigned int id, void (*fn)(void *arg), void *arg);
void sim_run(void);
void sim_stop(void);
void sim_turn(void);
void sim_sleep(u64 until);
void sim_wake(struct sim_agent *agent, u64 at);
void sim_pass(u64 ns);
u64 sim_random(void);

/* line.c; what the linker says of the program's own variables */
extern char __data_start[], _end[];

enum sim_kind { SIM_READ, SIM_WRITE, SIM_ATOMIC };

void sim_access(const void *p, size_t bytes, enum sim_kind kind,
		unsigned long site);
void sim_fence(void);
void sim_snoop(const void *p, size_t bytes);
void sim_dma_write(void *p);
void sim_relax(void);
/* How often any line was handed on. */
extern u64 sim_moves;
/* Timers that have fired, of all CPUs. */
extern u64 sim_timers;
struct sim_line *sim_lines(bool statics, size_t *n);
const void *sim_line_at(const struct sim_line *line);

/* mem.c */
#define SIM_MEM_BYTES	SZ_1G
extern char *sim_mem;
void *sim_alloc(size_t bytes, const char *name, unsigned long site);
size_t sim_mem_used(void);
const char *sim_object(const void *p, size_t *offset, unsigned long *site);

/* cpu.c */
void sim_interrupts(void);
void sim_next_interrupt(struct sim_agent *agent);
u64 sim_mmio_read(void);

static inline void sim_poll_interrupts(void)
{
	if (unlikely(sim_me->irq_at <= sim_me->now && !sim_me->irqs_off))
		sim_interrupts();
}

/* site.c */
struct sim_site {
	unsigned long at;
	u64 cost;
	u64 n;
};

void sim_site_add(unsigned long site, u64 cost);
struct sim_site *sim_sites(size_t *n);

#endif /* _SCALE_SIM_H */
