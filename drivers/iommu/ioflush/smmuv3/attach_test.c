// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of attaching devices to domains
 *
 * A unit of memory only: its queue executes nothing, but writes down which
 * commands it was given, and for each what the stream table entry that the test
 * looks at was at that time.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/sizes.h>

#include "regs.h"
#include "smmuv3.h"
#include "ste.h"

#define QUEUE_LG2	7
#define LOG_ENTRIES	128

#define SID		0x0110
#define ALIAS		0x0100
#define OTHER		0x0118

/**
 * struct fake - the unit and what happened to it
 * @unit: the unit
 * @slots: its queue
 * @done: the queue's done word
 * @head: next slot to take
 * @n: commands in @log, without the queue's own syncs
 * @log: the commands
 * @ste: the entry of SID then
 */
struct fake {
	struct smmu3_unit unit;
	struct invq_cmd slots[1 << QUEUE_LG2];
	__le32 done;
	u32 head;
	unsigned int n;
	struct invq_cmd log[LOG_ENTRIES];
	struct smmu3_entry ste[LOG_ENTRIES];
};

/**
 * struct fake_dev - a device behind it
 * @dev: as the core knows it
 * @iommu: the core's part
 * @sdev: our part, followed by its StreamIDs
 */
struct fake_dev {
	struct device dev;
	struct dev_iommu iommu;
	struct smmu3_dev *sdev;
};

static u64 word(const struct fake *fake, unsigned int at, unsigned int i)
{
	return le64_to_cpu(fake->log[at].u64s[i]);
}

static u8 opcode(const struct fake *fake, unsigned int at)
{
	return FIELD_GET(SMMU3_CMD0_OP, word(fake, at, 0));
}

static void fake_sync(struct invq *q, struct invq_cmd *cmd)
{
	struct fake *fake = container_of(q, struct fake, unit.q);

	smmu3_cmd_sync_msi(cmd, virt_to_phys(&fake->done), true);
}

static void fake_take(struct fake *fake, const struct invq_cmd *cmd)
{
	u64 w0 = le64_to_cpu(cmd->u64s[0]);
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, SID);

	if (FIELD_GET(SMMU3_CMD0_OP, w0) == SMMU3_OP_SYNC &&
	    FIELD_GET(SMMU3_SYNC0_CS, w0) == SMMU3_CS_IRQ) {
		WRITE_ONCE(fake->done,
			   cpu_to_le32(FIELD_GET(SMMU3_SYNC0_MSIDATA, w0)));
		return;
	}
	if (fake->n == LOG_ENTRIES)
		return;
	if (ste)
		fake->ste[fake->n] = *ste;
	fake->log[fake->n++] = *cmd;
}

static void fake_doorbell(struct invq *q, u32 seq)
{
	struct fake *fake = container_of(q, struct fake, unit.q);

	for (; fake->head != (seq & q->mask);
	     fake->head = (fake->head + 1) & q->mask)
		fake_take(fake, &fake->slots[fake->head]);
}

static const struct invq_ops fake_queue_ops = {
	.sync = fake_sync,
	.doorbell = fake_doorbell,
};

static void fake_free(void *data)
{
	struct fake *fake = data;

	smmu3_streams_exit(&fake->unit);
	ida_destroy(&fake->unit.ids);
	xa_destroy(&fake->unit.sids);
	kfree(fake);
}

static struct fake *fake_new(struct kunit *test, bool stage2)
{
	/* Not from kunit_kzalloc(): the done word needs a physical address. */
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	struct smmu3_unit *unit = &fake->unit;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	unit->dev = kunit_device_register(test, "smmu3");
	KUNIT_ASSERT_FALSE(test, IS_ERR(unit->dev));
	KUNIT_ASSERT_EQ(test, 0, dma_coerce_mask_and_coherent(unit->dev,
							      DMA_BIT_MASK(48)));
	mutex_init(&unit->mutex);
	INIT_LIST_HEAD(&unit->devs);
	xa_init(&unit->sids);
	ida_init(&unit->ids);
	unit->coherent = true;
	unit->caps = (struct smmu3_caps) {
		.stage1 = !stage2, .stage2 = stage2, .two_level = true,
		.coherent = true, .ats = true, .id_bits_asid = 8,
		.id_bits_vmid = 8, .sid_bits = 16, .ias_bits = 44,
		.oas_bits = 44, .va_bits = 48,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G | SZ_16K | SZ_32M |
				 SZ_64K | SZ_512M,
	};
	KUNIT_ASSERT_EQ(test, 0, smmu3_streams_init(unit));
	KUNIT_ASSERT_EQ(test, 0, invq_init(&unit->q, &fake_queue_ops, "fake",
					   fake->slots, &fake->done,
					   QUEUE_LG2));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_free, fake));
	return fake;
}

