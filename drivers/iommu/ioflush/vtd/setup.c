// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: finds the VT-d units and brings them up
 *
 * Mainline's driver hooks itself in early in the boot, by the architecture's
 * pointer to a function that brings up IOMMUs. That function runs later, after
 * PCI; by then the pointer is ours.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <kunit/static_stub.h>
#include <linux/acpi.h>
#include <linux/ioflush/ioflush.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <asm/iommu.h>
#include <asm/x86_init.h>

#include "irq_remapping.h"
#include "pm.h"
#include "quirk.h"
#include "vtd.h"

/* The parsed table, and the units in its order; both stay for good. */
/* DMAR flags as Linux 7.3 knows them: devices may use memory that no RMRR names. */
#define VTD_DMAR_OPT_OUT	BIT(3)

static struct vtd_dmar vtd_dmar;
static LIST_HEAD(vtd_units);

/**
 * vtd_dmar_table() - the platform's DMAR table
 *
 * Context: any context, once a unit is up.
 * Return: the parsed table.
 */
const struct vtd_dmar *vtd_dmar_table(void)
{
	return &vtd_dmar;
}

/**
 * vtd_unit_next() - walk the units
 * @unit: the one before, or NULL for the first
 *
 * Context: any context; units never go once they are up.
 * Return: the next unit, or NULL.
 */
struct vtd_unit *vtd_unit_next(struct vtd_unit *unit)
{
	struct list_head *node;

	KUNIT_STATIC_STUB_REDIRECT(vtd_unit_next, unit);
	node = unit ? unit->node.next : vtd_units.next;
	return node == &vtd_units ? NULL :
	       list_entry(node, struct vtd_unit, node);
}

/* The unit whose registers are there, if it is ours. */
static struct vtd_unit *vtd_unit_at(u64 base)
{
	struct vtd_unit *unit = NULL;

	while ((unit = vtd_unit_next(unit)))
		if (unit->drhd->base == base)
			return unit;
	return NULL;
}

/**
 * vtd_unit_of() - the unit in charge of a device
 * @way: the way to the device
 *
 * Context: process context.
 * Return: the unit, or NULL if there is none.
 */
struct vtd_unit *vtd_unit_of(const struct vtd_way *way)
{
	const struct vtd_drhd *drhd = vtd_dmar_find(&vtd_dmar, way);

	return drhd ? vtd_unit_at(drhd->base) : NULL;
}

/**
 * vtd_silence() - keep all devices behind a unit from DMA
 * @unit: the unit
 *
 * Their drivers switch it on again. Bridges are left alone: they are on the way of
 * others. A device's answer to the read that is a part of this comes behind what it
 * has written before.
 *
 * Context: process context, before devices have drivers.
 */
void vtd_silence(const struct vtd_unit *unit)
{
	struct pci_dev *pdev = NULL;
	struct vtd_way way;

	for_each_pci_dev(pdev)
		if (pdev->hdr_type == PCI_HEADER_TYPE_NORMAL &&
		    !vtd_way_to(&pdev->dev, &way) && vtd_unit_of(&way) == unit)
			pci_clear_master(pdev);
}

static void __init vtd_log_unit(const struct vtd_unit *unit)
{
	const struct vtd_caps *caps = &unit->caps;

	pr_info("%s: ioflush owns the VT-d unit at %#llx: version %u.%u, cap %#llx, ecap %#llx, %u bits in %u levels, pages 4K%s%s, %s%s%s%s%s\n",
		unit->name, unit->drhd->base, unit->version >> 4,
		unit->version & 0xf, caps->cap, caps->ecap,
		fls64(vtd_caps_last(caps)), caps->levels,
		caps->pgsize_bitmap & SZ_2M ? " 2M" : "",
		caps->pgsize_bitmap & SZ_1G ? " 1G" : "",
		vtd_is_shared(unit) ? "invalidation queue shared with interrupt remapping" :
		unit->queued ? "queued invalidation" : "register invalidation",
		caps->caching_mode ? ", caching mode" : "",
		caps->coherent_walk ? ", coherent walk" : "",
		caps->pass_through ? ", pass-through" : "",
		caps->first_stage ? ", scalable mode, first stage" :
		unit->scalable ? ", scalable mode" : "");
}

#define VTD_HOLDS_GFX		BIT(0)
#define VTD_HOLDS_OTHERS	BIT(1)

