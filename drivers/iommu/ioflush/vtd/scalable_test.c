// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of VT-d scalable mode
 *
 * Section 9.4: P 0, DTE 2, PASIDE 3, PDTS 11:9, PASIDDIRPTR 63:12. Section 9.5: P 0,
 * SMPTBLPTR 63:12. Section 9.6: P 0, AW 4:2, PGTT 8:6 (001b first stage, 010b second stage,
 * 100b pass-through), SSPTPTR 63:12; DID 79:64, PWSNP 87, PGSNP 88; FSPM 131:130,
 * FSPTPTR 191:140.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "regs.h"
#include "scalable.h"
#include "test_fake.h"

/* Bits of ECAP, section 11.4.3; a unit has one more. */
#define SC	(BIT_ULL(7) | BIT_ULL(1))
#define SMPWCS	(BIT_ULL(48) | BIT_ULL(1))

static void scalable_context_entry(struct kunit *test)
{
	struct vtd_context context = {
		.tt = VTD_TT_TABLE, .pasids = 0x123456788000,
	};
	struct vtd_entry e = vtd_sm_context_encode(&context);

	KUNIT_EXPECT_EQ(test, e.lo, 0x123456788001ULL);
	KUNIT_EXPECT_EQ(test, e.hi, 0ULL);
	KUNIT_EXPECT_EQ(test, vtd_sm_context_dir(&e), 0x123456788000ULL);
	KUNIT_EXPECT_FALSE(test, vtd_sm_context_caches(&e));
	context.tt = VTD_TT_DEVICE;
	e = vtd_sm_context_encode(&context);
	KUNIT_EXPECT_EQ(test, e.lo, 0x123456788005ULL);
	KUNIT_EXPECT_TRUE(test, vtd_sm_context_caches(&e));
	KUNIT_EXPECT_EQ(test, vtd_pasid_dir_encode(0x123456789000),
			0x123456789001ULL);
}

struct pasid_row {
	struct vtd_context context;
	u64 ecap;
	u64 word[3];
};

static const struct pasid_row pasid_rows[] = {
	{ { VTD_TT_TABLE, 3, 1, 0x1000 }, 0, { 0x1085, 0x1 } },
	{ { VTD_TT_TABLE, 4, 0xffff, 0xabcdef000 }, SMPWCS | SC,
	  { 0xabcdef089, 0x80ffff } },
	{ { VTD_TT_DEVICE, 4, 7, 0x2000 }, 0, { 0x2089, 0x7 } },
	{ { VTD_TT_PASS, 5, 0x1234, 0 }, 0, { 0x10d, 0x1234 } },
	/* PGTT 001b; in the third word FSPTPTR and FSPM, 0 of four levels and 1 of five */
	{ { VTD_TT_TABLE, 4, 1, 0x1000, 0, true }, 0, { 0x49, 0x1, 0x1000 } },
	{ { VTD_TT_TABLE, 4, 0xffff, 0xabcdef000, 0, true }, SMPWCS,
	  { 0x49, 0x80ffff, 0xabcdef000 } },
	{ { VTD_TT_TABLE, 4, 2, 0x1000, 0, true }, SC,
	  { 0x49, 0x1000002, 0x1000 } },
	{ { VTD_TT_DEVICE, 5, 7, 0x2000, 0, true }, 0, { 0x4d, 0x7, 0x2004 } },
	/* Of pass-through it is all the same. */
	{ { VTD_TT_PASS, 4, 9, 0, 0, true }, SC, { 0x109, 0x9 } },
};

static void scalable_pasid_entry(struct kunit *test)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(pasid_rows); i++) {
		const struct pasid_row *r = &pasid_rows[i];
		struct vtd_context back;
		struct vtd_caps caps;
		struct vtd_pasid e;

		memset(&e, 0xff, sizeof(e));
		KUNIT_ASSERT_EQ(test, 0, vtd_caps_decode(&caps, 0x260206, r->ecap));
		vtd_pasid_encode(&e, &r->context, &caps);
		KUNIT_EXPECT_EQ(test, e.word[0], r->word[0]);
		KUNIT_EXPECT_EQ(test, e.word[1], r->word[1]);
		KUNIT_EXPECT_EQ(test, e.word[2], r->word[2]);
		KUNIT_EXPECT_NULL(test, memchr_inv(&e.word[3], 0,
						   5 * sizeof(e.word[0])));
		vtd_pasid_decode(&e, &back);
		KUNIT_EXPECT_EQ(test, back.tt == VTD_TT_PASS,
				r->context.tt == VTD_TT_PASS);
		KUNIT_EXPECT_EQ(test, back.levels, r->context.levels);
		KUNIT_EXPECT_EQ(test, back.did, r->context.did);
		KUNIT_EXPECT_EQ(test, back.root, r->context.root);
		KUNIT_EXPECT_EQ(test, back.first_stage,
				r->context.first_stage && back.tt != VTD_TT_PASS);
	}
}

