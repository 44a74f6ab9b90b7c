/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: leaves that exist already, and what hardware wrote into them
 *
 * Hardware that tracks writes alters a leaf at any time, by one atomic access
 * that fails if the entry is not what the hardware had read. So who replaces a
 * leaf does it by xchg() or cmpxchg(), and looks at what was there.
 *
 * A writable leaf is in one of three states, told apart under the format's
 * dirty_mask:
 *
 *	clean		hardware makes it dirty when it is written through
 *	dirty		it was written through
 *	untracked	hardware leaves it alone; in many formats the same as dirty
 *
 * A map that began before the tracking was switched on may write an untracked
 * leaf after it. Nobody can say then whether it was written through, so the
 * state counts as written until somebody makes it clean.
 */
#ifndef _IOFLUSH_PGTABLE_LEAF_H
#define _IOFLUSH_PGTABLE_LEAF_H

#include <linux/io.h>

#include "page.h"
#include "table.h"

/**
 * iopgt_leaf_lg2() - log2 of the bytes that a leaf translates
 * @fmt: the format
 * @pte: one of its entries
 * @level: their level
 *
 * Context: any context.
 * Return: log2 of a size in bytes.
 */
static inline unsigned int iopgt_leaf_lg2(const struct iopgt_fmt *fmt, u64 pte,
					  unsigned int level)
{
	return iopgt_lg2(fmt, level) + iopgt_run_lg2(fmt, pte, level);
}

/**
 * iopgt_leaf_phys() - what an address inside of a leaf translates to
 * @fmt: the format
 * @pte: one of the leaf's entries
 * @level: their level
 * @iova: the address
 *
 * Context: any context.
 * Return: the output address.
 */
static inline phys_addr_t iopgt_leaf_phys(const struct iopgt_fmt *fmt, u64 pte,
					  unsigned int level,
					  unsigned long iova)
{
	const u64 mask = BIT_ULL(iopgt_leaf_lg2(fmt, pte, level)) - 1;

	return (fmt->to_phys(pte, level) & ~mask) | (iova & mask);
}

/**
 * iopgt_leaf_written() - has a leaf to be taken as written through?
 * @fmt: the format
 * @pte: a leaf, or its attributes; may be an absent entry in formats without
 *	a bit for that among the masks, so ask iopgt_pte_present() too
 *
 * Context: any context.
 * Return: true if it is dirty or untracked.
 */
static inline bool iopgt_leaf_written(const struct iopgt_fmt *fmt, u64 pte)
{
	const u64 state = pte & fmt->dirty_mask;

	return fmt->dirty_mask && (state == fmt->dirty_bits ||
				   state == (fmt->dirty_bits & fmt->dirty_flip));
}

/**
 * iopgt_leaf_is_clean() - does hardware have yet to make a leaf dirty?
 * @fmt: the format
 * @pte: a leaf, or its attributes
 *
 * Context: any context.
 * Return: true if it is clean; maybe also for a leaf that cannot be written.
 */
static inline bool iopgt_leaf_is_clean(const struct iopgt_fmt *fmt, u64 pte)
{
	return fmt->dirty_mask && (pte & fmt->dirty_mask) ==
				  (fmt->dirty_bits ^ fmt->dirty_flip);
}

/**
 * iopgt_leaf_clean() - a leaf, clean
 * @fmt: the format
 * @pte: a writable leaf, or its attributes
 *
 * Context: any context.
 * Return: the entry to write.
 */
static inline u64 iopgt_leaf_clean(const struct iopgt_fmt *fmt, u64 pte)
{
	return (pte & ~fmt->dirty_mask) | (fmt->dirty_bits ^ fmt->dirty_flip);
}

/**
 * iopgt_leaf_dirty() - a leaf, dirty
 * @fmt: the format
 * @pte: a writable leaf, or its attributes
 *
 * Context: any context.
 * Return: the entry to write.
 */
static inline u64 iopgt_leaf_dirty(const struct iopgt_fmt *fmt, u64 pte)
{
	return (pte & ~fmt->dirty_mask) | fmt->dirty_bits;
}

/**
 * iopgt_leaf_join() - attributes of a leaf that takes the place of two
 * @fmt: the format
 * @attrs: attributes of the one
 * @other: attributes of the other, equal but for the state
 *
 * Context: any context.
 * Return: @attrs; dirty if @other was written.
 */
static inline u64 iopgt_leaf_join(const struct iopgt_fmt *fmt, u64 attrs,
				  u64 other)
{
	if (iopgt_leaf_is_clean(fmt, attrs) && iopgt_leaf_written(fmt, other))
		return iopgt_leaf_dirty(fmt, attrs);
	return attrs;
}

/* Let a walker that does not snoop see @n entries. */
static inline void iopgt_leaf_sync(struct iopgt *pgt, const u64 *entry,
				   unsigned int n)
{
	if (!pgt->cfg.coherent_walk)
		iopgt_page_sync(pgt, entry, n * sizeof(*entry));
}

#if IS_ENABLED(CONFIG_IOFLUSH_KUNIT_TEST)
/* Between the reading of an entry and its replacement: hardware's turn. */
static inline void iopgt_leaf_replacing(struct iopgt *pgt, u64 *entry)
{
	if (pgt->test && pgt->test->replacing)
		pgt->test->replacing(pgt, entry);
}
#else
static inline void iopgt_leaf_replacing(struct iopgt *pgt, u64 *entry)
{
}
#endif

u64 iopgt_leaf_break(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		     u64 *entry, unsigned int n, unsigned int level, u64 attrs);
void iopgt_leaf_redirty(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			u64 *entry, unsigned int n, unsigned int level);
void iopgt_leaf_invalidate(struct iopgt *pgt, unsigned long iova, u8 lg2,
			   u8 leaf_lg2, bool table);
void iopgt_leaf_remade(struct iopgt *pgt, unsigned long iova, u8 lg2);

#endif /* _IOFLUSH_PGTABLE_LEAF_H */
