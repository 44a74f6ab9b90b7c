// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a model of the hardware that walks RISC-V tables
 *
 * Written from the privileged architecture: the translation process of the
 * section "Sv32", with the parameters of "Sv39", "Sv48" and "Sv57", and the
 * chapters "Svnapot" and "Svpbmt". It shares nothing with the format under test,
 * so that it can disagree. A request is one of a user's.
 */
#include <linux/io.h>
#include <linux/math.h>

#include "../test_util.h"

/* The names of the bits 7:0 are V, R, W, X, U, G, A, D. */
#define RISCV_HW_V	0x01
#define RISCV_HW_R	0x02
#define RISCV_HW_W	0x04
#define RISCV_HW_X	0x08
#define RISCV_HW_U	0x10
#define RISCV_HW_G	0x20
#define RISCV_HW_A	0x40
#define RISCV_HW_D	0x80

static u64 riscv_hw_ppn(u64 pte)
{
	return pte >> 10 & GENMASK_ULL(43, 0);
}

/* Bits above the page number: N, PBMT, and what is reserved. */
static unsigned int riscv_hw_high(u64 pte)
{
	return pte >> 54;
}

static void riscv_hw_check_table(struct iopgt_kunit *k, u64 pte, int i)
{
	KUNIT_ASSERT_GT_MSG(k->test, i, 0, "%llx", pte);
	/* D, A and U are reserved here, as N and PBMT are; G would be wrong. */
	KUNIT_EXPECT_EQ_MSG(k->test, pte & 0xff, RISCV_HW_V, "%llx", pte);
	/* RSW: one of the bits that are for software. */
	KUNIT_EXPECT_EQ_MSG(k->test, pte & 0x200, 0, "%llx", pte);
	KUNIT_EXPECT_EQ_MSG(k->test, riscv_hw_high(pte), 0, "%llx", pte);
}

static void riscv_hw_check_leaf(struct iopgt_kunit *k, u64 pte, int i, u8 lg2)
{
	const unsigned int high = riscv_hw_high(pte);
	u64 offset = GENMASK_ULL(lg2 - 1, 0) >> 12;

	/* W without R is reserved. */
	KUNIT_EXPECT_TRUE_MSG(k->test, pte & RISCV_HW_R, "%llx", pte);
	/* RSW: bit 9 may be set. */
	KUNIT_EXPECT_EQ_MSG(k->test, pte & (RISCV_HW_G | 0x100), 0, "%llx",
			    pte);
	/* Without A, and without D at a write, hardware may fault. */
	KUNIT_EXPECT_TRUE_MSG(k->test, pte & RISCV_HW_A, "%llx", pte);
	if (!k->pgt.cfg.hw_dirty && (pte & RISCV_HW_W))
		KUNIT_EXPECT_TRUE_MSG(k->test, pte & RISCV_HW_D, "%llx", pte);
	/* N only at the lowest level; PBMT 0 or 2, 3 is reserved; no more. */
	KUNIT_EXPECT_EQ_MSG(k->test, high & ~(i ? 0x100 : 0x300), 0, "%llx",
			    pte);
	/* A superpage is aligned; 1000 in the low bits stands for 64 KiB. */
	KUNIT_EXPECT_EQ_MSG(k->test, riscv_hw_ppn(pte) & offset,
			    high & 0x200 ? 8 : 0, "%llx", pte);
	KUNIT_EXPECT_EQ_MSG(k->test, riscv_hw_ppn(pte) << 12 >>
			    k->pgt.cfg.oas_bits, 0, "%llx", pte);
}

/* All entries of a run are the same, but for what hardware did to some. */
static bool riscv_hw_napot(struct iopgt_kunit *k, const u64 *entry, u64 pte,
			   unsigned int n)
{
	const size_t bytes = n * sizeof(*entry);
	const u64 *first = (const u64 *)round_down((unsigned long)entry, bytes);
	bool dirty = false;
	unsigned int i;

	for (i = 0; i < n; i++) {
		u64 other = iopgt_kunit_load(k, &first[i]);

		if (!READ_ONCE(k->editing))
			KUNIT_EXPECT_EQ_MSG(k->test, (other ^ pte) &
					    ~(u64)(RISCV_HW_A | RISCV_HW_D), 0,
					    "%u of %u: %llx %llx", i, n, other,
					    pte);
		dirty |= other & RISCV_HW_D;
	}
	return dirty;
}

static void riscv_hw_leaf(struct iopgt_kunit *k, struct iopgt_hw_leaf *found,
			  u64 *entry, unsigned long iova, int i)
{
	const u64 pte = found->pte;
	u8 level_lg2 = 12 + 9 * i;
	u8 lg2 = level_lg2 + (pte & BIT_ULL(63) ? 4 : 0);

	riscv_hw_check_leaf(k, pte, i, lg2);
	found->paddr = riscv_hw_ppn(pte) << 12 & ~(BIT_ULL(lg2) - 1);
	found->paddr |= iova & (BIT(lg2) - 1);
	found->entry = entry;
	found->lg2 = lg2;
	found->readable = pte & RISCV_HW_R;
	found->writable = pte & RISCV_HW_W;
	found->dirty = riscv_hw_napot(k, entry, pte, BIT(lg2 - level_lg2));
}

/**
 * iopgt_riscv_hw() - walk as the hardware does
 * @k: the table
 * @iova: the address in a request
 *
 * Context: any context.
 * Return: the leaf; its lg2 is 0 if none is reached.
 */
struct iopgt_hw_leaf iopgt_riscv_hw(struct iopgt_kunit *k, unsigned long iova)
{
	/* Sv39, Sv48 or Sv57; the highest bit of the address is its sign, 0. */
	const int levels = (k->pgt.cfg.ias_bits + 1 - 12) / 9;
	struct iopgt_hw_leaf found = {};
	u64 *a = k->pgt.root;
	int i;

	KUNIT_EXPECT_EQ(k->test, 12 + 9 * levels, k->pgt.cfg.ias_bits + 1);
	KUNIT_EXPECT_EQ(k->test, iova >> k->pgt.cfg.ias_bits, 0);
	for (i = levels - 1;; i--) {
		u64 *entry = &a[iova >> (12 + 9 * i) & 511];
		u64 pte = iopgt_kunit_load(k, entry);

		if (!(pte & RISCV_HW_V)) {
			KUNIT_EXPECT_EQ(k->test, pte, 0);
			found.hole_lg2 = 12 + 9 * i;
			return found;
		}
		if (pte & (RISCV_HW_R | RISCV_HW_W | RISCV_HW_X)) {
			found.pte = pte;
			riscv_hw_leaf(k, &found, entry, iova, i);
			return found;
		}
		riscv_hw_check_table(k, pte, i);
		a = phys_to_virt(riscv_hw_ppn(pte) << 12);
	}
}
