/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: interrupts, of which there are none
 */
#ifndef _USER_LINUX_IRQFLAGS_H
#define _USER_LINUX_IRQFLAGS_H

#define irqs_disabled()		false

#endif /* _USER_LINUX_IRQFLAGS_H */
