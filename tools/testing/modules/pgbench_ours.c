// SPDX-License-Identifier: GPL-2.0
/*
 * ioflush_pgbench: our page tables, without a domain around them
 */
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/ioflush/pgtable.h>
#include <linux/numa.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>

#include "pgbench.h"

static struct iopgt pgt;

/* No hardware has ever seen an entry. */
static void pgbench_ours_invalidate(struct iopgt *pgt,
				    struct iopgt_gather *gather)
{
}

static int pgbench_ours_new(const struct iopgt_ops *ops, u8 ias_bits,
			    u8 oas_bits)
{
	const struct iopgt_cfg cfg = {
		.ias_bits = ias_bits,
		.oas_bits = oas_bits,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.coherent_walk = true,
		.hw_dirty = true,
		.nid = NUMA_NO_NODE,
	};
	int ret;

	ret = iopgt_init(&pgt, ops, &cfg);
	pgt.invalidate = pgbench_ours_invalidate;
	return ret;
}

static void pgbench_ours_close(void)
{
	iopgt_destroy(&pgt);
}

static int pgbench_ours_map(unsigned long iova, phys_addr_t paddr,
			    size_t pgsize, size_t count)
{
	size_t mapped = 0;

	return iopgt_map_pages(&pgt, iova, paddr, pgsize, count,
			       IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE,
			       GFP_KERNEL, &mapped);
}

static bool pgbench_ours_unmap(unsigned long iova, size_t pgsize, size_t count)
{
	struct iopgt_gather gather;
	size_t bytes = pgsize * count, done;

	iopgt_gather_init(&gather, false);
	done = iopgt_unmap_pages(&pgt, iova, bytes, &gather);
	if (unlikely(!list_empty(&gather.pages)))
		iopgt_free_pages(&pgt, &gather.pages);
	return done == bytes;
}

static phys_addr_t pgbench_ours_to_phys(unsigned long iova)
{
	return iopgt_iova_to_phys(&pgt, iova);
}

static int pgbench_ours_track(void)
{
	return iopgt_set_dirty_tracking(&pgt, true);
}

static void pgbench_ours_dirty(unsigned long iova, size_t bytes, void *arg)
{
}

static int pgbench_ours_scan(unsigned long iova, size_t bytes)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	return iopgt_read_dirty(&pgt, iova, bytes, true, &gather,
				pgbench_ours_dirty, NULL);
}

#define PGBENCH_OURS_OPEN(name, ias, oas)				\
static int pgbench_##name##_open(const struct pgbench_target *target)	\
{									\
	return pgbench_ours_new(&iopgt_##name##_ops, ias, oas);		\
}

/* As many levels as mainline's has, or as a unit of QEMU's. */
PGBENCH_OURS_OPEN(arm_s1, 48, 48)
PGBENCH_OURS_OPEN(arm_s2, 48, 48)
PGBENCH_OURS_OPEN(vtdss, 39, 39)
PGBENCH_OURS_OPEN(x86_64, 47, 52)
PGBENCH_OURS_OPEN(amdv1, 39, 52)
PGBENCH_OURS_OPEN(riscv, 47, 56)

#define PGBENCH_OURS(name) {			\
	.format = #name,			\
	.stack = "ioflush",			\
	.open = pgbench_##name##_open,		\
	.close = pgbench_ours_close,		\
	.map = pgbench_ours_map,		\
	.unmap = pgbench_ours_unmap,		\
	.to_phys = pgbench_ours_to_phys,	\
	.track = pgbench_ours_track,		\
	.scan = pgbench_ours_scan,		\
}

const struct pgbench_target pgbench_ours[] = {
	PGBENCH_OURS(arm_s1),
	PGBENCH_OURS(arm_s2),
	PGBENCH_OURS(vtdss),
	PGBENCH_OURS(x86_64),
	PGBENCH_OURS(amdv1),
	PGBENCH_OURS(riscv),
	{ }
};
