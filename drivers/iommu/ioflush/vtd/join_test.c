// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of a device behind VT-d that begins to cache while others unmap
 *
 * What the unit and the device have cached is modelled for one page. An invalidation
 * takes effect as late as it may, with the wait behind it; the device asks all the
 * time, and is answered as soon as its context entry allows that: from what the unit
 * still has, or else from the table.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/sizes.h>

#include "../domain/test_reader.h"
#include "test_fake.h"

#define PAGE_AT	SZ_1G
#define OTHER	0x0118

/**
 * struct join - one page, a device that is about to join, and an unmap
 * @fake: the unit
 * @dom: the domain
 * @other: a device of the domain that caches nothing
 * @fd: the device; its source id is RID
 * @tlb: the unit has the page's translation
 * @tlb_ends: not from the next wait on
 * @atc: the device has it
 * @atc_ends: the same
 * @asked: the device has asked for it
 * @cmds: of the unmap
 * @n: how many
 * @seq: what to wait for, if they were queued
 */
struct join {
	struct fake *fake;
	struct iodom *dom;
	struct fake_dev *other;
	struct fake_dev *fd;
	bool tlb;
	bool tlb_ends;
	bool atc;
	bool atc_ends;
	bool asked;
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned int n;
	u32 seq;
};

static struct iodom_link *join_link(struct join *join)
{
	return list_first_entry(&join->dom->links, struct iodom_link, node);
}

static void join_ask(struct join *join)
{
	const struct vtd_entry *entry = vtd_fake_entry(join->fake, RID);
	struct vtd_context context;

	if (!entry || !vtd_entry_present(entry))
		return;
	vtd_context_decode(entry, &context);
	if (context.tt != VTD_TT_DEVICE ||
	    context.root != virt_to_phys(join->dom->pgt.root))
		return;
	join->asked = true;
	join->tlb |= !!iopgt_iova_to_phys(&join->dom->pgt, PAGE_AT);
	join->atc |= join->tlb;
}

static void join_taken(struct fake *fake, const struct invq_cmd *cmd)
{
	u64 lo = le64_to_cpu(cmd->u64s[0]);
	struct join *join = fake->data;

	switch (FIELD_GET(VTD_INV_TYPE, lo)) {
	case VTD_INV_TYPE_IOTLB:
		join->tlb_ends |= FIELD_GET(VTD_INV_DID, lo) == 1;
		break;
	case VTD_INV_TYPE_DEVICE:
		join->atc_ends |= FIELD_GET(VTD_INV_DEVICE_SID, lo) == RID;
		break;
	case VTD_INV_TYPE_WAIT:
		join->tlb &= !join->tlb_ends;
		join->atc &= !join->atc_ends;
		join->tlb_ends = false;
		join->atc_ends = false;
		break;
	}
	join_ask(join);
}

/* Another device has used the page: the unit has it. The new one knows nothing. */
static struct join *join_new(struct kunit *test)
{
	struct join *join = kunit_kzalloc(test, sizeof(*join), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, join);
	join->fake = vtd_fake_new(test, 0);
	join->fake->unit.caps.page_selective = true;
	join->other = vtd_fake_dev_new(test, join->fake, OTHER);
	join->fd = vtd_fake_dev_new(test, join->fake, RID);
	join->fd->vdev->nrids = 1;
	join->fd->vdev->atc.sid = RID;
	join->fd->vdev->ats_able = true;
	join->dom = vtd_fake_dom_new(test, join->fake);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(join->dom, join->other));
	KUNIT_ASSERT_EQ(test, 0, iodom_map(join->dom, PAGE_AT, SZ_2G, SZ_4K,
					   IOMMU_READ, GFP_KERNEL));
	join->tlb = true;
	join->fake->data = join;
	join->fake->taken = join_taken;
	return join;
}

static void join_end(struct join *join)
{
	join->fake->taken = NULL;
	vtd_dev_detach(join->fd->vdev);
	vtd_dev_detach(join->other->vdev);
}

/* The first half of an unmap: clears, and looks who is to be told. */
static void join_unmap(void *data)
{
	static const struct ioflush_range range = {
		.start = PAGE_AT, .last = PAGE_AT + SZ_4K - 1,
		.leaf_lg2 = 12, .leaf_only = true,
	};
	struct join *join = data;
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, false);
	iopgt_unmap_pages(&join->dom->pgt, PAGE_AT, SZ_4K, &gather);
	/* As in iodom_invalidate() */
	smp_mb();
	join->n = vtd_iodom_hw_ops.encode_range(join->dom, join_link(join),
						&range, join->cmds);
}

