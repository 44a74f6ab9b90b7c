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

#include "scalable.h"
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
	cfg.nid = unit->nid;
	ret = iopgt_init(&unit->identity, vtd_caps_format(&unit->caps), &cfg);
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
 * vtd_identity_context() - what context entries of the identity domain say
 * @unit: the unit
 * @context: receives that
 *
 * Context: any context.
 */
void vtd_identity_context(const struct vtd_unit *unit,
			  struct vtd_context *context)
{
	*context = (struct vtd_context) {
		.did = unit->identity_did,
		.pasids = unit->identity_pasids ?
			  virt_to_phys(unit->identity_pasids) : 0,
	};
	if (unit->caps.pass_through) {
		context->tt = VTD_TT_PASS;
		context->levels = unit->caps.levels_max;
	} else {
		context->tt = VTD_TT_TABLE;
		context->levels = unit->identity.levels;
		context->root = virt_to_phys(unit->identity.root);
		context->first_stage = unit->caps.first_stage;
	}
}

static int vtd_identity_pasids(struct vtd_unit *unit)
{
	struct vtd_context context;

	vtd_identity_context(unit, &context);
	unit->identity_pasids = vtd_pasids_create(unit, &context);
	return unit->identity_pasids ? 0 : -ENOMEM;
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
	int ret = vtd_unit_did_get(unit);

	if (ret < 0)
		return ret;
	unit->identity_did = ret;
	ret = unit->caps.pass_through ? 0 : vtd_identity_map(unit);
	if (!ret && unit->scalable)
		ret = vtd_identity_pasids(unit);
	return ret;
}

/**
 * vtd_identity_exit() - undo vtd_identity_init()
 * @unit: a unit that does not translate
 *
 * Context: process context.
 */
void vtd_identity_exit(struct vtd_unit *unit)
{
	vtd_pasids_free(unit->identity_pasids);
	unit->identity_pasids = NULL;
	if (unit->identity.root)
		iopgt_destroy(&unit->identity);
	unit->identity.root = NULL;
	if (unit->identity_did)
		vtd_unit_did_put(unit, unit->identity_did);
	unit->identity_did = 0;
}
