/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: interrupts, of which there are none
 */
#ifndef _USER_LINUX_IRQFLAGS_H
#define _USER_LINUX_IRQFLAGS_H

#define irqs_disabled()		false
#define local_irq_save(flags)	((void)((flags) = 0))
#define local_irq_restore(flags) ((void)(flags))

#endif /* _USER_LINUX_IRQFLAGS_H */