static void fake_dev_gone(void *data)
{
	struct smmu3_dev *sdev = data;

	if (sdev->domain)
		smmu3_dev_detach(sdev);
	smmu3_sids_remove(sdev->unit, sdev);
}

static struct fake_dev *fake_dev_new(struct kunit *test, struct fake *fake,
				     u32 sid)
{
	struct fake_dev *fd = kunit_kzalloc(test, sizeof(*fd), GFP_KERNEL);
	struct smmu3_dev *sdev;

	KUNIT_ASSERT_NOT_NULL(test, fd);
	sdev = kunit_kzalloc(test, struct_size(sdev, sids, 2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	sdev->dev = &fd->dev;
	sdev->unit = &fake->unit;
	sdev->nsids = 2;
	sdev->sids[0] = sid;
	sdev->sids[1] = ALIAS;
	fd->sdev = sdev;
	fd->iommu.priv = sdev;
	fd->dev.iommu = &fd->iommu;
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(&fake->unit, sdev));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_dev_gone, sdev));
	return fd;
}

/* Runs before the devices go; a test may leave some attached. */
static void dom_free(void *data)
{
	struct iodom_link *link;
	struct iodom *dom = data;
	struct smmu3_unit *unit;
	struct smmu3_dev *sdev;

	link = list_first_entry_or_null(&dom->links, struct iodom_link, node);
	unit = link ? link->unit : NULL;
	if (unit)
		list_for_each_entry(sdev, &unit->devs, node)
			if (sdev->dom == dom)
				smmu3_dev_detach(sdev);
	dom->domain.ops->free(&dom->domain);
}

static struct iodom *dom_new(struct kunit *test, struct fake *fake)
{
	struct iodom *dom = smmu3_domain_create(&fake->unit, false);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, dom_free, dom));
	return dom;
}

static int attach(struct iodom *dom, struct fake_dev *fd)
{
	return smmu3_iodom_hw_ops.attach(dom, &fd->dev);
}

static void attach_static(struct kunit *test, struct iommu_domain *domain,
			  struct fake_dev *fd)
{
	KUNIT_ASSERT_EQ(test, 0, domain->ops->attach_dev(domain, &fd->dev));
}

static u64 config(const struct smmu3_entry *ste)
{
	return FIELD_GET(SMMU3_STE0_CONFIG, le64_to_cpu(ste->w[0]));
}

static struct iodom_link *only_link(struct kunit *test, struct iodom *dom)
{
	KUNIT_ASSERT_TRUE(test, list_is_singular(&dom->links));
	return list_first_entry(&dom->links, struct iodom_link, node);
}

/* Does the entry of @sid refer to the descriptor of @dom, and that to @id? */
static void expect_in(struct kunit *test, struct fake *fake, u32 sid,
		      struct iodom *dom, u16 id)
{
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, sid);
	struct smmu3_ctx *ctx = only_link(test, dom)->priv;
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
		if (word(fake, i, 0) != ((u64)sid << 32 | SMMU3_OP_CFGI_STE))
			continue;
		found = true;
		last = !memcmp(&fake->ste[i], ste, sizeof(*ste));
	}
	KUNIT_EXPECT_TRUE(test, found);
	if (sid == SID)
		KUNIT_EXPECT_TRUE(test, last);
}

static unsigned int count_op(struct fake *fake, u8 op)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake->n; i++)
		n += opcode(fake, i) == op;
	return n;
}

/* A first attach: all streams are set, and nothing is translated twice. */
static void attach_first(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	expect_in(test, fake, SID, dom, 1);
	expect_in(test, fake, ALIAS, dom, 1);
	expect_cfgi(test, fake, SID);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_EXPECT_PTR_EQ(test, fd->sdev->dom, dom);

	fake->n = 0;
	smmu3_dev_detach(fd->sdev);
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
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	fake->n = 0;
	smmu3_dev_detach(fd->sdev);
	KUNIT_ASSERT_GT(test, fake->n, 0);
	KUNIT_EXPECT_EQ(test, word(fake, fake->n - 1, 0),
			1ULL << 48 | SMMU3_OP_TLBI_NH_ASID);
	/* The stream could no longer bring anything back. */
	KUNIT_EXPECT_EQ(test, config(&fake->ste[fake->n - 1]),
			SMMU3_STE_ABORT);
}

