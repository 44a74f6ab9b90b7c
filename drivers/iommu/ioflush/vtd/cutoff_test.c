// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of devices behind VT-d that do not answer an invalidation
 *
 * The queue is the driver's for hardware, and its registers are a page of memory. What
 * consumes it does so in the doorbell, and where the driver clears an error. It
 * executes as little as the specification allows: behind an invalidation that a device
 * does not answer nothing but invalidations of other devices, until it was told that
 * there was an error.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/irqflags.h>
#include <linux/sizes.h>

#include "inval.h"
#include "regs.h"
#include "vtd.h"

/* Source ids of the device that does not answer, of one of its domain, of others */
#define MUTE	0x0110
#define PEER	0x0118
#define OTHER	0x0120
#define DEVS	3

static const struct ioflush_range page = {
	.start = SZ_1G, .last = SZ_1G + SZ_4K - 1, .leaf_lg2 = 12,
	.leaf_only = true,
};

/**
 * struct hw_dev - a device
 * @dev: as the core knows it
 * @iommu: the core's part
 * @vdev: our part, followed by its source id
 * @mute: does not answer
 * @owes: it has not answered; cleared when nothing it sends gets through any more
 * @entry: its context entry, as the unit has it cached
 */
struct hw_dev {
	struct device dev;
	struct dev_iommu iommu;
	struct vtd_dev *vdev;
	bool mute;
	bool owes;
	struct vtd_entry entry;
};

/**
 * struct hw - the unit
 * @unit: the driver's part
 * @ops: of its queue
 * @driver: the driver's own
 * @fd: the devices
 * @eager: fetches waits before it finds out that a device does not answer
 * @hold: does nothing
 * @repeats: so often it shows an error again that was cleared
 * @head: next slot to take
 * @tail: last doorbell
 * @stopped: has an error to be cleared
 * @pending: an invalidation of a device is not over
 * @lost: one of the IOTLB was not executed
 * @leaks: waits that ended while one was lost or a device that owes got through
 * @overruns: doorbells that went over slots that were not taken
 */
struct hw {
	struct vtd_unit unit;
	struct invq_ops ops;
	const struct invq_ops *driver;
	struct hw_dev fd[DEVS];
	bool eager;
	bool hold;
	unsigned int repeats;
	u32 head;
	u32 tail;
	bool stopped;
	bool pending;
	bool lost;
	unsigned int leaks;
	unsigned int overruns;
};

static struct hw *to_hw(struct invq *q)
{
	return container_of(q, struct hw, unit.q);
}

static bool hw_lets(const struct vtd_entry *entry)
{
	struct vtd_context context;

	vtd_context_decode(entry, &context);
	return vtd_entry_present(entry) && context.tt == VTD_TT_DEVICE;
}

/* The context cache is loaded anew. */
static void hw_context(struct hw *hw)
{
	for (unsigned int i = 0; i < DEVS; i++) {
		struct hw_dev *fd = &hw->fd[i];
		struct vtd_entry *entry;

		if (!fd->vdev)
			continue;
		entry = vtd_table_context(&hw->unit, fd->vdev->rids[0]);
		fd->entry = entry ? *entry : (struct vtd_entry) {};
		fd->owes &= hw_lets(&fd->entry);
	}
}

static void hw_error(struct hw *hw)
{
	hw->stopped = true;
	vtd_write32(&hw->unit, VTD_REG_FSTS, VTD_FSTS_ITE);
}

static void hw_device(struct hw *hw, u16 sid)
{
	for (unsigned int i = 0; i < DEVS; i++) {
		struct hw_dev *fd = &hw->fd[i];

		if (!fd->vdev || fd->vdev->rids[0] != sid || !fd->mute)
			continue;
		fd->owes |= hw_lets(&fd->entry);
		hw->pending = true;
	}
	if (hw->pending && !hw->eager)
		hw_error(hw);
}

static void hw_wait(struct hw *hw, u64 lo, u64 hi)
{
	if (hw->pending) {
		hw_error(hw);
		return;
	}
	hw->leaks += hw->lost;
	for (unsigned int i = 0; i < DEVS; i++)
		hw->leaks += hw->fd[i].owes;
	WRITE_ONCE(*(__le32 *)phys_to_virt(hi),
		   cpu_to_le32(FIELD_GET(VTD_INV_WAIT_DATA, lo)));
}

