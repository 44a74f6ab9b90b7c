// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the window and of the bounds, on a simulated clock
 */
#include <linux/ioflush/iova.h>
#include <linux/iommu.h>
#include <linux/prandom.h>
#include <linux/rculist.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "test_hw.h"

#define SPACE_LAST	(BIT_ULL(39) - 1)
#define WINDOW_NS	(2000ULL * NSEC_PER_USEC)
/* How long the timer looks at hardware. */
#define LOOK_NS		(5 * NSEC_PER_USEC)

/* Migration is off from here to window_stop(): the tests look at one ring. */
static struct ioflush_hw *window_start(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, SPACE_LAST, true);

	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window(&hw->flush, 2000));
	migrate_disable();
	return hw;
}

static void window_stop(struct ioflush_hw *hw)
{
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	migrate_enable();
	KUNIT_EXPECT_EQ(hw->test, 0, ioflush_pending_bytes(&hw->flush));
}

static s64 window_max(struct ioflush_hw *hw)
{
	return atomic64_read(&hw->flush.window_max_ns);
}

/* Exposure is measured to about a microsecond. */
static void expect_window_max(struct ioflush_hw *hw, u64 ns)
{
	KUNIT_EXPECT_LE(hw->test, window_max(hw), ns + 2 * NSEC_PER_USEC);
	KUNIT_EXPECT_GE(hw->test, window_max(hw), ns - 2 * NSEC_PER_USEC);
}

/* The timer fires: in an interrupt, as far as the hardware can tell. */
static void timer_fires(struct ioflush_hw *hw)
{
	unsigned long flags;
	u64 next_ns;

	hw->sim.due_ns = 0;
	hw->no_wait = true;
	local_irq_save(flags);
	next_ns = ioflush_window_check(ioflush_hw_ring(hw), 0);
	ioflush_ring_watch(ioflush_hw_ring(hw), hw->sim.now_ns + LOOK_NS);
	local_irq_restore(flags);
	hw->no_wait = false;
	if (next_ns)
		hw->sim.due_ns = hw->sim.now_ns + next_ns;
}

/* Time passes; the timer fires when it is due. */
static void pass(struct ioflush_hw *hw, u64 ns)
{
	u64 end_ns = hw->sim.now_ns + ns;

	while (hw->sim.due_ns && hw->sim.due_ns <= end_ns) {
		hw->sim.now_ns = max(hw->sim.now_ns, hw->sim.due_ns);
		timer_fires(hw);
	}
	hw->sim.now_ns = max(hw->sim.now_ns, end_ns);
}

static void thread_runs(struct ioflush_hw *hw)
{
	hw->sim.handed = false;
	ioflush_ring_post_due(ioflush_hw_ring(hw));
	ioflush_ring_finish(ioflush_hw_ring(hw));
}

static void grace_period_ends(struct ioflush_hw *hw)
{
	hw->sim.called = false;
	ioflush_window_rcu(&ioflush_hw_ring(hw)->rcu);
}

/* window: when it is about to end, a thread is asked; it drains in time */
static void window_thread(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 1);
	pass(hw, WINDOW_NS / 16 * 14 - 1);
	KUNIT_EXPECT_FALSE(test, hw->sim.handed);
	pass(hw, 1);
	KUNIT_EXPECT_TRUE(test, hw->sim.handed);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	thread_runs(hw);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	expect_window_max(hw, WINDOW_NS / 16 * 14);
	window_stop(hw);
}

/* window: each CPU has a time of its own to drain, none of them later */
static void window_stagger(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_ring(hw)->stagger = IOFLUSH_STAGGERS - 1;
	ioflush_hw_scatter(hw, 1);
	pass(hw, WINDOW_NS / 16 * 14 - WINDOW_NS / 128 * (IOFLUSH_STAGGERS - 1) - 1);
	KUNIT_EXPECT_FALSE(test, hw->sim.handed);
	pass(hw, 1);
	KUNIT_EXPECT_TRUE(test, hw->sim.handed);
	thread_runs(hw);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	window_stop(hw);
}

