// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d second-stage tables
 *
 * Intel Virtualization Technology for Directed I/O, Architecture Specification,
 * section 3.7 (second-stage translation) and 9.8 (second-stage paging entries).
 *
 *	bit	leaf			refers to a table
 *	0	R: read			R, of all that lies below
 *	1	W: write		W, likewise
 *	7	PS, above level 0	0
 *	8	A: accessed		A
 *	9	D: dirty		ignored, 0
 *	10	ignored, 0		ignored: ours, see VTDSS_SYNCED
 *	11	SNP: snoop		ignored or 0
 *	HAW-1:12 address		address
 *	52	ignored: VTDSS_MARK	ignored, 0
 *
 * There is no bit that says "present" in legacy mode: an entry with neither R
 * nor W translates nothing. Permissions of all levels are combined, so entries
 * that refer to tables grant both and the leaf decides.
 *
 * Hardware sets A, and D in a leaf, if SSADE in the PASID-table entry says so
 * (section 3.7.2); without it, and in legacy mode, it ignores both. They begin
 * as 0, whether writes are tracked or not. Nobody looks at A.
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/sizes.h>

#include "ops.h"

#define VTDSS_R		BIT_ULL(0)
#define VTDSS_W		BIT_ULL(1)
#define VTDSS_PS	BIT_ULL(7)
#define VTDSS_D		BIT_ULL(9)
#define VTDSS_SYNCED	BIT_ULL(10)
#define VTDSS_SNP	BIT_ULL(11)
#define VTDSS_ADDR	GENMASK_ULL(51, 12)
#define VTDSS_MARK	BIT_ULL(52)

/* Entries are little-endian, and are written as the CPU has them. */
static_assert(!IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));

/* What is asked for is where the bits are. */
static_assert(VTDSS_R == IOMMU_READ && VTDSS_W == IOMMU_WRITE);

static __always_inline u64 vtdss_attrs(const struct iopgt *pgt, int prot)
{
	const unsigned int p = prot;
	u64 attrs = p & (IOMMU_READ | IOMMU_WRITE);

	if (unlikely(!attrs))
		return 0;
	/* Most ask for it. */
	if (pgt->cfg.snoop_ctl && (p & IOMMU_CACHE))
		attrs |= VTDSS_SNP;
	if (unlikely(p & IOPGT_MARK))
		attrs |= VTDSS_MARK;
	return attrs;
}

static __always_inline u64 vtdss_leaf(phys_addr_t paddr, u64 attrs,
				      unsigned int level, unsigned int run_lg2)
{
	return paddr | attrs | (level ? VTDSS_PS : 0);
}

static __always_inline u64 vtdss_leaf_attrs(u64 pte, unsigned int level)
{
	return pte & (VTDSS_R | VTDSS_W | VTDSS_SNP | VTDSS_D | VTDSS_MARK);
}

static __always_inline int vtdss_prot(u64 pte, unsigned int level)
{
	return (pte & VTDSS_R ? IOMMU_READ : 0) |
	       (pte & VTDSS_W ? IOMMU_WRITE : 0) |
	       (pte & VTDSS_SNP ? IOMMU_CACHE : 0) |
	       (pte & VTDSS_MARK ? IOPGT_MARK : 0);
}

static __always_inline bool vtdss_is_table(u64 pte, unsigned int level)
{
	return (pte & (VTDSS_R | VTDSS_W | VTDSS_PS)) == (VTDSS_R | VTDSS_W);
}

static __always_inline u64 vtdss_table(phys_addr_t paddr, unsigned int level)
{
	return paddr | VTDSS_R | VTDSS_W;
}

static __always_inline phys_addr_t vtdss_to_phys(u64 pte, unsigned int level)
{
	return pte & VTDSS_ADDR;
}

/* We set no bit above the address, and hardware sets none: a shorter mask. */
static __always_inline phys_addr_t vtdss_table_phys(u64 pte)
{
	return pte & ~GENMASK_ULL(11, 0);
}