static void hw_take(struct hw *hw, const struct invq_cmd *cmd)
{
	u64 lo = le64_to_cpu(cmd->u64s[0]);

	switch (FIELD_GET(VTD_INV_TYPE, lo)) {
	case VTD_INV_TYPE_CONTEXT:
		if (!hw->pending)
			hw_context(hw);
		break;
	case VTD_INV_TYPE_IOTLB:
		if (hw->pending)
			hw->lost = true;
		else if (FIELD_GET(VTD_INV_GRAN, lo) == VTD_GRAN_GLOBAL)
			hw->lost = false;
		break;
	case VTD_INV_TYPE_DEVICE:
		hw_device(hw, FIELD_GET(VTD_INV_DEVICE_SID, lo));
		break;
	case VTD_INV_TYPE_WAIT:
		hw_wait(hw, lo, le64_to_cpu(cmd->u64s[1]));
		break;
	}
}

static void hw_run(struct hw *hw)
{
	struct invq *q = &hw->unit.q;

	while (!hw->hold && !hw->stopped && hw->head != hw->tail) {
		u32 at = hw->head;

		hw->head = (at + 1) & q->mask;
		hw_take(hw, &q->slots[at]);
	}
	/* In time it is found out also where nobody waits. */
	if (!hw->hold && hw->pending && !hw->stopped)
		hw_error(hw);
	vtd_write64(&hw->unit, VTD_REG_IQH, FIELD_PREP(VTD_IQ_INDEX, hw->head));
}

static void hw_doorbell(struct invq *q, u32 seq)
{
	struct hw *hw = to_hw(q);
	u32 tail = seq & q->mask;

	if (((tail - hw->tail) & q->mask) > ((hw->head - hw->tail - 1) & q->mask))
		hw->overruns++;
	hw->tail = tail;
	hw->driver->doorbell(q, seq);
	hw_run(hw);
}

static void hw_resume(struct invq *q, enum invq_fault fault)
{
	struct hw *hw = to_hw(q);

	hw->driver->resume(q, fault);
	/* Writing 1 has cleared it; the driver's page of memory does not know that. */
	vtd_write32(&hw->unit, VTD_REG_FSTS, 0);
	hw->stopped = false;
	hw->pending = false;
	if (hw->repeats) {
		hw->repeats--;
		hw_error(hw);
	}
	hw_run(hw);
}

static void hw_free(void *data)
{
	struct hw *hw = data;

	vtd_cutoff_exit(&hw->unit);
	vtd_queue_exit(&hw->unit);
	vtd_table_exit(&hw->unit);
	ida_destroy(&hw->unit.dids);
	kfree((void __force *)hw->unit.regs);
	kfree(hw);
}

static struct hw *hw_new(struct kunit *test, bool eager)
{
	struct hw *hw = kzalloc(sizeof(*hw), GFP_KERNEL);
	void *regs = kzalloc(SZ_4K, GFP_KERNEL);
	struct vtd_unit *unit = &hw->unit;

	KUNIT_ASSERT_NOT_NULL(test, hw);
	KUNIT_ASSERT_NOT_NULL(test, regs);
	unit->regs = (void __iomem __force *)regs;
	strscpy(unit->name, "test");
	spin_lock_init(&unit->lock);
	vtd_cutoff_init(unit);
	INIT_LIST_HEAD(&unit->devs);
	ida_init(&unit->dids);
	unit->haw_bits = 46;
	/* 39 bits, 3 levels, 2^16 domains, page-selective; queue, pass-through */
	vtd_caps_decode(&unit->caps, BIT_ULL(39) | 9ULL << 48 | 0x260206,
			BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(6));
	KUNIT_ASSERT_EQ(test, 0, vtd_table_init(unit));
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_init(unit));
	KUNIT_ASSERT_TRUE(test, unit->queued);
	hw->driver = unit->q.ops;
	hw->ops = *hw->driver;
	hw->ops.doorbell = hw_doorbell;
	hw->ops.resume = hw_resume;
	unit->q.ops = &hw->ops;
	hw->eager = eager;
	hw->head = invq_newest(&unit->q) & unit->q.mask;
	hw->tail = hw->head;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, hw_free, hw));
	return hw;
}

static void hw_dom_free(void *data)
{
	struct iodom *dom = data;

	dom->domain.ops->free(&dom->domain);
}

static struct iodom *hw_dom(struct kunit *test, struct hw *hw)
{
	struct iopgt_cfg cfg;
	struct iodom *dom;

	vtd_caps_pgt_cfg(&hw->unit.caps, 46, &cfg);
	dom = iodom_create(&vtd_iodom_hw_ops, &iopgt_vtdss_ops, &cfg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dom));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, hw_dom_free, dom));
	return dom;
}

static int hw_attach(struct iodom *dom, struct hw_dev *fd)
{
	return vtd_iodom_hw_ops.attach(dom, &fd->dev);
}

