// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what a virtio-iommu has to say of an endpoint
 *
 * The answer to a PROBE is a list of properties, each with its type and length in
 * front, up to one of type NONE. Of those there are, all name addresses that are not
 * for the endpoint's buffers.
 */
#define pr_fmt(fmt) "ioflush: " fmt

#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dma-iommu.h"
#include "virtio.h"

/* Where messages of interrupts are mapped, if the device does not say where they are */
#define VTIOMMU_MSI_START	0x8000000ULL
#define VTIOMMU_MSI_BYTES	0x100000ULL

/* A place for messages is no longer than that: the core remembers each page of it. */
#define VTIOMMU_MSI_MAX		SZ_16M

static int vtiommu_add_resv(struct device *dev,
			    const struct virtio_iommu_probe_resv_mem *mem,
			    struct list_head *resv)
{
	const u64 start = le64_to_cpu(mem->start), end = le64_to_cpu(mem->end);
	const bool msi = mem->subtype == VIRTIO_IOMMU_RESV_MEM_T_MSI &&
			 end - start < VTIOMMU_MSI_MAX;
	struct iommu_resv_region *region;

	if (end < start || end - start == U64_MAX) {
		dev_err(dev, "reserved region %#llx to %#llx makes no sense: ignored\n",
			start, end);
		return 0;
	}
	if (!msi && mem->subtype != VIRTIO_IOMMU_RESV_MEM_T_RESERVED)
		dev_warn(dev, "reserved region %#llx to %#llx cannot be of kind %u: kept clear\n",
			 start, end, mem->subtype);
	region = iommu_alloc_resv_region(start, end - start + 1,
					 msi ? IOMMU_WRITE | IOMMU_NOEXEC |
					       IOMMU_MMIO : 0,
					 msi ? IOMMU_RESV_MSI :
					       IOMMU_RESV_RESERVED, GFP_KERNEL);
	if (!region)
		return -ENOMEM;
	list_add_tail(&region->list, resv);
	return 0;
}

/**
 * vtiommu_parse_properties() - read what a device has said of an endpoint
 * @dev: the device behind, for messages
 * @props: the properties
 * @bytes: how much room there was for them
 * @resv: receives struct iommu_resv_region
 *
 * What is not known is skipped, and what is longer than there is room ends the list.
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int vtiommu_parse_properties(struct device *dev, const u8 *props, size_t bytes,
			     struct list_head *resv)
{
	struct virtio_iommu_probe_resv_mem mem;
	size_t at = 0, length;
	int ret = 0;
	u16 type;

	while (!ret && at + sizeof(mem.head) <= bytes) {
		/* The lengths of those in front may be odd. */
		memcpy(&mem, props + at, min(sizeof(mem), bytes - at));
		type = le16_to_cpu(mem.head.type) & VIRTIO_IOMMU_PROBE_T_MASK;
		length = sizeof(mem.head) + le16_to_cpu(mem.head.length);
		if (type == VIRTIO_IOMMU_PROBE_T_NONE)
			break;
		if (length > bytes - at) {
			dev_err(dev, "property %#x is longer than there is room\n",
				type);
			break;
		}
		if (type == VIRTIO_IOMMU_PROBE_T_RESV_MEM &&
		    length >= sizeof(mem))
			ret = vtiommu_add_resv(dev, &mem, resv);
		else
			dev_warn(dev, "property %#x of %zu bytes is not understood\n",
				 type, length);
		at += length;
	}
	return ret;
}

/**
 * vtiommu_probe_endpoint() - ask what is special about an endpoint
 * @vdev: its device, whose list receives regions
 * @endpoint: its id
 *
 * Context: process context.
 * Return: 0 or an error of vtiommu_control().
 */
int vtiommu_probe_endpoint(struct vtiommu_dev *vdev, u32 endpoint)
{
	const struct virtio_iommu_req_probe req = {
		.head.type = VIRTIO_IOMMU_T_PROBE,
		.endpoint = cpu_to_le32(endpoint),
	};
	const size_t bytes = vdev->unit->probe_bytes;
	u8 *answer;
	int ret;

	if (!bytes)
		return 0;
	answer = kzalloc(bytes + sizeof(struct virtio_iommu_req_tail),
			 GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	ret = vtiommu_control(&vdev->unit->queue, &req, sizeof(req), answer,
			      bytes + sizeof(struct virtio_iommu_req_tail));
	if (!ret)
		ret = vtiommu_parse_properties(vdev->place.dev, answer, bytes,
					       &vdev->resv);
	kfree(answer);
	return ret;
}

/**
 * vtiommu_get_resv_regions() - &iommu_ops.get_resv_regions
 * @dev: the device
 * @list: receives struct iommu_resv_region
 *
 * Context: process context.
 */
void vtiommu_get_resv_regions(struct device *dev, struct list_head *list)
{
	struct vtiommu_dev *vdev = dev_iommu_priv_get(dev);
	struct iommu_resv_region *region, *copy;
	bool msi = false;

	list_for_each_entry(region, &vdev->resv, list) {
		msi |= region->type == IOMMU_RESV_MSI;
		copy = kmemdup(region, sizeof(*region), GFP_KERNEL);
		if (copy)
			list_add_tail(&copy->list, list);
	}
	iommu_dma_get_resv_regions(dev, list);
	if (msi)
		return;
	region = iommu_alloc_resv_region(VTIOMMU_MSI_START, VTIOMMU_MSI_BYTES,
					 IOMMU_WRITE | IOMMU_NOEXEC |
					 IOMMU_MMIO, IOMMU_RESV_SW_MSI,
					 GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, list);
}
