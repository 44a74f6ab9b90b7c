/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: when the unmaps of a domain are invalidated
 */
#ifndef _IOFLUSH_DMA_MODE_H
#define _IOFLUSH_DMA_MODE_H

#include "internal.h"

/**
 * enum iodma_mode - when the unmaps of a domain are invalidated
 * @IODMA_STRICT: before they return
 * @IODMA_GUARDED: within a window, where the device could only read the memory, and
 *	it is held meanwhile; else before they return
 * @IODMA_LAZY: within a window
 */
enum iodma_mode {
	IODMA_STRICT,
	IODMA_GUARDED,
	IODMA_LAZY,
};

int iodma_mode_parse(const char *name);
const char *iodma_mode_name(const struct iodom *dom);
int iodma_mode_set(struct iodom *dom, struct device *dev, enum iodma_mode mode);
void iodma_mode_boot(struct iodom *dom, struct device *dev);
bool iodma_mode_asked(void);

#endif /* _IOFLUSH_DMA_MODE_H */
