// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the VT-d end of an invalidation queue
 *
 * The unit's registers are a page of memory: what the driver writes stays, and
 * what it is to read is put there before. So a command that hardware would
 * confirm is confirmed in advance.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "inval.h"
#include "regs.h"
#include "vtd.h"

static void queue_free(void *data)
{
	struct vtd_unit *unit = data;

	vtd_queue_exit(unit);
	kfree((void __force *)unit->regs);
}

static struct vtd_unit *queue_unit_of(struct kunit *test, bool queued, bool scalable)
{
	struct vtd_unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);
	void *page;

	KUNIT_ASSERT_NOT_NULL(test, unit);
	page = kzalloc(SZ_4K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	unit->regs = (void __iomem __force *)page;
	unit->caps.queued = queued;
	unit->scalable = scalable;
	strscpy(unit->name, "test");
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_init(unit));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, queue_free, unit));
	KUNIT_ASSERT_EQ(test, queued, unit->queued);
	return unit;
}

static struct vtd_unit *queue_unit(struct kunit *test, bool queued)
{
	return queue_unit_of(test, queued, false);
}

static u64 queue_lo(struct vtd_unit *unit, unsigned int slot)
{
	return le64_to_cpu(unit->slots[slot].u64s[0]);
}

static u64 queue_hi(struct vtd_unit *unit, unsigned int slot)
{
	return le64_to_cpu(unit->slots[slot].u64s[1]);
}

static u32 queue_fault(struct vtd_unit *unit)
{
	struct invq_error err = {};

	return unit->q.ops->fault(&unit->q, &err) | err.slot << 16;
}

#define FAULT(fault, slot)	((fault) | (u32)(slot) << 16)

/* Section 11.4.9.3: base 63:12, DW 11 is 0, QS 2:0; the tail begins at 0. */
static void queue_start(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);

	vtd_write64(unit, VTD_REG_IQT, 0x50);
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_SRTP | VTD_G_QIE);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQA),
			virt_to_phys(unit->slots) | (VTD_QUEUE_LG2 - 8));
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), 0);
	/* What was on stays on; the root pointer is not set again. */
	KUNIT_EXPECT_EQ(test, vtd_read32(unit, VTD_REG_GCMD),
			VTD_G_TE | VTD_G_QIE);
}

/* Doorbell: the index in bits 18:4, however often it has wrapped */
static void queue_doorbell(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);

	unit->q.ops->doorbell(&unit->q, 0xffffffff);
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), 0x3ff0);
}

static void queue_sync(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);
	struct invq_cmd cmd;

	/* Status data, 63:32, is where the queue puts the number. */
	unit->q.ops->sync(&unit->q, &cmd);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[0]), 0x65);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cmd.u64s[1]),
			virt_to_phys(&unit->status->done));
}

/*
 * After a suspend hardware begins at slot 0 and the software side where it
 * was: all slots between hold a store to where it does no harm.
 */
static void queue_catch_up(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);
	const u32 next = 5;

	atomic_add((3U << VTD_QUEUE_LG2) + next, &unit->q.reserved);
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_QIE);
	vtd_write64(unit, VTD_REG_IQH, next << 4);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), next << 4);
	for (u32 i = 0; i < next; i++) {
		KUNIT_EXPECT_EQ(test, queue_lo(unit, i), 0x65);
		KUNIT_EXPECT_EQ(test, queue_hi(unit, i),
				virt_to_phys(&unit->status->scratch));
	}
	KUNIT_EXPECT_EQ(test, queue_lo(unit, next), 0);
}

/* Faults of devices are none of the queue's business. */
static void queue_healthy(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);

	vtd_write32(unit, VTD_REG_FSTS, VTD_FSTS_PPF | VTD_FSTS_PFO);
	vtd_write64(unit, VTD_REG_IQH, 2 << 4);
	KUNIT_EXPECT_EQ(test, queue_fault(unit),
			FAULT(INVQ_FAULT_NONE, 2));
}

