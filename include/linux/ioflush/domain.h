/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the paging domain that all drivers share
 *
 * A driver adds two things: how a device is attached to a domain, and how a
 * range becomes commands for its invalidation queue. Everything between the
 * IOMMU core and those two is written once, here.
 */
#ifndef _LINUX_IOFLUSH_DOMAIN_H
#define _LINUX_IOFLUSH_DOMAIN_H

#include <linux/ioflush/audit.h>
#include <linux/ioflush/flush.h>
#include <linux/ioflush/invq.h>
#include <linux/ioflush/pgtable.h>
#include <linux/iommu.h>

struct iodom;
struct iodom_link;
struct ioslot_pool;
struct iospace;

/** IODOM_CMDS_MAX - commands that one call of an encoder may produce */
#define IODOM_CMDS_MAX 32

/**
 * struct iodom_link - a domain's place in one IOMMU
 * @node: on the domain's list; readers use RCU
 * @q: the unit's invalidation queue
 * @unit: the driver's unit
 * @id: what tags the domain's translations there: a domain id, ASID or VMID
 * @users: devices of this unit that are attached; protected by the domain's
 *	attach_lock
 * @priv: the driver's, from its link_get to its link_put
 * @ats: struct iodom_ats of devices that cache translations themselves, for drivers
 *	that keep them here; readers use RCU, changed under the domain's attach_lock
 * @ats_n: how many
 * @caches_not_present: the unit may cache entries that are not present, so
 *	that mapping has to invalidate too (VT-d: CAP.CM), or does not see them
 *	before it is told (&iodom_hw_ops.map)
 */
struct iodom_link {
	struct list_head node;
	struct invq *q;
	void *unit;
	u32 id;
	unsigned int users;
	void *priv;
	struct hlist_head ats;
	u16 ats_n;
	bool caches_not_present;
};

/**
 * struct iodom_device - a device as its domain knows it
 * @node: on its domain's list, if it is in a paging domain; protected by that
 *	domain's attach_lock
 * @dev: the device, which is there for as long as it is in a domain
 * @unit: the driver's unit that it is behind
 * @dma: the domain that its DMA API maps in, while that is ours. Written under the
 *	mutex of its group, before and after there are mappings. It stays where the
 *	device is attached elsewhere meanwhile
 *
 * A driver's own structure, which it keeps as dev_iommu_priv, begins with it: maps and
 * unmaps find their domain there without a call.
 */
struct iodom_device {
	struct list_head node;
	struct device *dev;
	void *unit;
	struct iodom *dma;
};

/**
 * struct iodom_ats - a device that caches translations of a domain itself
 * @node: on struct iodom_link.ats
 * @link: the domain on the device's unit
 * @device: the device
 * @rcu: frees it
 *
 * While a device goes from one domain to another it is on the lists of both.
 */
struct iodom_ats {
	struct hlist_node node;
	struct iodom_link *link;
	struct iodom_device *device;
	struct rcu_head rcu;
};

/**
 * struct iodom_run - contiguous memory that a whole range has been mapped to
 * @paddr: its first byte
 * @prot: IOMMU_READ, IOMMU_WRITE and friends
 */
struct iodom_run {
	phys_addr_t paddr;
	int prot;
};

/**
 * struct iodom_hw_ops - what a hardware driver adds to the shared domain
 * @attach: make the device's requests translate through @dom. The driver
 *	calls iodom_link_get() for its unit first
 * @encode_range: commands that invalidate one range on the link's unit; at
 *	most IODOM_CMDS_MAX of them. Returns how many, or 0 if invalidating
 *	the whole domain is the only or the cheaper way
 * @encode_all: the commands, at most IODOM_CMDS_MAX and invq_room() of them, that
 *	invalidate the whole domain on the link's unit, walk caches included.
 *	NULL where what is invalidated is gone for good, so that only ranges that
 *	have been unmapped may be; @encode_range then needs one command for any.
 *	Encoders may be called with interrupts off: they write commands and leave
 *	the queue alone. They are in an RCU read section that does not end before
 *	the commands are in the unit's queue: iodom_settle() counts on it
 * @map: tell the link's unit of a range that has been mapped, and wait until it has
 *	taken that, or has not: for units that do not read the table. NULL for others.
 *	It was mapped at once to @run and is unmapped so, or to what the table says if
 *	that is NULL. In an RCU read section
 * @link_get: give the domain an id on a new link's unit
 * @link_put: return it; nothing uses the id any more
 * @enforce_coherency: make all DMA of the domain snoop CPU caches; true if it
 *	does. NULL where hardware cannot
 */
