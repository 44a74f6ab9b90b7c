/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what both stages of Arm's VMSAv8-64 tables have in common
 *
 * Arm Architecture Reference Manual for A-profile, DDI 0487, chapter D8. The
 * manual counts levels from the root, 3 is the lowest; here the lowest is 0.
 *
 *	bits	leaf			refers to a table
 *	0	valid			valid
 *	1	1 on the lowest level	1
 *	11:2	attributes, by stage	ignored: one of them is ours, by stage
 *	15:12	64 KiB granule: bits 51:48 of the address, in both
 *	47:12	address			address
 *	52	contiguous hint		ignored, 0
 *	55	ignored: ARM_PTE_MARK	ignored, 0
 *	63:51	attributes, by stage	0
 *
 * Three granules, each of which resolves as many bits a level as fill a table
 * that is a granule large, D8.2:
 *
 *	granule	bits	leaves, and with the contiguous hint, D8.7.1
 *	4 KiB	9	4 KiB, 16 of them; 2 MiB, 16 of them; 1 GiB
 *	16 KiB	11	16 KiB, 128 of them; 32 MiB, 32 of them
 *	64 KiB	13	64 KiB, 32 of them; 512 MiB, 32 of them; 4 TiB, where
 *			output addresses have 52 bits
 */
#ifndef _IOFLUSH_PGTABLE_FMT_ARM_H
#define _IOFLUSH_PGTABLE_FMT_ARM_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/iommu.h>
#include <linux/ioflush/pgtable_arm.h>
#include <linux/sizes.h>

#include "ops.h"

#define ARM_PTE_VALID	BIT_ULL(0)
#define ARM_PTE_TABLE	BIT_ULL(1)	/* or a leaf, on the lowest level */
#define ARM_PTE_ISH	(3ULL << 8)
#define ARM_PTE_AF	BIT_ULL(10)
#define ARM_PTE_ADDR	GENMASK_ULL(47, 12)
#define ARM_PTE_DBM	BIT_ULL(51)
#define ARM_PTE_CONT	BIT_ULL(52)
#define ARM_PTE_MARK	BIT_ULL(55)

/* Entries are little-endian, and are written as the CPU has them. */
static_assert(!IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));

/* Bits 51:48 of an address are in bits 15:12, D8.3, figure for 64 KiB. */
#define ARM_64K_LOW	GENMASK_ULL(47, 16)
#define ARM_64K_HIGH	GENMASK_ULL(15, 12)
#define ARM_64K_SHIFT	36

static __always_inline u64 arm_64k_addr(phys_addr_t paddr)
{
	return (paddr & ARM_64K_LOW) | (paddr >> ARM_64K_SHIFT & ARM_64K_HIGH);
}

static __always_inline phys_addr_t arm_64k_phys(u64 pte)
{
	return (pte & ARM_64K_LOW) | (pte & ARM_64K_HIGH) << ARM_64K_SHIFT;
}

static __always_inline bool arm_is_table(u64 pte, unsigned int level)
{
	const u64 bits = ARM_PTE_VALID | ARM_PTE_TABLE;

	return (pte & bits) == bits;
}

/* @attrs come with both low bits, so that the lowest level just adds them. */
static __always_inline u64 arm_leaf(phys_addr_t paddr, u64 attrs,
				    unsigned int level, unsigned int run_lg2)
{
	u64 pte = paddr | attrs;

	if (level)
		pte &= ~ARM_PTE_TABLE;
	return run_lg2 ? pte | ARM_PTE_CONT : pte;
}

static __always_inline u64 arm_64k_leaf(phys_addr_t paddr, u64 attrs,
					unsigned int level,
					unsigned int run_lg2)
{
	return arm_leaf(arm_64k_addr(paddr), attrs, level, run_lg2);
}

static __always_inline u64 arm_leaf_attrs(u64 pte, unsigned int level)
{
	return (pte & ~(ARM_PTE_ADDR | ARM_PTE_CONT)) | ARM_PTE_TABLE;
}

static __always_inline unsigned int arm_4k_run_lg2(u64 pte, unsigned int level)
{
	return pte & ARM_PTE_CONT ? 4 : 0;
}

static __always_inline unsigned int arm_16k_run_lg2(u64 pte, unsigned int level)
{
	if (!(pte & ARM_PTE_CONT))
		return 0;
	return level ? 5 : 7;
}

