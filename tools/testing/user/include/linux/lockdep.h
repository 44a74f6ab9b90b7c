/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: who holds which lock is ThreadSanitizer's to know
 */
#ifndef _USER_LINUX_LOCKDEP_H
#define _USER_LINUX_LOCKDEP_H

#define lockdep_assert_held(lock)	((void)(lock))
#define assert_spin_locked(lock)	((void)(lock))
#define lockdep_assert_irqs_disabled()	((void)0)

#endif /* _USER_LINUX_LOCKDEP_H */