struct iodom_hw_ops {
	int (*attach)(struct iodom *dom, struct device *dev);
	unsigned int (*encode_range)(struct iodom *dom,
				     struct iodom_link *link,
				     const struct ioflush_range *range,
				     struct invq_cmd *cmds);
	unsigned int (*encode_all)(struct iodom *dom, struct iodom_link *link,
				   struct invq_cmd *cmds);
	int (*map)(struct iodom *dom, struct iodom_link *link,
		   unsigned long iova, size_t bytes,
		   const struct iodom_run *run);
	int (*link_get)(struct iodom *dom, struct iodom_link *link);
	void (*link_put)(struct iodom *dom, struct iodom_link *link);
	bool (*enforce_coherency)(struct iodom *dom);
};

/**
 * struct iodom - a paging domain
 * @domain: the core's part
 * @hw: the driver's part
 * @pgt: translations
 * @flush: pending invalidations
 * @space: bus addresses, for domains of the DMA API; NULL for others. Set
 *	once, with release ordering, before the first device of the group gets
 *	its DMA operations
 * @slots: copies of small buffers, for domains of the DMA API; NULL for others. Set
 *	once, with release ordering, under the group's mutex
 * @slot_base: first address of @slots; without them one that is far from any
 * @slot_bytes: length of their range, or 0. Set before @slots, with @slot_base
 * @links: struct iodom_link of each unit; read under RCU, changed under
 *	@attach_lock
 * @devices: struct iodom_device of each device that translates through it;
 *	read and changed under @attach_lock
 * @attach_lock: serialises attach and detach
 * @lazy_asked: the core wanted unmaps to be deferred when it set up the domain, and
 *	has made it strict since. Under the mutex of the group
 * @left: a device of it was left to the core, which hands out its addresses for as long
 *	as it lives. Under the same mutex; not with @space
 * @mode_begun: it has got the mode that the command line asks for. Under the same mutex
 * @guarded: unmaps of memory that devices only read may be deferred if it is held
 *	meanwhile, though the domain is strict for the core
 * @held: that was so once: leaves may be marked, of memory with a reference that goes
 *	back when nothing reads through them any more
 * @no_copies: a device of it has had a driver whose buffers must not be copied. Under the
 *	mutex of the group
 * @map_needs_flush: some link's unit caches entries that are not present, or has to be
 *	told of those that are
 * @granule_lg2: log2 of the smallest page
 * @block_pages: pages of that size in the next larger one, or more than there can
 *	be; what is shorter has no larger page inside
 * @node: on the list of all domains, for debugfs
 * @audit: what the auditor knows of it
 */
struct iodom {
	struct iommu_domain domain;
	const struct iodom_hw_ops *hw;
	struct iopgt pgt;
	struct ioflush flush;
	struct iospace *space;
	struct ioslot_pool *slots;
	dma_addr_t slot_base;
	u32 slot_bytes;
	struct list_head links;
	struct list_head devices;
	struct mutex attach_lock; /* makes attach and detach take turns */
	bool lazy_asked;
	bool left;
	bool mode_begun;
	bool guarded;
	bool held;
	bool no_copies;
	bool map_needs_flush;
	u8 granule_lg2;
	size_t block_pages;
	struct list_head node;
	struct ioaudit_domain audit;
};

static inline struct iodom *to_iodom(struct iommu_domain *domain)
{
	return container_of(domain, struct iodom, domain);
}

extern const struct iommu_domain_ops iodom_ops;

bool iodom_is(struct iommu_domain *domain);
struct iommu_group *iodom_device_group(struct device *dev);