/* Section 6.5.2.10: the head stays at what was refused. */
static void queue_refused(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);

	vtd_write32(unit, VTD_REG_FSTS, VTD_FSTS_IQE | VTD_FSTS_PPF);
	vtd_write64(unit, VTD_REG_IQH, 2 << 4);
	vtd_write64(unit, VTD_REG_IQT, 4 << 4);
	KUNIT_EXPECT_EQ(test, queue_fault(unit), FAULT(INVQ_FAULT_COMMAND, 2));

	/* Bits are cleared by writing 1: no other may be touched. */
	unit->q.ops->resume(&unit->q, INVQ_FAULT_COMMAND);
	KUNIT_EXPECT_EQ(test, vtd_read32(unit, VTD_REG_FSTS), VTD_FSTS_IQE);
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), 4 << 4);
}

/* What stands in for a descriptor covers it, whatever it was. */
static void queue_substitute(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);
	const struct vtd_atc atc = { .sid = 0x110, .pfsid = 0x100, .depth = 7 };
	const struct ioflush_range range = { .start = SZ_1G, .last = SZ_2G - 1 };
	struct invq_cmd bad = {}, cmd, want;

	unit->caps.drain_read = true;
	unit->caps.drain_write = true;
	vtd_inv_context(&bad, VTD_GRAN_LOCAL, 7, 0x100);
	unit->q.ops->substitute(&unit->q, &bad, &cmd);
	vtd_inv_context(&want, VTD_GRAN_GLOBAL, 0, 0);
	KUNIT_EXPECT_MEMEQ(test, &cmd, &want, sizeof(cmd));

	vtd_inv_iotlb(&want, &unit->caps, VTD_GRAN_GLOBAL, 0);
	for (u64 type = 0; type < 16; type++) {
		if (type == VTD_INV_TYPE_CONTEXT || type == VTD_INV_TYPE_DEVICE ||
		    type == VTD_INV_TYPE_PASID)
			continue;
		bad.u64s[0] = cpu_to_le64(type);
		unit->q.ops->substitute(&unit->q, &bad, &cmd);
		KUNIT_EXPECT_MEMEQ(test, &cmd, &want, sizeof(cmd));
	}

	vtd_inv_device(&bad, &atc, &range);
	unit->q.ops->substitute(&unit->q, &bad, &cmd);
	vtd_inv_device_all(&want, &atc);
	KUNIT_EXPECT_MEMEQ(test, &cmd, &want, sizeof(cmd));
}

/*
 * A device's cache did not answer: the wait behind it is gone if fetched, also
 * if the tail is farther.
 */
static void queue_device_error(struct kunit *test)
{
	static const u32 bits[] = { VTD_FSTS_ITE, VTD_FSTS_ICE };
	struct vtd_unit *unit = queue_unit(test, true);

	unit->q.synced += 4;
	unit->q.published += 6;
	vtd_write64(unit, VTD_REG_IQT, 6 << 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		vtd_write32(unit, VTD_REG_FSTS, bits[i]);
		vtd_write64(unit, VTD_REG_IQH, 3 << 4);
		KUNIT_EXPECT_EQ(test, queue_fault(unit),
				FAULT(INVQ_FAULT_OTHER, 3));
		vtd_write64(unit, VTD_REG_IQH, 4 << 4);
		KUNIT_EXPECT_EQ(test, queue_fault(unit),
				FAULT(INVQ_FAULT_SYNC, 4));
	}
	unit->q.ops->resume(&unit->q, INVQ_FAULT_SYNC);
	KUNIT_EXPECT_EQ(test, vtd_read32(unit, VTD_REG_FSTS),
			VTD_FSTS_ITE | VTD_FSTS_ICE);
}

