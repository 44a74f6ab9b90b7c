/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what a driver programs beside an Arm translation table
 *
 * Field values as DDI 0487 has them in TCR_EL1, VTCR_EL2 and MAIR_EL1; SMMUv3
 * has the same in its context descriptors and stream table entries.
 */
#ifndef _LINUX_IOFLUSH_PGTABLE_ARM_H
#define _LINUX_IOFLUSH_PGTABLE_ARM_H

#include <linux/bits.h>
#include <linux/types.h>

struct iopgt;

/*
 * The memory types that stage 1 leaves choose from with AttrIndx, one byte
 * each, DDI 0487 D8.6 and MAIR_EL1. The index is made of IOMMU_CACHE, its bit
 * 0, and of IOMMU_MMIO, its bit 2; MMIO wins:
 *
 *	0	0x44	Normal, inner and outer non-cacheable
 *	1	0xff	Normal, inner and outer write-back, read and write allocate
 *	4, 5	0x04	Device-nGnRE
 *
 * The rest is never used, and Device-nGnRnE.
 */
#define IOPGT_ARM_ATTR_NC		0
#define IOPGT_ARM_ATTR_WB		1
#define IOPGT_ARM_ATTR_DEVICE		4

/** IOPGT_ARM_MAIR - the whole register, or the context descriptor's MAIR */
#define IOPGT_ARM_MAIR			0x000004040000ff44ULL

/** IOPGT_ARM_NC - IRGN and ORGN: a walker that does not look into caches */
#define IOPGT_ARM_NC			0
/** IOPGT_ARM_WBWA - IRGN and ORGN: write-back, read and write allocate */
#define IOPGT_ARM_WBWA			1
/** IOPGT_ARM_OSH - SH: outer shareable */
#define IOPGT_ARM_OSH			2
/** IOPGT_ARM_ISH - SH: inner shareable */
#define IOPGT_ARM_ISH			3

/**
 * struct iopgt_arm_regs - fields of TCR_EL1 or VTCR_EL2, and the table base
 * @base: physical address of the root; where tables are concatenated, of the
 *	first
 * @mair: MAIR_EL1; 0 in stage 2
 * @tsz: T0SZ: 64 less the width of the input address
 * @tg: TG0: 0 for 4 KiB, 1 for 64 KiB, 2 for 16 KiB
 * @ps: IPS, or PS in stage 2: the width of the output address
 * @sh: SH0 of the walks
 * @orgn: ORGN0 of the walks
 * @irgn: IRGN0 of the walks
 * @sl: SL0; 0 in stage 1, which has no such field
 * @start_level: the level of the root as the architecture counts it; says
 *	nothing that the others do not
 */
struct iopgt_arm_regs {
	phys_addr_t base;
	u64 mair;
	u8 tsz;
	u8 tg;
	u8 ps;
	u8 sh;
	u8 orgn;
	u8 irgn;
	u8 sl;
	u8 start_level;
};

void iopgt_arm_s1_regs(const struct iopgt *pgt, struct iopgt_arm_regs *regs);
void iopgt_arm_s2_regs(const struct iopgt *pgt, struct iopgt_arm_regs *regs);

#endif /* _LINUX_IOFLUSH_PGTABLE_ARM_H */
