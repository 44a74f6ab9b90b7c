// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: Arm VMSAv8-64 stage 2 tables
 *
 * DDI 0487, D8.2 (concatenated tables), D8.3 (descriptors), D8.4
 * (permissions), D8.5 (hardware updates of dirty state) and D8.6 (memory
 * types, without FEAT_S2FWB). See arm.h for the rest.
 *
 *	bits	leaf
 *	5:2	MemAttr
 *	6	S2AP[0]: read
 *	7	S2AP[1]: write; clear with DBM is writable, and clean
 *	9:8	SH, inner shareable: ignored unless the memory is cacheable
 *	10	AF, always set: we take no access faults
 *	11	0; in entries that refer to tables ignored: ARM_S2_SYNCED
 *	51	DBM: hardware sets S2AP[1] when it writes
 *	54:53	XN: 0b10 for no execution at all, 0b00 for all
 *
 * Up to 16 tables of the next level, one behind the other, may take the place
 * of a root with so few entries: that saves a level of every walk. It also is
 * the only way to have 48 bits with the 16 KiB granule. IOMMU_PRIV has no place
 * here, stage 2 sees no privilege.
 */
#include <linux/export.h>
#include <linux/sizes.h>

#include "arm.h"

#define ARM_S2_SYNCED	BIT_ULL(11)
#define ARM_S2_MEMATTR	GENMASK_ULL(5, 2)
#define ARM_S2_DEVICE	(0x1ULL << 2)	/* Device-nGnRE */
#define ARM_S2_NC	(0x5ULL << 2)	/* Normal, non-cacheable */
#define ARM_S2_WB	(0xfULL << 2)	/* Normal, write-back */
#define ARM_S2_READ	BIT_ULL(6)
#define ARM_S2_WRITE	BIT_ULL(7)
#define ARM_S2_XN	BIT_ULL(54)
#define ARM_S2_ALWAYS	(ARM_PTE_VALID | ARM_PTE_TABLE | ARM_PTE_ISH | \
			 ARM_PTE_AF)

/* At most 16 tables, D8.2. */
#define ARM_S2_CONCAT_LG2	4

static_assert((IOMMU_READ | IOMMU_WRITE) << 6 == (ARM_S2_READ | ARM_S2_WRITE));

static __always_inline u64 arm_s2_attrs(const struct iopgt *pgt, int prot)
{
	const unsigned int p = prot;
	u64 attrs = ARM_S2_ALWAYS | (p & (IOMMU_READ | IOMMU_WRITE)) << 6 |
		    (p & IOMMU_CACHE ? ARM_S2_WB : ARM_S2_NC);

	if (unlikely(!(p & (IOMMU_READ | IOMMU_WRITE))))
		return 0;
	if (unlikely(p & IOMMU_MMIO))
		attrs = (attrs & ~ARM_S2_MEMATTR) | ARM_S2_DEVICE;
	if (unlikely(p & IOPGT_MARK))
		attrs |= ARM_PTE_MARK;
	if (unlikely(p & IOMMU_NOEXEC))
		attrs |= ARM_S2_XN;
	if (unlikely(READ_ONCE(pgt->dirty)) && (p & IOMMU_WRITE))
		attrs = (attrs & ~ARM_S2_WRITE) | ARM_PTE_DBM;
	return attrs;
}

static __always_inline int arm_s2_prot(u64 pte, unsigned int level)
{
	const u64 memattr = pte & ARM_S2_MEMATTR;

	return (pte & ARM_S2_READ ? IOMMU_READ : 0) |
	       (pte & (ARM_S2_WRITE | ARM_PTE_DBM) ? IOMMU_WRITE : 0) |
	       (pte & ARM_S2_XN ? IOMMU_NOEXEC : 0) |
	       (memattr == ARM_S2_WB ? IOMMU_CACHE : 0) |
	       (memattr == ARM_S2_DEVICE ? IOMMU_MMIO : 0) |
	       (pte & ARM_PTE_MARK ? IOPGT_MARK : 0);
}

static const struct iopgt_fmt arm_s2_4k = {
	.granule_lg2 = 12,
	.idx_lg2 = 9,
	.leaf_levels = 3,
	.runs = { BIT(4), BIT(4) },
	.present = ARM_PTE_VALID,
	.run = ARM_PTE_CONT,
	.synced = ARM_S2_SYNCED,
	.mark = ARM_PTE_MARK,
	.dirty_mask = ARM_PTE_DBM | ARM_S2_WRITE,
	.dirty_bits = ARM_PTE_DBM | ARM_S2_WRITE,
	.dirty_flip = ARM_S2_WRITE,
	.is_table = arm_is_table,
	.attrs = arm_s2_attrs,
	.prot = arm_s2_prot,
	.leaf = arm_leaf,
	.leaf_attrs = arm_leaf_attrs,
	.run_lg2 = arm_4k_run_lg2,
	.table = arm_table,
	.to_phys = arm_to_phys,
	.table_phys = arm_table_phys,
};

