// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d root and context tables
 *
 * Legacy mode: the bus number selects a root entry, which refers to a context
 * table; device and function select the context entry in it. In scalable mode context
 * entries have twice the size, and either half of a root entry refers to a table for half
 * the devices; for what those entries say see scalable.c.
 */
#include <linux/bitfield.h>
#include <linux/cacheflush.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "regs.h"
#include "scalable.h"
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
 * vtd_context_decode() - what a context entry says
 * @entry: a context entry, whatever made it
 * @context: receives that
 */
void vtd_context_decode(const struct vtd_entry *entry,
			struct vtd_context *context)
{
	*context = (struct vtd_context) {
		.tt = FIELD_GET(VTD_CONTEXT_LO_TT, entry->lo),
		.levels = FIELD_GET(VTD_CONTEXT_HI_AW, entry->hi) + 2,
		.did = vtd_context_did(entry),
		.root = entry->lo & VTD_ENTRY_ADDR,
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
 * vtd_context_passes() - does a context entry let requests pass untranslated?
 * @entry: a present context entry
 *
 * Return: whether it does.
 */
bool vtd_context_passes(const struct vtd_entry *entry)
{
	return FIELD_GET(VTD_CONTEXT_LO_TT, entry->lo) == VTD_TT_PASS;
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

/**
 * vtd_context_value() - the context entry that a unit's mode asks for
 * @unit: the unit
 * @context: what it is to say
 *
 * Return: the entry; in scalable mode its lower half, the upper being 0.
 */
struct vtd_entry vtd_context_value(const struct vtd_unit *unit,
				   const struct vtd_context *context)
{
	return unit->scalable ? vtd_sm_context_encode(context) :
				vtd_context_encode(context);
}

/**
 * vtd_context_read() - what a context entry says, and what it refers to
 * @unit: the unit
 * @entry: a present context entry in the unit's tables
 * @context: receives that
 *
 * Context: any context; under a lock that keeps the entry as it is.
 */
void vtd_context_read(const struct vtd_unit *unit,
		      const struct vtd_entry *entry,
		      struct vtd_context *context)
{
	if (!unit->scalable) {
		vtd_context_decode(entry, context);
		return;
	}
	vtd_pasid_decode(vtd_pasid_of(entry), context);
	context->pasids = vtd_sm_context_dir(entry);
	if (vtd_sm_context_caches(entry))
		context->tt = VTD_TT_DEVICE;
}

/**
 * vtd_table_writeback() - make what was written visible to the unit's walker
 * @unit: the unit
 * @where: root, context or PASID entries
 * @bytes: how much of them
 *
 * A walker that does not snoop reads memory.
 */
void vtd_table_writeback(const struct vtd_unit *unit, void *where,
			 unsigned int bytes)
{
	if (!unit->caps.coherent)
		clflush_cache_range(where, bytes);
}

static struct vtd_entry *vtd_table_alloc(struct vtd_unit *unit)
{
	struct page *page = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO,
					     0);

	if (!page)
		return NULL;
	vtd_table_writeback(unit, page_address(page), PAGE_SIZE);
	return page_address(page);
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
 * vtd_table_rtaddr() - what RTADDR_REG is to say, section 11.4.5
 * @unit: the unit
 * @root: a root table of the unit's mode
 *
 * Return: the value.
 */
u64 vtd_table_rtaddr(const struct vtd_unit *unit, const void *root)
{
	return virt_to_phys((void *)root) |
	       (unit->scalable ? FIELD_PREP(VTD_RTADDR_TTM, VTD_TTM_SCALABLE) :
				 0);
}

/* The root table in halves of entries; sections 9.1 and 9.2 */
#define VTD_ROOT_HALVES	(2 * VTD_ENTRIES)

/* What refers to the context table of a source id */
static u64 *vtd_root_half(const struct vtd_unit *unit, u16 rid)
{
	u64 *halves = (u64 *)unit->root;
	unsigned int half = rid >> 7;

	return &halves[unit->scalable ? half : half & ~1];
}

/**
 * vtd_table_exit() - free a unit's tables
 * @unit: a unit that does not translate
 *
 * Context: process context.
 */
void vtd_table_exit(struct vtd_unit *unit)
{
	const u64 *halves = (const u64 *)unit->root;

	if (!unit->root)
		return;
	for (unsigned int i = 0; i < VTD_ROOT_HALVES; i++)
		if (halves[i] & VTD_ENTRY_P)
			free_page((unsigned long)
				  phys_to_virt(halves[i] & VTD_ENTRY_ADDR));
	free_page((unsigned long)unit->root);
	unit->root = NULL;
}

/**
 * vtd_table_grow() - make sure that a source id has a context table
 * @unit: the unit
 * @rid: the source id
 *
 * Context: process context, without the unit's lock.
 * Return: 0 or -ENOMEM.
 */
int vtd_table_grow(struct vtd_unit *unit, u16 rid)
{
	u64 *half = vtd_root_half(unit, rid);
	struct vtd_entry *table;

	if (READ_ONCE(*half) & VTD_ENTRY_P)
		return 0;
	table = vtd_table_alloc(unit);
	if (!table)
		return -ENOMEM;

	spin_lock(&unit->lock);
	if (!(*half & VTD_ENTRY_P)) {
		/* The other side is the hardware's walk, which goes through @half. */
		dma_wmb();
		WRITE_ONCE(*half, vtd_root_encode(virt_to_phys(table)).lo);
		vtd_table_writeback(unit, half, sizeof(*half));
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
 * Return: the entry, in scalable mode its lower half; NULL if there is no context table.
 */
struct vtd_entry *vtd_table_context(struct vtd_unit *unit, u16 rid)
{
	u64 half = READ_ONCE(*vtd_root_half(unit, rid));
	struct vtd_entry *table;

	if (!(half & VTD_ENTRY_P))
		return NULL;
	table = phys_to_virt(half & VTD_ENTRY_ADDR);
	return &table[unit->scalable ? (rid & 0x7f) << VTD_SM_ENTRY_LG2 :
				       rid & 0xff];
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
 * Context: the unit's entry_lock is held.
 */
void vtd_table_clear(struct vtd_unit *unit, struct vtd_entry *entry)
{
	lockdep_assert_held(&unit->entry_lock);

	WRITE_ONCE(entry->lo, 0);
	/* The other side is the hardware's walk, which begins at lo. */
	dma_wmb();
	WRITE_ONCE(entry->hi, 0);
	vtd_table_writeback(unit, entry, sizeof(*entry));
}
