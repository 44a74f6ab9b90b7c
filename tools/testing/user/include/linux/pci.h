/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: how PCI numbers its functions
 */
#ifndef _USER_LINUX_PCI_H
#define _USER_LINUX_PCI_H

#include <linux/kernel.h>

#define PCI_DEVFN(slot, func)	((((slot) & 0x1f) << 3) | ((func) & 0x07))
#define PCI_DEVID(bus, devfn)	((u16)(bus) << 8 | (devfn))

#endif /* _USER_LINUX_PCI_H */
