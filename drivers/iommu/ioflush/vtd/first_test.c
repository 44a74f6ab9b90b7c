// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of VT-d units that translate by their first stage
 *
 * What entries and descriptors say is in scalable_test.c and inval_test.c; here it is who
 * gets which. A PASID entry of a table of four levels is 0x49 (P 0, AW 4:2, PGTT 001b in
 * 8:6), a PASID-based invalidation of type 6.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/sizes.h>

#include "regs.h"
#include "scalable.h"
#include "test_fake.h"

/* CAP.PSI, CAP.MAMV 9 */
#define PSI	(VTD_CAP_PSI | FIELD_PREP(VTD_CAP_MAMV, 9))

static struct fake *first_fake(struct kunit *test, u64 cap)
{
	return vtd_fake_scalable(test, cap | PSI, VTD_ECAP_FSTS);
}

static struct iodom_link *only_link(struct iodom *dom)
{
	return list_first_entry(&dom->links, struct iodom_link, node);
}

static unsigned int encode(struct iodom *dom, const struct ioflush_range *range,
			   struct invq_cmd *cmds)
{
	unsigned int n;

	rcu_read_lock();
	n = range ? dom->hw->encode_range(dom, only_link(dom), range, cmds) :
		    dom->hw->encode_all(dom, only_link(dom), cmds);
	rcu_read_unlock();
	return n;
}

static void expect_cmd(struct kunit *test, const struct invq_cmd *cmd, u64 lo,
		       u64 hi)
{
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->u64s[0]), lo);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd->u64s[1]), hi);
}

/* Context entry, PASID entry, translations of PASID 0 */
static void expect_forget(struct kunit *test, struct fake *fake,
			  unsigned int at, u16 rid, u16 did)
{
	vtd_fake_expect_forgotten(test, fake, at, rid, did, 0x26);
}

static void expect_in(struct kunit *test, struct fake *fake, u16 rid,
		      struct iodom *dom, u16 did)
{
	vtd_fake_expect_pasid(test, fake, rid, 0x49, did,
			      virt_to_phys(dom->pgt.root));
}

/* What an attached device's requests find, and what is forgotten behind it */
static void first_attach(struct kunit *test)
{
	struct fake *fake = first_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *old = vtd_fake_dom_new(test, fake), *new = vtd_fake_dom_new(test, fake);

	KUNIT_EXPECT_PTR_EQ(test, old->pgt.ops, &iopgt_x86_64_ops);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(old, fd));
	expect_in(test, fake, RID, old, 1);
	expect_in(test, fake, ALIAS, old, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	expect_in(test, fake, RID, new, 2);
	KUNIT_EXPECT_EQ(test, fake->n, 6);
	expect_forget(test, fake, 0, RID, 1);
	expect_forget(test, fake, 3, ALIAS, 1);
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_FALSE(test, fake->present[i]);
	fake->n = 0;
	vtd_fake_attach_static(test, &vtd_identity_domain, fd);
	expect_forget(test, fake, 0, RID, 2);
	vtd_dev_detach(fd->vdev);
	expect_forget(test, fake, 6, RID, 9);
}

/* What was cached as not present is tagged with id 0. */
static void first_caching_mode(struct kunit *test)
{
	struct fake *fake = first_fake(test, VTD_CAP_CM);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, fake->n, 9);
	expect_forget(test, fake, 0, RID, 0);
	expect_forget(test, fake, 3, ALIAS, 0);
	expect_forget(test, fake, 6, RID, 1);
	/* A page that is mapped: pages of PASID 0 */
	fake->n = 0;
	KUNIT_EXPECT_EQ(test, 0, iodom_map(dom, SZ_1G, SZ_2G, SZ_4K, IOMMU_READ,
					   GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, iodom_map_sync(dom, SZ_1G, SZ_4K));
	KUNIT_EXPECT_EQ(test, fake->n, 1);
	KUNIT_EXPECT_EQ(test, fake->log[0], 0x10036);
	vtd_dev_detach(fd->vdev);
}

/* Of pages with and without the hint that tables stay, and of all */
static void first_encode(struct kunit *test)
{
	struct ioflush_range range = {
		.start = SZ_1G, .last = SZ_1G + SZ_4K - 1, .leaf_lg2 = 12,
	};
	struct fake *fake = first_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, 1, encode(dom, &range, cmds));
	expect_cmd(test, &cmds[0], 0x10036, SZ_1G);
	range.leaf_only = true;
	KUNIT_EXPECT_EQ(test, 1, encode(dom, &range, cmds));
	expect_cmd(test, &cmds[0], 0x10036, SZ_1G | 0x40);
	KUNIT_EXPECT_EQ(test, 1, encode(dom, NULL, cmds));
	expect_cmd(test, &cmds[0], 0x10026, 0);
	vtd_dev_detach(fd->vdev);
}

/*
 * Section 6.5.2.5: a device that caches asks without a PASID, and is told so, behind what
 * invalidates the unit. Its context entry has DTE, bit 2.
 */
static void first_ats(struct kunit *test)
{
	const struct ioflush_range range = {
		.start = SZ_1G, .last = SZ_1G + SZ_4K - 1, .leaf_lg2 = 12,
	};
	struct fake *fake = first_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];

	fd->vdev->nrids = 1;
	fd->vdev->atc = (struct vtd_atc) { .sid = RID, .depth = 4 };
	fd->vdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, vtd_fake_entry(fake, RID)->lo & 0xfff, 5);
	KUNIT_EXPECT_EQ(test, 2, encode(dom, &range, cmds));
	expect_cmd(test, &cmds[0], 0x10036, SZ_1G);
	expect_cmd(test, &cmds[1], 0x11000040003, SZ_1G);
	KUNIT_EXPECT_EQ(test, 2, encode(dom, NULL, cmds));
	expect_cmd(test, &cmds[0], 0x10026, 0);
	expect_cmd(test, &cmds[1], 0x11000040003, 0x7ffffffffffff001);
	vtd_dev_detach(fd->vdev);
}

