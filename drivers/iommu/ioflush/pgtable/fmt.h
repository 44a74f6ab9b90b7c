/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what a format tells the walker
 *
 * Each format has one static const struct iopgt_fmt and hands it to the
 * functions in walk.h. Those are always inlined, so that the compiler folds the
 * constants and the hooks into them; the rare paths in table.c take the same
 * struct at run time.
 *
 * Levels count from the leaves: a table at level 0 holds entries of the
 * smallest leaf size, the root is at level iopgt->levels - 1. Absent entries
 * are zero.
 */
#ifndef _IOFLUSH_PGTABLE_FMT_H
#define _IOFLUSH_PGTABLE_FMT_H

#include <linux/ioflush/pgtable.h>

/**
 * struct iopgt_fmt - one format
 * @granule_lg2: log2 of the smallest leaf
 * @idx_lg2: log2 of the number of entries in a table
 * @leaf_levels: leaves exist at levels below this
 * @present: an entry with none of these bits translates nothing
 * @table_mask: together with
 * @table_bits: an entry above level 0 refers to a table if under the mask it
 *	equals these bits. Never asked about an entry at level 0
 * @synced: a bit that hardware ignores in entries that refer to a table. Set
 *	there, and nowhere else, once the entry has reached the walker; so that
 *	it also is the short way to tell that a walk may go on
 * @attrs: the bits of a leaf that come from IOMMU_READ and friends; 0 if the
 *	format cannot express it
 * @leaf: a leaf entry
 * @table: an entry that refers to a table, without @synced
 * @to_phys: where a leaf points
 * @table_phys: where an entry that refers to a table points
 */
struct iopgt_fmt {
	u8 granule_lg2;
	u8 idx_lg2;
	u8 leaf_levels;
	u64 present;
	u64 table_mask;
	u64 table_bits;
	u64 synced;
	u64 (*attrs)(const struct iopgt *pgt, int prot);
	u64 (*leaf)(phys_addr_t paddr, u64 attrs, unsigned int level);
	u64 (*table)(phys_addr_t paddr);
	phys_addr_t (*to_phys)(u64 pte);
	phys_addr_t (*table_phys)(u64 pte);
};

/**
 * iopgt_lg2() - log2 of the bytes that one entry translates
 * @fmt: the format
 * @level: the entry's level
 *
 * Context: any context.
 * Return: log2 of a size in bytes.
 */
static __always_inline unsigned int iopgt_lg2(const struct iopgt_fmt *fmt,
					      unsigned int level)
{
	return fmt->granule_lg2 + level * fmt->idx_lg2;
}

/**
 * iopgt_entries() - entries in a table
 * @fmt: the format
 *
 * Context: any context.
 * Return: a number.
 */
static __always_inline unsigned int iopgt_entries(const struct iopgt_fmt *fmt)
{
	return 1U << fmt->idx_lg2;
}

/**
 * iopgt_idx() - which entry of a table translates an address
 * @fmt: the format
 * @iova: the address
 * @level: the table's level
 *
 * Context: any context.
 * Return: the index.
 */
static __always_inline unsigned int iopgt_idx(const struct iopgt_fmt *fmt,
					      unsigned long iova,
					      unsigned int level)
{
	return (iova >> iopgt_lg2(fmt, level)) & (iopgt_entries(fmt) - 1);
}

/**
 * iopgt_pte_present() - does an entry translate something?
 * @fmt: the format
 * @pte: the entry
 *
 * Context: any context.
 * Return: true for a leaf and for a table.
 */
static __always_inline bool iopgt_pte_present(const struct iopgt_fmt *fmt,
					      u64 pte)
{
	return pte & fmt->present;
}

/**
 * iopgt_pte_is_table() - does an entry refer to a table?
 * @fmt: the format
 * @pte: an entry above level 0
 *
 * Context: any context.
 * Return: true for a table, false for a leaf and for nothing.
 */
static __always_inline bool iopgt_pte_is_table(const struct iopgt_fmt *fmt,
					       u64 pte)
{
	return (pte & fmt->table_mask) == fmt->table_bits;
}

/**
 * iopgt_pte_is_synced() - does an entry refer to a table that walkers know?
 * @fmt: the format
 * @pte: an entry above level 0
 *
 * Context: any context.
 * Return: true for most tables; false for all else.
 */
static __always_inline bool iopgt_pte_is_synced(const struct iopgt_fmt *fmt,
						u64 pte)
{
	return pte & fmt->synced;
}

/**
 * iopgt_pte_table() - the table that an entry refers to
 * @fmt: the format
 * @pte: an entry for which iopgt_pte_is_table() holds
 *
 * Context: any context.
 * Return: its address.
 */
static __always_inline u64 *iopgt_pte_table(const struct iopgt_fmt *fmt,
					    u64 pte)
{
	return phys_to_virt(fmt->table_phys(pte));
}

#endif /* _IOFLUSH_PGTABLE_FMT_H */
