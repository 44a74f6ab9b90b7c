// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of the flush layer against hardware in software
 *
 * The hardware is a pair of operations that record what is invalidated, and
 * check at that moment what must hold: the IOVAs under invalidation are not
 * yet free, no ring lock is held, interrupts are as the caller had them.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/ioflush/iova.h>
#include <linux/iommu.h>
#include <linux/smp.h>

#include "ring.h"

#define PAGE_LG2	12
#define PAGE		BIT(PAGE_LG2)

/**
 * struct hw - the hardware and the flush state under test
 * @flush: the flush state
 * @pgt: its table
 * @space: where its IOVAs come from
 * @test: for expectations
 * @ranges: ranges invalidated
 * @bytes: bytes in them
 * @all: invalidations of the whole domain
 * @last: the newest range
 * @during: called in the middle of an invalidation, or NULL
 * @irqs_off: interrupts that the caller has off
 */
struct hw {
	struct ioflush flush;
	struct iopgt pgt;
	struct iospace *space;
	struct kunit *test;
	unsigned int ranges;
	unsigned long bytes;
	unsigned int all;
	struct ioflush_range last;
	void (*during)(struct hw *hw);
	bool irqs_off;
};

static void hw_check(struct hw *hw)
{
	struct ioflush_ring *ring;

	if (hw->flush.rings) {
		ring = raw_cpu_ptr(hw->flush.rings);
		KUNIT_EXPECT_FALSE(hw->test, raw_spin_is_locked(&ring->lock));
	}
	KUNIT_EXPECT_EQ(hw->test, hw->irqs_off, irqs_disabled());
	if (hw->during)
		hw->during(hw);
}

static void hw_ranges(struct ioflush *flush, const struct ioflush_range *range,
		      unsigned int n)
{
	struct hw *hw = container_of(flush, struct hw, flush);

	hw_check(hw);
	for (unsigned int i = 0; i < n; i++)
		hw->bytes += range[i].last - range[i].start + 1;
	hw->ranges += n;
	hw->last = range[n - 1];
}

static void hw_all(struct ioflush *flush)
{
	struct hw *hw = container_of(flush, struct hw, flush);

	hw_check(hw);
	hw->all++;
}

static const struct ioflush_ops hw_ops = {
	.ranges = hw_ranges,
	.all = hw_all,
};

static void hw_stop(void *data)
{
	struct hw *hw = data;

	hw->during = NULL;
	ioflush_exit(&hw->flush);
	iospace_destroy(hw->space);
	iopgt_destroy(&hw->pgt);
}

static void window_restore(void *data)
{
	WRITE_ONCE(ioflush_window_us, (unsigned long)data);
}

/* @last: end of the IOVA space. The window is long: no timer interferes. */
static struct hw *hw_start(struct kunit *test, u64 last, bool deferred)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = PAGE,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct hw *hw = kunit_kzalloc(test, sizeof(*hw), GFP_KERNEL);
	void *window;

	KUNIT_ASSERT_NOT_NULL(test, hw);
	window = (void *)(unsigned long)ioflush_window_us;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, window_restore, window));
	WRITE_ONCE(ioflush_window_us, 1000 * USEC_PER_MSEC);

	hw->test = test;
	KUNIT_ASSERT_EQ(test, 0, iopgt_init(&hw->pgt, &iopgt_vtdss_ops, &cfg));
	hw->space = iospace_create(PAGE_LG2, PAGE, last);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(hw->space));
	KUNIT_ASSERT_EQ(test, 0, ioflush_init(&hw->flush, &hw_ops, &hw->pgt));
	hw->flush.space = hw->space;
	if (deferred)
		KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, hw_stop, hw));
	return hw;
}

static dma_addr_t hw_alloc(struct hw *hw, size_t bytes)
{
	return iospace_alloc(hw->space, bytes, U64_MAX, IOSPACE_STREAMING);
}

static void hw_unmapped(struct hw *hw, dma_addr_t iova, size_t bytes)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	iopgt_gather_add(&gather, iova, bytes, PAGE_LG2);
	ioflush_unmapped(&hw->flush, &gather, iova, bytes);
}

