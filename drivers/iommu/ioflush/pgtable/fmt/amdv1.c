// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: AMD I/O page tables for host translations
 *
 * AMD I/O Virtualization Technology (IOMMU) Specification, 48882, section 2.2.3
 * (I/O page tables for host translations).
 *
 *	bit	leaf			refers to a table
 *	0	PR: present		PR
 *	1	ignored, 0		ignored: ours, see AMDV1_SYNCED
 *	2	ignored: AMDV1_MARK	ignored, 0
 *	5	A: accessed		0
 *	6	D: dirty		ignored, 0
 *	11:9	NextLevel: 0 or 7	NextLevel: of that table, 1 to 6
 *	51:12	address			address
 *	59	U, 0			reserved
 *	60	FC: force coherent	reserved
 *	61	IR: reads		IR, of all that lies below
 *	62	IW: writes		IW, likewise
 *
 * The specification counts levels from 1. A leaf with NextLevel 0 has its
 * level's size: 4 KiB, 2 MiB, 1 GiB, 512 GiB or 256 TiB. With 7 it has any
 * power of two in between, and stands as often in its table as the size asks
 * for, every time the same. The address then holds the size too, below what the
 * alignment leaves of it: the lowest 0 among bits 51:12 is just under the size,
 * all below it are 1. The size of a level itself may not be said in that way,
 * and the sixth level has no leaves.
 *
 * Hardware sets A and D, in whichever of the replicas it came across, if HAD in
 * the device table entry says so, and ignores both otherwise. A is of no use to
 * us and is set in advance, to save it the work.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/math.h>
#include <linux/sizes.h>

#include "ops.h"

#define AMDV1_PR	BIT_ULL(0)
#define AMDV1_SYNCED	BIT_ULL(1)
#define AMDV1_MARK	BIT_ULL(2)
#define AMDV1_A		BIT_ULL(5)
#define AMDV1_D		BIT_ULL(6)
#define AMDV1_NEXT	GENMASK_ULL(11, 9)
#define AMDV1_NEXT_SHIFT	9
#define AMDV1_ADDR	GENMASK_ULL(51, 12)
#define AMDV1_FC	BIT_ULL(60)
#define AMDV1_IR	BIT_ULL(61)
#define AMDV1_IW	BIT_ULL(62)

#define AMDV1_GRANULE_LG2	12
#define AMDV1_IDX_LG2		9

/* Entries are little-endian, and are written as the CPU has them. */
static_assert(!IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));

static __always_inline bool amdv1_is_table(u64 pte, unsigned int level)
{
	const u64 next = pte & AMDV1_NEXT;

	return next && next != AMDV1_NEXT;
}

static __always_inline u64 amdv1_attrs(const struct iopgt *pgt, int prot)
{
	const unsigned int p = prot;
	u64 attrs = (p & IOMMU_READ ? AMDV1_IR : 0) |
		    (p & IOMMU_WRITE ? AMDV1_IW : 0);

	if (unlikely(!attrs))
		return 0;
	if ((p & IOMMU_CACHE) && pgt->cfg.snoop_ctl)
		attrs |= AMDV1_FC;
	if (unlikely(p & IOPGT_MARK))
		attrs |= AMDV1_MARK;
	return attrs | AMDV1_PR | AMDV1_A;
}

static __always_inline int amdv1_prot(u64 pte, unsigned int level)
{
	return (pte & AMDV1_IR ? IOMMU_READ : 0) |
	       (pte & AMDV1_IW ? IOMMU_WRITE : 0) |
	       (pte & AMDV1_FC ? IOMMU_CACHE : 0) |
	       (pte & AMDV1_MARK ? IOPGT_MARK : 0);
}

static __always_inline u64 amdv1_leaf(phys_addr_t paddr, u64 attrs,
				      unsigned int level, unsigned int run_lg2)
{
	u64 half;

	if (!run_lg2)
		return paddr | attrs;
	half = BIT_ULL(AMDV1_GRANULE_LG2 + level * AMDV1_IDX_LG2 + run_lg2 - 1);
	return (paddr & ~(2 * half - 1)) | ((half - 1) & AMDV1_ADDR) |
	       AMDV1_NEXT | attrs;
}

static __always_inline u64 amdv1_leaf_attrs(u64 pte, unsigned int level)
{
	return pte & (AMDV1_PR | AMDV1_MARK | AMDV1_A | AMDV1_D | AMDV1_FC |
		      AMDV1_IR | AMDV1_IW);
}

static __always_inline unsigned int amdv1_run_lg2(u64 pte, unsigned int level)
{
	if (likely(!(pte & AMDV1_NEXT)))
		return 0;
	/* The lowest 0 of the address, and the size is twice that bit. */
	return __ffs64(~(pte | GENMASK_ULL(11, 0))) + 1 -
	       (AMDV1_GRANULE_LG2 + level * AMDV1_IDX_LG2);
}

