// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: VT-d first-stage tables, which are those of x86-64 CPUs
 *
 * Intel Virtualization Technology for Directed I/O, Architecture Specification,
 * section 3.6 (first-stage translation) and 9.7 (first-stage paging entries).
 *
 *	bit	leaf			refers to a table
 *	0	P: present		P
 *	1	R/W: writes too		R/W, of all that lies below
 *	2	U/S: user too		U/S, likewise
 *	3, 4	PWT, PCD: memory type	0
 *	5	A: accessed		A
 *	6	D: dirty		ignored, 0
 *	7	PS above level 0,	0
 *		PAT at level 0, 0
 *	9	ignored, 0		ignored: ours, see X86_64_SYNCED
 *	12	PAT above level 0, 0	address
 *	HAW-1:12 address		address
 *	52	ignored: X86_64_MARK	ignored, 0
 *	63	XD: no execution	0
 *
 * Writable means readable too: nothing can express a page that is only written,
 * and IOMMU_WRITE alone gets both. Permissions of all levels are combined, so
 * entries that refer to tables grant all and the leaf decides.
 *
 * An address has to be canonical. The upper half, in which the bits above the
 * highest one translated are all ones, is left alone: an address space begins
 * at 0 and has no gap in it. So 4 levels give 47 bits of input address, and 5
 * give 56, and half of the root's entries stay absent.
 *
 * Hardware always sets A, and D in a leaf, as it uses an entry (section 3.6.2),
 * by an atomic read-modify-write. Both are set in advance, so that it has no
 * need to. D is not while writes are tracked.
 *
 * XD is reserved unless NXE is set in the PASID-table entry (section 9.6): who
 * passes IOMMU_NOEXEC sets that.
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/sizes.h>

#include "ops.h"

#define X86_64_P	BIT_ULL(0)
#define X86_64_RW	BIT_ULL(1)
#define X86_64_US	BIT_ULL(2)
#define X86_64_PWT	BIT_ULL(3)
#define X86_64_PCD	BIT_ULL(4)
#define X86_64_A	BIT_ULL(5)
#define X86_64_D	BIT_ULL(6)
#define X86_64_PS	BIT_ULL(7)
#define X86_64_SYNCED	BIT_ULL(9)
#define X86_64_ADDR	GENMASK_ULL(51, 12)
#define X86_64_MARK	BIT_ULL(52)
#define X86_64_XD	BIT_ULL(63)

/* Entry 3 of the PAT, as it is after a reset: uncacheable. */
#define X86_64_UC	(X86_64_PWT | X86_64_PCD)

/* Entries are little-endian, and are written as the CPU has them. */
static_assert(!IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));

static __always_inline bool x86_64_is_table(u64 pte, unsigned int level)
{
	return (pte & (X86_64_P | X86_64_PS)) == X86_64_P;
}

static __always_inline u64 x86_64_attrs(const struct iopgt *pgt, int prot)
{
	const unsigned int p = prot;
	u64 attrs = X86_64_P | X86_64_A;

	if (unlikely(!(p & (IOMMU_READ | IOMMU_WRITE))))
		return 0;
	if (p & IOMMU_WRITE)
		attrs |= X86_64_RW | (READ_ONCE(pgt->dirty) ? 0 : X86_64_D);
	if (!(p & IOMMU_PRIV))
		attrs |= X86_64_US;
	if (p & IOMMU_MMIO)
		attrs |= X86_64_UC;
	if (p & IOMMU_NOEXEC)
		attrs |= X86_64_XD;
	if (unlikely(p & IOPGT_MARK))
		attrs |= X86_64_MARK;
	return attrs;
}

static __always_inline int x86_64_prot(u64 pte, unsigned int level)
{
	return IOMMU_READ |
	       (pte & X86_64_RW ? IOMMU_WRITE : 0) |
	       (pte & X86_64_US ? 0 : IOMMU_PRIV) |
	       (pte & X86_64_PCD ? IOMMU_MMIO : 0) |
	       (pte & X86_64_XD ? IOMMU_NOEXEC : 0) |
	       (pte & X86_64_MARK ? IOPGT_MARK : 0);
}

static __always_inline u64 x86_64_leaf(phys_addr_t paddr, u64 attrs,
				       unsigned int level,
				       unsigned int run_lg2)
{
	return paddr | attrs | (level ? X86_64_PS : 0);
}

static __always_inline u64 x86_64_leaf_attrs(u64 pte, unsigned int level)
{
	return pte & (X86_64_P | X86_64_RW | X86_64_US | X86_64_UC | X86_64_A |
		      X86_64_D | X86_64_MARK | X86_64_XD);
}

static __always_inline u64 x86_64_table(phys_addr_t paddr, unsigned int level)
{
	return paddr | X86_64_P | X86_64_RW | X86_64_US | X86_64_A;
}

