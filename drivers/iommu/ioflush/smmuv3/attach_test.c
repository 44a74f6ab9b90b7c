// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of attaching devices to domains
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "regs.h"
#include "ste.h"
#include "test_fake.h"

static u64 config(const struct smmu3_entry *ste)
{
	return FIELD_GET(SMMU3_STE0_CONFIG, le64_to_cpu(ste->w[0]));
}

/* Does the entry of @sid refer to the descriptor of @dom, and that to @id? */
static void expect_in(struct kunit *test, struct fake *fake, u32 sid,
		      struct iodom *dom, u16 id)
{
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, sid);
	struct smmu3_ctx *ctx = fake_only_link(test, dom)->priv;
	u64 base = virt_to_phys(dom->pgt.root);

	KUNIT_ASSERT_NOT_NULL(test, ste);
	KUNIT_EXPECT_TRUE(test, smmu3_ste_valid(ste));
	KUNIT_EXPECT_EQ(test, config(ste), SMMU3_STE_S1);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste->w[0]) & SMMU3_STE0_S1CTXPTR,
			ctx->cd_dma);
	KUNIT_EXPECT_TRUE(test, smmu3_cd_valid(ctx->cd));
	KUNIT_EXPECT_EQ(test, id, FIELD_GET(SMMU3_CD0_ASID,
					    le64_to_cpu(ctx->cd->w[0])));
	KUNIT_EXPECT_EQ(test, base,
			le64_to_cpu(ctx->cd->w[1]) & SMMU3_CD1_TTB0);
}

static void expect_config(struct kunit *test, struct fake *fake, u32 sid,
			  u64 want)
{
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, sid);

	KUNIT_ASSERT_NOT_NULL(test, ste);
	KUNIT_EXPECT_TRUE(test, smmu3_ste_valid(ste));
	KUNIT_EXPECT_EQ(test, config(ste), want);
}

/* The stream's entry was forgotten, and was then as it is now. */
static void expect_cfgi(struct kunit *test, struct fake *fake, u32 sid)
{
	const struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, SID);
	bool found = false, last = false;

	for (unsigned int i = 0; i < fake->n; i++) {
		if (fake_word(fake, i, 0) != ((u64)sid << 32 | SMMU3_OP_CFGI_STE))
			continue;
		found = true;
		last = !memcmp(&fake->ste[i], ste, sizeof(*ste));
	}
	KUNIT_EXPECT_TRUE(test, found);
	if (sid == SID)
		KUNIT_EXPECT_TRUE(test, last);
}

/* A first attach: all streams are set, and nothing is translated twice. */
static void attach_first(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	expect_in(test, fake, SID, dom, 1);
	expect_in(test, fake, ALIAS, dom, 1);
	expect_cfgi(test, fake, SID);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_EXPECT_PTR_EQ(test, fd->sdev->dom, dom);

	fake->n = 0;
	smmu3_dev_detach(fd->sdev, false);
	expect_config(test, fake, SID, SMMU3_STE_ABORT);
	expect_config(test, fake, ALIAS, SMMU3_STE_ABORT);
	expect_cfgi(test, fake, SID);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&fake->unit.ids));
}

/* The id is free again after what it tags was invalidated, not before. */
static void attach_id_reuse(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	fake->n = 0;
	smmu3_dev_detach(fd->sdev, false);
	KUNIT_ASSERT_GT(test, fake->n, 0);
	KUNIT_EXPECT_EQ(test, fake_word(fake, fake->n - 1, 0),
			1ULL << 48 | SMMU3_OP_TLBI_NH_ASID);
	/* The stream could no longer bring anything back. */
	KUNIT_EXPECT_EQ(test, config(&fake->ste[fake->n - 1]),
			SMMU3_STE_ABORT);
}

/* Is this, or nothing, the only device that the domain says it has? */
static void expect_named(struct kunit *test, struct iodom *dom,
			 struct fake_dev *fd)
{
	struct iodom_device *first;

