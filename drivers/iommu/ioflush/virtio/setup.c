// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: finds virtio-iommus and brings them up
 *
 * Mainline's driver for the same devices comes at device_initcall, as do the buses that
 * find them. Of two drivers that match, the driver core tries the one first that was
 * registered first, which this one is; or it is not registered at all.
 *
 * Which devices are behind which unit, firmware says: in the VIOT table of ACPI, or in
 * the device tree. The kernel reads both, and looks for CONFIG_VIRTIO_IOMMU before it
 * has others wait for a unit.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/ioflush/iova.h>
#include <linux/ioflush/ioflush.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

#include "virtio.h"

#ifdef MODULE_PARAM_PREFIX
#undef MODULE_PARAM_PREFIX
#endif
#define MODULE_PARAM_PREFIX "ioflush."

/* Asked for, as it is not what the other drivers are yet: see the README. */
static bool vtiommu_asked;
module_param_named(virtio, vtiommu_asked, bool, 0444);
MODULE_PARM_DESC(virtio, "drive virtio-iommus, too (default: no)");

/* Protects the list of units. */
static DEFINE_MUTEX(vtiommu_units_lock);
static LIST_HEAD(vtiommu_units);

/**
 * vtiommu_unit_of() - find a unit
 * @fwnode: what firmware has for the device that it is; NULL for any unit
 *
 * Context: process context.
 * Return: the unit, or NULL.
 */
struct vtiommu_unit *vtiommu_unit_of(const struct fwnode_handle *fwnode)
{
	struct vtiommu_unit *unit, *found = NULL;

	mutex_lock(&vtiommu_units_lock);
	list_for_each_entry(unit, &vtiommu_units, node) {
		if (fwnode && dev_fwnode(unit->vdev->dev.parent) != fwnode)
			continue;
		found = unit;
		break;
	}
	mutex_unlock(&vtiommu_units_lock);
	return found;
}

static void vtiommu_unit_list(struct vtiommu_unit *unit)
{
	mutex_lock(&vtiommu_units_lock);
	list_add_tail(&unit->node, &vtiommu_units);
	mutex_unlock(&vtiommu_units_lock);
}

static void vtiommu_unit_unlist(struct vtiommu_unit *unit)
{
	mutex_lock(&vtiommu_units_lock);
	list_del(&unit->node);
	mutex_unlock(&vtiommu_units_lock);
}

/*
 * From now on what is attached to nothing is blocked. A device without the field blocks
 * it anyhow, unless it is told otherwise.
 */
static void vtiommu_block_others(struct vtiommu_unit *unit)
{
	u8 bypass = 0;

	if (unit->can_bypass) {
		virtio_cwrite_le(unit->vdev, struct virtio_iommu_config, bypass,
				 &bypass);
		virtio_cread_le(unit->vdev, struct virtio_iommu_config, bypass,
				&bypass);
	}
	unit->blocks = !bypass;
	if (bypass)
		pr_err("%s: endpoints that are attached to nothing are not blocked: the device keeps bypass set\n",
		       unit->name);
}

/*
 * After a reset no endpoint is attached to anything, and the field that says what
 * then becomes of them stays, Virtio 1.2, section 5.13.5. While the unit is brought up
 * that may be to go on.
 */
static void vtiommu_reset_work(struct work_struct *work)
{
	struct vtiommu_unit *unit =
		container_of(work, struct vtiommu_unit, reset_work);

	vtiommu_block_others(unit);
	if (!unit->blocks)
		return;
	vtiommu_queue_stop(&unit->queue);
	virtio_reset_device(unit->vdev);
	/* Pairs with the acquire in vtiommu_queue_over(). */
	smp_store_release(&unit->queue.over, true);
}

static void vtiommu_ask_reset(struct vtiommu_unit *unit)
{
	if (!test_and_set_bit(0, &unit->reset_asked))
		queue_work(system_unbound_wq, &unit->reset_work);
}

/*
 * To reset a device a thread has to sleep; so that is asked for, and looked after, of
 * whichever CPU is not waiting. Where all are, nobody resets it.
 */
