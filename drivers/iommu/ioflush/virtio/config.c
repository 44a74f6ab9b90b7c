// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a virtio-iommu says of itself
 *
 * Pure functions: configuration in, decisions out.
 */
#include <linux/bitops.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/sizes.h>

#include "virtio.h"

/* The widest input address of the record: without concatenated roots of its own. */
#define VTIOMMU_IAS_BITS	48

/* The narrowest: there is no table of one level. */
#define VTIOMMU_IAS_BITS_MIN	32

/* The widest output address, of pages of 4 KiB */
#define VTIOMMU_OAS_BITS	48

/* Room for the answer to a PROBE, which is in one piece: a region takes 24 bytes. */
#define VTIOMMU_PROBE_MAX	SZ_64K

/* Is there a page of the kernel's? The first page of all is not handed out. */
static bool vtiommu_has_page(const struct vtiommu_unit *unit)
{
	const u64 first = max_t(u64, unit->first, PAGE_SIZE);
	const u64 last = min(unit->last, GENMASK_ULL(VTIOMMU_IAS_BITS - 1, 0));

	return first <= last && last - first >= PAGE_SIZE - 1 &&
	       round_up(first, PAGE_SIZE) <= last - (PAGE_SIZE - 1);
}

/**
 * vtiommu_config_decode() - make sense of a device's configuration
 * @unit: receives the result
 * @config: the configuration
 *
 * Domains are counted from the first; there is one more than the difference.
 *
 * Context: any context.
 * Return: NULL, or one clause that says why the device cannot be driven.
 */
const char *vtiommu_config_decode(struct vtiommu_unit *unit,
				  const struct vtiommu_config *config)
{
	/* What is a multiple of smaller pages is one of these, too. */
	unit->pgsize_bitmap = config->pgsizes & ~(u64)(SZ_4K - 1);
	unit->first = config->first;
	unit->last = config->last;
	unit->probe_bytes = config->probe_bytes;
	unit->queue.first_domain = config->first_domain;
	unit->domains = config->last_domain < config->first_domain ? 0 :
			min_t(u64, (u64)config->last_domain -
				   config->first_domain + 1,
			      VTIOMMU_DOMAINS_MAX);
	if (!unit->pgsize_bitmap ||
	    BIT_ULL(__ffs64(unit->pgsize_bitmap)) > PAGE_SIZE)
		return "its pages are larger than the kernel's";
	if (!unit->domains)
		return "it has no domains";
	if (!vtiommu_has_page(unit))
		return "it has no addresses for a page";
	if (unit->probe_bytes > VTIOMMU_PROBE_MAX)
		return "it has too much to say of an endpoint";
	return NULL;
}

/*
 * The sizes of single entries: to have more would only make the record slower. A MAP
 * is as long as what is contiguous, whatever they are.
 */
static unsigned long vtiommu_record_sizes(const struct vtiommu_unit *unit)
{
	const unsigned int lg2 = __ffs(unit->pgsize_bitmap), idx_lg2 = lg2 - 3;

	return unit->pgsize_bitmap &
	       (BIT(lg2) | BIT(lg2 + idx_lg2) | BIT(lg2 + 2 * idx_lg2));
}

/**
 * vtiommu_record_cfg() - the page table that suits a unit as a record
 * @unit: a unit with a decoded configuration
 * @cfg: receives the result
 *
 * Context: any context.
 */
void vtiommu_record_cfg(const struct vtiommu_unit *unit, struct iopgt_cfg *cfg)
{
	*cfg = (struct iopgt_cfg) {
		.ias_bits = clamp(fls64(unit->last), VTIOMMU_IAS_BITS_MIN,
				  VTIOMMU_IAS_BITS),
		.oas_bits = VTIOMMU_OAS_BITS,
		.pgsize_bitmap = vtiommu_record_sizes(unit),
		.coherent_walk = true,
		.hitless = true,
		.whole_leaves = true,
		.nid = NUMA_NO_NODE,
	};
}
