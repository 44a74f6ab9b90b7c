// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: tests of memory that is held until an invalidation has finished
 *
 * A test keeps a reference to each folio, to count the others.
 */
#include <linux/ioflush/iova.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "test_hw.h"

#define FOLIOS	4

static struct folio *folios[FOLIOS];

static void put_folio(void *folio)
{
	folio_put(folio);
}

static struct folio *new_folio(struct kunit *test, unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_folio, folio));
	return folio;
}

/* A domain that defers, and holds memory, and folios of a page each. */
static struct ioflush_hw *hold_start(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	int cpu;

	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_holds(&hw->flush));
	for_each_possible_cpu(cpu)
		KUNIT_ASSERT_EQ(test, 0,
				ioflush_ring_fill(per_cpu_ptr(hw->flush.all_rings, cpu),
						  GFP_KERNEL));
	for (unsigned int i = 0; i < FOLIOS; i++)
		folios[i] = new_folio(test, 0);
	return hw;
}

/* Unmap a page none of whose neighbours is unmapped. */
static void unmap_held(struct ioflush_hw *hw, struct folio *folio)
{
	struct ioflush_hold hold = { .n = 1, .folio = { folio } };
	dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);
	dma_addr_t gap = ioflush_hw_alloc(hw, PAGE);

	KUNIT_ASSERT_NE(hw->test, 0, gap);
	folio_get(folio);
	ioflush_hw_unmapped_held(hw, iova, PAGE, &hold);
	iospace_free(hw->space, gap, PAGE);
}

static unsigned long held_bytes(struct ioflush_hw *hw)
{
	struct ioflush_pending pending;

	ioflush_get_pending(&hw->flush, &pending);
	return pending.held;
}

static void expect_held(struct ioflush_hw *hw)
{
	KUNIT_EXPECT_EQ(hw->test, 2, folio_ref_count(folios[0]));
}

static void expect_not_held(struct ioflush_hw *hw)
{
	KUNIT_EXPECT_EQ(hw->test, 1, folio_ref_count(folios[0]));
}

/* held: until the invalidation has finished, and no longer */
static void hold_until_done(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);

	unmap_held(hw, folios[0]);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges + hw->all);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, held_bytes(hw));
	expect_held(hw);

	hw->during = expect_held;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 0, held_bytes(hw));
	expect_not_held(hw);
}

/* held: a domain that becomes strict holds nothing */
static void hold_tighten(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);

	unmap_held(hw, folios[0]);
	ioflush_disable_deferred(&hw->flush);
	expect_not_held(hw);

	/* It is invalidated at once then. */
	unmap_held(hw, folios[0]);
	expect_not_held(hw);
	KUNIT_EXPECT_EQ(test, 2, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));
}

static void unmap_again(struct ioflush_hw *hw)
{
	hw->during = NULL;
	unmap_held(hw, folios[0]);
}

/* held: once for what is sent in pieces; anew for what comes after it was posted */
static void hold_newest_once(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);

	migrate_disable();
	unmap_held(hw, folios[0]);
	unmap_held(hw, folios[0]);
	expect_held(hw);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, held_bytes(hw));

	hw->during = unmap_again;
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, PAGE, ioflush_pending_bytes(&hw->flush));
	expect_held(hw);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	expect_not_held(hw);
}

/* held: which entry a folio came with is not known, so all go with the last one */
static void hold_partly_posted(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);
	struct ioflush_steps steps = {};
	struct ioflush_ring *ring;
	unsigned long flags;

	migrate_disable();
	ring = ioflush_hw_ring(hw);
	hw->room = 1;
	for (unsigned int i = 0; i < FOLIOS; i++)
		unmap_held(hw, folios[i]);
	ioflush_ring_lock(ring, &flags);
	KUNIT_EXPECT_EQ(test, IOFLUSH_STEP_MORE, ioflush_ring_step(ring, &steps));
	ioflush_ring_unlock(ring, flags);
	migrate_enable();
	ioflush_ring_finish(ring);
	KUNIT_EXPECT_EQ(test, (FOLIOS - 1) * PAGE,
			ioflush_pending_bytes(&hw->flush));
	for (unsigned int i = 0; i < FOLIOS; i++)
		KUNIT_EXPECT_EQ(test, 2, folio_ref_count(folios[i]));
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	for (unsigned int i = 0; i < FOLIOS; i++)
		KUNIT_EXPECT_EQ(test, 1, folio_ref_count(folios[i]));
}

static void restore_limit(void *bytes)
{
	WRITE_ONCE(ioflush_held_bytes_max, (unsigned long)bytes);
}

static void limit_held(struct kunit *test, unsigned long bytes)
{
	void *was = (void *)ioflush_held_bytes_max;

	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, restore_limit, was));
	WRITE_ONCE(ioflush_held_bytes_max, bytes);
}

