/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: commands of an SMMU, IHI 0070 chapter 4
 */
#ifndef _IOFLUSH_SMMU3_CMD_H
#define _IOFLUSH_SMMU3_CMD_H

#include <linux/ioflush/flush.h>
#include <linux/ioflush/invq.h>

struct smmu3_caps;

/**
 * struct smmu3_tag - what a domain's translations are tagged with in a unit
 * @stage2: @id is a VMID; else an ASID
 * @id: the tag
 * @granule_lg2: log2 of the table's granule: 12, 14 or 16
 */
struct smmu3_tag {
	bool stage2;
	u16 id;
	u8 granule_lg2;
};

void smmu3_cmd_cfgi_ste(struct invq_cmd *cmd, u32 sid);
void smmu3_cmd_cfgi_all(struct invq_cmd *cmd);
void smmu3_cmd_tlbi_all(struct invq_cmd *cmd);
void smmu3_cmd_tlbi_tag(struct invq_cmd *cmd, const struct smmu3_tag *tag);
void smmu3_cmd_atc_inv(struct invq_cmd *cmd, u32 sid, unsigned long start,
		       unsigned long last);
void smmu3_cmd_atc_inv_all(struct invq_cmd *cmd, u32 sid);
void smmu3_cmd_sync(struct invq_cmd *cmd);
void smmu3_cmd_sync_msi(struct invq_cmd *cmd, phys_addr_t word, bool coherent);
unsigned int smmu3_cmd_tlbi_range(struct invq_cmd *cmds, unsigned int room,
				  const struct smmu3_caps *caps,
				  const struct smmu3_tag *tag,
				  const struct ioflush_range *range);

#endif /* _IOFLUSH_SMMU3_CMD_H */
