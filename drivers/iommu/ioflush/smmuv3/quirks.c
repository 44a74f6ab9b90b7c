// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: SMMUs that are not quite what the architecture says
 *
 * Pure functions: who a unit is in, what has to be minded out. What is wrong
 * only with things that this driver does not use is not here: events from syncs
 * (MMU-600, 1076982), both stages at once (MMU-600, 1209401; MMU-700, 2268618),
 * the broadcasts of CPUs (MMU-700, 2812531), prefetches (HiSilicon Hi161x).
 */
#include <linux/acpi.h>
#include <linux/bitfield.h>
#include <linux/ioflush/invq.h>
#include <linux/property.h>
#include <linux/seq_file.h>

#include "quirks.h"
#include "regs.h"

/* All of an implementation, and all its variants and revisions */
#define QUIRK_PRODUCT	(SMMU3_IIDR_PRODUCT | SMMU3_IIDR_IMPLEMENTER)

#define IIDR(implementer, product)					\
	(FIELD_PREP_CONST(SMMU3_IIDR_IMPLEMENTER, implementer) |	\
	 FIELD_PREP_CONST(SMMU3_IIDR_PRODUCT, product))

/**
 * struct smmu3_quirk - one implementation; by one of these it is known
 * @iidr_mask: bits of SMMU_IIDR that count; 0 if it is not known by that
 * @iidr: what they are
 * @model: in IORT; 0, which is any, if it is not known by that
 * @compatible: of its node in the device tree, or NULL
 * @property: in its node, or NULL
 * @quirks: what has to be minded
 */
struct smmu3_quirk {
	u32 iidr_mask;
	u32 iidr;
	u32 model;
	const char *compatible;
	const char *property;
	u32 quirks;
};

static const struct smmu3_quirk smmu3_quirks[] = {
	/*
	 * MMU-700, erratum 2812531: invalidations of different kinds that meet
	 * without a sync in between. Ranges avoid what else is said of those of
	 * single addresses, by keeping clear of them.
	 */
	{ .iidr_mask = QUIRK_PRODUCT, .iidr = IIDR(0x43b, 0x487),
	  .quirks = SMMU3_QUIRK_SYNC_EACH | SMMU3_QUIRK_RANGES_ONLY },
	/* An entry in use may outlive its invalidation. No register tells. */
	{ .compatible = "nvidia,tegra264-smmu", .quirks = SMMU3_QUIRK_TWICE },
	{ .model = ACPI_IORT_SMMU_V3_CAVIUM_CN99XX,
	  .property = "cavium,cn9900-broken-page1-regspace",
	  .quirks = SMMU3_QUIRK_ONE_PAGE },
};

/* In the order of their bits */
static const char *const smmu3_quirk_names[] = {
	"one-page", "sync-each", "ranges-only", "twice",
};

static bool quirk_matches(const struct smmu3_quirk *quirk,
			  const struct smmu3_ident *ident)
{
	const struct fwnode_handle *fwnode = ident->fwnode;

	if (quirk->iidr_mask && (ident->iidr & quirk->iidr_mask) == quirk->iidr)
		return true;
	if (quirk->model && ident->model == quirk->model)
		return true;
	if (!fwnode)
		return false;
	return (quirk->compatible &&
		fwnode_device_is_compatible(fwnode, quirk->compatible)) ||
	       (quirk->property &&
		fwnode_property_read_bool(fwnode, quirk->property));
}

/**
 * smmu3_quirks_find() - what has to be minded with a unit
 * @ident: who it is
 *
 * Context: process context.
 * Return: SMMU3_QUIRK_* bits.
 */
u32 smmu3_quirks_find(const struct smmu3_ident *ident)
{
	u32 quirks = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(smmu3_quirks); i++)
		if (quirk_matches(&smmu3_quirks[i], ident))
			quirks |= smmu3_quirks[i].quirks;
	return quirks;
}

/**
 * smmu3_quirks_of_cmdq() - which of them the command queue has to mind
 * @quirks: SMMU3_QUIRK_* bits
 *
 * Return: of enum invq_quirk.
 */
u32 smmu3_quirks_of_cmdq(u32 quirks)
{
	return (quirks & SMMU3_QUIRK_SYNC_EACH ? INVQ_SYNC_EACH : 0) |
	       (quirks & SMMU3_QUIRK_TWICE ? INVQ_TWICE : 0);
}

/**
 * smmu3_quirks_show() - name quirks
 * @m: where to
 * @quirks: SMMU3_QUIRK_* bits
 *
 * Context: process context.
 */
void smmu3_quirks_show(struct seq_file *m, u32 quirks)
{
	if (!quirks)
		seq_puts(m, " none");
	for (unsigned int i = 0; i < ARRAY_SIZE(smmu3_quirk_names); i++)
		if (quirks & BIT(i))
			seq_printf(m, " %s", smmu3_quirk_names[i]);
}
