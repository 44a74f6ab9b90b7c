// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a cut and a collapse have in common
 */
#include "leaf.h"

/**
 * iopgt_leaf_break() - make the entries of a range absent, lose no dirty bit
 * @fmt: the format
 * @pgt: the table
 * @entry: the first entry; all are leaves
 * @n: how many
 * @level: their level
 * @attrs: attributes as they were read before
 *
 * Once an entry is absent, hardware that wants to make it dirty finds that it
 * is not what it had read, and faults instead:
 *
 *	CPU				hardware
 *	old = xchg(entry, 0)
 *					write through a clean, cached entry
 *					atomic: clean -> dirty, fails
 *	invalidate
 *
 * and where hardware comes first, @old is dirty. What was cached as dirty was
 * dirty in memory before, hence in @old. So after this nothing can be lost any
 * more.
 *
 * Context: any context; the caller owns what the entries translate.
 * Return: @attrs, dirty if hardware has written through one of them.
 */
u64 iopgt_leaf_break(const struct iopgt_fmt *fmt, struct iopgt *pgt,
		     u64 *entry, unsigned int n, unsigned int level, u64 attrs)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		u64 old;

		iopgt_leaf_replacing(pgt, &entry[i]);
		old = xchg(&entry[i], 0);
		attrs = iopgt_leaf_join(fmt, attrs,
					fmt->leaf_attrs(old, level));
	}
	iopgt_leaf_sync(pgt, entry, n);
	return attrs;
}

/**
 * iopgt_leaf_redirty() - make clean leaves dirty
 * @fmt: the format
 * @pgt: the table
 * @entry: the first of some entries; those that are no leaves stay as they are
 * @n: how many
 * @level: their level
 *
 * For entries that were replaced without a break. Until the invalidation has
 * finished hardware may write through the old leaf, and does not record that
 * if it has cached it as dirty:
 *
 *	CPU 0 (cut)		CPU 1 (scan)		hardware
 *							has the block, dirty
 *	cmpxchg: a table
 *	of dirty leaves
 *				clear a leaf
 *				invalidate that leaf
 *							write, not recorded
 *	invalidate the block
 *
 * CPU 1's invalidation names a leaf of the new size, which need not reach the
 * old block in the cache. So after CPU 0's the leaves are made dirty again.
 *
 * Context: any context; the caller owns what the entries translate.
 */
void iopgt_leaf_redirty(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			u64 *entry, unsigned int n, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		u64 pte = READ_ONCE(entry[i]);

		while (iopgt_pte_present(fmt, pte) &&
		       !iopgt_pte_is_table(fmt, pte, level) &&
		       iopgt_leaf_is_clean(fmt, pte)) {
			iopgt_leaf_replacing(pgt, &entry[i]);
			if (try_cmpxchg(&entry[i], &pte,
					iopgt_leaf_dirty(fmt, pte)))
				break;
		}
	}
}

/**
 * iopgt_leaf_invalidate() - no cache holds what was replaced when this returns
 * @pgt: the table; its owner has set a hook
 * @iova: first address
 * @lg2: log2 of the length
 * @leaf_lg2: log2 of the size of the leaves that were there
 * @table: an entry that referred to a table was replaced
 *
 * Context: that of the operation; waits for hardware.
 */
void iopgt_leaf_invalidate(struct iopgt *pgt, unsigned long iova, u8 lg2,
			   u8 leaf_lg2, bool table)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	iopgt_gather_add(&gather, iova, BIT(lg2), leaf_lg2);
	gather.tables_unlinked = table;
	pgt->invalidate(pgt, &gather);
}

/**
 * iopgt_leaf_remade() - a range that was absent for a moment translates again
 * @pgt: the table
 * @iova: first address
 * @lg2: log2 of the length
 *
 * What was written is ordered before what the caller stores next.
 *
 * Context: that of the operation; waits for hardware that caches absence.
 */
void iopgt_leaf_remade(struct iopgt *pgt, unsigned long iova, u8 lg2)
{
	/* As at the end of a map, see iopgt_publish(). */
	dma_wmb();
	if (pgt->remade)
		pgt->remade(pgt, iova, BIT(lg2));
}
