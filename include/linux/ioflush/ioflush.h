/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: what all layers and drivers share
 */
#ifndef _LINUX_IOFLUSH_IOFLUSH_H
#define _LINUX_IOFLUSH_IOFLUSH_H

#include <linux/types.h>

struct dentry;

bool ioflush_enabled(void);

#ifdef CONFIG_IOFLUSH_DEBUGFS
struct dentry *ioflush_debugfs_root(void);
#else
static inline struct dentry *ioflush_debugfs_root(void)
{
	return NULL;
}
#endif

#ifdef CONFIG_IOFLUSH_VTD
int vtd_setup(void);
#else
static inline int vtd_setup(void)
{
	return 0;
}
#endif

#ifdef CONFIG_IOFLUSH_SMMUV3
int smmu3_setup(void);
#else
static inline int smmu3_setup(void)
{
	return 0;
}
#endif

#ifdef CONFIG_IOFLUSH_VIRTIO
int vtiommu_setup(void);
#else
static inline int vtiommu_setup(void)
{
	return 0;
}
#endif

#endif /* _LINUX_IOFLUSH_IOFLUSH_H */
