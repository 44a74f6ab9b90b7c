// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scale: our queue
 */
#include <linux/bug.h>
#include <linux/ioflush/invq.h>

#include "load.h"
#include "ours.h"
#include "sim.h"
#include "unit.h"

/* What the drivers have. */
#define QUEUE_LG2	12

static void ours_sync(struct invq *q, struct invq_cmd *cmd)
{
	struct unit_cmd sync = unit_sync(q->done, 0);

	cmd->u64s[0] = sync.word[0];
	cmd->u64s[1] = sync.word[1];
}

static void ours_doorbell(struct invq *q, u32 seq)
{
	unit_doorbell(seq);
}

static const struct invq_ops ops = {
	.sync = ours_sync,
	.doorbell = ours_doorbell,
};

struct invq *ours_queue;

void ours_setup_queue(void)
{
	struct invq_cmd *slots = sim_alloc(sizeof(*slots) << QUEUE_LG2, "slots", 0);
	__le32 *done = sim_alloc(64, "done word", 0);

	ours_queue = sim_alloc(sizeof(*ours_queue), "struct invq", 0);
	user_refuse(invq_init(ours_queue, &ops, "unit", slots, done, QUEUE_LG2));
	unit_start((struct unit_cmd *)slots, QUEUE_LG2);
	unit_begin_at(*done);
}

static void invq_unmap(u64 iova)
{
	struct invq_cmd cmd = ours_range(iova, iova + LOAD_BYTES - 1);

	invq_submit_wait(ours_queue, &cmd, 1);
}

const struct stack stack_invq = {
	.name = "invq",
	.what = "our queue alone",
	.ms = 2,
	.warm = 8,
	.setup = ours_setup_queue,
	.map = load_page,
	.unmap = invq_unmap,
};