	first = list_first_entry_or_null(&dom->devices, struct iodom_device,
					 node);
	KUNIT_EXPECT_PTR_EQ(test, first, fd ? &fd->sdev->place : NULL);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&dom->devices), fd ? 1 : 0);
}

/* From one domain to another: the old tag goes when the entries are changed. */
static void attach_replace(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *old = fake_dom_new(test, fake), *new = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(old, fd));
	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(new, fd));
	expect_in(test, fake, SID, new, 2);
	expect_in(test, fake, ALIAS, new, 2);
	expect_cfgi(test, fake, SID);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_EXPECT_EQ(test, fake_word(fake, fake->n - 1, 0),
			1ULL << 48 | SMMU3_OP_TLBI_NH_ASID);
	KUNIT_EXPECT_TRUE(test, list_empty(&old->links));
	KUNIT_EXPECT_PTR_EQ(test, fd->sdev->dom, new);
	expect_named(test, old, NULL);
	expect_named(test, new, fd);
}

/* Attached again to where it is: no command, and no use is leaked. */
static void attach_again(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	expect_in(test, fake, SID, dom, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_EQ(test, fake_only_link(test, dom)->users, 1);
	expect_named(test, dom, fd);
}

/* Two devices with an alias in common: one leaves, the other goes on. */
static void attach_shared_alias(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, other));
	smmu3_dev_detach(fd->sdev, false);
	expect_config(test, fake, SID, SMMU3_STE_ABORT);
	expect_in(test, fake, ALIAS, dom, 1);
	expect_in(test, fake, OTHER, dom, 1);
	KUNIT_EXPECT_FALSE(test, list_empty(&dom->links));
	smmu3_sids_remove(&fake->unit, fd->sdev);
	KUNIT_EXPECT_PTR_EQ(test, smmu3_dev_of_sid(&fake->unit, ALIAS),
			    other->sdev);
	smmu3_dev_detach(other->sdev, false);
	expect_config(test, fake, ALIAS, SMMU3_STE_ABORT);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	/* For fake_dev_gone() */
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(&fake->unit, fd->sdev));
}

/* One that was found, but is in no domain, keeps nothing of who leaves. */
static void attach_alias_of_none(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	fake->n = 0;
	smmu3_dev_detach(fd->sdev, false);
	expect_config(test, fake, SID, SMMU3_STE_ABORT);
	expect_config(test, fake, ALIAS, SMMU3_STE_ABORT);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	/* It has its entry when it comes. */
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, other));
	expect_in(test, fake, ALIAS, dom, 1);
}

/* Nor does one that is in another domain by then: only as a group moves, if that fails. */
static void attach_alias_elsewhere(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = fake_dom_new(test, fake);
	struct iodom *next = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(next, other));
	expect_in(test, fake, ALIAS, next, 2);
	smmu3_dev_detach(other->sdev, false);
	expect_config(test, fake, ALIAS, SMMU3_STE_ABORT);
	KUNIT_EXPECT_TRUE(test, list_empty(&next->links));
	expect_in(test, fake, SID, dom, 1);
}

/* To bypass and to nothing at all, and back */
static void attach_static_domains(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	fake->n = 0;
	fake_attach_static(test, &smmu3_identity_domain, fd);
	expect_config(test, fake, SID, SMMU3_STE_BYPASS);
	expect_config(test, fake, ALIAS, SMMU3_STE_BYPASS);
	expect_cfgi(test, fake, SID);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));

	fake->n = 0;
	fake_attach_static(test, &smmu3_blocked_domain, fd);
	expect_config(test, fake, SID, SMMU3_STE_ABORT);
	expect_cfgi(test, fake, SID);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	expect_in(test, fake, SID, dom, 1);
}