static void hw_leave(void *data)
{
	struct hw_dev *fd = data;

	vtd_dev_detach(fd->vdev);
	vtd_cutoff_exit(fd->vdev->unit);
	list_del(&fd->vdev->node);
	/* It goes before the unit does, which looks at all that are left. */
	fd->vdev = NULL;
}

static struct hw_dev *hw_dev_new(struct kunit *test, struct hw *hw,
				 unsigned int i, u16 rid, struct iodom *dom)
{
	struct hw_dev *fd = &hw->fd[i];
	struct vtd_dev *vdev;

	vdev = kunit_kzalloc(test, struct_size(vdev, rids, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vdev);
	fd->dev.init_name = "fake";
	vdev->dev = &fd->dev;
	vdev->unit = &hw->unit;
	vdev->place = (struct iodom_device){ .dev = vdev->dev, .unit = vdev->unit };
	vdev->nrids = 1;
	vdev->rids[0] = rid;
	vdev->atc = (struct vtd_atc) { .sid = rid, .depth = 1 };
	vdev->ats_able = true;
	list_add_tail(&vdev->node, &hw->unit.devs);
	fd->iommu.priv = vdev;
	/* Who tells of it takes a reference; it goes with the unit. */
	device_initialize(&fd->dev);
	fd->dev.iommu = &fd->iommu;
	fd->vdev = vdev;
	KUNIT_ASSERT_EQ(test, 0, hw_attach(dom, fd));
	KUNIT_ASSERT_TRUE(test, vdev->ats_on);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, hw_leave, fd));
	return fd;
}

/**
 * struct cutoff - a unit, and who is behind it
 * @hw: the unit
 * @dom: the domain of @mute and @peer
 * @far: the domain of @other
 * @mute: does not answer
 * @peer: does
 * @other: does, too
 */
struct cutoff {
	struct hw *hw;
	struct iodom *dom;
	struct iodom *far;
	struct hw_dev *mute;
	struct hw_dev *peer;
	struct hw_dev *other;
};

static void cutoff_start(struct kunit *test, struct cutoff *c, bool eager)
{
	c->hw = hw_new(test, eager);
	c->dom = hw_dom(test, c->hw);
	c->far = hw_dom(test, c->hw);
	c->mute = hw_dev_new(test, c->hw, 0, MUTE, c->dom);
	c->peer = hw_dev_new(test, c->hw, 1, PEER, c->dom);
	c->other = hw_dev_new(test, c->hw, 2, OTHER, c->far);
	hw_context(c->hw);
	c->mute->mute = true;
	/* A wait that hangs does not for so long. */
	c->hw->unit.q.kill_timeouts = INVQ_KILL_TIMEOUTS;
}

static bool cutoff_blocked(const struct hw_dev *fd)
{
	return !vtd_entry_present(vtd_table_context(fd->vdev->unit,
						    fd->vdev->rids[0]));
}

static unsigned int cutoff_encode(struct kunit *test, struct iodom *dom,
				  struct invq_cmd *cmds)
{
	struct iodom_link *link = list_first_entry(&dom->links,
						   struct iodom_link, node);
	unsigned int n;

	rcu_read_lock();
	n = vtd_iodom_hw_ops.encode_range(dom, link, &page, cmds);
	rcu_read_unlock();
	return n;
}

static long cutoff_recoveries(const struct cutoff *c)
{
	return atomic_long_read(&c->hw->unit.q.stats.recoveries);
}

static void cutoff_expect(struct kunit *test, const struct cutoff *c)
{
	KUNIT_EXPECT_EQ(test, c->hw->leaks, 0);
	KUNIT_EXPECT_EQ(test, c->hw->overruns, 0);
	KUNIT_EXPECT_EQ(test, c->hw->unit.q.life, INVQ_ALIVE);
	KUNIT_EXPECT_TRUE(test, c->mute->vdev->cut_off);
	KUNIT_EXPECT_TRUE(test, cutoff_blocked(c->mute));
}

/*
 * cut off: when the wait is over the unit lets nothing of the device through, nor
 * of the other one that it may have been. A third one, of another domain, goes on.
 */
static void cutoff_unmap(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct cutoff c;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		KUNIT_ASSERT_EQ(test, 3, cutoff_encode(test, c.dom, cmds));
		invq_submit_wait(&c.hw->unit.q, cmds, 3);
		cutoff_expect(test, &c);
		KUNIT_EXPECT_GE(test, cutoff_recoveries(&c), 1);
		KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.other));

		/* From now on it is left out. */
		KUNIT_EXPECT_EQ(test, 1, cutoff_encode(test, c.dom, cmds));
		invq_submit_wait(&c.hw->unit.q, cmds, 1);
		KUNIT_EXPECT_EQ(test, 2, cutoff_encode(test, c.far, cmds));
		invq_submit_wait(&c.hw->unit.q, cmds, 2);
		KUNIT_EXPECT_EQ(test, c.hw->leaks, 0);
	}
}

