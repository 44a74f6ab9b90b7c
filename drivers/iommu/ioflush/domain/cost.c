// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what invalidations cost on each queue
 *
 * A drain can name its ranges one by one, or invalidate the whole domain with
 * one command and have the device load again what it still uses. The price of
 * a command is measured on each queue, when the first domain comes to it: the
 * invalidations are for an id that no device uses yet. What it takes to
 * load a translation again cannot be measured without a device that does so;
 * taken for it is what this CPU needs for as many dependent reads from memory
 * as the walk has levels, times the translations that a device may have in
 * use. Both can be seen and changed in debugfs.
 */
#include <linux/cacheflush.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/ioflush/ioflush.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "internal.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush."

/* The fastest of this many attempts counts: others were interrupted. */
#define IODOM_COST_TRIES	8
/* Commands that are timed together, to see what one more of them takes. */
#define IODOM_COST_CMDS		9
/* Translations that a device loads again after its domain was invalidated. */
#define IODOM_COST_REFILL	64
/* A walker in an emulator takes no time that the guest's clock shows. */
#define IODOM_COST_READ_MIN_NS	25

static unsigned int iodom_refill_ns;
module_param_named(refill_ns, iodom_refill_ns, uint, 0444);
MODULE_PARM_DESC(refill_ns,
		 "What it costs to load again what an invalidation of a whole domain takes away, in ns (default 0: estimated)");

/**
 * struct iodom_cost - what is known of a queue
 * @node: on the list of all
 * @q: the queue
 * @costs: what invalidations cost on it; all 0 until a domain has come to it
 * @given: by the user, not measured
 */
struct iodom_cost {
	struct list_head node;
	struct invq *q;
	struct ioflush_costs costs;
	bool given;
};

/* Protects the list and what is on it; taken under a domain's attach_lock. */
static DEFINE_MUTEX(iodom_costs_lock);
static LIST_HEAD(iodom_costs);

static struct iodom_cost *iodom_cost_find(const struct invq *q)
{
	struct iodom_cost *cost;

	lockdep_assert_held(&iodom_costs_lock);
	list_for_each_entry(cost, &iodom_costs, node)
		if (cost->q == q)
			return cost;
	return NULL;
}

static u64 iodom_cost_time(struct invq *q, const struct invq_cmd *cmds,
			   unsigned int n)
{
	u64 best = U64_MAX, start;

	for (unsigned int i = 0; i < IODOM_COST_TRIES; i++) {
		start = ktime_get_ns();
		invq_submit_wait(q, cmds, n);
		best = min(best, ktime_get_ns() - start);
	}
	return best;
}

static void iodom_cost_flush(void *addr)
{
#ifdef CONFIG_X86
	clflush_cache_range(addr, sizeof(void *));
#endif
}

/* As many reads as there are levels, each from where the one before says. */
static u64 iodom_cost_walk(unsigned int levels)
{
	u64 best = U64_MAX, start;
	void **page[8];
	unsigned int n;

	for (n = 0; n < min_t(unsigned int, levels, ARRAY_SIZE(page)); n++) {
		page[n] = (void **)get_zeroed_page(GFP_KERNEL);
		if (!page[n])
			break;
		if (n)
			*page[n - 1] = page[n];
	}
	for (unsigned int i = 0; n && i < IODOM_COST_TRIES; i++) {
		void **p = page[0];

		for (unsigned int j = 0; j < n; j++)
			iodom_cost_flush(page[j]);
		start = ktime_get_ns();
		while (p)
			p = READ_ONCE(*p);
		best = min(best, ktime_get_ns() - start);
	}
	for (unsigned int j = 0; j < n; j++)
		free_page((unsigned long)page[j]);
	return max_t(u64, n ? best : 0, levels * IODOM_COST_READ_MIN_NS);
}

