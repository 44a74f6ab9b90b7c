// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of a queue that ends in the kernel's queue
 *
 * The kernel's unit, its ring and the registers are memory of the test. Hardware is a
 * function that takes descriptors off the ring, as many as it is told to. The kernel
 * is played step by step, or is itself: its own function submits to the same ring.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "intel/iommu.h"
#include "inval.h"
#include "regs.h"
#include "vtd.h"

/* What the kernel never has less of, whatever we do: some of its submissions. */
#define ROOM		32

/* Section 11.4.3, SMTS: descriptors of 32 bytes. */
#define ECAP_SMTS	BIT_ULL(43)

/* Invalidations that hardware remembers; of ours the domain id tells which. */
#define LOG		2048

/* A descriptor of the kernel's, by its type, and one that there is not. */
#define TYPE_IEC	4
#define TYPE_BAD	15

/**
 * struct shared - one test's machine
 * @test: whose
 * @unit: ours
 * @host: the kernel's
 * @head: how far hardware is
 * @stopped: it has found an error
 * @lose: it does not store what waits say
 * @log: domain ids of invalidations, in order
 * @logged: how many
 * @iecs: invalidations of the kernel's
 * @dirty: descriptors whose upper half was not zero
 */
struct shared {
	struct kunit *test;
	struct vtd_unit *unit;
	struct intel_iommu *host;
	u32 head;
	bool stopped;
	bool lose;
	u16 log[LOG];
	unsigned int logged;
	unsigned int iecs;
	unsigned int dirty;
};

/* How often who waits has looked at hardware, since it was last asked for. */
static atomic_t shared_looks;

static enum invq_fault shared_counted_fault(struct invq *q,
					    struct invq_error *err)
{
	atomic_inc(&shared_looks);
	return vtd_shared_ops.fault(q, err);
}

static void shared_count_looks(struct shared *s)
{
	static struct invq_ops ops;

	ops = vtd_shared_ops;
	ops.fault = shared_counted_fault;
	s->unit->q.ops = &ops;
}

static void shared_free(void *data)
{
	struct shared *s = data;

	vtd_queue_exit(s->unit);
	kfree((void __force *)s->unit->regs);
	free_pages_exact(s->host->qi->desc, QI_LENGTH * 32);
	kfree(s->host->qi->desc_status);
}

static struct shared *shared_machine(struct kunit *test, bool scalable)
{
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct intel_iommu *host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);
	struct vtd_unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);
	struct q_inval *qi = kunit_kzalloc(test, sizeof(*qi), GFP_KERNEL);
	void *page = kzalloc(SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, s && host && unit && qi && page);
	qi->desc = alloc_pages_exact(QI_LENGTH * 32, GFP_KERNEL | __GFP_ZERO);
	qi->desc_status = kcalloc(QI_LENGTH, sizeof(int), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, qi->desc && qi->desc_status);
	qi->free_cnt = QI_LENGTH;
	raw_spin_lock_init(&qi->q_lock);
	raw_spin_lock_init(&host->register_lock);
	host->qi = qi;
	host->reg = (void __iomem __force *)page;
	host->ecap = scalable ? ECAP_SMTS : 0;
	host->gcmd = VTD_G_QIE | VTD_G_IRE;
	unit->regs = host->reg;
	unit->host = host;
	unit->caps.queued = true;
	strscpy(unit->name, "test");
	s->test = test;
	s->unit = unit;
	s->host = host;
	KUNIT_ASSERT_EQ(test, qi_shift(host), scalable ? 5 : 4);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_init(unit));
	shared_count_looks(s);
	KUNIT_ASSERT_EQ(test, unit->q.mask + 1, 1 << VTD_SHARED_LG2);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, shared_free, s));
	vtd_write32(unit, VTD_REG_GSTS, VTD_G_QIE | VTD_G_IRE);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(unit));
	/* It is on: nobody switches it. */
	KUNIT_ASSERT_EQ(test, vtd_read32(unit, VTD_REG_GCMD), 0);
	return s;
}

static u64 *shared_desc(struct shared *s, u32 at)
{
	return s->host->qi->desc + ((at % QI_LENGTH) << qi_shift(s->host));
}

static u32 shared_tail(struct shared *s)
{
	return READ_ONCE(*(u32 *)(void __force *)(s->unit->regs + VTD_REG_IQT)) >>
	       qi_shift(s->host);
}

