// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: Arm VMSAv8-64 stage 1 tables
 *
 * DDI 0487, D8.3 (descriptors), D8.4 (permissions), D8.5 (hardware updates of
 * dirty state) and D8.6 (memory types). The tables of a translation regime
 * with two privilege levels: EL1&0, or EL2&0. See arm.h for the rest.
 *
 *	bits	leaf
 *	4:2	AttrIndx, see IOPGT_ARM_MAIR
 *	5	NS, 0; in entries that refer to tables ignored: ARM_S1_SYNCED
 *	6	AP[1]: unprivileged accesses too
 *	7	AP[2]: read only; with DBM writable, and clean
 *	9:8	SH, inner shareable: ignored unless the memory is cacheable
 *	10	AF, always set: we take no access faults
 *	11	nG, always set: entries in the TLB are of one ASID
 *	51	DBM: hardware clears AP[2] when it writes
 *	53	PXN
 *	54	UXN
 *
 * There is no leaf that can be written and not read.
 */
#include <linux/export.h>
#include <linux/sizes.h>

#include "arm.h"

#define ARM_S1_SYNCED	BIT_ULL(5)
#define ARM_S1_INDX	GENMASK_ULL(4, 2)
#define ARM_S1_UNPRIV	BIT_ULL(6)
#define ARM_S1_RDONLY	BIT_ULL(7)
#define ARM_S1_NG	BIT_ULL(11)
#define ARM_S1_XN	GENMASK_ULL(54, 53)
#define ARM_S1_ALWAYS	(ARM_PTE_VALID | ARM_PTE_TABLE | ARM_PTE_ISH | \
			 ARM_PTE_AF | ARM_S1_NG)

/* The bits of AttrIndx are where IOMMU_CACHE and IOMMU_MMIO are. */
static_assert((IOPGT_ARM_ATTR_WB << 2) == IOMMU_CACHE);
static_assert((IOPGT_ARM_ATTR_DEVICE << 2) == IOMMU_MMIO);
static_assert(IOMMU_WRITE << 6 == ARM_S1_RDONLY);
static_assert(IOMMU_PRIV << 1 == ARM_S1_UNPRIV);

static __always_inline u64 arm_s1_attrs(const struct iopgt *pgt, int prot)
{
	const unsigned int p = prot;
	u64 attrs = ARM_S1_ALWAYS | (p & (IOMMU_CACHE | IOMMU_MMIO)) |
		    (~p & IOMMU_WRITE) << 6 | (~p & IOMMU_PRIV) << 1;

	if (unlikely(!(p & (IOMMU_READ | IOMMU_WRITE))))
		return 0;
	/* One branch for all that is rare */
	if (unlikely(p & (IOPGT_MARK | IOMMU_NOEXEC)))
		attrs |= (p & IOPGT_MARK ? ARM_PTE_MARK : 0) |
			 (p & IOMMU_NOEXEC ? ARM_S1_XN : 0);
	if (unlikely(READ_ONCE(pgt->dirty)) && (p & IOMMU_WRITE))
		attrs |= ARM_PTE_DBM | ARM_S1_RDONLY;
	return attrs;
}

static __always_inline int arm_s1_prot(u64 pte, unsigned int level)
{
	const unsigned int indx = pte & ARM_S1_INDX;

	return IOMMU_READ |
	       (!(pte & ARM_S1_RDONLY) || (pte & ARM_PTE_DBM) ?
		IOMMU_WRITE : 0) |
	       (pte & ARM_S1_UNPRIV ? 0 : IOMMU_PRIV) |
	       ((pte & ARM_S1_XN) == ARM_S1_XN ? IOMMU_NOEXEC : 0) |
	       (indx & (IOMMU_CACHE | IOMMU_MMIO)) |
	       (pte & ARM_PTE_MARK ? IOPGT_MARK : 0);
}

static const struct iopgt_fmt arm_s1_4k = {
	.granule_lg2 = 12,
	.idx_lg2 = 9,
	.leaf_levels = 3,
	.runs = { BIT(4), BIT(4) },
	.present = ARM_PTE_VALID,
	.run = ARM_PTE_CONT,
	.synced = ARM_S1_SYNCED,
	.mark = ARM_PTE_MARK,
	.dirty_mask = ARM_PTE_DBM | ARM_S1_RDONLY,
	.dirty_bits = ARM_PTE_DBM,
	.dirty_flip = ARM_S1_RDONLY,
	.is_table = arm_is_table,
	.attrs = arm_s1_attrs,
	.prot = arm_s1_prot,
	.leaf = arm_leaf,
	.leaf_attrs = arm_leaf_attrs,
	.run_lg2 = arm_4k_run_lg2,
	.table = arm_table,
	.to_phys = arm_to_phys,
	.table_phys = arm_table_phys,
};

