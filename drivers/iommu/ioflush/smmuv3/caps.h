/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what an SMMU can do
 */
#ifndef _IOFLUSH_SMMU3_CAPS_H
#define _IOFLUSH_SMMU3_CAPS_H

#include <linux/types.h>

struct iopgt_cfg;

/**
 * struct smmu3_idr - identification registers as read, IHI 0070 section 6.3
 * @idr0: SMMU_IDR0
 * @idr1: SMMU_IDR1
 * @idr3: SMMU_IDR3
 * @idr5: SMMU_IDR5
 * @iidr: SMMU_IIDR
 * @aidr: SMMU_AIDR
 */
struct smmu3_idr {
	u32 idr0;
	u32 idr1;
	u32 idr3;
	u32 idr5;
	u32 iidr;
	u32 aidr;
};

/**
 * struct smmu3_caps - the same, decoded
 * @idr: where it comes from
 * @minor: SMMUv3.minor
 * @stage1: translates stage 1
 * @stage2: translates stage 2
 * @two_level: stream tables may have two levels
 * @coherent: walks and queues snoop the caches of CPUs
 * @ats: understands requests of PCI devices for translations
 * @msi: can signal by messages
 * @stall_forced: every fault stalls
 * @httu_dirty: sets access flags and dirty state itself
 * @hitless: a block may become a table without a break in between (BBML 2)
 * @range_inval: invalidates ranges
 * @ranges_only: and single addresses not, but as ranges: SMMU3_QUIRK_RANGES_ONLY
 * @id_bits_asid: 8 or 16
 * @id_bits_vmid: 8 or 16
 * @sid_bits: width of StreamIDs
 * @cmdq_lg2: log2 of the largest command queue
 * @evtq_lg2: log2 of the largest event queue
 * @ias_bits: width of IPAs
 * @oas_bits: width of physical addresses
 * @va_bits: width of input addresses of stage 1
 * @pgsize_bitmap: leaf sizes of all granules it has
 */
struct smmu3_caps {
	struct smmu3_idr idr;
	u8 minor;
	bool stage1;
	bool stage2;
	bool two_level;
	bool coherent;
	bool ats;
	bool msi;
	bool stall_forced;
	bool httu_dirty;
	bool hitless;
	bool range_inval;
	bool ranges_only;
	u8 id_bits_asid;
	u8 id_bits_vmid;
	u8 sid_bits;
	u8 cmdq_lg2;
	u8 evtq_lg2;
	u8 ias_bits;
	u8 oas_bits;
	u8 va_bits;
	unsigned long pgsize_bitmap;
};

int smmu3_caps_decode(struct smmu3_caps *caps, const struct smmu3_idr *idr,
		      const char **why);
void smmu3_caps_limit_httu(struct smmu3_caps *caps, u32 httu);
u8 smmu3_caps_granule_lg2(const struct smmu3_caps *caps, u8 page_lg2);
int smmu3_caps_pgt_cfg(const struct smmu3_caps *caps, bool stage2,
		       bool coherent, struct iopgt_cfg *cfg);

#endif /* _IOFLUSH_SMMU3_CAPS_H */
