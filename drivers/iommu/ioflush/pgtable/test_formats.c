// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the formats that the KUnit suites of pgtable/ run through
 *
 * Every suite that is not about the bits of one format takes its parameter from
 * here. Shapes are from the manuals: a test that computes what a table has to
 * look like uses these, and not what the format tells the walker.
 */
#include "test_util.h"

#define COHERENT(ias, oas, sizes) {		\
		.ias_bits = (ias),		\
		.oas_bits = (oas),		\
		.pgsize_bitmap = (sizes),	\
		.coherent_walk = true,		\
		.hw_dirty = true,		\
		.nid = NUMA_NO_NODE,		\
	}

/*
 * VT-d specification, section 3.7: 9 bits a level, leaves at the three lowest.
 * Section 9.8: a write sets A (bit 8) and D (bit 9).
 */
#define VTDSS(ias, oas, n) {						\
		.name = "vtdss " #ias,					\
		.ops = &iopgt_vtdss_ops,				\
		.cfg = COHERENT(ias, oas, SZ_4K | SZ_2M | SZ_1G),	\
		.granule_lg2 = 12,					\
		.idx_lg2 = 9,						\
		.levels = (n),						\
		.leaf_levels = 3,					\
		.written_mask = BIT_ULL(8) | BIT_ULL(9),		\
		.written_bits = BIT_ULL(8) | BIT_ULL(9),		\
		.hw = iopgt_vtdss_hw,					\
	}

/* Section 9.7: bits 47 and 56 of an address are its sign. A: 5, D: 6. */
#define X86_64(ias, oas, n) {						\
		.name = "x86_64 " #ias,					\
		.ops = &iopgt_x86_64_ops,				\
		.cfg = COHERENT(ias, oas, SZ_4K | SZ_2M | SZ_1G),	\
		.granule_lg2 = 12,					\
		.idx_lg2 = 9,						\
		.levels = (n),						\
		.leaf_levels = 3,					\
		.written_mask = BIT_ULL(5) | BIT_ULL(6),		\
		.written_bits = BIT_ULL(5) | BIT_ULL(6),		\
		.hw = iopgt_x86_64_hw,					\
	}

/*
 * AMD IOMMU specification, section 2.2.3: a leaf of any power of two, made of
 * equal entries. Here a choice of them, at each level at both ends and between.
 * A is bit 5, D is bit 6.
 */
#define AMDV1_SIZES	(SZ_4K | SZ_8K | SZ_64K | SZ_1M | SZ_2M | SZ_4M | \
			 SZ_32M | SZ_512M | SZ_1G)
#define AMDV1(ias, oas, n, more) {					\
		.name = "amdv1 " #ias,					\
		.ops = &iopgt_amdv1_ops,				\
		.cfg = COHERENT(ias, oas, AMDV1_SIZES | (more)),	\
		.granule_lg2 = 12,					\
		.idx_lg2 = 9,						\
		.levels = (n),						\
		.leaf_levels = 5,					\
		.runs = {						\
			GENMASK(8, 1), GENMASK(8, 1), GENMASK(8, 1),	\
			GENMASK(8, 1), GENMASK(3, 1),			\
		},							\
		.written_mask = BIT_ULL(5) | BIT_ULL(6),		\
		.written_bits = BIT_ULL(5) | BIT_ULL(6),		\
		.hw = iopgt_amdv1_hw,					\
	}

/*
 * RISC-V privileged specification, chapters on Sv39 and its wider kin, and on
 * Svnapot: leaves at all levels, and of 16 entries at the lowest. The highest
 * bit of an address is its sign. A: 6, D: 7.
 */
#define RISCV(ias, oas, n, more) {					\
		.name = "riscv " #ias,					\
		.ops = &iopgt_riscv_ops,				\
		.cfg = COHERENT(ias, oas, SZ_4K | SZ_64K | SZ_2M |	\
				SZ_1G | (more)),			\
		.granule_lg2 = 12,					\
		.idx_lg2 = 9,						\
		.levels = (n),						\
		.leaf_levels = 5,					\
		.runs = { BIT(4) },					\
		.written_mask = BIT_ULL(6) | BIT_ULL(7),		\
		.written_bits = BIT_ULL(6) | BIT_ULL(7),		\
		.hw = iopgt_riscv_hw,					\
	}

/*
 * DDI 0487, D8.2 the levels of each granule, D8.3 where blocks are, D8.7.1 how
 * many entries the Contiguous bit joins. D8.5: a write clears AP[2] in stage 1
 * and sets S2AP[1] in stage 2, both bit 7.
 */
#define ARM_4K	.granule_lg2 = 12, .idx_lg2 = 9, .leaf_levels = 3,	\
		.runs = { BIT(4), BIT(4) }
#define ARM_16K	.granule_lg2 = 14, .idx_lg2 = 11, .leaf_levels = 2,	\
		.runs = { BIT(7), BIT(5) }
