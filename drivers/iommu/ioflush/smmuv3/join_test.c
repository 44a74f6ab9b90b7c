// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of a device that begins to cache while others unmap
 *
 * What the unit and the device have cached is modelled for one page. An
 * invalidation takes effect as late as it may, with the sync behind it; the
 * device asks all the time, and is answered as soon as its stream table entry
 * allows that: from what the unit still has, or else from the table.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/sizes.h>

#include "../domain/test_reader.h"
#include "regs.h"
#include "ste.h"
#include "test_fake.h"

#define PAGE_AT	SZ_1G

/**
 * struct join - one page, a device that is about to join, and an unmap
 * @fake: the unit
 * @dom: the domain
 * @fd: the device; its StreamID is SID
 * @tlb: the unit has the page's translation
 * @tlb_ends: not from the next sync on
 * @atc: the device has it
 * @atc_ends: the same
 * @asked: the device has asked for it
 * @cmds: of the unmap
 * @n: how many
 */
struct join {
	struct fake *fake;
	struct iodom *dom;
	struct fake_dev *fd;
	bool tlb;
	bool tlb_ends;
	bool atc;
	bool atc_ends;
	bool asked;
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned int n;
};

static struct iodom_link *join_link(struct join *join)
{
	return list_first_entry_or_null(&join->dom->links, struct iodom_link,
					node);
}

static void join_ask(struct join *join)
{
	const struct smmu3_entry *ste = smmu3_streams_find(&join->fake->unit,
							   SID);
	const struct iodom_link *link = join_link(join);
	const struct smmu3_ctx *ctx = link ? link->priv : NULL;

	if (!ctx || !smmu3_ste_valid(ste) ||
	    (le64_to_cpu(ste->w[0]) & SMMU3_STE0_S1CTXPTR) != ctx->cd_dma ||
	    FIELD_GET(SMMU3_STE1_EATS, le64_to_cpu(ste->w[1])) != SMMU3_EATS_FULL)
		return;
	join->asked = true;
	join->tlb |= !!iopgt_iova_to_phys(&join->dom->pgt, PAGE_AT);
	join->atc |= join->tlb;
}

static void join_taken(struct fake *fake, const struct invq_cmd *cmd)
{
	u64 w0 = le64_to_cpu(cmd->u64s[0]);
	struct join *join = fake->data;

	switch (FIELD_GET(SMMU3_CMD0_OP, w0)) {
	case SMMU3_OP_TLBI_NH_VA:
		join->tlb_ends = true;
		break;
	case SMMU3_OP_ATC_INV:
		join->atc_ends |= FIELD_GET(SMMU3_CMD0_SID, w0) == SID;
		break;
	case SMMU3_OP_SYNC:
		join->tlb &= !join->tlb_ends;
		join->atc &= !join->atc_ends;
		join->tlb_ends = false;
		join->atc_ends = false;
		break;
	}
	join_ask(join);
}

/* Another device has used the page: the unit has it. The new one knows nothing. */
static void join_init(struct kunit *test, struct join *join)
{
	struct fake_dev *other;

	join->fake = fake_new(test, false);
	other = fake_dev_new(test, join->fake, OTHER);
	join->fd = fake_dev_new(test, join->fake, SID);
	join->dom = fake_dom_new(test, join->fake);
	join->fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(join->dom, other));
	KUNIT_ASSERT_EQ(test, 0, iodom_map(join->dom, PAGE_AT, SZ_2G, PAGE_SIZE,
					   IOMMU_READ, GFP_KERNEL));
	join->tlb = true;
	join->fake->data = join;
	join->fake->taken = join_taken;
}

/* The first half of an unmap: clears, and looks who is to be told. */
static void join_unmap(void *data)
{
	static const struct ioflush_range range = {
		.start = PAGE_AT, .last = PAGE_AT + PAGE_SIZE - 1,
		.leaf_lg2 = PAGE_SHIFT, .leaf_only = true,
	};
	struct join *join = data;
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	iopgt_unmap_pages(&join->dom->pgt, PAGE_AT, PAGE_SIZE, &gather);
	/* As in iodom_invalidate() */
	smp_mb();
	join->n = smmu3_encode_range(join->dom, join_link(join), &range,
				     join->cmds);
}

