/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the SMMUv3 driver share
 */
#ifndef _IOFLUSH_SMMUV3_H
#define _IOFLUSH_SMMUV3_H

#include <linux/idr.h>
#include <linux/io.h>
#include <linux/ioflush/domain.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "caps.h"
#include "entry.h"

struct dentry;
struct smmu3_dev;

/**
 * struct smmu3_queue - memory and registers of a ring that hardware uses
 * @mem: the ring; its size is a power of two, and so is its alignment
 * @dma: where hardware finds it
 * @lg2: log2 of the number of entries
 * @entry_bytes: size of an entry
 */
struct smmu3_queue {
	void *mem;
	dma_addr_t dma;
	u8 lg2;
	u8 entry_bytes;
};

/**
 * struct smmu3_streams - the stream table, IHI 0070 section 3.3
 * @sid_bits: width of the StreamIDs that the table knows
 * @split: log2 of the entries below one level-1 descriptor; 0 for a linear
 *	table
 * @l1: level-1 descriptors, or the entries of a linear table
 * @l2: the entries below each descriptor; NULL where there are none yet.
 *	Written under the unit's mutex, once; read under RCU or the mutex
 * @base: where hardware finds @l1
 */
struct smmu3_streams {
	u8 sid_bits;
	u8 split;
	__le64 *l1;
	struct smmu3_entry **l2;
	dma_addr_t base;
};

/**
 * struct smmu3_unit - one SMMU
 * @iommu: the core's part
 * @dev: its platform device
 * @name: for messages and sysfs
 * @id: counts units
 * @regs: page 0 of the registers
 * @page1: the page with the registers of the event queue; @regs + 64 KiB
 * @caps: what it can do
 * @coherent: its walks and queues snoop the caches of CPUs
 * @q: the command queue's software side
 * @cmdq: its memory
 * @evtq: the event queue's
 * @evtq_cons: next event to take, with wrap bit; belongs to the thread that
 *	takes events
 * @evtq_lost: how often events were lost because the queue was full
 * @done: the word that syncs are counted in
 * @gbpa: what happened to traffic before we came: SMMU_GBPA
 * @gerror_lock: a read of GERRORN and the write that follows; taken by the
 *	interrupt's thread and, with interrupts off, by whoever recovers @q
 * @streams: stream table
 * @mutex: protects @streams, and what the entries of attached devices hold.
 *	Held while waiting for hardware to forget an entry: attaching may sleep
 * @sids: struct smmu3_sid by StreamID; read under RCU, changed under @mutex
 * @ids: ASIDs or VMIDs in use; 0 is never given to a domain
 * @debugfs: directory
 * @irqs: event queue, global error and combined interrupts, 0 where there is
 *	none
 */
struct smmu3_unit {
	struct iommu_device iommu;
	struct device *dev;
	char name[16];
	unsigned int id;
	void __iomem *regs;
	void __iomem *page1;
	struct smmu3_caps caps;
	bool coherent;
	struct invq q;
	struct smmu3_queue cmdq;
	struct smmu3_queue evtq;
	u32 evtq_cons;
	atomic_long_t evtq_lost;
	__le32 *done;
	u32 gbpa;
	raw_spinlock_t gerror_lock; /* changes of GERRORN, see above */
	struct smmu3_streams streams;
	struct mutex mutex; /* stream table and devices, see above */
	struct xarray sids;
	struct ida ids;
	struct dentry *debugfs;
	int irqs[3];
};

/**
 * struct smmu3_ctx - what one unit knows of one domain: the private part of a
 *	struct iodom_link
 * @cd: context descriptor of stage 1, a page of its own; NULL for stage 2
 * @stage2: the domain's table is one of stage 2
 * @ats: devices that cache translations themselves; changed under the unit's
 *	mutex, read under RCU
 *
 * Kept for an RCU grace period after the link has gone.
 */
struct smmu3_ctx {
	struct smmu3_entry *cd;
	bool stage2;
	struct list_head ats;
};

/**
 * struct smmu3_dev - one device behind a unit
 * @dev: the device
 * @unit: the unit
 * @domain: what it is attached to
 * @dom: the same, if it is a paging domain; holds one use of a link
 * @ats_node: on the list of its domain's smmu3_ctx, while @ats_on
 * @ats_on: the device caches translations
 * @nsids: number of @sids
 * @sids: its StreamIDs
 *
 * The core serialises attaching and releasing by the group's mutex; debugfs
 * reads @domain and @dom under the unit's mutex, which attaching takes, too.
 */
struct smmu3_dev {
	struct device *dev;
	struct smmu3_unit *unit;
	struct iommu_domain *domain;
	struct iodom *dom;
	struct list_head ats_node;
	bool ats_on;
	unsigned int nsids;
	u32 sids[] __counted_by(nsids);
};

/* unit.c: registers; reset, on and off */
int smmu3_unit_reset(struct smmu3_unit *unit);
int smmu3_unit_enable(struct smmu3_unit *unit);
void smmu3_unit_disable(struct smmu3_unit *unit);
int smmu3_unit_read_caps(struct smmu3_unit *unit);

/* queue.c: the command queue under invq/ */
int smmu3_queue_init(struct smmu3_unit *unit);
void smmu3_queue_exit(struct smmu3_unit *unit);

/* event.c: the event queue and what it tells */
int smmu3_event_init(struct smmu3_unit *unit);
void smmu3_event_exit(struct smmu3_unit *unit);
void smmu3_event_take(struct smmu3_unit *unit);

/* irq.c: wired or by messages; gerror is looked at here */
int smmu3_irq_init(struct smmu3_unit *unit);
void smmu3_irq_exit(struct smmu3_unit *unit);

/* stream.c: the stream table; context descriptors' memory */
int smmu3_streams_init(struct smmu3_unit *unit);
void smmu3_streams_exit(struct smmu3_unit *unit);
int smmu3_streams_grow(struct smmu3_unit *unit, u32 sid);
struct smmu3_entry *smmu3_streams_find(struct smmu3_unit *unit, u32 sid);
struct smmu3_dev *smmu3_dev_of_sid(struct smmu3_unit *unit, u32 sid);
int smmu3_sids_add(struct smmu3_unit *unit, struct smmu3_dev *sdev);
void smmu3_sids_remove(struct smmu3_unit *unit, struct smmu3_dev *sdev);

/* attach.c: a device meets a domain; encodes invalidations */
extern const struct iodom_hw_ops smmu3_iodom_hw_ops;
extern struct iommu_domain smmu3_identity_domain;
extern struct iommu_domain smmu3_blocked_domain;
void smmu3_dev_detach(struct smmu3_dev *sdev);

/* ops.c: struct iommu_ops */
extern const struct iommu_ops smmu3_ops;
struct iodom *smmu3_domain_create(struct smmu3_unit *unit, bool dirty);

/* debugfs.c */
void smmu3_debugfs_add(struct smmu3_unit *unit);
void smmu3_debugfs_remove(struct smmu3_unit *unit);

static inline u32 smmu3_read32(const struct smmu3_unit *unit, u32 reg)
{
	return readl(unit->regs + reg);
}

static inline void smmu3_write32(struct smmu3_unit *unit, u32 reg, u32 value)
{
	writel(value, unit->regs + reg);
}

static inline void smmu3_write64(struct smmu3_unit *unit, u32 reg, u64 value)
{
	writeq(value, unit->regs + reg);
}

#endif /* _IOFLUSH_SMMUV3_H */
