/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the SMMUv3 driver share
 */
#ifndef _IOFLUSH_SMMUV3_H
#define _IOFLUSH_SMMUV3_H

#include <linux/idr.h>
#include <linux/io.h>
#include <linux/ioflush/domain.h>
#include <linux/ioflush/pgtable_arm.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "caps.h"
#include "cmd.h"
#include "compat-iommu.h"
#include "entry.h"
#include "quirks.h"

struct dentry;
struct smmu3_ats;
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
 * @l2: the entries below each descriptor; NULL where there are none yet, or
 *	the table is linear. Set under the unit's mutex, once, with release
 *	ordering; they stay as long as the unit
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
 * @node: on the list of all units
 * @iommu: the core's part
 * @dev: its platform device
 * @name: for messages and sysfs
 * @id: counts units
 * @regs: page 0 of the registers
 * @page1: the page with the registers of the event queue; @regs + 64 KiB
 * @caps: what it can do
 * @quirks: SMMU3_QUIRK_* bits
 * @coherent: its walks and queues snoop the caches of CPUs
 * @q: the command queue's software side
 * @cmdq: its memory
 * @cmdq_quirks: enum invq_quirk; set before smmu3_queue_init()
 * @evtq: the event queue's
 * @evtq_cons: next event to take, with wrap bit; belongs to the thread that
 *	takes events
 * @evtq_lost: how often events were lost because the queue was full
 * @done: the word that syncs are counted in
 * @gbpa: what happens to traffic while the unit is disabled: SMMU_GBPA
 * @gerror_lock: a read of GERRORN and the write that follows; taken by the
 *	interrupt's thread and, with interrupts off, by whoever recovers @q
 * @ste_lock: stores to entries of the stream table that hardware may read, and
 *	struct smmu3_dev.cut_off; taken by who attaches, for a step at a time, and
 *	inside the queue's claim, with interrupts off, by who cuts a device off
 * @cutoff_work: says which devices have been cut off
 * @streams: stream table
 * @mutex: protects @streams, @devs, and with @ste_lock what the entries of attached
 *	devices hold. Held while waiting for hardware to forget an entry: attaching may
 *	sleep
 * @devs: struct smmu3_dev
 * @sids: struct smmu3_dev by StreamID, one of those that use it; read under RCU,
 *	changed under @mutex
 * @ids: ASIDs or VMIDs in use; 0 is never given to a domain
 * @debugfs: directory
 * @irqs: event queue, global error and combined interrupts, 0 where there is
 *	none
 * @irq_messages: they are messages that we have allocated
 */
struct smmu3_unit {
	struct list_head node;
	struct iommu_device iommu;
	struct device *dev;
	char name[16];
	unsigned int id;
	void __iomem *regs;
	void __iomem *page1;
	struct smmu3_caps caps;
	u32 quirks;
	bool coherent;
	struct invq q;
	struct smmu3_queue cmdq;
	u32 cmdq_quirks;
	struct smmu3_queue evtq;
	u32 evtq_cons;
	atomic_long_t evtq_lost;
	__le32 *done;
	u32 gbpa;
	raw_spinlock_t gerror_lock; /* changes of GERRORN, see above */
	raw_spinlock_t ste_lock; /* entries of the stream table, see above */
	struct work_struct cutoff_work;
	struct smmu3_streams streams;
	struct mutex mutex; /* stream table and devices, see above */
	struct list_head devs;
	struct xarray sids;
	struct ida ids;
	struct dentry *debugfs;
	int irqs[3];
	bool irq_messages;
};

/**
 * struct smmu3_ctx - what one unit knows of one domain: the private part of a
 *	struct iodom_link
 * @unit: the unit
 * @tag: what its translations are tagged with
 * @regs: what its table asks of whoever walks it
 * @cd: context descriptor of stage 1, a page of its own; NULL for stage 2
 * @cd_dma: where hardware finds it
 * @ats: struct smmu3_ats of devices that cache translations themselves; changed
 *	under the unit's mutex, read under RCU
 * @ats_sids: StreamIDs of those; protected by the unit's mutex
 *
 * Kept for an RCU grace period after the link has gone.
 */
