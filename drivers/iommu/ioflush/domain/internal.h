/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what the files of the shared domain share
 */
#ifndef _IOFLUSH_DOMAIN_INTERNAL_H
#define _IOFLUSH_DOMAIN_INTERNAL_H

#include <linux/ioflush/domain.h>

extern const struct ioflush_ops iodom_flush_ops;

#ifdef CONFIG_IOFLUSH_DEBUGFS
void iodom_debugfs_add(struct iodom *dom);
void iodom_debugfs_remove(struct iodom *dom);
#else
static inline void iodom_debugfs_add(struct iodom *dom)
{
}

static inline void iodom_debugfs_remove(struct iodom *dom)
{
}
#endif

#endif /* _IOFLUSH_DOMAIN_INTERNAL_H */