static bool vtiommu_kill(struct invq *q)
{
	struct vtiommu_unit *unit =
		container_of(q, struct vtiommu_unit, queue.q);

	if (vtiommu_queue_over(&unit->queue))
		return true;
	vtiommu_ask_reset(unit);
	return false;
}

static void vtiommu_on_silent(struct vtiommu_queue *queue)
{
	struct vtiommu_unit *unit =
		container_of(queue, struct vtiommu_unit, queue);

	dev_err(&unit->vdev->dev, "does not answer\n");
	vtiommu_ask_reset(unit);
	flush_work(&unit->reset_work);
}

const struct invq_ops vtiommu_invq_ops = {
	.sync = vtiommu_queue_sync,
	.doorbell = vtiommu_queue_doorbell,
	.head = vtiommu_queue_head,
	.fault = vtiommu_queue_fault,
	.kill = vtiommu_kill,
	.dump = vtiommu_queue_dump,
};

/* With the queue's lock: what the range was mapped to stays in reach of devices. */
static void vtiommu_on_refused(struct vtiommu_queue *queue)
{
	struct vtiommu_unit *unit =
		container_of(queue, struct vtiommu_unit, queue);
	const struct vtiommu_refused *refused = &queue->refused;
	struct iospace *space;
	struct iodom *dom;

	/* The domain does not go before vtiommu_link_put() has had the lock. */
	lockdep_assert_held(&queue->lock);
	dom = xa_load(&unit->doms, refused->domain);
	space = dom ? READ_ONCE(dom->space) : NULL;
	if (space)
		iospace_quarantine(space, refused->start, refused->last);
	irq_work_queue(&unit->report);
}

static void vtiommu_report(struct irq_work *work)
{
	struct vtiommu_unit *unit =
		container_of(work, struct vtiommu_unit, report);
	struct vtiommu_refused refused;
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->queue.lock, flags);
	refused = unit->queue.refused;
	unit->queue.refused.told = refused.count;
	raw_spin_unlock_irqrestore(&unit->queue.lock, flags);
	if (refused.count == refused.told)
		return;
	pr_err_ratelimited("%s: UNMAP of %#llx to %#llx in domain %u was refused (status %u, %lu in all): devices may still reach what was mapped there, and nothing else will be\n",
			   unit->name, refused.start, refused.last,
			   unit->queue.first_domain + refused.domain,
			   refused.status, refused.count);
}

/* What the device does not say has no bounds. */
static void vtiommu_read_ranges(struct virtio_device *vdev,
				struct vtiommu_config *config)
{
	config->last = U64_MAX;
	config->last_domain = U32_MAX;
	virtio_cread_le_feature(vdev, VIRTIO_IOMMU_F_INPUT_RANGE,
				struct virtio_iommu_config, input_range.start,
				&config->first);
	virtio_cread_le_feature(vdev, VIRTIO_IOMMU_F_INPUT_RANGE,
				struct virtio_iommu_config, input_range.end,
				&config->last);
	virtio_cread_le_feature(vdev, VIRTIO_IOMMU_F_DOMAIN_RANGE,
				struct virtio_iommu_config,
				domain_range.start, &config->first_domain);
	virtio_cread_le_feature(vdev, VIRTIO_IOMMU_F_DOMAIN_RANGE,
				struct virtio_iommu_config,
				domain_range.end, &config->last_domain);
}

static int vtiommu_read_config(struct vtiommu_unit *unit)
{
	struct virtio_device *vdev = unit->vdev;
	struct vtiommu_config config = {};
	const char *why;

	virtio_cread_le(vdev, struct virtio_iommu_config, page_size_mask,
			&config.pgsizes);
	virtio_cread_le_feature(vdev, VIRTIO_IOMMU_F_PROBE,
				struct virtio_iommu_config, probe_size,
				&config.probe_bytes);
	vtiommu_read_ranges(vdev, &config);
	unit->map_flags = VIRTIO_IOMMU_MAP_F_READ | VIRTIO_IOMMU_MAP_F_WRITE;
	if (virtio_has_feature(vdev, VIRTIO_IOMMU_F_MMIO))
		unit->map_flags |= VIRTIO_IOMMU_MAP_F_MMIO;
	unit->can_bypass = virtio_has_feature(vdev,
					      VIRTIO_IOMMU_F_BYPASS_CONFIG);
	why = vtiommu_config_decode(unit, &config);
	if (!why)
		return 0;
	dev_err(&vdev->dev, "left alone: %s (page sizes %#llx, addresses %#llx to %#llx, domains %u to %u, %u bytes of an endpoint)\n",
		why, config.pgsizes, config.first, config.last,
		config.first_domain, config.last_domain, config.probe_bytes);
	return -ENODEV;
}

