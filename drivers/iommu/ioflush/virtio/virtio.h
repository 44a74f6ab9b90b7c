/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the virtio-iommu driver share
 */
#ifndef _IOFLUSH_VIRTIO_VIRTIO_H
#define _IOFLUSH_VIRTIO_VIRTIO_H

#include <linux/idr.h>
#include <linux/ioflush/domain.h>
#include <linux/ioflush/invq.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/virtio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "cmd.h"
#include "compat-iommu.h"

/**
 * struct vtiommu_req - the request that a slot has become
 * @map: what the device reads of a MAP
 * @unmap: and of an UNMAP
 * @tail: what it writes
 * @sg: the two, as the virtqueue wants them
 */
struct vtiommu_req {
	union {
		struct virtio_iommu_req_map map;
		struct virtio_iommu_req_unmap unmap;
	};
	struct virtio_iommu_req_tail tail;
	struct scatterlist sg[2];
};

/**
 * struct vtiommu_refused - UNMAPs that the device did not do
 * @count: how many
 * @told: how many when that was logged last
 * @domain: the domain of the newest, counted from the first
 * @start: where it begins
 * @last: its last address
 * @status: what the device said
 */
struct vtiommu_refused {
	unsigned long count;
	unsigned long told;
	u32 domain;
	u64 start;
	u64 last;
	u8 status;
};

/**
 * struct vtiommu_queue - the virtqueue of requests, as an invalidation queue
 * @q: what the layers above see: slots in memory that the device does not read
 * @vq: the virtqueue
 * @first_domain: the first domain that the device allows
 * @lock: protects the virtqueue and all that follow. Interrupts are off, and it is
 *	never held across a wait, a doorbell or a message
 * @slots: of @q
 * @done_word: of @q
 * @reqs: a request for each slot
 * @busy: for each slot, whether its request is with the device
 * @out: how many requests are with it, of either kind
 * @rung: all slots before this number are valid
 * @fed: those before this one are requests of the virtqueue, or were
 * @done: those before this one have been done
 * @dead: the device is being reset: nothing is given to it or taken from it
 * @over: it has been: nothing that it was given takes effect any more
 * @control_ms: how long vtiommu_control() waits
 * @kicks: notifications of the device
 * @requests: MAPs and UNMAPs that it was given, by enum vtiommu_kind
 * @map_errors: MAPs that it did not do
 * @refused: UNMAPs that it did not do
 * @on_refused: called with @lock held for each of those: no address of the range is
 *	to be used again
 * @on_silent: called where a thread may sleep when the device does not answer; resets
 *	it, if that may be done, and waits for that
 */
struct vtiommu_queue {
	struct invq q;
	struct virtqueue *vq;
	u32 first_domain;
	raw_spinlock_t lock; /* see above */
	struct invq_cmd *slots;
	__le32 done_word;
	struct vtiommu_req *reqs;
	bool *busy;
	unsigned int out;
	u32 rung;
	u32 fed;
	u32 done;
	bool dead;
	bool over;
	unsigned int control_ms;
	unsigned long kicks;
	unsigned long requests[VTIOMMU_MAP + 1];
	unsigned long map_errors;
	struct vtiommu_refused refused;
	void (*on_refused)(struct vtiommu_queue *queue);
	void (*on_silent)(struct vtiommu_queue *queue);
};

/**
 * enum vtiommu_state - what the device knows of a domain
 * @VTIOMMU_ABSENT: nothing: no endpoint has been attached
 * @VTIOMMU_REPLAY: it is being told of what is mapped
 * @VTIOMMU_LIVE: what is mapped
 * @VTIOMMU_LEAVING: its last endpoint may be gone, and with that all it knew
 * @VTIOMMU_LOST: nobody knows: a device that should be there could not go back. Nothing
 *	can be mapped
 */
enum vtiommu_state {
	VTIOMMU_ABSENT,
	VTIOMMU_REPLAY,
	VTIOMMU_LIVE,
	VTIOMMU_LEAVING,
	VTIOMMU_LOST,
};

