// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the commands that an SMMU is given for a range
 *
 * Values worked out by hand from IHI 0070, section 4.4: NUM 16:12, SCALE 24:20,
 * VMID 47:32, ASID 63:48; Leaf 64, TTL 73:72, TG 75:74, address from 76 on.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sizes.h>

#include "caps.h"
#include "cmd.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioflush_smmu3_tlbi."

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "Seed of the random ranges, 0 for any");

#define ROOM	32

static const struct smmu3_caps single;
static const struct smmu3_caps ranges = { .range_inval = true };
static const struct smmu3_caps only = {
	.range_inval = true, .ranges_only = true,
};

struct tlbi_case {
	const char *name;
	const struct smmu3_caps *caps;
	struct smmu3_tag tag;
	u64 start;
	u64 bytes;
	u8 leaf_lg2;
	bool leaf_only;
	unsigned int n;
	u64 w[3][2];	/* the first of them */
};

#define S1(granule)	{ .id = 0x1234, .granule_lg2 = (granule) }
#define S2(granule)	{ .id = 0x1234, .granule_lg2 = (granule), .stage2 = true }
#define VA		0x1234000000000012ULL
#define IPA		0x000012340000002aULL

static const struct tlbi_case tlbi_cases[] = {
	{ "pages", &single, S1(12), 0x1000, 0x3000, 12, true, 3,
	  { { VA, 0x1001 }, { VA, 0x2001 }, { VA, 0x3001 } } },
	{ "tables went, too", &single, S1(12), 0x1000, 0x1000, 12, false,
	  1, { { VA, 0x1000 } } },
	{ "stage 2", &single, S2(12), 0xffffffffff000, 0x1000, 12, true,
	  1, { { IPA, 0xffffffffff001 } } },
	{ "blocks", &single, S1(12), SZ_2M, 3 * SZ_2M, 21, true, 3,
	  { { VA, 0x200001 }, { VA, 0x400001 }, { VA, 0x600001 } } },
	{ "a run of pages", &single, S1(12), SZ_64K, SZ_64K, 16, true,
	  16, { { VA, 0x10001 }, { VA, 0x11001 }, { VA, 0x12001 } } },
	{ "a run of blocks", &single, S1(12), SZ_32M, SZ_32M, 25, true,
	  16, { { VA, 0x2000001 }, { VA, 0x2200001 }, { VA, 0x2400001 } } },
	{ "16 KiB", &single, S1(14), SZ_32M, 2 * SZ_32M, 25, true, 2,
	  { { VA, 0x2000001 }, { VA, 0x4000001 } } },
	{ "64 KiB", &single, S1(16), 0xf000000000000, SZ_1G, 29, true, 2,
	  { { VA, 0xf000000000001 }, { VA, 0xf000020000001 } } },
	{ "room for all", &single, S1(12), 0, ROOM * SZ_4K, 12, true,
	  ROOM, { { VA, 0x1 }, { VA, 0x1001 }, { VA, 0x2001 } } },
	{ "room for all but one", &single, S1(12),
	  0, (ROOM + 1) * SZ_4K, 12, true, 0 },

	/* A page: TG 0b01, TTL 0b11 */
	{ "r: a page", &ranges, S1(12), 0x1000, 0x1000, 12, true, 1,
	  { { VA, 0x1701 } } },
	{ "r: stage 2", &ranges, S2(12), 0x1000, 0x1000, 12, true, 1,
	  { { IPA, 0x1701 } } },
	/* NUM, SCALE and TTL 0 are reserved with TG, hence without */
	{ "r: a page and a table", &ranges, S1(12),
	  0x1000, 0x1000, 12, false, 1, { { VA, 0x1000 } } },
	/* 2 << 0 pages are 1 << 1 */
	{ "r: two pages and a table", &ranges, S1(12),
	  0x1000, 0x2000, 12, false, 1, { { VA | 0x100000, 0x1400 } } },
	{ "r: 31 pages", &ranges, S1(12), 0x1000, 0x1f000, 12, true, 1,
	  { { VA | 0x1e000, 0x1701 } } },
	{ "r: 33 pages", &ranges, S1(12), 0x1000, 0x21000, 12, true, 2,
	  { { VA, 0x1701 }, { VA | 0x500000, 0x2701 } } },
	/* 513 pages may have a block among them; TG 0b00 for the odd one */
	{ "r: 513 pages", &ranges, S1(12), 0, 0x201000, 12, true, 2,
	  { { VA, 0x1 }, { VA | 0x900000, 0x1401 } } },
	/* 1 GiB of blocks: (0 + 1) << 18 pages, TTL 0b10 */
	{ "r: 1 GiB", &ranges, S1(12), SZ_1G, SZ_1G, 21, true, 1,
	  { { VA | 0x1200000, 0x40000601 } } },
	/* 511 blocks are 31 << 9 and 15 << 14 pages */
	{ "r: 511 blocks", &ranges, S1(12),
	  SZ_1G, 511 * (u64)SZ_2M, 21, true, 2,
	  { { VA | 0x91e000, 0x40000601 }, { VA | 0xe0e000, 0x43e00601 } } },
	{ "r: a run of pages", &ranges, S1(12), SZ_64K, SZ_64K, 16, true,
	  1, { { VA | 0x400000, 0x10701 } } },
	{ "r: 16 KiB", &ranges, S1(14), SZ_32M, 3 * SZ_32M, 25, true, 1,
	  { { VA | 0xb02000, 0x2000a01 } } },
	{ "r: 64 KiB", &ranges, S1(16), 0xf000000000000, SZ_512M, 29, true,
	  1, { { VA | 0xd00000, 0xf000000000e01 } } },
	/* 2^42: level 1, TTL 0b01 */
	{ "r: 4 TiB", &ranges, S1(16), 0x40000000000, BIT(42), 42, true,
	  1, { { VA | 0x1a00000, 0x40000000d01 } } },
	/* A table of 48 bits: SCALE 31, NUM 31 */
	{ "r: 48 bits", &ranges, S1(12), 0, BIT(48), 12, true, 1,
	  { { VA | 0x1f1f000, 0x401 } } },
	{ "r: 51 bits", &ranges, S1(12), 0, BIT(51), 12, true, 8,
	  { { VA | 0x1f1f000, 0x401 }, { VA | 0x1f1f000, BIT(48) | 0x401 } } },
	/* No whole blocks: nothing is said of the level */
	{ "r: blocks off their boundaries", &ranges, S1(12), 0x1000, SZ_2M, 21,
	  true, 1, { { VA | 0x900000, 0x1401 } } },
	/* NUM 1: the aligned two that it is one of */
	{ "o: a page and a table", &only, S1(12), 0x1000, 0x1000, 12, false,
	  1, { { VA | 0x1000, 0x400 } } },
	{ "o: the last page", &only, S2(12), 0xffffffffff000, 0x1000, 12,
	  false, 1, { { IPA | 0x1000, 0xfffffffffe400 } } },
	{ "o: a page", &only, S1(12), 0x1000, 0x1000, 12, true, 1,
	  { { VA, 0x1701 } } },
	{ "o: 513 pages", &only, S1(12), 0, 0x201000, 12, true, 2,
	  { { VA | 0x1000, 0x401 }, { VA | 0x900000, 0x1401 } } },
	{ "o: 64 KiB", &only, S1(16), 0x30000, 0x10000, 16, false, 1,
	  { { VA | 0x1000, 0x20c00 } } },
	{ "r: beyond 52 bits", &ranges, S1(12), BIT(52), 0x1000, 12, true, 0 },
	{ "beyond 52 bits", &single, S2(12), BIT(52), 0x1000, 12, true, 0 },
	{ "r: 64 bits", &ranges, S1(12), 0, 0, 12, true, 0 },
	{ "64 bits", &single, S1(12), 0, 0, 12, true, 0 },
};

