// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: whose an endpoint is
 *
 * A device's requests may come by several endpoints, its own and those of PCI functions
 * that it makes requests as. So one endpoint may be of several devices, which then are in
 * one group and always in one domain.
 */
#include "virtio.h"

static bool vtiommu_has_endpoint(const struct vtiommu_dev *vdev, u32 endpoint)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);

	for (unsigned int i = 0; i < fwspec->num_ids; i++)
		if (fwspec->ids[i] == endpoint)
			return true;
	return false;
}

static struct vtiommu_dev *vtiommu_endpoint_other(struct vtiommu_dev *vdev,
						  u32 endpoint)
{
	struct vtiommu_dev *other;

	lockdep_assert_held(&vdev->unit->mutex);
	list_for_each_entry(other, &vdev->unit->devices, node)
		if (other != vdev && vtiommu_has_endpoint(other, endpoint))
			return other;
	return NULL;
}

/*
 * Does a device go on by an endpoint of one that leaves? Not if it is attached to nothing,
 * or elsewhere. One that leaves and was attached to nothing has not attached the endpoint.
 */
static bool vtiommu_goes_on(const struct vtiommu_dev *other,
			    const struct vtiommu_dev *leaving)
{
	if (!leaving->at)
		return true;
	return other->at && (!leaving->dom || other->dom == leaving->dom);
}

/**
 * vtiommu_endpoint_stays() - does an endpoint stay where it is as a device goes?
 * @vdev: the device
 * @endpoint: one of its endpoints
 *
 * If nobody needs it there, the domain may be gone next, and its number be another's.
 *
 * Context: process context; the caller holds the unit's mutex.
 * Return: whether another device is there by it.
 */
bool vtiommu_endpoint_stays(struct vtiommu_dev *vdev, u32 endpoint)
{
	struct vtiommu_dev *other;

	lockdep_assert_held(&vdev->unit->mutex);
	list_for_each_entry(other, &vdev->unit->devices, node)
		if (other != vdev && vtiommu_has_endpoint(other, endpoint) &&
		    vtiommu_goes_on(other, vdev))
			return true;
	return false;
}

/**
 * vtiommu_endpoint_needed() - does another device have an endpoint in a domain?
 * @vdev: the device
 * @endpoint: one of its endpoints
 * @at: the domain
 *
 * Context: process context; the caller holds the unit's mutex.
 * Return: whether another device is there by it.
 */
bool vtiommu_endpoint_needed(struct vtiommu_dev *vdev, u32 endpoint,
			     const struct vtiommu_place *at)
{
	struct vtiommu_dev *other;

	lockdep_assert_held(&vdev->unit->mutex);
	list_for_each_entry(other, &vdev->unit->devices, node)
		if (other != vdev && other->at == at &&
		    vtiommu_has_endpoint(other, endpoint))
			return true;
	return false;
}

/* Others go on with those that they have, too. */
static void __vtiommu_endpoints_remove(struct vtiommu_dev *vdev)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);
	struct xarray *endpoints = &vdev->unit->endpoints;

	list_del(&vdev->node);
	for (unsigned int i = 0; i < fwspec->num_ids; i++)
		/* In place of another entry, or none: no memory is needed. */
		xa_cmpxchg(endpoints, fwspec->ids[i], vdev,
			   vtiommu_endpoint_other(vdev, fwspec->ids[i]),
			   GFP_KERNEL);
}

/**
 * vtiommu_endpoints_remove() - a device has gone
 * @vdev: the device, which is attached to nothing that is its own
 *
 * Context: process context; takes the unit's mutex.
 */
void vtiommu_endpoints_remove(struct vtiommu_dev *vdev)
{
	mutex_lock(&vdev->unit->mutex);
	__vtiommu_endpoints_remove(vdev);
	mutex_unlock(&vdev->unit->mutex);
}

/**
 * vtiommu_endpoints_add() - a device comes with its endpoints
 * @vdev: the device
 *
 * Context: process context; takes the unit's mutex.
 * Return: 0 or -ENOMEM.
 */
int vtiommu_endpoints_add(struct vtiommu_dev *vdev)
{
	const struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(vdev->place.dev);
	struct vtiommu_unit *unit = vdev->unit;
	int ret = 0;

	mutex_lock(&unit->mutex);
	list_add_tail(&vdev->node, &unit->devices);
	for (unsigned int i = 0; !ret && i < fwspec->num_ids; i++)
		ret = xa_err(xa_store(&unit->endpoints, fwspec->ids[i], vdev,
				      GFP_KERNEL));
	if (ret)
		__vtiommu_endpoints_remove(vdev);
	mutex_unlock(&unit->mutex);
	return ret;
}
