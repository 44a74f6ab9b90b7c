/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User space: lists that are read under RCU
 */
#ifndef _USER_LINUX_RCULIST_H
#define _USER_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

static inline void list_add_tail_rcu(struct list_head *entry,
				     struct list_head *head)
{
	entry->next = head;
	entry->prev = head->prev;
	rcu_assign_pointer(head->prev->next, entry);
	head->prev = entry;
}

/* Readers that have found it go on from it. */
static inline void list_del_rcu(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	WRITE_ONCE(entry->prev->next, entry->next);
	entry->prev = (void *)0x122;
}

#define list_for_each_entry_rcu(pos, head, member)			\
	for (pos = list_entry(READ_ONCE((head)->next), typeof(*pos), member); \
	     &pos->member != (head);					\
	     pos = list_entry(READ_ONCE(pos->member.next), typeof(*pos), member))

#endif /* _USER_LINUX_RCULIST_H */
