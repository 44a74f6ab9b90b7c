/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioflush: a queue of tests whose hardware is as fast as the doorbell
 */
#ifndef _IOFLUSH_INVQ_TEST_TAKE_H
#define _IOFLUSH_INVQ_TEST_TAKE_H

#include <linux/ioflush/invq.h>

/**
 * invq_take_all() - take all commands that hardware has been told of
 * @q: the queue
 * @head: the next slot to take
 * @seq: what the doorbell was given
 * @take: called with each command, in their order
 *
 * Context: any context; from the doorbell of struct invq_ops.
 */
static inline void invq_take_all(struct invq *q, u32 *head, u32 seq,
				 void (*take)(struct invq *q,
					      const struct invq_cmd *cmd))
{
	for (; *head != (seq & q->mask); *head = (*head + 1) & q->mask)
		take(q, &q->slots[*head]);
}

#endif /* _IOFLUSH_INVQ_TEST_TAKE_H */
