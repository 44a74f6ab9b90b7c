// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: finds the VT-d units and brings them up
 *
 * Mainline's driver hooks itself in early in the boot, by the architecture's
 * pointer to a function that brings up IOMMUs. That function runs later, after
 * PCI; by then the pointer is ours.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/acpi.h>
#include <linux/ioflush/ioflush.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <asm/iommu.h>
#include <asm/x86_init.h>

#include "irq_remapping.h"
#include "pm.h"
#include "vtd.h"

/* The parsed table, and the units in its order; both stay for good. */
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
	struct list_head *node = unit ? unit->node.next : vtd_units.next;

	return node == &vtd_units ? NULL :
	       list_entry(node, struct vtd_unit, node);
}

/* The function whose place in the hierarchy decides on the unit. */
static struct pci_dev *vtd_pci_owner(struct pci_dev *pdev)
{
	return pci_physfn(pci_real_dma_dev(pdev));
}

/**
 * vtd_pci_segment() - the PCI segment that a device's requests come from
 * @pdev: the device
 *
 * Context: any context.
 * Return: its number.
 */
u16 vtd_pci_segment(struct pci_dev *pdev)
{
	return pci_domain_nr(vtd_pci_owner(pdev)->bus);
}

/**
 * vtd_pci_hops() - the way to a device, from its root bus down
 * @pdev: the device
 * @hops: receives VTD_HOPS_MAX hops at most
 *
 * Context: process context.
 * Return: how many hops, or -E2BIG.
 */
int vtd_pci_hops(struct pci_dev *pdev, struct vtd_hop *hops)
{
	struct pci_dev *dev;
	int n = 0, i;

	pdev = vtd_pci_owner(pdev);
	for (dev = pdev; dev; dev = dev->bus->self)
		n++;
	if (n > VTD_HOPS_MAX)
		return -E2BIG;

	for (dev = pdev, i = n - 1; dev; dev = dev->bus->self, i--)
		hops[i] = (struct vtd_hop) {
			.bus = dev->bus->number,
			.devfn = dev->devfn,
		};
	return n;
}

/**
 * vtd_unit_of() - the unit in charge of a device
 * @pdev: the device
 *
 * Context: process context.
 * Return: the unit, or NULL if there is none.
 */
struct vtd_unit *vtd_unit_of(struct pci_dev *pdev)
{
	struct vtd_hop hops[VTD_HOPS_MAX];
	const struct vtd_drhd *drhd;
	struct vtd_unit *unit = NULL;
	int n = vtd_pci_hops(pdev, hops);

	if (n < 0)
		return NULL;
	drhd = vtd_dmar_find(&vtd_dmar, vtd_pci_segment(pdev), hops, n);
	while ((unit = vtd_unit_next(unit)))
		if (unit->drhd == drhd)
			return unit;
	return NULL;
}

static void __init vtd_log_unit(const struct vtd_unit *unit)
{
	const struct vtd_caps *caps = &unit->caps;

	pr_info("%s: ioflush owns the VT-d unit at %#llx: version %u.%u, cap %#llx, ecap %#llx, %u bits in %u levels, pages 4K%s%s, %s%s%s%s\n",
		unit->name, unit->drhd->base, unit->version >> 4,
		unit->version & 0xf, caps->cap, caps->ecap,
		fls64(vtd_caps_last(caps)), caps->levels,
		caps->pgsize_bitmap & SZ_2M ? " 2M" : "",
		caps->pgsize_bitmap & SZ_1G ? " 1G" : "",
		vtd_is_shared(unit) ? "invalidation queue shared with interrupt remapping" :
		unit->queued ? "queued invalidation" : "register invalidation",
		caps->caching_mode ? ", caching mode" : "",
		caps->coherent ? ", coherent walk" : "",
		caps->pass_through ? ", pass-through" : "");
}

static int __init vtd_create_units(void)
{
	const struct vtd_drhd *drhd;
	struct vtd_unit *unit;
	unsigned int id = 0;

	list_for_each_entry(drhd, &vtd_dmar.drhds, node) {
		unit = vtd_unit_create(drhd, id++, vtd_dmar.haw_bits);
		if (IS_ERR(unit))
			return PTR_ERR(unit);
		list_add_tail(&unit->node, &vtd_units);
	}
	return 0;
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
	ret = iommu_device_sysfs_add(&unit->iommu, NULL, NULL, "%s",
				     unit->name);
	if (ret)
		return ret;
	ret = iommu_device_register(&unit->iommu, &vtd_ops, NULL);
	if (ret) {
		unit->iommu.ops = NULL;
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

/* The table stays mapped: what is parsed points into it. */
static int __init vtd_find_dmar(void)
{
	struct acpi_table_header *table;
	struct vtd_dmar_error error;
	int ret;

	if (acpi_disabled ||
	    ACPI_FAILURE(acpi_get_table(ACPI_SIG_DMAR, 0, &table)))
		return -ENODEV;

	ret = vtd_dmar_parse(&vtd_dmar, table, table->length, &error);
	if (!ret)
		return 0;
	if (ret == -EINVAL)
		pr_err("DMAR table is malformed at byte %u: %s\n",
		       error.offset, error.why);
	acpi_put_table(table);
	return ret;
}

/**
 * vtd_setup() - see to it that VT-d units will be ours
 *
 * Context: process context, once, between the ACPI tables and
 *	rootfs_initcall, at which the architecture brings up its IOMMUs.
 * Return: 0, also where there is no unit; -EBUSY if interrupt remapping has
 *	the units, and does not share them; -EINVAL for a malformed table; -ENOMEM.
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