static void tlbi_encoding(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tlbi_cases); i++) {
		const struct tlbi_case *c = &tlbi_cases[i];
		const struct ioflush_range range = {
			.start = c->start,
			.last = c->start + c->bytes - 1,
			.leaf_lg2 = c->leaf_lg2,
			.leaf_only = c->leaf_only,
		};
		struct invq_cmd cmds[ROOM];
		unsigned int n;

		n = smmu3_cmd_tlbi_range(cmds, ROOM, c->caps, &c->tag, &range);
		KUNIT_EXPECT_EQ_MSG(test, n, c->n, "%s", c->name);
		for (unsigned int j = 0; j < min(n, 3U); j++) {
			if (!c->w[j][0])
				continue;
			KUNIT_EXPECT_EQ_MSG(test, c->w[j][0],
					    le64_to_cpu(cmds[j].u64s[0]),
					    "%s: %u", c->name, j);
			KUNIT_EXPECT_EQ_MSG(test, c->w[j][1],
					    le64_to_cpu(cmds[j].u64s[1]),
					    "%s: %u", c->name, j);
		}
	}
}

/*
 * What is invalidated. An entry of a TLB translates @span_lg2 bits from a
 * multiple of them on, and stands for a leaf at @level.
 */
struct tlb_entry {
	u64 at;
	u8 span_lg2;
	u8 level;
};

