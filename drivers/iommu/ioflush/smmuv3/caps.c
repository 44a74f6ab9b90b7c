// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what an SMMU can do
 *
 * Pure functions: registers in, decisions out.
 */
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/sizes.h>

#include <linux/ioflush/pgtable.h>

#include "caps.h"
#include "regs.h"

/* Section 3.5.1: queues have up to 2^19 entries. */
#define SMMU3_QUEUE_LG2_MAX	19
/* What a batch of commands and those of other CPUs need at least. */
#define SMMU3_CMDQ_LG2_MIN	6
#define SMMU3_EVTQ_LG2_MIN	2

/* Section 6.3.6, OAS: 0b111 and more is for a format that we do not use. */
static u8 caps_oas_bits(u32 idr5)
{
	static const u8 widths[] = { 32, 36, 40, 42, 44, 48, 52 };
	u32 oas = FIELD_GET(SMMU3_IDR5_OAS, idr5);

	return widths[min_t(u32, oas, ARRAY_SIZE(widths) - 1)];
}

/*
 * Section 3.4: an IPA is as wide as a physical address, where tables of
 * AArch32 are understood no less than 40 bits.
 */
static u8 caps_ias_bits(u32 idr0, u8 oas_bits)
{
	if (FIELD_GET(SMMU3_IDR0_TTF, idr0) & ~SMMU3_IDR0_TTF_AARCH64)
		return max_t(u8, oas_bits, 40);
	return oas_bits;
}

/* Section 6.3.6, VAX: the format with 56 bits is again not ours. */
static u8 caps_va_bits(u32 idr5)
{
	switch (FIELD_GET(SMMU3_IDR5_VAX, idr5)) {
	case SMMU3_IDR5_VAX_52:
	case SMMU3_IDR5_VAX_56:
		return 52;
	default:
		return 48;
	}
}

static unsigned long caps_pgsizes(u32 idr5, u8 oas_bits)
{
	unsigned long sizes = 0;

	if (idr5 & SMMU3_IDR5_GRAN4K)
		sizes |= SZ_4K | SZ_2M | SZ_1G;
	if (idr5 & SMMU3_IDR5_GRAN16K)
		sizes |= SZ_16K | SZ_32M;
	if (idr5 & SMMU3_IDR5_GRAN64K)
		sizes |= SZ_64K | SZ_512M | (oas_bits == 52 ? BIT(42) : 0);
	return sizes;
}

static void caps_fill(struct smmu3_caps *caps, const struct smmu3_idr *idr)
{
	const u32 idr0 = idr->idr0, idr1 = idr->idr1, idr3 = idr->idr3;
	const u32 httu = FIELD_GET(SMMU3_IDR0_HTTU, idr0);
	const u8 oas_bits = caps_oas_bits(idr->idr5);
	const bool stalls = FIELD_GET(SMMU3_IDR0_STALL_MODEL, idr0) ==
			    SMMU3_IDR0_STALL_ALWAYS;

	*caps = (struct smmu3_caps) {
		.idr = *idr,
		.minor = FIELD_GET(SMMU3_AIDR_MINOR, idr->aidr),
		.stage1 = idr0 & SMMU3_IDR0_S1P,
		.stage2 = idr0 & SMMU3_IDR0_S2P,
		.two_level = FIELD_GET(SMMU3_IDR0_ST_LEVEL, idr0) ==
			     SMMU3_IDR0_ST_LEVEL_2,
		.coherent = idr0 & SMMU3_IDR0_COHACC,
		/* No entry of stage 2 may have both, section 5.2, EATS. */
		.ats = idr0 & SMMU3_IDR0_ATS && !stalls,
		.msi = idr0 & SMMU3_IDR0_MSI,
		.stall_forced = stalls,
		.httu_dirty = httu >= SMMU3_IDR0_HTTU_DIRTY,
		.hitless = FIELD_GET(SMMU3_IDR3_BBML, idr3) >= 2,
		.range_inval = idr3 & SMMU3_IDR3_RIL,
		.id_bits_asid = idr0 & SMMU3_IDR0_ASID16 ? 16 : 8,
		.id_bits_vmid = idr0 & SMMU3_IDR0_VMID16 ? 16 : 8,
		.sid_bits = FIELD_GET(SMMU3_IDR1_SIDSIZE, idr1),
		.cmdq_lg2 = min_t(u8, FIELD_GET(SMMU3_IDR1_CMDQS, idr1),
				  SMMU3_QUEUE_LG2_MAX),
		.evtq_lg2 = min_t(u8, FIELD_GET(SMMU3_IDR1_EVENTQS, idr1),
				  SMMU3_QUEUE_LG2_MAX),
		.ias_bits = caps_ias_bits(idr0, oas_bits),
		.oas_bits = oas_bits,
		.va_bits = caps_va_bits(idr->idr5),
		.pgsize_bitmap = caps_pgsizes(idr->idr5, oas_bits),
	};
}

static bool caps_absent(const struct smmu3_idr *idr)
{
	return (!idr->idr0 && !idr->idr1) || (!~idr->idr0 && !~idr->idr1);
}