static void iodom_cost_measure(struct iodom *dom, struct iodom_link *link,
			       struct ioflush_costs *costs)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct ioflush_range range = {
		.last = BIT(__ffs(dom->domain.pgsize_bitmap)) - 1,
		.leaf_lg2 = __ffs(dom->domain.pgsize_bitmap),
		.leaf_only = true,
	};
	u64 one, many, all, refill;
	unsigned int n;

	if (dom->hw->encode_range(dom, link, &range, cmds) == 1) {
		for (n = 1; n < IODOM_COST_CMDS; n++)
			cmds[n] = cmds[0];
	} else {
		n = dom->hw->encode_all(dom, link, cmds);
	}
	one = iodom_cost_time(link->q, cmds, 1);
	many = iodom_cost_time(link->q, cmds, n);
	n = max(n, 2U);
	costs->cmd_ns = clamp_t(s64, (s64)(many - one) / (n - 1), 1, U32_MAX);

	/* It is never the cheaper way where it is none. */
	costs->all_ns = U32_MAX;
	if (!dom->hw->encode_all)
		return;
	n = dom->hw->encode_all(dom, link, cmds);
	all = iodom_cost_time(link->q, cmds, n);
	refill = iodom_refill_ns ?:
		 iodom_cost_walk(dom->pgt.levels) * IODOM_COST_REFILL;
	costs->all_ns = clamp_t(s64, (s64)(all - one) + costs->cmd_ns + refill,
				1, U32_MAX);
}

/**
 * iodom_queue_add() - a driver's queue is ready for domains
 * @q: the queue
 *
 * The first domain that comes to it finds out what commands cost there. For a
 * queue of which that is not known, drains choose by the number of ranges.
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int iodom_queue_add(struct invq *q)
{
	struct iodom_cost *cost = kzalloc(sizeof(*cost), GFP_KERNEL);

	if (!cost)
		return -ENOMEM;
	cost->q = q;
	mutex_lock(&iodom_costs_lock);
	list_add_tail(&cost->node, &iodom_costs);
	mutex_unlock(&iodom_costs_lock);
	return 0;
}

/**
 * iodom_queue_remove() - undo iodom_queue_add()
 * @q: the queue; no domain has a link to it. May never have been added
 *
 * Context: process context.
 */
void iodom_queue_remove(const struct invq *q)
{
	struct iodom_cost *cost;

	mutex_lock(&iodom_costs_lock);
	cost = iodom_cost_find(q);
	if (cost)
		list_del(&cost->node);
	mutex_unlock(&iodom_costs_lock);
	kfree(cost);
}

/**
 * iodom_costs_learn() - find out what invalidations cost on a link's queue
 * @dom: a domain that no device uses yet through the link
 * @link: the link
 *
 * Once for each queue.
 *
 * Context: process context, with the domain's attach_lock held; waits for
 *	hardware.
 */
void iodom_costs_learn(struct iodom *dom, struct iodom_link *link)
{
	struct iodom_cost *cost;

	lockdep_assert_held(&dom->attach_lock);
	mutex_lock(&iodom_costs_lock);
	cost = iodom_cost_find(link->q);
	if (cost && !cost->costs.cmd_ns)
		iodom_cost_measure(dom, link, &cost->costs);
	mutex_unlock(&iodom_costs_lock);
}

/**
 * iodom_costs_update() - tell a domain what its invalidations cost
 * @dom: a domain whose links, or the costs on whose queues, have changed
 *
 * A command is as dear as on the slowest unit; the whole domain is invalidated
 * on each of them.
 *
 * Context: process context, with the domain's attach_lock held.
 */
void iodom_costs_update(struct iodom *dom)
{
	struct ioflush_costs *costs = &dom->flush.costs;
	struct iodom_link *link;
	struct iodom_cost *cost;
	u32 cmd_ns = 0, all_ns = 0;

	lockdep_assert_held(&dom->attach_lock);
	mutex_lock(&iodom_costs_lock);
	list_for_each_entry(link, &dom->links, node) {
		cost = iodom_cost_find(link->q);
		if (!cost)
			continue;
		cmd_ns = max(cmd_ns, cost->costs.cmd_ns);
		all_ns = all_ns + cost->costs.all_ns < all_ns ? U32_MAX :
			 all_ns + cost->costs.all_ns;
	}
	mutex_unlock(&iodom_costs_lock);
	/* A drain that reads one old and one new makes a dear choice, once. */
	WRITE_ONCE(costs->all_ns, all_ns);
	WRITE_ONCE(costs->cmd_ns, cmd_ns);
}