struct effect {
	u64 first;
	u64 last;
	bool ranged;
	bool reserved;
	u8 ttl;
};

/* Section 4.4.1.1; NUM and SCALE count without TG no more than TTL does. */
static struct effect effect_of(const struct invq_cmd *cmd)
{
	const u64 w0 = le64_to_cpu(cmd->u64s[0]);
	const u64 w1 = le64_to_cpu(cmd->u64s[1]);
	const unsigned int tg = w1 >> 10 & 3;
	const u64 num = w0 >> 12 & 0x1f, scale = w0 >> 20 & 0x1f;
	struct effect e = { .first = w1 & ~0xfffULL };

	e.last = e.first;
	if (!tg)
		return e;
	e.ranged = true;
	e.ttl = w1 >> 8 & 3;
	e.last = e.first + (((num + 1) << scale) << (10 + 2 * tg)) - 1;
	e.reserved = !num && !scale && !e.ttl;
	return e;
}

static bool effect_hits(const struct effect *e, const struct tlb_entry *t)
{
	return e->first < t->at + BIT_ULL(t->span_lg2) && e->last >= t->at &&
	       (!e->ttl || e->ttl == t->level);
}

/* One random range, and what is known of its leaves. */
struct scene {
	struct smmu3_caps caps;
	struct smmu3_tag tag;
	struct ioflush_range range;
	u8 stride;
	u8 level;
	u8 span_lg2;	/* of an entry of the smallest leaf */
	unsigned int n;
	struct invq_cmd cmds[ROOM + 1];
};