static struct fake *scalable_fake(struct kunit *test, u64 cap)
{
	return vtd_fake_scalable(test, cap, VTD_ECAP_SSTS);
}

static void expect_in(struct kunit *test, struct fake *fake, u16 rid,
		      struct iodom *dom, u16 did)
{
	vtd_fake_expect_pasid(test, fake, rid, virt_to_phys(dom->pgt.root) | 0x85,
			      did, 0);
}

/* Context entry, PASID entry, translations; nothing leads there meanwhile. */
static void expect_forget(struct kunit *test, struct fake *fake,
			  unsigned int at, u16 rid, u16 did)
{
	vtd_fake_expect_forgotten(test, fake, at, rid, did, 0x22);
}

/* Both halves of a root entry, and what an attached device's requests find */
static void scalable_attach(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, 0x01f0);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	expect_in(test, fake, 0x01f0, dom, 1);
	expect_in(test, fake, ALIAS, dom, 1);
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, 0x01ef));
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, ALIAS + 1));
	KUNIT_EXPECT_EQ(test, fake->n, 0);

	vtd_dev_detach(fd->vdev);
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, 0x01f0));
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, ALIAS));
	KUNIT_EXPECT_EQ(test, fake->n, 6);
	expect_forget(test, fake, 0, 0x01f0, 1);
	expect_forget(test, fake, 3, ALIAS, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&fake->unit.dids));
}

static void scalable_replace(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *old = vtd_fake_dom_new(test, fake), *new = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(old, fd));
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	expect_in(test, fake, RID, new, 2);
	expect_in(test, fake, ALIAS, new, 2);
	KUNIT_EXPECT_EQ(test, fake->n, 6);
	expect_forget(test, fake, 0, RID, 1);
	expect_forget(test, fake, 3, ALIAS, 1);
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_FALSE(test, fake->present[i]);
	/* Where it is already: nothing happens. */
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(new, fd));
	KUNIT_EXPECT_EQ(test, fake->n, 6);
	vtd_dev_detach(fd->vdev);
}

/* Two devices with an alias in common: its tables stay for as long as one needs them. */
static void scalable_shared_alias(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct fake_dev *other = vtd_fake_dev_new(test, fake, 0x0118);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, other));
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	vtd_dev_detach(fd->vdev);
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, RID));
	expect_in(test, fake, ALIAS, dom, 1);
	expect_in(test, fake, 0x0118, dom, 1);
	list_del(&fd->vdev->node);
	vtd_dev_detach(other->vdev);
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, ALIAS));
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
}

static void scalable_static_domains(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	const struct vtd_pasid *pasid;

	vtd_fake_attach_static(test, &vtd_identity_domain, fd);
	pasid = vtd_fake_pasid(test, fake, RID);
	KUNIT_EXPECT_NOT_NULL(test, pasid);
	/* PGTT 100b, AW of 3 levels, the unit's id for it */
	KUNIT_EXPECT_EQ(test, pasid ? pasid->word[0] : 0, 0x105);
	KUNIT_EXPECT_EQ(test, pasid ? pasid->word[1] : 0, 9);
	vtd_fake_attach_static(test, &vtd_blocked_domain, fd);
	KUNIT_EXPECT_NULL(test, vtd_fake_pasid(test, fake, RID));
	expect_forget(test, fake, 0, RID, 9);
	vtd_dev_detach(fd->vdev);
}

/* With caching mode what was cached as not present is tagged with id 0. */
static void scalable_caching_mode(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, VTD_CAP_CM);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	KUNIT_EXPECT_EQ(test, fake->n, 9);
	expect_forget(test, fake, 0, RID, 0);
	expect_forget(test, fake, 3, ALIAS, 0);
	expect_forget(test, fake, 6, RID, 1);
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_TRUE(test, fake->present[i]);
	vtd_dev_detach(fd->vdev);
}

/*
 * Whose entry was cleared in a hurry: its PASID caches are left to do, behind the context
 * entry, of which it is not known whether it is still cached.
 */
static void scalable_cut_off(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, 0);
	struct fake_dev *fd = vtd_fake_dev_new(test, fake, RID);
	struct iodom *dom = vtd_fake_dom_new(test, fake), *next = vtd_fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(dom, fd));
	raw_spin_lock_irq(&fake->unit.entry_lock);
	fd->vdev->cut_off = true;
	for (unsigned int i = 0; i < fd->vdev->nrids; i++)
		vtd_table_clear(&fake->unit,
				vtd_fake_entry(fake, fd->vdev->rids[i]));
	raw_spin_unlock_irq(&fake->unit.entry_lock);
	KUNIT_ASSERT_EQ(test, 0, vtd_fake_attach(next, fd));
	KUNIT_EXPECT_EQ(test, fake->n, 3);
	KUNIT_EXPECT_EQ(test, fake->log[0], 0x11);
	KUNIT_EXPECT_EQ(test, fake->log[1], 0x37);
	KUNIT_EXPECT_EQ(test, fake->log[2], 0x12);
	for (unsigned int i = 0; i < fake->n; i++)
		KUNIT_EXPECT_FALSE(test, fake->present[i]);
	vtd_dev_detach(fd->vdev);
}