static u64 window_check_early(struct ioflush_hw *hw)
{
	return ioflush_window_check(ioflush_hw_ring(hw), 1);
}

static void watch_begins(struct ioflush_hw *hw)
{
	hw->watching++;
	KUNIT_EXPECT_EQ(hw->test, hw->other->ranges, 1);
}

/* window: hardware is watched when all rings of the CPU have been posted */
static void window_watch(struct kunit *test)
{
	struct ioflush_hw *hws[2];
	LIST_HEAD(rings);

	for (unsigned int i = 0; i < ARRAY_SIZE(hws); i++) {
		hws[i] = window_start(test);
		hws[i]->watch = watch_begins;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(hws); i++) {
		struct ioflush_ring *ring = ioflush_hw_ring(hws[i]);

		hws[i]->other = hws[!i];
		ioflush_hw_scatter(hws[i], 1);
		hws[i]->sim.now_ns += WINDOW_NS;
		list_add_tail_rcu(&ring->armed_node, &rings);
	}
	KUNIT_EXPECT_EQ(test, ioflush_clock_check(&rings), U64_MAX);
	for (unsigned int i = 0; i < ARRAY_SIZE(hws); i++) {
		KUNIT_EXPECT_EQ(test, hws[i]->watching, 1);
		window_stop(hws[i]);
	}
}

/* window: a timer that is there for another ring takes this one along, once */
static void window_early(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 1);
	pass(hw, WINDOW_NS / 16 * 13 - 1);
	KUNIT_EXPECT_EQ(test, WINDOW_NS / 16 + 1, window_check_early(hw));
	KUNIT_EXPECT_FALSE(test, hw->sim.handed);
	pass(hw, 1);
	KUNIT_EXPECT_EQ(test, WINDOW_NS / 16 * 2, window_check_early(hw));
	KUNIT_EXPECT_TRUE(test, hw->sim.handed);
	thread_runs(hw);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, window_check_early(hw));
	KUNIT_EXPECT_FALSE(test, ioflush_hw_ring(hw)->armed);
	window_stop(hw);
}

/* window: the next unmap drains, and the thread finds nothing to do */
static void window_next_unmap(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 1);
	pass(hw, WINDOW_NS / 16 * 14);
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 2, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_TIMER));
	ioflush_hw_scatter(hw, 1);
	thread_runs(hw);
	KUNIT_EXPECT_EQ(test, 2, hw->ranges);
	window_stop(hw);
}

/* window: a CPU that comes to neither has its timer do it, before the end */
static void window_last(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->wait_ns = WINDOW_NS / 32;
	ioflush_hw_scatter(hw, 1);
	pass(hw, WINDOW_NS);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_LE(test, window_max(hw), WINDOW_NS);
	/* Nothing is left, and the timer knows. The rest is for a bottom half. */
	KUNIT_EXPECT_EQ(test, 0, hw->sim.due_ns);
	KUNIT_EXPECT_EQ(test, PAGE, ioflush_pending_bytes(&hw->flush));
	thread_runs(hw);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 1, hw->posts);
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_TIMER));
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_NE(test, 0, hw->sim.due_ns);
	window_stop(hw);
}

/* window: the timer's one step takes all there is, if need be as the domain */
static void window_last_whole(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->flush.costs = (struct ioflush_costs) {
		.cmd_ns = 1, .all_ns = 1000,
	};
	ioflush_hw_scatter(hw, IOFLUSH_RANGES_MAX + 1);
	pass(hw, WINDOW_NS);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	thread_runs(hw);
	KUNIT_EXPECT_LE(test, window_max(hw), WINDOW_NS);

	/* So it is if there is not room for all of them. */
	hw->room = 2;
	ioflush_hw_scatter(hw, 3);
	pass(hw, WINDOW_NS);
	KUNIT_EXPECT_EQ(test, 2, hw->ranges);
	KUNIT_EXPECT_EQ(test, 2, hw->all);
	thread_runs(hw);
	KUNIT_EXPECT_LE(test, window_max(hw), WINDOW_NS);

	/* Of what is covered nothing needs a command, of what is behind it does. */
	ioflush_hw_scatter(hw, 130);
	ioflush_all(&hw->flush);
	ioflush_hw_scatter(hw, 1);
	hw->all = 0;
	pass(hw, WINDOW_NS);
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	KUNIT_EXPECT_EQ(test, 0, hw->sim.due_ns);
	window_stop(hw);
}

