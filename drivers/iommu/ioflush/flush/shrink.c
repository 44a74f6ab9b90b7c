// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: gives memory back when it is short
 *
 * What waits for an invalidation holds table pages, and addresses whose owner
 * in the tree of addresses is an object of its own. A drain frees both.
 */
#include <linux/percpu.h>
#include <linux/shrinker.h>

#include "ring.h"

static unsigned long ioflush_shrink_count(struct shrinker *shrinker,
					  struct shrink_control *sc)
{
	struct ioflush *flush = shrinker->private_data;
	struct ioflush_pending pending;

	ioflush_get_pending(flush, &pending);
	return pending.tables + pending.entries ?: SHRINK_EMPTY;
}

/* Rings have no order among each other and are small: all or nothing. */
static unsigned long ioflush_shrink_scan(struct shrinker *shrinker,
					 struct shrink_control *sc)
{
	struct ioflush *flush = shrinker->private_data;
	struct ioflush_pending before, after;
	unsigned long was, is;

	ioflush_get_pending(flush, &before);
	ioflush_drain(flush, IOFLUSH_MEMORY);
	ioflush_get_pending(flush, &after);
	was = before.tables + before.entries;
	is = after.tables + after.entries;
	return was > is ? was - is : SHRINK_STOP;
}

/**
 * ioflush_shrinker_add() - let memory pressure drain a domain's rings
 * @flush: the domain's flush state
 *
 * Without memory for it the domain does without: its other marks hold.
 *
 * Context: process context.
 */
void ioflush_shrinker_add(struct ioflush *flush)
{
	flush->shrinker = shrinker_alloc(0, "iommu-ioflush");
	if (!flush->shrinker)
		return;
	flush->shrinker->count_objects = ioflush_shrink_count;
	flush->shrinker->scan_objects = ioflush_shrink_scan;
	flush->shrinker->seeks = DEFAULT_SEEKS;
	flush->shrinker->private_data = flush;
	shrinker_register(flush->shrinker);
}

/**
 * ioflush_shrinker_remove() - undo ioflush_shrinker_add()
 * @flush: the domain's flush state
 *
 * Context: process context; waits until the shrinker is not running.
 */
void ioflush_shrinker_remove(struct ioflush *flush)
{
	if (flush->shrinker)
		shrinker_free(flush->shrinker);
	flush->shrinker = NULL;
}
