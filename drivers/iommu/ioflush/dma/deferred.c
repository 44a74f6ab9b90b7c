// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device that is still at work for the kernel that crashed
 *
 * In a kernel that was started by a crash, a device goes on with DMA by what the
 * kernel before has told it, until its driver resets it. So the driver of the IOMMU
 * has the core defer that it is attached (see ->is_attach_deferred), and leaves it the
 * old translations until somebody needs new ones. Who does comes through here: such a
 * device has a table of operations of its own, whose functions attach it before they
 * map anything. Other devices are not asked.
 *
 * A driver gets memory for its device's rings after it has reset it, as a rule. The
 * latest time is when its probe is over.
 *
 * To attach a device may sleep. Mappings in interrupts, with these off or under a
 * spinlock fail until something has been mapped elsewhere, or the probe is over.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/cleanup.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/preempt.h>

#include "internal.h"

/* One device arrives at a time: the core's functions do not lock. */
static DEFINE_MUTEX(iodma_arrival);

/* Attach a device, or the one it does DMA through, and have it use @ops from now on. */
static int iodma_attach_now(struct device *dev)
{
	struct device *owner = iodma_owner(dev);
	int ret;

	if (!owner)
		return -ENODEV;
	guard(mutex)(&iodma_arrival);
	ret = iommu_deferred_attach(owner, iommu_get_dma_domain(owner));
	if (ret)
		return ret;
	set_dma_ops(owner, iodma_table_for(owner));
	set_dma_ops(dev, get_dma_ops(owner));
	return 0;
}

/**
 * iodma_arrive() - attach a device whose attachment was deferred
 * @dev: a device with iodma_deferred_ops
 *
 * Context: process context; elsewhere it fails.
 * Return: the operations that the device has from now on, or NULL; the log says why.
 */
const struct dma_map_ops *iodma_arrive(struct device *dev)
{
	int ret = -EWOULDBLOCK;

	/* Of spinlocks not all kernels keep count. */
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT) ? preemptible() :
	    !in_interrupt() && !irqs_disabled())
		ret = iodma_attach_now(dev);
	if (!ret)
		return get_dma_ops(dev);
	dev_err_ratelimited(dev, "is left to the kernel before, and cannot do DMA: error %d\n",
			    ret);
	return NULL;
}

static void *iodma_deferred_alloc(struct device *dev, size_t size,
				  dma_addr_t *handle, gfp_t gfp,
				  unsigned long attrs)
{
	const struct dma_map_ops *ops = iodma_arrive(dev);

	return ops ? ops->alloc(dev, size, handle, gfp, attrs) : NULL;
}

static struct page *iodma_deferred_alloc_pages(struct device *dev, size_t size,
					       dma_addr_t *handle,
					       enum dma_data_direction dir,
					       gfp_t gfp)
{
	const struct dma_map_ops *ops = iodma_arrive(dev);

	return ops ? ops->alloc_pages_op(dev, size, handle, dir, gfp) : NULL;
}

static int iodma_deferred_map_sg(struct device *dev, struct scatterlist *sgl,
				 int nents, enum dma_data_direction dir,
				 unsigned long attrs)
{
	const struct dma_map_ops *ops = iodma_arrive(dev);

	return ops ? ops->map_sg(dev, sgl, nents, dir, attrs) : -EIO;
}

/*
 * Of what was not mapped yet nothing can be given back, or synchronised. But drivers ask
 * early whether they will have to synchronise, and that is known by these being there.
 */
const struct dma_map_ops iodma_deferred_ops = {
	.alloc = iodma_deferred_alloc,
	.alloc_pages_op = iodma_deferred_alloc_pages,
	IODMA_MAP_OPS(iodma_deferred),
	.map_sg = iodma_deferred_map_sg,
	.sync_single_for_cpu = iodma_sync_single_for_cpu,
	.sync_single_for_device = iodma_sync_single_for_device,
	.sync_sg_for_cpu = iodma_sync_sg_for_cpu,
	.sync_sg_for_device = iodma_sync_sg_for_device,
	.dma_supported = iodma_supported,
	.get_required_mask = iodma_get_required_mask,
	.max_mapping_size = iodma_max_mapping_size,
	.opt_mapping_size = iodma_opt_mapping_size,
	.get_merge_boundary = iodma_get_merge_boundary,
};
