// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: where a device is, in the terms of the DMAR table
 *
 * Nearly all are PCI functions. Some platforms have others that master the bus; they
 * are in the ACPI namespace, and the table says which source id is theirs.
 */
#include <linux/acpi.h>
#include <linux/pci.h>

#include "vtd.h"

/* The function whose place in the hierarchy decides on the unit. */
static struct pci_dev *vtd_pci_owner(struct pci_dev *pdev)
{
	return pci_physfn(pci_real_dma_dev(pdev));
}

static int vtd_pci_way(struct pci_dev *pdev, struct vtd_way *way)
{
	struct pci_dev *dev;
	int n = 0, i;

	way->virtual = pdev->is_virtfn;
	pdev = vtd_pci_owner(pdev);
	for (dev = pdev; dev; dev = dev->bus->self)
		n++;
	if (n > VTD_HOPS_MAX)
		return -E2BIG;

	way->segment = pci_domain_nr(pdev->bus);
	way->n = n;
	for (dev = pdev, i = n - 1; dev; dev = dev->bus->self, i--)
		way->hops[i] = (struct vtd_hop) {
			.bus = dev->bus->number,
			.devfn = dev->devfn,
		};
	return 0;
}

/* Firmware and kernel may spell one path in two ways, so the object is what counts. */
static int vtd_named_way(struct device *dev, struct vtd_way *way)
{
	const struct vtd_andd *andd;
	acpi_handle handle;

	list_for_each_entry(andd, &vtd_dmar_table()->andds, node)
		if (ACPI_SUCCESS(acpi_get_handle(ACPI_ROOT_OBJECT,
						 (char *)andd->name, &handle)) &&
		    handle == ACPI_HANDLE(dev)) {
			way->named = andd->number;
			return 0;
		}
	return -ENODEV;
}

/**
 * vtd_way_to() - the way to a device
 * @dev: any device
 * @way: receives it
 *
 * Context: process context.
 * Return: 0; -ENODEV for a device that the table can know nothing of; -E2BIG if there
 *	are too many bridges above it.
 */
int vtd_way_to(struct device *dev, struct vtd_way *way)
{
	*way = (struct vtd_way) { .named = VTD_NOT_NAMED };
	if (dev_is_pci(dev))
		return vtd_pci_way(to_pci_dev(dev), way);
	return has_acpi_companion(dev) ? vtd_named_way(dev, way) : -ENODEV;
}
