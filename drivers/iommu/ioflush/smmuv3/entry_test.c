// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of how entries change under the eyes of hardware
 *
 * The reader here fetches word by word, in any order and at any time, and may
 * keep what it has read until the CFGI after a step: of the words that a step
 * changes it may have any mix of old and new. Whatever it has must mean what
 * the entry was before, or what it is to become. What an entry means is worked
 * out anew, by the bit positions of IHI 0070 sections 5.2 and 5.4.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "entry.h"

/* Words, as the CPU has them, of which only bits that count are left. */
struct meaning {
	u64 w[SMMU3_ENTRY_WORDS];
};

typedef void meaning_t(const struct smmu3_entry *entry, struct meaning *m);

static void keep(const struct smmu3_entry *entry, struct meaning *m,
		 unsigned int word, u64 mask)
{
	m->w[word] |= le64_to_cpu(entry->w[word]) & mask;
}

/* Section 5.2: V 0, Config 3:1; bits of the whole entry in the comments. */
static void ste_meaning(const struct smmu3_entry *ste, struct meaning *m)
{
	const u64 w0 = le64_to_cpu(ste->w[0]);
	const unsigned int config = w0 >> 1 & 7;

	memset(m, 0, sizeof(*m));
	if (!(w0 & 1))
		return;
	if (config < 4) {
		m->w[0] = 1;
		return;
	}
	keep(ste, m, 0, 0xf);
	/* Section 13.5: INSTCFG 115:114, PRIVCFG 113:112, ALLOCCFG 104:101 */
	keep(ste, m, 1, 0x000f01e000000000);
	/* S2HWU 75:72, DRE 76, CONT 80:77, DCP 81, PPAR 82, MEV 83 */
	if (config != 4)
		keep(ste, m, 1, 0xfff00);
	/* MemAttr 99:96, MTCFG 100; SHCFG 109:108 not of stage 1 alone */
	keep(ste, m, 1, 0x0000001f00000000);
	if (config != 5 || w0 >> 59)
		keep(ste, m, 1, 0x0000300000000000);
	if (config & 1) {
		/* S1Fmt 5:4, S1ContextPtr 51:6, S1CDMax 63:59 */
		keep(ste, m, 0, 0xf80ffffffffffff0);
		/* S1DSS to S1CSH 71:64, S1STALLD 91, EATS 93:92, STRW 95:94 */
		keep(ste, m, 1, 0xf80000ff);
		/* S2VMID 143:128 */
		keep(ste, m, 2, 0xffff);
	}
	if (config & 2) {
		/* S2FWB 89, EATS 93:92 */
		keep(ste, m, 1, 0x32000000);
		/* S2VMID 143:128, S2T0SZ to S2R 186:160; S2TTB 243:196 */
		keep(ste, m, 2, 0x07ffffff0000ffff);
		keep(ste, m, 3, 0x000ffffffffffff0);
	}
}

/* Section 5.4: V 31, EPD1 30. */
static void cd_meaning(const struct smmu3_entry *cd, struct meaning *m)
{
	const u64 w0 = le64_to_cpu(cd->w[0]);

	memset(m, 0, sizeof(*m));
	if (!(w0 & 0x80000000))
		return;
	/* T0SZ to ENDI 15:0, EPD1 and V 31:30, IPS to ASID 63:32 */
	keep(cd, m, 0, 0xffffffffc000ffff);
	/* NSCFG0, HAD0, TTB0 115:64; MAIR 255:192; AMAIR 319:256 */
	keep(cd, m, 1, 0x000fffffffffffff);
	keep(cd, m, 3, ~0ULL);
	keep(cd, m, 4, ~0ULL);
	if (w0 & 0x40000000)
		return;
	/* T1SZ to SH1 29:16; NSCFG1, HAD1, TTB1 179:128 */
	keep(cd, m, 0, 0x3fff0000);
	keep(cd, m, 2, 0x000fffffffffffff);
}

static bool same(const struct meaning *a, const struct meaning *b)
{
	return !memcmp(a, b, sizeof(*a));
}

