// SPDX-License-Identifier: GPL-2.0
/*
 * ioflush_pgbench: one large unmap, for whoever counts what it makes the stack
 * tell the IOMMU
 *
 *   echo 1 > /sys/kernel/debug/ioflush_pgbench/storm	map 1 GiB in 2 MiB blocks
 *   echo 0 > /sys/kernel/debug/ioflush_pgbench/storm	unmap it, in one call
 *
 * The unmap's invalidations are all that the second one causes: the domain stays
 * until the next map, or until the module goes. 1 maps at a multiple of 1 GiB,
 * where one entry of the table above could have taken the place of them all; 2
 * maps half a GiB further up, where the blocks belong to two tables.
 */
#include <linux/errno.h>
#include <linux/sizes.h>

#include "pgbench.h"

#define STORM_BASE	(100ul * SZ_1G)
#define STORM_BYTES	SZ_1G
#define STORM_BLOCK	SZ_2M

static const struct pgbench_target *const storm_target = &pgbench_domain[0];
static bool storm_is_open;	/* these two: pgbench_lock */
static unsigned long storm_iova;

/**
 * pgbench_storm_close() - drop the domain of the last storm, if there was one
 *
 * Context: process context, pgbench_lock held or nobody else left.
 */
void pgbench_storm_close(void)
{
	if (storm_is_open)
		storm_target->close();
	storm_is_open = false;
	storm_iova = 0;
}

/* Two calls: a single one would be free to use a block of 1 GiB. */
static int storm_map(unsigned long iova)
{
	const size_t half = STORM_BYTES / 2;
	int ret;

	pgbench_storm_close();
	ret = storm_target->open(storm_target);
	if (ret)
		return ret;
	storm_is_open = true;
	ret = storm_target->map(iova, SZ_4G, STORM_BLOCK, half / STORM_BLOCK);
	if (!ret)
		ret = storm_target->map(iova + half, SZ_4G, STORM_BLOCK,
					half / STORM_BLOCK);
	if (!ret)
		storm_iova = iova;
	return ret;
}

static int storm_unmap(void)
{
	const unsigned long iova = storm_iova;

	if (!iova)
		return -ENOENT;
	storm_iova = 0;
	return storm_target->unmap(iova, STORM_BLOCK,
				   STORM_BYTES / STORM_BLOCK) ? 0 : -EIO;
}

/**
 * pgbench_storm() - map, or unmap what was mapped
 * @what: 0 to unmap; 1 or 2 to map, by where
 *
 * Context: process context, pgbench_lock held.
 * Return: 0 or an error; -ENOENT where nothing is mapped.
 */
int pgbench_storm(u64 what)
{
	switch (what) {
	case 0:
		return storm_unmap();
	case 1:
		return storm_map(STORM_BASE);
	case 2:
		return storm_map(STORM_BASE + STORM_BYTES / 2);
	}
	return -EINVAL;
}
