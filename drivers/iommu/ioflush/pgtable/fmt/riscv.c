// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: RISC-V tables, as the RISC-V IOMMU's first stage has them
 *
 * The RISC-V Instruction Set Manual, volume II, privileged architecture:
 * sections "Sv39", "Sv48" and "Sv57" of the supervisor-level chapter, and the
 * chapters "Svnapot" and "Svpbmt".
 *
 *	bit	leaf			refers to a table
 *	0	V: valid		V
 *	1	R: reads		0
 *	2	W: writes, with R	0
 *	3	X: execution		0
 *	4	U: user			0
 *	6	A: accessed		0
 *	7	D: dirty		0
 *	8	RSW: software's, 0	RSW: ours, see RISCV_SYNCED
 *	9	RSW: RISCV_MARK		RSW: software's, 0
 *	53:10	page number		page number
 *	62:61	PBMT: memory type	0
 *	63	N: part of 64 KiB	0
 *
 * It is R, W and X that tell a leaf, at any level, from a table. W without R is
 * reserved: IOMMU_WRITE alone gets both. A device's requests are those of a
 * user unless they say otherwise, so U is set unless IOMMU_PRIV is asked for.
 *
 * A run, at the lowest level only: 16 entries that are all the same and map
 * 64 KiB. N is set in them, and the low four bits of the page number are 8.
 *
 * As with a CPU's satp the address is extended by its sign, and the upper half
 * is left alone: 38, 47 or 56 bits of input address, which also chooses the
 * mode. An absent A, or D at a write, is a fault to hardware that does not set
 * them itself, so both are set in advance. D is not while writes are tracked.
 *
 * PBMT is reserved without Svpbmt: a driver whose hardware has none passes no
 * IOMMU_MMIO. One that has no Svnapot leaves 64 KiB out of pgsize_bitmap.
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/sizes.h>

#include "ops.h"

#define RISCV_V		BIT_ULL(0)
#define RISCV_R		BIT_ULL(1)
#define RISCV_W		BIT_ULL(2)
#define RISCV_X		BIT_ULL(3)
#define RISCV_U		BIT_ULL(4)
#define RISCV_A		BIT_ULL(6)
#define RISCV_D		BIT_ULL(7)
#define RISCV_SYNCED	BIT_ULL(8)
#define RISCV_MARK	BIT_ULL(9)
#define RISCV_PPN	GENMASK_ULL(53, 10)
#define RISCV_PBMT_IO	BIT_ULL(62)
#define RISCV_N		BIT_ULL(63)

/* The address is the page number shifted left by 12, which is at bit 10. */
#define RISCV_PPN_SHIFT	2

/* Runs of 16, and how the page number says so. */
#define RISCV_RUN_LG2	4
#define RISCV_RUN_ADDR	GENMASK_ULL(15, 12)
#define RISCV_RUN_CODE	BIT_ULL(10 + RISCV_RUN_LG2 - 1)

/* Entries are little-endian, and are written as the CPU has them. */
static_assert(!IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));

static __always_inline bool riscv_is_table(u64 pte, unsigned int level)
{
	return (pte & (RISCV_V | RISCV_R | RISCV_W | RISCV_X)) == RISCV_V;
}

static __always_inline u64 riscv_attrs(const struct iopgt *pgt, int prot)
{
	const unsigned int p = prot;
	u64 attrs = RISCV_V | RISCV_R | RISCV_A;

	if (unlikely(!(p & (IOMMU_READ | IOMMU_WRITE))))
		return 0;
	if (p & IOMMU_WRITE)
		attrs |= RISCV_W | (READ_ONCE(pgt->dirty) ? 0 : RISCV_D);
	if (!(p & IOMMU_NOEXEC))
		attrs |= RISCV_X;
	if (!(p & IOMMU_PRIV))
		attrs |= RISCV_U;
	if (p & IOMMU_MMIO)
		attrs |= RISCV_PBMT_IO;
	if (unlikely(p & IOPGT_MARK))
		attrs |= RISCV_MARK;
	return attrs;
}

static __always_inline int riscv_prot(u64 pte, unsigned int level)
{
	return IOMMU_READ |
	       (pte & RISCV_W ? IOMMU_WRITE : 0) |
	       (pte & RISCV_X ? 0 : IOMMU_NOEXEC) |
	       (pte & RISCV_U ? 0 : IOMMU_PRIV) |
	       (pte & RISCV_PBMT_IO ? IOMMU_MMIO : 0) |
	       (pte & RISCV_MARK ? IOPGT_MARK : 0);
}

static __always_inline u64 riscv_leaf(phys_addr_t paddr, u64 attrs,
				      unsigned int level, unsigned int run_lg2)
{
	if (!run_lg2)
		return paddr >> RISCV_PPN_SHIFT | attrs;
	return (paddr & ~RISCV_RUN_ADDR) >> RISCV_PPN_SHIFT | RISCV_RUN_CODE |
	       RISCV_N | attrs;
}