struct change {
	const char *from;
	const char *to;
	struct meaning was;
	struct meaning becomes;
	bool hitless;
	meaning_t *meaning;
};

/* Everything that may be read while an entry goes from @a to @b. */
static bool readers_agree(const struct change *c, const struct smmu3_entry *a,
			  const struct smmu3_entry *b)
{
	static const struct meaning invalid;

	for (unsigned int mix = 0; mix < BIT(SMMU3_ENTRY_WORDS); mix++) {
		struct smmu3_entry seen = *a;
		struct meaning m;

		for (int i = 0; i < SMMU3_ENTRY_WORDS; i++)
			if (mix & BIT(i))
				seen.w[i] = b->w[i];
		c->meaning(&seen, &m);
		if (!same(&m, &c->was) && !same(&m, &c->becomes) &&
		    (c->hitless || !same(&m, &invalid)))
			return false;
	}
	return true;
}

static void check_change(struct kunit *test, struct change *c,
			 const struct smmu3_entry *now,
			 const struct smmu3_entry *wanted,
			 smmu3_entry_used_t *used_of)
{
	const struct smmu3_entry *at = now;
	struct smmu3_entry_plan plan;

	memset(&plan, 0xff, sizeof(plan));
	smmu3_entry_plan(&plan, now, wanted, used_of);
	c->hitless = plan.hitless;
	c->meaning(now, &c->was);
	c->meaning(wanted, &c->becomes);
	KUNIT_ASSERT_LE(test, plan.nsteps, SMMU3_ENTRY_STEPS);

	for (unsigned int i = 0; i < plan.nsteps; i++) {
		KUNIT_EXPECT_TRUE_MSG(test,
				      readers_agree(c, at, &plan.step[i]),
				      "%s to %s, step %u", c->from, c->to, i);
		KUNIT_EXPECT_TRUE_MSG(test, memcmp(at, &plan.step[i],
						   sizeof(*at)),
				      "%s to %s, step %u does nothing",
				      c->from, c->to, i);
		at = &plan.step[i];
	}
	KUNIT_EXPECT_MEMEQ_MSG(test, at, wanted, sizeof(*at),
			       "%s to %s", c->from, c->to);
}

struct state {
	const char *name;
	u64 w[SMMU3_ENTRY_WORDS];
};

static struct smmu3_entry state_entry(const struct state *s)
{
	struct smmu3_entry e;

	for (int i = 0; i < SMMU3_ENTRY_WORDS; i++)
		e.w[i] = cpu_to_le64(s->w[i]);
	return e;
}

/* One row and column a state: '+' is hitless, '-' by way of an invalid one. */
static void check_states(struct kunit *test, const struct state *states,
			 unsigned int n, const char *const *expected,
			 smmu3_entry_used_t *used_of, meaning_t *meaning)
{
	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int j = 0; j < n; j++) {
			struct smmu3_entry now = state_entry(&states[i]);
			struct smmu3_entry wanted = state_entry(&states[j]);
			struct change c = {
				.from = states[i].name,
				.to = states[j].name,
				.meaning = meaning,
			};

			check_change(test, &c, &now, &wanted, used_of);
			KUNIT_EXPECT_EQ_MSG(test, c.hitless,
					    expected[i][j] == '+',
					    "%s to %s", c.from, c.to);
		}
	}
}

/*
 * Config in bits 3:1 of word 0. Word 1: 0xd4 the attributes of what S1ContextPtr
 * refers to, EATS 1 << 28, SHCFG 1 << 44. Word 2: VMID, and what describes the
 * table in word 3.
 */
#define STE_S2		0x040d354000000000ULL
#define STE_SHCFG	0x0000100000000000ULL

