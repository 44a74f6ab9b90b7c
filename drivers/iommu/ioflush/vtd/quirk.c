// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: chipsets whose VT-d units need something special
 *
 * One table, by the functions that Intel's chipsets and processors have. Some only
 * need it as firmware has set them up, which their registers tell. A device that is not
 * trusted may call itself anything, and is not asked.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/array_size.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/pci.h>

#include "quirk.h"

/* Ironlake's graphics control, and where Tylersburg says who has which TLB entries. */
#define VTD_GGC			0x52
#define VTD_GGC_SHADOW		BIT(11)
#define VTD_ISOCH_DEVICE	0x342e
#define VTD_ISOCH_CONTROL	0x188
#define VTD_ISOCH_ELSEWHERE	BIT(0)
#define VTD_ISOCH_ENTRIES	GENMASK(4, 2)

static unsigned int vtd_quirks;

/**
 * struct vtd_quirk - functions that show that something has to be done
 * @device: PCI device id
 * @mask: which bits of it count
 * @display: only if the function is graphics
 * @what: enum vtd_quirks
 * @look: says which of @what it is, if that takes a register; else NULL
 * @why: for the log
 */
struct vtd_quirk {
	u16 device;
	u16 mask;
	bool display;
	unsigned int what;
	unsigned int (*look)(struct pci_dev *pdev);
	const char *why;
};

/**
 * vtd_quirks_of_ggc() - what Ironlake's graphics need
 * @ggc: graphics control register
 *
 * Translated graphics use a second table, which firmware has to give memory to. With
 * one, the unit is only invalidated while graphics are idle.
 *
 * Return: enum vtd_quirks
 */
unsigned int vtd_quirks_of_ggc(u16 ggc)
{
	return ggc & VTD_GGC_SHADOW ? VTD_QUIRK_STRICT : VTD_QUIRK_GFX_ALONE;
}

static unsigned int vtd_look_at_ggc(struct pci_dev *pdev)
{
	u16 ggc;

	return pci_read_config_word(pdev, VTD_GGC, &ggc) ?
	       0 : vtd_quirks_of_ggc(ggc);
}

/**
 * vtd_quirks_of_isoch() - what Tylersburg's sound device needs
 * @control: control register of the unit for isochronous transfers
 *
 * Firmware has to give that unit its share of the TLB. Without any it hangs.
 *
 * Return: enum vtd_quirks
 */
unsigned int vtd_quirks_of_isoch(u32 control)
{
	return control & (VTD_ISOCH_ELSEWHERE | VTD_ISOCH_ENTRIES) ?
	       0 : VTD_QUIRK_SOUND_IDENTITY;
}

/* The register may be hidden; firmware that makes the mistake does not hide it. */
static unsigned int vtd_look_at_isoch(struct pci_dev *sound)
{
	struct pci_dev *pdev = pci_get_device(PCI_VENDOR_ID_INTEL,
					      VTD_ISOCH_DEVICE, NULL);
	u32 control;
	int ret;

	if (!pdev)
		return 0;
	ret = pdev->untrusted ? -EPERM :
	      pci_read_config_dword(pdev, VTD_ISOCH_CONTROL, &control);
	pci_dev_put(pdev);
	return ret ? 0 : vtd_quirks_of_isoch(control);
}

#define GFX_ALONE(id, bits, name)					\
	{ .device = (id), .mask = (bits), .what = VTD_QUIRK_GFX_ALONE,	\
	  .why = name ": translation of graphics does not work" }
#define GFX_STAYS_ON(family)						\
	{ .device = (family) << 8, .mask = 0xff00, .display = true,	\
	  .what = VTD_QUIRK_GFX_STAYS_ON,				\
	  .why = "graphics hang if their unit is switched off" }
#define G4X(id)								\
	{ .device = (id), .mask = 0xffff,				\
	  .what = VTD_QUIRK_GFX_ALONE | VTD_QUIRK_WRITE_FLUSH,		\
	  .why = "G4x: translation of graphics does not work, and write buffers are not announced" }
