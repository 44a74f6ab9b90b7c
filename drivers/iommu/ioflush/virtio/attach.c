// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: a device meets a domain
 *
 * An endpoint goes from one domain to another by one ATTACH. A domain whose last
 * endpoint goes is forgotten by the unit with all that is mapped in it; one whose first
 * endpoint comes is told of all. So that is counted here.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/slab.h>

#include "virtio.h"

static int vtiommu_send_attach(struct vtiommu_unit *unit,
			       const struct vtiommu_place *at, u32 endpoint)
{
	const struct virtio_iommu_req_attach req = {
		.head.type = VIRTIO_IOMMU_T_ATTACH,
		.domain = cpu_to_le32(unit->queue.first_domain + at->domain),
		.endpoint = cpu_to_le32(endpoint),
		.flags = cpu_to_le32(at == &unit->bypass ?
				     VIRTIO_IOMMU_ATTACH_F_BYPASS : 0),
	};
	struct virtio_iommu_req_tail tail;

	return vtiommu_control(&unit->queue, &req, offsetof(typeof(req), tail),
			       &tail, sizeof(tail));
}

static int vtiommu_send_detach(struct vtiommu_unit *unit,
			       const struct vtiommu_place *at, u32 endpoint)
{
	const struct virtio_iommu_req_detach req = {
		.head.type = VIRTIO_IOMMU_T_DETACH,
		.domain = cpu_to_le32(unit->queue.first_domain + at->domain),
		.endpoint = cpu_to_le32(endpoint),
	};
	struct virtio_iommu_req_tail tail;

	return vtiommu_control(&unit->queue, &req, offsetof(typeof(req), tail),
			       &tail, sizeof(tail));
}

static void vtiommu_set_state(struct vtiommu_place *at, enum vtiommu_state state)
{
	WRITE_ONCE(at->state, state);
	/* Pairs with the barriers of maps and unmaps: see map.c. */
	smp_mb();
}

/* From here on maps that have read another state are over: the MAPs are the replay's. */
static void vtiommu_begin_replay(struct vtiommu_place *at)
{
	vtiommu_set_state(at, VTIOMMU_REPLAY);
	synchronize_rcu();
}

/* May a request of which that came be done all the same, now or later? */
static bool vtiommu_may_be_done(int ret)
{
	return ret == -EIO || ret == -ETIMEDOUT || ret == -ESHUTDOWN;
}

/*
 * What others of its group have in a domain a device that comes there from nowhere leaves
 * alone. To attach it once more does nothing for it, but the domain may be forgotten in
 * between; and to detach it, if the rest fails, takes it from the others. Where nobody
 * knows what is there it may have to be brought home.
 */
static bool vtiommu_is_others(struct vtiommu_dev *vdev, u32 endpoint,
			      const struct vtiommu_place *at)
{
	return !vdev->at && at->state == VTIOMMU_LIVE &&
	       vtiommu_endpoint_needed(vdev, endpoint, at);
}

/* Is an endpoint to be left where it is, as a device comes, or goes? */
static bool vtiommu_leave_alone(struct vtiommu_dev *vdev, u32 endpoint,
				const struct vtiommu_place *at)
{
	return vtiommu_is_others(vdev, endpoint, at) ||
	       (vdev->goes && vtiommu_endpoint_stays(vdev, endpoint));
}

/*
 * Attach the first @n endpoints of a device. Returns in @moved how many may have been,
 * whatever comes of it.
 */
static int vtiommu_send_attaches(struct vtiommu_dev *vdev,
				 const struct vtiommu_place *at,
				 unsigned int n, unsigned int *moved)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);
	int ret = 0;

	for (*moved = 0; !ret && *moved < n;) {
		const u32 endpoint = fwspec->ids[*moved];

		if (!vtiommu_leave_alone(vdev, endpoint, at))
			ret = vtiommu_send_attach(vdev->unit, at, endpoint);
		*moved += !ret || vtiommu_may_be_done(ret);
	}
	return ret;
}

