/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the VT-d driver share
 */
#ifndef _IOFLUSH_VTD_H
#define _IOFLUSH_VTD_H

#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioflush/domain.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "caps.h"
#include "compat-iommu.h"
#include "dmar.h"
#include "inval.h"
#include "table.h"

struct intel_iommu;
struct pci_dev;
struct q_inval;
struct vtd_pasids;

/** VTD_QUEUE_LG2 - log2 of the slots in an invalidation queue: 16 KiB of them */
#define VTD_QUEUE_LG2 10

/** VTD_SHARED_LG2 - the same where they are copied to the kernel's 256, see shared.c */
#define VTD_SHARED_LG2 7

/**
 * struct vtd_status - memory that the hardware stores to
 * @done: the queue's done word
 * @scratch: where a descriptor stores that must not disturb anything
 */
struct vtd_status {
	__le32 done ____cacheline_aligned;
	__le32 scratch ____cacheline_aligned;
};

/**
 * struct vtd_wide - a slot of 32 bytes
 * @cmd: what there is to say
 * @rsvd: always 0
 */
struct vtd_wide {
	struct invq_cmd cmd;
	struct invq_cmd rsvd;
};

/**
 * struct vtd_unit - one remapping unit
 * @node: on the list of all units
 * @iommu: the core's part
 * @drhd: what the DMAR table says about it
 * @name: for messages and sysfs
 * @id: its place in the DMAR table
 * @haw_bits: width of the platform's addresses
 * @nid: node that its tables are near to, or NUMA_NO_NODE
 * @scalable: it is in scalable mode, see scalable.c. Set before its tables are made
 * @stays_on: is not switched off once it translates, see quirk.c
 * @version: VER_REG
 * @regs: its registers
 * @regs_bytes: how much of them is mapped
 * @regs_claimed: the register window is ours in /proc/iomem
 * @caps: what it can do
 * @lock: protects @root and the context tables below it, @devs, and the
 *	domain pointers of the devices on it. Taken with interrupts on; never
 *	held while waiting for hardware
 * @entry_lock: protects context entries from who cuts a device off, and whether one
 *	was; inside @lock, or inside the claim of @q
 * @cutoff_work: names devices that were cut off in the log
 * @root: root table; an entry, once set, stays
 * @devs: struct vtd_dev; changed under @lock, read there or under RCU
 * @dids: domain ids in use
 * @dids_used: how many
 * @old_dids: which of them are in entries of a kernel that crashed, see inherit.c;
 *	NULL if there was none. As good as constant
 * @identity_did: domain id of the identity domain
 * @identity: 1:1 table, where the unit has no pass-through
 * @identity_pasids: in scalable mode, what the identity domain's context entries refer to
 * @q: its invalidation queue
 * @slots: memory of the queue
 * @wide: what hardware reads of them in scalable mode, see wide.c
 * @wide_next: number of the next slot to copy there; changed by the holder of the claim
 * @status: what the queue's descriptors store to
 * @queued: the hardware takes descriptors from @slots. If not, those who wait
 *	execute them through registers. Without meaning with @host
 * @soft_lock: serialises the latter, see soft.c. Only ever tried for
 * @soft_head: next slot to execute, with a wrap bit; changed under @soft_lock
 * @soft_tail: end of those that may be executed
 * @soft_busy: register that is busy with the one at @soft_head, or 0; belongs to
 *	the holder of @soft_lock
 * @host: the kernel's part, if it remaps interrupts through the unit, see host.c.
 *	Set before the unit is started
 * @shared_qi: the kernel's queue
 * @shared_next: with @host, the next slot to copy to the kernel's queue, see shared.c.
 *	Like those that follow changed by the holder of the queue's claim, under the
 *	kernel's lock
 * @shared_shift: log2 of the bytes of a slot there; as good as constant
 * @shared_quick: how many slots the short way leaves of it; all, if slots are not of
 *	16 bytes, or the queue may be dead
 * @shared_error: error to clear
 * @shared_beyond: number of a sync that the head was seen to be beyond
 * @shared_beyond_ns: since when
 * @shared_reissued: the done word when a sync was issued again for that
 * @shared_at: slot of the kernel's queue that hardware stands at
 * @shared_from: slot of @slots that it was copied from
 * @dead_root: root table that knows no device, for a unit that is given up
 * @kill: how far that is, see kill.c; belongs to the holder of the queue's claim
 * @debugfs: its directory
 * @irq: fault event interrupt, 0 if there is none
 * @fault_msg: fault event registers over a suspend
 */