/* All that a unit may have cached, in the order in which one leads to the other */
static void scalable_flush_all(struct kunit *test)
{
	struct fake *fake = scalable_fake(test, 0);

	vtd_unit_flush_all(&fake->unit);
	KUNIT_ASSERT_EQ(test, fake->n, 3);
	KUNIT_EXPECT_EQ(test, fake->log[0], 0x11);
	KUNIT_EXPECT_EQ(test, fake->log[1], 0x37);
	KUNIT_EXPECT_EQ(test, fake->log[2], 0x12);
	/* Section 11.4.5: TTM 01b in bits 11:10, also of a unit that is given up */
	KUNIT_EXPECT_EQ(test, vtd_table_rtaddr(&fake->unit, fake->unit.root),
			virt_to_phys(fake->unit.root) | 0x400);
	fake->unit.scalable = false;
	KUNIT_EXPECT_EQ(test, vtd_table_rtaddr(&fake->unit, fake->unit.root),
			virt_to_phys(fake->unit.root));
	fake->unit.scalable = true;
}

/* Walks of page tables snoop by another capability than those of other tables. */
static void scalable_caps(struct kunit *test)
{
	const u64 all = VTD_ECAP_SMTS | VTD_ECAP_SSTS | VTD_ECAP_QI;
	const u64 first = VTD_ECAP_SMTS | VTD_ECAP_FSTS | VTD_ECAP_QI;
	struct vtd_dmar dmar = { .satcs = LIST_HEAD_INIT(dmar.satcs) };
	struct vtd_ats_scopes satc = {};
	struct vtd_caps caps;

	KUNIT_ASSERT_EQ(test, 0, vtd_caps_decode(&caps, 0x260206,
						 all | VTD_ECAP_C));
	KUNIT_EXPECT_TRUE(test, caps.coherent_walk);
	vtd_caps_set_scalable(&caps);
	KUNIT_EXPECT_FALSE(test, caps.coherent_walk);
	KUNIT_EXPECT_TRUE(test, caps.coherent);
	KUNIT_EXPECT_TRUE(test, vtd_scalable_fits(&caps, &dmar));
	list_add(&satc.node, &dmar.satcs);
	KUNIT_EXPECT_TRUE(test, vtd_scalable_fits(&caps, &dmar));
	satc.flag = 1;
	KUNIT_EXPECT_FALSE(test, vtd_scalable_fits(&caps, &dmar));
	list_del(&satc.node);
	for (u64 left = all; left; left &= left - 1) {
		caps.ecap = all & ~(left & -left);
		KUNIT_EXPECT_FALSE(test, vtd_scalable_fits(&caps, &dmar));
	}
	caps.ecap = first;
	KUNIT_EXPECT_TRUE(test, vtd_scalable_fits(&caps, &dmar));
	for (u64 left = first; left; left &= left - 1) {
		caps.ecap = first & ~(left & -left);
		KUNIT_EXPECT_FALSE(test, vtd_scalable_fits(&caps, &dmar));
	}
}

static void scalable_option(struct kunit *test)
{
	for (unsigned int otherwise = 0; otherwise < 2; otherwise++) {
		KUNIT_EXPECT_TRUE(test, vtd_scalable_option("sm_on", otherwise));
		KUNIT_EXPECT_TRUE(test, vtd_scalable_option("on,sm_on", otherwise));
		KUNIT_EXPECT_FALSE(test, vtd_scalable_option("sm_off", otherwise));
		KUNIT_EXPECT_EQ(test, otherwise,
				vtd_scalable_option("on,strict", otherwise));
	}
}

static struct kunit_case scalable_cases[] = {
	KUNIT_CASE(scalable_context_entry),
	KUNIT_CASE(scalable_pasid_entry),
	KUNIT_CASE(scalable_attach),
	KUNIT_CASE(scalable_replace),
	KUNIT_CASE(scalable_shared_alias),
	KUNIT_CASE(scalable_static_domains),
	KUNIT_CASE(scalable_caching_mode),
	KUNIT_CASE(scalable_cut_off),
	KUNIT_CASE(scalable_flush_all),
	KUNIT_CASE(scalable_caps),
	KUNIT_CASE(scalable_option),
	{}
};

static struct kunit_suite scalable_suite = {
	.name = "ioflush_vtd_scalable",
	.test_cases = scalable_cases,
};

kunit_test_suite(scalable_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d scalable mode");
MODULE_LICENSE("GPL");