static const struct iopgt_fmt arm_s2_16k = {
	.granule_lg2 = 14,
	.idx_lg2 = 11,
	.leaf_levels = 2,
	.runs = { BIT(7), BIT(5) },
	.present = ARM_PTE_VALID,
	.run = ARM_PTE_CONT,
	.synced = ARM_S2_SYNCED,
	.mark = ARM_PTE_MARK,
	.dirty_mask = ARM_PTE_DBM | ARM_S2_WRITE,
	.dirty_bits = ARM_PTE_DBM | ARM_S2_WRITE,
	.dirty_flip = ARM_S2_WRITE,
	.is_table = arm_is_table,
	.attrs = arm_s2_attrs,
	.prot = arm_s2_prot,
	.leaf = arm_leaf,
	.leaf_attrs = arm_leaf_attrs,
	.run_lg2 = arm_16k_run_lg2,
	.table = arm_table,
	.to_phys = arm_to_phys,
	.table_phys = arm_table_phys,
};

static const struct iopgt_fmt arm_s2_64k = {
	.granule_lg2 = 16,
	.idx_lg2 = 13,
	.leaf_levels = 3,
	.runs = { BIT(5), BIT(5) },
	.present = ARM_PTE_VALID,
	.run = ARM_PTE_CONT,
	.synced = ARM_S2_SYNCED,
	.mark = ARM_PTE_MARK,
	.dirty_mask = ARM_PTE_DBM | ARM_S2_WRITE,
	.dirty_bits = ARM_PTE_DBM | ARM_S2_WRITE,
	.dirty_flip = ARM_S2_WRITE,
	.is_table = arm_is_table,
	.attrs = arm_s2_attrs,
	.prot = arm_s2_prot,
	.leaf = arm_64k_leaf,
	.leaf_attrs = arm_leaf_attrs,
	.run_lg2 = arm_64k_run_lg2,
	.table = arm_64k_table,
	.to_phys = arm_64k_to_phys,
	.table_phys = arm_64k_table_phys,
};

static noinline int arm_s2_map_slow(struct iopgt *pgt, unsigned long iova,
				    phys_addr_t paddr, size_t pgsize,
				    size_t pgcount, int prot, gfp_t gfp,
				    size_t *mapped)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_walk_map(&arm_s2_4k, pgt, iova, paddr, pgsize,
				      pgcount, prot, gfp, mapped);
	if (pgt->fmt == &arm_s2_16k)
		return iopgt_walk_map(&arm_s2_16k, pgt, iova, paddr, pgsize,
				      pgcount, prot, gfp, mapped);
	return iopgt_walk_map(&arm_s2_64k, pgt, iova, paddr, pgsize, pgcount,
			      prot, gfp, mapped);
}

static noinline int arm_s2_map_more(struct iopgt *pgt, unsigned long iova,
				    phys_addr_t paddr, size_t pgsize,
				    size_t pgcount, int prot, gfp_t gfp,
				    size_t *mapped)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_ops_map(&arm_s2_4k, pgt, iova, paddr, pgsize,
				     pgcount, prot, gfp, mapped,
				     arm_s2_map_slow);
	if (pgt->fmt == &arm_s2_16k)
		return iopgt_ops_map(&arm_s2_16k, pgt, iova, paddr, pgsize,
				     pgcount, prot, gfp, mapped,
				     arm_s2_map_slow);
	return iopgt_ops_map(&arm_s2_64k, pgt, iova, paddr, pgsize, pgcount,
			     prot, gfp, mapped, arm_s2_map_slow);
}

static int arm_s2_map_pages(struct iopgt *pgt, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	if (likely(pgcount == 1 && pgt->fmt == &arm_s2_4k &&
		   iopgt_ops_map_one(&arm_s2_4k, pgt, iova, paddr, pgsize,
				     pgcount, prot, mapped)))
		return 0;
	return arm_s2_map_more(pgt, iova, paddr, pgsize, pgcount, prot, gfp,
			       mapped);
}

static noinline int arm_s2_map_list_large(struct iopgt *pgt, unsigned long iova,
					  const struct iopgt_piece *piece,
					  unsigned int n, int prot, gfp_t gfp,
					  size_t *mapped)
{
	if (pgt->fmt == &arm_s2_16k)
		return iopgt_ops_map_list(&arm_s2_16k, pgt, iova, piece, n,
					  prot, gfp, mapped, arm_s2_map_slow);
	return iopgt_ops_map_list(&arm_s2_64k, pgt, iova, piece, n, prot, gfp,
				  mapped, arm_s2_map_slow);
}

