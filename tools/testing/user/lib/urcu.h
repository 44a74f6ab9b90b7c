/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: the part of RCU that is liburcu's
 */
#ifndef _USER_LIB_URCU_H
#define _USER_LIB_URCU_H

void user_urcu_register(void);
void user_urcu_unregister(void);
void user_urcu_read_lock(void);
void user_urcu_read_unlock(void);
void user_urcu_synchronize(void);
void user_urcu_offline(void);
void user_urcu_online(void);
void user_urcu_quiescent(void);

#endif /* _USER_LIB_URCU_H */
