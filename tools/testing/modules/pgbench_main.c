// SPDX-License-Identifier: GPL-2.0
/*
 * What an operation on a page table costs, in nanoseconds with decimals.
 *
 * Under QEMU's instruction counter one nanosecond is one instruction. Each of
 * our formats is measured, those of mainline's library that this kernel has, and
 * a domain of the IOMMU stack that was booted, all by the same loop. What the
 * loop itself takes is measured with functions that do nothing and stands among
 * the results; nothing is subtracted here.
 *
 *   echo 16 > /sys/kernel/debug/ioflush_pgbench/run
 *   cat /sys/kernel/debug/ioflush_pgbench/results
 *
 * The number is how often each batch is done. A line of the results is
 *
 *   FORMAT STACK OPERATION NANOSECONDS
 *
 * and "FORMAT STACK failed ERROR" where a format could not be measured. A table
 * is warm: the first batch, which makes the table pages, is not in the figure.
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "pgbench.h"

#define PGBENCH_BATCHES_MAX	100000
#define PGBENCH_TARGETS		16
/* Where all maps point; nothing ever looks there. */
#define PGBENCH_PADDR		SZ_4G

/**
 * struct pgbench_shape - what one operation maps or unmaps
 * @name: in the results
 * @pgsize: size of its pages
 * @count: how many
 * @slots: operations in a batch, each next to the last; 64 or fewer
 * @to_phys: translate an address of each slot instead
 *
 * Each begins at an address of its own, so that none finds the tables of another:
 * see pgbench_iova().
 */
struct pgbench_shape {
	const char *name;
	size_t pgsize;
	unsigned int count;
	unsigned int slots;
	bool to_phys;
};

enum { PGBENCH_MAP, PGBENCH_UNMAP, PGBENCH_STEPS };

static const struct pgbench_shape pgbench_shapes[] = {
	{ "1x4k", SZ_4K, 1, 64 },
	{ "256x4k", SZ_4K, 256, 16 },
	{ "1x2m", SZ_2M, 1, 64 },
	{ "256x2m", SZ_2M, 256, 16 },
	{ "1x1g", SZ_1G, 1, 64 },
	{ "4k", SZ_4K, 1, 64, true },
};

/* A scan for what was written goes over 1 GiB of pages that were not. */
#define PGBENCH_SCAN_IOVA	(7 * 64ul * SZ_1G)
#define PGBENCH_SCAN_BYTES	SZ_1G
#define PGBENCH_SCAN_TABLE	512	/* pages that one table maps */

static const struct {
	const char *name;
	size_t pgsize;
} pgbench_scans[] = {
	{ "scan_1g_4k", SZ_4K },
	{ "scan_1g_2m", SZ_2M },
};

struct pgbench_result {
	const struct pgbench_target *target;
	int error;
	u64 sum_ns[ARRAY_SIZE(pgbench_shapes)][PGBENCH_STEPS];
	u64 scan_ns[ARRAY_SIZE(pgbench_scans)];
};

static DEFINE_MUTEX(pgbench_lock);	/* one run at a time; all below */
static struct pgbench_result pgbench_results[PGBENCH_TARGETS];
static unsigned int pgbench_nr;
static u64 pgbench_batches;
static struct dentry *pgbench_dir;

static int pgbench_empty_open(const struct pgbench_target *target)
{
	return 0;
}

static void pgbench_empty_close(void)
{
}

static noinline int pgbench_empty_map(unsigned long iova, phys_addr_t paddr,
				      size_t pgsize, size_t count)
{
	barrier();
	return 0;
}

static noinline bool pgbench_empty_unmap(unsigned long iova, size_t pgsize,
					 size_t count)
{
	barrier();
	return true;
}

static noinline phys_addr_t pgbench_empty_to_phys(unsigned long iova)
{
	barrier();
	return 1;
}

static const struct pgbench_target pgbench_empty[] = {
	{
		.format = "empty",
		.stack = "loop",
		.open = pgbench_empty_open,
		.close = pgbench_empty_close,
		.map = pgbench_empty_map,
		.unmap = pgbench_empty_unmap,
		.to_phys = pgbench_empty_to_phys,
	},
	{ }
};

/* 64 GiB for each shape, which is as much as 64 slots of the largest take. */
static unsigned long pgbench_iova(const struct pgbench_shape *shape,
				  unsigned int slot)
{
	unsigned long first = (shape - pgbench_shapes + 1) * 64ul * SZ_1G;

	return first + slot * shape->count * shape->pgsize;
}

static int pgbench_map_all(const struct pgbench_target *target,
			   const struct pgbench_shape *shape)
{
	const size_t bytes = shape->count * shape->pgsize;
	unsigned long iova = pgbench_iova(shape, 0);
	unsigned int slot;
	int ret = 0;

	for (slot = 0; slot < shape->slots && !ret; slot++, iova += bytes)
		ret = target->map(iova, PGBENCH_PADDR, shape->pgsize,
				  shape->count);
	return ret;
}

