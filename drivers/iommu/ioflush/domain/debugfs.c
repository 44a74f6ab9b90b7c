// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: /sys/kernel/debug/ioflush/domains
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/ioflush/dma.h>
#include <linux/ioflush/ioflush.h>
#include <linux/ioflush/iova.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "internal.h"

/*
 * Protects iodom_list. A reader holds it while it prints, and takes each domain's
 * attach_lock inside it.
 */
static DEFINE_MUTEX(iodom_list_lock);
static LIST_HEAD(iodom_list);

/**
 * iodom_debugfs_add() - list a new domain
 * @dom: the domain
 *
 * Context: process context.
 */
void iodom_debugfs_add(struct iodom *dom)
{
	mutex_lock(&iodom_list_lock);
	list_add_tail(&dom->node, &iodom_list);
	iodom_dump_add(dom);
	mutex_unlock(&iodom_list_lock);
}

/**
 * iodom_debugfs_remove() - a domain is going away
 * @dom: the domain
 *
 * Context: process context.
 */
void iodom_debugfs_remove(struct iodom *dom)
{
	iodom_dump_remove(dom);
	mutex_lock(&iodom_list_lock);
	list_del_init(&dom->node);
	mutex_unlock(&iodom_list_lock);
}

/**
 * iodom_for_each() - do something to all domains
 * @fn: what to do; it may take the domain's attach_lock
 *
 * Context: process context.
 */
void iodom_for_each(void (*fn)(struct iodom *dom))
{
	struct iodom *dom;

	mutex_lock(&iodom_list_lock);
	list_for_each_entry(dom, &iodom_list, node)
		fn(dom);
	mutex_unlock(&iodom_list_lock);
}

static const char *iodom_type_name(const struct iodom *dom)
{
	switch (READ_ONCE(dom->domain.type)) {
	case IOMMU_DOMAIN_DMA:
		return "DMA";
	case IOMMU_DOMAIN_DMA_FQ:
		return "DMA-FQ";
	default:
		return "unmanaged";
	}
}

static void iodom_show_link(struct seq_file *m, const struct iodom *dom,
			    const struct iodom_link *link)
{
	const struct iodom_device *device;

	lockdep_assert_held(&dom->attach_lock);
	seq_printf(m, "  on %s id %u devices %u\n", link->q->name, link->id,
		   link->users);
	seq_puts(m, "    devices:");
	list_for_each_entry(device, &dom->devices, node)
		if (device->unit == link->unit)
			seq_printf(m, " %s", dev_name(device->dev));
	seq_puts(m, "\n    queue: ");
	invq_show(m, link->q);
}

static void iodom_show_arena(struct seq_file *m, const char *name,
			     const struct iospace_arena_stats *s)
{
	if (s->bytes)
		seq_printf(m, "    %s: %#llx+%#llx chunks %u/%u allocations %lu\n",
			   name, s->base, s->bytes, s->chunks_used, s->chunks,
			   s->allocs);
}

static void iodom_show_space(struct seq_file *m, struct iodom *dom)
{
	/* Pairs with the release in iodom_set_space(). */
	struct iospace *space = smp_load_acquire(&dom->space);
	struct iospace_stats s;

	if (!space)
		return;
	iospace_get_stats(space, &s);
	seq_printf(m, "  space: misses %lu, others %lu of which out %lu, first %s\n",
		   s.arena_misses, s.tree_allocs, s.tree_out,
		   s.wide ? "above 4 GiB" : "below 4 GiB");
	iodom_show_arena(m, "small", &s.small);
	iodom_show_arena(m, "large", &s.large);
	iodom_show_arena(m, "small above 4 GiB", &s.high_small);
	iodom_show_arena(m, "large above 4 GiB", &s.high_large);
}

