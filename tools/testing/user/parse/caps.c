// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: any capability registers of VT-d and SMMUv3, and any event records
 *
 * The first byte of the input chooses what the rest is. For each unit that is accepted
 * a table is made and used, as its domains would.
 */
#include <linux/acpi.h>
#include <linux/align.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/property.h>
#include <linux/seq_file.h>

#include "parse.h"
#include "../../../../drivers/iommu/ioflush/smmuv3/caps.h"
#include "../../../../drivers/iommu/ioflush/smmuv3/event.h"
#include "../../../../drivers/iommu/ioflush/smmuv3/quirks.h"
#include "../../../../drivers/iommu/ioflush/vtd/caps.h"
#include "../../../../drivers/iommu/ioflush/vtd/inval.h"

/* A page can be mapped at the first address, and at the last that is handed out. */
static void table_works(const struct iopgt_ops *ops, const struct iopgt_cfg *cfg,
			u64 most, struct iopgt *pgt)
{
	struct iopgt_gather gather;
	unsigned long last, at[2];
	size_t page, mapped;
	unsigned int i;

	EXPECT(!iopgt_init(pgt, ops, cfg), "%u to %u bits, pages %#lx",
	       cfg->ias_bits, cfg->oas_bits, cfg->pgsize_bitmap);
	page = BIT(__ffs(pgt->cfg.pgsize_bitmap));
	last = min_t(u64, most, pgt->ias_last);
	EXPECT(last >= 2 * PAGE_SIZE - 1 && last >= 2 * page - 1, "%#lx", last);
	at[0] = 0;
	at[1] = last - (page - 1);
	for (i = 0; i < 2; i++) {
		mapped = 0;
		EXPECT(!iopgt_map_pages(pgt, at[i], 0, page, 1, IOMMU_READ,
					GFP_KERNEL, &mapped), "%#lx", at[i]);
		iopgt_gather_init(&gather, false);
		EXPECT(iopgt_unmap_pages(pgt, at[i], page, &gather) == page,
		       "%#lx", at[i]);
		iopgt_free_pages(pgt, &gather.pages);
	}
}

/* Widths, numbers and places are such as the specification has, section 11.4.2. */
static void vtd_within(const struct vtd_caps *c)
{
	EXPECT(c->levels_mask & BIT(c->levels) &&
	       !(c->levels_mask & ~(BIT(3) | BIT(4))), "%u of %#x", c->levels,
	       c->levels_mask);
	EXPECT(c->levels_max >= c->levels && c->levels_max <= 5, "%u",
	       c->levels_max);
	EXPECT(c->mgaw_bits >= 32 && c->mgaw_bits <= 64, "%u", c->mgaw_bits);
	EXPECT(c->domains >= 16 && c->domains <= 65536, "%u", c->domains);
	EXPECT(c->fault_regs && c->fault_regs <= 256, "%u", c->fault_regs);
	EXPECT(c->mamv <= 63, "%u", c->mamv);
	EXPECT(c->pgsize_bitmap & SZ_4K &&
	       !(c->pgsize_bitmap & ~(SZ_4K | SZ_2M | SZ_1G)), "%#lx",
	       c->pgsize_bitmap);
}

/* All registers that are used are mapped, and no more than a unit can have. */
static void vtd_registers_mapped(const struct vtd_caps *c)
{
	EXPECT(c->regs_bytes >= SZ_4K && c->regs_bytes <= SZ_32K, "%u",
	       c->regs_bytes);
	EXPECT(c->fault_offset + 16 * c->fault_regs <= c->regs_bytes, "%u",
	       c->fault_offset);
	EXPECT(c->iotlb_offset + 16 <= c->regs_bytes, "%u", c->iotlb_offset);
}

/* Blocks of no more than the unit takes, which are the range and nothing else. */
static void vtd_range_exact(const struct vtd_caps *c, u64 start, u64 pages)
{
	const struct ioflush_range range = {
		.start = start << 12, .last = ((start + pages) << 12) - 1,
	};
	struct invq_cmd cmds[VTD_RANGE_CMDS];
	unsigned int n = vtd_inv_range(cmds, c, 1, &range), i;
	u64 next = range.start;

	for (i = 0; i < n; i++) {
		u64 hi = le64_to_cpu(cmds[i].u64s[1]);
		u64 lg2 = hi & VTD_INV_IOTLB_HI_AM;

		EXPECT(lg2 <= c->mamv, "%llu", lg2);
		EXPECT((hi & VTD_INV_IOTLB_HI_ADDR) == next, "%#llx", next);
		EXPECT(IS_ALIGNED(next, 1ULL << (12 + lg2)), "%#llx", next);
		next += 1ULL << (12 + lg2);
	}
	EXPECT(!n || next == range.last + 1, "%#llx", next);
	EXPECT(n || !c->page_selective || pages > 1, "%llu", pages);
}