/* From one domain to another: the old tag goes when the entries are changed. */
static void attach_replace(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *old = dom_new(test, fake), *new = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(old, fd));
	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, attach(new, fd));
	expect_in(test, fake, SID, new, 2);
	expect_in(test, fake, ALIAS, new, 2);
	expect_cfgi(test, fake, SID);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_EXPECT_EQ(test, word(fake, fake->n - 1, 0),
			1ULL << 48 | SMMU3_OP_TLBI_NH_ASID);
	KUNIT_EXPECT_TRUE(test, list_empty(&old->links));
	KUNIT_EXPECT_PTR_EQ(test, fd->sdev->dom, new);
}

/* Attached again to where it is: no command, and no use is leaked. */
static void attach_again(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	expect_in(test, fake, SID, dom, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_EQ(test, only_link(test, dom)->users, 1);
}

/* Two devices with an alias in common: one leaves, the other goes on. */
static void attach_shared_alias(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, attach(dom, other));
	smmu3_dev_detach(fd->sdev);
	expect_config(test, fake, SID, SMMU3_STE_ABORT);
	expect_in(test, fake, ALIAS, dom, 1);
	expect_in(test, fake, OTHER, dom, 1);
	KUNIT_EXPECT_FALSE(test, list_empty(&dom->links));
	smmu3_sids_remove(&fake->unit, fd->sdev);
	KUNIT_EXPECT_PTR_EQ(test, smmu3_dev_of_sid(&fake->unit, ALIAS),
			    other->sdev);
	smmu3_dev_detach(other->sdev);
	expect_config(test, fake, ALIAS, SMMU3_STE_ABORT);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));
	/* For fake_dev_gone() */
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(&fake->unit, fd->sdev));
}

/* To bypass and to nothing at all, and back */
static void attach_static_domains(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	fake->n = 0;
	attach_static(test, &smmu3_identity_domain, fd);
	expect_config(test, fake, SID, SMMU3_STE_BYPASS);
	expect_config(test, fake, ALIAS, SMMU3_STE_BYPASS);
	expect_cfgi(test, fake, SID);
	KUNIT_EXPECT_TRUE(test, list_empty(&dom->links));

	fake->n = 0;
	attach_static(test, &smmu3_blocked_domain, fd);
	expect_config(test, fake, SID, SMMU3_STE_ABORT);
	expect_cfgi(test, fake, SID);
	expect_cfgi(test, fake, ALIAS);
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	expect_in(test, fake, SID, dom, 1);
}

/* A domain that the unit cannot walk is refused, and all stays as it was. */
static void attach_unfit(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *good = dom_new(test, fake), *bad = dom_new(test, fake);
	struct iopgt_cfg *cfg = &bad->pgt.cfg;
	struct iopgt_cfg was = *cfg;

	KUNIT_ASSERT_EQ(test, 0, attach(good, fd));
	fake->n = 0;
	cfg->ias_bits = 52;
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
	*cfg = was;
	cfg->oas_bits = 48;
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
	*cfg = was;
	cfg->pgsize_bitmap |= SZ_8K;
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
	*cfg = was;
	cfg->hw_dirty = true;
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
	*cfg = was;
	cfg->hitless = true;
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
	*cfg = was;
	fake->unit.coherent = false;
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(bad, fd));
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
	struct iodom *good = dom_new(test, fake), *late = dom_new(test, fake);

	/* That is, only 1: 0 is nobody's. */
	fake->unit.caps.id_bits_asid = 1;
	KUNIT_ASSERT_EQ(test, 0, attach(good, fd));
	fake->n = 0;
	KUNIT_EXPECT_EQ(test, -ENOSPC, attach(late, fd));
	expect_in(test, fake, SID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&late->links));
}

/* No memory that the unit can reach: no id is lost, the device stays. */
static void attach_no_memory(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *good = dom_new(test, fake), *late = dom_new(test, fake);

	KUNIT_ASSERT_EQ(test, 0, attach(good, fd));
	fake->n = 0;
	fake->unit.dev->coherent_dma_mask = DMA_BIT_MASK(8);
	KUNIT_EXPECT_EQ(test, -ENOMEM, attach(late, fd));
	fake->unit.dev->coherent_dma_mask = DMA_BIT_MASK(48);
	expect_in(test, fake, SID, good, 1);
	KUNIT_EXPECT_EQ(test, fake->n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&late->links));
	KUNIT_ASSERT_EQ(test, 0, attach(late, fd));
	expect_in(test, fake, SID, late, 2);
}

