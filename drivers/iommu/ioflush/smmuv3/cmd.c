// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: commands of an SMMU, IHI 0070 chapter 4
 *
 * Pure functions. What covers a range is in two parts: with range
 * invalidation a few commands whatever the leaves are, without it one for each
 * leaf.
 */
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "caps.h"
#include "cmd.h"
#include "regs.h"

/* No input address is wider than this. */
#define SMMU3_ADDR_BITS		52

/* 4.4.1.1: a command covers (NUM + 1) << SCALE granules. */
#define SMMU3_NUM_BITS		5
#define SMMU3_SCALE_MAX		31

static void cmd_put(struct invq_cmd *cmd, u64 w0, u64 w1)
{
	cmd->u64s[0] = cpu_to_le64(w0);
	cmd->u64s[1] = cpu_to_le64(w1);
}

/**
 * smmu3_cmd_cfgi_ste() - forget the entry of a stream, section 4.3.1
 * @cmd: receives the command
 * @sid: the StreamID
 *
 * And its level-1 descriptor, which is not valid until a table is put below
 * it: Leaf is 0. Cached context descriptors of the stream go with it.
 */
void smmu3_cmd_cfgi_ste(struct invq_cmd *cmd, u32 sid)
{
	cmd_put(cmd, SMMU3_OP_CFGI_STE | FIELD_PREP(SMMU3_CMD0_SID, sid), 0);
}

/**
 * smmu3_cmd_cfgi_all() - forget all entries and descriptors, section 4.3.2
 * @cmd: receives the command
 */
void smmu3_cmd_cfgi_all(struct invq_cmd *cmd)
{
	cmd_put(cmd, SMMU3_OP_CFGI_STE_RANGE,
		FIELD_PREP(SMMU3_CFGI1_RANGE, SMMU3_CFGI1_RANGE_ALL));
}

/**
 * smmu3_cmd_tlbi_all() - forget all translations, of both stages
 * @cmd: receives the command
 *
 * All that are not secure and not of a hypervisor's own regime: no others are
 * made. Section 4.4.
 */
void smmu3_cmd_tlbi_all(struct invq_cmd *cmd)
{
	cmd_put(cmd, SMMU3_OP_TLBI_NSNH_ALL, 0);
}

/* Opcode and tag: stage 1 has VMID 0 with each ASID. */
static u64 cmd_tlbi(const struct smmu3_tag *tag, u64 op_s1, u64 op_s2)
{
	if (unlikely(tag->stage2))
		return op_s2 | FIELD_PREP(SMMU3_TLBI0_VMID, tag->id);
	return op_s1 | FIELD_PREP(SMMU3_TLBI0_ASID, tag->id);
}

/**
 * smmu3_cmd_tlbi_tag() - forget the translations of one tag, section 4.4
 * @cmd: receives the command
 * @tag: the tag
 *
 * Walk caches included.
 */
void smmu3_cmd_tlbi_tag(struct invq_cmd *cmd, const struct smmu3_tag *tag)
{
	cmd_put(cmd, cmd_tlbi(tag, SMMU3_OP_TLBI_NH_ASID,
			      SMMU3_OP_TLBI_S12_VMALL), 0);
}

/**
 * smmu3_cmd_atc_inv() - a device forgets translations, section 4.5.1
 * @cmd: receives the command
 * @sid: the device's StreamID
 * @start: first byte of the range
 * @last: last byte
 *
 * The smallest naturally aligned power of two of 4 KiB pages that holds the
 * range: it may be up to the whole address space, for a range around its
 * middle.
 */
void smmu3_cmd_atc_inv(struct invq_cmd *cmd, u32 sid, unsigned long start,
		       unsigned long last)
{
	u64 page = start >> 12;
	/* Address bits above the highest that differs are the same. */
	unsigned int size = fls64(page ^ (last >> 12));

	page &= ~0ULL << size;
	cmd_put(cmd, SMMU3_OP_ATC_INV | FIELD_PREP(SMMU3_CMD0_SID, sid),
		FIELD_PREP(SMMU3_ATC1_SIZE, size) | page << 12);
}

/**
 * smmu3_cmd_atc_inv_all() - a device forgets all translations, section 4.5.1
 * @cmd: receives the command
 * @sid: the device's StreamID
 */
void smmu3_cmd_atc_inv_all(struct invq_cmd *cmd, u32 sid)
{
	cmd_put(cmd, SMMU3_OP_ATC_INV | FIELD_PREP(SMMU3_CMD0_SID, sid),
		FIELD_PREP(SMMU3_ATC1_SIZE, SMMU3_ATC1_SIZE_ALL));
}

