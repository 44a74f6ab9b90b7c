// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: virtio-iommu requests as commands of an invalidation queue
 *
 * Virtio 1.2, section 5.13.6.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "cmd.h"

static_assert(VIRTIO_IOMMU_MAP_F_MASK <= VTIOMMU_CMD2_FLAGS);
static_assert(sizeof(void *) <= sizeof(__le64));

static __always_inline void vtiommu_cmd(struct invq_cmd *cmd,
					enum vtiommu_kind kind, u32 domain,
					u64 start, u64 last)
{
	cmd->u64s[0] = cpu_to_le64((start & VTIOMMU_CMD_PAGES) | kind |
				   FIELD_PREP(VTIOMMU_CMD0_DOMAIN,
					      domain >> VTIOMMU_CMD1_DOMAIN_LG2));
	cmd->u64s[1] = cpu_to_le64(((last - start) & VTIOMMU_CMD_PAGES) |
				   (domain & VTIOMMU_CMD1_DOMAIN));
}

/**
 * vtiommu_cmd_unmap() - encode an UNMAP
 * @cmd: receives it
 * @domain: number of the domain, counted from the first
 * @range: what to unmap: all of what is mapped in it, and no part of what is not
 */
void vtiommu_cmd_unmap(struct invq_cmd *cmd, u32 domain,
		       const struct ioflush_range *range)
{
	vtiommu_cmd(cmd, VTIOMMU_UNMAP, domain, range->start, range->last);
}

/**
 * vtiommu_cmd_unmap_after() - have the device given an UNMAP after all before it
 * @cmd: an UNMAP
 */
void vtiommu_cmd_unmap_after(struct invq_cmd *cmd)
{
	cmd->u64s[0] |= cpu_to_le64(VTIOMMU_UNMAP_AFTER);
	static_assert((VTIOMMU_UNMAP_AFTER & VTIOMMU_UNMAP) == VTIOMMU_UNMAP);
}

/**
 * vtiommu_cmd_map() - encode a MAP
 * @cmd: receives it
 * @domain: number of the domain, counted from the first
 * @run: what to map
 * @result: where the status goes, if it is not OK; stays until it has been waited for
 */
void vtiommu_cmd_map(struct invq_cmd cmd[VTIOMMU_MAP_SLOTS], u32 domain,
		     const struct vtiommu_run *run,
		     struct vtiommu_result *result)
{
	vtiommu_cmd(&cmd[0], VTIOMMU_MAP, domain, run->start, run->last);
	cmd[1].u64s[0] = cpu_to_le64(run->paddr | run->flags);
	cmd[1].u64s[1] = cpu_to_le64((uintptr_t)result);
}

/**
 * vtiommu_req_unmap() - an UNMAP as the device wants it
 * @req: receives all but the tail
 * @cmd: its slot
 * @first_domain: the first domain that the device allows
 */
void vtiommu_req_unmap(struct virtio_iommu_req_unmap *req,
		       const struct invq_cmd *cmd, u32 first_domain)
{
	req->head = (struct virtio_iommu_req_head) {
		.type = VIRTIO_IOMMU_T_UNMAP,
	};
	req->domain = cpu_to_le32(first_domain + vtiommu_cmd_domain(cmd));
	req->virt_start = cpu_to_le64(vtiommu_cmd_start(cmd));
	req->virt_end = cpu_to_le64(vtiommu_cmd_last(cmd));
	memset(req->reserved, 0, sizeof(req->reserved));
}

/**
 * vtiommu_req_map() - a MAP as the device wants it
 * @req: receives all but the tail
 * @cmd: its first slot
 * @second: its second
 * @first_domain: the first domain that the device allows
 */
void vtiommu_req_map(struct virtio_iommu_req_map *req,
		     const struct invq_cmd *cmd, const struct invq_cmd *second,
		     u32 first_domain)
{
	const u64 memory = le64_to_cpu(second->u64s[0]);

	req->head = (struct virtio_iommu_req_head) {
		.type = VIRTIO_IOMMU_T_MAP,
	};
	req->domain = cpu_to_le32(first_domain + vtiommu_cmd_domain(cmd));
	req->virt_start = cpu_to_le64(vtiommu_cmd_start(cmd));
	req->virt_end = cpu_to_le64(vtiommu_cmd_last(cmd));
	req->phys_start = cpu_to_le64(memory & VTIOMMU_CMD_PAGES);
	req->flags = cpu_to_le32(FIELD_GET(VTIOMMU_CMD2_FLAGS, memory));
}

/**
 * vtiommu_error() - a status as an error
 * @status: VIRTIO_IOMMU_S_*
 *
 * Return: 0 or an error.
 */
int vtiommu_error(u8 status)
{
	switch (status) {
	case VIRTIO_IOMMU_S_OK:
		return 0;
	case VIRTIO_IOMMU_S_UNSUPP:
		return -EOPNOTSUPP;
	case VIRTIO_IOMMU_S_INVAL:
		return -EINVAL;
	case VIRTIO_IOMMU_S_RANGE:
		return -ERANGE;
	case VIRTIO_IOMMU_S_NOENT:
		return -ENOENT;
	case VIRTIO_IOMMU_S_FAULT:
		return -EFAULT;
	case VIRTIO_IOMMU_S_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}