/* held: no more than a CPU may; all that an unmap brings, or nothing of it */
static void hold_bounded(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);
	struct folio *large = new_folio(test, 2);
	struct ioflush_hold hold = { .n = 2, .folio = { folios[0], large } };
	dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);

	limit_held(test, 4 * PAGE_SIZE);
	folio_get(folios[0]);
	folio_get(large);
	ioflush_hw_unmapped_held(hw, iova, PAGE, &hold);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_FULL));
	KUNIT_EXPECT_EQ(test, 1, folio_ref_count(large));
	expect_not_held(hw);
	KUNIT_EXPECT_EQ(test, 0, held_bytes(hw));
}

/* held: at three quarters of that the ring is drained */
static void hold_high_water(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);

	limit_held(test, 4 * PAGE_SIZE);
	migrate_disable();
	for (unsigned int i = 0; i < FOLIOS - 1; i++)
		unmap_held(hw, folios[i]);
	KUNIT_EXPECT_EQ(test, 0, ioflush_hw_drains(hw, IOFLUSH_HIGH_WATER));
	unmap_held(hw, folios[FOLIOS - 1]);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, ioflush_hw_drains(hw, IOFLUSH_HIGH_WATER));
	expect_not_held(hw);
}

/* held: as many folios as there are entries, with several for an unmap */
static void hold_many(struct kunit *test)
{
	struct ioflush_hw *hw = hold_start(test);
	struct ioflush_hold hold = {};
	unsigned int unmaps = RING_SIZE / IOFLUSH_HOLD_MAX + 1;
	unsigned int drains;

	limit_held(test, 2 * RING_SIZE * PAGE_SIZE);
	for (unsigned int i = 0; i < IOFLUSH_HOLD_MAX; i++)
		hold.folio[i] = folios[i % FOLIOS];
	migrate_disable();
	for (unsigned int i = 0; i < unmaps; i++) {
		dma_addr_t iova = ioflush_hw_alloc(hw, PAGE);

		hold.n = IOFLUSH_HOLD_MAX;
		for (unsigned int j = 0; j < hold.n; j++)
			folio_get(hold.folio[j]);
		ioflush_hw_unmapped_held(hw, iova, PAGE, &hold);
	}
	migrate_enable();
	drains = ioflush_hw_drains(hw, IOFLUSH_HIGH_WATER);
	KUNIT_EXPECT_EQ(test, 1, drains);
	KUNIT_EXPECT_EQ(test, 0, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	for (unsigned int i = 0; i < FOLIOS; i++)
		KUNIT_EXPECT_EQ(test, 1, folio_ref_count(folios[i]));
}

/* held: only what is brought is deferred, unless all is to be */
static void hold_only(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, false);

	folios[0] = new_folio(test, 0);
	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_holds(&hw->flush));
	unmap_held(hw, folios[0]);
	KUNIT_EXPECT_EQ(test, 0, hw->ranges);
	/* As if it had begun while the domain was lazy. */
	ioflush_hw_unmapped(hw, ioflush_hw_alloc(hw, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, 1, hw->ranges);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));

	/* And the other way round. */
	ioflush_disable_deferred(&hw->flush);
	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	unmap_held(hw, folios[0]);
	KUNIT_EXPECT_EQ(test, 2, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));
	/* Neither for lack of room. */
	KUNIT_EXPECT_EQ(test, 0, ioflush_count(&hw->flush, IOFLUSH_N_FULL));
	expect_not_held(hw);
}

/* held: a ring has room for references when somebody has brought one */
static void hold_fill(struct kunit *test)
{
	struct ioflush_hw *hw = ioflush_hw_start(test, BIT_ULL(39) - 1, true);
	struct ioflush_ring *ring;

	folios[0] = new_folio(test, 0);
	KUNIT_ASSERT_EQ(test, 0, ioflush_enable_holds(&hw->flush));
	migrate_disable();
	ring = ioflush_hw_ring(hw);
	KUNIT_EXPECT_NULL(test, ring->held);
	unmap_held(hw, folios[0]);
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_STRICT));
	expect_not_held(hw);
	flush_work(&ring->fill);
	KUNIT_EXPECT_NOT_NULL(test, ring->held);
	unmap_held(hw, folios[0]);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, 1, ioflush_count(&hw->flush, IOFLUSH_N_DEFERRED));
	expect_held(hw);
	ioflush_drain(&hw->flush, IOFLUSH_TIGHTEN);
	expect_not_held(hw);
}

static struct kunit_case hold_cases[] = {
	KUNIT_CASE(hold_until_done),
	KUNIT_CASE(hold_tighten),
	KUNIT_CASE(hold_newest_once),
	KUNIT_CASE(hold_partly_posted),
	KUNIT_CASE(hold_bounded),
	KUNIT_CASE(hold_high_water),
	KUNIT_CASE(hold_many),
	KUNIT_CASE(hold_only),
	KUNIT_CASE(hold_fill),
	{}
};

static struct kunit_suite hold_suite = {
	.name = "ioflush_flush_hold",
	.test_cases = hold_cases,
};

kunit_test_suite(hold_suite);

MODULE_DESCRIPTION("KUnit tests of memory that ioflush holds");
MODULE_LICENSE("GPL");
