// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of attaching devices to domains
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "inval.h"
#include "test_fake.h"
#include "vtd.h"

/* Is the entry of @rid what a table of 3 levels with @did asks for? */
static void expect_in(struct kunit *test, struct fake *fake, u16 rid,
		      struct iodom *dom, u16 did)
{
	struct vtd_entry *entry = vtd_fake_entry(fake, rid);

	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_EQ(test, entry->lo, virt_to_phys(dom->pgt.root) | 1);
	KUNIT_EXPECT_EQ(test, entry->hi, did << 8 | 1);
}

static void expect_blocked(struct kunit *test, struct fake *fake, u16 rid)
{
	KUNIT_EXPECT_FALSE(test, vtd_entry_present(vtd_fake_entry(fake, rid)));
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
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	expect_in(test, fake, RID, dom, 1);
	expect_in(test, fake, ALIAS, dom, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_FALSE(test, dom->map_needs_flush);
	KUNIT_EXPECT_PTR_EQ(test, fd->vdev->dom, dom);
	vtd_fake_expect_named(test, dom, fd);

	vtd_dev_detach(fd->vdev);
	vtd_fake_expect_named(test, dom, NULL);
	expect_blocked(test, fake, RID);
	expect_blocked(test, fake, ALIAS);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&fake->unit.dids));
}

/* With caching mode what was cached as not present is tagged with id 0. */
static void attach_caching_mode(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, BIT_ULL(7));
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
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
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *old = vtd_fake_dom_new(test, fake), *new = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(old, fd));
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	expect_in(test, fake, RID, new, 2);
	expect_in(test, fake, ALIAS, new, 2);
	KUNIT_ASSERT_EQ(test, fake->n, 4);
	expect_forget(test, fake, 0, RID, 1);
	expect_forget(test, fake, 2, ALIAS, 1);
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_FALSE(test, fake->present[i]);
	KUNIT_EXPECT_TRUE(test, list_empty(&old->links));
	vtd_fake_expect_named(test, old, NULL);
	vtd_fake_expect_named(test, new, fd);
	vtd_dev_detach(fd->vdev);
}

/* Attached again to where it is: nothing happens, and no use is leaked. */
static void attach_again(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	expect_in(test, fake, RID, dom, 1);
	vtd_fake_expect_named(test, dom, fd);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	vtd_dev_detach(fd->vdev);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
}

/* Two devices with an alias in common: one leaves, the other goes on. */
static void attach_shared_alias(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct fake_dev *other = vtd_fake_dev_new(test, fake, 0x0118);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, other));
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

/* One that was found, but is in no domain, keeps nothing of who leaves. */
static void attach_alias_of_none(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	vtd_fake_dev_new(test, fake, 0x0118);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	vtd_dev_detach(fd->vdev);
	expect_blocked(test, fake, RID);
	expect_blocked(test, fake, ALIAS);
	KUNIT_ASSERT_EQ(test, fake->n, 4);
	expect_forget(test, fake, 2, ALIAS, 1);
}

/* Nor does one that is in another domain by then: only as a group moves, if that fails. */
static void attach_alias_elsewhere(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct fake_dev *other = vtd_fake_dev_new(test, fake, 0x0118);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct iodom *next = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(next, other));
	expect_in(test, fake, ALIAS, next, 2);
	vtd_dev_detach(other->vdev);
	expect_blocked(test, fake, ALIAS);
	KUNIT_EXPECT_TRUE(test, list_empty(&next->links));
	expect_in(test, fake, RID, dom, 1);
	vtd_dev_detach(fd->vdev);
}

/* To pass-through and to nothing at all, and back */
static void attach_static_domains(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	vtd_fake_attach_static(test, &vtd_identity_domain, fd);
	vtd_fake_expect_named(test, dom, NULL);
	/* TT 10b, AW of 3 levels, the unit's id for it; section 9.3 */
	KUNIT_EXPECT_EQ(test, vtd_fake_entry(fake, RID)->lo, 0x9);
	KUNIT_EXPECT_EQ(test, vtd_fake_entry(fake, RID)->hi, 0x901);
	expect_forget(test, fake, 0, RID, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));

	fake->n = 0;
	vtd_fake_attach_static(test, &vtd_blocked_domain, fd);
	expect_blocked(test, fake, RID);
	expect_blocked(test, fake, ALIAS);
	expect_forget(test, fake, 0, RID, 9);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	expect_in(test, fake, RID, dom, 1);
	vtd_dev_detach(fd->vdev);
}

/* A domain that the unit cannot walk is refused, and all stays as it was. */
static void attach_unfit(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *good = vtd_fake_dom_new(test, fake), *bad = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(good, fd));
	bad->domain.geometry.aperture_end = GENMASK_ULL(47, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, vtd_fake_attach(bad, fd));
	expect_in(test, fake, RID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bad->links));
	KUNIT_EXPECT_PTR_EQ(test, fd->vdev->dom, good);
	vtd_dev_detach(fd->vdev);
}

