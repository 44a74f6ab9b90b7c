/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: AddressSanitizer finds what leaks
 */
#ifndef _USER_LINUX_KMEMLEAK_H
#define _USER_LINUX_KMEMLEAK_H

#define kmemleak_transient_leak(ptr)	((void)(ptr))

#endif /* _USER_LINUX_KMEMLEAK_H */
