// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: parameters of lazy and guarded mode
 */
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/ioflush/params.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "ring.h"

unsigned int ioflush_window_us = 2000;

static int ioflush_window_set(const char *val, const struct kernel_param *kp)
{
	unsigned int us;

	return kstrtouint(val, 0, &us) ?: ioflush_set_window_all(us);
}

static const struct kernel_param_ops ioflush_window_ops = {
	.set = ioflush_window_set,
	.get = param_get_uint,
};

module_param_cb(window_us, &ioflush_window_ops, &ioflush_window_us, 0644);
MODULE_PARM_DESC(window_us,
		 "Lazy and guarded mode: a cleared translation is invalidated within this many microseconds, 100 to 1000000 (default 2000)");

/*
 * Entries of a ring; it is drained at three quarters. 32 bytes each. Until the setup
 * 0 stands for what suits the machine: where there are many CPUs, what each of them has
 * is to be less than what the kernel's flush queue has.
 */
unsigned int ioflush_pending_entries;

#define IOFLUSH_ENTRIES		512
#define IOFLUSH_ENTRIES_MANY	256
#define IOFLUSH_MANY_CPUS	64

static int ioflush_entries_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 16, SZ_64K);
}

static const struct kernel_param_ops ioflush_entries_ops = {
	.set = ioflush_entries_set,
	.get = param_get_uint,
};

module_param_cb(pending_entries, &ioflush_entries_ops,
		&ioflush_pending_entries, 0444);
MODULE_PARM_DESC(pending_entries,
		 "Lazy and guarded mode: ranges that may wait for an invalidation, per CPU and domain, rounded up to a power of two, 16 to 65536 (default 512, or 256 where more than 64 CPUs are possible)");

/**
 * ioflush_params_setup() - choose what the user has not said
 *
 * Context: process context, before the first ring is made.
 */
void __init ioflush_params_setup(void)
{
	if (!ioflush_pending_entries)
		ioflush_pending_entries = num_possible_cpus() > IOFLUSH_MANY_CPUS ?
					  IOFLUSH_ENTRIES_MANY : IOFLUSH_ENTRIES;
}

unsigned long ioflush_pending_bytes_max = SZ_32M;
module_param_named(pending_bytes, ioflush_pending_bytes_max, ulong, 0644);
MODULE_PARM_DESC(pending_bytes,
		 "Lazy and guarded mode: bytes that may wait for an invalidation, per CPU and domain (default 33554432)");

unsigned long ioflush_held_bytes_max = SZ_16M;
module_param_named(held_bytes, ioflush_held_bytes_max, ulong, 0644);
MODULE_PARM_DESC(held_bytes,
		 "Guarded mode: bytes of memory that may be held until it has been invalidated, per CPU and domain (default 16777216)");

unsigned int ioflush_pending_tables = 64;
module_param_named(pending_tables, ioflush_pending_tables, uint, 0644);
MODULE_PARM_DESC(pending_tables,
		 "Lazy and guarded mode: page-table pages that may wait for an invalidation, per CPU and domain (default 64)");

/* A timer and what it starts cost about what so many save. */
unsigned int ioflush_lone_unmaps = 8;
module_param_named(lone_unmaps, ioflush_lone_unmaps, uint, 0444);
MODULE_PARM_DESC(lone_unmaps,
		 "Lazy and guarded mode: unmaps within a window that are strict before others are deferred, per CPU and domain (default 8)");

bool ioflush_engine_rcu;

static int ioflush_engine_set(const char *val, const struct kernel_param *kp)
{
	if (sysfs_streq(val, "rcu"))
		ioflush_engine_rcu = true;
	else if (sysfs_streq(val, "ring"))
		ioflush_engine_rcu = false;
	else
		return -EINVAL;
	return 0;
}

static int ioflush_engine_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", ioflush_engine_rcu ? "rcu" : "ring");
}

static const struct kernel_param_ops ioflush_engine_ops = {
	.set = ioflush_engine_set,
	.get = ioflush_engine_get,
};

module_param_cb(engine, &ioflush_engine_ops, NULL, 0444);
MODULE_PARM_DESC(engine,
		 "Lazy mode: what has the pending ranges invalidated, ring (timers and marks) or rcu (callbacks of RCU) (default ring)");