static void shared_move_head(struct shared *s)
{
	s->head = (s->head + 1) % QI_LENGTH;
	vtd_write64(s->unit, VTD_REG_IQH, (u64)s->head << qi_shift(s->host));
}

/* Hardware: one descriptor. False if it stays there, or there is none. */
static bool shared_step(struct shared *s)
{
	u64 *desc = shared_desc(s, s->head);

	if (s->stopped || s->head == shared_tail(s))
		return false;
	/* After the tail */
	rmb();
	if (s->host->ecap & ECAP_SMTS && (desc[2] || desc[3]))
		s->dirty++;
	switch (FIELD_GET(VTD_INV_TYPE, desc[0])) {
	case VTD_INV_TYPE_WAIT:
		if (!s->lose)
			/* Pairs with the acquire of who waits for it. */
			smp_store_release((u32 *)phys_to_virt(desc[1]),
					  FIELD_GET(VTD_INV_WAIT_DATA, desc[0]));
		break;
	case VTD_INV_TYPE_IOTLB:
		if (s->logged < LOG)
			s->log[s->logged++] = FIELD_GET(VTD_INV_DID, desc[0]);
		break;
	case TYPE_IEC:
		s->iecs++;
		break;
	default:
		s->stopped = true;
		vtd_write32(s->unit, VTD_REG_FSTS, VTD_FSTS_IQE | VTD_FSTS_PPF);
		return false;
	}
	shared_move_head(s);
	return true;
}

static void shared_run(struct shared *s)
{
	while (shared_step(s))
		;
}

/* Hardware clears the bits that are written as 1, and goes on. */
static void shared_cleared(struct shared *s)
{
	vtd_write32(s->unit, VTD_REG_FSTS, 0);
	s->stopped = false;
}

static void shared_cmd(struct shared *s, struct invq_cmd *cmd, u16 did)
{
	vtd_inv_iotlb(cmd, &s->unit->caps, VTD_GRAN_DOMAIN, did);
}

static bool shared_try(struct shared *s, u16 did, u32 *seq)
{
	struct invq_cmd cmd;
	unsigned long flags;
	bool posted;

	shared_cmd(s, &cmd, did);
	local_irq_save(flags);
	posted = invq_post(&s->unit->q, &cmd, 1, seq);
	local_irq_restore(flags);
	return posted;
}

static u32 shared_post(struct shared *s, u16 did)
{
	u32 seq = 0;

	KUNIT_ASSERT_TRUE(s->test, shared_try(s, did, &seq));
	return seq;
}

/*
 * Who waits looks, once a millisecond; and not in the first few where the host has no
 * time for the guest.
 */
static void shared_wait_looks(struct shared *s, u32 seq)
{
	atomic_set(&shared_looks, 0);
	while (!atomic_read(&shared_looks))
		KUNIT_ASSERT_FALSE(s->test, invq_wait_bounded(&s->unit->q, seq,
							      3 * NSEC_PER_MSEC));
}

/* The kernel's steps, and what it looks at in each */
static u32 kernel_submit(struct shared *s, u64 type)
{
	struct q_inval *qi = s->host->qi;
	u32 at = qi->free_head, wait = (at + 1) % QI_LENGTH;

	/* It would wait for room, and nobody would give it some. */
	KUNIT_ASSERT_GE(s->test, qi->free_cnt, 3);
	memset(shared_desc(s, at), 0, 1 << qi_shift(s->host));
	memset(shared_desc(s, wait), 0, 1 << qi_shift(s->host));
	shared_desc(s, at)[0] = type;
	shared_desc(s, wait)[0] = VTD_INV_TYPE_WAIT | VTD_INV_WAIT_SW |
				  FIELD_PREP(VTD_INV_WAIT_DATA, QI_DONE);
	shared_desc(s, wait)[1] = virt_to_phys(&qi->desc_status[wait]);
	qi->desc_status[at] = QI_IN_USE;
	qi->desc_status[wait] = QI_IN_USE;
	qi->free_head = (at + 2) % QI_LENGTH;
	qi->free_cnt -= 2;
	vtd_write32(s->unit, VTD_REG_IQT, qi->free_head << qi_shift(s->host));
	return at;
}