/* Of the format that the mode asks for */
static void vtd_table_works(const struct vtd_caps *c, u8 haw)
{
	struct iopgt pgt = {};
	struct iopgt_cfg cfg;

	vtd_caps_pgt_cfg(c, haw, &cfg);
	table_works(vtd_caps_format(c), &cfg, vtd_caps_last(c), &pgt);
	EXPECT(pgt.levels == c->levels, "%u", pgt.levels);
	EXPECT(vtd_caps_fit(c, haw, &pgt, vtd_caps_last(c)), "");
	iopgt_destroy(&pgt);
}

static void vtd(struct input in)
{
	const u64 cap = input_number(&in, 8), ecap = input_number(&in, 8);
	const u8 haw = 32 + input_number(&in, 1) % 21;
	const u8 version = input_number(&in, 1);
	struct vtd_caps c;
	int ret;

	ret = vtd_caps_decode(&c, cap, ecap);
	if (ret) {
		EXPECT(vtd_caps_unusable(ret), "%d", ret);
		return;
	}
	EXPECT(c.cap == cap && c.ecap == ecap, "");
	vtd_within(&c);
	vtd_registers_mapped(&c);
	ret = vtd_caps_queue(&c, version, input_number(&in, 1) & 1);
	EXPECT(ret != 1 || c.queued, "%d", ret);
	vtd_range_exact(&c, input_number(&in, 4), 1 + input_number(&in, 3));
	vtd_table_works(&c, haw);
	vtd_caps_set_scalable(&c);
	vtd_table_works(&c, haw);
}

/* Sizes of queues are of those that the architecture and we allow, section 3.5.1. */
static void smmu_queues_within(const struct smmu3_caps *c)
{
	EXPECT(c->cmdq_lg2 >= 6 && c->cmdq_lg2 <= 19, "%u", c->cmdq_lg2);
	EXPECT(c->evtq_lg2 >= 2 && c->evtq_lg2 <= 19, "%u", c->evtq_lg2);
	EXPECT(c->sid_bits <= 32, "%u", c->sid_bits);
}

/* Widths are of those that there are, section 6.3.6. */
static void smmu_widths_legal(const struct smmu3_caps *c)
{
	static const u64 legal = BIT(32) | BIT(36) | BIT(40) | BIT(42) |
				 BIT(44) | BIT(48) | BIT(52);

	EXPECT(legal & BIT(c->oas_bits), "%u", c->oas_bits);
	EXPECT(legal & BIT(c->ias_bits) && c->ias_bits >= c->oas_bits, "%u",
	       c->ias_bits);
	EXPECT(c->va_bits == 48 || c->va_bits == 52, "%u", c->va_bits);
	EXPECT(c->id_bits_asid == 8 || c->id_bits_asid == 16, "");
	EXPECT(c->id_bits_vmid == 8 || c->id_bits_vmid == 16, "");
}

/* The granule is one that the unit has: the kernel's page, or the next one. */
static void smmu_granule_had(const struct smmu3_caps *c)
{
	const unsigned long granules = SZ_4K | SZ_16K | SZ_64K;
	unsigned long below, lg2;
	u8 page_lg2;

	EXPECT(c->pgsize_bitmap & granules, "%#lx", c->pgsize_bitmap);
	for (page_lg2 = 12; page_lg2 <= 16; page_lg2 += 2) {
		lg2 = smmu3_caps_granule_lg2(c, page_lg2);
		EXPECT(c->pgsize_bitmap & granules & BIT(lg2), "%lu", lg2);
		below = c->pgsize_bitmap & granules & (BIT(page_lg2 + 1) - 1);
		EXPECT(!below || BIT(lg2) == BIT(__fls(below)), "%lu", lg2);
	}
}

/* Each stage that it has gets a table, and the other none. */
static void smmu_tables_made(const struct smmu3_caps *c)
{
	unsigned int stage;

	for (stage = 1; stage <= 2; stage++) {
		const bool has = stage == 2 ? c->stage2 : c->stage1;
		struct iopgt pgt = {};
		struct iopgt_cfg cfg;
		int ret = smmu3_caps_pgt_cfg(c, stage == 2, true, &cfg);

		EXPECT(ret == (has ? 0 : -EOPNOTSUPP), "%u: %d", stage, ret);
		if (ret)
			continue;
		EXPECT(cfg.oas_bits <= c->oas_bits, "%u", cfg.oas_bits);
		EXPECT(!(cfg.pgsize_bitmap & ~c->pgsize_bitmap), "%#lx",
		       cfg.pgsize_bitmap);
		table_works(stage == 2 ? &iopgt_arm_s2_ops : &iopgt_arm_s1_ops,
			    &cfg, ~0UL, &pgt);
		iopgt_destroy(&pgt);
	}
}

