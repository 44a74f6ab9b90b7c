// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a VT-d unit of memory only
 *
 * Its queue executes nothing, but writes down which descriptors it was given, and for
 * each whether the context entry that the test looks at was present at that time.
 */
#include "../invq/test_take.h"
#include "regs.h"
#include "scalable.h"
#include "test_fake.h"

/**
 * vtd_fake_entry() - the context entry of a source id
 * @fake: the unit
 * @rid: the source id
 *
 * Return: the entry, NULL before its bus has a table.
 */
struct vtd_entry *vtd_fake_entry(struct fake *fake, u16 rid)
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
	struct vtd_entry *entry = vtd_fake_entry(fake, RID);

	if (fake->taken)
		fake->taken(fake, cmd);
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
	vtd_inherit_exit(&fake->unit);
	ida_destroy(&fake->unit.dids);
	kfree(fake);
}

/**
 * vtd_fake_new() - make a unit
 * @test: the test, with which it ends
 * @cap: capabilities, beside those that all have
 *
 * Return: the unit.
 */
struct fake *vtd_fake_new(struct kunit *test, u64 cap)
{
	/* Not from kunit_kzalloc(): the done word needs a physical address. */
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	struct vtd_unit *unit = &fake->unit;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	spin_lock_init(&unit->lock);
	vtd_cutoff_init(unit);
	INIT_LIST_HEAD(&unit->devs);
	ida_init(&unit->dids);
	unit->haw_bits = 46;
	unit->identity_did = 9;
	/* 39 bits, 3 levels, 2^16 domains; pass-through */
	vtd_caps_decode(&unit->caps, cap | 0x260206, BIT_ULL(0) | BIT_ULL(6));
	KUNIT_ASSERT_EQ(test, 0, vtd_table_init(unit));
	KUNIT_ASSERT_EQ(test, 0, invq_init(&unit->q, &fake_queue_ops, "fake",
					   fake->slots, &fake->done,
					   FAKE_QUEUE_LG2));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_free, fake));
	return fake;
}

static void fake_identity_free(void *data)
{
	struct fake *fake = data;

	vtd_pasids_free(fake->unit.identity_pasids);
	fake->unit.identity_pasids = NULL;
}

/**
 * vtd_fake_scalable() - make a unit in scalable mode
 * @test: the test, with which it ends
 * @cap: as of vtd_fake_new()
 * @ecap: extended capabilities: a stage, and what else
 *
 * Empty tables are the same in both modes.
 *
 * Return: the unit.
 */
struct fake *vtd_fake_scalable(struct kunit *test, u64 cap, u64 ecap)
{
	struct fake *fake = vtd_fake_new(test, cap);
	struct vtd_unit *unit = &fake->unit;
	struct vtd_context context;

	unit->scalable = true;
	KUNIT_ASSERT_EQ(test, 0, vtd_caps_decode(&unit->caps, unit->caps.cap,
						 unit->caps.ecap | ecap |
						 VTD_ECAP_SMTS | VTD_ECAP_QI));
	vtd_caps_set_scalable(&unit->caps);
	vtd_identity_context(unit, &context);
	unit->identity_pasids = vtd_pasids_create(unit, &context);
	KUNIT_ASSERT_NOT_NULL(test, unit->identity_pasids);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_identity_free,
						  fake));
	return fake;
}

/**
 * vtd_fake_pasid() - the entry by which a unit in scalable mode translates
 * @test: the test
 * @fake: the unit
 * @rid: source id of a request without a PASID
 *
 * By what hardware would read from the root table on: section 3.4.3. An attached device
 * has to be detached again, so nothing here ends a test.
 *
 * Return: the entry of the PASID table, NULL if nothing leads to one.
 */
const struct vtd_pasid *vtd_fake_pasid(struct kunit *test, struct fake *fake,
				       u16 rid)
{
	const u64 *root = (const u64 *)fake->unit.root;
	u64 half = root[(rid >> 8) * 2 + (rid >> 7 & 1)];
	const u64 *context, *dir;

	KUNIT_EXPECT_TRUE(test, half & 1);
	if (!(half & 1))
		return NULL;
	context = phys_to_virt(half & ~0xfffULL);
	context += (rid & 0x7f) * 4;
	KUNIT_EXPECT_EQ(test, context[1] | context[2] | context[3], 0);
	if (!(context[0] & 1))
		return NULL;
	dir = phys_to_virt(context[0] & ~0xfffULL);
	KUNIT_EXPECT_TRUE(test, dir[0] & 1);
	if (!(dir[0] & 1))
		return NULL;
	return phys_to_virt(dir[0] & ~0xfffULL);
}

