// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d root and context tables
 *
 * Legacy mode: the bus number selects a root entry, which refers to a context
 * table; device and function select the context entry in it.
 */
#include <linux/bitfield.h>
#include <linux/cacheflush.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "vtd.h"

#define VTD_ENTRY_P		BIT_ULL(0)
#define VTD_ENTRY_ADDR		GENMASK_ULL(63, 12)
#define VTD_CONTEXT_LO_TT	GENMASK_ULL(3, 2)
#define VTD_CONTEXT_HI_AW	GENMASK_ULL(2, 0)
#define VTD_CONTEXT_HI_DID	GENMASK_ULL(23, 8)

/**
 * vtd_root_encode() - a root entry, section 9.1
 * @table: the context table it refers to
 *
 * Return: the entry.
 */
struct vtd_entry vtd_root_encode(phys_addr_t table)
{
	return (struct vtd_entry) {
		.lo = (table & VTD_ENTRY_ADDR) | VTD_ENTRY_P,
	};
}

/**
 * vtd_root_table() - the context table that a root entry refers to
 * @entry: a present root entry
 *
 * Return: its physical address.
 */
phys_addr_t vtd_root_table(const struct vtd_entry *entry)
{
	return entry->lo & VTD_ENTRY_ADDR;
}

/**
 * vtd_context_encode() - a context entry, section 9.3
 * @context: what it is to say
 *
 * Faults are reported. An address width of n levels is encoded as n - 2.
 *
 * Return: the entry.
 */
struct vtd_entry vtd_context_encode(const struct vtd_context *context)
{
	return (struct vtd_entry) {
		.lo = (context->root & VTD_ENTRY_ADDR) |
		      FIELD_PREP(VTD_CONTEXT_LO_TT, context->tt) |
		      VTD_ENTRY_P,
		.hi = FIELD_PREP(VTD_CONTEXT_HI_AW, context->levels - 2) |
		      FIELD_PREP(VTD_CONTEXT_HI_DID, context->did),
	};
}

/**
 * vtd_context_did() - the domain id in a context entry
 * @entry: a context entry
 *
 * Return: the id.
 */
u16 vtd_context_did(const struct vtd_entry *entry)
{
	return FIELD_GET(VTD_CONTEXT_HI_DID, entry->hi);
}

/**
 * vtd_entry_present() - does hardware take notice of an entry?
 * @entry: a root or context entry
 *
 * Return: true if it is present.
 */
bool vtd_entry_present(const struct vtd_entry *entry)
{
	return READ_ONCE(entry->lo) & VTD_ENTRY_P;
}

/* A walker that does not snoop reads memory: write it back. */
static void vtd_table_writeback(struct vtd_unit *unit, void *where,
				unsigned int bytes)
{
	if (!unit->caps.coherent)
		clflush_cache_range(where, bytes);
}

static struct vtd_entry *vtd_table_alloc(struct vtd_unit *unit)
{
	struct vtd_entry *table = (void *)get_zeroed_page(GFP_KERNEL);

	if (table)
		vtd_table_writeback(unit, table, PAGE_SIZE);
	return table;
}

/**
 * vtd_table_init() - give a unit a root table in which nothing is present
 * @unit: the unit
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int vtd_table_init(struct vtd_unit *unit)
{
	unit->root = vtd_table_alloc(unit);
	return unit->root ? 0 : -ENOMEM;
}

/**
 * vtd_table_exit() - free a unit's tables
 * @unit: a unit that does not translate
 *
 * Context: process context.
 */
void vtd_table_exit(struct vtd_unit *unit)
{
	if (!unit->root)
		return;
	for (unsigned int bus = 0; bus < VTD_ENTRIES; bus++)
		if (vtd_entry_present(&unit->root[bus]))
			free_page((unsigned long)
				  phys_to_virt(vtd_root_table(&unit->root[bus])));
	free_page((unsigned long)unit->root);
	unit->root = NULL;
}

/**
 * vtd_table_grow() - make sure that a bus has a context table
 * @unit: the unit
 * @bus: the bus
 *
 * Context: process context, without the unit's lock.
 * Return: 0 or -ENOMEM.
 */
int vtd_table_grow(struct vtd_unit *unit, u8 bus)
{
	struct vtd_entry *root = &unit->root[bus];
	struct vtd_entry value, *table;

	if (vtd_entry_present(root))
		return 0;
	table = vtd_table_alloc(unit);
	if (!table)
		return -ENOMEM;

	spin_lock(&unit->lock);
	if (!vtd_entry_present(root)) {
		value = vtd_root_encode(virt_to_phys(table));
		vtd_table_set(unit, root, &value);
		table = NULL;
	}
	spin_unlock(&unit->lock);
	/* Somebody else was first. */
	free_page((unsigned long)table);
	return 0;
}

/**
 * vtd_table_context() - where the context entry of a source id is
 * @unit: the unit
 * @rid: the source id
 *
 * Context: any context.
 * Return: the entry, or NULL if its bus has no context table.
 */
struct vtd_entry *vtd_table_context(struct vtd_unit *unit, u16 rid)
{
	struct vtd_entry *root = &unit->root[PCI_BUS_NUM(rid)];
	struct vtd_entry *table;

	if (!vtd_entry_present(root))
		return NULL;
	table = phys_to_virt(vtd_root_table(root));
	return &table[rid & 0xff];
}

/**
 * vtd_table_set() - make an entry present
 * @unit: the unit
 * @entry: an entry that is not present
 * @value: what it becomes
 *
 * Hardware may fetch the halves one by one: the half that says "present" is
 * last. A new table is zeroed and written back before it is referred to.
 *
 * Context: the unit's lock is held.
 */
void vtd_table_set(struct vtd_unit *unit, struct vtd_entry *entry,
		   const struct vtd_entry *value)
{
	lockdep_assert_held(&unit->lock);

	WRITE_ONCE(entry->hi, value->hi);
	/* The other side is the hardware's walk, which begins at lo. */
	dma_wmb();
	WRITE_ONCE(entry->lo, value->lo);
	vtd_table_writeback(unit, entry, sizeof(*entry));
}

/**
 * vtd_table_clear() - make an entry not present
 * @unit: the unit
 * @entry: a context entry
 *
 * The caller invalidates what hardware has cached of it.
 *
 * Context: the unit's lock is held.
 */
void vtd_table_clear(struct vtd_unit *unit, struct vtd_entry *entry)
{
	lockdep_assert_held(&unit->lock);

	WRITE_ONCE(entry->lo, 0);
	/* The other side is the hardware's walk, which begins at lo. */
	dma_wmb();
	WRITE_ONCE(entry->hi, 0);
	vtd_table_writeback(unit, entry, sizeof(*entry));
}