/* A domain that the unit cannot walk is refused, and all stays as it was. */
static void attach_unfit(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *good = fake_dom_new(test, fake), *bad = fake_dom_new(test, fake);
	struct iopgt_cfg *cfg = &bad->pgt.cfg;
	struct iopgt_cfg was = *cfg;

	KUNIT_ASSERT_EQ(test, 0, fake_attach(good, fd));
	fake->n = 0;
	cfg->ias_bits = 52;
	KUNIT_EXPECT_EQ(test, -EINVAL, fake_attach(bad, fd));
	*cfg = was;
	cfg->oas_bits = 48;
	KUNIT_EXPECT_EQ(test, -EINVAL, fake_attach(bad, fd));
	*cfg = was;
	cfg->pgsize_bitmap |= SZ_8K;
	KUNIT_EXPECT_EQ(test, -EINVAL, fake_attach(bad, fd));
	*cfg = was;
	cfg->hw_dirty = true;
	KUNIT_EXPECT_EQ(test, -EINVAL, fake_attach(bad, fd));
	*cfg = was;
	cfg->hitless = true;
	KUNIT_EXPECT_EQ(test, -EINVAL, fake_attach(bad, fd));
	*cfg = was;
	fake->unit.coherent = false;
	KUNIT_EXPECT_EQ(test, -EINVAL, fake_attach(bad, fd));
	fake->unit.coherent = true;

	expect_in(test, fake, SID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bad->links));
	KUNIT_EXPECT_PTR_EQ(test, fd->sdev->dom, good);
}

/* Out of ids: the device stays where it is. */
static void attach_no_id(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *good = fake_dom_new(test, fake), *late = fake_dom_new(test, fake);

	/* That is, only 1: 0 is nobody's. */
	fake->unit.caps.id_bits_asid = 1;
	KUNIT_ASSERT_EQ(test, 0, fake_attach(good, fd));
	fake->n = 0;
	KUNIT_EXPECT_EQ(test, -ENOSPC, fake_attach(late, fd));
	expect_in(test, fake, SID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&late->links));
}

/* No memory that the unit can reach: no id is lost, the device stays. */
static void attach_no_memory(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *good = fake_dom_new(test, fake), *late = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(good, fd));
	fake->n = 0;
	fake->unit.dev->coherent_dma_mask = DMA_BIT_MASK(8);
	KUNIT_EXPECT_EQ(test, -ENOMEM, fake_attach(late, fd));
	fake->unit.dev->coherent_dma_mask = DMA_BIT_MASK(48);
	expect_in(test, fake, SID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&late->links));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(late, fd));
	expect_in(test, fake, SID, late, 2);
}

/* A unit that has nothing but stage 2: VMID and table are in the entry. */
static void attach_stage2(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = fake_dom_new(test, fake);
	struct smmu3_entry *ste;

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	ste = smmu3_streams_find(&fake->unit, SID);
	expect_config(test, fake, SID, SMMU3_STE_S2);
	KUNIT_EXPECT_EQ(test, 1, FIELD_GET(SMMU3_STE2_S2VMID,
					   le64_to_cpu(ste->w[2])));
	KUNIT_EXPECT_EQ(test, virt_to_phys(dom->pgt.root),
			le64_to_cpu(ste->w[3]) & SMMU3_STE3_S2TTB);

	fake->n = 0;
	fake_attach_static(test, &smmu3_blocked_domain, fd);
	KUNIT_EXPECT_EQ(test, fake_word(fake, fake->n - 1, 0),
			1ULL << 32 | SMMU3_OP_TLBI_S12_VMALL);
}

/* What firmware does with it goes on; what it shares is not its to change. */
static void attach_released_direct(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = fake_dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, other));
	fake->n = 0;
	smmu3_dev_detach(fd->sdev, true);
	expect_config(test, fake, SID, SMMU3_STE_BYPASS);
	expect_cfgi(test, fake, SID);
	expect_in(test, fake, ALIAS, dom, 1);
	expect_in(test, fake, OTHER, dom, 1);
	smmu3_sids_remove(&fake->unit, fd->sdev);
	smmu3_dev_detach(other->sdev, true);
	expect_config(test, fake, ALIAS, SMMU3_STE_BYPASS);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	/* For fake_dev_gone() */
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(&fake->unit, fd->sdev));
}