/* What is there of the devices that a unit is in charge of. */
static unsigned int __init vtd_drhd_holds(const struct vtd_drhd *unit)
{
	const struct vtd_drhd *drhd;
	struct pci_dev *pdev = NULL;
	unsigned int holds = 0;
	struct vtd_scope scope;
	unsigned int pos = 0;
	struct vtd_way way;

	while (vtd_scope_next(&unit->scopes, &pos, &scope))
		if (scope.type == ACPI_DMAR_SCOPE_TYPE_NAMESPACE)
			holds |= VTD_HOLDS_OTHERS;
	for_each_pci_dev(pdev) {
		if (vtd_way_to(&pdev->dev, &way))
			continue;
		drhd = vtd_dmar_find(&vtd_dmar, &way);
		if (drhd && drhd->base == unit->base)
			holds |= pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY ?
				 VTD_HOLDS_GFX : VTD_HOLDS_OTHERS;
	}
	return holds;
}

/* Why is a unit left as firmware has set it up? */
static const char *__init vtd_why_alone(const struct vtd_drhd *drhd,
					unsigned int holds)
{
	if (!drhd->base)
		return "its registers are nowhere";
	if (!holds && !drhd->include_all)
		return "it has no devices";
	if (holds == VTD_HOLDS_GFX && vtd_has_quirk(VTD_QUIRK_GFX_ALONE))
		return "it is for graphics only, see above";
	return NULL;
}

/*
 * A unit that cannot be used costs its devices the translation, and no others: there
 * is no other unit to protect them.
 */
static int __init vtd_create_unit(const struct vtd_drhd *drhd, unsigned int id)
{
	unsigned int holds = vtd_drhd_holds(drhd);
	const char *alone = vtd_why_alone(drhd, holds);
	struct vtd_unit *unit;

	if (alone) {
		pr_info("dmar%u: the VT-d unit at %#llx is left alone: %s\n",
			id, drhd->base, alone);
		return 0;
	}
	unit = vtd_unit_create(drhd, id, vtd_dmar.haw_bits);
	if (IS_ERR(unit))
		return vtd_caps_unusable(PTR_ERR(unit)) ? 0 : PTR_ERR(unit);
	unit->stays_on = holds == VTD_HOLDS_GFX &&
			 vtd_has_quirk(VTD_QUIRK_GFX_STAYS_ON) &&
			 (unit->caps.drain_read || unit->caps.drain_write);
	list_add_tail(&unit->node, &vtd_units);
	return 0;
}

static int __init vtd_create_units(void)
{
	const struct vtd_drhd *drhd;
	unsigned int id = 0;
	int ret;

	list_for_each_entry(drhd, &vtd_dmar.drhds, node) {
		if (vtd_unit_at(drhd->base))
			continue;
		ret = vtd_create_unit(drhd, id++);
		if (ret)
			return ret;
	}
	return vtd_unit_next(NULL) ? 0 : -ENODEV;
}

static int __init vtd_start_units(void)
{
	struct vtd_unit *unit = NULL;
	int ret;

	while ((unit = vtd_unit_next(unit))) {
		ret = vtd_unit_start(unit);
		if (ret)
			return ret;
		ret = vtd_irq_init(unit);
		if (ret)
			pr_warn("%s: no interrupt for faults, they stay unreported: error %d\n",
				unit->name, ret);
	}
	return 0;
}

static int __init vtd_register_unit(struct vtd_unit *unit)
{
	int ret;

	ret = iodom_queue_add(&unit->q);
	if (ret)
		return ret;
	ret = iommu_device_sysfs_add(&unit->iommu, NULL, vtd_groups, "%s",
				     unit->name);
	if (ret)
		return ret;
	vtd_debugfs_add(unit);
	ret = iommu_device_register(&unit->iommu, &vtd_ops, NULL);
	if (ret) {
		unit->iommu.ops = NULL;
		vtd_debugfs_remove(unit);
		iommu_device_sysfs_remove(&unit->iommu);
	}
	return ret;
}

/*
 * The core attaches all devices while a unit is registered; only then does
 * the unit translate, so that reserved regions stay reachable throughout.
 */
static int __init vtd_register_units(void)
{
	struct vtd_unit *unit = NULL;
	int ret;

	while ((unit = vtd_unit_next(unit))) {
		ret = vtd_register_unit(unit);
		if (ret)
			return ret;
	}
	while ((unit = vtd_unit_next(unit))) {
		ret = vtd_unit_translate(unit, true);
		if (ret)
			return ret;
		vtd_log_unit(unit);
	}
	return 0;
}