/**
 * smmu3_cmd_sync() - all before has finished when it is, section 4.7.3
 * @cmd: receives the command
 *
 * Signals nothing: CMDQ_CONS goes past it.
 */
void smmu3_cmd_sync(struct invq_cmd *cmd)
{
	cmd_put(cmd, SMMU3_OP_SYNC | FIELD_PREP(SMMU3_SYNC0_CS, SMMU3_CS_NONE),
		0);
}

/**
 * smmu3_cmd_sync_msi() - the same, and stores a word then, section 4.7.3
 * @cmd: receives the command; the word's value, 0 here, is the upper half of
 *	the first word of it
 * @word: address of the word, 4-byte aligned
 * @coherent: it is stored through the caches of CPUs
 */
void smmu3_cmd_sync_msi(struct invq_cmd *cmd, phys_addr_t word, bool coherent)
{
	u64 attr = coherent ? SMMU3_MEMATTR_NORMAL_WB : SMMU3_MEMATTR_NORMAL_NC;
	u64 sh = coherent ? SMMU3_SH_INNER : SMMU3_SH_OUTER;

	cmd_put(cmd, SMMU3_OP_SYNC | FIELD_PREP(SMMU3_SYNC0_CS, SMMU3_CS_IRQ) |
		     FIELD_PREP(SMMU3_SYNC0_MSH, sh) |
		     FIELD_PREP(SMMU3_SYNC0_MSIATTR, attr),
		word & SMMU3_SYNC1_MSIADDR);
}

/* What all commands for one range have in common. */
struct tlbi {
	u64 w0;
	u64 w1;
};

static struct tlbi tlbi_by_address(const struct smmu3_tag *tag,
				   const struct ioflush_range *range)
{
	return (struct tlbi) {
		.w0 = cmd_tlbi(tag, SMMU3_OP_TLBI_NH_VA, SMMU3_OP_TLBI_S2_IPA),
		.w1 = range->leaf_only ? SMMU3_TLBI1_LEAF : 0,
	};
}

/*
 * The level of a leaf as the architecture counts it, 3 for the lowest, and the
 * log2 of what an entry there translates. Leaves with the contiguous hint are
 * several entries, and may be cached one by one.
 */
static unsigned int leaf_level(unsigned int granule_lg2, unsigned int leaf_lg2,
			       unsigned int *entry_lg2)
{
	unsigned int above = (leaf_lg2 - granule_lg2) / (granule_lg2 - 3);

	*entry_lg2 = granule_lg2 + above * (granule_lg2 - 3);
	return 3 - above;
}

static u64 tlbi_tg(const struct smmu3_tag *tag)
{
	/* 12, 14 and 16 are 1, 2 and 3. */
	return FIELD_PREP(SMMU3_TLBI1_TG, (tag->granule_lg2 - 10U) / 2);
}

/*
 * A granule of which the level is not known. Without TTL, a range of one (NUM and
 * SCALE 0) is reserved, section 4.4.1.1: the command without a range takes its
 * place. Where that must not be, two granules do, of which it is one.
 */
static void tlbi_alone(struct invq_cmd *cmd, const struct smmu3_caps *caps,
		       const struct smmu3_tag *tag, const struct tlbi *tlbi,
		       u64 granule)
{
	if (likely(!caps->ranges_only))
		cmd_put(cmd, tlbi->w0, tlbi->w1 | granule << tag->granule_lg2);
	else
		cmd_put(cmd, tlbi->w0 | FIELD_PREP(SMMU3_TLBI0_NUM, 1),
			tlbi->w1 | tlbi_tg(tag) |
			(granule & ~1ULL) << tag->granule_lg2);
}

/*
 * Most unmaps are of one page, which is of the lowest level. TTL comes with TG,
 * and what NUM and SCALE of 0 stand for is one granule.
 */
static void tlbi_granule(struct invq_cmd *cmd, const struct smmu3_caps *caps,
			 const struct smmu3_tag *tag,
			 const struct ioflush_range *range)
{
	struct tlbi tlbi = tlbi_by_address(tag, range);

	if (unlikely(!range->leaf_only)) {
		tlbi_alone(cmd, caps, tag, &tlbi,
			   range->start >> tag->granule_lg2);
		return;
	}
	if (caps->range_inval)
		tlbi.w1 |= tlbi_tg(tag) | FIELD_PREP(SMMU3_TLBI1_TTL, 3);
	cmd_put(cmd, tlbi.w0,
		tlbi.w1 | (range->start & ~0ULL << tag->granule_lg2));
}

