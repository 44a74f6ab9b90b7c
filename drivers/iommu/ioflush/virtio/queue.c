// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a virtqueue of requests as an invalidation queue
 *
 * The layers above fill slots, ring a doorbell and wait, as they do with any queue.
 * The device reads none of the slots: the doorbell makes requests of those that are
 * complete, one virtqueue entry each, and notifies the device once for all. A sync is
 * no request. It is passed when the requests before it are done, and those may be done
 * in any order: each slot has a bit until its own is. Of two that are about the same
 * addresses one waits in its slot (VTIOMMU_UNMAP_AFTER) until the other is done.
 *
 * There are no more slots than the virtqueue can hold as requests, unless it is small.
 * What it has no room for, as it is small or what is done has not been taken out, stays
 * in its slot; the doorbell takes out what is done, then, and so does whoever waits. A
 * request has the memory of its slot's number, which is free when the slot is: nothing
 * is allocated on the way.
 *
 * The lock is held, with interrupts off, while entries are added and taken out, which
 * is never for more than there are. Notifying the device, which is an exit from the
 * guest, comes after it has been dropped.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "virtio.h"

/* Entries of the virtqueue that a request takes: what is read, and what is written. */
#define VTIOMMU_REQ_ENTRIES	2

/* Log2 of the fewest and most slots: what is waited for together needs some. */
#define VTIOMMU_SLOTS_MIN_LG2	7
#define VTIOMMU_SLOTS_MAX_LG2	10

/* A device that has not done a request of control.c in that time does not. */
#define VTIOMMU_CONTROL_MS	10000

static struct vtiommu_queue *vtiommu_queue_of(struct invq *q)
{
	return container_of(q, struct vtiommu_queue, q);
}

static u32 vtiommu_slot(const struct vtiommu_queue *queue, u32 seq)
{
	return seq & queue->q.mask;
}

/**
 * vtiommu_queue_sync() - &invq_ops.sync
 * @q: the queue
 * @cmd: receives a slot that is no request
 */
void vtiommu_queue_sync(struct invq *q, struct invq_cmd *cmd)
{
	*cmd = (struct invq_cmd) {};
	static_assert(VTIOMMU_SYNC == 0);
}

/* With the lock: make a slot a request. Returns false if there is no room. */
static __always_inline bool vtiommu_feed_one(struct vtiommu_queue *queue,
					     u32 seq, enum vtiommu_kind kind)
{
	const u32 slot = vtiommu_slot(queue, seq);
	const struct invq_cmd *cmd = &queue->slots[slot];
	struct vtiommu_req *req = &queue->reqs[slot];
	struct scatterlist *sgs[] = { &req->sg[0], &req->sg[1] };

	if (queue->vq->num_free < VTIOMMU_REQ_ENTRIES)
		return false;
	if (kind == VTIOMMU_MAP) {
		vtiommu_req_map(&req->map, cmd,
				&queue->slots[vtiommu_slot(queue, seq + 1)],
				queue->first_domain);
		req->sg[0].length = offsetof(struct virtio_iommu_req_map, tail);
	} else {
		vtiommu_req_unmap(&req->unmap, cmd, queue->first_domain);
		req->sg[0].length = offsetof(struct virtio_iommu_req_unmap, tail);
	}
	/* What the device does not write is no success. */
	req->tail.status = VIRTIO_IOMMU_S_IOERR;
	/* There is room, and nothing to allocate: see vtiommu_validate(). */
	if (virtqueue_add_sgs(queue->vq, sgs, 1, 1, req, GFP_ATOMIC))
		return false;
	queue->busy[slot] = true;
	queue->out++;
	queue->requests[kind]++;
	return true;
}

/*
 * With the lock: make requests of what has been rung for, as far as there is room.
 * Returns whether the device has to be notified.
 */
static bool vtiommu_feed(struct vtiommu_queue *queue)
{
	bool any = false;

	while (queue->fed != queue->rung && !queue->dead) {
		const struct invq_cmd *cmd =
			&queue->slots[vtiommu_slot(queue, queue->fed)];
		enum vtiommu_kind kind = vtiommu_cmd_kind(cmd);

		if (unlikely(kind == VTIOMMU_UNMAP_AFTER)) {
			if (queue->done != queue->fed)
				break;
			kind = VTIOMMU_UNMAP;
		}
		if (kind != VTIOMMU_SYNC) {
			if (!vtiommu_feed_one(queue, queue->fed, kind))
				break;
			any = true;
		}
		queue->fed += kind == VTIOMMU_MAP ? VTIOMMU_MAP_SLOTS : 1;
	}
	if (!any || !virtqueue_kick_prepare(queue->vq))
		return false;
	queue->kicks++;
	return true;
}