/* A unit that has nothing but stage 2: VMID and table are in the entry. */
static void attach_stage2(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = dom_new(test, fake);
	struct smmu3_entry *ste;

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	ste = smmu3_streams_find(&fake->unit, SID);
	expect_config(test, fake, SID, SMMU3_STE_S2);
	KUNIT_EXPECT_EQ(test, 1, FIELD_GET(SMMU3_STE2_S2VMID,
					   le64_to_cpu(ste->w[2])));
	KUNIT_EXPECT_EQ(test, virt_to_phys(dom->pgt.root),
			le64_to_cpu(ste->w[3]) & SMMU3_STE3_S2TTB);

	fake->n = 0;
	attach_static(test, &smmu3_blocked_domain, fd);
	KUNIT_EXPECT_EQ(test, word(fake, fake->n - 1, 0),
			1ULL << 32 | SMMU3_OP_TLBI_S12_VMALL);
}

static unsigned int encode(struct kunit *test, struct iodom *dom,
			   const struct ioflush_range *range,
			   struct invq_cmd *cmds)
{
	struct iodom_link *link = only_link(test, dom);
	unsigned int n;

	rcu_read_lock();
	n = range ? smmu3_encode_range(dom, link, range, cmds) :
		    smmu3_encode_all(dom, link, cmds);
	rcu_read_unlock();
	return n;
}

static u8 op_of(const struct invq_cmd *cmd)
{
	return FIELD_GET(SMMU3_CMD0_OP, le64_to_cpu(cmd->u64s[0]));
}

static const struct ioflush_range two_pages = {
	.start = SZ_1G, .last = SZ_1G + 2 * PAGE_SIZE - 1,
	.leaf_lg2 = PAGE_SHIFT, .leaf_only = true,
};

static void ats_encode(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *dom = dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	static const u8 range_ops[] = {
		SMMU3_OP_TLBI_NH_VA, SMMU3_OP_TLBI_NH_VA, SMMU3_OP_SYNC,
		SMMU3_OP_ATC_INV, SMMU3_OP_ATC_INV,
	};
	static const u8 all_ops[] = {
		SMMU3_OP_TLBI_NH_ASID, SMMU3_OP_SYNC, SMMU3_OP_ATC_INV,
		SMMU3_OP_ATC_INV,
	};

	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_EXPECT_EQ(test, 2, encode(test, dom, &two_pages, cmds));
	KUNIT_EXPECT_EQ(test, 1, encode(test, dom, NULL, cmds));

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_EXPECT_TRUE(test, fd->sdev->ats_on);
	/* Once more: it is on the list once. */
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(range_ops),
			encode(test, dom, &two_pages, cmds));
	for (unsigned int i = 0; i < ARRAY_SIZE(range_ops); i++)
		KUNIT_EXPECT_EQ(test, range_ops[i], op_of(&cmds[i]));
	KUNIT_EXPECT_EQ(test, SID, le64_to_cpu(cmds[3].u64s[0]) >> 32);
	KUNIT_EXPECT_EQ(test, ALIAS, le64_to_cpu(cmds[4].u64s[0]) >> 32);
	KUNIT_EXPECT_EQ(test, SZ_1G,
			le64_to_cpu(cmds[3].u64s[1]) & SMMU3_ATC1_ADDR);
	/* The sync in between is not to interrupt or store anything. */
	KUNIT_EXPECT_EQ(test, SMMU3_OP_SYNC, le64_to_cpu(cmds[2].u64s[0]));

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(all_ops),
			encode(test, dom, NULL, cmds));
	for (unsigned int i = 0; i < ARRAY_SIZE(all_ops); i++)
		KUNIT_EXPECT_EQ(test, all_ops[i], op_of(&cmds[i]));
	KUNIT_EXPECT_EQ(test, SMMU3_ATC1_SIZE_ALL,
			le64_to_cpu(cmds[2].u64s[1]));
}

static bool allows_ats(const struct smmu3_entry *ste)
{
	return FIELD_GET(SMMU3_STE1_EATS, le64_to_cpu(ste->w[1])) ==
	       SMMU3_EATS_FULL;
}

