// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of requests, on a device that does not do all of them, or not now
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "test_dev.h"

#define ENTRIES	64

static struct ioflush_range range_of(u64 start, u64 bytes)
{
	return (struct ioflush_range) {
		.start = start,
		.last = start + bytes - 1,
	};
}

/* Wire format, Virtio 1.2, sections 5.13.6.5 and 5.13.6.6 */
static void cmd_requests(struct kunit *test)
{
	const struct ioflush_range range = range_of(0x123456789000, SZ_8K);
	const struct vtiommu_run run = {
		.start = 0xfffffffffff000,
		.last = 0xfffffffffff000 + SZ_4K - 1,
		.paddr = 0xabcdef123000,
		.flags = VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_MMIO,
	};
	const u32 domain = VTIOMMU_DOMAINS_MAX - 2;
	struct virtio_iommu_req_unmap unmap;
	struct virtio_iommu_req_map map;
	struct vtiommu_result result;
	struct invq_cmd cmd[VTIOMMU_MAP_SLOTS];

	vtiommu_cmd_unmap(cmd, domain, &range);
	KUNIT_EXPECT_EQ(test, vtiommu_cmd_kind(cmd), VTIOMMU_UNMAP);
	KUNIT_EXPECT_EQ(test, vtiommu_cmd_domain(cmd), domain);
	vtiommu_req_unmap(&unmap, cmd, 3);
	KUNIT_EXPECT_EQ(test, unmap.head.type, VIRTIO_IOMMU_T_UNMAP);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(unmap.domain), domain + 3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(unmap.virt_start), range.start);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(unmap.virt_end), range.last);

	vtiommu_cmd_map(cmd, domain, &run, &result);
	KUNIT_EXPECT_EQ(test, vtiommu_cmd_kind(cmd), VTIOMMU_MAP);
	KUNIT_EXPECT_PTR_EQ(test, vtiommu_cmd_result(&cmd[1]), &result);
	vtiommu_req_map(&map, &cmd[0], &cmd[1], 3);
	KUNIT_EXPECT_EQ(test, map.head.type, VIRTIO_IOMMU_T_MAP);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(map.domain), domain + 3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(map.virt_start), run.start);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(map.virt_end), run.last);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(map.phys_start), run.paddr);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(map.flags), run.flags);
}

static bool post_unmap(struct test_viommu *v, u64 start, u32 *seq)
{
	const struct ioflush_range range = range_of(start, SZ_4K);
	struct invq_cmd cmd;
	unsigned long flags;
	bool posted;

	vtiommu_cmd_unmap(&cmd, 0, &range);
	local_irq_save(flags);
	posted = invq_post(&v->unit.queue.q, &cmd, 1, seq);
	local_irq_restore(flags);
	return posted;
}

/* waiting: a sync is over when all requests before it are, in whatever order */
static void queue_reorders(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct invq *q = &v->unit.queue.q;
	u32 seq[3];

	v->held = true;
	v->backwards = true;
	for (int i = 0; i < ARRAY_SIZE(seq); i++)
		KUNIT_ASSERT_TRUE(test, post_unmap(v, i * SZ_4K, &seq[i]));
	KUNIT_EXPECT_FALSE(test, invq_finished(q, seq[0]));
	/* The last one; then the first, which the only sync so far is behind. */
	test_viommu_run(v, 1);
	KUNIT_EXPECT_FALSE(test, invq_finished(q, seq[0]));
	test_viommu_run(v, 1);
	KUNIT_EXPECT_TRUE(test, invq_finished(q, seq[0]));
	KUNIT_EXPECT_FALSE(test, invq_finished(q, seq[2]));
	/* Issues the next sync, but that is not passed before the second one is. */
	KUNIT_EXPECT_FALSE(test, invq_finished(q, seq[2]));
	test_viommu_run(v, 1);
	invq_wait(q, seq[2]);
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], 3);
}

