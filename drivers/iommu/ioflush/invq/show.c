// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: the counters of an invalidation queue, for debugfs
 */
#include <linux/ioflush/invq.h>
#include <linux/seq_file.h>

/**
 * invq_show() - print a queue's counters on a line
 * @m: where to
 * @q: the queue
 *
 * Context: process context.
 */
void invq_show(struct seq_file *m, struct invq *q)
{
	static const char *const lives[] = {
		[INVQ_ALIVE] = "",
		[INVQ_DYING] = " does not move, is made to block DMA",
		[INVQ_DEAD] = " dead, blocks all DMA",
	};
	const struct invq_stats *s = &q->stats;

	seq_printf(m, "commands %lu syncs %lu riders %lu doorbells %lu full %ld timeouts %ld recoveries %ld refused %ld%s\n",
		   invq_commands(q), READ_ONCE(s->syncs),
		   invq_riders(q), invq_doorbells(q),
		   atomic_long_read(&s->full), atomic_long_read(&s->timeouts),
		   atomic_long_read(&s->recoveries),
		   atomic_long_read(&s->refused), lives[READ_ONCE(q->life)]);
}
