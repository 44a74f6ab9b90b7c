/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: VT-d units over suspend, resume, reboot and kexec
 */
#ifndef _IOFLUSH_VTD_PM_H
#define _IOFLUSH_VTD_PM_H

void vtd_pm_init(void);
#if IS_ENABLED(CONFIG_KUNIT)
int vtd_suspend(void *data);
void vtd_resume(void *data);
#endif

#endif /* _IOFLUSH_VTD_PM_H */