static const struct iopgt_fmt arm_s1_16k = {
	.granule_lg2 = 14,
	.idx_lg2 = 11,
	.leaf_levels = 2,
	.runs = { BIT(7), BIT(5) },
	.present = ARM_PTE_VALID,
	.run = ARM_PTE_CONT,
	.synced = ARM_S1_SYNCED,
	.mark = ARM_PTE_MARK,
	.dirty_mask = ARM_PTE_DBM | ARM_S1_RDONLY,
	.dirty_bits = ARM_PTE_DBM,
	.dirty_flip = ARM_S1_RDONLY,
	.is_table = arm_is_table,
	.attrs = arm_s1_attrs,
	.prot = arm_s1_prot,
	.leaf = arm_leaf,
	.leaf_attrs = arm_leaf_attrs,
	.run_lg2 = arm_16k_run_lg2,
	.table = arm_table,
	.to_phys = arm_to_phys,
	.table_phys = arm_table_phys,
};

static const struct iopgt_fmt arm_s1_64k = {
	.granule_lg2 = 16,
	.idx_lg2 = 13,
	.leaf_levels = 3,
	.runs = { BIT(5), BIT(5) },
	.present = ARM_PTE_VALID,
	.run = ARM_PTE_CONT,
	.synced = ARM_S1_SYNCED,
	.mark = ARM_PTE_MARK,
	.dirty_mask = ARM_PTE_DBM | ARM_S1_RDONLY,
	.dirty_bits = ARM_PTE_DBM,
	.dirty_flip = ARM_S1_RDONLY,
	.is_table = arm_is_table,
	.attrs = arm_s1_attrs,
	.prot = arm_s1_prot,
	.leaf = arm_64k_leaf,
	.leaf_attrs = arm_leaf_attrs,
	.run_lg2 = arm_64k_run_lg2,
	.table = arm_64k_table,
	.to_phys = arm_64k_to_phys,
	.table_phys = arm_64k_table_phys,
};

static noinline int arm_s1_map_slow(struct iopgt *pgt, unsigned long iova,
				    phys_addr_t paddr, size_t pgsize,
				    size_t pgcount, int prot, gfp_t gfp,
				    size_t *mapped)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_walk_map(&arm_s1_4k, pgt, iova, paddr, pgsize,
				      pgcount, prot, gfp, mapped);
	if (pgt->fmt == &arm_s1_16k)
		return iopgt_walk_map(&arm_s1_16k, pgt, iova, paddr, pgsize,
				      pgcount, prot, gfp, mapped);
	return iopgt_walk_map(&arm_s1_64k, pgt, iova, paddr, pgsize, pgcount,
			      prot, gfp, mapped);
}

static noinline int arm_s1_map_more(struct iopgt *pgt, unsigned long iova,
				    phys_addr_t paddr, size_t pgsize,
				    size_t pgcount, int prot, gfp_t gfp,
				    size_t *mapped)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_ops_map(&arm_s1_4k, pgt, iova, paddr, pgsize,
				     pgcount, prot, gfp, mapped,
				     arm_s1_map_slow);
	if (pgt->fmt == &arm_s1_16k)
		return iopgt_ops_map(&arm_s1_16k, pgt, iova, paddr, pgsize,
				     pgcount, prot, gfp, mapped,
				     arm_s1_map_slow);
	return iopgt_ops_map(&arm_s1_64k, pgt, iova, paddr, pgsize, pgcount,
			     prot, gfp, mapped, arm_s1_map_slow);
}

static int arm_s1_map_pages(struct iopgt *pgt, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	if (likely(pgcount == 1 && pgt->fmt == &arm_s1_4k &&
		   iopgt_ops_map_one(&arm_s1_4k, pgt, iova, paddr, pgsize,
				     pgcount, prot, mapped)))
		return 0;
	return arm_s1_map_more(pgt, iova, paddr, pgsize, pgcount, prot, gfp,
			       mapped);
}

