// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of devices behind VT-d that cache translations
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "test_fake.h"

static struct fake *ats_fake(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);

	fake->unit.caps.page_selective = true;
	fake->unit.caps.mamv = 9;
	return fake;
}

static struct fake_dev *ats_dev(struct kunit *test, struct fake *fake, u16 rid)
{
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, rid);

	fd->vdev->nrids = 1;
	fd->vdev->atc = (struct vtd_atc) { .sid = rid, .depth = 4 };
	fd->vdev->ats_able = true;
	return fd;
}

static struct iodom_link *only_link(struct kunit *test, struct iodom *dom)
{
	KUNIT_ASSERT_EQ(test, 1, list_count_nodes(&dom->links));
	return list_first_entry(&dom->links, struct iodom_link, node);
}

static unsigned int encode(struct kunit *test, struct iodom *dom,
			   const struct ioflush_range *range,
			   struct invq_cmd *cmds)
{
	struct iodom_link *link = only_link(test, dom);
	unsigned int n;

	rcu_read_lock();
	n = range ? vtd_iodom_hw_ops.encode_range(dom, link, range, cmds) :
		    vtd_iodom_hw_ops.encode_all(dom, link, cmds);
	rcu_read_unlock();
	return n;
}

static u8 type_of(u64 lo)
{
	return FIELD_GET(VTD_INV_TYPE, lo);
}

static unsigned int count_type(const struct fake *fake, u8 type)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake->n; i++)
		n += type_of(fake->log[i]) == type;
	return n;
}

static u8 tt_of(struct fake *fake, u16 rid)
{
	struct vtd_context context;

	vtd_context_decode(vtd_fake_entry(fake, rid), &context);
	return context.tt;
}

static const struct ioflush_range three_pages = {
	.start = SZ_1G, .last = SZ_1G + 3 * SZ_4K - 1, .leaf_lg2 = 12,
	.leaf_only = true,
};

/* Section 6.5.2.11: behind what invalidates the unit, one for each device */
static void ats_encode(struct kunit *test)
{
	struct fake *fake = ats_fake(test);
	struct fake_dev *fd = ats_dev(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];

	fd->vdev->ats_able = false;
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, 2, encode(test, dom, &three_pages, cmds));
	KUNIT_EXPECT_EQ(test, 1, encode(test, dom, NULL, cmds));
	KUNIT_EXPECT_EQ(test, VTD_TT_TABLE, tt_of(fake, RID));

	fd->vdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_TRUE(test, fd->vdev->ats_on);
	KUNIT_EXPECT_EQ(test, VTD_TT_DEVICE, tt_of(fake, RID));
	/* Once more: it is on the list once. */
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, 1, only_link(test, dom)->ats_n);

	KUNIT_ASSERT_EQ(test, 3, encode(test, dom, &three_pages, cmds));
	KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_IOTLB,
			type_of(le64_to_cpu(cmds[0].u64s[0])));
	KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_IOTLB,
			type_of(le64_to_cpu(cmds[1].u64s[0])));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmds[2].u64s[0]), 0x11000040003);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmds[2].u64s[1]), SZ_1G | 0x1001);

	KUNIT_ASSERT_EQ(test, 2, encode(test, dom, NULL, cmds));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmds[0].u64s[0]), 0x10022);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmds[1].u64s[1]), 0x7ffffffffffff001);
	vtd_dev_detach(fd->vdev);
}

/* Behind each invalidation of the IOTLB there is one of the device, of the same. */
static void expect_pairs(struct kunit *test, struct fake *fake, unsigned int n)
{
	KUNIT_ASSERT_EQ(test, 2 * n, fake->n);
	for (unsigned int i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_IOTLB,
				type_of(fake->log[2 * i]));
		KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_DEVICE,
				type_of(fake->log[2 * i + 1]));
	}
	fake->n = 0;
}

