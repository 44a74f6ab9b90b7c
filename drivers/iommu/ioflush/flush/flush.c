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
#include <linux/ioflush/iova.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/printk.h>

#include "ring.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush."

#define IOFLUSH_WINDOW_MIN_US	100
#define IOFLUSH_WINDOW_MAX_US	(1000 * USEC_PER_MSEC)

unsigned int ioflush_window_us = 2000;

static int ioflush_window_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, IOFLUSH_WINDOW_MIN_US,
				     IOFLUSH_WINDOW_MAX_US);
}

static const struct kernel_param_ops ioflush_window_ops = {
	.set = ioflush_window_set,
	.get = param_get_uint,
};

module_param_cb(window_us, &ioflush_window_ops, &ioflush_window_us, 0644);
MODULE_PARM_DESC(window_us,
		 "Lazy mode: a cleared translation is invalidated within this many microseconds, 100 to 1000000 (default 2000)");

static enum cpuhp_state ioflush_cpuhp;

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
	struct ioflush_range range[IOPGT_GATHER_RANGES];
	unsigned int i = 0;

	if (iopgt_gather_empty(gather))
		return;

	do {
		range[i].start = gather->range[i].start;
		range[i].last = gather->range[i].last;
		range[i].leaf_lg2 = gather->range[i].leaf_lg2;
		range[i].leaf_only = !gather->tables_unlinked;
	} while (++i < gather->nr);

	flush->ops->ranges(flush, range, i);
	if (unlikely(gather->tables_unlinked))
		iopgt_free_pages(flush->pgt, &gather->pages);
	iopgt_gather_init(gather, gather->may_defer);
}

/**
 * ioflush_unmapped() - a mapping of the DMA API has been cleared
 * @flush: the domain's flush state
 * @gather: what the unmap removed; empty afterwards
 * @iova: first byte of its IOVAs
 * @bytes: their length
 *
 * Deferred where the gather allows it, unless a table was unlinked: that is
 * rare, frees memory, and is not worth a bound of its own. The IOVAs go back
 * to the space when the invalidation has finished, now or later.
 *
 * Context: any context. The caller should hold no lock.
 */
void ioflush_unmapped(struct ioflush *flush, struct iopgt_gather *gather,
		      dma_addr_t iova, size_t bytes)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	if (gather->may_defer && smp_load_acquire(&flush->rings) &&
	    !gather->tables_unlinked) {
		if (likely(ioflush_ring_push(flush, gather, iova, bytes)))
			return;
		this_cpu_inc(flush->stats->n[IOFLUSH_N_FULL]);
	}
	ioflush_sync(flush, gather);
	this_cpu_inc(flush->stats->n[IOFLUSH_N_STRICT]);
	iospace_free(flush->space, iova, bytes);
}

/**
 * ioflush_drain() - drain the rings of all CPUs
 * @flush: the domain's flush state
 * @reason: why; with IOFLUSH_TIGHTEN, what was deferred before the call has
 *	been invalidated when it returns. With other reasons a ring that
 *	another CPU is draining is left to it
 *
 * Context: process context for IOFLUSH_TIGHTEN, otherwise any context. Waits
 *	for hardware. The caller should hold no lock.
 */
void ioflush_drain(struct ioflush *flush, enum ioflush_reason reason)
{
	int cpu;

	/* Pairs with the release in ioflush_rings_alloc(). */
	if (!smp_load_acquire(&flush->rings))
		return;
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(flush->rings, cpu);

		while (!ioflush_ring_drain(ring, reason) &&
		       reason == IOFLUSH_TIGHTEN)
			cond_resched();
	}
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
	int ret = 0;

	mutex_lock(&flush->lock);
	if (!flush->rings)
		ret = ioflush_rings_alloc(flush);
	mutex_unlock(&flush->lock);
	return ret;
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
	int ret;

	memset(flush, 0, sizeof(*flush));
	flush->ops = ops;
	flush->pgt = pgt;
	mutex_init(&flush->lock);
	flush->stats = alloc_percpu(struct ioflush_stats);
	if (!flush->stats)
		return -ENOMEM;

	ret = cpuhp_state_add_instance_nocalls(ioflush_cpuhp, &flush->hotplug);
	if (ret)
		free_percpu(flush->stats);
	return ret;
}

/**
 * ioflush_exit() - finish all that is pending and free a flush state
 * @flush: the flush state; nobody unmaps any more
 *
 * Context: process context; waits for hardware.
 */
void ioflush_exit(struct ioflush *flush)
{
	cpuhp_state_remove_instance_nocalls(ioflush_cpuhp, &flush->hotplug);
	ioflush_drain(flush, IOFLUSH_TIGHTEN);
	ioflush_rings_free(flush);
	free_percpu(flush->stats);
}

/* A dead CPU's timers move to others; its ring does not wait for them. */
static int ioflush_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct ioflush *flush = hlist_entry(node, struct ioflush, hotplug);

	/* Pairs with the release in ioflush_rings_alloc(). */
	if (smp_load_acquire(&flush->rings))
		ioflush_ring_drain(per_cpu_ptr(flush->rings, cpu),
				   IOFLUSH_OFFLINE);
	return 0;
}

/**
 * ioflush_setup() - register with CPU hotplug
 *
 * Context: process context, before the first ioflush_init().
 * Return: 0 or an error of cpuhp_setup_state_multi().
 */
int ioflush_setup(void)
{
	int ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					  "iommu/ioflush:dead", NULL,
					  ioflush_cpu_dead);

	if (ret < 0)
		return ret;
	ioflush_cpuhp = ret;
	return 0;
}