static noinline int arm_s1_map_list_large(struct iopgt *pgt, unsigned long iova,
					  const struct iopgt_piece *piece,
					  unsigned int n, int prot, gfp_t gfp,
					  size_t *mapped)
{
	if (pgt->fmt == &arm_s1_16k)
		return iopgt_ops_map_list(&arm_s1_16k, pgt, iova, piece, n,
					  prot, gfp, mapped, arm_s1_map_slow);
	return iopgt_ops_map_list(&arm_s1_64k, pgt, iova, piece, n, prot, gfp,
				  mapped, arm_s1_map_slow);
}

static int arm_s1_map_list(struct iopgt *pgt, unsigned long iova,
			   const struct iopgt_piece *piece, unsigned int n,
			   int prot, gfp_t gfp, size_t *mapped)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_ops_map_list(&arm_s1_4k, pgt, iova, piece, n, prot,
					  gfp, mapped, arm_s1_map_slow);
	return arm_s1_map_list_large(pgt, iova, piece, n, prot, gfp, mapped);
}

static noinline size_t arm_s1_unmap_slow(struct iopgt *pgt,
					 unsigned long iova, size_t size,
					 struct iopgt_gather *gather)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_walk_unmap(&arm_s1_4k, pgt, iova, size, gather);
	if (pgt->fmt == &arm_s1_16k)
		return iopgt_walk_unmap(&arm_s1_16k, pgt, iova, size, gather);
	return iopgt_walk_unmap(&arm_s1_64k, pgt, iova, size, gather);
}

static noinline size_t arm_s1_unmap_more(struct iopgt *pgt, unsigned long iova,
					 size_t size,
					 struct iopgt_gather *gather)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_ops_unmap(&arm_s1_4k, pgt, iova, size, gather,
				       arm_s1_unmap_slow);
	if (pgt->fmt == &arm_s1_16k)
		return iopgt_ops_unmap(&arm_s1_16k, pgt, iova, size, gather,
				       arm_s1_unmap_slow);
	return iopgt_ops_unmap(&arm_s1_64k, pgt, iova, size, gather,
			       arm_s1_unmap_slow);
}

static size_t arm_s1_unmap_pages(struct iopgt *pgt, unsigned long iova,
				 size_t size, struct iopgt_gather *gather)
{
	/* The first question is the one that large leaves are sorted out by. */
	if (likely(size == SZ_4K && pgt->fmt == &arm_s1_4k &&
		   iopgt_ops_unmap_one(&arm_s1_4k, pgt, iova, size, gather)))
		return size;
	return arm_s1_unmap_more(pgt, iova, size, gather);
}

static phys_addr_t arm_s1_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_walk_to_phys(&arm_s1_4k, pgt, iova);
	if (pgt->fmt == &arm_s1_16k)
		return iopgt_walk_to_phys(&arm_s1_16k, pgt, iova);
	return iopgt_walk_to_phys(&arm_s1_64k, pgt, iova);
}

static size_t arm_s1_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			    struct iopgt_piece *piece, unsigned int *n)
{
	if (likely(pgt->fmt == &arm_s1_4k))
		return iopgt_ops_marked(&arm_s1_4k, pgt, iova, size, piece, n);
	return iopgt_marked_slow(pgt, iova, size, piece, n);
}

static int arm_s1_init(struct iopgt *pgt)
{
	return arm_init(arm_granule(pgt, &arm_s1_4k, &arm_s1_16k, &arm_s1_64k),
			pgt, 0);
}

const struct iopgt_ops iopgt_arm_s1_ops = {
	.name = "arm-s1",
	.map_pages = arm_s1_map_pages,
	.unmap_pages = arm_s1_unmap_pages,
	.map_list = arm_s1_map_list,
	.iova_to_phys = arm_s1_iova_to_phys,
	.marked = arm_s1_marked,
	.init = arm_s1_init,
};
EXPORT_SYMBOL_GPL(iopgt_arm_s1_ops);

/**
 * iopgt_arm_s1_regs() - what TCR_EL1, TTBR0_EL1 and MAIR_EL1 have to say
 * @pgt: a table of iopgt_arm_s1_ops
 * @regs: filled in
 *
 * Context: any context.
 */
void iopgt_arm_s1_regs(const struct iopgt *pgt, struct iopgt_arm_regs *regs)
{
	arm_regs(pgt, regs);
	regs->mair = IOPGT_ARM_MAIR;
}