static __always_inline u64 riscv_leaf_attrs(u64 pte, unsigned int level)
{
	return pte & (RISCV_V | RISCV_R | RISCV_W | RISCV_X | RISCV_U |
		      RISCV_A | RISCV_D | RISCV_MARK | RISCV_PBMT_IO);
}

static __always_inline unsigned int riscv_run_lg2(u64 pte, unsigned int level)
{
	return pte & RISCV_N ? RISCV_RUN_LG2 : 0;
}

static __always_inline u64 riscv_table(phys_addr_t paddr, unsigned int level)
{
	return paddr >> RISCV_PPN_SHIFT | RISCV_V;
}

/* Of a run, an address in the middle of it. */
static __always_inline phys_addr_t riscv_to_phys(u64 pte, unsigned int level)
{
	return (pte & RISCV_PPN) << RISCV_PPN_SHIFT;
}

/* We set no bit above the page number, nor does hardware: a shorter mask. */
static __always_inline phys_addr_t riscv_table_phys(u64 pte)
{
	return (pte & ~GENMASK_ULL(9, 0)) << RISCV_PPN_SHIFT;
}

static const struct iopgt_fmt riscv_fmt = {
	.granule_lg2 = 12,
	.idx_lg2 = 9,
	.leaf_levels = 5,
	.runs = { BIT(RISCV_RUN_LG2) },
	.present = RISCV_V,
	.run = RISCV_N,
	.synced = RISCV_SYNCED,
	.mark = RISCV_MARK,
	.dirty_mask = RISCV_D,
	.dirty_bits = RISCV_D,
	.dirty_flip = RISCV_D,
	.is_table = riscv_is_table,
	.attrs = riscv_attrs,
	.prot = riscv_prot,
	.leaf = riscv_leaf,
	.leaf_attrs = riscv_leaf_attrs,
	.run_lg2 = riscv_run_lg2,
	.table = riscv_table,
	.to_phys = riscv_to_phys,
	.table_phys = riscv_table_phys,
};

static noinline int riscv_map_slow(struct iopgt *pgt, unsigned long iova,
				   phys_addr_t paddr, size_t pgsize,
				   size_t pgcount, int prot, gfp_t gfp,
				   size_t *mapped)
{
	return iopgt_walk_map(&riscv_fmt, pgt, iova, paddr, pgsize, pgcount,
			      prot, gfp, mapped);
}

static int riscv_map_pages(struct iopgt *pgt, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_ops_map(&riscv_fmt, pgt, iova, paddr, pgsize, pgcount,
			     prot, gfp, mapped, riscv_map_slow);
}

static int riscv_map_list(struct iopgt *pgt, unsigned long iova,
			  const struct iopgt_piece *piece, unsigned int n,
			  int prot, gfp_t gfp, size_t *mapped)
{
	return iopgt_ops_map_list(&riscv_fmt, pgt, iova, piece, n, prot, gfp,
				  mapped, riscv_map_slow);
}

static noinline size_t riscv_unmap_slow(struct iopgt *pgt, unsigned long iova,
					size_t size,
					struct iopgt_gather *gather)
{
	return iopgt_walk_unmap(&riscv_fmt, pgt, iova, size, gather);
}

static size_t riscv_unmap_pages(struct iopgt *pgt, unsigned long iova,
				size_t size, struct iopgt_gather *gather)
{
	return iopgt_ops_unmap(&riscv_fmt, pgt, iova, size, gather,
			       riscv_unmap_slow);
}

static phys_addr_t riscv_iova_to_phys(struct iopgt *pgt, unsigned long iova)
{
	return iopgt_walk_to_phys(&riscv_fmt, pgt, iova);
}

static size_t riscv_marked(struct iopgt *pgt, unsigned long iova, size_t size,
			   struct iopgt_piece *piece, unsigned int *n)
{
	return iopgt_ops_marked(&riscv_fmt, pgt, iova, size, piece, n);
}

/* The lower half of what Sv39, Sv48 and Sv57 translate. */
static int riscv_init(struct iopgt *pgt)
{
	switch (pgt->cfg.ias_bits) {
	case 38:
		pgt->levels = 3;
		break;
	case 47:
		pgt->levels = 4;
		break;
	case 56:
		pgt->levels = 5;
		break;
	default:
		return -EINVAL;
	}
	/* 56 is what the page number has room for. */
	if (pgt->cfg.oas_bits <= riscv_fmt.granule_lg2 ||
	    pgt->cfg.oas_bits > 56)
		return -EINVAL;
	return iopgt_tree_init(&riscv_fmt, pgt);
}

const struct iopgt_ops iopgt_riscv_ops = {
	.name = "riscv",
	.map_pages = riscv_map_pages,
	.unmap_pages = riscv_unmap_pages,
	.map_list = riscv_map_list,
	.iova_to_phys = riscv_iova_to_phys,
	.marked = riscv_marked,
	.init = riscv_init,
};
EXPORT_SYMBOL_GPL(iopgt_riscv_ops);
