// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: the KUnit suites of the flush layer
 *
 * Two CPUs; each case begins on the first. Timers and work are done while a case
 * sleeps.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/init.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "ring.h"

/* What params.c has. */
unsigned int ioflush_window_us = 2000;
unsigned int ioflush_pending_entries = 512;
unsigned int ioflush_pending_tables = 64;
unsigned int ioflush_lone_unmaps = 8;
unsigned long ioflush_pending_bytes_max = SZ_32M;
unsigned long ioflush_held_bytes_max = SZ_16M;
bool ioflush_engine_rcu;

static void asleep(void)
{
	unsigned int cpu = user_cpu();

	user_timers_fire(NULL, 0);
	user_work_run();
	user_cpu_enter(cpu);
}

static int flush_kunit_init(void)
{
	user_nr_cpus = 2;
	user_case_on_cpu = true;
	user_sleep_hook = asleep;
	return ioflush_setup();
}
core_initcall(flush_kunit_init);