/* The space of these tests has one page: it is free or it is not. */
static void expect_not_free(struct hw *hw)
{
	KUNIT_EXPECT_EQ(hw->test, 0, hw_alloc(hw, PAGE));
}

/* strict: invalidated, with the IOVA still taken, when the unmap returns */
static void flush_strict(struct kunit *test)
{
	struct hw *hw = hw_start(test, 2 * PAGE - 1, false);
	dma_addr_t iova = hw_alloc(hw, PAGE);

	KUNIT_ASSERT_EQ(test, PAGE, iova);
	hw->during = expect_not_free;
	hw_unmapped(hw, iova, PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, PAGE, hw->last.start);
	KUNIT_EXPECT_EQ(test, 2 * PAGE - 1, hw->last.last);
	KUNIT_EXPECT_TRUE(test, hw->last.leaf_only);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	iova = hw_alloc(hw, PAGE);
	KUNIT_EXPECT_EQ(test, PAGE, iova);
	iospace_free(hw->space, iova, PAGE);
}

/* reuse: a deferred IOVA stays taken until the drain has invalidated it */
static void flush_deferred_reuse(struct kunit *test)
{
	struct hw *hw = hw_start(test, 2 * PAGE - 1, true);
	dma_addr_t iova = hw_alloc(hw, PAGE);

	KUNIT_ASSERT_EQ(test, PAGE, iova);
	hw_unmapped(hw, iova, PAGE);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	KUNIT_EXPECT_EQ(test, PAGE, ioflush_pending_bytes(&hw->flush));
	expect_not_free(hw);

	hw->during = expect_not_free;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, PAGE, hw->bytes);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));

	iova = hw_alloc(hw, PAGE);
	KUNIT_EXPECT_EQ(test, PAGE, iova);
	iospace_free(hw->space, iova, PAGE);
}

/* precision: what was mapped in a row is invalidated as one range */
static void flush_merges(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++) {
		iova[i] = hw_alloc(hw, PAGE);
		KUNIT_ASSERT_NE(test, 0, iova[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		hw_unmapped(hw, iova[i], PAGE);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_LE(test, hw->ranges, 2);	/* it may cross a chunk */
	KUNIT_EXPECT_EQ(test, 0, hw->all);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(iova) * PAGE, hw->bytes);
}

/* precision: what lies apart is not invalidated as one */
static void flush_keeps_apart(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i++)
		iova[i] = hw_alloc(hw, PAGE);
	for (unsigned int i = 0; i < ARRAY_SIZE(iova); i += 2)
		hw_unmapped(hw, iova[i], PAGE);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(iova) / 2, hw->ranges);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(iova) / 2 * PAGE, hw->bytes);

	for (unsigned int i = 1; i < ARRAY_SIZE(iova); i += 2)
		hw_unmapped(hw, iova[i], PAGE);
}

/* Unmap @n pages none of which touches another. */
static void unmap_scattered(struct hw *hw, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		dma_addr_t gap, iova;

		iova = hw_alloc(hw, PAGE);
		gap = hw_alloc(hw, PAGE);
		KUNIT_ASSERT_NE(hw->test, 0, iova);
		hw_unmapped(hw, iova, PAGE);
		iospace_free(hw->space, gap, PAGE);
	}
}

/* bounded: a ring drains at its high-water mark, many ranges as the domain */
static void flush_high_water(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);

	migrate_disable();
	unmap_scattered(hw, IOFLUSH_HIGH_WATER_MARK - 1);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	unmap_scattered(hw, 1);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DRAIN +
					       IOFLUSH_HIGH_WATER));
}

static void fill_during(struct hw *hw)
{
	hw->during = NULL;
	unmap_scattered(hw, IOFLUSH_RING_SIZE);
}

/* bounded: with the ring full in the middle of a drain, unmaps go strict */
static void flush_full(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);
	unsigned int before;

	migrate_disable();
	hw->during = fill_during;
	before = IOFLUSH_HIGH_WATER_MARK;
	unmap_scattered(hw, before);
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
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova = hw_alloc(hw, PAGE);

	hw_unmapped(hw, iova, PAGE);
	ioflush_all(&hw->flush);
	KUNIT_EXPECT_EQ(test, 1, hw->all);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_COVERED));
}

