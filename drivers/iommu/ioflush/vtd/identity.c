// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a VT-d unit's identity domain needs
 *
 * With ECAP.PT a domain id, to tag what is cached; without it also a table in
 * which each address translates to itself.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/math.h>
#include <linux/memblock.h>
#include <linux/sizes.h>

#include "vtd.h"

/*
 * All that may be memory, also after hotplug, and all below 4 GiB: firmware
 * and devices have things there. Whole pages of the largest size.
 */
static u64 vtd_identity_bytes(const struct vtd_unit *unit, size_t pgsize)
{
	u64 memory = max((u64)max_possible_pfn << PAGE_SHIFT, (u64)SZ_4G);
	u64 widest = vtd_caps_last(&unit->caps) + 1;

	return min(round_up(memory, pgsize), widest);
}

static int vtd_identity_map(struct vtd_unit *unit)
{
	struct iopgt_cfg cfg;
	size_t pgsize, mapped = 0;
	int ret;

	vtd_caps_pgt_cfg(&unit->caps, unit->haw_bits, &cfg);
	ret = iopgt_init(&unit->identity, &iopgt_vtdss_ops, &cfg);
	if (ret)
		return ret;

	pgsize = BIT(__fls(unit->identity.cfg.pgsize_bitmap));
	ret = iopgt_map_pages(&unit->identity, 0, 0, pgsize,
			      vtd_identity_bytes(unit, pgsize) / pgsize,
			      IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE,
			      GFP_KERNEL, &mapped);
	if (ret) {
		iopgt_destroy(&unit->identity);
		unit->identity.root = NULL;
	}
	return ret;
}

/**
 * vtd_identity_init() - prepare a unit for the identity domain
 * @unit: a unit with decoded capabilities
 *
 * Context: process context.
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int vtd_identity_init(struct vtd_unit *unit)
{
	/* Id 0 tags cached not-present entries, section 6.1. */
	int did = ida_alloc_range(&unit->dids, 1, unit->caps.domains - 1,
				  GFP_KERNEL);

	if (did < 0)
		return did;
	unit->identity_did = did;
	return unit->caps.pass_through ? 0 : vtd_identity_map(unit);
}

/**
 * vtd_identity_exit() - undo vtd_identity_init()
 * @unit: a unit that does not translate
 *
 * Context: process context.
 */
void vtd_identity_exit(struct vtd_unit *unit)
{
	if (unit->identity.root)
		iopgt_destroy(&unit->identity);
	unit->identity.root = NULL;
	if (unit->identity_did)
		ida_free(&unit->dids, unit->identity_did);
	unit->identity_did = 0;
}