/* The second half of one that waits where it has looked. */
static void join_wait(void *data)
{
	struct join *join = data;

	invq_submit_wait(&join->fake->unit.q, join->cmds, join->n);
	join_ask(join);
}

static void join_expect(struct kunit *test, struct join *join)
{
	join_ask(join);
	KUNIT_EXPECT_TRUE(test, join->fd->vdev->ats_on);
	KUNIT_EXPECT_TRUE(test, join->asked);
	KUNIT_EXPECT_FALSE(test, join->tlb);
	KUNIT_EXPECT_FALSE(test, join->atc);
	join_end(join);
}

/* An unmap on another CPU has looked before the device joins, and then waits. */
static void join_reader(struct kunit *test)
{
	struct join *join = join_new(test);
	struct test_reader reader = {
		.look = join_unmap, .finish = join_wait, .data = join,
	};

	test_reader_start(test, &reader);
	KUNIT_EXPECT_EQ(test, 0, vtd_fake_attach(join->dom, join->fd));
	join_ask(join);
	test_reader_stop(&reader);
	join_expect(test, join);
}

/* One has looked and queued what it has to; somebody will wait for it some day. */
static void join_queued(struct kunit *test)
{
	struct join *join = join_new(test);
	u32 seq;

	rcu_read_lock();
	join_unmap(join);
	seq = invq_submit(&join->fake->unit.q, join->cmds, join->n);
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(join->dom, join->fd));
	join_ask(join);
	invq_wait(&join->fake->unit.q, seq);
	join_expect(test, join);
}

/* The same when it comes from another domain, where it has cached before. */
static void join_moves(struct kunit *test)
{
	struct join *join = join_new(test);
	struct test_reader reader = {
		.look = join_unmap, .finish = join_wait, .data = join,
	};
	struct iodom *old = vtd_fake_dom_new(test, join->fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(old, join->fd));
	KUNIT_ASSERT_TRUE(test, join->fd->vdev->ats_on);
	KUNIT_ASSERT_FALSE(test, join->asked);
	test_reader_start(test, &reader);
	KUNIT_EXPECT_EQ(test, 0, vtd_fake_attach(join->dom, join->fd));
	join_ask(join);
	test_reader_stop(&reader);
	join_expect(test, join);
}

/* One that looks after it has joined tells it. */
static void join_late(struct kunit *test)
{
	struct join *join = join_new(test);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(join->dom, join->fd));
	join_ask(join);
	KUNIT_EXPECT_TRUE(test, join->atc);
	rcu_read_lock();
	join_unmap(join);
	join_wait(join);
	rcu_read_unlock();
	join_expect(test, join);
}

static void join_queue(void *data)
{
	struct join *join = data;

	join->seq = invq_submit(&join->fake->unit.q, join->cmds, join->n);
}

/*
 * leaves: one that has looked before a device goes has its invalidation answered by that,
 * and looks at it no more, when the device has gone. Another device keeps the domain's
 * place on the unit.
 */
static void leave_reader(struct kunit *test)
{
	struct join *join = join_new(test);
	struct test_reader reader = {
		.look = join_unmap, .finish = join_queue, .data = join,
	};

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(join->dom, join->fd));
	test_reader_start(test, &reader);
	KUNIT_EXPECT_EQ(test, 2, join->n);
	vtd_dev_detach(join->fd->vdev);
	KUNIT_EXPECT_TRUE(test, test_reader_stop(&reader));
	KUNIT_EXPECT_TRUE(test, invq_finished(&join->fake->unit.q, join->seq));
	KUNIT_EXPECT_FALSE(test, join->fd->vdev->ats_on);
	join_unmap(join);
	KUNIT_EXPECT_EQ(test, 1, join->n);
	join_end(join);
}

static struct kunit_case join_cases[] = {
	KUNIT_CASE(join_reader),
	KUNIT_CASE(join_queued),
	KUNIT_CASE(join_moves),
	KUNIT_CASE(join_late),
	KUNIT_CASE(leave_reader),
	{}
};

static struct kunit_suite join_suite = {
	.name = "ioflush_vtd_join",
	.test_cases = join_cases,
};

kunit_test_suite(join_suite);

MODULE_DESCRIPTION("KUnit tests of devices that join a domain of ioflush's VT-d");
MODULE_LICENSE("GPL");