/* With the lock: what is mapped there stays, and nobody is to have the addresses. */
static noinline void vtiommu_refuse(struct vtiommu_queue *queue,
				    const struct invq_cmd *cmd, u8 status)
{
	struct vtiommu_refused *refused = &queue->refused;

	refused->count++;
	refused->domain = vtiommu_cmd_domain(cmd);
	refused->start = vtiommu_cmd_start(cmd);
	refused->last = vtiommu_cmd_last(cmd);
	refused->status = status;
	queue->on_refused(queue);
}

/* With the lock: a request has been done. */
static __always_inline void vtiommu_complete(struct vtiommu_queue *queue,
					     struct vtiommu_req *req,
					     unsigned int len)
{
	const u32 slot = req - queue->reqs;
	const struct invq_cmd *cmd = &queue->slots[slot];
	u8 status = READ_ONCE(req->tail.status);

	if (len < sizeof(req->tail))
		status = VIRTIO_IOMMU_S_IOERR;
	queue->busy[slot] = false;
	if (likely(status == VIRTIO_IOMMU_S_OK))
		return;
	if (vtiommu_cmd_kind(cmd) == VTIOMMU_MAP) {
		u32 second = (slot + 1) & queue->q.mask;

		vtiommu_cmd_result(&queue->slots[second])->status = status;
		queue->map_errors++;
	} else if (status != VIRTIO_IOMMU_S_NOENT) {
		/* Else the domain is gone, and with it all that was mapped. */
		vtiommu_refuse(queue, cmd, status);
	}
}

/**
 * vtiommu_is_req() - is it a request of a slot?
 * @queue: the queue
 * @token: what was given to the virtqueue with it
 *
 * Return: false for one of vtiommu_control().
 */
bool vtiommu_is_req(const struct vtiommu_queue *queue, const void *token)
{
	return token >= (const void *)queue->reqs &&
	       token < (const void *)(queue->reqs + queue->q.mask + 1);
}

/* With the lock: take out what is done, and see how far that brings us. */
static __always_inline void vtiommu_reap(struct vtiommu_queue *queue)
{
	unsigned int len;
	void *token;

	while (queue->out && !queue->dead &&
	       (token = virtqueue_get_buf(queue->vq, &len))) {
		queue->out--;
		if (likely(vtiommu_is_req(queue, token)))
			vtiommu_complete(queue, token, len);
		else
			vtiommu_control_done(token, len);
	}
	while (queue->done != queue->fed &&
	       !queue->busy[vtiommu_slot(queue, queue->done)])
		queue->done++;
}

/**
 * vtiommu_queue_doorbell() - &invq_ops.doorbell
 * @q: the queue
 * @seq: all slots before this number are valid
 *
 * Context: holder of the queue's claim, interrupts off.
 */
void vtiommu_queue_doorbell(struct invq *q, u32 seq)
{
	struct vtiommu_queue *queue = vtiommu_queue_of(q);
	bool kick;

	raw_spin_lock(&queue->lock);
	queue->rung = seq;
	kick = vtiommu_feed(queue);
	if (unlikely(queue->fed != seq)) {
		/* Nobody may be waiting, to do this. */
		vtiommu_reap(queue);
		kick |= vtiommu_feed(queue);
	}
	raw_spin_unlock(&queue->lock);
	if (kick)
		virtqueue_notify(queue->vq);
}

/* What has been taken out leaves room for what had none. */
static __always_inline u32 __vtiommu_queue_poll(struct vtiommu_queue *queue)
{
	unsigned long flags;
	bool kick = false;
	u32 done;

	raw_spin_lock_irqsave(&queue->lock, flags);
	vtiommu_reap(queue);
	if (unlikely(queue->fed != queue->rung))
		kick = vtiommu_feed(queue);
	done = queue->done;
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	if (unlikely(kick))
		virtqueue_notify(queue->vq);
	return done;
}

/**
 * vtiommu_queue_poll() - take out what the device has done
 * @queue: the queue
 *
 * Context: any context.
 */
void vtiommu_queue_poll(struct vtiommu_queue *queue)
{
	__vtiommu_queue_poll(queue);
}

/**
 * vtiommu_queue_head() - &invq_ops.head
 * @q: the queue
 *
 * Context: any context.
 * Return: the index of the first slot that has not been done, and one bit more.
 */
u32 vtiommu_queue_head(struct invq *q)
{
	return __vtiommu_queue_poll(vtiommu_queue_of(q)) & (2 * q->mask + 1);
}

/**
 * vtiommu_queue_fault() - &invq_ops.fault
 * @q: the queue
 * @err: receives the slot that the device stands at
 *
 * There is no error of a queue, only of requests. A device that stops to answer is the
 * reset's to end, and that may be over, for somebody else.
 *
 * Context: holder of the queue's claim, interrupts off.
 * Return: INVQ_FAULT_NONE, or INVQ_FAULT_DEAD after the reset.
 */
