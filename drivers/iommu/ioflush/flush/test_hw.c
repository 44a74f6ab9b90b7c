// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: hardware in software, for tests of the flush layer
 *
 * It records what is invalidated, and checks at that moment what must hold: no
 * ring lock is held, interrupts are as the caller had them. What is queued
 * takes effect at once, which hardware may do. Time stands still unless a test
 * or a wait for the hardware moves it.
 */
#include <linux/ioflush/iova.h>

#include "test_hw.h"

/* The engine of the suite that is running. Suites run one after the other. */
bool ioflush_hw_engine_rcu;

static struct ioflush_hw *to_hw(struct ioflush *flush)
{
	return container_of(flush, struct ioflush_hw, flush);
}

static void hw_check(struct ioflush_hw *hw)
{
	struct ioflush_ring *ring;

	if (hw->flush.all_rings) {
		ring = raw_cpu_ptr(hw->flush.all_rings);
		KUNIT_EXPECT_FALSE(hw->test, bit_spin_is_locked(0, &ring->lock));
	}
	/* The last step of the window is taken by the timer itself. */
	if (!in_hardirq())
		KUNIT_EXPECT_EQ(hw->test, hw->irqs_off, irqs_disabled());
	if (hw->during)
		hw->during(hw);
}

static void hw_ranges(struct ioflush *flush, const struct ioflush_range *range,
		      unsigned int n)
{
	struct ioflush_hw *hw = to_hw(flush);

	hw_check(hw);
	for (unsigned int i = 0; i < n; i++)
		hw->bytes += range[i].last - range[i].start + 1;
	hw->ranges += n;
	hw->last = range[n - 1];
}

static unsigned int hw_queue(struct ioflush *flush,
			     const struct ioflush_range *range, unsigned int n,
			     struct ioflush_token *token)
{
	struct ioflush_hw *hw = to_hw(flush);

	token->n = 1;
	hw->queued = true;
	if (n) {
		hw_ranges(flush, range, n);
		return n * hw->commands;
	}
	hw_check(hw);
	hw->all++;
	return 1;
}

static void hw_wait(struct ioflush *flush, struct ioflush_token *token)
{
	struct ioflush_hw *hw = to_hw(flush);

	token->n = 0;
	hw->waits++;
	hw->queued = false;
	hw->sim.now_ns += hw->wait_ns;
}

static const struct ioflush_ops hw_ops = {
	.ranges = hw_ranges,
	.queue = hw_queue,
	.wait = hw_wait,
};

static void hw_stop(void *data)
{
	struct ioflush_hw *hw = data;

	hw->during = NULL;
	ioflush_exit(&hw->flush);
	iospace_destroy(hw->space);
	iopgt_destroy(&hw->pgt);
}

static void window_restore(void *data)
{
	WRITE_ONCE(ioflush_window_us, (unsigned long)data);
}

/**
 * ioflush_hw_start() - set up a flush state
 * @test: the test, at whose end it goes
 * @last: end of the IOVA space
 * @deferred: with rings
 *
 * Context: process context.
 * Return: the hardware.
 */
struct ioflush_hw *ioflush_hw_start(struct kunit *test, u64 last, bool deferred)
{
	static const struct iopgt_cfg cfg = {
		.ias_bits = 39,
		.oas_bits = 46,
		.pgsize_bitmap = PAGE,
		.coherent_walk = true,
		.nid = NUMA_NO_NODE,
	};
	struct ioflush_hw *hw = kunit_kzalloc(test, sizeof(*hw), GFP_KERNEL);
	void *window = (void *)(unsigned long)ioflush_window_us;

	KUNIT_ASSERT_NOT_NULL(test, hw);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, window_restore, window));

	hw->test = test;
	hw->commands = 1;
	hw->sim.now_ns = NSEC_PER_SEC;
	KUNIT_ASSERT_EQ(test, 0, iopgt_init(&hw->pgt, &iopgt_vtdss_ops, &cfg));
	hw->space = iospace_create(PAGE, last);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(hw->space));
	KUNIT_ASSERT_EQ(test, 0, ioflush_init(&hw->flush, &hw_ops, &hw->pgt));
	hw->flush.space = hw->space;
	hw->flush.sim = &hw->sim;
	hw->flush.engine_rcu = ioflush_hw_engine_rcu;
	if (deferred)
		KUNIT_ASSERT_EQ(test, 0, ioflush_enable_deferred(&hw->flush));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, hw_stop, hw));
	return hw;
}

/**
 * ioflush_hw_alloc() - an IOVA, as for a mapping
 * @hw: the hardware
 * @bytes: length
 *
 * Context: any context.
 * Return: the address or 0.
 */
dma_addr_t ioflush_hw_alloc(struct ioflush_hw *hw, size_t bytes)
{
	return iospace_alloc(hw->space, bytes, U64_MAX, IOSPACE_STREAMING);
}

/**
 * ioflush_hw_unmapped() - as if a mapping had been cleared
 * @hw: the hardware
 * @iova: its address
 * @bytes: its length
 *
 * Context: any context.
 */
void ioflush_hw_unmapped(struct ioflush_hw *hw, dma_addr_t iova, size_t bytes)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	iopgt_gather_add(&gather, iova, bytes, PAGE_LG2);
	ioflush_unmapped(&hw->flush, &gather, iova, bytes);
}

/**
 * ioflush_hw_scatter() - unmap pages none of which touches another
 * @hw: the hardware
 * @n: how many
 *
 * Context: any context.
 */
void ioflush_hw_scatter(struct ioflush_hw *hw, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		dma_addr_t gap, iova;

		iova = ioflush_hw_alloc(hw, PAGE);
		gap = ioflush_hw_alloc(hw, PAGE);
		KUNIT_ASSERT_NE(hw->test, 0, iova);
		ioflush_hw_unmapped(hw, iova, PAGE);
		iospace_free(hw->space, gap, PAGE);
	}
}

/**
 * ioflush_hw_ring() - the ring that is pushed to
 * @hw: the hardware, in deferred mode
 *
 * Context: migration off.
 * Return: this CPU's ring.
 */
struct ioflush_ring *ioflush_hw_ring(struct ioflush_hw *hw)
{
	return raw_cpu_ptr(hw->flush.all_rings);
}

/**
 * ioflush_hw_use_rcu() - what follows uses the RCU engine
 * @suite: the suite that begins
 *
 * Context: process context.
 * Return: 0.
 */
int ioflush_hw_use_rcu(struct kunit_suite *suite)
{
	ioflush_hw_engine_rcu = true;
	return 0;
}

/**
 * ioflush_hw_use_ring() - what follows uses the engine of rings and timers
 * @suite: the suite that ends
 *
 * Context: process context.
 */
void ioflush_hw_use_ring(struct kunit_suite *suite)
{
	ioflush_hw_engine_rcu = false;
}