/* HiSilicon's PTT, and nothing else, has to be given physical addresses. */
static void default_domain(struct kunit *test)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	struct fake_dev *fd = kunit_kzalloc(test, sizeof(*fd), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_ASSERT_NOT_NULL(test, fd);
	KUNIT_EXPECT_EQ(test, 0, smmu3_ops.def_domain_type(&fd->dev));
	pdev->dev.bus = &pci_bus_type;
	pdev->vendor = 0x19e5;
	pdev->device = 0xa12e;
	KUNIT_EXPECT_EQ(test, IOMMU_DOMAIN_IDENTITY,
			smmu3_ops.def_domain_type(&pdev->dev));
	pdev->device = 0xa12d;
	KUNIT_EXPECT_EQ(test, 0, smmu3_ops.def_domain_type(&pdev->dev));
	pdev->vendor = 0x19e4;
	pdev->device = 0xa12e;
	KUNIT_EXPECT_EQ(test, 0, smmu3_ops.def_domain_type(&pdev->dev));
}

static struct iommu_domain *alloc_user(struct fake_dev *fd, u32 flags)
{
	return ioflush_alloc_flags(&smmu3_ops, &fd->dev, flags);
}

/* What user space asks for, it gets, or is told that there is no such thing. */
static void user_domain(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iommu_domain *domain;

	domain = alloc_user(fd, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_EXPECT_EQ(test, domain->type, IOMMU_DOMAIN_UNMANAGED);
	KUNIT_EXPECT_NULL(test, domain->dirty_ops);
	domain->ops->free(domain);

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR(alloc_user(fd, IOMMU_HWPT_ALLOC_NEST_PARENT)));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR(alloc_user(fd, IOMMU_HWPT_FAULT_ID_VALID)));
}

/* Dirty tracking is there where the unit has it, for both to see. */
static void user_domain_dirty(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iommu_domain *domain;
	struct iodom *dom;
	u64 cd;

	KUNIT_EXPECT_FALSE(test, smmu3_ops.capable(&fd->dev,
						   IOMMU_CAP_DIRTY_TRACKING));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR(alloc_user(fd,
					   IOMMU_HWPT_ALLOC_DIRTY_TRACKING)));

	fake->unit.caps.httu_dirty = true;
	KUNIT_EXPECT_TRUE(test, smmu3_ops.capable(&fd->dev,
						  IOMMU_CAP_DIRTY_TRACKING));
	/* What it writes nobody would see. */
	fake->unit.coherent = false;
	KUNIT_EXPECT_FALSE(test, smmu3_ops.capable(&fd->dev,
						   IOMMU_CAP_DIRTY_TRACKING));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR(alloc_user(fd,
					   IOMMU_HWPT_ALLOC_DIRTY_TRACKING)));
	fake->unit.coherent = true;
	domain = alloc_user(fd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	dom = to_iodom(domain);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fake_dom_free, dom));
	KUNIT_EXPECT_NOT_NULL(test, domain->dirty_ops);
	KUNIT_ASSERT_EQ(test, 0, fake_attach(dom, fd));
	cd = le64_to_cpu(fd->sdev->ctx->cd->w[0]);
	KUNIT_EXPECT_EQ(test, cd & (SMMU3_CD0_HA | SMMU3_CD0_HD),
			SMMU3_CD0_HA | SMMU3_CD0_HD);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE(attach_first),
	KUNIT_CASE(attach_id_reuse),
	KUNIT_CASE(attach_replace),
	KUNIT_CASE(attach_again),
	KUNIT_CASE(attach_shared_alias),
	KUNIT_CASE(attach_alias_of_none),
	KUNIT_CASE(attach_alias_elsewhere),
	KUNIT_CASE(attach_static_domains),
	KUNIT_CASE(attach_unfit),
	KUNIT_CASE(attach_no_id),
	KUNIT_CASE(attach_no_memory),
	KUNIT_CASE(attach_stage2),
	KUNIT_CASE(attach_released_direct),
	KUNIT_CASE(default_domain),
	KUNIT_CASE(user_domain),
	KUNIT_CASE(user_domain_dirty),
	{}
};

static struct kunit_suite attach_suite = {
	.name = "ioflush_smmu3_attach",
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 attach");
MODULE_LICENSE("GPL");
