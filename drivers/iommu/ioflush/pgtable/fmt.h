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

#include <linux/io.h>
#include <linux/ioflush/pgtable.h>

/** IOPGT_LEVELS_MAX - levels that any format has */
#define IOPGT_LEVELS_MAX 6

/**
 * struct iopgt_fmt - one format
 * @granule_lg2: log2 of the smallest leaf
 * @idx_lg2: log2 of the number of entries in a table; the root may have more
 *	or fewer
 * @leaf_levels: leaves exist at levels below this
 * @runs: for each level, the lengths of runs: with bit k set, 2^k neighbouring
 *	entries, aligned to that, may together be one leaf
 * @present: an entry with none of these bits translates nothing
 * @run: an entry at level 0 with any of these bits is part of a run
 * @synced: a bit that hardware ignores in entries that refer to a table. Set
 *	there, and nowhere else, once the entry has reached the walker; so that
 *	it also is the short way to tell that a walk may go on
 * @mark: a bit that hardware ignores in leaves: IOPGT_MARK. Set nowhere else
 * @dirty_mask: together with
 * @dirty_bits: a leaf was written through if under the mask it equals these
 *	bits; both 0 in a format without dirty tracking
 * @dirty_flip: the bit in which a dirty leaf and the same leaf while it is
 *	clean differ
 * @is_table: does an entry refer to a table? Never asked about level 0
 * @attrs: the bits of a leaf that come from IOMMU_READ and friends; 0 if the
 *	format cannot express it
 * @prot: IOMMU_READ and friends of a leaf, for people to read
 * @leaf: an entry of a leaf; of a run of 2^@run_lg2 entries the one that
 *	translates @paddr
 * @leaf_attrs: @attrs from a leaf, and whether it is dirty or was accessed;
 *	not whether it is part of a run
 * @run_lg2: of how many entries the leaf consists that this one is part of
 * @table: an entry at @level that refers to a table, without @synced
 * @to_phys: where a leaf points; of a run, any address inside of it
 * @table_phys: where an entry that refers to a table points
 *
 * A format without runs leaves @run_lg2 NULL.
 */
struct iopgt_fmt {
	u8 granule_lg2;
	u8 idx_lg2;
	u8 leaf_levels;
	u16 runs[IOPGT_LEVELS_MAX];
	u64 present;
	u64 run;
	u64 synced;
	u64 mark;
	u64 dirty_mask;
	u64 dirty_bits;
	u64 dirty_flip;
	bool (*is_table)(u64 pte, unsigned int level);
	u64 (*attrs)(const struct iopgt *pgt, int prot);
	int (*prot)(u64 pte, unsigned int level);
	u64 (*leaf)(phys_addr_t paddr, u64 attrs, unsigned int level,
		    unsigned int run_lg2);
	u64 (*leaf_attrs)(u64 pte, unsigned int level);
	unsigned int (*run_lg2)(u64 pte, unsigned int level);
	u64 (*table)(phys_addr_t paddr, unsigned int level);
	phys_addr_t (*to_phys)(u64 pte, unsigned int level);
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
 * iopgt_root_entries() - entries in a root
 * @fmt: the format
 * @pgt: the table
 *
 * Context: any context.
 * Return: a number; more or less than iopgt_entries().
 */
static __always_inline unsigned int
iopgt_root_entries(const struct iopgt_fmt *fmt, const struct iopgt *pgt)
{
	return (pgt->ias_last >> iopgt_lg2(fmt, pgt->levels - 1)) + 1;
}

/**
 * iopgt_level_entries() - entries in the table at a level
 * @fmt: the format
 * @pgt: the table
 * @level: the level
 *
 * Context: any context.
 * Return: a number.
 */
static __always_inline unsigned int
iopgt_level_entries(const struct iopgt_fmt *fmt, const struct iopgt *pgt,
		    unsigned int level)
{
	return level == pgt->levels - 1 ? iopgt_root_entries(fmt, pgt) :
					  iopgt_entries(fmt);
}

/**
 * iopgt_level_idx() - which entry translates an address, root or not
 * @fmt: the format
 * @pgt: the table
 * @iova: the address, not above @pgt->ias_last
 * @level: the level
 *
 * Context: any context.
 * Return: the index.
 */
static __always_inline unsigned int
iopgt_level_idx(const struct iopgt_fmt *fmt, const struct iopgt *pgt,
		unsigned long iova, unsigned int level)
{
	return level == pgt->levels - 1 ? iova >> iopgt_lg2(fmt, level) :
					  iopgt_idx(fmt, iova, level);
}

/**
 * iopgt_run_lg2() - of how many entries a leaf consists
 * @fmt: the format
 * @pte: one of the leaf's entries
 * @level: its level
 *
 * Context: any context.
 * Return: log2 of a number; mostly 0.
 */
static __always_inline unsigned int
iopgt_run_lg2(const struct iopgt_fmt *fmt, u64 pte, unsigned int level)
{
	return fmt->run_lg2 ? fmt->run_lg2(pte, level) : 0;
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
 * @pte: an entry
 * @level: its level
 *
 * Context: any context.
 * Return: true for a table, false for a leaf and for nothing.
 */
static __always_inline bool iopgt_pte_is_table(const struct iopgt_fmt *fmt,
					       u64 pte, unsigned int level)
{
	return level && fmt->is_table(pte, level);
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
