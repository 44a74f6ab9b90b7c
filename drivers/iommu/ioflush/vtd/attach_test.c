// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of attaching devices to domains
 *
 * A unit of memory only: its queue executes nothing, but writes down which
 * descriptors it was given, and for each whether the context entry that the
 * test looks at was present at that time.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "../invq/test_take.h"
#include "inval.h"
#include "vtd.h"

#define QUEUE_LG2	4
#define LOG_ENTRIES	64

#define RID		0x0110
#define ALIAS		0x0100

/**
 * struct fake - the unit and what happened to it
 * @unit: the unit
 * @slots: its queue
 * @done: the queue's done word
 * @head: next slot to take
 * @n: descriptors in @log, without those of syncs
 * @log: low halves of the descriptors
 * @present: was the entry of RID present then?
 */
struct fake {
	struct vtd_unit unit;
	struct invq_cmd slots[1 << QUEUE_LG2];
	__le32 done;
	u32 head;
	unsigned int n;
	u64 log[LOG_ENTRIES];
	bool present[LOG_ENTRIES];
};

/**
 * struct fake_dev - a device behind it
 * @dev: as the core knows it
 * @iommu: the core's part
 * @vdev: our part, followed by its source ids
 */
struct fake_dev {
	struct device dev;
	struct dev_iommu iommu;
	struct vtd_dev *vdev;
};

static struct vtd_entry *fake_entry(struct fake *fake, u16 rid)
{
	return vtd_table_context(&fake->unit, rid);
}

static void fake_sync(struct invq *q, struct invq_cmd *cmd)
{
	struct fake *fake = container_of(q, struct fake, unit.q);

	vtd_inv_wait(cmd, virt_to_phys(&fake->done), 0);
}

static void fake_take(struct invq *q, const struct invq_cmd *cmd)
{
	struct fake *fake = container_of(q, struct fake, unit.q);
	u64 lo = le64_to_cpu(cmd->u64s[0]);
	struct vtd_entry *entry = fake_entry(fake, RID);

	if ((lo & VTD_INV_TYPE) == VTD_INV_TYPE_WAIT) {
		WRITE_ONCE(fake->done, cpu_to_le32(lo >> 32));
		return;
	}
	if (fake->n == LOG_ENTRIES)
		return;
	fake->present[fake->n] = entry && vtd_entry_present(entry);
	fake->log[fake->n++] = lo;
}

static void fake_doorbell(struct invq *q, u32 seq)
{
	struct fake *fake = container_of(q, struct fake, unit.q);

	invq_take_all(q, &fake->head, seq, fake_take);
}

static const struct invq_ops fake_queue_ops = {
	.sync = fake_sync,
	.doorbell = fake_doorbell,
};

static void fake_free(void *data)
{
	struct fake *fake = data;

	invq_exit(&fake->unit.q);
	vtd_table_exit(&fake->unit);
	ida_destroy(&fake->unit.dids);
	kfree(fake);
}

static struct fake *fake_new(struct kunit *test, u64 cap)
{
	/* Not from kunit_kzalloc(): the done word needs a physical address. */
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	struct vtd_unit *unit = &fake->unit;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	spin_lock_init(&unit->lock);
	INIT_LIST_HEAD(&unit->devs);
	ida_init(&unit->dids);
	unit->haw_bits = 46;
	unit->identity_did = 9;
	/* 39 bits, 3 levels, 2^16 domains; pass-through */
	vtd_caps_decode(&unit->caps, cap | 0x260206, BIT_ULL(0) | BIT_ULL(6));
	KUNIT_ASSERT_EQ(test, 0, vtd_table_init(unit));
	KUNIT_ASSERT_EQ(test, 0, invq_init(&unit->q, &fake_queue_ops, "fake",
					   fake->slots, &fake->done,
					   QUEUE_LG2));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_free, fake));
	return fake;
}