/**
 * vtd_fake_expect_pasid() - expect what the PASID entry of a requester says
 * @test: the test
 * @fake: the unit, in scalable mode
 * @rid: the requester
 * @word0: first word of the entry
 * @word1: second word
 * @word2: third word
 */
void vtd_fake_expect_pasid(struct kunit *test, struct fake *fake, u16 rid,
			   u64 word0, u64 word1, u64 word2)
{
	const struct vtd_pasid *pasid = vtd_fake_pasid(test, fake, rid);

	KUNIT_EXPECT_NOT_NULL(test, pasid);
	if (!pasid)
		return;
	KUNIT_EXPECT_EQ(test, pasid->word[0], word0);
	KUNIT_EXPECT_EQ(test, pasid->word[1], word1);
	KUNIT_EXPECT_EQ(test, pasid->word[2], word2);
}

/**
 * vtd_fake_expect_forgotten() - expect that what is cached of a requester was invalidated
 * @test: the test
 * @fake: the unit, in scalable mode
 * @at: which of the descriptors in its log is the first
 * @rid: the requester
 * @did: domain id
 * @iotlb: type and granularity of what invalidates the translations, behind context and
 *	PASID entries
 */
void vtd_fake_expect_forgotten(struct kunit *test, struct fake *fake,
			       unsigned int at, u16 rid, u16 did, u8 iotlb)
{
	KUNIT_EXPECT_LE(test, at + 3, fake->n);
	KUNIT_EXPECT_EQ(test, fake->log[at],
			(u64)rid << 32 | (u64)did << 16 | 0x31);
	KUNIT_EXPECT_EQ(test, fake->log[at + 1], (u64)did << 16 | 0x07);
	KUNIT_EXPECT_EQ(test, fake->log[at + 2], (u64)did << 16 | iotlb);
}

/**
 * vtd_fake_dev_new() - make a device with an alias
 * @test: the test, with which it ends
 * @fake: its unit
 * @rid: its own source id; the alias is ALIAS
 *
 * Return: the device.
 */
struct fake_dev *vtd_fake_dev_new(struct kunit *test, struct fake *fake,
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

/**
 * vtd_fake_dom_new() - make a domain
 * @test: the test, with which it ends
 * @fake: a unit that can walk its table
 *
 * Return: the domain.
 */
struct iodom *vtd_fake_dom_new(struct kunit *test, struct fake *fake)
{
	struct iopgt_cfg cfg;
	struct iodom *dom;

	vtd_caps_pgt_cfg(&fake->unit.caps, 46, &cfg);
	dom = iodom_create(fake->unit.caps.first_stage ? &vtd_first_hw_ops :
							 &vtd_iodom_hw_ops,
			   vtd_caps_format(&fake->unit.caps), &cfg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	dom->domain.geometry.aperture_end = vtd_caps_last(&fake->unit.caps);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, dom_free, dom));
	return dom;
}

/**
 * vtd_fake_expect_named() - expect a device, or nothing, to be the only one in a domain
 * @test: the test
 * @dom: the domain
 * @fd: the device, or NULL
 */
void vtd_fake_expect_named(struct kunit *test, struct iodom *dom,
			   struct fake_dev *fd)
{
	struct iodom_device *first;

	first = list_first_entry_or_null(&dom->devices, struct iodom_device,
					 node);
	KUNIT_EXPECT_PTR_EQ(test, first, fd ? &fd->vdev->place : NULL);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&dom->devices), fd ? 1 : 0);
}

/**
 * vtd_fake_attach() - attach a device to a domain
 * @dom: the domain
 * @fd: the device
 *
 * Return: 0 or an error.
 */
int vtd_fake_attach(struct iodom *dom, struct fake_dev *fd)
{
	return vtd_iodom_hw_ops.attach(dom, &fd->dev);
}

/**
 * vtd_fake_attach_static() - attach a device to a domain without a table
 * @test: the test
 * @domain: the domain
 * @fd: the device
 */
void vtd_fake_attach_static(struct kunit *test, struct iommu_domain *domain,
			    struct fake_dev *fd)
{
	KUNIT_ASSERT_EQ(test, 0, ioflush_attach(domain, &fd->dev));
}