static int pgbench_unmap_all(const struct pgbench_target *target,
			     const struct pgbench_shape *shape)
{
	const size_t bytes = shape->count * shape->pgsize;
	unsigned long iova = pgbench_iova(shape, 0);
	bool good = true;
	unsigned int slot;

	for (slot = 0; slot < shape->slots && good; slot++, iova += bytes)
		good = target->unmap(iova, shape->pgsize, shape->count);
	return good ? 0 : -EIO;
}

static int pgbench_to_phys_all(const struct pgbench_target *target,
			       const struct pgbench_shape *shape)
{
	const size_t bytes = shape->count * shape->pgsize;
	unsigned long iova = pgbench_iova(shape, 0);
	bool good = true;
	unsigned int slot;

	for (slot = 0; slot < shape->slots && good; slot++, iova += bytes)
		good = target->to_phys(iova);
	return good ? 0 : -EIO;
}

static int pgbench_batch(const struct pgbench_target *target,
			 const struct pgbench_shape *shape, u64 *sum_ns)
{
	ktime_t start, mapped, looked, end;
	int ret;

	start = ktime_get();
	ret = pgbench_map_all(target, shape);
	if (ret)
		return ret;
	mapped = ktime_get();
	if (shape->to_phys)
		ret = pgbench_to_phys_all(target, shape);
	looked = ktime_get();
	if (!ret)
		ret = pgbench_unmap_all(target, shape);
	end = ktime_get();

	if (shape->to_phys) {
		sum_ns[PGBENCH_MAP] += ktime_to_ns(ktime_sub(looked, mapped));
		return ret;
	}
	sum_ns[PGBENCH_MAP] += ktime_to_ns(ktime_sub(mapped, start));
	sum_ns[PGBENCH_UNMAP] += ktime_to_ns(ktime_sub(end, looked));
	return ret;
}

/*
 * The shortest batch stands for all: what interrupts took of the others depends on when
 * the clock ticks.
 */
static int pgbench_shape_run(const struct pgbench_target *target,
			     const struct pgbench_shape *shape, u64 *sum_ns,
			     u64 batches)
{
	u64 best[PGBENCH_STEPS] = {}, i;
	unsigned int step;
	int ret;

	/* The first one warms up. */
	for (i = 0; i <= batches; i++) {
		u64 one[PGBENCH_STEPS] = {};

		ret = pgbench_batch(target, shape, one);
		if (ret)
			return ret;
		for (step = 0; step < PGBENCH_STEPS; step++)
			best[step] = i > 1 ? min(best[step], one[step]) : one[step];
		cond_resched();
	}
	for (step = 0; step < PGBENCH_STEPS; step++)
		sum_ns[step] = best[step] * batches;
	return 0;
}

/* Mainline's library does one table in a call. */
static int pgbench_scan_map(const struct pgbench_target *target, size_t pgsize)
{
	const size_t bytes = PGBENCH_SCAN_TABLE * pgsize;
	size_t done;
	int ret = 0;

	for (done = 0; done < PGBENCH_SCAN_BYTES && !ret; done += bytes)
		ret = target->map(PGBENCH_SCAN_IOVA + done,
				  PGBENCH_PADDR + done, pgsize,
				  PGBENCH_SCAN_TABLE);
	return ret;
}

static int pgbench_scan_unmap(const struct pgbench_target *target,
			      size_t pgsize)
{
	const size_t bytes = PGBENCH_SCAN_TABLE * pgsize;
	bool good = true;
	size_t done;

	for (done = 0; done < PGBENCH_SCAN_BYTES && good; done += bytes)
		good = target->unmap(PGBENCH_SCAN_IOVA + done, pgsize,
				     PGBENCH_SCAN_TABLE);
	return good ? 0 : -EIO;
}

static int pgbench_scan_run(const struct pgbench_target *target, size_t pgsize,
			    u64 *sum_ns, u64 batches)
{
	ktime_t start;
	u64 i;
	int ret;

	ret = pgbench_scan_map(target, pgsize);
	if (ret)
		return ret;
	/* The first one makes clean what the map may have made dirty. */
	ret = target->scan(PGBENCH_SCAN_IOVA, PGBENCH_SCAN_BYTES);
	for (i = 0; i < batches && !ret; i++) {
		start = ktime_get();
		ret = target->scan(PGBENCH_SCAN_IOVA, PGBENCH_SCAN_BYTES);
		*sum_ns += ktime_to_ns(ktime_sub(ktime_get(), start));
		cond_resched();
	}
	return ret ?: pgbench_scan_unmap(target, pgsize);
}

static int pgbench_scan_all(const struct pgbench_target *target, u64 *sum_ns,
			    u64 batches)
{
	unsigned int i;
	int ret;

	if (!target->scan)
		return 0;
	ret = target->track();
	for (i = 0; i < ARRAY_SIZE(pgbench_scans) && !ret; i++)
		ret = pgbench_scan_run(target, pgbench_scans[i].pgsize,
				       &sum_ns[i], batches);
	return ret;
}

