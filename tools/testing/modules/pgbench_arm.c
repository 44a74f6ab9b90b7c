// SPDX-License-Identifier: GPL-2.0
/*
 * ioflush_pgbench: mainline's Arm page tables
 *
 * Called as a driver calls them, with callbacks that do nothing: what is
 * measured is the page table, and no driver's bookkeeping.
 */
#include <linux/io-pgtable.h>
#include <linux/iommu.h>
#include <linux/sizes.h>

#include "pgbench.h"

static struct io_pgtable_ops *ops;

static void pgbench_flush_all(void *cookie)
{
}

static void pgbench_flush_walk(unsigned long iova, size_t size, size_t granule,
			       void *cookie)
{
}

static void pgbench_add_page(struct iommu_iotlb_gather *gather,
			     unsigned long iova, size_t granule, void *cookie)
{
}

static const struct iommu_flush_ops pgbench_flush_ops = {
	.tlb_flush_all = pgbench_flush_all,
	.tlb_flush_walk = pgbench_flush_walk,
	.tlb_add_page = pgbench_add_page,
};

static int pgbench_arm_new(enum io_pgtable_fmt fmt)
{
	struct io_pgtable_cfg cfg = {
		.quirks = fmt == ARM_64_LPAE_S1 ? IO_PGTABLE_QUIRK_ARM_HD : 0,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &pgbench_flush_ops,
	};

	if (!IS_ENABLED(CONFIG_IOMMU_IO_PGTABLE_LPAE))
		return -ENODEV;
	ops = alloc_io_pgtable_ops(fmt, &cfg, NULL);
	return ops ? 0 : -ENOMEM;
}

static int pgbench_arm_s1_open(const struct pgbench_target *target)
{
	return pgbench_arm_new(ARM_64_LPAE_S1);
}

static int pgbench_arm_s2_open(const struct pgbench_target *target)
{
	return pgbench_arm_new(ARM_64_LPAE_S2);
}

static void pgbench_arm_close(void)
{
	free_io_pgtable_ops(ops);
}

static int pgbench_arm_map(unsigned long iova, phys_addr_t paddr,
			   size_t pgsize, size_t count)
{
	size_t mapped = 0;

	return ops->map_pages(ops, iova, paddr, pgsize, count,
			      IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE,
			      GFP_KERNEL, &mapped);
}

static bool pgbench_arm_unmap(unsigned long iova, size_t pgsize, size_t count)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	return ops->unmap_pages(ops, iova, pgsize, count, &gather) ==
	       pgsize * count;
}

static phys_addr_t pgbench_arm_to_phys(unsigned long iova)
{
	return ops->iova_to_phys(ops, iova);
}

/* IO_PGTABLE_QUIRK_ARM_HD is what has it recorded, from the beginning. */
static int pgbench_arm_track(void)
{
	return 0;
}

static int pgbench_arm_scan(unsigned long iova, size_t bytes)
{
	struct iommu_dirty_bitmap dirty = {};

	return ops->read_and_clear_dirty(ops, iova, bytes, 0, &dirty);
}

#define PGBENCH_ARM(name, t, s) {		\
	.format = #name,			\
	.stack = "mainline",			\
	.open = pgbench_##name##_open,		\
	.close = pgbench_arm_close,		\
	.map = pgbench_arm_map,			\
	.unmap = pgbench_arm_unmap,		\
	.to_phys = pgbench_arm_to_phys,		\
	.track = t,				\
	.scan = s,				\
}

const struct pgbench_target pgbench_arm[] = {
	PGBENCH_ARM(arm_s1, pgbench_arm_track, pgbench_arm_scan),
	PGBENCH_ARM(arm_s2, NULL, NULL),
	{ }
};
