// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: what a CPU does besides: interrupts, timers, softirqs
 *
 * Interrupts come at the next access to memory with interrupts on, or while the
 * CPU polls or has nothing to do. Timers are the CPU's that starts them. Work for
 * a bottom half is done when no interrupt is left, with interrupts on.
 */
#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "sim.h"

unsigned int user_nr_cpus = 1;
bool user_jitter;
__thread bool user_need_resched;

unsigned int user_cpu(void)
{
	return sim_me ? sim_me->id : 0;
}

unsigned int num_online_cpus(void)
{
	return user_nr_cpus;
}

u64 ktime_get_mono_fast_ns(void)
{
	if (sim_me) {
		sim_me->now += 10;
		sim_me->blind = true;
	}
	return sim_now();
}

bool irqs_disabled(void)
{
	return sim_me && sim_me->irqs_off;
}

void user_irqs_off(void)
{
	if (!sim_me)
		return;
	sim_poll_interrupts();
	sim_me->now += sim.hit;
	sim_me->irqs_off++;
}

void user_irqs_on(void)
{
	if (!sim_me)
		return;
	user_refuse(!sim_me->irqs_off);
	sim_me->now += sim.hit;
	sim_me->irqs_off--;
	sim_poll_interrupts();
}

void sim_next_interrupt(struct sim_agent *a)
{
	a->irq_at = a->work && !a->in_softirq ? a->now : SIM_NEVER;
	for (struct hrtimer *t = a->timers; t; t = t->next)
		a->irq_at = min_t(u64, a->irq_at, t->expires);
}

static struct hrtimer *timer_due(struct sim_agent *a)
{
	for (struct hrtimer *t = a->timers; t; t = t->next)
		if ((u64)t->expires <= a->now)
			return t;
	return NULL;
}

static bool timer_unlink(struct hrtimer *timer)
{
	struct sim_agent *a = &sim_agent[timer->cpu];
	struct hrtimer **p = &a->timers;

	if (!timer->queued)
		return false;
	while (*p != timer)
		p = &(*p)->next;
	*p = timer->next;
	timer->queued = false;
	sim_next_interrupt(a);
	return true;
}

static void timer_link(struct hrtimer *timer, unsigned int cpu)
{
	struct sim_agent *a = &sim_agent[cpu];

	timer->cpu = cpu;
	timer->next = a->timers;
	a->timers = timer;
	timer->queued = true;
	sim_next_interrupt(a);
	if (a != sim_me)
		sim_wake(a, max_t(u64, timer->expires, sim_me->now));
}

u64 sim_timers;

static void timer_fire(struct sim_agent *a, struct hrtimer *timer)
{
	enum hrtimer_restart restart;

	timer_unlink(timer);
	sim_timers++;
	a->now += sim.irq;
	timer->running = true;
	restart = timer->function(timer);
	timer->running = false;
	if (restart == HRTIMER_RESTART && !timer->queued)
		timer_link(timer, a->id);
}

static void softirqs(struct sim_agent *a)
{
	struct work_struct *work;

	a->in_softirq = true;
	while ((work = a->work)) {
		a->work = work->next;
		work->queued = false;
		work->func(work);
	}
	a->in_softirq = false;
}

/* One is due, and interrupts are on. */
void sim_interrupts(void)
{
	struct sim_agent *a = sim_me;
	bool watching = a->watching;
	struct hrtimer *timer;

	a->watching = false;
	while (!a->in_irq && (timer = timer_due(a))) {
		a->in_irq = true;
		a->irqs_off++;
		timer_fire(a, timer);
		a->irqs_off--;
		a->in_irq = false;
	}
	if (a->work && !a->in_irq && !a->in_softirq)
		softirqs(a);
	sim_next_interrupt(a);
	a->watching = watching;
	/* Whatever was noted was seen before. */
	a->blind = true;
}

void hrtimer_start(struct hrtimer *timer, ktime_t ns, enum hrtimer_mode mode)
{
	user_refuse(!sim_me);
	timer_unlink(timer);
	/* A register of the CPU's own. */
	sim_me->now += 50;
	timer->expires = sim_me->now + ns;
	timer_link(timer, sim_me->id);
}

int hrtimer_cancel(struct hrtimer *timer)
{
	return timer_unlink(timer);
}

bool user_work_queue(struct work_struct *work)
{
	struct work_struct **p = &sim_me->work;

	if (work->queued)
		return false;
	work->queued = true;
	work->next = NULL;
	while (*p)
		p = &(*p)->next;
	*p = work;
	sim_next_interrupt(sim_me);
	return true;
}

/* Only ever at the end of a run, which does not come. */
bool user_work_cancel(struct work_struct *work)
{
	user_refuse(work->queued);
	return false;
}

/* Nor does one wait for it. */
void user_work_run(void)
{
	user_refuse(true);
}

u64 sim_mmio_read(void)
{
	sim_me->blind = true;
	sim_pass(sim.mmio_read);
	return 0;
}

void *user_percpu_alloc(size_t bytes)
{
	user_refuse(bytes > USER_PERCPU_BYTES);
	return sim_alloc((size_t)user_nr_cpus * USER_PERCPU_BYTES,
			 "of each CPU",
			 (unsigned long)__builtin_return_address(0));
}

void free_percpu(void *ptr)
{
}

/* No CPU dies. */
int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name,
			    int (*up)(unsigned int cpu, struct hlist_node *node),
			    int (*down)(unsigned int cpu, struct hlist_node *node))
{
	static int next;

	return state == CPUHP_BP_PREPARE_DYN ? state + ++next : 0;
}

int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
			      int (*up)(unsigned int cpu),
			      int (*down)(unsigned int cpu))
{
	return cpuhp_setup_state_multi(state, name, NULL, NULL);
}

void cpuhp_remove_state_nocalls(enum cpuhp_state state)
{
}

int cpuhp_state_add_instance_nocalls(enum cpuhp_state state,
				     struct hlist_node *node)
{
	return 0;
}

int cpuhp_state_remove_instance_nocalls(enum cpuhp_state state,
					struct hlist_node *node)
{
	return 0;
}

void cpuhp_remove_multi_state(enum cpuhp_state state)
{
}

void rcu_read_lock(void)
{
}

void rcu_read_unlock(void)
{
}

bool rcu_read_lock_held(void)
{
	return true;
}

/* While a run is set up there are no readers. */
void synchronize_rcu(void)
{
	user_refuse(sim_me);
}

void rcu_barrier(void)
{
	user_refuse(sim_me);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	user_die("no table page is ever freed here\n");
}

int cond_resched(void)
{
	return 0;
}

void user_cpu_relax(void)
{
	sim_relax();
}

void schedule(void)
{
	sim_relax();
}

void user_jitter_now(void)
{
}

void user_sleep_ns(u64 ns)
{
	sim_pass(ns);
}