static void iodom_show_counts(struct seq_file *m, const struct ioflush *flush)
{
	static const char * const count[IOFLUSH_N_DRAIN] = {
		[IOFLUSH_N_STRICT] = "strict",
		[IOFLUSH_N_DEFERRED] = "deferred",
		[IOFLUSH_N_MERGED] = "merged",
		[IOFLUSH_N_FULL] = "full",
		[IOFLUSH_N_COARSE] = "coarse",
		[IOFLUSH_N_LONE] = "lone",
		[IOFLUSH_N_RANGES] = "ranges",
		[IOFLUSH_N_ALL] = "all",
		[IOFLUSH_N_COVERED] = "covered",
	};
	static const char * const reason[IOFLUSH_REASONS] = {
		[IOFLUSH_HIGH_WATER] = "high-water",
		[IOFLUSH_TIMER] = "timer",
		[IOFLUSH_IDLE] = "idle",
		[IOFLUSH_OFFLINE] = "offline",
		[IOFLUSH_SPACE] = "space",
		[IOFLUSH_TIGHTEN] = "tighten",
		[IOFLUSH_PRESSURE] = "pressure",
		[IOFLUSH_RCU] = "rcu",
	};

	seq_puts(m, "  unmaps:");
	for (unsigned int i = 0; i < ARRAY_SIZE(count); i++)
		seq_printf(m, " %s %lu", count[i], ioflush_count(flush, i));
	seq_puts(m, "\n  drains:");
	for (unsigned int i = 0; i < ARRAY_SIZE(reason); i++)
		seq_printf(m, " %s %lu", reason[i],
			   ioflush_count(flush, IOFLUSH_N_DRAIN + i));
	seq_puts(m, "\n");
}

static void iodom_show_hist(struct seq_file *m, const char *name,
			    const unsigned long *bucket)
{
	seq_printf(m, "  %s:", name);
	for (unsigned int i = 0; i < IOFLUSH_BUCKETS; i++)
		if (bucket[i])
			seq_printf(m, " %lu:%lu", i ? BIT(i - 1) : 0UL,
				   bucket[i]);
	seq_puts(m, "\n");
}

static void iodom_show_window(struct seq_file *m, const struct ioflush *flush)
{
	struct ioflush_pending pending;
	struct ioflush_hist hist;

	ioflush_get_pending(flush, &pending);
	seq_printf(m, "  pending bytes %lu, longest window %lld ns, entries %lu tables %lu held %lu\n",
		   pending.bytes, atomic64_read(&flush->window_max_ns),
		   pending.entries, pending.tables, pending.held);
	seq_printf(m, "  window: bound_us %llu engine %s cmd_ns %u all_ns %u late_ns %llu\n",
		   ioflush_window_ns(flush) / NSEC_PER_USEC,
		   flush->engine_rcu ? "rcu" : "ring",
		   READ_ONCE(flush->costs.cmd_ns),
		   READ_ONCE(flush->costs.all_ns), ioflush_clock_late_ns());
	ioflush_get_hist(flush, &hist);
	iodom_show_hist(m, "exposed us", hist.entries);
	iodom_show_hist(m, "exposed pages", hist.drains);
}

/**
 * iodom_show() - print what is known of a domain
 * @m: where to
 * @dom: the domain
 *
 * A device that is attached or leaves meanwhile waits, so that each device that
 * is named is there.
 *
 * Context: process context; takes the domain's attach_lock.
 */
void iodom_show(struct seq_file *m, struct iodom *dom)
{
	struct iodom_link *link;

	seq_printf(m, "domain %u type %s table %s levels %u\n", dom->flush.id,
		   iodom_type_name(dom), dom->pgt.ops->name, dom->pgt.levels);
	seq_printf(m, "  table pages: live %ld pending %ld\n",
		   atomic_long_read(&dom->pgt.live_pages),
		   atomic_long_read(&dom->pgt.pending_pages));
	iodom_show_counts(m, &dom->flush);
	iodom_show_window(m, &dom->flush);
	iodom_show_space(m, dom);
	/* Pairs with the release in ioslot_enable(). */
	ioslot_show(m, smp_load_acquire(&dom->slots));

	mutex_lock(&dom->attach_lock);
	list_for_each_entry(link, &dom->links, node)
		iodom_show_link(m, dom, link);
	mutex_unlock(&dom->attach_lock);
}

static int domains_show(struct seq_file *m, void *unused)
{
	struct iodom *dom;

	mutex_lock(&iodom_list_lock);
	list_for_each_entry(dom, &iodom_list, node)
		iodom_show(m, dom);
	mutex_unlock(&iodom_list_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

static int __init iodom_debugfs_init(void)
{
	if (ioflush_enabled())
		debugfs_create_file("domains", 0400, ioflush_debugfs_root(),
				    NULL, &domains_fops);
	return 0;
}
late_initcall(iodom_debugfs_init);
