/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: interrupts, on Linux 7.3
 */
#ifndef _IOFLUSH_COMPAT_IRQ_H
#define _IOFLUSH_COMPAT_IRQ_H

#include <linux/irq.h>

/* Interrupts move in process context unless the chip says no. */
#define IOFLUSH_IRQCHIP_MOVE_DEFERRED	IRQCHIP_MOVE_DEFERRED

#endif /* _IOFLUSH_COMPAT_IRQ_H */