static __always_inline unsigned int arm_64k_run_lg2(u64 pte, unsigned int level)
{
	return pte & ARM_PTE_CONT ? 5 : 0;
}

static __always_inline u64 arm_table(phys_addr_t paddr, unsigned int level)
{
	return paddr | ARM_PTE_VALID | ARM_PTE_TABLE;
}

static __always_inline u64 arm_64k_table(phys_addr_t paddr, unsigned int level)
{
	return arm_table(arm_64k_addr(paddr), level);
}

static __always_inline phys_addr_t arm_to_phys(u64 pte, unsigned int level)
{
	return pte & ARM_PTE_ADDR;
}

static __always_inline phys_addr_t arm_64k_to_phys(u64 pte, unsigned int level)
{
	return arm_64k_phys(pte);
}

/* We set no bit above the address, and hardware sets none: a shorter mask. */
static __always_inline phys_addr_t arm_table_phys(u64 pte)
{
	return pte & ~GENMASK_ULL(11, 0);
}

static __always_inline phys_addr_t arm_64k_table_phys(u64 pte)
{
	return arm_64k_phys(pte);
}

/* TG0 of TCR_EL1 and VTCR_EL2. */
static inline u8 arm_tg(const struct iopgt_fmt *fmt)
{
	switch (fmt->granule_lg2) {
	case 12:
		return 0;
	case 16:
		return 1;
	default:
		return 2;
	}
}

/* IPS of TCR_EL1 and PS of VTCR_EL2; negative for a width they do not have. */
static inline int arm_ps(u8 oas_bits)
{
	static const u8 widths[] = { 32, 36, 40, 42, 44, 48, 52 };
	int i;

	for (i = 0; i < ARRAY_SIZE(widths); i++)
		if (widths[i] == oas_bits)
			return i;
	return -EINVAL;
}

/*
 * The lowest of the granules among the leaf sizes. If none is, any will do:
 * iopgt_tree_init() then misses its own.
 */
static inline const struct iopgt_fmt *
arm_granule(const struct iopgt *pgt, const struct iopgt_fmt *fmt_4k,
	    const struct iopgt_fmt *fmt_16k, const struct iopgt_fmt *fmt_64k)
{
	if (pgt->cfg.pgsize_bitmap & SZ_4K)
		return fmt_4k;
	if (pgt->cfg.pgsize_bitmap & SZ_16K)
		return fmt_16k;
	return fmt_64k;
}

/*
 * What both stages ask of a config, D8.2: only the largest granule has the room
 * for 52 bits, in and out. The narrowest input that we take is 32 bits; that
 * and all above come to two levels or more.
 */
static inline int arm_init(const struct iopgt_fmt *fmt, struct iopgt *pgt,
			   unsigned int concat_lg2)
{
	const u8 width = fmt->granule_lg2 == 16 ? 52 : 48;
	struct iopgt_cfg *cfg = &pgt->cfg;
	unsigned int bits;

	if (cfg->ias_bits < 32 || cfg->ias_bits > width ||
	    cfg->oas_bits > width || arm_ps(cfg->oas_bits) < 0)
		return -EINVAL;

	bits = cfg->ias_bits - fmt->granule_lg2 - concat_lg2;
	pgt->levels = max(2U, DIV_ROUND_UP(bits, fmt->idx_lg2));
	/* D8.3: blocks of 4 TiB come with output addresses of 52 bits. */
	if (cfg->oas_bits < 52)
		cfg->pgsize_bitmap &= ~BIT_ULL(42);
	return iopgt_tree_init(fmt, pgt);
}

static inline void arm_regs(const struct iopgt *pgt,
			    struct iopgt_arm_regs *regs)
{
	const bool snoops = pgt->cfg.coherent_walk;

	*regs = (struct iopgt_arm_regs) {
		.base = virt_to_phys(pgt->root),
		.tsz = 64 - pgt->cfg.ias_bits,
		.tg = arm_tg(pgt->fmt),
		.ps = arm_ps(pgt->cfg.oas_bits),
		.sh = snoops ? IOPGT_ARM_ISH : IOPGT_ARM_OSH,
		.orgn = snoops ? IOPGT_ARM_WBWA : IOPGT_ARM_NC,
		.irgn = snoops ? IOPGT_ARM_WBWA : IOPGT_ARM_NC,
		.start_level = 4 - pgt->levels,
	};
}

#endif /* _IOFLUSH_PGTABLE_FMT_ARM_H */