/* The last command, if it is another's, was not sure to be executed, either. */
static void cutoff_behind(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct cutoff c;
	u32 seq;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		invq_submit(&c.hw->unit.q, cmds, cutoff_encode(test, c.dom, cmds));
		seq = invq_submit(&c.hw->unit.q, cmds,
				  cutoff_encode(test, c.far, cmds));
		invq_wait(&c.hw->unit.q, seq);
		cutoff_expect(test, &c);
	}
}

/* What was queued before fails, too, and there is nothing more to be done. */
static void cutoff_late(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct invq *q;
	struct cutoff c;
	unsigned int n;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		q = &c.hw->unit.q;
		n = cutoff_encode(test, c.dom, cmds);
		for (unsigned int i = 0; i < 3; i++)
			invq_submit(q, cmds, n);
		invq_wait(q, invq_newest(q));
		cutoff_expect(test, &c);
		KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.other));
	}
}

/* Two that do not answer, one after the other */
static void cutoff_two(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct invq *q;
	struct cutoff c;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		c.other->mute = true;
		q = &c.hw->unit.q;
		invq_submit(q, cmds, cutoff_encode(test, c.dom, cmds));
		invq_submit(q, cmds, cutoff_encode(test, c.far, cmds));
		invq_wait(q, invq_newest(q));
		cutoff_expect(test, &c);
		KUNIT_EXPECT_TRUE(test, cutoff_blocked(c.other));
	}
}

/*
 * Behind the newest sync, with none in flight: hardware was told by a doorbell alone.
 * Whoever waits then waits behind what blocks the device.
 */
static void cutoff_posted(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned long flags;
	struct invq *q;
	struct cutoff c;
	u32 first, second;
	unsigned int n;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		q = &c.hw->unit.q;
		c.hw->hold = true;
		local_irq_save(flags);
		n = cutoff_encode(test, c.far, cmds);
		KUNIT_EXPECT_TRUE(test, invq_post(q, cmds, n, &first));
		n = cutoff_encode(test, c.dom, cmds);
		KUNIT_EXPECT_TRUE(test, invq_post(q, cmds, n, &second));
		local_irq_restore(flags);
		c.hw->hold = false;
		hw_run(c.hw);
		KUNIT_EXPECT_TRUE(test, invq_finished(q, first));
		KUNIT_EXPECT_TRUE(test, c.hw->stopped);
		invq_wait(q, second);
		cutoff_expect(test, &c);
	}
}

/* bounded: with a queue that is full, again and again, no slot is overwritten. */
static void cutoff_full(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned long flags;
	struct invq *q;
	struct cutoff c;
	unsigned int n;
	u32 seq;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		q = &c.hw->unit.q;
		c.hw->hold = true;
		n = cutoff_encode(test, c.dom, cmds);
		local_irq_save(flags);
		while (invq_post(q, cmds, n, &seq))
			;
		while (invq_post(q, cmds, 1, &seq))
			;
		local_irq_restore(flags);
		c.hw->hold = false;
		hw_run(c.hw);
		invq_wait(q, seq);
		invq_wait(q, invq_newest(q));
		cutoff_expect(test, &c);
		KUNIT_EXPECT_GT(test, cutoff_recoveries(&c), 1);
	}
}

/*
 * The same where another device fails before hardware has taken anything more: all that
 * had been sent to them was fetched before.
 */
static void cutoff_tight(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	unsigned long flags;
	struct invq *q;
	struct cutoff c;
	unsigned int n;
	u32 seq = 0;

	cutoff_start(test, &c, false);
	q = &c.hw->unit.q;
	c.hw->hold = true;
	c.hw->repeats = 4;
	n = cutoff_encode(test, c.dom, cmds);
	local_irq_save(flags);
	KUNIT_EXPECT_TRUE(test, invq_post(q, cmds, n, &seq));
	while (invq_post(q, cmds, 1, &seq))
		;
	local_irq_restore(flags);
	c.hw->hold = false;
	hw_run(c.hw);
	invq_wait(q, seq);
	cutoff_expect(test, &c);
	KUNIT_EXPECT_EQ(test, 5, cutoff_recoveries(&c));
}