static void pgbench_list_run(const struct pgbench_target *target, u64 batches)
{
	struct pgbench_result *result;
	unsigned int i;

	for (; target->format && pgbench_nr < PGBENCH_TARGETS; target++) {
		result = &pgbench_results[pgbench_nr++];
		result->target = target;
		result->error = target->open(target);
		if (result->error)
			continue;
		for (i = 0; i < ARRAY_SIZE(pgbench_shapes) && !result->error;
		     i++)
			result->error = pgbench_shape_run(target,
							  &pgbench_shapes[i],
							  result->sum_ns[i],
							  batches);
		if (!result->error)
			result->error = pgbench_scan_all(target,
							 result->scan_ns,
							 batches);
		target->close();
	}
}

static int pgbench_run_set(void *data, u64 batches)
{
	if (!batches || batches > PGBENCH_BATCHES_MAX)
		return -EINVAL;

	mutex_lock(&pgbench_lock);
	pgbench_storm_close();
	memset(pgbench_results, 0, sizeof(pgbench_results));
	pgbench_nr = 0;
	pgbench_batches = batches;
	pgbench_list_run(pgbench_empty, batches);
	pgbench_list_run(pgbench_ours, batches);
	pgbench_list_run(pgbench_arm, batches);
	pgbench_list_run(pgbench_domain, batches);
	mutex_unlock(&pgbench_lock);
	return 0;
}

static int pgbench_run_get(void *data, u64 *batches)
{
	mutex_lock(&pgbench_lock);
	*batches = pgbench_batches;
	mutex_unlock(&pgbench_lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(pgbench_run_fops, pgbench_run_get, pgbench_run_set,
			 "%llu\n");

static int pgbench_storm_set(void *data, u64 what)
{
	int ret;

	mutex_lock(&pgbench_lock);
	ret = pgbench_storm(what);
	mutex_unlock(&pgbench_lock);
	return ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(pgbench_storm_fops, NULL, pgbench_storm_set, "%llu\n");

static void pgbench_show_one(struct seq_file *m,
			     const struct pgbench_target *target,
			     const char *step, const char *what, u64 sum_ns,
			     u64 operations)
{
	u64 milli_ns = div64_u64(sum_ns * 1000, operations);
	u32 milli;

	milli_ns = div_u64_rem(milli_ns, 1000, &milli);
	seq_printf(m, "%s %s %s%s %llu.%03u\n", target->format, target->stack,
		   step, what, milli_ns, milli);
}

static void pgbench_show(struct seq_file *m, const struct pgbench_result *result)
{
	const struct pgbench_target *target = result->target;
	const struct pgbench_shape *shape;
	const u64 *sum_ns;
	unsigned int i;
	u64 n;

	if (result->error) {
		seq_printf(m, "%s %s failed %d\n", target->format,
			   target->stack, result->error);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(pgbench_shapes); i++) {
		shape = &pgbench_shapes[i];
		sum_ns = result->sum_ns[i];
		n = pgbench_batches * shape->slots;
		if (shape->to_phys) {
			pgbench_show_one(m, target, "iova_to_phys_",
					 shape->name, sum_ns[PGBENCH_MAP], n);
			continue;
		}
		pgbench_show_one(m, target, "map_", shape->name,
				 sum_ns[PGBENCH_MAP], n);
		pgbench_show_one(m, target, "unmap_", shape->name,
				 sum_ns[PGBENCH_UNMAP], n);
	}
	for (i = 0; i < ARRAY_SIZE(pgbench_scans) && target->scan; i++)
		pgbench_show_one(m, target, "", pgbench_scans[i].name,
				 result->scan_ns[i], pgbench_batches);
}

static int pgbench_results_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	mutex_lock(&pgbench_lock);
	for (i = 0; i < pgbench_nr; i++)
		pgbench_show(m, &pgbench_results[i]);
	mutex_unlock(&pgbench_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pgbench_results);

static int __init pgbench_init(void)
{
	int ret = pgbench_domain_register();

	if (ret)
		return ret;
	pgbench_dir = debugfs_create_dir("ioflush_pgbench", NULL);
	debugfs_create_file_unsafe("run", 0600, pgbench_dir, NULL,
				   &pgbench_run_fops);
	debugfs_create_file_unsafe("storm", 0200, pgbench_dir, NULL,
				   &pgbench_storm_fops);
	debugfs_create_file("results", 0400, pgbench_dir, NULL,
			    &pgbench_results_fops);
	return 0;
}
module_init(pgbench_init);

static void __exit pgbench_exit(void)
{
	debugfs_remove(pgbench_dir);
	pgbench_storm_close();
	pgbench_domain_unregister();
}
module_exit(pgbench_exit);

MODULE_DESCRIPTION("Instructions per operation on a page table");
MODULE_LICENSE("GPL");