static __always_inline phys_addr_t x86_64_to_phys(u64 pte, unsigned int level)
{
	return pte & X86_64_ADDR;
}

/* We set no bit above the address, and hardware sets none: a shorter mask. */
static __always_inline phys_addr_t x86_64_table_phys(u64 pte)
{
	return pte & ~GENMASK_ULL(11, 0);
}

static const struct iopgt_fmt x86_64_fmt = {
	.granule_lg2 = 12,
	.idx_lg2 = 9,
	.leaf_levels = 3,
	.present = X86_64_P,
	.synced = X86_64_SYNCED,
	.mark = X86_64_MARK,
	.dirty_mask = X86_64_D,
	.dirty_bits = X86_64_D,
	.dirty_flip = X86_64_D,
	.is_table = x86_64_is_table,
	.attrs = x86_64_attrs,
	.prot = x86_64_prot,
	.leaf = x86_64_leaf,
	.leaf_attrs = x86_64_leaf_attrs,
	.table = x86_64_table,
	.to_phys = x86_64_to_phys,
	.table_phys = x86_64_table_phys,
};

static noinline int x86_64_map_slow(struct iopgt *pgt, unsigned long iova,
				    phys_addr_t paddr, size_t pgsize,
				    size_t pgcount, int prot, gfp_t gfp,
				    size_t *mapped)
{
	return iopgt_walk_map(&x86_64_fmt, pgt, iova, paddr, pgsize, pgcount,
			      prot, gfp, mapped);
}

static noinline int x86_64_map_more(struct iopgt *pgt, unsigned long iova,
				    phys_addr_t paddr, size_t pgsize,
				    size_t pgcount, int prot, gfp_t gfp,
				    size_t *mapped)
{
	return iopgt_ops_map(&x86_64_fmt, pgt, iova, paddr, pgsize, pgcount,
			     prot, gfp, mapped, x86_64_map_slow);
}

static int x86_64_map_pages(struct iopgt *pgt, unsigned long iova,
			    phys_addr_t paddr, size_t pgsize, size_t pgcount,
			    int prot, gfp_t gfp, size_t *mapped)
{
	if (likely(iopgt_ops_map_one(&x86_64_fmt, pgt, iova, paddr, pgsize,
				     pgcount, prot, mapped)))
		return 0;
	return x86_64_map_more(pgt, iova, paddr, pgsize, pgcount, prot, gfp,
			       mapped);
}

static int x86_64_map_list(struct iopgt *pgt, unsigned long iova,
			   const struct iopgt_piece *piece, unsigned int n,
			   int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_ops_map_list(&x86_64_fmt, pgt, iova, piece, n, prot, gfp,
				  mapped, x86_64_map_slow);
}

static noinline size_t x86_64_unmap_slow(struct iopgt *pgt, unsigned long iova,
					 size_t size,
					 struct iopgt_gather *gather)
{
	return iopgt_walk_unmap(&x86_64_fmt, pgt, iova, size, gather);
}

static noinline size_t x86_64_unmap_more(struct iopgt *pgt, unsigned long iova,
					 size_t size,
					 struct iopgt_gather *gather)
{
	return iopgt_ops_unmap(&x86_64_fmt, pgt, iova, size, gather,
			       x86_64_unmap_slow);
}

static size_t x86_64_unmap_pages(struct iopgt *pgt, unsigned long iova,
				 size_t size, struct iopgt_gather *gather)
{
	if (likely(iopgt_ops_unmap_one(&x86_64_fmt, pgt, iova, size, gather)))
		return size;
	return x86_64_unmap_more(pgt, iova, size, gather);
}

static phys_addr_t x86_64_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	return iopgt_walk_to_phys(&x86_64_fmt, pgt, iova);
}

static size_t x86_64_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			    struct iopgt_piece *piece, unsigned int *n)
{
	return iopgt_ops_marked(&x86_64_fmt, pgt, iova, size, piece, n);
}

/* The lower half of what 4 or 5 levels translate. */
static int x86_64_init(struct iopgt *pgt)
{
	switch (pgt->cfg.ias_bits) {
	case 47:
		pgt->levels = 4;
		break;
	case 56:
		pgt->levels = 5;
		break;
	default:
		return -EINVAL;
	}
	/* HAW: 52 is what the address field has room for. */
	if (pgt->cfg.oas_bits <= x86_64_fmt.granule_lg2 ||
	    pgt->cfg.oas_bits > 52)
		return -EINVAL;
	return iopgt_tree_init(&x86_64_fmt, pgt);
}

const struct iopgt_ops iopgt_x86_64_ops = {
	.name = "x86_64",
	.map_pages = x86_64_map_pages,
	.unmap_pages = x86_64_unmap_pages,
	.map_list = x86_64_map_list,
	.iova_to_phys = x86_64_iova_to_phys,
	.marked = x86_64_marked,
	.init = x86_64_init,
};
EXPORT_SYMBOL_GPL(iopgt_x86_64_ops);
