// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: takes faults from the virtqueue of events
 *
 * Virtio 1.2, section 5.13.6.9. The device names the endpoint, and drops what there
 * is no buffer for.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/minmax.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "virtio.h"

/* Between two rounds: a storm of events gets no whole CPU. */
#define VTIOMMU_EVENT_PAUSE_MS	10

/* Room for what vtiommu_event_text() says */
#define VTIOMMU_EVENT_TEXT	160

static const char *vtiommu_event_reason(u8 reason)
{
	switch (reason) {
	case VIRTIO_IOMMU_FAULT_R_DOMAIN:
		return "attached to no domain";
	case VIRTIO_IOMMU_FAULT_R_MAPPING:
		return "not mapped for this kind of access";
	default:
		return "reason unknown";
	}
}

static const char *vtiommu_event_access(u32 flags)
{
	if (flags & VIRTIO_IOMMU_FAULT_F_WRITE)
		return "write";
	if (flags & VIRTIO_IOMMU_FAULT_F_EXEC)
		return "instruction fetch";
	return flags & VIRTIO_IOMMU_FAULT_F_READ ? "read" : "request";
}

/**
 * vtiommu_event_text() - a fault for the log
 * @text: receives it
 * @bytes: room there
 * @fault: as the device wrote it
 * @dev_name: who caused it, or NULL if nobody knows
 *
 * Return: length of the text.
 */
int vtiommu_event_text(char *text, size_t bytes,
		       const struct virtio_iommu_fault *fault,
		       const char *dev_name)
{
	const u32 flags = le32_to_cpu(fault->flags);
	int n = scnprintf(text, bytes, "%s", vtiommu_event_access(flags));

	if (flags & VIRTIO_IOMMU_FAULT_F_ADDRESS)
		n += scnprintf(text + n, bytes - n, " at %#llx",
			       le64_to_cpu(fault->address));
	return n + scnprintf(text + n, bytes - n,
			     " by %s (endpoint %#x) blocked: %s (fault %u)",
			     dev_name ?: "an unknown device",
			     le32_to_cpu(fault->endpoint),
			     vtiommu_event_reason(fault->reason),
			     fault->reason);
}

/**
 * struct vtiommu_event_run - faults that are alike, one after the other
 * @fault: the first
 * @times: how many; 0 for none
 *
 * A device that may not write a page tries with every few bytes of it.
 */
struct vtiommu_event_run {
	struct virtio_iommu_fault fault;
	unsigned int times;
};

static bool vtiommu_event_alike(const struct virtio_iommu_fault *a,
				const struct virtio_iommu_fault *b)
{
	return a->reason == b->reason && a->flags == b->flags &&
	       a->endpoint == b->endpoint &&
	       le64_to_cpu(a->address) >> VTIOMMU_PAGE_LG2 ==
	       le64_to_cpu(b->address) >> VTIOMMU_PAGE_LG2;
}

/* Offer it to the owner of the domain. The mutex keeps the device in that. */
static bool vtiommu_event_handled(struct vtiommu_unit *unit,
				  const struct virtio_iommu_fault *fault)
{
	const u32 flags = le32_to_cpu(fault->flags);
	struct vtiommu_dev *vdev;
	bool handled = false;

	if (!(flags & VIRTIO_IOMMU_FAULT_F_ADDRESS))
		return false;
	mutex_lock(&unit->mutex);
	vdev = xa_load(&unit->endpoints, le32_to_cpu(fault->endpoint));
	if (vdev && vdev->dom)
		handled = !report_iommu_fault(&vdev->dom->domain,
					      vdev->place.dev,
					      le64_to_cpu(fault->address),
					      flags & VIRTIO_IOMMU_FAULT_F_WRITE ?
					      IOMMU_FAULT_WRITE :
					      IOMMU_FAULT_READ);
	mutex_unlock(&unit->mutex);
	return handled;
}