/* An unmap that waits, several ranges as a drain has them, and a domain. */
static void ats_flush(struct kunit *test)
{
	static const struct ioflush_range ranges[] = {
		{ .start = SZ_1G, .last = SZ_1G + SZ_4K - 1, .leaf_lg2 = 12 },
		{ .start = SZ_2G, .last = SZ_2G + SZ_4K - 1, .leaf_lg2 = 12 },
	};
	struct fake *fake = ats_fake(test);
	struct fake_dev *fd = ats_dev(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, iodom_map(dom, SZ_1G, SZ_2G, SZ_4K, IOMMU_READ,
					   GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, fake->n);
	iodom_unmap_sync(dom, SZ_1G, SZ_4K);
	expect_pairs(test, fake, 1);
	ioflush_ranges(&dom->flush, ranges, ARRAY_SIZE(ranges), false);
	expect_pairs(test, fake, 2);
	ioflush_all(&dom->flush);
	expect_pairs(test, fake, 1);
	vtd_dev_detach(fd->vdev);
}

/* Where a device forgets, its entry does not let it ask or use anything. */
static void expect_forgets(struct kunit *test, const struct fake *fake)
{
	KUNIT_EXPECT_EQ(test, 1, count_type(fake, VTD_INV_TYPE_DEVICE));
	for (unsigned int i = 0; i < fake->n; i++) {
		if (type_of(fake->log[i]) != VTD_INV_TYPE_DEVICE)
			continue;
		KUNIT_EXPECT_FALSE(test, fake->present[i]);
		/* Section 6.5.3.2: context, IOTLB, device */
		KUNIT_ASSERT_GE(test, i, 2);
		KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_IOTLB,
				type_of(fake->log[i - 1]));
		KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_CONTEXT,
				type_of(fake->log[i - 2]));
	}
}

/* From domain to domain, to none, and away. */
static void ats_move(struct kunit *test)
{
	struct fake *fake = ats_fake(test);
	struct fake_dev *fd = ats_dev(test, fake, RID);
	struct iodom *old = vtd_fake_dom_new(test, fake);
	struct iodom *new = vtd_fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct invq *q = &fake->unit.q;

	KUNIT_EXPECT_LT(test, q->timeout_us * q->kill_timeouts, 90 * USEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(old, fd));
	KUNIT_EXPECT_EQ(test, 0, count_type(fake, VTD_INV_TYPE_DEVICE));
	/* Now it may be a device that the unit waits for. */
	KUNIT_EXPECT_GT(test, q->timeout_us * q->kill_timeouts, 90 * USEC_PER_SEC);

	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	expect_forgets(test, fake);
	KUNIT_EXPECT_EQ(test, VTD_TT_DEVICE, tt_of(fake, RID));
	KUNIT_EXPECT_EQ(test, 2, encode(test, new, NULL, cmds));
	KUNIT_EXPECT_TRUE(test, list_empty(&old->links));

	fake->n = 0;
	vtd_fake_attach_static(test, &vtd_identity_domain, fd);
	expect_forgets(test, fake);
	KUNIT_EXPECT_FALSE(test, fd->vdev->ats_on);
	KUNIT_EXPECT_NULL(test, fd->vdev->ats);
	KUNIT_EXPECT_EQ(test, VTD_TT_PASS, tt_of(fake, RID));
	KUNIT_EXPECT_TRUE(test, list_empty(&new->links));

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	KUNIT_EXPECT_TRUE(test, fd->vdev->ats_on);
	fake->n = 0;
	vtd_fake_attach_static(test, &vtd_blocked_domain, fd);
	expect_forgets(test, fake);
	KUNIT_EXPECT_FALSE(test, fd->vdev->ats_on);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	fake->n = 0;
	vtd_dev_detach(fd->vdev);
	expect_forgets(test, fake);
	KUNIT_EXPECT_FALSE(test, fd->vdev->ats_on);
}

/**
 * struct leave - a device that goes, and who invalidates meanwhile
 * @dom: the domain that it leaves
 * @link: that on its unit
 * @device: the device
 * @early: it was off the list before it has forgotten
 */
struct leave {
	struct iodom *dom;
	struct iodom_link *link;
	struct iodom_device *device;
	unsigned int early;
};

/* As long as a device has not forgotten, the domain's invalidations reach it. */
static void leave_taken(struct fake *fake, const struct invq_cmd *cmd)
{
	struct leave *leave = fake->data;
	struct iodom_ats *ats;
	bool listed = false;

	if (type_of(le64_to_cpu(cmd->u64s[0])) != VTD_INV_TYPE_DEVICE)
		return;
	hlist_for_each_entry_rcu(ats, &leave->link->ats, node, true)
		listed |= ats->device == leave->device;
	leave->early += !listed;
}