static int vtiommu_init_queues(struct vtiommu_unit *unit)
{
	struct virtqueue_info info[] = {
		{ "request" },
		{ "event", vtiommu_events_notify },
	};
	struct virtqueue *vqs[ARRAY_SIZE(info)];
	int ret;

	ret = virtio_find_vqs(unit->vdev, ARRAY_SIZE(info), vqs, info, NULL);
	if (ret)
		return ret;
	unit->events = vqs[1];
	ret = vtiommu_queue_init(&unit->queue, vqs[0], unit->name,
				 &vtiommu_invq_ops);
	if (ret)
		unit->vdev->config->del_vqs(unit->vdev);
	return ret;
}

static void vtiommu_exit_queues(struct vtiommu_unit *unit)
{
	vtiommu_queue_stop(&unit->queue);
	virtio_reset_device(unit->vdev);
	cancel_delayed_work_sync(&unit->event_work);
	cancel_work_sync(&unit->reset_work);
	vtiommu_control_drain(&unit->queue);
	unit->vdev->config->del_vqs(unit->vdev);
	vtiommu_queue_exit(&unit->queue);
}

static int vtiommu_register(struct vtiommu_unit *unit)
{
	struct device *dev = &unit->vdev->dev;
	int ret;

	/* There is one way to invalidate: nobody needs to know what it costs. */
	ret = iommu_device_sysfs_add(&unit->iommu, dev, NULL, "%s", unit->name);
	if (ret)
		return ret;
	vtiommu_unit_list(unit);
	ret = iommu_device_register(&unit->iommu, &vtiommu_ops, dev->parent);
	if (!ret)
		return 0;

	vtiommu_unit_unlist(unit);
	iommu_device_sysfs_remove(&unit->iommu);
	return ret;
}

/**
 * vtiommu_unit_init() - set up what a unit has in software
 * @unit: what to set up, all zero
 * @vdev: its device
 * @id: its number
 *
 * Context: process context.
 */
void vtiommu_unit_init(struct vtiommu_unit *unit, struct virtio_device *vdev,
		       unsigned int id)
{
	unit->vdev = vdev;
	vdev->priv = unit;
	snprintf(unit->name, sizeof(unit->name), "vtiommu-%u", id);
	ida_init(&unit->ids);
	xa_init(&unit->doms);
	INIT_LIST_HEAD(&unit->devices);
	xa_init(&unit->endpoints);
	mutex_init(&unit->mutex);
	init_irq_work(&unit->report, vtiommu_report);
	INIT_WORK(&unit->reset_work, vtiommu_reset_work);
	unit->queue.on_refused = vtiommu_on_refused;
	unit->queue.on_silent = vtiommu_on_silent;
}

/**
 * vtiommu_unit_exit() - undo vtiommu_unit_init()
 * @unit: the unit
 *
 * Context: process context.
 */
void vtiommu_unit_exit(struct vtiommu_unit *unit)
{
	cancel_work_sync(&unit->reset_work);
	irq_work_sync(&unit->report);
	ida_destroy(&unit->ids);
	xa_destroy(&unit->doms);
	xa_destroy(&unit->endpoints);
}

static int vtiommu_bring_up(struct vtiommu_unit *unit)
{
	int ret;

	ret = vtiommu_read_config(unit);
	if (!ret)
		ret = vtiommu_statics_init(unit);
	if (!ret)
		ret = vtiommu_init_queues(unit);
	if (ret)
		return ret;
	virtio_device_ready(unit->vdev);
	ret = vtiommu_events_init(unit);
	if (!ret)
		ret = vtiommu_register(unit);
	if (ret)
		vtiommu_exit_queues(unit);
	return ret;
}