/* Without a queue in hardware the doorbell does it all, round and round. */
static void queue_soft(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, false);
	struct invq_cmd cmd;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	for (i = 1; i <= 3 << VTD_QUEUE_LG2; i++) {
		vtd_inv_wait(&cmd, virt_to_phys(&unit->status->scratch), i);
		invq_submit_wait(&unit->q, &cmd, 1);
		KUNIT_ASSERT_EQ(test, le32_to_cpu(unit->status->scratch), i);
	}
	/* It does not touch the registers of a queue. */
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), 0);
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQA), 0);
	KUNIT_EXPECT_EQ(test, vtd_read32(unit, VTD_REG_GCMD), 0);
}

/* A register that is busy holds up who waits for it, and nobody else. */
static void queue_soft_busy(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, false);
	struct invq_cmd cmds[2];
	u32 reg = 0x108, seq;

	unit->caps.iotlb_offset = 0x100;
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	vtd_inv_iotlb(&cmds[0], &unit->caps, VTD_GRAN_GLOBAL, 0);
	vtd_inv_context(&cmds[1], VTD_GRAN_GLOBAL, 0, 0);
	seq = invq_submit(&unit->q, cmds, 2);
	KUNIT_EXPECT_FALSE(test, invq_wait_bounded(&unit->q, seq, 0));
	KUNIT_EXPECT_TRUE(test, vtd_reginv_busy(unit, reg));
	KUNIT_EXPECT_FALSE(test, vtd_reginv_busy(unit, VTD_REG_CCMD));
	KUNIT_EXPECT_EQ(test, atomic_read(&unit->q.claim), 0);

	vtd_write64(unit, reg, 0);
	KUNIT_EXPECT_FALSE(test, invq_wait_bounded(&unit->q, seq, 0));
	KUNIT_EXPECT_FALSE(test, vtd_reginv_busy(unit, reg));
	KUNIT_EXPECT_TRUE(test, vtd_reginv_busy(unit, VTD_REG_CCMD));

	vtd_write64(unit, VTD_REG_CCMD, 0);
	invq_wait(&unit->q, seq);
	KUNIT_EXPECT_EQ(test, unit->q.stats.syncs, 1);
}

static bool queue_kill(struct vtd_unit *unit)
{
	return unit->q.ops->kill(&unit->q);
}

/* terminal: no step before the one before it is confirmed, none left out */
static void queue_killed(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);
	const u32 on = VTD_G_TE | VTD_G_QIE, iotlb = 0x108;

	unit->caps.iotlb_offset = 0x100;
	vtd_write32(unit, VTD_REG_GSTS, on);
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
		KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_RTADDR),
				virt_to_phys(unit->dead_root));
		KUNIT_EXPECT_EQ(test, vtd_read32(unit, VTD_REG_GCMD),
				on | VTD_G_SRTP);
	}
	vtd_write32(unit, VTD_REG_GSTS, on | VTD_G_SRTP);
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
		KUNIT_EXPECT_EQ(test, vtd_read32(unit, VTD_REG_GCMD), VTD_G_TE);
		KUNIT_EXPECT_FALSE(test, vtd_reginv_busy(unit, VTD_REG_CCMD));
	}
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_SRTP);
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
		/* CIRG 62:61, global is 1 */
		KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_CCMD),
				BIT_ULL(63) | BIT_ULL(61));
		KUNIT_EXPECT_FALSE(test, vtd_reginv_busy(unit, iotlb));
	}
	/* CAIG 60:59, IAIG 58:57, global is 1 */
	vtd_write64(unit, VTD_REG_CCMD, BIT_ULL(59));
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
		/* IIRG 61:60, global is 1 */
		KUNIT_EXPECT_EQ(test, vtd_read64(unit, iotlb),
				BIT_ULL(63) | BIT_ULL(60));
	}
	vtd_write64(unit, iotlb, BIT_ULL(57));
	/* Without translation no table blocks anything. */
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_SRTP);
	KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_SRTP);
	KUNIT_EXPECT_TRUE(test, queue_kill(unit));
	KUNIT_EXPECT_TRUE(test, queue_kill(unit));
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*unit->dead_root); i++)
		KUNIT_ASSERT_FALSE(test, unit->dead_root[i].lo);
}

