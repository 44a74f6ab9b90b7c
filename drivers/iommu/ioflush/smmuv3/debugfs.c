// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: /sys/kernel/debug/ioflush/smmu3-*, what a unit reads about a device
 *
 * A reader holds the mutex that attaching takes; mapping and unmapping go on.
 * The page table of the domain is in tables/, by the domain's number.
 */
#include <linux/debugfs.h>
#include <linux/ioflush/ioflush.h>
#include <linux/seq_file.h>

#include "regs.h"
#include "smmuv3.h"
#include "ste.h"

static void smmu3_show_words(struct seq_file *m, const char *name,
			     const struct smmu3_entry *entry)
{
	seq_printf(m, "    %s", name);
	for (unsigned int i = 0; i < SMMU3_ENTRY_WORDS; i++)
		seq_printf(m, " %016llx", le64_to_cpu(READ_ONCE(entry->w[i])));
	seq_puts(m, "\n");
}

static void smmu3_show_stream(struct seq_file *m, struct smmu3_unit *unit,
			      u32 sid)
{
	const struct smmu3_entry *ste = smmu3_streams_find(unit, sid);

	seq_printf(m, "  stream %#x: %s\n", sid, smmu3_ste_config_name(ste));
	smmu3_show_words(m, "STE", ste);
}

static void smmu3_show_domain(struct seq_file *m, const struct smmu3_dev *sdev)
{
	const struct smmu3_ctx *ctx = sdev->ctx;

	if (!ctx) {
		seq_printf(m, "domain %s\n", !sdev->domain ? "none" :
			   sdev->domain == &smmu3_identity_domain ? "identity" :
								    "blocked");
		return;
	}
	seq_printf(m, "domain %u table %s %s %u translations cached by %s%s\n",
		   sdev->dom->flush.id, sdev->dom->pgt.ops->name,
		   ctx->tag.stage2 ? "VMID" : "ASID", ctx->tag.id,
		   sdev->unit->name, sdev->ats_on ? " and the device" : "");
	seq_printf(m, "  table base %#llx input bits %u\n", (u64)ctx->regs.base,
		   64 - ctx->regs.tsz);
	if (!ctx->cd)
		return;
	seq_printf(m, "  context descriptor at %#llx: %s\n", (u64)ctx->cd_dma,
		   smmu3_cd_valid(ctx->cd) ? "valid" : "invalid");
	smmu3_show_words(m, "CD", ctx->cd);
}

static int smmu3_dev_show(struct seq_file *m, void *unused)
{
	const struct smmu3_dev *sdev = m->private;
	struct smmu3_unit *unit = sdev->unit;

	mutex_lock(&unit->mutex);
	smmu3_show_domain(m, sdev);
	if (READ_ONCE(sdev->cut_off))
		seq_puts(m, "  cut off: it, or another of its domain, did not answer an invalidation\n");
	for (unsigned int i = 0; i < sdev->nsids; i++)
		smmu3_show_stream(m, unit, sdev->sids[i]);
	mutex_unlock(&unit->mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(smmu3_dev);

/**
 * smmu3_debugfs_add_dev() - show what a unit reads about a device
 * @sdev: the device
 *
 * Context: process context.
 */
void smmu3_debugfs_add_dev(struct smmu3_dev *sdev)
{
	debugfs_create_file(dev_name(sdev->dev), 0400, sdev->unit->debugfs,
			    sdev, &smmu3_dev_fops);
}

/**
 * smmu3_debugfs_remove_dev() - a device is going away
 * @sdev: the device
 *
 * Context: process context, without the unit's mutex: waits for readers.
 */
void smmu3_debugfs_remove_dev(struct smmu3_dev *sdev)
{
	debugfs_lookup_and_remove(dev_name(sdev->dev), sdev->unit->debugfs);
}

static int smmu3_unit_show(struct seq_file *m, void *unused)
{
	struct smmu3_unit *unit = m->private;
	const struct smmu3_idr *idr = &unit->caps.idr;

	seq_printf(m, "idr0 %#x idr1 %#x idr3 %#x idr5 %#x iidr %#x aidr %#x\n",
		   idr->idr0, idr->idr1, idr->idr3, idr->idr5, idr->iidr,
		   idr->aidr);
	seq_puts(m, "quirks:");
	smmu3_quirks_show(m, unit->quirks);
	seq_puts(m, "\n");
	seq_printf(m, "cr0ack %#x gerror %#x gerrorn %#x\n",
		   smmu3_read32(unit, SMMU3_REG_CR0ACK),
		   smmu3_read32(unit, SMMU3_REG_GERROR),
		   smmu3_read32(unit, SMMU3_REG_GERRORN));
	seq_printf(m, "stream table at %#llx, StreamIDs of %u bits, split %u\n",
		   (u64)unit->streams.base, unit->streams.sid_bits,
		   unit->streams.split);
	seq_printf(m, "event queue overflowed %ld times\n",
		   atomic_long_read(&unit->evtq_lost));
	seq_puts(m, "command queue: ");
	invq_show(m, &unit->q);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(smmu3_unit);

/**
 * smmu3_debugfs_add() - give a unit a directory
 * @unit: the unit
 *
 * Context: process context.
 */
void smmu3_debugfs_add(struct smmu3_unit *unit)
{
	unit->debugfs = debugfs_create_dir(unit->name, ioflush_debugfs_root());
	debugfs_create_file("unit", 0400, unit->debugfs, unit,
			    &smmu3_unit_fops);
}

/**
 * smmu3_debugfs_remove() - remove it
 * @unit: a unit without devices
 *
 * Context: process context.
 */
void smmu3_debugfs_remove(struct smmu3_unit *unit)
{
	debugfs_remove_recursive(unit->debugfs);
	unit->debugfs = NULL;
}
