// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of taking SMMUv3 events from their queue
 */
#include <kunit/test.h>

#include "regs.h"
#include "test_hw.h"

#define TEST_SID 0x10

/**
 * struct evtq_ctx - a unit with a device that has a domain
 * @hw: the unit
 * @domain: the domain; its handler counts
 * @sdev: the device, with stream TEST_SID
 * @n: faults that the handler has seen
 * @addr: address of the last
 * @flags: and its flags
 * @ret: what it returns
 */
struct evtq_ctx {
	struct test_hw *hw;
	struct iommu_domain domain;
	struct smmu3_dev *sdev;
	unsigned int n;
	unsigned long addr;
	int flags;
	int ret;
};

static int evtq_handler(struct iommu_domain *domain, struct device *dev,
			unsigned long iova, int flags, void *token)
{
	struct evtq_ctx *ctx = token;

	ctx->n++;
	ctx->addr = iova;
	ctx->flags = flags;
	return dev == ctx->hw->unit.dev ? ctx->ret : -EINVAL;
}

static struct evtq_ctx *evtq_ctx(struct kunit *test)
{
	struct evtq_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct smmu3_unit *unit;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->hw = test_hw_new(test, false, 4);
	unit = &ctx->hw->unit;
	ctx->sdev = kunit_kzalloc(test, struct_size(ctx->sdev, sids, 1),
				  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->sdev);
	iommu_set_fault_handler(&ctx->domain, evtq_handler, ctx);
	ctx->sdev->dev = unit->dev;
	ctx->sdev->unit = unit;
	ctx->sdev->domain = &ctx->domain;
	ctx->sdev->dom = to_iodom(&ctx->domain);
	ctx->sdev->nsids = 1;
	ctx->sdev->sids[0] = TEST_SID;
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(unit, ctx->sdev));
	smmu3_event_start(unit);
	return ctx;
}

static void evtq_record(struct evtq_ctx *ctx, u8 type, u32 sid, u64 word1,
			u64 addr)
{
	const __le64 record[SMMU3_EVENT_U64S] = {
		cpu_to_le64(type | (u64)sid << 32), cpu_to_le64(word1),
		cpu_to_le64(addr),
	};

	test_hw_event(ctx->hw, record);
}

#define WRITE_S1 (0x200ULL << 32)
#define READ_S1 (0x208ULL << 32)

static void evtq_fault(struct evtq_ctx *ctx, u64 addr)
{
	evtq_record(ctx, SMMU3_F_TRANSLATION, TEST_SID, WRITE_S1, addr);
}

static u32 evtq_cons(const struct evtq_ctx *ctx)
{
	return test_page1(&ctx->hw->unit, SMMU3_PAGE1_EVENTQ_CONS);
}

/* 6.3.28: base 51:5, write-allocate 62, log2 of the size 4:0. */
static void evtq_start(struct kunit *test)
{
	struct smmu3_unit *unit = &evtq_ctx(test)->hw->unit;

	KUNIT_EXPECT_EQ(test, readq(unit->regs + SMMU3_REG_EVENTQ_BASE),
			unit->evtq.dma | BIT_ULL(62) | 3);
	KUNIT_EXPECT_EQ(test, 0, test_page1(unit, SMMU3_PAGE1_EVENTQ_PROD));
	KUNIT_EXPECT_EQ(test, 0, test_page1(unit, SMMU3_PAGE1_EVENTQ_CONS));
}

/* Every event is taken, once, and its place given back, round and round. */
static void evtq_wraps(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);
	unsigned int n = 0;

	for (u64 round = 0; round < 30; round++) {
		for (u64 i = 0; i < round % 8 + 1; i++)
			evtq_fault(ctx, ++n << 12);
		smmu3_event_take(&ctx->hw->unit);
		KUNIT_ASSERT_EQ(test, ctx->n, n);
		KUNIT_ASSERT_EQ(test, ctx->addr, (unsigned long)n << 12);
		KUNIT_ASSERT_EQ(test, evtq_cons(ctx), n % 16);
	}
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&ctx->hw->unit.evtq_lost));
}

static void evtq_nothing(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);

	smmu3_event_take(&ctx->hw->unit);
	KUNIT_EXPECT_EQ(test, ctx->n, 0);
	KUNIT_EXPECT_EQ(test, evtq_cons(ctx), 0);
}

