// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: an SMMU for tests, with registers in memory
 *
 * What the driver writes stays, and what it is to read is put there by the
 * test, or by a timer that plays hardware.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "compat-timer.h"
#include "regs.h"
#include "ste.h"
#include "test_hw.h"

#define TEST_HW_PERIOD_NS (500 * NSEC_PER_USEC)

static bool test_hw_failed(const struct test_hw *hw)
{
	return smmu3_gerror_active((struct smmu3_unit *)&hw->unit) &
	       SMMU3_GERROR_CMDQ_ERR;
}

static void test_hw_raise(struct test_hw *hw, u32 errors)
{
	u32 gerror = smmu3_read32(&hw->unit, SMMU3_REG_GERROR);

	gerror ^= errors & ~smmu3_gerror_active(&hw->unit);
	smmu3_write32(&hw->unit, SMMU3_REG_GERROR, gerror);
}

static void test_hw_message(struct test_hw *hw, const struct invq_cmd *cmd)
{
	u64 word = le64_to_cpu(cmd->u64s[0]);
	phys_addr_t addr = le64_to_cpu(cmd->u64s[1]) & SMMU3_SYNC1_MSIADDR;

	if (FIELD_GET(SMMU3_SYNC0_CS, word) != SMMU3_CS_IRQ ||
	    hw->mute_messages)
		return;
	if (hw->aborts) {
		hw->aborts--;
		test_hw_raise(hw, SMMU3_GERROR_MSI_CMDQ_ABT);
		return;
	}
	WRITE_ONCE(*(__le32 *)phys_to_virt(addr),
		   cpu_to_le32(FIELD_GET(SMMU3_SYNC0_MSIDATA, word)));
}

/* What is in the table is what the unit uses from a CFGI on, at the latest. */
static void test_hw_configure(struct test_hw *hw, u8 op, u64 word)
{
	u32 only = FIELD_GET(SMMU3_CMD0_SID, word);

	for (u32 sid = 0; sid < TEST_HW_STREAMS; sid++)
		if (op == SMMU3_OP_CFGI_STE_RANGE || sid == only)
			hw->entries[sid] = *smmu3_streams_find(&hw->unit, sid);
}

/* Does an entry let requests through that are translated already? */
static bool test_hw_passes(const struct smmu3_entry *entry)
{
	return smmu3_ste_valid(entry) &&
	       FIELD_GET(SMMU3_STE0_CONFIG, le64_to_cpu(entry->w[0])) &&
	       FIELD_GET(SMMU3_STE1_EATS, le64_to_cpu(entry->w[1]));
}

/*
 * Section 4.7.3: the first sync behind an invalidation without an answer stops at
 * it, once; to its repetition that one is over.
 */
static bool test_hw_unanswered(struct test_hw *hw, u8 op, u64 word)
{
	const struct smmu3_entry *entry = &hw->entries[hw->silent];
	bool stops = op == SMMU3_OP_SYNC && hw->unanswered;

	if (op == SMMU3_OP_SYNC && !stops && hw->owed &&
	    (test_hw_passes(&entry[0]) || test_hw_passes(&entry[1])))
		hw->leaks++;
	if (stops)
		hw->unanswered = false;
	if (op == SMMU3_OP_ATC_INV && hw->silent &&
	    FIELD_GET(SMMU3_CMD0_SID, word) == hw->silent) {
		hw->unanswered = true;
		hw->owed++;
	}
	return stops;
}

/* Returns a CERROR_*. */
static u8 test_hw_execute(struct test_hw *hw, const struct invq_cmd *cmd)
{
	u64 word = le64_to_cpu(cmd->u64s[0]);
	u8 op = FIELD_GET(SMMU3_CMD0_OP, word);

	if (hw->refuse && op == hw->refuse)
		return SMMU3_CERROR_ILL;
	if (test_hw_unanswered(hw, op, word))
		return SMMU3_CERROR_ATC_INV_SYNC;
	if (hw->unit.caps.ats &&
	    (op == SMMU3_OP_CFGI_STE || op == SMMU3_OP_CFGI_STE_RANGE))
		test_hw_configure(hw, op, word);
	if (hw->fails) {
		hw->fails--;
		return hw->fail;
	}
	if (hw->ncmds < TEST_HW_LOG)
		hw->cmds[hw->ncmds] = *cmd;
	hw->ncmds++;
	if (op == SMMU3_OP_SYNC)
		test_hw_message(hw, cmd);
	return SMMU3_CERROR_NONE;
}