/*
 * A table of the other format, or of more levels, is for others. The second stage has four
 * levels, too, in SAGAW, and pages of 2 MiB.
 */
static void first_refused(struct kunit *test)
{
	struct fake *first = first_fake(test, 0);
	struct fake *second = vtd_fake_scalable(test, BIT_ULL(10) | BIT_ULL(34),
						VTD_ECAP_SSTS);
	struct fake_dev *fd = vtd_fake_dev_new(test, first, RID);
	struct fake_dev *other = vtd_fake_dev_new(test, second, RID);
	struct iodom *dom = vtd_fake_dom_new(test, first);

	KUNIT_EXPECT_EQ(test, -EINVAL, vtd_fake_attach(dom, other));
	vtd_dev_detach(other->vdev);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			vtd_fake_attach(vtd_fake_dom_new(test, second), fd));
	dom->pgt.levels = 5;
	KUNIT_EXPECT_EQ(test, -EINVAL, vtd_fake_attach(dom, fd));
	dom->pgt.levels = 4;
	KUNIT_EXPECT_EQ(test, 0, vtd_fake_attach(dom, fd));
	vtd_dev_detach(fd->vdev);
}

/* The unit of a device decides. CAP.MGAW is 39 bits here, and 57. */
static void first_alloc(struct kunit *test)
{
	struct fake *fake = first_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);

	for (unsigned int i = 0; i < 2; i++) {
		struct iommu_domain *domain = vtd_ops.domain_alloc_paging(&fd->dev);

		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(domain));
		KUNIT_EXPECT_PTR_EQ(test, to_iodom(domain)->pgt.ops,
				    &iopgt_x86_64_ops);
		KUNIT_EXPECT_PTR_EQ(test, to_iodom(domain)->hw, &vtd_first_hw_ops);
		KUNIT_EXPECT_EQ(test, domain->geometry.aperture_end,
				i ? GENMASK_ULL(46, 0) : GENMASK_ULL(38, 0));
		KUNIT_EXPECT_TRUE(test, domain->geometry.force_aperture);
		domain->ops->free(domain);
		fake->unit.caps.mgaw_bits = 57;
	}
}

/*
 * Leaves cannot force snooping, PASID entries do, so the domain has nothing to change;
 * where that cannot be forced it says no.
 */
static void first_snoop(struct kunit *test)
{
	struct fake *can = vtd_fake_scalable(test, 0, VTD_ECAP_FSTS | VTD_ECAP_SC);
	struct fake *cannot = first_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, can, RID);
	struct fake_dev *other = vtd_fake_dev_new(test, cannot, RID);
	struct iodom *dom = vtd_fake_dom_new(test, can);
	const struct vtd_pasid *pasid;

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	pasid = vtd_fake_pasid(test, can, RID);
	KUNIT_EXPECT_EQ(test, pasid ? pasid->word[1] : 0, BIT_ULL(24) | 1);
	KUNIT_EXPECT_TRUE(test, dom->hw->enforce_coherency(dom));
	KUNIT_EXPECT_EQ(test, -EINVAL, vtd_fake_attach(dom, other));
	vtd_dev_detach(fd->vdev);

	dom = vtd_fake_dom_new(test, cannot);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, other));
	KUNIT_EXPECT_FALSE(test, dom->hw->enforce_coherency(dom));
	vtd_dev_detach(other->vdev);
}

/* Without pass-through: a table in which each address translates to itself */
static void first_identity(struct kunit *test)
{
	struct fake *fake = first_fake(test, VTD_CAP_FS1GP);
	struct vtd_unit *unit = &fake->unit;
	struct vtd_pasids *pasids = unit->identity_pasids;
	const struct vtd_pasid *pasid;

	unit->caps.pass_through = false;
	unit->caps.mgaw_bits = 48;
	KUNIT_ASSERT_EQ(test, 0, vtd_identity_init(unit));
	pasid = unit->identity_pasids->table;
	KUNIT_EXPECT_EQ(test, pasid->word[0], 0x49);
	KUNIT_EXPECT_EQ(test, pasid->word[1], unit->identity_did);
	KUNIT_EXPECT_EQ(test, pasid->word[2], virt_to_phys(unit->identity.root));
	KUNIT_EXPECT_PTR_EQ(test, unit->identity.ops, &iopgt_x86_64_ops);
	KUNIT_EXPECT_EQ(test, iopgt_iova_to_phys(&unit->identity, 0xdeadbeef),
			0xdeadbeef);
	vtd_identity_exit(unit);
	unit->identity_pasids = pasids;
}

static struct kunit_case first_cases[] = {
	KUNIT_CASE(first_attach),
	KUNIT_CASE(first_caching_mode),
	KUNIT_CASE(first_encode),
	KUNIT_CASE(first_ats),
	KUNIT_CASE(first_refused),
	KUNIT_CASE(first_alloc),
	KUNIT_CASE(first_snoop),
	KUNIT_CASE(first_identity),
	{}
};

static struct kunit_suite first_suite = {
	.name = "ioflush_vtd_first",
	.test_cases = first_cases,
};

kunit_test_suite(first_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d first stage");
MODULE_LICENSE("GPL");