/*
 * terminal: what hardware ignores, as in scalable mode, ends with a granularity of 0
 * (sections 11.4.6.1 and 11.4.6.2), and shows nothing.
 */
static void queue_kill_ignored(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);
	const u32 iotlb = 0x108;

	unit->caps.iotlb_offset = 0x100;
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_SRTP);
	for (unsigned int i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	/* What was asked for, without the top bit */
	vtd_write64(unit, VTD_REG_CCMD, BIT_ULL(61));
	for (unsigned int i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, iotlb), 0);

	vtd_write64(unit, VTD_REG_CCMD, BIT_ULL(61) | BIT_ULL(59));
	KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	KUNIT_EXPECT_TRUE(test, vtd_reginv_busy(unit, iotlb));
	vtd_write64(unit, iotlb, BIT_ULL(60));
	for (unsigned int i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	vtd_write64(unit, iotlb, BIT_ULL(60) | BIT_ULL(57));
	KUNIT_EXPECT_TRUE(test, queue_kill(unit));
}

/* Section 11.4.2: one that empties its caches with a new root table. */
static void queue_killed_at_once(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);

	unit->caps.cap = BIT_ULL(63);
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_QIE);
	KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	KUNIT_EXPECT_FALSE(test, queue_kill(unit));
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_QIE | VTD_G_SRTP);
	KUNIT_EXPECT_TRUE(test, queue_kill(unit));
}

/*
 * terminal: one that is gone lets nothing through. All its registers have to say
 * so; and one that was reset is alive again.
 */
static void queue_gone(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit(test, true);
	struct invq_cmd cmd;

	vtd_inv_iotlb(&cmd, &unit->caps, VTD_GRAN_GLOBAL, 0);
	vtd_write32(unit, VTD_REG_VER, U32_MAX);
	vtd_write32(unit, VTD_REG_FSTS, U32_MAX);
	KUNIT_EXPECT_EQ(test, queue_fault(unit) & 0xffff, INVQ_FAULT_COMMAND);
	vtd_write32(unit, VTD_REG_GSTS, U32_MAX);
	for (unsigned int i = 0; i < 3 << VTD_QUEUE_LG2; i += 100)
		invq_submit_wait(&unit->q, &cmd, 1);
	KUNIT_EXPECT_EQ(test, unit->q.life, INVQ_DEAD);

	vtd_write32(unit, VTD_REG_GSTS, VTD_G_QIE);
	vtd_write32(unit, VTD_REG_VER, 0x10);
	vtd_write64(unit, VTD_REG_IQH, (unit->q.published & unit->q.mask) << 4);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	KUNIT_EXPECT_EQ(test, unit->q.life, INVQ_ALIVE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(unit->status->done),
			unit->q.published);
}

/* What hardware reads in a slot of 32 bytes: @word of what we say, and the rest 0 */
static u64 queue_wide(struct kunit *test, struct vtd_unit *unit, u32 slot,
		      unsigned int word)
{
	const __le64 *at = phys_to_virt(vtd_read64(unit, VTD_REG_IQA) & PAGE_MASK);

	at += slot * 4;
	KUNIT_EXPECT_NULL(test, memchr_inv(&at[2], 0, 2 * sizeof(*at)));
	return le64_to_cpu(at[word]);
}

/*
 * Section 11.4.9.3: DW 11 is 1, and QS counts slots of 32 bytes; the tail is in bits
 * 18:5. What is new is copied, also where the ring wraps.
 */
