// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: /sys/kernel/debug/ioflush/audit
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/ioflush/ioflush.h>
#include <linux/seq_file.h>

#include "internal.h"

static int audit_show(struct seq_file *m, void *unused)
{
	const struct ioaudit_counts *c = &ioaudit_counts;

	seq_printf(m, "pages watched %lu blind %ld\n", ioaudit_watched(),
		   atomic_long_read(&c->blind));
	seq_printf(m, "unmaps %llu lost %ld\n", ioaudit_tickets(),
		   atomic_long_read(&c->lost));
	seq_printf(m, "window freed %ld reused %ld shared %ld late %ld longest_ns %lld\n",
		   atomic_long_read(&c->freed), atomic_long_read(&c->reused),
		   atomic_long_read(&c->shared), atomic_long_read(&c->late),
		   atomic64_read(&c->longest_ns));
	seq_printf(m, "defects freed-mapped %ld freed-stale %ld mapped-stale %ld reused-late %ld\n",
		   atomic_long_read(&c->defects[IOAUDIT_FREED_MAPPED]),
		   atomic_long_read(&c->defects[IOAUDIT_FREED_STALE]),
		   atomic_long_read(&c->defects[IOAUDIT_MAPPED_STALE]),
		   atomic_long_read(&c->defects[IOAUDIT_REUSED_LATE]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(audit);

static int __init ioaudit_show_setup(void)
{
	if (ioflush_enabled())
		debugfs_create_file("audit", 0400, ioflush_debugfs_root(), NULL,
				    &audit_fops);
	return 0;
}
late_initcall(ioaudit_show_setup);