static void kernel_reclaim(struct shared *s)
{
	struct q_inval *qi = s->host->qi;

	while (qi->desc_status[qi->free_tail] == QI_FREE &&
	       qi->free_tail != qi->free_head) {
		qi->free_tail = (qi->free_tail + 1) % QI_LENGTH;
		qi->free_cnt++;
	}
}

static bool kernel_finish(struct shared *s, u32 at)
{
	struct q_inval *qi = s->host->qi;
	u32 wait = (at + 1) % QI_LENGTH;

	if (qi->desc_status[wait] != QI_DONE)
		return false;
	qi->desc_status[at] = QI_FREE;
	qi->desc_status[wait] = QI_FREE;
	kernel_reclaim(s);
	return true;
}

/* A submission of the kernel's takes back all that is free. */
static void kernel_reclaims_all(struct shared *s)
{
	u32 at = kernel_submit(s, TYPE_IEC);

	shared_run(s);
	KUNIT_EXPECT_TRUE(s->test, kernel_finish(s, at));
	KUNIT_EXPECT_EQ(s->test, s->host->qi->free_cnt, QI_LENGTH);
	for (unsigned int i = 0; i < QI_LENGTH; i++)
		KUNIT_ASSERT_EQ(s->test, s->host->qi->desc_status[i], QI_FREE);
	KUNIT_EXPECT_EQ(s->test, s->dirty, 0);
}