/* bounded: what finds no room in the virtqueue goes there later, and none is lost */
static void queue_full(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, 8);
	struct invq *q = &v->unit.queue.q;
	u32 seq = 0;

	v->held = true;
	for (int i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, post_unmap(v, i * SZ_4K, &seq));
	/* 8 entries, two each */
	KUNIT_EXPECT_EQ(test, v->unit.queue.requests[VTIOMMU_UNMAP], 4);
	v->held = false;
	test_viommu_run(v, UINT_MAX);
	/* The next one takes out what is done, though nobody waits. */
	KUNIT_ASSERT_TRUE(test, post_unmap(v, 20 * SZ_4K, &seq));
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], 8);
	invq_wait(q, seq);
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], 21);
}

/* bounded: a device that is as fast as it is told is given all at once */
static void queue_posts(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, 8);
	u32 seq = 0;

	for (int i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, post_unmap(v, i * SZ_4K, &seq));
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], 20);

	/* And one with room for all that there are slots for is, though it does nothing. */
	v = test_viommu_new(test, 256);
	KUNIT_EXPECT_EQ(test, v->unit.queue.q.mask + 1, 128);
	v = test_viommu_new(test, 1024);
	KUNIT_EXPECT_EQ(test, v->unit.queue.q.mask + 1, 512);
}

/* One notification, however many requests */
static void queue_kicks(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct invq_cmd cmds[8];

	for (int i = 0; i < ARRAY_SIZE(cmds); i++) {
		const struct ioflush_range range = range_of(2 * i * SZ_4K, SZ_4K);

		vtiommu_cmd_unmap(&cmds[i], 0, &range);
	}
	invq_submit_wait(&v->unit.queue.q, cmds, ARRAY_SIZE(cmds));
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], 8);
	KUNIT_EXPECT_EQ(test, v->kicks, 1);
}

static void unmap_wait(struct test_viommu *v, u64 start)
{
	const struct ioflush_range range = range_of(start, SZ_4K);
	struct invq_cmd cmd;

	vtiommu_cmd_unmap(&cmd, 0, &range);
	invq_submit_wait(&v->unit.queue.q, &cmd, 1);
}

/* What is not OK is counted, and names the range; but not what has no domain. */
static void queue_refused(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	const struct vtiommu_refused *refused = &v->unit.queue.refused;

	/* No endpoint is attached: NOENT */
	unmap_wait(v, 3 * SZ_4K);
	KUNIT_EXPECT_EQ(test, refused->count, 0);

	v->fail_type = VIRTIO_IOMMU_T_UNMAP;
	v->fail_status = VIRTIO_IOMMU_S_DEVERR;
	unmap_wait(v, 5 * SZ_4K);
	KUNIT_EXPECT_EQ(test, refused->count, 1);
	KUNIT_EXPECT_EQ(test, refused->start, 5 * SZ_4K);
	KUNIT_EXPECT_EQ(test, refused->last, 6 * SZ_4K - 1);
	KUNIT_EXPECT_EQ(test, refused->status, VIRTIO_IOMMU_S_DEVERR);

	/* A status that was not written is none, whatever was in its place. */
	v->fail_type = 0;
	v->mute = true;
	unmap_wait(v, 7 * SZ_4K);
	KUNIT_EXPECT_EQ(test, refused->count, 2);
	KUNIT_EXPECT_EQ(test, refused->status, VIRTIO_IOMMU_S_IOERR);
}

/* terminal: a device that never answers is reset, and only then does a wait end */
static void queue_never_answers(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct invq *q = &v->unit.queue.q;

	/* As while a unit is brought up, after firmware has used it */
	v->unit.blocks = false;
	v->config.bypass = 1;
	v->held = true;
	q->timeout_us = 2000;
	q->kill_timeouts = 1;
	unmap_wait(v, SZ_4K);
	KUNIT_EXPECT_EQ(test, v->resets, 1);
	KUNIT_EXPECT_EQ(test, v->config.bypass, 0);
	KUNIT_EXPECT_EQ(test, q->life, INVQ_DEAD);
	/* Whatever comes later is over as well, and the device hears nothing of it. */
	v->held = false;
	for (int i = 0; i < 300; i++)
		unmap_wait(v, SZ_4K);
	KUNIT_EXPECT_EQ(test, v->requests[VIRTIO_IOMMU_T_UNMAP], 0);
	KUNIT_EXPECT_EQ(test, v->resets, 1);
}

