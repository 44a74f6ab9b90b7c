/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scale: our queue
 */
#ifndef _SCALE_OURS_H
#define _SCALE_OURS_H

#include <linux/ioflush/invq.h>

#include "unit.h"

extern struct invq *ours_queue;
void ours_setup_queue(void);

static inline struct invq_cmd ours_range(u64 first, u64 last)
{
	struct unit_cmd cmd = unit_range(first, last);

	return (struct invq_cmd){ { cmd.word[0], cmd.word[1] } };
}

static inline struct invq_cmd ours_all(void)
{
	return (struct invq_cmd){ { UNIT_ALL } };
}

#endif /* _SCALE_OURS_H */
