// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioflush: what is known of copies, for debugfs
 */
#include <linux/dma-mapping.h>
#include <linux/seq_file.h>

#include "slot.h"

/**
 * ioslot_show() - print what a pool has done
 * @m: where to
 * @pool: the pool, or NULL
 *
 * Context: process context.
 */
void ioslot_show(struct seq_file *m, struct ioslot_pool *pool)
{
	static const char * const name[IOSLOT_DIRS] = {
		[DMA_BIDIRECTIONAL] = "both",
		[DMA_TO_DEVICE] = "to",
		[DMA_FROM_DEVICE] = "from",
	};
	struct ioslot_stats stats;

	if (!pool)
		return;
	ioslot_get_stats(pool, &stats);
	seq_puts(m, "  copies:");
	for (unsigned int dir = 0; dir < IOSLOT_DIRS; dir++)
		seq_printf(m, " %s %lu (up to %u bytes)", name[dir],
			   stats.copied[dir], READ_ONCE(pool->limit[dir]));
	seq_printf(m, " dry %lu\n    slots: %#llx+%#x pages %u/%u idle %u\n",
		   stats.dry, (u64)pool->base, pool->bytes, stats.pages,
		   stats.pages_max, stats.idle);
}