/**
 * struct vtiommu_place - a domain on a unit
 * @domain: its number, counted from the first
 * @state: enum vtiommu_state; changed under the unit's mutex
 * @users: endpoints' devices that are attached; under the unit's mutex
 * @retired: an endpoint may be there of which nobody knows: no other domain gets the
 *	number. Under the unit's mutex
 * @replaying: held, with interrupts off, while translations are read and their MAPs
 *	posted in state VTIOMMU_REPLAY; never across a wait
 */
struct vtiommu_place {
	u32 domain;
	u32 state;
	unsigned int users;
	bool retired;
	raw_spinlock_t replaying; /* see above */
};

/** VTIOMMU_EVENTS_MAX - buffers for events */
#define VTIOMMU_EVENTS_MAX 64

/**
 * struct vtiommu_unit - one virtio-iommu
 * @iommu: the core's part
 * @vdev: the device
 * @queue: requests
 * @events: the virtqueue of events
 * @event_bufs: buffers for them
 * @event_work: takes them
 * @node: on the list of all
 * @name: for messages
 * @pgsize_bitmap: sizes of pages
 * @first: first address that can be translated
 * @last: the last
 * @domains: how many domains there may be
 * @probe_bytes: how much the device has to say of an endpoint; 0 for nothing
 * @map_flags: flags of a MAP that the device knows
 * @can_bypass: endpoints may be attached such that their requests are not translated
 * @blocks: those that are not attached to any domain are blocked
 * @ids: domains in use
 * @bypass: a domain whose endpoints are not translated, if @can_bypass
 * @blocked: one in which nothing is mapped
 * @doms: struct iodom by number, counted from the first; read under RCU
 * @mutex: protects what follows, and where endpoints are attached
 * @devices: struct vtiommu_dev of all
 * @endpoints: one of these by the id of the endpoint
 * @report: logs UNMAPs that were refused, with nothing held
 * @reset_work: resets a device that does not answer
 * @reset_asked: that has been queued, bit 0
 */
struct vtiommu_unit {
	struct iommu_device iommu;
	struct virtio_device *vdev;
	struct vtiommu_queue queue;
	struct virtqueue *events;
	struct virtio_iommu_fault *event_bufs;
	struct delayed_work event_work;
	struct list_head node;
	char name[16];
	u64 pgsize_bitmap;
	u64 first;
	u64 last;
	u32 domains;
	u32 probe_bytes;
	u32 map_flags;
	bool can_bypass;
	bool blocks;
	struct ida ids;
	struct vtiommu_place bypass;
	struct vtiommu_place blocked;
	struct xarray doms;
	struct mutex mutex; /* see above */
	struct list_head devices;
	struct xarray endpoints;
	struct irq_work report;
	struct work_struct reset_work;
	unsigned long reset_asked;
};

/**
 * struct vtiommu_config - what a device says of itself, Virtio 1.2, section 5.13.4
 * @pgsizes: sizes of pages, a bit each
 * @first: first address that it translates
 * @last: the last
 * @first_domain: number of the first domain
 * @last_domain: and of the last
 * @probe_bytes: room for what it has to say of an endpoint; 0 for nothing
 */
struct vtiommu_config {
	u64 pgsizes;
	u64 first;
	u64 last;
	u32 first_domain;
	u32 last_domain;
	u32 probe_bytes;
};

/**
 * struct vtiommu_dev - a device behind a unit
 * @place: what its domain knows of it; first
 * @unit: the unit
 * @node: on the unit's list
 * @goes: it is being released: endpoints that others have too stay where they are
 * @dom: its domain, if that is a paging domain
 * @at: the domain that it is attached to, of whatever kind; NULL for none
 * @resv: regions that the device told of, struct iommu_resv_region
 */
struct vtiommu_dev {
	struct iodom_device place;
	struct vtiommu_unit *unit;
	struct list_head node;
	bool goes;
	struct iodom *dom;
	struct vtiommu_place *at;
	struct list_head resv;
};