static int vtiommu_probe(struct virtio_device *vdev)
{
	static unsigned int next_id;
	struct vtiommu_unit *unit;
	int ret;

	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1) ||
	    !virtio_has_feature(vdev, VIRTIO_IOMMU_F_MAP_UNMAP)) {
		dev_err(&vdev->dev, "left alone: it cannot MAP\n");
		return -ENODEV;
	}
	unit = devm_kzalloc(&vdev->dev, sizeof(*unit), GFP_KERNEL);
	if (!unit)
		return -ENOMEM;
	vtiommu_unit_init(unit, vdev, next_id++);
	ret = vtiommu_bring_up(unit);
	if (ret) {
		dev_err(&vdev->dev, "cannot be set up: error %d\n", ret);
		vtiommu_unit_exit(unit);
		return ret;
	}
	/* All that is known has been attached. */
	vtiommu_block_others(unit);
	pr_info("%s: ioflush owns the virtio-iommu %s: addresses %#llx to %#llx, pages %#llx, %u domains from %u, %u requests at once%s%s\n",
		unit->name, dev_name(vdev->dev.parent), unit->first, unit->last,
		unit->pgsize_bitmap, unit->domains, unit->queue.first_domain,
		virtqueue_get_vring_size(unit->queue.vq) / 2,
		unit->probe_bytes ? ", PROBE" : "",
		unit->can_bypass ? ", bypass" : "");
	return 0;
}

static void vtiommu_remove(struct virtio_device *vdev)
{
	struct vtiommu_unit *unit = vdev->priv;

	iommu_device_unregister(&unit->iommu);
	vtiommu_unit_unlist(unit);
	iommu_device_sysfs_remove(&unit->iommu);
	vtiommu_exit_queues(unit);
	vtiommu_unit_exit(unit);
}

/*
 * Asleep, the device forgets where endpoints are attached and what is mapped, and after
 * that may let those pass that are attached to nothing.
 */
static int __maybe_unused vtiommu_freeze(struct virtio_device *vdev)
{
	dev_err(&vdev->dev, "the machine cannot sleep with a virtio-iommu that isolates its devices\n");
	return -EBUSY;
}

/*
 * With descriptors that are elsewhere each request would allocate them. Those of the
 * virtqueue are enough.
 */
static int vtiommu_validate(struct virtio_device *vdev)
{
	__virtio_clear_bit(vdev, VIRTIO_RING_F_INDIRECT_DESC);
	return 0;
}

static const unsigned int vtiommu_features[] = {
	VIRTIO_IOMMU_F_MAP_UNMAP,
	VIRTIO_IOMMU_F_INPUT_RANGE,
	VIRTIO_IOMMU_F_DOMAIN_RANGE,
	VIRTIO_IOMMU_F_PROBE,
	VIRTIO_IOMMU_F_MMIO,
	VIRTIO_IOMMU_F_BYPASS_CONFIG,
};

static const struct virtio_device_id vtiommu_ids[] = {
	{ VIRTIO_ID_IOMMU, VIRTIO_DEV_ANY_ID },
	{}
};

static struct virtio_driver vtiommu_driver = {
	.driver = {
		.name = "ioflush-virtio",
		.suppress_bind_attrs = true,
	},
	.id_table = vtiommu_ids,
	.feature_table = vtiommu_features,
	.feature_table_size = ARRAY_SIZE(vtiommu_features),
	.validate = vtiommu_validate,
	.probe = vtiommu_probe,
	.remove = vtiommu_remove,
#ifdef CONFIG_PM_SLEEP
	.freeze = vtiommu_freeze,
#endif
};

/**
 * vtiommu_setup() - see to it that virtio-iommus will be ours
 *
 * Access control between PCI devices makes groups small; it has to be asked for before
 * they are found, but a machine may have no unit. So that is left as it is.
 *
 * Context: process context, once, before device_initcall.
 * Return: 0, also if they are left to mainline's driver, or an error of the driver core.
 */
int __init vtiommu_setup(void)
{
	int ret = vtiommu_asked ? register_virtio_driver(&vtiommu_driver) : 0;

	if (ret)
		pr_err("virtio-iommus stay off: error %d\n", ret);
	return ret;
}