#define ARM_64K	.granule_lg2 = 16, .idx_lg2 = 13, .leaf_levels = 2,	\
		.runs = { BIT(5), BIT(5) }
/* Blocks of 4 TiB come with 52 bits. */
#define ARM_64K_52							\
		.granule_lg2 = 16, .idx_lg2 = 13, .leaf_levels = 3,	\
		.runs = { BIT(5), BIT(5) }
#define ARM_SIZES_4K	(SZ_4K | SZ_64K | SZ_2M | SZ_32M | SZ_1G)
#define ARM_SIZES_16K	(SZ_16K | SZ_2M | SZ_32M | SZ_1G)
#define ARM_SIZES_64K	(SZ_64K | SZ_2M | SZ_512M | BIT(34))

#define ARM_S1(granule, sizes, ias, oas, n) {				\
		.name = "arm-s1 " #granule " " #ias,			\
		.ops = &iopgt_arm_s1_ops,				\
		.cfg = COHERENT(ias, oas, sizes),			\
		.levels = (n),						\
		ARM_##granule,						\
		.written_mask = BIT_ULL(7),				\
		.written_bits = 0,					\
		.hw = iopgt_arm_s1_hw,					\
	}
#define ARM_S2(granule, sizes, ias, oas, n) {				\
		.name = "arm-s2 " #granule " " #ias,			\
		.ops = &iopgt_arm_s2_ops,				\
		.cfg = COHERENT(ias, oas, sizes),			\
		.levels = (n),						\
		ARM_##granule,						\
		.written_mask = BIT_ULL(7),				\
		.written_bits = BIT_ULL(7),				\
		.hw = iopgt_arm_s2_hw,					\
	}

static const struct iopgt_kunit_format formats[] = {
	VTDSS(48, 46, 4),
	VTDSS(39, 39, 3),
	VTDSS(57, 52, 5),

	X86_64(47, 46, 4),
	X86_64(56, 52, 5),

	AMDV1(39, 48, 3, 0),
	AMDV1(48, 52, 4, BIT(39)),
	AMDV1(57, 52, 5, 0),
	AMDV1(64, 52, 6, BIT(39)),

	RISCV(38, 44, 3, 0),
	RISCV(47, 56, 4, BIT(39)),
	RISCV(56, 56, 5, BIT(39) | BIT(48)),

	ARM_S1(4K, ARM_SIZES_4K, 48, 48, 4),
	ARM_S1(4K, ARM_SIZES_4K, 39, 40, 3),
	/* a root of four entries */
	ARM_S1(4K, ARM_SIZES_4K, 32, 36, 3),
	/* a root of two entries */
	ARM_S1(16K, ARM_SIZES_16K, 48, 48, 4),
	ARM_S1(16K, ARM_SIZES_16K, 36, 40, 2),
	ARM_S1(64K, ARM_SIZES_64K, 48, 48, 3),
	ARM_S1(64K, ARM_SIZES_64K, 42, 44, 2),
	ARM_S1(64K_52, ARM_SIZES_64K | BIT(42), 52, 52, 3),

	ARM_S2(4K, ARM_SIZES_4K, 48, 48, 4),
	/* two tables concatenated, and 16 */
	ARM_S2(4K, ARM_SIZES_4K, 40, 40, 3),
	ARM_S2(4K, ARM_SIZES_4K, 43, 44, 3),
	ARM_S2(16K, ARM_SIZES_16K, 48, 48, 3),
	ARM_S2(16K, ARM_SIZES_16K, 40, 42, 2),
	ARM_S2(64K, ARM_SIZES_64K, 46, 48, 2),
	ARM_S2(64K_52, ARM_SIZES_64K | BIT(42), 52, 52, 3),
};

/**
 * iopgt_kunit_formats() - the parameter generator for KUNIT_CASE_PARAM()
 * @prev: the last parameter, NULL for the first
 * @desc: receives its name
 *
 * Context: any context.
 * Return: a struct iopgt_kunit_format, or NULL at the end.
 */
const void *iopgt_kunit_formats(IOFLUSH_KUNIT_PREV prev, char *desc)
{
	const struct iopgt_kunit_format *f = prev;

	f = f ? f + 1 : formats;
	if (f == formats + ARRAY_SIZE(formats))
		return NULL;
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
	return f;
}

/**
 * iopgt_kunit_format() - the first configuration of a format
 * @ops: the format
 *
 * Context: any context.
 * Return: it; NULL if it is not among them.
 */
const struct iopgt_kunit_format *
iopgt_kunit_format(const struct iopgt_ops *ops)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].ops == ops)
			return &formats[i];
	return NULL;
}

/**
 * iopgt_kunit_configs() - in how many configurations is a format here?
 * @f: one of them
 *
 * Context: any context.
 * Return: a number.
 */
unsigned int iopgt_kunit_configs(const struct iopgt_kunit_format *f)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		n += formats[i].ops == f->ops;
	return n;
}
