// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: /sys/kernel/debug/ioflush/tables/, what each domain has mapped
 *
 * A reader of the page table like any other: it holds nobody up, so what it
 * prints is each leaf as it was at some instant, not all of them as of one.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/ioflush/ioflush.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "internal.h"

/* A position is a page number plus this; below is the heading. */
#define DUMP_POS	1
#define DUMP_SHIFT	12

/**
 * struct iodom_dump - a reader
 * @dom: whose table; debugfs keeps it while it is being read
 * @range: what is printed next
 */
struct iodom_dump {
	struct iodom *dom;
	struct iodom_dump_range range;
};

static int iodom_dump_visit(const struct iopgt_entry *entry, void *arg)
{
	struct iodom_dump_range *r = arg;

	if (entry->table)
		return 0;
	if (!r->leaves) {
		r->start = entry->iova;
		r->first = *entry;
	} else if (entry->iova != r->last + 1 || entry->lg2 != r->first.lg2 ||
		   entry->prot != r->first.prot ||
		   entry->paddr != r->first.paddr + (entry->iova - r->start)) {
		return 1;
	}
	r->last = entry->iova + (BIT(entry->lg2) - 1);
	r->leaves++;
	return 0;
}

/**
 * iodom_dump_next() - the next range that is mapped in one way
 * @dom: the domain
 * @iova: from where on
 * @range: receives it
 *
 * Context: may sleep.
 * Return: false if there is none.
 */
bool iodom_dump_next(struct iodom *dom, unsigned long iova,
		     struct iodom_dump_range *range)
{
	range->leaves = 0;
	iopgt_visit(&dom->pgt, iova, dom->pgt.ias_last, iodom_dump_visit,
		    range);
	return range->leaves;
}

static void *iodom_dump_start(struct seq_file *m, loff_t *pos)
{
	struct iodom_dump *d = m->private;
	unsigned long iova;

	if (*pos < DUMP_POS)
		return SEQ_START_TOKEN;
	iova = (unsigned long)(*pos - DUMP_POS) << DUMP_SHIFT;
	if (*pos - DUMP_POS > d->dom->pgt.ias_last >> DUMP_SHIFT ||
	    !iodom_dump_next(d->dom, iova, &d->range))
		return NULL;
	return &d->range;
}

static void *iodom_dump_step(struct seq_file *m, void *v, loff_t *pos)
{
	struct iodom_dump *d = m->private;

	if (v == SEQ_START_TOKEN)
		*pos = DUMP_POS;
	else
		*pos = (d->range.last >> DUMP_SHIFT) + 1 + DUMP_POS;
	return iodom_dump_start(m, pos);
}

static void iodom_dump_stop(struct seq_file *m, void *v)
{
}

static int iodom_dump_show(struct seq_file *m, void *v)
{
	static const char unit[] = "KMGTPE";
	const struct iodom_dump_range *r = v;
	struct iodom_dump *d = m->private;
	unsigned int lg2;
	int prot;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%s, levels %u, sizes %#lx\n",
			   d->dom->pgt.ops->name, d->dom->pgt.levels,
			   d->dom->pgt.cfg.pgsize_bitmap);
		return 0;
	}
	prot = r->first.prot;
	lg2 = r->first.lg2;
	seq_printf(m, "%#018lx-%#018lx to %#014llx %c%c%s%s%s%s%s, %lu of %u%c, entry %#llx\n",
		   r->start, r->last, (u64)r->first.paddr,
		   prot & IOMMU_READ ? 'r' : '-',
		   prot & IOMMU_WRITE ? 'w' : '-',
		   prot & IOMMU_CACHE ? " cache" : "",
		   prot & IOMMU_MMIO ? " mmio" : "",
		   prot & IOMMU_NOEXEC ? " noexec" : "",
		   prot & IOMMU_PRIV ? " priv" : "",
		   prot & IOPGT_MARK ? " held" : "", r->leaves,
		   1U << lg2 % 10, unit[lg2 / 10 - 1], r->first.pte);
	return 0;
}

static const struct seq_operations iodom_dump_seq = {
	.start = iodom_dump_start,
	.next = iodom_dump_step,
	.stop = iodom_dump_stop,
	.show = iodom_dump_show,
};

static int iodom_dump_open(struct inode *inode, struct file *file)
{
	struct iodom_dump *d;

	d = __seq_open_private(file, &iodom_dump_seq, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->dom = inode->i_private;
	return 0;
}

static const struct file_operations iodom_dump_fops = {
	.owner = THIS_MODULE,
	.open = iodom_dump_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/* The directory; made for the first domain, under the lock of its caller. */
static struct dentry *iodom_dump_dir;

/**
 * iodom_dump_add() - show a new domain's page table
 * @dom: the domain; its name is the number that the list of domains has
 *
 * Context: process context; calls take turns.
 */
void iodom_dump_add(struct iodom *dom)
{
	char name[12];

	if (!ioflush_enabled())
		return;
	if (!iodom_dump_dir)
		iodom_dump_dir = debugfs_create_dir("tables",
						    ioflush_debugfs_root());
	snprintf(name, sizeof(name), "%u", dom->flush.id);
	debugfs_create_file(name, 0400, iodom_dump_dir, dom, &iodom_dump_fops);
}

/**
 * iodom_dump_remove() - a domain is going away
 * @dom: the domain
 *
 * When it returns nobody reads its page table any more.
 *
 * Context: process context; waits for readers, so that the caller holds no lock
 *	that these might take.
 */
void iodom_dump_remove(struct iodom *dom)
{
	char name[12];

	if (!iodom_dump_dir)
		return;
	snprintf(name, sizeof(name), "%u", dom->flush.id);
	debugfs_lookup_and_remove(name, iodom_dump_dir);
}
