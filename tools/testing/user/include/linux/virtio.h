/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: virtio devices, whose queues the program plays
 */
#ifndef _USER_LINUX_VIRTIO_H
#define _USER_LINUX_VIRTIO_H

#include <linux/device.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>

/**
 * struct virtio_device - a device
 * @dev: as the core knows it
 * @priv: its driver's
 */
struct virtio_device {
	struct device dev;
	void *priv;
};

/**
 * struct virtqueue - a queue
 * @vdev: whose it is
 * @num_free: how much room there is
 */
struct virtqueue {
	struct virtio_device *vdev;
	unsigned int num_free;
};

int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist *sg,
			unsigned int n, void *data, gfp_t gfp);
void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *len);
bool virtqueue_kick(struct virtqueue *vq);
void virtqueue_disable_cb(struct virtqueue *vq);
bool virtqueue_enable_cb(struct virtqueue *vq);

#endif /* _USER_LINUX_VIRTIO_H */