static int arm_s2_map_list(struct iopgt *pgt, unsigned long iova,
			   const struct iopgt_piece *piece, unsigned int n,
			   int prot, gfp_t gfp, size_t *mapped)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_ops_map_list(&arm_s2_4k, pgt, iova, piece, n, prot,
					  gfp, mapped, arm_s2_map_slow);
	return arm_s2_map_list_large(pgt, iova, piece, n, prot, gfp, mapped);
}

static noinline size_t arm_s2_unmap_slow(struct iopgt *pgt,
					 unsigned long iova, size_t size,
					 struct iopgt_gather *gather)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_walk_unmap(&arm_s2_4k, pgt, iova, size, gather);
	if (pgt->fmt == &arm_s2_16k)
		return iopgt_walk_unmap(&arm_s2_16k, pgt, iova, size, gather);
	return iopgt_walk_unmap(&arm_s2_64k, pgt, iova, size, gather);
}

static noinline size_t arm_s2_unmap_more(struct iopgt *pgt, unsigned long iova,
					 size_t size,
					 struct iopgt_gather *gather)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_ops_unmap(&arm_s2_4k, pgt, iova, size, gather,
				       arm_s2_unmap_slow);
	if (pgt->fmt == &arm_s2_16k)
		return iopgt_ops_unmap(&arm_s2_16k, pgt, iova, size, gather,
				       arm_s2_unmap_slow);
	return iopgt_ops_unmap(&arm_s2_64k, pgt, iova, size, gather,
			       arm_s2_unmap_slow);
}

static size_t arm_s2_unmap_pages(struct iopgt *pgt, unsigned long iova,
				 size_t size, struct iopgt_gather *gather)
{
	/* The first question is the one that large leaves are sorted out by. */
	if (likely(size == SZ_4K && pgt->fmt == &arm_s2_4k &&
		   iopgt_ops_unmap_one(&arm_s2_4k, pgt, iova, size, gather)))
		return size;
	return arm_s2_unmap_more(pgt, iova, size, gather);
}

static phys_addr_t arm_s2_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_walk_to_phys(&arm_s2_4k, pgt, iova);
	if (pgt->fmt == &arm_s2_16k)
		return iopgt_walk_to_phys(&arm_s2_16k, pgt, iova);
	return iopgt_walk_to_phys(&arm_s2_64k, pgt, iova);
}

static size_t arm_s2_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			    struct iopgt_piece *piece, unsigned int *n)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_ops_marked(&arm_s2_4k, pgt, iova, size, piece, n);
	return iopgt_marked_slow(pgt, iova, size, piece, n);
}

static size_t arm_s2_mapped(struct iopgt *pgt, unsigned long iova, size_t size,
			    struct iopgt_piece *piece, unsigned int *n,
			    int *prot)
{
	if (likely(pgt->fmt == &arm_s2_4k))
		return iopgt_ops_mapped(&arm_s2_4k, pgt, iova, size, piece, n,
					prot);
	return iopgt_mapped_slow(pgt, iova, size, piece, n, prot);
}

static int arm_s2_init(struct iopgt *pgt)
{
	return arm_init(arm_granule(pgt, &arm_s2_4k, &arm_s2_16k, &arm_s2_64k),
			pgt, ARM_S2_CONCAT_LG2);
}

const struct iopgt_ops iopgt_arm_s2_ops = {
	.name = "arm-s2",
	.map_pages = arm_s2_map_pages,
	.unmap_pages = arm_s2_unmap_pages,
	.map_list = arm_s2_map_list,
	.iova_to_phys = arm_s2_iova_to_phys,
	.marked = arm_s2_marked,
	.mapped = arm_s2_mapped,
	.init = arm_s2_init,
};
EXPORT_SYMBOL_GPL(iopgt_arm_s2_ops);

/**
 * iopgt_arm_s2_regs() - what VTCR_EL2 and VTTBR_EL2 have to say
 * @pgt: a table of iopgt_arm_s2_ops
 * @regs: filled in
 *
 * Context: any context.
 */
void iopgt_arm_s2_regs(const struct iopgt *pgt, struct iopgt_arm_regs *regs)
{
	arm_regs(pgt, regs);
	/* SL0 counts from level 2 where granules are 4 KiB, else from 3. */
	regs->sl = pgt->levels - (pgt->fmt == &arm_s2_4k ? 2 : 1);
}
