/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: kernel threads
 */
#ifndef _USER_LIB_THREAD_H
#define _USER_LIB_THREAD_H

/* Wait for all kernel threads that have been started, and forget them. */
void user_threads_reap(void);

#endif /* _USER_LIB_THREAD_H */