/**
 * iodom_costs_set() - let the user know better what a queue's commands cost
 * @name: of the queue
 * @costs: what they cost
 *
 * Context: process context.
 * Return: 0, or -ENODEV if there is no such queue.
 */
int iodom_costs_set(const char *name, const struct ioflush_costs *costs)
{
	struct iodom_cost *cost;
	int ret = -ENODEV;

	mutex_lock(&iodom_costs_lock);
	list_for_each_entry(cost, &iodom_costs, node) {
		if (strcmp(cost->q->name, name))
			continue;
		cost->costs = *costs;
		cost->given = true;
		ret = 0;
	}
	mutex_unlock(&iodom_costs_lock);
	return ret;
}

/**
 * iodom_costs_parse() - what a user has written of a queue
 * @line: "NAME CMD_NS ALL_NS", which is cut up; maybe with a newline
 * @name: receives where the name is in it
 * @costs: receives the costs
 *
 * Context: any context.
 * Return: 0; -EINVAL for another line, or for commands that cost nothing; -ERANGE for
 *	a number that is too large.
 */
int iodom_costs_parse(char *line, const char **name,
		      struct ioflush_costs *costs)
{
	const char *cmd_ns, *all_ns;
	int ret;

	*name = strsep(&line, " ");
	cmd_ns = strsep(&line, " ");
	all_ns = strsep(&line, " ");
	if (!all_ns || line)
		return -EINVAL;
	ret = kstrtouint(cmd_ns, 10, &costs->cmd_ns) ?:
	      kstrtouint(all_ns, 10, &costs->all_ns);
	return ret ?: costs->cmd_ns ? 0 : -EINVAL;
}

#ifdef CONFIG_IOFLUSH_DEBUGFS
static int costs_show(struct seq_file *m, void *unused)
{
	struct iodom_cost *cost;

	mutex_lock(&iodom_costs_lock);
	list_for_each_entry(cost, &iodom_costs, node)
		seq_printf(m, "%s cmd_ns %u all_ns %u %s\n", cost->q->name,
			   cost->costs.cmd_ns, cost->costs.all_ns,
			   cost->given ? "given" :
			   cost->costs.cmd_ns ? "measured" : "unknown");
	mutex_unlock(&iodom_costs_lock);
	return 0;
}

static int costs_open(struct inode *inode, struct file *file)
{
	return single_open(file, costs_show, NULL);
}

static void iodom_costs_changed(struct iodom *dom)
{
	mutex_lock(&dom->attach_lock);
	iodom_costs_update(dom);
	mutex_unlock(&dom->attach_lock);
}

static ssize_t costs_write(struct file *file, const char __user *from,
			   size_t count, loff_t *pos)
{
	struct ioflush_costs costs;
	const char *name;
	char line[64];
	int ret;

	if (count >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, count))
		return -EFAULT;
	line[count] = '\0';
	ret = iodom_costs_parse(line, &name, &costs) ?:
	      iodom_costs_set(name, &costs);
	if (ret)
		return ret;
	iodom_for_each(iodom_costs_changed);
	return count;
}

static const struct file_operations costs_fops = {
	.owner = THIS_MODULE,
	.open = costs_open,
	.read = seq_read,
	.write = costs_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init iodom_costs_init(void)
{
	if (ioflush_enabled())
		debugfs_create_file("costs", 0600, ioflush_debugfs_root(),
				    NULL, &costs_fops);
	return 0;
}
late_initcall(iodom_costs_init);
#endif
