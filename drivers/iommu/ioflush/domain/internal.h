/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the shared domain share
 */
#ifndef _IOFLUSH_DOMAIN_INTERNAL_H
#define _IOFLUSH_DOMAIN_INTERNAL_H

#include <linux/ioflush/domain.h>

struct seq_file;

extern const struct ioflush_ops iodom_flush_ops;
extern const struct iommu_dirty_ops iodom_dirty_ops;

/**
 * struct iodom_dump_range - neighbouring leaves that do the same
 * @start: first address
 * @last: last address, inclusive
 * @leaves: how many
 * @first: the first of them
 */
struct iodom_dump_range {
	unsigned long start;
	unsigned long last;
	unsigned long leaves;
	struct iopgt_entry first;
};

/* invalidate.c */
int __iodom_map_sync(struct iodom *dom, unsigned long iova, size_t bytes);

/* cost.c */
void iodom_costs_learn(struct iodom *dom, struct iodom_link *link);
void iodom_costs_update(struct iodom *dom);
int iodom_costs_parse(char *line, const char **name,
		      struct ioflush_costs *costs);
int iodom_costs_set(const char *name, const struct ioflush_costs *costs);

/* debugfs.c */
#ifdef CONFIG_IOFLUSH_DEBUGFS
void iodom_for_each(void (*fn)(struct iodom *dom));
void iodom_debugfs_add(struct iodom *dom);
void iodom_debugfs_remove(struct iodom *dom);
void iodom_show(struct seq_file *m, struct iodom *dom);

/* dump.c */
bool iodom_dump_next(struct iodom *dom, unsigned long iova,
		     struct iodom_dump_range *range);
void iodom_dump_add(struct iodom *dom);
void iodom_dump_remove(struct iodom *dom);
#else
static inline void iodom_debugfs_add(struct iodom *dom)
{
}

static inline void iodom_debugfs_remove(struct iodom *dom)
{
}
#endif

#endif /* _IOFLUSH_DOMAIN_INTERNAL_H */
