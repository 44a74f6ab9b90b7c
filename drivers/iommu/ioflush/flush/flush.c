// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: when a translation is invalidated
 *
 * In both modes the order is: translations cleared, an invalidation begun,
 * that invalidation finished, IOVAs back to their space, table pages to RCU.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/cpuhotplug.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/printk.h>

#include "ring.h"

static enum cpuhp_state ioflush_cpuhp, ioflush_clock_cpuhp;

/* All flush states, for what holds for all of them. */
static DEFINE_MUTEX(ioflush_states_lock);
static LIST_HEAD(ioflush_states);

/*
 * Where an invalidation takes away what was mapped, it is of all that was mapped at once,
 * of whatever sizes: neighbours are one range. Returns how many are left.
 */
static noinline unsigned int ioflush_join(struct ioflush_range *range,
					  unsigned int n)
{
	unsigned int last = 0;

	for (unsigned int i = 1; i < n; i++) {
		if (range[last].last + 1 == range[i].start)
			range[last].last = range[i].last;
		else
			range[++last] = range[i];
	}
	return last + 1;
}

/**
 * ioflush_sync() - have the ranges of an unmap invalidated, and wait
 * @flush: the domain's flush state
 * @gather: what the unmap removed; its table pages are on their way to RCU
 *	and it is empty afterwards
 *
 * When it returns no access through the ranges succeeds.
 *
 * Context: any context; waits for hardware. The caller should hold no lock.
 */
void ioflush_sync(struct ioflush *flush, struct iopgt_gather *gather)
{
	/* Filled in as far as it is read. */
	struct ioflush_range range[IOPGT_GATHER_RANGES] __uninitialized;
	unsigned int i = 0;

	if (iopgt_gather_empty(gather))
		return;

	do {
		range[i].start = gather->range[i].start;
		range[i].last = gather->range[i].last;
		range[i].leaf_lg2 = gather->range[i].leaf_lg2;
		range[i].leaf_only = !gather->tables_unlinked;
	} while (++i < gather->nr);
	if (unlikely(i > 1 && flush->exact))
		i = ioflush_join(range, i);

	flush->ops->ranges(flush, range, i);
	ioaudit_done(&gather->audit);
	if (unlikely(gather->tables_unlinked))
		iopgt_free_pages(flush->pgt, &gather->pages);
	iopgt_gather_init(gather, gather->may_defer);
}

static int ioflush_enable(struct ioflush *flush,
			  struct ioflush_ring __percpu **rings)
{
	int ret = 0;

	mutex_lock(&flush->lock);
	if (!flush->all_rings)
		ret = ioflush_rings_alloc(flush);
	if (!ret)
		/* Pairs with the dependency in ioflush_unmapped(). */
		smp_store_release(rings, flush->all_rings);
	mutex_unlock(&flush->lock);
	return ret;
}

/**
 * ioflush_enable_deferred() - let a domain's unmaps be deferred from now on
 * @flush: the domain's flush state
 *
 * May be called again. @flush->space is set before.
 *
 * Context: process context.
 * Return: 0, or -ENOMEM: the domain stays strict.
 */
int ioflush_enable_deferred(struct ioflush *flush)
{
	return ioflush_enable(flush, &flush->rings);
}

/**
 * ioflush_enable_holds() - let unmaps be deferred that bring memory to be held
 * @flush: the domain's flush state
 *
 * And no others, even if they have begun while they were. May be called again.
 * @flush->space is set before.
 *
 * Context: process context.
 * Return: 0, or -ENOMEM: the domain stays strict.
 */
int ioflush_enable_holds(struct ioflush *flush)
{
	WRITE_ONCE(flush->holds, true);
	return ioflush_enable(flush, &flush->held_rings);
}

/**
 * ioflush_disable_deferred() - make a domain strict
 * @flush: the domain's flush state
 *
 * When it returns all that was deferred has been invalidated, also by unmaps
 * that had begun before the call.
 *
 * Context: process context; waits for RCU and for hardware.
 */
void ioflush_disable_deferred(struct ioflush *flush)
{
	mutex_lock(&flush->lock);
	WRITE_ONCE(flush->rings, NULL);
	WRITE_ONCE(flush->held_rings, NULL);
	mutex_unlock(&flush->lock);
	/* Whoever has found the rings pushes with interrupts off: wait for it. */
	synchronize_rcu();
	ioflush_drain(flush, IOFLUSH_TIGHTEN);
}