static __always_inline u64 amdv1_table(phys_addr_t paddr, unsigned int level)
{
	/* Ours count from 0: the table below @level is of theirs @level. */
	return paddr | (u64)level << AMDV1_NEXT_SHIFT | AMDV1_PR | AMDV1_IR |
	       AMDV1_IW;
}

/* The ones that hold the size of a run lead to some address inside of it. */
static __always_inline phys_addr_t amdv1_to_phys(u64 pte, unsigned int level)
{
	return pte & AMDV1_ADDR;
}

static __always_inline phys_addr_t amdv1_table_phys(u64 pte)
{
	return pte & AMDV1_ADDR;
}

static const struct iopgt_fmt amdv1_fmt = {
	.granule_lg2 = AMDV1_GRANULE_LG2,
	.idx_lg2 = AMDV1_IDX_LG2,
	.leaf_levels = 5,
	/* Up to half a table; at 256 TiB, up to what the address can say. */
	.runs = {
		GENMASK(8, 1), GENMASK(8, 1), GENMASK(8, 1), GENMASK(8, 1),
		GENMASK(3, 1),
	},
	.present = AMDV1_PR,
	.run = AMDV1_NEXT,
	.synced = AMDV1_SYNCED,
	.mark = AMDV1_MARK,
	.dirty_mask = AMDV1_D,
	.dirty_bits = AMDV1_D,
	.dirty_flip = AMDV1_D,
	.is_table = amdv1_is_table,
	.attrs = amdv1_attrs,
	.prot = amdv1_prot,
	.leaf = amdv1_leaf,
	.leaf_attrs = amdv1_leaf_attrs,
	.run_lg2 = amdv1_run_lg2,
	.table = amdv1_table,
	.to_phys = amdv1_to_phys,
	.table_phys = amdv1_table_phys,
};

static noinline int amdv1_map_slow(struct iopgt *pgt, unsigned long iova,
				   phys_addr_t paddr, size_t pgsize,
				   size_t pgcount, int prot, gfp_t gfp,
				   size_t *mapped)
{
	return iopgt_walk_map(&amdv1_fmt, pgt, iova, paddr, pgsize, pgcount,
			      prot, gfp, mapped);
}

static int amdv1_map_pages(struct iopgt *pgt, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_ops_map(&amdv1_fmt, pgt, iova, paddr, pgsize, pgcount,
			     prot, gfp, mapped, amdv1_map_slow);
}

static int amdv1_map_list(struct iopgt *pgt, unsigned long iova,
			  const struct iopgt_piece *piece, unsigned int n,
			  int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_ops_map_list(&amdv1_fmt, pgt, iova, piece, n, prot, gfp,
				  mapped, amdv1_map_slow);
}

static noinline size_t amdv1_unmap_slow(struct iopgt *pgt, unsigned long iova,
					size_t size,
					struct iopgt_gather *gather)
{
	return iopgt_walk_unmap(&amdv1_fmt, pgt, iova, size, gather);
}

static size_t amdv1_unmap_pages(struct iopgt *pgt, unsigned long iova,
				size_t size, struct iopgt_gather *gather)
{
	return iopgt_ops_unmap(&amdv1_fmt, pgt, iova, size, gather,
			       amdv1_unmap_slow);
}

static phys_addr_t amdv1_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	return iopgt_walk_to_phys(&amdv1_fmt, pgt, iova);
}

static size_t amdv1_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			   struct iopgt_piece *piece, unsigned int *n)
{
	return iopgt_ops_marked(&amdv1_fmt, pgt, iova, size, piece, n);
}

/*
 * As many levels as the input address needs, and at least the three of the
 * smallest host table that everybody has tried. Hardware that has errors in
 * leaves of some size, as many have in those of 512 GiB, has a driver that
 * leaves the size out of the config's pgsize_bitmap.
 */
static int amdv1_init(struct iopgt *pgt)
{
	const u8 ias = pgt->cfg.ias_bits, oas = pgt->cfg.oas_bits;

	if (ias <= AMDV1_GRANULE_LG2 + 2 * AMDV1_IDX_LG2 || ias > 64)
		return -EINVAL;
	if (oas <= AMDV1_GRANULE_LG2 || oas > 52)
		return -EINVAL;
	pgt->levels = DIV_ROUND_UP(ias - AMDV1_GRANULE_LG2, AMDV1_IDX_LG2);
	return iopgt_tree_init(&amdv1_fmt, pgt);
}

const struct iopgt_ops iopgt_amdv1_ops = {
	.name = "amdv1",
	.map_pages = amdv1_map_pages,
	.unmap_pages = amdv1_unmap_pages,
	.map_list = amdv1_map_list,
	.iova_to_phys = amdv1_iova_to_phys,
	.marked = amdv1_marked,
	.init = amdv1_init,
};
EXPORT_SYMBOL_GPL(iopgt_amdv1_ops);