struct smmu3_ctx {
	struct smmu3_unit *unit;
	struct smmu3_tag tag;
	struct iopgt_arm_regs regs;
	struct smmu3_entry *cd;
	dma_addr_t cd_dma;
	struct list_head ats;
	unsigned int ats_sids;
};

/**
 * struct smmu3_dev - one device behind a unit
 * @place: names the device in the domain that it is attached to. The first, see there
 * @node: on the unit's list
 * @dev: the device
 * @unit: the unit
 * @domain: what it is attached to
 * @ctx: if that is a paging domain, what the unit knows of it
 * @dom: the same domain; holds one use of a link
 * @ats: the device's place on its domain's list of such devices, while it may
 *	cache translations
 * @ats_able: it can, and what lies between here and there lets it
 * @ats_on: it was told to, and answers invalidations unless it was cut off
 * @cut_off: it did not answer one, or may be the one that did not; stays so. Set
 *	under the unit's @ste_lock
 * @cut_off_told: that has been said; under the unit's mutex
 * @rcu: frees it
 * @nsids: number of @sids
 * @sids: its StreamIDs, each once
 *
 * The core serialises attaching and releasing by the group's mutex; debugfs
 * reads @domain, @dom and @ctx under the unit's mutex, which attaching takes,
 * too.
 */
struct smmu3_dev {
	struct iodom_device place;
	struct list_head node;
	struct device *dev;
	struct smmu3_unit *unit;
	struct iommu_domain *domain;
	struct smmu3_ctx *ctx;
	struct iodom *dom;
	struct smmu3_ats *ats;
	bool ats_able;
	bool ats_on;
	bool cut_off;
	bool cut_off_told;
	struct rcu_head rcu;
	unsigned int nsids;
	u32 sids[] __counted_by(nsids);
};

/* unit.c: registers; reset, on and off */
int smmu3_unit_read_caps(struct smmu3_unit *unit);
int smmu3_unit_reset(struct smmu3_unit *unit);
int smmu3_unit_enable(struct smmu3_unit *unit);
void smmu3_unit_disable(struct smmu3_unit *unit);
void smmu3_unit_shutdown(struct smmu3_unit *unit);
int smmu3_unit_set(struct smmu3_unit *unit, u32 reg, u32 ack, u32 value);

/* queue.c: the command queue under invq/; memory of all rings */
int smmu3_ring_alloc(struct smmu3_unit *unit, struct smmu3_queue *ring, u8 lg2,
		     u8 entry_bytes);
void smmu3_ring_free(struct smmu3_unit *unit, struct smmu3_queue *ring);
int smmu3_queue_init(struct smmu3_unit *unit);
void smmu3_queue_exit(struct smmu3_unit *unit);
void smmu3_queue_start(struct smmu3_unit *unit);
int smmu3_queue_check(struct smmu3_unit *unit);

/* evtq.c: the event queue */
int smmu3_event_init(struct smmu3_unit *unit);
void smmu3_event_exit(struct smmu3_unit *unit);
void smmu3_event_start(struct smmu3_unit *unit);
void smmu3_event_take(struct smmu3_unit *unit);
void smmu3_event_lost(struct smmu3_unit *unit);

/* irq.c: wired or by messages; gerror is looked at here */
int smmu3_irq_init(struct smmu3_unit *unit);
void smmu3_irq_exit(struct smmu3_unit *unit);
u32 smmu3_gerror_active(struct smmu3_unit *unit);
void smmu3_gerror_ack(struct smmu3_unit *unit, u32 errors);
void smmu3_gerror_take(struct smmu3_unit *unit);