static void expect_not_posted(struct ioflush_hw *hw)
{
	struct ioflush_ring *ring = ioflush_hw_ring(hw);

	hw->during = NULL;
	KUNIT_EXPECT_EQ(hw->test, 3, ring->tail - ring->posted);
	KUNIT_EXPECT_EQ(hw->test, 3 * PAGE, ring->bytes);
	KUNIT_EXPECT_EQ(hw->test, 0, hw->ranges);
}

/* step: without room nothing is claimed, and it is tried again */
static void window_no_room(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);
	u64 due_ns;

	ioflush_hw_scatter(hw, 3);
	hw->full = 1;
	hw->during = expect_not_posted;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_NULL(test, hw->during);
	KUNIT_EXPECT_EQ(test, 2, hw->posts);
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));

	/* The timer comes again soon: there is a 16th of the window left. */
	pass(hw, WINDOW_NS);
	ioflush_hw_scatter(hw, 1);
	due_ns = hw->sim.now_ns + WINDOW_NS;
	hw->full = 2;
	pass(hw, WINDOW_NS / 16 * 15);
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	KUNIT_EXPECT_NE(test, 0, hw->sim.due_ns);
	KUNIT_EXPECT_LT(test, hw->sim.due_ns, due_ns);
	pass(hw, WINDOW_NS / 16);
	KUNIT_EXPECT_EQ(test, 4, hw->ranges);
	thread_runs(hw);
	KUNIT_EXPECT_LE(test, window_max(hw), WINDOW_NS);
	window_stop(hw);
}

static void expect_posted(struct ioflush_hw *hw)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(hw->flush.all_rings,
							cpu);

		KUNIT_EXPECT_EQ(hw->test, ring->posted, ring->tail);
	}
}

/* step: bounded in ranges and in commands, and there are as many as it takes */
static void window_steps(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->flush.costs = (struct ioflush_costs) {
		.cmd_ns = 1, .all_ns = 1000,
	};
	ioflush_hw_scatter(hw, 2 * IOFLUSH_RANGES_MAX + 1);
	hw->during = expect_posted;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 3, hw->posts);
	KUNIT_EXPECT_EQ(test, 2 * IOFLUSH_RANGES_MAX + 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, hw->waits);

	hw->posts = 0;
	hw->ranges = 0;
	hw->room = 3;
	ioflush_hw_scatter(hw, 10);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 4, hw->posts);
	KUNIT_EXPECT_EQ(test, 10, hw->ranges);
	KUNIT_EXPECT_EQ(test, 2 * IOFLUSH_RANGES_MAX + 1 + 10,
			ioflush_count(&hw->flush, IOFLUSH_N_RANGES));
	KUNIT_EXPECT_EQ(test, 2, ioflush_hw_drains(hw, IOFLUSH_TIGHTEN));
	hw->during = NULL;
	window_stop(hw);
}

static void drain_within(struct ioflush_hw *hw)
{
	hw->during = NULL;
	ioflush_drain(&hw->flush, IOFLUSH_SPACE);
	KUNIT_EXPECT_EQ(hw->test, 0, ioflush_pending_bytes(&hw->flush));
}

/* waiting: who drains depends on no other drain that may not be running */
static void window_interrupted(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 40);
	hw->during = drain_within;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_NULL(test, hw->during);
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_TIGHTEN));
	KUNIT_EXPECT_EQ(test, 0, ioflush_hw_drains(hw, IOFLUSH_SPACE));
	window_stop(hw);
}

/**
 * struct load - what a CPU has to do
 * @starve: softirqs and threads do not get to run
 * @unmaps: of 16 steps, how many unmap something
 */