static void push_during(struct hw *hw)
{
	hw->during = NULL;
	hw_unmapped(hw, hw_alloc(hw, PAGE), PAGE);
}

/* counters: one that had begun before the unmap does not cover it */
static void flush_not_covered(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);

	hw->during = push_during;
	ioflush_all(&hw->flush);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_count(&hw->flush, IOFLUSH_N_COVERED));
}

/* counters: a part merged later is covered only as late as it came */
static void flush_not_covered_merged(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);
	dma_addr_t iova = hw_alloc(hw, PAGE), next = hw_alloc(hw, PAGE);

	KUNIT_ASSERT_EQ(test, iova + PAGE, next);
	hw_unmapped(hw, iova, PAGE);
	ioflush_all(&hw->flush);
	hw_unmapped(hw, next, PAGE);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_MERGED));
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
}

/* window: an idle CPU's ring is drained by its timer */
static void flush_timer(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);

	WRITE_ONCE(ioflush_window_us, 2000);
	hw_unmapped(hw, hw_alloc(hw, PAGE), PAGE);
	for (unsigned int i = 0; i < 500; i++) {
		if (!ioflush_pending_bytes(&hw->flush))
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_GT(test, atomic64_read(&hw->flush.window_max_ns), 0);
}

static void push_here(void *data)
{
	struct hw *hw = data;

	hw_unmapped(hw, hw_alloc(hw, PAGE), PAGE);
}

/* window: a CPU that goes offline leaves nothing behind */
static void flush_offline(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, true);
	unsigned int cpu = cpumask_last(cpu_online_mask);

	if (!cpu || !IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs a second CPU that can go offline");
	KUNIT_ASSERT_EQ(test, 0, smp_call_function_single(cpu, push_here, hw, 1));
	KUNIT_ASSERT_EQ(test, PAGE, ioflush_pending_bytes(&hw->flush));
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_EXPECT_EQ(test, 0, ioflush_pending_bytes(&hw->flush));
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DRAIN +
					       IOFLUSH_OFFLINE));
	KUNIT_EXPECT_EQ(test, 0, add_cpu(cpu));
}

/* waiting: a caller with interrupts off keeps them so, and is served */
static void flush_irqs_off(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, false);
	dma_addr_t iova = hw_alloc(hw, PAGE);
	unsigned long flags;

	hw->irqs_off = true;
	local_irq_save(flags);
	hw_unmapped(hw, iova, PAGE);
	local_irq_restore(flags);
	hw->irqs_off = false;
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
}

/* Without rings, as just after a switch to lazy, unmaps are strict. */
static void flush_no_rings(struct kunit *test)
{
	struct hw *hw = hw_start(test, BIT_ULL(39) - 1, false);

	hw_unmapped(hw, hw_alloc(hw, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	hw_unmapped(hw, hw_alloc(hw, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
}

static struct kunit_case flush_cases[] = {
	KUNIT_CASE(flush_strict),
	KUNIT_CASE(flush_deferred_reuse),
	KUNIT_CASE(flush_merges),
	KUNIT_CASE(flush_keeps_apart),
	KUNIT_CASE(flush_high_water),
	KUNIT_CASE(flush_full),
	KUNIT_CASE(flush_covered),
	KUNIT_CASE(flush_not_covered),
	KUNIT_CASE(flush_not_covered_merged),
	KUNIT_CASE(flush_timer),
	KUNIT_CASE(flush_offline),
	KUNIT_CASE(flush_irqs_off),
	KUNIT_CASE(flush_no_rings),
	{}
};

static struct kunit_suite flush_suite = {
	.name = "ioflush_flush",
	.test_cases = flush_cases,
};

kunit_test_suite(flush_suite);

MODULE_DESCRIPTION("KUnit tests of ioflush's flush layer");
MODULE_LICENSE("GPL");
