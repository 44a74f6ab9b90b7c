/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: work for an interrupt of its own, which nobody has done
 */
#ifndef _USER_LINUX_IRQ_WORK_H
#define _USER_LINUX_IRQ_WORK_H

struct irq_work {
	int none;
};

#endif /* _USER_LINUX_IRQ_WORK_H */
