// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the flush layer, with both engines
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/ioflush/iova.h>
#include <linux/iommu.h>
#include <linux/smp.h>

#include "../iova/space.h"
#include "test_hw.h"

/* What a CPU has of a lazy domain of mainline's: 256 entries of its flush queue */
#define MAINLINE_FQ_BYTES	(16 + 256 * 40)

/* What each CPU has of one of ours, but for its ring's entries */
#define CPU_BYTES	(sizeof(struct ioflush_ring) +			\
			 sizeof(struct ioflush_stats) +			\
			 sizeof(struct iospace_cpu) +			\
			 IOSPACE_ZONES * IOSPACE_ARENAS *		\
			 sizeof(struct arena_front))

/* The space of these tests has one page: it is free or it is not. */
static void expect_not_free(struct ioflush_hw *hw)
{
	KUNIT_EXPECT_EQ(hw->test, 0, ioflush_hw_alloc(hw, PAGE));
}

/* strict: invalidated, with the IOVA still taken, when the unmap returns */
static void flush_strict(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, 2 * PAGE - 1, false);
	dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);

	KUNIT_ASSERT_EQ(test, PAGE, iova);
	hw->during = expect_not_free;
	ioflush_hw_unmapped(hw, iova, PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, PAGE, hw->last.start);
	KUNIT_EXPECT_EQ(test, 2 * PAGE - 1, hw->last.last);
	KUNIT_EXPECT_TRUE(test, hw->last.leaf_only);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	iova = ioflush_hw_alloc(hw, PAGE);
	KUNIT_EXPECT_EQ(test, PAGE, iova);
	iospace_free(hw->space, iova, PAGE);
}

/* reuse: a deferred IOVA stays taken until the drain has invalidated it */
static void flush_deferred_reuse(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, 2 * PAGE - 1, true);
	dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);

	KUNIT_ASSERT_EQ(test, PAGE, iova);
	ioflush_hw_unmapped(hw, iova, PAGE);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	KUNIT_EXPECT_EQ(test, PAGE, ioflush_pending_bytes(&hw->flush));
	expect_not_free(hw);

	hw->during = expect_not_free;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, PAGE, hw->bytes);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));

	iova = ioflush_hw_alloc(hw, PAGE);
	KUNIT_EXPECT_EQ(test, PAGE, iova);
	iospace_free(hw->space, iova, PAGE);
}

/* precision: what was mapped in a row is invalidated as one range */
static void flush_merges(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++) {
		iova[i] = ioflush_hw_alloc(hw, PAGE);
		KUNIT_ASSERT_NE(test, 0, iova[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		ioflush_hw_unmapped(hw, iova[i], PAGE);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_LE(test, hw->ranges, 2);	/* it may cross a chunk */
	KUNIT_EXPECT_EQ(test, 0, hw->all);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(iova) * PAGE, hw->bytes);
}

/* precision: of two that are freed in turns, each stays one range */
static void flush_merges_two(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova[32];
	unsigned int half = ARRAY_SIZE(iova) / 2;

	/* From one arena, and to one ring. */
	migrate_disable();
	/* The page between the two stays in use. */
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		iova[i] = ioflush_hw_alloc(hw, PAGE);
	for (unsigned int i = 0; i < half; i++) {
		ioflush_hw_unmapped(hw, iova[i], PAGE);
		if (i)
			ioflush_hw_unmapped(hw, iova[half + i], PAGE);
	}
	migrate_enable();
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 2, hw->ranges);
	KUNIT_EXPECT_EQ(test, (ARRAY_SIZE(iova) - 1) * PAGE, hw->bytes);
	ioflush_hw_unmapped(hw, iova[half], PAGE);
}

/* precision: what lies apart is not invalidated as one */
static void flush_keeps_apart(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		iova[i] = ioflush_hw_alloc(hw, PAGE);
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i += 2)
		ioflush_hw_unmapped(hw, iova[i], PAGE);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(iova) / 2, hw->ranges);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(iova) / 2 * PAGE, hw->bytes);

	for (unsigned int i = 1; i < ARRAY_SIZE(iova); i += 2)
		ioflush_hw_unmapped(hw, iova[i], PAGE);
}

/* bounded: a ring drains at its high-water mark, many ranges as the domain */
static void flush_high_water(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);

	migrate_disable();
	ioflush_hw_scatter(hw, RING_HIGH - 1);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	ioflush_hw_scatter(hw, 1);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DRAIN +
					       IOFLUSH_HIGH_WATER));
}