/* terminal: one that would let all through after a reset is not reset */
static void queue_does_not_block(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct invq *q = &v->unit.queue.q;
	u32 seq;

	v->held = true;
	v->config.bypass = 1;
	v->keeps_bypass = true;
	q->timeout_us = 2000;
	q->kill_timeouts = 1;
	KUNIT_ASSERT_TRUE(test, post_unmap(v, SZ_4K, &seq));
	KUNIT_EXPECT_FALSE(test, invq_wait_bounded(q, seq, 20 * NSEC_PER_MSEC));
	KUNIT_EXPECT_NE(test, q->life, INVQ_DEAD);
	KUNIT_EXPECT_EQ(test, v->resets, 0);
	test_viommu_run(v, UINT_MAX);
	invq_wait(q, seq);
}

static int detach_nothing(struct test_viommu *v)
{
	const struct virtio_iommu_req_detach req = {
		.head.type = VIRTIO_IOMMU_T_DETACH,
	};
	struct virtio_iommu_req_tail tail;

	return vtiommu_control(&v->unit.queue, &req, offsetof(typeof(req), tail),
			       &tail, sizeof(tail));
}

/* terminal: so is one that does not answer a request that somebody sleeps for */
static void control_never_answers(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);

	KUNIT_EXPECT_EQ(test, 0, detach_nothing(v));
	v->held = true;
	v->unit.queue.control_ms = 1;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, detach_nothing(v));
	KUNIT_EXPECT_EQ(test, v->resets, 1);
	/* Nothing waits for it any more. */
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, detach_nothing(v));
	unmap_wait(v, SZ_4K);
	KUNIT_EXPECT_EQ(test, v->unit.queue.q.life, INVQ_DEAD);
	KUNIT_EXPECT_EQ(test, v->resets, 1);
}

/**
 * struct control_work - a request that somebody else sleeps for
 * @work: it
 * @v: the device
 * @ret: what it came to
 */
struct control_work {
	struct work_struct work;
	struct test_viommu *v;
	int ret;
};

static void control_work(struct work_struct *work)
{
	struct control_work *w = container_of(work, struct control_work, work);

	w->ret = detach_nothing(w->v);
}

/* terminal: a reset ends the wait for such a request, however long that may take */
static void control_ends(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);
	struct control_work w = { .v = v };

	v->held = true;
	INIT_WORK_ONSTACK(&w.work, control_work);
	queue_work(system_unbound_wq, &w.work);
	while (!READ_ONCE(v->unit.queue.out) && work_busy(&w.work))
		cond_resched();
	queue_work(system_unbound_wq, &v->unit.reset_work);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, w.ret);
	KUNIT_EXPECT_EQ(test, v->resets, 1);
}

/* bounded: of faults that never end some are taken, and told of, and then others run */
static void events_storm(struct kunit *test)
{
	struct test_viommu *v = test_viommu_new(test, ENTRIES);

	test_viommu_storm(v, 1000 * VTIOMMU_EVENTS_MAX);
	flush_delayed_work(&v->unit.event_work);
	KUNIT_EXPECT_GT(test, v->storm, 0);
}

static struct kunit_case vtiommu_queue_cases[] = {
	KUNIT_CASE(cmd_requests),
	KUNIT_CASE(queue_reorders),
	KUNIT_CASE(queue_full),
	KUNIT_CASE(queue_posts),
	KUNIT_CASE(queue_kicks),
	KUNIT_CASE(queue_refused),
	KUNIT_CASE(queue_never_answers),
	KUNIT_CASE(queue_does_not_block),
	KUNIT_CASE(control_never_answers),
	KUNIT_CASE(control_ends),
	KUNIT_CASE(events_storm),
	{}
};

static struct kunit_suite vtiommu_queue_suite = {
	.name = "ioflush_virtio_queue",
	.test_cases = vtiommu_queue_cases,
};

kunit_test_suite(vtiommu_queue_suite);