static void queue_scalable(struct kunit *test)
{
	const u32 start = (3U << VTD_QUEUE_LG2) - 2;
	struct vtd_unit *unit = queue_unit_of(test, true, true);

	vtd_write32(unit, VTD_REG_GSTS, VTD_G_QIE);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQA) & ~PAGE_MASK,
			BIT(11) | (VTD_QUEUE_LG2 - 7));
	KUNIT_EXPECT_NE(test, vtd_read64(unit, VTD_REG_IQA) & PAGE_MASK,
			virt_to_phys(unit->slots));
	unit->wide_next = start;
	for (u32 i = start; i != start + 4; i++) {
		unit->slots[i & unit->q.mask].u64s[0] = cpu_to_le64(i);
		unit->slots[i & unit->q.mask].u64s[1] = cpu_to_le64(~(u64)i);
	}
	unit->q.ops->doorbell(&unit->q, start + 3);
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), 1 << 5);
	for (u32 i = start; i != start + 3; i++) {
		KUNIT_EXPECT_EQ(test, i, queue_wide(test, unit, i & unit->q.mask, 0));
		KUNIT_EXPECT_EQ(test, ~(u64)i,
				queue_wide(test, unit, i & unit->q.mask, 1));
	}
	KUNIT_EXPECT_EQ(test, 0, queue_wide(test, unit, 1, 0));
	unit->q.ops->doorbell(&unit->q, start + 4);
	KUNIT_EXPECT_EQ(test, start + 3, queue_wide(test, unit, 1, 0));
}

/* As queue_catch_up: what hardware reads is what does no harm, too. */
static void queue_scalable_catch_up(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit_of(test, true, true);
	const u32 next = 5;

	atomic_add((3U << VTD_QUEUE_LG2) + next, &unit->q.reserved);
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_QIE);
	vtd_write64(unit, VTD_REG_IQH, next << 5);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), next << 5);
	for (u32 i = 0; i < next; i++)
		KUNIT_EXPECT_EQ(test, queue_wide(test, unit, i, 0), 0x65);
	KUNIT_EXPECT_EQ(test, unit->wide_next, invq_newest(&unit->q));
}

/* What takes the place of a refused command is there before hardware goes on. */
static void queue_scalable_refused(struct kunit *test)
{
	struct vtd_unit *unit = queue_unit_of(test, true, true);
	struct invq_cmd bad;

	vtd_write32(unit, VTD_REG_GSTS, VTD_G_QIE);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	vtd_inv_pasid(&bad, VTD_PASID_GRAN_DOMAIN, 5);
	unit->slots[2] = bad;
	unit->q.ops->doorbell(&unit->q, 4);
	KUNIT_EXPECT_EQ(test, queue_wide(test, unit, 2, 0), 0x50007);
	vtd_write32(unit, VTD_REG_FSTS, VTD_FSTS_IQE);
	vtd_write64(unit, VTD_REG_IQH, 2 << 5);
	KUNIT_EXPECT_EQ(test, queue_fault(unit), FAULT(INVQ_FAULT_COMMAND, 2));
	unit->q.ops->substitute(&unit->q, &bad, &unit->slots[2]);
	unit->q.ops->resume(&unit->q, INVQ_FAULT_COMMAND);
	KUNIT_EXPECT_EQ(test, queue_wide(test, unit, 2, 0), 0x37);
	KUNIT_EXPECT_EQ(test, vtd_read64(unit, VTD_REG_IQT), 4 << 5);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(queue_start),
	KUNIT_CASE(queue_doorbell),
	KUNIT_CASE(queue_sync),
	KUNIT_CASE(queue_catch_up),
	KUNIT_CASE(queue_healthy),
	KUNIT_CASE(queue_refused),
	KUNIT_CASE(queue_substitute),
	KUNIT_CASE(queue_device_error),
	KUNIT_CASE(queue_soft),
	KUNIT_CASE(queue_soft_busy),
	KUNIT_CASE(queue_killed),
	KUNIT_CASE(queue_kill_ignored),
	KUNIT_CASE(queue_killed_at_once),
	KUNIT_CASE(queue_gone),
	KUNIT_CASE(queue_scalable),
	KUNIT_CASE(queue_scalable_catch_up),
	KUNIT_CASE(queue_scalable_refused),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "ioflush_vtd_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's VT-d queue");
MODULE_LICENSE("GPL");