/*
 * Attach all endpoints of a device. A domain without any, or of which nobody knows, is
 * told of what is mapped there.
 */
static int vtiommu_send_point(struct vtiommu_dev *vdev, struct iodom *dom,
			      struct vtiommu_place *at, unsigned int *moved)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);
	const u32 before = at->state;
	const bool told = at->users && before != VTIOMMU_LOST;
	int ret;

	if (!told)
		vtiommu_begin_replay(at);
	ret = vtiommu_send_attaches(vdev, at, fwspec->num_ids, moved);
	if (!ret && !told && dom) {
		if (before == VTIOMMU_LOST)
			vtiommu_forget(vdev->unit, at);
		ret = vtiommu_replay(dom, vdev->unit, at);
	}
	if (!ret)
		vtiommu_set_state(at, VTIOMMU_LIVE);
	else if (!told)
		vtiommu_set_state(at, before);
	return ret;
}

/*
 * Back to where it was, of as many endpoints as may have left. If that was all there
 * were, the domain has to be told anew.
 */
static int vtiommu_send_back(struct vtiommu_dev *vdev, unsigned int n)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);
	struct vtiommu_place *old = vdev->at;
	unsigned int moved;
	int ret;

	ret = vtiommu_send_attaches(vdev, old, n, &moved);
	if (!ret && vdev->dom && old->users == 1 &&
	    (n == fwspec->num_ids || old->state == VTIOMMU_LOST)) {
		vtiommu_begin_replay(old);
		/* If one had not left after all */
		vtiommu_forget(vdev->unit, old);
		ret = vtiommu_replay(vdev->dom, vdev->unit, old);
	}
	if (old->users == 1)
		vtiommu_set_state(old, ret ? VTIOMMU_LOST : VTIOMMU_LIVE);
	return ret;
}

/* From nowhere: to nowhere. Tries all, and returns the first error. */
static int vtiommu_send_detaches(struct vtiommu_dev *vdev,
				 const struct vtiommu_place *at, unsigned int n)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);
	int ret = 0;

	for (unsigned int i = 0; i < n; i++) {
		int err;

		if (vtiommu_is_others(vdev, fwspec->ids[i], at))
			continue;
		err = vtiommu_send_detach(vdev->unit, at, fwspec->ids[i]);
		ret = ret ?: err;
	}
	return ret;
}

/*
 * An endpoint may be in a domain that it does not belong to, and reach what is mapped
 * there: that is nothing any more, unless others need it. After a reset none is.
 */
static void vtiommu_retire(struct vtiommu_unit *unit, struct vtiommu_place *at)
{
	if (vtiommu_queue_over(&unit->queue) || at == &unit->blocked ||
	    at == &unit->bypass)
		return;
	at->retired = true;
	if (!at->users)
		vtiommu_forget(unit, at);
}

/* An attach to a domain has failed, and @moved endpoints may be there. */
static void vtiommu_point_back(struct vtiommu_dev *vdev,
			       struct vtiommu_place *at, unsigned int moved)
{
	struct vtiommu_place *old = vdev->at;
	int ret;

	if (!moved) {
		/* It has not been left. */
		if (old && old->state == VTIOMMU_LEAVING)
			vtiommu_set_state(old, VTIOMMU_LIVE);
		return;
	}
	ret = old ? vtiommu_send_back(vdev, moved) :
		    vtiommu_send_detaches(vdev, at, moved);
	if (!ret)
		return;
	dev_err(vdev->place.dev, "cannot go back to its domain on %s: error %d\n",
		vdev->unit->name, ret);
	vtiommu_retire(vdev->unit, at);
}

/* Returns 0 or an error; the device is in its old domain then. */
static int vtiommu_dev_move(struct vtiommu_dev *vdev, struct iodom *dom,
			    struct vtiommu_place *at)
{
	struct vtiommu_place *old = vdev->at;
	unsigned int moved;
	int ret;

