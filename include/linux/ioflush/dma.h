/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: the DMA API on top of a shared domain
 */
#ifndef _LINUX_IOFLUSH_DMA_H
#define _LINUX_IOFLUSH_DMA_H

#include <linux/types.h>

struct device;
struct iodom;
struct ioslot_pool;
struct seq_file;

bool iodma_ask_lazy(struct device *dev);
void iodma_take_over(struct device *dev);
int iodma_setup(void);
void iodma_guard_exit(struct iodom *dom);
int ioslot_setup(void);
void ioslot_teardown(void);
void ioslot_destroy(struct ioslot_pool *pool);
void ioslot_show(struct seq_file *m, struct ioslot_pool *pool);

#endif /* _LINUX_IOFLUSH_DMA_H */
