// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: held memory goes back before its time where memory is wanted
 *
 * When memory is short, or a part of it is about to be taken out of the machine.
 * Who wants to move a page, as compaction does, finds that it has a reference too
 * many, for one or two windows.
 */
#include <linux/init.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/shrinker.h>

#include "ring.h"

/* Without the rings' locks: it is asked again and again. */
static unsigned long ioflush_held_bytes(const struct ioflush *flush)
{
	/* Pairs with the release in ioflush_rings_alloc(). */
	struct ioflush_ring __percpu *rings = smp_load_acquire(&flush->all_rings);
	unsigned long bytes = 0;
	int cpu;

	if (!rings || !READ_ONCE(flush->holds))
		return 0;
	for_each_possible_cpu(cpu)
		bytes += READ_ONCE(per_cpu_ptr(rings, cpu)->held_bytes);
	return bytes;
}

static void ioflush_held_count(struct ioflush *flush, void *bytes)
{
	*(unsigned long *)bytes += ioflush_held_bytes(flush);
}

static void ioflush_held_drain(struct ioflush *flush, void *bytes)
{
	unsigned long held = ioflush_held_bytes(flush);

	if (!held)
		return;
	ioflush_drain(flush, IOFLUSH_PRESSURE);
	*(unsigned long *)bytes += held;
}

/**
 * ioflush_release_held() - have all memory that is held invalidated, and given back
 *
 * All of it: a drain costs about the same for one entry and for many. Who wants
 * memory may be a CPU that is changing a flush state; then nothing is done.
 *
 * Context: process context; waits for hardware.
 * Return: how many bytes there were.
 */
unsigned long ioflush_release_held(void)
{
	unsigned long bytes = 0;

	ioflush_try_each(ioflush_held_drain, &bytes);
	return bytes;
}

static unsigned long ioflush_count_objects(struct shrinker *shrinker,
					   struct shrink_control *sc)
{
	unsigned long bytes = 0;

	ioflush_try_each(ioflush_held_count, &bytes);
	return bytes >> PAGE_SHIFT ?: SHRINK_EMPTY;
}

static unsigned long ioflush_scan_objects(struct shrinker *shrinker,
					  struct shrink_control *sc)
{
	return ioflush_release_held() >> PAGE_SHIFT ?: SHRINK_STOP;
}

static void ioflush_held_offline(struct ioflush *flush)
{
	unsigned long bytes = 0;

	ioflush_held_drain(flush, &bytes);
}

static int ioflush_memory_notify(struct notifier_block *nb, unsigned long action,
				 void *data)
{
	if (action == MEM_GOING_OFFLINE)
		ioflush_for_each(ioflush_held_offline);
	return NOTIFY_OK;
}

static struct shrinker *ioflush_shrinker;
static struct notifier_block ioflush_memory_nb = {
	.notifier_call = ioflush_memory_notify,
};

/**
 * ioflush_pressure_setup() - be told when memory is short or goes
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int __init ioflush_pressure_setup(void)
{
	ioflush_shrinker = shrinker_alloc(0, "ioflush-held");
	if (!ioflush_shrinker)
		return -ENOMEM;
	ioflush_shrinker->count_objects = ioflush_count_objects;
	ioflush_shrinker->scan_objects = ioflush_scan_objects;
	shrinker_register(ioflush_shrinker);
	register_memory_notifier(&ioflush_memory_nb);
	return 0;
}

/**
 * ioflush_pressure_teardown() - undo ioflush_pressure_setup()
 *
 * Context: process context.
 */
void __exit ioflush_pressure_teardown(void)
{
	unregister_memory_notifier(&ioflush_memory_nb);
	shrinker_free(ioflush_shrinker);
}