static void smmu(struct input in)
{
	const struct smmu3_idr idr = {
		.idr0 = input_number(&in, 4), .idr1 = input_number(&in, 4),
		.idr3 = input_number(&in, 4), .idr5 = input_number(&in, 4),
		.iidr = input_number(&in, 4), .aidr = input_number(&in, 1),
	};
	const char *why = "";
	struct smmu3_caps c;
	int ret;

	ret = smmu3_caps_decode(&c, &idr, &why);
	EXPECT(!ret == !why, "%d", ret);
	EXPECT(!memcmp(&c.idr, &idr, sizeof(idr)), "");
	if (ret) {
		EXPECT(ret == -ENODEV || ret == -EOPNOTSUPP, "%d", ret);
		EXPECT(*why, "%d", ret);
		return;
	}
	EXPECT(c.stage1 || c.stage2, "");
	smmu_queues_within(&c);
	smmu_widths_legal(&c);
	smmu_granule_had(&c);
	smmu_tables_made(&c);
	smmu3_caps_limit_httu(&c, input_number(&in, 1) & 3);
	EXPECT(!c.httu_dirty || (idr.idr0 >> 6 & 3) >= 2, "%#x", idr.idr0);
}

/**
 * struct fwnode_handle - a node of firmware's: what it is asked, it answers by a byte
 * @answers: the bytes
 */
struct fwnode_handle {
	struct input answers;
};

bool fwnode_device_is_compatible(const struct fwnode_handle *fwnode,
				 const char *compatible)
{
	struct input *in = (struct input *)&fwnode->answers;

	EXPECT(compatible && *compatible, "");
	return input_number(in, 1) & 1;
}

bool fwnode_property_read_bool(const struct fwnode_handle *fwnode,
			       const char *property)
{
	return fwnode_device_is_compatible(fwnode, property);
}

/* How many quirks have been named */
static unsigned int named;

void seq_puts(struct seq_file *m, const char *text)
{
	EXPECT(!strcmp(text, " none"), "%s", text);
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	named++;
}

/* Who is known by nothing has no quirk; each has a name, and the queue's are few. */
static void quirks(struct input in)
{
	const struct smmu3_ident ident = {
		.iidr = input_number(&in, 4), .model = input_number(&in, 4),
	};
	struct fwnode_handle fwnode = { in };
	struct smmu3_ident node = ident;
	u32 all = SMMU3_QUIRK_ONE_PAGE | SMMU3_QUIRK_SYNC_EACH |
		  SMMU3_QUIRK_RANGES_ONLY | SMMU3_QUIRK_TWICE;
	u32 found = smmu3_quirks_find(&ident);

	node.fwnode = &fwnode;
	EXPECT(!(found & ~smmu3_quirks_find(&node)), "%#x", found);
	EXPECT(!(smmu3_quirks_find(&node) & ~all), "%#x", found);
	EXPECT(!(found & SMMU3_QUIRK_TWICE), "%#x", found);
	EXPECT(!(found & SMMU3_QUIRK_ONE_PAGE) ||
	       ident.model == ACPI_IORT_SMMU_V3_CAVIUM_CN99XX, "%u", ident.model);
	EXPECT(!(found & SMMU3_QUIRK_SYNC_EACH) ||
	       (ident.iidr & 0xfff00fff) == 0x4870043b, "%#x", ident.iidr);
	named = 0;
	smmu3_quirks_show(NULL, found);
	EXPECT(named == hweight32(found), "%u of %#x", named, found);
	EXPECT(!(smmu3_quirks_of_cmdq(all) & ~(INVQ_SYNC_EACH | INVQ_TWICE)), "");
}

/* An event fits in the room that there is for it, and has an end. */
static void event_fits(struct input in)
{
	__le64 record[SMMU3_EVENT_U64S];
	struct smmu3_event event;
	char text[SMMU3_EVENT_TEXT];
	struct invq_cmd cmd;
	unsigned int i;
	int n;

	for (i = 0; i < SMMU3_EVENT_U64S; i++)
		record[i] = cpu_to_le64(input_number(&in, 8));
	smmu3_event_decode(&event, record);
	EXPECT(event.type == (le64_to_cpu(record[0]) & 0xff), "%u", event.type);
	EXPECT(!event.stalled || event.mapping, "%u", event.type);
	EXPECT(event.stage <= 2 && event.access, "%u", event.stage);
	EXPECT(smmu3_event_alike(&event, &event), "");
	n = smmu3_event_text(text, sizeof(text), &event, "0000:00:03.0");
	EXPECT(n == strlen(text) && n < sizeof(text) - 1 && text[n - 1] == ')',
	       "%s", text);
	smmu3_event_resume(&cmd, &event);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data + 1, size - 1 };

	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		vtd(in);
		break;
	case 1:
		smmu(in);
		break;
	case 2:
		quirks(in);
		break;
	default:
		event_fits(in);
	}
	EXPECT(!user_pages_used(), "%ld", user_pages_used());
	EXPECT(!user_warnings(), "");
	return 0;
}
