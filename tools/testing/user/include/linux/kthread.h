/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: kernel threads are POSIX's
 */
#ifndef _USER_LINUX_KTHREAD_H
#define _USER_LINUX_KTHREAD_H

#include <linux/kernel.h>

struct task_struct;

struct task_struct *kthread_create(int (*fn)(void *arg), void *arg,
				   const char *fmt, ...);
int wake_up_process(struct task_struct *task);
bool kthread_should_stop(void);
int kthread_stop(struct task_struct *task);
unsigned int num_online_cpus(void);

#define kthread_run(fn, arg, ...)					\
({									\
	struct task_struct *user_task = kthread_create(fn, arg,		\
						       __VA_ARGS__);	\
									\
	if (!IS_ERR(user_task))						\
		wake_up_process(user_task);				\
	user_task;							\
})
#define kthread_bind(task, cpu)	((void)(task), (void)(cpu))
#define cpumask_next(n, mask)	((unsigned int)(n) + 1)

#endif /* _USER_LINUX_KTHREAD_H */