static void expect_log(struct shared *s, unsigned int n)
{
	KUNIT_EXPECT_EQ(s->test, s->logged, n);
	for (unsigned int i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(s->test, s->log[i], i);
}

/* Round and round, of both widths, with the kernel's own in between */
static void shared_wrap(struct kunit *test)
{
	for (unsigned int scalable = 0; scalable < 2; scalable++) {
		struct shared *s = shared_machine(test, scalable);
		unsigned int i;

		for (i = 0; i < 4 * QI_LENGTH; i++) {
			u32 seq = shared_post(s, i), at = 0;

			if (!(i % 5))
				at = kernel_submit(s, TYPE_IEC);
			KUNIT_EXPECT_FALSE(test, invq_finished(&s->unit->q, seq));
			shared_run(s);
			KUNIT_ASSERT_TRUE(test, invq_finished(&s->unit->q, seq));
			if (!(i % 5))
				KUNIT_ASSERT_TRUE(test, kernel_finish(s, at));
		}
		expect_log(s, i);
		KUNIT_EXPECT_EQ(test, s->iecs, DIV_ROUND_UP(i, 5));
		kernel_reclaims_all(s);
	}
}

/*
 * shared: hardware misses nothing, however much is in flight, and whatever the kernel
 * has taken back of it
 */
static void shared_in_flight(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	unsigned int did = 0;
	u32 seq, at;

	for (unsigned int round = 1; round <= 8; round++) {
		while (shared_try(s, did, &seq))
			did++;
		at = kernel_submit(s, TYPE_IEC);
		kernel_reclaim(s);
		shared_run(s);
		KUNIT_EXPECT_EQ(test, s->iecs, round);
		KUNIT_ASSERT_TRUE(test, kernel_finish(s, at));
		while (!invq_finished(&s->unit->q, seq))
			shared_run(s);
	}
	KUNIT_EXPECT_GE(test, did, 8 * (s->unit->q.mask - 2));
	expect_log(s, did);
	kernel_reclaims_all(s);
}

/*
 * shared: the kernel has room, also if the one that has submitted is slow to see what
 * it waits for, and all behind that stays in use
 */
static void shared_reserve(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	u32 at = kernel_submit(s, TYPE_IEC), seq;
	unsigned int did = 0;

	do {
		KUNIT_ASSERT_LT(test, did, QI_LENGTH);
		seq = shared_post(s, did++);
		KUNIT_ASSERT_GE(test, s->host->qi->free_cnt, ROOM);
		shared_run(s);
	} while (invq_finished(&s->unit->q, seq));
	KUNIT_ASSERT_TRUE(test, kernel_finish(s, at));
	shared_wait_looks(s, seq);
	shared_run(s);
	KUNIT_EXPECT_TRUE(test, invq_finished(&s->unit->q, seq));
	expect_log(s, did);
	kernel_reclaims_all(s);
}

/* What the kernel waits for is its own: we take back nothing in front of it. */
static void shared_in_use(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	struct q_inval *qi = s->host->qi;
	u32 at, seq = 0;

	while (qi->free_cnt >= ROOM + 4) {
		seq = shared_post(s, 0);
		shared_run(s);
	}
	at = kernel_submit(s, TYPE_IEC);
	for (unsigned int i = 0; i < 20; i++) {
		seq = shared_post(s, 0);
		shared_run(s);
	}
	KUNIT_EXPECT_EQ(test, qi->free_tail, at);
	KUNIT_EXPECT_EQ(test, qi->desc_status[at], QI_IN_USE);
	KUNIT_EXPECT_EQ(test, qi->desc_status[at + 1], QI_DONE);
	KUNIT_EXPECT_TRUE(test, kernel_finish(s, at));
	KUNIT_EXPECT_TRUE(test, invq_finished(&s->unit->q, seq));
	kernel_reclaims_all(s);
}

/*
 * shared: a queue that is dead is not copied: what counts as done there has not been
 * taken
 */
static void shared_dead(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	u32 tail = shared_tail(s);
	struct invq_cmd cmd;

	shared_cmd(s, &cmd, 0);
	vtd_write32(s->unit, VTD_REG_VER, U32_MAX);
	vtd_write32(s->unit, VTD_REG_FSTS, U32_MAX);
	vtd_write32(s->unit, VTD_REG_GSTS, U32_MAX);
	invq_submit_wait(&s->unit->q, &cmd, 1);
	KUNIT_ASSERT_EQ(test, s->unit->q.life, INVQ_DEAD);
	KUNIT_EXPECT_EQ(test, shared_tail(s), tail + 2);
	for (unsigned int i = 0; i < 2 * QI_LENGTH; i++) {
		invq_submit_wait(&s->unit->q, &cmd, 1);
		KUNIT_ASSERT_EQ(test, shared_tail(s), tail + 2);
	}
}

/* Where the kernel has left no room what we have waits for the next occasion. */
static void shared_no_room(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	struct q_inval *qi = s->host->qi;
	u32 seq, tail = shared_tail(s);

	qi->free_cnt -= QI_LENGTH - ROOM;
	qi->desc_status[qi->free_tail] = QI_IN_USE;
	seq = shared_post(s, 0);
	KUNIT_EXPECT_EQ(test, shared_tail(s), tail);
	KUNIT_EXPECT_EQ(test, qi->free_cnt, ROOM);
	shared_wait_looks(s, seq);
	qi->free_cnt = QI_LENGTH;
	qi->desc_status[qi->free_tail] = QI_FREE;
	shared_wait_looks(s, seq);
	shared_run(s);
	KUNIT_EXPECT_TRUE(test, invq_finished(&s->unit->q, seq));
	expect_log(s, 1);
	kernel_reclaims_all(s);
}

static enum invq_fault shared_fault(struct shared *s)
{
	struct invq_error err = {};

	return s->unit->q.ops->fault(&s->unit->q, &err);
}

/* What hardware refuses of ours is replaced where hardware reads it. */
static void shared_error_ours(struct kunit *test)
{
	for (unsigned int scalable = 0; scalable < 2; scalable++) {
		struct shared *s = shared_machine(test, scalable);
		struct invq_cmd bad = { .u64s[0] = cpu_to_le64(TYPE_BAD) };
		u32 seq, at;

		at = kernel_submit(s, TYPE_IEC);
		seq = invq_submit(&s->unit->q, &bad, 1);
		KUNIT_EXPECT_FALSE(test, invq_finished(&s->unit->q, seq));
		shared_run(s);
		KUNIT_ASSERT_TRUE(test, kernel_finish(s, at));
		KUNIT_ASSERT_TRUE(test, s->stopped);
		at = kernel_submit(s, TYPE_IEC);
		shared_wait_looks(s, seq);
		/* Nobody clears the register's bits: each look finds them. */
		KUNIT_EXPECT_GT(test, atomic_long_read(&s->unit->q.stats.refused), 0);
		KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_FSTS),
				VTD_FSTS_IQE);
		shared_cleared(s);
		shared_run(s);
		KUNIT_EXPECT_TRUE(test, invq_finished(&s->unit->q, seq));
		KUNIT_EXPECT_TRUE(test, kernel_finish(s, at));
		/* Of all domains */
		KUNIT_EXPECT_EQ(test, s->logged, 1);
		KUNIT_EXPECT_EQ(test, s->log[0], 0);
		kernel_reclaims_all(s);
	}
}

