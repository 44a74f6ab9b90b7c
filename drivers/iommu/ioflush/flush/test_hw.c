// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: hardware in software, for tests of the flush layer
 *
 * It records what is invalidated, and checks at that moment what must hold: what
 * is posted is so with interrupts off and, if it is a ring's, under the lock under
 * which it was taken from there; where there is a wait, no ring's lock is held and
 * interrupts are as the caller had them. What is posted takes effect at once,
 * which hardware may do. Time stands still unless a test or a wait for the
 * hardware moves it.
 */
#include <linux/ioflush/iova.h>
#include <linux/smp.h>

#include "test_hw.h"

/* The engine of the suite that is running. Suites run one after the other. */
bool ioflush_hw_engine_rcu;

static struct ioflush_hw *to_hw(struct ioflush *flush)
{
	return container_of(flush, struct ioflush_hw, flush);
}

/* A ring that this hardware is about: on any CPU, as tests run one at a time. */
static struct ioflush_ring *hw_locked(struct ioflush_hw *hw)
{
	int cpu;

	if (!hw->flush.all_rings)
		return NULL;
	for_each_possible_cpu(cpu) {
		struct ioflush_ring *ring = per_cpu_ptr(hw->flush.all_rings,
							cpu);

		if (bit_spin_is_locked(0, &ring->lock))
			return ring;
	}
	return NULL;
}

/* Here hardware is waited for, and anything may happen. */
static void hw_open(struct ioflush_hw *hw)
{
	KUNIT_EXPECT_NULL(hw->test, hw_locked(hw));
	KUNIT_EXPECT_EQ(hw->test, hw->irqs_off, irqs_disabled());
	KUNIT_EXPECT_FALSE(hw->test, hw->no_wait);
	if (hw->during)
		hw->during(hw);
}

static void hw_record(struct ioflush_hw *hw, const struct ioflush_range *range,
		      unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		hw->bytes += range[i].last - range[i].start + 1;
	hw->ranges += n;
	hw->last = range[n - 1];
}

static void hw_ranges(struct ioflush *flush, const struct ioflush_range *range,
		      unsigned int n)
{
	struct ioflush_hw *hw = to_hw(flush);

	hw_record(hw, range, n);
	hw_open(hw);
}

static bool hw_post(struct ioflush *flush, struct ioflush_post *post)
{
	struct ioflush_hw *hw = to_hw(flush);
	struct ioflush_ring *ring = hw_locked(hw);

	KUNIT_EXPECT_TRUE(hw->test, irqs_disabled());
	/* Else it is ioflush_all(). */
	if (ring) {
		KUNIT_EXPECT_PTR_EQ(hw->test, post->token, &ring->token);
		KUNIT_EXPECT_NE(hw->test, ring->posted, ring->tail);
	} else {
		KUNIT_EXPECT_NULL(hw->test, post->range);
	}
	hw->posts++;
	hw->post_cpu = smp_processor_id();
	post->token->n = 1;
	if (hw->full) {
		hw->full--;
		return false;
	}
	if (post->range) {
		post->n = min(post->n, hw->room);
		hw_record(hw, post->range, post->n);
		post->commands += post->n * hw->commands;
	} else {
		hw->all++;
		post->commands++;
	}
	return true;
}

static void hw_wait(struct ioflush *flush, const struct ioflush_token *token)
{
	struct ioflush_hw *hw = to_hw(flush);

	hw->waits++;
	hw_open(hw);
	hw->sim.now_ns += hw->wait_ns;
}

/* It is soon enough for a timer, or the test says that it is not. */
static bool hw_finished(struct ioflush *flush,
			const struct ioflush_token *token)
{
	struct ioflush_hw *hw = to_hw(flush);

	KUNIT_EXPECT_NULL(hw->test, hw_locked(hw));
	if (hw->watch)
		hw->watch(hw);
	hw->sim.now_ns += hw->wait_ns;
	return true;
}

static const struct ioflush_ops hw_ops = {
	.ranges = hw_ranges,
	.post = hw_post,
	.wait = hw_wait,
	.finished = hw_finished,
};

static void hw_stop(void *data)
{
	struct ioflush_hw *hw = data;

	/* Others may look at it until then. */
	if (hw->during)
		hw->during = NULL;
	ioflush_exit(&hw->flush);
	iospace_destroy(hw->space);
	iopgt_destroy(&hw->pgt);
}

/**
 * ioflush_hw_stop() - take a flush state down before the test ends
 * @hw: the hardware
 *
 * Context: process context.
 */
void ioflush_hw_stop(struct ioflush_hw *hw)
{
	kunit_release_action(hw->test, hw_stop, hw);
}

/* Whichever CPU a test is on, times are the same. */
static void hw_defer(struct ioflush_hw *hw)
{
	int cpu;

	KUNIT_ASSERT_EQ(hw->test, 0, ioflush_enable_deferred(&hw->flush));
	for_each_possible_cpu(cpu)
		per_cpu_ptr(hw->flush.all_rings, cpu)->stagger = 0;
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
	hw->room = IOFLUSH_RANGES_MAX;
	hw->sim.now_ns = NSEC_PER_SEC;
	KUNIT_ASSERT_EQ(test, 0, iopgt_init(&hw->pgt, &iopgt_vtdss_ops, &cfg));
	hw->space = iospace_create(PAGE, last);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(hw->space));
	KUNIT_ASSERT_EQ(test, 0, ioflush_init(&hw->flush, &hw_ops, &hw->pgt));
	hw->flush.space = hw->space;
	hw->flush.sim = &hw->sim;
	hw->flush.engine_rcu = ioflush_hw_engine_rcu;
	hw->flush.lone = 0;
	if (deferred)
		hw_defer(hw);
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
 * ioflush_hw_unmapped_held() - the same, of memory that is to be held
 * @hw: the hardware
 * @iova: its address
 * @bytes: its length
 * @hold: the memory, with references that go
 *
 * Context: any context.
 */
void ioflush_hw_unmapped_held(struct ioflush_hw *hw, dma_addr_t iova,
			      size_t bytes, struct ioflush_hold *hold)
{
	struct iopgt_gather gather;

	iopgt_gather_init(&gather, true);
	iopgt_gather_add(&gather, iova, bytes, PAGE_LG2);
	ioflush_unmapped_held(&hw->flush, &gather, iova, bytes, hold);
}

/**
 * ioflush_hw_scatter() - unmap pages none of which touches another
 * @hw: the hardware
 * @n: how many
 *
 * With interrupts off if that is what @hw expects. They are on while the addresses
 * come, of which the tree's cannot be had without a lock.
 *
 * Context: any context.
 */
void ioflush_hw_scatter(struct ioflush_hw *hw, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		dma_addr_t gap, iova;
		unsigned long flags;

		iova = ioflush_hw_alloc(hw, PAGE);
		gap = ioflush_hw_alloc(hw, PAGE);
		KUNIT_ASSERT_NE(hw->test, 0, iova);
		if (hw->irqs_off)
			local_irq_save(flags);
		ioflush_hw_unmapped(hw, iova, PAGE);
		if (hw->irqs_off)
			local_irq_restore(flags);
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
