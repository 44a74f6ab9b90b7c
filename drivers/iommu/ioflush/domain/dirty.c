// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: which pages have devices written to? For migration, by iommufd
 */
#include "internal.h"

static void iodom_dirty_record(unsigned long iova, size_t bytes, void *arg)
{
	iommu_dirty_bitmap_record(arg, iova, bytes);
}

static int iodom_set_dirty_tracking(struct iommu_domain *domain, bool enabled)
{
	return iopgt_set_dirty_tracking(&to_iodom(domain)->pgt, enabled);
}

/*
 * The core's gather has one range, which would become as long as the scan. We
 * have several, and invalidate them here: when this returns a page that was
 * reported clean can be written by no device without being recorded. The core's
 * gather stays empty.
 */
static int iodom_read_and_clear_dirty(struct iommu_domain *domain,
				      unsigned long iova, size_t size,
				      unsigned long flags,
				      struct iommu_dirty_bitmap *dirty)
{
	const bool clear = !(flags & IOMMU_DIRTY_NO_CLEAR);
	struct iodom *dom = to_iodom(domain);
	struct iommu_dirty_bitmap report = { .bitmap = dirty->bitmap };
	struct iopgt_gather gather;
	int ret;

	/* Before the tracking starts: that makes all clean by itself. */
	if (!READ_ONCE(dom->pgt.dirty) && !dirty->bitmap)
		return 0;

	iopgt_gather_init(&gather, false);
	ret = iopgt_read_dirty(&dom->pgt, iova, size, clear, &gather,
			       iodom_dirty_record, &report);
	ioflush_sync(&dom->flush, &gather);
	return ret;
}

const struct iommu_dirty_ops iodom_dirty_ops = {
	.set_dirty_tracking = iodom_set_dirty_tracking,
	.read_and_clear_dirty = iodom_read_and_clear_dirty,
};