static u64 random_u64(struct rnd_state *rnd)
{
	return (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
}

/* log2 of how many entries have the contiguous hint together, DDI 0487 D8.7.1 */
static u8 run_lg2(u8 granule_lg2, u8 level)
{
	if (granule_lg2 == 14)
		return level == 3 ? 7 : 5;
	return granule_lg2 == 12 ? 4 : 5;
}

static void scene_pick(struct scene *s, struct rnd_state *rnd)
{
	static const u8 granules[] = { 12, 14, 16 };
	const u32 dice = prandom_u32_state(rnd);
	const u8 granule_lg2 = granules[dice % 3];
	const u8 bits = granule_lg2 == 16 ? 52 : 48;
	/* Blocks of levels 2 and 1, as far as there are any. */
	const u8 above = (dice >> 2) % (granule_lg2 == 14 ? 2 : 3);
	u64 start, leaves;
	u8 leaf_lg2;

	memset(s, 0xff, sizeof(*s));
	s->caps = (struct smmu3_caps) {
		.range_inval = dice >> 31,
		.ranges_only = dice >> 31 && dice & BIT(28),
	};
	s->tag = (struct smmu3_tag) {
		.stage2 = dice & BIT(30),
		.id = dice,
		.granule_lg2 = granule_lg2,
	};
	s->stride = granule_lg2 - 3;
	s->level = 3 - above;
	s->span_lg2 = granule_lg2 + above * s->stride;
	leaf_lg2 = s->span_lg2;
	if (!(dice >> 4 & 7) && leaf_lg2 < 39)
		leaf_lg2 += run_lg2(granule_lg2, s->level);

	/* As many digits as leaves may have, and an address to go with it. */
	leaves = 1 + (prandom_u32_state(rnd) >> (11 + dice % 21));
	leaves = min(leaves, BIT_ULL(bits - leaf_lg2 - 1));
	start = random_u64(rnd) & GENMASK_ULL(bits - 2, leaf_lg2);
	/* From 0 on, or from a multiple of some larger block, now and then. */
	start &= ~0ULL << (dice >> 8) % 40;
	s->range = (struct ioflush_range) {
		.start = start,
		.last = start + (leaves << leaf_lg2) - 1,
		.leaf_lg2 = leaf_lg2,
		.leaf_only = dice & BIT(29),
	};
	s->n = smmu3_cmd_tlbi_range(s->cmds, ROOM, &s->caps, &s->tag,
				    &s->range);
}

static bool scene_hit(const struct scene *s, const struct tlb_entry *t)
{
	for (unsigned int i = 0; i < s->n; i++) {
		struct effect e = effect_of(&s->cmds[i]);

		if (effect_hits(&e, t))
			return true;
	}
	return false;
}

/*
 * The leaf at an address may be of the smallest size; or of the next, where
 * that has room beside one of the smallest.
 */
static bool scene_covered_at(const struct scene *s, u64 at)
{
	const u8 larger_lg2 = s->span_lg2 + s->stride;
	const u64 start = s->range.start, last = s->range.last;
	struct tlb_entry t = {
		.at = at & ~0ULL << s->span_lg2,
		.span_lg2 = s->span_lg2,
		.level = s->level,
	};

	if (!scene_hit(s, &t))
		return false;
	if (s->level == 1)
		return true;
	t.at = at & ~0ULL << larger_lg2;
	t.span_lg2 = larger_lg2;
	t.level = s->level - 1;
	if (t.at < start || t.at + BIT_ULL(larger_lg2) - 1 > last ||
	    last - start + 1 == BIT_ULL(larger_lg2))
		return true;
	return scene_hit(s, &t);
}

static bool scene_covered(const struct scene *s, struct rnd_state *rnd)
{
	const u64 start = s->range.start, last = s->range.last;

	if (!scene_covered_at(s, start) || !scene_covered_at(s, last))
		return false;
	for (unsigned int i = 0; i < 16; i++)
		if (!scene_covered_at(s, start + random_u64(rnd) %
				      (last - start + 1)))
			return false;
	/* Where one command ends and another begins. */
	for (unsigned int i = 0; i < s->n; i++) {
		struct effect e = effect_of(&s->cmds[i]);

		if (!scene_covered_at(s, e.first) ||
		    !scene_covered_at(s, min(e.last + 1, last)))
			return false;
	}
	return true;
}

/*
 * Nothing outside, nothing twice, no two kinds, nothing reserved. But two
 * granules, NUM 1, are in place of one where each command has to have a range.
 */
static bool scene_precise(const struct scene *s)
{
	const u64 granule = BIT_ULL(s->tag.granule_lg2);
	const u64 op = s->tag.stage2 ? 0x2a : 0x12;
	const u64 id = (u64)s->tag.id << (s->tag.stage2 ? 32 : 48);
	u64 at = s->range.start;

	for (unsigned int i = 0; i < s->n; i++) {
		const u64 w0 = le64_to_cpu(s->cmds[i].u64s[0]);
		const u64 w1 = le64_to_cpu(s->cmds[i].u64s[1]);
		struct effect e = effect_of(&s->cmds[i]);
		const bool pair = s->caps.ranges_only && !e.ttl &&
				  (w0 & 0x1f1f000) == 0x1000;

		if ((w0 & ~0x1f1f000ULL) != (op | id) ||
		    (w1 & 0xff) != s->range.leaf_only || e.reserved ||
		    e.first != (pair ? at & ~granule : at) ||
		    (s->caps.ranges_only && !e.ranged))
			return false;
		/* Section 4.4.1.1: whole leaves of the level that is named. */
		if (e.ttl && ((e.first | (e.last + 1)) &
			      (BIT_ULL(s->span_lg2) - 1)))
			return false;
		if (pair)
			at += granule;
		else if (e.ranged)
			at = e.last + 1;
		else if (s->caps.range_inval)
			at += granule;
		else
			at += BIT_ULL(s->span_lg2);
	}
	return at == s->range.last + 1;
}

/* None is right only where there is no room; digits of base 32, or leaves. */
static bool scene_few(const struct scene *s)
{
	const u64 bytes = s->range.last - s->range.start + 1;
	const u64 entries = bytes >> s->span_lg2;
	const unsigned int digits =
		DIV_ROUND_UP(fls64(bytes >> s->tag.granule_lg2), 5);

	if (s->caps.range_inval)
		return s->n && s->n <= digits;
	return s->n == (entries <= ROOM ? entries : 0);
}

static bool scene_in_room(struct scene *s)
{
	const unsigned int n = s->n;
	struct invq_cmd cmds[ROOM + 1];

	if (!n)
		return true;
	memset(cmds, 0xff, sizeof(cmds));
	if (smmu3_cmd_tlbi_range(cmds, n, &s->caps, &s->tag, &s->range) != n ||
	    cmds[n].u64s[0] != cpu_to_le64(~0ULL))
		return false;
	memset(cmds, 0xff, sizeof(cmds));
	return !smmu3_cmd_tlbi_range(cmds, n - 1, &s->caps, &s->tag,
				     &s->range) &&
	       cmds[n - 1].u64s[0] == cpu_to_le64(~0ULL);
}

static void scene_show(struct kunit *test, const struct scene *s)
{
	kunit_err(test, "%#lx to %#lx, granule %u, leaf %u, leaf_only %u, ranges %u only %u, %u commands",
		  s->range.start, s->range.last, s->tag.granule_lg2,
		  s->range.leaf_lg2, s->range.leaf_only, s->caps.range_inval,
		  s->caps.ranges_only, s->n);
	for (unsigned int i = 0; i < s->n; i++)
		kunit_err(test, "%#llx %#llx",
			  le64_to_cpu(s->cmds[i].u64s[0]),
			  le64_to_cpu(s->cmds[i].u64s[1]));
}

/*
 * The precision invariant: what was unmapped is covered, whatever the leaves
 * were, and nothing else.
 */
static void tlbi_random(struct kunit *test)
{
	const u64 used = seed ?: get_random_u64();
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int commands = 0, encoded = 0, ttl = 0;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, s);
	prandom_seed_state(&rnd, used);
	for (unsigned int i = 0; i < 100000; i++) {
		bool good;

		scene_pick(s, &rnd);
		good = scene_few(s) && scene_in_room(s);
		if (s->n)
			good = good && scene_precise(s) &&
			       scene_covered(s, &rnd);
		if (!good)
			scene_show(test, s);
		KUNIT_ASSERT_TRUE_MSG(test, good,
				      "range %u, ioflush_smmu3_tlbi.seed=%llu",
				      i, used);
		commands += s->n;
		encoded += !!s->n;
		ttl += s->n && effect_of(&s->cmds[0]).ttl;
		if (!(i % 1024))
			cond_resched();
	}
	kunit_info(test, "ioflush_smmu3_tlbi.seed=%llu: %u ranges in %u commands, %u with TTL",
		   used, encoded, commands, ttl);
	/* Each of the ways was gone. */
	KUNIT_EXPECT_GT(test, encoded, 50000);
	KUNIT_EXPECT_GT(test, ttl, 5000);
}