static void fill_during(struct ioflush_hw *hw)
{
	hw->during = NULL;
	ioflush_hw_scatter(hw, RING_SIZE);
}

/* bounded: with the ring full in the middle of a drain, unmaps go strict */
static void flush_full(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	unsigned int before;

	migrate_disable();
	hw->during = fill_during;
	before = RING_HIGH;
	ioflush_hw_scatter(hw, before);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, before, ioflush_count(&hw->flush, IOFLUSH_N_FULL));
	KUNIT_EXPECT_EQ(test, before, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
}

/* counters: an invalidation of the domain that began later covers entries */
static void flush_covered(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);

	ioflush_hw_unmapped(hw, iova, PAGE);
	ioflush_all(&hw->flush);
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_COVERED));
}

static void push_during(struct ioflush_hw *hw)
{
	hw->during = NULL;
	ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
}

/* counters: one that had begun before the unmap does not cover it */
static void flush_not_covered(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);

	hw->during = push_during;
	ioflush_all(&hw->flush);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_count(&hw->flush, IOFLUSH_N_COVERED));
}

/* counters: a part merged later is covered only as late as it came */
static void flush_not_covered_merged(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova, next;

	/* From one arena, and to one ring. */
	migrate_disable();
	iova = ioflush_hw_alloc(hw, PAGE);
	next = ioflush_hw_alloc(hw, PAGE);
	KUNIT_EXPECT_EQ(test, iova + PAGE, next);
	ioflush_hw_unmapped(hw, iova, PAGE);
	ioflush_all(&hw->flush);
	ioflush_hw_unmapped(hw, next, PAGE);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_MERGED));
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
}

/* counters: a look between an entry and its unmap, as another CPU may have, finds no less */
static void flush_count_between(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	struct ioflush_ring *ring;

	migrate_disable();
	ring = ioflush_hw_ring(hw);
	ioflush_hw_scatter(hw, 2);
	ring->appended++;
	KUNIT_EXPECT_EQ(test, 2, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	KUNIT_EXPECT_EQ(test, 0, ioflush_count(&hw->flush, IOFLUSH_N_MERGED));
	ring->appended--;
	migrate_enable();
}

/*
 * Wait for a timer to drain what is pending, for much longer than that should take. To
 * ask what is pending takes the rings' locks, which hardware is not to find taken: not
 * while it is at work.
 */
static void expect_drained(struct ioflush_hw *hw, unsigned int ranges)
{
	for (unsigned int i = 0; i < 500 && READ_ONCE(hw->ranges) < ranges; i++)
		msleep(20);
	ioflush_clocks_forget();
	/* A callback of RCU may still be about to end. */
	for (unsigned int i = 0; i < 500; i++) {
		if (!ioflush_pending_bytes(&hw->flush))
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(hw->test, ranges, hw->ranges);
	KUNIT_EXPECT_EQ(hw->test, 0, ioflush_pending_bytes(&hw->flush));
}

/* window: an idle CPU's ring is drained by its timer */
static void flush_timer(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);

	hw->flush.sim = NULL;
	/* While the machine boots, timers are only as fine as the tick. */
	WRITE_ONCE(ioflush_window_us, 200 * USEC_PER_MSEC);
	ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
	expect_drained(hw, 1);
	/* A callback of RCU may come first, and within one unit of an entry's age. */
	if (!ioflush_hw_engine_rcu)
		KUNIT_EXPECT_GT(test, atomic64_read(&hw->flush.window_max_ns), 0);
}

/*
 * window: the timer of a CPU is for all its rings, also when one of them has gone, and
 * again when it has fired.
 */
static void flush_timer_shared(struct kunit *test)
{
	struct ioflush_hw *hw[4];

	WRITE_ONCE(ioflush_window_us, 200 * USEC_PER_MSEC);
	migrate_disable();
	for (unsigned int i = 0; i < ARRAY_SIZE(hw); i++) {
		hw[i] = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
		hw[i]->flush.sim = NULL;
		ioflush_hw_scatter(hw[i], 1);
	}
	ioflush_hw_stop(hw[0]);
	KUNIT_EXPECT_EQ(test, 1, hw[0]->ranges);
	for (unsigned int round = 1; round <= 2; round++) {
		for (unsigned int i = 1; i < ARRAY_SIZE(hw); i++)
			expect_drained(hw[i], round);
		for (unsigned int i = 1; i < ARRAY_SIZE(hw); i++)
			ioflush_hw_scatter(hw[i], 1);
	}
	migrate_enable();
}

/* As the timer does when the window is about to end; on the ring's CPU. */
static void hand_over(struct ioflush_hw *hw)
{
	struct ioflush_ring *ring = ioflush_hw_ring(hw);
	unsigned long flags;

	ioflush_ring_lock(ring, &flags);
	ring->limit = 0;
	ioflush_ring_unlock(ring, flags);
	ioflush_ring_hand(ring);
}

/* What hand_again() hands over. */
static struct ioflush_hw *handed_again;

static void hand_again(struct ioflush_hw *hw)
{
	hw->during = NULL;
	ioflush_hw_unmapped(handed_again, ioflush_hw_alloc(handed_again, PAGE), PAGE);
	hand_over(handed_again);
}

/*
 * window: what is handed over once more, while the bottom half is at it, is not lost.
 * Of the two rings it comes to the one that was handed over last first, and waits for
 * room with the other.
 */
static void flush_handed_again(struct kunit *test)
{
	struct ioflush_hw *hw[2];
	unsigned long flags;

	if (ioflush_hw_engine_rcu)
		kunit_skip(test, "a callback of RCU may come first");
	for (unsigned int i = 0; i < ARRAY_SIZE(hw); i++) {
		hw[i] = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
		hw[i]->flush.sim = NULL;
	}
	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window_all(IOFLUSH_WINDOW_MAX_US));
	handed_again = hw[1];
	migrate_disable();
	ioflush_hw_scatter(hw[0], 1);
	ioflush_hw_scatter(hw[1], 1);
	hw[0]->full = 1;
	hw[0]->during = hand_again;
	local_irq_save(flags);
	hand_over(hw[0]);
	hand_over(hw[1]);
	local_irq_restore(flags);
	ioflush_clocks_forget();
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, hw[0]->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw[0]->flush));
	KUNIT_EXPECT_EQ(test, 2, hw[1]->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw[1]->flush));
}