/* stream.c: the stream table, and who uses which StreamID */
int smmu3_streams_init(struct smmu3_unit *unit);
void smmu3_streams_exit(struct smmu3_unit *unit);
int smmu3_streams_grow(struct smmu3_unit *unit, u32 sid);
struct smmu3_entry *smmu3_streams_find(struct smmu3_unit *unit, u32 sid);
struct smmu3_dev *smmu3_dev_of_sid(struct smmu3_unit *unit, u32 sid);
bool smmu3_dev_has_sid(const struct smmu3_dev *sdev, u32 sid);
int smmu3_sids_add(struct smmu3_unit *unit, struct smmu3_dev *sdev);
void smmu3_sids_remove(struct smmu3_unit *unit, struct smmu3_dev *sdev);
struct smmu3_dev *smmu3_sid_other(struct smmu3_dev *sdev, u32 sid);

/* ctx.c: a domain on a unit; encodes invalidations */
int smmu3_link_get(struct iodom *dom, struct iodom_link *link);
void smmu3_link_put(struct iodom *dom, struct iodom_link *link);
unsigned int smmu3_encode_range(struct iodom *dom, struct iodom_link *link,
				const struct ioflush_range *range,
				struct invq_cmd *cmds);
unsigned int smmu3_encode_all(struct iodom *dom, struct iodom_link *link,
			      struct invq_cmd *cmds);

/* ats.c: devices that cache translations */
int smmu3_ats_join(struct smmu3_dev *sdev, struct smmu3_ctx *ctx,
		   struct smmu3_ats **ats);
void smmu3_ats_leave(struct smmu3_ats *ats);
void smmu3_ats_off(struct smmu3_dev *sdev);
void smmu3_ats_forget(struct smmu3_dev *sdev);
unsigned int smmu3_ats_encode(struct smmu3_ctx *ctx,
			      const struct ioflush_range *range,
			      struct invq_cmd *cmds, unsigned int n);

/* cutoff.c: devices that do not answer */
void smmu3_cutoff_init(struct smmu3_unit *unit);
void smmu3_cutoff_exit(struct smmu3_unit *unit);
bool smmu3_sid_cut_off(struct smmu3_unit *unit, u32 sid);
bool smmu3_dev_cut_off(const struct smmu3_dev *sdev);
bool smmu3_cutoff_due(struct smmu3_unit *unit, u32 slot);
void smmu3_cutoff(struct smmu3_unit *unit, u32 slot, struct invq_cmd *cmd);

/* attach.c: a device meets a domain */
extern const struct iodom_hw_ops smmu3_iodom_hw_ops;
extern struct iommu_domain smmu3_identity_domain;
extern struct iommu_domain smmu3_blocked_domain;
void smmu3_dev_detach(struct smmu3_dev *sdev, bool direct);

/* ops.c: struct iommu_ops */
extern const struct iommu_ops smmu3_ops;
struct iodom *smmu3_domain_create(struct smmu3_unit *unit, bool dirty);
bool smmu3_uses_stage2(const struct smmu3_unit *unit);
bool smmu3_tracks_dirty(const struct smmu3_unit *unit);

/* resv.c: what of a device's addresses is not for its buffers */
void smmu3_get_resv_regions(struct device *dev, struct list_head *list);

/* setup.c: finds units */
struct smmu3_unit *smmu3_unit_of(const struct fwnode_handle *fwnode);

/* debugfs.c */
#ifdef CONFIG_IOFLUSH_DEBUGFS
void smmu3_debugfs_add(struct smmu3_unit *unit);
void smmu3_debugfs_remove(struct smmu3_unit *unit);
void smmu3_debugfs_add_dev(struct smmu3_dev *sdev);
void smmu3_debugfs_remove_dev(struct smmu3_dev *sdev);
#else
static inline void smmu3_debugfs_add(struct smmu3_unit *unit)
{
}

static inline void smmu3_debugfs_remove(struct smmu3_unit *unit)
{
}

static inline void smmu3_debugfs_add_dev(struct smmu3_dev *sdev)
{
}

static inline void smmu3_debugfs_remove_dev(struct smmu3_dev *sdev)
{
}
#endif

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
