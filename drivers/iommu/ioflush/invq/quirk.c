// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: invalidation queues of hardware that needs more between commands
 *
 * Both quirks are met by fences: syncs that tell nobody. What a submission adds
 * is in its own slots, marked with it, so that whatever any two CPUs queue is
 * parted, and so are the parts of a submission that goes in pieces.
 */
#include <linux/errno.h>
#include <linux/minmax.h>

#include "internal.h"

/* A submission of this part of a queue takes half of it at most. */
#define INVQ_QUIRK_PART	8

static u64 invq_kind(const struct invq *q, const struct invq_cmd *cmd)
{
	return le64_to_cpu(cmd->u64s[0]) & q->ops->kind;
}

/* Does the run of one kind end behind command @i of @n? */
static bool invq_run_ends(const struct invq *q, const struct invq_cmd *cmds,
			  unsigned int n, unsigned int i)
{
	return i + 1 == n || invq_kind(q, &cmds[i]) != invq_kind(q, &cmds[i + 1]);
}

/**
 * invq_quirk_plain() - is a sync behind commands all that they need?
 * @q: a queue with quirks
 * @cmds: @n commands
 * @n: how many
 *
 * Context: any context.
 * Return: whether it is.
 */
bool invq_quirk_plain(const struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n)
{
	unsigned int i = 0;

	if (!n)
		return true;
	while (!invq_run_ends(q, cmds, n, i))
		i++;
	return i + 1 == n && !(q->quirks & INVQ_TWICE);
}

/**
 * invq_quirk_slots() - how many slots commands need where no sync follows
 * @q: a queue with quirks
 * @cmds: @n commands
 * @n: how many
 *
 * Context: any context.
 * Return: the number.
 */
unsigned int invq_quirk_slots(const struct invq *q, const struct invq_cmd *cmds,
			      unsigned int n)
{
	unsigned int slots = n;

	for (unsigned int i = 0; i < n; i++)
		slots += invq_run_ends(q, cmds, n, i);
	return q->quirks & INVQ_TWICE ? 2 * slots : slots;
}

/**
 * invq_quirk_fill() - write commands, and the fences between and behind them
 * @q: a queue with quirks
 * @start: first of the slots that invq_quirk_slots() has counted
 * @cmds: @n commands
 * @n: how many
 *
 * Context: interrupts off.
 */
void invq_quirk_fill(struct invq *q, u32 start, const struct invq_cmd *cmds,
		     unsigned int n)
{
	unsigned int times = q->quirks & INVQ_TWICE ? 2 : 1;

	while (times--) {
		for (unsigned int i = 0; i < n; i++) {
			q->slots[invq_index(q, start++)] = cmds[i];
			if (invq_run_ends(q, cmds, n, i))
				q->ops->fence(q, &q->slots[invq_index(q, start++)]);
		}
	}
}

/**
 * invq_quirk_submit() - invq_submit() of a queue with quirks
 * @q: the queue
 * @cmds: @n commands
 * @n: how many; at most half of the queue
 *
 * In pieces, since they take more slots than there are commands.
 *
 * Context: any context.
 * Return: what to give to invq_wait().
 */
u32 invq_quirk_submit(struct invq *q, const struct invq_cmd *cmds,
		      unsigned int n)
{
	unsigned int most = (q->mask + 1) / INVQ_QUIRK_PART, now;
	u32 seq;

	do {
		now = min(n, most);
		seq = invq_submit_one(q, cmds, now);
		cmds += now;
		n -= now;
	} while (n);
	return seq;
}

/**
 * invq_set_quirks() - say what the hardware of a queue needs
 * @q: a queue that was just set up
 * @quirks: of enum invq_quirk
 *
 * Context: process context, before the queue is used.
 * Return: 0; -EOPNOTSUPP if its encoder has no fence; -EINVAL if it has less than
 *	8 slots.
 */
int invq_set_quirks(struct invq *q, u32 quirks)
{
	if (quirks && !q->ops->fence)
		return -EOPNOTSUPP;
	if (quirks && q->mask + 1 < INVQ_QUIRK_PART)
		return -EINVAL;
	q->quirks = quirks;
	return 0;
}