static struct fake_dev *fake_dev_new(struct kunit *test, struct fake *fake,
				     u16 rid)
{
	struct fake_dev *fd = kunit_kzalloc(test, sizeof(*fd), GFP_KERNEL);
	struct vtd_dev *vdev;

	KUNIT_ASSERT_NOT_NULL(test, fd);
	vdev = kunit_kzalloc(test, struct_size(vdev, rids, 2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vdev);
	fd->dev.init_name = "fake";
	vdev->dev = &fd->dev;
	vdev->unit = &fake->unit;
	vdev->place = (struct iodom_device){ .dev = vdev->dev, .unit = vdev->unit };
	vdev->nrids = 2;
	vdev->rids[0] = rid;
	vdev->rids[1] = ALIAS;
	list_add_tail(&vdev->node, &fake->unit.devs);
	fd->vdev = vdev;
	fd->iommu.priv = vdev;
	fd->dev.iommu = &fd->iommu;
	return fd;
}

static void dom_free(void *data)
{
	struct iodom *dom = data;

	dom->domain.ops->free(&dom->domain);
}

static struct iodom *dom_new(struct kunit *test, struct fake *fake)
{
	struct iopgt_cfg cfg;
	struct iodom *dom;

	vtd_caps_pgt_cfg(&fake->unit.caps, 46, &cfg);
	dom = iodom_create(&vtd_iodom_hw_ops, &iopgt_vtdss_ops, &cfg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, dom_free, dom));
	return dom;
}

/* Is this, or nothing, the only device that the domain says it has? */
static void expect_named(struct kunit *test, struct iodom *dom,
			 struct fake_dev *fd)
{
	struct iodom_device *first;

	first = list_first_entry_or_null(&dom->devices, struct iodom_device,
					 node);
	KUNIT_EXPECT_PTR_EQ(test, first, fd ? &fd->vdev->place : NULL);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&dom->devices), fd ? 1 : 0);
}

static int attach(struct iodom *dom, struct fake_dev *fd)
{
	return vtd_iodom_hw_ops.attach(dom, &fd->dev);
}

static void attach_static(struct kunit *test, struct iommu_domain *domain,
			  struct fake_dev *fd)
{
	KUNIT_ASSERT_EQ(test, 0, domain->ops->attach_dev(domain, &fd->dev));
}

/* Is the entry of @rid what a table of 3 levels with @did asks for? */
static void expect_in(struct kunit *test, struct fake *fake, u16 rid,
		      struct iodom *dom, u16 did)
{
	struct vtd_entry *entry = fake_entry(fake, rid);

	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_EQ(test, entry->lo, virt_to_phys(dom->pgt.root) | 1);
	KUNIT_EXPECT_EQ(test, entry->hi, did << 8 | 1);
}

static void expect_blocked(struct kunit *test, struct fake *fake, u16 rid)
{
	KUNIT_EXPECT_FALSE(test, vtd_entry_present(fake_entry(fake, rid)));
}

/* One device's entry: its cached context, then all that it translated. */
static void expect_forget(struct kunit *test, struct fake *fake,
			  unsigned int at, u16 rid, u16 did)
{
	KUNIT_ASSERT_LE(test, at + 2, fake->n);
	KUNIT_EXPECT_EQ(test, fake->log[at],
			(u64)rid << 32 | (u64)did << 16 | 0x31);
	KUNIT_EXPECT_EQ(test, fake->log[at + 1], (u64)did << 16 | 0x22);
}

/* A first attach: all source ids are set, and nothing is invalidated. */
static void attach_first(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	expect_in(test, fake, RID, dom, 1);
	expect_in(test, fake, ALIAS, dom, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_FALSE(test, dom->map_needs_flush);
	KUNIT_EXPECT_PTR_EQ(test, fd->vdev->dom, dom);
	expect_named(test, dom, fd);

	vtd_dev_detach(fd->vdev);
	expect_named(test, dom, NULL);
	expect_blocked(test, fake, RID);
	expect_blocked(test, fake, ALIAS);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&fake->unit.dids));
}

/* With caching mode what was cached as not present is tagged with id 0. */
static void attach_caching_mode(struct kunit *test)
{
	struct fake *fake = fake_new(test, BIT_ULL(7));
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_ASSERT_EQ(test, fake->n, 6);
	expect_forget(test, fake, 0, RID, 0);
	expect_forget(test, fake, 2, ALIAS, 0);
	expect_forget(test, fake, 4, RID, 1);
	/* Only an entry that is there already can take its place. */
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_TRUE(test, fake->present[i]);
	KUNIT_EXPECT_TRUE(test, dom->map_needs_flush);
	vtd_dev_detach(fd->vdev);
}