/* window: a domain may go while one of its rings is with the bottom half */
static void flush_handed_goes(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);

	hw->flush.sim = NULL;
	migrate_disable();
	ioflush_hw_scatter(hw, 1);
	hand_over(hw);
	migrate_enable();
	ioflush_hw_stop(hw);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	msleep(20);
}

/* Not from an interrupt: the first address is one of the tree's, which has a lock. */
static int push_here(void *data)
{
	struct ioflush_hw *hw = data;

	ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
	return 0;
}

/* On a busy host a CPU may not answer in time, or not be known to have gone. */
static void comes_back(struct kunit *test, unsigned int cpu)
{
	for (unsigned int i = 0; i < 3 && add_cpu(cpu); i++)
		msleep(1000);
	KUNIT_EXPECT_TRUE(test, cpu_online(cpu));
}

/* window: a CPU that goes offline leaves nothing behind */
static void flush_offline(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	unsigned int cpu = cpumask_last(cpu_online_mask);

	if (!cpu || !IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs a second CPU that can go offline");
	KUNIT_ASSERT_EQ(test, 0, smp_call_on_cpu(cpu, push_here, hw, false));
	KUNIT_ASSERT_EQ(test, PAGE, ioflush_pending_bytes(&hw->flush));
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DRAIN +
					       IOFLUSH_OFFLINE));
	/* When it comes back it starts its own timer, not one that has moved. */
	KUNIT_EXPECT_FALSE(test, per_cpu_ptr(hw->flush.all_rings, cpu)->armed);
	comes_back(test, cpu);
}

/* window: nor does one whose timer is set for a domain that has gone */
static void flush_offline_after(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	unsigned int cpu = cpumask_last(cpu_online_mask);

	if (!cpu || !IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs a second CPU that can go offline");
	hw->flush.sim = NULL;
	/* An hour: however slow the machine is, the timer does not fire by itself. */
	hw->flush.window_us = 3600U * USEC_PER_SEC;
	KUNIT_ASSERT_EQ(test, 0, smp_call_on_cpu(cpu, push_here, hw, false));
	KUNIT_EXPECT_TRUE(test, ioflush_clock_is_set(cpu));
	ioflush_hw_stop(hw);
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_EXPECT_FALSE(test, ioflush_clock_is_set(cpu));
	comes_back(test, cpu);
}

/* window: a ring's timer stays with its CPU, whoever changes the window */
static void flush_timer_stays(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	unsigned int cpu = cpumask_last(cpu_online_mask);
	unsigned int posts;

	if (!cpu)
		kunit_skip(test, "needs a second CPU");
	if (ioflush_hw_engine_rcu)
		kunit_skip(test, "a callback of RCU may come first");
	hw->flush.sim = NULL;
	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window(&hw->flush, 1000 * 1000));
	KUNIT_ASSERT_EQ(test, 0, smp_call_on_cpu(cpu, push_here, hw, false));
	KUNIT_ASSERT_EQ(test, 0, ioflush_set_window(&hw->flush,
						    200 * USEC_PER_MSEC));
	/* What was there was drained by whoever made the window narrower. */
	posts = READ_ONCE(hw->posts);
	KUNIT_ASSERT_EQ(test, 0, smp_call_on_cpu(cpu, push_here, hw, false));
	for (unsigned int i = 0; i < 500 && READ_ONCE(hw->posts) == posts; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, cpu, hw->post_cpu);
}