enum invq_fault vtiommu_queue_fault(struct invq *q, struct invq_error *err)
{
	err->slot = vtiommu_slot(vtiommu_queue_of(q),
				 READ_ONCE(vtiommu_queue_of(q)->done));
	return vtiommu_queue_over(vtiommu_queue_of(q)) ? INVQ_FAULT_DEAD :
							 INVQ_FAULT_NONE;
}

/**
 * vtiommu_queue_dump() - &invq_ops.dump
 * @q: the queue
 *
 * Context: any context.
 */
void vtiommu_queue_dump(struct invq *q)
{
	struct vtiommu_queue *queue = vtiommu_queue_of(q);

	pr_err_ratelimited("%s: rung for %#x, requests up to %#x, done %#x, %u entries free%s\n",
			   q->name, READ_ONCE(queue->rung),
			   READ_ONCE(queue->fed), READ_ONCE(queue->done),
			   queue->vq->num_free,
			   virtqueue_is_broken(queue->vq) ? ", broken" : "");
}

/**
 * vtiommu_queue_stop() - have nothing given to the device or taken from it any more
 * @queue: the queue
 *
 * Whoever waits for a MAP goes when the queue counts as dead: what it has left on its
 * stack is not written to.
 *
 * Context: process context.
 */
void vtiommu_queue_stop(struct vtiommu_queue *queue)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&queue->lock, flags);
	WRITE_ONCE(queue->dead, true);
	raw_spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * vtiommu_queue_over() - has the device been reset for not answering?
 * @queue: the queue
 *
 * Context: any context.
 * Return: whether it has: its endpoints are attached to nothing, and blocked.
 */
bool vtiommu_queue_over(const struct vtiommu_queue *queue)
{
	/* Pairs with the release in vtiommu_reset_work(). */
	return smp_load_acquire(&queue->over);
}

static void vtiommu_reqs_init(struct vtiommu_queue *queue, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct vtiommu_req *req = &queue->reqs[i];

		sg_init_one(&req->sg[0], &req->map, sizeof(req->map));
		sg_init_one(&req->sg[1], &req->tail, sizeof(req->tail));
	}
}

/**
 * vtiommu_queue_init() - set up a queue on a virtqueue
 * @queue: what to set up; @first_domain and the functions are set, the rest is zero
 * @vq: the virtqueue, which does not allocate (VIRTIO_RING_F_INDIRECT_DESC is off)
 * @name: for messages; stays with the caller
 * @ops: the functions above, and what ends a device that does not answer
 *
 * Context: process context.
 * Return: 0, -EINVAL or -ENOMEM.
 */
int vtiommu_queue_init(struct vtiommu_queue *queue, struct virtqueue *vq,
		       const char *name, const struct invq_ops *ops)
{
	const unsigned int requests =
		virtqueue_get_vring_size(vq) / VTIOMMU_REQ_ENTRIES;
	const u8 lg2 = clamp_t(u8, requests ? ilog2(requests) : 0,
			       VTIOMMU_SLOTS_MIN_LG2, VTIOMMU_SLOTS_MAX_LG2);
	int ret;

	raw_spin_lock_init(&queue->lock);
	queue->vq = vq;
	queue->control_ms = VTIOMMU_CONTROL_MS;
	queue->slots = kvcalloc(1U << lg2, sizeof(*queue->slots), GFP_KERNEL);
	/* A scatterlist has memory of the linear map. */
	queue->reqs = kcalloc(1U << lg2, sizeof(*queue->reqs), GFP_KERNEL);
	queue->busy = kcalloc(1U << lg2, sizeof(*queue->busy), GFP_KERNEL);
	if (!queue->slots || !queue->reqs || !queue->busy) {
		ret = -ENOMEM;
		goto err;
	}
	vtiommu_reqs_init(queue, 1U << lg2);
	ret = invq_init(&queue->q, ops, name, queue->slots, &queue->done_word,
			lg2);
	if (ret)
		goto err;
	queue->rung = invq_newest(&queue->q);
	queue->fed = queue->rung;
	queue->done = queue->rung;
	return 0;

err:
	vtiommu_queue_exit(queue);
	return ret;
}

/**
 * vtiommu_queue_exit() - undo vtiommu_queue_init()
 * @queue: a queue that nobody uses any more, of a device that has been reset
 *
 * Context: process context.
 */
void vtiommu_queue_exit(struct vtiommu_queue *queue)
{
	invq_exit(&queue->q);
	kfree(queue->busy);
	kfree(queue->reqs);
	kvfree(queue->slots);
}