/* The second half of one that waits where it has looked. */
static void join_wait(void *data)
{
	struct join *join = data;

	invq_submit_wait(&join->fake->unit.q, join->cmds, join->n);
}

static void join_expect(struct kunit *test, struct join *join)
{
	KUNIT_EXPECT_TRUE(test, join->fd->sdev->ats_on);
	KUNIT_EXPECT_TRUE(test, join->asked);
	KUNIT_EXPECT_FALSE(test, join->tlb);
	KUNIT_EXPECT_FALSE(test, join->atc);
}

/* An unmap on another CPU has looked before the device joins, and then waits. */
static void join_reader(struct kunit *test)
{
	struct join *join = kunit_kzalloc(test, sizeof(*join), GFP_KERNEL);
	struct test_reader reader = {
		.look = join_unmap, .finish = join_wait, .data = join,
	};

	KUNIT_ASSERT_NOT_NULL(test, join);
	join_init(test, join);
	test_reader_start(test, &reader);
	KUNIT_EXPECT_EQ(test, 0, fake_attach(join->dom, join->fd));
	test_reader_stop(&reader);
	join_expect(test, join);
}

/*
 * One has looked and queued what it has to; somebody will wait for it some day. The
 * device is in the domain already, and all that its entry lacks is one field: no
 * sync of an entry that changes in steps makes up for the one that is missing.
 */
static void join_queued(struct kunit *test)
{
	struct join *join = kunit_kzalloc(test, sizeof(*join), GFP_KERNEL);
	u32 seq;

	KUNIT_ASSERT_NOT_NULL(test, join);
	join_init(test, join);
	join->fd->sdev->ats_able = false;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(join->dom, join->fd));
	join->fd->sdev->ats_able = true;
	rcu_read_lock();
	join_unmap(join);
	seq = invq_submit(&join->fake->unit.q, join->cmds, join->n);
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, 0, fake_attach(join->dom, join->fd));
	invq_wait(&join->fake->unit.q, seq);
	join_expect(test, join);
}

/* The same when it comes from another domain, where it has cached before. */
static void join_moves(struct kunit *test)
{
	struct join *join = kunit_kzalloc(test, sizeof(*join), GFP_KERNEL);
	struct test_reader reader = {
		.look = join_unmap, .finish = join_wait, .data = join,
	};
	struct iodom *old;

	KUNIT_ASSERT_NOT_NULL(test, join);
	join_init(test, join);
	old = fake_dom_new(test, join->fake);
	KUNIT_ASSERT_EQ(test, 0, fake_attach(old, join->fd));
	KUNIT_ASSERT_TRUE(test, join->fd->sdev->ats_on);
	KUNIT_ASSERT_FALSE(test, join->asked);
	test_reader_start(test, &reader);
	KUNIT_EXPECT_EQ(test, 0, fake_attach(join->dom, join->fd));
	test_reader_stop(&reader);
	join_expect(test, join);
}

/* One that looks after it has joined tells it. */
static void join_late(struct kunit *test)
{
	struct join *join = kunit_kzalloc(test, sizeof(*join), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, join);
	join_init(test, join);
	KUNIT_ASSERT_EQ(test, 0, fake_attach(join->dom, join->fd));
	KUNIT_EXPECT_TRUE(test, join->atc);
	rcu_read_lock();
	join_unmap(join);
	join_wait(join);
	rcu_read_unlock();
	join_expect(test, join);
}

static struct kunit_case join_cases[] = {
	KUNIT_CASE(join_reader),
	KUNIT_CASE(join_queued),
	KUNIT_CASE(join_moves),
	KUNIT_CASE(join_late),
	{}
};

static struct kunit_suite join_suite = {
	.name = "ioflush_smmu3_join",
	.test_cases = join_cases,
};

kunit_test_suite(join_suite);

MODULE_DESCRIPTION("KUnit tests of devices that join a domain of ioflush's SMMUv3");
MODULE_LICENSE("GPL");