struct vtd_unit {
	struct list_head node;
	struct iommu_device iommu;
	const struct vtd_drhd *drhd;
	char name[12];
	unsigned int id;
	u8 haw_bits;
	u8 version;
	bool scalable;
	bool stays_on;
	int nid;
	void __iomem *regs;
	u32 regs_bytes;
	bool regs_claimed;
	struct vtd_caps caps;
	spinlock_t lock; /* tables, devices; see above */
	raw_spinlock_t entry_lock; /* context entries, see above */
	struct work_struct cutoff_work;
	struct vtd_entry *root;
	struct list_head devs;
	struct ida dids;
	atomic_t dids_used;
	unsigned long *old_dids;
	u16 identity_did;
	struct iopgt identity;
	struct vtd_pasids *identity_pasids;
	struct invq q;
	struct invq_cmd *slots;
	struct vtd_wide *wide;
	u32 wide_next;
	struct vtd_status *status;
	bool queued;
	raw_spinlock_t soft_lock; /* registers as a queue, see above */
	u32 soft_head;
	u32 soft_tail;
	u32 soft_busy;
	struct intel_iommu *host;
	struct q_inval *shared_qi;
	u32 shared_next;
	u32 shared_shift;
	int shared_quick;
	u32 shared_error;
	u32 shared_beyond;
	u64 shared_beyond_ns;
	u32 shared_reissued;
	u32 shared_at;
	u32 shared_from;
	struct vtd_entry *dead_root;
	unsigned int kill;
	struct dentry *debugfs;
	int irq;
	u32 fault_msg[4];
};

/**
 * struct vtd_dev - one device behind a unit
 * @place: names the device in the domain that it is attached to. The first, see there
 * @node: on the unit's list
 * @dev: the device
 * @unit: the unit
 * @domain: what it is attached to; changed under the unit's lock
 * @dom: the same, if it is a paging domain; holds one use of a link
 * @ats: its place on the domain's list of devices that cache, while it may
 * @atc: how descriptors name its cache
 * @ats_able: it can cache, and the platform and the unit let it
 * @ats_on: it was told to, and answers invalidations unless it was cut off
 * @cut_off: it did not answer one, or may be the one that did not; stays so. Set
 *	under the unit's @entry_lock
 * @cut_off_told: that has been said; belongs to the unit's @cutoff_work
 * @rcu: frees it
 * @nrids: number of @rids
 * @rids: source ids that the device's requests may carry, aliases included
 *
 * The core serialises attaching and releasing by the group's mutex.
 */
struct vtd_dev {
	struct iodom_device place;
	struct list_head node;
	struct device *dev;
	struct vtd_unit *unit;
	struct iommu_domain *domain;
	struct iodom *dom;
	struct iodom_ats *ats;
	struct vtd_atc atc;
	bool ats_able;
	bool ats_on;
	bool cut_off;
	bool cut_off_told;
	struct rcu_head rcu;
	unsigned int nrids;
	u16 rids[] __counted_by(nrids);
};

/* unit.c */
struct vtd_unit *vtd_unit_create(const struct vtd_drhd *drhd,
				 unsigned int id, u8 haw_bits);
void vtd_unit_destroy(struct vtd_unit *unit);
int vtd_unit_start(struct vtd_unit *unit);
int vtd_unit_translate(struct vtd_unit *unit, bool on);
int vtd_unit_stop(struct vtd_unit *unit);
int vtd_unit_command(struct vtd_unit *unit, u32 bit, bool on);
u32 vtd_unit_gcmd(struct vtd_unit *unit, u32 on, u32 off);
void vtd_unit_flush_all(struct vtd_unit *unit);

int vtd_unit_did_get(struct vtd_unit *unit);
int vtd_unit_did_reserve(struct vtd_unit *unit, u16 did);
void vtd_unit_did_put(struct vtd_unit *unit, u16 did);

/* attach.c */
extern const struct iodom_hw_ops vtd_iodom_hw_ops;
extern const struct iodom_hw_ops vtd_first_hw_ops;
extern struct iommu_domain vtd_identity_domain;
extern struct iommu_domain vtd_blocked_domain;
void vtd_dev_detach(struct vtd_dev *vdev);

/* ats.c: devices that cache translations */
void vtd_ats_probe(struct vtd_dev *vdev, const struct vtd_way *way);
int vtd_ats_join(struct vtd_dev *vdev, struct iodom *dom,
		 struct iodom_link *link, struct iodom_ats **ats);
void vtd_ats_off(struct vtd_dev *vdev);
bool vtd_ats_answers(const struct vtd_dev *vdev);
unsigned int vtd_ats_encode(struct iodom_link *link,
			    const struct ioflush_range *range,
			    struct invq_cmd *cmds, unsigned int n);
unsigned int vtd_ats_encode_range(struct iodom *dom, struct iodom_link *link,
				  const struct ioflush_range *range,
				  struct invq_cmd *cmds);

/* cutoff.c: devices that do not answer */
void vtd_cutoff_init(struct vtd_unit *unit);
void vtd_cutoff_exit(struct vtd_unit *unit);
bool vtd_cutoff_due(struct vtd_unit *unit, u32 slot);
void vtd_cutoff(struct invq *q, struct invq_error *err);

/* inherit.c */
int vtd_inherit_tables(struct vtd_unit *unit, phys_addr_t root,
		       bool (*in_use)(phys_addr_t page));
bool vtd_inherit_can(const struct vtd_unit *unit);
int vtd_inherit(struct vtd_unit *unit);
void vtd_inherit_exit(struct vtd_unit *unit);
bool vtd_inherits(struct vtd_unit *unit, u16 rid);

/* identity.c */
void vtd_identity_context(const struct vtd_unit *unit,
			  struct vtd_context *context);
