// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: /sys/kernel/debug/ioflush/dmar*, what a unit reads about a device
 *
 * A reader holds the lock that the tables are changed under, but for who cuts a device
 * off: it decodes copies of context entries. Mapping and unmapping go on. The page table
 * of the domain is in tables/, by the domain's number.
 */
#include <linux/debugfs.h>
#include <linux/ioflush/ioflush.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "regs.h"
#include "scalable.h"
#include "vtd.h"

/* What it leads to stays for as long as the unit's lock is held. */
static struct vtd_entry vtd_copy_entry(struct vtd_unit *unit, u16 rid)
{
	const struct vtd_entry *entry = vtd_table_context(unit, rid);
	struct vtd_entry copy = {};
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->entry_lock, flags);
	if (entry)
		copy = *entry;
	raw_spin_unlock_irqrestore(&unit->entry_lock, flags);
	return copy;
}

static void vtd_show_entry(struct seq_file *m, struct vtd_unit *unit, u16 rid)
{
	struct vtd_entry entry = vtd_copy_entry(unit, rid);
	struct vtd_context context;

	seq_printf(m, "  source %02x:%02x.%x: ", PCI_BUS_NUM(rid),
		   PCI_SLOT(rid & 0xff), PCI_FUNC(rid));
	if (!vtd_entry_present(&entry)) {
		seq_puts(m, "blocked\n");
		return;
	}
	vtd_context_read(unit, &entry, &context);
	seq_printf(m, "%s, id %u%s\n    context entry %016llx %016llx\n",
		   context.tt == VTD_TT_PASS ? "pass-through" : "translated",
		   context.did, context.tt == VTD_TT_DEVICE ? ", ATS" : "",
		   entry.lo, entry.hi);
	if (unit->scalable) {
		const struct vtd_pasid *pasid = vtd_pasid_of(&entry);

		seq_printf(m, "    PASID 0 entry %016llx %016llx %016llx\n",
			   pasid->word[0], pasid->word[1], pasid->word[2]);
	}
}

static void vtd_show_domain(struct seq_file *m, const struct vtd_dev *vdev)
{
	if (vdev->dom)
		seq_printf(m, "domain %u table %s at %#llx\n",
			   vdev->dom->flush.id, vdev->dom->pgt.ops->name,
			   (u64)virt_to_phys(vdev->dom->pgt.root));
	else
		seq_printf(m, "domain %s\n", !vdev->domain ? "none" :
			   vdev->domain == &vtd_identity_domain ? "identity" :
								  "blocked");
}

static int vtd_dev_show(struct seq_file *m, void *unused)
{
	const struct vtd_dev *vdev = m->private;
	struct vtd_unit *unit = vdev->unit;

	spin_lock(&unit->lock);
	vtd_show_domain(m, vdev);
	if (vdev->ats_on || READ_ONCE(vdev->cut_off))
		seq_printf(m, "%s\n", READ_ONCE(vdev->cut_off) ?
			   "cut off: did not answer an invalidation" :
			   "caches translations");
	for (unsigned int i = 0; i < vdev->nrids; i++)
		vtd_show_entry(m, unit, vdev->rids[i]);
	spin_unlock(&unit->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vtd_dev);

/**
 * vtd_debugfs_add_dev() - show what a unit reads about a device
 * @vdev: the device
 *
 * Context: process context.
 */
void vtd_debugfs_add_dev(struct vtd_dev *vdev)
{
	debugfs_create_file(dev_name(vdev->dev), 0400, vdev->unit->debugfs,
			    vdev, &vtd_dev_fops);
}

/**
 * vtd_debugfs_remove_dev() - a device is going away
 * @vdev: the device
 *
 * Context: process context, without the unit's lock: waits for readers.
 */
void vtd_debugfs_remove_dev(struct vtd_dev *vdev)
{
	debugfs_lookup_and_remove(dev_name(vdev->dev), vdev->unit->debugfs);
}

static int vtd_unit_show(struct seq_file *m, void *unused)
{
	struct vtd_unit *unit = m->private;

	seq_printf(m, "registers at %#llx version %u.%u cap %#llx ecap %#llx\n",
		   unit->drhd->base, unit->version >> 4, unit->version & 0xf,
		   unit->caps.cap, unit->caps.ecap);
	seq_printf(m, "segment %u node %d%s%s%s\n", unit->drhd->segment,
		   unit->nid, unit->drhd->include_all ? ", all devices that no other unit has" : "",
		   unit->stays_on ? ", stays on" : "",
		   unit->caps.first_stage ? ", scalable mode, first stage" :
		   unit->scalable ? ", scalable mode" : "");
	seq_printf(m, "gsts %#x fsts %#x root table at %#llx\n",
		   vtd_read32(unit, VTD_REG_GSTS),
		   vtd_read32(unit, VTD_REG_FSTS),
		   vtd_read64(unit, VTD_REG_RTADDR));
	seq_printf(m, "ids %d of %u\n", atomic_read(&unit->dids_used),
		   unit->caps.domains);
	seq_printf(m, "%s: ", vtd_is_shared(unit) ? "shared queue" :
			      unit->queued ? "queue" : "registers");
	invq_show(m, &unit->q);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vtd_unit);

/**
 * vtd_debugfs_add() - give a unit a directory
 * @unit: the unit
 *
 * Context: process context.
 */
void vtd_debugfs_add(struct vtd_unit *unit)
{
	unit->debugfs = debugfs_create_dir(unit->name, ioflush_debugfs_root());
	debugfs_create_file("unit", 0400, unit->debugfs, unit, &vtd_unit_fops);
}

/**
 * vtd_debugfs_remove() - remove it
 * @unit: a unit without devices
 *
 * Context: process context.
 */
void vtd_debugfs_remove(struct vtd_unit *unit)
{
	debugfs_remove_recursive(unit->debugfs);
	unit->debugfs = NULL;
}
