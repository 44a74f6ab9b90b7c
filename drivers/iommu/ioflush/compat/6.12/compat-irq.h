/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: interrupts, on Linux 6.12
 */
#ifndef _IOFLUSH_COMPAT_IRQ_H
#define _IOFLUSH_COMPAT_IRQ_H

#include <linux/irq.h>

/* Interrupts move in process context only where the chip says so. */
#define IOFLUSH_IRQCHIP_MOVE_DEFERRED	0

#endif /* _IOFLUSH_COMPAT_IRQ_H */