struct load {
	bool starve;
	unsigned int unmaps;
};

static void window_step(struct ioflush_hw *hw, const struct load *load,
			struct rnd_state *rnd)
{
	pass(hw, prandom_u32_state(rnd) % (WINDOW_NS / 40));
	if (!load->starve && hw->sim.handed)
		thread_runs(hw);
	if (hw->sim.called && prandom_u32_state(rnd) % 64 == 0)
		grace_period_ends(hw);
	if (prandom_u32_state(rnd) % 16 >= load->unmaps)
		return;
	if (prandom_u32_state(rnd) % 4) {
		ioflush_hw_scatter(hw, 1 + prandom_u32_state(rnd) % 40);
		return;
	}
	hw->irqs_off = true;
	ioflush_hw_scatter(hw, 1 + prandom_u32_state(rnd) % 8);
	hw->irqs_off = false;
}

/* window: held at every load */
static void window_held(struct kunit *test)
{
	static const struct load load[] = {
		{ .unmaps = 16 }, { .unmaps = 4 }, { .unmaps = 1 },
		{ .unmaps = 16, .starve = true },
		{ .unmaps = 4, .starve = true },
		{ .unmaps = 1, .starve = true },
	};
	struct ioflush_hw *hw = window_start(test);
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 1);
	hw->wait_ns = WINDOW_NS / 20;
	for (unsigned int i = 0; i < 6000; i++)
		window_step(hw, &load[i / 100 % ARRAY_SIZE(load)], &rnd);
	KUNIT_EXPECT_GT(test, window_max(hw), WINDOW_NS / 2);
	KUNIT_EXPECT_LE(test, window_max(hw), WINDOW_NS);
	window_stop(hw);
}

/* engine: a grace period drains, and asks for the next one only when needed */
static void window_grace_period(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 2);
	KUNIT_EXPECT_EQ(test, ioflush_hw_engine_rcu, hw->sim.called);
	if (hw->sim.called) {
		pass(hw, WINDOW_NS / 4);
		grace_period_ends(hw);
		KUNIT_EXPECT_EQ(test, 2, hw->ranges);
		KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_RCU));
		KUNIT_EXPECT_FALSE(test, hw->sim.called);
		ioflush_hw_scatter(hw, 1);
		KUNIT_EXPECT_TRUE(test, hw->sim.called);
	}
	window_stop(hw);
}

/* window: narrowed at run time, nothing is left of the old one */
static void window_narrowed(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 3);
	KUNIT_EXPECT_EQ(test, -EINVAL, ioflush_set_window(&hw->flush, 99));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ioflush_set_window(&hw->flush, 1000 * 1000 + 1));
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_set_window(&hw->flush, 200));
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	ioflush_hw_scatter(hw, 1);
	pass(hw, 200 * NSEC_PER_USEC);
	KUNIT_EXPECT_EQ(test, 4, hw->ranges);
	KUNIT_EXPECT_LE(test, window_max(hw), 200 * NSEC_PER_USEC);

	/* Back to what holds for all */
	KUNIT_EXPECT_EQ(test, 0, ioflush_set_window(&hw->flush, 0));
	KUNIT_EXPECT_EQ(test, (u64)ioflush_window_us * NSEC_PER_USEC,
			ioflush_window_ns(&hw->flush));
	window_stop(hw);
}

/* window: so it is by the parameter that holds for all; a domain's own stays */
static void window_narrowed_all(struct kunit *test)
{
	struct ioflush_hw *own = ioflush_hw_start(test, SPACE_LAST, true);
	struct ioflush_hw *hw;

	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window_all(1000 * 1000));
	hw = ioflush_hw_start(test, SPACE_LAST, true);
	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window(&own->flush, 300));
	migrate_disable();
	ioflush_hw_scatter(hw, 3);
	pass(hw, NSEC_PER_SEC / 2);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	KUNIT_EXPECT_EQ(test, -EINVAL, ioflush_set_window_all(99));
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_set_window_all(200));
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_LE(test, hw->sim.due_ns,
			hw->sim.now_ns + 200 * NSEC_PER_USEC);
	pass(hw, 200 * NSEC_PER_USEC);
	KUNIT_EXPECT_EQ(test, 4, hw->ranges);
	KUNIT_EXPECT_EQ(test, 300 * NSEC_PER_USEC,
			ioflush_window_ns(&own->flush));
	window_stop(hw);
}

