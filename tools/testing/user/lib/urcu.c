// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space: the part of RCU that is liburcu's
 *
 * A file of its own, since liburcu uses the kernel's names for things that are
 * not quite the kernel's. The benchmark takes the flavour whose readers cost
 * nothing, everything else the one that needs no help from readers.
 */
#ifdef USER_BENCH
#include <urcu-qsbr.h>
#else
#include <urcu.h>
#endif

#include "urcu.h"

void user_urcu_register(void)
{
	rcu_register_thread();
}

void user_urcu_unregister(void)
{
	rcu_unregister_thread();
}

void user_urcu_read_lock(void)
{
	rcu_read_lock();
}

void user_urcu_read_unlock(void)
{
	rcu_read_unlock();
}

void user_urcu_synchronize(void)
{
	synchronize_rcu();
}

/* Around a wait that must not hold up a grace period. */
void user_urcu_offline(void)
{
#ifdef USER_BENCH
	rcu_thread_offline();
#endif
}

void user_urcu_online(void)
{
#ifdef USER_BENCH
	rcu_thread_online();
#endif
}

void user_urcu_quiescent(void)
{
#ifdef USER_BENCH
	rcu_quiescent_state();
#endif
}