/* At most 16 commands for 1 GiB of blocks of 2 MiB, wherever it begins. */
static void tlbi_gib(struct kunit *test)
{
	const struct smmu3_tag tag = { .id = 1, .granule_lg2 = 12 };
	struct invq_cmd cmds[ROOM];

	for (u64 at = 0; at < 4ULL * SZ_1G; at += SZ_2M) {
		struct ioflush_range range = {
			.start = at, .last = at + SZ_1G - 1, .leaf_lg2 = 21,
			.leaf_only = true,
		};
		unsigned int n;

		n = smmu3_cmd_tlbi_range(cmds, ROOM, &ranges, &tag, &range);
		KUNIT_ASSERT_EQ(test, n, 1);
		/* Where tables went, too */
		range.leaf_only = false;
		n = smmu3_cmd_tlbi_range(cmds, ROOM, &ranges, &tag, &range);
		KUNIT_ASSERT_EQ(test, n, 1);
	}
}

static struct kunit_case tlbi_kunit_cases[] = {
	KUNIT_CASE(tlbi_encoding),
	KUNIT_CASE(tlbi_gib),
	KUNIT_CASE_SLOW(tlbi_random),
	{}
};

static struct kunit_suite tlbi_suite = {
	.name = "ioflush_smmu3_tlbi",
	.test_cases = tlbi_kunit_cases,
};

kunit_test_suite(tlbi_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 invalidations of ranges");
MODULE_LICENSE("GPL");
