// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a unit of memory only, for tests of attaching
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/sizes.h>

#include "../invq/test_take.h"
#include "regs.h"
#include "test_fake.h"

/**
 * fake_word() - a word of a command that the queue was given
 * @fake: the unit
 * @at: which command
 * @i: which word
 *
 * Context: any context.
 * Return: the word.
 */
u64 fake_word(const struct fake *fake, unsigned int at, unsigned int i)
{
	return le64_to_cpu(fake->log[at].u64s[i]);
}

/**
 * fake_opcode() - what a command was
 * @fake: the unit
 * @at: which command
 *
 * Context: any context.
 * Return: its opcode.
 */
u8 fake_opcode(const struct fake *fake, unsigned int at)
{
	return FIELD_GET(SMMU3_CMD0_OP, fake_word(fake, at, 0));
}

static void fake_sync(struct invq *q, struct invq_cmd *cmd)
{
	struct fake *fake = container_of(q, struct fake, unit.q);

	smmu3_cmd_sync_msi(cmd, virt_to_phys(&fake->done), true);
}

static void fake_take(struct invq *q, const struct invq_cmd *cmd)
{
	struct fake *fake = container_of(q, struct fake, unit.q);
	u64 w0 = le64_to_cpu(cmd->u64s[0]);
	struct smmu3_entry *ste = smmu3_streams_find(&fake->unit, SID);

	if (fake->taken)
		fake->taken(fake, cmd);
	if (FIELD_GET(SMMU3_CMD0_OP, w0) == SMMU3_OP_SYNC &&
	    FIELD_GET(SMMU3_SYNC0_CS, w0) == SMMU3_CS_IRQ) {
		WRITE_ONCE(fake->done,
			   cpu_to_le32(FIELD_GET(SMMU3_SYNC0_MSIDATA, w0)));
		return;
	}
	if (fake->n == FAKE_LOG)
		return;
	if (ste)
		fake->ste[fake->n] = *ste;
	fake->log[fake->n++] = *cmd;
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
	smmu3_streams_exit(&fake->unit);
	ida_destroy(&fake->unit.ids);
	xa_destroy(&fake->unit.sids);
	kfree(fake);
}

/**
 * fake_unit_init() - what a unit needs before it has a stream table
 * @test: the test; the unit's device goes with it
 * @unit: the unit
 *
 * Context: process context.
 */
void fake_unit_init(struct kunit *test, struct smmu3_unit *unit)
{
	unit->dev = kunit_device_register(test, "smmu3");
	KUNIT_ASSERT_FALSE(test, IS_ERR(unit->dev));
	KUNIT_ASSERT_EQ(test, 0, dma_coerce_mask_and_coherent(unit->dev,
							      DMA_BIT_MASK(48)));
	mutex_init(&unit->mutex);
	smmu3_cutoff_init(unit);
	INIT_LIST_HEAD(&unit->devs);
	xa_init(&unit->sids);
}

/**
 * fake_new() - make a unit
 * @test: the test; frees it at its end
 * @stage2: it has stage 2, and only that
 *
 * Context: process context.
 * Return: the unit.
 */
struct fake *fake_new(struct kunit *test, bool stage2)
{
	/* Not from kunit_kzalloc(): the done word needs a physical address. */
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	struct smmu3_unit *unit = &fake->unit;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake_unit_init(test, unit);
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
					   FAKE_QUEUE_LG2));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_free, fake));
	return fake;
}

static void fake_dev_gone(void *data)
{
	struct smmu3_dev *sdev = data;

	if (sdev->domain)
		smmu3_dev_detach(sdev, false);
	smmu3_sids_remove(sdev->unit, sdev);
}

/**
 * fake_dev_on() - make a device of a unit, with two StreamIDs
 * @test: the test; detaches it at its end
 * @unit: the unit
 * @sid: one of them
 * @alias: the other
 *
 * Context: process context.
 * Return: the device.
 */