/* visible: how long each range, and how much at once, was exposed */
static void window_histograms(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);
	struct ioflush_hist hist;

	ioflush_hw_scatter(hw, 1);
	hw->sim.now_ns += 1000 * NSEC_PER_USEC;
	ioflush_hw_scatter(hw, 2);
	hw->sim.now_ns += 500 * NSEC_PER_USEC;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	ioflush_get_hist(&hw->flush, &hist);
	/* 1500 is in the bucket from 1024 on, 500 in that from 256 on. */
	KUNIT_EXPECT_EQ(test, 1, hist.entries[11]);
	KUNIT_EXPECT_EQ(test, 2, hist.entries[9]);
	/* Three pages: from 2 on */
	KUNIT_EXPECT_EQ(test, 1, hist.drains[2]);
	for (unsigned int i = 0; i < IOFLUSH_BUCKETS; i++) {
		KUNIT_EXPECT_TRUE(test, i == 9 || i == 11 || !hist.entries[i]);
		KUNIT_EXPECT_TRUE(test, i == 2 || !hist.drains[i]);
	}
	expect_window_max(hw, 1500 * NSEC_PER_USEC);
	window_stop(hw);
}

/* waiting: with interrupts off at the mark, a thread does the waiting */
static void window_irqs_off(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->irqs_off = true;
	ioflush_hw_scatter(hw, RING_HIGH + 1);
	hw->irqs_off = false;
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	KUNIT_EXPECT_TRUE(test, hw->sim.handed);
	thread_runs(hw);
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_HIGH_WATER));
	window_stop(hw);
}

static void fill_bytes(struct ioflush_hw *hw)
{
	hw->during = NULL;
	hw->sim.now_ns++;
	/* 12 pages are claimed, 4 more find room: one of each 2 is a gap. */
	ioflush_hw_scatter(hw, 5);
	KUNIT_EXPECT_EQ(hw->test, 16 * PAGE, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(hw->test, 1,
			ioflush_count(&hw->flush, IOFLUSH_N_FULL));
}

static void bytes_restore(void *data)
{
	WRITE_ONCE(ioflush_pending_bytes_max, (unsigned long)data);
}

/* bounded: bytes; at three quarters it is drained, at the bound strict */
static void window_bytes(struct kunit *test)
{
	void *was = (void *)ioflush_pending_bytes_max;
	struct ioflush_hw *hw;

	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bytes_restore, was));
	WRITE_ONCE(ioflush_pending_bytes_max, 16 * PAGE);
	hw = window_start(test);
	ioflush_hw_scatter(hw, 11);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 12, hw->ranges);

	ioflush_hw_scatter(hw, 12);
	hw->during = fill_bytes;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	/* What was pushed meanwhile, and one that was strict */
	KUNIT_EXPECT_EQ(test, 4 * PAGE, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 12 + 12 + 1, hw->ranges);

	/* Neighbours that become one entry count as what they are. */
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	for (unsigned int i = 0; i < 13; i++)
		ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_HIGH_WATER));
	window_stop(hw);
}