/* What of its tables and queues we have no way to use; NULL if all is well. */
static const char *caps_refuse_memory(const struct smmu3_caps *caps)
{
	const u32 idr1 = caps->idr.idr1;

	if (idr1 & SMMU3_IDR1_TABLES_PRESET)
		return "its stream table is at a fixed place";
	if (idr1 & SMMU3_IDR1_QUEUES_PRESET)
		return "its queues are at a fixed place";
	if (caps->cmdq_lg2 < SMMU3_CMDQ_LG2_MIN)
		return "its command queue is too small";
	if (caps->evtq_lg2 < SMMU3_EVTQ_LG2_MIN)
		return "its event queue is too small";
	if (caps->sid_bits > 32)
		return "its StreamIDs have more than 32 bits";
	return NULL;
}

/* The same for translations. */
static const char *caps_refuse_translation(const struct smmu3_caps *caps)
{
	const u32 idr0 = caps->idr.idr0;

	if (!caps->stage1 && !caps->stage2)
		return "it translates neither stage";
	if (!(FIELD_GET(SMMU3_IDR0_TTF, idr0) & SMMU3_IDR0_TTF_AARCH64))
		return "it does not walk AArch64 tables";
	switch (FIELD_GET(SMMU3_IDR0_TTENDIAN, idr0)) {
	case SMMU3_IDR0_TTENDIAN_MIXED:
	case SMMU3_IDR0_TTENDIAN_LE:
		break;
	default:
		return "it does not walk little-endian tables";
	}
	if (!caps->pgsize_bitmap)
		return "it has no translation granule";
	return NULL;
}

/**
 * smmu3_caps_decode() - make sense of a unit's identification registers
 * @caps: receives the result, also of a unit that is refused
 * @idr: the registers
 * @why: receives one clause that says why the unit is refused
 *
 * Context: any context.
 * Return: 0; -ENODEV if no SMMUv3 answers at these registers; -EOPNOTSUPP if
 *	one does that we cannot drive.
 */
int smmu3_caps_decode(struct smmu3_caps *caps, const struct smmu3_idr *idr,
		      const char **why)
{
	caps_fill(caps, idr);
	if (caps_absent(idr)) {
		*why = "nothing answers at its registers";
		return -ENODEV;
	}
	/* Section 6.3.8: 0 is SMMUv3. */
	if (FIELD_GET(SMMU3_AIDR_MAJOR, idr->aidr)) {
		*why = "it is of an architecture after SMMUv3";
		return -ENODEV;
	}

	*why = caps_refuse_memory(caps);
	if (!*why)
		*why = caps_refuse_translation(caps);
	return *why ? -EOPNOTSUPP : 0;
}

/**
 * smmu3_caps_limit_httu() - what firmware says of updates of table entries
 * @caps: decoded capabilities
 * @httu: what IORT has for the unit, coded as in IDR0; 3 is reserved
 *
 * Whether entries can be updated is up to what lies between the unit and memory,
 * too. Firmware knows that, but can add nothing to what the unit has.
 *
 * Context: any context.
 */
void smmu3_caps_limit_httu(struct smmu3_caps *caps, u32 httu)
{
	caps->httu_dirty &= httu == SMMU3_IDR0_HTTU_DIRTY;
}

/**
 * smmu3_caps_granule_lg2() - the granule of a unit's tables
 * @caps: decoded capabilities
 * @page_lg2: log2 of the size of the kernel's pages
 *
 * The kernel's page, if the unit has that; else the largest that is smaller,
 * so that each page can be mapped by itself; else the smallest.
 *
 * Return: log2 of the granule: 12, 14 or 16.
 */
u8 smmu3_caps_granule_lg2(const struct smmu3_caps *caps, u8 page_lg2)
{
	static const u8 granules[] = { 16, 14, 12 };
	u8 best = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(granules); i++) {
		if (!(caps->pgsize_bitmap & BIT(granules[i])))
			continue;
		best = granules[i];
		if (best <= page_lg2)
			break;
	}
	return best;
}

/**
 * smmu3_caps_pgt_cfg() - the page table that suits a unit
 * @caps: decoded capabilities
 * @stage2: a table of stage 2
 * @coherent: walks snoop the caches of CPUs
 * @cfg: receives the result; whether leaves are to show dirty state is left to
 *	the caller
 *
 * 52 bits of address are only to be had with the granule of 64 KiB, DDI 0487
 * D8.2.
 *
 * Context: any context.
 * Return: 0, or -EOPNOTSUPP if the unit does not translate that stage.
 */
int smmu3_caps_pgt_cfg(const struct smmu3_caps *caps, bool stage2,
		       bool coherent, struct iopgt_cfg *cfg)
{
	const u8 granule_lg2 = smmu3_caps_granule_lg2(caps, PAGE_SHIFT);
	/* Bits of an address that each level resolves. */
	const unsigned int stride = granule_lg2 - 3;
	const u8 width = granule_lg2 == 16 ? 52 : 48;
	unsigned long sizes = 0;

	if (!(stage2 ? caps->stage2 : caps->stage1))
		return -EOPNOTSUPP;

	for (unsigned int lg2 = granule_lg2; lg2 < width; lg2 += stride)
		sizes |= caps->pgsize_bitmap & BIT(lg2);

	*cfg = (struct iopgt_cfg) {
		.ias_bits = min(stage2 ? caps->ias_bits : caps->va_bits, width),
		.oas_bits = min(caps->oas_bits, width),
		.pgsize_bitmap = sizes,
		.coherent_walk = coherent,
		.hitless = caps->hitless,
		.nid = NUMA_NO_NODE,
	};
	return 0;
}