/*
 * Leave things as they were without us: nothing registered, units off. In this
 * order: a device that is released waits for an invalidation.
 */
static void __init vtd_unwind(void)
{
	struct vtd_unit *unit, *next;

	list_for_each_entry(unit, &vtd_units, node) {
		if (!unit->iommu.ops)
			continue;
		iommu_device_unregister(&unit->iommu);
		vtd_debugfs_remove(unit);
		iommu_device_sysfs_remove(&unit->iommu);
		unit->iommu.ops = NULL;
	}
	list_for_each_entry_safe(unit, next, &vtd_units, node) {
		vtd_unit_stop(unit);
		iodom_queue_remove(&unit->q);
		list_del(&unit->node);
		vtd_unit_destroy(unit);
	}
	vtd_dmar_free(&vtd_dmar);
}

/*
 * Takes the place of mainline's function of the same purpose. Bounce buffers
 * stay as the architecture chose them: untrusted devices need them.
 */
static int __init vtd_bring_up(void)
{
	int ret;

	if (VTD_SHARED)
		vtd_host_init();
	vtd_quirks_look();
	ret = vtd_create_units();
	if (!ret && no_iommu) {
		pr_info("IOMMUs are off by the user's wish\n");
		vtd_unwind();
		return -ENODEV;
	}
	if (!ret)
		ret = vtd_start_units();
	if (!ret)
		ret = vtd_register_units();
	if (ret) {
		pr_err("VT-d stays off: error %d\n", ret);
		vtd_unwind();
		return ret;
	}
	vtd_pm_init();
	return 0;
}

static void __init vtd_check_rmrrs(void)
{
	struct vtd_rmrr *rmrr;

	list_for_each_entry(rmrr, &vtd_dmar.rmrrs, node) {
		struct acpi_dmar_reserved_memory raw = {
			.base_address = rmrr->base,
			.end_address = rmrr->last,
		};

		/* Logs what it finds; the region is used as it is. */
		arch_rmrr_sanity_check(&raw);
	}
}

static void __init vtd_odd_table(struct vtd_dmar_log *log, u32 offset,
				 const char *why)
{
	pr_warn(FW_BUG "DMAR table, byte %u: %s\n", offset, why);
}

/* The table stays mapped: what is parsed points into it. */
static int __init vtd_find_dmar(void)
{
	struct vtd_dmar_log log = { .odd = vtd_odd_table };
	struct acpi_table_header *table;
	int ret;

	if (acpi_disabled ||
	    ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)))
		return -ENODEV;

	ret = vtd_dmar_parse(&vtd_dmar, table, table->length, &log);
	if (ret)
		acpi_put_table(table);
	return ret;
}

/**
 * vtd_setup() - see to it that VT-d units will be ours
 *
 * Context: process context, once, between the ACPI tables and
 *	rootfs_initcall, at which the architecture brings up its IOMMUs.
 * Return: 0, also where there is no unit, or none is wanted; -EBUSY if interrupt remapping has
 *	the units, and does not share them; -EINVAL for a table of which nothing
 *	can be used; -ENOMEM.
 */
int __init vtd_setup(void)
{
	int ret;

	ret = vtd_find_dmar();
	if (ret == -ENODEV) {
		pr_info("no VT-d unit found\n");
		return 0;
	}
	if (ret)
		return ret;

	if (vtd_dmar.flags & VTD_DMAR_OPT_OUT) {
		pr_info("firmware wants no DMA remapping, the VT-d units are left to mainline's driver\n");
		vtd_dmar_free(&vtd_dmar);
		return 0;
	}
	if (irq_remapping_enabled && !VTD_SHARED) {
		pr_err("interrupt remapping owns the VT-d units, and this kernel has no driver for both: boot with intremap=off to have ioflush drive them\n");
		vtd_dmar_free(&vtd_dmar);
		return -EBUSY;
	}
	vtd_check_rmrrs();
	x86_init.iommu.iommu_init = vtd_bring_up;
	return 0;
}

/*
 * Access control on the way between devices is what makes groups small. It is
 * switched on while PCI devices are found, which is before vtd_setup().
 */
static int __init vtd_want_acs(void)
{
	struct acpi_table_header *table;

	if (!ioflush_enabled() || acpi_disabled ||
	    ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)))
		return 0;
	acpi_put_table(table);
	pci_request_acs();
	return 0;
}
postcore_initcall(vtd_want_acs);