/* Map 2 MiB in pages, and unmap them in one go: that unlinks their table. */
static void unmap_table(struct ioflush_hw *hw)
{
	dma_addr_t iova = iospace_alloc(hw->space, SZ_2M, U64_MAX,
					IOSPACE_LASTING);
	struct iopgt_gather gather;
	size_t mapped = 0;

	KUNIT_ASSERT_EQ(hw->test, 0, iova & (SZ_2M - 1));
	KUNIT_ASSERT_EQ(hw->test, 0,
			iopgt_map_pages(&hw->pgt, iova, SZ_1G, PAGE,
					SZ_2M / PAGE, IOMMU_READ, GFP_KERNEL,
					&mapped));
	iopgt_gather_init(&gather, true);
	KUNIT_ASSERT_EQ(hw->test, SZ_2M,
			iopgt_unmap_pages(&hw->pgt, iova, SZ_2M, &gather));
	KUNIT_ASSERT_TRUE(hw->test, gather.tables_unlinked);
	ioflush_unmapped(&hw->flush, &gather, iova, SZ_2M);
}

static struct list_head *window_page;

/* The page is on the list of the drain still, not with RCU. */
static void expect_table_kept(struct ioflush_hw *hw)
{
	struct ioflush_pending pending;

	KUNIT_EXPECT_FALSE(hw->test, list_empty(window_page));
	/* It still is one that waits. */
	ioflush_get_pending(&hw->flush, &pending);
	KUNIT_EXPECT_EQ(hw->test, 1, pending.tables);
}

static void tables_restore(void *data)
{
	WRITE_ONCE(ioflush_pending_tables, (unsigned long)data);
}

/* tables, bounded: their unmaps are deferred too, up to a number of them */
static void window_tables(struct kunit *test)
{
	void *was = (void *)(unsigned long)ioflush_pending_tables;
	struct ioflush_hw *hw = window_start(test);
	struct ioflush_pending pending;

	unmap_table(hw);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	ioflush_get_pending(&hw->flush, &pending);
	KUNIT_EXPECT_EQ(test, 1, pending.tables);
	KUNIT_EXPECT_EQ(test, 1, pending.entries);
	KUNIT_EXPECT_EQ(test, SZ_2M, pending.bytes);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&hw->pgt.pending_pages));

	/* Walk caches are invalidated, and only then the page goes to RCU. */
	window_page = ioflush_hw_ring(hw)->pages.next;
	hw->during = expect_table_kept;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	hw->during = NULL;
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_FALSE(test, hw->last.leaf_only);
	ioflush_get_pending(&hw->flush, &pending);
	KUNIT_EXPECT_EQ(test, 0, pending.tables);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&hw->pgt.pending_pages));

	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, tables_restore, was));
	WRITE_ONCE(ioflush_pending_tables, 1);
	unmap_table(hw);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	unmap_table(hw);
	KUNIT_EXPECT_GT(test, hw->ranges, 1);
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_HIGH_WATER));
	window_stop(hw);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&hw->pgt.pending_pages));
}

/* tightening finishes all that is pending, and what comes then is strict */
static void window_tighten(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	ioflush_hw_scatter(hw, 3);
	migrate_enable();
	ioflush_disable_deferred(&hw->flush);
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 3, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 4, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	migrate_disable();
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 4, hw->ranges);
	KUNIT_EXPECT_EQ(test, 4, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	window_stop(hw);
}

/* Not from an interrupt: the first address is one of the tree's, which has a lock. */
static int push_here(void *data)
{
	ioflush_hw_scatter(data, 1);
	return 0;
}

/* waiting: what all CPUs have is posted, and then waited for */
static void window_together(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);
	unsigned int cpus = 0;
	int cpu;

	migrate_enable();
	for_each_online_cpu(cpu)
		cpus += !smp_call_on_cpu(cpu, push_here, hw, false);
	migrate_disable();
	hw->during = expect_posted;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	hw->during = NULL;
	KUNIT_EXPECT_EQ(test, cpus, hw->posts);
	KUNIT_EXPECT_EQ(test, cpus, hw->ranges);
	window_stop(hw);
}