static const struct iopgt_fmt vtdss_fmt = {
	.granule_lg2 = 12,
	.idx_lg2 = 9,
	.leaf_levels = 3,
	.present = VTDSS_R | VTDSS_W,
	.synced = VTDSS_SYNCED,
	.mark = VTDSS_MARK,
	.dirty_mask = VTDSS_D,
	.dirty_bits = VTDSS_D,
	.dirty_flip = VTDSS_D,
	.is_table = vtdss_is_table,
	.attrs = vtdss_attrs,
	.prot = vtdss_prot,
	.leaf = vtdss_leaf,
	.leaf_attrs = vtdss_leaf_attrs,
	.table = vtdss_table,
	.to_phys = vtdss_to_phys,
	.table_phys = vtdss_table_phys,
};

static noinline int vtdss_map_slow(struct iopgt *pgt, unsigned long iova,
				   phys_addr_t paddr, size_t pgsize,
				   size_t pgcount, int prot, gfp_t gfp,
				   size_t *mapped)
{
	return iopgt_walk_map(&vtdss_fmt, pgt, iova, paddr, pgsize, pgcount,
			      prot, gfp, mapped);
}

static noinline int vtdss_map_more(struct iopgt *pgt, unsigned long iova,
				   phys_addr_t paddr, size_t pgsize,
				   size_t pgcount, int prot, gfp_t gfp,
				   size_t *mapped)
{
	return iopgt_ops_map(&vtdss_fmt, pgt, iova, paddr, pgsize, pgcount,
			     prot, gfp, mapped, vtdss_map_slow);
}

static int vtdss_map_pages(struct iopgt *pgt, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	if (likely(iopgt_ops_map_one(&vtdss_fmt, pgt, iova, paddr, pgsize,
				     pgcount, prot, mapped)))
		return 0;
	return vtdss_map_more(pgt, iova, paddr, pgsize, pgcount, prot, gfp,
			      mapped);
}

static int vtdss_map_list(struct iopgt *pgt, unsigned long iova,
			  const struct iopgt_piece *piece, unsigned int n,
			  int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_ops_map_list(&vtdss_fmt, pgt, iova, piece, n, prot, gfp,
				  mapped, vtdss_map_slow);
}

static noinline size_t vtdss_unmap_slow(struct iopgt *pgt, unsigned long iova,
					size_t size,
					struct iopgt_gather *gather)
{
	return iopgt_walk_unmap(&vtdss_fmt, pgt, iova, size, gather);
}

static noinline size_t vtdss_unmap_more(struct iopgt *pgt, unsigned long iova,
					size_t size,
					struct iopgt_gather *gather)
{
	return iopgt_ops_unmap(&vtdss_fmt, pgt, iova, size, gather,
			       vtdss_unmap_slow);
}

static size_t vtdss_unmap_pages(struct iopgt *pgt, unsigned long iova,
				size_t size, struct iopgt_gather *gather)
{
	if (likely(iopgt_ops_unmap_one(&vtdss_fmt, pgt, iova, size, gather)))
		return size;
	return vtdss_unmap_more(pgt, iova, size, gather);
}

static phys_addr_t vtdss_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	return iopgt_walk_to_phys(&vtdss_fmt, pgt, iova);
}

static size_t vtdss_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			   struct iopgt_piece *piece, unsigned int *n)
{
	return iopgt_ops_marked(&vtdss_fmt, pgt, iova, size, piece, n);
}

/* The adjusted guest address widths of section 3.7, and their levels. */
static int vtdss_init(struct iopgt *pgt)
{
	switch (pgt->cfg.ias_bits) {
	case 39:
		pgt->levels = 3;
		break;
	case 48:
		pgt->levels = 4;
		break;
	case 57:
		pgt->levels = 5;
		break;
	default:
		return -EINVAL;
	}
	/* HAW: 52 is what the address field has room for. */
	if (pgt->cfg.oas_bits <= vtdss_fmt.granule_lg2 ||
	    pgt->cfg.oas_bits > 52)
		return -EINVAL;
	return iopgt_tree_init(&vtdss_fmt, pgt);
}

const struct iopgt_ops iopgt_vtdss_ops = {
	.name = "vtdss",
	.map_pages = vtdss_map_pages,
	.unmap_pages = vtdss_unmap_pages,
	.map_list = vtdss_map_list,
	.iova_to_phys = vtdss_iova_to_phys,
	.marked = vtdss_marked,
	.init = vtdss_init,
};
EXPORT_SYMBOL_GPL(iopgt_vtdss_ops);