int vtd_identity_init(struct vtd_unit *unit);
void vtd_identity_exit(struct vtd_unit *unit);

/* queue.c */
bool vtd_queue_used(const struct vtd_unit *unit);
int vtd_queue_init(struct vtd_unit *unit);
void vtd_queue_exit(struct vtd_unit *unit);
int vtd_queue_start(struct vtd_unit *unit);
int vtd_queue_stop(struct vtd_unit *unit);
void vtd_queue_sync(struct invq *q, struct invq_cmd *cmd);
void vtd_queue_substitute(struct invq *q, const struct invq_cmd *bad,
			  struct invq_cmd *cmd);
void vtd_queue_tell(struct invq *q, const struct invq_error *err);

/* wide.c */
int vtd_wide_init(struct vtd_unit *unit);
void vtd_wide_exit(struct vtd_unit *unit);
u64 vtd_wide_iqa(const struct vtd_unit *unit);
void vtd_wide_doorbell(struct invq *q, u32 seq);
void vtd_wide_recopy(struct vtd_unit *unit);

/* reginv.c */
u32 vtd_reginv_begin(struct vtd_unit *unit, const struct invq_cmd *cmd);
bool vtd_reginv_busy(const struct vtd_unit *unit, u32 reg);

/* kill.c */
bool vtd_unit_gone(const struct vtd_unit *unit);
bool vtd_unit_kill(struct vtd_unit *unit);

/* soft.c */
extern const struct invq_ops vtd_soft_ops;
void vtd_soft_start(struct vtd_unit *unit, u32 pos);

/* shared.c */
extern const struct invq_ops vtd_shared_ops;
void vtd_shared_start(struct vtd_unit *unit);
bool vtd_shared_requeue(struct vtd_unit *unit);

/* host.c */
void vtd_host_init(void);
int vtd_host_find(struct vtd_unit *unit);
unsigned long vtd_host_lock(struct vtd_unit *unit);
void vtd_host_unlock(struct vtd_unit *unit, unsigned long flags);
u32 vtd_host_gcmd(struct vtd_unit *unit, u32 on, u32 off);
bool vtd_host_give(struct vtd_unit *unit, u32 on, u32 off);
int vtd_host_irq_get(struct vtd_unit *unit, irq_handler_t thread);
void vtd_host_irq_put(struct vtd_unit *unit);

/* fault.c */
void vtd_fault_report(struct vtd_unit *unit);

/* irq.c */
int vtd_irq_init(struct vtd_unit *unit);
void vtd_irq_exit(struct vtd_unit *unit);
void vtd_irq_save(struct vtd_unit *unit);
void vtd_irq_restore(struct vtd_unit *unit);

/* ops.c */
extern const struct iommu_ops vtd_ops;

/* setup.c */
struct vtd_unit *vtd_unit_of(const struct vtd_way *way);
struct vtd_unit *vtd_unit_next(struct vtd_unit *unit);
const struct vtd_dmar *vtd_dmar_table(void);

/* way.c */
int vtd_way_to(struct device *dev, struct vtd_way *way);

/* debugfs.c */
#ifdef CONFIG_IOFLUSH_DEBUGFS
void vtd_debugfs_add(struct vtd_unit *unit);
void vtd_debugfs_remove(struct vtd_unit *unit);
void vtd_debugfs_add_dev(struct vtd_dev *vdev);
void vtd_debugfs_remove_dev(struct vtd_dev *vdev);
#else
static inline void vtd_debugfs_add(struct vtd_unit *unit)
{
}

static inline void vtd_debugfs_remove(struct vtd_unit *unit)
{
}

static inline void vtd_debugfs_add_dev(struct vtd_dev *vdev)
{
}

static inline void vtd_debugfs_remove_dev(struct vtd_dev *vdev)
{
}
#endif

/* sysfs.c */
extern const struct attribute_group *vtd_groups[];
u16 vtd_pci_segment(struct pci_dev *pdev);
int vtd_pci_hops(struct pci_dev *pdev, struct vtd_hop *hops);
void vtd_silence(const struct vtd_unit *unit);

/* Is what remaps interrupts in the kernel? See Makefile. */
#define VTD_SHARED	(IS_ENABLED(CONFIG_IRQ_REMAP) && \
			 IS_ENABLED(CONFIG_DMAR_TABLE))

/* Does the kernel remap interrupts through the unit, and share it with us? */
static inline bool vtd_is_shared(const struct vtd_unit *unit)
{
	return VTD_SHARED && unit->host;
}

static inline u32 vtd_read32(const struct vtd_unit *unit, u32 reg)
{
	return readl(unit->regs + reg);
}

static inline u64 vtd_read64(const struct vtd_unit *unit, u32 reg)
{
	return readq(unit->regs + reg);
}

static inline void vtd_write32(struct vtd_unit *unit, u32 reg, u32 value)
{
	writel(value, unit->regs + reg);
}

static inline void vtd_write64(struct vtd_unit *unit, u32 reg, u64 value)
{
	writeq(value, unit->regs + reg);
}

#endif /* _IOFLUSH_VTD_H */