	lockdep_assert_held(&vdev->unit->mutex);
	/* Attached once more it would be forgotten in between. */
	if (old == at)
		return 0;
	if (old && old->users == 1 && old->state == VTIOMMU_LIVE)
		vtiommu_set_state(old, VTIOMMU_LEAVING);
	ret = vtiommu_send_point(vdev, dom, at, &moved);
	if (ret) {
		dev_err(vdev->place.dev, "cannot be attached on %s: error %d\n",
			vdev->unit->name, ret);
		vtiommu_point_back(vdev, at, moved);
		return ret;
	}
	at->users++;
	if (old)
		old->users--;
	vdev->at = at;
	iodom_device_move(&vdev->place, vdev->dom, dom);
	vdev->dom = dom;
	return 0;
}

/* Can the unit be told of what is mapped in the domain? */
static bool vtiommu_fits(const struct vtiommu_unit *unit,
			 const struct iodom *dom)
{
	return dom->hw == &vtiommu_hw_ops &&
	       !(dom->pgt.cfg.pgsize_bitmap & ~unit->pgsize_bitmap) &&
	       dom->domain.geometry.aperture_start >= unit->first &&
	       dom->domain.geometry.aperture_end <= unit->last;
}

static int vtiommu_attach(struct iodom *dom, struct device *dev)
{
	struct vtiommu_dev *vdev = dev_iommu_priv_get(dev);
	struct vtiommu_unit *unit = vdev->unit;
	struct iodom *leaves;
	struct iodom_link *link;
	int ret;

	if (!vtiommu_fits(unit, dom))
		return -EINVAL;
	link = iodom_link_get(dom, unit, &unit->queue.q, true);
	if (IS_ERR(link))
		return PTR_ERR(link);

	mutex_lock(&unit->mutex);
	leaves = vdev->dom;
	ret = vtiommu_dev_move(vdev, dom, link->priv);
	mutex_unlock(&unit->mutex);
	/* That it left, or did not come to */
	if (ret)
		leaves = dom;
	if (leaves)
		iodom_link_put(leaves, unit);
	return ret;
}

static int vtiommu_link_get(struct iodom *dom, struct iodom_link *link)
{
	struct vtiommu_unit *unit = link->unit;
	struct vtiommu_place *at = kzalloc(sizeof(*at), GFP_KERNEL);
	int id;

	if (!at)
		return -ENOMEM;
	id = ida_alloc_max(&unit->ids, unit->domains - 1, GFP_KERNEL);
	if (id < 0) {
		kfree(at);
		return id;
	}
	at->domain = id;
	id = xa_err(xa_store(&unit->doms, at->domain, dom, GFP_KERNEL));
	if (id) {
		ida_free(&unit->ids, at->domain);
		kfree(at);
		return id;
	}
	raw_spin_lock_init(&at->replaying);
	link->id = unit->queue.first_domain + at->domain;
	link->priv = at;
	return 0;
}

/*
 * What is in the queue for the domain by its number is over before another has that:
 * an UNMAP would be about the other's mappings. Nobody adds to it any more, see
 * iodom_link_put().
 */
static void vtiommu_link_put(struct iodom *dom, struct iodom_link *link)
{
	struct vtiommu_unit *unit = link->unit;
	struct vtiommu_place *at = link->priv;

	invq_wait(&unit->queue.q, invq_newest(&unit->queue.q));
	xa_erase(&unit->doms, at->domain);
	/* vtiommu_on_refused() keeps it over its use of the domain that it finds. */
	raw_spin_lock_irq(&unit->queue.lock);
	raw_spin_unlock_irq(&unit->queue.lock);
	/* An endpoint may be there: see vtiommu_retire(). */
	if (!at->retired)
		ida_free(&unit->ids, at->domain);
	kfree(at);
}

const struct iodom_hw_ops vtiommu_hw_ops = {
	.attach = vtiommu_attach,
	.encode_range = vtiommu_encode_range,
	.map = vtiommu_map,
	.link_get = vtiommu_link_get,
	.link_put = vtiommu_link_put,
};

static int vtiommu_attach_static(struct vtiommu_dev *vdev,
				 struct vtiommu_place *at)
{
	struct iodom *leaves;
	int ret;