/* From where CMDQ_BASE says, as many as it says. */
static void test_hw_consume(struct test_hw *hw)
{
	u64 base = readq(hw->unit.regs + SMMU3_REG_CMDQ_BASE);
	u32 size = 1U << FIELD_GET(SMMU3_Q_BASE_LOG2SIZE, base);
	u32 prod = smmu3_read32(&hw->unit, SMMU3_REG_CMDQ_PROD);
	u32 cons = smmu3_read32(&hw->unit, SMMU3_REG_CMDQ_CONS) &
		   SMMU3_Q_INDEX;
	const struct invq_cmd *slots = hw->unit.cmdq.mem;
	u8 error;

	if ((base & SMMU3_Q_BASE_ADDR) != hw->unit.cmdq.dma)
		return;
	while (cons != prod && !test_hw_failed(hw)) {
		/* Pairs with the wmb() of writel(). */
		rmb();
		error = test_hw_execute(hw, &slots[cons & (size - 1)]);
		if (!error)
			cons = (cons + 1) & (2 * size - 1);
		/* Pairs with the read of whoever polls. */
		smp_wmb();
		smmu3_write32(&hw->unit, SMMU3_REG_CMDQ_CONS,
			      cons | FIELD_PREP(SMMU3_CMDQ_CONS_ERR, error));
		if (error)
			test_hw_raise(hw, SMMU3_GERROR_CMDQ_ERR);
	}
}

/* Sections 6.3.11, 6.3.12, 6.3.24, 6.3.26: what is guarded by what is enabled */
static void test_hw_guard(struct test_hw *hw, u32 cr0)
{
	const u64 now[] = {
		smmu3_read32(&hw->unit, SMMU3_REG_CR1) |
		(u64)smmu3_read32(&hw->unit, SMMU3_REG_CR2) << 32,
		readq(hw->unit.regs + SMMU3_REG_STRTAB_BASE),
		smmu3_read32(&hw->unit, SMMU3_REG_STRTAB_BASE_CFG),
		readq(hw->unit.regs + SMMU3_REG_CMDQ_BASE),
	};
	const u32 guards[] = {
		SMMU3_CR0_SMMUEN, SMMU3_CR0_SMMUEN, SMMU3_CR0_SMMUEN,
		SMMU3_CR0_CMDQEN,
	};

	static_assert(ARRAY_SIZE(now) == ARRAY_SIZE(hw->shadow));
	for (unsigned int i = 0; i < ARRAY_SIZE(now); i++) {
		if (cr0 & guards[i] && now[i] != hw->shadow[i])
			hw->broken_rules++;
		hw->shadow[i] = now[i];
	}
}

static void test_hw_step(struct test_hw *hw)
{
	struct smmu3_unit *unit = &hw->unit;
	u32 cr0 = smmu3_read32(unit, SMMU3_REG_CR0);
	u32 had = smmu3_read32(unit, SMMU3_REG_CR0ACK);
	u32 gbpa = smmu3_read32(unit, SMMU3_REG_GBPA);

	test_hw_guard(hw, had);
	if (!hw->mute_gbpa)
		smmu3_write32(unit, SMMU3_REG_GBPA, gbpa & ~SMMU3_GBPA_UPDATE);
	if (had & ~cr0 & SMMU3_CR0_SMMUEN)
		hw->gbpa_at_off = gbpa;
	if (!hw->mute_cr0)
		smmu3_write32(unit, SMMU3_REG_CR0ACK, cr0);
	smmu3_write32(unit, SMMU3_REG_IRQ_CTRLACK,
		      smmu3_read32(unit, SMMU3_REG_IRQ_CTRL));
	if (hw->late)
		hw->late--;
	else if (had & cr0 & SMMU3_CR0_CMDQEN && !hw->mute_queue)
		test_hw_consume(hw);
}

static enum hrtimer_restart test_hw_tick(struct hrtimer *timer)
{
	test_hw_step(container_of(timer, struct test_hw, timer));
	hrtimer_forward_now(timer, ns_to_ktime(TEST_HW_PERIOD_NS));
	return HRTIMER_RESTART;
}

static void test_hw_free(void *data)
{
	struct test_hw *hw = data;

	hrtimer_cancel(&hw->timer);
	smmu3_cutoff_exit(&hw->unit);
	smmu3_event_exit(&hw->unit);
	smmu3_streams_exit(&hw->unit);
	smmu3_queue_exit(&hw->unit);
	xa_destroy(&hw->unit.sids);
}

