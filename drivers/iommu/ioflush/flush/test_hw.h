/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: hardware in software, for tests of the flush layer
 */
#ifndef _IOFLUSH_TEST_HW_H
#define _IOFLUSH_TEST_HW_H

#include <kunit/test.h>
#include <linux/log2.h>

#include "ring.h"

#define PAGE_LG2	12
#define PAGE		BIT(PAGE_LG2)

#define RING_SIZE	roundup_pow_of_two(ioflush_pending_entries)
#define RING_HIGH	(RING_SIZE / 4 * 3)

/**
 * struct ioflush_hw - the hardware and the flush state under test
 * @flush: the flush state
 * @pgt: its table
 * @space: where its IOVAs come from
 * @sim: its clock
 * @test: for expectations
 * @ranges: ranges invalidated
 * @bytes: bytes in them
 * @all: invalidations of the whole domain
 * @posts: calls that post something
 * @post_cpu: where the newest was made
 * @waits: waits for what was posted
 * @last: the newest range
 * @commands: that one range takes
 * @room: ranges that one call may post
 * @full: how many calls will find no room
 * @wait_ns: how long a wait takes, on the simulated clock
 * @during: called during a wait, or NULL
 * @watch: called when somebody looks if hardware is done, or NULL
 * @watching: for @watch: how often
 * @other: for @watch: other hardware
 * @irqs_off: the caller has interrupts off
 * @no_wait: the caller must not wait
 */
struct ioflush_hw {
	struct ioflush flush;
	struct iopgt pgt;
	struct iospace *space;
	struct ioflush_sim sim;
	struct kunit *test;
	unsigned int ranges;
	unsigned long bytes;
	unsigned int all;
	unsigned int posts;
	int post_cpu;
	unsigned int waits;
	struct ioflush_range last;
	unsigned int commands;
	unsigned int room;
	unsigned int full;
	u64 wait_ns;
	void (*during)(struct ioflush_hw *hw);
	void (*watch)(struct ioflush_hw *hw);
	unsigned int watching;
	struct ioflush_hw *other;
	bool irqs_off;
	bool no_wait;
};

extern bool ioflush_hw_engine_rcu;

struct ioflush_hw *ioflush_hw_start(struct kunit *test, u64 last,
				    bool deferred);
void ioflush_hw_stop(struct ioflush_hw *hw);
dma_addr_t ioflush_hw_alloc(struct ioflush_hw *hw, size_t bytes);
void ioflush_hw_unmapped(struct ioflush_hw *hw, dma_addr_t iova, size_t bytes);
void ioflush_hw_unmapped_held(struct ioflush_hw *hw, dma_addr_t iova,
			      size_t bytes, struct ioflush_hold *hold);
void ioflush_hw_scatter(struct ioflush_hw *hw, unsigned int n);
struct ioflush_ring *ioflush_hw_ring(struct ioflush_hw *hw);
int ioflush_hw_use_rcu(struct kunit_suite *suite);
void ioflush_hw_use_ring(struct kunit_suite *suite);

static inline unsigned long ioflush_hw_drains(const struct ioflush_hw *hw,
					      enum ioflush_reason reason)
{
	return ioflush_count(&hw->flush, IOFLUSH_N_DRAIN + reason);
}

#endif /* _IOFLUSH_TEST_HW_H */