struct iodom *iodom_create(const struct iodom_hw_ops *hw,
			   const struct iopgt_ops *fmt,
			   const struct iopgt_cfg *cfg);
void iodom_set_space(struct iodom *dom, struct iospace *space);
struct iodom_link *iodom_link_get(struct iodom *dom, void *unit,
				  struct invq *q, bool caches_not_present);
void iodom_link_put(struct iodom *dom, void *unit);
void iodom_settle(struct invq *q);
struct iodom_ats *iodom_ats_join(struct iodom *dom, struct iodom_link *link,
				 struct iodom_device *device, unsigned int max);
void iodom_ats_leave(struct iodom *dom, struct iodom_ats *ats);
int iodom_ats_enable(struct device *dev, u8 page_lg2, struct invq *q);
void iodom_ats_disable(struct device *dev);
bool iodom_ats_gone(const struct device *dev);
void iodom_device_move(struct iodom_device *device, struct iodom *from,
		       struct iodom *to);
int iodom_queue_add(struct invq *q);
void iodom_queue_remove(const struct invq *q);

int iodom_map_mixed(struct iodom *dom, unsigned long iova, phys_addr_t paddr,
		    size_t bytes, int prot, gfp_t gfp);
int iodom_map_list(struct iodom *dom, unsigned long iova,
		   const struct iopgt_piece *piece, unsigned int n, int prot,
		   gfp_t gfp, size_t *mapped);
int iodom_map_undo(struct iodom *dom, unsigned long iova, size_t bytes,
		   int error);
int iodom_map_sync(struct iodom *dom, unsigned long iova, size_t bytes);
int iodom_map_sync_run(struct iodom *dom, unsigned long iova, size_t bytes,
		       phys_addr_t paddr, int prot);
void iodom_unmap(struct iodom *dom, dma_addr_t iova, size_t bytes);
void iodom_unmap_held(struct iodom *dom, dma_addr_t iova, size_t bytes,
		      struct ioflush_hold *hold);
void iodom_unmap_sync(struct iodom *dom, unsigned long iova, size_t bytes);

/**
 * iodom_map() - map a physically contiguous range
 * @dom: the domain
 * @iova: where
 * @paddr: what
 * @bytes: how much; like the addresses a multiple of the smallest page
 * @prot: IOMMU_READ, IOMMU_WRITE and friends
 * @gfp: for table pages
 *
 * iodom_map_sync() follows before a device may use the range. A call that
 * fails leaves nothing mapped.
 *
 * Context: any context that @gfp allows; waits for hardware if it fails, or if
 *	a block goes where an empty table hangs.
 * Return: 0 or an error of iopgt_map_pages().
 */
static inline int iodom_map(struct iodom *dom, unsigned long iova,
			    phys_addr_t paddr, size_t bytes, int prot,
			    gfp_t gfp)
{
	const size_t pages = bytes >> dom->granule_lg2;
	size_t done = 0;
	int ret;

	if (unlikely(pages >= dom->block_pages))
		return iodom_map_mixed(dom, iova, paddr, bytes, prot, gfp);

	ret = iopgt_map_pages(&dom->pgt, iova, paddr, BIT(dom->granule_lg2),
			      pages, prot, gfp, &done);
	if (unlikely(ret)) {
		ioaudit_map(&dom->audit, paddr, done);
		return iodom_map_undo(dom, iova, done, ret);
	}
	ioaudit_map(&dom->audit, paddr, bytes);
	return 0;
}

/**
 * iodom_deferred() - may unmaps of this domain be deferred now?
 * @dom: a domain of the DMA API
 *
 * The core changes the type while the domain is in use: from strict to lazy
 * when the user writes DMA-FQ to the group's type file.
 *
 * Context: any context.
 * Return: true for DMA-FQ, false for every other type.
 */
static inline bool iodom_deferred(const struct iodom *dom)
{
	return READ_ONCE(dom->domain.type) == IOMMU_DOMAIN_DMA_FQ;
}

#endif /* _LINUX_IOFLUSH_DOMAIN_H */
