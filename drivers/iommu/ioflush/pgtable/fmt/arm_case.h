/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the KUnit suites of the two Arm stages share
 *
 * Cases that are compared bit by bit with values worked out by hand from DDI
 * 0487; the sections stand beside them.
 */
#ifndef _IOFLUSH_PGTABLE_FMT_ARM_CASE_H
#define _IOFLUSH_PGTABLE_FMT_ARM_CASE_H

#include <linux/ioflush/pgtable_arm.h>

#include "../test_util.h"

#define SZ_4T_ULL	BIT_ULL(42)
#define SZ_16G_ULL	BIT_ULL(34)

/* What a granule comes with when a config asks for all there is. */
#define ARM_4K_SIZES	(SZ_4K | SZ_64K | SZ_2M | SZ_32M | SZ_1G)
#define ARM_16K_SIZES	(SZ_16K | SZ_2M | SZ_32M | SZ_1G)
#define ARM_64K_SIZES	(SZ_64K | SZ_2M | SZ_512M | SZ_16G_ULL)

/**
 * struct arm_case - one leaf: where it has to be, and all of its 64 bits
 * @name: with the manual's section
 * @sizes: leaf sizes of the table; the lowest is the granule
 * @ias_bits: width of the input address
 * @oas_bits: width of the output address
 * @iova: input address
 * @paddr: output address
 * @pgsize: leaf size
 * @prot: what is asked for
 * @idx: indices from the root down to the leaf's first entry
 * @depth: how many of them
 * @pte: the leaf's first entry
 * @got: what the leaf says about @prot
 * @run: entries of the leaf; 0 for 1
 */
struct arm_case {
	const char *name;
	unsigned long sizes;
	u8 ias_bits;
	u8 oas_bits;
	unsigned long iova;
	phys_addr_t paddr;
	unsigned long pgsize;
	int prot;
	u32 idx[4];
	u8 depth;
	u64 pte;
	int got;
	u8 run;
};

/**
 * struct arm_cfg_case - a config and what becomes of it
 * @ias_bits: width of the input address
 * @oas_bits: width of the output address
 * @sizes: leaf sizes asked for
 * @ret: what the init returns
 * @levels: number of levels
 * @kept: leaf sizes that remain
 */
struct arm_cfg_case {
	u8 ias_bits;
	u8 oas_bits;
	unsigned long sizes;
	int ret;
	u8 levels;
	unsigned long kept;
};

/**
 * struct arm_regs_case - a config and what a driver would program
 * @sizes: leaf sizes; the lowest is the granule
 * @ias_bits: width of the input address
 * @oas_bits: width of the output address
 * @tsz: T0SZ
 * @tg: TG0
 * @ps: IPS or PS
 * @sl: SL0
 * @start_level: level of the root
 */
struct arm_regs_case {
	unsigned long sizes;
	u8 ias_bits;
	u8 oas_bits;
	u8 tsz;
	u8 tg;
	u8 ps;
	u8 sl;
	u8 start_level;
};

/**
 * struct arm_split_case - a contiguous group that loses one entry
 * @sizes: leaf sizes of the table
 * @pgsize: size of the group
 * @entry: size of one entry
 */
struct arm_split_case {
	unsigned long sizes;
	unsigned long pgsize;
	unsigned long entry;
};

void arm_case_name(const struct arm_case *c, char *desc);
struct iopgt_kunit *arm_case_new(struct kunit *test,
				 const struct iopgt_ops *ops,
				 unsigned long sizes, u8 ias_bits, u8 oas_bits);
void arm_case_run(struct kunit *test, const struct iopgt_ops *ops,
		  const struct arm_case *c, u64 table_low);
void arm_case_cfg(struct kunit *test, const struct iopgt_ops *ops,
		  const struct arm_cfg_case *c, unsigned int n);
void arm_case_refused(struct kunit *test, const struct iopgt_ops *ops);
void arm_case_regs(struct kunit *test, const struct iopgt_ops *ops,
		   const struct arm_regs_case *c, unsigned int n,
		   void (*get)(const struct iopgt *pgt,
			       struct iopgt_arm_regs *regs));
void arm_case_split(struct kunit *test, const struct iopgt_ops *ops,
		    const struct arm_split_case *c);

#endif /* _IOFLUSH_PGTABLE_FMT_ARM_CASE_H */