/* Out of domain ids: the device stays where it is. */
static void attach_no_id(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *good = vtd_fake_dom_new(test, fake), *late = vtd_fake_dom_new(test, fake);

	fake->unit.caps.domains = 2;
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(good, fd));
	KUNIT_EXPECT_EQ(test, -ENOSPC, vtd_fake_attach(late, fd));
	expect_in(test, fake, RID, good, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&late->links));
	vtd_dev_detach(fd->vdev);
}

static bool no_page_in_use(phys_addr_t page)
{
	return false;
}

/*
 * At work for a kernel that crashed: left as it is until it is attached, and forgotten
 * then by the id that it had.
 */
static void attach_inherited(struct kunit *test)
{
	struct vtd_entry *root = (void *)get_zeroed_page(GFP_KERNEL);
	struct vtd_entry *table = (void *)get_zeroed_page(GFP_KERNEL);
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	if (root && table) {
		root[RID >> 8] = vtd_root_encode(virt_to_phys(table));
		table[RID & 0xff] = (struct vtd_entry) { 0x5000 | 1, 1 << 8 | 1 };
		KUNIT_EXPECT_EQ(test, 1,
				vtd_inherit_tables(&fake->unit,
						   virt_to_phys(root),
						   no_page_in_use));
	}
	free_page((unsigned long)table);
	free_page((unsigned long)root);
	KUNIT_ASSERT_TRUE(test, vtd_ops.is_attach_deferred(&fd->dev));
	KUNIT_EXPECT_EQ(test, vtd_fake_entry(fake, RID)->lo, 0x5001);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_FALSE(test, vtd_ops.is_attach_deferred(&fd->dev));
	expect_in(test, fake, RID, dom, 2);
	KUNIT_ASSERT_EQ(test, fake->n, 2);
	expect_forget(test, fake, 0, RID, 1);
	KUNIT_EXPECT_FALSE(test, fake->present[0]);
	vtd_dev_detach(fd->vdev);
}

/* As a kernel that crashed has left it */
static void inherited(struct kunit *test, struct fake *fake, u16 rid)
{
	const struct vtd_entry old = { 0x5000 | 1, 77 << 8 | 1 };

	KUNIT_ASSERT_EQ(test, 0, vtd_table_grow(&fake->unit, rid));
	spin_lock(&fake->unit.lock);
	vtd_table_set(&fake->unit, vtd_fake_entry(fake, rid), &old);
	spin_unlock(&fake->unit.lock);
}

static void expect_inherited(struct kunit *test, struct fake *fake, u16 rid)
{
	KUNIT_EXPECT_TRUE(test, vtd_inherits(&fake->unit, rid));
	KUNIT_EXPECT_EQ(test, vtd_fake_entry(fake, rid)->lo, 0x5001);
}

/*
 * Two devices with an alias in common, both at work for a kernel that crashed, and so in
 * no domain: one leaves, the other goes on.
 */
static void attach_alias_inherited(struct kunit *test)
{
	struct fake *fake = vtd_fake_new(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct fake_dev *other = vtd_fake_dev_new(test, fake, 0x0118);

	fake->unit.old_dids = bitmap_zalloc(fake->unit.caps.domains, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->unit.old_dids);
	set_bit(77, fake->unit.old_dids);
	inherited(test, fake, RID);
	inherited(test, fake, ALIAS);
	inherited(test, fake, 0x0118);

	vtd_dev_detach(fd->vdev);
	expect_blocked(test, fake, RID);
	expect_inherited(test, fake, ALIAS);
	expect_inherited(test, fake, 0x0118);
	expect_forget(test, fake, 0, RID, 77);
	list_del(&fd->vdev->node);
	vtd_dev_detach(other->vdev);
	expect_blocked(test, fake, ALIAS);
	expect_blocked(test, fake, 0x0118);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE(attach_first),
	KUNIT_CASE(attach_caching_mode),
	KUNIT_CASE(attach_replace),
	KUNIT_CASE(attach_again),
	KUNIT_CASE(attach_shared_alias),
	KUNIT_CASE(attach_alias_of_none),
	KUNIT_CASE(attach_alias_elsewhere),
	KUNIT_CASE(attach_static_domains),
	KUNIT_CASE(attach_unfit),
	KUNIT_CASE(attach_no_id),
	KUNIT_CASE(attach_inherited),
	KUNIT_CASE(attach_alias_inherited),
	{}
};

static struct kunit_suite attach_suite = {
	.name = "ioflush_vtd_attach",
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d attach");
MODULE_LICENSE("GPL");