/* waiting: a caller with interrupts off keeps them so, and is served */
static void flush_irqs_off(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, false);
	dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);
	unsigned long flags;

	hw->irqs_off = true;
	local_irq_save(flags);
	ioflush_hw_unmapped(hw, iova, PAGE);
	local_irq_restore(flags);
	hw->irqs_off = false;
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
}

/* Without rings, as just after a switch to lazy, unmaps are strict. */
static void flush_no_rings(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, false);

	ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
}

/* flat: entries are for CPUs that defer, and fewer bytes than mainline's */
static void flush_fill(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, SZ_1G - 1, false);
	struct ioflush_ring *ring;
	unsigned int filled = 0;
	int cpu;

	hw->flush.lone = 2;
	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	KUNIT_EXPECT_LE(test, CPU_BYTES, MAINLINE_FQ_BYTES / 8);
	/* Where there are many CPUs, and nobody audits. */
	KUNIT_EXPECT_LE(test, CPU_BYTES + 256 * (sizeof(*ring->entries) -
						 sizeof(struct ioaudit_ticket)),
			MAINLINE_FQ_BYTES);
	migrate_disable();
	ring = ioflush_hw_ring(hw);
	ioflush_hw_scatter(hw, 2);
	KUNIT_EXPECT_FALSE(test, flush_work(&ring->fill));
	KUNIT_EXPECT_NULL(test, ring->entries);
	/* It asks for entries, and is strict itself. */
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	flush_work(&ring->fill);
	KUNIT_EXPECT_NOT_NULL(test, ring->entries);
	ioflush_hw_scatter(hw, 1);
	KUNIT_EXPECT_EQ(test, 3, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	migrate_enable();

	for_each_possible_cpu(cpu)
		filled += !!per_cpu_ptr(hw->flush.all_rings, cpu)->entries;
	KUNIT_EXPECT_EQ(test, 1, filled);
}

#define FLUSH_CASES {							\
	KUNIT_CASE(flush_strict),					\
	KUNIT_CASE(flush_deferred_reuse),				\
	KUNIT_CASE(flush_merges),					\
	KUNIT_CASE(flush_merges_two),					\
	KUNIT_CASE(flush_keeps_apart),					\
	KUNIT_CASE(flush_high_water),					\
	KUNIT_CASE(flush_full),						\
	KUNIT_CASE(flush_covered),					\
	KUNIT_CASE(flush_not_covered),					\
	KUNIT_CASE(flush_not_covered_merged),				\
	KUNIT_CASE(flush_count_between),				\
	KUNIT_CASE(flush_timer),					\
	KUNIT_CASE(flush_timer_shared),					\
	KUNIT_CASE(flush_handed_again),					\
	KUNIT_CASE(flush_handed_goes),					\
	KUNIT_CASE(flush_offline),					\
	KUNIT_CASE(flush_offline_after),				\
	KUNIT_CASE(flush_timer_stays),					\
	KUNIT_CASE(flush_irqs_off),					\
	KUNIT_CASE(flush_no_rings),					\
	KUNIT_CASE(flush_fill),						\
	{}								\
}

static struct kunit_case flush_cases[] = FLUSH_CASES;

static struct kunit_suite flush_suite = {
	.name = "ioflush_flush",
	.test_cases = flush_cases,
};

static struct kunit_case flush_rcu_cases[] = FLUSH_CASES;

static struct kunit_suite flush_rcu_suite = {
	.name = "ioflush_flush_rcu",
	.suite_init = ioflush_hw_use_rcu,
	.suite_exit = ioflush_hw_use_ring,
	.test_cases = flush_rcu_cases,
};

kunit_test_suites(&flush_suite, &flush_rcu_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's flush layer");
MODULE_LICENSE("GPL");