static const struct state stes[] = {
	{ "invalid", { 0 } },
	{ "rubbish", { ~1ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL,
		       ~0ULL } },
	{ "abort", { 0x1 } },
	{ "bypass", { 0x9, STE_SHCFG } },
	{ "stage 1", { 0x0000000880001000 | 0xb, 0xd4 } },
	{ "stage 1, other CD", { 0x0000000880002000 | 0xb, 0xd4 } },
	{ "stage 1, ATS", { 0x0000000880001000 | 0xb, 0x100000d4 } },
	{ "stage 2", { 0xd, STE_SHCFG, STE_S2 | 1, 0x8a0001000 } },
	{ "stage 2, other VMID and table",
	  { 0xd, STE_SHCFG, STE_S2 | 2, 0x8a0002000 } },
	{ "stage 2, other table", { 0xd, STE_SHCFG, STE_S2 | 1, 0x8a0002000 } },
	{ "nested", { 0x0000000880001000 | 0xf, STE_SHCFG | 0xd4,
		      STE_S2 | 1, 0x8a0001000 } },
};

/*
 * From and to what is invalid, aborts or bypasses a single word does it. The
 * VMID counts in stage 1, too, so that to stage 2 two words must change; but
 * stage 2 can get a stage 1 above it.
 */
static const char *const ste_hitless[] = {
	/* i r a b 1 1' 1a 2 2' 2t n */
	"+++++++++++",
	"+++++++++++",
	"+++++++++++",
	"+++++++++++",
	"+++++++----",
	"++++++-----",
	"+++++-+----",
	"++++---+-++",
	"++++----++-",
	"++++---+++-",
	"++++---+--+",
};

static void entry_ste(struct kunit *test)
{
	static_assert(ARRAY_SIZE(stes) == ARRAY_SIZE(ste_hitless));

	check_states(test, stes, ARRAY_SIZE(stes), ste_hitless, smmu3_ste_used,
		     ste_meaning);
}

/* ASID 63:48, HA and HD 43:42; the rest as in ste_test.c. TTB0 is word 1. */
#define CD_ANY		0x0000e205c0003510ULL
#define CD_MAIR		0x000004040000ff44ULL
#define CD_ASID(n)	((u64)(n) << 48)
#define CD_DIRTY	0x00000c0000000000ULL

static const struct state cds[] = {
	{ "invalid", { 0 } },
	{ "rubbish", { ~0x80000000ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL,
		       ~0ULL, ~0ULL } },
	{ "valid", { CD_ANY | CD_ASID(1), 0x880001000, 0, CD_MAIR } },
	{ "other ASID", { CD_ANY | CD_ASID(2), 0x880001000, 0, CD_MAIR } },
	{ "other table", { CD_ANY | CD_ASID(1), 0x880002000, 0, CD_MAIR } },
	{ "dirty", { CD_ANY | CD_ASID(1) | CD_DIRTY, 0x880001000, 0,
		     CD_MAIR } },
	{ "all of it", { CD_ANY | CD_ASID(2) | CD_DIRTY, 0x880002000, 0,
			 CD_MAIR } },
	{ "upper table", { (CD_ANY & ~BIT_ULL(30)) | CD_ASID(1) | 0x99190000,
			   0x880001000, 0x880003000, CD_MAIR } },
	{ "other table, rubbish for an upper one",
	  { CD_ANY | CD_ASID(1) | 0x3fff0000, 0x880002000, ~0ULL, CD_MAIR } },
};

/* ASID and dirty state are in one word, the table in another. */
static const char *const cd_hitless[] = {
	/* i r v a t d * u tr */
	"+++++++++",
	"+++++++++",
	"++++++-++",
	"++++-+-+-",
	"+++-+-+-+",
	"++++-+-+-",
	"++--+-+-+",
	"++++-+-+-",
	"+++-+-+-+",
};

static void entry_cd(struct kunit *test)
{
	static_assert(ARRAY_SIZE(cds) == ARRAY_SIZE(cd_hitless));

	check_states(test, cds, ARRAY_SIZE(cds), cd_hitless, smmu3_cd_used,
		     cd_meaning);
}

