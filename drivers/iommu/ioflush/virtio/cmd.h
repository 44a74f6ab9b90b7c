/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: virtio-iommu requests as commands of an invalidation queue
 *
 * A slot of the queue has 16 bytes, a request up to 40. What differs from one to the
 * next fits in a slot for UNMAP and in two for MAP:
 *
 *	word	bits	UNMAP				MAP
 *	0	1:0	kind				kind
 *		11:2	domain, upper 10 bits		domain, upper 10 bits
 *		63:12	first page			first page
 *	1	11:0	domain, lower 12 bits		domain, lower 12 bits
 *		63:12	pages, less one			pages, less one
 *	2	11:0					flags of the request
 *		63:12					first page of memory
 *	3	63:0					where its status goes
 *
 * Pages are of 4 KiB, whatever those of the device are. Domains are numbered from the
 * first that the device allows.
 */
#ifndef _IOFLUSH_VIRTIO_CMD_H
#define _IOFLUSH_VIRTIO_CMD_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/ioflush/flush.h>
#include <linux/ioflush/invq.h>
#include <uapi/linux/virtio_iommu.h>

/** VTIOMMU_DOMAINS_MAX - domains that commands can name */
#define VTIOMMU_DOMAINS_MAX	BIT(22)

/** VTIOMMU_PAGE_LG2 - log2 of the pages that commands count in */
#define VTIOMMU_PAGE_LG2	12

/** VTIOMMU_MAP_SLOTS - slots of a MAP */
#define VTIOMMU_MAP_SLOTS	2

#define VTIOMMU_CMD0_KIND	GENMASK_ULL(1, 0)
#define VTIOMMU_CMD0_DOMAIN	GENMASK_ULL(11, 2)
#define VTIOMMU_CMD1_DOMAIN	GENMASK_ULL(11, 0)
#define VTIOMMU_CMD_PAGES	GENMASK_ULL(63, VTIOMMU_PAGE_LG2)
#define VTIOMMU_CMD2_FLAGS	GENMASK_ULL(11, 0)

/* How much of a domain's number is in the second word */
#define VTIOMMU_CMD1_DOMAIN_LG2	12

/**
 * enum vtiommu_kind - what a slot holds
 * @VTIOMMU_SYNC: the end of what a sync waits for; no request
 * @VTIOMMU_UNMAP: an UNMAP
 * @VTIOMMU_MAP: a MAP, together with the slot that follows
 * @VTIOMMU_UNMAP_AFTER: an UNMAP that the device is not given before it has done all
 *	that was queued before
 */
enum vtiommu_kind {
	VTIOMMU_SYNC,
	VTIOMMU_UNMAP,
	VTIOMMU_MAP,
	VTIOMMU_UNMAP_AFTER,
};

/**
 * struct vtiommu_result - what became of MAPs that somebody waits for
 * @status: the first status that was not OK, VIRTIO_IOMMU_S_OK if there is none
 */
struct vtiommu_result {
	u8 status;
};

/**
 * struct vtiommu_run - memory that is mapped in one piece
 * @start: first address
 * @last: last address, inclusive
 * @paddr: where the first one goes
 * @flags: of the request
 */
struct vtiommu_run {
	u64 start;
	u64 last;
	phys_addr_t paddr;
	u32 flags;
};

/**
 * vtiommu_cmd_kind() - what a slot holds
 * @cmd: the slot; not the second one of a MAP
 *
 * Return: the kind.
 */
static inline enum vtiommu_kind
vtiommu_cmd_kind(const struct invq_cmd *cmd)
{
	return FIELD_GET(VTIOMMU_CMD0_KIND, le64_to_cpu(cmd->u64s[0]));
}

/**
 * vtiommu_cmd_domain() - which domain a command is about
 * @cmd: its slot, the first one of a MAP
 *
 * Return: its number, counted from the first.
 */
static inline u32 vtiommu_cmd_domain(const struct invq_cmd *cmd)
{
	return FIELD_GET(VTIOMMU_CMD0_DOMAIN, le64_to_cpu(cmd->u64s[0]))
	       << VTIOMMU_CMD1_DOMAIN_LG2 |
	       FIELD_GET(VTIOMMU_CMD1_DOMAIN, le64_to_cpu(cmd->u64s[1]));
}

/**
 * vtiommu_cmd_start() - where the range of a command begins
 * @cmd: its slot, the first one of a MAP
 *
 * Return: the first address.
 */
static inline u64 vtiommu_cmd_start(const struct invq_cmd *cmd)
{
	return le64_to_cpu(cmd->u64s[0]) & VTIOMMU_CMD_PAGES;
}

/**
 * vtiommu_cmd_last() - where the range of a command ends
 * @cmd: its slot, the first one of a MAP
 *
 * Return: the last address.
 */
static inline u64 vtiommu_cmd_last(const struct invq_cmd *cmd)
{
	return vtiommu_cmd_start(cmd) +
	       (le64_to_cpu(cmd->u64s[1]) | ~VTIOMMU_CMD_PAGES);
}

/**
 * vtiommu_cmd_result() - where the status of a MAP goes
 * @second: its second slot
 *
 * Return: as given to vtiommu_cmd_map().
 */
static inline struct vtiommu_result *
vtiommu_cmd_result(const struct invq_cmd *second)
{
	return (void *)(uintptr_t)le64_to_cpu(second->u64s[1]);
}

void vtiommu_cmd_unmap(struct invq_cmd *cmd, u32 domain,
		       const struct ioflush_range *range);
void vtiommu_cmd_unmap_after(struct invq_cmd *cmd);
void vtiommu_cmd_map(struct invq_cmd cmd[VTIOMMU_MAP_SLOTS], u32 domain,
		     const struct vtiommu_run *run,
		     struct vtiommu_result *result);
void vtiommu_req_unmap(struct virtio_iommu_req_unmap *req,
		       const struct invq_cmd *cmd, u32 first_domain);
void vtiommu_req_map(struct virtio_iommu_req_map *req,
		     const struct invq_cmd *cmd, const struct invq_cmd *second,
		     u32 first_domain);
int vtiommu_error(u8 status);

#endif /* _IOFLUSH_VIRTIO_CMD_H */