/**
 * ioflush_init() - set up a domain's flush state, in strict mode
 * @flush: what to set up
 * @ops: how it reaches hardware
 * @pgt: whose table pages it frees
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int ioflush_init(struct ioflush *flush, const struct ioflush_ops *ops,
		 struct iopgt *pgt)
{
	static atomic_t last_id;
	int ret;

	memset(flush, 0, sizeof(*flush));
	flush->ops = ops;
	flush->pgt = pgt;
	flush->id = atomic_inc_return(&last_id);
	flush->engine_rcu = ioflush_engine_rcu;
	flush->lone = ioflush_lone_unmaps;
	mutex_init(&flush->lock);
	flush->stats = alloc_percpu(struct ioflush_stats);
	if (!flush->stats)
		return -ENOMEM;

	ret = cpuhp_state_add_instance_nocalls(ioflush_cpuhp, &flush->hotplug);
	if (ret) {
		free_percpu(flush->stats);
		return ret;
	}
	mutex_lock(&ioflush_states_lock);
	list_add_tail(&flush->node, &ioflush_states);
	mutex_unlock(&ioflush_states_lock);
	return 0;
}

/**
 * ioflush_for_each() - do something to all flush states
 * @fn: what
 *
 * Context: process context.
 */
void ioflush_for_each(void (*fn)(struct ioflush *flush))
{
	struct ioflush *flush;

	mutex_lock(&ioflush_states_lock);
	list_for_each_entry(flush, &ioflush_states, node)
		fn(flush);
	mutex_unlock(&ioflush_states_lock);
}

/**
 * ioflush_try_each() - do something to all flush states, unless they change now
 * @fn: what
 * @arg: for it
 *
 * For those that are called because somebody wants memory: who changes the states
 * may be the one.
 *
 * Context: process context.
 */
void ioflush_try_each(void (*fn)(struct ioflush *flush, void *arg), void *arg)
{
	struct ioflush *flush;

	if (!mutex_trylock(&ioflush_states_lock))
		return;
	list_for_each_entry(flush, &ioflush_states, node)
		fn(flush, arg);
	mutex_unlock(&ioflush_states_lock);
}

/**
 * ioflush_exit() - finish all that is pending and free a flush state
 * @flush: the flush state; nobody unmaps any more
 *
 * Context: process context; waits for hardware.
 */
void ioflush_exit(struct ioflush *flush)
{
	mutex_lock(&ioflush_states_lock);
	list_del(&flush->node);
	mutex_unlock(&ioflush_states_lock);
	ioflush_drain(flush, IOFLUSH_TIGHTEN);
	/* First: the timer of a CPU that dies behind this has nothing left to look after. */
	ioflush_rings_stop(flush);
	cpuhp_state_remove_instance_nocalls(ioflush_cpuhp, &flush->hotplug);
	ioflush_rings_free(flush);
	free_percpu(flush->stats);
}

/*
 * A dead CPU's timer moves to another. Its ring does not wait for that; and when the
 * CPU comes back, it is armed anew, by the window that is set then.
 */
static int ioflush_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct ioflush *flush = hlist_entry(node, struct ioflush, hotplug);
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->all_rings);
	struct ioflush_ring *ring;
	unsigned long flags;

	if (!rings)
		return 0;
	ring = per_cpu_ptr(rings, cpu);
	ioflush_ring_drain(ring, IOFLUSH_OFFLINE);
	ioflush_ring_lock(ring, &flags);
	ioflush_window_stop(ring);
	ioflush_ring_unlock(ring, flags);
	return 0;
}

/**
 * ioflush_setup() - register with CPU hotplug
 *
 * Context: process context, before the first ioflush_init().
 * Return: 0 or an error of cpuhp_setup_state_nocalls() or its like.
 */
int ioflush_setup(void)
{
	int ret;

	ioflush_clocks_init();
	/* As it is the first of the two, it is told last of a dead CPU. */
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "iommu/ioflush:clock",
					NULL, ioflush_clock_dead);
	if (ret < 0)
		return ret;
	ioflush_clock_cpuhp = ret;
	ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
				      "iommu/ioflush:dead", NULL,
				      ioflush_cpu_dead);
	if (ret < 0) {
		cpuhp_remove_state_nocalls(ioflush_clock_cpuhp);
		return ret;
	}
	ioflush_cpuhp = ret;
	return 0;
}

/**
 * ioflush_teardown() - undo ioflush_setup()
 *
 * Context: process context; there are no flush states any more.
 */
void __exit ioflush_teardown(void)
{
	ioflush_clocks_exit();
	cpuhp_remove_multi_state(ioflush_cpuhp);
	cpuhp_remove_state_nocalls(ioflush_clock_cpuhp);
}