/* queue.c */
int vtiommu_queue_init(struct vtiommu_queue *queue, struct virtqueue *vq,
		       const char *name, const struct invq_ops *ops);
void vtiommu_queue_exit(struct vtiommu_queue *queue);
void vtiommu_queue_poll(struct vtiommu_queue *queue);
void vtiommu_queue_stop(struct vtiommu_queue *queue);
bool vtiommu_queue_over(const struct vtiommu_queue *queue);
bool vtiommu_is_req(const struct vtiommu_queue *queue, const void *token);
void vtiommu_queue_sync(struct invq *q, struct invq_cmd *cmd);
void vtiommu_queue_doorbell(struct invq *q, u32 seq);
u32 vtiommu_queue_head(struct invq *q);
enum invq_fault vtiommu_queue_fault(struct invq *q, struct invq_error *err);
void vtiommu_queue_dump(struct invq *q);

/* control.c */
int vtiommu_control(struct vtiommu_queue *queue, const void *request,
		    size_t bytes, void *answer, size_t answer_bytes);
void vtiommu_control_done(void *token, unsigned int len);
void vtiommu_control_drain(struct vtiommu_queue *queue);

/* map.c */
unsigned int vtiommu_encode_range(struct iodom *dom, struct iodom_link *link,
				  const struct ioflush_range *range,
				  struct invq_cmd *cmds);
int vtiommu_map(struct iodom *dom, struct iodom_link *link, unsigned long iova,
		size_t bytes, const struct iodom_run *run);
int vtiommu_replay(struct iodom *dom, struct vtiommu_unit *unit,
		   struct vtiommu_place *at);
void vtiommu_forget(struct vtiommu_unit *unit, const struct vtiommu_place *at);

/* attach.c */
extern const struct iodom_hw_ops vtiommu_hw_ops;
extern struct iommu_domain vtiommu_identity_domain;
extern struct iommu_domain vtiommu_blocked_domain;
void vtiommu_dev_detach(struct vtiommu_dev *vdev, bool direct);
int vtiommu_statics_init(struct vtiommu_unit *unit);

/* endpoint.c */
bool vtiommu_endpoint_stays(struct vtiommu_dev *vdev, u32 endpoint);
bool vtiommu_endpoint_needed(struct vtiommu_dev *vdev, u32 endpoint,
			     const struct vtiommu_place *at);
int vtiommu_endpoints_add(struct vtiommu_dev *vdev);
void vtiommu_endpoints_remove(struct vtiommu_dev *vdev);

/* resv.c */
int vtiommu_probe_endpoint(struct vtiommu_dev *vdev, u32 endpoint);
int vtiommu_parse_properties(struct device *dev, const u8 *props, size_t bytes,
			     struct list_head *resv);
void vtiommu_get_resv_regions(struct device *dev, struct list_head *list);

/* config.c */
const char *vtiommu_config_decode(struct vtiommu_unit *unit,
				  const struct vtiommu_config *config);
void vtiommu_record_cfg(const struct vtiommu_unit *unit, struct iopgt_cfg *cfg);

/* event.c */
int vtiommu_event_text(char *text, size_t bytes,
		       const struct virtio_iommu_fault *fault,
		       const char *dev_name);
int vtiommu_events_init(struct vtiommu_unit *unit);
void vtiommu_events_notify(struct virtqueue *vq);

/* ops.c */
extern const struct iommu_ops vtiommu_ops;

struct iodom *vtiommu_domain_create(const struct vtiommu_unit *unit, int nid);

/* setup.c */
extern const struct invq_ops vtiommu_invq_ops;
void vtiommu_unit_init(struct vtiommu_unit *unit, struct virtio_device *vdev,
		       unsigned int id);
void vtiommu_unit_exit(struct vtiommu_unit *unit);
struct vtiommu_unit *vtiommu_unit_of(const struct fwnode_handle *fwnode);

#endif /* _IOFLUSH_VIRTIO_VIRTIO_H */
