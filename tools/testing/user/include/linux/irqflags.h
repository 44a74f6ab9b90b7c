/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: interrupts, which only threads that have a CPU can turn off
 */
#ifndef _USER_LINUX_IRQFLAGS_H
#define _USER_LINUX_IRQFLAGS_H

#include <linux/types.h>

#ifdef USER_BENCH
#define irqs_disabled()		false
#define local_irq_save(flags)	((void)((flags) = 0))
#define local_irq_restore(flags) ((void)(flags))
#define user_irqs_try_off()	true
#define user_irqs_on()		do { } while (0)
#else
/*
 * Of the threads that share a CPU one at a time has its interrupts off, since a
 * CPU does one thing at a time. It also is a reader of RCU.
 */
bool irqs_disabled(void);
void user_irqs_off(void);
bool user_irqs_try_off(void);
void user_irqs_on(void);

#define local_irq_save(flags)	((void)((flags) = 0), user_irqs_off())
#define local_irq_restore(flags) ((void)(flags), user_irqs_on())
#endif

#endif /* _USER_LINUX_IRQFLAGS_H */
