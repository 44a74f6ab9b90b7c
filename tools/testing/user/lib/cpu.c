// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: CPUs
 *
 * Threads that are given the same CPU stand for what runs there: a task, its
 * interrupts, a softirq. They do run at the same time, as on a CPU they cannot;
 * but for as long as one of them has interrupts off no other can have, which is
 * what the kernel's code relies on.
 */
#include <pthread.h>

#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

unsigned int user_nr_cpus = 1;
bool user_case_on_cpu;

static __thread bool has_cpu;
static __thread unsigned int cpu;
static __thread unsigned int depth;

unsigned int user_cpu(void)
{
	return cpu;
}

void user_cpu_enter(unsigned int nr)
{
	user_refuse(nr >= user_nr_cpus || depth);
	has_cpu = true;
	cpu = nr;
}

#ifndef USER_BENCH
static pthread_mutex_t irqs[USER_CPUS] = {
	[0 ... USER_CPUS - 1] = PTHREAD_MUTEX_INITIALIZER,
};

bool irqs_disabled(void)
{
	return depth;
}

void user_irqs_off(void)
{
	if (!has_cpu || depth++)
		return;
	pthread_mutex_lock(&irqs[cpu]);
	rcu_read_lock();
}

/* For an interrupt, which does not come while they are off. */
bool user_irqs_try_off(void)
{
	user_refuse(!has_cpu || depth);
	if (pthread_mutex_trylock(&irqs[cpu]))
		return false;
	depth++;
	rcu_read_lock();
	return true;
}

void user_irqs_on(void)
{
	if (!has_cpu || --depth)
		return;
	rcu_read_unlock();
	pthread_mutex_unlock(&irqs[cpu]);
}
#endif

void *user_percpu_alloc(size_t bytes)
{
	user_refuse(bytes > USER_PERCPU_BYTES);
	return kcalloc(user_nr_cpus, USER_PERCPU_BYTES, GFP_KERNEL);
}

void free_percpu(void *ptr)
{
	kfree(ptr);
}

struct state {
	bool used;
	int (*down)(unsigned int cpu);
	int (*down_multi)(unsigned int cpu, struct hlist_node *node);
	struct hlist_head instances;
};

static struct state states[USER_CPUHP_LAST + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* @states */

static int setup_state(enum cpuhp_state state, const char *name,
		       const struct state *new)
{
	bool dynamic = state == CPUHP_BP_PREPARE_DYN;

	pthread_mutex_lock(&lock);
	while (dynamic && state < USER_CPUHP_LAST && states[state].used)
		state++;
	if (states[state].used)
		user_die("no more states of CPU hotplug: %s\n", name);
	states[state] = *new;
	pthread_mutex_unlock(&lock);
	return dynamic ? state : 0;
}

int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name,
			    int (*up)(unsigned int cpu, struct hlist_node *node),
			    int (*down)(unsigned int cpu, struct hlist_node *node))
{
	return setup_state(state, name, &(struct state) {
		.used = true, .down_multi = down,
	});
}

int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
			      int (*up)(unsigned int cpu),
			      int (*down)(unsigned int cpu))
{
	return setup_state(state, name, &(struct state) {
		.used = true, .down = down,
	});
}

void cpuhp_remove_state_nocalls(enum cpuhp_state state)
{
	pthread_mutex_lock(&lock);
	WARN_ON(states[state].instances.first);
	states[state] = (struct state) {};
	pthread_mutex_unlock(&lock);
}

void cpuhp_remove_multi_state(enum cpuhp_state state)
{
	cpuhp_remove_state_nocalls(state);
}

int cpuhp_state_add_instance_nocalls(enum cpuhp_state state,
				     struct hlist_node *node)
{
	pthread_mutex_lock(&lock);
	hlist_add_head(node, &states[state].instances);
	pthread_mutex_unlock(&lock);
	return 0;
}

int cpuhp_state_remove_instance_nocalls(enum cpuhp_state state,
					struct hlist_node *node)
{
	pthread_mutex_lock(&lock);
	hlist_del(node);
	pthread_mutex_unlock(&lock);
	return 0;
}

void user_cpu_dies(unsigned int nr)
{
	struct hlist_node *node;

	pthread_mutex_lock(&lock);
	/* As in a kernel, those that were set up last are told first. */
	for (unsigned int i = ARRAY_SIZE(states); i--;) {
		if (states[i].down)
			states[i].down(nr);
		for (node = states[i].instances.first; node; node = node->next)
			states[i].down_multi(nr, node);
	}
	pthread_mutex_unlock(&lock);
}