/* Errors of the kernel's are for the kernel, who waits. */
static void shared_error_kernel(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	u32 seq, at;

	at = kernel_submit(s, TYPE_BAD);
	seq = shared_post(s, 0);
	shared_run(s);
	KUNIT_ASSERT_TRUE(test, s->stopped);
	shared_wait_looks(s, seq);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->unit->q.stats.recoveries), 0);
	KUNIT_EXPECT_EQ(test, shared_desc(s, at)[0], TYPE_BAD);
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_FSTS),
			VTD_FSTS_IQE | VTD_FSTS_PPF);
	/* It puts its wait in the place, clears the error and gives up. */
	memcpy(shared_desc(s, at), shared_desc(s, at + 1), 16);
	shared_cleared(s);
	shared_run(s);
	KUNIT_EXPECT_TRUE(test, kernel_finish(s, at));
	KUNIT_EXPECT_TRUE(test, invq_finished(&s->unit->q, seq));

	/* The same of the errors that make hardware lose waits. */
	at = kernel_submit(s, TYPE_IEC);
	vtd_write32(s->unit, VTD_REG_FSTS, VTD_FSTS_ITE);
	KUNIT_EXPECT_EQ(test, shared_fault(s), INVQ_FAULT_NONE);
	vtd_write32(s->unit, VTD_REG_FSTS, 0);
	shared_run(s);
	KUNIT_EXPECT_TRUE(test, kernel_finish(s, at));
	vtd_write32(s->unit, VTD_REG_FSTS, VTD_FSTS_ITE);
	KUNIT_EXPECT_EQ(test, shared_fault(s), INVQ_FAULT_OTHER);
}

/*
 * Waits for a sync that hardware has fetched, and not stored, for some time, or until
 * there are @syncs, however slow the machine is; how many there are then.
 */
static unsigned long shared_wait_beyond(struct shared *s, u32 seq,
					unsigned long syncs)
{
	unsigned int tries = syncs ? 100 : 2;

	s->lose = true;
	shared_run(s);
	s->lose = false;
	while (tries-- && (!syncs || s->unit->q.stats.syncs < syncs))
		KUNIT_EXPECT_FALSE(s->test,
				   invq_wait_bounded(&s->unit->q, seq,
						     4 * NSEC_PER_MSEC));
	return s->unit->q.stats.syncs;
}

/* A sync that was fetched and is late is left to hardware. */
static void shared_late(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	u32 seq = shared_post(s, 0);

	KUNIT_EXPECT_EQ(test, shared_wait_beyond(s, seq, 0), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->unit->q.stats.recoveries), 0);
}

/* One that hardware has lost is issued again; once, if that is lost as well. */
static void shared_lost(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	u32 seq = shared_post(s, 0);

	/* Soon, but the unit is not given up. */
	s->unit->q.timeout_us = 1000;
	s->unit->q.kill_timeouts = 1000000;
	KUNIT_EXPECT_EQ(test, shared_wait_beyond(s, seq, 2), 2);
	KUNIT_EXPECT_EQ(test, shared_wait_beyond(s, seq, 0), 2);
	/* Hardware says that it has. */
	vtd_write32(s->unit, VTD_REG_FSTS, VTD_FSTS_ITE);
	KUNIT_EXPECT_LE(test, 3, shared_wait_beyond(s, seq, 3));
	vtd_write32(s->unit, VTD_REG_FSTS, 0);
	shared_run(s);
	KUNIT_EXPECT_TRUE(test, invq_finished(&s->unit->q, seq));
	kernel_reclaims_all(s);
}