/* Where a device goes, its cache is emptied; where there is no table, it ends. */
static void ats_move(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct iodom *old = dom_new(test, fake), *new = dom_new(test, fake);
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, SID);
	struct invq_cmd cmds[IODOM_CMDS_MAX];

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, attach(old, fd));
	KUNIT_EXPECT_TRUE(test, fd->sdev->ats_on);
	KUNIT_EXPECT_TRUE(test, allows_ats(ste));
	KUNIT_EXPECT_EQ(test, count_op(fake, SMMU3_OP_ATC_INV), 0);

	fake->n = 0;
	KUNIT_ASSERT_EQ(test, 0, attach(new, fd));
	KUNIT_EXPECT_EQ(test, count_op(fake, SMMU3_OP_ATC_INV), 2);
	for (unsigned int i = 0; i < fake->n; i++)
		if (opcode(fake, i) == SMMU3_OP_ATC_INV)
			KUNIT_EXPECT_MEMEQ(test, &fake->ste[i], ste,
					   sizeof(*ste));
	KUNIT_EXPECT_EQ(test, 4, encode(test, new, NULL, cmds));

	fake->n = 0;
	attach_static(test, &smmu3_identity_domain, fd);
	KUNIT_EXPECT_FALSE(test, fd->sdev->ats_on);
	KUNIT_EXPECT_FALSE(test, allows_ats(ste));
	KUNIT_EXPECT_NULL(test, fd->sdev->ats);
	/* Before its requests are refused, IHI 0070 section 3.9.2 */
	KUNIT_EXPECT_EQ(test, count_op(fake, SMMU3_OP_ATC_INV), 2);
	for (unsigned int i = 0; i < fake->n; i++)
		if (opcode(fake, i) == SMMU3_OP_ATC_INV)
			KUNIT_EXPECT_TRUE(test, allows_ats(&fake->ste[i]));
}

/* A stream that two share stays open for the one that caches. */
static void ats_shared_stream(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct fake_dev *fd = fake_dev_new(test, fake, SID);
	struct fake_dev *other = fake_dev_new(test, fake, OTHER);
	struct iodom *dom = dom_new(test, fake);

	fd->sdev->ats_able = true;
	KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	KUNIT_ASSERT_EQ(test, 0, attach(dom, other));
	KUNIT_EXPECT_TRUE(test, allows_ats(smmu3_streams_find(&fake->unit,
							      ALIAS)));
	KUNIT_EXPECT_FALSE(test, allows_ats(smmu3_streams_find(&fake->unit,
							       OTHER)));
}

/* More devices than one batch has room for: all are reached, in order. */
static void ats_many(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct iodom *dom = dom_new(test, fake);
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned int n, devs = 20, atc = 0;

	for (unsigned int i = 0; i < devs; i++) {
		struct fake_dev *fd = fake_dev_new(test, fake, SID + i);

		fd->sdev->ats_able = true;
		KUNIT_ASSERT_EQ(test, 0, attach(dom, fd));
	}
	fake->n = 0;
	n = encode(test, dom, NULL, cmds);
	KUNIT_ASSERT_GT(test, n, 0);
	KUNIT_ASSERT_LE(test, n, IODOM_CMDS_MAX);
	invq_submit_wait(&fake->unit.q, cmds, n);

	KUNIT_EXPECT_EQ(test, opcode(fake, 0), SMMU3_OP_TLBI_NH_ASID);
	KUNIT_EXPECT_EQ(test, opcode(fake, 1), SMMU3_OP_SYNC);
	for (unsigned int i = 2; i < fake->n; i++)
		atc += opcode(fake, i) == SMMU3_OP_ATC_INV;
	KUNIT_EXPECT_EQ(test, atc, 2 * devs);
	KUNIT_EXPECT_EQ(test, fake->n, 2 * devs + 2);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE(attach_first),
	KUNIT_CASE(attach_id_reuse),
	KUNIT_CASE(attach_replace),
	KUNIT_CASE(attach_again),
	KUNIT_CASE(attach_shared_alias),
	KUNIT_CASE(attach_static_domains),
	KUNIT_CASE(attach_unfit),
	KUNIT_CASE(attach_no_id),
	KUNIT_CASE(attach_no_memory),
	KUNIT_CASE(attach_stage2),
	KUNIT_CASE(ats_encode),
	KUNIT_CASE(ats_move),
	KUNIT_CASE(ats_shared_stream),
	KUNIT_CASE(ats_many),
	{}
};

static struct kunit_suite attach_suite = {
	.name = "ioflush_smmu3_attach",
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's SMMUv3 attach");
MODULE_LICENSE("GPL");