/* Nothing to do is no step, and one word that counts is one. */
static void entry_steps(struct kunit *test)
{
	struct smmu3_entry s1 = state_entry(&stes[4]);
	struct smmu3_entry other = state_entry(&stes[5]);
	struct smmu3_entry bypass = state_entry(&stes[3]);
	struct smmu3_entry s2 = state_entry(&stes[7]);
	struct smmu3_entry_plan plan;

	smmu3_entry_plan(&plan, &s1, &s1, smmu3_ste_used);
	KUNIT_EXPECT_EQ(test, plan.nsteps, 0);
	smmu3_entry_plan(&plan, &s1, &other, smmu3_ste_used);
	KUNIT_EXPECT_EQ(test, plan.nsteps, 1);
	/* What bypass ignores ahead, Config, what stage 1 ignores behind. */
	smmu3_entry_plan(&plan, &bypass, &s1, smmu3_ste_used);
	KUNIT_EXPECT_EQ(test, plan.nsteps, 3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(plan.step[0].w[0]), 0x880001009);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(plan.step[0].w[1]),
			STE_SHCFG | 0xd4);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(plan.step[1].w[1]),
			STE_SHCFG | 0xd4);
	/* V, the rest, V */
	smmu3_entry_plan(&plan, &s1, &s2, smmu3_ste_used);
	KUNIT_EXPECT_EQ(test, plan.nsteps, 3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(plan.step[0].w[0]) & 1, 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(plan.step[1].w[0]) & 1, 0);
}

/* An entry of few bits, so that two of them often share some words. */
static struct smmu3_entry random_entry(struct rnd_state *rnd, u64 v)
{
	struct smmu3_entry e = { };
	u32 words = prandom_u32_state(rnd);

	for (int i = 0; i < SMMU3_ENTRY_WORDS; i++)
		if (words & BIT(i))
			e.w[i] = cpu_to_le64((u64)prandom_u32_state(rnd) << 32 |
					     prandom_u32_state(rnd));
	if (words >> 30)
		e.w[0] |= cpu_to_le64(v);
	return e;
}

static void entry_random(struct kunit *test)
{
	const u64 seed = get_random_u64();
	unsigned int hitless = 0;
	struct rnd_state rnd;

	kunit_info(test, "seed %llu", seed);
	prandom_seed_state(&rnd, seed);
	for (unsigned int i = 0; i < 4000; i++) {
		const bool cd = i & 1;
		const u64 v = cd ? 0x80000000 : 1;
		struct smmu3_entry now = random_entry(&rnd, v);
		struct smmu3_entry wanted = random_entry(&rnd, v);
		struct change c = {
			.from = "one",
			.to = "another",
			.meaning = cd ? cd_meaning : ste_meaning,
		};

		/* Half of them differ in one word only. */
		if (i & 2)
			for (int w = 0; w < SMMU3_ENTRY_WORDS; w++)
				if (w != (i >> 2) % SMMU3_ENTRY_WORDS)
					wanted.w[w] = now.w[w];
		check_change(test, &c, &now, &wanted,
			     cd ? smmu3_cd_used : smmu3_ste_used);
		hitless += c.hitless;
		if (i & 2)
			KUNIT_EXPECT_TRUE(test, c.hitless);
	}
	KUNIT_EXPECT_GT(test, hitless, 2000);
	KUNIT_EXPECT_LT(test, hitless, 4000);
}

/* What a step does not change is not stored, what it does is stored. */
static void entry_store(struct kunit *test)
{
	struct smmu3_entry now = state_entry(&stes[3]);
	const struct smmu3_entry next = state_entry(&stes[10]);

	smmu3_entry_store(&now, &next);
	KUNIT_EXPECT_MEMEQ(test, &now, &next, sizeof(now));
}

static struct kunit_case entry_cases[] = {
	KUNIT_CASE(entry_ste),
	KUNIT_CASE(entry_cd),
	KUNIT_CASE(entry_steps),
	KUNIT_CASE(entry_random),
	KUNIT_CASE(entry_store),
	{}
};

static struct kunit_suite entry_suite = {
	.name = "ioflush_smmu3_entry",
	.test_cases = entry_cases,
};

kunit_test_suite(entry_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's changes of SMMUv3 entries");
MODULE_LICENSE("GPL");