/* After a suspend the kernel begins at slot 0. */
static void shared_resume(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	struct q_inval *qi = s->host->qi;
	u32 seq = 0;

	for (unsigned int i = 0; i < 40; i++) {
		seq = shared_post(s, i);
		shared_run(s);
	}
	KUNIT_ASSERT_TRUE(test, invq_finished(&s->unit->q, seq));
	/* What was posted, and is over in any case when all has been invalidated. */
	shared_post(s, 40);

	qi->free_head = 0;
	qi->free_tail = 0;
	qi->free_cnt = QI_LENGTH;
	s->head = 0;
	s->logged = 0;
	vtd_write64(s->unit, VTD_REG_IQT, 0);
	vtd_write64(s->unit, VTD_REG_IQH, 0);
	KUNIT_ASSERT_EQ(test, 0, vtd_queue_start(s->unit));
	for (unsigned int i = 0; i < 2 * QI_LENGTH; i++) {
		seq = shared_post(s, i);
		shared_run(s);
		KUNIT_ASSERT_TRUE(test, invq_finished(&s->unit->q, seq));
	}
	expect_log(s, 2 * QI_LENGTH);
	kernel_reclaims_all(s);
}

/*
 * shared: commands are in the kernel's copy, without what is over with the command
 * and with what the kernel has on
 */
static void shared_gcmd(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	const u32 theirs = VTD_G_QIE | VTD_G_IRE;

	vtd_write32(s->unit, VTD_REG_GSTS, theirs | VTD_G_SRTP);
	KUNIT_EXPECT_EQ(test, 0, vtd_unit_command(s->unit, VTD_G_SRTP, true));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD),
			theirs | VTD_G_SRTP);
	KUNIT_EXPECT_EQ(test, s->host->gcmd, theirs);

	vtd_write32(s->unit, VTD_REG_GSTS, theirs | VTD_G_TE);
	KUNIT_EXPECT_EQ(test, 0, vtd_unit_command(s->unit, VTD_G_TE, true));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD),
			theirs | VTD_G_TE);
	KUNIT_EXPECT_EQ(test, s->host->gcmd, theirs | VTD_G_TE);

	vtd_write32(s->unit, VTD_REG_GSTS, theirs);
	KUNIT_EXPECT_EQ(test, 0, vtd_unit_command(s->unit, VTD_G_TE, false));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), theirs);
	KUNIT_EXPECT_EQ(test, s->host->gcmd, theirs);

	/* The queue stays on for the kernel. */
	vtd_write32(s->unit, VTD_REG_GCMD, 0);
	KUNIT_EXPECT_EQ(test, 0, vtd_queue_stop(s->unit));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), 0);
}

/* shared: a unit that is given up begins nothing while the kernel does */
static void shared_killed(struct kunit *test)
{
	struct shared *s = shared_machine(test, false);
	struct invq *q = &s->unit->q;
	const u32 on = VTD_G_TE | VTD_G_QIE | VTD_G_IRE;
	unsigned long flags;

	s->host->gcmd = on;
	s->unit->caps.cap = BIT_ULL(63);
	vtd_write32(s->unit, VTD_REG_GSTS, on);
	raw_spin_lock_irqsave(&s->host->register_lock, flags);
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	raw_spin_unlock_irqrestore(&s->host->register_lock, flags);
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), 0);
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), on | VTD_G_SRTP);
	KUNIT_EXPECT_EQ(test, s->host->gcmd, on);
	vtd_write32(s->unit, VTD_REG_GSTS, on | VTD_G_SRTP);
	/* All is blocked now; but what hangs in the queue hangs. */
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), on & ~VTD_G_QIE);
	/* Registers that such a unit may ignore are left alone. */
	vtd_write32(s->unit, VTD_REG_GSTS, VTD_G_IRE | VTD_G_SRTP);
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	KUNIT_EXPECT_EQ(test, vtd_read64(s->unit, VTD_REG_CCMD), 0);
	vtd_write32(s->unit, VTD_REG_GSTS, VTD_G_TE | VTD_G_IRE | VTD_G_SRTP);
	raw_spin_lock_irqsave(&s->host->register_lock, flags);
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	raw_spin_unlock_irqrestore(&s->host->register_lock, flags);
	KUNIT_EXPECT_TRUE(test, q->ops->kill(q));
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), on);
	KUNIT_EXPECT_EQ(test, vtd_read64(s->unit, VTD_REG_CCMD), 0);
}

