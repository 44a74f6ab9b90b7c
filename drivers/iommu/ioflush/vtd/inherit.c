// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a kernel that crashed has left a VT-d unit
 *
 * Nobody has told the devices that there was a crash: they go on with DMA, into memory
 * of that kernel, until their drivers in this one reset them. Without translation that
 * DMA would go wherever its addresses happen to point; blocked, some devices would
 * have errors that they do not recover from, and their faults would be all that the
 * log has. So the unit never stops translating, and its context entries are taken over
 * into tables of ours, as they are. The page tables that they refer to stay where they
 * are: in memory that this kernel does not use. A domain id that is in one of them tags
 * translations of the kernel before, and is given to no domain.
 *
 * What is there may be garbage. An entry that hardware would refuse is left out: its
 * device is blocked, as it was. So is one whose table lies in memory of this kernel:
 * there is something else now.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/pci.h>

#include "regs.h"
#include "vtd.h"

/* Section 9.3: reserved whatever else an entry says */
#define VTD_CONTEXT_LO_RSVD	GENMASK_ULL(11, 4)
#define VTD_CONTEXT_HI_RSVD	(GENMASK_ULL(63, 24) | BIT_ULL(7))

/* Does a translation type need something that the unit does not have? */
static bool vtd_inherit_has_type(const struct vtd_caps *caps, u8 tt)
{
	switch (tt) {
	case VTD_TT_TABLE:
		return true;
	case VTD_TT_DEVICE:
		return caps->ecap & VTD_ECAP_DT;
	case VTD_TT_PASS:
		return caps->pass_through;
	default:
		return false;
	}
}

/* Any that the unit knows, also those that no table of ours has. */
static bool vtd_inherit_has_levels(const struct vtd_caps *caps, u8 levels)
{
	return FIELD_GET(VTD_CAP_SAGAW, caps->cap) << 2 & BIT(levels);
}

static bool vtd_inherit_fits(struct vtd_unit *unit,
			     const struct vtd_entry *entry,
			     bool (*in_use)(phys_addr_t page))
{
	struct vtd_context context;

	vtd_context_decode(entry, &context);
	if (!vtd_entry_present(entry) ||
	    entry->lo & VTD_CONTEXT_LO_RSVD || entry->hi & VTD_CONTEXT_HI_RSVD ||
	    context.did >= unit->caps.domains ||
	    !vtd_inherit_has_levels(&unit->caps, context.levels) ||
	    !vtd_inherit_has_type(&unit->caps, context.tt))
		return false;
	if (context.tt == VTD_TT_PASS)
		return true;
	return !(context.root >> unit->haw_bits) && !in_use(context.root);
}

/* Its id is not ours to give away. */
static int vtd_inherit_did(struct vtd_unit *unit, u16 did)
{
	int ret;

	if (test_bit(did, unit->old_dids))
		return 0;
	ret = vtd_unit_did_reserve(unit, did);
	if (ret < 0)
		return ret;
	set_bit(did, unit->old_dids);
	return 0;
}

static int vtd_inherit_entry(struct vtd_unit *unit, u16 rid,
			     const struct vtd_entry *value)
{
	int ret = vtd_inherit_did(unit, vtd_context_did(value));

	if (!ret)
		ret = vtd_table_grow(unit, rid);
	if (ret)
		return ret;
	spin_lock(&unit->lock);
	vtd_table_set(unit, vtd_table_context(unit, rid), value);
	spin_unlock(&unit->lock);
	return 0;
}

/* Returns how many entries were taken over, or an error. */
static int vtd_inherit_bus(struct vtd_unit *unit, u8 bus, phys_addr_t table,
			   bool (*in_use)(phys_addr_t page))
{
	struct vtd_entry *old;
	int n = 0, ret = 0;

	if (table >> unit->haw_bits || in_use(table))
		return 0;
	old = memremap(table, PAGE_SIZE, MEMREMAP_WB);
	if (!old)
		return -ENOMEM;
	for (unsigned int devfn = 0; devfn < VTD_ENTRIES && !ret; devfn++) {
		if (!vtd_inherit_fits(unit, &old[devfn], in_use))
			continue;
		ret = vtd_inherit_entry(unit, PCI_DEVID(bus, devfn), &old[devfn]);
		n++;
	}
	memunmap(old);
	return ret ?: n;
}