/* One command an entry, as large as those of the smallest leaf are. */
static unsigned int tlbi_leaves(struct invq_cmd *cmds, unsigned int room,
				const struct smmu3_tag *tag,
				const struct ioflush_range *range)
{
	const struct tlbi tlbi = tlbi_by_address(tag, range);
	unsigned int lg2;
	u64 first, n;

	leaf_level(tag->granule_lg2, range->leaf_lg2, &lg2);
	first = range->start >> lg2;
	n = (range->last >> lg2) - first + 1;
	if (n > room)
		return 0;

	for (unsigned int i = 0; i < n; i++)
		cmd_put(&cmds[i], tlbi.w0, tlbi.w1 | (first + i) << lg2);
	return n;
}

/*
 * TTL, section 4.4.1.1: says that all the leaves in scope are of one level; what
 * is of another need not be invalidated. We know no more than the smallest
 * size. If one of the next size fits, but for a range that is just as large and
 * does have a smaller one, it is better not to say. Nor where tables went.
 */
static unsigned int tlbi_ttl(const struct smmu3_tag *tag,
			     const struct ioflush_range *range)
{
	const unsigned int stride = tag->granule_lg2 - 3;
	unsigned int level, lg2;

	level = leaf_level(tag->granule_lg2, range->leaf_lg2, &lg2);
	if (!range->leaf_only ||
	    (range->last - range->start) >> (lg2 + stride) ||
	    ((range->start | (range->last + 1)) & (BIT_ULL(lg2) - 1)))
		return 0;
	return level;
}

/*
 * Ranges from the lowest digit of the number of granules, in base 32, to the
 * highest; digits that are 0 take none.
 */
static unsigned int tlbi_ranges(struct invq_cmd *cmds, unsigned int room,
				const struct smmu3_caps *caps,
				const struct smmu3_tag *tag,
				const struct ioflush_range *range)
{
	const unsigned int granule_lg2 = tag->granule_lg2;
	const u64 ttl = FIELD_PREP(SMMU3_TLBI1_TTL, tlbi_ttl(tag, range));
	const u64 tg = tlbi_tg(tag);
	const struct tlbi tlbi = tlbi_by_address(tag, range);
	u64 at = range->start >> granule_lg2;
	u64 left = (range->last >> granule_lg2) - at + 1;
	unsigned int n;

	for (n = 0; left; n++) {
		unsigned int scale = min_t(unsigned int, __ffs64(left),
					   SMMU3_SCALE_MAX);
		u64 num = scale == SMMU3_SCALE_MAX ?
			  min_t(u64, left >> scale, BIT(SMMU3_NUM_BITS)) :
			  (left >> scale) & (BIT(SMMU3_NUM_BITS) - 1);

		if (n == room)
			return 0;
		if (num << scale > 1 || ttl)
			cmd_put(&cmds[n], tlbi.w0 |
				FIELD_PREP(SMMU3_TLBI0_NUM, num - 1) |
				FIELD_PREP(SMMU3_TLBI0_SCALE, scale),
				tlbi.w1 | at << granule_lg2 | tg | ttl);
		else
			tlbi_alone(&cmds[n], caps, tag, &tlbi, at);
		at += num << scale;
		left -= num << scale;
	}
	return n;
}

/**
 * smmu3_cmd_tlbi_range() - forget the translations of a range, section 4.4
 * @cmds: receives at most @room commands
 * @room: how many there may be
 * @caps: of the unit
 * @tag: of the domain; a leaf is at least a granule
 * @range: what to cover
 *
 * Covers the range to the granule where the unit invalidates ranges, else to
 * the size of its smallest leaf; one granule more on units that may be given
 * nothing but ranges.
 *
 * Return: how many commands; 0 if there is no room for all.
 */
unsigned int smmu3_cmd_tlbi_range(struct invq_cmd *cmds, unsigned int room,
				  const struct smmu3_caps *caps,
				  const struct smmu3_tag *tag,
				  const struct ioflush_range *range)
{
	/* Beyond what any table translates: "all of it". */
	if (unlikely(range->last >> SMMU3_ADDR_BITS))
		return 0;
	if (likely(!((range->start ^ range->last) >> tag->granule_lg2))) {
		if (unlikely(!room))
			return 0;
		tlbi_granule(cmds, caps, tag, range);
		return 1;
	}
	if (caps->range_inval)
		return tlbi_ranges(cmds, room, caps, tag, range);
	return tlbi_leaves(cmds, room, tag, range);
}
