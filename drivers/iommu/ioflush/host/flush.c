// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: has a driver of mainline's invalidate what was unmapped
 *
 * Its interface has no two halves: who has hardware told waits for it, too, with
 * interrupts off as a rule. So what is posted here has finished, and there is never
 * anything to wait for. Its locks are spinlocks that it takes with interrupts off,
 * so it may be called from the window's timer, but not with PREEMPT_RT.
 */
#include <linux/iommu.h>

#include "host.h"

/* Under a range that has lost a table the driver's own caches of tables go, too. */
static void iohost_invalidate(struct iommu_domain *core,
			      const struct ioflush_range *range)
{
	struct iommu_iotlb_gather gather;

	if (unlikely(!range->leaf_only)) {
		iommu_flush_iotlb_all(core);
		return;
	}
	iommu_iotlb_gather_init(&gather);
	gather.start = range->start;
	gather.end = range->last;
	gather.pgsize = BIT(range->leaf_lg2);
	iommu_iotlb_sync(core, &gather);
}

static struct iommu_domain *iohost_core(struct ioflush *flush)
{
	return to_iohost(container_of(flush, struct iodom, flush))->core;
}

static void iohost_ranges(struct ioflush *flush,
			  const struct ioflush_range *range, unsigned int n)
{
	while (n--)
		iohost_invalidate(iohost_core(flush), range++);
}

static bool iohost_post(struct ioflush *flush, struct ioflush_post *post)
{
	if (!post->range) {
		iommu_flush_iotlb_all(iohost_core(flush));
		post->commands++;
		return true;
	}
	iohost_ranges(flush, post->range, post->n);
	post->commands += post->n;
	return true;
}

static void iohost_wait(struct ioflush *flush,
			const struct ioflush_token *token)
{
}

static bool iohost_finished(struct ioflush *flush,
			    const struct ioflush_token *token)
{
	return true;
}

const struct ioflush_ops iohost_flush_ops = {
	.ranges = iohost_ranges,
	.post = iohost_post,
	.wait = iohost_wait,
	.finished = iohost_finished,
};