/* precision: many ranges or the domain, by what commands cost */
static void window_costs(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->flush.costs = (struct ioflush_costs) {
		.cmd_ns = 10, .all_ns = 1000,
	};
	ioflush_hw_scatter(hw, 100);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 100, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, hw->all);
	ioflush_hw_scatter(hw, 101);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 100, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, hw->all);

	/* Ranges that turn out to take four commands each */
	hw->commands = 4;
	ioflush_hw_scatter(hw, 25);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 125, hw->ranges);
	ioflush_hw_scatter(hw, 40);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 125 + 32, hw->ranges);
	KUNIT_EXPECT_EQ(test, 2, hw->all);
	KUNIT_EXPECT_EQ(test, 2, ioflush_count(&hw->flush, IOFLUSH_N_ALL));
	KUNIT_EXPECT_EQ(test, 125 + 32,
			ioflush_count(&hw->flush, IOFLUSH_N_RANGES));
	window_stop(hw);
}

/* window: where timers are too coarse to hold it, unmaps are strict */
static void window_coarse(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->sim.resolution_ns = WINDOW_NS / 32 + 1;
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_COARSE));
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	hw->sim.resolution_ns--;
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	window_stop(hw);
}

/* unmaps now and then are strict and start no timer; many of them are not */
static void window_lone(struct kunit *test)
{
	struct ioflush_hw *hw = window_start(test);

	hw->flush.lone = 3;
	for (unsigned int i = 0; i < 5; i++) {
		ioflush_hw_scatter(hw, 3);
		KUNIT_EXPECT_EQ(test, 3 * (i + 1), hw->ranges);
		KUNIT_EXPECT_FALSE(test, hw->sim.due_ns || hw->sim.called);
		hw->sim.now_ns += WINDOW_NS;
	}
	KUNIT_EXPECT_EQ(test, 15, ioflush_count(&hw->flush, IOFLUSH_N_LONE));
	KUNIT_EXPECT_EQ(test, 15, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	/* What comes on top is deferred, and so is all while the timer is armed. */
	ioflush_hw_scatter(hw, 5);
	KUNIT_EXPECT_EQ(test, 18, hw->ranges);
	KUNIT_EXPECT_TRUE(test, hw->sim.due_ns);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	hw->sim.now_ns += WINDOW_NS;
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 3, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));

	/* The timer is off again, and lone are those that come then. */
	pass(hw, 2 * WINDOW_NS);
	KUNIT_EXPECT_FALSE(test, hw->sim.due_ns);
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 19, ioflush_count(&hw->flush, IOFLUSH_N_LONE));
	window_stop(hw);
}

#define WINDOW_CASES {							\
	KUNIT_CASE(window_thread),					\
	KUNIT_CASE(window_stagger),					\
	KUNIT_CASE(window_early),					\
	KUNIT_CASE(window_watch),					\
	KUNIT_CASE(window_next_unmap),					\
	KUNIT_CASE(window_last),					\
	KUNIT_CASE(window_last_whole),					\
	KUNIT_CASE(window_no_room),					\
	KUNIT_CASE(window_steps),					\
	KUNIT_CASE(window_interrupted),					\
	KUNIT_CASE(window_held),					\
	KUNIT_CASE(window_grace_period),				\
	KUNIT_CASE(window_narrowed),					\
	KUNIT_CASE(window_narrowed_all),				\
	KUNIT_CASE(window_histograms),					\
	KUNIT_CASE(window_irqs_off),					\
	KUNIT_CASE(window_bytes),					\
	KUNIT_CASE(window_tables),					\
	KUNIT_CASE(window_tighten),					\
	KUNIT_CASE(window_together),					\
	KUNIT_CASE(window_costs),					\
	KUNIT_CASE(window_coarse),					\
	KUNIT_CASE(window_lone),					\
	{}								\
}

static struct kunit_case window_cases[] = WINDOW_CASES;

static struct kunit_suite window_suite = {
	.name = "ioflush_window",
	.test_cases = window_cases,
};

static struct kunit_case window_rcu_cases[] = WINDOW_CASES;

static struct kunit_suite window_rcu_suite = {
	.name = "ioflush_window_rcu",
	.suite_init = ioflush_hw_use_rcu,
	.suite_exit = ioflush_hw_use_ring,
	.test_cases = window_rcu_cases,
};

kunit_test_suites(&window_suite, &window_rcu_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's window and bounds");
MODULE_LICENSE("GPL");