/* Who owns the domain hears of faults of its mappings, and of no others. */
static void evtq_reported(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);
	struct smmu3_unit *unit = &ctx->hw->unit;

	evtq_fault(ctx, 0x40400123);
	smmu3_event_take(unit);
	KUNIT_EXPECT_EQ(test, ctx->n, 1);
	KUNIT_EXPECT_EQ(test, ctx->addr, 0x40400123);
	KUNIT_EXPECT_EQ(test, ctx->flags, IOMMU_FAULT_WRITE);

	evtq_record(ctx, SMMU3_F_PERMISSION, TEST_SID, READ_S1, 0x1000);
	smmu3_event_take(unit);
	KUNIT_EXPECT_EQ(test, ctx->n, 2);
	KUNIT_EXPECT_EQ(test, ctx->flags, IOMMU_FAULT_READ);

	evtq_record(ctx, SMMU3_C_BAD_STE, TEST_SID, 0, 0);
	evtq_record(ctx, SMMU3_F_TRANSLATION, TEST_SID + 1, WRITE_S1, 0x1000);
	smmu3_event_take(unit);
	KUNIT_EXPECT_EQ(test, ctx->n, 2);

	/* Attached to no paging domain */
	ctx->sdev->dom = NULL;
	evtq_fault(ctx, 0x1000);
	smmu3_event_take(unit);
	KUNIT_EXPECT_EQ(test, ctx->n, 2);
}

/* Acknowledged each time, or hardware could not tell of the next; counted. */
static void evtq_overflow(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);
	struct smmu3_unit *unit = &ctx->hw->unit;

	for (unsigned int round = 1; round <= 3; round++) {
		for (unsigned int i = 0; i < 11; i++)
			evtq_fault(ctx, 0x1000);
		smmu3_event_take(unit);
		KUNIT_EXPECT_EQ(test, ctx->n, 8 * round);
		KUNIT_EXPECT_EQ(test, round,
				atomic_long_read(&unit->evtq_lost));
		KUNIT_EXPECT_EQ(test, evtq_cons(ctx),
				test_page1(unit, SMMU3_PAGE1_EVENTQ_PROD));
		KUNIT_EXPECT_EQ(test, evtq_cons(ctx) >> 31, round % 2);
	}
	/* None is pending any more. */
	evtq_fault(ctx, 0x1000);
	smmu3_event_take(unit);
	KUNIT_EXPECT_EQ(test, 3, atomic_long_read(&unit->evtq_lost));
	KUNIT_EXPECT_EQ(test, evtq_cons(ctx), 25 % 16 | BIT(31));
}

/* Hardware may say so by a global error, too, and goes on when it is acked. */
static void evtq_abort(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);
	struct smmu3_unit *unit = &ctx->hw->unit;

	smmu3_write32(unit, SMMU3_REG_GERROR, SMMU3_GERROR_EVENTQ_ABT);
	smmu3_gerror_take(unit);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&unit->evtq_lost));
	KUNIT_EXPECT_EQ(test, 0, smmu3_gerror_active(unit));
	smmu3_gerror_take(unit);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&unit->evtq_lost));
}

/* A register that makes no sense is no reason to read records that are none. */
static void evtq_nonsense(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);

	writel(0xd, ctx->hw->unit.page1 + SMMU3_PAGE1_EVENTQ_PROD);
	smmu3_event_take(&ctx->hw->unit);
	KUNIT_EXPECT_EQ(test, ctx->n, 0);
	KUNIT_EXPECT_EQ(test, evtq_cons(ctx), 0xd);
}

/* A request that stalls all the same is ended, whoever has heard of it. */
static void evtq_stalled(struct kunit *test)
{
	struct evtq_ctx *ctx = evtq_ctx(test);
	struct test_hw *hw = ctx->hw;
	unsigned int before;

	test_hw_run(test, hw);
	KUNIT_ASSERT_EQ(test, 0, smmu3_unit_reset(&hw->unit));
	before = hw->ncmds;
	evtq_record(ctx, SMMU3_F_TRANSLATION, TEST_SID, WRITE_S1 | 0x80001234,
		    0x1000);
	smmu3_event_take(&hw->unit);
	KUNIT_EXPECT_EQ(test, test_hw_op(hw, before), SMMU3_OP_RESUME);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(hw->cmds[before].u64s[0]),
			0x1000002044);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(hw->cmds[before].u64s[1]), 0x1234);
}

static struct kunit_case evtq_cases[] = {
	KUNIT_CASE(evtq_start),
	KUNIT_CASE(evtq_wraps),
	KUNIT_CASE(evtq_nothing),
	KUNIT_CASE(evtq_reported),
	KUNIT_CASE(evtq_overflow),
	KUNIT_CASE(evtq_abort),
	KUNIT_CASE(evtq_nonsense),
	KUNIT_CASE(evtq_stalled),
	{}
};

static struct kunit_suite evtq_suite = {
	.name = "ioflush_smmu3_evtq",
	.test_cases = evtq_cases,
};

kunit_test_suite(evtq_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 event queue");
MODULE_LICENSE("GPL");