static void ats_leaves_last(struct kunit *test)
{
	struct fake *fake = ats_fake(test);
	struct fake_dev *fd = ats_dev(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct leave leave = { .dom = dom, .device = &fd->vdev->place };

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	leave.link = only_link(test, dom);
	fake->data = &leave;
	fake->taken = leave_taken;
	vtd_fake_attach_static(test, &vtd_blocked_domain, fd);
	fake->taken = NULL;
	KUNIT_EXPECT_EQ(test, 1, count_type(fake, VTD_INV_TYPE_DEVICE));
	KUNIT_EXPECT_EQ(test, 0, leave.early);
}

/*
 * step: more devices than one batch has room for. Those that cache are all reached
 * by one, others ask for nothing; and an encoder leaves the queue alone.
 */
static void ats_many(struct kunit *test)
{
	struct fake *fake = ats_fake(test);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned int devs = IODOM_CMDS_MAX + 2, on = 0;
	struct fake_dev *fd[IODOM_CMDS_MAX + 2];
	u32 newest;

	for (unsigned int i = 0; i < devs; i++) {
		fd[i] = ats_dev(test, fake, RID + i);
		KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd[i]));
		on += fd[i]->vdev->ats_on;
		KUNIT_EXPECT_EQ(test, fd[i]->vdev->ats_on ? VTD_TT_DEVICE :
							    VTD_TT_TABLE,
				tt_of(fake, RID + i));
	}
	KUNIT_EXPECT_EQ(test, IODOM_CMDS_MAX - 1, on);

	newest = invq_newest(&fake->unit.q);
	KUNIT_EXPECT_EQ(test, 0, encode(test, dom, &three_pages, cmds));
	KUNIT_ASSERT_EQ(test, IODOM_CMDS_MAX, encode(test, dom, NULL, cmds));
	KUNIT_EXPECT_EQ(test, newest, invq_newest(&fake->unit.q));
	for (unsigned int i = 1; i < IODOM_CMDS_MAX; i++)
		KUNIT_EXPECT_EQ(test, VTD_INV_TYPE_DEVICE,
				type_of(le64_to_cpu(cmds[i].u64s[0])));

	/* There is room again where one leaves. */
	vtd_fake_attach_static(test, &vtd_blocked_domain, fd[0]);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd[devs - 1]));
	KUNIT_EXPECT_TRUE(test, fd[devs - 1]->vdev->ats_on);
	for (unsigned int i = 0; i < devs; i++)
		vtd_dev_detach(fd[i]->vdev);
}

/* What does not cache here is sent nothing, whatever an entry of before says. */
static void ats_inherited(struct kunit *test)
{
	struct fake *fake = ats_fake(test);
	struct fake_dev *fd = ats_dev(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct vtd_context old = {
		.tt = VTD_TT_DEVICE, .levels = 3, .did = 7, .root = SZ_2M,
	};
	struct vtd_entry value = vtd_context_encode(&old);

	for (unsigned int able = 0; able < 2; able++) {
		fd->vdev->ats_able = able;
		KUNIT_ASSERT_EQ(test, 0, vtd_table_grow(&fake->unit, RID));
		*vtd_fake_entry(fake, RID) = value;
		fake->n = 0;
		KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
		if (able)
			expect_forgets(test, fake);
		else
			KUNIT_EXPECT_EQ(test, 0,
					count_type(fake, VTD_INV_TYPE_DEVICE));
		KUNIT_EXPECT_EQ(test, able ? VTD_TT_DEVICE : VTD_TT_TABLE,
				tt_of(fake, RID));
		vtd_fake_attach_static(test, &vtd_blocked_domain, fd);
	}
}

static struct kunit_case ats_cases[] = {
	KUNIT_CASE(ats_encode),
	KUNIT_CASE(ats_flush),
	KUNIT_CASE(ats_move),
	KUNIT_CASE(ats_leaves_last),
	KUNIT_CASE(ats_many),
	KUNIT_CASE(ats_inherited),
	{}
};

static struct kunit_suite ats_suite = {
	.name = "ioflush_vtd_ats",
	.test_cases = ats_cases,
};

kunit_test_suite(ats_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d ATS");
MODULE_LICENSE("GPL");