static void vtiommu_event_tell(struct vtiommu_unit *unit,
			       const struct vtiommu_event_run *run)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	char text[VTIOMMU_EVENT_TEXT];
	struct vtiommu_dev *vdev;

	if (!run->times || !__ratelimit(&limit))
		return;
	mutex_lock(&unit->mutex);
	vdev = xa_load(&unit->endpoints, le32_to_cpu(run->fault.endpoint));
	vtiommu_event_text(text, sizeof(text), &run->fault,
			   vdev ? dev_name(vdev->place.dev) : NULL);
	mutex_unlock(&unit->mutex);
	if (run->times > 1)
		pr_err("%s: %s, %u times\n", unit->name, text, run->times);
	else
		pr_err("%s: %s\n", unit->name, text);
}

/* Tell of a run of faults that are alike when one comes that is not. */
static void vtiommu_event_one(struct vtiommu_unit *unit,
			      const struct virtio_iommu_fault *fault,
			      struct vtiommu_event_run *run)
{
	if (vtiommu_event_handled(unit, fault))
		return;
	if (!run->times || !vtiommu_event_alike(fault, &run->fault)) {
		vtiommu_event_tell(unit, run);
		run->fault = *fault;
		run->times = 0;
	}
	run->times++;
}

static int vtiommu_event_give(struct vtiommu_unit *unit,
			      struct virtio_iommu_fault *buf)
{
	struct scatterlist sg;

	sg_init_one(&sg, buf, sizeof(*buf));
	return virtqueue_add_inbuf(unit->events, &sg, 1, buf, GFP_KERNEL);
}

static unsigned int vtiommu_event_round(struct vtiommu_unit *unit,
					struct vtiommu_event_run *run)
{
	struct virtio_iommu_fault *buf, fault;
	unsigned int len, n = 0;

	while (n < VTIOMMU_EVENTS_MAX &&
	       (buf = virtqueue_get_buf(unit->events, &len))) {
		fault = *buf;
		/* For others than faults, bytes of the head are not zero. */
		if (len >= sizeof(fault) &&
		    !memchr_inv(fault.reserved, 0, sizeof(fault.reserved)))
			vtiommu_event_one(unit, &fault, run);
		/* It has just been taken out: there is room. */
		WARN_ON_ONCE(vtiommu_event_give(unit, buf));
		n++;
	}
	if (n)
		virtqueue_kick(unit->events);
	return n;
}

/* One round; of a storm each is told of, as far as the log has room. */
static void vtiommu_event_work(struct work_struct *work)
{
	struct vtiommu_unit *unit = container_of(to_delayed_work(work),
						 struct vtiommu_unit, event_work);
	struct vtiommu_event_run run = {};
	bool more;

	virtqueue_disable_cb(unit->events);
	more = vtiommu_event_round(unit, &run) == VTIOMMU_EVENTS_MAX;
	vtiommu_event_tell(unit, &run);
	if (more || !virtqueue_enable_cb(unit->events))
		schedule_delayed_work(&unit->event_work,
				      msecs_to_jiffies(VTIOMMU_EVENT_PAUSE_MS));
}

/**
 * vtiommu_events_notify() - the device has written events
 * @vq: the virtqueue of events
 *
 * Context: hard interrupt.
 */
void vtiommu_events_notify(struct virtqueue *vq)
{
	struct vtiommu_unit *unit = vq->vdev->priv;

	schedule_delayed_work(&unit->event_work, 0);
}

/**
 * vtiommu_events_init() - give a device buffers for events
 * @unit: the unit
 *
 * Context: process context; the device is ready.
 * Return: 0 or an error of virtqueue_add_inbuf(), -ENOMEM.
 */
int vtiommu_events_init(struct vtiommu_unit *unit)
{
	unsigned int n = min_t(unsigned int, unit->events->num_free,
			       VTIOMMU_EVENTS_MAX);
	int ret = 0;

	INIT_DELAYED_WORK(&unit->event_work, vtiommu_event_work);
	unit->event_bufs = devm_kcalloc(&unit->vdev->dev, n,
					sizeof(*unit->event_bufs), GFP_KERNEL);
	if (!unit->event_bufs)
		return -ENOMEM;
	for (unsigned int i = 0; !ret && i < n; i++)
		ret = vtiommu_event_give(unit, &unit->event_bufs[i]);
	if (!ret)
		virtqueue_kick(unit->events);
	return ret;
}