/* shared: the kernel's queue is on again behind one that is given up */
static void shared_requeued(struct kunit *test)
{
	const u32 on = VTD_G_TE | VTD_G_IRE, iotlb = 0x108;
	struct shared *s = shared_machine(test, true);
	struct q_inval *qi = s->host->qi;
	struct invq *q = &s->unit->q;
	u32 at;

	shared_post(s, 0);
	at = kernel_submit(s, TYPE_IEC);
	s->unit->caps.iotlb_offset = 0x100;
	s->host->gcmd = on | VTD_G_QIE;
	vtd_write32(s->unit, VTD_REG_GSTS, on | VTD_G_QIE | VTD_G_SRTP);
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	KUNIT_EXPECT_EQ(test, s->host->gcmd, on);
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), on);
	vtd_write32(s->unit, VTD_REG_GSTS, on | VTD_G_SRTP);
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	/* CAIG 60:59, IAIG 58:57, global is 1 */
	vtd_write64(s->unit, VTD_REG_CCMD, BIT_ULL(59));
	KUNIT_EXPECT_FALSE(test, q->ops->kill(q));
	vtd_write64(s->unit, iotlb, BIT_ULL(57));
	KUNIT_EXPECT_TRUE(test, q->ops->kill(q));
	KUNIT_EXPECT_TRUE(test, q->ops->kill(q));
	KUNIT_EXPECT_EQ(test, s->host->gcmd, on | VTD_G_QIE);
	KUNIT_EXPECT_EQ(test, vtd_read32(s->unit, VTD_REG_GCMD), on | VTD_G_QIE);
	KUNIT_EXPECT_EQ(test, shared_tail(s), 0);

	/* What it waited for is aborted; it frees that, and submits again. */
	for (unsigned int i = 0; i < QI_LENGTH; i++)
		KUNIT_ASSERT_EQ(test, qi->desc_status[i],
				i == at || i == at + 1 ? QI_ABORT : QI_FREE);
	qi->desc_status[at] = QI_FREE;
	qi->desc_status[at + 1] = QI_FREE;
	vtd_write64(s->unit, VTD_REG_IQH, 0);
	s->head = 0;
	kernel_reclaims_all(s);
	KUNIT_EXPECT_EQ(test, s->iecs, 1);
	KUNIT_EXPECT_EQ(test, s->logged, 0);
}

/*
 * Hardware is not scheduled. Nor is this: who else ran here might want an answer from the
 * CPU that waits for it with interrupts off.
 */
static int shared_thread(void *data)
{
	preempt_disable();
	while (!kthread_should_stop()) {
		shared_run(data);
		cpu_relax();
	}
	preempt_enable();
	return 0;
}

/* The kernel's own function, with hardware on another CPU */
static void shared_real(struct kunit *test)
{
	struct shared *s = shared_machine(test, true);
	struct task_struct *hardware;
	unsigned int i, cpu;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs another CPU");
	cpu = cpumask_last(cpu_online_mask);
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
	hardware = kthread_create(shared_thread, s, "ioflush_hw");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hardware);
	kthread_bind(hardware, cpu);
	wake_up_process(hardware);
	for (i = 0; i < 4 * QI_LENGTH; i++) {
		struct qi_desc iec = { .qw0 = QI_IEC_TYPE };
		struct invq_cmd cmd;

		/* Behind one that nobody waits for, every other time. */
		if (i % 2)
			shared_post(s, i++);
		KUNIT_EXPECT_EQ(test, 0, qi_submit_sync(s->host, &iec, 1, 0));
		shared_cmd(s, &cmd, i);
		invq_submit_wait(&s->unit->q, &cmd, 1);
	}
	kthread_stop(hardware);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	expect_log(s, i);
	kernel_reclaims_all(s);
}

static struct kunit_case shared_cases[] = {
	KUNIT_CASE(shared_wrap),
	KUNIT_CASE(shared_in_flight),
	KUNIT_CASE(shared_reserve),
	KUNIT_CASE(shared_in_use),
	KUNIT_CASE(shared_dead),
	KUNIT_CASE(shared_no_room),
	KUNIT_CASE(shared_error_ours),
	KUNIT_CASE(shared_error_kernel),
	KUNIT_CASE(shared_late),
	KUNIT_CASE(shared_lost),
	KUNIT_CASE(shared_resume),
	KUNIT_CASE(shared_gcmd),
	KUNIT_CASE(shared_killed),
	KUNIT_CASE(shared_requeued),
	KUNIT_CASE(shared_real),
	{}
};

static struct kunit_suite shared_suite = {
	.name = "ioflush_vtd_shared",
	.test_cases = shared_cases,
};

kunit_test_suite(shared_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's part of the kernel's queue");
MODULE_LICENSE("GPL");