/* From one domain to another: blocked while the old one is invalidated. */
static void attach_replace(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *old = dom_new(test, fake), *new = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(old, fd));
	KUNIT_ASSERT_EQ(test, 0, attach(new, fd));
	expect_in(test, fake, RID, new, 2);
	expect_in(test, fake, ALIAS, new, 2);
	KUNIT_ASSERT_EQ(test, fake->n, 4);
	expect_forget(test, fake, 0, RID, 1);
	expect_forget(test, fake, 2, ALIAS, 1);
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_FALSE(test, fake->present[i]);
	KUNIT_EXPECT_TRUE(test, list_empty(&old->links));
	expect_named(test, old, NULL);
	expect_named(test, new, fd);
	vtd_dev_detach(fd->vdev);
}

/* Attached again to where it is: nothing happens, and no use is leaked. */
static void attach_again(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	expect_in(test, fake, RID, dom, 1);
	expect_named(test, dom, fd);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	vtd_dev_detach(fd->vdev);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
}

/* Two devices with an alias in common: one leaves, the other goes on. */
static void attach_shared_alias(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct fake_dev *other = fake_dev_new(test, fake, 0x0118);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, attach(dom, other));
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	vtd_dev_detach(fd->vdev);
	expect_blocked(test, fake, RID);
	expect_in(test, fake, ALIAS, dom, 1);
	expect_in(test, fake, 0x0118, dom, 1);
	KUNIT_EXPECT_FALSE(test, list_empty(&dom->links));
	list_del(&fd->vdev->node);
	vtd_dev_detach(other->vdev);
	expect_blocked(test, fake, ALIAS);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
}

/* To pass-through and to nothing at all, and back */
static void attach_static_domains(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	attach_static(test, &vtd_identity_domain, fd);
	expect_named(test, dom, NULL);
	/* TT 10b, AW of 3 levels, the unit's id for it; section 9.3 */
	KUNIT_EXPECT_EQ(test, fake_entry(fake, RID)->lo, 0x9);
	KUNIT_EXPECT_EQ(test, fake_entry(fake, RID)->hi, 0x901);
	expect_forget(test, fake, 0, RID, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));

	fake->n = 0;
	attach_static(test, &vtd_blocked_domain, fd);
	expect_blocked(test, fake, RID);
	expect_blocked(test, fake, ALIAS);
	expect_forget(test, fake, 0, RID, 9);
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	expect_in(test, fake, RID, dom, 1);
	vtd_dev_detach(fd->vdev);
}

/* A domain that the unit cannot walk is refused, and all stays as it was. */
static void attach_unfit(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *good = dom_new(test, fake), *bad = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(good, fd));
	bad->domain.geometry.aperture_end = GENMASK_ULL(47, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
	expect_in(test, fake, RID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bad->links));
	KUNIT_EXPECT_PTR_EQ(test, fd->vdev->dom, good);
	vtd_dev_detach(fd->vdev);
}

/* Out of domain ids: the device stays where it is. */
static void attach_no_id(struct kunit *test)
{
	struct fake *fake = fake_new(test, 0);
	struct fake_dev *fd = fake_dev_new(test, fake, RID);
	struct iodom *good = dom_new(test, fake), *late = dom_new(test, fake);

	fake->unit.caps.domains = 2;
	KUNIT_ASSERT_EQ(test, 0, attach(good, fd));
	KUNIT_EXPECT_EQ(test, -ENOSPC, attach(late, fd));
	expect_in(test, fake, RID, good, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&late->links));
	vtd_dev_detach(fd->vdev);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE(attach_first),
	KUNIT_CASE(attach_caching_mode),
	KUNIT_CASE(attach_replace),
	KUNIT_CASE(attach_again),
	KUNIT_CASE(attach_shared_alias),
	KUNIT_CASE(attach_static_domains),
	KUNIT_CASE(attach_unfit),
	KUNIT_CASE(attach_no_id),
	{}
};

static struct kunit_suite attach_suite = {
	.name = "ioflush_vtd_attach",
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d attach");
MODULE_LICENSE("GPL");