static void __iomem *test_hw_page(struct kunit *test)
{
	void *page = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return (void __iomem __force *)page;
}

/* A test may have several, which need names of their own. */
static struct device *test_hw_device(struct kunit *test, struct test_hw *hw)
{
	static unsigned int next;
	struct device *dev;

	snprintf(hw->name, sizeof(hw->name), "ioflush_smmu3_%u", next++);
	dev = kunit_device_register(test, hw->name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	dev->coherent_dma_mask = DMA_BIT_MASK(48);
	dev->dma_mask = &dev->coherent_dma_mask;
	return dev;
}

/**
 * test_hw_new() - make an SMMU whose registers nobody looks at yet
 * @test: the test; all is freed with it
 * @msi: it can send messages, and snoops
 * @cmdq_lg2: log2 of its largest command queue
 *
 * Context: process context.
 * Return: the SMMU, with queues, and with a stream table of 32 entries.
 */
struct test_hw *test_hw_new(struct kunit *test, bool msi, u8 cmdq_lg2)
{
	struct test_hw *hw = kunit_kzalloc(test, sizeof(*hw), GFP_KERNEL);
	struct smmu3_unit *unit;

	KUNIT_ASSERT_NOT_NULL(test, hw);
	unit = &hw->unit;
	hrtimer_setup(&hw->timer, test_hw_tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	unit->regs = test_hw_page(test);
	unit->page1 = test_hw_page(test);
	unit->dev = test_hw_device(test, hw);
	strscpy(unit->name, "test");
	mutex_init(&unit->mutex);
	smmu3_cutoff_init(unit);
	INIT_LIST_HEAD(&unit->devs);
	xa_init(&unit->sids);
	unit->coherent = msi;
	unit->caps.msi = msi;
	unit->caps.stage1 = true;
	unit->caps.cmdq_lg2 = cmdq_lg2;
	unit->caps.evtq_lg2 = 3;
	unit->caps.sid_bits = TEST_HW_SID_BITS;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_hw_free, hw));
	KUNIT_ASSERT_EQ(test, 0, smmu3_queue_init(unit));
	KUNIT_ASSERT_EQ(test, 0, smmu3_streams_init(unit));
	KUNIT_ASSERT_EQ(test, 0, smmu3_event_init(unit));
	return hw;
}

/**
 * test_hw_run() - let hardware do what registers say
 * @test: the test
 * @hw: the SMMU
 *
 * Context: process context.
 */
void test_hw_run(struct kunit *test, struct test_hw *hw)
{
	hrtimer_start(&hw->timer, ns_to_ktime(TEST_HW_PERIOD_NS),
		      HRTIMER_MODE_REL_HARD);
}

/**
 * test_hw_event() - record an event, or lose it if the queue is full
 * @hw: the SMMU
 * @record: the event
 *
 * Section 7.4: an overflow is told by a bit that changes, unless the one
 * before is still to be acknowledged.
 *
 * Context: any context.
 */
void test_hw_event(struct test_hw *hw, const __le64 record[SMMU3_EVENT_U64S])
{
	struct smmu3_unit *unit = &hw->unit;
	u32 size = 1U << unit->evtq.lg2;
	u32 prod = test_page1(unit, SMMU3_PAGE1_EVENTQ_PROD);
	u32 cons = test_page1(unit, SMMU3_PAGE1_EVENTQ_CONS);
	__le64 *records = unit->evtq.mem;

	if (((prod - cons) & (2 * size - 1)) == size) {
		if (!((prod ^ cons) & SMMU3_EVENTQ_PROD_OVFLG))
			prod ^= SMMU3_EVENTQ_PROD_OVFLG;
	} else {
		memcpy(&records[(prod & (size - 1)) * SMMU3_EVENT_U64S], record,
		       SMMU3_EVENT_U64S * sizeof(*records));
		prod = (prod & SMMU3_EVENTQ_PROD_OVFLG) |
		       ((prod + 1) & (2 * size - 1));
	}
	writel(prod, unit->page1 + SMMU3_PAGE1_EVENTQ_PROD);
}

/**
 * test_hw_op() - which command hardware has taken
 * @hw: the SMMU
 * @i: counted from 0
 *
 * Return: its opcode.
 */
u8 test_hw_op(const struct test_hw *hw, unsigned int i)
{
	return FIELD_GET(SMMU3_CMD0_OP, le64_to_cpu(hw->cmds[i].u64s[0]));
}