/**
 * vtd_inherit_tables() - take over the entries of another root table
 * @unit: a unit whose own tables are empty, and not in use
 * @root: physical address of the other, which is in legacy mode
 * @in_use: whether what was in a page is not there any more
 *
 * Context: process context.
 * Return: how many entries, -EINVAL if the table is not there any more, or -ENOMEM.
 */
int vtd_inherit_tables(struct vtd_unit *unit, phys_addr_t root,
		       bool (*in_use)(phys_addr_t page))
{
	struct vtd_entry *old;
	int n = 0, ret = 0;

	if (root >> unit->haw_bits || in_use(root))
		return -EINVAL;
	unit->old_dids = bitmap_zalloc(unit->caps.domains, GFP_KERNEL);
	if (!unit->old_dids)
		return -ENOMEM;
	old = memremap(root, PAGE_SIZE, MEMREMAP_WB);
	if (!old)
		return -ENOMEM;
	for (unsigned int bus = 0; bus < VTD_ENTRIES && ret >= 0; bus++) {
		if (!vtd_entry_present(&old[bus]))
			continue;
		ret = vtd_inherit_bus(unit, bus, vtd_root_table(&old[bus]),
				      in_use);
		n += max(ret, 0);
	}
	memunmap(old);
	return ret < 0 ? ret : n;
}

/* In a kernel that was started by a crash, the memory of the one before is no RAM. */
static bool vtd_inherit_in_use(phys_addr_t page)
{
	return region_intersects(page, PAGE_SIZE, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/**
 * vtd_inherit_can() - is a unit to go on with the tables of a kernel that crashed?
 * @unit: the unit
 *
 * Not with those of scalable mode, which a unit of ours does not use: translation
 * would have to be switched off to change the mode, section 11.4.5.
 *
 * Context: any context.
 * Return: whether it is.
 */
bool vtd_inherit_can(const struct vtd_unit *unit)
{
	return is_kdump_kernel() && vtd_read32(unit, VTD_REG_GSTS) & VTD_G_TE &&
	       !FIELD_GET(VTD_RTADDR_TTM, vtd_read64(unit, VTD_REG_RTADDR));
}

/**
 * vtd_inherit() - take over what a kernel that crashed has left, if there is something
 * @unit: a unit with an empty root table that is not in use, and no domain id in use
 *
 * What cannot be taken over is blocked.
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int vtd_inherit(struct vtd_unit *unit)
{
	int n;

	if (!vtd_inherit_can(unit))
		return 0;
	n = vtd_inherit_tables(unit, vtd_read64(unit, VTD_REG_RTADDR) & PAGE_MASK,
			       vtd_inherit_in_use);
	if (n == -ENOMEM)
		return n;
	if (n < 0)
		pr_warn("%s: the tables of the kernel that crashed are gone: DMA is blocked until drivers come\n",
			unit->name);
	else
		pr_info("%s: %d devices go on by the tables of the kernel that crashed\n",
			unit->name, n);
	return 0;
}

/**
 * vtd_inherit_exit() - free what vtd_inherit() made, but for tables and ids
 * @unit: the unit
 *
 * Context: process context.
 */
void vtd_inherit_exit(struct vtd_unit *unit)
{
	bitmap_free(unit->old_dids);
	unit->old_dids = NULL;
}

/**
 * vtd_inherits() - does a source id go on by a table of the kernel that crashed?
 * @unit: the unit
 * @rid: the source id
 *
 * Context: any context.
 * Return: whether it does: no domain of this kernel has the id that is in its entry.
 */
bool vtd_inherits(struct vtd_unit *unit, u16 rid)
{
	struct vtd_entry *entry;
	bool old;

	if (!unit->old_dids)
		return false;
	spin_lock(&unit->lock);
	entry = vtd_table_context(unit, rid);
	old = entry && vtd_entry_present(entry) &&
	      test_bit(vtd_context_did(entry), unit->old_dids);
	spin_unlock(&unit->lock);
	return old;
}
