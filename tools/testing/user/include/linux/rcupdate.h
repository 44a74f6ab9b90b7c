/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: RCU, whose grace periods are liburcu's
 */
#ifndef _USER_LINUX_RCUPDATE_H
#define _USER_LINUX_RCUPDATE_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>

#ifdef USER_BENCH
/* As in a kernel that is not preempted: a reader costs nothing. */
static inline void rcu_read_lock(void)
{
	barrier();
}

static inline void rcu_read_unlock(void)
{
	barrier();
}
#else
void rcu_read_lock(void);
void rcu_read_unlock(void);
#endif

bool rcu_read_lock_held(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
#define call_rcu_hurry(head, func)	call_rcu(head, func)
void rcu_barrier(void);
void synchronize_rcu(void);

#define rcu_dereference(p)	READ_ONCE(p)
#define rcu_dereference_raw(p)	READ_ONCE(p)
#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)

/* Every thread that reads, frees or waits says when it comes and goes. */
void user_rcu_register(void);
void user_rcu_unregister(void);
/* For the benchmark, between two readers. */
void user_rcu_quiescent(void);

#endif /* _USER_LINUX_RCUPDATE_H */
