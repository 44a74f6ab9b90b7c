// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: requests that are not about translations: ATTACH, DETACH, PROBE
 *
 * They are rare, of any length, and come from where a thread may sleep. So they have
 * memory of their own, and whoever sends one sleeps until it is done or has taken too
 * long. What the device has then not given back is freed when it does, or when the
 * queue goes.
 *
 * A request that was not answered may be done yet, at any time. So a device that does
 * not answer one is reset, as it is for an UNMAP.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "virtio.h"

/* Between two looks */
#define VTIOMMU_CONTROL_MIN_US	20
#define VTIOMMU_CONTROL_MAX_US	200

/**
 * struct vtiommu_ctl - a request with memory of its own
 * @sg: what the device reads, and what it writes
 * @len: how much it has written
 * @done: it is done; stored with release ordering, under the queue's lock
 * @left: nobody waits any more; under the queue's lock
 * @rcu: it is freed by, then
 * @answer: where the device writes
 * @buf: the request, and behind it the answer
 */
struct vtiommu_ctl {
	struct scatterlist sg[2];
	unsigned int len;
	bool done;
	bool left;
	struct rcu_head rcu;
	void *answer;
	u8 buf[] __aligned(8);
};

/**
 * vtiommu_control_done() - a request of this kind has been done
 * @token: what was given to the virtqueue with it
 * @len: how much the device has written
 *
 * Context: any context, with the queue's lock held.
 */
void vtiommu_control_done(void *token, unsigned int len)
{
	struct vtiommu_ctl *ctl = token;

	if (ctl->left) {
		/* Some kernels cannot free anything with the lock held. */
		kfree_rcu(ctl, rcu);
		return;
	}
	ctl->len = len;
	/* Pairs with the acquire in vtiommu_control_wait(). */
	smp_store_release(&ctl->done, true);
}

static struct vtiommu_ctl *vtiommu_ctl_new(const void *request, size_t bytes,
					   size_t answer_bytes)
{
	struct vtiommu_ctl *ctl;

	ctl = kzalloc(struct_size(ctl, buf, bytes + answer_bytes), GFP_KERNEL);
	if (!ctl)
		return NULL;
	memcpy(ctl->buf, request, bytes);
	ctl->answer = ctl->buf + bytes;
	sg_init_one(&ctl->sg[0], ctl->buf, bytes);
	sg_init_one(&ctl->sg[1], ctl->answer, answer_bytes);
	return ctl;
}

/* Returns 0; -ENOSPC if there is no room now; another error if there never is. */
static int vtiommu_control_add(struct vtiommu_queue *queue,
			       struct vtiommu_ctl *ctl)
{
	struct scatterlist *sgs[] = { &ctl->sg[0], &ctl->sg[1] };
	unsigned long flags;
	bool kick = false;
	int ret = -ESHUTDOWN;

	raw_spin_lock_irqsave(&queue->lock, flags);
	if (!queue->dead)
		ret = virtqueue_add_sgs(queue->vq, sgs, 1, 1, ctl, GFP_ATOMIC);
	if (!ret) {
		queue->out++;
		kick = virtqueue_kick_prepare(queue->vq);
	}
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	if (kick)
		virtqueue_notify(queue->vq);
	return ret;
}

/* Returns 0 if it is done; else it belongs to whoever takes it out, if anybody does. */
static int vtiommu_control_wait(struct vtiommu_queue *queue,
				struct vtiommu_ctl *ctl, unsigned long end)
{
	unsigned long flags;
	int ret = 0;

	for (;;) {
		vtiommu_queue_poll(queue);
		/* Pairs with the release in vtiommu_control_done(). */
		if (smp_load_acquire(&ctl->done))
			return 0;
		if (READ_ONCE(queue->dead))
			ret = -ESHUTDOWN;
		else if (time_after(jiffies, end))
			ret = -ETIMEDOUT;
		if (ret)
			break;
		usleep_range(VTIOMMU_CONTROL_MIN_US, VTIOMMU_CONTROL_MAX_US);
	}
	raw_spin_lock_irqsave(&queue->lock, flags);
	if (ctl->done)
		ret = 0;
	else
		ctl->left = true;
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	return ret;
}

static int vtiommu_control_send(struct vtiommu_queue *queue,
				struct vtiommu_ctl *ctl, unsigned long end)
{
	int ret;

	while ((ret = vtiommu_control_add(queue, ctl)) == -ENOSPC) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		vtiommu_queue_poll(queue);
		usleep_range(VTIOMMU_CONTROL_MIN_US, VTIOMMU_CONTROL_MAX_US);
	}
	return ret;
}

/**
 * vtiommu_control() - have a device do something, and wait for it
 * @queue: the queue
 * @request: what the device reads
 * @bytes: length of that
 * @answer: receives what it writes, with struct virtio_iommu_req_tail at the end
 * @answer_bytes: length of that
 *
 * Context: process context.
 * Return: 0 or an error by vtiommu_error(); -EIO if the answer was too short;
 *	-ENOMEM; -ESHUTDOWN if the device has been reset meanwhile, or before;
 *	-ETIMEDOUT if it does not answer, and has been reset for that, or cannot be.
 */
int vtiommu_control(struct vtiommu_queue *queue, const void *request,
		    size_t bytes, void *answer, size_t answer_bytes)
{
	const unsigned long end = jiffies + msecs_to_jiffies(queue->control_ms);
	struct vtiommu_ctl *ctl = vtiommu_ctl_new(request, bytes, answer_bytes);
	struct virtio_iommu_req_tail *tail;
	int ret;

	if (!ctl)
		return -ENOMEM;
	ret = vtiommu_control_send(queue, ctl, end);
	if (ret)
		goto out;
	ret = vtiommu_control_wait(queue, ctl, end);
	if (ret) {
		ctl = NULL;
		goto out;
	}

	if (ctl->len == answer_bytes)
		memcpy(answer, ctl->answer, answer_bytes);
	tail = answer + answer_bytes - sizeof(*tail);
	ret = ctl->len == answer_bytes ? vtiommu_error(tail->status) : -EIO;
out:
	if (ret == -ETIMEDOUT)
		queue->on_silent(queue);
	kfree(ctl);
	return ret;
}

/**
 * vtiommu_control_drain() - free what a device has never given back
 * @queue: the queue of a device that has been reset, and is not ready again
 *
 * Context: process context; nobody uses the queue any more.
 */
void vtiommu_control_drain(struct vtiommu_queue *queue)
{
	void *token;

	while ((token = virtqueue_detach_unused_buf(queue->vq)))
		if (!vtiommu_is_req(queue, token))
			kfree(token);
}