/* An error of which nobody knows what it is about cuts nobody off. */
static void cutoff_nobody(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct cutoff c;

	cutoff_start(test, &c, false);
	c.mute->mute = false;
	c.hw->hold = true;
	invq_submit(&c.hw->unit.q, cmds, cutoff_encode(test, c.dom, cmds));
	hw_error(c.hw);
	c.hw->hold = false;
	invq_wait(&c.hw->unit.q, invq_newest(&c.hw->unit.q));
	KUNIT_EXPECT_FALSE(test, c.mute->vdev->cut_off);
	KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.mute));
	KUNIT_EXPECT_EQ(test, 1, cutoff_recoveries(&c));
}

/*
 * late: an answer that nobody waits for (ICE) is no reason to cut off whom hardware waits
 * for, one that did not come (ITE) is.
 */
static void cutoff_unexpected(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct invq_error err;
	unsigned long flags;
	struct cutoff c;
	struct invq *q;
	u32 seq = 0;

	cutoff_start(test, &c, false);
	c.mute->mute = false;
	q = &c.hw->unit.q;
	c.hw->hold = true;
	local_irq_save(flags);
	KUNIT_EXPECT_TRUE(test, invq_post(q, cmds,
					  cutoff_encode(test, c.dom, cmds), &seq));
	local_irq_restore(flags);
	/* Fetched, and not answered yet */
	vtd_write64(&c.hw->unit, VTD_REG_IQH,
		    FIELD_PREP(VTD_IQ_INDEX, c.hw->tail));
	vtd_write32(&c.hw->unit, VTD_REG_FSTS, VTD_FSTS_ICE);
	KUNIT_EXPECT_NE(test, INVQ_FAULT_ABORTED, q->ops->fault(q, &err));
	vtd_write32(&c.hw->unit, VTD_REG_FSTS, VTD_FSTS_ITE);
	KUNIT_EXPECT_EQ(test, INVQ_FAULT_ABORTED, q->ops->fault(q, &err));
	vtd_write32(&c.hw->unit, VTD_REG_FSTS, 0);
	c.hw->hold = false;
	hw_run(c.hw);
	invq_wait(q, seq);
	KUNIT_EXPECT_FALSE(test, c.mute->vdev->cut_off);
}

/* Attached anew it can do DMA; but what it had, it may have still. */
static void cutoff_again(struct kunit *test)
{
	struct invq_cmd cmds[IODOM_CMDS_MAX];
	struct vtd_context context;
	struct cutoff c;

	cutoff_start(test, &c, true);
	invq_submit_wait(&c.hw->unit.q, cmds, cutoff_encode(test, c.dom, cmds));
	KUNIT_ASSERT_TRUE(test, cutoff_blocked(c.mute));

	KUNIT_ASSERT_EQ(test, 0, hw_attach(c.far, c.mute));
	KUNIT_ASSERT_FALSE(test, cutoff_blocked(c.mute));
	vtd_context_decode(vtd_table_context(&c.hw->unit, MUTE), &context);
	KUNIT_EXPECT_EQ(test, VTD_TT_TABLE, context.tt);
	KUNIT_EXPECT_FALSE(test, c.mute->vdev->ats_on);
	KUNIT_EXPECT_NULL(test, c.mute->vdev->ats);
	KUNIT_EXPECT_EQ(test, 2, cutoff_encode(test, c.far, cmds));
}

/* One that does not forget its old domain is blocked in the new one. */
static void cutoff_move(struct kunit *test)
{
	struct cutoff c;

	for (unsigned int eager = 0; eager < 2; eager++) {
		cutoff_start(test, &c, eager);
		KUNIT_ASSERT_EQ(test, 0, hw_attach(c.far, c.mute));
		cutoff_expect(test, &c);
		KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.peer));
		KUNIT_EXPECT_FALSE(test, cutoff_blocked(c.other));
	}
}

static struct kunit_case cutoff_cases[] = {
	KUNIT_CASE(cutoff_unmap),
	KUNIT_CASE(cutoff_behind),
	KUNIT_CASE(cutoff_late),
	KUNIT_CASE(cutoff_two),
	KUNIT_CASE(cutoff_posted),
	KUNIT_CASE(cutoff_full),
	KUNIT_CASE(cutoff_tight),
	KUNIT_CASE(cutoff_nobody),
	KUNIT_CASE(cutoff_unexpected),
	KUNIT_CASE(cutoff_again),
	KUNIT_CASE(cutoff_move),
	{}
};

static struct kunit_suite cutoff_suite = {
	.name = "ioflush_vtd_cutoff",
	.test_cases = cutoff_cases,
};

kunit_test_suite(cutoff_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d devices that do not answer");
MODULE_LICENSE("GPL");