	mutex_lock(&vdev->unit->mutex);
	leaves = vdev->dom;
	ret = vtiommu_dev_move(vdev, NULL, at);
	mutex_unlock(&vdev->unit->mutex);
	if (!ret && leaves)
		iodom_link_put(leaves, vdev->unit);
	return ret;
}

/* Whatever the device has, the kernel has nothing of it any more. */
static void vtiommu_let_go(struct vtiommu_dev *vdev)
{
	struct vtiommu_unit *unit = vdev->unit;
	struct vtiommu_place *old;
	struct iodom *leaves;

	mutex_lock(&unit->mutex);
	old = vdev->at;
	leaves = vdev->dom;
	if (old) {
		if (!--old->users)
			vtiommu_set_state(old, VTIOMMU_ABSENT);
		vtiommu_retire(unit, old);
	}
	vdev->at = NULL;
	iodom_device_move(&vdev->place, leaves, NULL);
	vdev->dom = NULL;
	mutex_unlock(&unit->mutex);
	if (leaves)
		iodom_link_put(leaves, unit);
}

/*
 * A device leaves its domain, which may be gone next, whether its unit does what it is
 * asked for or not. One that has been reset has no device in any domain.
 */
static void vtiommu_leave(struct vtiommu_dev *vdev, struct vtiommu_place *at)
{
	const bool over = vtiommu_queue_over(&vdev->unit->queue);

	if (!over && !vtiommu_attach_static(vdev, at))
		return;
	if (!over)
		dev_err(vdev->place.dev, "goes, and may still be in its domain on %s\n",
			vdev->unit->name);
	vtiommu_let_go(vdev);
}

static int vtiommu_identity_attach(IOFLUSH_ATTACH_ARGS)
{
	struct vtiommu_dev *vdev = dev_iommu_priv_get(dev);

	if (!vdev->unit->can_bypass)
		return -EOPNOTSUPP;
	return vtiommu_attach_static(vdev, &vdev->unit->bypass);
}

static int vtiommu_blocked_attach(IOFLUSH_ATTACH_ARGS)
{
	struct vtiommu_dev *vdev = dev_iommu_priv_get(dev);

	/* The core does not look: it frees the domain that is left. */
	vtiommu_leave(vdev, &vdev->unit->blocked);
	return 0;
}

struct iommu_domain vtiommu_identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = vtiommu_identity_attach,
	},
	.owner = &vtiommu_ops,
};

struct iommu_domain vtiommu_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = vtiommu_blocked_attach,
	},
	.owner = &vtiommu_ops,
};

/**
 * vtiommu_dev_detach() - a device goes away
 * @vdev: the device
 * @direct: firmware has memory that it uses whether it has a driver or not, and
 *	that is mapped one to one; it goes on with that. Others are blocked
 *
 * If that fails, nothing is mapped for it any more, unless others are in its domain,
 * whose number no other domain gets.
 *
 * Context: process context; the core holds the group's mutex; waits for the device.
 */
void vtiommu_dev_detach(struct vtiommu_dev *vdev, bool direct)
{
	struct vtiommu_unit *unit = vdev->unit;

	vdev->goes = true;
	vtiommu_leave(vdev, direct && unit->can_bypass ? &unit->bypass :
							 &unit->blocked);
}

static int vtiommu_static_init(struct vtiommu_unit *unit,
			       struct vtiommu_place *at)
{
	int id = ida_alloc_max(&unit->ids, unit->domains - 1, GFP_KERNEL);

	if (id < 0)
		return id;
	at->domain = id;
	return 0;
}

/**
 * vtiommu_statics_init() - give a unit the domains in which nothing is mapped
 * @unit: a unit whose features are known
 *
 * Context: process context.
 * Return: 0; -ENOSPC if it does not have as many domains; -ENOMEM.
 */
int vtiommu_statics_init(struct vtiommu_unit *unit)
{
	int ret = vtiommu_static_init(unit, &unit->blocked);

	if (!ret && unit->can_bypass)
		ret = vtiommu_static_init(unit, &unit->bypass);
	return ret;
}