struct fake_dev *fake_dev_on(struct kunit *test, struct smmu3_unit *unit,
			     u32 sid, u32 alias)
{
	struct fake_dev *fd = kunit_kzalloc(test, sizeof(*fd), GFP_KERNEL);
	struct smmu3_dev *sdev;

	KUNIT_ASSERT_NOT_NULL(test, fd);
	sdev = kunit_kzalloc(test, struct_size(sdev, sids, 2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	sdev->dev = &fd->dev;
	sdev->unit = unit;
	sdev->place = (struct iodom_device){ .dev = &fd->dev, .unit = unit };
	sdev->nsids = 2;
	sdev->sids[0] = sid;
	sdev->sids[1] = alias;
	fd->sdev = sdev;
	fd->iommu.priv = sdev;
	fd->dev.iommu = &fd->iommu;
	KUNIT_ASSERT_EQ(test, 0, smmu3_sids_add(unit, sdev));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_dev_gone, sdev));
	return fd;
}

/**
 * fake_dev_new() - make a device of a unit of memory
 * @test: the test; detaches it at its end
 * @fake: the unit
 * @sid: one of its StreamIDs; the other is ALIAS
 *
 * Context: process context.
 * Return: the device.
 */
struct fake_dev *fake_dev_new(struct kunit *test, struct fake *fake, u32 sid)
{
	return fake_dev_on(test, &fake->unit, sid, ALIAS);
}

/**
 * fake_dom_free() - free a domain
 * @data: a struct iodom
 *
 * Runs before the devices go; a test may leave some attached.
 *
 * Context: process context.
 */
void fake_dom_free(void *data)
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
				smmu3_dev_detach(sdev, false);
	dom->domain.ops->free(&dom->domain);
}

/**
 * fake_dom_on() - make a domain that suits a unit
 * @test: the test; frees it at its end
 * @unit: the unit
 *
 * Context: process context.
 * Return: the domain.
 */
struct iodom *fake_dom_on(struct kunit *test, struct smmu3_unit *unit)
{
	struct iodom *dom = smmu3_domain_create(unit, false);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fake_dom_free, dom));
	return dom;
}

/**
 * fake_dom_new() - make a domain that suits a unit of memory
 * @test: the test; frees it at its end
 * @fake: the unit
 *
 * Context: process context.
 * Return: the domain.
 */
struct iodom *fake_dom_new(struct kunit *test, struct fake *fake)
{
	return fake_dom_on(test, &fake->unit);
}

/**
 * fake_attach() - attach a device to a paging domain
 * @dom: the domain
 * @fd: the device
 *
 * Context: process context.
 * Return: 0 or an error.
 */
int fake_attach(struct iodom *dom, struct fake_dev *fd)
{
	return smmu3_iodom_hw_ops.attach(dom, &fd->dev);
}

/**
 * fake_attach_static() - attach a device to one of the static domains
 * @test: the test
 * @domain: which
 * @fd: the device
 *
 * Context: process context.
 */
void fake_attach_static(struct kunit *test, struct iommu_domain *domain,
			struct fake_dev *fd)
{
	KUNIT_ASSERT_EQ(test, 0, ioflush_attach(domain, &fd->dev));
}

/**
 * fake_only_link() - the place of a domain that is on one unit
 * @test: the test; fails if that is not so
 * @dom: the domain
 *
 * Context: process context.
 * Return: the link.
 */
struct iodom_link *fake_only_link(struct kunit *test, struct iodom *dom)
{
	KUNIT_ASSERT_TRUE(test, list_is_singular(&dom->links));
	return list_first_entry(&dom->links, struct iodom_link, node);
}

/**
 * fake_count_op() - how many commands of a kind were there?
 * @fake: the unit
 * @op: opcode
 *
 * Context: any context.
 * Return: their number.
 */
unsigned int fake_count_op(const struct fake *fake, u8 op)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake->n; i++)
		n += fake_opcode(fake, i) == op;
	return n;
}