#define IRONLAKE(id)							\
	{ .device = (id), .mask = 0xffff, .look = vtd_look_at_ggc,	\
	  .what = VTD_QUIRK_GFX_ALONE | VTD_QUIRK_STRICT,		\
	  .why = "Ironlake: graphics need a table from firmware, and are flushed at once" }

static const struct vtd_quirk vtd_quirk_table[] = {
	GFX_ALONE(0x29b2, 0xffff, "Q35"),
	G4X(0x2a40), G4X(0x2e00), G4X(0x2e10), G4X(0x2e20), G4X(0x2e30),
	G4X(0x2e40), G4X(0x2e90),
	GFX_ALONE(0x0044, 0xffff, "QM57"),
	/* GT1, GT2, GT3 and those without a name, each with six kinds of package */
	GFX_ALONE(0x1602, 0xffcf, "Broadwell"),
	GFX_ALONE(0x1606, 0xffcf, "Broadwell"),
	GFX_ALONE(0x160a, 0xffcf, "Broadwell"),
	GFX_ALONE(0x160b, 0xffcf, "Broadwell"),
	GFX_ALONE(0x160d, 0xffcf, "Broadwell"),
	GFX_ALONE(0x160e, 0xffcf, "Broadwell"),
	IRONLAKE(0x0040), IRONLAKE(0x0062), IRONLAKE(0x006a),
	GFX_STAYS_ON(0x45), GFX_STAYS_ON(0x46), GFX_STAYS_ON(0x4c),
	GFX_STAYS_ON(0x4e), GFX_STAYS_ON(0x7d), GFX_STAYS_ON(0x8a),
	GFX_STAYS_ON(0x98), GFX_STAYS_ON(0x9a), GFX_STAYS_ON(0xa7),
	{ .device = VTD_QUIRK_SOUND, .mask = 0xffff, .look = vtd_look_at_isoch,
	  .what = VTD_QUIRK_SOUND_IDENTITY,
	  .why = "Tylersburg: firmware gives the unit of the sound device no TLB" },
};

static bool vtd_quirk_is_of(const struct vtd_quirk *quirk, u16 device,
			    u32 class)
{
	return (device & quirk->mask) == quirk->device &&
	       (!quirk->display || class >> 16 == PCI_BASE_CLASS_DISPLAY);
}

/**
 * vtd_quirks_of() - what the table says of a function of Intel's
 * @device: PCI device id
 * @class: its class, 24 bits
 *
 * Return: enum vtd_quirks, before registers are looked at
 */
unsigned int vtd_quirks_of(u16 device, u32 class)
{
	unsigned int what = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(vtd_quirk_table); i++)
		if (vtd_quirk_is_of(&vtd_quirk_table[i], device, class))
			what |= vtd_quirk_table[i].what;
	return what;
}

static void __init vtd_quirks_look_at(struct pci_dev *pdev)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vtd_quirk_table); i++) {
		const struct vtd_quirk *quirk = &vtd_quirk_table[i];
		unsigned int what;

		if (!vtd_quirk_is_of(quirk, pdev->device, pdev->class))
			continue;
		what = quirk->look ? quirk->look(pdev) : quirk->what;
		if (what)
			pci_info(pdev, "ioflush: %s\n", quirk->why);
		vtd_quirks |= what;
	}
}

/**
 * vtd_quirks_look() - find out which quirks this machine has
 *
 * Context: process context, once, when PCI devices have been found.
 */
void __init vtd_quirks_look(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (pdev->vendor == PCI_VENDOR_ID_INTEL && !pdev->untrusted)
			vtd_quirks_look_at(pdev);
	if (vtd_has_quirk(VTD_QUIRK_STRICT))
		iommu_set_dma_strict();
}

/**
 * vtd_has_quirk() - is something to be done differently on this machine?
 * @what: what
 *
 * Context: any context, after vtd_quirks_look().
 * Return: whether it is.
 */
bool vtd_has_quirk(enum vtd_quirks what)
{
	return vtd_quirks & what;
}

/* What mainline's driver takes by the same name; other options are its own. */
static int __init vtd_quirk_option(char *options)
{
	if (options && parse_option_str(options, "igfx_off"))
		vtd_quirks |= VTD_QUIRK_GFX_ALONE;
	return 0;
}
early_param("intel_iommu", vtd_quirk_option);
